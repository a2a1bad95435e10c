"""The nodes of the graph that explore.py walks: a job about to be started, and how it got there."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from ..rules.execution import Run, Unbroken
from ..rules.livelock import Livelock
from ..rules.schedule import Fault, Schedule
from ..rules.step import Kind, Next, Situation
from ..tree import Tree

Key = tuple[tuple[object, ...], Tree]
Length = tuple[int, int, list[int]]


@dataclass(eq=False)
class State:
    """A job about to be started: its situation, and the shortest way to get there."""

    now: Situation
    """The situation just after the start or restart; its execution and clock are those of the shortest way."""
    livelock: Livelock
    """Watches the starts since the last fault."""
    before: State | None = None
    schedule: Schedule = ()
    """The faults on the way here."""
    key: Key = ((), Tree())
    """What identifies this state: (place, spool), see explore.py."""
    endless: bool = False
    """Whether the job never ends from here, even without a fault."""
    run: Run | None = None
    then: Situation | None = None
    """The job's situation when the execution has ended and its files are transferred."""
    follower: State | None = None
    """The state that comes next if no fault happens; None at an end."""
    unsent: State | None = None
    """After a checkpoint: the state that comes next if its upload fails."""
    elsewhere: State | None = None
    """After a checkpoint: the state in a new sandbox, as opposed to `follower` in place."""
    replaced: frozenset[str] | None = None
    """Names in the spool that are replaced by every checkpoint that can follow in place; None while not known."""
    unbroken: dict[Unbroken, Run | Future[Run]] = field(default_factory=dict, init=False)
    """Runs from here that never restart, by their options; kept because the search for causes needs them repeatedly."""

    @property
    def next(self) -> Next | None:
        """The result of the execution; None if there was none."""
        return self.then.next if self.then else None

    @property
    def ran(self) -> Run:
        """The execution of a state that was executed."""
        assert self.run is not None, "it was not executed"
        return self.run

    @property
    def expanded(self) -> bool:
        """Whether the states that can follow are known."""
        return self.then is not None or self.endless

    @property
    def moved(self) -> bool:
        """Whether it starts in a new sandbox (R2) instead of in place (R4f)."""
        return self.now.kind == Kind.STARTED

    def way(self) -> list[State]:
        """The states from the first start to this one."""
        way: list[State] = []
        state: State | None = self
        while state is not None:
            way.append(state)
            state = state.before
        return way[::-1]

    def reached(self, before: State, fault: Fault | None = None) -> State:
        """This state at the end of another way: after `before`, with a fault (in a new sandbox) or none (in place)."""
        now = self.now._replace(kind=Kind.STARTED if fault else Kind.RESTARTED, execution=before.now.execution + 1)
        return replace(self, now=now, before=before, schedule=before.schedule + ((fault,) if fault else ()))

    def length(self) -> Length:
        """What makes one schedule shorter than another: fewer faults, fewer executions, earlier faults."""
        return len(self.schedule), self.now.execution, [fault.execution for fault in self.schedule]
