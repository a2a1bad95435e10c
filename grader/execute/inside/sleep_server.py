"""Wakes up `sleep` commands when their time is up, and a shell's `read -t` also when there is something to read. Here a
`sleep` is a small shell script, as starting Python takes longer than most sleeps.

The server is started before a program that seems to run `sleep`; without it, each `sleep` runs Python. A `sleep` takes
a named pipe from a small pool, as creating a pipe would take half of its time. It writes its process id, its duration
and the name of its pipe into the server's pipe, and waits for a line from its own pipe, which comes when it is time.
Meanwhile it is blocked like any process that waits, as is the server while nobody sleeps: see quiescence.py.
"""

import os
import stat

import clock
import leftovers
import quiescence

MYPY = False  # see clock.py
if MYPY:
    from typing import NoReturn

SOON, LATER = 0.0002, 0.001
"""The first and the longest pause, in seconds, before the server checks again whether all others wait."""
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
NONE, UNSEEN = -1, -2
"""NONE: there is no file to watch. UNSEEN: the file can't be watched."""
POOL = "abcd"
"""The names of the pooled pipes; a `sleep` (shell/sleep) that finds them all taken creates its own."""


def begin(pipe: str, starter: int) -> None:
    """Start a server that listens on this named pipe, unless one exists or no process can be started.

    The server's identity is written to the file descriptor `starter`: the starter must distinguish the server from what
    a job leaves running. None of the job's code has run yet.
    """
    if not quiescence.SEEN or os.path.exists(pipe):
        return
    try:
        for name in POOL:
            os.mkfifo(f"{pipe}.{name}")
        os.mkfifo(pipe)
    except OSError:
        return
    file = os.open(pipe, os.O_RDWR)  # from now on it always has a reader, and never ends
    child = _fork(pipe)
    if child:
        os.waitpid(child, 0)
    elif child == 0:
        server = _fork(pipe)
        if server != 0:
            os.write(starter, b"server %d %d\n" % (leftovers.identity(server) or (0, 0)) if server else b"")
            os._exit(0)  # so that the server is not a child of the program, which might wait for it
        _detach(file)
        _serve(pipe, file)
    os.close(file)


def _fork(pipe: str) -> "int | None":
    """As os.fork(); None, and the pipe is removed, if no process can be started."""
    try:
        return os.fork()
    except OSError:
        os.unlink(pipe)
        return None


def _detach(file: int) -> None:
    """Leave the process group, and close files whose end others may wait for."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    for number in map(int, os.listdir("/proc/self/fd")):
        if number > 2 and number not in (file, clock.descriptor()):
            try:
                os.close(number)
            except OSError:
                pass  # the descriptor of the listing itself


def _serve(pipe: str, file: int) -> "NoReturn":
    pause = SOON

    def request(real: float) -> "list[int]":
        nonlocal pause
        pause = min(pause * 1.2, LATER)
        watched = [sleeper[3] for sleeper in asleep if sleeper[3] >= 0]
        return clock.real_select([file, *watched], [], [], min(real, pause))[0]

    asleep: list[tuple[float, int, str, int]] = []
    woken: dict[tuple[int, str], int] = {}
    while True:
        for ended in [sleeper for sleeper in asleep if not _lives(sleeper[1])]:
            asleep.remove(ended)
            _release(f"{pipe}.{ended[2]}")
            _stop_watching(ended[3])
        asleep.sort()
        for sleeper in [sleeper for sleeper in woken if not _lives(sleeper[0])]:
            os.close(woken.pop(sleeper))
            _release(f"{pipe}.{sleeper[1]}")
        ready = clock.wait_until(asleep[0][0], request) if asleep else clock.real_select([file], [], [])[0]
        for waiter in [sleeper for sleeper in asleep if sleeper[3] in ready] if ready else asleep[:1]:
            asleep.remove(waiter)
            _stop_watching(waiter[3])
            sleeper = waiter[1:3]
            # Open the pipe for reading, too, while the sleeper lives: if it was stopped, it may not have opened it yet.
            if sleeper not in woken:
                woken[sleeper] = os.open(f"{pipe}.{sleeper[1]}", os.O_RDWR)
            os.write(woken[sleeper], b"ready\n" if ready else b"unknown\n" if waiter[3] == UNSEEN else b"\n")
        if ready and file in ready:
            asleep += map(_sleeper, os.read(file, 4096).splitlines())
            pause = SOON


def _lives(process: int) -> bool:
    return quiescence.state(process, process) != quiescence.ENDED


def _release(pipe: str) -> None:
    """Free a pipe for the next `sleep`."""
    try:
        os.unlink(pipe + ".taken")
    except OSError:
        pass  # the job has removed it


def _sleeper(line: bytes) -> "tuple[float, int, str, int]":
    """(until, process, name of its pipe, file to watch), from the line that a `sleep` or `read -t` wrote. A pipe keeps
    such short lines together."""
    process, time, name, *reads = line.decode().split()
    file = _opened(process, reads[0]) if reads else NONE
    return clock.moment() + (0 if file == UNSEEN else seconds(time)), int(process), name, file


def _opened(process: str, number: str) -> int:
    """A descriptor of our own for the pipe that another process reads from; UNSEEN if it is no pipe, or a named pipe
    that the process has not opened for writing, too. (Opened again, such a pipe does not show that its last writer has
    gone.)"""
    path = f"/proc/{process}/fd/{number}"
    try:
        with open(f"/proc/{process}/fdinfo/{number}", "rb") as info:
            writes = int(info.read().split()[3], 8) & os.O_RDWR
        seen = os.readlink(path).startswith("pipe:") or (writes and stat.S_ISFIFO(os.stat(path).st_mode))
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK) if seen else UNSEEN
    except (OSError, ValueError, IndexError):
        return UNSEEN


def _stop_watching(file: int) -> None:
    if file >= 0:
        os.close(file)


def seconds(text: str) -> float:
    """The seconds of `90`, `1.5m`, `2h` or `infinity`. Raises ValueError."""
    unit = UNITS.get(text[-1:])
    return float(text[:-1]) * unit if unit else float(text)
