"""Ends a program that runs too long, and makes sure that it does not go on after its end.

No other process could end the program, so its steps are counted: iterations of loops, and calls. (With sys.monitoring
since Python 3.12; before that, a timer is used.) A single call of a function written in C is not limited.

The end is an exception. The program may catch it, so it is raised again at each next line until none of the program's
code is left to catch it.
"""

from __future__ import annotations

import _signal
import _thread
import os
import signal
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from ...rules.execution import Limit, Limits
from .process import Process, ProgramEnded

A_SECOND = 2_000_000
"""Steps that count as a second of processor time: about as many as a browser takes in a second."""
FIRST_LOOK, MOST_STEPS_BETWEEN = 64, 4096
"""The first and the largest number of steps between checks of the other limits, which take longer."""
OFTEN, SELDOM = 0.004, 0.03
"""The shortest and the longest time to aim for between two checks, in seconds."""
EVERY = 0.005
"""Seconds between two checks by a timer."""
_clock, _used, _set_handler = time.perf_counter, time.process_time, _signal.signal
_set_timer: Any = getattr(_signal, "setitimer", None)
"""The interpreter's real functions, which are replaced for the program."""
_monitoring: Any = getattr(sys, "monitoring", None)
_OWN = str(Path(__file__).resolve().parents[2]) + os.sep
_LIBRARY = tuple(
    {os.path.join(sysconfig.get_path(name), "") for name in ("stdlib", "platstdlib")}
    | {path for path in sys.path if path.endswith(".zip")}
)
_SITE = os.sep + "site-packages" + os.sep

Trace = Callable[[FrameType, str, Any], Any]


