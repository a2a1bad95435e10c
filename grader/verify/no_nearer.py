"""Whether a job that has not ended so far gets no nearer to its end: whatever it saves, each start begins from scratch.

Its checkpoint may still grow, such as a list to which each start appends, so that no state ever recurs.
"""

from __future__ import annotations

from typing import NamedTuple

from ..execute.executor import Executor
from ..rules.execution import Run, Unbroken
from ..rules.job import Job
from ..rules.livelock import SIMILAR
from ..rules.profile import Profile
from ..rules.step import is_checkpoint
from .explore import Exploration
from .unbroken import goes_on
from .verdicts import Unknown

SOONER = 10
"""A run that never restarts ends sooner only if the job has made this many times as many checkpoints."""
NO_NEARER = "no nearer"
"""A kind of evidence."""
_PLACES = ("builtins.int", "builtins.float", "builtins.str", "builtins.bool")
"""The types of values that can hold a program's place."""


class Remaining(NamedTuple):
    """What a run that never restarts still has to do, from a start of the job to its end."""

    checkpoints: int
    seconds: float
    """Virtual seconds; 0 if computing takes virtual time, which varies."""


def never_nearer(job: Job, exploration: Exploration, executor: Executor, profile: Profile) -> Remaining | None:
    """What is left to do for a job that gets no nearer to its end: as much from the last start tried as from the first.
    None if less is left at the last start, if the job has ended, or if that is not known.

    In a run that never restarts, the program goes on in its loop where it would exit. From each start, such a run must
    make the same number of checkpoints and, whenever it is back at the head of the loop, have the same numbers and
    texts in memory. (The same time proves nothing: a program may do a fixed part of its work in each execution.)
    """
    if exploration.unknown is not Unknown.EXECUTIONS or exploration.unfinished is None:
        return None
    way = exploration.unfinished.way()
    if len(way) < SIMILAR or not all(is_checkpoint(job, state.ran) for state in way):
        return None
    run, _ = goes_on(job, way[0], executor, profile, Unbroken())
    back = next((note for note in run.notes if note[0] == "back"), None)
    if back is None:
        return None
    how, seen = Unbroken(loop=(str(back[1]), int(back[2]))), set[tuple[Remaining, str]]()
    for state in (way[0], way[1], way[len(way) // 2], way[-1]):
        run, returned_files = goes_on(job, state, executor, profile, how)
        checkpoints = sum(note[0] == "stay" for note in run.notes)
        left = Remaining(checkpoints, 0.0 if exploration.seconds_per_cpu_second else run.seconds)
        seen.add((left, _places(run)))
        if returned_files is None or not checkpoints or len(seen) > 1:
            return None
    return left


def ends_sooner(job: Job, exploration: Exploration, executor: Executor, profile: Profile) -> Remaining | None:
    """What a run that never restarts does from the first start to its end, if that is far less than the job has done
    without ending; None if it is not, or if that is not known."""
    if exploration.unknown is not Unknown.EXECUTIONS or exploration.unfinished is None:
        return None
    way = exploration.unfinished.way()
    run, returned_files = goes_on(job, way[0], executor, profile, Unbroken())
    kinds = [note[0] for note in run.notes]
    few = 0 < SOONER * kinds.count("stay") <= len(way)
    if returned_files is None or "back" not in kinds or not few:
        return None
    return Remaining(kinds.count("stay"), 0.0 if exploration.seconds_per_cpu_second else run.seconds)


def _places(run: Run) -> str:
    """The variables that can hold a program's place, with the checksums of their values, in each note of its memory."""
    return repr(
        [
            sorted((name, checksum) for name, (checksum, kind, *_) in note[1].items() if kind in _PLACES)
            for note in run.notes
            if note[0] in ("first", "then")
        ]
    )
