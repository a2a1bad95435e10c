"""The programs of the exercises: where they are, how to change their settings, and their known answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from .. import submit
from ..execute.startd import has_processes
from ..rules.execution import Run
from ..rules.job import Job
from ..tree import File, Tree
from .trusted import trusted

_PACKAGE = Path(__file__).resolve().parents[1]
PAYLOAD = next(filter(Path.is_dir, (_PACKAGE / "payload", _PACKAGE.parent / "payload")))
"""In an installed package, or beside the package in the repository."""


def make_executable(folder: Path) -> None:
    """Make the programs in a folder executable. (Pyodide, which unpacks the package in a browser, drops that mode.)"""
    for path in folder.rglob("*"):
        if path.is_file() and path.read_bytes().startswith(b"#!"):
            path.chmod(path.stat().st_mode | 0o111)


if not has_processes():
    make_executable(PAYLOAD)


def job_of(submit_file: str) -> Job:
    """The job of a submit file in payload/, such as "fibonacci/fibonacci.sub"."""
    return submit.read(PAYLOAD / submit_file).jobs[0]


@dataclass(frozen=True)
class Program:
    """A program in payload/ that reads its settings from the `name = value` lines of a file.

    The known answer is its output if it runs through without saving. If a `module` that students write does the saving,
    `idle` is a replacement that saves nothing.
    """

    folder: str
    executable: str
    idle: bytes | None = None
    module: str = "checkpoint.py"
    settings_file: str = "my_input.txt"
    output: str = "my_output.txt"

    def files(self) -> Tree:
        """The files of its directory in payload/."""
        return files_in(PAYLOAD / self.folder)

    def changed(self, job: Job, *arguments: object, **settings: float) -> Job:
        """The same job with other arguments, if any are given, and other settings. Raises ValueError for an unknown
        setting."""
        file = self.with_settings(**settings)
        return replace(
            job, arguments=tuple(map(str, arguments)) or job.arguments, inputs=job.inputs.put(self.settings_file, file)
        )

    def known_answer(self, *arguments: object, **settings: float) -> Tree:
        """The file `output` of an uninterrupted run of the program."""
        run = self.uninterrupted(self.with_settings(**settings), *arguments)
        return Tree({self.output: run.sandbox[self.output]})

    def uninterrupted(self, settings: File, *arguments: object) -> Run:
        """A run of the whole program at once, without saving, with this settings file."""
        return _uninterrupted(self, settings, tuple(map(str, arguments)))

    def settings(self, job: Job) -> dict[str, float]:
        """The numbers in the settings file of a job. Raises ValueError if it contains anything else, KeyError if there
        is no such file."""
        return _named_values(job.inputs.file(self.settings_file))

    def with_settings(self, **settings: float) -> File:
        """The settings file with some of its numbers changed. Raises ValueError for an unknown setting."""
        file = self.files().file(self.settings_file)
        names = _named_values(file)
        if unknown := [name for name in settings if name not in names]:
            raise ValueError(f"{self.executable} has no setting {unknown[0]!r}; it has {', '.join(names)}")
        lines = []
        for line in file.text.splitlines():
            name = line.partition("=")[0].strip()
            lines.append(f"{name} = {settings[name]}" if name in settings else line)
        return File("\n".join(lines).encode() + b"\n")


@lru_cache(None)
def files_in(folder: Path) -> Tree:
    """The files of a folder, read once."""
    return Tree.read(folder).without(("__pycache__",))  # left by running a job by hand


@lru_cache(256)
def _uninterrupted(program: Program, settings: File, arguments: tuple[str, ...]) -> Run:
    files = program.files().put(program.settings_file, settings)
    if program.idle is not None:
        files = files.put(program.module, File(program.idle))
    with trusted() as executor:
        return executor.run(Job(program.executable, arguments, inputs=files), files)


def _named_values(file: File) -> dict[str, float]:
    lines = [line.split("#")[0].partition("=") for line in file.text.splitlines()]
    return {name.strip(): float(value) for name, _, value in lines if value}
