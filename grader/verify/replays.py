"""Runs a job again with other numbers in its checkpoints, to see how it ends then. The program's text is not read."""

from __future__ import annotations

import math
import operator
import re
import time
from bisect import bisect, bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple, Unpack

from ..execute.executor import Executor
from ..rules.execution import Circumstances, MachineTrouble, Run, Runs, Unbroken
from ..rules.job import STDERR, STDOUT, Job
from ..rules.livelock import SIMILAR
from ..rules.profile import Profile
from ..rules.simulation import Moment, Outcome, outcome, simulate
from ..rules.step import is_success
from ..tree import File, Tree
from .explore import Exploration
from .packed import ODD
from .saved_numbers import BINARY, Place, changeable, is_text, number_at, numbers
from .states import State
from .unbroken import goes_on
from .verdicts import Unknown, Unsafe

MOST = 8
"""The most numbers of a checkpoint to change, one after the other, that may count iterations."""
MOST_STRIDES = 6
"""The most strides to try: amounts other than one that an iteration may add to the place."""
MOST_EXECUTIONS = 300
"""The most executions for all changes of a job together."""
MOST_SECONDS = 30.0
"""Real seconds for all changes, as a program may take a second to start. The verdict is already known."""
SHORTEST, PATIENCE = 0.4, 5
"""A changed execution may take PATIENCE times as long as the longest unchanged one, or as SHORTEST (real seconds)."""
ROUNDING = Decimal("1e-9")
"""The largest relative error of a number that was added up."""
LARGEST = 10**9
"""Larger numbers do not count iterations."""


class TimeIsUp(Exception):
    """Nothing more may be executed."""


class Change(NamedTuple):
    """A change of a number in the checkpoint at a restart."""

    path: str
    place: Place
    by: Decimal
    among: tuple[int, ...] = ()
    """If not empty: the number becomes the next of these, or, if `by` is negative, the one before."""

    def become(self, value: Decimal) -> Decimal:
        if not self.among:
            return value + self.by
        later = bisect(self.among, value) if self.by > 0 else bisect_left(self.among, value) - 1
        return Decimal(self.among[later]) if 0 <= later < len(self.among) else value


class Way(NamedTuple):
    """Changes that let a job begin one iteration later, or earlier, at the first `restarts` restarts; None: at each."""

    later: list[Change]
    earlier: list[Change]
    restarts: int | None


class Saved(NamedTuple):
    """A number in the checkpoint, with its values in successive checkpoints."""

    path: str
    place: Place
    values: tuple[Decimal, ...]

    @property
    def steps(self) -> list[Decimal]:
        return [after - before for before, after in pairwise(self.values)]

    @property
    def step(self) -> Decimal:
        """How much it grows from the first checkpoint to the second; if there is only one, from 0 to that."""
        return self.steps[0] if self.steps else self.values[0]

    @property
    def is_steady(self) -> bool:
        """Whether it grows by the same amount from each checkpoint to the next."""
        return not self.steps or max(self.steps) - min(self.steps) <= abs(self.values[-1]) * ROUNDING

    def moved(self, by: Decimal | int, among: tuple[int, ...] = ()) -> Change:
        return Change(self.path, self.place, Decimal(by), among)


Word = tuple[str, int, int]
"""A word of the output: its file, its line (0 if the file is not text), and which word of the line it is, from 1."""
_WORD = re.compile(r"[^\s,;:=()\[\]{}\"']+")


