"""The student chooses an interval for last week's pool."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache

from grader.course.checks import wrong
from grader.course.exercise import Ask, Exercise, ExplorationCache, Question, Result, UnusableAnswer
from grader.course.goodput import HOUR, PATIENCE, Plan, Spent, mean_goodput, play, slot_lifetimes, young
from grader.course.often import CHECKPOINT, LAST_WEEK, RESTART, behind, where_it_goes
from grader.course.reading import literal
from grader.course.saving_rule import AROUND, JOBS, MINUTE
from grader.text import about
from grader.tree import Tree

# -- an interval for last week's pool ----------------------------------------------


WORK, MOST_MINUTES = 24 * HOUR, 10_000
MOST, ENOUGH = 0.97, 0.85
"""Shares of the best goodput: MOST earns full points, ENOUGH half of them. Saving once an hour reaches ENOUGH."""


def interval_of(exercise: Exercise, own: Tree) -> float:
    """The student's interval in seconds. Raises UnusableAnswer."""
    try:
        value = literal(own.file(exercise.name).text)
    except ValueError as error:
        raise UnusableAnswer(f"The value of {exercise.name} can't be read: {error}.") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MOST_MINUTES:
        raise UnusableAnswer(f"{exercise.name} is a number of minutes from 0 to {MOST_MINUTES:,}, like 45.")
    return value * MINUTE


def reaches_with_interval(share: float, seed: str = "next week") -> Ask:
    """Whether jobs that save at this interval have at least this share of the best goodput."""

    def ask(interval: float, cache: ExplorationCache) -> Result:
        if not interval:
            return wrong(
                "With an interval of 0, the program saves before it has done any work, and never does any.",
                misconception="no-progress",
            )
        spent, usual = _fares(interval, seed), young(CHECKPOINT, LAST_WEEK.mean_time_between_evictions)
        goodput = mean_goodput(spent)
        best = max(goodput, *(mean_goodput(_fares(usual * factor, seed)) for factor in AROUND))
        reached = f"Saving every {about(interval)} has a goodput of {goodput:.0%}; {best:.0%} can be had"
        if goodput >= share * best:
            return Result(True, reached)
        return wrong(f"{reached}. {where_it_goes(spent)}.", misconception=behind(spent))

    return ask


def _another_week(share: float) -> Callable[[random.Random], Ask]:
    return lambda draw: reaches_with_interval(share, f"another week {draw.random()}")


@lru_cache(64)
def _fares(interval: float, seed: str) -> list[Spent]:
    plan = Plan.every(max(interval, 1.0), WORK, CHECKPOINT)
    return [play(plan, RESTART, slots) for slots in slot_lifetimes(LAST_WEEK, JOBS, PATIENCE * WORK, seed)]


NEAR, BEST = f"At least {ENOUGH:.0%} of the best goodput", f"At least {MOST:.0%} of it"


EXERCISE = Exercise(
    title="An interval for this pool",
    notebook="07-how-often",
    number=3,
    answers=("interval",),
    literal=True,
    subject=interval_of,
    questions=tuple(
        Question(name, 1, reaches_with_interval(share), rests_on, unseen=_another_week(share))
        for name, share, rests_on in ((NEAR, ENOUGH, ()), (BEST, MOST, (NEAR,)))
    ),
    hints=(
        "Two numbers decide: what a checkpoint costs, and how long a slot lasts on average. You have measured both.",
        "Move the second slider to the mean time that slots lasted last week, and look where the goodput is highest.",
        "Young: the square root of 2 * checkpoint * time between evictions, all three in minutes: 2 * 4 * 90.",
    ),
)
