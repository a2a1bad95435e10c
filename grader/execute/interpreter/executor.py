"""Executes a job's Python program once, in this interpreter: (job, sandbox) → (exit, sandbox afterwards, virtual
seconds), as ../executor.py does in processes.

Other programs can't run here (MachineTrouble), and a Python program can't start processes or threads.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ...rules.execution import Exit, MachineTrouble, Run, Start, Stop, Unbroken
from ...rules.job import OWN_FILES, STDERR, STDOUT, Job
from ...submit import ads
from ...tree import File, TooLarge, Tree
from ..executor import Executor, _elapsed, _notes
from ..scratch import SCARCE, Scratch, text
from ..temporary import EXECUTE as KIND
from ..temporary import place, remove
from ..times import LAID_OUT, virtual_times
from . import program as programs
from .process import Process
from .specification import ProgramSpec

if TYPE_CHECKING:  # see ../executor.py
    import unbroken as goes_on
    import watch
else:
    from ..inside import unbroken as goes_on
    from ..inside import watch

_SHEBANG = re.compile(rb"#! ?(?:/usr/bin/env (?:-S )?|/\S*/)python[\d.]*((?: -[A-Za-z]+)*)[ \t]*(\r?)\n")
_INTERPRETER = re.compile(r"(?:.*/)?python[\d.]*")
NO_PROCESSES = "{} can't run here: without processes, as in a browser, only Python programs can."
_FOR_PROCESSES = re.compile(r"_SIMULATOR_.*|BASH_ENV|PERL5LIB|PERL5OPT|R_PROFILE")
"""Environment variables that only programs in processes need."""
MOST_NOTES = 1 << 20
"""The most bytes of notes."""


class InterpreterScratch(Scratch):
    """The part of the disk that a program here may write to. It has no tools, as there is no shell to use them."""

    def __init__(self, room: int):
        self._directory: Any = _Directory(place(room) if sys.platform == "linux" else None)
        self.path = self._directory.path
        self.control, self.home, self.tools, self.tmp = (self.path / n for n in ("control", "home", "tools", "tmp"))
        self._room, self._user, self._mode, self._kept = 0, None, 0o700, ()
        self.tmp.mkdir()

    def _require(self, free: int) -> None:
        """No check: the free room in a browser's memory can't be determined."""


class _Directory:
    """A temporary directory without a lock."""

    def __init__(self, where: str | None) -> None:
        self.path = Path(os.path.realpath(tempfile.mkdtemp(prefix=KIND, dir=where)))

    def remove(self) -> None:
        if self.path.exists():
            remove(str(self.path))


@dataclass
class _Leftovers:
    """What a program left at its end."""

    sandbox: Tree | None = None
    over: str | None = None
    stdout: str = ""
    stderr: str = ""


@dataclass(frozen=True)
class _Command:
    """How Python is started for a job."""

    path: str
    arguments: list[str]
    options: str = ""


class InterpreterExecutor(Executor):
    """Executes Python programs in this interpreter. Close it, or use it in a `with` statement.

    It protects against mistakes, not against malicious programs. Ignores `confine`, `path` and
    `seconds_per_cpu_second`, and adds nothing to `written`, as no file outside is kept. Raises MachineTrouble for
    programs that are not in Python.
    """

    def _prepare(self) -> None:
        self._confine, self._path, self.seconds_per_cpu_second = None, None, 0.0
        self._scratch = InterpreterScratch(self.limits.sandbox_bytes)
        self._made: set[str] = set()

    def close(self) -> None:
        """Remove everything that executions left on the disk."""
        self._clear_tmp()
        self._scratch.remove()

    def renew(self) -> None:
        """No effect: each execution leaves the interpreter as it was."""

    def abandon(self) -> None:
        """No effect: there is no execution in another thread."""

    def _run(
        self,
        job: Job,
        starts: tuple[Start, ...],
        slot: int,
        stop: Stop | None,
        trace: bool,
        unbroken: Unbroken | None,
    ) -> Run:
        start, directory = starts[-1], self.directory(slot)
        if self._one_machine and slot != self._slot:
            self._scratch.clear()
            self._clear_tmp()
            self._slot, self.kept_outside = slot, Tree()
        try:
            with self._scratch.room():
                own, real = ads.own_files(job, str(directory), self.host(slot)), time.time()
                self._scratch.lay_out(directory, start.sandbox, own, start.sandbox.times.get(LAID_OUT, start.clock))
                command = _command(job, start.sandbox, directory)
                if isinstance(command, Run):
                    return command
                return self._execute(job, start, slot, stop, trace, unbroken, command, real)
        finally:
            self._scratch.clear(keep_outside=self._one_machine)
            if not self._one_machine:
                self._clear_tmp()

    def _execute(
        self,
        job: Job,
        start: Start,
        slot: int,
        stop: Stop | None,
        trace: bool,
        unbroken: Unbroken | None,
        command: _Command,
        real: float,
    ) -> Run:
        directory, notes = self.directory(slot), [b""]
        program = self._program(job, start, slot, command)
        left = _Leftovers()
        process = Process(start.clock, stop, lambda: self._snapshot(left, program))
        if trace:
            program.prepare = _watched(program, notes)
        elif unbroken is not None:
            program.prepare = _unbroken(job, program, unbroken, f"{self._scratch.control}/trace")
        programs.run(program, process)
        if left.sandbox is None and left.over is None:
            self._snapshot(left, program)
        lines = b"".join(notes)[:MOST_NOTES].decode("utf-8", "replace") or text(f"{self._scratch.control}/trace")
        return self._concluded(start, process, left, directory, real, tuple(_notes(lines)))

    # -- the request -----------------------------------------------------------

    def _program(self, job: Job, start: Start, slot: int, command: _Command) -> ProgramSpec:
        directory = self.directory(slot)
        stdout, stderr = self._streams(job, directory)
        variables = self._environment(job, start.sandbox, directory, "", slot)
        environment = {name: value for name, value in variables.items() if not _FOR_PROCESSES.fullmatch(name)}
        environment["PYTHONPATH"] = dict(job.environment).get("PYTHONPATH", "")
        return ProgramSpec(
            path=command.path,
            arguments=command.arguments,
            directory=str(directory),
            environment=environment,
            stdin=f"{directory}/{job.stdin}" if job.stdin else os.devnull,
            stdout=stdout,
            stderr=stderr,
            host=self.host(slot),
            scratch=str(self._scratch.path),
            limits=self.limits,
            sources=tuple(_python_files(start.sandbox, job)),
            unbuffered="u" in command.options or bool(environment.get("PYTHONUNBUFFERED")),
            made=self._made,
        )

    # -- the result ------------------------------------------------------------

    def _snapshot(self, left: _Leftovers, program: ProgramSpec) -> None:
        """Read what the program has left now."""
        try:
            left.sandbox = Tree.read(
                program.directory, self.limits.files, self.limits.sandbox_bytes, OWN_FILES, fifos=True
            )
        except TooLarge as problem:
            left.over = f"{str(problem).removeprefix('more than ')} in the sandbox"
        except OSError as problem:
            if problem.errno in SCARCE:
                return  # tried again after the program's files are closed
            left.over = f"can be read in the sandbox ({problem.strerror})"
        left.stdout, left.stderr = text(f"{self._scratch.control}/stdout"), text(f"{self._scratch.control}/stderr")

    def _concluded(
        self, start: Start, process: Process, left: _Leftovers, directory: Path, real: float, notes: tuple[Any, ...]
    ) -> Run:
        before, seconds = start.sandbox, _elapsed(process.clock.time, start.clock)
        after, over = before, left.over
        if left.sandbox is not None:
            times = virtual_times(before, left.sandbox.times, start.clock, seconds, real)
            after = Tree(self._normalized_streams(left.sandbox), times)
        if process.limit is not None:
            over = self._in_words(process.limit)
        over = over or self._too_large(before, after)
        if self._one_machine:
            self.kept_outside = self._files_outside()
        return Run(
            exit=process.exit or Exit(code=1),
            sandbox=after,
            seconds=seconds,
            stdout=self._written(STDOUT, before, after, left.stdout),
            stderr=self._written(STDERR, before, after, left.stderr),
            over=over,
            limit=process.limit,
            looked=process.clock.looked,
            unaided=True,
            outside=(*sorted(self._made), *self._scratch.names_outside()),
            notes=notes,
        )

    # -- files outside the sandbox ---------------------------------------------

    def _files_outside(self) -> Tree:
        files = self._scratch.files_outside(self.limits.files, self.limits.sandbox_bytes)
        for path in sorted(self._made):
            if os.path.isdir(path):
                files |= Tree.read(path).moved_below(f"tmp/{os.path.basename(path)}")
            elif os.path.isfile(path):
                files = files.put(f"tmp/{os.path.basename(path)}", File(Path(path).read_bytes()))
        return files

    def _clear_tmp(self) -> None:
        for path in self._made:
            if os.path.lexists(path):
                remove(path)
        self._made.clear()


def _watched(program: ProgramSpec, notes: list[bytes]) -> Callable[[Process], None]:
    """A function that prepares a program so that ../inside/watch.py adds its notes to `notes`."""

    def prepare(process: Process) -> None:
        def note(line: bytes) -> None:
            if not process.own and process.exit is None:
                notes.append(line)

        program.hook, program.trace = watch.watching(note, program.directory)

    return prepare


def _unbroken(job: Job, program: ProgramSpec, how: Unbroken, notes: str) -> Callable[[Process], None]:
    """A function that prepares a program to go on where it would exit with the checkpoint exit code; see
    ../inside/unbroken.py. `notes`: the file for its notes."""

    def prepare(process: Process) -> None:
        script = SimpleNamespace(known={}, compiled=None)
        own: Any = vars(goes_on)
        own.update(clock=process.clock, script=script, SourceFileLoader=SimpleNamespace(source_to_code=None))
        checkpoint = [job.checkpoint_exit_code, job.checkpoint_signal]
        goes_on.start(checkpoint, how._asdict(), program.directory, notes)
        program.compiled = script.compiled

    return prepare


def _command(job: Job, sandbox: Tree, directory: Path) -> _Command | Run:
    """How to start the job's program; or the resulting run if no machine could start it. Raises MachineTrouble if only
    this machine can't."""
    name = os.path.normpath(job.executable)
    path = str(directory / name)
    if _INTERPRETER.fullmatch(job.executable) and not job.transfer_executable:
        return _python_command(job, sandbox, directory)
    if os.path.isabs(name):
        raise MachineTrouble(NO_PROCESSES.format(job.executable))
    entry = sandbox.get(sandbox.resolve(name) or name)
    if not isinstance(entry, File):
        return _unstartable(sandbox, errno.ENOENT if entry is None else errno.EACCES)
    if not entry.executable:
        return _unstartable(sandbox, errno.EACCES)
    first = _SHEBANG.match(entry.content)
    if first and first[2]:
        message = "/usr/bin/env: 'python3\\r': No such file or directory\n"
        return Run(Exit(code=127), sandbox, 0.0, "", message)
    if first:
        return _Command(path, [path, *job.arguments], first[1].decode())
    if entry.content.startswith((b"#!", b"\x7fELF")) and not _is_broken(entry.content):
        raise MachineTrouble(NO_PROCESSES.format(job.executable))
    return _unstartable(sandbox, errno.ENOENT if entry.content.startswith(b"#!") else errno.ENOEXEC)


