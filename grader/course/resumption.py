"""Compares a program's state before it saves with its state after a restart, as the program itself prints it.

A program may print `begins: NAME VALUE, NAME VALUE` after restoring its state, and `saves: NAME VALUE, ...` before
saving it, as payload/annealing does. This shows which parts of the state a restart has lost. It only explains failures;
whether a job is right depends on its output.
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
"""Parts with a special meaning: how far the job has got, the length of its output, the random generator."""

_PART = r"[a-z]{1,20} [\w -]{1,40}"
_DESCRIPTION = re.compile(rf"{_PART}(, {_PART})*", re.ASCII)
Description = dict[str, str]
"""Name of a part → its value, short enough to compare by eye."""


@dataclass(frozen=True)
class Restart:
    """A restart: the state that was saved, and the state with which the job then began."""

    saved: Description
    begun: Description
    first: Description
    """The state at the very beginning of the job."""
    earlier: tuple[Description, ...] = ()
    """The states saved before `saved`."""

    def lost(self) -> list[str]:
        """The parts that differ from what was saved."""
        return [name for name in self.saved if self.begun.get(name) != self.saved[name]]

    def resumed(self) -> bool:
        """Whether the job resumed somewhere, and did not start over."""
        return bool(self.begun) and self.begun.get(PLACE) != self.first.get(PLACE)

    def outdated(self) -> list[str]:
        """The lost parts that have the value of an earlier checkpoint, not that of the very beginning."""
        return [
            name
            for name in self.lost()
            if name != OUTPUT
            and self.begun.get(name) != self.first.get(name)
            and any(self.begun.get(name) == moment.get(name) for moment in self.earlier)
        ]


def said(printed: str, what: str) -> Description:
    """The state that an execution printed when it began, or when it last saved; {} if it printed none, or claims to
    have begun twice."""
    matches = [line.partition(":")[2].strip() for line in printed.splitlines() if line.startswith(f"{what}: ")]
    if not matches or (what == BEGINS and len(matches) > 1) or not _DESCRIPTION.fullmatch(matches[-1]):
        return {}
    return {name: value for name, _, value in (part.partition(" ") for part in matches[-1].split(", "))}


def restarts(way: Sequence[State]) -> Iterator[Restart]:
    """The restarts from a checkpoint on a path through the states of a job."""
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
    """The first restart that lost something, on the path to the failure, or, without a failure, in the run without
    faults."""
    way = exploration.violation.state.way() if exploration.violation else free_way(exploration)
    return next((restart for restart in restarts(way) if restart.lost()), None)


def free_way(exploration: Exploration) -> list[State]:
    """The states of the run without faults, as far as it was explored; [] if it was not."""
    way: list[State] = []
    state = exploration.first
    while state is not None and state.run is not None and state not in way:
        way.append(state)
        state = state.follower
    return way


def _saved_by(way: Sequence[State], state: State) -> int | None:
    """The index of the state that saved the checkpoint with which `state` begins; None if there is none."""
    saved = [(number, earlier.next.spool) for number, earlier in enumerate(way) if isinstance(earlier.next, Saved)]
    matching = [number for number, spool in saved if not state.moved or spool == state.now.spool]
    return matching[-1] if matching else None
