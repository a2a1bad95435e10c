"""Misconception `exit-zero-after-save`."""

from __future__ import annotations

from ..case import Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "exit-zero-after-save",
    "The program saves and leaves with 0, which tells HTCondor that the job is done.",
    (
        "Which exit code did the last execution leave with, and what does HTCondor take it for?",
        "Only the code named by checkpoint_exit_code means: saved, start me again. 0 means: finished.",
        "Leave with sys.exit(85) when the checkpoint is written.",
    ),
)


def exit_zero_after_save(case: Case) -> bool:
    expected, got = case.lines  # the last line may be there to be continued
    if any(set(there) >= set(wanted) for wanted, there in case.output_in(case.ran.sandbox)):
        return False  # all of it was made, and did not come home
    return (
        case.failure == "wrong output"
        and case.ran.exit.code == 0
        and case.wrote_state()
        and len(got) < len(expected)
        and got[:-1] == expected[: len(got)][:-1]
        and not case.state.schedule
    )


SYMPTOMS = ((70, exit_zero_after_save),)
