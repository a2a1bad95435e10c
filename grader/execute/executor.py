"""Executes a job's program once: (job, sandbox) → (exit, sandbox afterwards, virtual seconds).

The program runs in child processes (inside/starter.py) that are limited in CPU and real time, memory,
file size, open files and processes; the judge reads what they leave behind and trusts nothing else.
Here is what goes into an execution, and what is concluded from what comes out. The disk is scratch.py's
business, the processes are startd.py's, the files' times times.py's, what is left running leftovers.py's.
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
from ..rules.execution import EPOCH, Exit, Limit, Limits, MachineTrouble, Note, Run, Start, Stop, Unbroken
from ..rules.job import OWN_FILES, STDERR, STDOUT, Job
from ..submit import ads
from ..tree import Entry, File, Link, TooLarge, Tree
from . import hashing, pythons, unconfined
from .inside import INSIDE
from .isolation import Confinement
from .leftovers import names
from .scratch import SCARCE, Scratch, content, text
from .startd import Answer, Startd, require_fork
from .times import LAID_OUT, virtual_times, written_again

if TYPE_CHECKING:  # by the name that the files in inside/ call each other by, as a type checker wants one for each file
    import clock
else:
    from .inside import clock

MOST_SECONDS = 1e9
"""Of virtual time in one execution: some thirty years."""
EXECUTE = "/var/lib/condor/execute"
"""What the directory of all execute directories is called on standard output and error, as on many a real pool: its real
name is another one for each executor, and a story, or a grade, is to be the same each time."""
TRIES = 2
"""How often a program is executed whose processes are lost."""
MOST_SOURCES = 32
"""Files of a job that are compiled beforehand."""
MOST_LOOKED_AT = 1 << 16
"""Bytes of a file in which a command is looked for."""
_COMMANDS = re.compile(rb"subprocess|os\.(?:system|exec|spawn|posix_spawn)|popen|pty")
"""By what a Python program starts others."""
USUAL_PATH = "/usr/local/bin:/usr/bin:/bin"
"""On which programs find others, where nobody says otherwise."""


class Executor:
    """Starts programs on this machine, confined if `confine` says how. Close it, or use it in a `with` statement.

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
        """`one_machine`: what a program leaves outside of its sandbox is there in the next execution in the same slot, as on
        one and the same machine. Otherwise it is never found again. `sets_home`: whether jobs have HOME, which names a
        directory that is emptied after each execution. `path`: the PATH on which jobs of one's own find their programs;
        what modules this interpreter lacks, they have by the Python that their first line names. `written`: gets the
        paths of the files that programs write outside of their sandboxes, where nothing prevents that.
        `seconds_per_cpu_second`: the virtual time that a second of processor time takes, mostly none; else no two
        executions take quite the same time."""
        require_fork()
        self.seconds_per_cpu_second = seconds_per_cpu_second
        self.limits, self._confine, self._sets_home, self._path = limits, confine, sets_home, path
        self._one_machine, self._slot, self.kept_outside, self._written_outside = one_machine, 0, Tree(), written
        self._scratch = Scratch(limits.sandbox_bytes, confine)
        self._startd = Startd(self._scratch.path, confine)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes and remove all that executions left on the disk."""
        self._startd.end()
        self._scratch.remove()

    def abandon(self) -> None:
        """End an execution that is under way in another thread, which gets MachineTrouble; none is begun any more."""
        self._startd.abandon()

    mark = re.compile(rb"ep(\d+)x7q3z")
    """The name of an execution point. It is part of a slot's directory and host name and of nothing
    else: a file that has it holds something that is true on one execution point only."""

    @classmethod
    def host(cls, slot: int) -> str:
        """The name of the execution point that this slot is on."""
        return f"{cls.name(slot)}.example.net"

    @staticmethod
    def name(slot: int) -> str:
        """What mark matches, for this slot."""
        return f"ep{slot + 1}x7q3z"

    def slots_named_in(self, tree: Tree) -> set[int]:
        """The slots that any file's content, name or link has the mark of."""
        return set().union(*map(_slots_named_in, tree.items())) if tree else set()

    def renew(self) -> None:
        """Have the next execution done by new processes, in which nothing is left of those before."""
        self._startd.end()

    def as_told(self, text: str) -> str:
        """A text with EXECUTE where it has the real name of the directory of all execute directories."""
        return text.replace(str(self._scratch.path), EXECUTE)

    def afresh(self) -> AbstractContextManager[None]:
        """Nothing, as there is nothing that this executor remembers."""
        return nullcontext()

    def keeps_state(self, seed: str | None) -> bool:
        """Whether an execution was seen to depend on others by more than its sandbox. Nobody looks at that here."""
        return False

    def apart(self) -> AbstractContextManager[None]:
        """Nothing, likewise."""
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
        """Execute the job's program in `sandbox`, in the given slot, when virtual time is `clock`.

        `beside`: the earlier starts that have left something running there. They are made again, in the sandbox of the
        first, and this one beside what they leave. `unbroken`: a Python program goes on where it would leave with the
        checkpoint exit code, and the run's notes are those of inside/unbroken.py.

        Same job, sandbox and slot: same result, unless the program draws on something random.
        Raises MachineTrouble.
        """
        sandbox = transfer.with_streams(job, sandbox)
        if sum(len(entry.content) for entry in sandbox.values() if isinstance(entry, File)) > self.limits.sandbox_bytes:
            return Run(Exit(), sandbox, 0.0, "", "", over=f"{self.limits.sandbox_bytes} bytes in the sandbox")
        for _ in range(TRIES):
            run = self._run(job, (*beside, Start(sandbox, clock)), slot, stop, trace, unbroken)
            # What has been killed, and not by us, may have been in the way when memory was short.
            if not run.lost and (stop or run.over or run.exit.signal != signal.SIGKILL):
                break
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
                there = self._stamps(job)
                first, own = starts[0], ads.own_files(job, str(directory), self.host(slot))
                real = time.time()
                self._scratch.lay_out(directory, first.sandbox, own, first.sandbox.times.get(LAID_OUT, first.clock))
                request = self._request(job, starts, slot, stop, trace)
                request["unbroken"] = unbroken and [request["checkpoint"], unbroken._asdict()]
                self._scratch.hand_over(directory)
                answer = self._startd.execute(request, self.limits.wall)
                if answer.trouble:
                    raise MachineTrouble(f"No process can be had for a program: {answer.trouble}.")
                run = self._conclude(starts, directory, real, answer, trace or unbroken is not None)
                run = self._with_writes(run, unconfined.changed(there, self._stamps(job)))
                if answer.starts < len(starts) or answer.left is None:
                    return run._replace(left=None)
                left = [(bool(earlier), str(command)) for earlier, command in answer.left]
                return run._replace(left=names(job, left), unaided=not any(earlier for earlier, _ in left))
        finally:
            self._scratch.clear(keep_outside=self._one_machine)

    def _stamps(self, job: Job) -> unconfined.Stamps:
        return unconfined.stamps(job, self._scratch.path) if self._written_outside is not None else {}

    def _with_writes(self, run: Run, paths: tuple[str, ...]) -> Run:
        """The run, and what it wrote outside of its sandbox where nothing prevents that."""
        if self._written_outside is not None:
            self._written_outside.update(paths)
        if paths and self._one_machine:
            self.kept_outside |= unconfined.contents(paths, self.limits.file_bytes)
        return run._replace(outside=(*run.outside, *paths))

    # -- what goes in ----------------------------------------------------------

    def _request(
        self, job: Job, starts: tuple[Start, ...], slot: int, stop: Stop | None, trace: bool
    ) -> dict[str, object]:
        """What the starter is told."""
        directory, control = self.directory(slot), self._scratch.control
        sandbox, clock_file = starts[0].sandbox, f"{control}/clock"
        clock.create(clock_file, starts[0].clock, self.seconds_per_cpu_second)
        stdout = f"{directory}/{STDOUT}" if STDOUT in job.streams else f"{control}/stdout"
        stderr = f"{directory}/{STDERR}" if STDERR in job.streams else f"{control}/stderr"
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
            "stdin": f"{directory}/{job.stdin}" if job.stdin in sandbox else os.devnull,
            "stdout": stdout,
            "stderr": stdout if job.streams_joined else stderr,
            "clock": clock_file,
            "computing": self.seconds_per_cpu_second > 0,
            "limits": _told(self.limits),
            "scratch": str(self._scratch.path),
            "failure": f"{control}/failure",
        }

    def _start(self, job: Job, start: Start, slot: int, directory: Path, clock_file: str) -> dict[str, Any]:
        """What is another one in each start."""
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
            **ads.environment(job, where),
            **({"HOME": str(self._scratch.home)} if self._sets_home else {}),
            "LANG": "C.UTF-8",
            "USER": "slot1",
            "TZ": "UTC",
            "PYTHONHASHSEED": hashing.seed(sandbox, slot),
            "BASH_ENV": f"{tools}/time.bash",
            "PERL5LIB": str(INSIDE / "perl"),
            "PERL5OPT": "-MVirtualTime",
            "_CONDOR_SLOT": f"slot1_{slot + 1}",
            **own,
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
        """The Python that runs a program which this one can't run itself; None if it is no Python program."""
        entry = sandbox.get(os.path.normpath(job.executable))
        return pythons.named_in(entry.content, self._path) if self._path and isinstance(entry, File) else None

    def _other_python(self, job: Job) -> dict[str, str]:
        """What has the job's programs run by the user's own Python, where they need modules that this one lacks."""
        if self._path is None or pythons.suffices(job.inputs):
            return {}
        python = shutil.which("python3", path=self._path)
        return {"_SIMULATOR_PYTHON": python} if python else {}

    # -- what comes out --------------------------------------------------------

    def _conclude(self, starts: tuple[Start, ...], directory: Path, real: float, answer: Answer, trace: bool) -> Run:
        before, start, _ = starts[-1]
        exit, limit, after = Exit(answer.code, answer.signal), self._limit(answer), before
        over = limit and self._in_words(limit)
        control = str(self._scratch.control)
        now, looked, begun = clock.read(content(f"{control}/clock", clock.SIZE))
        seconds = _elapsed(now, start)
        outside = self._scratch.names_outside()
        if not answer.lost and self._scratch.is_whole(directory):
            try:
                if self._one_machine:
                    self.kept_outside = self._scratch.files_outside(self.limits.files, self.limits.sandbox_bytes)
                tree = Tree.read(directory, self.limits.files, self.limits.sandbox_bytes, OWN_FILES, fifos=True)
                times = tree.times if len(starts) == 1 else written_again(before, tree)
                after = Tree(self._streams_as_told(tree), virtual_times(before, times, start, seconds, real))
            except TooLarge as problem:
                over = f"{str(problem).removeprefix('more than ')} in the sandbox"
            except OSError as problem:  # directories in directories, too deep for a path
                if problem.errno in SCARCE:
                    raise
                over = f"can be read of the sandbox ({problem.strerror})"
        if any(
            isinstance(entry, File) and len(entry.content) >= self.limits.file_bytes
            for entry in after.changed_since(before).values()
        ):
            over = over or self._in_words(Limit.FILE)
        number, _, why = text(f"{control}/failure").partition(" ")
        return Run(
            exit=exit,
            sandbox=after,
            seconds=seconds,
            stdout=self._written(STDOUT, before, after, f"{control}/stdout"),
            stderr=self._written(STDERR, before, after, f"{control}/stderr"),
            over=over,
            limit=limit,
            unstartable=why or None,
            error=int(number or 0),
            looked=looked or os.path.exists(f"{control}/clock.asked"),
            lost=answer.lost or not begun,
            outside=outside,
            notes=tuple(_notes(text(f"{control}/trace"))) if trace else (),
        )

    def _streams_as_told(self, sandbox: Tree) -> Tree:
        """A sandbox with the name of EXECUTE in its streams."""
        root = os.fsencode(self._scratch.path)
        for name in (STDOUT, STDERR):
            entry = sandbox.get(name)
            if isinstance(entry, File) and root in entry.content:
                sandbox = sandbox.put(name, entry._replace(content=entry.content.replace(root, os.fsencode(EXECUTE))))
        return sandbox

    def _written(self, name: str, before: Tree, after: Tree, beside: str) -> str:
        """What an execution wrote to a stream: to its file in the sandbox, or to one beside it."""
        old, new = before.get(name), after.get(name)
        if isinstance(old, File) and isinstance(new, File):
            return File(new.content[len(old.content) :]).text
        return self.as_told(text(beside))

    def _limit(self, answer: Answer) -> Limit | None:
        """What the program was ended for."""
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
def _told(limits: Limits) -> dict[str, object]:
    return asdict(limits)


