"""The answers are judged here as `grade` judges them: what a program does in a sandbox is executed once."""

from __future__ import annotations

import math

import pytest

from grader.course.budgeted import BudgetedExecutor
from grader.rules.execution import Limits


@pytest.fixture(scope="session")
def executor():
    """For a machine that may be slow. Tests with limits of their own make their own executor."""
    with BudgetedExecutor(None, math.inf, Limits(wall=120.0)) as executor:
        yield executor


@pytest.fixture(autouse=True)
def budget(request):
    """Each test begins with a new budget."""
    if "executor" in request.fixturenames:
        request.getfixturevalue("executor").begin()
