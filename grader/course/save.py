"""Notebook 03. Exercise `save`: the student writes save_checkpoint(iteration)."""

from __future__ import annotations

from ..tree import File, Tree
from .checks import both, first_checkpoint
from .cures import circumstances, leaving, saving
from .exercise import Exercise, Question
from .payload import job_of
from .prediction import prediction
from .sweep import AT_THE_END, SWEEP, anywhere, asking, in_place, restart_safe, sweep, unseen

GIVEN = '''\
"""Given for this exercise: the restore function. Writing your own is the next notebook."""
import os


def restore_checkpoint(start, end):
    """The iteration to begin with: the number in checkpoint.txt, or START if there is no such file."""
    if not os.path.exists("checkpoint.txt"):
        return start
    with open("checkpoint.txt") as file:
        return int(file.read())
'''

RESUMING = (*circumstances.CURES, *leaving.SOMETIMES, *saving.CURES)
"""What the causes of a failure are looked for with, if there is a checkpoint."""
SAVING = (*leaving.NEVER, *RESUMING)
"""The same, if there is none."""


def given() -> Tree:
    """The sweep, with a restore function that reads a number from checkpoint.txt."""
    files = SWEEP.files()
    listed = files.file("sweep.sub").text.replace(
        "= my_input.txt, checkpoint.py", "= my_input.txt, checkpoint.py, given.py"
    )
    return files.put("given.py", File(GIVEN.encode())).put("sweep.sub", File(listed.encode()))


SECONDS_LOST = prediction(
    "seconds_lost",
    "How much is lost",
    2,
    job=lambda: job_of("fibonacci/fibonacci.sub"),
    schedule="evict@3+45s",
    truth=lambda moments: moments[-1].badput,
    told="What two checkpoints had saved, 120 seconds of computing, is in the spool directory and safe. Lost are the 45 "
    "seconds since then, and no more.",
    wrong={
        0: ("An eviction gives no time to save anything: what is not in a checkpoint is gone.", "sigterm-saves"),
        30: ("The number that was finished in these 45 seconds was printed, but not saved.", None),
        15: ("The number that was finished in these 45 seconds was printed, but not saved.", None),
        60: ("An execution takes 60 seconds, but this one was cut off before.", None),
        165: ("That is all the computing until then: so much is lost without checkpoints.", "never-restores"),
    }.get,
    hints=(
        "When was the last checkpoint saved before the eviction?",
        "Each execution computes two numbers, 30 seconds each, and ends with a checkpoint. The third has just begun.",
        "The eviction comes 45 seconds into the third execution, and the second ended with a checkpoint.",
    ),
)
SAVE = Exercise(
    name="save",
    title="Write a checkpoint",
    submit_file="sweep.sub",
    settings=sweep,
    given=given,
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
            both(asking(anywhere, 1, 12), asking(restart_safe, **AT_THE_END)),
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
)
