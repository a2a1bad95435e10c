"""Grades in the import formats of other systems, and feedback under the file names that they expect.

| format | the file, and the source of its format | |---|---| | `moodle` | the grading worksheet; its import needs
Identifier, Grade and "Last modified (grade)" (mod/assign/feedback/offline). The zip of feedback has a folder `Full
name_ID_assignsubmission_file_` for each student (mod/assign/feedback/file) | | `canvas` | the gradebook: Student, ID,
SIS User ID, SIS Login ID, Section, assignments; then "Points Possible" (lib/gradebook_importer.rb). The zip has a file
for each student under the name of what was handed in (Assignment#infer_comment_context_from_filename) | | `gradescope`
| the columns of its own "Download Grades", a column for each question. The zip has a results.json for each submission,
as an autograder writes it | | `github` | the columns of GitHub Classroom's grades, as its REST API names them | | `csv`
| for a spreadsheet: UTF-8 with the byte order mark by which Excel recognises it; and a line for each question | |
`json` | everything |

Text that a student has chosen goes through text.no_formula() before it is put into a table.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..course.catalogue import COURSE
from ..text import count, in_points, no_formula, number, plain, series, shorten
from .assignment import Assignment
from .gradescope import as_results
from .judge import Grade, Graded
from .platforms import CANVAS, GITHUB, GRADESCOPE, MOODLE, Identity
from .results import StudentResult
from .roster import full_name

BOM = "\ufeff"
"""The byte order mark by which Excel recognises UTF-8."""
Row = Mapping[str, str]
Files = dict[str, bytes]
"""Suffix of the table's name → content; empty if there is nothing for the system to import."""
NOBODY = {
    MOODLE: "Moodle finds students by its own numbers, and nobody's number is known.",
    CANVAS: "nothing was downloaded from Canvas, which finds students by the names of those files.",
    GRADESCOPE: "no graded submission was exported from Gradescope, which finds submissions by its own numbers.",
}
"""Why there may be no feedback for a system."""


class OwnNumber(NamedTuple):
    """A system's own number of a student in a roster: its column, what it looks like, and the list that has it."""

    column: str
    pattern: re.Pattern[str]
    like: str
    source: str


NUMBERS = {
    MOODLE: OwnNumber(
        "identifier", re.compile(r"\D*[0-9]+"), "like Moodle's “Participant 17”", "its grading worksheet"
    ),
    CANVAS: OwnNumber("id", re.compile("[0-9]+"), "a number, as it is in Canvas", "the gradebook that Canvas exports"),
}


def files(form: str, results: Sequence[StudentResult], assignment: Assignment, pages: Mapping[str, Path]) -> Files:
    """What a format consists of. `pages`: the feedback of each student."""
    return FORMATS[form](results, assignment, pages)


def unknown(form: str, results: Iterable[StudentResult], roster: str) -> Iterator[str]:
    """Sentences on the students whom the system will not recognise: their number or name there is unknown, or the file
    `roster` has something else in its place."""
    number_of = {MOODLE: _participant, CANVAS: _canvas_number, GRADESCOPE: _mail, GITHUB: _user}.get(form)
    strangers = [result for result in results if number_of and not number_of(result.handed.identity)]
    wrong = sorted((who.line, text) for result in strangers if (text := _listed(form, who := result.handed.identity)))
    if wrong:
        (line, text), own = wrong[0], NUMBERS[form]
        alike = f", and {count(len(wrong) - 1, 'line')} more like it" if len(wrong) > 1 else ""
        yield (
            f"{plain(roster)}, line {line}{alike}: {plain(shorten(text, 40))} in the column {own.column} is not {own.like}. "
            f"Give {own.source} with --roster."
        )
    if unlisted := [plain(result.student) for result in strangers if not _listed(form, result.handed.identity)]:
        yield (
            f"{form} will not recognise {series(unlisted)}, as their number or name there is unknown. "
            "Give a class list from there with --roster."
        )


# -- Moodle ------------------------------------------------------------------------


