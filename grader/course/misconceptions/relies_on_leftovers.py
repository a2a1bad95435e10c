"""Misconception `relies-on-leftovers`."""

from __future__ import annotations

from ..case import (
    Case,
    left_by_error,
)
from ..report import Misconception
from .output_not_in_checkpoint import output_not_in_checkpoint

MISCONCEPTION = Misconception(
    "relies-on-leftovers",
    "A restart works only in a new sandbox, or only in the old one: it depends on files that may or may not exist.",
    (
        "Compare the two execute directories of the story: which file is in one but not in the other?",
        "After a checkpoint the job may get its old sandbox, or a new one with only the inputs and the checkpoint.",
        "Everything that a restart needs belongs in the checkpoint, and files that are left over must not disturb it.",
    ),
)


def relies_on_leftovers(case: Case) -> bool:
    if case.failure not in ("failed", "lost progress", "wrong output"):
        return False
    if not case.moved:
        return left_by_error(case, "FileExistsError")
    lost = [path for path in case.left_behind if path not in case.outputs()]
    return bool(lost) and bool(case.state_files) and not output_not_in_checkpoint(case)


SYMPTOMS = ((140, relies_on_leftovers),)
