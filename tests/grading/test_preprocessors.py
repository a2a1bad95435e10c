"""nbgrader with our own way of grading: the same grades as by running the notebooks, and no notebook stops a class."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys

import pytest
from classroom import ANSWERS, ASSIGNMENT, EXTRA, MAXIMUM, ROOT, environment, notebook, solved, source, with_answer

from grader.course.catalogue import EXERCISES

pytest.importorskip("nbgrader")
from grader.grading import nbgrader_class, preprocessors

DRIVER = """
import json, sys
from nbgrader.api import Gradebook
from nbgrader.apps import NbGrader, NbGraderAPI
app = NbGrader()
app.initialize([])
api = NbGraderAPI(config=app.config)
assert api.generate_assignment(sys.argv[1])["success"]
done = api.autograde(sys.argv[1], "*")
feedback = api.generate_feedback(sys.argv[1], "*")
with Gradebook(app.coursedir.db_url) as gradebook:
    grades = {submission.student.id: {"manual": submission.needs_manual_grade,
                                      **{notebook.name: notebook.score for notebook in submission.notebooks}}
              for submission in gradebook.assignment_submissions(sys.argv[1])}
print(json.dumps([done["success"], feedback["success"], grades, done["log"] or ""]))
"""
SAVE, RESTORE, FOR_REAL = "03-save.ipynb", "04-restore.ipynb", "10-for-real.ipynb"


def grade(scratch, submissions: dict, stock: bool = False):
    """(autograde succeeded, feedback succeeded, {student: {notebook: points}}, log), and the course's directory."""
    directory = scratch / "course"
    shutil.copytree(
        ROOT / "solutions", directory / "solutions", ignore=shutil.ignore_patterns(".ipynb_checkpoints", *EXERCISES)
    )
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    commented = "# c.Autograde.autograde_preprocessors = preprocessors.STOCK_AUTOGRADE"
    assert config.count(commented) == 1, "the stock way is one commented line away"
    (directory / "nbgrader_config.py").write_text(config.replace(commented, commented[2:]) if stock else config)
    for student, notebooks in submissions.items():
        folder = directory / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True)
        for name, content in notebooks.items():
            (folder / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    run = subprocess.run(
        [sys.executable, "-c", DRIVER, ASSIGNMENT],
        cwd=directory,
        env=environment(scratch),
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout.splitlines()[-1]), directory


def honest():
    """What students hand in who did as they were asked."""
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


def test_honest_submissions_get_the_grades_of_running_the_notebooks(tmp_path):
    (tmp_path / "ours").mkdir()
    (tmp_path / "stock").mkdir()
    ours, directory = grade(tmp_path / "ours", honest())
    stock, _ = grade(tmp_path / "stock", honest(), stock=True)
    assert ours[:3] == stock[:3], ours[3] + stock[3]
    assert "1 of 3 submissions graded, about " in ours[3]
    assert len(list((directory / "reports" / ".grades").glob("*.json"))) == 3, "they are judged as a class, and kept"
    nothing = {"manual": False, **dict.fromkeys(MAXIMUM, 0)}
    assert ours[2]["right"] == {
        **nothing,
        **{name: MAXIMUM[name] for name in ("03-save", "04-restore")},
        "10-for-real": EXTRA["10-for-real"],
    }
    assert ours[2]["untouched"] == nothing
    assert 0 < ours[2]["half"]["04-restore"] < MAXIMUM["04-restore"]


def test_a_student_whose_grading_was_interrupted_is_graded_anew(tmp_path):
    (folder := tmp_path / "course" / "autograded" / "ada" / ASSIGNMENT).mkdir(parents=True)
    (folder / nbgrader_class.BEGUN).touch()
    (graded, _, grades, log), _ = grade(tmp_path, {"ada": {SAVE: solved(SAVE)}})
    assert graded and grades["ada"]["03-save"] == MAXIMUM["03-save"], log
    assert [path.name for path in folder.iterdir()] == [SAVE]


def test_a_notebook_with_half_of_a_surrogate_pair_can_be_written():
    text = json.dumps(solved(SAVE)).replace("def ", "\\ud800def ", 1)
    [cell] = [cell for cell in preprocessors._notebook(text.encode()).cells if "?def " in cell.source]
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


@pytest.fixture(scope="module")
def odd_class(tmp_path_factory):
    """A class with oddities, graded; the student who comes last is as good as any."""
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
        "z-last": solved(SAVE),
    }
    return grade(tmp_path_factory.mktemp("odd"), {student: {SAVE: nb} for student, nb in odd.items()})