def _moodle(results: Sequence[StudentResult], assignment: Assignment, pages: Mapping[str, Path]) -> Files:
    columns = [
        "Identifier",
        "Full name",
        "Email address",
        "Status",
        "Grade",
        "Maximum Grade",
        "Grade can be changed",
        "Last modified (submission)",
        "Last modified (grade)",
        "Feedback comments",
    ]
    rows = [_worksheet_row(result, assignment) for result in results]
    folders = {}
    for result in results:
        who = result.handed.identity
        if (match := re.search(r"\d+", _participant(who))) and (page := pages.get(result.student)):
            name = re.sub(r"[_/\\:*?\"<>|]", " ", result.name).strip(" .~") or "student"
            folders[f"{plain(name)}_{match[0]}_assignsubmission_file_/feedback.html"] = page
    return {"-moodle.csv": _csv(columns, rows, BOM), "-moodle-feedback.zip": _zip(_read(folders))}


def _worksheet_row(result: StudentResult, assignment: Assignment) -> Row:
    who, grade = result.handed.identity, result.grade()
    late = " - late" if who.late else ""
    return {
        "Identifier": _participant(who),
        "Full name": result.name,
        "Email address": who.email,
        "Status": f"Submitted for grading{late}" if result.outcome.key else "No submission",
        # Moodle skips a line with more points than the maximum
        "Grade": number(min(grade.points, assignment.maximum)) if grade else "",
        "Maximum Grade": number(assignment.maximum),
        "Grade can be changed": "Yes",
        "Feedback comments": html.escape("; ".join(_points_by_exercise(grade, result.comments()))),
    }


def _participant(who: Identity) -> str:
    return _number(MOODLE, who) or (f"Participant {who.id}" if who.system == MOODLE else "")


# -- Canvas ------------------------------------------------------------------------


def _canvas(results: Sequence[StudentResult], assignment: Assignment, pages: Mapping[str, Path]) -> Files:
    title = assignment.name
    total = {title: assignment.maximum}
    each = {f"{title}: {name}": exercise.maximum for name, exercise in assignment.exercises.items()}
    rows = [(_canvas_row(result), result.grade()) for result in results]
    totals = [{**row, title: number(grade.points) if grade else ""} for row, grade in rows]
    parts = [
        {**row, **{f"{title}: {one.exercise}": _counting(one) for one in grade.exercises}} if grade else row
        for row, grade in rows
    ]
    handed_in = {
        name: _canvas_feedback(name, page, result)
        for result in results
        if result.handed.identity.system == CANVAS and (page := pages.get(result.student))
        for name in result.handed.identity.names[:1]
    }
    return {
        "-canvas.csv": _canvas_csv(total, totals),
        "-canvas-exercises.csv": _canvas_csv(each, parts),
        "-canvas-feedback.zip": _zip(handed_in),
    }


def _canvas_csv(assignments: Mapping[str, float], rows: Sequence[Row]) -> bytes:
    columns = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *assignments]
    possible = {"Student": "    Points Possible", **{name: number(points) for name, points in assignments.items()}}
    return _csv(columns, [possible, *rows])


def _canvas_row(result: StudentResult) -> Row:
    who = result.handed.identity
    return {
        "Student": result.name,
        "ID": _canvas_number(who),
        "SIS User ID": who.roster_value("sis user id"),
        "SIS Login ID": who.roster_value("sis login id"),
        "Section": who.roster_value("section"),
    }


def _canvas_number(who: Identity) -> str:
    return who.id if who.system == CANVAS and who.id.isdecimal() else _number(CANVAS, who)


def _canvas_feedback(name: str, page: Path, result: StudentResult) -> bytes:
    """Canvas shows the feedback under the name of the file handed in, so it has to be of the same type."""
    if name.lower().endswith(".zip"):
        return _zip({"feedback.html": page.read_bytes()})
    if not name.lower().endswith(".ipynb"):
        return page.read_bytes()
    grade = result.grade()
    total = f"{in_points(grade.points)} of {number(grade.maximum)}" if grade else ""
    texts = [total, *result.comments(), *(graded.text for graded in grade.exercises)] if grade else []
    # Raw cells are shown verbatim: nothing in them is run or read as Markdown.
    cells = [
        {"cell_type": "raw", "id": f"feedback-{number}", "metadata": {}, "source": plain(text, keep="\n")}
        for number, text in enumerate(texts)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1).encode()


