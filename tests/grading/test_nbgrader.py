"""The whole way of an assignment through nbgrader: from solutions/ to exercises/, and from what students
hand in to points and feedback.

It is gone once, and the tests look at what came of it.
"""

from __future__ import annotations

import copy
import html
import re

import pytest
from classroom import (
    ANSWERS,
    ASSIGNMENT,
    EXTRA,
    MAXIMUM,
    NOTEBOOKS,
    ROOT,
    grade,
    grades,
    hand_in,
    is_solution,
    notebook,
    solved,
    source,
    with_answer,
)

from grader.course.catalogue import COURSE, EXERCISES
from grader.tree import Tree

STALE = ANSWERS["restore"][1]["stale-checkpoint"]["no check at all"]
SAVE, RESTORE = "03-save.ipynb", "04-restore.ipynb"


def copied_cell(notebook):
    """A notebook in which a solution cell was copied and pasted, metadata and all."""
    changed = copy.deepcopy(notebook)
    at = next(index for index, cell in enumerate(changed["cells"]) if is_solution(cell))
    changed["cells"].insert(at + 1, {**copy.deepcopy(changed["cells"][at]), "id": "pasted"})
    return changed


def with_outputs(notebook):
    """A notebook as it is saved after a session: outputs, full points and errors among them."""
    changed = copy.deepcopy(notebook)
    for cell in changed["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"] = 7
            cell["outputs"] = [
                {"output_type": "stream", "name": "stderr", "text": ["a warning\n"]},
                {
                    "output_type": "execute_result",
                    "execution_count": 7,
                    "metadata": {},
                    "data": {"text/plain": ["20.0"]},
                },
                {"output_type": "error", "ename": "E", "evalue": "", "traceback": []},
            ]
    return changed


def submissions():
    """Student → notebook → what the student hands in, in alphabetical order, as nbgrader grades them."""
    return {
        "copied-cell": {SAVE: copied_cell(solved(SAVE))},
        "half": {SAVE: solved(SAVE), RESTORE: with_answer(solved(RESTORE), "restore", STALE)},
        "right": {name: solved(name) for name in NOTEBOOKS},
        "untouched": {name: notebook("exercises", name) for name in NOTEBOOKS},
        "with-outputs": {SAVE: with_outputs(solved(SAVE))},
    }


@pytest.fixture(scope="module")
def course(new_course):
    """A graded class: whether nbgrader succeeded, the grades, its log, and the course's directory."""
    directory = new_course()
    hand_in(directory, submissions())
    return *grade(directory, "half"), directory


# -- what students get -------------------------------------------------------------


def test_exercises_are_what_nbgrader_makes_of_the_solutions_now(released):
    here = ROOT / "exercises" / ASSIGNMENT
    for name in NOTEBOOKS:
        assert (released / "exercises" / ASSIGNMENT / name).read_bytes() == (here / name).read_bytes(), (
            f"generate {name} anew"
        )
    assert sorted(path.name for path in here.glob("*.ipynb")) == NOTEBOOKS


def test_nothing_but_notebooks_is_released(released):
    assert sorted(path.name for path in (released / "exercises" / ASSIGNMENT).iterdir()) == NOTEBOOKS


