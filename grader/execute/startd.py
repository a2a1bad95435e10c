"""The judge's end of the starter: starts it, asks it to execute programs one after the other, ends it.

What the starter does with a request is in inside/starter.py, on the other end of two pipes. It shares
its processes with the jobs: it may die, stop or be killed by one at any time. No judgement is here.
"""

from __future__ import annotations

import json
import marshal
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from ..rules.execution import MachineTrouble
from .given import waiting
from .inside import starter_command
from .isolation import Confinement

PATIENCE = 10.0
"""Seconds of real time that the starter may be late with its answer."""
STARTS = 3
"""How often a starter is started that ends at once, or says nothing."""


def has_processes() -> bool:
    """Whether programs can be started on this system. (In a browser the functions are there, and fail.)"""
    return hasattr(os, "fork") and sys.platform not in ("emscripten", "wasi")


def require_fork() -> None:
    """Raise MachineTrouble where a starter could not work, as on Windows."""
    if not has_processes():
        raise MachineTrouble(
            "Jobs can't be run here: a process can't be forked on this system. On Windows, set up WSL once "
            "(`wsl --install` in PowerShell, then restart), and run the same command in its terminal."
        )


class Answer(NamedTuple):
    """How a program ended, as its starter saw it."""

    code: int | None
    signal: int | None
    over: str
    """The limit that the starter ended it for: time, cpu, memory, processes, disk; '' if none."""
    cpu: float
    """Seconds of processor time that it took."""
    lost: bool = False
    """Whether the starter died with it, so that nothing that it left can be relied on."""
    trouble: str = ""
    """Why no process could be had for it, in the system's words."""
    starts: int = 1
    """How often the program was started: less than asked for if one start before the last ended as none should."""
    left: Sequence[Sequence[Any]] | None = ()
    """After a checkpoint: (whether it was left by an earlier start, its command in hexadecimal digits) of each process
    that is left running. None if that can't be said."""


class Startd:
    """Keeps a starter running, which can write below `scratch` only if `confine` sees to it."""

    def __init__(self, scratch: Path, confine: Confinement | None = None):
        self._scratch, self._confine = scratch, confine
        self._starter: subprocess.Popen[bytes] | None = None
        self._abandoned = False
        self._first: list[int] = []
        """By which bubblewrap's child is reached, even if bubblewrap is not there any more: the first process in a
        namespace, with which all others in it end. (File descriptors; see pidfd_open(2).)"""

    def execute(self, request: dict[str, Any], wall: float) -> Answer:
        """Have a program executed that ends within `wall` seconds of real time: the starter sees to that.

        What a request says is told in inside/starter.py. Raises MachineTrouble.
        """
        starter = self._starter or self._start()
        try:
            told = marshal.dumps(request)
            with waiting(wall):
                line = _ask(starter, b"%d\n" % len(told) + told, wall + PATIENCE)
        except BaseException:  # interrupted: its answer would be taken for that to the next request
            self._end_all()
            raise
        if line.endswith(b"\n"):
            return Answer(**json.loads(line))
        self._end_all()  # the starter is dead or stopped, and can't end the program any more
        return Answer(None, int(signal.SIGKILL), "", 0.0, lost=True)

    def end(self) -> None:
        """End the starter, if there is one, and all below it."""
        if self._starter is None:
            return
        asked, answers = _pipes(self._starter)
        try:
            asked.close()  # asked for nothing more, it ends by itself
        except BrokenPipeError:
            pass
        try:
            self._starter.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            self._starter.kill()
            self._starter.wait()
        answers.close()
        for first in self._first:
            _end_by(first)
        self._starter, self._first = None, []

    def abandon(self) -> None:
        """Kill the starter that another thread waits for, and start none any more."""
        self._abandoned = True
        if starter := self._starter:
            starter.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        for _ in range(STARTS):
            if self._abandoned:
                raise MachineTrouble("An execution was given up.")
            starter = self._starter = self._started()
            if self._abandoned:  # in between
                starter.kill()
            if _line(starter, 6 * PATIENCE):
                self._first = _handles(starter.pid) if self._confine else []
                return starter
            self.end()
        raise MachineTrouble("The processes in which jobs run can't be started on this machine.")

    def _started(self) -> subprocess.Popen[bytes]:
        command = self._confine(starter_command(), self._scratch) if self._confine else starter_command()
        # The scratch directory is named for _end_all_below() alone.
        environment = {
            "_SIMULATOR_SCRATCH": str(self._scratch),
            "PATH": os.defpath,
            "PYTHONHASHSEED": "0",
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        try:
            # If this very call is interrupted, nobody waits for the starter, and the files go that it is about to read.
            # It ends by itself then, and what it says of that is for nobody.
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd=self._scratch,
                start_new_session=True,
            )
        except OSError as error:
            raise MachineTrouble(
                f"The processes in which jobs run can't be started: {error.strerror} ({error.filename})."
            ) from None

    def _end_all(self) -> None:
        self.end()
        _end_all_below(self._scratch)


def _ask(starter: subprocess.Popen[bytes], request: bytes, patience: float) -> bytes:
    asked, _ = _pipes(starter)
    try:
        asked.write(request)
        asked.flush()
    except BrokenPipeError:
        return b""
    return _line(starter, patience)


def _line(starter: subprocess.Popen[bytes], patience: float) -> bytes:
    """What the starter says next; b"" if it is dead, or stopped."""
    ready, (_, answers) = select.poll(), _pipes(starter)
    ready.register(answers, select.POLLIN)
    return answers.readline() if ready.poll(patience * 1000) else b""


def _pipes(starter: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """What it is asked by, and what it answers by."""
    assert starter.stdin and starter.stdout, "it is started with both"
    return starter.stdin, starter.stdout


def _end_all_below(scratch: Path) -> None:
    """Kill every process that a starter has started, directly or not (Linux)."""
    mark = os.fsencode(scratch)
    for _ in range(100):
        found = [int(p.parent.name) for p in Path("/proc").glob("[0-9]*/environ") if mark in _bytes(p)]
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        if not found:
            return
        time.sleep(0.01)


def _handles(pid: int) -> list[int]:
    """Of a process's children."""
    found = []
    for word in _bytes(Path(f"/proc/{pid}/task/{pid}/children")).split():
        try:
            found.append(os.pidfd_open(int(word)))
        except (OSError, AttributeError):  # it has just ended, or Linux is older than 5.3
            pass
    return found


def _end_by(handle: int, seconds: float = 5.0) -> None:
    """Kill a process, if it is still there, and wait until it has ended."""
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        pass
    ended = select.poll()
    ended.register(handle, select.POLLIN)
    ended.poll(seconds * 1000)
    os.close(handle)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
