"""Misconception `not-flushed`."""

from __future__ import annotations

from ..case import Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "not-flushed",
    "A file of the checkpoint is not complete when the program exits: some of the text is still in a buffer.",
    (
        "How many bytes do the files of the checkpoint have after the execution that wrote them?",
        "Python writes to the disk when a file is closed or flushed. os._exit does neither.",
        "Write inside `with open(...) as file:`, and exit after that block, with sys.exit(85) instead of os._exit(85).",
    ),
)


def not_flushed(case: Case) -> bool:
    """The restart fails on an empty checkpoint file that would have content if the program had flushed it, or the output
    lacks lines that would be in it then."""
    if case.failure not in ("failed", "never finishes", "lost progress", "wrong output"):
        return False
    empty = [path for path, entry in case.state_files.items() if not entry.content]
    output = case.outputs() if case.failure == "wrong output" else ()
    return any(case.grows_if_flushed(path) for path in (*empty, *output))


SYMPTOMS = ((50, not_flushed),)
