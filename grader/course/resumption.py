"""What a program says of its state when it saves and when it begins, and what a restart has lost of it.

A program may print `begins: NAME VALUE, NAME VALUE` when its state is restored, and `saves: NAME VALUE, ...` before it
is saved (payload/annealing does). Then every restart can be asked which parts of the
state are not as they were saved. This explains a failure; whether a job is right, its output decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..rules.simulation import Saved
from ..verify.explore import Exploration
from ..verify.states import State

BEGINS, SAVES = "begins", "saves"
PLACE, OUTPUT, RANDOM = "iteration", "output", "random"
"""Parts that mean something of their own: how far the job has got, the length of its output, the random generator."""

_PART = r"[a-z]{1,20} [\w -]{1,40}"
_DESCRIPTION = re.compile(rf"{_PART}(, {_PART})*", re.ASCII)
Description = dict[str, str]
"""Name of a part → what it is, in so few characters that they can be compared by eye."""


@dataclass(frozen=True)
class Restart:
    """A restart: what the checkpoint was saved from, what the job then began with, and what was there earlier."""

    saved: Description
    begun: Description
    first: Description
    """What the whole job began with."""
    earlier: tuple[Description, ...] = ()
    """What was saved before `saved`."""

    def lost(self) -> list[str]:
        """The parts that are not as they were saved."""
        return [name for name in self.saved if self.begun.get(name) != self.saved[name]]

    def resumed(self) -> bool:
        """Whether the job went on anywhere, and did not start over."""
        return bool(self.begun) and self.begun.get(PLACE) != self.first.get(PLACE)

    def outdated(self) -> list[str]:
        """The lost parts that are as they were saved at an earlier moment, not as in the beginning."""
        return [
            name
            for name in self.lost()
            if name != OUTPUT
            and self.begun.get(name) != self.first.get(name)
            and any(self.begun.get(name) == moment.get(name) for moment in self.earlier)
        ]


def said(printed: str, what: str) -> Description:
    """What an execution printed of its state when it began or, last, when it saved; empty if it did not, or claims
    to have begun twice."""
    found = [line.partition(":")[2].strip() for line in printed.splitlines() if line.startswith(f"{what}: ")]
    if not found or (what == BEGINS and len(found) > 1) or not _DESCRIPTION.fullmatch(found[-1]):
        return {}
    return {name: value for name, _, value in (part.partition(" ") for part in found[-1].split(", "))}


def restarts(way: Sequence[State]) -> Iterator[Restart]:
    """The restarts on a way through the states of a job which had a checkpoint to begin with."""
    for number, state in enumerate(way):
        origin = _saved_by(way[:number], state)
        if origin is None or state.run is None or not (saved := said(way[origin].ran.stdout, SAVES)):
            continue
        yield Restart(
            saved,
            said(state.run.stdout, BEGINS),
            said(way[0].ran.stdout, BEGINS),
            tuple(filter(None, (said(earlier.ran.stdout, SAVES) for earlier in way[:origin]))),
        )


def first_loss(exploration: Exploration) -> Restart | None:
    """The first restart that lost something, on the way to the failure; if there is none, on the way without faults."""
    way = exploration.violation.state.way() if exploration.violation else free_way(exploration)
    return next((restart for restart in restarts(way) if restart.lost()), None)


def free_way(exploration: Exploration) -> list[State]:
    """The states of the run without faults, as far as it was followed; none of a job that was not explored at all."""
    way: list[State] = []
    state = exploration.first
    while state is not None and state.run is not None and state not in way:
        way.append(state)
        state = state.follower
    return way


def _saved_by(way: Sequence[State], state: State) -> int | None:
    """Which of the states before saved the checkpoint that this one has to begin with."""
    saved = [(number, earlier.next.spool) for number, earlier in enumerate(way) if isinstance(earlier.next, Saved)]
    fitting = [number for number, spool in saved if not state.moved or spool == state.spool]
    return fitting[-1] if fitting else None
