"""The sweep of exercises `save` and `restore`: its settings, its known answers, and the questions about it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from .. import submit
from ..rules.job import Job
from ..rules.simulation import Saved
from ..text import about, count
from ..tree import File, Tree
from ..verify.explore import Exploration
from ..verify.states import State
from .checks import Named, every_schedule, failed, fault_free, told, unnamed, wrong
from .dice import fair
from .exercise import Ask, ExplorationCache, Result
from .payload import Program
from .resumption import free_way

SWEEP = Program(
    "sweep",
    "sweep.py",
    idle=b"def save_checkpoint(iteration):\n    pass\n\n\ndef restore_checkpoint(start, end):\n    return start\n",
)
"""payload/sweep: sweep.py START END."""
RIGHT = b'''\
import os
import sys


def save_checkpoint(iteration):
    with open("checkpoint.txt", "w") as file:
        file.write(str(iteration))
    sys.exit(85)


"""The exercise `save` comes with this restore function. You write your own in `restore`."""


def restore_checkpoint(start, end):
    """The iteration to begin with: the number in checkpoint.txt, or START if there is no such file."""
    if not os.path.exists("checkpoint.txt"):
        return start
    with open("checkpoint.txt") as file:
        return int(file.read())
'''
"""A checkpoint.py that is right unless there is a checkpoint of another sweep."""
ONE_BEHIND_ANOTHER = {
    1: "What does the checkpoint file contain after the first execution, and what after the second?",
    2: "A file opened with 'a' keeps its content, and new text is added at the end. The checkpoint should contain just "
    "one number: that of the last save.",
    3: "Open the file with 'w', which empties it, each time the job saves.",
}
LAST_OR_NEXT = (
    "Is the saved number the last iteration that is done, or the next one to do? save_checkpoint(iteration) "
    "is called before that iteration is done."
)
LEAVE_WHEN_SAVED = "Exit with 85 only in save_checkpoint: when the last iteration is done, the program ends by itself."
"""Hints that replace a misconception's own in both exercises."""
AT_THE_END = {"start": 98, "end": 100, "interval": 1, "steps": 100}
"""A sweep that saves before each iteration but the first: before the last iteration, and before another one, whose
number has fewer digits."""
FROM_THE_BEGINNING = {"start": 1, "end": 2, "interval": 1}
"""A sweep that saves once, before its second iteration."""


def evicted_sweep() -> Job:
    """The sweep with right functions."""
    files = SWEEP.files().put("checkpoint.py", File(RIGHT))
    return submit.parse(files.file("sweep.sub").text, submit.TreeFolder(files), name="sweep.sub").jobs[0]


def sweep(job: Job, start: int = 1, end: int | None = None, **settings: float) -> Job:
    """The same job from `start` to `end` (default: the last step), with other settings."""
    last = int(settings.get("steps", 12) if end is None else end)
    return SWEEP.changed(job, int(start), last, **settings)


def sweep_output(start: int, end: int, **settings: float) -> Tree:
    """The known answer: my_output.txt of an uninterrupted sweep."""
    return SWEEP.known_answer(start, end, **settings)


def asking(question: Callable[[Job, ExplorationCache, Tree], Result], start: int, end: int, **settings: float) -> Ask:
    """A question about the sweep from `start` to `end`. If that is not the notebook's own sweep, the text of a failure
    says so."""
    there = (
        ""
        if (start, end) == (1, 12) and not settings
        else f"Asked for the iterations {start} to {end}"
        + (f", saved every {settings['interval']}" if "interval" in settings else "")
    )

    def ask(job: Job, cache: ExplorationCache) -> Result:
        result = question(sweep(job, start, end, **settings), cache, sweep_output(start, end, **settings))
        return told(result, there) if there else result

    return fair(ask)


def unseen(question: Callable[[Job, ExplorationCache, Tree], Result]) -> Callable[[random.Random], Ask]:
    """A question about a sweep with randomly drawn numbers."""

    def drawn(draw: random.Random) -> Ask:
        # One checkpoint is enough: questions with known numbers test further restarts, and a save at the end.
        start, interval = draw.randint(2, 25), draw.randint(2, 3)
        end = start + interval + draw.randint(1, interval - 1)
        settings = {
            "steps": draw.randint(30, 90),
            "interval": interval,
            "transient": draw.randint(50, 150),
            "samples": draw.randint(3, 6),
            "seconds": draw.randint(20, 90),
        }
        return asking(question, start, end, **settings)

    return drawn


def in_place(job: Job, cache: ExplorationCache, expected: Tree, named: Named | None = None) -> Result:
    """Whether the sweep, restarted in place, ends right, and does nothing twice or too early."""
    result = fault_free(job, cache, expected, named)
    return _wrong_work(job, cache, expected, named) or result if result.passed else result


