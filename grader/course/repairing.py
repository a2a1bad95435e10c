"""Questions about a repaired job: whether it ends right and saves as often as it should, on every schedule.

A bug can also be hidden instead of repaired: by saving never or seldom, or by leaving out work. So a job is judged by
the output of a run that never saves, by its virtual time, and by the time between two checkpoints.

A repaired loop is also run for three iterations with a checkpoint after each. That shows whether it saves before doing
any work, or at its end. Three iterations are one more than such a job may do without a checkpoint.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..rules.job import STDERR, STDOUT, Job
from ..rules.simulation import Ended, Saved
from ..text import count
from ..tree import File, Tree
from ..verify.explore import Exploration, Violation
from ..verify.states import State
from ..verify.verdicts import Unsafe
from .case import Case
from .checks import both, every_schedule, failed, fault_free, told, too_long
from .diagnosis import diagnose
from .exercise import Ask, ExplorationCache, Question, Result
from .misconceptions import MISCONCEPTIONS
from .payload import Program
from .resumption import free_way

IN_PLACE = "Never evicted, it saves on its way and ends right"
ANYWHERE = "Evicted at any time, any number of times, it ends right"
OUTPUT = "my_output.txt"
NEVER = 10**6
"""An interval that none of the programs reaches."""


def known_answer(loop: Loop, job: Job, cache: ExplorationCache, **numbers: float) -> Tree:
    """The right output: the output of the original program if it never saves."""
    return loop.program.known_answer(*loop.arguments(numbers), **{**numbers, "interval": NEVER})


def two_checkpoints(draw: random.Random, length: str) -> dict[str, float]:
    """An interval that no example has, and a number of iterations for two checkpoints: the second restart shows as much
    as any later restart."""
    interval = draw.choice((2, 5))
    return {length: 2 * interval + draw.randint(0, interval - 1), "interval": interval}


@dataclass(frozen=True)
class Loop:
    """A program in payload/bugs: a loop whose iterations take `seconds` each, and which should save after every
    `interval` iterations. Its numbers are those in my_input.txt and, if it has arguments START and END, `start` and
    `end`."""

    program: Program
    noun: str
    """What an iteration is, for example a year."""
    draw: Callable[[random.Random], dict[str, float]]
    """Draws numbers that students do not know."""
    length: str | None = None
    """The name of the number that sets how many iterations there are; None if `start` and `end` do."""
    answer: Callable[..., Tree] = known_answer
    """answer(loop, job, cache, **numbers) is the right output."""

    def arguments(self, numbers: dict[str, float]) -> list[int]:
        """The arguments, removed from `numbers`."""
        return [] if self.length else [int(numbers.pop("start", 1)), int(numbers.pop("end", 12))]

    def job(self, job: Job, **numbers: float) -> Job:
        """The same job with other numbers. Raises ValueError for an unknown name."""
        return self.program.changed(job, *self.arguments(numbers), **numbers)

    def iterations(self, job: Job) -> int:
        """The number of iterations that a job should do."""
        if self.length:
            return int(self.program.settings(job)[self.length])
        return int(job.arguments[1]) - int(job.arguments[0]) + 1

    def explore(self, job: Job, cache: ExplorationCache, **numbers: float) -> tuple[Job, Tree, Exploration]:
        """The job with these numbers, its right output, and its exploration."""
        changed, expected = self.job(job, **numbers), self.answer(self, job, cache, **numbers)
        return changed, expected, cache.explore(changed, expected)

    # -- questions -------------------------------------------------------------

    def in_place(self, **numbers: float) -> Ask:
        """Whether the job, never evicted, ends right, does everything once, and saves as often as it should."""

        def ask(job: Job, cache: ExplorationCache) -> Result:
            changed, expected, exploration = self.explore(job, cache, **numbers)
            result = fault_free(changed, cache, expected)
            problem = self._hidden_failure if result.passed else self._endless
            result = problem(changed, cache, exploration) or result
            return _with(result if result.passed else self._begun(result, exploration), numbers)

        return ask

    def anywhere(self, **numbers: float) -> Ask:
        """Whether the job ends right on every schedule, and repeats no saved work."""

        def ask(job: Job, cache: ExplorationCache) -> Result:
            changed, expected, _ = self.explore(job, cache, **numbers)
            return _with(every_schedule(changed, cache, expected), numbers)

        return ask

    def stale(self, before: tuple[int, int], now: tuple[int, int], **numbers: float) -> Ask:
        """Whether the job begins at the start of one range, and ends right, if its sandbox contains a checkpoint of
        another range."""

        def ask(job: Job, cache: ExplorationCache) -> Result:
            first = self.explore(job, cache, start=before[0], end=before[1], **numbers)[2].root.next
            old = first.spool.without((STDOUT, STDERR, OUTPUT)) if isinstance(first, Saved) else Tree()
            changed, expected, exploration = self.explore(
                replace(job, inputs=job.inputs | old), cache, start=now[0], end=now[1], **numbers
            )
            result = fault_free(changed, cache, expected, "stale-checkpoint")
            begins = _new_labels(exploration.root)[:1]
            if result.passed and begins not in ([], [str(now[0])]):
                text = f"The output is right in the end, but it begins with {self.noun} {begins[0]}."
                result = failed(changed, cache, exploration, "stale-checkpoint", text)
            return told(
                result,
                f"The job should do {now[0]} to {now[1]}, and its sandbox has the checkpoint of a run from {before[0]} to "
                f"{before[1]}",
            )

        return ask

    def question(
        self,
        name: str,
        maximum: float,
        asks: Callable[..., Ask],
        *numbers: Mapping[str, float],
        first: tuple[Ask, ...] = (),
        then: tuple[Ask, ...] = (),
        **more: Any,
    ) -> Question:
        """in_place() or anywhere() as a question of an exercise: asked with each of `numbers`, where {} stands for the
        given numbers, and with unseen numbers. `first` is asked before, `then` after that; `more` are further fields of
        Question."""
        ask = both(*first, *(asks(**some) for some in numbers), *then)
        return Question(name, maximum, ask, unseen=lambda draw: asks(**self.draw(draw)), **more)

    def _begun(self, result: Result, exploration: Exploration) -> Result:
        """A failure. If even the first execution began with the wrong iteration, its text says this first."""
        first = _new_labels(exploration.first)[:1] if exploration.first else []
        right = exploration.reference.get(OUTPUT) if exploration.known and exploration.reference else None
        should = right.text.partition(" ")[0] if isinstance(right, File) else ""
        if not first or not should or first == [should]:
            return result
        return told(
            result, f"The first execution begins with {self.noun} {first[0]}, and not with {self.noun} {should}"
        )

    def _endless(self, job: Job, cache: ExplorationCache, exploration: Exploration) -> Result | None:
        """The failure of a job that has not ended after an execution for each iteration, and one more; else None."""
        way = free_way(exploration)
        if len(way) <= self.iterations(job) + 1 or isinstance(way[-1].next, Ended):
            return None
        output = way[-1].now.directory.get(OUTPUT)
        begins = [line.split(" ")[0] for line in output.text.splitlines()] if isinstance(output, File) else []
        stuck = len(set(begins)) < min(len(begins), self.iterations(job))
        first = [label for state in way for label in _new_labels(state)[:1]]
        text = (
            f"Without an eviction, it was started {len(way)} times for {count(self.iterations(job), self.noun)}, and has "
            "still not finished."
        )
        if stuck and len(set(first)) == 1:
            violation = Violation(Unsafe.NEVER_FINISHES, way[1])
            restarted = replace(exploration, failure=violation.failure, violation=violation, schedule=())
            if diagnose(job, restarted, cache.executor) is MISCONCEPTIONS["error-swallowed"]:
                return failed(job, cache, restarted, "error-swallowed", text)
            ignored = Case(job, restarted, cache.executor).ignores_numbers()
            return failed(job, cache, exploration, "never-restores" if ignored else "", text)
        again = next((at for at, label in enumerate(first) if at and label == first[0] != first[at - 1]), 0)
        if again:
            text += f" One execution began with {self.noun} {first[again - 1]}, and the next with {self.noun} {first[0]} again."
        return failed(job, cache, exploration, "repeats-iteration" if stuck and not again else None, text)

    def _hidden_failure(self, job: Job, cache: ExplorationCache, exploration: Exploration) -> Result | None:
        """The failure of a job with the right output: too much or too little work, or too few checkpoints; else
        None."""
        numbers = self.program.settings(job)
        seconds, interval = numbers["seconds"], int(numbers["interval"])
        assert exploration.seconds is not None, "it has come to its end"
        done, required = round(exploration.seconds / seconds), self.iterations(job)
        if done > required:
            return too_long(job, cache, exploration, required, seconds, self.noun)
        if done < required:
            text = (
                f"The output is right, but it took only the time of {count(done, self.noun)}: "
                f"the science has to be done for all {required}."
            )
            return failed(job, cache, exploration, text=text)
        longest = max(round(state.ran.seconds / seconds) for state in free_way(exploration))
        if longest > interval + 1:
            text = (
                f"It computes {count(longest, self.noun)} without exiting with {job.checkpoint_exit_code} in "
                f"between. An eviction would cost all of them, but interval = {interval} allows only "
                f"{count(interval, self.noun)}."
            )
            return failed(job, cache, exploration, text=text)
        return None


def _new_labels(state: State) -> list[str]:
    """The first words of the lines that an execution has added to the output."""
    before, after = (
        output.text.splitlines() if isinstance(output := tree.get(OUTPUT), File) else []
        for tree in (state.now.directory, state.ran.sandbox)
    )
    return [line.split(" ")[0] for line in after[len(before) :]]


def _with(result: Result, numbers: dict[str, float]) -> Result:
    """The result; if it failed with other numbers than those in the submit directory, its text says which."""
    text = ", ".join(f"{name} = {value:g}" for name, value in numbers.items())
    return told(result, f"With {text}") if numbers else result


def lines(returned_files: Tree) -> int:
    """The number of lines of the returned output."""
    return returned_files.file(OUTPUT).content.count(b"\n")
