"""Misconception `left-running`."""

from __future__ import annotations

from typing import Any, Unpack

from ...execute.executor import Executor
from ...rules.execution import Circumstances, Run
from ...rules.job import Job
from ...rules.simulation import outcome, simulate
from ...tree import Tree
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


def goes_right_if_ended(case: Case) -> bool:
    """The job ends right if everything that it leaves running is ended: on the same schedule, or, if the right output
    is only known from the run without faults, on every schedule."""
    if not left_running(case.state) or case.exploration.violation is None or case.exploration.reference is None:
        return False
    ending = Ending(case.executor)
    if not case.exploration.known:
        return explore(case.job, ending, bounds=Bounds(MOST_ENDED, late=False)).verdict == RESTART_SAFE
    end = outcome(simulate(case.job, ending, schedule=case.exploration.schedule or (), most_executions=MOST_ENDED))
    return (
        end.exit is not None
        and end.exit.code == case.job.success_exit_code
        and all(end.returned_files.get(path) == entry for path, entry in case.exploration.reference.items())
    )


SYMPTOMS = ((10, goes_right_if_ended),)
