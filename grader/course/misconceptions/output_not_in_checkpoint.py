"""Misconception `output-not-in-checkpoint`."""

from __future__ import annotations

from ..case import Case, is_end_of, left_by_error
from ..report import Misconception

MISCONCEPTION = Misconception(
    "output-not-in-checkpoint",
    "The output grows from restart to restart, but it is not part of the checkpoint: elsewhere it begins empty.",
    (
        "Compare the execute directory before the eviction with the new one. Which file is missing?",
        "Each restart continues my_output.txt. HTCondor sends only the files of transfer_checkpoint_files to "
        "a new sandbox.",
        "Add my_output.txt to transfer_checkpoint_files, in addition to the checkpoint file.",
    ),
)


def output_not_in_checkpoint(case: Case) -> bool:
    expected, got = case.lines
    got = [line.lstrip("\0") for line in got]  # a file that is "truncated" to more than its length has a hole
    return (
        case.failure == "wrong output"
        and case.moved
        and bool(case.outputs() & set(case.left_behind))
        and len(got) < len(expected)
        and is_end_of(got, expected)
    )


def missing_output(case: Case) -> bool:
    """In a new sandbox, the job fails because the output that it had begun is missing."""
    return (
        case.failure == "failed"
        and case.moved
        and bool(case.outputs() & set(case.left_behind))
        and left_by_error(case, "FileNotFoundError")
        and any(path in case.exception for path in case.outputs())
    )


SYMPTOMS = ((110, output_not_in_checkpoint), (120, missing_output))
