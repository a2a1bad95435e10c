"""A wrapper whose pipe loses the exit code."""

from __future__ import annotations

import random

from grader.course.checks import wrong
from grader.course.cures.wrapper import of_script
from grader.course.exercise import FEWER, Exercise, ExplorationCache, Question, Result
from grader.course.payload import Program
from grader.course.repairing import ANYWHERE, IN_PLACE, Loop, two_checkpoints
from grader.course.resumption import free_way
from grader.rules.job import Job


def _minutes(draw: random.Random) -> dict[str, float]:
    return {"cells": draw.randint(4, 9), **two_checkpoints(draw, "minutes")}


ROD = Loop(Program("bugs/behind_a_pipe", "run.sh"), "minute", _minutes, "minutes")
LOG = "model.log"
OVERWRITTEN = (
    "What is in model.log after the first execution, and what after the second?",
    "Each execution continues the log that it finds. > empties a file before it is written, and so does tee without -a.",
    "Append to the log: >> model.log 2>&1, or tee -a model.log.",
)
"""Hints for a log that contains only the last execution."""
UNHEARD = (
    "What does the model print, and where does it go?",
    "The model tells how far it is on stdout. 2> takes stderr alone, and a pipe stdout alone.",
    "Let both streams go into the log: >> model.log 2>&1, or 2>&1 | tee -a model.log.",
)
"""Hints for a log that lacks the model's messages."""


def keeps_the_log(job: Job, cache: ExplorationCache) -> Result:
    """Whether the returned log has the model's messages from every execution."""
    asked, _, exploration = ROD.explore(job, cache)
    end = free_way(exploration)[-1].then
    assert end, "the run without faults has an end"
    log = end.end.returned_files.text(LOG)
    missing = [
        line
        for line in ("0 minutes are done", "4 minutes are done", "8 minutes are done", "finished")
        if line not in log
    ]
    if not missing:
        return Result(True, f"the right output, and {LOG} has all that the model said")
    hints = OVERWRITTEN if "finished" in log else UNHEARD
    return wrong(
        f"{LOG} has come home without what the model said: {missing[0]!r} is not in it.", asked, (), hints=hints
    )


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


SHORT = {"minutes": 2, "interval": 1}
MODELS_OWN = (
    "Leave with the model's own code, whatever it is: set -o pipefail above the pipe, or exit "
    "${PIPESTATUS[0]} right after it."
)
MISCONCEPTION_HINTS = {
    "exit-zero-after-save": {3: MODELS_OWN},
    "wrong-exit-code": {3: MODELS_OWN},
    "always-85": {3: MODELS_OWN},
}
CURES = of_script("run.sh")
EXERCISE = Exercise(
    title="Repair the wrapper that loses the exit code",
    notebook="09-find-the-bugs",
    number=10,
    answers=("run.sh",),
    files=ROD.program.files,
    submit_file="run.sub",
    settings=ROD.job,
    bounds=FEWER,
    questions=(
        ROD.question(IN_PLACE, 0.5, ROD.in_place, {}, SHORT, then=(keeps_the_log,), cures=CURES),
        ROD.question(ANYWHERE, 0.5, ROD.anywhere, {}, SHORT, rests_on=(IN_PLACE,)),
        Question("When the model fails, the job fails", 0.5, tells_of_failures, rests_on=(IN_PLACE,), cures=CURES),
    ),
    hints=(
        "What is the exit code of a pipe, and whose is it here: the model's, or tee's?",
        "bash has two ways to keep it: set -o pipefail before the pipe, or ${PIPESTATUS[0]} right after it. Or use no "
        "pipe: >> model.log 2>&1.",
        "Put the line set -o pipefail above the pipe. Then the pipe, and with it the script, ends with the model's "
        "code.",
    ),
    misconception_hints=MISCONCEPTION_HINTS,
)
