"""Executes a job's program once: (job, sandbox) → (exit, sandbox afterwards, virtual seconds).

The program runs in child processes (inside/starter.py) that are limited in CPU and real time, memory,
file size, open files and processes. The judge reads the files they leave and trusts nothing else.
This file builds the request for an execution and interprets its results. See scratch.py for the disk,
startd.py for the processes, times.py for the files' times, and leftovers.py for processes left running.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ..rules import transfer
from ..rules.execution import (
    EPOCH,
    Exit,
    Limit,
    Limits,
    LostExecution,
    MachineTrouble,
    Note,
    Run,
    Start,
    Stop,
    Unbroken,
)
from ..rules.job import OWN_FILES, STDERR, STDOUT, Job
from ..submit import ads
from ..tree import Entry, File, Link, TooLarge, Tree
from . import hashing, pythons, unconfined
from .inside import INSIDE
from .isolation import Confinement
from .leftovers import names
from .scratch import SCARCE, Scratch, content, text
from .startd import Answer, Startd, require_fork
from .temporary import is_directory
from .times import LAID_OUT, virtual_times, written_again

if TYPE_CHECKING:  # the files in inside/ import each other as top-level modules, and mypy wants one name for each file
    import clock
else:
    from .inside import clock

MOST_SECONDS = 1e9
"""The most virtual time of one execution: some thirty years."""
EXECUTE = "/var/lib/condor/execute"
"""The name that standard output and error show for the directory of all execute directories, as on many real pools. Its
real name differs between executors, but a story or a grade must be the same each time."""
TRIES = 2
"""How often to execute a program if its processes are lost."""
LOST = (
    f"The processes that ran a program were lost {TRIES} times, so nothing is known about it. This machine is short of "
    "memory, or far too busy: try again later."
)
MOST_SOURCES = 32
"""The most files of a job to compile in advance."""
MOST_SEARCHED = 1 << 16
"""Bytes of a file to search for commands."""
ELF = b"\x7fELF"
"""The first bytes of a compiled program."""
_WORDS = re.compile(rb"[\w.+-]+")
_COMMANDS = re.compile(rb"subprocess|os\.(?:system|exec|spawn|posix_spawn)|popen|pty")
"""How a Python program starts other programs."""
_SLEEPS = re.compile(rb"sleep|\bdate\b|SECONDS|EPOCHREALTIME|%\(|read .*-\w*t")
"""How a shell sleeps or reads the time."""
_MEMORY = {str: [int, str, str, str]}
NOTES = (
    ["open", str, str],
    ["empty", str],
    ["look"],
    ["look", str],
    ["raise", str, int, str, str],
    ["random", str, str],
    ["stay", str, int, float, {str: int}],
    ["back", str, int],
    ["shell"],
    ["first", _MEMORY],
    ["left", _MEMORY],
    ["then", _MEMORY],
)
"""The notes of inside/watch.py, unbroken.py and memory.py, with the types of what is in them."""
USUAL_PATH = "/usr/local/bin:/usr/bin:/bin"
"""The PATH of jobs, by default."""


class Executor:
    """Executes programs on this machine, confined as `confine` says. Close it, or use it in a `with` statement.

    Raises MachineTrouble where processes can't be forked.
    """

    def __init__(
        self,
        limits: Limits = Limits(),
        confine: Confinement | None = None,
        one_machine: bool = False,
        sets_home: bool = True,
        path: str | None = None,
        written: set[str] | None = None,
        seconds_per_cpu_second: float = 0.0,
    ):
        """`one_machine`: files outside the sandbox stay for the next execution in the same slot, as on a single
        machine; otherwise they are removed. `sets_home`: whether jobs have HOME, a directory that is emptied after each
        execution. `path`: the PATH for the user's own jobs, which are then run by the Python in their first line if
        they need modules that this interpreter lacks. `written`: receives the paths of files that programs write
        outside their sandboxes, where nothing prevents that. `seconds_per_cpu_second`: the virtual seconds that a
        second of processor time takes, usually 0; otherwise no two executions take exactly the same time."""
        self.seconds_per_cpu_second = seconds_per_cpu_second
        self.limits, self._confine, self._sets_home, self._path = limits, confine, sets_home, path
        self._one_machine, self._slot, self.kept_outside, self._written_outside = one_machine, 0, Tree(), written
        self._prepare()

    def _prepare(self) -> None:
        """Prepare the directories and the processes of executions."""
        require_fork()
        self._scratch = Scratch(self.limits.sandbox_bytes, self._confine)
        self._startd = Startd(self._scratch.path, self._confine)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes and remove all that executions left on the disk."""
        self._startd.end()
        self._scratch.remove()

    def abandon(self) -> None:
        """End the execution in progress in another thread, where run() raises MachineTrouble, and start no more."""
        self._startd.abandon()

    mark = re.compile(rb"ep(\d+)x7q3z")
    """The name of an execution point, as it appears in a slot's directory and host name and nowhere else. A file that
    contains it holds something that is true on that execution point only."""

    @classmethod
    def host(cls, slot: int) -> str:
        """The host name of this slot's execution point."""
        return f"{cls.name(slot)}.example.net"

    @staticmethod
    def name(slot: int) -> str:
        """The name of this slot's execution point, which matches `mark`."""
        return f"ep{slot + 1}x7q3z"

    def slots_named_in(self, tree: Tree) -> set[int]:
        """The slots whose mark is in the content, name or link target of a file."""
        return set().union(*map(_slots_named_in, tree.items())) if tree else set()

    def renew(self) -> None:
        """Use new processes and directories for the next execution, free of all traces of earlier executions."""
        self._startd.end()
        self._scratch.renew()

    def normalized(self, text: str) -> str:
        """A text with EXECUTE in place of the real directory of all execute directories."""
        return text.replace(str(self._scratch.path), EXECUTE)

    def afresh(self) -> AbstractContextManager[None]:
        """No effect, as this executor remembers nothing."""
        return nullcontext()

    def keeps_state(self, seed: str | None) -> bool:
        """Whether an execution was seen to depend on more than its sandbox. This executor does not check."""
        return False

    def apart(self) -> AbstractContextManager[None]:
        """No effect, as this executor does not look for state outside the sandbox."""
        return nullcontext()

    def directory(self, slot: int) -> Path:
        """The execute directory of this slot."""
        return self._scratch.execute_directory(slot, self.name(slot))

    def run(
        self,
        job: Job,
        sandbox: Tree,
        *,
        slot: int = 0,
        clock: float = EPOCH,
        stop: Stop | None = None,
        trace: bool = False,
        beside: tuple[Start, ...] = (),
        unbroken: Unbroken | None = None,
    ) -> Run:
        """Execute the job's program in `sandbox`, in the given slot, at virtual time `clock`.

        `beside`: the earlier starts that left processes running. They are repeated first, in the sandbox of the first
        of them, so that this execution runs beside those processes. `unbroken`: a Python program goes on where it would
        exit with the checkpoint exit code, and the run's notes are those of inside/unbroken.py.

        The same job, sandbox and slot give the same result, unless the program uses something random.
        Raises MachineTrouble, which is LostExecution if the processes are lost TRIES times.
        """
        sandbox = transfer.with_streams(job, sandbox)
        if sum(len(file.content) for file in sandbox.regular().values()) > self.limits.sandbox_bytes:
            return Run(Exit(), sandbox, 0.0, "", "", over=f"{self.limits.sandbox_bytes} bytes in the sandbox")
        for _ in range(TRIES):
            run = self._run(job, (*beside, Start(sandbox, clock)), slot, stop, trace, unbroken)
            # SIGKILL that we did not send may mean that the machine was short of memory.
            if not run.lost and (stop or run.over or run.exit.signal != signal.SIGKILL):
                break
        if run.lost:
            raise LostExecution(LOST)
        if run.unaided and beside and not stop and not trace:
            alone = self.run(job, sandbox, slot=slot, clock=clock)
            return run._replace(unaided=alone._replace(looked=run.looked) == run)
        return run

    def _run(
        self, job: Job, starts: tuple[Start, ...], slot: int, stop: Stop | None, trace: bool, unbroken: Unbroken | None
    ) -> Run:
        directory = self.directory(slot)
        if self._one_machine and slot != self._slot:
            self._scratch.clear()
            self._slot, self.kept_outside = slot, Tree()
        try:
            with self._scratch.room():
                stamps = self._stamps(job)
                first, own = starts[0], ads.own_files(job, str(directory), self.host(slot))
                real, began = time.time(), time.monotonic()
                self._scratch.lay_out(directory, first.sandbox, own, first.sandbox.times.get(LAID_OUT, first.clock))
                request = self._request(job, starts, slot, stop, trace)
                request["unbroken"] = unbroken and [request["checkpoint"], unbroken._asdict()]
                self._scratch.hand_over(directory)
                answer = self._startd.execute(request, self.limits.wall)
                real = min(real, time.time() - (time.monotonic() - began))  # the clock may have been set back
                if answer.trouble:
                    raise MachineTrouble(
                        f"No process could be started for a program: {answer.trouble}. Is memory short, or `ulimit -u` too small?"
                    )
                run = self._conclude(job, starts, directory, real, answer, trace or unbroken is not None)
                run = self._with_writes(run, unconfined.changed(stamps, self._stamps(job)))
                if answer.starts < len(starts) or answer.left is None:
                    return run._replace(left=None)
                left = [(bool(earlier), str(command)) for earlier, command in answer.left]
                return run._replace(left=names(job, left), unaided=not any(earlier for earlier, _ in left))
        finally:
            self._scratch.clear(keep_outside=self._one_machine)

    def _stamps(self, job: Job) -> unconfined.Stamps:
        return unconfined.stamps(job, self._scratch.path) if self._written_outside is not None else {}

    def _with_writes(self, run: Run, paths: tuple[str, ...]) -> Run:
        """The run, with the `paths` that it wrote outside its sandbox, where nothing prevents that."""
        if self._written_outside is not None:
            self._written_outside.update(paths)
        if paths and self._one_machine:
            self.kept_outside |= unconfined.contents(paths, self.limits.file_bytes)
        return run._replace(outside=(*run.outside, *paths))

    # -- the request -----------------------------------------------------------

    def _request(
        self, job: Job, starts: tuple[Start, ...], slot: int, stop: Stop | None, trace: bool
    ) -> dict[str, object]:
        """The request to the starter; see inside/starter.py."""
        directory, control = self.directory(slot), self._scratch.control
        sandbox, clock_file = starts[0].sandbox, f"{control}/clock"
        clock.create(clock_file, starts[0].clock, self.seconds_per_cpu_second)
        stdout, stderr = self._streams(job, directory)
        program = os.path.normpath(directory / job.executable)
        sources = [f"{directory}/{path}" for path, entry in _sources(job.inputs) if sandbox.get(path) == entry]
        each = [self._start(job, start, slot, directory, clock_file) for start in starts]
        each[0] |= {"begins": None, "sources": sources}
        each[-1] |= {
            "stop": stop and [stop.after, int(stop.signal), stop.grace],
            "trace": f"{control}/trace" if trace else None,
        }
        return {
            "starts": each,
            "checkpoint": [job.checkpoint_exit_code, job.checkpoint_signal] if job.self_checkpointing else None,
            "program": program,
            "arguments": [program, *job.arguments],
            "directory": str(directory),
            "control": str(control),
            "sleeps": _starts_sleeps(job.inputs, job.arguments),
            "stdin": f"{directory}/{job.stdin}" if job.stdin else os.devnull,
            "stdout": stdout,
            "stderr": stderr,
            "clock": clock_file,
            "computing": self.seconds_per_cpu_second > 0,
            "limits": _as_dict(self.limits),
            "scratch": str(self._scratch.path),
        }

    def _streams(self, job: Job, directory: Path) -> tuple[str, str]:
        """The files to which a program's stdout and stderr go."""
        control = self._scratch.control
        stdout = f"{directory}/{STDOUT}" if STDOUT in job.streams else f"{control}/stdout"
        stderr = f"{directory}/{STDERR}" if STDERR in job.streams else f"{control}/stderr"
        return stdout, stdout if job.streams_joined else stderr

    def _start(self, job: Job, start: Start, slot: int, directory: Path, clock_file: str) -> dict[str, Any]:
        """The part of the request that differs between starts."""
        environment = self._environment(job, start.sandbox, directory, clock_file, slot)
        python = _is_python(job, start.sandbox) and environment["PYTHONHASHSEED"] == hashing.FIXED
        python = python and (self._path is None or pythons.suffices(job.inputs))
        return {
            "environment": environment,
            "python": python,
            "interpreter": self._interpreter(job, start.sandbox),
            "begins": start.clock,
            "sources": [],
            "stop": None,
            "trace": None,
        }

    def _environment(self, job: Job, sandbox: Tree, directory: Path, clock_file: str, slot: int) -> dict[str, str]:
        where, tools, own = str(directory), str(self._scratch.tools), dict(job.environment)
        python_path = [str(INSIDE / "python"), *filter(None, [own.get("PYTHONPATH")])]
        return {
            **ads.threads(job),
            "LANG": "C.UTF-8",
            "USER": "slot1",
            "TZ": "UTC",
            "PYTHONHASHSEED": hashing.seed(sandbox, slot),
            "BASH_ENV": f"{tools}/time.bash",
            "PERL5LIB": str(INSIDE / "perl"),
            "PERL5OPT": "-MVirtualTime",
            "R_PROFILE": str(INSIDE / "R" / "VirtualTime.R"),
            **own,
            **ads.environment(where, slot),
            **({"HOME": str(self._scratch.home)} if self._sets_home else {}),
            "PATH": os.pathsep.join([tools, own.get("PATH", self._path or USUAL_PATH)]),
            "PYTHONPATH": os.pathsep.join(python_path),
            "PYTHONDONTWRITEBYTECODE": "1",
            "_SIMULATOR_CLOCK": clock_file,
            "_SIMULATOR_TOOLS": tools,
            "_SIMULATOR_CODE": f"{self._scratch.control}/code",
            "_SIMULATOR_HOST": self.host(slot),
            **self._other_python(job),
        }

    def _interpreter(self, job: Job, sandbox: Tree) -> str | None:
        """The Python that a program's first line names; None for all but the user's own Python programs."""
        entry = sandbox.get(os.path.normpath(job.executable))
        return pythons.named_in(entry.content, self._path) if self._path and isinstance(entry, File) else None

    def _other_python(self, job: Job) -> dict[str, str]:
        """The environment variable that names the user's own Python, if the job needs modules that this one lacks."""
        if self._path is None or pythons.suffices(job.inputs):
            return {}
        python = shutil.which("python3", path=self._path)
        return {"_SIMULATOR_PYTHON": python} if python else {}

    # -- the result ------------------------------------------------------------

    def _conclude(
        self, job: Job, starts: tuple[Start, ...], directory: Path, real: float, answer: Answer, trace: bool
    ) -> Run:
        before, start, _ = starts[-1]
        exit, limit, after = Exit(answer.code, answer.signal), self._limit(answer), before
        over = limit and self._in_words(limit)
        if limit is Limit.REAL_TIME and (name := _compiled(job)):
            over = (
                f"{over} ({name} is a compiled program, whose sleeps and waits take real time here: try shorter ones)"
            )
        # A job may have put a link in its place.
        control = str(self._scratch.control) if is_directory(self._scratch.control) else os.devnull
        now, looked = clock.read(content(f"{control}/clock", clock.SIZE))
        seconds = _elapsed(now, start)
        outside = self._scratch.names_outside()
        if not answer.lost and self._scratch.is_whole(directory):
            try:
                if self._one_machine:
                    self.kept_outside = self._scratch.files_outside(self.limits.files, self.limits.sandbox_bytes)
                tree = Tree.read(directory, self.limits.files, self.limits.sandbox_bytes, OWN_FILES, fifos=True)
                times = tree.times if len(starts) == 1 else written_again(before, tree)
                after = Tree(self._normalized_streams(tree), virtual_times(before, times, start, seconds, real))
            except TooLarge as problem:
                over = f"{str(problem).removeprefix('more than ')} in the sandbox"
            except OSError as problem:  # directories nested too deeply for a path
                if problem.errno in SCARCE:
                    raise
                over = f"can be read in the sandbox ({problem.strerror})"
        over = over or self._too_large(before, after)
        return Run(
            exit=exit,
            sandbox=after,
            seconds=seconds,
            stdout=self._written(STDOUT, before, after, text(f"{control}/stdout")),
            stderr=self._written(STDERR, before, after, text(f"{control}/stderr")),
            over=over,
            limit=limit,
            unstartable=os.strerror(answer.failed) if answer.failed else None,
            error=answer.failed,
            looked=looked or os.path.exists(f"{control}/clock.asked"),
            lost=answer.lost or not answer.begun,
            outside=outside,
            notes=tuple(_notes(text(f"{control}/trace"))) if trace else (),
        )

    def _normalized_streams(self, sandbox: Tree) -> Tree:
        """A sandbox with its two streams normalized."""
        root = os.fsencode(self._scratch.path)
        for name in (STDOUT, STDERR):
            entry = sandbox.get(name)
            if isinstance(entry, File) and root in entry.content:
                sandbox = sandbox.put(name, entry._replace(content=entry.content.replace(root, os.fsencode(EXECUTE))))
        return sandbox

    def _too_large(self, before: Tree, after: Tree) -> str | None:
        """The limit on the size of a file, in words, if the execution wrote a file that reaches it; else None."""
        changed = after.changed_since(before).regular().values()
        return (
            self._in_words(Limit.FILE) if any(len(file.content) >= self.limits.file_bytes for file in changed) else None
        )

    def _written(self, name: str, before: Tree, after: Tree, other: str) -> str:
        """What an execution wrote to a stream: to its file in the sandbox, or else the text `other`."""
        old, new = before.get(name), after.get(name)
        if isinstance(old, File) and isinstance(new, File):
            return File(new.content[len(old.content) :]).text
        return self.normalized(other)

    def _limit(self, answer: Answer) -> Limit | None:
        """The limit that ended the program."""
        if answer.over:
            return Limit(answer.over)
        if answer.signal == signal.SIGXCPU or (answer.signal == signal.SIGKILL and answer.cpu >= self.limits.cpu):
            return Limit.PROCESSOR_TIME
        return Limit.FILE if answer.signal == signal.SIGXFSZ else None

    def _in_words(self, limit: Limit) -> str:
        limits = self.limits
        return {
            Limit.REAL_TIME: f"{limits.wall:g} s of real time",
            Limit.PROCESSOR_TIME: f"{limits.cpu} s of processor time",
            Limit.PROCESSES: f"{limits.processes} processes at a time",
            Limit.MEMORY: f"{limits.memory >> 20} MB of memory",
            Limit.DISK: f"{limits.files} files or {limits.sandbox_bytes >> 20} MB of disk",
            Limit.FILE: f"{limits.file_bytes >> 20} MB in one file",
        }[limit]


