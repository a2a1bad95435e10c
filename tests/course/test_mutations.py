"""The mutation table: every misconception is caught by its id, and every right answer accepted."""

from __future__ import annotations

import pytest
from answers import ANSWERS

from grader.course.catalogue import EXERCISES
from grader.course.misconceptions import MISCONCEPTIONS
from grader.course.report import CRASHED, NOT_TRIED, PASSED
from grader.simulator.tree import Tree

RIGHT = [(exercise, style) for exercise, (right, _) in ANSWERS.items() for style in right]
WRONG = [(exercise, id, style) for exercise, (_, wrong) in ANSWERS.items() for id in wrong for style in wrong[id]]


@pytest.mark.parametrize(("exercise", "style"), RIGHT)
def test_a_right_answer_gets_full_points(exercise, style, executor):
    report = EXERCISES[exercise].judge(Tree.files(ANSWERS[exercise][0][style]), executor)
    assert (report.status, report.points) == (PASSED, EXERCISES[exercise].maximum), report.headline


@pytest.mark.parametrize(("exercise", "id", "style"), WRONG)
def test_a_misconception_is_caught_by_its_id(exercise, id, style, executor):
    report = EXERCISES[exercise].judge(Tree.files(ANSWERS[exercise][1][id][style]), executor)
    assert report.points < report.maximum
    assert report.status not in (PASSED, NOT_TRIED, CRASHED)
    assert report.failure.misconception is MISCONCEPTIONS[id], report.headline
    assert len(report.hints) == 3


@pytest.mark.parametrize("exercise", ANSWERS)
def test_there_are_enough_answers_of_each_kind(exercise):
    right, wrong = ANSWERS[exercise]
    assert len(right) >= 8
    assert all(len(programs) >= 2 for programs in wrong.values())


def test_every_misconception_that_is_taught_is_in_the_table():
    assert {id for _, wrong in ANSWERS.values() for id in wrong} == set(MISCONCEPTIONS)
