"""The command line: parses the arguments, runs a command, and turns errors into one line and an exit status."""

from __future__ import annotations

import argparse
import difflib
import importlib
import json
import os
import sys
from collections.abc import Sequence

from .. import calling
from ..execute.isolation import try_own_confinement
from ..problems import SubmitError
from ..rules.execution import MachineTrouble
from ..rules.schedule import ScheduleError
from .parsing import UNUSABLE, InputError, Parser, UsageError

COMMANDS = {
    "simulate": "run a job through one schedule and show what happens",
    "verify": "try every schedule on a job and give a verdict",
    "submit": "run a job on a real HTCondor and show what happens",
    "grade": "grade what a class has handed in",
    "board": "show the progress of a class, without names, for the screen in the room",
    "exercise": "tell the author of an exercise what is missing",
    "doctor": "say what this machine lacks for the course, and what to do about it",
}
"""What each command does. The module of that name has add_to(parser), which adds its options, and is imported only for
that command: some take longer to import than a short command takes."""

RUN_PROGRAMS = ("simulate", "verify")
"""The commands that run the user's own programs in a confinement."""
NO_OPTIONS = ("name", "command", "submit_file", "folder", "action")
"""Parsed arguments that are not options."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        try:
            return _run(given)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as head, has stopped reading
        sys.stdout = open(os.devnull, "w")
        return 128 + 13  # as for a program killed by SIGPIPE
    except OSError as error:
        sys.stdout = open(os.devnull, "w")  # stdout may be what can't be written
        try:
            print(
                f"grader: can't continue: {error.strerror or error}"
                + (f" ({error.filename})" if error.filename else ""),
                file=sys.stderr,
            )
        except OSError:
            sys.stderr = open(os.devnull, "w")  # since 3.13, Python flushes it again at exit, and exits with 120
        return UNUSABLE.get(_command_in(given), 2)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 128 + 2


def _run(arguments: list[str]) -> int:
    called = _command_in(arguments)
    if called in RUN_PROGRAMS and not {"--allow-outside", "--help", "-h"}.intersection(arguments):
        try_own_confinement()  # takes about as long as importing the command
    try:
        options, unknown = parser(called).parse_known_args(arguments)
        if unknown:
            raise InputError(_unrecognized(unknown[0], options))
        status: int = options.command(options)
        return status
    except UsageError as error:
        text, status = str(error), error.status
        shown: dict[str, str | int | None] = {"error": text}
    except (SubmitError, ScheduleError, MachineTrouble, InputError) as error:
        name = _command_in(arguments)
        text, status = f"grader {name}: {error}", UNUSABLE[name]
        shown = {"error": str(error)}
        if isinstance(error, SubmitError):
            shown = {"error": error.problem, "file": error.file, "line": error.line, "remedy": error.remedy}
    except ModuleNotFoundError as error:
        if not error.name or error.name.startswith("grader"):
            raise
        name = _command_in(arguments)
        shown = {
            "error": f"this Python has no {error.name}. Begin the command with `python3 lab.py run -m grader`, in the folder of "
            "the course, or install the package of the course with pip."
        }
        text, status = f"grader {name}: {shown['error']}", UNUSABLE[name]
    print(text, file=sys.stderr)
    if "--json" in arguments:
        print(json.dumps(shown))
    return status


def _unrecognized(argument: str, options: argparse.Namespace) -> str:
    """The error message for an unrecognized argument, with a suggestion."""
    if "@" in argument and argument[0] != "-" and "schedule" in options:
        return f'{argument!r}: write the whole schedule in quotes, as in --schedule "evict@2 evict@4+90s"'
    names = [f"--{name.replace('_', '-')}" for name in vars(options) if name not in NO_OPTIONS]
    near = difflib.get_close_matches(argument.partition("=")[0], names, 1, 0.75)
    remedy = f"did you mean {near[0]}?" if near else "see --help"
    return f"{argument!r}: unrecognized argument; {remedy}"


def _command_in(arguments: list[str]) -> str:
    return next((argument for argument in arguments if argument in UNUSABLE), "")


def parser(called: str | None = None) -> argparse.ArgumentParser:
    """The commands and the options of the command that is `called`, or by default of all."""
    top = Parser(
        prog=calling.command(),
        description="HTCondor's exit-driven self-checkpointing, in small.",
        epilog="Each command has its own --help.",
    )
    commands = top.add_subparsers(dest="name", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if called in (name, None):
            importlib.import_module(f".{name}", __package__).add_to(command)
    return top
