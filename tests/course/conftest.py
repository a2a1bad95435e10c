"""Answers are judged here as `grade` judges them: a program is executed only once in the same sandbox."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from grader.course.budgeted import LIMITS, BudgetedExecutor
from grader.course.catalogue import EXERCISES
from grader.tree import Tree


@pytest.fixture(scope="session")
def executor():
    """An executor with time for a slow machine. Tests that need other limits make their own executor."""
    with BudgetedExecutor(None, math.inf, replace(LIMITS, wall=120.0)) as executor:
        yield executor


@pytest.fixture(autouse=True)
def budget(request):
    """Each test begins with a new budget."""
    if "executor" in request.fixturenames:
        request.getfixturevalue("executor").begin()


@pytest.fixture
def judged(executor):
    """judged(exercise, files): the report on an answer. Its programs are executed anew in each call."""

    def judged(exercise, files):
        executor.begin()
        return EXERCISES[exercise].judge(Tree.files(files), executor, "numbers")

    return judged
