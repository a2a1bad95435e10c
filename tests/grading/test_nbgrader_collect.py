"""Files that stop nbgrader, or that it overlooks: each submission is graded or named, and none stops the others."""

from __future__ import annotations

import gzip
import json
import os
from types import SimpleNamespace

import pytest
from classroom import ASSIGNMENT, MAXIMUM, grade, grades, solved
from test_batch import zipped
from test_collect import tarred

SAVE, RESTORE = "03-save.ipynb", "04-restore.ipynb"
RIGHT, OTHER = json.dumps(solved(SAVE)).encode(), json.dumps(solved(RESTORE)).encode()
IN = f"{ASSIGNMENT}/"
READ = {
    "browser": {f"{IN}03-save (1).ipynb": RIGHT},
    "copied": {f"{IN}03-save-Copy1.ipynb": RIGHT},
    "capitals": {f"{IN}03-Save.IPYNB": RIGHT},
    "twice": {f"{IN}03-save.ipynb.ipynb": RIGHT},
    "text": {f"{IN}03-save.ipynb.txt": RIGHT},
    "json": {f"{IN}03-save.json": RIGHT},
    "bare": {f"{IN}03-save": RIGHT},
    "own-name": {f"{IN}my work.ipynb": RIGHT},
    "zip": {f"{IN}all.zip": zipped({SAVE: RIGHT})},
    "tar": {f"{IN}all.tar.gz": tarred({f"x/{SAVE}": RIGHT}, "gz")},
    "gz": {f"{IN}03-save.ipynb.gz": gzip.compress(RIGHT)},
    "folder": {f"{IN}03-save.ipynb/03-save.ipynb": RIGHT},
    "below": {f"{IN}work/03-save.ipynb": RIGHT},
    "loose": {"anna-03-save.ipynb": RIGHT},
    "folder-name": {f"{ASSIGNMENT.title()}/{SAVE}": RIGHT},
    "exact": {f"{IN}{SAVE}": RIGHT, f"{IN}03-save (1).ipynb": b"{}"},
    "zz-as-it-should-be": {f"{IN}{SAVE}": RIGHT},
}
TIMES = {
    "time-odd": b"yesterday",
    "time-bytes": b"\xff\x81\x00",
    "time-zone": b"2026-11-28 10:00:00 Mars/Olympus",
    "time-empty": b"",
    "time-long": b"9" * 5000,
    "time-utf-16": "2026-11-28 10:00:00 UTC".encode("utf-16"),
    "time-bom": b"\xef\xbb\xbf2026-11-28 10:00:00 UTC\r\n",
    "time-year": b"0001-01-01 00:00:00 +1400",
}
NAMED = {
    "none": {f"{IN}notes.txt": b"x"},
    "empty": {},
    "pdf": {f"{IN}03-save.pdf": b"%PDF"},
    "rar": {f"{IN}all.rar": b"Rar!\x1a\x07\x00"},
    "another": {f"{IN}my work.ipynb": b'{"cells": []}'},
    "link": {},
    "broken": {f"{IN}all.zip": b"PK"},
}
UNREADABLE = {"cut": RIGHT[:900], "zero": b"", "no-notebook": b'{"cells": 1}'}


@pytest.fixture(scope="module")
def course(new_course):
    """A graded class of all these: whether nbgrader succeeded, the grades, its log, and the course's directory."""
    directory = new_course()
    times = {student: {IN + SAVE: RIGHT, f"{IN}timestamp.txt": time} for student, time in TIMES.items()}
    unreadable = {student: {IN + SAVE: data, IN + RESTORE: OTHER} for student, data in UNREADABLE.items()}
    for student, files in {**READ, **times, **NAMED, **unreadable}.items():
        (directory / "submitted" / student / ASSIGNMENT).mkdir(parents=True) if student in ("empty", "link") else None
        for name, content in files.items():
            path = directory / "submitted" / student / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    odd = directory / "submitted" / "z-odd-files" / ASSIGNMENT
    odd.mkdir(parents=True)
    (odd / SAVE).write_bytes(RIGHT)
    os.mkfifo(odd / "pipe")
    (odd / "gone").symlink_to("nowhere")
    (odd / "timestamp.txt").mkdir()
    (directory / "submitted" / "link" / ASSIGNMENT / SAVE).symlink_to(directory / "solutions" / ASSIGNMENT / SAVE)
    (directory / "submitted" / "stray.zip").write_bytes(zipped({SAVE: RIGHT}))
    return *grade(directory), directory