@lru_cache(64)
def _sources(inputs: Tree) -> list[tuple[str, File]]:
    """The Python files among a job's inputs, (path, file) each."""
    found = [
        (path, entry)
        for path, entry in inputs.items()
        if isinstance(entry, File)
        and (path.endswith(".py") or (entry.executable and pythons.FIRST_LINE.match(entry.content)))
    ]
    return found[:MOST_SOURCES]


@lru_cache(64)
def _starts_sleeps(inputs: Tree, arguments: tuple[str, ...]) -> bool:
    """Whether a program that is made of this seems to start the command `sleep`. (What it starts unseen takes more.)"""

    def starts(path: str, content: bytes) -> bool:
        python = path.endswith(".py") or bool(pythons.FIRST_LINE.match(content))
        return b"sleep" in content and (not python or bool(_COMMANDS.search(content)))

    return any("sleep" in word for word in arguments) or any(
        starts(path, entry.content[:MOST_LOOKED_AT]) for path, entry in inputs.items() if isinstance(entry, File)
    )


def _is_python(job: Job, sandbox: Tree) -> bool:
    entry = sandbox.get(os.path.normpath(job.executable))
    return isinstance(entry, File) and entry.executable and bool(pythons.FIRST_LINE.match(entry.content))


@lru_cache(1024)
def _slots_named_in(item: tuple[str, Entry]) -> frozenset[int]:
    path, entry = item
    told = (
        os.fsencode(path)
        + b"\0"
        + (entry.content if isinstance(entry, File) else os.fsencode(entry.target) if isinstance(entry, Link) else b"")
    )
    return frozenset(int(number) - 1 for number in Executor.mark.findall(told))


def _elapsed(now: float, start: float) -> float:
    """The virtual seconds since `start`, whatever a job has made of its clock."""
    return round(min(max(0.0, now - start), MOST_SECONDS), 3) if math.isfinite(now) else 0.0


def _notes(lines: str) -> Iterator[Note]:
    for line in lines.splitlines():
        try:
            note = json.loads(line)
        except ValueError:
            continue
        if isinstance(note, list) and note:
            yield tuple(note)
