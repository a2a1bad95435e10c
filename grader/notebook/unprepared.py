"""An IPython extension for a notebook whose setup cell was not run: a sentence instead of a NameError.

The environment's etc/ipython/ipython_kernel_config.py loads it (see pyproject.toml) in every kernel, so it imports
nothing of the course.
"""

from __future__ import annotations

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Answer a NameError about a function of the course with what to do."""
    from .. import __all__ as functions

    def handler(self: Any, kind: type, error: NameError, traceback: Any, tb_offset: int | None = None) -> None:
        if error.name in functions:
            sentence = (
                f"{error.name} is not defined yet: run the first code cell of this notebook, the one with "
                "`from grader import ...`, and then this cell again."
            )
            # IPython shows this instead of a traceback.
            error._render_traceback_ = lambda: [sentence]  # type: ignore[attr-defined]
        self.showtraceback((kind, error, traceback), running_compiled_code=True)

    shell.set_custom_exc((NameError,), handler)
