"""What `exercise check` says of an exercise that lacks something: where, and what."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from classroom import ROOT
from test_authors import steps

from grader.course import authoring, exercises, folders
from grader.course.catalogue import EXERCISES
from grader.course.exercise import UnusableExercise

PAGE = [(path.removeprefix("my-exercises/squares/"), text) for path, text in steps() if path != "$"]
SQUARES = {path.replace("skips-iteration", "repeats-iteration"): text for path, text in PAGE}
"""The exercise that docs/authors.md makes, as it is in the end."""
NUMBERS = itertools.count()


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Makes the exercise with some files changed, or left out, in a folder of its own: {path: text or None}."""
    monkeypatch.setenv(folders.VARIABLE, "")
    monkeypatch.setattr(exercises, "__path__", list(exercises.__path__))

    def make(changed: dict[str, str | None], name: str = "") -> Path:
        folder = tmp_path / (name or f"squares_{next(NUMBERS)}")
        for path, text in (SQUARES | changed).items():
            if text is not None:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text)
        return folder

    return make


def found(folder: Path) -> list[str]:
    """What is wrong with an exercise, with paths from its folder on."""
    exercise = authoring.load_folder(folder)
    return [str(flaw).replace(f"{folder.resolve()}/", "") for flaw in authoring.flaws(exercise, lambda what: None)]


def declared(old: str, new: str) -> dict[str, str]:
    text = SQUARES["exercise.py"]
    assert text.count(old) == 1
    return {"exercise.py": text.replace(old, new)}


RIGHT, WRONG = "right/one-at-a-time/squares.sh", "wrong/exit-zero-after-save/exit-0/squares.sh"
TABLE = {path: None for path in SQUARES if path.startswith(("right", "wrong"))}
FLAWS = {
    "no title": (declared('"Squares with checkpoints"', '""'), "exercise.py:9: the title is empty"),
    "no notebook": (declared('"13-squares"', '""'), "exercise.py:10: it does not say which notebook it is in"),
    "two hints alike": (
        declared('"What does a restart have to know? squares.sub lists a file for it."', '""'),
        "exercise.py:18: it takes three hints",
    ),
    "no points": (
        declared("Question(SAVES, 2,", "Question(SAVES, 0,"),
        "exercise.py:5: 'It saves, and leaves with 85' is worth 0 points",
    ),
    "rests on a question that there is not": (
        declared("rests_on=(SAVES,)", 'rests_on=("It saves",)'),
        "exercise.py:6: 'Restarted in place, it ends right' rests on 'It saves'",
    ),
    "hints for an unknown misconception": (
        declared('    title="', '    misconception_hints={"always-58": {3: "Leave."}},\n    title="'),
        "exercise.py:9: there is no misconception 'always-58'",
    ),
    "no submit file": ({"given/squares.sub": None}, "given: the submit file squares.sub is missing"),
    "a submit file that HTCondor refuses": (
        {"given/squares.sub": SQUARES["given/squares.sub"].replace("= 85", "= none")},
        "given/squares.sub:2: ",
    ),
    "no known answer": ({"expected/squares.txt": None}, "expected: it must contain the output files"),
    "no right answer": (dict.fromkeys((RIGHT, "right/two-at-a-time/squares.sh")), "right: there is no right answer"),
    "one style": ({RIGHT: None}, "right: there is 1 right answer: write at least two, in different styles"),
    "a right answer that is wrong": (
        {RIGHT: SQUARES[WRONG]},
        "right/one-at-a-time: this right answer gets 0 of 10 points. ",
    ),
    "a wrong answer that is right": (
        {WRONG: SQUARES[RIGHT]},
        "wrong/exit-zero-after-save/exit-0: this wrong answer gets all points",
    ),
    "a wrong answer as given": (
        {WRONG: SQUARES["given/squares.sh"]},
        "wrong/exit-zero-after-save/exit-0: this wrong answer is not judged at all",
    ),
    "a wrong answer by another name": (
        {WRONG: None, "wrong/always-85/exit-0/squares.sh": SQUARES[WRONG]},
        "wrong/always-85/exit-0: this wrong answer is diagnosed as exit-zero-after-save, not as always-85. ",
    ),
    "an unknown misconception": (
        {"wrong/always-58/exit-0/squares.sh": SQUARES[WRONG]},
        "wrong/always-58: there is no misconception 'always-58'",
    ),
    "a file that learners do not write": ({"right/one-at-a-time/square.sh": "x"}, "learners write squares.sh only"),
    "given what is right": (
        {"given/squares.sh": SQUARES[RIGHT]},
        "given: the files that the learner starts with already earn all points",
    ),
    "a table with one style": (
        {**TABLE, "answers.py": f'RIGHT = {{\n    "plain": {{"squares.sh": {SQUARES[WRONG]!r}}}\n}}\nWRONG = {{}}\n'},
        "answers.py:2: this right answer gets 0 of 10 points. ",
    ),
    "a table that can't be read": ({"answers.py": "RIGHT = {}\nWRONG = RIGTH\n"}, "answers.py:2: NameError: "),
    "a question that fails": (
        declared('"Evicted at any time, it ends right", 5, restart_safe', '"Evicted", 5, lambda job, cache: job.no'),
        "exercise.py:16: AttributeError: ",
    ),
}


