"""Whether a restart begins one iteration too early or too late, whatever language the program is written in.

The program's text is not read. The program is run again with a number of its checkpoint one higher, or one lower, at
each restart. If the output is then right, and this number tells the program where to go on, that was the mistake.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from ..rules.livelock import MANY, numbers_in
from ..rules.step import is_checkpoint
from ..rules.transfer import without_streams
from ..tree import File, Tree
from .explore import UNSAFE, Exploration, Violation
from .replays import MOST, MOST_EXECUTIONS, Change, Replays, Saved, TimeIsUp, Way, with_other_number
from .saved_numbers import NUMBER, Place, is_rows, is_text, name_of, numbers
from .states import State
from .verdicts import Unsafe

OFF_BY_ONE = "off by one"
"""A kind of evidence."""


class OffByOne(NamedTuple):
    """A number of the checkpoint that makes the job right if it is changed at each restart."""

    path: str
    place: Place
    saved: int
    """Its value in the first checkpoint; `becomes`: what it is changed to."""
    becomes: int
    too_late: bool
    """Whether restarts begin too late; if not, they begin too early."""
    at_first: bool = False
    """Whether it is changed only at the first restart."""
    more: bool = False
    """Whether all other numbers that grow steadily are changed with it."""

    @property
    def what(self) -> str:
        """What to call the number in a sentence."""
        return name_of(self.path, self.place) if is_rows(self.place) else f"a number in {self.path}"


def off_by_one(replays: Replays) -> OffByOne | None:
    """The number that makes a job begin one iteration too early or too late; None if that is not the mistake, or if it
    is not known in time."""
    if len(replays.way) < 2 or not replays.right:
        return None
    trial = (_Trial if replays.exploration.failure == Unsafe.WRONG_OUTPUT else _EndlessTrial)(replays)
    try:
        fixes = list(trial.fixes())
        if len({fix.too_late for fix in fixes}) != 1 or (fixes[0].at_first and trial.by_chance(fixes[0])):
            return None
    except TimeIsUp:
        return None
    return fixes[0]


def never_finishing(exploration: Exploration, last: State) -> Exploration:
    """The verdict on a job that saved the same number each time until a bound was reached, and would still do so much
    later. With a number that is one higher, it soon ends with the right output."""
    violation = Violation(Unsafe.NEVER_FINISHES, last)
    return replace(
        exploration, verdict=UNSAFE, failure=violation.failure, violation=violation, schedule=(), unknown=None
    )


class _Trial:
    """A job with a wrong output, and numbers that grow, or shrink, from each checkpoint to the next."""

    most: int | None = None

    def __init__(self, replays: Replays):
        self.replays, self.right = replays, replays.right

    def fixes(self) -> Iterator[OffByOne]:
        """The changes that make the job right."""
        for place, way in self.ways():
            for changes in (way.later, way.earlier):
                if changes and self.replays.left > 0 and self.is_right(place, changes, way.restarts):
                    saved = place.values[0]
                    becomes = changes[0].become(saved)
                    too_late = (becomes - saved) * place.step < 0
                    at_first = way.restarts is not None
                    more = len(changes) > 1
                    yield OffByOne(place.path, place.place, int(saved), int(becomes), too_late, at_first, more)

    def by_chance(self, fix: OffByOne) -> bool:
        """Whether the output also becomes right if, at the first restart, a number is changed that does not tell the
        program where to go on: that happens if the whole output is one small number, for example. (If it goes on from
        the number of rows, a number in the same file may replace a row.)"""
        others = [
            place
            for place in self.replays.places(self.may_count)
            if not (is_rows(fix.place) and place.path == fix.path) and not self.replays.is_resumed_from(place)
        ]
        return any(
            self.replays.left > 0 and self.is_right(place, [place.moved(by)], 1) for place in others for by in (1, -1)
        )

    def ways(self) -> Iterator[tuple[Saved, Way]]:
        """The ways in which the numbers may be wrong from which the program goes on."""
        return self.replays.ways(self.replays.places(self.may_count))

    def is_right(self, place: Saved, changes: Sequence[Change], restarts: int | None) -> bool:
        end = self.replays.run(changes, restarts, self.most)
        if not self.replays.ends_well(end):
            return False
        right = {path: entry for path, entry in self.right.items() if path != place.path}
        if restarts and (rows := self.with_rows(place, changes[0])):
            right[place.path] = rows
        return bool(right) and all(end.returned_files.get(path) == entry for path, entry in right.items())

    def with_rows(self, place: Saved, change: Change) -> File | None:
        """The right output in the file whose rows are changed once; None for other changes."""
        entry = self.right.get(place.path)
        if not is_rows(place.place) or not isinstance(entry, File):
            return None
        return entry._replace(content=with_other_number(entry.content, change) or b"")

    def may_count(self, number: Saved) -> bool:
        return all(number.steps) and len({step > 0 for step in number.steps}) < 2


class _EndlessTrial(_Trial):
    """A job that does not end, and numbers that stay the same."""

    most = MOST_EXECUTIONS // MOST

    def may_count(self, number: Saved) -> bool:
        return not any(number.steps) and number.path not in self.twins

    @cached_property
    def twins(self) -> set[str]:
        """The text files with the form of another one: a number in them may tell which of the two is newer."""
        forms = {
            path: NUMBER.subn("#", entry.text)
            for path, entry in self.replays.spools[-1].items()
            if isinstance(entry, File) and is_text(entry.content) and entry != self.replays.job.inputs.get(path)
        }
        count = Counter(forms.values())
        return {path for path, form in forms.items() if form[1] > 1 and count[form] > 1}

    def ways(self) -> Iterator[tuple[Saved, Way]]:
        for place in self.replays.places(self.may_count):
            yield place, Way([place.moved(1)], [], 1 if is_rows(place.place) else None)

    def is_right(self, place: Saved, changes: Sequence[Change], restarts: int | None) -> bool:
        return super().is_right(place, changes, restarts) and (
            self.replays.exploration.violation is not None or self.stays(place)
        )

    def stays(self, place: Saved) -> bool:
        """Whether the next checkpoint has this number again, however far everything that changes has got: also long
        afterwards, and when a changing number reaches one of those in the job's files and arguments."""
        return all(self.has_again(place, sandbox) for sandbox in self.later())

    def has_again(self, place: Saved, sandbox: Tree | None) -> bool:
        if sandbox is None:
            return False
        job, last = self.replays.job, self.replays.way[-1]
        self.replays.stay_within_time()
        run = self.replays.executor.run(job, sandbox, slot=last.now.slot, clock=last.now.time)
        before, after = (tree.get(place.path) for tree in (last.now.directory, run.sandbox))
        if not is_checkpoint(job, run) or not isinstance(before, File) or not isinstance(after, File):
            return False
        was, became = (numbers(entry.content).get(place.place) for entry in (before, after))
        return was is not None and became is not None and was.value == became.value

    def later(self) -> Iterator[Tree | None]:
        """Sandboxes as they may be much later; None for a change that can't be foreseen."""
        old, new = (without_streams(state.now.directory) for state in self.replays.way[-2:])
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
            if place not in was or (step := number.value - was[place].value) == 0:
                continue
            named = [value + more for value in numbers_in(self.replays.job, 0) for more in (-1, 0)]
            for value in (*(int(number.value + step * times) for times in (MANY, MANY**2)), *named):
                yield sandbox.put(path, entry._replace(content=number.become(value)))
