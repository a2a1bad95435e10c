"""nbgrader with our own way of grading: the same grades as by running the notebooks, and no notebook stops a class."""

from __future__ import annotations

import copy
import json

import pytest
from classroom import (
    ANSWERS,
    ASSIGNMENT,
    EXTRA,
    MAXIMUM,
    grade,
    grades,
    hand_in,
    notebook,
    solved,
    source,
    with_answer,
)

SAVE, RESTORE, FOR_REAL = "03-save.ipynb", "04-restore.ipynb", "10-for-real.ipynb"


def honest():
    """What honest students hand in."""
    stale = ANSWERS["restore"][1]["stale-checkpoint"]["no check at all"]
    twice = ANSWERS["save"][1]["repeats-iteration"]["one less"]
    return {
        "half": {
            SAVE: with_answer(solved(SAVE), "save", twice),
            RESTORE: with_answer(solved(RESTORE), "restore", stale),
        },
        "right": {SAVE: solved(SAVE), RESTORE: solved(RESTORE), FOR_REAL: solved(FOR_REAL)},
        "untouched": {name: notebook("exercises", name) for name in (SAVE, RESTORE, FOR_REAL)},
    }


def test_honest_submissions_get_the_grades_of_running_the_notebooks(new_course):
    course, running = new_course(), new_course()
    commented = "# c.Autograde.autograde_preprocessors = preprocessors.STOCK_AUTOGRADE"
    config = (running / "nbgrader_config.py").read_text(encoding="utf-8")
    assert config.count(commented) == 1, "the stock way is one commented line away"
    (running / "nbgrader_config.py").write_text(config.replace(commented, commented[2:]))
    hand_in(course, honest())
    hand_in(running, honest())
    ours, stock = grade(course), grade(running)
    assert ours[:3] == stock[:3], ours[3] + stock[3]
    assert "1 of 3 submissions graded, about " in ours[3]
    assert len(list((course / "reports" / ".grades").glob("*.json"))) == 3, "they are judged as a class, and kept"
    all_points = {name: MAXIMUM[name] for name in ("03-save", "04-restore")} | {"10-for-real": EXTRA["10-for-real"]}
    assert ours[2]["right"] == grades(all_points)
    assert ours[2]["untouched"] == grades()
    assert 0 < ours[2]["half"]["04-restore"] < MAXIMUM["04-restore"]


def test_a_notebook_with_half_of_a_surrogate_pair_can_be_written():
    from grader.grading.preprocessors import _notebook

    text = json.dumps(solved(SAVE)).replace("def ", "\\ud800def ", 1)
    [cell] = [cell for cell in _notebook(text.encode()).cells if "?def " in cell.source]
    assert cell.source.encode()


def changed(change):
    """The solved first notebook, changed by a function of its list of cells and the place of the solution."""
    nb = copy.deepcopy(solved(SAVE))
    change(nb["cells"], next(index for index, cell in enumerate(nb["cells"]) if source(cell).startswith("%%writefile")))
    return nb


def split(cells, at):
    lines = source(cells[at]).splitlines(keepends=True)
    half = next(number for number, line in enumerate(lines) if line.startswith("def ")) + 2
    tail = {**copy.deepcopy(cells[at]), "id": "tail", "source": lines[half:]}
    cells[at]["source"] = lines[:half]
    cells.insert(at + 1, tail)


def cheat(cells, at):
    for cell in cells:
        if source(cell) == 'check("save")':
            cell["source"] = ["1e9"]
    cells[at]["source"] = ["import os; os._exit(0)"]
    cells.insert(
        0,
        {
            "cell_type": "code",
            "id": "hook",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": ["import grader\ngrader.check = lambda name: 10\n", "while True: pass"],
        },
    )


OWN = {"grade": False, "grade_id": "my-own", "locked": False, "solution": True, "schema_version": 3, "task": False}


def of_every_check(**changes):
    """The solved first notebook with other metadata on its check cells."""

    def change(cells, at):
        for cell in cells:
            if cell["metadata"].get("nbgrader", {}).get("grade"):
                cell["metadata"]["nbgrader"] |= changes

    return changed(change)


