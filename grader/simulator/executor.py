"""Executes a job's program once: (job, sandbox) → (exit, sandbox afterwards, virtual seconds).

The only part of the simulator that touches the disk or starts a process. The program runs in
child processes (inside/starter.py) which are limited in CPU and real time, memory, file size,
open files and processes; the judge reads what they leave behind and trusts nothing else.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import re
import select
import shlex
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, asdict
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

from . import transfer
from .inside import clock
from .isolation import readable
from .job import STDERR, STDOUT, Job
from .tree import Entry, File, Link, TooLarge, Tree

INSIDE = Path(__file__).with_name("inside")
EPOCH = 1628499600.0
"""Where virtual time begins, in seconds since the epoch: 9 August 2021, 09:00 UTC."""
MOST_SECONDS = 1e9
"""Of virtual time in one execution: some thirty years."""
PATIENCE = 10.0
"""Seconds of real time that the starter may be late with its answer."""
_PYTHON = re.compile(rb"#! ?(?:/usr/bin/env |/\S*/)python(?:3(?:\.\d+)?)?\n")


class Exit(NamedTuple):
    """How a program ended: with an exit code, or by a signal."""

    code: int | None = None
    signal: int | None = None

    def __str__(self) -> str:
        if self.code is not None:
            return f"exit code {self.code}"
        try:
            return f"signal {self.signal} ({signal.Signals(self.signal).name})"
        except ValueError:
            return f"signal {self.signal}"


class Stop(NamedTuple):
    """An eviction during an execution: after so many virtual seconds, SIGTERM or SIGKILL."""

    after: float
    signal: int = signal.SIGKILL
    grace: float = 0.0
    """Seconds between SIGTERM and SIGKILL."""


@dataclass(frozen=True)
class Limits:
    """What one execution may use. Memory is not limited on macOS, processes not for root."""

    cpu: int = 20
    """Seconds of processor time."""
    wall: float = 60.0
    """Seconds of real time; virtual time is not limited."""
    memory: int = 4 << 30
    file_bytes: int = 256 << 20
    open_files: int = 256
    processes: int = 4096
    files: int = 10_000
    """Files and directories in the sandbox."""
    sandbox_bytes: int = 512 << 20


class Run(NamedTuple):
    """One execution of a program, as seen from outside."""

    exit: Exit
    sandbox: Tree
    """The directory when the program had ended, stdout and stderr among it."""
    seconds: float
    """Virtual time that it took, to the millisecond."""
    stdout: str
    """What this execution wrote to stdout; `stderr` likewise."""
    stderr: str
    over: str | None = None
    """The limit that it was ended for, in words."""
    unstartable: str | None = None
    """Why it could not even be started, in the system's words."""
    notes: tuple[tuple, ...] = ()
    """With trace=True: the files opened and exceptions raised; see inside/watch.py."""


class NoStarter(OSError):
    """The processes in which jobs run can't be started; nothing can be said of any job."""


class Executes(Protocol):
    """What the rest of the simulator needs of an executor: one that runs in a browser would do."""

    def run(self, job: Job, sandbox: Tree, *, slot: int = 0, clock: float = EPOCH,
            stop: Stop | None = None, trace: bool = False) -> Run: ...

    mark: re.Pattern[bytes]

    def slots_named_in(self, tree: Tree) -> set[int]: ...


