"""The student saves all that a training consists of: the model, the optimizer, the random generator, and the epoch."""

from __future__ import annotations

import random

from grader.course.checks import both, keeps
from grader.course.exercise import Exercise, Question
from grader.course.payload import Program
from grader.course.repairing import ANYWHERE, IN_PLACE, OUTPUT, Loop, two_checkpoints

IDLE = b"""\
def save_checkpoint(epoch, model, optimizer, generator):
    pass


def restore_checkpoint(model, optimizer, generator):
    return 0
"""
"""A checkpoint.py with which nothing is saved."""


def epochs(draw: random.Random) -> dict[str, float]:
    """Numbers of a training that students do not have."""
    return {"seed": draw.randint(1, 10**6), "rate": draw.randint(20, 40) / 1000, **two_checkpoints(draw, "epochs")}


LOOP = Loop(Program("learning", "train.py", IDLE), "epoch", epochs, "epochs")

EXERCISE = Exercise(
    title="Save all that a training needs",
    notebook="12-machine-learning",
    number=2,
    optional=True,
    files=LOOP.program.files,
    submit_file="train.sub",
    settings=LOOP.job,
    answers=("checkpoint.py", "train.sub"),
    questions=(
        Question(
            IN_PLACE,
            1,
            both(keeps("train.py", OUTPUT, "train.sub"), LOOP.in_place(), LOOP.in_place(interval=1, epochs=3)),
            unseen=LOOP.unseen(LOOP.in_place),
        ),
        Question(
            ANYWHERE,
            2,
            both(LOOP.anywhere(), LOOP.anywhere(interval=1, epochs=3)),
            rests_on=(IN_PLACE,),
            unseen=LOOP.unseen(LOOP.anywhere),
        ),
    ),
    hints=(
        "Two things are wrong with the given functions: what they save, and how a restart finds it. Compare the lines "
        "`saves:` and `begins:` for the first; and what is a link to a directory, for HTCondor?",
        "Three objects change from epoch to epoch, and all three have to come back. And a link does not survive the way "
        "through the spool directory: a file with a fixed name does.",
        "Save one file, checkpoint.pickle, with pickle.dump((epoch, model.state_dict(), optimizer.state_dict(), "
        "generator.getstate()), file), give each part back to its object, and list that file and my_output.txt.",
    ),
)
