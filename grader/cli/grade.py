"""python -m grader grade: what a class has handed in; see grading/batch.py."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..execute.startd import require_fork
from .common import Commands, add_command, add_exercises, positive, take_exercises


def add_to(commands: Commands) -> None:
    """Add this command and its options."""
    command = add_command(
        commands,
        "grade",
        run,
        "grade what a class has handed in",
        "Exit status: 0 all graded; 1 an instructor has to look at some; 2 nothing could be graded. "
        "If it is interrupted, start it again: it continues where it was.",
    )
    command.add_argument(
        "folder",
        type=Path,
        metavar="SUBMITTED",
        help="a folder of notebooks, of student folders (nbgrader's submitted/ too) or of archives, what Moodle, "
        "Canvas, Gradescope or GitHub Classroom hands out, an archive of any of these, or one notebook",
    )
    command.add_argument(
        "--roster",
        type=Path,
        metavar="CSV",
        help="who is in the class, as a learning platform exports it: names the students who handed in nothing, and adds the "
        "numbers that the platform knows students by",
    )
    command.add_argument(
        "--on",
        choices=("here", "htcondor"),
        default="here",
        help="who grades: processes of this machine "
        "(default), or HTCondor jobs, a submission each; see docs/grading.md",
    )
    command.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        help="grade N at a time (default: one a processor; with --on htcondor as many as there are slots)",
    )
    command.add_argument(
        "--out",
        type=Path,
        default=Path("grades.csv"),
        metavar="FILE",
        help="the table of grades that is written (default %(default)s)",
    )
    command.add_argument(
        "--format",
        choices=("moodle", "canvas", "gradescope", "github", "csv", "json"),
        action="append",
        default=[],
        help="write the grades also as another system imports them, and feedback under the names that it wants back; "
        "csv is for a spreadsheet. More than once for several",
    )
    command.add_argument(
        "--assignment",
        default="self-checkpointing",
        metavar="NAME",
        help='what the assignment is called there, in Canvas with its number: "Checkpoints (1234)" (default %(default)s)',
    )
    command.add_argument(
        "--reports",
        type=Path,
        metavar="DIR",
        help="where the pages for the class and each student go (default: reports, beside FILE)",
    )
    command.add_argument(
        "--seed",
        default="",
        metavar="TEXT",
        help="a text of your own: answers are also tried on sweeps that are drawn from it, which students can't know",
    )
    command.add_argument(
        "--names", action="store_true", help="name students in the class report where answers are alike"
    )
    command.add_argument(
        "--require-sandbox",
        action="store_true",
        help="refuse to grade where students' programs can't be shut in (see docs/security.md)",
    )
    add_exercises(command)


def run(options: argparse.Namespace) -> int:
    """Grade a class. The exit status."""
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
    )
