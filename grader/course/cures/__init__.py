"""Causes that are proven by their cures: a small change of just one kind, made to a copy of a wrong answer. If the copy
passes the question that the answer failed, that kind of mistake is the cause, and its line is known; if none does, no
cause is named. The cure itself is not shown: a learner is told what happens in that line, and the hints lead on.

A cure is a pure function from files to changed files; nothing is judged here. What is asked again, and how often, is up
to exercise.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ...tree import Tree
from ..reading import UNREADABLE


class Remedy(NamedTuple):
    """A changed copy of an answer, and what is the matter with the answer if the copy is right."""

    files: Tree
    cause: str
    file: str
    line: int | None


@dataclass(frozen=True)
class Cure:
    """A kind of mistake that a small change takes away."""

    remedies: Callable[[Tree], Iterator[Remedy]]
    """From the files of an answer to copies, the likeliest first."""
    hints: tuple[str, str, str]
    agrees: tuple[str, ...] = ()
    """The misconceptions that may be behind this mistake, where what the job does shows one of them. Any other that it
    seems to show is none."""

    def tried_on(self, files: Tree) -> Iterator[Remedy]:
        """The remedies for these files, as far as their syntax trees can be written down again."""
        try:
            yield from self.remedies(files)
        except UNREADABLE:
            return
