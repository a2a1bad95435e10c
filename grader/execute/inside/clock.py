"""Virtual time inside a job's own processes: sleeping costs nothing and moves the clock.

The clock is a small file outside the sandbox, mapped by every process of one execution, so that a
shell script, its `sleep` and a Python program below it all read the same time. Beside the time it
holds who is waiting for which time, and deadlines: what is to be signalled when (an eviction, an
alarm). The process that moves the clock past a deadline sends the signal.

Where several processes or threads are at work, time passes only when none of them has anything to
do before a later time comes: each is asleep, or blocked (quiescence.py finds out). So a program and
a process that watches it meet at the same moments in every run, however fast the machine is.

This file runs in the job, not in the judge: it is believed for the time and for nothing else.
It needs the standard library only, and Python 3.6 or later, which is why types that it does not know are in quotes here,
as in the other files that any Python may start with. Time passes when a process sleeps,
and by TICK at each look at the clock, so that a loop waiting for a moment comes to an end;
computing takes no virtual time, which makes two runs give the same history. (Where somebody asks for it, it takes so many
virtual seconds for each second of processor time, and no two runs are quite the same. A process counts its own when it
looks at the clock or sleeps; all else the starter counts, ten times a second and at the end.)

The file begins with the time as a line of text, for shells to read (shell/).
"""

import _signal as signal  # the modules signal and struct take longer to import than a sleep takes
import _struct as struct
import _thread
import mmap
import os
import select
import time as _time

MYPY = False  # what a type checker takes for true, without an import of typing
if MYPY or not __package__:
    import quiescence
else:  # the judge, who only makes clocks and reads them
    from . import quiescence

try:
    import fcntl

    _LOCKS = True
except ImportError:  # Windows: one process, one clock
    _LOCKS = False

if MYPY:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn, TypeVar

    T = TypeVar("T")
    Deadline = tuple[float, int, int, float]
    Waiter = tuple[float, int, int, bool]

TICK = 0.001
BOOT = 1.0e9
"""What time.monotonic() counts from: some moment before every job, as on a real machine."""
SIZE = 32768
MANY = 16
"""Of those who wait, it is seen at times which are still there."""
SOON = 0.0003
"""Seconds of real time after which a sleeping process looks at the clock again ..."""
SLICE = 0.005
"""... and one that is blocked, which what it waits for wakes up at once."""

MOST_LOOKS, PAUSE = 100, 0.5
"""Looks at one and the same time after which a process that looks again waits for so many seconds: it is in a loop
until some moment, and among others time passes only if it waits as well. See shell/ for the same in shells."""
MOST_LOOKS_ALONE, PAUSE_ALONE = 5000, 0.05
"""The same for a process that is alone, whose looks all take some time: that of one after so many."""

_TEXT = struct.Struct("=24s")  # the time, as text
_SERIAL = struct.Struct("=q")  # number of changes
# time, when one last woke up, lengths of both lists, first process, its parent, whether it is over, whether the job has
# looked at it
_HEAD = struct.Struct("=dd6i")
_COMPUTED = struct.Struct("=dd")  # seconds of processor time that time has passed for, virtual seconds for each of them
_DEADLINE = struct.Struct("=diid")  # when, which process, which signal, seconds until SIGKILL
_WAITING = struct.Struct("=diii")  # until, process, thread, whether blocked
_DEADLINES, _WAITERS = 128, 2048
"""Where the two lists begin in the file."""
_MOST_DEADLINES = (_WAITERS - _DEADLINES) // _DEADLINE.size
_MOST_WAITERS = (SIZE - _WAITERS) // _WAITING.size

_real_sleep, real_select = _time.sleep, select.select
real_poll: "Any" = getattr(select, "poll", None)
"""Which are other ones for the job: see python_time.py."""
_guard: "Any" = _thread.RLock()
"""It has methods that are for Python's own use, and are used here."""
_map: "mmap.mmap"
_file: "quiescence.KeptOpen"
"""The clock, since attach()."""
_family = 0, 0
"""The parent of the job's program, and the program."""
_rate = 0.0
"""Virtual seconds for each second of processor time."""
_own: "float | None" = None
"""What the clock had counted of processor time when this process began, less what the process had used itself."""
_times, _process_time = os.times, _time.process_time
_WHERE_COMPUTED = _TEXT.size + _SERIAL.size + _HEAD.size


