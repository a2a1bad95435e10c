"""Numbers of a wrong output that lack what the checkpoints had, or that the checkpoints had right.

A program that sums up, and forgets the sum at each restart, saves what each execution has added, and its total lacks just
that. Only files are compared, so this holds in any language. Numbers may agree by chance. So nothing is said unless that is
unlikely, as many numbers as were compared.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from ..rules.job import STDERR, STDOUT
from ..tree import File, Tree
from .saved_numbers import NUMBER, Place, numbers
from .states import State

CHANCE = 1e-3
"""How likely numbers may agree by chance, at most, for anything to be said."""
MOST = 20
"""Wrong numbers of an output that are looked at."""
MOST_SAVED = 2000
"""Numbers of a checkpoint beyond which nothing is compared."""
LEAST_FACTOR = 0.1
"""From 1, as many a number is near it."""
SHOWN = 3
_LARGEST = re.compile("max|largest|highest|greatest|peak", re.IGNORECASE)
_SMALLEST = re.compile("min|smallest|lowest|least", re.IGNORECASE)
"""What a line says of such a number."""


class Lost(NamedTuple):
    """What a wrong number of an output shows. `line` counts from 1."""

    text: str
    line: int


class _Wrong(NamedTuple):
    """A number that is not what it should be."""

    line: int
    number: int
    right: float
    wrong: float
    rounding: tuple[float, float]
    """How far each of the two may be from the value that it was rounded from."""
    written: str
    """The right one."""
    text: str
    """Of the line."""


class _Saved(NamedTuple):
    """A number of the checkpoint, in the file of each restart."""

    where: str
    values: tuple[float, ...]
    total: float


def lost_numbers(path: str, way: Sequence[State], right: list[str], wrong: list[str]) -> Iterator[Lost]:
    """What the numbers in a wrong file of the output lack; nothing if other numbers were saved."""
    differing = list(_differing(right, wrong))[:MOST]
    if not differing or not (saved := list(_saved(way, path))):
        return
    counts = _counts(right, wrong, saved)
    for each in differing:
        said = (
            _lacks(each, saved)
            or _lacks_of_mean(each, saved, counts)
            or _lacks_factor(each, saved)
            or _was_right(each, saved)
        )
        if said:
            yield Lost(f"number {each.number} in line {each.line} of {path} {said}", each.line)


def _differing(right: list[str], wrong: list[str]) -> Iterator[_Wrong]:
    """The wrong numbers in lines that are right but for their numbers."""
    if len(right) != len(wrong):
        return
    for line, (one, other) in enumerate(zip(right, wrong), 1):
        pair = [NUMBER.findall(text) for text in (one, other)]
        if NUMBER.sub("#", one).split() != NUMBER.sub("#", other).split():
            continue
        for number, (should, is_so) in enumerate(zip(*pair), 1):
            values = Decimal(should), Decimal(is_so)
            if values[0] != values[1]:
                rounding = _rounding(values[0]), _rounding(values[1])
                yield _Wrong(line, number, float(values[0]), float(values[1]), rounding, should, one)


def _rounding(value: Decimal) -> float:
    place = int(value.as_tuple().exponent)
    return 10.0**place / 2 if place < 0 else 0.0


def _saved(way: Sequence[State], output: str) -> Iterator[_Saved]:
    """The numbers of the files that all restarts find, as far as they change. A file may have a number in its name that
    grows."""
    inputs = way[0].sandbox
    groups = [_newest(state.spool.without([STDOUT, STDERR, output]), inputs) for state in way[1:]]
    for name in groups[0] if groups else ():
        versions = [numbers(group[name].content) if name in group else {} for group in groups]
        places = [place for place in versions[0] if all(place in version for version in versions)]
        for place in places if len(places) <= MOST_SAVED else ():
            values = tuple(float(version[place].value) for version in versions)
            if any(values) and (len(values) == 1 or len(set(values)) > 1):
                yield _Saved(_where(name, place), values, sum(values))


def _newest(spool: Tree, inputs: Tree) -> dict[str, File]:
    newest: dict[str, tuple[list[int], File]] = {}
    for path, entry in spool.items():
        if isinstance(entry, File) and inputs.get(path) != entry:
            name, generation = re.sub(r"\d+", "*", path), list(map(int, re.findall(r"\d{1,9}", path)))
            if name not in newest or newest[name][0] < generation:
                newest[name] = generation, entry
    return {name: entry for name, (_, entry) in newest.items()}


def _where(name: str, place: Place) -> str:
    form, at = place
    return f"number {at} in {name}" if form == "text" else f"a number in {name}"


def _counts(right: list[str], wrong: list[str], saved: Sequence[_Saved]) -> list[int]:
    """What a mean may be divided by: whole numbers of the output that are right, and what a counter in the checkpoints comes
    to, if the last execution does as much as the others."""
    both = [
        {int(text) for line in lines for text in NUMBER.findall(line) if text.isdecimal()} for lines in (right, wrong)
    ]
    ends = {
        int(values[0] * (len(values) + 1))
        for _, values, _ in saved
        if values[1:] and all(value == values[0] * number for number, value in enumerate(values, 1))
    }
    return sorted(number for number in both[0] & both[1] | ends if number > 1)[:MOST]


def _lacks(each: _Wrong, saved: Sequence[_Saved]) -> str:
    lacks = each.right - each.wrong
    for place in saved:
        if _agree(lacks, place.total, sum(each.rounding), len(saved)):
            return f"lacks {lacks:.10g}, which is what {place.where} was at {_restarts(place.values)}"
    return ""


def _lacks_of_mean(each: _Wrong, saved: Sequence[_Saved], counts: Sequence[int]) -> str:
    for count in counts:
        lacks = (each.right - each.wrong) * count
        for place in saved:
            if _agree(lacks, place.total, sum(each.rounding) * count, len(saved) * len(counts)):
                return (
                    f"lacks {each.right - each.wrong:.10g}, and {count} times that is what {place.where} was at "
                    f"{_restarts(place.values)}"
                )
    return ""


def _lacks_factor(each: _Wrong, saved: Sequence[_Saved]) -> str:
    factor = each.right / each.wrong if each.wrong else 0.0
    if not factor or abs(factor - 1) < LEAST_FACTOR:
        return ""
    off = abs(factor) * sum(by / abs(value) for by, value in zip(each.rounding, (each.right, each.wrong)))
    for where, values, _ in saved:
        if off and _agree(factor, math.prod(values), off, len(saved)):
            return f"lacks a factor, which is what {where} was at {_restarts(values, 'x')}"
    return ""


def _was_right(each: _Wrong, saved: Sequence[_Saved]) -> str:
    """That the right number, the largest or the smallest of all, was in a checkpoint, and was lost: a largest number never
    shrinks, and a smallest one never grows."""
    is_largest = each.right > each.wrong
    for where, values, _ in saved:
        everything = (*values, each.wrong)
        extreme = max(everything) if is_largest else min(everything)
        restart = everything.index(extreme)
        turns = len({after > before for before, after in pairwise(everything) if after != before}) > 1
        lost = restart < len(values) and abs(everything[restart + 1] - extreme) > sum(each.rounding)
        named = (_LARGEST if is_largest else _SMALLEST).search(each.text)
        if lost and (turns or named) and _agree(each.right, extreme, each.rounding[0], len(saved)):
            return f"should be {each.written}, which {where} was at restart {restart + 1}, and not at the end any more"
    return ""


def _agree(one: float, other: float, rounding: float, compared: int) -> bool:
    """Whether two numbers are the same but for rounding, and that is no chance."""
    if not one or abs(one - other) > rounding + abs(other) / 10**12:
        return False
    return compared * (rounding or 1) / abs(one) <= CHANCE


def _restarts(values: Sequence[float], sign: str = "+") -> str:
    shown = [f"{value:.10g}" for value in values[:SHOWN]] + (["..."] if values[SHOWN:] else [])
    return f"the restart ({shown[0]})" if len(values) == 1 else f"the restarts together ({f' {sign} '.join(shown)})"
