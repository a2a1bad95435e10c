"""Changes that an instructor makes by hand: a CSV file beside the grades, which grading reads and never writes.

Its columns are student (name or number, as in grades.csv), exercise, points and comment. A line without points is only
a comment; without an exercise, it is a comment on the whole submission. Grade files contain only the judge's results,
so a regrade keeps every change.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ..course.catalogue import EXERCISES
from ..text import as_sentence, in_points, no_formula, number, plain
from . import tables
from .archives import Refused, quoted
from .collect import HandIn
from .judge import Grade
from .roster import full_name, identifiers

FILE = "adjustments.csv"
"""The name of the file, beside the table of grades."""
COLUMNS = ("student", "exercise", "points", "comment")
MOST_BYTES = 4 << 20


class Adjustment(NamedTuple):
    """One line of the file."""

    student: str
    exercise: str
    """'' for the whole submission."""
    points: float | None
    """None to keep the judge's points."""
    comment: str
    line: int

    def __str__(self) -> str:
        """The sentence for the student."""
        changed = "" if self.points is None else f"{in_points(self.points)}, set by hand. "
        about = f"{self.exercise}: " if self.exercise else ""
        return plain(f"{about}{changed}{self.comment}".strip())


def _read(path: Path, problems: list[str]) -> list[Adjustment]:
    """The lines of the file that make sense; [] if there is no file. Adds a sentence to `problems` for each other line,
    and for what keeps the file, or all from a line on, from being read."""
    found: list[Adjustment] = []
    try:
        lines = tables.lines(path, MOST_BYTES, lambda data: data.decode("utf-8-sig"), ",;")
        columns = [column.strip().lower() for line in islice(lines, 1) for column in line.values]
        if not {"student", "exercise"} <= {*columns}:
            raise Refused(f"The first line of {quoted(path.name)} has to be: {','.join(COLUMNS)}.")
        for line in lines:
            try:
                found += filter(None, [_adjustment(path, columns, line)])
            except Refused as refused:
                problems.append(str(refused))
    except (FileNotFoundError, NotADirectoryError):
        pass
    except Refused as refused:
        problems.append(str(refused))
    except OSError as error:
        problems.append(as_sentence(f"{quoted(path.name)} can't be read: {error.strerror}"))
    except UnicodeDecodeError as error:
        at = error.object[: error.start].count(b"\n") + 1
        problems.append(f"{quoted(path.name)}, line {at}: it is not in UTF-8. Save the file as CSV in UTF-8.")
    return found


def _adjustment(path: Path, columns: Sequence[str], line: tables.Line) -> Adjustment | None:
    values = dict(zip(columns, line.values))
    student, exercise, points, comment = (values.get(column, "").strip() for column in COLUMNS)
    if not (student or exercise or points or comment):
        return None
    at, where = line.number, f"{quoted(path.name)}, line {line.number}"
    if any("\n" in value for value in (student, exercise, points)) or _seems_swallowed(comment, len(columns)):
        raise tables.unpaired(path, at)
    if any(line.values[len(columns) :]) or comment.isdigit():  # 1,5 without quotes is 1 point, and the comment 5
        raise Refused(f"{where}: it has too many columns. Put text with a comma in quotes, and write points as 1.5.")
    if not student:
        raise Refused(f"{where}: it names no student.")
    if exercise and exercise not in EXERCISES:
        likely = get_close_matches(exercise, EXERCISES, 1)
        meant = f"Did you mean {likely[0]}?" if likely else f"There are {', '.join(EXERCISES)}."
        raise Refused(f"{where}: there is no exercise {quoted(exercise)}. {meant}")
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
        raise Refused(f"{where}: {quoted(points)} is not a number from 0 to {number(most)}, the points of {exercise}.")
    return Adjustment(student, exercise, value, comment, at)


def _seems_swallowed(comment: str, columns: int) -> bool:
    """Whether a comment's second or later line has as many columns as the file: a stray quotation mark joins lines."""
    return any(max(map(line.count, ",;")) >= columns - 1 for line in comment.splitlines()[1:])


def read(path: Path, handed: Sequence[HandIn]) -> tuple[dict[str, list[Adjustment]], list[Adjustment]]:
    """Returns student → adjustments, and the adjustments for students who are not in `handed`; nothing if there is no
    file. Raises Refused, with a line of text for each line of the file that makes no sense, whose name or number fits
    several students, or that sets the same points as an earlier line."""
    problems: list[str] = []
    found = _belonging(_read(path, problems), handed, problems)
    if problems:
        raise Refused("\n".join(problems))
    return found


def _belonging(
    adjustments: Iterable[Adjustment], handed: Sequence[HandIn], problems: list[str]
) -> tuple[dict[str, list[Adjustment]], list[Adjustment]]:
    students: dict[str, set[str]] = {}
    sharing: dict[str, set[str]] = {}
    for hand_in in handed:
        who = hand_in.identity
        for name in {hand_in.student, no_formula(hand_in.student), *identifiers(who)}:
            students.setdefault(name, set()).add(hand_in.student)
        for name in {hand_in.student.removesuffix(f" ({plain(who.id)})"), full_name(who), no_formula(full_name(who))}:
            sharing.setdefault(name, set()).add(hand_in.student)
    by_student: dict[str, list[Adjustment]] = {}
    strays = []
    for adjustment in adjustments:
        matching = students.get(adjustment.student) or sharing.get(adjustment.student) or set()
        if len(matching) > 1:
            problems.append(
                f"{quoted(FILE)}, line {adjustment.line}: {quoted(adjustment.student)} may be "
                f"{' or '.join(sorted(matching))}. Write one of these names instead, as in the column student of the grades."
            )
            continue
        for student in matching:
            by_student.setdefault(student, []).append(adjustment)
        if not matching:
            strays.append(adjustment)
    for student, lines in by_student.items():
        problems += _contradictions(student, lines)
    return by_student, strays


def _contradictions(student: str, lines: Iterable[Adjustment]) -> Iterator[str]:
    """A sentence for each line that sets the points of an exercise again: the student would read both."""
    first: dict[str, int] = {}
    for line in lines:
        if line.points is not None and first.setdefault(line.exercise, line.line) != line.line:
            yield (
                f"{quoted(FILE)}, line {line.line}: line {first[line.exercise]} sets {student}'s points of "
                f"{line.exercise} already. Remove one of them."
            )


def not_found(adjustment: Adjustment, handed: Iterable[HandIn]) -> str:
    """A sentence on an adjustment whose student is not in `handed`."""
    names = {hand_in.student.casefold(): hand_in.student for hand_in in handed}
    wanted = adjustment.student.casefold()
    likely = [name for name in names if wanted in name.split()] or get_close_matches(wanted, names, 1)
    meant = f" Did you mean {' or '.join(names[name] for name in likely[:3])}?" if likely else ""
    return f"no student called {plain(adjustment.student)} has handed in anything.{meant}"


def adjusted(grade: Grade, adjustments: Iterable[Adjustment]) -> Grade:
    """A grade with the points that were set by hand."""
    points = {a.exercise: a.points for a in adjustments if a.points is not None}
    return replace(
        grade,
        exercises=tuple(
            replace(graded, points=points[graded.exercise], counts=True) if graded.exercise in points else graded
            for graded in grade.exercises
        ),
    )