# -- Gradescope --------------------------------------------------------------------


def _gradescope(results: Sequence[StudentResult], assignment: Assignment, pages: Mapping[str, Path]) -> Files:
    titles = {
        (exercise.name, question.name): f"{first}.{second}: {question.name} ({question.maximum:.1f} pts)"
        for first, exercise in enumerate(assignment.exercises.values(), 1)
        for second, question in enumerate(exercise.questions, 1)
    }
    columns = [
        *["First Name", "Last Name", "SID", "Email", "Sections", "Total Score", "Max Points", "Status"],
        *["Submission ID", "Submission Time", "Lateness (H:M:S)", "View Count", "Submission Count"],
        *titles.values(),
    ]
    feedback: dict[str, bytes] = {}
    rows = []
    for result in results:
        who, grade = result.handed.identity, result.grade()
        first, last = _two_names(result)
        folder = who.names[0] if who.system == GRADESCOPE and who.names else ""
        row = {
            "First Name": first,
            "Last Name": last,
            "SID": who.sid,
            "Email": who.email,
            "Sections": who.roster_value("sections", "section"),
            "Total Score": number(grade.points) if grade else "",
            "Max Points": number(assignment.maximum),
            "Status": "Graded" if grade else "Missing" if not result.outcome.problem else "Ungraded",
            "Submission ID": folder.rpartition("_")[2],
        }
        for one in grade.exercises if grade else ():
            row |= {titles[key]: number(t.points) for t in one.trials if (key := (one.exercise, t.name)) in titles}
        rows.append(row)
        if grade and folder:
            results_json = json.dumps(as_results(grade, result.comments()), indent=1)
            feedback[f"{plain(folder)}/results.json"] = results_json.encode()
    return {"-gradescope.csv": _csv(columns, rows), "-gradescope-results.zip": _zip(feedback)}


def _mail(who: Identity) -> str:
    return who.email or who.sid


# -- GitHub Classroom --------------------------------------------------------------


def _github(results: Sequence[StudentResult], assignment: Assignment, pages: Mapping[str, Path]) -> Files:
    columns = [
        *["assignment_name", "assignment_url", "starter_code_url", "github_username", "roster_identifier"],
        *["student_repository_name", "student_repository_url", "submission_timestamp"],
        *["points_awarded", "points_available"],
    ]
    rows = []
    for result in results:
        who, grade = result.handed.identity, result.grade()
        rows.append(
            {
                **{name: who.roster_value(name) for name in columns},
                "assignment_name": assignment.name,
                "github_username": _user(who),
                "roster_identifier": who.roster_value("roster_identifier", "identifier"),
                "student_repository_name": (who.names or ("",))[0] if who.system == GITHUB else "",
                "points_awarded": number(grade.points) if grade else "",
                "points_available": number(assignment.maximum),
            }
        )
    return {"-github.csv": _csv(columns, rows)}


def _user(who: Identity) -> str:
    return who.id if who.system == GITHUB else who.roster_value("github_username")


# -- for people, and for programs --------------------------------------------------


def _spreadsheet(results: Sequence[StudentResult], assignment: Assignment, pages: Mapping[str, Path]) -> Files:
    named = ["student", *["name"] * any(full_name(result.handed.identity) for result in results), "id"]
    columns = [*named, "email", "late", "points", "maximum", *assignment.exercises, "comments"]
    questions = [*named, "notebook", "exercise", "question", "points", "maximum", "passed"]
    notebooks = {exercise.name: notebook.name for notebook in COURSE for exercise in notebook.exercises}
    rows, lines = [], []
    for result in results:
        who, grade = result.handed.identity, result.grade()
        known = {"student": result.student, "name": full_name(who), "id": who.id or who.sid, "email": who.email}
        row = {**known, "late": "late" if who.late else "", "comments": " ".join(result.comments())}
        if grade:
            row |= {"points": number(grade.points), "maximum": number(grade.maximum)}
            row |= {one.exercise: _counting(one) for one in grade.exercises}
        rows.append(row)
        lines += [
            {
                **known,
                "notebook": notebooks.get(one.exercise, ""),
                "exercise": one.exercise,
                "question": trial.name,
                "points": number(trial.points),
                "maximum": number(trial.maximum),
                "passed": {True: "yes", False: "no", None: "not asked"}[trial.passed],
            }
            for one in (grade.exercises if grade else ())
            if one.counts
            for trial in one.trials
        ]
    return {"-spreadsheet.csv": _csv(columns, rows, BOM), "-questions.csv": _csv(questions, lines, BOM)}


