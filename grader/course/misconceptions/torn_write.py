"""Misconception `torn-write`."""

from __future__ import annotations

from ..report import Misconception

MISCONCEPTION = Misconception(
    "torn-write",
    "The checkpoint was taken while a file was being written: it has the right name, but only part of the content.",
    (
        "Read the restart file in the spool directory to its end. What should its last line be?",
        "If you end a program from outside, by a time limit or a signal, it may be in the middle of "
        "writing a file. A file that exists and is not empty may still be incomplete.",
        "Before you exit with 85, check whether the newest file is complete (its last line, its number of lines). "
        "If it is not, replace it by the one before: mv restart.old restart.dat.",
    ),
)
