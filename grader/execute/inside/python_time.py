"""Virtual time for Python programs: replaces all functions of the standard library that read the time or wait for it.

Waiting with a limit for locks, pipes and processes really waits for them; the limit is virtual.
"""

import _signal
import _thread
import os
import sys
import time as _time
from _operator import index

MYPY = False  # see clock.py
if MYPY or not __package__:
    import clock
else:  # in the judge's own interpreter, which has a different clock, see ../interpreter/
    from . import clock

if MYPY:
    from collections.abc import Callable
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any, Self

TOO_LONG = 2**63 / 1e9
"""Seconds that time.sleep() rejects as too many."""
_real_sleep = _time.sleep


def install() -> None:
    """Install virtual time, also in modules that are yet to be imported."""
    _install_time()
    for name in _LATER:
        if name in sys.modules:
            _LATER[name](sys.modules[name])
    sys.meta_path.insert(0, _WhenImported)


def install_host(name: str) -> None:
    """Make `name` the host name that this process sees."""

    def install_socket(module: "Any") -> None:
        module.gethostname = lambda: name

    real = os.uname
    os.uname = lambda: os.uname_result((real()[0], name) + tuple(real()[2:]))
    _LATER["_socket"] = install_socket  # from which the module socket takes its functions when it is imported
    for module in "_socket", "socket":
        if module in sys.modules:
            install_socket(sys.modules[module])


# -- reading the time -------------------------------------------------------------


def _install_time() -> None:
    strftime = _time.strftime
    _time.sleep = sleep
    _time.time = clock.now
    _time.monotonic = _time.perf_counter = lambda: clock.now() - clock.BOOT
    _time.time_ns = lambda: int(clock.now() * 1e9)
    _time.monotonic_ns = _time.perf_counter_ns = lambda: int((clock.now() - clock.BOOT) * 1e9)
    _time.process_time = _time.thread_time = _processor_time
    _time.process_time_ns = _time.thread_time_ns = lambda: int(_processor_time() * 1e9)
    if hasattr(_time, "clock_gettime"):
        _time.clock_gettime = _clock_gettime
        _time.clock_gettime_ns = lambda which: int(_clock_gettime(which) * 1e9)
    for name in ("localtime", "gmtime", "ctime"):
        setattr(_time, name, _optional_time(getattr(_time, name)))
    _time.strftime = lambda form, t=None: strftime(form, _time.localtime() if t is None else t)
    for name in ("stat", "lstat", "fstat"):
        real = getattr(os, name)
        virtual = _changed_when_written(real)
        setattr(os, name, virtual)
        for can in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks):
            if real in can:
                can.add(virtual)
    os.scandir = _scandir  # type: ignore[assignment]
    os.supports_fd.add(_scandir)


def _changed_when_written(stat: "Callable[..., os.stat_result]") -> "Callable[..., os.stat_result]":
    """A function like os.stat() that gives the time when a file was written as st_ctime, too. The real st_ctime can't
    be set, and is a time of the machine's clock."""

    def virtual(*arguments: "Any", **options: "Any") -> os.stat_result:
        status = stat(*arguments, **options)
        reduced: Any = status.__reduce__()
        _, (numbers, named) = reduced
        written = {"st_ctime": status.st_mtime, "st_ctime_ns": status.st_mtime_ns}
        return os.stat_result((*numbers[:9], int(status.st_mtime), *numbers[10:]), {**named, **written})

    return virtual


class _Entry:
    """Stands in for an os.DirEntry, which can't be subclassed."""

    def __init__(self, entry: "os.DirEntry[Any]") -> None:
        self._entry, self.stat = entry, _changed_when_written(entry.stat)

    def __getattr__(self, name: str) -> "Any":
        return getattr(self._entry, name)

    def __fspath__(self) -> "Any":
        return self._entry.path

    def __repr__(self) -> str:
        return repr(self._entry)


class _scandir:
    """os.scandir(), whose entries have virtual times."""

    def __init__(self, *path: "Any", _real: "Callable[..., Any]" = os.scandir) -> None:
        self._real = _real(*path)
        self.close = self._real.close

    def __iter__(self) -> "Self":
        return self

    def __next__(self) -> _Entry:
        return _Entry(next(self._real))

    def __enter__(self) -> "Self":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _processor_time() -> float:
    """The virtual seconds that computing has taken, if the clock has a rate. Otherwise each reading counts as a tick,
    so that a loop that waits for some amount of processor time ends."""
    global _looks
    _looks += 1
    return clock.computed() or _looks * clock.TICK


_looks = 0


def _clock_gettime(which: int, real: "Any" = getattr(_time, "clock_gettime", None)) -> float:
    real(which)  # raises the usual error if there is no such clock
    if which in _REAL_TIME:
        return clock.now()
    return _processor_time() if which in _PROCESSOR_TIME else clock.now() - clock.BOOT


