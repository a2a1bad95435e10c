"""An IPython extension: a sentence instead of a NameError where a learner has run a cell too early, or has forgotten
quotes in a prediction.

The environment's etc/ipython/ipython_kernel_config.py loads it (see pyproject.toml) in every kernel, so it imports
nothing of the course.
"""

from __future__ import annotations

import re
import sys
from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Answer a NameError about the course with what to do."""

    def handler(self: Any, kind: type, error: NameError, traceback: Any, tb_offset: int | None = None) -> None:
        if sentence := _sentence(error.name or "", self.user_ns.get("In", [""])[-1]):
            # IPython shows this instead of a traceback.
            error._render_traceback_ = lambda: [sentence]  # type: ignore[attr-defined]
        self.showtraceback((kind, error, traceback), running_compiled_code=True)

    shell.set_custom_exc((NameError,), handler)


def _sentence(name: str, cell: str) -> str:
    """What to do about a name that a cell uses and that is not defined; '' if it is no slip that the course knows."""
    from .. import __all__ as functions

    if name in functions:
        return (
            f"{name} is not defined yet: run the first code cell of this notebook, the one with "
            "`from grader import ...`, and then this cell again."
        )
    predictions = _predictions()
    if name in predictions:
        return f"{name} has no value yet: run the cell that begins with `{name} = `, and then this cell again."
    given = re.search(rf"^(\w+)[ \t]*=.*?\b({re.escape(name)}[\w.@+]*)", cell, re.MULTILINE)
    if given and given[1] in predictions:
        return (
            f"{given[1]} has got no value, as {name} is not defined. Text, such as a letter or the name of a file, is "
            f'written in quotes: "{given[2]}".'
        )
    return ""


def _predictions() -> frozenset[str]:
    """The names of all predictions; none in a kernel that has not used the course yet."""
    catalogue = sys.modules.get("grader.course.catalogue")
    return frozenset(name for name, one in catalogue.EXERCISES.items() if one.literal) if catalogue else frozenset()