class _State:
    """What the clock file holds; `serial` counts the changes."""

    serial: int
    now: float
    woke: float
    first: int
    parent: int
    over: int
    looked: int
    computed: float
    rate: float

    def __init__(self) -> None:
        # The number of changes is written last, and read first: who reads the new one reads all that is new.
        (self.serial,) = _SERIAL.unpack_from(_map, _TEXT.size)
        (self.now, self.woke, deadlines, waiting, self.first, self.parent, self.over, self.looked) = _HEAD.unpack_from(
            _map, _TEXT.size + _SERIAL.size
        )
        self.computed, self.rate = _COMPUTED.unpack_from(_map, _WHERE_COMPUTED)
        self.deadlines: list[Deadline] = _records(_DEADLINE, _DEADLINES, deadlines, _WAITERS)
        self.waiting: list[Waiter] = _records(_WAITING, _WAITERS, waiting, SIZE)

    def _values(self) -> "tuple[float, float, int, int, int, float, list[Deadline], list[Waiter]]":
        return (
            self.now,
            self.woke,
            self.first,
            self.over,
            self.looked,
            self.computed,
            sorted(self.deadlines)[:_MOST_DEADLINES],
            self.waiting[:_MOST_WAITERS],
        )

    def keep(self) -> None:
        """Remember what is stored now."""
        self.stored = self._values()

    def store(self) -> None:
        """Store what has changed since keep()."""
        values = self._values()
        if values == self.stored:
            return
        self.serial += 1
        deadlines, waiting = values[-2:]
        for record, where, found in (_DEADLINE, _DEADLINES, deadlines), (_WAITING, _WAITERS, waiting):
            for index, one in enumerate(found):
                record.pack_into(_map, where + index * record.size, *one)
        _TEXT.pack_into(_map, 0, _text(self.now))
        _HEAD.pack_into(
            _map,
            _TEXT.size + _SERIAL.size,
            self.now,
            self.woke,
            len(deadlines),
            len(waiting),
            self.first,
            self.parent,
            self.over,
            self.looked,
        )
        _COMPUTED.pack_into(_map, _WHERE_COMPUTED, self.computed, self.rate)
        _SERIAL.pack_into(_map, _TEXT.size, self.serial)


