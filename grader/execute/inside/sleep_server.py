"""Keeps the time for `sleep`s that are small shell scripts, as starting a Python takes longer than they live.

It is started before a program that seems to start `sleep`; without it, each is a Python. Every one takes a bed, a named
pipe of which some are there, as to make one takes half as long as all else. It writes its number, how long it sleeps
and in which bed into the keeper's pipe, and waits for a line from its own, which comes when it is time. Whoever sleeps
so, and the keeper when nobody does, is blocked like any process that waits for something: see quiescence.py.
"""

import os

import clock
import leftovers
import quiescence

MYPY = False  # see clock.py
if MYPY:
    from typing import NoReturn

SOON, LATER = 0.0002, 0.001
"""Seconds after which the keeper looks again whether all others wait: mostly they do at once, or not for long."""
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
BEDS = "abcd"
"""Pipes that are there; a `sleep` (scratch.py) that finds them taken makes one."""


def begin(pipe: str, told: int) -> None:
    """Start a keeper that is told who sleeps by this named pipe, unless there is one, or no process can be had.

    `told`, a file descriptor, gets to know who it is: the starter has to tell it from what a job leaves running, and
    none of the job's code has run yet.
    """
    if not quiescence.SEEN or os.path.exists(pipe):
        return
    try:
        for bed in BEDS:
            os.mkfifo(f"{pipe}.{bed}")
        os.mkfifo(pipe)
    except OSError:
        return
    file = os.open(pipe, os.O_RDWR)  # it is open for reading from now on, and never at its end
    child = _fork(pipe)
    if child:
        os.waitpid(child, 0)
    elif child == 0:
        keeper = _fork(pipe)
        if keeper != 0:
            os.write(told, b"%d %d\n" % (leftovers.identity(keeper) or (0, 0)) if keeper else b"")
            os._exit(0)  # so that the keeper is nobody's child who would wait for it
        _stand_apart(file)
        _keep(pipe, file)
    os.close(file)


def _fork(pipe: str) -> "int | None":
    """As os.fork does; None if there can't be another process. Then nobody will read the pipe, and it is gone."""
    try:
        return os.fork()
    except OSError:
        os.unlink(pipe)
        return None


def _stand_apart(file: int) -> None:
    """Leave the process group, and close what others would wait for to be closed."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    for number in map(int, os.listdir("/proc/self/fd")):
        if number > 2 and number not in (file, clock.descriptor()):
            try:
                os.close(number)
            except OSError:
                pass  # that of the list itself


def _keep(pipe: str, file: int) -> "NoReturn":
    soon = SOON

    def told(real: float) -> "list[int]":
        nonlocal soon
        soon = min(soon * 1.2, LATER)
        return clock.real_select([file], [], [], min(real, soon))[0]

    asleep: list[tuple[float, int, str]] = []
    woken: dict[tuple[int, str], int] = {}
    while True:
        for gone in [one for one in asleep if not _lives(one[1])]:
            asleep.remove(gone)
            _leave(f"{pipe}.{gone[2]}")
        asleep.sort()
        for one in [one for one in woken if not _lives(one[0])]:
            os.close(woken.pop(one))
            _leave(f"{pipe}.{one[1]}")
        if not asleep:
            clock.real_select([file], [], [])
        elif not clock.wait_until(asleep[0][0], told):
            one = asleep.pop(0)[1:]
            # Open for reading, too, as one that was stopped may not have opened it yet; and as long as that one lives.
            if one not in woken:
                woken[one] = os.open(f"{pipe}.{one[1]}", os.O_RDWR)
            os.write(woken[one], b"\n")
            continue
        asleep += map(_sleeper, os.read(file, 4096).splitlines())
        soon = SOON


def _lives(process: int) -> bool:
    return quiescence.state(process, process) != quiescence.ENDED


def _leave(bed: str) -> None:
    """Have a bed free for the next one."""
    try:
        os.unlink(bed + ".taken")
    except OSError:
        pass  # the job has


def _sleeper(line: bytes) -> "tuple[float, int, str]":
    """(until, process, bed) of what one has told. It is a few bytes, which a pipe keeps together."""
    process, time, bed = line.decode().split()
    return clock.moment() + seconds(time), int(process), bed


def seconds(text: str) -> float:
    """What `90`, `1.5m`, `2h`, `infinity` are in seconds. Raises ValueError."""
    unit = UNITS.get(text[-1:])
    return float(text[:-1]) * unit if unit else float(text)