@pytest.mark.parametrize("where", ["solutions", "exercises"])
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_stored_without_outputs_and_counts(where, name):
    for cell in notebook(where, name)["cells"]:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_cell_ids_are_words_unique_and_the_same_in_both(name):
    ids = [cell["id"] for cell in notebook("solutions", name)["cells"]]
    assert ids == [cell["id"] for cell in notebook("exercises", name)["cells"]]
    assert len(set(ids)) == len(ids)
    assert [id for id in ids if not re.fullmatch("[a-z]+(-[a-z]+)*", id)] == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_solution_reaches_the_students(name):
    released = [cell for cell in notebook("exercises", name)["cells"] if cell["cell_type"] == "code"]
    text = "\n".join(map(source, released))
    assert "SOLUTION" not in text
    assert text.count("raise NotImplementedError()") == sum(
        source(cell).count("### BEGIN SOLUTION") for cell in notebook("solutions", name)["cells"]
    )
    for cell in filter(is_solution, notebook("solutions", name)["cells"]):
        for lines in re.findall("### BEGIN SOLUTION\n(.*?)### END SOLUTION", source(cell), re.DOTALL):
            assert [line for line in lines.splitlines() if line.strip() and line in text] == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_points_of_a_check_are_the_exercise_s(name):
    checks = [
        cell for cell in notebook("exercises", name)["cells"] if cell["metadata"].get("nbgrader", {}).get("grade")
    ]
    assert checks
    for cell in checks:
        exercise, literal = re.fullmatch(r'check\("(\w+)"(?:, (\w+))?\)', source(cell)).groups()
        assert literal == (exercise if EXERCISES[exercise].literal else None)
        assert cell["metadata"]["nbgrader"]["grade_id"] == "check-" + exercise.replace("_", "-")
        expected = 0 if EXERCISES[exercise].optional else EXERCISES[exercise].maximum  # extra credit has no maximum
        assert cell["metadata"]["nbgrader"]["points"] == expected
        assert cell["metadata"]["nbgrader"]["locked"]


# -- grades ------------------------------------------------------------------------


def test_every_submission_is_graded_whatever_is_wrong_with_another(course):
    graded, _, found, log, _ = course
    assert graded, log[-3000:]
    assert sorted(found) == sorted(submissions())
    assert [student for student, points in found.items() if points["manual"]] == []


def test_every_exercise_is_checked_in_its_own_notebook_only():
    for chapter in COURSE:
        checks = [
            re.match(r'check\("(\w+)"', source(cell))
            for cell in notebook("exercises", f"{chapter.name}.ipynb")["cells"]
        ]
        assert sorted(found[1] for found in checks if found) == sorted(one.name for one in chapter.exercises)


def test_a_right_submission_gets_all_points(course):
    assert course[2]["right"] == grades({name: MAXIMUM[name] + EXTRA[name] for name in MAXIMUM})


def test_an_untouched_one_gets_none(course):
    assert course[2]["untouched"] == grades()


def test_a_half_right_one_gets_exactly_what_the_judge_gives(course, half):
    found = course[2]["half"]
    assert 0 < half.points < half.maximum
    assert (found["03-save"], found["04-restore"]) == (MAXIMUM["03-save"], half.points + 2)


@pytest.mark.parametrize("student", ["copied-cell", "with-outputs"])
def test_a_right_one_with_oddities_is_still_right(course, student):
    assert course[2][student]["03-save"] == MAXIMUM["03-save"]


# -- feedback ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def half(executor):
    """The report on the half right answer."""
    report = EXERCISES["restore"].judge(Tree.files(STALE), executor)
    assert report.failure.misconception.id == "stale-checkpoint"
    return report


@pytest.fixture(scope="module")
def feedback(course):
    """The feedback on it, tags and all, character references resolved."""
    assert course[1], course[3][-3000:]
    page = course[-1] / "feedback" / "half" / ASSIGNMENT / "04-restore.html"
    return html.unescape(page.read_text(encoding="utf-8"))


def test_feedback_has_the_points_and_the_status(feedback, half):
    assert f"(Score: {half.points:.1f} / 20.0)" in feedback
    assert f'aria-label="{half.points:g} of 20 points"' in feedback
    assert f"</span>{half.status}</span>" in feedback


def test_feedback_says_which_trial_failed_and_how(feedback, half):
    assert half.headline in feedback
    failed = [trial for trial in half.trials if not trial.passed]
    assert failed
    for trial in half.trials:
        assert trial.name in feedback and trial.text in feedback


def test_feedback_has_the_misconception_and_its_hints(feedback, half):
    known = half.failure.misconception
    assert known.sentence in feedback
    assert [hint for hint in EXERCISES["restore"].hints_about(known) if hint not in feedback] == []


def test_feedback_draws_the_story_of_the_failure(feedback):
    assert "submit directory" in feedback and "execute directory" in feedback and "<svg" in feedback


def test_feedback_shows_no_path_of_the_machine_that_graded(course, feedback):
    assert str(course[-1]) not in feedback
    assert str(ROOT) not in feedback
