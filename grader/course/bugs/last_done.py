"""Exercises `hares_lines` and `last_done`, of notebook 09: a loop that saves the last year done, and takes
it for the next."""

from __future__ import annotations

import random

from ...tree import Tree
from ..checks import both
from ..exercise import Exercise, Question
from ..payload import Program
from ..prediction import prediction
from .repairing import ANYWHERE, IN_PLACE, Loop, lines, two_checkpoints


def _years(draw: random.Random) -> dict[str, float]:
    return {"hares": draw.randint(20, 60), "lynxes": draw.randint(3, 30), **two_checkpoints(draw, "years")}


HARES = Loop(Program("bugs/last_done", "hares.py"), "year", _years, "years")

LAST_DONE = Exercise(
    name="last_done",
    title="Mend the years that are done twice",
    answers=("hares.py",),
    given=HARES.program.files,
    submit_file="hares.sub",
    settings=HARES.job,
    questions=(
        Question(
            IN_PLACE,
            0.5,
            both(HARES.in_place(), HARES.in_place(years=3, interval=1)),
            unseen=HARES.unseen(HARES.in_place),
        ),
        Question(
            ANYWHERE,
            1,
            both(HARES.anywhere(), HARES.anywhere(years=3, interval=1)),
            rests_on=(IN_PLACE,),
            unseen=HARES.unseen(HARES.anywhere),
        ),
    ),
    hints=(
        "Which year stands in the checkpoint: the one that is done, or the one that is next? And with which one does "
        "the loop begin when it has read it?",
        "Both may be used, but the same one in both places. Hares and lynxes are those at the end of the year just "
        "done.",
        "Save [year + 1, hares, lynxes], and everything else can stay as it is.",
    ),
)

HARES_LINES = prediction(
    "hares_lines",
    "How many lines there are in the end",
    0.5,
    job=lambda: LAST_DONE.job(Tree()),
    schedule="",
    decisive=("checkpoint", 1),
    truth=lambda moments: lines(moments[-1].home),
    told="Each execution does three years and saves the last of them; the next one begins with that year again: 1 2 3, "
    "3 4 5, 5 6 7, 7 8 9, 9 10. That is 14 lines, and no eviction was needed for it.",
    wrong={
        10: ("That would be right if every year were done once.", "repeats-iteration"),
        13: ("It would be 13 if four executions were enough, as they are when no year is done twice.", None),
        9: (
            "Years would be missing if the number that is saved were too large. Here it is too small.",
            "skips-iteration",
        ),
        7: (
            "Years would be missing if the number that is saved were too large. Here it is too small.",
            "skips-iteration",
        ),
    }.get,
    hints=(
        "Write down the years that the first execution does, and the year that it saves.",
        "With which year does the second execution begin, and after which does it save?",
        "1 2 3, then 3 4 5, then 5 ...: go on to year 10, and count.",
    ),
)
