"""Who else is at work in a job: its processes and threads, and whether all of them wait. Reads Linux's /proc;
where there is none, every process believes that it is alone."""

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
"""Whether processes can be looked at at all."""
INTERVAL = 0.0005
"""Seconds after which a thread asks another of its process to let it run Python."""
LONG = 0.02
"""Seconds within which a thread that can run gets a processor."""
WALL = 0x40000000
"""For waitid: children of any kind. (Linux's __WALL, which the module os does not have.)"""
ONE_THREAD = 3
"""Links to the directory of the threads of a process that has one."""
_monotonic, _sleep = time.monotonic, time.sleep
_siblings: "KeptOpen | None" = None
"""A file of _beside(), kept open."""
_known: "dict[Thread, tuple[tuple[int, int], bool, float]]" = {}
"""What was seen of threads of which nothing is certain: (how often they had and lost the processor, whether they seemed
to be blocked, since when)."""
_blocked: "dict[int, _Blocked]" = {}
"""Processes that are watched."""
MOST_BLOCKED = 4
"""Of them, as each takes three of the files that a job may have open."""
_busy: "Thread | None" = None
"""The thread which the last look has seen at work."""
_seen: "dict[Thread, Look] | None" = None
_since = 0.0
"""The last look at which all seemed to wait, and when that was."""


def alone(parent: int, first: int) -> bool:
    """Whether the calling thread is all there is of the job: `first`, a child of `parent`, is its program.

    Processes whose own parent has ended are children of `parent` as well.
    """
    if not SEEN:
        return True
    if _thread._count() or os.getpid() != first:
        return False
    try:
        return _has_no_child() and list(map(int, _beside(parent).split())) == [first]
    except OSError:  # Linux does not tell
        return True


def _has_no_child() -> bool:
    """Whether this process has none, as far as that is told at once."""
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
    """Whether no thread of the job but the caller, `me`, has anything to do. Those that are `asleep` look at the
    clock now and then; all others have to be blocked. Threads are (process, thread). `first` is None once the job's
    program has ended.

    All are looked at twice. Who runs in between, and is blocked again, has given up the processor once more; so if
    both looks show the same, there was a moment between them at which all were blocked. The first of the two may be
    one of long ago, if it was certain.
    """
    global _seen, _since
    if _busy and _busy != me and _still_runs(*_busy):  # another thread of this process may have seen the caller at work
        return False
    pause = 0.0
    if _thread._count():
        # One of this process may be blocked because the caller runs Python. Such a one looks up once in an interval.
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
    except OSError:  # one has just ended
        return False


def _look(parent: int, first: "int | None", asleep: "list[Thread]", me: "Thread") -> "dict[Thread, Look] | None":
    """{(process, thread): (how often it gave up the processor, how often it was taken away, whether it is certain
    that it is blocked)}, or None if one is not blocked."""
    global _busy
    _busy = None
    looks: dict[Thread, Look] = {}
    pending = list(map(int, _beside(parent).split()))
    if first and first not in pending:
        return None  # the job is over
    while pending:
        process = pending.pop()
        if process == me[0] and _has_no_child() and len(_threads(process)) == 1:
            continue
        still = _blocked.get(process)
        children = still.children() if still else None
        if still and children is not None:
            looks[process, process] = still.look
            pending += children
            continue
        threads = _threads(process)
        if not threads:
            return None  # its parent was told of its end after this had looked at the parent
        for thread in threads:
            pending += _children(process, thread)
            who = process, thread
            if who == me:
                continue
            certain = who not in asleep and _read(process, thread, "wchan") not in (b"", b"0")
            status = _read(process, thread, "status")
            letter = _field(status, b"State")[:1]
            if letter in b"ZX" and process != first:
                looks[who] = letter, True  # its parent may not have been woken up yet when this is seen first
            elif letter != b"T" and (letter != b"S" or _is_told(status)):
                _busy = who
                return None
            elif who not in asleep:
                switches = _switches(status)
                look = (*switches, certain)
                looks[who] = look
                if not certain and not _seems_blocked(who, switches):
                    return None
                if certain and len(threads) == 1 and _seen and _seen.get(who) == look:
                    _watch(process, look)
    return looks


def _threads(process: int) -> "list[int]":
    """The threads of a process; none if it has ended just now."""
    directory = "/proc/%d/task" % process
    return [process] if os.stat(directory).st_nlink == ONE_THREAD else list(map(int, os.listdir(directory)))


def _still_runs(process: int, thread: int) -> bool:
    """Whether a thread runs, or wants to."""
    try:
        return _letter(process, thread) == b"R"
    except OSError:
        return False


