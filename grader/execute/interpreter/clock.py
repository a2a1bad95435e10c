"""Virtual time for the one program that runs in this interpreter: what ../inside/clock.py is for processes.

There is nobody else whose work time would have to wait for, so it passes at once: when the program sleeps, and by a
tick at each look.
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
    """Of deadlines at one moment; SIGKILL is the first."""
    number: int
    grace: float = 0.0
    """Seconds until SIGKILL; if negative, until it gets the same signal again."""


class Clock:
    """The time of one program, under the names that ../inside/python_time.py asks a clock by.

    `send(number)` signals the program, which may end the wait by an exception. `stand_still()` ends a program that
    waits for what can't come. `is_here()` says whether it is the program that asks, and no other thread.
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
        """The time, for a program that asks."""
        if not self._is_here():
            return real_time()
        self.looked = True
        time, looks = self._looks
        looks = looks + 1 if time == self.time else 1
        self._pass(TICK if looks <= MOST_LOOKS_ALONE else PAUSE_ALONE)
        self._looks = self.time, looks
        return self.time

    def moment(self) -> float:
        """The time, for code that is no part of the program: looking takes no time."""
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
        """Wait for what nobody but a signal handler can bring about, `seconds` at most."""
        found = block(0)
        if not found:
            self._pass(seconds)
            found = block(0)
        return found

    def add_deadline(self, after: float, _: int, number: int, grace: float = 0.0) -> None:
        """Signal the program in `after` seconds; see Deadline."""
        self._deadlines.append(Deadline(self.time + after, number != signal.SIGKILL, number, grace))

    def remove_deadlines(self, _: int, number: int) -> list[tuple[float, int, int, float]]:
        """Take back what the program has set for this signal: (when, process, signal, grace) each."""
        found = [one for one in self._deadlines if one.number == number and one.grace <= 0]
        self._deadlines = [one for one in self._deadlines if one not in found]
        return [(one.at, 0, one.number, one.grace) for one in found]

    def _pass(self, seconds: float) -> None:
        """Let `seconds` pass, with the signals on the way at their time."""
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
