"""An IPython extension: a sentence instead of a NameError where a learner has run a cell too early, or has forgotten
quotes; and a sentence below a SyntaxError about a schedule without quotes, or a number with a unit.

The environment's etc/ipython/ipython_kernel_config.py loads it (see pyproject.toml) in every kernel, so it imports
nothing of the course.
"""

from __future__ import annotations

import re
import sys
from typing import Any

NAMED = "check|exercise|glossary|hint|measure|panel|simulate|steps"
"""The functions whose first argument is a name in quotes."""


def load_ipython_extension(shell: Any) -> None:
    """Answer a NameError or a SyntaxError about the course with what to do."""

    def handler(self: Any, kind: type, error: NameError, traceback: Any, tb_offset: int | None = None) -> None:
        name, cell = error.name or "", self.user_ns.get("In", [""])[-1]
        if given := _given(name, cell):
            self.user_ns.pop(given[1], None)  # otherwise check() would judge an earlier value
        if sentence := _sentence(name, cell):
            # IPython shows this instead of a traceback.
            error._render_traceback_ = lambda: [sentence]  # type: ignore[attr-defined]
        self.showtraceback((kind, error, traceback), running_compiled_code=True)

    def after(result: Any) -> None:
        error, cell = result.error_before_exec, result.info.raw_cell
        if result.success and (sentence := _compared(cell)):
            print(sentence)
        if isinstance(error, SyntaxError):
            for name in _predictions() & {*re.findall(r"^(\w+)[ \t]*=", cell, re.MULTILINE)}:
                shell.user_ns.pop(name, None)
            if sentence := _unreadable(error.text or ""):
                print(sentence)

    shell.set_custom_exc((NameError,), handler)
    shell.events.register("post_run_cell", after)


def _sentence(name: str, cell: str) -> str:
    """What to do about an undefined name that a cell uses; '' if the course does not know this slip."""
    from .. import __all__ as functions

    if name in functions:
        return (
            f"{name} is not defined yet: run the first code cell of this notebook, the one with "
            "`from grader import ...`, and then this cell again."
        )
    if called := re.search(rf"\b({NAMED})\(\s*{re.escape(name)}\s*[,)]", cell):
        return f'A name is written in quotes here: {called[1]}("{name}").'
    if compared := _compared(cell):
        return compared
    if name in _predictions():
        return f"{name} has no value yet: run the cell that begins with `{name} = `, and then this cell again."
    if name in ("sqrt", "math", "np", "numpy") and _given(name, cell):
        return f"{name} is not defined here. Write a number, or arithmetic on numbers: a root is ** 0.5."
    if given := _given(name, cell):
        return (
            f"{given[1]} has got no value, as {name} is not defined. Text, such as a letter or the name of a file, is "
            f'written in quotes: "{given[2]}".'
        )
    return next((sentence for line in cell.splitlines() if name in line and (sentence := _bare_schedule(line))), "")


def _given(name: str, cell: str) -> re.Match[str] | None:
    """The match of an assignment in which a cell uses a name to set a prediction: its groups are the prediction, and
    the word that begins with the name. None if there is no such assignment."""
    given = re.search(rf"^(\w+)[ \t]*=.*?\b({re.escape(name)}[\w.@+]*)", cell, re.MULTILINE)
    return given if given and given[1] in _predictions() else None


def _compared(cell: str) -> str:
    """What to do about a cell that compares a prediction instead of setting it; '' for any other cell."""
    compared = re.fullmatch(r"(\w+)[ \t]*==[ \t]*([^\n=]+)", cell.strip())
    known = compared and compared[1] in _predictions()
    return (
        f"== only compares. Give the value with a single =: {compared[1]} = {compared[2]}" if compared and known else ""
    )


def _unreadable(line: str) -> str:
    """What to do about a line that Python can't read; '' if the course does not know this slip."""
    with_unit = re.match(r"\s*(\w+)[ \t]*=[ \t]*[\d.,]+[ \t]*[A-Za-z]+[ \t]*(?:#.*)?$", line)
    if with_unit and with_unit[1] in _predictions():
        return "Python reads no units: write the number alone, in the unit that the question asks for."
    return _bare_schedule(line)


def _bare_schedule(line: str) -> str:
    """A sentence about a schedule that lacks its quotes in a line of code; '' if there is none."""
    schedule = sys.modules.get("grader.rules.schedule")
    kinds = "|".join(schedule.FAULTS) if schedule else "(?!)"
    fault = rf"\b(?:{kinds})@\d+(?:\+[\d.]+s?)?"
    code = re.sub(r"""(["']).*?\1|#.*""", '""', line)
    bare = re.search(rf"{fault}(?:[ ,]+{fault})*", code)
    return f'A schedule is written in quotes: "{bare[0]}".' if bare else ""


def _predictions() -> frozenset[str]:
    """The names of all predictions; none in a kernel that has not used the course yet."""
    catalogue = sys.modules.get("grader.course.catalogue")
    exercises = catalogue.EXERCISES if catalogue else {}
    return frozenset(name for name, exercise in exercises.items() if exercise.literal)