def _letter(process: int, thread: int) -> bytes:
    """In which state a thread is. (What it is told, and how often it ran, takes longer to see.)"""
    return _read(process, thread, "stat").rpartition(b") ")[2][:1]


class KeptOpen:
    """A file that is kept open, as opening it takes longest. The job may close it, and open another that has got its
    number. Raises OSError."""

    def __init__(self, path: str, how: int) -> None:
        self.path, self.how = path, how
        self._open()

    def _open(self) -> None:
        self.number = os.open(self.path, self.how)
        self._opened = os.fstat(self.number)

    def is_open(self) -> bool:
        """Whether its number is still its own."""
        try:
            return os.path.samestat(os.fstat(self.number), self._opened)
        except OSError:
            return False

    def descriptor(self) -> int:
        """Its file descriptor, a new one if the old one is lost. Raises OSError."""
        if not self.is_open():
            self._open()
        return self.number

    def close(self) -> None:
        """Close it, unless the job has."""
        if self.is_open():
            os.close(self.number)


def _beside(process: int) -> bytes:
    """The processes that this one has started, as its file in /proc tells them."""
    global _siblings
    path = "/proc/%d/task/%d/children" % (process, process)
    if _siblings is None or _siblings.path != path:
        _siblings = KeptOpen(path, os.O_RDONLY)
    return os.pread(_siblings.descriptor(), 1 << 14, 0)


class _Blocked:
    """A process with one thread that is blocked for certain, and a way to see at little cost that it has been so ever
    since: it is blocked, and has not run. (Opening these files, and all that is in status, takes longest in a look.)"""

    def __init__(self, look: "Look") -> None:
        self.look = look
        self.files: list[KeptOpen] = []

    def open(self, process: int) -> None:
        """Begin to watch. Raises OSError."""
        for name in "schedstat", "wchan", "children":
            self.files.append(KeptOpen("/proc/%d/task/%d/%s" % (process, process, name), os.O_RDONLY))
        self.runs = self._runs()

    def _read(self, which: int) -> bytes:
        return os.pread(self.files[which].number, 1 << 14, 0)

    def _runs(self) -> bytes:
        """How often it has got a processor; "0", or nothing, where Linux does not count that."""
        return b"".join(self._read(0).split()[2:])

    def children(self) -> "list[int] | None":
        """Its children; None if it has run since, or that is not known."""
        try:
            # In this order: if it is blocked, and has not run until after that, it was blocked all the time before.
            if self._read(1) not in (b"", b"0") and self.runs not in (b"", b"0") and self._runs() == self.runs:
                return [int(word) for word in self._read(2).split()]
        except (OSError, ValueError):
            pass  # it has ended, or the job has closed these files
        return None

    def close(self) -> None:
        for file in self.files:
            file.close()


def _watch(process: int, look: "Look") -> None:
    """From now on, see of this process at little cost that it is still blocked, as long as there is room for its files."""
    for other in [other for other in _blocked if other == process or _blocked[other].children() is None]:
        _blocked.pop(other).close()
    if len(_blocked) < MOST_BLOCKED:
        watched = _Blocked(look)
        try:
            watched.open(process)
        except OSError:  # it has ended, the job may have no more files open, or Linux has no such files
            watched.close()
        else:
            _blocked[process] = watched


def _seems_blocked(who: "Thread", switches: "tuple[int, int]") -> bool:
    """Whether a thread that is said to be asleep is, where Linux does not tell at which place it is blocked, which is
    certain. It says so as well of one that was about to fall asleep and was deprived of its processor before it did:
    that one goes on as soon as it has one again."""
    before, blocked, since = _known.get(who, ((0, 0), False, _monotonic()))
    if switches == before:
        blocked = blocked or _monotonic() > since + LONG
    else:
        blocked, since = switches[1] == before[1], _monotonic()
    _known[who] = switches, blocked, since
    return blocked


def _switches(status: bytes) -> "tuple[int, int]":
    """How often a thread has given up its processor, and how often it was taken away."""
    return int(_field(status, b"voluntary_ctxt_switches")), int(_field(status, b"nonvoluntary_ctxt_switches"))


def _is_told(status: bytes) -> int:
    """Whether there is a signal that a thread has not taken notice of yet."""
    told, ignored = (int(_field(status, name) or b"0", 16) for name in (b"SigPnd", b"SigBlk"))
    return (told | int(_field(status, b"ShdPnd") or b"0", 16)) & ~ignored


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
