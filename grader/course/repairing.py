"""What a repaired job is asked: whether it ends right, and saves as often as it should, on every schedule.

A bug can be hidden as well as repaired: by saving never, or seldom, or by leaving work out. So a job is measured by
what a run that never saves brings home, by its virtual time, and by the time between two checkpoints.

A repaired loop is also asked for three iterations and a checkpoint after each: it can save before any work there, or at
its end, and there is one iteration more than may be done without a checkpoint.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..rules.job import STDERR, STDOUT, Job
from ..rules.simulation import Ended, Saved
from ..text import count
from ..tree import File, Tree
from ..verify.explore import Exploration
from ..verify.states import State
from .checks import every_schedule, failed, fault_free, told
from .exercise import Ask, ExplorationCache, Result
from .payload import Program
from .resumption import free_way

IN_PLACE = "Never evicted, it saves on its way and ends right"
ANYWHERE = "Evicted at any time, any number of times, it ends right"
OUTPUT = "my_output.txt"
NEVER = 10**6
"""An interval that none of the programs comes to the end of."""


def known_answer(loop: Loop, job: Job, cache: ExplorationCache, **numbers: float) -> Tree:
    """What has to come home: what the program as it is given brings home if it never saves."""
    return loop.program.known_answer(*loop.arguments(numbers), **{**numbers, "interval": NEVER})


def two_checkpoints(draw: random.Random, length: str) -> dict[str, float]:
    """An interval, and so many iterations that two checkpoints are saved on the way: a restart from a restart tells as
    much as the next ones would."""
    interval = draw.randint(2, 4)
    return {length: 2 * interval + draw.randint(0, interval - 1), "interval": interval}


@dataclass(frozen=True)
class Loop:
    """A program in payload/bugs: a loop whose iterations take `seconds` each, and which is to save after every
    `interval`-th. Its numbers are those in my_input.txt and, if it takes START and END, `start` and `end`."""

    program: Program
    noun: str
    """What an iteration is: a year, say."""
    draw: Callable[[random.Random], dict[str, float]]
    """Numbers that students do not have."""
    length: str | None = None
    """Which number says how many iterations there are; None: `start` and `end` do."""
    answer: Callable[..., Tree] = known_answer
    """answer(loop, job, cache, **numbers) is what has to come home."""

    def arguments(self, numbers: dict[str, float]) -> list[int]:
        """Take the arguments out of the numbers."""
        return [] if self.length else [int(numbers.pop("start", 1)), int(numbers.pop("end", 12))]

    def job(self, job: Job, **numbers: float) -> Job:
        """The same job with other numbers. Raises ValueError for one that it does not have."""
        return self.program.changed(job, *self.arguments(numbers), **numbers)

    def iterations(self, job: Job) -> int:
        """How many iterations a job is asked for."""
        if self.length:
            return int(self.program.settings(job)[self.length])
        return int(job.arguments[1]) - int(job.arguments[0]) + 1

    def explore(self, job: Job, cache: ExplorationCache, **numbers: float) -> tuple[Job, Tree, Exploration]:
        """The job with these numbers, what has to come home, and what exploring finds."""
        asked, expected = self.job(job, **numbers), self.answer(self, job, cache, **numbers)
        return asked, expected, cache.explore(asked, expected)

    # -- questions -------------------------------------------------------------

    def in_place(self, **numbers: float) -> Ask:
        """Whether the job, never evicted, ends right, does everything once, and saves as often as it is to."""

        def ask(job: Job, cache: ExplorationCache) -> Result:
            asked, expected, exploration = self.explore(job, cache, **numbers)
            result = fault_free(asked, cache, expected)
            amiss = (
                self._amiss(asked, cache, exploration) if result.passed else self._endless(asked, cache, exploration)
            )
            return _with(amiss or result, numbers)

        return ask

    def anywhere(self, **numbers: float) -> Ask:
        """Whether the job ends right on every schedule, and does no work again that had been saved."""

        def ask(job: Job, cache: ExplorationCache) -> Result:
            asked, expected, _ = self.explore(job, cache, **numbers)
            return _with(every_schedule(asked, cache, expected), numbers)

        return ask

    def stale(self, made: tuple[int, int], now: tuple[int, int], **numbers: float) -> Ask:
        """What the job does, asked for one range, if the checkpoint of another is in its sandbox."""

        def ask(job: Job, cache: ExplorationCache) -> Result:
            first = self.explore(job, cache, start=made[0], end=made[1], **numbers)[2].root.next
            old = first.spool.without((STDOUT, STDERR, OUTPUT)) if isinstance(first, Saved) else Tree()
            asked, expected, _ = self.explore(
                replace(job, inputs=job.inputs | old), cache, start=now[0], end=now[1], **numbers
            )
            return told(
                fault_free(asked, cache, expected, "stale-checkpoint"),
                f"The sandbox has the checkpoint of a run from {made[0]} to {made[1]}, and {now[0]} to "
                f"{now[1]} is asked for",
            )

        return ask

    def unseen(self, question: Callable[..., Ask]) -> Callable[[random.Random], Ask]:
        """A question with numbers that are drawn."""
        return lambda draw: question(**self.draw(draw))

    def _endless(self, job: Job, cache: ExplorationCache, exploration: Exploration) -> Result | None:
        """A job that has come to no end in more executions than it has iterations, and one more to end."""
        way = free_way(exploration)
        if len(way) <= self.iterations(job) + 1 or isinstance(way[-1].next, Ended):
            return None
        output = way[-1].sandbox.get(OUTPUT)
        begins = [line.split(" ")[0] for line in output.text.splitlines()] if isinstance(output, File) else []
        stuck = len(set(begins)) < min(len(begins), self.iterations(job))
        starts_over = len({label for state in way for label in _new_labels(state)[:1]}) == 1
        return failed(
            job,
            cache,
            exploration,
            "never-restores" if stuck and starts_over else "repeats-iteration" if stuck else None,
            f"It was started {len(way)} times without an eviction, for "
            f"{count(self.iterations(job), self.noun)}, and is at no end.",
        )

    def _amiss(self, job: Job, cache: ExplorationCache, exploration: Exploration) -> Result | None:
        """What is wrong with a job that brings the right output home; None if nothing is."""
        numbers = self.program.settings(job)
        seconds, interval = numbers["seconds"], int(numbers["interval"])
        assert exploration.seconds is not None, "it has come to its end"
        done, wanted = round(exploration.seconds / seconds), self.iterations(job)
        if done > wanted:
            return failed(
                job,
                cache,
                exploration,
                "repeats-iteration",
                f"The output is right, but {count(done - wanted, self.noun)} too many are computed.",
            )
        if done < wanted:
            return failed(
                job,
                cache,
                exploration,
                None,
                f"The output is right, but in the time of {count(done, self.noun)} "
                f"only: the science has to be done for all {wanted}.",
            )
        longest = max(round(state.ran.seconds / seconds) for state in free_way(exploration))
        if longest > interval + 1:
            return failed(
                job,
                cache,
                exploration,
                None,
                f"It computes {count(longest, self.noun)} without leaving with {job.checkpoint_exit_code} in "
                f"between. An eviction would cost all of them, and interval = {interval} allows "
                f"{count(interval, self.noun)}.",
            )
        return None


def _new_labels(state: State) -> list[str]:
    """What the lines begin with that an execution has added to the output."""
    before, after = (
        output.text.splitlines() if isinstance(output := tree.get(OUTPUT), File) else []
        for tree in (state.sandbox, state.ran.sandbox)
    )
    return [line.split(" ")[0] for line in after[len(before) :]]


def _with(result: Result, numbers: dict[str, float]) -> Result:
    """A result with its numbers put before it, where it failed and they are not those of the submit directory."""
    there = ", ".join(f"{name} = {value:g}" for name, value in numbers.items())
    return told(result, f"With {there}") if numbers else result


def lines(home: Tree) -> int:
    """How many lines of output have come home."""
    return home.file(OUTPUT).content.count(b"\n")