class Words:
    """The words of a wrong output, to compare with those that other checkpoints give."""

    def __init__(self, right: Tree, wrong: Tree, restarts: int):
        self.right, self.restarts = right, restarts
        self.should, self.got = self.read(right), self.read(wrong)
        self.wrong = {
            word for word in self.should.keys() | self.got.keys() if self.should.get(word) != self.got.get(word)
        }

    def read(self, files: Tree) -> dict[Word, str]:
        """The words of the files that should be there; for a file that is not text, its numbers."""
        words = dict[Word, str]()
        for path in self.right:
            entry = files.get(path)
            if isinstance(entry, File) and is_text(entry.content):
                for line, text in enumerate(entry.text.splitlines(), 1):
                    words.update(((path, line, at), word) for at, word in enumerate(_WORD.findall(text), 1))
            elif isinstance(entry, File):
                values = enumerate(numbers(entry.content).values(), 1)
                words.update(((path, 0, at), str(number.value)) for at, number in values)
        return words

    def mended(self, words: dict[Word, str]) -> list[Word]:
        """The wrong words that are right here."""
        return [word for word in self.wrong if word in self.should and self.should[word] == words.get(word)]

    def broken(self, words: dict[Word, str]) -> Iterator[Word]:
        """The right words that are wrong here, and that do not just count iterations."""
        for word in self.should.keys() - self.wrong:
            if self.should[word] != words.get(word) and not self.counts(word, words):
                yield word

    def counts(self, word: Word, words: dict[Word, str]) -> bool:
        """Whether this is a whole number that is off by at most one for each restart."""
        one, other = (_whole(each.get(word, "")) for each in (self.should, words))
        return one is not None and other is not None and abs(one - other) <= self.restarts


def _whole(word: str) -> int | None:
    return int(word) if re.fullmatch(r"[-+]?\d{1,18}", word) else None


