"""Misconception `wrong-exit-code`."""

from __future__ import annotations

from ...verify.evidence import Evidence
from ..case import Case, complaint
from ..report import Misconception

MISCONCEPTION = Misconception(
    "wrong-exit-code",
    "The exit code does not say what happened. For HTCondor, the code in the submit file means: saved; 0 means: done; and "
    "any other code means: failed.",
    (
        "Compare the exit code in the story with checkpoint_exit_code in the submit file.",
        "HTCondor compares the codes exactly. Any other code ends the job, with whatever files exist by then.",
        "Exit with sys.exit(85) if and only if a checkpoint is saved, and keep checkpoint_exit_code = 85.",
    ),
)


def clues(case: Case) -> tuple[Evidence, ...]:
    """Evidence that the submit file does not name the code with which the program has saved."""
    if not no_code_named(case):
        return ()
    named = case.job.checkpoint_exit_code
    which = "has no checkpoint_exit_code" if named is None else f"says checkpoint_exit_code = {named}"
    return (
        Evidence(
            "unnamed", f"the submit file {which}, and the program exits with {case.ran.exit.code} when it has saved"
        ),
    )


def wrong_exit_code(case: Case) -> bool:
    if case.failure != "failed" or case.exception or case.ran.exit.code in (None, 0):
        return False
    if not case.given:  # the exit code may just report an error
        return case.has_all_output(case.ran.sandbox) or case.ends_well_if_exit_saves()
    return case.wrote_state() and not complaint(case.job, case.run)


def no_code_named(case: Case) -> bool:
    """The program exits with 85 after saving, but the submit file names no code, or another one."""
    return case.failure == "failed" and case.ran.exit.code == 85


SYMPTOMS = ((80, no_code_named), (100, wrong_exit_code))
