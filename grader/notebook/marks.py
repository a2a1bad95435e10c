"""A learner's progress: the last result of check() for each exercise, saved beside the notebooks.

It is for the learner only; grading does not read it.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from .. import calling
from ..course.catalogue import COURSE
from ..course.catalogue import Notebook as Chapter
from ..course.exercise import Exercise
from ..course.report import NOT_TRIED, PASSED, Report
from ..text import count, in_points, number
from ..tree import Tree
from ..view.card import STATUSES
from ..view.rendering import render
from ..view.style import card_sheet
from . import without_shell

FILE = Path(".progress.json")
"""In the directory of the notebooks, so that it survives a restart of the kernel or the browser."""


class Mark(NamedTuple):
    """The last result of check(): one of the statuses of course/report.py, and the points."""

    status: str = NOT_TRIED
    points: float = 0.0
    wrong: tuple[str, ...] = ()
    """Digests of the different wrong values, if the answer is a value."""


Marks = Mapping[str, Mark]
"""Exercise → its last result. Exercises that were never checked are missing."""


def read() -> dict[str, Mark]:
    """The saved results; {} if there is no readable file."""
    try:
        data = json.loads(FILE.read_text(encoding="utf-8"))
        return {
            str(name): Mark(str(status), float(points), tuple(str(digest) for digests in wrong for digest in digests))
            for name, (status, points, *wrong) in data.items()
            if status in STATUSES
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def keep(report: Report, answer: Tree) -> int:
    """Save the result of a check, if the directory is writable. Returns the number of different wrong predictions."""
    before = read()
    wrong = before.get(report.exercise, Mark()).wrong
    if report.failure and report.failure.solution:
        wrong = tuple(dict.fromkeys((*wrong, sha256(answer.file(report.exercise).content).hexdigest()[:16])))
    _write({**before, report.exercise: Mark(report.status, report.points, wrong)})
    return len(wrong)


def _write(marks: Marks) -> None:
    name = None
    try:
        with tempfile.NamedTemporaryFile("w", dir=".", prefix=FILE.name, delete=False, encoding="utf-8") as file:
            name = file.name
            json.dump(marks, file)
        os.replace(name, FILE)
    except OSError:
        if name is not None:
            Path(name).unlink(missing_ok=True)


def points(marks: Marks, chapters: Sequence[Chapter] = COURSE) -> tuple[float, float]:
    """Points earned, and points possible. The possible points include extra points only as far as they are earned, and
    exercises that can't be done here only if they are done."""
    counting = [
        (exercise, mark)
        for chapter in chapters
        for exercise in chapter.exercises
        if exercise.counts((mark := marks.get(exercise.name, Mark())).status) and not _left_out(exercise, mark)
    ]
    return (
        sum(min(mark.points, exercise.maximum) for exercise, mark in counting),
        sum(exercise.worth(min(mark.points, exercise.maximum)) for exercise, mark in counting),
    )


def _left_out(exercise: Exercise, mark: Mark) -> bool:
    """Whether an exercise does not count because it needs a shell, which is missing here."""
    return mark.status == NOT_TRIED and without_shell.is_out_of_reach(exercise)


def following(marks: Marks) -> str:
    """What to do next, in a sentence."""
    for chapter in COURSE:
        for exercise in chapter.exercises:
            mark = marks.get(exercise.name, Mark())
            if mark.status != PASSED and not _left_out(exercise, mark):
                begun = "Continue with" if mark.status != NOT_TRIED else "Next is"
                return f"{begun} “{exercise.title}” in {chapter.name}.ipynb."
    return f"Everything is passed. Now try your own program: {calling.command('verify')} SUBMIT_FILE."


def html(marks: Marks) -> Markup:
    """The table of exercises as HTML."""
    reached, maximum = points(marks)
    return render(
        "marks.html",
        sheet=card_sheet(),
        reached=reached,
        maximum=maximum,
        following=following(marks),
        chapters=[_chapter(chapter, marks) for chapter in COURSE],
    )


def text(marks: Marks) -> str:
    """The same as text."""
    reached, maximum = points(marks)
    lines = [f"Your progress: {number(reached)} of {in_points(maximum)}. {following(marks)}"]
    for chapter in COURSE:
        lines.append(f"{chapter.name}: {chapter.title}")
        for exercise in chapter.exercises:
            mark = marks.get(exercise.name, Mark())
            lines.append(
                f"  {STATUSES[mark.status][0]} {exercise.title}: {mark.status}, "
                f"{number(mark.points)} of {number(exercise.maximum)}{' extra' * exercise.optional}"
            )
    return "\n".join(lines)


def _chapter(chapter: Chapter, marks: Marks) -> dict[str, object]:
    return {
        "name": chapter.name,
        "title": chapter.title,
        "size": count(len(chapter.exercises), "exercise"),
        "exercises": [_row(exercise, marks.get(exercise.name, Mark())) for exercise in chapter.exercises],
    }


def _row(exercise: Exercise, mark: Mark) -> dict[str, object]:
    return {
        "title": exercise.title,
        "symbol": STATUSES[mark.status][0],
        "status": mark.status,
        "optional": exercise.optional,
        "reached": mark.points,
        "maximum": exercise.maximum,
    }
