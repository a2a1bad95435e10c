"""Virtual time inside a job's own processes: sleeping costs nothing and moves the clock.

The clock is a small file outside the sandbox, mapped by every process of one execution, so
that a shell script, its `sleep` and a Python program below it all read the same time. Beside
the time it holds deadlines: what is to be signalled when (an eviction, `timeout`, an alarm).
Whoever moves the clock past a deadline sends the signal.

This file runs in the job, not in the judge: it is believed for the time and for nothing else.
It needs the standard library only, and Python 3.6 or later. Time passes when a process sleeps,
and by TICK at each look at the clock, so that a loop waiting for a moment comes to an end;
computing takes no virtual time, which makes two runs give the same history.
"""

import _socket
import datetime as _datetime
import mmap
import os
import signal
import struct
import threading
import time as _time

try:
    import fcntl
except ImportError:  # Windows: one process, one clock
    fcntl = None

TICK = 0.001
BOOT = 1.0e9
"""What time.monotonic() counts from: some moment before every job, as on a real machine."""

_HEAD = struct.Struct("=di")
_DEADLINE = struct.Struct("=diid")
SIZE = 4096
MOST = (SIZE - _HEAD.size) // _DEADLINE.size

_real_sleep = _time.sleep
_guard = threading.RLock()
_map = None
_file = None


def create(path, now):
    """Make a clock file that stands at `now`, seconds since the epoch."""
    with open(path, "wb") as file:
        file.write(_HEAD.pack(now, 0).ljust(SIZE, b"\0"))


def peek(path):
    """The time that a clock file shows."""
    with open(path, "rb") as file:
        return _HEAD.unpack(file.read(_HEAD.size))[0]


def attach(path):
    """Take the time from this clock file from now on."""
    global _map, _file
    _file = os.open(path, os.O_RDWR)
    _map = mmap.mmap(_file, SIZE)


class _Locked:
    def __enter__(self):
        _guard.acquire()
        if fcntl:
            fcntl.lockf(_file, fcntl.LOCK_EX)

    def __exit__(self, *exc):
        if fcntl:
            fcntl.lockf(_file, fcntl.LOCK_UN)
        _guard.release()


def _read():
    now, count = _HEAD.unpack_from(_map, 0)
    return now, [_DEADLINE.unpack_from(_map, _HEAD.size + i * _DEADLINE.size)
                 for i in range(max(0, min(count, MOST)))]


def _store(now, deadlines):
    deadlines = sorted(deadlines)[:MOST]
    _HEAD.pack_into(_map, 0, now, len(deadlines))
    for index, deadline in enumerate(deadlines):
        _DEADLINE.pack_into(_map, _HEAD.size + index * _DEADLINE.size, *deadline)


def add_deadline(after, pid, number, grace=0.0):
    """Signal process `pid` (a group, if negative) in `after` seconds, and kill it `grace`
    seconds later if grace is not 0. Returns what remove_deadline() takes."""
    with _Locked():
        now, deadlines = _read()
        deadline = (now + after, pid, number, grace)
        _store(now, deadlines + [deadline])
    return deadline


def remove_deadline(deadline):
    """Take a deadline back. False if it has struck already."""
    with _Locked():
        now, deadlines = _read()
        if deadline not in deadlines:
            return False
        deadlines.remove(deadline)
        _store(now, deadlines)
        return True


def now():
    """The virtual time, in seconds since the epoch; looking takes TICK."""
    _move_to(lambda t: t + TICK)
    return _HEAD.unpack_from(_map, 0)[0]


def advance(seconds):
    """Let `seconds` pass, sending the signals of all deadlines on the way at their time."""
    with _Locked():
        until = _read()[0] + seconds
    _move_to(lambda t: max(t, until))


def _move_to(target_from):
    target = None
    while True:
        with _Locked():
            time, deadlines = _read()
            target = target_from(time) if target is None else target
            due = deadlines[0] if deadlines and deadlines[0][0] <= target else None
            if due:
                at, pid, number, grace = due
                after = [(at + grace, -abs(pid), signal.SIGKILL, 0.0)]
                _store(max(time, at), deadlines[1:] + (after if grace else []))
            elif target != float("inf"):
                _store(max(time, target), deadlines)
        if due:
            _send(pid, number)  # a handler that raises ends the sleep here, at the deadline
        elif target == float("inf"):
            _real_sleep(1)
        else:
            return


def _send(pid, number):
    try:
        os.killpg(-pid, number) if pid < 0 else os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


# -- what a Python program sees -------------------------------------------------


def sleep(seconds):
    """time.sleep() in virtual time."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    advance(seconds)


def _optional_time(real):
    def with_virtual_now(seconds=None):
        return real(now() if seconds is None else seconds)
    return with_virtual_now


def _alarm(seconds, interval=0.0):
    """Set the virtual alarm clock of this process; the seconds that were left of the old one."""
    global _alarm_deadline
    left = 0.0
    if _alarm_deadline:
        at = _alarm_deadline[0]
        left = max(0.0, at - _read()[0]) if remove_deadline(_alarm_deadline) else 0.0
    _alarm_deadline = add_deadline(seconds, os.getpid(), signal.SIGALRM) if seconds else None
    return left


_alarm_deadline = None


def install():
    """Put virtual time where Python programs look for the time."""
    real_datetime, real_date = _datetime.datetime, _datetime.date
    strftime, real_setitimer = _time.strftime, getattr(signal, "setitimer", None)

    class Virtual(type):
        """What C code makes are real dates: they have to be instances of these classes as well."""

        def __instancecheck__(cls, instance):
            return isinstance(instance, reals[cls]) if cls in reals else type.__instancecheck__(cls, instance)

        def __subclasscheck__(cls, other):
            return issubclass(other, reals[cls]) if cls in reals else type.__subclasscheck__(cls, other)

    class datetime(real_datetime, metaclass=Virtual):
        def date(self):
            return date(self.year, self.month, self.day)  # a real one could not be pickled

        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(now(), tz)

        @classmethod
        def utcnow(cls):
            return cls.fromtimestamp(now(), _datetime.timezone.utc).replace(tzinfo=None)

        @classmethod
        def today(cls):
            return cls.now()

    class date(real_date, metaclass=Virtual):
        @classmethod
        def today(cls):
            return cls.fromtimestamp(now())

    reals = {datetime: real_datetime, date: real_date}
    for virtual in reals:
        virtual.__module__, virtual.__qualname__ = "datetime", virtual.__name__
        setattr(_datetime, virtual.__name__, virtual)

    _time.sleep = sleep
    _time.time = now
    _time.monotonic = _time.perf_counter = lambda: now() - BOOT
    _time.time_ns = lambda: int(now() * 1e9)
    _time.monotonic_ns = _time.perf_counter_ns = lambda: int((now() - BOOT) * 1e9)
    for name in ("localtime", "gmtime", "ctime"):
        setattr(_time, name, _optional_time(getattr(_time, name)))
    _time.strftime = lambda form, t=None: strftime(form, _time.localtime() if t is None else t)
    if real_setitimer:
        signal.alarm = lambda seconds: int(-(-_alarm(seconds) // 1))
        signal.setitimer = lambda which, seconds, interval=0.0: (
            (_alarm(seconds), 0.0) if which == signal.ITIMER_REAL else real_setitimer(which, seconds, interval))


def install_host(name):
    """Let this process believe that the machine is called `name`."""
    real = os.uname
    _socket.gethostname = lambda: name  # socket takes its functions from _socket when it is imported
    os.uname = lambda: os.uname_result((real()[0], name) + tuple(real()[2:]))
