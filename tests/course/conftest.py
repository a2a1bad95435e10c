"""The answers are judged here as `grade` judges them: what a program does in a sandbox is executed once."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from grader.course.budgeted import LIMITS, BudgetedExecutor
from grader.course.catalogue import EXERCISES
from grader.tree import Tree


@pytest.fixture(scope="session")
def executor():
    """For a machine that may be slow. Tests with limits of their own make their own executor."""
    with BudgetedExecutor(None, math.inf, replace(LIMITS, wall=120.0)) as executor:
        yield executor


@pytest.fixture(autouse=True)
def budget(request):
    """Each test begins with a new budget."""
    if "executor" in request.fixturenames:
        request.getfixturevalue("executor").begin()


@pytest.fixture
def judged(executor):
    """judged(exercise, files): the report on an answer, whose programs are executed anew for each."""

    def judged(exercise, files):
        executor.begin()
        return EXERCISES[exercise].judge(Tree.files(files), executor, "numbers")

    return judged