def restart_safe(job: Job, cache: ExplorationCache, expected: Tree) -> Result:
    """Whether the sweep is restart-safe, and does nothing twice or too early."""
    result = every_schedule(job, cache, expected)
    return _wrong_work(job, cache, expected) or result if result.passed else result


def anywhere(job: Job, cache: ExplorationCache, expected: Tree) -> Result:
    """Whether the sweep is restart-safe, and a start does the same at any place and time."""
    result = restart_safe(job, cache, expected)
    return _elsewhere(job, cache, expected) or result if result.passed else result


def _wrong_work(job: Job, cache: ExplorationCache, expected: Tree, named: Named | None = None) -> Result | None:
    """The failure of a sweep with the right output that works too long, saves too seldom, or writes output too early;
    else None."""
    exploration = cache.explore(job, expected)
    if exploration.seconds is not None and (surplus := _surplus(job, exploration.seconds)):
        if repeated := sum(_repeated(exploration)) + _before_start(job, exploration):
            return failed(
                job,
                cache,
                exploration,
                named or _off_by_one,
                f"The output is right, but the job does {count(repeated, 'iteration')} too many.",
            )
        return failed(
            job,
            cache,
            exploration,
            named or unnamed,
            "The output is right, but the job takes "
            f"{about(exploration.seconds)}, of which its iterations take only {about(exploration.seconds - surplus)}.",
        )
    if not_saved := _not_saved(job, exploration):
        return failed(job, cache, exploration, unnamed, not_saved)
    if _early(exploration, expected):
        return wrong("The whole output is written before the sweep has done its iterations.", job)
    return None


def _elsewhere(job: Job, cache: ExplorationCache, expected: Tree) -> Result | None:
    """The failure if a fresh start depends on its place and time: observations of one start would then say little about
    other starts."""
    first = cache.explore(job, expected).root
    later = cache.executor.run(job, first.now.directory, slot=1, clock=first.now.time + 100_000.0)
    if later.exit == first.ran.exit and abs(later.seconds - first.ran.seconds) <= 0.1 * first.ran.seconds:
        return None
    return wrong(
        "Started in another slot on another day, the job ends differently, or takes a different time, than at first.",
        job,
    )


def begun(state: State) -> int | None:
    """The iteration that an execution began with, as printed by sweep.py."""
    match = re.search(r"^iterations (-?\d{1,9}) to ", state.run.stdout if state.run else "", re.MULTILINE)
    return int(match[1]) if match else None


def _repeated(exploration: Exploration) -> list[int]:
    """How many iterations each restart of the run without faults repeats."""
    way = free_way(exploration)
    return [
        max(0, _last_line(state.now.directory) + 1 - first) for state in way[1:] if (first := begun(state)) is not None
    ]


def _last_line(sandbox: Tree) -> int:
    """The iteration of the last line of the output; 0 if it is empty."""
    numbers = [line.split(" ")[0] for line in sandbox.text(SWEEP.output).split("\n") if line]
    return int(numbers[-1]) if numbers and numbers[-1].isdecimal() and len(numbers[-1]) < 10 else 0


def _before_start(job: Job, exploration: Exploration) -> int:
    """How many iterations before START a fresh start does."""
    first = begun(exploration.root)
    return 0 if first is None else max(0, int(job.arguments[0]) - first)


def _off_by_one(exploration: Exploration) -> str | None:
    return "repeats-iteration" if max(_repeated(exploration), default=0) == 1 else None


def _surplus(job: Job, whole: float) -> float:
    """The virtual seconds that a sweep without evictions spends on anything but its iterations, out of `whole`; 0 if
    less than half an iteration."""
    start, end = map(int, job.arguments)
    seconds = SWEEP.settings(job)["seconds"]
    if not seconds:
        return 0.0
    surplus = whole - seconds * (end - start + 1)
    return surplus if surplus > seconds / 2 else 0.0


def _not_saved(job: Job, exploration: Exploration) -> str:
    """A sentence on an execution without evictions that went past a checkpoint; "" if none did."""
    settings = SWEEP.settings(job)
    seconds, interval = settings["seconds"], int(settings["interval"])
    longest = max((round(state.ran.seconds / seconds) for state in free_way(exploration) if seconds), default=0)
    if longest <= interval:
        return ""
    each = "iteration" if interval == 1 else count(interval, "iteration")
    return (
        f"The output is right, but {count(longest, 'iteration')} are computed without exiting with "
        f"{job.checkpoint_exit_code} in between. save_checkpoint is called after every {each}, to save and to exit each time."
    )


def _early(exploration: Exploration, expected: Tree) -> bool:
    """Whether the output is complete at a checkpoint, when at least one iteration is still to be done."""
    lines, state = expected.file(SWEEP.output).content.count(b"\n"), exploration.first
    while state is not None and isinstance(state.next, Saved):
        if state.ran.sandbox.text(SWEEP.output).count("\n") >= lines:
            return True
        state = state.follower
    return False
