"""The executor for the course's own programs."""

from __future__ import annotations

import pytest

from grader.course.trusted import shared, trusted
from grader.rules.job import Job
from grader.tree import File, Tree

PROGRAM = Tree({"job": File(b"#!/bin/sh\necho done\n", executable=True)})


def test_by_itself_each_use_has_an_executor_of_its_own():
    with trusted() as one, trusted() as other:
        assert one is not other


def test_what_is_computed_together_shares_one_which_is_closed_afterwards():
    with shared():
        with trusted() as one:
            assert one.run(Job("job", inputs=PROGRAM), PROGRAM).stdout == "done\n"
        with trusted() as other:
            assert other is one and one.run(Job("job", inputs=PROGRAM), PROGRAM).stdout == "done\n"
    assert not one.directory(0).parent.parent.exists()
    with trusted() as later:
        assert later is not one


def test_it_is_closed_if_something_goes_wrong():
    with pytest.raises(ZeroDivisionError), shared(), trusted() as one:
        raise ZeroDivisionError
    with trusted() as later:
        assert later is not one