def _clocks(*names: str) -> "list[int]":
    return [getattr(_time, "CLOCK_" + name) for name in names if hasattr(_time, "CLOCK_" + name)]


_REAL_TIME, _PROCESSOR_TIME = _clocks("REALTIME", "TAI"), _clocks("PROCESS_CPUTIME_ID", "THREAD_CPUTIME_ID")


def sleep(seconds: "Any") -> None:
    """time.sleep() in virtual time. The real function handles invalid arguments, for its error messages."""
    length = seconds if isinstance(seconds, float) or not hasattr(seconds, "__index__") else index(seconds)
    if not isinstance(length, (int, float)) or not 0 <= length < TOO_LONG:
        return _real_sleep(seconds)
    clock.advance(length)
    return None


def _optional_time(real: "Callable[[float], Any]") -> "Callable[..., Any]":
    def with_virtual_now(seconds: "float | None" = None) -> "Any":
        return real(clock.now() if seconds is None else seconds)

    return with_virtual_now


def _install_datetime(module: "Any") -> None:
    if MYPY:
        from datetime import date as real_date
        from datetime import datetime as real_datetime
        from datetime import tzinfo
    else:
        real_datetime, real_date = module.datetime, module.date

    class Virtual(type):
        """C code creates real dates, which must be instances of these classes, too."""

        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, reals[cls]) if cls in reals else type.__instancecheck__(cls, instance)

        def __subclasscheck__(cls, other: type) -> bool:
            return issubclass(other, reals[cls]) if cls in reals else type.__subclasscheck__(cls, other)

    class datetime(real_datetime, metaclass=Virtual):
        def date(self) -> "date":
            return date(self.year, self.month, self.day)  # a real date could not be pickled

        @classmethod
        def now(cls, tz: "tzinfo | None" = None) -> "Self":
            return cls.fromtimestamp(clock.now(), tz)

        @classmethod
        def utcnow(cls) -> "Self":
            _warn_as(real_datetime.utcnow)
            return cls.fromtimestamp(clock.now(), module.timezone.utc).replace(tzinfo=None)

        @classmethod
        def today(cls) -> "Self":
            return cls.now()

    class date(real_date, metaclass=Virtual):
        @classmethod
        def today(cls) -> "Self":
            return cls.fromtimestamp(clock.now())

    reals: dict[type, type] = {datetime: real_datetime, date: real_date}
    for virtual in reals:
        virtual.__module__, virtual.__qualname__ = "datetime", virtual.__name__
        setattr(module, virtual.__name__, virtual)


def _warn_as(deprecated: "Callable[[], object]") -> None:
    """Give the caller's caller the warnings that `deprecated` gives in this Python."""
    import warnings

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        deprecated()
    for warning in caught:
        warnings.warn(warning.message, stacklevel=3)


# -- alarms and signals ---------------------------------------------------------------


