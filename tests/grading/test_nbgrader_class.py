"""What nbgrader's autograde knows of a class that has been judged as a whole. (test_preprocessors.py runs it.)"""

from __future__ import annotations

import json

import pytest
from classroom import solved

pytest.importorskip("nbgrader")

import jsonschema
from nbgrader.nbgraderformat import MetadataValidator

from grader.execute.isolation import confinement
from grader.grading.collect import in_folder
from grader.grading.nbgrader_class import JudgedClass, _validate
from grader.grading.store import Settings, StoreEntry, grade_one, read
from grader.tree import File, Tree


def test_a_judgement_is_that_of_the_very_answer_of_this_student(tmp_path):
    for student, notebook in (("ada", "02-submit-file.ipynb"), ("ben", "01-evicted.ipynb")):
        (tmp_path / student).mkdir()
        (tmp_path / student / notebook).write_text(json.dumps(solved(notebook)), encoding="utf-8")
    handed = {student: in_folder(tmp_path / student) for student in ("ada", "ben")}
    judged = JudgedClass(tmp_path / "grades")
    judged.store.mkdir()
    judged.add("ada", handed["ada"], grade_one(handed["ada"], Settings(judged.store, confinement())))
    judged.add("ben", handed["ben"], StoreEntry(problem="It could not be graded."))
    answer = read(handed["ada"]).answers["submit"]
    found = judged.find("ada", "submit", answer)
    assert found is not None and (found.points, found.status) == (found.maximum, "passed")
    assert judged.find("ada", "submit", answer.put("sweep.sub", File(b"queue"))) is None
    assert judged.find("ada", "save", Tree()) is None
    assert judged.find("ben", "submit", answer) is None
    assert judged.find("nobody", "submit", answer) is None


@pytest.mark.parametrize("change", [{}, {"points": "x"}, {"grade": 1}, {"odd": True}, {"grade_id": None}])
def test_metadata_are_valid_where_nbgrader_would_find_them_valid(change):
    schema = MetadataValidator().schema
    given = {"grade": True, "solution": False, "locked": True, "task": False, "grade_id": "x", "points": 5}
    given = {**given, "schema_version": 3, **change}
    problems = []
    for validate in (jsonschema.validate, _validate):
        try:
            validate(given, schema)
        except jsonschema.ValidationError as error:
            problems.append(error.message)
    assert len(problems) in (0, 2) and len(set(problems)) < 2 and bool(problems) == bool(change)
