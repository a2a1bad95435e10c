"""Virtual time for the single program in this interpreter: what ../inside/clock.py is for processes.

As there is no other process to wait for, time passes at once: when the program sleeps, and by a tick at each reading.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # see ../executor.py
    from clock import BOOT, MOST_LOOKS_ALONE, PAUSE_ALONE, TICK, real_poll, real_select
else:
    from ..inside.clock import BOOT, MOST_LOOKS_ALONE, PAUSE_ALONE, TICK, real_poll, real_select

FOREVER = float("inf")
real_time, real_sleep = time.time, time.sleep


@dataclass(order=True)
class Deadline:
    """When the program gets a signal."""

    at: float
    order: int
    """Breaks ties between deadlines at the same moment; SIGKILL comes first."""
    number: int
    grace: float = 0.0
    """Seconds until SIGKILL; if negative, until the same signal is repeated."""


class Clock:
    """The time of a program, with the interface that ../inside/python_time.py expects.

    `send(number)` signals the program, and may end the wait by an exception. `stand_still()` ends a program that would
    wait for ever. `is_here()` tells whether the caller is the program, not another thread.
    """

    BOOT, TICK = BOOT, TICK
    real_poll, real_select = real_poll, staticmethod(real_select)

    def __init__(
        self,
        begins: float,
        send: Callable[[int], None],
        stand_still: Callable[[], None],
        is_here: Callable[[], bool] = lambda: True,
    ):
        self.time, self.looked = begins, False
        self._send, self._stand_still, self._is_here = send, stand_still, is_here
        self._deadlines: list[Deadline] = []
        self._looks: tuple[float | None, int] = None, 0

    def now(self) -> float:
        """The time, for the program. Reading it takes time."""
        if not self._is_here():
            return real_time()
        self.looked = True
        time, looks = self._looks
        looks = looks + 1 if time == self.time else 1
        self._pass(TICK if looks <= MOST_LOOKS_ALONE else PAUSE_ALONE)
        self._looks = self.time, looks
        return self.time

    def moment(self) -> float:
        """The time, for our own code: reading it takes no time."""
        return self.time

    def computed(self) -> float:
        """Virtual seconds that computing has taken: none."""
        return 0.0

    def advance(self, seconds: float) -> None:
        """Sleep."""
        self._pass(seconds) if self._is_here() else real_sleep(seconds)

    def advance_to_next(self) -> None:
        """Sleep until a signal comes."""
        self._pass(max(0.0, min(self._deadlines).at - self.time) if self._deadlines else FOREVER)

    def wait(self, seconds: float, block: Callable[[float], object]) -> object:
        """Wait at most `seconds` for something that only a signal handler can bring about."""
        result = block(0)
        if not result:
            self._pass(seconds)
            result = block(0)
        return result

    def add_deadline(self, after: float, _: int, number: int, grace: float = 0.0) -> None:
        """Signal the program in `after` seconds; see Deadline."""
        self._deadlines.append(Deadline(self.time + after, number != signal.SIGKILL, number, grace))

    def remove_deadlines(self, _: int, number: int) -> list[tuple[float, int, int, float]]:
        """Remove and return the program's own deadlines for this signal: (when, process, signal, grace) each."""
        removed = [deadline for deadline in self._deadlines if deadline.number == number and deadline.grace <= 0]
        self._deadlines = [deadline for deadline in self._deadlines if deadline not in removed]
        return [(deadline.at, 0, deadline.number, deadline.grace) for deadline in removed]

    def _pass(self, seconds: float) -> None:
        """Let `seconds` pass, and send the signals of all deadlines on the way."""
        until = self.time + seconds
        while due := self._due(until):
            self.time = max(self.time, due.at)
            self._send(due.number)  # a handler that raises ends the sleep here
        if until == FOREVER:
            self._stand_still()
        self.time = max(self.time, until)

    def _due(self, until: float) -> Deadline | None:
        first = min(self._deadlines, default=None)
        if first is None or first.at > until:
            return None
        self._deadlines.remove(first)
        if first.grace > 0:
            self._deadlines.append(Deadline(first.at + first.grace, 0, 9))
        elif first.grace < 0:
            self._deadlines.append(Deadline(first.at - first.grace, first.order, first.number, first.grace))
        return first
