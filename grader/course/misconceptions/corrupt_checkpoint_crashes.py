"""Misconception `corrupt-checkpoint-crashes`."""

from __future__ import annotations

from ..report import Misconception

MISCONCEPTION = Misconception(
    "corrupt-checkpoint-crashes",
    "A checkpoint file that is empty or broken ends the job, although it could start over.",
    (
        "What does your function do with a checkpoint file in which there is nothing?",
        "Reading may fail: the file can be empty, or hold something else than you have written.",
        "Put all of the reading into try, catch every error that it can raise (ValueError, for a number; "
        "KeyError and TypeError too, for what comes out of JSON), and return start.",
    ),
)
