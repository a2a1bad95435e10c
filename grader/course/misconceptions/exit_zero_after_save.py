"""Misconception `exit-zero-after-save`."""

from __future__ import annotations

from ...rules.simulation import Held
from ...verify import evidence
from ..case import Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "exit-zero-after-save",
    "The program saves and exits with 0, which tells HTCondor that the job is done.",
    (
        "What was the exit code of the last execution, and what does it mean for HTCondor?",
        "Only the code that checkpoint_exit_code names means: saved, start me again. 0 means: finished.",
        "Exit with sys.exit(85) when the checkpoint is written.",
    ),
)


def exit_zero_after_save(case: Case) -> bool:
    expected, got = case.lines  # the last line may be unfinished
    if any(set(actual) >= set(right) for right, actual in case.output_in(case.ran.sandbox)):
        return False  # the output was complete, but not transferred
    return (
        case.failure == "wrong output"
        and case.ran.exit.code == 0
        and case.wrote_state()
        and len(got) < len(expected)
        and got[:-1] == expected[: len(got)][:-1]
        and not case.state.schedule
        and (case.given or case.goes_on_if_started_again())
    )


def saved_in_vain(case: Case) -> bool:
    """The job has saved its first checkpoint and left with 0, and is held for output that it has not made yet; or its
    output is wrong, and its script can't pass on an exit code other than 0."""
    if case.exploration.checkpoints or case.ran.exit.code != 0:
        return False
    held, facts = case.state.next, evidence.saved_in_vain(case.job, case.state)
    if case.failure == "wrong output":
        return any(evidence.LOST in fact.text for fact in facts)
    return case.failure == "held" and isinstance(held, Held) and held.code == 12 and bool(facts)


SYMPTOMS = ((25, saved_in_vain), (70, exit_zero_after_save))
