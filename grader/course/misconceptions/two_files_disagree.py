"""Misconception `two-files-disagree`."""

from __future__ import annotations

from ...tree import File
from ...verify.evidence import Evidence
from ..case import Case, quoted
from ..report import Misconception
from ..resumption import OUTPUT

MISCONCEPTION = Misconception(
    "two-files-disagree",
    "The checkpoint mixes different moments: one part is older than the rest.",
    (
        "The evidence says which part is old. Which line of your program writes it, and is that line reached every time?",
        "All parts of a checkpoint must come from the same moment. A file that is written only once, or to which "
        "each save appends ('a'), contains parts from other moments.",
        "Write all parts again at every save, into one file if you can; then they can't disagree.",
    ),
)


def clues(case: Case) -> tuple[Evidence, ...]:
    """Evidence of which part of a checkpoint file is old, and which is new."""
    if case.piled_up is None:
        return ()
    path, before, after = case.piled_up
    old, both = before.now.directory.file(path), after.now.directory.file(path)
    new = File(both.content[len(old.content) :])
    return (
        Evidence(
            "piled up",
            f"execution {after.now.execution} finds {quoted(both)} in {path}: the old content, "
            f"{quoted(old)}, and after it what execution {before.now.execution} has saved, {quoted(new)}",
            path,
        ),
    )


def piled_up(case: Case) -> bool:
    """A file contains several saves one after the other."""
    return case.piled_up is not None


def two_files_disagree(case: Case) -> bool:
    """Parts of the restored state come from another moment than the rest."""
    if case.loss is None or not case.loss.outdated():
        return False
    return set(case.loss.saved) - {OUTPUT} > set(case.loss.lost()) - {OUTPUT}


def sentence(case: Case) -> str:
    """The sentence: either several parts differ in age, or one file has several saves in it."""
    if case.piled_up is None:
        return MISCONCEPTION.sentence
    return (
        f"{case.piled_up[0]} contains several moments one after the other: each save is appended to the earlier ones."
    )


SYMPTOMS = ((40, piled_up), (170, two_files_disagree))
