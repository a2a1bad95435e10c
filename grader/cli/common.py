"""Shared by the commands: arguments, reading the submit file, and executors for the user's own programs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import submit
from ..execute import pythons
from ..execute.executor import Executor
from ..execute.here import LocalExecutor
from ..execute.isolation import own_confinement
from ..execute.remembering import RememberingExecutor
from ..execute.startd import has_processes
from ..rules.execution import Limits
from ..rules.profile import MODERN, PROFILES, Profile
from .parsing import InputError, Parser, positive


def add_submit_file(command: Parser) -> None:
    command.add_argument(
        "submit_file",
        type=Path,
        metavar="SUBMIT_FILE",
        help="the submit file; files that it names are relative to its folder",
    )


def add_simulated_job(command: Parser) -> None:
    """The arguments of a command that runs a job on the simulated HTCondor."""
    add_submit_file(command)
    command.add_argument(
        "--profile",
        choices=PROFILES,
        default=MODERN.name,
        metavar="NAME",
        help=f"the version of HTCondor: {', '.join(map(str, PROFILES.values()))}; default %(default)s",
    )
    command.add_argument(
        "--allow-outside",
        action="store_true",
        help="let the program write outside its sandbox and use the network (by default it can't where bubblewrap is "
        "installed, and has its own /tmp)",
    )
    command.add_argument(
        "--seconds-per-cpu-second",
        type=positive,
        metavar="N",
        help="let a second of processor time take N virtual seconds, for example for a program that saves after every "
        "hour of computing; times then vary from run to run (default: only sleeping takes virtual time; a "
        "compiled program really sleeps)",
    )
    command.add_argument(
        "--json",
        action="store_true",
        help="print JSON instead of text: an object for one job, a list for several; for unusable input an object with "
        "`error` and, if known, `file`, `line` and `remedy`. `remarks` contains what is otherwise printed to stderr",
    )


def add_exercises(command: Parser) -> None:
    command.add_argument(
        "--exercises",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a folder with exercises of your own, each in its own folder, in addition to those of the course (see "
        "docs/authors.md); may be given more than once",
    )


def take_exercises(options: argparse.Namespace) -> None:
    """Add the exercises of --exercises to the course. Call this before anything loads the course. Raises InputError."""
    from ..course import folders
    from ..course.exercise import UnusableExercise

    for folder in options.exercises:
        folders.add(folder)
    try:
        folders.in_order()
    except UnusableExercise as error:
        raise InputError(str(error)) from None


def read_submission(path: Path, profile: Profile) -> submit.Submission:
    """Read a submit file, and print the remarks on it."""
    submission = submit.read(path, profile, variables=os.environ)
    for remark in submission.remarks:
        print(remark, file=sys.stderr)
    return submission


def make_executor(options: argparse.Namespace, one_machine: bool = False, written: set[str] | None = None) -> Executor:
    """An executor for the user's own programs.

    Without confinement, a program still gets another home directory, so that it doesn't write into the user's. The
    paths of files that programs write outside their sandbox are added to `written`, unless confinement prevents such
    writes or the user allows them.
    """
    limits = Limits(cpu=options.max_seconds, wall=float(options.max_seconds))
    confine = None if options.allow_outside else own_confinement()
    written = None if confine or options.allow_outside else written
    sets_home = confine is None or PROFILES[options.profile].sets_home
    path, memory = pythons.users_path(), getattr(options, "remember", None)
    if options.seconds_per_cpu_second and not has_processes():
        raise InputError("--seconds-per-cpu-second: processor time can't be measured here, as there are no processes")
    how = dict[str, Any](limits=limits, confine=confine, sets_home=sets_home, path=path, written=written)
    how["seconds_per_cpu_second"] = options.seconds_per_cpu_second or 0.0
    if memory and not one_machine:
        return RememberingExecutor(memory, **how)
    return LocalExecutor(one_machine=one_machine, **how)


def print_json(results: Sequence[dict[str, Any]]) -> None:
    """Print an object for one job, a list for several."""
    print(json.dumps(results[0] if len(results) == 1 else results))


def check_writable(file: Path) -> None:
    """Raises InputError if this file can't be written: checked early, before minutes of work on its content."""
    where = file.parent
    if file.exists() and not file.is_file():
        raise InputError(f"{file} is {'a directory' if file.is_dir() else 'not a regular file'}: name a file")
    if not where.is_dir():
        raise InputError(f"{file} can't be written: there is no directory {where}")
    if not os.access(where, os.W_OK):
        raise InputError(f"{file} can't be written: {where} is not writable")


def make_directory(where: Path) -> None:
    """Make a directory unless it exists. Raises InputError if that fails, or if it is not writable."""
    try:
        where.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the directory {where} can't be created: {error.strerror}") from None
    if not os.access(where, os.W_OK):
        raise InputError(f"{where} is not writable")
