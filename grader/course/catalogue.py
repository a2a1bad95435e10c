"""All exercises by name."""

from __future__ import annotations

from .exercise import Exercise
from .restore import RESTORE
from .save import SAVE

EXERCISES: dict[str, Exercise] = {exercise.name: exercise for exercise in (SAVE, RESTORE)}
