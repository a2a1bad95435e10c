"""The mutation table once more, judged where there are no processes: the same points, and the same misconceptions."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace

import pytest
from classroom import ANSWERS

from grader.course.budgeted import LIMITS, BudgetedExecutor
from grader.course.catalogue import EXERCISES
from grader.course.misconceptions import MISCONCEPTIONS
from grader.course.report import PASSED
from grader.course.trusted import shared
from grader.execute.interpreter.executor import InterpreterExecutor
from grader.tree import Tree

SHELL = {"wrapper", "behind_a_pipe", "for_real", "told_to_stop", "launched"}
"""Exercises about shell scripts, which need processes, and about a log, which need none."""
COMMAND = [("save", "exec of exit"), ("on_sigterm", "exec with an open output")]
"""Answers that start a command: here it is not found, which is told as such."""
RIGHT = [(name, style) for name, (right, _) in ANSWERS.items() if name not in SHELL for style in right]
WRONG = [
    (name, id, style)
    for name, (_, wrong) in ANSWERS.items()
    if name not in SHELL
    for id in wrong
    for style in wrong[id]
    if (name, style) not in COMMAND
]


class WithoutProcesses(BudgetedExecutor, InterpreterExecutor):
    """The executor of a notebook's check() where there are no processes."""


@pytest.fixture(scope="module")
def judge():
    """judge(exercise, files): the report on an answer."""
    with WithoutProcesses(None, math.inf, replace(LIMITS, wall=120.0)) as executor, shared():

        def judge(exercise, files):
            executor.begin()
            return EXERCISES[exercise].judge(Tree.files(files), executor)

        yield judge


@pytest.mark.parametrize(("exercise", "style"), RIGHT)
def test_a_right_answer_gets_full_points(exercise, style, judge):
    report = judge(exercise, ANSWERS[exercise][0][style])
    assert (report.status, report.points) == (PASSED, EXERCISES[exercise].maximum), report.headline


@pytest.mark.parametrize(("exercise", "id", "style"), WRONG)
def test_a_misconception_is_caught_by_its_id(exercise, id, style, judge):
    report = judge(exercise, ANSWERS[exercise][1][id][style])
    assert report.points < report.maximum and report.failure.misconception is MISCONCEPTIONS[id], report.headline


@pytest.mark.parametrize(("exercise", "style"), COMMAND)
def test_an_answer_that_needs_a_command_is_told_that_there_is_none(exercise, style, judge):
    report = judge(exercise, ANSWERS[exercise][1]["not-flushed"][style])
    assert report.points < report.maximum and "Function not implemented" in str(report.failure.evidence)


def test_a_notebook_checks_answers_where_nothing_can_be_forked(tmp_path):
    """All that it takes, the course's own programs as well."""
    (tmp_path / "restore").mkdir()
    for path, text in ANSWERS["restore"][0]["text"].items():
        (tmp_path / "restore" / path).write_text(text)
    program = """
import os
del os.fork
from grader.course.trusted import TrustedExecutor
from grader.execute.interpreter.executor import InterpreterExecutor
from grader.notebook.calls import check, simulate
assert issubclass(TrustedExecutor, InterpreterExecutor)
print("points:", check("restore"))
print("ended:", simulate("restore", "evict@2").status)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert "points: 20" in done.stdout and "ended: " in done.stdout, done.stderr


def test_nothing_is_graded_where_nothing_can_be_forked():
    program = """
import os
del os.fork
from grader.grading.judge import judge
from grader.grading.submission import StudentAnswers
from grader.rules.execution import MachineTrouble
try:
    judge(StudentAnswers({}), None)
except MachineTrouble as problem:
    print("refused:", problem)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "refused: Jobs can't run here" in done.stdout, done.stderr
