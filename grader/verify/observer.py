"""Shows the progress of explore() to a person who waits for the verdict, and lets them stop it with Ctrl-C.

An execution may take seconds or minutes, and is ended at once. The work between executions takes almost no time and is
never interrupted half-way, so that the results so far remain valid.
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
    """In a `with` statement, the first Ctrl-C sets `stopped` and ends the present execution with a KeyboardInterrupt;
    the second Ctrl-C raises one anywhere."""

    executions: int = 0
    """The number of executions so far; `states`: of states known so far."""
    states: int = 0
    schedule: Schedule = ()
    """The faults before the present execution, which is number `execution` of the job, and began at `since`."""
    execution: int = 0
    doing: str = ""
    """What is being done besides exploring, in words."""
    since: float = 0.0
    until: float = float("inf")
    """When the time is up. Both are readings of time.monotonic()."""
    stopped: bool = False
    _executing: bool = False
    _before: Callable[[int, FrameType | None], Any] | int | None = None

    def __enter__(self) -> Observer:
        if threading.current_thread() is threading.main_thread():  # Python allows this only there
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
        """Surrounds an execution, or work that needs several. Raises KeyboardInterrupt."""
        self.schedule, self.execution, self.doing, self.since = schedule, execution, doing, time.monotonic()
        self._executing = True
        try:
            if self.stopped:
                raise KeyboardInterrupt
            yield
        finally:
            self._executing = False