class Watcher:
    """Watches one program. `too_much()` returns the limit on memory or disk that it exceeds, if any. `trace`: a further
    function for sys.settrace()."""

    def __init__(
        self, process: Process, limits: Limits, too_much: Callable[[], Limit | None], trace: Trace | None = None
    ):
        self._process, self._limits, self._too_much, self._trace = process, limits, too_much, trace
        self._steps, self._next, self._between = 0, FIRST_LOOK, FIRST_LOOK
        self._most = int(limits.cpu * A_SECOND)
        self._thread = _thread.get_ident()
        self._began = self._looked = _clock()

    def look(self, code: CodeType) -> Limit | None:
        """Check the limits. Returns the limit that is reached, if the program can be ended in this code."""
        now = _clock()
        self._between = self._paced(now - self._looked)
        self._looked, self._next = now, min(self._steps + self._between, max(self._most, self._steps + 1))
        if self._process.own or not (is_program(code) or (self._steps > 2 * self._most and not is_own(code))):
            return None
        if self._process.interrupted:  # by Ctrl-C while the executor's own code ran
            self._process.end(signal=int(signal.SIGINT))
        if self._steps >= self._most:
            return Limit.PROCESSOR_TIME
        if now - self._began > self._limits.wall:
            return Limit.REAL_TIME
        self._process.own += 1
        try:
            return self._too_much()
        finally:
            self._process.own -= 1

    def _paced(self, seconds: float) -> int:
        if seconds > SELDOM:
            return max(1, self._between // 4)
        return min(2 * self._between, MOST_STEPS_BETWEEN) if seconds < OFTEN else self._between

    def over(self, limit: Limit, frame: FrameType | None) -> None:
        """Record that the program ends for exceeding a limit, by the signal that would kill a process."""
        if limit is Limit.PROCESSOR_TIME:
            _tell_where(frame)
        self._process.finish(signal=24 if limit is Limit.PROCESSOR_TIME else 9, limit=limit)


def _tell_where(frame: FrameType | None) -> None:
    """Print on stderr where the program is, in the format that Python uses in ../inside/program.py."""
    lines = ["Current thread (most recent call first):"]
    while frame is not None:
        if not is_own(frame.f_code):
            lines.append(f'  File "{frame.f_code.co_filename}", line {frame.f_lineno} in {frame.f_code.co_name}')
        else:
            break
        frame = frame.f_back
    os.write(2, ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace"))


@lru_cache(4096)
def _is_foreign(name: str) -> bool:
    """Whether a file belongs to the library or this package, where the program should not be ended."""
    library = name.startswith(_LIBRARY) and _SITE not in name
    return library or name.startswith((_OWN, "<frozen "))


def is_program(code: CodeType) -> bool:
    """Whether this is the program's own code."""
    return not _is_foreign(code.co_filename)


def is_own(code: CodeType) -> bool:
    """Whether this code belongs to the executor or to importing."""
    return code.co_filename.startswith((_OWN, "<frozen "))


class Monitoring(Watcher):
    """For Python 3.12 and newer: exceptions raised by a callback do not end the monitoring."""

    def start(self) -> None:
        monitoring = _monitoring
        self._tool = next((number for number in (4, 3, 5, 1, 0, 2) if monitoring.get_tool(number) is None), None)
        if self._tool is None:
            raise RuntimeError("other tools are using all of sys.monitoring")
        monitoring.use_tool_id(self._tool, "self-checkpointing-course")
        events = monitoring.events
        monitoring.register_callback(self._tool, events.JUMP, self._jumps)
        monitoring.register_callback(self._tool, events.PY_START, self._starts)
        self._process.unwind = self.unwind
        monitoring.set_events(self._tool, events.JUMP | events.PY_START)
        if self._trace:
            sys.settrace(self._trace)

    def stop(self) -> None:
        monitoring = _monitoring
        monitoring.set_events(self._tool, 0)
        for event in (monitoring.events.JUMP, monitoring.events.PY_START, monitoring.events.LINE):
            monitoring.register_callback(self._tool, event, None)
        monitoring.free_tool_id(self._tool)
        sys.settrace(None)

    def unwind(self) -> None:
        events = _monitoring.events
        for event in (events.JUMP, events.PY_START, events.LINE):
            _monitoring.register_callback(self._tool, event, self._goes_on)
        _monitoring.set_events(self._tool, events.JUMP | events.PY_START | events.LINE)

    def _jumps(self, code: CodeType, offset: int, destination: int) -> None:
        self._steps += 1
        if self._steps >= self._next:
            self._look(code)

    def _starts(self, code: CodeType, offset: int) -> None:
        self._steps += 1
        if self._steps >= self._next:
            self._look(code)

    def _look(self, code: CodeType) -> None:
        if _thread.get_ident() == self._thread and (limit := self.look(code)):
            self.over(limit, sys._getframe(2))
            self.unwind()
            raise ProgramEnded

    def _goes_on(self, code: CodeType, *_: int) -> object:
        """The program has ended, but still goes on."""
        if self._process.own or _thread.get_ident() != self._thread:
            return None
        if is_program(code):
            raise ProgramEnded
        return _monitoring.DISABLE


class Timed(Watcher):
    """For Python before 3.12: checks by a timer, without counting steps. (Without a timer, as on Windows or outside the
    main thread, nothing ends a loop.) A trace function that raises an exception is removed, so the timer installs it
    again if the program goes on."""

    def start(self) -> None:
        self._most = 1 << 62
        self._used_before = _used()
        self._process.unwind = lambda: self.unwind(sys._getframe())
        self._before = _set_handler(signal.SIGALRM, self._on_alarm) if _has_timer() else None
        if self._before is not None:
            _set_timer(signal.ITIMER_REAL, EVERY, EVERY)
        if self._trace:
            sys.settrace(self._trace)

    def stop(self) -> None:
        while True:
            try:
                if self._before is not None:
                    _set_timer(signal.ITIMER_REAL, 0)
                    _set_handler(signal.SIGALRM, self._before)
                sys.settrace(None)
                return
            except ProgramEnded:
                pass

    def _on_alarm(self, number: int, frame: FrameType | None) -> None:
        if frame is None or self._process.own:
            return
        if self._process.exit is not None:
            if is_program(frame.f_code):
                self.unwind(frame)
                raise ProgramEnded
        elif limit := self._limit(frame.f_code):
            self.over(limit, frame)
            self.unwind(frame)
            raise ProgramEnded

    def _limit(self, code: CodeType) -> Limit | None:
        if _used() - self._used_before > self._limits.cpu and is_program(code):
            return Limit.PROCESSOR_TIME
        return self.look(code)

    def unwind(self, frame: FrameType | None) -> None:
        """Raise an exception at the program's next line."""

        def end(frame: FrameType, event: str, argument: Any) -> Trace:
            if event == "line" and not self._process.own:
                raise ProgramEnded
            return end

        while frame is not None:
            if is_program(frame.f_code):
                frame.f_trace = end
            frame = frame.f_back
        sys.settrace(lambda frame, event, argument: end if is_program(frame.f_code) else None)


def _has_timer() -> bool:
    return _set_timer is not None and threading.current_thread() is threading.main_thread()


def watcher() -> type[Monitoring] | type[Timed]:
    """The watcher for this version of Python."""
    return Monitoring if _monitoring is not None else Timed
