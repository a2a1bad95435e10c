"""Misconception `always-85`."""

from __future__ import annotations

from ..case import Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "always-85",
    "The job exits with 85 although everything is done, or has failed: it is started again and never finishes.",
    (
        "What is left to do for the execution that repeats?",
        "85 says: start me again. The last execution must exit with 0, and a failed one with its own code.",
        "Save and exit with 85 only inside the loop; when the last iteration is done, let the program end.",
    ),
)


def always_85(case: Case) -> bool:
    return case.failure == "never finishes" and case.complete()


SYMPTOMS = ((200, always_85),)
