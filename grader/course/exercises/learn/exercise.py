"""The student saves all that a training consists of: the model, the optimizer, the random generator, and the epoch."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from grader.course.checks import keeps
from grader.course.dice import OF_FILES, fair
from grader.course.exercise import Ask, Exercise, ExplorationCache, Result
from grader.course.payload import Program
from grader.course.repairing import ANYWHERE, IN_PLACE, OUTPUT, Loop, two_checkpoints
from grader.course.resumption import PLACE, first_loss
from grader.rules.job import Job
from grader.verify.evidence import Evidence

IDLE = b"""\
def save_checkpoint(epoch, model, optimizer, generator):
    pass


def restore_checkpoint(model, optimizer, generator):
    return 0
"""
"""A checkpoint.py that saves nothing."""


OLDER = (
    "Which checkpoints are in the sandbox when the job is started again, and which of them does it take?",
    "Names are compared as text by sorted() and max(): epoch-10 comes before epoch-5. And in a file that is opened with 'a', an "
    "older checkpoint stays in front of the new one.",
    "Write each checkpoint to a file of the same name, opened with 'w' or 'wb', or take the one with the greatest number, "
    "max(names, key=...).",
)
"""Hints for a restart that takes an older checkpoint than the last."""


def epochs(draw: random.Random) -> dict[str, float]:
    """Numbers for a training that students do not know."""
    return {"seed": draw.randint(1, 10**6), "rate": draw.randint(20, 40) / 1000, **two_checkpoints(draw, "epochs")}


LOOP = Loop(Program("learning", "train.py", IDLE), "epoch", epochs, "epochs")


def naming_what_is_lost(question: Callable[..., Ask]) -> Callable[..., Ask]:
    """The same question; if it fails, its first evidence says which parts did not come back as they were saved."""

    def asked(**numbers: float) -> Ask:
        def ask(job: Job, cache: ExplorationCache) -> Result:
            result = question(**numbers)(job, cache)
            if result.passed:
                return result
            restart = first_loss(LOOP.explore(job, cache, **numbers)[2])
            if restart is None or not restart.resumed():
                return result
            parts = [
                f"{name} {restart.saved[name]} was saved, {restart.begun.get(name)} came back"
                for name in restart.lost()
            ]
            if result.failure and PLACE in restart.outdated():
                result = replace(result, failure=replace(result.failure, misconception=None, hints=OLDER))
            return result.shown_by(
                Evidence("lost", f"at a restart after epoch {restart.saved[PLACE]}: {'; '.join(parts)}")
            )

        return fair(ask, OF_FILES)

    return asked


in_place, anywhere = naming_what_is_lost(LOOP.in_place), naming_what_is_lost(LOOP.anywhere)
SHORT = {"interval": 1, "epochs": 3}
AS_TEXT = in_place(interval=5, epochs=11)  # 10 is before 5, as text

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
        LOOP.question(IN_PLACE, 1, in_place, {}, SHORT, first=(keeps("train.py", OUTPUT, "train.sub"),)),
        LOOP.question(ANYWHERE, 2, anywhere, {}, SHORT, then=(AS_TEXT,), rests_on=(IN_PLACE,)),
    ),
    hints=(
        "Two things are wrong with the given functions: what they save, and how a restart finds it. Compare the lines "
        "`saves:` and `begins:` for the first; and what is a link to a directory, for HTCondor?",
        "Three objects change from epoch to epoch, and all three have to come back. And a link does not survive the way "
        "through the spool directory: a file with a fixed name does. If it is JSON, make tuples again of the "
        "lists that it makes of the generator's state.",
        "Save one file, checkpoint.pickle, with pickle.dump((epoch, model.state_dict(), optimizer.state_dict(), "
        "generator.getstate()), file), give each part back to its object, and list that file and my_output.txt.",
    ),
)