@pytest.mark.parametrize(
    "student, points",
    [
        ("a-copied", 12),
        ("b-split", 2),
        ("c-no-solution", 2),
        ("d-no-check", 12),
        ("e-backwards", 12),
        ("f-cheats", 2),
        ("g-ends-the-kernel", 12),
        ("z-last", 12),
    ],
)
def test_an_odd_notebook_is_graded_fairly_and_stops_nobody_else(odd_class, student, points):
    (graded, told, grades, log), _ = odd_class
    assert graded and told, log[-3000:]
    assert (grades[student]["03-save"], grades[student]["manual"]) == (points, False)


def test_the_feedback_says_what_is_odd(odd_class):
    _, directory = odd_class
    page = (directory / "feedback" / "b-split" / ASSIGNMENT / "03-save.html").read_text(encoding="utf-8")
    assert "looks like the second half of cell" in page
    page = (directory / "feedback" / "z-last" / ASSIGNMENT / "03-save.html").read_text(encoding="utf-8")
    assert "All questions are passed." in page


OWN = {"grade": False, "grade_id": "my-own", "locked": False, "solution": True, "schema_version": 3, "task": False}


def of_every_check(**changes):
    """The solved first notebook with other metadata on its check cells."""

    def change(cells, at):
        for cell in cells:
            if cell["metadata"].get("nbgrader", {}).get("grade"):
                cell["metadata"]["nbgrader"] |= changes

    return changed(change)


@pytest.fixture(scope="module")
def broken_class(tmp_path_factory):
    """A class with notebooks that nbgrader itself can't deal with, each with one that is as it should be."""
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
    return grade(
        tmp_path_factory.mktemp("broken"),
        {student: {SAVE: nb, RESTORE: solved(RESTORE)} for student, nb in broken.items()},
    )


@pytest.mark.parametrize(
    "student, points",
    [
        ("a-bom", 12),
        ("b-utf-16", 12),
        ("c-cut", 0),
        ("d-empty", 0),
        ("e-own-id", 12),
        ("f-no-id", 12),
        ("g-no-points", 12),
        ("h-no-version", 12),
        ("i-solution", 12),
        ("j-not-metadata", 12),
        ("k-none-left", 0),
        ("l-not-cells", 12),
    ],
)
def test_a_broken_notebook_gets_what_grade_gives_it_and_costs_no_other(broken_class, student, points):
    (graded, told, grades, log), directory = broken_class
    assert graded and told, log[-3000:]
    assert grades[student] == {
        "manual": False,
        **dict.fromkeys(MAXIMUM, 0),
        "03-save": points,
        "04-restore": MAXIMUM["04-restore"],
    }
    page = (directory / "feedback" / student / ASSIGNMENT / "03-save.html").read_text(encoding="utf-8")
    assert ("it is not JSON" in page) == (student == "c-cut")
    assert ("The file is empty." in page) == (student == "d-empty")


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


def test_preprocessors_are_nbgrader_s_without_execution_and_with_ours():
    from nbgrader.converters import Autograde
    from nbgrader.preprocessors import Execute, SaveAutoGrades

    from grader.grading.preprocessors import AUTOGRADE, STOCK_AUTOGRADE, GradeFromFiles, SaveGrades

    nbgraders = Autograde().autograde_preprocessors
    assert [SaveGrades if one is SaveAutoGrades else one for one in nbgraders] == STOCK_AUTOGRADE
    assert [GradeFromFiles if one is Execute else one for one in STOCK_AUTOGRADE] == AUTOGRADE
