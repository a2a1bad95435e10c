"""Misconception `corrupt-checkpoint-crashes`."""

from __future__ import annotations

from ..report import Misconception

MISCONCEPTION = Misconception(
    "corrupt-checkpoint-crashes",
    "A checkpoint file that is empty or broken ends the job, although it could start over.",
    (
        "What does your function do with an empty checkpoint file?",
        "Reading may fail: the file can be empty, or contain something other than what you wrote.",
        "Put all of the reading into try, catch every error that it can raise (ValueError for a number; "
        "also KeyError and TypeError for JSON), and return start.",
    ),
)
