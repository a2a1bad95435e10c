"""What is told of answers that are wrong in ways that no misconception, or not it alone, explains."""

from __future__ import annotations

import pytest
from answers import FORGIVING, SAVED, restore

from grader.course.catalogue import EXERCISES
from grader.course.report import PASSED
from grader.simulator.tree import Tree


@pytest.fixture
def told(executor):
    """told(exercise, files) is the report on a wrong answer."""
    def told(exercise, files):
        report = EXERCISES[exercise].judge(Tree.files(files), executor)
        assert report.status != PASSED and report.points < report.maximum
        return report
    return told


@pytest.mark.parametrize(("returned", "shown"), [("None", "None"), ("str(start)", "'1'")])
def test_what_restore_has_returned_is_told_with_what_it_has_to_return(returned, shown, told):
    report = told("restore", restore(SAVED + f"\ndef restore_checkpoint(start, end):\n    return {returned}\n"))
    assert report.failure.misconception is None
    assert f"has to return a whole number, the iteration to begin with, and not {shown}." in report.headline


def test_a_restore_without_a_return_at_its_end_is_told_what_it_returns(told):
    report = told("restore", restore(SAVED + FORGIVING.replace("    return iteration if", "    iteration if")))
    assert report.points == 2 and "and not None." in report.headline
