"""Misconception `relies-on-leftovers`."""

from __future__ import annotations

from ..case import Case
from ..report import Misconception
from .output_not_in_checkpoint import output_not_in_checkpoint

MISCONCEPTION = Misconception(
    "relies-on-leftovers",
    "A restart needs a file that not every sandbox has, or fails because a file is there already.",
    (
        "With which files does the first execution begin, and with which the one that goes wrong?",
        "After a checkpoint the job may get its old sandbox, or a new one with only the inputs and the checkpoint.",
        "Everything that a restart needs belongs in the checkpoint, and a file that is there already must not disturb it.",
    ),
)


def relies_on_leftovers(case: Case) -> bool:
    if case.failure not in ("failed", "lost progress", "wrong output"):
        return False
    if not case.moved:
        return "File exists" in (case.ran.stderr.splitlines() or [""])[-1]
    return case.needs(case.left_behind) and bool(case.state_files) and not output_not_in_checkpoint(case)


SYMPTOMS = ((140, relies_on_leftovers),)
