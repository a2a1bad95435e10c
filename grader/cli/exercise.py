"""python -m grader exercise check: what an exercise lacks before learners get it; see course/authoring.py."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..execute.startd import require_fork
from ..text import count
from .parsing import InputError, Parser


def add_to(command: Parser) -> None:
    """Add the options of this command."""
    command.set_defaults(command=run)
    command.epilog = (
        "It judges every right and wrong answer in the folder like a learner's, and says by file and line what is "
        "missing or wrong. docs/authors.md shows how to write an exercise. Exit status: 0 nothing is missing; 1 "
        "something is; 2 the folder can't be used."
    )
    command.add_argument("action", choices=("check",), help="what to do")
    command.add_argument("folder", type=Path, metavar="DIR", help="the folder of the exercise, with its exercise.py")


def run(options: argparse.Namespace) -> int:
    """Check an exercise; returns the exit status."""
    from ..course import authoring
    from ..course.answers import answers_of
    from ..course.exercise import UnusableExercise

    require_fork()
    try:
        exercise = authoring.load_folder(options.folder)
    except UnusableExercise as error:
        if error.line is not None:  # the author's mistake, in one of the exercise's files
            print(_named(error, options.folder))
            return 1
        raise InputError(str(error)) from None
    flaws = 0
    for flaw in authoring.flaws(exercise, _progress):
        flaws += 1
        _progress("")
        print(_named(flaw, options.folder), flush=True)
    _progress("")
    if flaws:
        print(f"{exercise.name}: {count(flaws, 'thing')} to fix")
        return 1
    answers = answers_of(exercise)
    wrong = sum(map(len, answers.wrong.values()))
    tried = f"{count(len(answers.right), 'right answer')}, {count(wrong, 'wrong answer')}"
    print(f"{exercise.name}: {exercise.maximum:g} points, {tried}: nothing is missing")
    return 0


def _progress(what: str) -> None:
    """Show on a terminal what is being tried, in place of the last such line."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)


def _named(flaw: object, folder: Path) -> str:
    """A flaw, with the folder named as on the command line."""
    return str(flaw).replace(str(folder.resolve()), str(folder))
