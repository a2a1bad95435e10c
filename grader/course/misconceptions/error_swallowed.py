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
        "The report names a line that raises an exception which nobody sees.",
        "except: pass hides programming mistakes as well as bad files.",
        "Take the try away and run once, fix what it then shows, and catch only the errors that you expect.",
    ),
)


def clues(case: Case) -> tuple[Evidence, ...]:
    """The exceptions that a failing execution raised in the job's own files and that nobody saw, each line's first; and
    a checkpoint file that it has emptied, as the reason."""
    raised = {(file, line): f"{kind}: {text}" for _, file, line, kind, text in reversed(case.swallowed)}
    swallowed = tuple(
        Evidence("swallowed", f"here an exception is raised, and caught: {plain(shorten(text, 100))}", file, line)
        for (file, line), text in reversed(raised.items())
    )
    return (*emptied_shown(case), *swallowed[:3])


def error_swallowed(case: Case) -> bool:
    """Where there is something to read."""
    there = not case.state_files or any(entry.content for entry in case.state_files.values())
    return case.failure in ("never finishes", "lost progress") and bool(case.swallowed) and there


SYMPTOMS = ((300, error_swallowed),)