class Executor:
    """Starts programs on this machine. Close it, or use it in a `with` statement.

    `confine` is put before the command that starts the starter: see isolation.py.
    """

    def __init__(self, limits: Limits = Limits(), confine=None):
        self.limits = limits
        self._confine = confine
        self._user: int | None = getattr(confine, "user", None)
        self._scratch = Path(os.path.realpath(tempfile.mkdtemp(prefix="execute-")))
        if self._user is not None:
            self._scratch.chmod(0o711)
        self._mounted = {str(self._scratch / "tmp" / path.relative_to("/tmp"))
                         for path in (*map(Path, readable(INSIDE)), self._scratch) if path.is_relative_to("/tmp")}
        """Where bubblewrap mounts something below the job's own /tmp."""
        self._starter: subprocess.Popen | None = None
        self._runs = itertools.count(1)

    def __enter__(self) -> Executor:
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def close(self) -> None:
        """End the starter and remove all that executions left on the disk."""
        self._end_starter()
        _remove(self._scratch)

    mark = re.compile(rb"ep(\d+)x7q3z")
    """The name of an execution point. It is part of a slot's directory and host name and of nothing
    else: a file that has it holds something that is true on one execution point only."""

    @staticmethod
    def name(slot: int) -> str:
        """What mark matches, for this slot."""
        return f"ep{slot + 1}x7q3z"

    def slots_named_in(self, tree: Tree) -> set[int]:
        """The slots that any file's content, name or link has the mark of."""
        return set().union(*map(_slots_named_in, tree.items())) if tree else set()

    def directory(self, slot: int) -> Path:
        """The execute directory of this slot."""
        return self._scratch / f"slot{slot + 1}" / f"dir_{self.name(slot)}"

    def run(self, job: Job, sandbox: Tree, *, slot: int = 0, clock: float = EPOCH,
            stop: Stop | None = None, trace: bool = False) -> Run:
        """Execute the job's program in `sandbox`, in the given slot, when virtual time is `clock`.

        Same job, sandbox and slot: same result, unless the program draws on something random.
        """
        control = self._scratch / f"control{next(self._runs)}"
        directory = self.directory(slot)
        control.mkdir()
        try:
            sandbox = transfer.with_streams(job, sandbox)
            sandbox.write(directory)
            request = self._request(job, sandbox, directory, control, slot, clock, stop, trace)
            self._hand_over(directory, control)
            answer = self._ask(request)
            return self._read(job, sandbox, directory, control, clock, answer)
        finally:
            _remove(control)
            _remove(directory.parent)
            self._tidy()

    def _hand_over(self, *directories: Path) -> None:
        """Give these directories, and all that is in them, to the user that jobs run as."""
        if self._user is None:
            return
        for directory in directories:
            for where, folders, files in os.walk(directory):
                for name in ("", *folders, *files):
                    os.chown(os.path.join(where, name), self._user, self._user, follow_symlinks=False)

    def _tidy(self) -> None:
        """Remove what a job has left beside its sandbox, so that the next execution does not find it."""
        for name in os.listdir(self._scratch):
            if name not in ("tools", "tmp"):
                _remove(self._scratch / name)
        if self._confine is not None:
            _empty(str(self._scratch / "tmp"), self._mounted)

    # -- asking the starter ----------------------------------------------------

    def _request(self, job: Job, sandbox: Tree, directory: Path, control: Path, slot: int,
                 start: float, stop: Stop | None, trace: bool) -> dict:
        clock_file = control / "clock"
        clock.create(clock_file, start)
        stdout = str(directory / STDOUT if STDOUT in job.streams else control / "stdout")
        stderr = str(directory / STDERR if STDERR in job.streams else control / "stderr")
        program = os.path.normpath(directory / job.executable)
        return {
            "program": program,
            "arguments": [program, *job.arguments],
            "python": program if self._is_python(job, sandbox) else None,
            "directory": str(directory),
            "environment": self._environment(job, directory, clock_file, slot),
            "stdout": stdout,
            "stderr": stdout if job.streams_joined else stderr,
            "clock": str(clock_file),
            "stop": stop and [stop.after, int(stop.signal), stop.grace],
            "limits": asdict(self.limits),
            "scratch": str(self._scratch),
            "trace": str(control / "trace") if trace else None,
            "failure": str(control / "failure"),
        }

    @staticmethod
    def _is_python(job: Job, sandbox: Tree) -> bool:
        found = sandbox.get(os.path.normpath(job.executable))
        return isinstance(found, File) and bool(_PYTHON.match(found.content))

    def _environment(self, job: Job, directory: Path, clock_file: Path, slot: int) -> dict[str, str]:
        where = str(directory)
        tools = str(self._tools())
        own = dict(job.environment)
        python_path = [str(INSIDE / "python"), *filter(None, [own.get("PYTHONPATH")])]
        return {
            "HOME": where, "LANG": "C.UTF-8", "USER": "slot1", "BATCH_SYSTEM": "HTCondor", "TZ": "UTC",
            "TMPDIR": where, "TEMP": where, "TMP": where, "PYTHONHASHSEED": "0",
            "_CONDOR_SCRATCH_DIR": where, "_CONDOR_SLOT": f"slot1_{slot + 1}",
            **own,
            "PATH": os.pathsep.join([tools, own.get("PATH", "/usr/local/bin:/usr/bin:/bin")]),
            "PYTHONPATH": os.pathsep.join(python_path), "PYTHONDONTWRITEBYTECODE": "1",
            "_SIMULATOR_CLOCK": str(clock_file), "_SIMULATOR_TOOLS": tools, "_SIMULATOR_HOST": f"{self.name(slot)}.example.net",
        }

    def _tools(self) -> Path:
        """The directory with this execution point's own `sleep`, `timeout`, `date` and `python3`."""
        tools = self._scratch / "tools"
        if not tools.exists():
            tools.mkdir()
            python, script = shlex.quote(sys.executable), shlex.quote(str(INSIDE / "tools.py"))
            for name in ("sleep", "timeout", "date"):
                _executable(tools / name, f'#!/bin/sh\nexec {python} -E -S -s {script} {name} "$@"\n')
            for name in ("python3", "python"):
                _executable(tools / name, f'#!/bin/sh\nexec {python} "$@"\n')
        return tools

    def _ask(self, request: dict) -> dict:
        if self._starter is None:
            self._starter = self._start()
            if not self._answer():
                self._end_starter()
                raise NoStarter("The processes in which jobs run can't be started on this machine.")
        try:
            self._starter.stdin.write(json.dumps(request).encode() + b"\n")
            self._starter.stdin.flush()
            line = self._answer()
        except BrokenPipeError:
            line = b""
        except KeyboardInterrupt:
            self._end_starter()
            _end_all_below(self._scratch)
            raise
        if line:
            return json.loads(line)
        self._end_starter()  # the program killed its starter, which can't end it any more
        _end_all_below(self._scratch)
        return {"code": None, "signal": int(signal.SIGKILL), "over": "", "cpu": 0.0, "lost": True}

    def _answer(self) -> bytes:
        """The starter's answer; b"" if it is dead, or stopped: it keeps the limits itself, and a little patience
        is enough."""
        ready = select.poll()
        ready.register(self._starter.stdout, select.POLLIN)
        return self._starter.stdout.readline() if ready.poll((self.limits.wall + PATIENCE) * 1000) else b""

    def _start(self) -> subprocess.Popen:
        command: Sequence[str] = [sys.executable, "-s", str(INSIDE / "starter.py")]
        self._tools()
        if self._confine:
            (self._scratch / "tmp").mkdir(exist_ok=True)
            (self._scratch / "tmp").chmod(0o1777)
            command = self._confine(command, self._scratch, INSIDE)
        environment = {"_SIMULATOR_SCRATCH": str(self._scratch), "PATH": os.defpath, "PYTHONHASHSEED": "0", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
                                cwd=self._scratch, start_new_session=True)

    def _end_starter(self) -> None:
        if self._starter is not None:
            below = _children(self._starter.pid) if self._confine else []
            try:
                self._starter.stdin.close()  # asked for nothing more, it ends by itself
            except BrokenPipeError:
                pass
            try:
                self._starter.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                self._starter.kill()
                self._starter.wait()
                _wait_for(below)
            self._starter.stdout.close()
            self._starter = None

    # -- reading what is left --------------------------------------------------

    def _read(self, job: Job, before: Tree, directory: Path, control: Path, start: float, answer: dict) -> Run:
        exit = Exit(answer["code"], answer["signal"])
        over = None
        if answer["over"]:
            over = {"time": f"{self.limits.wall:g} s of real time",
                    "memory": f"{self.limits.memory >> 20} MB of memory",
                    "disk": f"{self.limits.files} files or {self.limits.sandbox_bytes >> 20} MB of disk"}[answer["over"]]
        elif exit.signal == getattr(signal, "SIGXCPU", None) is not None or (
                exit.signal == signal.SIGKILL and answer["cpu"] >= self.limits.cpu):
            over = f"{self.limits.cpu} s of processor time"
        after = before
        if not answer.get("lost") and all(map(_is_directory, (directory.parent, directory, control))):
            try:
                after = Tree.read(directory, self.limits.files, self.limits.sandbox_bytes)
            except TooLarge as problem:
                over = f"{problem} in the sandbox"
            except OSError as problem:  # directories in directories, too deep for a path
                over = f"can be read of the sandbox ({problem.strerror})"
        return Run(
            exit=exit,
            sandbox=after,
            seconds=_elapsed(control / "clock", start),
            stdout=_written(STDOUT, "stdout", before, after, control),
            stderr=_written(STDERR, "stderr", before, after, control),
            over=over,
            unstartable=_text(control / "failure") or None,
            notes=tuple(_notes(control / "trace")),
        )


