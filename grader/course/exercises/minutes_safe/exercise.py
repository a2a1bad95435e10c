"""An interval longer than a slot lasts."""

from __future__ import annotations

from grader.course.often import saving_every
from grader.course.prediction import prediction
from grader.course.saving_rule import MINUTE
from grader.rules.simulation import Pace

# -- predictions -------------------------------------------------------------------


EXERCISE = prediction(
    "An interval longer than a slot",
    1,
    notebook="07-how-often",
    number=1,
    job=lambda: saving_every(90 * MINUTE),
    pace=Pace(lifetimes=3 * (60 * MINUTE,)),
    truth=lambda moments: [moment for moment in moments if moment.kind == "evicted"][2].goodput / MINUTE,
    told="Each slot is lost after 60 minutes, and the work in it with it: the program starts over, and again it is not "
    "there after 90 minutes. As long as no slot lasts longer, this job will never get anywhere.",
    wrong={
        180: ("No eviction leaves time to save anything: what is not in a checkpoint is gone.", "sigterm-saves"),
        90: (
            "The minutes of several slots do not add up: each begins with what is in the checkpoint, and there is "
            "none.",
            "no-progress",
        ),
        60: ("The last slot is lost like the others.", "no-progress"),
    }.get,
    hints=(
        "When is the first checkpoint saved?",
        "The program saves when it has worked for 90 minutes. After how many minutes is the slot lost?",
        "Nothing was ever saved, so nothing is safe.",
    ),
)
