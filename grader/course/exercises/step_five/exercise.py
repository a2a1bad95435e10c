"""What the spool directory has after a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence

from grader.course.prediction import Told, prediction
from grader.course.step_by_step import GIVEN, POSITION, SCHEDULE, STREAMS, misspelt, names, slides_job, the
from grader.rules.simulation import Moment


def saved(moments: Sequence[Moment]) -> frozenset[str]:
    """The files of the spool directory at step 5."""
    return frozenset(the(moments, "checkpoint").spool.listing())


def names_saved(value: object) -> object:
    """Like names(), but temp-dir as a whole stands for the two files that are in it at step 5."""
    value = names(value)
    if isinstance(value, frozenset) and "temp-dir" in value:
        return (value - {"temp-dir"}) | (POSITION - {"temp-file.txt"})
    return value


def not_saved(value: object) -> Told | None:
    """The response to a wrong answer about the spool directory."""
    if not isinstance(value, frozenset):
        return None
    if slip := misspelt(value):
        return slip
    if "my_output.txt" not in value:
        return (
            "my_output.txt grows from start to start, so it is listed, and saved: elsewhere it has to go on.",
            "output-not-in-checkpoint",
        )
    if not value >= POSITION:
        return (
            "temp-dir and temp-file.txt are listed, and without them the program could not go on.",
            "checkpoint-not-transferred",
        )
    if "trash.txt" in value:
        return (
            "The spool directory is no copy of the sandbox: only what transfer_checkpoint_files lists goes there.",
            "relies-on-leftovers",
        )
    if value & STREAMS:
        return (
            "With today's HTCondor they would be there. That of 2021, 9.0.4, saves stdout and stderr only if they "
            "are listed.",
            None,
        )
    if value & GIVEN:
        return "Executable and input files come from the submit directory, each time: nobody has to save them.", None
    return None


EXERCISE = prediction(
    "Step 5: what the spool directory has",
    2,
    notebook="05-step-by-step",
    number=2,
    job=slides_job,
    schedule=SCHEDULE,
    decisive=("checkpoint", 1),
    profile="slides2021",
    truth=saved,
    read=names_saved,
    wrong=not_saved,
    told="The checkpoint is what transfer_checkpoint_files lists: my_output.txt, temp-dir with the two files that are "
    "in it at that time, and temp-file.txt.",
    hints=(
        "Which line of the submit file says what is saved?",
        "transfer_checkpoint_files = my_output.txt, temp-dir, temp-file.txt. A directory means all that is in it.",
        "Four files: my_output.txt, temp-file.txt, and two in temp-dir.",
    ),
)
