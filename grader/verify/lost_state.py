"""Whether a restart goes on at the right place, but without a part of the state, whatever language the program is written
in.

The program's text is not read. The program is run again with other numbers in its checkpoint, one of which tells it
where to go on. If no other place corrects what is wrong in the output, the place is right, and another part of the
state is not as it was at the save. There is no result if one iteration too many or too few may be the only mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from ..rules.execution import Unbroken
from ..tree import File
from .replays import Change, Replays, Saved, TimeIsUp, Word, Words
from .saved_numbers import NUMBER, is_rows, is_text, name_of
from .unbroken import goes_on
from .verdicts import Unsafe

LOST_STATE = "lost state"
"""A kind of evidence."""
MOST_UNREAD = 6
"""The most numbers of a checkpoint for finding out which of them no restart reads."""
TELLING = 4
"""A number with this many digits is hardly right by chance."""
SHOWN = 3


def lost_state(replays: Replays) -> tuple[str, ...]:
    """Sentences that show that a job with a wrong output loses a part of its state at each restart; none if it does
    not, or if that is not known in time."""
    violation = replays.exploration.violation
    if violation is None or violation.failure != Unsafe.WRONG_OUTPUT or len(replays.way) < 2 or not violation.got:
        return ()
    try:
        trial = _Trial(replays, Words(replays.right, violation.got, len(replays.way) - 1))
        return tuple(trial.lost()) if trial.may_be_lost() else ()
    except TimeIsUp:
        return ()


class _Trial:
    """A job with a wrong output, to be run with other places."""

    def __init__(self, replays: Replays, words: Words):
        self.replays, self.words, self.right = replays, words, replays.right
        violation = replays.exploration.violation
        self.got = violation.got if violation and violation.got else replays.right

    def may_be_lost(self) -> bool:
        """Whether only values in the output are wrong: all files are there, and a file that grows from restart to
        restart has the right lines except for their numbers. Also, more is wrong than a count of restarts, and a run
        that never restarts does not give the same output."""
        for path, entry in self.right.items():
            other = self.got.get(path)
            if not isinstance(entry, File) or not isinstance(other, File):
                return False
            if entry != other and any(path in state.now.directory for state in self.replays.way[1:]):
                forms = [[NUMBER.sub("#", line).split() for line in each.text.splitlines()] for each in (entry, other)]
                if not is_text(entry.content) or forms[0] != forms[1]:
                    return False
        restarts = {str(self.words.restarts), str(self.words.restarts + 1)}
        if all(
            self.words.got.get(word) in restarts and self.words.should.get(word) in ("0", "1")
            for word in self.words.wrong
        ):
            return False
        replays = self.replays
        _, unbroken = goes_on(replays.job, replays.exploration.root, replays.executor, replays.profile, Unbroken())
        return unbroken is None or any(unbroken.get(path) != self.got.get(path) for path in self.right)

    def lost(self) -> Iterator[str]:
        """The sentences, for the first number that tells the program where to go on; none if any such number may be off
        by one."""
        places = self.replays.places(lambda number: all(step > 0 for step in number.steps))
        resumed_from = [place for place in places if self.replays.is_resumed_from(place)]
        if any(
            self.counts_iterations(place, word, self.words.got) for place in resumed_from for word in self.words.wrong
        ):
            return
        needed: tuple[Word, str] | None = None
        tried = set[Saved]()
        for place, way in self.replays.ways(places):
            seen = list[dict[Word, str]]()
            for sign, changes in ((1, way.later), (-1, way.earlier)):
                if self.replays.left <= 0:
                    return
                end = self.replays.run(changes, way.restarts)
                if self.replays.ends_well(end):
                    seen.append(self.words.read(end.returned_files))
                    if self.mends(place, seen[-1], sign * (way.restarts or self.words.restarts)):
                        return
            if len(seen) == 2 and len(way.later) == 1 and abs(way.later[0].by) == 1:
                tried.add(place)
                needed = needed or self.needed(place, *seen)
        for place in resumed_from[:1]:
            if needed or (place in tried and self.is_iteration(place)):
                yield self.goes_on_from(place, needed)
                yield from self.unread(place)

    def needed(self, place: Saved, later: dict[Word, str], earlier: dict[Word, str]) -> tuple[Word, str] | None:
        """A right word of the output that needs this place, and what it is with a later one. A word that just tells the
        place does not count: it would be as much higher with a later place as lower with an earlier one."""
        for word in sorted(set(self.words.broken(later)) & set(self.words.broken(earlier))):
            right, one, other = (_number(words.get(word, "")) for words in (self.words.should, later, earlier))
            if word[0] == place.path or not word[1] or right is None or one is None or other is None:
                continue
            if abs(one + other - 2 * right) > 4 * _unit(right):
                return word, later[word]
        return None

    def goes_on_from(self, place: Saved, needed: tuple[Word, str] | None) -> str:
        values = ", ".join(map(str, place.values[:SHOWN])) + (" ..." if place.values[SHOWN:] else "")
        text = f"each restart goes on from {name_of(place.path, place.place)} ({values})"
        if not needed:
            return f"{text}, and with one more or one less there the output is not right either"
        (path, line, number), other = needed
        return (
            f"{text} as it should: with a higher number there, word {number} in line {line} of {path} would be {other}"
        )

    def mends(self, place: Saved, words: dict[Word, str], off: int) -> bool:
        """Whether another place may correct something wrong, and not by chance. `off`: by how many iterations a count
        would be off then, if the place also counts them."""
        if any(self.words.broken(words)):
            return False
        mended = self.words.mended(words)
        counts = [word for word in self.words.wrong if word not in mended and self.words.counts(word, words)]
        if mended and 2 * len((*mended, *counts)) > len(self.words.wrong):
            return True
        telling = filter(self.is_telling, self.words.wrong)
        return any(word in mended or self.is_mean(place, word, words, off) for word in telling)

    def is_telling(self, word: Word) -> bool:
        """Whether a number has so many digits that it is hardly right by chance."""
        return len(re.sub(r"[^0-9]", "", self.words.should.get(word, "")).lstrip("0")) >= TELLING

    def counts_iterations(self, place: Saved, word: Word, words: dict[Word, str]) -> bool:
        """Whether this may be the number of iterations, and is off by at most one for each restart."""
        return self.words.counts(word, words) and self.may_be_done(place, int(self.words.should[word]))

    def may_be_done(self, place: Saved, iterations: int) -> bool:
        """Whether this may be the number of all iterations, if the place counts those before each checkpoint."""
        last = place.values[-1]
        return last <= iterations <= last + abs(place.step) + self.words.restarts

    def is_mean(self, place: Saved, word: Word, words: dict[Word, str], off: int) -> bool:
        """Whether this may be the right sum, divided by a number of iterations that is off by `off`."""
        right, other = (_number(each.get(word, "")) for each in (self.words.should, words))
        if right is None or other is None or right == other:
            return False
        done = round(off * other / (right - other))
        return self.may_be_done(place, done) and abs(other * (done + off) / done - right) <= _unit(right)

    def is_iteration(self, place: Saved) -> bool:
        """Whether exactly one iteration earlier or later was tried: the number grows steadily from 0 or 1, or is the
        beginning of a line, or no file is long enough for it to be an offset. A number with decimals may be a time, to
        which an iteration adds less than one; only R also counts in such numbers."""
        if place.values[0].as_tuple().exponent and not place.place[0].startswith("stored"):
            return False
        longer = [entry for entry in self.replays.read_files() if len(entry.content) >= place.values[-1]]
        if not all(is_text(entry.content) for entry in longer):
            return False
        steady = place.values[1:] and place.is_steady and abs(place.values[0] - place.step) <= 1
        return bool(steady or not longer or self.replays.line_begins(place))

    def unread(self, place: Saved) -> Iterator[str]:
        """Sentences about the other numbers of the checkpoint that do not affect the output."""
        others = [
            each
            for file in self.replays.saved()
            for each in file
            if each != place and each.path not in self.right and not is_rows(each.place)
        ]
        if len(others) > MOST_UNREAD:
            return
        for each in others:
            changed = [each.moved(abs(each.values[0]) * times + sign) for times, sign in ((2, 1), (-2, -1))]
            if self.replays.left > 0 and all(self.is_the_same(change) for change in changed):
                yield f"the output is the same with other numbers for {name_of(each.path, each.place)} at each restart"

    def is_the_same(self, change: Change) -> bool:
        end = self.replays.run([change])
        return self.replays.ends_well(end) and all(
            end.returned_files.get(path) == self.got.get(path) for path in self.right
        )


def _number(word: str) -> Decimal | None:
    return Decimal(word) if NUMBER.fullmatch(word) else None


def _unit(value: Decimal) -> Decimal:
    """One in the last place of a number as it is written."""
    return Decimal(1).scaleb(int(value.as_tuple().exponent))
