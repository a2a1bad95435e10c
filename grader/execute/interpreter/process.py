"""The process that a program believes to be: its number, its signals, its time, and its end.

There is one at a time. What ends it at once, as SIGKILL or os._exit() do, ends it before Python gets to run anything
more: the picture of its directory is taken at that moment, and what the program may still do while it is unwound
comes to nothing.
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
    """The program has ended. Whatever catches it, it is raised again; see steps.py."""


class Process:
    """One program, from its start to its end."""

    def __init__(self, begins: float, stop: Stop | None, picture: Callable[[], None]):
        """`picture()` is called when the program has ended, once, and before it is unwound."""
        self.pid = next(_numbers)
        self._thread = _thread.get_ident()
        self.exit: Exit | None = None
        self.limit: Limit | None = None
        self.interrupted = False
        """Whether the user has interrupted it, by Ctrl-C."""
        self.own = 0
        """More than 0 while it is the executor that works, which is neither limited nor watched."""
        self.unwind: Callable[[], None] = lambda: None
        """Called at its end, so that it really ends: see steps.py."""
        self._picture = picture
        self.signals = Signals(self)
        self.clock = Clock(begins, self.signals.send, lambda: self.end(signal=9, limit=Limit.REAL_TIME), self.is_here)
        if stop is not None:
            self.clock.add_deadline(stop.after, self.pid, int(stop.signal), stop.grace)

    def finish(self, code: int | None = None, signal: int | None = None, limit: Limit | None = None) -> None:
        """It has ended so: take the picture."""
        if self.exit is not None:
            return
        self.exit, self.limit = Exit(code, signal), limit
        self.own += 1
        try:
            self._picture()
        finally:
            self.own -= 1

    def end(self, code: int | None = None, signal: int | None = None, limit: Limit | None = None) -> None:
        """End it at once. Raises ProgramEnded."""
        self.finish(code, signal, limit)
        self.unwind()
        raise ProgramEnded

    def is_here(self) -> bool:
        """Whether it is the program that asks, and no other thread of the interpreter."""
        return _thread.get_ident() == self._thread

    def must_live(self) -> None:
        """Raises ProgramEnded if it has ended."""
        if self.exit is not None:
            raise ProgramEnded