@pytest.fixture(scope="module")
def odd_class(new_course):
    """A graded class with odd notebooks, and its course directory; the last student's notebook is a right one."""
    from grader.grading.nbgrader_class import BEGUN

    odd = {
        "a-copied": changed(lambda cells, at: cells.insert(at + 1, {**copy.deepcopy(cells[at]), "id": "pasted"})),
        "b-split": changed(split),
        "c-no-solution": changed(lambda cells, at: cells.pop(at)),
        "d-no-check": changed(
            lambda cells, at: cells.__delitem__(
                next(i for i, cell in enumerate(cells) if source(cell) == 'check("save")')
            )
        ),
        "e-backwards": changed(lambda cells, at: cells.reverse()),
        "f-cheats": changed(cheat),
        "g-ends-the-kernel": changed(
            lambda cells, at: cells[0].update(
                cell_type="code", outputs=[], execution_count=None, source=["import os; os._exit(1)"]
            )
        ),
        "interrupted": solved(SAVE),
        "z-last": solved(SAVE),
    }
    bom = b"\xef\xbb\xbf" + json.dumps(solved(SAVE), indent=1).replace("\n", "\r\n").encode()
    broken = {
        "a-bom": bom,
        "b-utf-16": json.dumps(solved(SAVE)).encode("utf-16"),
        "c-cut": bom[3:2000],
        "d-empty": b"",
        "e-own-id": changed(
            lambda cells, at: cells.insert(
                at,
                {
                    "cell_type": "code",
                    "id": "own",
                    "outputs": [],
                    "execution_count": None,
                    "source": "",
                    "metadata": {"nbgrader": OWN},
                },
            )
        ),
        "f-no-id": of_every_check(grade_id=None),
        "g-no-points": of_every_check(points="many"),
        "h-no-version": of_every_check(schema_version=99),
        "i-solution": of_every_check(solution=True, locked=False),
        "j-not-metadata": changed(lambda cells, at: cells[at]["metadata"].update(nbgrader="mine")),
        "k-none-left": changed(lambda cells, at: cells.__setitem__(slice(None), [])),
        "l-not-cells": json.dumps({**solved(SAVE), "cells": [7, *solved(SAVE)["cells"]]}).encode(),
    }
    course = new_course()
    hand_in(course, {student: {SAVE: nb} for student, nb in odd.items()})
    hand_in(course, {student: {SAVE: nb, RESTORE: solved(RESTORE)} for student, nb in broken.items()})
    (folder := course / "autograded" / "interrupted" / ASSIGNMENT).mkdir(parents=True)
    (folder / BEGUN).touch()
    return *grade(course), course


ODD = {
    "a-copied": 12,
    "b-split": 2,
    "c-no-solution": 2,
    "d-no-check": 12,
    "e-backwards": 12,
    "f-cheats": 2,
    "g-ends-the-kernel": 12,
    "interrupted": 12,
    "z-last": 12,
}
BROKEN = {
    "a-bom": 12,
    "b-utf-16": 12,
    "c-cut": 0,
    "d-empty": 0,
    "e-own-id": 12,
    "f-no-id": 12,
    "g-no-points": 12,
    "h-no-version": 12,
    "i-solution": 12,
    "j-not-metadata": 12,
    "k-none-left": 0,
    "l-not-cells": 12,
}
"""Points for the first notebook, by student. The students of BROKEN have also handed in another one, which is right."""


@pytest.mark.parametrize(("student", "points"), [*ODD.items(), *BROKEN.items()])
def test_an_odd_or_broken_notebook_is_graded_fairly_and_costs_no_other(odd_class, student, points):
    graded, told, found, log, _ = odd_class
    assert graded and told, log[-3000:]
    other = {"04-restore": MAXIMUM["04-restore"]} if student in BROKEN else {}
    assert found[student] == grades({"03-save": points, **other})


@pytest.mark.parametrize("student", BROKEN)
def test_the_feedback_says_what_can_not_be_read(odd_class, student):
    page = (odd_class[-1] / "feedback" / student / ASSIGNMENT / "03-save.html").read_text(encoding="utf-8")
    assert ("it is not JSON" in page) == (student == "c-cut")
    assert ("The file is empty." in page) == (student == "d-empty")


