"""Misconception `sigterm-saves`."""

from __future__ import annotations

from ...rules.execution import Stop
from ...rules.profile import MODERN
from ...rules.simulation import soft_stop
from ...rules.step import is_checkpoint
from ...verify.evidence import saved_in_vain
from ...verify.explore import UNKNOWN
from ..case import Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "sigterm-saves",
    "The checkpoint is saved only when a signal comes. HTCondor sends one when it evicts the job, and ignores what a program does "
    "while it is evicted.",
    (
        "What is in the spool directory after the eviction?",
        "In exit-driven self-checkpointing, an exit code counts only if no eviction is in progress.",
        "Save when the program reaches a good point, and then exit with sys.exit(85), without a signal handler.",
    ),
)


def sigterm_saves(case: Case) -> bool:
    """The program never exits with the checkpoint code by itself. On SIGTERM, or another signal that it names, it does,
    or it writes a file that it does not write otherwise."""
    never_saved = case.exploration.verdict == UNKNOWN and not case.exploration.checkpoints
    if not never_saved or case.job.checkpoint_exit_code is None or case.run is None:
        return False
    if is_checkpoint(case.job, case.run) or saved_in_vain(case.job, case.state):
        return False  # it leaves with the wrong code, or saves without a signal
    if not (signals := case.signals()):
        return False
    softly = soft_stop(case.job, MODERN, None, case.ran)
    killed, *terminated = (
        case.executor.run(
            case.job, case.state.now.directory, slot=case.state.now.slot, clock=case.state.now.time, stop=stop
        )
        for stop in (Stop(softly.after), *(softly._replace(signal=number) for number in signals))
    )
    return any(
        run.exit.code == case.job.checkpoint_exit_code
        or run.sandbox.keys() - killed.sandbox.keys() - case.ran.sandbox.keys()
        for run in terminated
    )


SYMPTOMS = ((320, sigterm_saves),)
