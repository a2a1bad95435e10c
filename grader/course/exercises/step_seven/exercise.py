"""What a new sandbox has after an eviction."""

from __future__ import annotations

from collections.abc import Sequence

from grader.course.prediction import Told, prediction
from grader.course.step_by_step import GIVEN, LOST, POSITION, SCHEDULE, STREAMS, misspelt, names, slides_job, the
from grader.rules.simulation import Moment


def found_elsewhere(moments: Sequence[Moment]) -> frozenset[str]:
    """The files of the new sandbox at step 7, without stdout and stderr."""
    return frozenset(the(moments, "started", 2).directory.listing()) - STREAMS


def names_elsewhere(value: object) -> object:
    """Like names(), but without stdout and stderr, which an answer may name or not."""
    value = names(value)
    return value - STREAMS if isinstance(value, frozenset) else value


def not_elsewhere(value: object) -> Told | None:
    """The response to a wrong answer about the new sandbox."""
    if not isinstance(value, frozenset):
        return None
    if slip := misspelt(value):
        return slip
    if "temp-dir" in value:
        return "Say which files are in temp-dir, like temp-dir/1.txt.", None
    if value & (LOST | {"trash.txt"}):
        return (
            "The old sandbox was deleted with all that was in it. Nothing of it gets to another machine.",
            "relies-on-leftovers",
        )
    if "my_output.txt" not in value and value & POSITION:
        return "The output so far is in the checkpoint: the program appends to it.", "output-not-in-checkpoint"
    if not value >= POSITION:
        return "What is in the spool directory is put into every new sandbox.", "checkpoint-not-transferred"
    if not value >= GIVEN:
        return "A new sandbox begins with the executable and the input files, and gets the checkpoint on top.", None
    return None


EXERCISE = prediction(
    "Step 7: what the new sandbox has",
    2,
    notebook="05-step-by-step",
    number=3,
    job=slides_job,
    schedule=SCHEDULE,
    decisive=("started", 2),
    profile="slides2021",
    truth=found_elsewhere,
    read=names_elsewhere,
    wrong=not_elsewhere,
    told="The new sandbox has the executable, the input file, and the checkpoint of step 5: positions 42 and 43. What "
    "the ten minutes since then had made is gone.",
    hints=(
        "Three lines of the submit file say what is put into a sandbox.",
        "executable, transfer_input_files, and then the files of the spool directory, as they are at step 6.",
        "Six files: two from the submit directory, four from the spool directory.",
    ),
)
