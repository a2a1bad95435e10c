"""Somebody who waits for a verdict: what explore() tells them while it works, and how they stop it with Ctrl-C.

An execution takes seconds or minutes, and is ended at once; what goes on besides is over in no time, and is never
interrupted half-way, so that what is known by then holds.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from ..rules.schedule import Schedule


@dataclass
class Observer:
    """Used in a `with` statement, the first Ctrl-C sets `stopped` and ends the execution that is under way by a
    KeyboardInterrupt; the second raises one wherever it comes."""

    executions: int = 0
    """Done so far; `states` that are known so far."""
    states: int = 0
    schedule: Schedule = ()
    """The faults before the execution that is under way, which is the job's `execution`-th, since `since`."""
    execution: int = 0
    doing: str = ""
    """What else is under way, in words."""
    since: float = 0.0
    until: float = float("inf")
    """When the time for all is up. Both as time.monotonic() has it."""
    stopped: bool = False
    _executing: bool = False
    _before: Callable[[int, FrameType | None], Any] | int | None = None

    def __enter__(self) -> Observer:
        if threading.current_thread() is threading.main_thread():  # in no other can it be done
            self._before = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        again, self.stopped = self.stopped, True
        if again or self._executing:
            raise KeyboardInterrupt

    @contextmanager
    def execution_of(self, schedule: Schedule, execution: int, doing: str = "") -> Iterator[None]:
        """While an execution is under way, or what takes some of them. Raises KeyboardInterrupt."""
        self.schedule, self.execution, self.doing, self.since = schedule, execution, doing, time.monotonic()
        self._executing = True
        try:
            if self.stopped:
                raise KeyboardInterrupt
            yield
        finally:
            self._executing = False