def _install_alarms(module: "Any") -> None:
    real = getattr(module, "setitimer", None)
    if real:
        module.alarm = lambda seconds: int(-(-_alarm(seconds)[0] // 1))
        module.setitimer = lambda which, seconds, interval=0.0: (
            _alarm(seconds, interval) if which == module.ITIMER_REAL else real(which, seconds, interval)
        )
    if hasattr(module, "pause"):
        module.pause = lambda: _pause(module)
    if hasattr(module, "sigtimedwait"):
        wait_for = module.sigtimedwait
        module.sigtimedwait = lambda signals, timeout: clock.wait(timeout, lambda real: wait_for(signals, real))
        module.sigwait = lambda signals: module.Signals(module.sigtimedwait(signals, float("inf")).si_signo)


def _alarm(seconds: float, interval: float = 0.0) -> "tuple[float, float]":
    """Set this process's virtual alarm. Returns the seconds left until the previous alarm, and its interval."""
    number, now = _signal.SIGALRM, clock.now()
    old = clock.remove_deadlines(os.getpid(), number)
    if seconds:
        clock.add_deadline(seconds, os.getpid(), number, -interval)
    return (max(0.0, old[0][0] - now), -old[0][3]) if old else (0.0, 0.0)


def _pause(module: "Any") -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    before = module.set_wakeup_fd(write, warn_on_full_buffer=False)
    try:
        clock.wait(float("inf"), lambda real: clock.real_select([read], [], [], real)[0])
    finally:
        module.set_wakeup_fd(before)
        os.close(read)
        os.close(write)


# -- waiting with a limit -------------------------------------------------------------


class _Lock:
    """A lock for the module threading, also for its own use: threading.Condition waits on such locks, and so do Event,
    Queue and Timer."""

    def __init__(self) -> None:
        self._lock = _thread.allocate_lock()

    def __getattr__(self, name: str) -> "Any":
        return getattr(self._lock, name)

    def __enter__(self) -> bool:
        return self._lock.__enter__()

    def __exit__(self, *exception: object) -> None:
        self._lock.release()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not blocking or timeout <= 0:
            return self._lock.acquire(blocking, timeout)
        return bool(clock.wait(timeout, lambda real: self._lock.acquire(True, real)))


def _install_threads(module: "Any") -> None:
    real_join = module.Thread.join

    def join(self: "Any", timeout: "float | None" = None) -> "Any":
        if timeout is None or timeout <= 0:
            return real_join(self, timeout)
        clock.wait(timeout, lambda real: real_join(self, real) or not self.is_alive())
        return None

    module._allocate_lock = module.Lock = _Lock
    module._CRLock = None  # so that it uses the RLock written in Python, which uses these locks
    module.Thread.join = join


def _install_queue(module: "Any") -> None:
    module.SimpleQueue = getattr(module, "_PySimpleQueue", module.SimpleQueue)  # which uses these locks, too


def _install_semaphores(module: "Any") -> None:
    real_make = module.SemLock._make_methods

    def make_methods(self: "Any") -> None:
        real_make(self)
        acquire = self.acquire

        def virtual(block: bool = True, timeout: "float | None" = None) -> bool:
            if not block or timeout is None or timeout <= 0:
                return bool(acquire(block, timeout))
            return bool(clock.wait(timeout, lambda real: acquire(True, real)))

        self.acquire = virtual

    module.SemLock._make_methods = make_methods


def _install_select(module: "Any") -> None:
    real_select = module.select

    def select(read: "Any", write: "Any", other: "Any", timeout: "float | None" = None) -> "Any":
        if timeout is None or timeout <= 0:
            return real_select(read, write, other, timeout)

        def block(real: float) -> "Any":
            ready = real_select(read, write, other, real)
            return ready if any(ready) else None

        return clock.wait(timeout, block) or ([], [], [])

    module.select = select
    if hasattr(module, "kqueue"):  # macOS: makes the module selectors use poll instead
        del module.kqueue
    for name, unit in ("poll", 1e-3), ("epoll", 1.0):
        if hasattr(module, name):
            setattr(module, name, _polling(getattr(module, name), unit))


def _polling(real: "Callable[..., Any]", unit: float) -> type:
    """A virtual select.poll or select.epoll; `unit`: the unit of its timeout, in seconds."""

    class Poll:
        def __init__(self, *args: "Any", **options: "Any") -> None:
            self._real = real(*args, **options)

        def __getattr__(self, name: str) -> "Any":
            return getattr(self._real, name)

        def __enter__(self) -> "Poll":
            return self

        def __exit__(self, *exception: object) -> None:
            self._real.close()

        def poll(self, timeout: "float | None" = None, *most: int) -> "Any":
            if timeout is None or timeout <= 0:
                return self._real.poll(timeout, *most)
            return clock.wait(timeout * unit, lambda seconds: self._real.poll(seconds / unit, *most)) or []

    return Poll


def _install_subprocess(module: "Any") -> None:
    real = module.Popen._wait

    def _wait(self: "Any", timeout: "float | None") -> "Any":
        if timeout is not None and self.returncode is None and clock.ended(self.pid, timeout) is False:
            raise module.TimeoutExpired(self.args, timeout)
        return real(self, None if hasattr(os, "pidfd_open") else timeout)

    module.Popen._wait = _wait


_LATER: "dict[str, Callable[[Any], None]]" = {
    "datetime": _install_datetime,
    "select": _install_select,
    "signal": _install_alarms,
    "subprocess": _install_subprocess,
    "threading": _install_threads,
    "queue": _install_queue,
    "multiprocessing.synchronize": _install_semaphores,
}
"""Modules to change only when a program imports them: importing them takes longer than most programs run."""


class _WhenImported:
    """Finds and loads the modules of _LATER as usual, and then installs virtual time in them."""

    def __init__(self, loader: "Any", install: "Callable[[Any], None]") -> None:
        self.loader, self.install, self.create_module = loader, install, loader.create_module

    def exec_module(self, module: "Any") -> None:
        self.loader.exec_module(module)
        module.__loader__ = module.__spec__.loader = self.loader
        self.install(module)

    @staticmethod
    def find_spec(name: str, path: "Any" = None, target: "ModuleType | None" = None) -> "ModuleSpec | None":
        if name not in _LATER:
            return None
        specs = (finder.find_spec(name, path, target) for finder in sys.meta_path if finder is not _WhenImported)
        spec: ModuleSpec | None = next(filter(None, specs), None)
        if spec is not None:
            loader: Any = _WhenImported(spec.loader, _LATER[name])
            spec.loader = loader
        return spec
