"""Misconception `checkpoint-not-transferred`."""

from __future__ import annotations

from ...verify.evidence import Evidence
from ..case import Case
from ..report import Misconception
from .output_not_in_checkpoint import output_not_in_checkpoint

MISCONCEPTION = Misconception(
    "checkpoint-not-transferred",
    "The checkpoint is written, but it is not in transfer_checkpoint_files: it does not survive an eviction.",
    (
        "Look into the spool directory. Does it contain the file that a restart reads?",
        "A restart in place still has the old sandbox. Elsewhere there is only what transfer_checkpoint_files lists.",
        "List every file that the job writes when it saves, under exactly its name, in transfer_checkpoint_files.",
    ),
)


def clues(case: Case) -> tuple[Evidence, ...]:
    """Evidence that no list names the checkpoint, and what HTCondor saves then (R4a)."""
    if case.job.transfer_checkpoint_files is not None:
        return ()
    taken = (
        "what transfer_output_files lists"
        if case.job.transfer_output_files is not None
        else "the new and changed files at the top of the sandbox, and no directory"
    )
    return (
        Evidence(
            "unnamed",
            f"nothing names the files of the checkpoint, as there is no transfer_checkpoint_files: it is {taken}",
        ),
    )


def checkpoint_not_transferred(case: Case) -> bool:
    """In a new sandbox, the job starts over, or fails, because a file that it had written itself is missing. No state
    has arrived there, or only inputs and empty files, which may be listed just so that no listed file is missing."""
    if not case.moved or case.failure not in ("lost progress", "failed", "never finishes", "wrong output"):
        return False
    return (
        case.needs(case.left_behind)
        and not any(file.content and file != case.job.inputs.get(path) for path, file in case.state_files.items())
        and not output_not_in_checkpoint(case)
    )


SYMPTOMS = ((130, checkpoint_not_transferred),)
