"""The reports on the wrong answers, each made once for all the tests that ask for it."""

from __future__ import annotations

from grader.course.answers import all_answers
from grader.course.catalogue import EXERCISES
from grader.course.report import Report
from grader.execute.executor import Executor
from grader.tree import Tree

ANSWERS = all_answers()
_made: dict[tuple[str, str, str], Report] = {}


def judged(exercise: str, misconception: str, style: str, executor: Executor) -> Report:
    """The report on a wrong answer."""
    key = exercise, misconception, style
    if key not in _made:
        _made[key] = EXERCISES[exercise].judge(Tree.files(ANSWERS[exercise].wrong[misconception][style]), executor)
    return _made[key]