def test_all_are_graded_and_nothing_is_a_traceback(course):
    graded, told, found, log, _ = course
    assert graded and told and "Traceback" not in log, log[-3000:]
    assert sorted(found) == sorted([*READ, *TIMES, *NAMED, *UNREADABLE, "z-odd-files"])


@pytest.mark.parametrize("student", [*READ, *TIMES, "z-odd-files"])
def test_what_can_be_read_is_graded(course, student):
    _, _, found, _, directory = course
    assert found[student] == grades({"03-save": MAXIMUM["03-save"]})
    assert (directory / "feedback" / student / ASSIGNMENT / "03-save.html").exists()


@pytest.mark.parametrize("student", NAMED)
def test_who_has_handed_in_nothing_that_can_be_read_is_named(course, student):
    _, _, found, log, directory = course
    assert found[student] == grades()
    assert f"An instructor has to look at {student}: " in log
    [page] = (directory / "feedback" / student / ASSIGNMENT).glob("*.html")
    why = next(line for line in log.splitlines() if f"look at {student}: " in line).partition(f"look at {student}: ")[2]
    assert why.strip() in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("student", UNREADABLE)
def test_a_notebook_that_is_none_is_named_and_costs_only_its_own_points(course, student):
    _, _, found, log, directory = course
    assert found[student] == grades({"04-restore": MAXIMUM["04-restore"]})
    _, _, why = log.partition(f"An instructor has to look at {student}: {SAVE}: ")
    page = (directory / "feedback" / student / ASSIGNMENT / "03-save.html").read_text(encoding="utf-8")
    assert why.startswith("The file is ") and why.splitlines()[0] in page


@pytest.mark.parametrize(
    "words",
    [
        "stray.zip: it is in no student's folder",
        "exact: 03-save (1).ipynb is not graded",
        "time-odd/self-checkpointing/timestamp.txt: its time can't be read",
        "time-bytes/self-checkpointing/timestamp.txt",
        "z-odd-files/self-checkpointing/timestamp.txt",
        "link: 03-save.ipynb is a link",
    ],
)
def test_an_instructor_is_told(course, words):
    assert words in course[3]


@pytest.mark.parametrize("student", ["time-utf-16", "time-bom", "zz-as-it-should-be"])
def test_what_is_as_it_should_be_needs_no_word(course, student):
    assert student not in "\n".join(line for line in course[3].splitlines() if "has to look" in line)


def test_what_is_harmless_does_not_look_like_an_error(course):
    _, _, _, log, directory = course
    said = log + (directory.parent / "stderr.txt").read_text()
    for alarm in ("not in session", "MissingIDFieldWarning", "No submitted file", "Missing grade cell"):
        assert alarm not in said, [line for line in said.splitlines() if alarm in line][:3]


def test_a_line_says_which_notebooks_a_student_has_not_handed_in(course):
    said = {line.partition("] ")[2] for line in course[3].splitlines() if " has not handed in " in line}
    [browser], [empty] = ([line for line in said if line.startswith(f"{who} ")] for who in ("browser", "empty"))
    assert "03-save" not in browser and "02-submit-file, 04-restore" in browser and "01-evicted, " in empty


def test_without_the_assignment_it_says_how_to_make_it(monkeypatch):
    said = []

    def missing(*where):
        raise nbgrader_collect.MissingEntry("No such assignment")

    nbgrader_collect = pytest.importorskip("grader.grading.nbgrader_collect")
    monkeypatch.setattr(nbgrader_collect, "Gradebook", missing)
    course = SimpleNamespace(db_url="sqlite://", course_id="c", assignment_id="a", notebook_id="*")
    converter = SimpleNamespace(coursedir=course, log=SimpleNamespace(error=said.append))
    with pytest.raises(nbgrader_collect.base.NbGraderException):
        nbgrader_collect._required(converter)
    assert said == [
        "There is no assignment a in the gradebook yet. Run this first: nbgrader generate_assignment a --create --force"
    ]


def test_what_was_handed_in_is_not_changed(course):
    directory = course[4]
    assert [path.name for path in (directory / "submitted/browser" / ASSIGNMENT).iterdir()] == ["03-save (1).ipynb"]