@lru_cache(1024)
def _slots_named_in(item: tuple[str, Entry]) -> frozenset[int]:
    path, entry = item
    text = os.fsencode(path) + b"\0" + (entry.content if isinstance(entry, File)
                                        else os.fsencode(entry.target) if isinstance(entry, Link) else b"")
    return frozenset(int(number) - 1 for number in Executor.mark.findall(text))


def _written(name: str, plain: str, before: Tree, after: Tree, control: Path) -> str:
    """What an execution wrote to a stream: to its file in the sandbox, or to one beside it."""
    old, new = before.get(name), after.get(name)
    if isinstance(old, File) and isinstance(new, File):
        return File(new.content[len(old.content):]).text
    return _text(control / plain)


def _text(path: Path, most: int = 1 << 20) -> str:
    return _plain_bytes(path, most).decode("utf-8", "replace")


def _plain_bytes(path: Path, most: int) -> bytes:
    """The beginning of a regular file; nothing of a link, a pipe or a device that a job has put in its place."""
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _CAREFUL)) as file:
            return file.read(most) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else b""
    except OSError:
        return b""


_CAREFUL = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def _elapsed(clock_file: Path, start: float) -> float:
    """The virtual seconds since `start`, whatever a job has made of its clock."""
    shown = _plain_bytes(clock_file, 8)
    now = struct.unpack("=d", shown)[0] if len(shown) == 8 else start
    return round(min(max(0.0, now - start), MOST_SECONDS), 3) if math.isfinite(now) else 0.0