@lru_cache(16)
def _as_dict(limits: Limits) -> dict[str, object]:
    return asdict(limits)


@lru_cache(64)
def _sources(inputs: Tree) -> list[tuple[str, File]]:
    """The Python files among a job's inputs, as (path, file)."""
    sources = [
        (path, file)
        for path, file in inputs.regular().items()
        if path.endswith(".py") or (file.executable and pythons.FIRST_LINE.match(file.content))
    ]
    return sources[:MOST_SOURCES]


@lru_cache(64)
def _starts_sleeps(inputs: Tree, arguments: tuple[str, ...]) -> bool:
    """Whether a job seems to run the command `sleep`, or a shell that reads the time: in a loop, that is a way to
    sleep. (A job that is overlooked only takes longer.)"""

    def starts(path: str, content: bytes) -> bool:
        if path.endswith(".py") or pythons.FIRST_LINE.match(content):
            return b"sleep" in content and bool(_COMMANDS.search(content))
        return bool(_SLEEPS.search(content))

    return any(_SLEEPS.search(os.fsencode(word)) for word in arguments) or any(
        starts(path, file.content[:MOST_SEARCHED]) for path, file in inputs.regular().items()
    )


def _compiled(job: Job) -> str:
    """The compiled program that a job runs: its executable, or else one of its input files that its script names. "" if
    there is none. (A program that is not among the job's files is overlooked.)"""
    main = os.path.normpath(job.executable)
    programs = {path: file.content for path, file in job.inputs.regular().items() if file.executable}
    compiled = [path for path, content in programs.items() if content.startswith(ELF) and ".so" not in path]
    if main in compiled:
        return main
    words = set(_WORDS.findall(programs.get(main, b""))).union(map(os.fsencode, job.arguments))
    return next((path for path in compiled if os.fsencode(os.path.basename(path)) in words), "")


