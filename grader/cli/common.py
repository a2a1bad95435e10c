"""What the commands have in common: errors of the user's input, arguments, and the submit file that is given."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from .. import submit
from ..execute import pythons
from ..execute.executor import Executor
from ..execute.here import LocalExecutor
from ..execute.isolation import own_confinement
from ..execute.remembering import RememberingExecutor
from ..execute.startd import has_processes
from ..rules.execution import Limits
from ..rules.profile import MODERN, PROFILES, Profile

UNUSABLE = {"simulate": 2, "submit": 2, "verify": 3, "grade": 2, "board": 2, "doctor": 2, "exercise": 2}
"""Exit status for input that can't be used."""


class InputError(Exception):
    """The user's input can't be used; the text says where and what to do."""


class UsageError(Exception):
    """The command line can't be understood; the text says why, and `status` is the exit status."""

    def __init__(self, text: str, status: int):
        super().__init__(text)
        self.status = status


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        command = self.prog.rpartition(" ")[2]
        raise UsageError(f"{self.prog}: {message}; see {self.prog} --help", UNUSABLE.get(command, 2))


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"
"""Where a command adds its parser. (In quotes, as it takes no brackets when the program runs.)"""


def add_command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int], summary: str, epilog: str
) -> argparse.ArgumentParser:
    """Add a command, whose function run(options) returns the exit status."""
    command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".", epilog=epilog)
    command.set_defaults(command=run)
    return command


def add_submit_file(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "submit_file",
        type=Path,
        metavar="SUBMIT_FILE",
        help="what condor_submit is given; the files that it names are sought beside it",
    )


def add_simulated_job(command: argparse.ArgumentParser) -> None:
    """The arguments of a command that takes a job to the simulated HTCondor."""
    add_submit_file(command)
    command.add_argument(
        "--profile",
        choices=PROFILES,
        default=MODERN.name,
        metavar="NAME",
        help=f"which HTCondor: {', '.join(map(str, PROFILES.values()))}; default %(default)s",
    )
    command.add_argument(
        "--allow-outside",
        action="store_true",
        help="let the program write outside of its sandbox, and use the network (default: where "
        "there is bubblewrap it can't, and has a /tmp of its own)",
    )
    command.add_argument(
        "--seconds-per-cpu-second",
        type=positive,
        metavar="N",
        help="let a second of processor time take N virtual seconds, for a program that computes and saves every hour, "
        "say; no two runs take quite the same then (default: computing takes no virtual time, and sleeping does)",
    )
    command.add_argument(
        "--json",
        action="store_true",
        help="print JSON instead of text: an object; a list of them if several jobs are queued; "
        "for unusable input an object with `error` and, where they are known, `file`, `line` "
        "and `remedy`. `remarks` are those that text has on stderr",
    )


def add_exercises(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--exercises",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a folder with exercises of your own, a folder each, besides those of the course (see docs/authors.md). "
        "More than once for several",
    )


def take_exercises(options: argparse.Namespace) -> None:
    """Take the exercises that were asked for, too, before anything asks the course for its own. Raises InputError."""
    from ..course import folders
    from ..course.exercise import UnusableExercise

    for folder in options.exercises:
        folders.add(folder)
    try:
        folders.in_order()
    except UnusableExercise as error:
        raise InputError(str(error)) from None


def positive(text: str) -> int:
    """The value of an argument that is a number from 1 up."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 up")
    return int(text)


def read_submission(path: Path, profile: Profile) -> submit.Submission:
    """What a submit file describes; its remarks are printed."""
    submission = submit.read(path, profile)
    for remark in submission.remarks:
        print(remark, file=sys.stderr)
    return submission


def make_executor(options: argparse.Namespace, one_machine: bool = False, written: set[str] | None = None) -> Executor:
    """One for programs of the user's own. Where nothing else keeps a program from writing to the user's own home
    directory, it has another one in any case. `written`: gets the paths of the files that programs write outside, where
    nothing prevents that and the user has not allowed it."""
    limits = Limits(cpu=options.max_seconds, wall=float(options.max_seconds))
    confine = None if options.allow_outside else own_confinement()
    written = None if confine or options.allow_outside else written
    sets_home = confine is None or PROFILES[options.profile].sets_home
    path, memory = pythons.users_path(), getattr(options, "remember", None)
    if options.seconds_per_cpu_second and not has_processes():
        raise InputError("--seconds-per-cpu-second: there are no processes here whose time could be measured")
    # only processes have the time of the processor
    computing = {"seconds_per_cpu_second": options.seconds_per_cpu_second} if options.seconds_per_cpu_second else {}
    how: dict[str, Any] = {"sets_home": sets_home, "path": path, "written": written, **computing}
    if memory and not one_machine:
        return RememberingExecutor(memory, limits=limits, confine=confine, **how)
    return LocalExecutor(limits, confine, one_machine, **how)


def print_json(results: Sequence[dict[str, Any]]) -> None:
    """Print the object of one job, or the list of those of several."""
    print(json.dumps(results[0] if len(results) == 1 else results))


def check_writable(file: Path) -> None:
    """Raises InputError if a file can't be written there, before minutes have been spent on what goes into it."""
    where = file.parent
    if file.is_dir():
        raise InputError(f"{file} is a directory: name a file")
    if not where.is_dir():
        raise InputError(f"{file} can't be written: there is no directory {where}")
    if not os.access(where, os.W_OK):
        raise InputError(f"{file} can't be written: {where} may not be written to")


def make_directory(where: Path) -> None:
    """Raises InputError if there is no directory, none can be made, or it may not be written to."""
    try:
        where.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{where} can't be made: {error.strerror}") from None
    if not os.access(where, os.W_OK):
        raise InputError(f"{where} may not be written to")
