"""Misconception `not-flushed`."""

from __future__ import annotations

from ...tree import File
from ..case import Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "not-flushed",
    "The checkpoint file is not complete when the program exits: some of the text is still in a buffer.",
    (
        "How many bytes does the checkpoint file have after the execution that wrote it?",
        "Python writes to the disk when a file is closed or flushed. os._exit does neither.",
        "Write inside `with open(...) as file:`, and leave that block before sys.exit(85).",
    ),
)


def not_flushed(case: Case) -> bool:
    """The restart fails on an empty checkpoint file that would have content if the program had flushed it."""
    if case.failure not in ("failed", "never finishes", "lost progress", "wrong output"):
        return False
    empty = [path for path, entry in case.state_files.items() if not entry.content]
    return bool(empty) and any(isinstance(entry := case.flushed.get(path), File) and entry.content for path in empty)


SYMPTOMS = ((50, not_flushed),)
