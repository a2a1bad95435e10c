"""Progress that a job loses in place: work that each restart does again, although nothing was evicted.

Such a job ends with the right output, and takes as long in a new sandbox as in the old one, so that no two schedules
differ. But a run that never restarts needs less time between the same two checkpoints. The difference may also be the
cost of starting, which is not lost progress: it is the same at each restart, and the first start has it, too. So time
is lost only if the difference grows with the work done before, or if it exceeds the first start's cost and the lines
of the last interval are printed again.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..rules.execution import Run
from ..rules.job import STDERR, STDOUT, Job
from ..rules.step import Saved
from ..tree import File
from .states import State

REPEATED = 0.1
"""The part of the work before a checkpoint that a restart may do again before it counts as lost."""
REPEATED_BY_THE_CLOCK = 0.5
"""The same for a program that looks at the clock: it may wait for a certain time, such as a full hour."""
LEAST, LEAST_MEASURED = 1.0, 0.1
"""The least loss that counts, in virtual seconds, or, if computing takes virtual time, in seconds of processor time."""


@dataclass(frozen=True)
class Interval:
    """The time between two checkpoints, or after the last one, in the run without faults."""

    execution: int
    took: float
    """Virtual seconds of the execution."""
    needed: float
    """Virtual seconds that a run that never restarts needs for the same work."""
    starting: float = 0.0
    """Virtual seconds that starting the program may explain."""

    @property
    def extra(self) -> float:
        """How many more virtual seconds the execution took."""
        return self.took - self.needed

    @property
    def again(self) -> float:
        """The least virtual seconds of work that was done again."""
        return max(0.0, self.extra - self.starting)


def intervals_done_again(
    job: Job, way: Sequence[State], unbroken: Run, seconds_per_cpu_second: float = 0.0
) -> tuple[Interval, ...]:
    """The executions of the run without faults that repeated work saved by a checkpoint; () if the cost of starting
    explains why they took longer than a run that never restarts. If computing takes virtual time, which varies, it is
    also () if that may explain it."""
    intervals = _intervals(way, unbroken)
    if len(intervals) < 3 or not _same_checkpoints(job, way, unbroken):
        return ()
    by_clock = seconds_per_cpu_second > 0 or unbroken.looked or any(state.ran.looked for state in way)
    least = max(LEAST, LEAST_MEASURED * seconds_per_cpu_second)
    if _grows(intervals, by_clock, least) or _starting_explains_less(intervals, way, unbroken, least):
        return tuple(interval for interval in intervals[1:] if interval.again >= least)
    return ()


def _intervals(way: Sequence[State], unbroken: Run) -> list[Interval]:
    """All intervals, if both runs made the same number of checkpoints; otherwise none."""
    begin = way[0].now.time
    moments = [note[3] - begin for note in _stays(unbroken)]
    if len(moments) != len(way) - 1:
        return []
    needed = [after - before for before, after in pairwise([0.0, *moments, unbroken.seconds])]
    # The first start has the same cost as each restart.
    starting = max(0.0, way[0].ran.seconds - min(needed[1:], default=0.0))
    return [Interval(state.now.execution, state.ran.seconds, each, starting) for state, each in zip(way, needed)]


def _stays(unbroken: Run) -> list[tuple[str, str, int, float, dict[str, int]]]:
    """The notes of where the program would have exited, see execute/inside/unbroken.py."""
    return [note for note in unbroken.notes if note[0] == "stay"]


def _same_checkpoints(job: Job, way: Sequence[State], unbroken: Run) -> bool:
    """Whether each checkpoint is the same in both runs, so that the same work lies between them: each has at least one
    file that its execution has changed, and all such files are the same."""
    for state, (*_, checksums) in zip(way, _stays(unbroken)):
        if not isinstance(state.next, Saved):
            return False
        sent = state.next.sent
        changed = {
            path: entry
            for path, entry in state.ran.sandbox.changed_since(state.now.directory).items()
            if isinstance(entry, File) and path not in (STDOUT, STDERR)
        }
        saved = {path: entry for path, entry in changed.items() if path in sent or path.rpartition("/")[2] in sent}
        if not saved or any(checksums.get(path) != zlib.crc32(entry.content) for path, entry in saved.items()):
            return False
    return True


def _grows(intervals: Sequence[Interval], by_clock: bool, least: float) -> bool:
    """Whether a restart takes longer the more work was done before."""
    _, first, *later = intervals
    if by_clock and len(later) < 2:
        return False
    done, growth = first.needed, 0.0
    for interval in later:
        more = interval.extra - first.extra
        if more < max(least, growth, (REPEATED_BY_THE_CLOCK if by_clock else REPEATED) * done):
            return False
        done, growth = done + interval.needed, more
    return True


def _starting_explains_less(intervals: Sequence[Interval], way: Sequence[State], unbroken: Run, least: float) -> bool:
    """Whether each restart loses more time than the first start can have taken, and prints lines again that a run that
    never restarts prints only once, after its first checkpoint."""
    return all(
        interval.again > max(least, REPEATED * interval.needed) and lines >= 2
        for interval, lines in zip(intervals[2:], _printed_again(way, unbroken))
    )


def _printed_again(way: Sequence[State], unbroken: Run) -> Iterator[int]:
    """How many lines each execution, from the third on, prints again that a run that never restarts prints once."""
    once = {line for line, times in Counter(unbroken.stdout.splitlines()).items() if times == 1}
    known = set(way[0].ran.stdout.splitlines())
    printed = set(way[1].ran.stdout.splitlines())
    for state in way[2:]:
        lines = set(state.ran.stdout.splitlines())
        yield len(lines & printed & once - known)
        printed |= lines
