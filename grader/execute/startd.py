"""The judge's side of the starter: starts it, sends it requests to execute programs one after the other, ends it.

The starter itself is inside/starter.py, at the other end of two pipes. It runs beside the jobs, so it may be stopped or
killed by a job at any time.
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
"""How often to try to start a starter, if it ends at once or does not reply."""


def has_processes() -> bool:
    """Whether programs can be started on this system. (In a browser the functions exist, but fail.)"""
    return hasattr(os, "fork") and sys.platform not in ("emscripten", "wasi")


def require_fork() -> None:
    """Raise MachineTrouble where a starter could not work, as on Windows."""
    if not has_processes():
        raise MachineTrouble(
            "Jobs can't run here, because this system can't fork a process. On Windows, set up WSL once "
            "(`wsl --install` in PowerShell, then restart), and run the same command in its terminal."
        )


class Answer(NamedTuple):
    """How a program ended, as its starter saw it."""

    code: int | None
    signal: int | None
    over: str
    """The limit that the program exceeded: time, cpu, memory, processes, disk; '' if none."""
    cpu: float
    """Seconds of processor time that it took."""
    begun: bool = True
    """Whether the program was begun; `failed`: the system's error number if it can't be executed, else 0."""
    failed: int = 0
    lost: bool = False
    """Whether the starter died too, so that no file left behind can be relied on."""
    trouble: str = ""
    """Why no process could be started, in the system's words."""
    starts: int = 1
    """How often the program was started: fewer times than requested if an earlier start did not end as expected."""
    left: Sequence[Sequence[Any]] | None = ()
    """After a checkpoint, each process that is left running: (whether an earlier start left it, its command in
    hexadecimal digits). None if they can't be determined."""


class Startd:
    """Keeps a starter running, which `confine` restricts to writing below `scratch`."""

    def __init__(self, scratch: Path, confine: Confinement | None = None):
        self._scratch, self._confine = scratch, confine
        self._starter: subprocess.Popen[bytes] | None = None
        self._abandoned = False
        self._first: list[int] = []
        """File descriptors (pidfd_open(2)) of bubblewrap's children, to reach them even after bubblewrap has ended.
        Such a child is the first process in its namespace: all others there end with it."""

    def execute(self, request: dict[str, Any], wall: float) -> Answer:
        """Have a program executed; the starter ends it after `wall` seconds of real time.

        inside/starter.py defines the request. Raises MachineTrouble.
        """
        starter = self._starter or self._start()
        try:
            message = marshal.dumps(request)
            with waiting(wall):
                line = _ask(starter, b"%d\n" % len(message) + message, wall + PATIENCE)
        except BaseException:  # interrupted: the answer must not be taken for the answer to the next request
            self._end_all()
            raise
        if line.endswith(b"\n"):
            return Answer(**json.loads(line))
        self._end_all()  # the starter is dead or stopped, so it can't end the program
        return Answer(None, int(signal.SIGKILL), "", 0.0, lost=True)

    def end(self) -> None:
        """End the starter, if there is one, and all its descendants."""
        if self._starter is None:
            return
        requests, answers = _pipes(self._starter)
        try:
            requests.close()  # without further requests it ends by itself
        except BrokenPipeError:
            pass
        try:
            self._starter.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            self._starter.kill()
            self._starter.wait()
        answers.close()
        for first in self._first:
            _kill(first)
        self._starter, self._first = None, []

    def abandon(self) -> None:
        """Kill the starter that another thread is waiting for, and start no more."""
        self._abandoned = True
        if starter := self._starter:
            starter.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        for _ in range(STARTS):
            if self._abandoned:
                raise MachineTrouble("An execution was abandoned.")
            starter = self._starter = self._started()
            if self._abandoned:  # since the check above
                starter.kill()
            if _line(starter, 6 * PATIENCE):
                self._first = _child_handles(starter.pid) if self._confine else []
                return starter
            self.end()
        raise MachineTrouble("The processes in which jobs run can't be started on this machine.")

    def _started(self) -> subprocess.Popen[bytes]:
        command = self._confine(starter_command(), self._scratch) if self._confine else starter_command()
        # _SIMULATOR_SCRATCH marks its processes for _end_all_below().
        environment = {
            "_SIMULATOR_SCRATCH": str(self._scratch),
            "PATH": os.defpath,
            "PYTHONHASHSEED": "0",
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        try:
            # If this call is interrupted, the files that the starter is about to read are removed. It then ends by
            # itself, with an error message that nobody needs.
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
    requests, _ = _pipes(starter)
    try:
        requests.write(request)
        requests.flush()
    except BrokenPipeError:
        return b""
    return _line(starter, patience)


def _line(starter: subprocess.Popen[bytes], patience: float) -> bytes:
    """The starter's next line; b"" if it is dead or stopped."""
    ready, (_, answers) = select.poll(), _pipes(starter)
    ready.register(answers, select.POLLIN)
    return answers.readline() if ready.poll(patience * 1000) else b""


def _pipes(starter: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """The pipe for requests and the pipe for answers."""
    assert starter.stdin and starter.stdout, "the starter has both pipes"
    return starter.stdin, starter.stdout


def _end_all_below(scratch: Path) -> None:
    """Kill all descendants of a starter (Linux)."""
    mark = os.fsencode(scratch)
    for _ in range(100):
        pids = [int(p.parent.name) for p in Path("/proc").glob("[0-9]*/environ") if mark in _bytes(p)]
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        if not pids:
            return
        time.sleep(0.01)


def _child_handles(pid: int) -> list[int]:
    """File descriptors for a process's children."""
    handles = []
    for child in _bytes(Path(f"/proc/{pid}/task/{pid}/children")).split():
        try:
            handles.append(os.pidfd_open(int(child)))
        except (OSError, AttributeError):  # it has just ended, or Linux is older than 5.3
            pass
    return handles


def _kill(handle: int, seconds: float = 5.0) -> None:
    """Kill a process, if it still exists, and wait until it has ended."""
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
