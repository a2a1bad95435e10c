"""Cures: small changes to a copy of a wrong answer, each of one kind, that prove the cause of a failure.

If the changed copy passes the question that the answer failed, that kind of mistake is the cause, and its line is known;
if no copy does, no cause is named. Learners don't see the cure: they read what happens in that line, and the hints.

A cure is a pure function from files to changed files. exercise.py decides which questions to ask again, and how often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from ...tree import Tree
from ..reading import UNREADABLE
from ..report import Failure


class Remedy(NamedTuple):
    """A changed copy of an answer, and the cause of the failure if the copy is right."""

    files: Tree
    cause: str
    file: str
    line: int | None


@dataclass(frozen=True)
class Cure:
    """A kind of mistake that a small change removes."""

    remedies: Callable[[Tree], Iterator[Remedy]]
    """Maps the files of an answer to changed copies, the likeliest first."""
    hints: tuple[str, ...]
    agrees: tuple[str, ...] = ()
    """The misconceptions that may be behind this mistake. If this is the cause, a diagnosis of any other misconception is
    dropped."""
    fits: Callable[[Failure, Remedy], bool] = lambda failure, remedy: True
    """Whether the evidence of the failure allows for the remedy's cause."""

    def tried_on(self, files: Tree) -> Iterator[Remedy]:
        """The remedies for these files, as far as their syntax trees can be unparsed."""
        try:
            yield from self.remedies(files)
        except UNREADABLE:
            return


S = TypeVar("S")


def cure_of(
    source: Callable[[Tree], S],
    *hints: str,
    agrees: tuple[str, ...] = (),
    fits: Callable[[Failure, Remedy], bool] = Cure.fits,
) -> Callable[[Callable[[S], Iterator[Remedy]]], Cure]:
    """Decorates a function from the source of an answer to its remedies, and makes it a Cure."""
    return lambda remedies: Cure(lambda files: remedies(source(files)), hints, agrees, fits)