def _json(results: Sequence[StudentResult], assignment: Assignment, pages: Mapping[str, Path]) -> Files:
    table = {
        "assignment": assignment.name,
        "maximum": assignment.maximum,
        "students": [_as_json(result) for result in results],
    }
    return {".json": json.dumps(table, indent=1).encode()}


def _as_json(result: StudentResult) -> Mapping[str, Any]:
    who, grade = result.handed.identity, result.grade()
    return {
        "student": result.student,
        "name": result.name,
        "system": who.system,
        "id": who.id,
        "sid": who.sid,
        "email": who.email,
        "late": who.late,
        "handed_in": list(who.names),
        "points": grade.points if grade else None,
        "maximum": grade.maximum if grade else None,
        "problems": result.problems(),
        "comments": result.comments(),
        "remarks": list(grade.remarks) if grade else [],
        "exercises": [
            {
                "exercise": one.exercise,
                "title": one.title,
                "status": grade.status(one),
                "points": one.points,
                "maximum": one.maximum,
                "counts": one.counts,
                "headline": one.headline,
                "misconception": one.misconception,
                "schedule": one.schedule,
                "questions": [
                    {"name": t.name, "points": t.points, "maximum": t.maximum, "passed": t.passed, "text": t.text}
                    for t in one.trials
                ],
            }
            for one in grade.exercises
        ]
        if grade
        else [],
    }


FORMATS: dict[str, Callable[[Sequence[Any], Assignment, Mapping[str, Path]], Files]] = {
    MOODLE: _moodle,
    CANVAS: _canvas,
    GRADESCOPE: _gradescope,
    GITHUB: _github,
    "csv": _spreadsheet,
    "json": _json,
}


# -- shared ------------------------------------------------------------------------


def _listed(form: str, who: Identity) -> str:
    """The roster's value in the column of the system's own number, whether or not it looks like one."""
    return who.roster_value(NUMBERS[form].column) if form in NUMBERS else ""


def _number(form: str, who: Identity) -> str:
    """The same if it looks like such a number, else '': another value might be somebody else's number."""
    listed = _listed(form, who)
    return listed if NUMBERS[form].pattern.fullmatch(listed) else ""


def _counting(graded: Graded) -> str:
    return number(graded.points) if graded.counts else ""


def _points_by_exercise(grade: Grade | None, comments: Sequence[str]) -> list[str]:
    counted = [graded for graded in grade.exercises if graded.counts] if grade else []
    return [*comments, *(f"{g.exercise} {number(g.points)} of {number(g.maximum)}" for g in counted)]


def _two_names(result: StudentResult) -> tuple[str, str]:
    who = result.handed.identity
    if last := who.roster_value("last name", "lastname", "surname"):
        return who.roster_value("first name", "firstname"), last
    first, _, last = result.name.rpartition(" ")
    return first or last, last if first else ""


def _csv(columns: Sequence[str], rows: Iterable[Row], mark: str = "") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\r\n")
    writer.writerow({name: name for name in columns})
    for row in rows:
        spaces = row.get("Student", "").startswith("    Points Possible")  # our own text; Canvas needs the spaces
        writer.writerow({name: value if spaces else no_formula(value) for name, value in row.items()})
    return (mark + text.getvalue()).encode("utf-8", "replace")


def _read(paths: Mapping[str, Path]) -> Files:
    return {name: path.read_bytes() for name, path in paths.items()}


def _zip(contents: Mapping[str, bytes]) -> bytes:
    """A zip file, with the same bytes for the same contents; b"" for none."""
    if not contents:
        return b""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in contents.items():
            entry = zipfile.ZipInfo(name.encode("utf-8", "replace").decode(), (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
