"""Misconception `never-restores`."""

from __future__ import annotations

from ...text import series
from ..case import Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "never-restores",
    "A restart does not use the checkpoint: every execution begins at the first iteration, for ever.",
    (
        "Look at the second execution: with which iteration does it begin?",
        "HTCondor starts the program again with the same arguments. Only the program itself can look for a checkpoint.",
        "Before the loop: if the checkpoint file exists, read it, and begin where it says.",
    ),
)


def starts_over(case: Case) -> bool:
    """The restart does the same whatever the checkpoint says."""
    return case.failure == "never finishes" and not case.went_on() and case.checkpoint_unused()


def never_restores(case: Case) -> bool:
    """It starts over although the checkpoint says how far the job has got."""
    starts_over = case.failure == "never finishes" and not case.nothing_saved and not case.went_on()
    return starts_over and case.place_saved() and case.ignores_numbers()


def never_updated(case: Case) -> bool:
    """The checkpoint contains only what was submitted, and no execution gets further."""
    return not case.given and case.failure == "never finishes" and not case.went_on() and bool(case.as_submitted)


def sentence(case: Case) -> str:
    """The sentence: either the program does not use the checkpoint, or it contains nothing that was saved."""
    if not never_updated(case):
        return MISCONCEPTION.sentence
    return (
        f"Every execution begins with {series(case.as_submitted)} as submitted, for ever: nothing that the program saves is "
        "in the checkpoint."
    )


SYMPTOMS = ((275, starts_over), (310, never_restores), (312, never_updated))
