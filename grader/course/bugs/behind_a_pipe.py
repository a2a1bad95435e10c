"""Exercises `pipe_lines` and `behind_a_pipe`, of notebook 09: a wrapper whose pipe loses the exit code."""

from __future__ import annotations

import random

from ...rules.job import Job
from ...tree import File, Tree
from ..checks import both, wrong
from ..exercise import FEWER, Exercise, ExplorationCache, Question, Result
from ..payload import Program
from ..prediction import prediction
from ..resumption import free_way
from .repairing import ANYWHERE, IN_PLACE, Loop, lines, two_checkpoints


def _minutes(draw: random.Random) -> dict[str, float]:
    return {"cells": draw.randint(4, 9), **two_checkpoints(draw, "minutes")}


ROD = Loop(Program("bugs/behind_a_pipe", "run.sh"), "minute", _minutes, "minutes")
LOG = "model.log"


def keeps_the_log(job: Job, cache: ExplorationCache) -> Result:
    """Whether the log that comes home has what the model said in every execution."""
    asked, _, found = ROD.explore(job, cache)
    end = free_way(found)[-1]
    kept = end.end.home[LOG]
    log = kept.text if isinstance(kept, File) else ""
    missing = [
        line
        for line in ("0 minutes are done", "4 minutes are done", "8 minutes are done", "finished")
        if line not in log
    ]
    if not missing:
        return Result(True, f"the right output, and {LOG} has all that the model said")
    return wrong(f"{LOG} has come home without what the model said: {missing[0]!r} is not in it.", asked, ())


def tells_of_failures(job: Job, cache: ExplorationCache) -> Result:
    """Whether a failure of the model is a failure of the job: a rod of two cells is refused with exit code 2."""
    asked = ROD.job(job, cells=2)
    left = cache.executor.run(asked, asked.inputs).exit
    if left.code not in (0, asked.checkpoint_exit_code):
        return Result(True, f"the model's exit code 2 arrives as {left}")
    what = "so HTCondor takes it for done" if left.code == 0 else "so HTCondor starts it again, for ever"
    return wrong(
        f"With cells = 2 the model fails with exit code 2. The wrapper leaves with {left.code}, {what}.",
        asked,
        (),
        "wrong-exit-code",
    )


BEHIND_A_PIPE = Exercise(
    name="behind_a_pipe",
    title="Mend the wrapper that loses the exit code",
    answers=("run.sh",),
    given=ROD.program.files,
    submit_file="run.sub",
    settings=ROD.job,
    bounds=FEWER,
    questions=(
        Question(
            IN_PLACE,
            0.5,
            both(ROD.in_place(), ROD.in_place(minutes=2, interval=1), keeps_the_log),
            unseen=ROD.unseen(ROD.in_place),
        ),
        Question(
            ANYWHERE,
            0.5,
            both(ROD.anywhere(), ROD.anywhere(minutes=2, interval=1)),
            rests_on=(IN_PLACE,),
            unseen=ROD.unseen(ROD.anywhere),
        ),
        Question("When the model fails, the job fails", 0.5, tells_of_failures, rests_on=(IN_PLACE,)),
    ),
    hints=(
        "What is the exit code of a pipe, and whose is it here: the model's, or tee's?",
        "bash has two ways to keep it: set -o pipefail before the pipe, or ${PIPESTATUS[0]} right after it. Or use no "
        "pipe: >> model.log 2>&1.",
        "Put the line set -o pipefail above the pipe. Then the pipe, and with it the script, ends with the model's "
        "code.",
    ),
)

PIPE_LINES = prediction(
    "pipe_lines",
    "How many lines come home",
    0.5,
    job=lambda: BEHIND_A_PIPE.job(Tree()),
    schedule="",
    decisive=("ended", 1),
    truth=lambda moments: lines(moments[-1].home),
    told="The model saved after minute 4 and left with 85, and tee, the last in the pipe, with 0. So did the wrapper, "
    "and HTCondor took the job for done: 4 of 10 lines, and nobody is told.",
    wrong={
        10: ("That would be right if HTCondor saw the model's exit code. It sees the wrapper's.", "wrong-exit-code"),
        0: ("A job that leaves with 0 brings its output home, finished or not.", None),
        8: ("A second execution would be needed for that.", "wrong-exit-code"),
    }.get,
    hints=(
        "Which exit code does the model leave with after minute 4? And which one does run.sh leave with?",
        "The exit code of a pipe is that of its last command. What does tee have to complain of?",
        "tee leaves with 0, so run.sh does, so the job is over after the first execution.",
    ),
)
