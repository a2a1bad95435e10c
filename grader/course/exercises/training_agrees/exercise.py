"""Which runs agree if a training does not save all that it needs."""

from __future__ import annotations

from collections.abc import Sequence

from grader.course.exercises.training.exercise import LOOP
from grader.course.folders import load
from grader.course.prediction import Play, prediction
from grader.course.repairing import NEVER, OUTPUT
from grader.course.trusted import trusted
from grader.rules import schedule as schedules
from grader.rules.job import Job
from grader.rules.simulation import Moment, outcome, simulate
from grader.tree import Tree


def _agreement(moments: Sequence[Moment]) -> str:
    """The letter that says which of three runs return the same output: never saving (A), never evicted (B), evicted in
    execution 2 (C)."""
    job = load("training").job(Tree())
    with trusted() as executor:

        def returned_files(job: Job, schedule: str) -> Tree:
            return outcome(simulate(job, executor, schedule=schedules.parse(schedule))).returned_files.only((OUTPUT,))

        a, b, c = (
            returned_files(LOOP.job(job, interval=NEVER), ""),
            returned_files(job, ""),
            moments[-1].returned_files.only((OUTPUT,)),
        )
    return {(True, True): "a", (True, False): "b", (False, True): "c"}.get((a == b, b == c), "d")


def _play(letter: object) -> Play:
    """Run B for a response about B; otherwise run C."""
    job = load("training").job(Tree())
    return Play("run B", job, "", ("checkpoint", 1)) if letter == "b" else Play("run C", job, "evict@2")


EXERCISE = prediction(
    "Which runs of the training agree",
    0.5,
    notebook="09-find-the-bugs",
    number=5,
    job="training",
    schedule="evict@2",
    decisive=("started", 2),
    truth=_agreement,
    told="B and C agree with each other, and not with A: every restart begins with the seed anew, and at rest. In "
    "place or elsewhere makes no difference, so evictions alone would never have shown it.",
    wrong={
        "a": ("A restart would have to be unnoticed for that.", "rng-not-saved"),
        "b": ("Evictions are not to blame: B, which has none, is not what A is.", "rng-not-saved"),
        "d": ("What a restart begins with is the same in place and elsewhere: model and epoch.", None),
    }.get,
    play=_play,
    hints=(
        'simulate("training", interval=1000), simulate("training") and simulate("training", "evict@2"): '
        "compare the last lines of my_output.txt.",
        "A never restarts, B restarts in place, C also elsewhere. What do B and C lack at a restart that A has?",
        "Speed, order of the flights and random state are gone at any restart, wherever it is.",
    ),
)
