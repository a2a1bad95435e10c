"""What the output files show of a restart that goes wrong, whatever language the program is written in.

Only files are compared: those that each execution found and left in its sandbox, and the right output. So each sentence
says what anybody can see there, and there is no sentence if the files allow another explanation.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, islice, pairwise
from typing import NamedTuple

from ..text import count, series
from ..tree import File, Tree
from .explore import Exploration
from .saved_numbers import NUMBER, is_text
from .states import State
from .verdicts import Unsafe

LEAST = 3
"""At least this many lines, with as many different values, must repeat the beginning: fewer may do so by chance."""
MOST_LINES = 20_000
MOST_BYTES, MOST_AGAIN, MOST_SHOWN = 1 << 20, 10_000, 60
"""The most bytes of a file to search for a part that is written again, and of that part; and the most characters of it
to show."""
WRITTEN_AGAIN = "written again"
"""A kind of evidence."""
MOST_NUMBERS = 2
"""The most numbers of a line to mention."""


class Shown(NamedTuple):
    """What a wrong file shows. `line` counts from 1; None if the file is not text."""

    kind: str
    text: str
    file: str
    line: int | None
    astray: bool = False
    """Whether the program goes on at the right place after the restart, but with wrong numbers."""


def shown(exploration: Exploration) -> tuple[Shown, ...]:
    """What the wrong output of a job shows; nothing if the job fails in another way."""
    violation = exploration.violation
    if violation is None or violation.failure != Unsafe.WRONG_OUTPUT or not (violation.expected and violation.got):
        return ()
    way = violation.state.way()
    return tuple(
        fact
        for path in violation.expected
        for fact in (
            *_in_file(path, way, violation.expected, violation.got),
            *_written_again(path, way, _content(violation.expected, path)),
        )
    )


def _in_file(path: str, way: Sequence[State], expected: Tree, got: Tree) -> Iterator[Shown]:
    right, wrong = _lines(expected, path), _lines(got, path)
    if not right or not wrong or right == wrong:
        return
    if fact := _lines_gone(path, way, right) or _first_wrong(path, way, right, wrong):
        yield fact
    if len(right) == len(wrong):
        yield from _numbers_again(path, right, wrong, len(way) - 1)


def _lines(files: Tree, path: str) -> list[str]:
    """The lines of a text file; none for other files."""
    entry = files.get(path)
    if not isinstance(entry, File) or b"\0" in entry.content or entry.content.count(b"\n") > MOST_LINES:
        return []
    return entry.text.splitlines()


# -- which execution it was --------------------------------------------------------


def _lines_gone(path: str, way: Sequence[State], right: list[str]) -> Shown | None:
    """Which restart found right lines, and left the file without them; None if there is none."""
    for state in way[1:]:
        found, left = _lines(state.now.directory, path), _lines(state.ran.sandbox, path)
        if not found or left[: len(found)] == found:
            continue
        head = begins_alike(left, right)
        gone = found[head:]
        if found != right[: len(found)] or not gone or set(gone) & set(left):
            return None
        text = (
            f"execution {state.now.execution} found {_these(head, len(found))} of {path}, {_which(gone)} right, and left the "
            f"file without {'it' if len(gone) == 1 else 'them'}"
        )
        return Shown("lines gone", text, path, head + 1)
    return None


def _first_wrong(path: str, way: Sequence[State], right: list[str], wrong: list[str]) -> Shown | None:
    """Which restart added the first wrong line, and how many right lines before; None if that is not clear."""
    for before, state in pairwise(way):
        found, left = _lines(state.now.directory, path), _lines(state.ran.sandbox, path)
        if not found or found != right[: len(found)] or found != _lines(before.ran.sandbox, path):
            return None
        alike = begins_alike(left, right)
        if alike < len(found) or len(left) > alike == len(right):
            return None
        if alike < len(left):
            added = left[len(found) : alike]
            well = f"{_these(len(found), alike)}, {_which(added)} right, and " if added else ""
            text = (
                f"execution {state.now.execution} found {_these(0, len(found))} of {path}, {_which(found)} right, and added "
                f"{well}line {alike + 1}, which is wrong"
            )
            return Shown("first wrong restart", text, path, alike + 1, _is_astray(right, wrong))
    return None


def begins_alike(one: Sequence[object], other: Sequence[object]) -> int:
    """How many items at the beginning of both sequences are the same."""
    return next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))


def _these(begin: int, end: int) -> str:
    """The lines from `begin` to `end`, as of a slice."""
    return f"line {end}" if end - begin == 1 else f"lines {begin + 1} to {end}"


def _which(lines: Sequence[str]) -> str:
    return "which is" if len(lines) == 1 else "which are"


# -- what is written again ---------------------------------------------------------


def _content(files: Tree, path: str) -> bytes:
    entry = files.get(path)
    return entry.content if isinstance(entry, File) else b""


def _written_again(path: str, way: Sequence[State], right: bytes) -> Iterator[Shown]:
    """Which restarts begin by writing again the end of a file, or its beginning, if the file would be right without
    that."""
    for where, sizes in (("end", _ends), ("beginning", _beginnings)):
        if again := _again(path, way, right, sizes):
            numbers = series(list(map(str, again)))
            who = f"executions {numbers} begin" if len(again) > 1 else f"execution {numbers} begins"
            if len(again) == len(way) - 1 > 1:
                who = "each restart begins"
            text = f"{who} by writing again what is at the {where} of {path} ({_shortly(next(iter(again.values())))})"
            line = right.count(b"\n", 0, len(_content(way[0].ran.sandbox, path))) + 1 if is_text(right) else None
            yield Shown(WRITTEN_AGAIN, f"{text}: without that, the file would be right", path, line)
            return


def _again(
    path: str, way: Sequence[State], right: bytes, sizes: Callable[[bytes, bytes], Iterator[int]]
) -> dict[int, bytes]:
    """Execution → what it writes again, if the file would be right without that; empty if the amount is ambiguous, as
    with lines that are all the same."""
    at, written, again = 0, b"", dict[int, bytes]()
    for state in way:
        found, left = (_content(tree, path) for tree in (state.now.directory, state.ran.sandbox))
        if found != written or not left.startswith(found) or len(left) > MOST_BYTES:
            return {}
        added = left[len(found) :]
        fitting = (size for size in chain((0,), sizes(found, added)) if right.startswith(added[size:], at))
        if len(first := [*islice(fitting, 2)]) != 1:
            return {}
        if size := first[0]:
            again[state.now.execution] = added[:size]
        at, written = at + len(added) - size, left
    return again if at == len(right) else {}


def _ends(found: bytes, added: bytes) -> Iterator[int]:
    """How many bytes at the end of the file that was found may be written again."""
    return (size for size in range(1, min(len(found), len(added), MOST_AGAIN) + 1) if found.endswith(added[:size]))


def _beginnings(found: bytes, added: bytes) -> Iterator[int]:
    """How many bytes at its beginning may be written again: one line, or a few."""
    size = 0
    for line in found.splitlines(keepends=True)[:LEAST]:
        size += len(line)
        if added.startswith(found[:size]):
            yield size


def _shortly(content: bytes) -> str:
    """What was written again, in a few words."""
    if not is_text(content):
        return count(len(content), "byte")
    text = content.decode()
    return count(text.count("\n"), "line") if text.endswith("\n") else repr(text[:MOST_SHOWN])


# -- numbers that begin again ------------------------------------------------------


@dataclass(frozen=True)
class _Column:
    """A number in all lines of the same form: what it should be, and what it is."""

    number: int
    """Which of the numbers in the line, from 1."""
    right: tuple[Decimal, ...]
    wrong: tuple[Decimal, ...]

    @property
    def is_place(self) -> bool:
        """Whether it is right, and different in each line."""
        return self.right == self.wrong and len(set(self.right)) == len(self.right)

    def lacking(self) -> tuple[list[int], Decimal]:
        """Where (indices) it begins to be too small by its right value in the line before, and the first such value;
        nowhere, if that does not explain everything that is wrong."""
        slack, lacks, first, begins = self._slack(), Decimal(0), Decimal(0), list[int]()
        for i, (right, wrong) in enumerate(zip(self.right, self.wrong)):
            missing = right - wrong
            if abs(missing - lacks) <= slack:
                continue
            if not i or abs(missing - self.right[i - 1]) > slack or abs(missing) <= 10 * slack:
                return [], first
            lacks, first = missing, first or self.right[i - 1]
            begins.append(i)
        return begins, first

    def _slack(self) -> Decimal:
        """How much rounding may add to a difference of two differences."""
        places = min(_exponent(value) for value in (*self.right, *self.wrong))
        if places >= 0:
            return Decimal(0)
        return max(Decimal(15).scaleb(places - 1), max(map(abs, self.right)).scaleb(-9))

    def goes_on(self, begins: Sequence[int]) -> bool:
        """Whether it still changes by the right amounts from line to line, and these are not all the same."""
        pairs = enumerate(pairwise(self.right), 1)
        return len({after - before for i, (before, after) in pairs if i > begins[0] and i not in begins}) > 1

    def again(self) -> list[int]:
        """Where (indices) it begins to repeat its values from the first line on; nowhere, if that does not explain
        everything that is wrong, or if one iteration too many or too few may explain it as well."""
        first, begins, since = begins_alike(self.right, self.wrong), list[int](), 0
        for i, value in enumerate(self.wrong[first:], first):
            if not begins or (value == self.right[0] != self.right[since]):
                begins.append(i)
                since = 0
            if value != self.right[since]:
                return []
            since += 1
        new = self.wrong[first:]
        moved = self.is_moved(first, begins[1] if begins[1:] else None)
        return [] if moved or len(new) < LEAST or len(set(new)) < LEAST else begins

    def is_moved(self, first: int, end: int | None = None) -> bool:
        """Whether these lines (indices) have the right numbers of the lines one before or after, or grow from line to
        line by the amounts that are right there. If so, one iteration too many or too few may be all that is wrong."""
        end = first + LEAST if end is None else end
        added = _differences(self.right), _differences(self.wrong)
        telling = len(set(added[0])) > 1
        return first > 0 and any(
            all(map(operator.eq, wrong[first:end], right[first + by :]))
            for right, wrong in ((self.right, self.wrong), *([added] if telling else []))
            for by in (-1, 1)
        )


def _differences(values: Sequence[Decimal]) -> list[Decimal]:
    """The difference of each value from the one before; of the first, from 0."""
    return [after - before for before, after in pairwise((Decimal(0), *values))]


def _exponent(value: Decimal) -> int:
    return int(value.as_tuple().exponent)


def _forms(right: list[str], wrong: list[str]) -> list[list[int]]:
    """The lines (indices) of each form; none if any line does not have its right form."""
    forms: dict[str, list[int]] = {}
    for i, (one, other) in enumerate(zip(right, wrong)):
        form = _form(one)
        if form != _form(other):
            return []
        forms.setdefault(form, []).append(i)
    return list(forms.values())


def _is_astray(right: list[str], wrong: list[str]) -> bool:
    """Whether all lines are there, as a number in each shows, and only other numbers are wrong, which are not those of
    the line before or after."""
    astray = False
    if len(right) != len(wrong):
        return False
    for lines in _forms(right, wrong):
        columns = list(_columns(right, wrong, lines))
        strayed = [column for column in columns if column.right != column.wrong]
        if not strayed:
            continue
        first = min(begins_alike(column.right, column.wrong) for column in strayed)
        if not any(column.is_place for column in columns) or all(column.is_moved(first) for column in strayed):
            return False
        astray = True
    return astray


def _numbers_again(path: str, right: list[str], wrong: list[str], restarts: int) -> Iterator[Shown]:
    """Numbers that are too small by their value before a restart, or that repeat their values from the beginning."""
    for lines in _forms(right, wrong):
        columns = list(_columns(right, wrong, lines))
        placed, mentioned = any(column.is_place for column in columns), 0
        for column in columns:
            if column.right == column.wrong or mentioned == MOST_NUMBERS:
                continue
            begins, lacks = column.lacking()
            if begins and len(begins) <= restarts and len(lines) - begins[0] > 1:
                text = f"lacks {lacks}, its value in line {lines[begins[0] - 1] + 1}, as if it began again at 0"
                certain = placed or column.goes_on(begins)
            elif (begins := column.again()) and len(begins) <= restarts:
                values = ", ".join(map(str, column.right[:LEAST]))
                text, certain = f"is what it was from line {lines[0] + 1} on ({values} ...)", placed
            else:
                continue
            mentioned += 1
            more = [str(lines[i] + 1) for i in begins[1:]]
            again = f"; and so again from line{'s' if more[1:] else ''} {series(more)} on" if more else ""
            text = f"from line {lines[begins[0]] + 1} of {path} on, number {column.number} of the line {text}{again}"
            yield Shown("begins again", text, path, lines[begins[0]] + 1, certain)


def _columns(right: list[str], wrong: list[str], lines: list[int]) -> Iterator[_Column]:
    rows = [[tuple(map(Decimal, NUMBER.findall(text[i]))) for i in lines] for text in (right, wrong)]
    for number, (one, other) in enumerate(zip(zip(*rows[0]), zip(*rows[1])), 1):
        yield _Column(number, one, other)


def _form(line: str) -> str:
    """A line with # for each number, and without the spaces that align them."""
    return " ".join(NUMBER.sub("#", line).split())
