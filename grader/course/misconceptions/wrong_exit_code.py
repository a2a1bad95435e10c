"""Misconception `wrong-exit-code`."""

from __future__ import annotations

from ..case import (
    Case,
    complaint,
)
from ..report import Misconception

MISCONCEPTION = Misconception(
    "wrong-exit-code",
    "The exit code does not say what happened. HTCondor understands the one that the submit file names as: "
    "saved; 0 as: done; and any other as: failed.",
    (
        "Compare the exit code in the story with checkpoint_exit_code in the submit file.",
        "HTCondor compares the codes exactly. Any other code ends the job, with whatever is there by then.",
        "Leave with sys.exit(85) when a checkpoint is saved, and only then, and keep checkpoint_exit_code = 85.",
    ),
)


def wrong_exit_code(case: Case) -> bool:
    return (
        case.failure == "failed"
        and case.wrote_state()
        and not case.exception
        and case.ran.exit.code not in (None, 0)
        and not complaint(case.job, case.run)
    )


def no_code_named(case: Case) -> bool:
    """The program leaves with a code after saving, and the submit file names none, or another."""
    return case.failure == "failed" and case.ran.exit.code == 85


SYMPTOMS = (
    (80, no_code_named),
    (100, wrong_exit_code),
)
