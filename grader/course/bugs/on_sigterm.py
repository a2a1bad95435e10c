"""Exercises `collatz_minutes` and `on_sigterm`, of notebook 09: a program that saves when it is told to go."""

from __future__ import annotations

import random

from ...tree import Tree
from ..checks import both
from ..exercise import Exercise, Question
from ..payload import Program
from ..prediction import prediction
from .repairing import ANYWHERE, IN_PLACE, Loop, two_checkpoints


def _blocks(draw: random.Random) -> dict[str, float]:
    return {"size": draw.randint(50, 250), **two_checkpoints(draw, "blocks")}


COLLATZ = Loop(Program("bugs/on_sigterm", "collatz.py"), "block", _blocks, "blocks")

ON_SIGTERM = Exercise(
    name="on_sigterm",
    title="Mend the save that comes too late",
    answers=("collatz.py",),
    given=COLLATZ.program.files,
    submit_file="collatz.sub",
    settings=COLLATZ.job,
    questions=(
        Question(IN_PLACE, 0.5, COLLATZ.in_place(), unseen=COLLATZ.unseen(COLLATZ.in_place)),
        Question(
            ANYWHERE,
            1,
            both(COLLATZ.anywhere(), COLLATZ.anywhere(blocks=3, interval=1)),
            rests_on=(IN_PLACE,),
            unseen=COLLATZ.unseen(COLLATZ.anywhere),
        ),
    ),
    hints=(
        "When is a checkpoint written here, and what does HTCondor do with the exit code of a program that it evicts?",
        "Nothing has to be told to the program: after every interval-th block it can save and leave by itself. "
        "settings['interval'] says how many that are.",
        "In the loop, after output.write: if state['block'] % settings['interval'] == 0: write the checkpoint as "
        "save_and_leave does, and sys.exit(85). The handler can go.",
    ),
)

COLLATZ_MINUTES = prediction(
    "collatz_minutes",
    "How many minutes are computed in all",
    0.5,
    job=lambda: ON_SIGTERM.job(Tree()),
    schedule="vacate@1+540s",
    truth=lambda moments: round((moments[-1].goodput + moments[-1].badput) / 60),
    told="The handler ran and wrote its file, and the program left with 85. But it was being evicted, so HTCondor "
    "looked at no exit code and fetched nothing: 9 minutes are lost and all 10 are computed again, 19 in all.",
    wrong={
        10: ("That would be right if the nine blocks that were done had been saved.", "sigterm-saves"),
        11: ("That would be right if all but the block in hand had been saved.", "sigterm-saves"),
        9: ("Ten blocks of a minute take ten minutes at least.", None),
        20: ("Nearly: the eviction comes after 9 minutes, not 10.", None),
    }.get,
    hints=(
        "Ten blocks take ten minutes. The question is how many of the nine minutes before the eviction were for "
        "nothing.",
        'Play it: simulate("on_sigterm", "vacate@1+540s"). What is in the spool directory after the eviction?',
        "If nothing is in the spool, everything has to be done again: nine minutes, and then ten.",
    ),
)
