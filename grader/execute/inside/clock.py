"""Virtual time inside a job's own processes: sleeping costs nothing and moves the clock.

The clock is a small file outside the sandbox, mapped by every process of one execution, so that a
shell script, its `sleep` and a Python program below it all read the same time. Besides the time it
lists the waiters (which thread waits for which time) and the deadlines (when to send which signal:
an eviction, an alarm). The process that moves the clock past a deadline sends the signal.

With several processes or threads, time passes only when none of them has anything to do before a
later time: each is asleep or blocked (see quiescence.py). So a program and a process that watches it
meet at the same moments in every run, however fast the machine is.

Time passes when a process sleeps, and by TICK each time a process reads the clock, so that a loop that
polls the clock ends. Computing takes no virtual time, so that two runs have the same history. With a
`rate` it takes that many virtual seconds for each second of processor time, and no two runs are exactly
the same: each process counts its own computing when it reads the clock or sleeps, and the starter
counts the rest, ten times a second and at the end.

This file runs in the job, not in the judge, which trusts it for the time and for nothing else. It needs
only the standard library and Python 3.6, which is why newer types are in quotes, as in the other files
that any Python may run.

The clock file begins with the time as a line of text, for shells to read (shell/).
"""

import _signal as signal  # importing the modules signal and struct takes longer than a sleep
import _struct as struct
import _thread
import mmap
import os
import select
import time as _time

MYPY = False  # a type checker takes it for True; saves an import of typing
if MYPY or not __package__:
    import quiescence
else:  # the judge, which only creates clocks and reads them
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
"""The zero of time.monotonic(): a moment before every job, as on a real machine."""
SIZE = 32768
MANY = 16
"""With this many waiters, those that have ended are removed."""
SOON = 0.0003
"""Seconds of real time after which a sleeping process checks the clock again ..."""
SLICE = 0.005
"""... and a blocked process, which also wakes up at once when what it waits for happens."""

MOST_LOOKS, PAUSE = 100, 0.5
"""After this many readings of the same time, the next reading waits for PAUSE seconds: the process loops until a
certain time, which comes only if this process waits, too. shell/ does the same for shells."""
MOST_LOOKS_ALONE, PAUSE_ALONE = 5000, 0.05
"""The same for a process that is alone: each reading takes TICK, and after this many readings PAUSE_ALONE."""

_TEXT = struct.Struct("=24s")  # the time, as text
_SERIAL = struct.Struct("=q")  # number of changes
# time, when a waiter last woke up, lengths of both lists, first process, its parent, whether the job is over, whether it
# has read the clock
_HEAD = struct.Struct("=dd6i")
_COMPUTED = struct.Struct("=dd")  # seconds of processor time already counted, virtual seconds for each of them
_DEADLINE = struct.Struct("=diid")  # when, which process, which signal, seconds until SIGKILL
_WAITING = struct.Struct("=diii")  # until, process, thread, whether blocked
_DEADLINES, _WAITERS = 128, 2048
"""The offsets of the two lists in the file."""
_MOST_DEADLINES = (_WAITERS - _DEADLINES) // _DEADLINE.size
_MOST_WAITERS = (SIZE - _WAITERS) // _WAITING.size

_real_sleep, real_select = _time.sleep, select.select
real_poll: "Any" = getattr(select, "poll", None)
"""The real functions, which python_time.py replaces for the job."""
_guard: "Any" = _thread.RLock()
"""Any, because its private methods are used here."""
_map: "mmap.mmap"
_file: "quiescence.KeptOpen"
"""The clock, since attach()."""
_family = 0, 0
"""The process ids of the parent of the job's program, and of the program itself."""
_rate = 0.0
"""Virtual seconds for each second of processor time."""
_own: "float | None" = None
"""The processor time counted in the clock when this process began, minus what the process itself had used by then."""
_times, _process_time = os.times, _time.process_time
_WHERE_COMPUTED = _TEXT.size + _SERIAL.size + _HEAD.size


class _State:
    """The contents of the clock file; `serial` counts the changes."""

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
        # The number of changes is written last and read first: if it is new, so is everything else.
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
        """Remember the present values."""
        self.stored = self._values()

    def store(self) -> None:
        """Write to the file what has changed since keep()."""
        values = self._values()
        if values == self.stored:
            return
        self.serial += 1
        deadlines, waiting = values[-2:]
        for record, start, items in (_DEADLINE, _DEADLINES, deadlines), (_WAITING, _WAITERS, waiting):
            for index, item in enumerate(items):
                record.pack_into(_map, start + index * record.size, *item)
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


