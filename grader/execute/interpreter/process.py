"""The process that a program seems to be: its id, its signals, its time, and its end.

There is one at a time. After an immediate end, as by SIGKILL or os._exit(), the program must have no further effect:
its directory is read at that moment, and what it still does while its stack is unwound is ignored.
"""

from __future__ import annotations

import _thread
import itertools
from collections.abc import Callable

from ...rules.execution import Exit, Limit, Stop
from .clock import Clock
from .signals import Signals

_numbers = itertools.count(1000)


class ProgramEnded(BaseException):
    """The program has ended. If the program catches this, it is raised again; see steps.py."""


class Process:
    """One program, from its start to its end."""

    def __init__(self, begins: float, stop: Stop | None, snapshot: Callable[[], None]):
        """`snapshot()` is called once when the program has ended, before its stack is unwound."""
        self.pid = next(_numbers)
        self._thread = _thread.get_ident()
        self.exit: Exit | None = None
        self.limit: Limit | None = None
        self.interrupted = False
        """Whether the user has interrupted it with Ctrl-C."""
        self.own = 0
        """More than 0 while the executor's own code runs, which is neither limited nor watched."""
        self.unwind: Callable[[], None] = lambda: None
        """Called at its end, to make sure that it really ends: see steps.py."""
        self._snapshot = snapshot
        self.signals = Signals(self)
        self.clock = Clock(begins, self.signals.send, lambda: self.end(signal=9, limit=Limit.REAL_TIME), self.is_here)
        if stop is not None:
            self.clock.add_deadline(stop.after, self.pid, int(stop.signal), stop.grace)

    def finish(self, code: int | None = None, signal: int | None = None, limit: Limit | None = None) -> None:
        """Record how the program has ended, and take the snapshot."""
        if self.exit is not None:
            return
        self.exit, self.limit = Exit(code, signal), limit
        self.own += 1
        try:
            self._snapshot()
        finally:
            self.own -= 1

    def end(self, code: int | None = None, signal: int | None = None, limit: Limit | None = None) -> None:
        """End the program at once. Raises ProgramEnded."""
        self.finish(code, signal, limit)
        self.unwind()
        raise ProgramEnded

    def is_here(self) -> bool:
        """Whether the caller is the program, not another thread of the interpreter."""
        return _thread.get_ident() == self._thread

    def must_live(self) -> None:
        """Raises ProgramEnded if the program has ended."""
        if self.exit is not None:
            raise ProgramEnded
