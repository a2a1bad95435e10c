"""Misconception `skips-iteration`."""

from __future__ import annotations

from ..case import (
    Case,
    off_by,
)
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
        and case.always_off_by(1)
        and case.lines_for_time()
    )


SYMPTOMS = (
    (220, resumes_too_late),
    (250, skips_iteration),
)