@pytest.mark.parametrize("name", FLAWS)
def test_what_is_missing_is_named_with_its_place(name, made):
    changed, words = FLAWS[name]
    flaws = found(made(changed))
    assert [flaw for flaw in flaws if words in flaw], flaws


def test_of_an_exercise_that_lacks_nothing_nothing_is_said(made):
    assert found(made({})) == []


@pytest.mark.parametrize(
    ("changed", "name", "words"),
    [
        ({"exercise.py": None}, "", "there is no exercise.py in it"),
        ({"exercise.py": "EXERCISE = \n"}, "", "exercise.py:1: SyntaxError: "),
        ({"exercise.py": "import nothing_of_that_name\n"}, "", "exercise.py:1: ModuleNotFoundError: "),
        ({"exercise.py": "x = 1\n"}, "", "AttributeError: "),
        (declared('    title="Squares with checkpoints",\n', ""), "", "exercise.py:8: TypeError: "),
        ({}, "not-a-name", "the folder's name is the exercise's"),
        ({}, "save", "the course has an exercise of that name"),
    ],
)
def test_what_is_no_exercise_is_named_with_its_place(changed, name, words, made):
    with pytest.raises(UnusableExercise) as raised:
        authoring.load_folder(made(changed, name))
    assert words in str(raised.value)


def grader(*arguments, **variables):
    return subprocess.run(
        [sys.executable, "-m", "grader", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_the_exit_status_tells_whether_anything_is_missing(made, tmp_path):
    wanting = grader("exercise", "check", made({RIGHT: None}))
    assert (wanting.returncode, wanting.stdout.splitlines()[-1][-16:]) == (1, ": 1 thing to fix")
    unreadable = grader("exercise", "check", made({"exercise.py": "EXERCISE ="}))
    assert unreadable.returncode == 1 and "exercise.py:1: SyntaxError" in unreadable.stdout
    nothing = grader("exercise", "check", tmp_path / "nowhere")
    assert (nothing.returncode, nothing.stdout) == (2, "") and "there is no exercise.py in it" in nothing.stderr


def test_an_exercise_of_the_course_can_be_checked():
    done = grader("exercise", "check", EXERCISES["split"].folder)
    assert (done.returncode, done.stdout) == (
        0,
        "split: 4 points, 6 right answers, 0 wrong answers: nothing is missing\n",
    )


@pytest.mark.parametrize(
    ("arguments", "variable", "words"),
    [
        (("--exercises", "TMP/nowhere"), "", "nowhere: there is no such folder"),
        ((), "TMP/nowhere", "nowhere: there is no such folder"),
        (("--exercises", "TMP/same/save"), "", "save: this is an exercise: name the folder that contains it"),
        (("--exercises", "TMP/empty"), "", "empty: there is no exercise in it"),
        (("--exercises", "TMP"), "", "exercise.py:1: SyntaxError"),
        (("--exercises", "TMP/same"), "", "has that name already: choose another"),
    ],
)
def test_an_unusable_folder_of_exercises_stops_grading(arguments, variable, words, made, tmp_path):
    made({"exercise.py": "EXERCISE ="})
    (tmp_path / "empty").mkdir()
    (tmp_path / "same" / "save").mkdir(parents=True)
    (tmp_path / "same" / "save" / "exercise.py").write_text("")
    arguments = [one.replace("TMP", str(tmp_path)) for one in arguments]
    done = grader("grade", *arguments, tmp_path, **{folders.VARIABLE: variable.replace("TMP", str(tmp_path))})
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr
