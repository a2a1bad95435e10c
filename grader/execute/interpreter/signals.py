"""Signals: those that a program sends to itself, and those that the clock sends.

The interpreter's real handlers are not touched: the program's handlers are kept and called here.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from .clock import Clock

KILL, INTERRUPT = 9, int(signal.SIGINT)
ALARM = int(getattr(signal, "SIGALRM", 14))
_UNCATCHABLE = {KILL, int(getattr(signal, "SIGSTOP", 19))}
_IGNORED = {int(getattr(signal, name, 0)) for name in ("SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH")}
"""Signals that are ignored by default."""
_STOPPING = {int(getattr(signal, name, 0)) for name in ("SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU")}
_BLOCK, _UNBLOCK, _SET = 0, 1, 2
NUMBERS = range(1, 65)


class Receiver(Protocol):
    """What the signals are for: the process that the program seems to be; see process.py."""

    pid: int
    clock: Clock

    def must_live(self) -> None: ...
    def end(self, *, signal: int) -> None: ...


class Signals:
    """The signal handling of one program."""

    def __init__(self, process: Receiver):
        self._process = process
        self._handlers: dict[int, Any] = {
            INTERRUPT: signal.default_int_handler,
            **{int(getattr(signal, name)): signal.SIG_IGN for name in ("SIGPIPE", "SIGXFSZ") if hasattr(signal, name)},
        }
        self._blocked: set[int] = set()
        self._pending: set[int] = set()
        self._handled = 0

    def send(self, number: int) -> None:
        """Deliver a signal now. Raises ProgramEnded if the program dies of it, or what its handler raises."""
        self._process.must_live()
        if number in self._blocked and number not in _UNCATCHABLE:
            self._pending.add(number)
            return
        handler = signal.SIG_DFL if number in _UNCATCHABLE else self._handlers.get(number, signal.SIG_DFL)
        if callable(handler):
            self._handled += 1
            handler(number, _frame_of_program())
        elif handler == signal.SIG_DFL and number in _STOPPING:
            self._process.clock.advance(float("inf"))
        elif handler == signal.SIG_DFL and number not in _IGNORED:
            self._process.end(signal=number)

    # -- functions for the modules os and signal -------------------------------------

    def functions(self) -> dict[str, Callable[..., Any]]:
        """The replacements for functions of the module _signal, and so of signal."""
        return {
            "signal": self._set,
            "getsignal": lambda number: self._handlers.get(_valid(number), signal.SIG_DFL),
            "raise_signal": self._raise,
            "alarm": lambda seconds: int(-(-self._alarm(seconds)[0] // 1)),
            "setitimer": lambda which, seconds, interval=0.0: self._alarm(seconds, interval),
            "getitimer": lambda which: self._left(),
            "pause": self._pause,
            "sigpending": lambda: set(self._pending),
            "pthread_sigmask": self._mask,
            "pthread_kill": lambda thread, number: self._raise(number),
            "sigwait": self._await,
            "set_wakeup_fd": lambda fd, *, warn_on_full_buffer=True: -1,
            "siginterrupt": lambda number, flag: None,
        }

    def kill(self, pid: int, number: int) -> None:
        """os.kill(), as if there were no other process."""
        self._process.must_live()
        if pid not in (self._process.pid, 0, -self._process.pid):
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        self._raise(number)

    def _raise(self, number: int) -> None:
        self._process.must_live()
        if number == 0:
            return
        if number not in NUMBERS:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self.send(int(number))

    def _set(self, number: int, handler: Any) -> Any:
        if not callable(handler) and handler not in (signal.SIG_DFL, signal.SIG_IGN):
            raise TypeError("signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object")
        if _valid(number) in _UNCATCHABLE:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        before = self._handlers.get(number, signal.SIG_DFL)
        self._handlers[int(number)] = handler
        return before

    def _alarm(self, seconds: float, interval: float = 0.0) -> tuple[float, float]:
        """Set the alarm. Returns the seconds left until the previous alarm, and its interval."""
        clock, before = self._process.clock, self._left(look=True)
        clock.remove_deadlines(self._process.pid, ALARM)
        if seconds:
            clock.add_deadline(seconds, self._process.pid, ALARM, -interval)
        return before

    def _left(self, look: bool = False) -> tuple[float, float]:
        clock = self._process.clock
        now, alarms = clock.now() if look else clock.time, clock.remove_deadlines(self._process.pid, ALARM)
        for at, pid, number, grace in alarms:
            clock.add_deadline(at - clock.time, pid, number, grace)
        return (max(0.0, alarms[0][0] - now), -alarms[0][3]) if alarms else (0.0, 0.0)

    def _pause(self) -> None:
        before = self._handled
        while self._handled == before:
            self._process.clock.advance_to_next()

    def _mask(self, how: int, mask: Iterable[int]) -> set[int]:
        before, numbers = set(self._blocked), {int(number) for number in mask}
        if how == getattr(signal, "SIG_BLOCK", _BLOCK):
            self._blocked |= numbers
        elif how == getattr(signal, "SIG_UNBLOCK", _UNBLOCK):
            self._blocked -= numbers
        else:
            self._blocked = numbers
        for number in sorted(self._pending - self._blocked):
            self._pending.discard(number)
            self.send(number)
        return before

    def _await(self, numbers: Iterable[int]) -> int:
        expected = {int(number) for number in numbers}
        while not self._pending & expected:
            self._process.clock.advance_to_next()
        number = min(self._pending & expected)
        self._pending.discard(number)
        return number


def _valid(number: int) -> int:
    if number not in NUMBERS:
        raise ValueError("signal number out of range")
    return int(number)


def _frame_of_program() -> Any:
    """The program's current frame, without the executor's frames above it."""
    here, frame = os.path.dirname(__file__), sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(here):
        frame = frame.f_back
    return frame
