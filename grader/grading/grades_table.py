"""The table of a class's grades, grades.csv: a line for each student, and what a regrade changes in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..course.catalogue import EXERCISES
from ..text import in_points, no_formula, number, series
from .results import StudentResult
from .roster import full_name, identifiers
from .store import StoreEntry

NOTHING = "Nothing was handed in."
Table = dict[str, dict[str, str]]
"""Student → column → text."""


def of_results(results: Iterable[StudentResult], version: str) -> Table:
    return {result.student: _row(result, version) for result in results}


def _row(result: StudentResult, version: str) -> dict[str, str]:
    grade, who = result.grade(), result.handed.identity
    row = {
        "student": result.student,
        "name": full_name(who),
        "id": next(iter(identifiers(who)), ""),
        "late": "late" if who.late else "",
        "points": "",
        "maximum": "",
    }
    if grade is not None:
        row |= {"points": number(grade.points), "maximum": number(grade.maximum)}
        for graded in grade.exercises:
            row |= {
                graded.exercise: number(graded.points) if graded.counts else "",
                f"{graded.exercise} status": grade.status(graded),
                f"{graded.exercise} misconception": graded.misconception or "",
            }
    notes = (*grade.unsure, *grade.remarks) if grade else ()
    remarks = dict.fromkeys(
        [result.outcome.problem, *notes, *([] if result.outcome != StoreEntry() else result.handed.said or [NOTHING])]
    )
    row["comments"] = " ".join(result.comments())
    return row | {"remarks": " ".join(filter(None, remarks)), "submission": result.outcome.key[:12], "rubric": version}


def columns(exercises: Iterable[str] = tuple(EXERCISES), named: bool = False) -> list[str]:
    own = [column for name in exercises for column in (name, f"{name} status", f"{name} misconception")]
    who = ["student", *["name"] * named, "id", "late"]
    return [*who, "points", "maximum", *own, "comments", "remarks", "submission", "rubric"]


def as_csv(table: Table, exercises: Iterable[str] = tuple(EXERCISES)) -> bytes:
    text = io.StringIO()
    named = any(row.get("name") for row in table.values())
    writer = csv.DictWriter(text, columns(exercises, named), lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows({name: no_formula(value) for name, value in row.items()} for row in table.values())
    return text.getvalue().encode("utf-8", "replace")


def read(path: Path) -> Table:
    """The table of the last run; {} if there is none that can be read."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return {row["student"]: row for row in csv.DictReader(file) if row.get("student")}
    except (OSError, ValueError, csv.Error):
        return {}


def changes(before: Table, now: Table) -> Iterator[str]:
    """What a regrade has changed, a line for each student, and who is no longer in the table. `before` is the table as
    it was read."""
    if gone := [student for student in before if student not in set(map(no_formula, now))]:
        yield f"No longer in the table, as they are not in what was graded now: {series(gone)}."
    for student, row in now.items():
        old = before.get(no_formula(student))
        if old is None or old.get("points") == row["points"]:
            continue
        where = [
            f"{name} {old.get(name) or 'none'} → {row.get(name) or 'none'}"
            for name in EXERCISES
            if (old.get(name) or "0") != (row.get(name) or "0")
        ]
        by_hand = (old.get("comments") or "") != no_formula(row.get("comments", ""))
        others = any((name in old) != (name in row) for name in EXERCISES) and row["points"]
        same = "changed by hand" if by_hand else "other notebooks count" if others else "the rubric has changed"
        alone = by_hand and not (old.get("points") and row["points"])  # points of a student who has handed in nothing
        same = same if alone or old.get("submission") == row.get("submission") else "another submission"
        now_has = in_points(float(row["points"])) if row["points"] else "no points"
        yield (f"{student}: {old.get('points') or 'no'} → {now_has} ({', '.join(where)}; {same})")


def is_foreign(table: Path) -> bool:
    """Whether a file exists that does not begin like the table of as_csv(): nbgrader's table has the same name."""
    try:
        with open(table, "rb") as file:
            header = file.readline(100).removeprefix(b"\xef\xbb\xbf").strip(b'" \r\n')
    except OSError:
        return False
    return header != b"" and not header.startswith(b"student")
