"""Misconception `left-running`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

from ...execute.executor import Executor
from ...rules.execution import Circumstances, Run
from ...rules.job import Job
from ...rules.simulation import outcome, simulate
from ...tree import File, Tree
from ...verify.evidence import left_running
from ...verify.explore import RESTART_SAFE, Bounds, explore
from ..case import Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "left-running",
    "The program exits with 85 while another program that it has started is still running. Nobody ends that one: it "
    "continues alongside the restarted program, in the same sandbox.",
    (
        "What is still running when your program exits with 85? Who ends it?",
        "HTCondor waits only for the program that it has started. Any programs that this one has started are ended with "
        "the job, or by an eviction, but not by a checkpoint.",
        "Before you exit with 85, end what you have started, and wait until it has ended: kill $pid and wait "
        "$pid in a shell script, process.terminate() and process.wait() in Python.",
    ),
)

MOST_ENDED = 30
"""A job must end within this many executions if the programs that it leaves running are ended."""


class Ending:
    """An executor that ends everything that a program leaves running."""

    def __init__(self, executor: Executor):
        self.executor = executor

    def __getattr__(self, name: str) -> Any:
        return getattr(self.executor, name)

    def run(self, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]) -> Run:
        """Execute the program, and end what it leaves running."""
        return self.executor.run(job, sandbox, **circumstances)._replace(left=())


WAITS = {
    b"sh": b"trap wait EXIT\n",
    b"python": b"""
def _wait():
    import os
    try:
        while os.wait():
            pass
    except ChildProcessError:
        pass
import atexit
atexit.register(_wait)
""",
}
"""What runs a program → text that lets it wait at its end for all that it has started, if inserted at its beginning."""


def goes_right_if_ended(case: Case) -> bool:
    """The job ends right if everything that it leaves running is ended."""
    return bool(left_running(case.state)) and _ends_right(case, case.job, Ending(case.executor))


def goes_right_if_waited_for(case: Case) -> bool:
    """A user's own job ends right if the program waits at its end for everything that it has started."""
    program = case.job.inputs.get(case.job.executable)
    left = left_running(case.state) or (case.run and case.run.left)
    if case.given or not left or not isinstance(program, File):
        return False
    first, _, rest = program.content.partition(b"\n")
    waits = next((text for name, text in WAITS.items() if first.startswith(b"#!") and name in first), None)
    if waits is None:
        return False
    waiting = program._replace(content=b"\n".join((first, waits + rest)))
    return _ends_right(case, replace(case.job, inputs=case.job.inputs.put(case.job.executable, waiting)), case.executor)


def _ends_right(case: Case, job: Job, executor: Executor | Ending) -> bool:
    """Whether a changed job ends right: on the same schedule, or, if the right output is only known from the run without
    faults, on every schedule."""
    if case.exploration.violation is None or case.exploration.reference is None:
        return False
    if not case.exploration.known:
        return explore(job, executor, bounds=Bounds(MOST_ENDED, late=False)).verdict == RESTART_SAFE
    end = outcome(simulate(job, executor, schedule=case.exploration.schedule or (), most_executions=MOST_ENDED))
    return (
        end.exit is not None
        and end.exit.code == job.success_exit_code
        and all(end.returned_files.get(path) == entry for path, entry in case.exploration.reference.items())
    )


SYMPTOMS = ((10, goes_right_if_ended), (12, goes_right_if_waited_for))
