"""Misconception `state-incomplete`."""

from __future__ import annotations

from ..case import Case
from ..report import Misconception
from ..resumption import OUTPUT, PLACE, RANDOM

MISCONCEPTION = Misconception(
    "state-incomplete",
    "Part of the state does not come back as it was at the save: a restart is at the right place, but it lacks values or "
    "has other ones.",
    (
        "Compare the state before saving with the state that the restart begins with. What is different? "
        '(Some programs here print both, in the lines "saves:" and "begins:".)',
        "The loop index says where the job is. What else does the next iteration need that the earlier ones have computed?",
        "Save every part that an iteration changes and a later one reads (a lattice, sums, speeds), and restore "
        "each of them, unchanged. You need not save what can be computed from the other parts.",
    ),
)


def state_incomplete(case: Case) -> bool:
    if case.failure == "failed" and "returns a state without" in case.ran.stderr:
        return True
    return case.loss is not None and bool(set(case.loss.lost()) - {PLACE, OUTPUT, RANDOM})


def goes_astray(case: Case) -> bool:
    """The output is right up to a restart, and wrong after it."""
    return case.failure == "wrong output" and case.astray()


def only_the_end(case: Case) -> bool:
    """The last execution makes a file that contains only what was computed since the last restart."""
    return not case.given and case.only_the_end() and not case.was_there()


def reverted_inputs(case: Case) -> bool:
    """In a user's own job: other state has arrived in a new sandbox, but an input that the program had changed is as it
    was submitted, and the job behaves differently with the changes."""
    wrong = not case.given and case.failure in ("wrong output", "failed", "lost progress")
    return wrong and bool(case.state_files) and case.needs(case.reverted_inputs)


SYMPTOMS = ((135, reverted_inputs), (180, state_incomplete), (165, only_the_end), (270, goes_astray))
