"""Misconception `error-swallowed`."""

from __future__ import annotations

from ...text import plain, shorten
from ...verify.evidence import Evidence
from ..case import Case, emptied_shown
from ..report import Misconception

MISCONCEPTION = Misconception(
    "error-swallowed",
    "Reading the checkpoint fails every time, but the error is caught silently: all work is lost.",
    (
        "The report names a line that raises an exception that nobody sees.",
        "except: pass hides programming mistakes as well as bad files.",
        "Remove the try and run once, fix the error that then appears, and catch only the errors that you expect.",
    ),
)


def clues(case: Case) -> tuple[Evidence, ...]:
    """Evidence of exceptions that were raised and caught in the job's own files, the first on each line; and, as the
    reason, of a checkpoint file that the job has emptied."""
    raised = {(file, line): f"{kind}: {text}" for _, file, line, kind, text in reversed(case.swallowed)}
    swallowed = tuple(
        Evidence("swallowed", f"here an exception is raised, and caught: {plain(shorten(text, 100))}", file, line)
        for (file, line), text in reversed(raised.items())
    )
    return (*emptied_shown(case), *swallowed[:3])


def error_swallowed(case: Case) -> bool:
    """An exception was caught although there is something to read."""
    readable = not case.state_files or any(entry.content for entry in case.state_files.values())
    return case.failure in ("never finishes", "lost progress") and bool(case.swallowed) and readable


SYMPTOMS = ((300, error_swallowed),)
