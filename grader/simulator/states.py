"""The nodes of the graph that explore.py walks: a job about to be started, and how it got there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .execution import Run
from .pool import Next
from .schedule import Schedule
from .tree import Tree


@dataclass(eq=False)
class State:
    """A job about to be started: what it finds, and the shortest way to get there."""

    sandbox: Tree
    spool: Tree
    slot: int
    retries: int
    clock: float
    execution: int = 1
    """Which execution of the job starts here, on the shortest way."""
    schedule: Schedule = ()
    """The faults on that way."""
    before: State | None = None
    moved: bool = False
    """Whether it starts in a new sandbox (R2) instead of in place (R4f)."""
    came: Tree = Tree()
    """The checkpoint that its activation began with."""
    grown: tuple = ()
    alike: int = 0
    similar: int = 0
    endless: bool = False
    """Whether no end is reached from here even without a fault."""
    silent: tuple[Tree, Tree] | None = None
    """Sandbox and spool without what was printed."""
    run: Run | None = None
    next: Next | None = None
    key: tuple | None = None
    """What this state is known by; see explore.py."""
    follower: State | None = None
    """The state that comes next if no fault happens; None at an end."""
    elsewhere: State | None = None
    """After a checkpoint: the state in a new sandbox, as opposed to `follower` in place."""

    def way(self) -> list[State]:
        """The states from the first start to this one."""
        way: list[State] = []
        state: State | None = self
        while state is not None:
            way.append(state)
            state = state.before
        return way[::-1]

    def since_fault(self) -> Iterator[State]:
        """The states before this one, the last one first, back to the last fault."""
        here = self.before
        while here is not None and here.schedule == self.schedule:
            yield here
            here = here.before

    def length(self) -> tuple:
        """What makes one schedule shorter than another: fewer faults, fewer executions, earlier faults."""
        return len(self.schedule), self.execution, [fault.execution for fault in self.schedule]
