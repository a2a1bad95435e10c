"""Whether a restart begins one iteration too early or too late, whatever language the program is written in.

Nobody reads the program for that. It is run again with a number of its checkpoint one higher, or one lower, at each restart.
If the output is then the right one, and if the program goes by this number, that is what was wrong.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple, Unpack

from ..execute.executor import Executor
from ..rules.execution import Circumstances, Run, Unbroken
from ..rules.job import STDERR, STDOUT, Job
from ..rules.livelock import MANY, SIMILAR, numbers_in
from ..rules.profile import Profile
from ..rules.simulation import Moment, Outcome, outcome, simulate
from ..rules.step import is_checkpoint, is_success
from ..rules.transfer import without_streams
from ..tree import File, Tree
from .explore import UNSAFE, Exploration, Violation
from .packed import ODD
from .saved_numbers import BINARY, NUMBER, Place, is_text, numbers
from .states import State
from .unbroken import goes_on
from .verdicts import Unknown, Unsafe

OFF_BY_ONE = "off by one"
"""A kind of evidence."""
MOST = 8
"""Numbers of a checkpoint that are changed, one after the other."""
MOST_EXECUTIONS = 200
"""For all of that, after which no other number is tried."""
LARGEST = 10**9
"""Iterations are not counted beyond this."""


class OffByOne(NamedTuple):
    """A number of the checkpoint with which the job is right if it is another one at each restart."""

    path: str
    saved: int
    """What the first checkpoint has."""
    by: int
    too_late: bool
    """Whether a restart begins too late, as it is; else it begins too early."""


class _TimeIsUp(Exception):
    pass


def off_by_one(
    job: Job, exploration: Exploration, executor: Executor, profile: Profile, until: float = math.inf
) -> OffByOne | None:
    """The number by which a job begins one iteration too early or too late; None if that is not what is wrong, or not
    known `until` then, as time.monotonic() has it."""
    way = _without_faults(exploration)
    if len(way) < 2 or not (right := _right(job, exploration, executor, profile)):
        return None
    trial = _Trial(job, executor, profile, way, right, exploration.failure, until)
    try:
        fixes = [fix for fix in trial.fixes() if fix is not None]
    except _TimeIsUp:
        return None
    return fixes[0] if len({fix.too_late for fix in fixes}) == 1 else None


def never_finishing(exploration: Exploration, last: State) -> Exploration:
    """The verdict on a job that has saved the same number each time until a bound was reached, and would much later. With
    one that is higher by one, it soon ends with the right output."""
    violation = Violation(Unsafe.NEVER_FINISHES, last)
    return replace(
        exploration, verdict=UNSAFE, failure=violation.failure, violation=violation, schedule=(), unknown=None
    )


def _without_faults(exploration: Exploration) -> list[State]:
    """The way to the failure of a job that goes wrong without a fault, or that does not end; else none."""
    violation = exploration.violation
    if violation and not exploration.schedule and violation.failure in (Unsafe.WRONG_OUTPUT, Unsafe.NEVER_FINISHES):
        return violation.state.way()
    endless = exploration.exhausted is Unknown.EXECUTIONS and exploration.unfinished
    return endless.way() if endless and endless.execution >= SIMILAR else []


def _right(job: Job, exploration: Exploration, executor: Executor, profile: Profile) -> Tree:
    """The right output; of a job that does not end, also that of a run that never restarts. Empty if it is not known."""
    if exploration.known:
        return exploration.reference or Tree()
    if exploration.violation and exploration.violation.expected:
        return exploration.violation.expected
    return goes_on(job, exploration.root, executor, profile, Unbroken())[1] or Tree()


class _Trial:
    """A job that is run with another number in its checkpoints."""

    def __init__(
        self,
        job: Job,
        executor: Executor,
        profile: Profile,
        way: Sequence[State],
        right: Tree,
        failure: str | None,
        until: float,
    ):
        self.job, self.executor, self.profile, self.way, self.right = job, executor, profile, way, right
        self.ends, self.endless = failure == Unsafe.WRONG_OUTPUT, failure == Unsafe.NEVER_FINISHES
        self.spools = [state.spool for state in (*way[1:11], *way[11:][-10:])]
        self.left, self.until = MOST_EXECUTIONS, until

    def fixes(self) -> Iterator[OffByOne | None]:
        """The changes with which the job is right."""
        for path, place, values in self.places():
            for by in (1, -1):
                if self.left > 0 and self.is_right(path, self.run(path, place, by)):
                    yield self.fix(path, place, values, by)

    def places(self) -> list[tuple[str, Place, list[int]]]:
        """Numbers that may count iterations: they grow, or shrink, from each checkpoint to the next, by the same if there
        are any such; or, in a job that does not end, stay the same."""
        found, seen = list[tuple[tuple[int, int, int], str, Place, list[int]]](), set[bytes]()
        for path, entry in self.spools[0].items():
            if path in (STDOUT, STDERR) or entry == self.job.inputs.get(path):
                continue
            trees = [spool.get(path) for spool in self.spools]
            versions = [numbers(file.content) if isinstance(file, File) else {} for file in trees]
            for place, first in versions[0].items():
                values = [version[place].value for version in versions if place in version]
                if len(values) < len(versions) or not self.may_count(values):
                    continue
                try:
                    change = first.become(int(values[0]) + 1)
                except ODD:
                    continue
                if change not in seen:
                    seen.add(change)
                    order = len(versions[0]), place[1] % 4 if place[0] in BINARY else 0, int(max(values))
                    found.append((order, path, place, list(map(int, values))))
        steady = [each for each in found if len({after - before for before, after in pairwise(each[-1])}) < 2]
        return [(path, place, values) for _, path, place, values in sorted(steady or found)[:MOST]]

    def may_count(self, values: Sequence[Decimal]) -> bool:
        if not all(0 < value < LARGEST and value == int(value) for value in values):
            return False
        steps = [after - before for before, after in pairwise(values)]
        return all(steps) and len({step > 0 for step in steps}) < 2 if self.ends else not any(steps)

    def fix(self, path: str, place: Place, values: Sequence[int], by: int) -> OffByOne | None:
        """This change, if the program goes by the number: with that of the next checkpoint, it has less left to do."""
        if not self.ends:
            return (
                OffByOne(path, values[0], by, too_late=False)
                if by > 0 and (self.endless or self.stays(path, place))
                else None
            )
        step = values[1] - values[0] if values[1:] else values[0]
        if self.run(path, place, step, restarts=1).executions >= len(self.way):
            return None
        return OffByOne(path, values[0], by, too_late=(by < 0) == (step > 0))

    def stays(self, path: str, place: Place) -> bool:
        """Whether the next checkpoint has this number again, whatever becomes of all that does change: long afterwards, and
        when a number is one of those in the job's files and arguments."""
        return all(self.has_again(path, place, sandbox) for sandbox in self.later())

    def has_again(self, path: str, place: Place, sandbox: Tree | None) -> bool:
        if sandbox is None:
            return False
        last = self.way[-1]
        self.stay_within_time()
        run = self.executor.run(self.job, sandbox, slot=last.slot, clock=last.clock)
        before, after = (tree.get(path) for tree in (last.sandbox, run.sandbox))
        if not is_checkpoint(self.job, run) or not isinstance(before, File) or not isinstance(after, File):
            return False
        was, became = (numbers(entry.content).get(place) for entry in (before, after))
        return was is not None and became is not None and was.value == became.value

    def later(self) -> Iterator[Tree | None]:
        """The sandbox as it may be much later; None if something changes in it that can't be foreseen."""
        old, new = (without_streams(state.sandbox) for state in self.way[-2:])
        for path, entry in new.changed_since(old).items():
            before = old.get(path)
            if not isinstance(before, File) or not isinstance(entry, File) or not is_text(entry.content):
                yield None
            elif entry.content.startswith(before.content):
                yield new.put(path, entry._replace(content=entry.content + entry.content[len(before.content) :] * MANY))
            elif NUMBER.sub("#", before.text) != NUMBER.sub("#", entry.text):
                yield None
            else:
                yield from self.later_numbers(path, before, entry, new)

    def later_numbers(self, path: str, before: File, entry: File, sandbox: Tree) -> Iterator[Tree | None]:
        was = numbers(before.content)
        for place, number in numbers(entry.content).items():
            if (step := number.value - was[place].value) == 0:
                continue
            named = [value + more for value in numbers_in(self.job, 0) for more in (-1, 0)]
            for value in (*(int(number.value + step * times) for times in (MANY, MANY**2)), *named):
                yield sandbox.put(path, entry._replace(content=number.become(value)))

    def run(self, path: str, place: Place, by: int, restarts: int | None = None) -> Outcome:
        """What becomes of the job if the number is another one at the first restarts, or at all."""
        changing = _Changing(self.executor, path, place, by, restarts)
        most = (
            2 * len(self.way) if self.ends else MOST_EXECUTIONS // MOST
        )  # one that skips nothing may take twice as many
        end = outcome(self.in_time(simulate(self.job, changing, self.profile, most_executions=most)))
        self.left -= end.executions
        return end

    def in_time(self, moments: Iterator[Moment]) -> Iterator[Moment]:
        """A story that breaks off when the time is up."""
        for moment in moments:
            self.stay_within_time()
            yield moment

    def stay_within_time(self) -> None:
        if time.monotonic() > self.until:
            raise _TimeIsUp

    def is_right(self, changed: str, end: Outcome) -> bool:
        files = end.returned_files
        return (
            end.status == "completed"
            and end.exit is not None
            and is_success(self.job, end.exit)
            and all(files.get(path) == entry for path, entry in self.right.items() if path != changed)
            and set(self.right) != {changed}
        )


class _Changing:
    """An executor that changes a number of the checkpoint before a restart."""

    def __init__(self, executor: Executor, path: str, place: Place, by: int, restarts: int | None):
        self.executor, self.path, self.place, self.by, self.restarts = executor, path, place, by, restarts

    def __getattr__(self, name: str) -> Any:
        return getattr(self.executor, name)

    def run(self, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]) -> Run:
        """Execute the program with the other number, if its checkpoint is there."""
        entry = sandbox.get(self.path)
        if isinstance(entry, File) and entry != job.inputs.get(self.path) and self.restarts != 0:
            if number := numbers(entry.content).get(self.place):
                try:
                    changed = number.become(int(number.value) + self.by)
                except ODD:
                    changed = entry.content
                sandbox = sandbox.put(self.path, entry._replace(content=changed))
            self.restarts = self.restarts and self.restarts - 1
        return self.executor.run(job, sandbox, **circumstances)
