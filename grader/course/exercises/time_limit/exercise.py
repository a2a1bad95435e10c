"""The student chooses the time limit of a wrapper by the times at which the program itself saves."""

from __future__ import annotations

import math
from typing import NamedTuple

from grader.course.checks import wrong
from grader.course.exercise import Ask, Exercise, ExplorationCache, Question, Result, UnusableAnswer, job_of
from grader.course.folders import load
from grader.course.reading import literal
from grader.course.report import Failure
from grader.course.waves import WAVES, limited, waves
from grader.rules.job import Job
from grader.rules.simulation import Ended, simulate
from grader.rules.step import Kind
from grader.tree import Tree

MOST = 140
"""Seconds that an eviction may cost."""
TRANSFER = 5
"""Seconds that a checkpoint costs on its way to the access point."""
TOO_MUCH = 0.15
"""The part of the computing that may be spent on checkpoints, and on steps that are done again."""
SLOWER = 1.1
MOST_EXECUTIONS = 30
IN_TIME = "It makes progress, and repeats little"


def limit_of(exercise: Exercise, own: Tree) -> Job:
    """The subject: the job with this time limit. Raises UnusableAnswer."""
    try:
        limit = literal(own.file(exercise.name).text)
    except ValueError as error:
        raise UnusableAnswer(f"The value of {exercise.name} can't be read: {error}.") from None
    if (
        isinstance(limit, bool)
        or not isinstance(limit, (int, float))
        or not math.isfinite(limit)
        or not 0 < limit < 1e6
    ):
        text = "It takes a number of seconds, such as 60."
        raise UnusableAnswer(text, Failure(text))
    return limited(job_of(load("time_limit"), Tree()), limit)


class Spent(NamedTuple):
    """What a job took, in seconds, without an eviction."""

    computing: float
    checkpoints: int
    ended: bool

    @property
    def total(self) -> float:
        """Seconds of computing and transfers."""
        return self.computing + TRANSFER * self.checkpoints


def spent(job: Job, cache: ExplorationCache) -> Spent:
    """What the job takes if it is never evicted."""
    moments = list(simulate(job, cache.executor, most_executions=MOST_EXECUTIONS))
    computing = sum(moment.ran.seconds for moment in moments if moment.kind == Kind.EXITED)
    saved = sum(moment.kind == Kind.CHECKPOINT for moment in moments)
    end = moments[-1].next
    return Spent(computing, saved, isinstance(end, Ended) and end.exit.code == 0)


def hardly_anything_twice(slower: float = 1.0) -> Ask:
    """A question: does a job with this limit make progress, and repeat little, on a machine on which everything takes
    `slower` times as long?"""
    there = f"On a machine that takes {slower - 1:.0%} longer for everything" if slower != 1 else "With this limit"

    def ask(job: Job, cache: ExplorationCache) -> Result:
        limit = float(job.arguments[0])
        if limit > MOST:
            return wrong(f"An eviction could cost {limit:.0f} s of computing, and it may cost {MOST} s at most.", job)
        numbers = WAVES.settings(job)
        settings = {name: numbers[name] * slower for name in ("seconds", "disk_seconds")}
        asked, uninterrupted = (
            WAVES.changed(job, **settings),
            WAVES.uninterrupted(WAVES.with_settings(**settings)).seconds,
        )
        now = spent(asked, cache)
        if not now.ended:
            return wrong(
                f"{there}, the job gets nowhere: after {limit:.0f} s, waves has no new restart file yet, so each execution "
                "ends where it began.",
                asked,
                (),
                "no-progress",
            )
        more = now.total - uninterrupted
        if more > TOO_MUCH * uninterrupted:
            twice = now.computing - uninterrupted
            return wrong(
                f"{there}, the job takes {more:.0f} s longer than the {uninterrupted:.0f} s that it takes in one go: "
                f"{twice:.0f} s for steps that are done again, as they come after the last restart file, and "
                f"{TRANSFER * now.checkpoints} s for {now.checkpoints} checkpoints.",
                asked,
                (),
            )
        return Result(True, f"{more:.0f} s more than the {uninterrupted:.0f} s that it takes in one go")

    return ask


EXERCISE = Exercise(
    title="A time limit by the program's own saves",
    notebook="11-in-practice",
    number=5,
    optional=True,
    files=WAVES.files,
    submit_file="waves.sub",
    settings=waves,
    literal=True,
    subject=limit_of,
    questions=(
        Question(IN_TIME, 1, hardly_anything_twice()),
        Question("It is the same on a slower machine", 1, hardly_anything_twice(SLOWER), rests_on=(IN_TIME,)),
    ),
    hints=(
        "After how many seconds is a restart file whole, the first, the second, the third? What is computed between the last "
        "of them and the limit is done again.",
        "A restart file is whole every 38 seconds. The limit should come soon after one of these moments, and each checkpoint "
        "costs 5 seconds: not after the first.",
        "The third file is whole after 114 seconds, and on the slower machine after a tenth more, 125.4. A little later than "
        "that, and not later than 140.",
    ),
)
