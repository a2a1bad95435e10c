"""How much of a slot's time becomes goodput: the textbook formulae, and jobs simulated by arithmetic alone.

All times are seconds. No program runs here; a test compares the results with the simulator's. Time in a slot goes into
four things: work that is kept, checkpoints, restarts, and work that is lost. Waiting for the next slot is not counted.

J. W. Young, A first order approximation to the optimum checkpoint interval, CACM 17 (1974) 530.
J. T. Daly, A higher order estimate of the optimum checkpoint interval for restart dumps, FGCS 22 (2006) 303.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple, Protocol

HOUR = 3600.0
PATIENCE = 4
"""A job is given up when its slots have lasted this many times as long as its work."""


# -- formulae ----------------------------------------------------------------------


def young(checkpoint: float, between: float) -> float:
    """Young's best interval, given the cost of a checkpoint and the mean time between evictions."""
    return math.sqrt(2 * checkpoint * between)


def daly(checkpoint: float, between: float) -> float:
    """Daly's best interval: Young's with two more terms, and never longer than the time between evictions."""
    if checkpoint >= 2 * between:
        return between
    part = checkpoint / (2 * between)
    return young(checkpoint, between) * (1 + math.sqrt(part) / 3 + part / 9) - checkpoint


def expected_runtime(work: float, interval: float, checkpoint: float, restart: float, between: float) -> float:
    """Daly's expected time in slots for `work` seconds of work with random evictions, also during restarts; inf if it
    overflows."""
    try:
        each = between * math.exp(restart / between) * math.expm1((interval + checkpoint) / between)
    except OverflowError:
        return math.inf
    return each * work / interval


# -- slot lifetimes ----------------------------------------------------------------


class Pool(Protocol):
    """A pool that gives a job one slot after the other."""

    @property
    def mean_time_between_evictions(self) -> float:
        """The mean time between evictions."""

    def slots(self, draw: random.Random) -> Iterator[float]:
        """How long each of the job's slots lasts; endless."""


@dataclass(frozen=True)
class AtRandom:
    """Evictions that are equally probable at any time, as Young and Daly assume."""

    mean_time_between_evictions: float

    def slots(self, draw: random.Random) -> Iterator[float]:
        while True:
            yield draw.expovariate(1 / self.mean_time_between_evictions)


@dataclass(frozen=True)
class AtLimit:
    """A pool that takes every slot back after the same time."""

    mean_time_between_evictions: float

    def slots(self, draw: random.Random) -> Iterator[float]:
        while True:
            yield self.mean_time_between_evictions


@dataclass(frozen=True)
class OfficeHours:
    """Desktop computers whose owners work from 8:00 to 18:00: more evictions by day than by night."""

    mean_time_between_evictions: float
    busier: float = 6.0
    """Ratio of the rate of evictions by day to that by night."""

    FROM, TO, DAY = 8 * HOUR, 18 * HOUR, 24 * HOUR

    def slots(self, draw: random.Random) -> Iterator[float]:
        share = (self.TO - self.FROM) / self.DAY
        by_night = 1 / (self.mean_time_between_evictions * (share * self.busier + 1 - share))
        now = draw.uniform(0, self.DAY)
        while True:
            began, ripe = now, draw.expovariate(1)
            while True:
                by_day = self.FROM <= now % self.DAY < self.TO
                rate = by_night * (self.busier if by_day else 1)
                change = (
                    now
                    - now % self.DAY
                    + (self.TO if by_day else self.FROM if now % self.DAY < self.FROM else self.DAY + self.FROM)
                )
                if ripe < rate * (change - now):
                    break
                ripe, now = ripe - rate * (change - now), change
            now += ripe / rate
            yield now - began


# -- a job and its time ------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """The points of its work at which a job saves."""

    work: tuple[float, ...]
    """The pieces of work between checkpoints."""
    saving: tuple[float, ...]
    """The time to save each piece: to write and transfer a checkpoint, or, after the last piece, the output."""
    again: float = 0.0
    """The time to restart in place."""

    @classmethod
    def every(cls, interval: float, work: float, saving: float, again: float = 0.0) -> Plan:
        """A job that saves after every `interval` seconds of work. Raises ValueError if that is not positive."""
        if not interval > 0:
            raise ValueError("an interval must be longer than 0 s")
        pieces = max(1, math.ceil(work / interval - 1e-9))
        rest = work - interval * (pieces - 1)
        return cls((interval,) * (pieces - 1) + (rest,), (saving,) * (pieces - 1) + (0.0,), again)

    @cached_property
    def ends(self) -> tuple[float, ...]:
        """The time at which each number of pieces is saved and the next one begins, if nothing goes wrong."""
        return (0.0, *accumulate(work + saving + self.again for work, saving in zip(self.work, self.saving)))


class Spent(NamedTuple):
    """How a job has spent its time in slots, in seconds."""

    work: float
    checkpoints: float
    restarts: float
    lost: float
    slots: int
    finished: bool

    @property
    def seconds(self) -> float:
        """The whole time."""
        return self.work + self.checkpoints + self.restarts + self.lost

    @property
    def goodput(self) -> float:
        """The fraction that is kept work, from 0 to 1."""
        return self.work / self.seconds

    def shares(self) -> tuple[float, float, float, float]:
        """Work, checkpoints, restarts and lost work as fractions of the whole."""
        whole = self.seconds
        return self.work / whole, self.checkpoints / whole, self.restarts / whole, self.lost / whole


def play(plan: Plan, restart: float, slots: Iterable[float], patience: float = PATIENCE) -> Spent:
    """One job in a sequence of slots with these lifetimes, each of which begins with a restart.

    It is given up when the slots are used up, or have lasted `patience` times as long as the work.
    """
    ends, last = plan.ends, len(plan.work)
    used, most = 0.0, patience * sum(plan.work)
    pieces, number, restarts, fruitful = 0, 0, 0.0, 0
    for number, lasts in enumerate(slots, 1):  # noqa: B007 - it is the number of slots used
        used += lasts
        restarts += min(lasts, restart)
        # a piece is safe as soon as it is saved, before the program starts again
        reached = ends[pieces] + lasts - restart + plan.again
        if lasts > restart and reached >= ends[pieces + 1]:
            pieces, fruitful = bisect_right(ends, reached) - 1, fruitful + 1
            if pieces == last:
                used -= reached - ends[last]
                break
        if used > most:
            break
    work = sum(plan.work[:pieces])
    checkpoints = sum(plan.saving[:pieces]) + plan.again * (pieces - fruitful)
    return Spent(work, checkpoints, restarts, used - work - checkpoints - restarts, number, pieces == last)


def slot_lifetimes(pool: Pool, jobs: int, seconds: float, seed: int | str = 0) -> list[list[float]]:
    """Lifetimes of the slots of several jobs, enough for `seconds` each, to compare plans on the same slots."""
    return [_first(pool.slots(random.Random(f"{seed} {job}")), seconds) for job in range(jobs)]


def _first(slots: Iterator[float], seconds: float) -> list[float]:
    lifetimes, used = [], 0.0
    while used <= seconds:
        lifetimes.append(next(slots))
        used += lifetimes[-1]
    return lifetimes


def mean_goodput(spent: Sequence[Spent]) -> float:
    """The goodput of several jobs together: their total work divided by their total time."""
    return sum(job.work for job in spent) / sum(job.seconds for job in spent)