def _records(record: "struct.Struct", where: int, count: int, end: int) -> "list[tuple[Any, ...]]":
    count = min(count, (end - where) // record.size)
    return list(record.iter_unpack(_map[where : where + count * record.size])) if count > 0 else []


def _text(now: float) -> bytes:
    return b"%.6f\n" % now


_wanted: "list[None]" = []
"""One for each thread that waits for the clock."""


class _Locked:
    """The clock's state, for one process at a time; what is done to it is stored. A signal handler that looks at the
    clock while its process has it gets the same state."""

    depth = 0
    state: "_State"

    def __enter__(self) -> "_State":
        _wanted.append(None)
        _guard.acquire()
        _wanted.pop()
        if not _Locked.depth:
            if _LOCKS:
                fcntl.lockf(descriptor(), fcntl.LOCK_EX)
            _Locked.state = _State()
            _Locked.state.keep()
        _Locked.depth += 1
        return _Locked.state

    def __exit__(self, *exc: object) -> None:
        _Locked.depth -= 1
        if not _Locked.depth:
            _Locked.state.store()
            if _LOCKS:
                fcntl.lockf(descriptor(), fcntl.LOCK_UN)
        _guard.release()


def _after_fork() -> None:
    """In the child: the thread that had the clock's state is not there, unless it is this one."""
    global _own
    _own = None
    if not _guard._is_owned():
        _guard._at_fork_reinit()
        _Locked.depth = 0
        _wanted.clear()


if hasattr(os, "register_at_fork"):  # since Python 3.7
    os.register_at_fork(after_in_child=_after_fork)


def create(path: str, now: float, rate: float = 0.0) -> None:
    """Make a clock file that stands at `now`, seconds since the epoch, and moves by `rate` seconds for each second of
    processor time."""
    with open(path, "wb") as file:
        head = _TEXT.pack(_text(now)) + _SERIAL.pack(0) + _HEAD.pack(now, 0.0, 0, 0, 0, 0, 0, 0)
        head += _COMPUTED.pack(0.0, rate)
        file.write(head.ljust(SIZE, b"\0"))


def read(told: bytes) -> "tuple[float, bool, bool]":
    """(the time, whether the job has looked at it, whether it has begun at all) that a clock file tells, of which these
    are the first bytes."""
    if len(told) < _TEXT.size + _SERIAL.size + _HEAD.size:
        return float("nan"), False, True  # nobody but the job can have made it so
    now, _, _, _, first, _, _, looked = _HEAD.unpack_from(told, _TEXT.size + _SERIAL.size)
    return now, bool(looked), first != 0


def attach(path: str, begins: bool = False) -> None:
    """Take the time from this clock file from now on, an absolute path. Who `begins` is the job's program."""
    global _map, _file, _family, _rate
    _file = quiescence.KeptOpen(path, os.O_RDWR)
    _map = mmap.mmap(descriptor(), SIZE)
    with _Locked() as state:
        if begins:
            state.first, state.parent = os.getpid(), os.getppid()
        _family, _rate = (state.parent, state.first), state.rate
    if _rate:
        _begin_to_compute()


def descriptor() -> int:
    """The file descriptor by which this process has the clock, wherever the job has left it."""
    return _file.descriptor()


def await_rest(path: str) -> None:
    """When the job's program has ended, and time stands still: wait until all that it has left running waits for a
    later time, or for ever. For a child of the starter, which is no part of the job."""
    global _map
    with open(path, "rb") as file:
        _map = mmap.mmap(file.fileno(), SIZE, prot=mmap.PROT_READ)
    me, starter = (os.getpid(), os.getpid()), os.getppid()
    while not quiescence.waits(starter, None, [one[1:3] for one in _State().waiting if not one[3]], me):
        _real_sleep(SOON)


def moment() -> float:
    """The virtual time, for who does not act by it: looking takes no time."""
    return _State().now


# -- deadlines --------------------------------------------------------------------


def add_deadline(after: float, pid: int, number: int, grace: float = 0.0) -> None:
    """Signal process `pid` (a group, if negative) in `after` seconds, and kill it `grace` seconds later, or, if that is
    negative, signal it again and again after so many seconds."""
    with _Locked() as state:
        state.deadlines.append((state.now + after, pid, number, grace))


def remove_deadlines(pid: int, number: int) -> "list[Deadline]":
    """Take back the deadlines of this process for this signal, and return them: (when, pid, signal, grace)."""
    with _Locked() as state:
        found = [one for one in state.deadlines if one[1:3] == (pid, number)]
        state.deadlines = [one for one in state.deadlines if one not in found]
    return found


def _move(state: _State, target: float) -> "Deadline | None":
    """Move the clock to `target`, or to the first deadline before it, which is returned, to be sent."""
    due = min(state.deadlines) if state.deadlines else None
    if due is None or due[0] > target:
        if target != float("inf"):
            state.now = max(state.now, target)
        return None
    at, pid, number, grace = due
    state.deadlines.remove(due)
    if grace > 0:
        state.deadlines.append((at + grace, -abs(pid), signal.SIGKILL, 0.0))
    elif grace < 0 and quiescence.state(pid, pid) != quiescence.ENDED:
        state.deadlines.append((at - grace, pid, number, grace))
    state.now = max(state.now, at)
    # Once the job's program is killed, time stands still for what else is running.
    state.over = state.over or (number == signal.SIGKILL and abs(pid) == state.first)
    return due


def _send(deadline: "Deadline") -> None:
    _, pid, number, _ = deadline
    try:
        os.killpg(-pid, number) if pid < 0 else os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def _stand_still() -> "NoReturn":
    while True:
        _real_sleep(1)


# -- the passing of time ------------------------------------------------------------


_looks: "tuple[float | None, int]" = (None, 0)
"""The time after this process's last look, and how many looks there were since it changed otherwise."""


def now() -> float:
    """The virtual time, in seconds since the epoch.

    Looking takes TICK, and more in a loop. Among others, who have to keep up, it takes nothing before it is a loop, but
    a microsecond for the process that looks, so that no two times are the same.
    """
    global _looks
    if _rate:
        _compute()
    time, looks = _looks
    if quiescence.alone(*_family):
        looks = looks + 1 if time == _State().now else 1
        time = _pass(TICK if looks <= MOST_LOOKS_ALONE else PAUSE_ALONE, looked=1)
        _looks = time, looks
        return time
    state = _State()
    if state.over or not state.looked:
        _pass(0.0, looked=1)
    time, looks = state.now, looks + 1 if time == state.now else 1
    _looks = time, looks
    if looks > MOST_LOOKS:
        advance(PAUSE)
        time, looks = _State().now, MOST_LOOKS
        _looks = time, looks
    return time + 1e-6 * looks


def _pass(seconds: float, looked: int = 0) -> float:
    """Let `seconds` pass, whatever others do, sending the signals on the way at their time. Returns the time then."""
    until = None
    while True:
        with _Locked() as state:
            until = state.now + seconds if until is None else until
            state.looked |= looked
            over, due = state.over, None if state.over else _move(state, until)
            time = state.now
        if over or (due is None and until == float("inf")):
            _stand_still()
        if due is None:
            return time
        _send(due)  # a handler that raises ends the sleep here, at the deadline


def advance(seconds: float) -> None:
    """Sleep: let `seconds` pass, sending the signals of all deadlines on the way at their time."""
    if _rate:
        _compute()
    _sleep(seconds)


def _sleep(seconds: float) -> None:
    if quiescence.alone(*_family):
        _pass(seconds)
    elif not _skip(seconds):
        _wait(lambda now: now + seconds, None)


def _used() -> float:
    """Seconds of processor time that this process has used, and those of its children that have ended."""
    return _process_time() + sum(_times()[2:4])


def computed() -> float:
    """Virtual seconds that this process has computed."""
    return _rate and _rate * _process_time()


def _begin_to_compute() -> None:
    global _own
    _own = _State().computed - _used()


def _compute() -> None:
    """Let the time pass that this process's computing takes, as far as nobody has counted it yet."""
    if _own is None:
        _begin_to_compute()
    with _Locked() as state:
        more = _used() - (state.computed - (_own or 0.0))
        if more <= 0 or state.over:
            return
        state.computed += more
    _sleep(more * _rate)


def count_computing(path: str, total: float) -> None:
    """From outside of the job, for its starter: let the time pass that its computing takes, of which it has used `total`
    seconds of processor time, as far as nobody has counted it yet. If the job is busy with its clock, that comes later."""
    global _map
    try:
        with open(path, "r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _map = mmap.mmap(file.fileno(), SIZE)
            state, due = _State(), []
            state.keep()
            if total > state.computed and not state.over:
                target = state.now + (total - state.computed) * state.rate
                state.computed = total
                deadline = _move(state, target)
                while deadline:
                    due.append(deadline)
                    deadline = None if state.over else _move(state, target)
                state.store()
    except (OSError, ValueError):
        return
    for deadline in due:
        _send(deadline)


def advance_to(moment: float) -> None:
    """Sleep until this moment, unless it is past."""
    if moment > _State().now:
        advance(moment - _State().now)


def wait(seconds: float, block: "Callable[[float], T]") -> "T | None":
    """Wait for something to happen, `seconds` at most. block(real seconds) has to block until it happens,
    or for so long, and tell whether it has, as a lock's acquire() does. Returns what block() told, or None."""
    return block(0) or _wait(lambda now: now + seconds, block)


def wait_until(moment: float, block: "Callable[[float], T]") -> "T | None":
    """The same until this moment, in seconds since the epoch, for a process whose block() returns soon in any case: it
    looks at the clock as often as those who sleep."""
    return block(0) or _wait(lambda now: moment, block, looks=True)


def ended(process: int, seconds: float) -> bool:
    """Whether a child of this process has ended within `seconds`. It still has to be waited for."""
    if not hasattr(os, "pidfd_open"):  # before Python 3.9 or Linux 5.3
        return bool(wait(seconds, lambda real: _has_ended(process) or _real_sleep(real) or _has_ended(process)))
    file = os.pidfd_open(process)
    try:
        end = real_poll()
        end.register(file, select.POLLIN)
        return bool(wait(seconds, lambda real: end.poll(real * 1000)))
    finally:
        os.close(file)


def _has_ended(process: int) -> bool:
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _skip(seconds: float) -> bool:
    """Let `seconds` pass at once, if nobody has anything to do before or then; whether they have. It is what _wait()
    comes to, without telling others of it who would only wait. Not among threads: to look at them takes a moment, in
    which others would take this one, that nobody was told of, for blocked."""
    if _thread._count():
        return False
    me = os.getpid(), getattr(_thread, "get_native_id", os.getpid)()
    state = _State()
    until = state.now + seconds
    if (
        state.over
        or until == float("inf")
        or any(one[0] <= until for one in state.deadlines)
        or any(one[0] <= until or one[1:3] == me for one in state.waiting)
        or not _others_wait(state, (until, *me, False))
    ):
        return False
    with _Locked() as now:
        if now.serial == state.serial:
            now.now = now.woke = until
        return now.serial == state.serial


def _wait(ends: "Callable[[float], float]", block: "Callable[[float], T] | None", looks: bool = False) -> "T | None":
    """Wait until ends(now), or until what block() waits for has happened. Who `looks` returns from block() soon."""
    me = os.getpid(), getattr(_thread, "get_native_id", os.getpid)()
    with _Locked() as state:
        until = ends(state.now)
        mine = (until, *me, block is not None and not looks)
        # In a signal handler, the sleep that the signal interrupted is in the list already.
        interrupted = [one for one in state.waiting if one[1:3] == me]
        state.waiting = sorted([*_living(one for one in state.waiting if one[1:3] != me), mine])
    waits = True

    def wake_up(state: _State) -> None:
        nonlocal waits
        state.woke = state.now
        leave(state)
        waits = False

    def leave(state: _State) -> None:
        state.waiting = sorted([one for one in state.waiting if one[1:3] != me] + interrupted)

    try:
        while True:
            state = _State()  # without locking, so that nobody is kept waiting by one who only looks
            if state.over:
                _stand_still()
            first = _first(state.waiting, mine)
            if state.now >= until:
                if first == mine and (state.woke < state.now or _others_wait(state, mine)):
                    if _move_on(state.serial, state.now, wake_up):
                        return None
                    continue  # another has woken up, and perhaps ended, since the look
            # Who sleeps looks often, and so moves the clock for those who are blocked as well.
            elif (
                first[0] > state.now
                and _first(sorted(state.waiting, key=lambda one: one[3]), mine) == mine
                and _others_wait(state, mine)
            ):
                # What this process waits for itself may have happened just now; others would have been woken by it.
                found = block(0) if block else None
                if found:
                    return found
                if _move_on(state.serial, first[0], wake_up if first == mine else None):
                    if not waits:
                        return None
                    continue
            found = block(SLICE) if block else _real_sleep(SOON * (1 + 2 * sum(one < mine for one in state.waiting)))
            if found:
                return found
    finally:
        if waits:
            with _Locked() as state:
                leave(state)


def _living(waiting: "Iterable[Waiter]") -> "list[Waiter]":
    """Those of them that are still there, as far as it takes to keep room in the list."""
    waiting = list(waiting)
    return (
        waiting if len(waiting) < MANY else [one for one in waiting if quiescence.state(*one[1:3]) != quiescence.ENDED]
    )


def _first(waiting: "list[Waiter]", mine: "Waiter") -> "Waiter":
    """The first who could go on if it were its turn."""
    return next(one for one in [*waiting, mine] if one == mine or quiescence.state(*one[1:3]) == quiescence.RUNS)


def _others_wait(state: _State, mine: "Waiter") -> bool:
    asleep = [one[1:3] for one in state.waiting if not one[3]]
    return not _wanted and quiescence.waits(state.parent, state.first, asleep, mine[1:3]) and not _wanted


def _move_on(serial: int, target: float, wake_up: "Callable[[_State], None] | None") -> bool:
    """Move the clock to `target`, or to the first deadline before it, unless something was changed since `serial`;
    whether it was moved. If it is at `target`, call wake_up(state), if anything, while nobody else can act."""
    with _Locked() as state:
        if state.serial != serial or (target == float("inf") and not state.deadlines):
            return False
        due = _move(state, target) if target > state.now else None
        if due is None and wake_up:
            wake_up(state)
    if due:
        _send(due)
    return True
