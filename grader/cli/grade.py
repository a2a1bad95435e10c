"""python -m grader grade: grades what a class has handed in; see grading/batch.py."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..execute.startd import require_fork
from .common import add_exercises, take_exercises
from .parsing import Parser, positive


def add_to(command: Parser) -> None:
    """Add the options of this command."""
    command.set_defaults(command=run)
    command.epilog = (
        "Exit status: 0 all graded; 1 some need an instructor's attention; 2 nothing could be graded. "
        "If it is interrupted, start it again: it continues where it stopped."
    )
    command.add_argument(
        "folder",
        type=Path,
        metavar="SUBMITTED",
        help="a folder of notebooks, of student folders (such as nbgrader's submitted/) or of archives; a download "
        "from Moodle, Canvas, Gradescope or GitHub Classroom; an archive of any of these; or a single notebook",
    )
    command.add_argument(
        "--roster",
        type=Path,
        metavar="CSV",
        help="the class list as a learning platform exports it: lists students who handed in nothing, and adds the "
        "platform's student numbers to the grades",
    )
    command.add_argument(
        "--on",
        choices=("here", "htcondor"),
        default="here",
        help="where to grade: in processes on this machine (default), or in HTCondor jobs, one for each submission; "
        "see docs/grading.md",
    )
    command.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        help="grade N at a time (default: the number of processors; with --on htcondor, of slots)",
    )
    command.add_argument(
        "--out",
        type=Path,
        default=Path("grades.csv"),
        metavar="FILE",
        help="the table of grades to write (default %(default)s)",
    )
    command.add_argument(
        "--format",
        choices=("moodle", "canvas", "gradescope", "github", "csv", "json"),
        action="append",
        default=[],
        help="also write the grades in the format of another system, and feedback if that system's file names for it "
        "are known; csv is for a spreadsheet. May be given more than once",
    )
    command.add_argument(
        "--assignment",
        default="self-checkpointing",
        metavar="NAME",
        help='the name of the assignment in that system, for Canvas with its number: "Checkpoints (1234)" (default '
        "%(default)s)",
    )
    command.add_argument(
        "--reports",
        type=Path,
        metavar="DIR",
        help="the folder for the pages for the class and each student (default: reports, beside FILE)",
    )
    command.add_argument(
        "--seed",
        default="",
        metavar="TEXT",
        help="any text of your choice: answers are also tried on sweeps generated from it, which students can't know",
    )
    command.add_argument("--names", action="store_true", help="name students with similar answers in the class report")
    command.add_argument(
        "--notebook",
        action="append",
        default=[],
        metavar="NAME",
        help="count only the points of this notebook, such as 03-save; give it more than once for several",
    )
    command.add_argument(
        "--in-browser",
        action="store_true",
        help="the class worked in the browser: what needs a shell, which can't be done there, counts as extra points",
    )
    command.add_argument(
        "--require-sandbox",
        action="store_true",
        help="refuse to grade if students' programs can't be confined (see docs/security.md)",
    )
    add_exercises(command)


def run(options: argparse.Namespace) -> int:
    """Grade a class; returns the exit status."""
    take_exercises(options)
    from ..grading import batch

    require_fork()
    return batch.grade(
        options.folder,
        options.out,
        options.reports,
        options.jobs,
        options.require_sandbox,
        options.seed,
        options.names,
        options.on,
        roster=options.roster,
        formats=options.format,
        assignment=options.assignment,
        notebooks=[name.removesuffix(".ipynb") for name in options.notebook],
        in_browser=options.in_browser,
    )
