"""What an instructor changes by hand: a CSV file beside the grades, which grading reads and never writes.

Its columns are student (name or number, as in grades.csv), exercise, points and comment. A line without points is a
comment only; one without an exercise is a comment on all of it. What it is not: a part of a grade file. Those are made
by the judge alone, so a regrade keeps every change.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from ..course.catalogue import EXERCISES
from ..text import no_formula, plain
from ..view.card import in_points, number
from .archives import Refused, quoted
from .collect import HandIn
from .judge import Grade

FILE = "adjustments.csv"
"""Its name, beside the table of grades."""
COLUMNS = ("student", "exercise", "points", "comment")
MOST_BYTES = 4 << 20


class Adjustment(NamedTuple):
    """One line of the file."""

    student: str
    exercise: str
    """'' if it is about all of them."""
    points: float | None
    """None if the judge's stay."""
    comment: str
    line: int

    def __str__(self) -> str:
        """What a student reads."""
        changed = "" if self.points is None else f"{in_points(self.points)}, set by hand. "
        about = f"{self.exercise}: " if self.exercise else ""
        return plain(f"{about}{changed}{self.comment}".strip())


def read(path: Path) -> list[Adjustment]:
    """The lines of the file; none if it is not there. Raises Refused, which says what is wrong in which line, or
    OSError."""
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return []
    if len(data) > MOST_BYTES:
        raise Refused(f"{quoted(path.name)} has more than {MOST_BYTES >> 20} MB.")
    try:
        text = data.decode("utf-8-sig")
        header = text.partition("\n")[0]
        lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in header else ",")
        columns = [column.strip().lower() for column in lines.fieldnames or ()]
        if not {"student", "exercise"} <= {*columns}:
            raise Refused(f"The first line of {quoted(path.name)} has to be: {','.join(COLUMNS)}.")
        lines.fieldnames = columns
        return [one for line in lines if (one := _adjustment(path, line, lines.line_num))]
    except (csv.Error, UnicodeDecodeError) as error:
        raise Refused(f"{quoted(path.name)} is no CSV file in UTF-8 ({error}).") from None


def _adjustment(path: Path, line: Mapping[str, str | None], at: int) -> Adjustment | None:
    student, exercise, points, comment = ((line.get(column) or "").strip() for column in COLUMNS)
    if not (student or exercise or points or comment):
        return None
    where = f"{quoted(path.name)}, line {at}"
    if not student:
        raise Refused(f"{where}: it does not say which student is meant.")
    if exercise and exercise not in EXERCISES:
        raise Refused(f"{where}: there is no exercise {quoted(exercise)}. There are {', '.join(EXERCISES)}.")
    if not points:
        return Adjustment(student, exercise, None, comment, at)
    if not exercise:
        raise Refused(f"{where}: points belong to an exercise, and it names none.")
    most = EXERCISES[exercise].maximum
    try:
        value = float(points.replace(",", "."))
    except ValueError:
        value = math.nan
    if not 0 <= value <= most:
        raise Refused(
            f"{where}: {quoted(points)} is no number of points from 0 to {number(most)}, which {exercise} has."
        )
    return Adjustment(student, exercise, value, comment, at)


def belonging(
    adjustments: Iterable[Adjustment], handed: Sequence[HandIn]
) -> tuple[dict[str, list[Adjustment]], list[Adjustment]]:
    """(student → what is changed for them, what is nobody's)."""
    known: dict[str, list[str]] = {}
    for one in handed:
        for name in {one.student, no_formula(one.student), one.identity.id, one.identity.email, one.identity.sid}:
            if name:
                known.setdefault(name, []).append(one.student)
    found: dict[str, list[Adjustment]] = {}
    strays = []
    for adjustment in adjustments:
        meant = known.get(adjustment.student, [])
        if len(meant) == 1:
            found.setdefault(meant[0], []).append(adjustment)
        else:
            strays.append(adjustment)
    return found, strays


def adjusted(grade: Grade, adjustments: Iterable[Adjustment]) -> Grade:
    """A grade with the points that were set by hand; the last line counts."""
    points = {one.exercise: one.points for one in adjustments if one.points is not None}
    return replace(
        grade,
        exercises=tuple(
            replace(one, points=points[one.exercise], counts=True) if one.exercise in points else one
            for one in grade.exercises
        ),
    )
