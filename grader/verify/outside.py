"""State that a job keeps outside its sandbox: the files that it leaves there show it, and the job's end proves it if it
differs when those files stay."""

from __future__ import annotations

import errno
import os
import re

from ..rules.execution import Executes, Exit, Run
from ..rules.job import Job
from ..rules.profile import Profile
from ..rules.simulation import Outcome, outcome, simulate
from ..tree import Tree
from .explore import UNSAFE, Exploration

READ_ONLY = os.strerror(errno.EROFS)
_PLACE = re.compile(rf"['‘](/[^'’]*)['’]|(/[^:]*): {READ_ONLY}")
"""The path in an error message: in quotes, or, from a shell, after the shell's name and the line number."""
MOST_EXECUTIONS = 100
"""The most executions of the run without faults, with and without the files outside."""


def state_outside(
    job: Job, exploration: Exploration, profile: Profile, executor: Executes, one_machine: Executes
) -> str:
    """Where an unsafe job keeps state outside its sandbox, if that is why it is unsafe: files and directories, as a
    list in words; "" if not. `one_machine`: an executor like `executor`, except that files outside the sandbox stay."""
    if exploration.verdict != UNSAFE or exploration.violation is None:
        return ""
    runs = [state.run for state in exploration.violation.state.way() if state.run]
    refused = list(dict.fromkeys(filter(None, map(_refused, runs))))
    if refused:
        return ", ".join(refused)
    left = list(dict.fromkeys(path for run in runs for path in run.outside))
    if left and _end(job, profile, executor) != _end(job, profile, one_machine):
        return ", ".join(left)
    return ""


def _refused(run: Run) -> str:
    """The path outside the sandbox to which a program was not allowed to write, from its error message."""
    if READ_ONLY not in run.stderr:
        return ""
    line = next(line for line in reversed(run.stderr.splitlines()) if READ_ONLY in line)
    named = _PLACE.search(line)
    return next(filter(None, named.groups())) if named else "a directory that can't be written to here"


def _end(job: Job, profile: Profile, executor: Executes) -> tuple[str, Exit | None, Tree]:
    """How a job ends without faults: its status, its exit, and the returned files."""
    end: Outcome = outcome(simulate(job, executor, profile, most_executions=MOST_EXECUTIONS))
    return end.status, end.exit, end.returned_files