def _records(record: "struct.Struct", start: int, count: int, end: int) -> "list[tuple[Any, ...]]":
    count = min(count, (end - start) // record.size)
    return list(record.iter_unpack(_map[start : start + count * record.size])) if count > 0 else []


def _text(now: float) -> bytes:
    return b"%.6f\n" % now


_queue: "list[None]" = []
"""An element for each thread that waits for the lock."""


class _Locked:
    """Locks the clock and gives its state; changes to it are stored at the end. A signal handler that needs the clock
    while its process has locked it gets the same state."""

    depth = 0
    state: "_State"

    def __enter__(self) -> "_State":
        _queue.append(None)
        _guard.acquire()
        _queue.pop()
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
    """In the child: release the lock if another thread held it, as that thread does not exist here."""
    global _own
    _own = None
    if not _guard._is_owned():
        _guard._at_fork_reinit()
        _Locked.depth = 0
        _queue.clear()


if hasattr(os, "register_at_fork"):  # since Python 3.7
    os.register_at_fork(after_in_child=_after_fork)


def create(path: str, now: float, rate: float = 0.0) -> None:
    """Create a clock file that shows `now`, in seconds since the epoch, and moves by `rate` seconds for each second of
    processor time."""
    with open(path, "wb") as file:
        head = _TEXT.pack(_text(now)) + _SERIAL.pack(0) + _HEAD.pack(now, 0.0, 0, 0, 0, 0, 0, 0)
        head += _COMPUTED.pack(0.0, rate)
        file.write(head.ljust(SIZE, b"\0"))


def read(content: bytes) -> "tuple[float, bool]":
    """(the time, whether the job has read the clock), from the first bytes of a clock file."""
    if len(content) < _TEXT.size + _SERIAL.size + _HEAD.size:
        return float("nan"), False  # only the job can have truncated it
    now, *_, looked = _HEAD.unpack_from(content, _TEXT.size + _SERIAL.size)
    return now, bool(looked)


def attach(path: str, begins: bool = False) -> None:
    """From now on, use the clock file at this absolute path. `begins`: this process is the job's program."""
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
    """This process's file descriptor for the clock, opened again if the job has closed it."""
    return _file.descriptor()


def await_rest(path: str) -> None:
    """After the job's program has ended, while time stands still: wait until everything that it left running waits for
    a later time, or for ever. Called in a child of the starter, which is not part of the job."""
    global _map
    with open(path, "rb") as file:
        _map = mmap.mmap(file.fileno(), SIZE, prot=mmap.PROT_READ)
    me, starter = (os.getpid(), os.getpid()), os.getppid()
    while not quiescence.waits(starter, None, [waiter[1:3] for waiter in _State().waiting if not waiter[3]], me):
        _real_sleep(SOON)


def moment() -> float:
    """The virtual time, for our own use: unlike now(), reading it takes no time."""
    return _State().now


# -- deadlines --------------------------------------------------------------------


def add_deadline(after: float, pid: int, number: int, grace: float = 0.0) -> None:
    """Signal process `pid` (a group, if negative) in `after` seconds, and kill it `grace` seconds later; if `grace` is
    negative, repeat the signal every `-grace` seconds."""
    with _Locked() as state:
        state.deadlines.append((state.now + after, pid, number, grace))


def remove_deadlines(pid: int, number: int) -> "list[Deadline]":
    """Remove the deadlines of this process for this signal, and return them: (when, pid, signal, grace)."""
    with _Locked() as state:
        removed = [deadline for deadline in state.deadlines if deadline[1:3] == (pid, number)]
        state.deadlines = [deadline for deadline in state.deadlines if deadline not in removed]
    return removed


def _move(state: _State, target: float) -> "Deadline | None":
    """Move the clock to `target`, or to the first deadline before it. Returns that deadline; the caller must then send
    its signal."""
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
    # Once the job's program is killed, time stands still for its other processes.
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
"""The time after this process's last reading, and the number of readings since anything else changed it."""


def now() -> float:
    """The virtual time, in seconds since the epoch.

    If this process is alone, each reading takes TICK, and more in a long loop. Otherwise the other processes must keep
    up, so reading takes no time until it becomes a loop. Until then the result grows by a microsecond each time, so
    that no two results are equal.
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
    """Let `seconds` pass, whatever others do, and send the signals of all deadlines on the way. Returns the new
    time."""
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
    """Sleep: let `seconds` pass, and send the signals of all deadlines on the way."""
    if _rate:
        _compute()
    _sleep(seconds)


def _sleep(seconds: float) -> None:
    if quiescence.alone(*_family):
        _pass(seconds)
    elif not _skip(seconds):
        _wait(lambda now: now + seconds, None)


def _used() -> float:
    """Seconds of processor time used by this process and its children that have ended."""
    return _process_time() + sum(_times()[2:4])


def computed() -> float:
    """Virtual seconds that this process's computing has taken."""
    return _rate and _rate * _process_time()


def _begin_to_compute() -> None:
    global _own
    _own = _State().computed - _used()


def _compute() -> None:
    """Let time pass for the computing of this process that is not counted yet."""
    if _own is None:
        _begin_to_compute()
    with _Locked() as state:
        more = _used() - (state.computed - (_own or 0.0))
        if more <= 0 or state.over:
            return
        state.computed += more
    _sleep(more * _rate)


def count_computing(path: str, total: float) -> None:
    """For the starter, outside the job: let time pass for the job's computing that is not counted yet. `total`: the
    seconds of processor time that the job has used. Does nothing while the job has locked its clock."""
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
    """Wait for something to happen, at most `seconds`. block(real) must block until it happens, but for at most `real`
    seconds of real time, and return something true if it happened, as a lock's acquire() does. Returns that or None."""
    return block(0) or _wait(lambda now: now + seconds, block)


def wait_until(moment: float, block: "Callable[[float], T]") -> "T | None":
    """The same until `moment`, in seconds since the epoch, for a block() that always returns soon: this process checks
    the clock as often as a sleeping process."""
    return block(0) or _wait(lambda now: moment, block, looks=True)


def ended(process: int, seconds: float) -> bool:
    """Whether a child of this process ends within `seconds`. The caller must still reap it."""
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
    """Let `seconds` pass at once, if no other thread of the job has anything to do before or at that time. Returns
    whether the time has passed. The effect is that of _wait(), without an entry in the list of waiters. Impossible with
    several threads in this process: while this thread examines the others, they would take it for blocked, as it is not
    listed."""
    if _thread._count():
        return False
    me = os.getpid(), getattr(_thread, "get_native_id", os.getpid)()
    state = _State()
    until = state.now + seconds
    if (
        state.over
        or until == float("inf")
        or any(deadline[0] <= until for deadline in state.deadlines)
        or any(waiter[0] <= until or waiter[1:3] == me for waiter in state.waiting)
        or not _others_wait(state, (until, *me, False))
    ):
        return False
    with _Locked() as now:
        if now.serial == state.serial:
            now.now = now.woke = until
        return now.serial == state.serial


def _wait(ends: "Callable[[float], float]", block: "Callable[[float], T] | None", looks: bool = False) -> "T | None":
    """Wait until ends(now), or until block() returns something true. `looks`: block() always returns soon."""
    me = os.getpid(), getattr(_thread, "get_native_id", os.getpid)()
    with _Locked() as state:
        until = ends(state.now)
        mine = (until, *me, block is not None and not looks)
        # In a signal handler, the sleep that the signal interrupted is already in the list.
        interrupted = [waiter for waiter in state.waiting if waiter[1:3] == me]
        state.waiting = sorted([*_living(waiter for waiter in state.waiting if waiter[1:3] != me), mine])
    waits = True

    def wake_up(state: _State) -> None:
        nonlocal waits
        state.woke = state.now
        leave(state)
        waits = False

    def leave(state: _State) -> None:
        state.waiting = sorted([waiter for waiter in state.waiting if waiter[1:3] != me] + interrupted)

    try:
        while True:
            state = _State()  # without locking: reading must not make others wait
            if state.over:
                _stand_still()
            first = _first(state.waiting, mine)
            if state.now >= until:
                if first == mine and (state.woke < state.now or _others_wait(state, mine)):
                    if _move_on(state.serial, state.now, wake_up):
                        return None
                    continue  # meanwhile another has woken up, and perhaps ended
            # Sleepers check the clock often, so they also move it for blocked threads.
            elif (
                first[0] > state.now
                and _first(sorted(state.waiting, key=lambda waiter: waiter[3]), mine) == mine
                and _others_wait(state, mine)
            ):
                # What this thread waits for may just have happened; other threads would be running by now.
                result = block(0) if block else None
                if result:
                    return result
                if _move_on(state.serial, first[0], wake_up if first == mine else None):
                    if not waits:
                        return None
                    continue
            earlier = sum(waiter < mine for waiter in state.waiting)
            result = block(SLICE) if block else _real_sleep(SOON * (1 + 2 * earlier))
            if result:
                return result
    finally:
        if waits:
            with _Locked() as state:
                leave(state)


def _living(waiting: "Iterable[Waiter]") -> "list[Waiter]":
    """The waiters; if there are many, without those that have ended, to keep room in the list."""
    waiting = list(waiting)
    if len(waiting) < MANY:
        return waiting
    return [waiter for waiter in waiting if quiescence.state(*waiter[1:3]) != quiescence.ENDED]


def _first(waiting: "list[Waiter]", mine: "Waiter") -> "Waiter":
    """The first waiter that is able to run."""
    return next(
        waiter for waiter in [*waiting, mine] if waiter == mine or quiescence.state(*waiter[1:3]) == quiescence.RUNS
    )


def _others_wait(state: _State, mine: "Waiter") -> bool:
    asleep = [waiter[1:3] for waiter in state.waiting if not waiter[3]]
    return not _queue and quiescence.waits(state.parent, state.first, asleep, mine[1:3]) and not _queue


def _move_on(serial: int, target: float, wake_up: "Callable[[_State], None] | None") -> bool:
    """Move the clock to `target`, or to the first deadline before it, unless the state has changed since `serial`.
    Returns whether it moved. At `target`, call wake_up(state), if given, before releasing the lock."""
    with _Locked() as state:
        if state.serial != serial or (target == float("inf") and not state.deadlines):
            return False
        due = _move(state, target) if target > state.now else None
        if due is None and wake_up:
            wake_up(state)
    if due:
        _send(due)
    return True
