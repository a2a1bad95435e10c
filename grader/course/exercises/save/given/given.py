"""Given for this exercise: the restore function. Writing your own is the next notebook."""
import os


def restore_checkpoint(start, end):
    """The iteration to begin with: the number in checkpoint.txt, or START if there is no such file."""
    if not os.path.exists("checkpoint.txt"):
        return start
    with open("checkpoint.txt") as file:
        return int(file.read())
