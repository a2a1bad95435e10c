"""Misconception `repeats-iteration`."""

from __future__ import annotations

from ..case import Case, off_by
from ..report import Misconception

MISCONCEPTION = Misconception(
    "repeats-iteration",
    "An iteration is done twice: a restart begins too early, with an iteration that is already done.",
    (
        "Look for the first iteration that is done twice. Which execution did it, and which one did it again?",
        "Is the saved number the last iteration that is done, or the next one to do? It must mean the same "
        "where it is written and where it is read.",
        "Save the next iteration to do, and begin with exactly that number; or save the last one done, and begin with "
        "the next.",
    ),
)


def resumes_too_early(case: Case) -> bool:
    return off_by(case) < 0


def repeats_iteration(case: Case) -> bool:
    expected, got = case.labels
    if not case.always_off_by(-1, -2):
        return False
    if case.failure == "never finishes":
        return case.repeated() or any(got.count(label) > expected.count(label) for label in set(expected))
    return (
        case.failure == "wrong output"
        and len(got) > len(expected)
        and set(got) == set(expected)
        and len(case.state.way()) > 1
        and (case.given or case.lines_for_time())
    )


SYMPTOMS = ((210, resumes_too_early), (240, repeats_iteration))