def _is_python(job: Job, sandbox: Tree) -> bool:
    entry = sandbox.get(os.path.normpath(job.executable))
    return isinstance(entry, File) and entry.executable and bool(pythons.FIRST_LINE.match(entry.content))


@lru_cache(1024)
def _slots_named_in(item: tuple[str, Entry]) -> frozenset[int]:
    path, entry = item
    searched = (
        os.fsencode(path)
        + b"\0"
        + (entry.content if isinstance(entry, File) else os.fsencode(entry.target) if isinstance(entry, Link) else b"")
    )
    return frozenset(int(number) - 1 for number in Executor.mark.findall(searched))


def _elapsed(now: float, start: float) -> float:
    """The virtual seconds since `start`, within bounds even if the job has tampered with its clock."""
    return round(min(max(0.0, now - start), MOST_SECONDS), 3) if math.isfinite(now) else 0.0


def _notes(lines: str) -> Iterator[Note]:
    """The notes in a file, without what else a job may have written there."""
    for line in lines.splitlines():
        try:
            note = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if any(_has_shape(note, shape) for shape in NOTES):
            yield tuple(note)


def _has_shape(value: object, shape: object) -> bool:
    if isinstance(shape, type):
        return type(value) is shape
    if isinstance(shape, list):
        return isinstance(value, list) and len(value) == len(shape) and all(map(_has_shape, value, shape))
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(_has_shape(each, shape[str]) for each in value.values())
    return value == shape
