"""Misconception `torn-write`."""

from __future__ import annotations

from ..report import Misconception

MISCONCEPTION = Misconception(
    "torn-write",
    "The checkpoint was taken while a file was being written: it has the right name, and holds only a part.",
    (
        "Read the restart file that went to the spool directory to its end. What should its last line be?",
        "Whoever ends a program from outside, by a time limit or a signal, may end it in the middle of "
        "writing a file. That a file is there, and is not empty, does not tell that it is whole.",
        "Before you leave with 85, see whether the newest file is whole (its last line, its number of lines). "
        "If it is not, put the one before in its place: mv restart.old restart.dat.",
    ),
)
