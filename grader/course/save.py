"""Exercise `save`, of notebook 03: the student writes save_checkpoint(iteration)."""

from __future__ import annotations

from ..simulator.tree import File, Tree
from .exercise import Exercise, Question, asking, both, every_schedule, fault_free, first_checkpoint, sweep_files

RESTORE = '''\
"""Given for this exercise: the restore function. Writing your own is the next notebook."""
import os


def restore_checkpoint(start, end):
    """The iteration to begin with: the number in checkpoint.txt, or START if there is no such file."""
    if not os.path.exists("checkpoint.txt"):
        return start
    with open("checkpoint.txt") as file:
        return int(file.read())
'''


def given() -> Tree:
    """The sweep, with a restore function that reads a number from checkpoint.txt."""
    files = sweep_files()
    listed = files["sweep.sub"].text.replace("= my_input.txt, checkpoint.py", "= my_input.txt, checkpoint.py, given.py")
    return files.put("given.py", File(RESTORE.encode())).put("sweep.sub", File(listed.encode()))


SAVE = Exercise(
    name="save",
    title="Write a checkpoint",
    submit_file="sweep.sub",
    given=given,
    answers=("checkpoint.py",),
    functions=("save_checkpoint",),
    questions=(
        Question("It saves, and leaves with 85", 3, asking(first_checkpoint, 1, 12)),
        Question("Restarted in place, the sweep goes on and ends right", 3, asking(fault_free, 1, 12),
                 rests_on=("It saves, and leaves with 85",)),
        Question("Evicted at any time, any number of times, it ends right", 4,
                 both(asking(every_schedule, 1, 12), asking(every_schedule, 3, 11, interval=2),
                      asking(every_schedule, 8, 10, interval=1)),
                 rests_on=("Restarted in place, the sweep goes on and ends right",)),
    ),
    hints=(
        "Two things have to happen: the iteration is written to checkpoint.txt, and the program leaves in a way that "
        "tells HTCondor: saved, start me again.",
        "The file is opened for writing, gets the number as text, and is closed. Then sys.exit with the code that the "
        "submit file names in checkpoint_exit_code.",
        "with open(\"checkpoint.txt\", \"w\") as file: file.write(str(iteration)) — and then, outside the with block, "
        "sys.exit(85).",
    ),
)
