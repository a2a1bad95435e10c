"""Misconception `crash-will-resume`."""

from __future__ import annotations

from ..case import MISHAPS, Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "crash-will-resume",
    "The program ends with an error after saving, as if HTCondor restarted jobs that fail. It does not.",
    (
        "How did the execution that wrote the checkpoint end?",
        "For HTCondor, a job that crashes is finished: it is not started again, whatever it has saved.",
        "Do not raise or abort, and catch errors that stop the program. Exit with sys.exit(85) when the checkpoint is "
        "written.",
    ),
)


def crash_will_resume(case: Case) -> bool:
    if case.failure != "failed" or not case.wrote_state() or case.bug() or case.emptied:
        return False
    if not case.given:
        return (case.ran.exit.signal is not None or bool(case.exception)) and case.ends_well_if_exit_saves()
    mishap = case.exception.startswith(MISHAPS) and not case.raised_itself()
    return case.ran.exit.signal is not None or (bool(case.exception) and not mishap)


SYMPTOMS = ((90, crash_will_resume),)