def _is_directory(path: Path) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _notes(path: Path) -> Iterator[tuple]:
    for line in _text(path).splitlines():
        try:
            note = json.loads(line)
        except ValueError:
            continue
        if isinstance(note, list) and note:
            yield tuple(note)


def _end_all_below(scratch: Path) -> None:
    """Kill every process that an executor's starter has started, directly or not (Linux)."""
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


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _children(pid: int) -> list[int]:
    return [int(word) for word in _bytes(Path(f"/proc/{pid}/task/{pid}/children")).split()]


def _wait_for(processes: list[int], seconds: float = 5.0) -> None:
    """Wait until these processes have ended. The first of a namespace ends after all the others in it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(_bytes(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()[:1]
                                           not in ([], [b"Z"]) for pid in processes):
        time.sleep(0.001)


def _executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def _remove(directory: Path) -> None:
    def make_writable(function, path, error):
        os.chmod(os.path.dirname(path), 0o700)
        os.chmod(path, 0o700)
        function(path)

    if not _is_directory(directory):
        directory.unlink(missing_ok=True)
        return
    try:
        shutil.rmtree(directory)
    except RecursionError:
        _remove_deep(directory)
    except OSError:
        try:
            shutil.rmtree(directory, onerror=make_writable)
        except (OSError, RecursionError):
            _remove_deep(directory)


def _remove_deep(directory: Path) -> None:
    """Remove a directory that is too deep for Python."""
    for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
        subprocess.run([*command, str(directory)], capture_output=True)


def _empty(directory: str, keep: set[str]) -> None:
    """Remove everything in a directory but `keep`, and the directories on the way there."""
    for name in os.listdir(directory):
        path = os.path.join(directory, name)
        if path in keep:
            continue
        if any(kept.startswith(path + os.sep) for kept in keep):
            _empty(path, keep)
        else:
            _remove(Path(path))
