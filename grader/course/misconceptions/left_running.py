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
    "The program leaves with 85 while something that it has started still runs. Nobody ends that: it goes on "
    "beside the restarted program, in the same sandbox.",
    (
        "What is still running when your program leaves with 85? Who ends it?",
        "HTCondor waits for the program that it has started, and for nothing else. What that has started in "
        "its turn is ended with the job, or by an eviction; not by a checkpoint.",
        "Before you leave with 85, end what you have started, and wait until it has ended: kill $pid and wait "
        "$pid in a shell script, process.terminate() and process.wait() in Python.",
    ),
)

MOST_ENDED = 30
"""Executions in which a job has to end if what it leaves running is ended with it."""


class Ending:
    """An executor that ends what a program leaves running when the program ends."""

    def __init__(self, executor: Executor):
        self.executor = executor

    def __getattr__(self, name: str) -> Any:
        return getattr(self.executor, name)

    def run(self, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]) -> Run:
        """Execute the program, which is alone."""
        return self.executor.run(job, sandbox, **circumstances)._replace(left=())


def goes_right_if_ended(case: Case) -> bool:
    """It goes right if what was left running is ended with the program that left it: on the same schedule, or, where
    only the run without faults tells what is right, on each."""
    if not left_running(case.state) or case.exploration.violation is None or case.exploration.reference is None:
        return False
    ending = Ending(case.executor)
    if not case.exploration.known:
        return explore(case.job, ending, bounds=Bounds(MOST_ENDED, late=False)).verdict == RESTART_SAFE
    end = outcome(simulate(case.job, ending, schedule=case.exploration.schedule or (), most_executions=MOST_ENDED))
    return (
        end.exit is not None
        and end.exit.code == case.job.success_exit_code
        and all(end.home.get(path) == entry for path, entry in case.exploration.reference.items())
    )


SYMPTOMS = ((10, goes_right_if_ended),)