def test_the_feedback_says_what_is_odd(odd_class):
    feedback = odd_class[-1] / "feedback"
    page = (feedback / "b-split" / ASSIGNMENT / "03-save.html").read_text(encoding="utf-8")
    assert "looks like the second half of cell" in page
    page = (feedback / "z-last" / ASSIGNMENT / "03-save.html").read_text(encoding="utf-8")
    assert "All questions are passed." in page


def test_a_student_whose_grading_was_interrupted_is_graded_anew(odd_class):
    folder = odd_class[-1] / "autograded" / "interrupted" / ASSIGNMENT
    assert {path.name for path in folder.iterdir()} == {SAVE, ".graded"}


def test_a_cell_that_checks_nothing_known_earns_nothing():
    from nbformat.v4 import new_code_cell, new_notebook
    from nbgrader.utils import determine_grade

    from grader.grading.preprocessors import GradeFromFiles

    meta = {
        "nbgrader": {
            "grade": True,
            "solution": False,
            "locked": True,
            "points": 5,
            "grade_id": "x",
            "schema_version": 3,
            "task": False,
        }
    }
    nb, _ = GradeFromFiles().preprocess(new_notebook(cells=[new_code_cell("1e9", metadata=meta)]), {})
    assert determine_grade(nb.cells[0]) == (0, 5)


def test_grades_keep_what_an_instructor_did_and_only_late_ones_a_penalty(tmp_path):
    from nbformat.v4 import new_code_cell, new_notebook, new_output
    from nbgrader.api import Gradebook
    from nbgrader.plugins import LateSubmissionPlugin
    from traitlets.config import Config

    from grader.grading.preprocessors import Course, LatePenalties, SaveGrades

    class Half(LateSubmissionPlugin):
        def late_submission_penalty(self, student_id, score, total_seconds_late):
            return score / 2

    url = f"sqlite:///{tmp_path}/gradebook.db"
    with Gradebook(url) as gradebook:
        gradebook.add_assignment("a", duedate="2021-01-02")
        gradebook.add_notebook("n", "a")
        gradebook.add_grade_cell("check", "n", "a", max_score=5, cell_type="code")
        gradebook.add_student("ada")
        gradebook.add_submission("a", "ada", timestamp="2021-01-03")
        gradebook.find_grade("check", "n", "a", "ada").manual_score = 4
        gradebook.db.commit()
    meta = {"grade": True, "solution": False, "locked": True, "task": False, "points": 5, "grade_id": "check"}
    output = new_output("execute_result", {"text/plain": "3"})
    nb = new_notebook(cells=[new_code_cell("", metadata={"nbgrader": meta}, outputs=[output])])
    about = {"notebook": "n", "assignment": "a", "student": "ada", "db_url": url}
    for timestamp, penalty in (("2021-01-03", 2), ("2021-01-01", None)):
        with Gradebook(url) as gradebook:
            gradebook.update_or_create_submission("a", "ada", timestamp=timestamp)
        resources = {"nbgrader": about, "course": Course(about)}
        nb, resources = SaveGrades().preprocess(nb, resources)
        LatePenalties(config=Config(AssignLatePenalties={"plugin_class": Half})).preprocess(nb, resources)
        with Gradebook(url) as gradebook:
            grade = gradebook.find_grade("check", "n", "a", "ada")
            assert (grade.auto_score, grade.manual_score, grade.score, grade.needs_manual_grade) == (3, 4, 4, True)
            assert grade.notebook.late_submission_penalty == penalty


def test_preprocessors_are_nbgrader_s_without_execution_and_with_ours():
    from nbgrader.converters import Autograde
    from nbgrader.preprocessors import AssignLatePenalties, Execute, SaveAutoGrades

    from grader.grading.preprocessors import AUTOGRADE, STOCK_AUTOGRADE, GradeFromFiles, LatePenalties, SaveGrades

    ours = {SaveAutoGrades: SaveGrades, AssignLatePenalties: LatePenalties}
    assert [ours.get(one, one) for one in Autograde().autograde_preprocessors] == STOCK_AUTOGRADE
    assert all(issubclass(one, nbgraders) for nbgraders, one in ours.items())
    assert [GradeFromFiles if one is Execute else one for one in STOCK_AUTOGRADE] == AUTOGRADE