def _is_broken(content: bytes) -> bool:
    """Whether no machine could run this program: its first line does not name an interpreter in a usual place."""
    if content.startswith(b"\x7fELF"):
        return False
    interpreter = content[2:200].split(b"\n")[0].split()
    return not interpreter or not interpreter[0].startswith((b"/bin/", b"/usr/", b"/opt/"))


def _python_command(job: Job, sandbox: Tree, directory: Path) -> _Command | Run:
    """`executable = /usr/bin/python3`, with a script as its first argument."""
    options, arguments = "", list(job.arguments)
    while arguments and arguments[0].startswith("-") and arguments[0].strip("-")[:1] not in ("c", "m", ""):
        options += arguments.pop(0)
    if not arguments or arguments[0].startswith("-"):
        raise MachineTrouble(NO_PROCESSES.format(job.executable))
    path = str(directory / arguments[0])
    if not isinstance(sandbox.get(os.path.normpath(arguments[0])), File):
        message = f"{job.executable}: can't open file '{path}': [Errno 2] No such file or directory\n"
        return Run(Exit(code=2), sandbox, 0.0, "", message)
    return _Command(path, arguments, options)


def _unstartable(sandbox: Tree, number: int) -> Run:
    return Run(Exit(code=127), sandbox, 0.0, "", "", unstartable=os.strerror(number), error=number)


def _python_files(sandbox: Tree, job: Job) -> list[bytes]:
    return [
        file.content
        for path, file in sandbox.regular().items()
        if path.endswith(".py") or path == os.path.normpath(job.executable)
    ]
