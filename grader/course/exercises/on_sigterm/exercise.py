"""A program that saves when it is evicted."""

from __future__ import annotations

import random

from grader.course.exercise import Exercise
from grader.course.payload import Program
from grader.course.repairing import ANYWHERE, IN_PLACE, Loop, two_checkpoints


def _blocks(draw: random.Random) -> dict[str, float]:
    return {"size": draw.randint(50, 250), **two_checkpoints(draw, "blocks")}


COLLATZ = Loop(Program("bugs/on_sigterm", "collatz.py"), "block", _blocks, "blocks")


EXERCISE = Exercise(
    title="Repair the save that comes too late",
    notebook="09-find-the-bugs",
    number=8,
    answers=("collatz.py",),
    files=COLLATZ.program.files,
    submit_file="collatz.sub",
    settings=COLLATZ.job,
    questions=(
        COLLATZ.question(IN_PLACE, 0.5, COLLATZ.in_place, {}, {"blocks": 3, "interval": 1}),
        COLLATZ.question(ANYWHERE, 1, COLLATZ.anywhere, {}, {"blocks": 3, "interval": 1}, rests_on=(IN_PLACE,)),
    ),
    hints=(
        "When is a checkpoint written here, and what does HTCondor do with the exit code of a program that it evicts?",
        "Nothing has to be told to the program: after every interval-th block it can save and leave by itself. "
        "settings['interval'] says how many that are.",
        "In the loop, after output.write: if state['block'] % settings['interval'] == 0: write the checkpoint as "
        "save_and_leave does, and sys.exit(85). The handler can go.",
    ),
)
