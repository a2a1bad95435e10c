"""Which exercises need a shell, and so can't be done in a browser."""

from __future__ import annotations

from .exercise import Exercise

PREDICTIONS = frozenset({"torn_file", "pipe_lines", "kept_when_vacated", "launcher_code"})
"""Predictions about a job that a shell runs."""
_SHELLS = (b"#!/bin/", b"#!/usr/bin/env bash", b"#!/usr/bin/env sh")


def shell_script(exercise: Exercise) -> str:
    """The file of an exercise that a shell runs; '' if there is none."""
    files = exercise.given().regular()
    return next((path for path, file in files.items() if file.content.startswith(_SHELLS)), "")


def takes_shell(exercise: Exercise) -> bool:
    """Whether an exercise is about a job that a shell runs."""
    return exercise.name in PREDICTIONS or bool(shell_script(exercise))