class Replays:
    """A job that goes wrong without a fault, run again with other numbers in its checkpoints."""

    def __init__(
        self, job: Job, exploration: Exploration, executor: Executor, profile: Profile, until: float = math.inf
    ):
        """TimeIsUp is raised after MOST_SECONDS, or earlier, when time.monotonic() reaches `until`."""
        self.job, self.exploration, self.executor, self.profile = job, exploration, executor, profile
        self.until = min(until, time.monotonic() + MOST_SECONDS)
        self.way = _without_faults(exploration)
        self.spools = [state.now.spool for state in (*self.way[1:11], *self.way[11:][-10:])]
        self.left = MOST_EXECUTIONS
        self.ends: dict[tuple[Change | int | None, ...], Outcome] = {}
        self.found: dict[tuple[Change | int | None, ...], list[Decimal]] = {}
        """For each of these: the values of the first number to change, at each restart, before the change."""
        self.runs: dict[tuple[object, ...], Run] = {}
        self.longest = SHORTEST
        """Real seconds of the longest unchanged execution. A changed one might go on for ever."""

    @cached_property
    def right(self) -> Tree:
        """The right output; for a job without an end, perhaps that of a run that never restarts. Empty if unknown."""
        if self.exploration.known:
            return self.exploration.reference or Tree()
        if self.exploration.violation and self.exploration.violation.expected:
            return self.exploration.violation.expected
        return goes_on(self.job, self.exploration.root, self.executor, self.profile, Unbroken())[1] or Tree()

    def saved(self) -> Iterator[list[Saved]]:
        """The numbers that all checkpoints have, file by file, and how many rows the files have."""
        for path, entry in self.spools[0].items():
            if path in (STDOUT, STDERR) or entry == self.job.inputs.get(path):
                continue
            trees = [spool.get(path) for spool in self.spools]
            versions = [changeable(file.content) if isinstance(file, File) else {} for file in trees]
            yield [
                Saved(path, place, tuple(version[place].value for version in versions))
                for place in versions[0]
                if all(place in version for version in versions)
            ]

    def places(self, may_count: Callable[[Saved], bool]) -> list[Saved]:
        """Numbers that may count iterations, the likeliest first: those that are steady."""
        found, seen = list[tuple[tuple[int, ...], int, Saved]](), set[bytes]()
        for file in self.saved():
            content = self.spools[0].file(file[0].path).content if file else b""
            first = changeable(content)
            for each in file:
                if not all(0 < value < LARGEST and value == int(value) for value in each.values) or not may_count(each):
                    continue
                try:
                    change = first[each.place].become(each.values[0] + 1)
                except ODD:
                    continue
                if change not in seen:
                    seen.add(change)
                    form, at = each.place
                    aligned = at % 4 if form in BINARY else 0
                    depth = at if form.startswith("row ") else form.count("{") + form.count(".")
                    found.append(((len(first), depth, int(max(each.values)), aligned), len(seen), each))
        found.sort(key=lambda each: (not each[-1].is_steady, *each[:-1]))
        return [each for *_, each in found[:MOST]]

    def ways(self, places: Sequence[Saved]) -> Iterator[tuple[Saved, Way]]:
        """The ways to begin one iteration later or earlier: first those that change a number from which the program
        goes on, then those that change a number that may be its position in a file."""
        resumed_from = list(filter(self.is_resumed_from, places))
        yield from ((place, way) for place in resumed_from for way in _by_one(place))
        yield from ((place, way) for place in resumed_from[:1] for way in self.less_likely_ways(place))
        for place in (*resumed_from[:1], *(place for place in places if place not in resumed_from)):
            yield from ((place, way) for way in self.by_a_line(place))

    def less_likely_ways(self, place: Saved) -> Iterator[Way]:
        """Less likely ways: change all numbers that grow steadily together, or change this number by more than one. If
        an iteration adds one to it, that is a few iterations; if not, it may be what one iteration adds."""
        others = [each for file in self.saved() for each in file if each != place and each.values[1:] and each.step]
        others = [each for each in others if each.is_steady]
        together = [place.moved(1), *(each.moved(each.step / place.step) for each in others)]
        strides = _few(place) if self.counts_by_one(place) else _strides(place)
        for changes in ([together] if others else []) + [[place.moved(by)] for by in strides]:
            yield Way(changes, [each._replace(by=-each.by) for each in changes], None)

    def by_a_line(self, place: Saved) -> Iterator[Way]:
        """If this number may be a position in a file that the program reads: move it by one line, at each restart or
        only at the first."""
        for begins in self.line_begins(place):
            for restarts in (None, 1):
                yield Way([place.moved(1, begins)], [place.moved(-1, begins)], restarts)

    def counts_by_one(self, place: Saved) -> bool:
        """Whether the next checkpoint has the same number even if a restart begins with one more. With another stride,
        it would have a different number."""
        change = place.moved(1)
        self.run([change], restarts=1)
        return place.values[1:2] == tuple(self.found[change, 1][1:2])

    def line_begins(self, place: Saved) -> list[tuple[int, ...]]:
        """The byte offsets at which lines begin, for each file in which this number may be such an offset."""
        begins = [(0, *(match.end() for match in re.finditer(rb"\n", entry.content))) for entry in self.read_files()]
        return [each for each in begins if set(place.values) <= set(each)]

    def read_files(self) -> list[File]:
        """The files that the program may read."""
        return [entry for entry in self.job.inputs.values() if isinstance(entry, File) and not entry.executable]

    def is_resumed_from(self, place: Saved) -> bool:
        """Whether the program goes on from this number: with that of the next checkpoint, it has less left to do."""
        end = self.run([place.moved(place.step)], restarts=1)
        return self.ends_well(end) and end.executions < len(self.way)

    def run(self, changes: Sequence[Change], restarts: int | None = None, most: int | None = None) -> Outcome:
        """How the job ends with these changes at the first `restarts` restarts, or at all of them."""
        key = (*changes, restarts)
        if key not in self.ends:
            changing = _Changing(self, changes, restarts)
            end = self.play(self.job, changing, most)
            self.ends[key] = replace(end, status="not changed") if changing.failed else end
            self.found[key] = changing.found
        return self.ends[key]

    def with_file(self, path: str, file: File, variable: tuple[str, str]) -> Outcome:
        """How the job ends with this file in its sandbox, and this variable in its environment."""
        environment = (*self.job.environment, variable)
        return self.play(
            replace(self.job, inputs=self.job.inputs.put(path, file), environment=environment), self.executor
        )

    def play(self, job: Job, executor: Runs, most: int | None = None) -> Outcome:
        """How a job ends without faults."""
        most = most or 2 * len(self.way)  # a job that no longer skips iterations may take twice as many
        end = outcome(self.in_time(simulate(job, executor, self.profile, most_executions=most)))
        self.left -= end.executions
        return end

    def execute(self, job: Job, sandbox: Tree, changed: bool, **circumstances: Unpack[Circumstances]) -> Run:
        """Execute the program once for each sandbox. If the sandbox was `changed`, the longest unchanged execution
        limits the processor time."""
        key = sandbox, *sorted(circumstances.items(), key=operator.itemgetter(0))
        if key not in self.runs:
            began = time.monotonic()
            limits = self.executor.limits
            try:
                if changed:
                    seconds = math.ceil(PATIENCE * self.longest)
                    self.executor.limits = replace(limits, cpu=min(seconds, limits.cpu))
                self.runs[key] = self.executor.run(job, sandbox, **circumstances)
            except MachineTrouble:  # it exhausted the machine
                raise TimeIsUp from None
            finally:
                self.executor.limits = limits
            if not changed:
                self.longest = max(self.longest, time.monotonic() - began)
        return self.runs[key]

    def in_time(self, moments: Iterator[Moment]) -> Iterator[Moment]:
        """The moments of a story. Raises TimeIsUp when the time is up."""
        for moment in moments:
            self.stay_within_time()
            yield moment

    def stay_within_time(self) -> None:
        if time.monotonic() > self.until:
            raise TimeIsUp

    def ends_well(self, end: Outcome) -> bool:
        return end.status == "completed" and end.exit is not None and is_success(self.job, end.exit)


