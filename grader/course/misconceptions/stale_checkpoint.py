"""Misconception `stale-checkpoint`."""

from __future__ import annotations

from ..case import Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "stale-checkpoint",
    "The program uses a checkpoint that does not belong to this run: its iteration is not between START and END.",
    (
        'This is the "Potential problem?" of notebook 4. With which iteration does a job begin that should do '
        "7 to 12 and finds a checkpoint of iteration 4, or that should do 1 to 6 and finds a checkpoint of "
        "iteration 10?",
        "A number beyond END makes an empty loop: exit code 0, no output, and no error message.",
        "Begin with the saved iteration only if start <= iteration <= end; in any other case with start.",
    ),
)


def stale_checkpoint(case: Case) -> bool:
    expected, got = case.lines
    return case.failure == "wrong output" and bool(expected) and not got and case.ran.exit.code == 0


SYMPTOMS = ((150, stale_checkpoint),)
