"""The sweep of exercises `save` and `restore`: its numbers, its known answers, and the questions about it."""

from __future__ import annotations

import random
from collections.abc import Callable

from ..simulator.explore import Exploration
from ..simulator.job import Job
from ..simulator.pool import Saved
from ..simulator.tree import File, Tree
from ..view.text import count
from .asking import every_schedule, failed, fault_free, told, wrong
from .dice import fair
from .exercise import Ask, Bench, Result
from .payload import Program

SWEEP = Program(
    "sweep", "sweep.py",
    idle=b"def save_checkpoint(iteration):\n    pass\n\n\ndef restore_checkpoint(start, end):\n    return start\n")
"""payload/sweep: sweep.py START END."""
AT_THE_END = {"start": 9, "end": 11, "interval": 1}
"""A sweep that saves before each iteration but the first: the last one has a checkpoint, and so has one before it."""


def sweep(job: Job, start: int = 1, end: int | None = None, **settings: float) -> Job:
    """The same job from `start` to `end` (default: the last step), with other settings."""
    last = int(settings.get("steps", 12) if end is None else end)
    return SWEEP.changed(job, int(start), last, **settings)


def sweep_output(start: int, end: int, **settings: float) -> Tree:
    """The known answer: what my_output.txt is if the sweep is never interrupted."""
    return SWEEP.known_answer(start, end, **settings)


def asking(question: Callable[[Job, Bench, Tree], Result], start: int, end: int, **settings: float) -> Ask:
    """A question about the sweep from `start` to `end`. If that is not the one that the notebook speaks of, a failure
    says so."""
    there = "" if (start, end) == (1, 12) and not settings else f"Asked for the iterations {start} to {end}" + (
        f", saved every {settings['interval']}" if "interval" in settings else "")

    def ask(job: Job, bench: Bench) -> Result:
        result = question(sweep(job, start, end, **settings), bench, sweep_output(start, end, **settings))
        return told(result, there) if there else result
    return fair(ask)


def unseen(question: Callable[[Job, Bench, Tree], Result]) -> Callable[[random.Random], Ask]:
    """A question about a sweep whose numbers are drawn."""
    def drawn(draw: random.Random) -> Ask:
        # One checkpoint: that restarts are restarted, and the last iteration saved, is asked with known numbers.
        start, interval = draw.randint(2, 9), draw.randint(2, 3)
        end = start + interval + draw.randint(1, interval - 1)
        settings = {"steps": draw.randint(30, 90), "interval": interval, "transient": draw.randint(50, 150),
                    "samples": draw.randint(3, 6), "seconds": draw.randint(20, 90)}
        return asking(question, start, end, **settings)
    return drawn


def in_place(job: Job, bench: Bench, expected: Tree, misconception: str | None = None) -> Result:
    """Whether the sweep, restarted in place, ends right, and does nothing twice or before its time.

    `misconception` names what a failure means where the question itself says it.
    """
    result = fault_free(job, bench, expected, misconception)
    return _amiss(job, bench, expected, misconception) or result if result.passed else result


def restart_safe(job: Job, bench: Bench, expected: Tree) -> Result:
    """Whether the sweep is restart-safe, and does nothing twice or before its time."""
    result = every_schedule(job, bench, expected)
    return _amiss(job, bench, expected) or result if result.passed else result


def anywhere(job: Job, bench: Bench, expected: Tree) -> Result:
    """Whether the sweep is restart-safe, and a start does the same wherever and whenever it is."""
    result = restart_safe(job, bench, expected)
    return _elsewhere(job, bench, expected) or result if result.passed else result


def _amiss(job: Job, bench: Bench, expected: Tree, misconception: str | None = None) -> Result | None:
    """What is wrong with a sweep that brings the right output; None if nothing is."""
    found = bench.explore(job, expected)
    if surplus := _surplus(job, found):
        return failed(job, bench, found, misconception or "repeats-iteration",
                      f"The output is right, but {count(surplus, 'iteration')} too many.")
    if _early(found, expected):
        return wrong("The whole output is written before the sweep has done its iterations.", job)
    return None


def _elsewhere(job: Job, bench: Bench, expected: Tree) -> Result | None:
    """What is wrong if a start from the beginning depends on where and when it is: then what was seen of one start,
    and how much time is lost by another, means little."""
    first = bench.explore(job, expected).first
    later = bench.executor.run(job, first.sandbox, slot=1, clock=first.clock + 100_000.0)
    if later.exit == first.run.exit and abs(later.seconds - first.run.seconds) <= 0.1 * first.run.seconds:
        return None
    return wrong("Begun elsewhere, on another day, the job ends in another way, or takes another time, than when begun "
                 "first.", job)


def _surplus(job: Job, found: Exploration) -> int:
    """How many iterations a sweep that is never evicted does beyond those it was asked for."""
    start, end = map(int, job.arguments)
    seconds = SWEEP.settings(job)["seconds"]
    if not seconds or found.seconds is None:
        return 0
    return max(0, round(found.seconds / seconds) - (end - start + 1))


def _early(found: Exploration, expected: Tree) -> bool:
    """Whether all lines of the output are there at a checkpoint: the iteration that it is saved for is still to
    be done then."""
    lines, state = expected[SWEEP.output].content.count(b"\n"), found.first
    while state is not None and isinstance(state.next, Saved):
        output = state.run.sandbox.get(SWEEP.output)
        if isinstance(output, File) and output.content.count(b"\n") >= lines:
            return True
        state = state.follower
    return False