class _Changing:
    """An executor that changes numbers of the checkpoint before a restart."""

    def __init__(self, replays: Replays, changes: Sequence[Change], restarts: int | None):
        self.replays, self.changes, self.restarts = replays, changes, restarts
        self.failed = False
        """Whether a number was missing, or there was no room for the new one."""
        self.found: list[Decimal] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.replays.executor, name)

    def run(self, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]) -> Run:
        """Execute the program with the changed numbers, if its checkpoint is there."""
        changed = sandbox
        self.note(job, sandbox)
        for change in self.changes if self.restarts != 0 else ():
            path, entry = change.path, changed.get(change.path)
            if isinstance(entry, File) and sandbox.get(path) != job.inputs.get(path):
                content = with_other_number(entry.content, change)
                self.failed |= content is None
                changed = changed.put(path, entry._replace(content=content or entry.content))
        if changed is not sandbox:
            self.restarts = self.restarts and self.restarts - 1
        return self.replays.execute(job, changed, changed is not sandbox, **circumstances)

    def note(self, job: Job, sandbox: Tree) -> None:
        """Note the value of the first number, if the checkpoint is there."""
        path, place, *_ = self.changes[0]
        entry = sandbox.get(path)
        if isinstance(entry, File) and entry != job.inputs.get(path) and (number := number_at(entry.content, place)):
            self.found.append(number.value)


def _by_one(place: Saved) -> Iterator[Way]:
    for restarts in (None, 1):
        yield Way([place.moved(1)], [place.moved(-1)], restarts)


def _strides(place: Saved) -> list[int]:
    """The amounts other than one by which a number may grow in an iteration: divisors of its step."""
    step = int(abs(place.step))
    return [each for each in range(2, min(step, 1000) + 1) if step % each == 0][:MOST_STRIDES]


def _few(place: Saved) -> list[int]:
    """The amounts other than one by which a number that counts iterations may be off: two, the iterations between two
    checkpoints, and, if it grows steadily, the difference of its first value from those."""
    step = abs(place.step)
    first = abs(place.values[0] - step) if place.is_steady else 0
    return [int(each) for each in dict.fromkeys((2, first, step)) if each > 1 and each == int(each)]


def with_other_number(content: bytes, change: Change) -> bytes | None:
    """The file with this change; None if the number is missing, or if there is no room for the new one."""
    number = number_at(content, change.place)
    try:
        return number.become(change.become(number.value)) if number else None
    except ODD:
        return None


def _without_faults(exploration: Exploration) -> list[State]:
    """The way to the failure of a job that goes wrong without a fault, or that does not end; empty for other jobs."""
    violation = exploration.violation
    if violation and not exploration.schedule and violation.failure in (Unsafe.WRONG_OUTPUT, Unsafe.NEVER_FINISHES):
        return violation.state.way()
    endless = exploration.exhausted is Unknown.EXECUTIONS and exploration.unfinished
    return endless.way() if endless and endless.now.execution >= SIMILAR else []
