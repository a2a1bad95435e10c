"""Misconception `output-overwritten`."""

from __future__ import annotations

from ..case import (
    Case,
    is_end_of,
)
from ..report import Misconception

MISCONCEPTION = Misconception(
    "output-overwritten",
    "A restart begins the output again, so the lines of earlier executions are gone.",
    (
        "How many lines does my_output.txt have after the first execution, and how many after the second?",
        "Opening a file for writing empties it.",
        "Open the output for appending ('a') when the job resumes, and for writing ('w') only at a fresh start.",
    ),
)


def output_overwritten(case: Case) -> bool:
    expected, got = case.lines
    return (
        case.failure == "wrong output"
        and not case.moved
        and len(case.state.way()) > 1
        and 0 < len(got) < len(expected)
        and is_end_of(got, expected)
    )


SYMPTOMS = ((160, output_overwritten),)
