"""nbgrader's autograde uses the grades of a class that was judged as a whole. (test_preprocessors.py runs it.)"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from classroom import ASSIGNMENT, GRADE, ROOT, hand_in, nbgrader, notebook, solved

from grader.execute.isolation import confinement
from grader.grading.collect import in_folder
from grader.grading.store import Settings, StoreEntry, grade_one, read
from grader.rules.execution import MachineTrouble
from grader.tree import File, Tree


@pytest.fixture(scope="module")
def nbgrader_class():
    """The module under test. (Importing nbgrader takes seconds, which other tests need not wait for.)"""
    from grader.grading import nbgrader_class

    return nbgrader_class


def test_a_judgement_is_that_of_the_very_answer_of_this_student(nbgrader_class, tmp_path):
    for student, name in (("ada", "02-submit-file.ipynb"), ("ben", "01-evicted.ipynb")):
        (tmp_path / student).mkdir()
        (tmp_path / student / name).write_text(json.dumps(solved(name)), encoding="utf-8")
    handed = {student: in_folder(tmp_path / student) for student in ("ada", "ben")}
    (store := tmp_path / "grades").mkdir()

    def outcomes():
        yield 1, StoreEntry(problem="It could not be graded.")
        yield None
        yield 0, grade_one(handed["ada"], Settings(store, confinement()))

    judged = nbgrader_class.JudgedClass(store, handed, outcomes())
    judged.wait_for("ada")
    answer = read(handed["ada"]).answers["submit"]
    found = judged.find("ada", "submit", answer)
    assert found is not None and (found.points, found.status) == (found.maximum, "passed")
    assert judged.find("ada", "submit", answer.put("sweep.sub", File(b"queue"))) is None
    assert judged.find("ada", "save", Tree()) is None
    assert judged.find("ben", "submit", answer) is None
    assert judged.find("nobody", "submit", answer) is None


def test_trouble_with_the_machine_is_said_before_the_next_student(nbgrader_class, tmp_path):
    def outcomes():
        yield 0, StoreEntry()
        raise MachineTrouble("no room")

    handed = dict.fromkeys(("ada", "ben"), in_folder(tmp_path))
    judged = nbgrader_class.JudgedClass(tmp_path, handed, outcomes())
    judged.wait_for("ada")
    assert judged.find("ada", "submit", Tree()) is None, "which asks for the next outcome, without any harm"
    with pytest.raises(MachineTrouble, match="no room"):
        judged.wait_for("ben")


def test_a_folder_that_another_command_works_on_is_not_removed(nbgrader_class, tmp_path):
    nbgrader = SimpleNamespace(log=logging.getLogger())
    with open(tmp_path / nbgrader_class.BEGUN, "w") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        nbgrader_class._remove_unfinished(nbgrader, tmp_path)
        assert tmp_path.exists()
    nbgrader_class._remove_unfinished(nbgrader, tmp_path)
    assert not tmp_path.exists()
    nbgrader_class._remove_unfinished(nbgrader, tmp_path)


def test_who_hands_in_again_is_graded_again_without_any_timestamp(new_course):
    course, name = new_course(), "01-evicted.ipynb"
    hand_in(course, {student: {name: notebook("exercises", name)} for student in ("ada", "ben")})
    program = GRADE.replace('autograde(assignment, "*")', 'autograde(assignment, "*", force=False)').replace(
        "feedback(assignment, student)", "feedback(assignment, student, force=False)"
    )

    def graded():
        done, _, grades, log = json.loads(nbgrader(course, program, "*").splitlines()[-1])
        assert done, log
        return {student: grade["01-evicted"] for student, grade in grades.items()}, log

    assert graded()[0] == {"ada": 0, "ben": 0}
    (course / "submitted" / "ada" / ASSIGNMENT / name).write_text(json.dumps(solved(name)))
    grades, log = graded()
    assert grades == {"ada": 6, "ben": 0} and "as something else has been handed in" in log
    assert f"Skipping existing assignment: {course / 'autograded' / 'ben'}" in log
    assert "Score: 6.0 / 6.0" in (course / "feedback" / "ada" / ASSIGNMENT / "01-evicted.html").read_text()
    assert not list((course / "feedback").rglob(".graded"))


@pytest.mark.parametrize(
    ("breaks", "exercises", "says"),
    [
        ("", "nowhere", "nowhere: there is no such folder"),
        ("sys.modules['grader'] = None", "", "'grader' is not a package"),
    ],
)
def test_without_its_configuration_nbgrader_runs_no_notebook(breaks, exercises, says, tmp_path):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    run = subprocess.run(
        [sys.executable, "-c", f"import sys\n{breaks}\nfrom nbgrader.apps import NbGrader\nNbGrader.launch_instance()"]
        + ["autograde", "a"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SELF_CHECKPOINTING_EXERCISES": exercises},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1 and "nbgrader_config.py can't be used: " in run.stderr and says in run.stderr


def test_in_jupyterlab_a_broken_configuration_only_keeps_grading_off(tmp_path):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    program = """
from jupyter_server.serverapp import ServerApp
from nbgrader.apps import NbGrader, NbGraderAPI
ServerApp.instance()
app = NbGrader()
app.load_config_file()
print(NbGraderAPI(config=app.config).autograde("a", "anna")["error"])
"""
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SELF_CHECKPOINTING_EXERCISES": "nowhere"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0 and "there is no such folder" in run.stdout and "So nothing is graded." in run.stdout


def test_an_interruption_is_one_line_and_an_exit_status(nbgrader_class, monkeypatch, caplog):
    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(nbgrader_class, "_convert_by_name", interrupted)
    with pytest.raises(SystemExit) as ended:
        nbgrader_class._convert_notebooks(SimpleNamespace(log=logging.getLogger()))
    assert ended.value.code == 130 and ended.value.__suppress_context__
    assert caplog.messages == ["Interrupted. The next run continues from there."]


@pytest.mark.parametrize("change", [{}, {"points": "x"}, {"grade": 1}, {"odd": True}, {"grade_id": None}])
def test_metadata_are_valid_where_nbgrader_would_find_them_valid(nbgrader_class, change):
    import jsonschema
    from nbgrader.nbgraderformat import MetadataValidator

    schema = MetadataValidator().schema
    given = {"grade": True, "solution": False, "locked": True, "task": False, "grade_id": "x", "points": 5}
    given = {**given, "schema_version": 3, **change}
    problems = []
    for validate in (jsonschema.validate, nbgrader_class._validate):
        try:
            validate(given, schema)
        except jsonschema.ValidationError as error:
            problems.append(error.message)
    assert len(problems) in (0, 2) and len(set(problems)) < 2 and bool(problems) == bool(change)
