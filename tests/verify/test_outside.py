"""The place outside of its sandbox that a job was kept from writing to, as error messages have it."""

from __future__ import annotations

import pytest

from grader.rules.execution import Exit, Run
from grader.rules.job import Job
from grader.rules.livelock import Livelock
from grader.rules.profile import MODERN
from grader.rules.step import submitted
from grader.tree import Tree
from grader.verify.explore import UNSAFE, Exploration, Violation
from grader.verify.outside import state_outside
from grader.verify.states import State
from grader.verify.verdicts import Unsafe

MESSAGES = (
    "OSError: [Errno 30] Read-only file system: '/var/tmp/state'",
    "/var/lib/condor/execute/dir_1/run.sh: line 7: /var/tmp/state: Read-only file system",
    "touch: cannot touch '/var/tmp/state': Read-only file system",
    "mkdir: cannot create directory ‘/var/tmp/state’: Read-only file system",
)


@pytest.mark.parametrize("message", MESSAGES)
def test_the_place_is_that_of_the_error_message(message):
    job, run = Job(executable="job"), Run(Exit(1), Tree(), 0.0, "", f"{message}\n")
    state = State(submitted(job), Livelock(job, lambda *_: run, 1), run=run)
    exploration = Exploration(UNSAFE, violation=Violation(Unsafe.FAILED, state))
    assert state_outside(job, exploration, MODERN, None, None) == "/var/tmp/state"
