"""Misconception `output-overwritten`."""

from __future__ import annotations

from ..case import Case
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
    return case.only_the_end() and (case.had_lines() if case.given else case.was_there_with_lines())


def begun_again(case: Case) -> bool:
    """A restart found lines that were right, and left nothing of them but a header."""
    return not case.given and case.failure == "wrong output" and not case.moved and case.lines_gone()


SYMPTOMS = ((160, output_overwritten), (162, begun_again))
