"""The mutation table: every misconception is caught by its id, and every right answer accepted."""

from __future__ import annotations

import re

import pytest
from judged import ANSWERS, judged

from grader.course.catalogue import EXERCISES
from grader.course.misconceptions import MISCONCEPTIONS
from grader.course.report import CRASHED, NOT_TRIED, PASSED
from grader.tree import Tree

RIGHT = [(exercise, style) for exercise, (right, _) in ANSWERS.items() for style in right]
WRONG = [(exercise, id, style) for exercise, (_, wrong) in ANSWERS.items() for id in wrong for style in wrong[id]]
COMMANDS = "checkpoint_exit_code transfer_checkpoint_files preserve_relative_paths"


@pytest.mark.parametrize(("exercise", "style"), RIGHT)
def test_a_right_answer_gets_full_points_and_hears_what_happened(exercise, style, executor):
    report = EXERCISES[exercise].judge(Tree.files(ANSWERS[exercise][0][style]), executor)
    assert (report.status, report.points) == (PASSED, EXERCISES[exercise].maximum), report.headline
    assert all(trial.text for trial in report.trials), report.trials


@pytest.mark.parametrize(("exercise", "id", "style"), WRONG)
def test_a_misconception_is_caught_by_its_id(exercise, id, style, executor):
    report = judged(exercise, id, style, executor)
    assert report.points < report.maximum
    assert report.status not in (PASSED, NOT_TRIED, CRASHED)
    assert report.failure.misconception is MISCONCEPTIONS[id], report.headline
    assert len(report.hints) == 3


@pytest.mark.parametrize("exercise", ANSWERS)
def test_hints_name_only_what_there_is_in_the_exercise(exercise):
    files = EXERCISES[exercise].given()
    there = " ".join([COMMANDS, *files, *(entry.text for entry in files.values())])
    for id in ANSWERS[exercise][1]:
        named = re.findall(
            r"\w+_\w+|wrapper|sweep|waves|model", str(EXERCISES[exercise].hints_about(MISCONCEPTIONS[id]))
        )
        assert [name for name in named if name not in there] == [], id


def test_an_unused_last_checkpoint_is_not_taken_for_never_restores(executor):
    answer = dict(ANSWERS["restore"][0]["text"])
    assert "<= end" in answer["checkpoint.py"]
    answer["checkpoint.py"] = answer["checkpoint.py"].replace("<= end", "< end")
    report = EXERCISES["restore"].judge(Tree.files(answer), executor)
    assert report.points < report.maximum and report.failure.misconception is None
    assert report.headline.startswith("Asked for the iterations 98 to 100, saved every 1.")


def test_an_error_that_is_swallowed_is_shown_with_its_line(executor):
    for style in ANSWERS["restore"][1]["error-swallowed"]:
        facts = [
            fact
            for fact in judged("restore", "error-swallowed", style, executor).failure.evidence
            if fact.kind == "swallowed"
        ]
        assert facts and all(fact.file == "checkpoint.py" and fact.line for fact in facts), style


@pytest.mark.parametrize("exercise", ["save", "restore", "annealing"])
def test_who_never_leaves_is_given_hints_about_leaving(exercise, executor):
    answer = dict(next(iter(ANSWERS[exercise][0].values())))
    answer["checkpoint.py"] = answer["checkpoint.py"].replace("sys.exit(85)", "pass")
    assert "exit 85" in EXERCISES[exercise].judge(Tree.files(answer), executor).hints[2]


@pytest.mark.parametrize("exercise", ANSWERS)
def test_there_are_enough_answers_of_each_kind(exercise):
    right, wrong = ANSWERS[exercise]
    assert len(right) >= (8 if exercise in ("save", "restore") else 5)
    assert all(len(programs) >= 2 for programs in wrong.values())


def test_every_misconception_that_is_taught_is_in_the_table():
    assert {id for _, wrong in ANSWERS.values() for id in wrong} == set(MISCONCEPTIONS)
