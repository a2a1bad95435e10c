"""Finds out whether all processes and threads of a job wait. Reads Linux's /proc; without it, every process assumes
that it is alone."""

import _thread
import os
import sys
import time

MYPY = False  # see clock.py
if MYPY:
    from typing import Any

    Thread = tuple[int, int]
    Look = tuple[Any, ...]

RUNS, STOPPED, ENDED = "runs", "stopped", "ended"
SEEN = os.path.exists("/proc/self/task")
"""Whether processes can be observed at all."""
INTERVAL = 0.0005
"""Seconds after which a thread asks another thread of its process to release the interpreter lock."""
LONG = 0.02
"""Seconds within which a runnable thread gets a processor."""
WALL = 0x40000000
"""For waitid: children of any kind (Linux's __WALL, which the module os lacks)."""
ONE_THREAD = 3
"""The number of links to a process's directory of threads if it has a single thread."""
_monotonic, _sleep = time.monotonic, time.sleep
_siblings: "KeptOpen | None" = None
"""The file that _children_of() reads, kept open."""
_known: "dict[Thread, tuple[tuple[int, int], bool, float]]" = {}
"""What was seen of threads that are not certain to be blocked: (their context switches, whether they seemed to be
blocked, since when)."""
_blocked: "dict[int, _Blocked]" = {}
"""The processes that are watched."""
MOST_BLOCKED = 4
"""The most processes to watch, as each takes three of the files that a job may have open."""
_busy: "Thread | None" = None
"""A thread that was running at the last look."""
_seen: "dict[Thread, Look] | None" = None
_since = 0.0
"""The last look at which all seemed to wait, and its time."""


def alone(parent: int, first: int) -> bool:
    """Whether the calling thread is the job's only thread. `first`, a child of `parent`, is the job's program.

    Processes whose own parent has ended are children of `parent`, too.
    """
    if not SEEN:
        return True
    if _thread._count() or os.getpid() != first:
        return False
    try:
        return _has_no_child() and list(map(int, _children_of(parent).split())) == [first]
    except OSError:  # this Linux does not list children
        return True


def _has_no_child() -> bool:
    """Whether this process certainly has no child."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT | WALL)
    except ChildProcessError:
        return True
    except OSError:  # before Linux 4.7
        pass
    return False


def state(process: int, thread: int) -> str:
    """RUNS, ENDED or STOPPED (by SIGSTOP)."""
    try:
        letter = _letter(process, thread)
    except OSError:
        return ENDED if SEEN else RUNS
    return ENDED if letter in b"ZX" else STOPPED if letter == b"T" else RUNS


def waits(parent: int, first: "int | None", asleep: "list[Thread]", me: "Thread") -> bool:
    """Whether no thread of the job except the caller, `me`, has anything to do. Threads that are `asleep` check the
    clock from time to time; all others must be blocked. Threads are (process, thread). `first` is None once the job's
    program has ended.

    We look at all of them twice. A thread that runs in between, and is blocked again, has had another context switch.
    So if both looks are equal, there was a moment between them when all were blocked. The first look may be that of an
    earlier call, if it was certain.
    """
    global _seen, _since
    if _busy and _busy != me and _still_runs(*_busy):  # not `me`, which another thread of this process may have seen
        return False
    pause = 0.0
    if _thread._count():
        # A thread of this process may be blocked only because the caller holds the interpreter lock. It wakes up once
        # in each interval.
        pause = 4 * sys.getswitchinterval()
        sys.setswitchinterval(INTERVAL)
    try:
        seen = _look(parent, first, asleep, me)
        if seen is None:
            return False
        if seen == _seen and _monotonic() >= _since + pause and all(look[-1] for look in seen.values()):
            return True
        _seen, _since = seen, _monotonic()
        if pause:
            _sleep(pause)
        return _look(parent, first, asleep, me) == seen
    except OSError:  # a thread has just ended
        return False


def _look(parent: int, first: "int | None", asleep: "list[Thread]", me: "Thread") -> "dict[Thread, Look] | None":
    """{(process, thread): (voluntary context switches, involuntary ones, whether it is certainly blocked)}, or None if
    a thread is not blocked."""
    global _busy
    _busy = None
    looks: dict[Thread, Look] = {}
    pending = list(map(int, _children_of(parent).split()))
    if first and first not in pending:
        return None  # the job is over
    while pending:
        process = pending.pop()
        if process == me[0] and _has_no_child() and len(_threads(process)) == 1:
            continue
        watched = _blocked.get(process)
        children = watched.children() if watched else None
        if watched and children is not None:
            looks[process, process] = watched.look
            pending += children
            continue
        threads = _threads(process)
        if not threads:
            return None  # it has ended, and its parent has learned of that since we looked at the parent
        for number in threads:
            pending += _children(process, number)
            thread = process, number
            if thread == me:
                continue
            certain = thread not in asleep and _read(process, number, "wchan") not in (b"", b"0")
            status = _read(process, number, "status")
            letter = _field(status, b"State")[:1]
            if letter in b"ZX" and process != first:
                looks[thread] = letter, True  # at the first look its parent may not have woken up yet
            elif letter != b"T" and (letter != b"S" or _has_signal(status)):
                _busy = thread
                return None
            elif thread not in asleep:
                switches = _switches(status)
                look = (*switches, certain)
                looks[thread] = look
                if not certain and not _seems_blocked(thread, switches):
                    return None
                if certain and len(threads) == 1 and _seen and _seen.get(thread) == look:
                    _watch(process, look)
    return looks


def _threads(process: int) -> "list[int]":
    """The threads of a process; [] if it has just ended."""
    directory = "/proc/%d/task" % process
    return [process] if os.stat(directory).st_nlink == ONE_THREAD else list(map(int, os.listdir(directory)))


def _still_runs(process: int, thread: int) -> bool:
    """Whether a thread is running or runnable."""
    try:
        return _letter(process, thread) == b"R"
    except OSError:
        return False


def _letter(process: int, thread: int) -> bytes:
    """The letter of a thread's state. (Faster than reading its signals and context switches.)"""
    return _read(process, thread, "stat").rpartition(b") ")[2][:1]


class KeptOpen:
    """A file that is kept open, as opening it takes most of the time. The job may close it, and open another file that
    gets the same number. Raises OSError."""

    def __init__(self, path: str, how: int) -> None:
        self.path, self.how = path, how
        self._open()

    def _open(self) -> None:
        self.number = os.open(self.path, self.how)
        self._opened = os.fstat(self.number)

    def is_open(self) -> bool:
        """Whether its number still refers to this file."""
        try:
            return os.path.samestat(os.fstat(self.number), self._opened)
        except OSError:
            return False

    def descriptor(self) -> int:
        """Its file descriptor; opens the file again if the job has closed it. Raises OSError."""
        if not self.is_open():
            self._open()
        return self.number

    def close(self) -> None:
        """Close it, unless the job already has."""
        if self.is_open():
            os.close(self.number)


def _children_of(process: int) -> bytes:
    """The children of a process with a single thread, as listed in /proc. Keeps that file open."""
    global _siblings
    path = "/proc/%d/task/%d/children" % (process, process)
    if _siblings is None or _siblings.path != path:
        _siblings = KeptOpen(path, os.O_RDONLY)
    return os.pread(_siblings.descriptor(), 1 << 14, 0)


class _Blocked:
    """A process with a single thread that is certainly blocked, and a cheap way to see that it still is: it is blocked
    and has not run since. (Opening files and reading `status` take most of the time of a look.)"""

    def __init__(self, look: "Look") -> None:
        self.look = look
        self.files: list[KeptOpen] = []

    def open(self, process: int) -> None:
        """Begin to watch this process. Raises OSError."""
        for name in "schedstat", "wchan", "children":
            self.files.append(KeptOpen("/proc/%d/task/%d/%s" % (process, process, name), os.O_RDONLY))
        self.runs = self._runs()

    def _read(self, which: int) -> bytes:
        return os.pread(self.files[which].number, 1 << 14, 0)

    def _runs(self) -> bytes:
        """How often it has run; "0" or "" where Linux does not count that."""
        return b"".join(self._read(0).split()[2:])

    def children(self) -> "list[int] | None":
        """Its children; None if it may have run since."""
        try:
            # In this order: if it is blocked now, and afterwards has still not run, it was blocked all the time.
            if self._read(1) not in (b"", b"0") and self.runs not in (b"", b"0") and self._runs() == self.runs:
                return [int(word) for word in self._read(2).split()]
        except (OSError, ValueError):
            pass  # it has ended, or the job has closed these files
        return None

    def close(self) -> None:
        for file in self.files:
            file.close()


def _watch(process: int, look: "Look") -> None:
    """From now on, watch this blocked process, if there is room for its files."""
    for other in [other for other in _blocked if other == process or _blocked[other].children() is None]:
        _blocked.pop(other).close()
    if len(_blocked) < MOST_BLOCKED:
        watched = _Blocked(look)
        try:
            watched.open(process)
        except OSError:  # it has ended, the job has reached its limit of open files, or Linux lacks these files
            watched.close()
        else:
            _blocked[process] = watched


def _seems_blocked(thread: "Thread", switches: "tuple[int, int]") -> bool:
    """Whether a thread in the state "sleeping" is really blocked, if Linux does not show where it is blocked (which
    would be certain). A thread that lost its processor just before it fell asleep has that state, too, and goes on as
    soon as it gets a processor."""
    before, blocked, since = _known.get(thread, ((0, 0), False, _monotonic()))
    if switches == before:
        blocked = blocked or _monotonic() > since + LONG
    else:
        blocked, since = switches[1] == before[1], _monotonic()
    _known[thread] = switches, blocked, since
    return blocked


def _switches(status: bytes) -> "tuple[int, int]":
    """A thread's context switches: (voluntary, involuntary)."""
    return int(_field(status, b"voluntary_ctxt_switches")), int(_field(status, b"nonvoluntary_ctxt_switches"))


def _has_signal(status: bytes) -> int:
    """Whether a signal is pending that the thread does not block."""
    pending, blocked = (int(_field(status, name) or b"0", 16) for name in (b"SigPnd", b"SigBlk"))
    return (pending | int(_field(status, b"ShdPnd") or b"0", 16)) & ~blocked


def _children(process: int, thread: int) -> "list[int]":
    return [int(word) for word in _read(process, thread, "children").split()]


def _field(status: bytes, name: bytes) -> bytes:
    return status.partition(b"\n" + name + b":")[2].partition(b"\n")[0].strip()


def _read(process: int, thread: int, name: str) -> bytes:
    file = os.open("/proc/%d/task/%d/%s" % (process, thread, name), os.O_RDONLY)
    try:
        return os.read(file, 1 << 14)
    finally:
        os.close(file)
