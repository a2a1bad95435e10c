"""A loop that saves the last year done, and takes it for the next year to do."""

from __future__ import annotations

import random

from grader.course.exercise import Exercise
from grader.course.payload import Program
from grader.course.repairing import ANYWHERE, IN_PLACE, Loop, two_checkpoints


def _years(draw: random.Random) -> dict[str, float]:
    return {"hares": draw.randint(20, 60), "lynxes": draw.randint(3, 30), **two_checkpoints(draw, "years")}


HARES = Loop(Program("bugs/last_done", "hares.py"), "year", _years, "years")
SHORT = {"years": 3, "interval": 1}


EXERCISE = Exercise(
    title="Repair the years that are done twice",
    notebook="09-find-the-bugs",
    number=4,
    answers=("hares.py",),
    files=HARES.program.files,
    submit_file="hares.sub",
    settings=HARES.job,
    questions=(
        HARES.question(IN_PLACE, 0.5, HARES.in_place, {}, SHORT),
        HARES.question(ANYWHERE, 1, HARES.anywhere, {}, SHORT, rests_on=(IN_PLACE,)),
    ),
    hints=(
        "Which year stands in the checkpoint: the one that is done, or the one that is next? And with which one does "
        "the loop begin when it has read it?",
        "Both may be used, but the same one in both places. Hares and lynxes are those at the end of the year just "
        "done.",
        "Save [year + 1, hares, lynxes], and everything else can stay as it is.",
    ),
)
