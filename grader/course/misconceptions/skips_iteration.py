"""Misconception `skips-iteration`."""

from __future__ import annotations

import re
from itertools import pairwise

from ..case import Case, off_by
from ..report import Misconception

MISCONCEPTION = Misconception(
    "skips-iteration",
    "An iteration is never done: a restart begins too late, after the iteration that comes next.",
    (
        "Look at the line that is missing. Which execution should have written it?",
        "Is the saved number the last iteration that is done, or the next one to do? It must mean the same "
        "where it is written and where it is read.",
        "Save the next iteration to do, and begin with exactly that number; or save the last one done, and begin with "
        "the next.",
    ),
)


def resumes_too_late(case: Case) -> bool:
    return off_by(case) > 0


def skips_iteration(case: Case) -> bool:
    expected, got = case.labels
    missing = [i for i, label in enumerate(expected) if label not in got]
    return (
        case.failure == "wrong output"
        and bool(got)
        and bool(missing)
        and len(set(got)) == len(got)
        and set(got) <= set(expected)
        and missing[0] > 0
        and len(case.state.way()) > 1
        and len(missing) < len(expected) - missing[0]
        and (case.always_off_by(1) or one_for_each_restart(case, missing))
        and case.lines_for_time()
    )


def one_for_each_restart(case: Case, missing: list[int]) -> bool:
    """Whether lines that count up are missing at regular intervals, one for each restart, in a file that only the last
    execution makes."""
    counted = [re.match(r"\d{1,9}(?![\d.])", label) for label in case.labels[0]]
    numbers = [int(number[0]) for number in counted if number]
    return (
        not case.was_there()
        and len(missing) == len(case.state.way()) - 1 > 1
        and len({after - before for before, after in pairwise(missing)}) == 1
        and bool(numbers)
        and numbers == list(range(numbers[0], numbers[0] + len(counted)))
    )


SYMPTOMS = ((220, resumes_too_late), (250, skips_iteration))
