"""The student writes save_checkpoint(iteration)."""

from __future__ import annotations

from grader.course.checks import both, first_checkpoint
from grader.course.cures import circumstances, leaving, saving
from grader.course.exercise import Exercise, Question
from grader.course.sweep import (
    AT_THE_END,
    FROM_THE_BEGINNING,
    LAST_OR_NEXT,
    LEAVE_WHEN_SAVED,
    ONE_BEHIND_ANOTHER,
    SWEEP,
    anywhere,
    asking,
    in_place,
    restart_safe,
    sweep,
    unseen,
)

RESUMING = (*circumstances.CURES, *leaving.SOMETIMES, *saving.CURES, *saving.FOR_ANOTHER)
"""Cures to try for finding the cause of a failure, if there is a checkpoint."""
SAVING = (*leaving.NEVER, *RESUMING)
"""Cures to try if there is no checkpoint."""


MISCONCEPTION_HINTS = {
    "two-files-disagree": ONE_BEHIND_ANOTHER,
    "repeats-iteration": {
        2: LAST_OR_NEXT,
        3: "Write the iteration itself, not one less: restore_checkpoint, which is given, returns what it reads.",
    },
    "skips-iteration": {
        2: LAST_OR_NEXT,
        3: "Write the iteration itself, not one more: restore_checkpoint, which is given, returns what it reads.",
    },
    "listed-file-missing": {
        3: "sweep.sub lists checkpoint.txt: write a file of just that name, in no other directory, before you leave."
    },
    "always-85": {3: LEAVE_WHEN_SAVED},
}
EXERCISE = Exercise(
    title="Write a checkpoint",
    notebook="03-save",
    number=2,
    submit_file="sweep.sub",
    files=SWEEP.files,
    settings=sweep,
    answers=("checkpoint.py",),
    functions=("save_checkpoint",),
    questions=(
        Question("It saves, and leaves with 85", 3, asking(first_checkpoint, 1, 12), cures=SAVING),
        Question(
            "Restarted in place, the sweep goes on and ends right",
            3,
            asking(in_place, 1, 12),
            rests_on=("It saves, and leaves with 85",),
            cures=RESUMING,
            unseen=unseen(in_place),
        ),
        Question(
            "Evicted at any time, any number of times, it ends right",
            4,
            both(
                asking(anywhere, 1, 12),
                asking(restart_safe, **AT_THE_END),
                asking(in_place, **FROM_THE_BEGINNING),
            ),
            rests_on=("Restarted in place, the sweep goes on and ends right",),
            cures=RESUMING,
            unseen=unseen(restart_safe),
        ),
    ),
    hints=(
        "Two things have to happen: the iteration is written to checkpoint.txt, and the program leaves in a way that "
        "tells HTCondor: saved, start me again.",
        "The file is opened for writing, gets the number as text, and is closed. Then sys.exit with the code that the "
        "submit file names in checkpoint_exit_code.",
        'with open("checkpoint.txt", "w") as file: file.write(str(iteration)) — and then, outside the with block, '
        "sys.exit(85).",
    ),
    misconception_hints=MISCONCEPTION_HINTS,
)
