"""Misconception `two-files-disagree`."""

from __future__ import annotations

from ...tree import File
from ...verify.evidence import Evidence
from ..case import (
    Case,
    quoted,
)
from ..report import Misconception
from ..resumption import OUTPUT

MISCONCEPTION = Misconception(
    "two-files-disagree",
    "The checkpoint is put together from different moments: one part is older than the rest.",
    (
        "The evidence says which part is old. Which line of your program writes it, and is it reached every time?",
        "All that makes up one checkpoint has to be of one moment. A file that is written once, or to whose "
        "end each save is added ('a'), holds something of another.",
        "Write all parts anew at every save, into one file if you can; then they can't disagree.",
    ),
)


def clues(case: Case) -> tuple[Evidence, ...]:
    """What of a checkpoint file is old, and what is new."""
    if case.piled_up is None:
        return ()
    path, before, after = case.piled_up
    old, both = before.sandbox.file(path), after.sandbox.file(path)
    new = File(both.content[len(old.content) :])
    return (
        Evidence(
            "piled up",
            f"execution {after.execution} finds {quoted(both)} in {path}: what was there before, "
            f"{quoted(old)}, and behind that what execution {before.execution} has saved, {quoted(new)}",
            path,
        ),
    )


def piled_up(case: Case) -> bool:
    """One save stands behind another in a file."""
    return case.piled_up is not None


def two_files_disagree(case: Case) -> bool:
    """Parts of the state that is restored are of another moment than the rest."""
    if case.loss is None or not case.loss.outdated():
        return False
    return set(case.loss.saved) - {OUTPUT} > set(case.loss.lost()) - {OUTPUT}


SYMPTOMS = (
    (40, piled_up),
    (170, two_files_disagree),
)
