"""The course: its notebooks in their order, and the exercises of each."""

from __future__ import annotations

from typing import NamedTuple

from .bugs import BUGS
from .enough_state import ANNEAL, MUST_BE_SAVED, WRONG_LINES
from .evicted import BADPUT_MINUTES, SPLIT
from .exercise import Exercise
from .for_real import EXECUTING_EVENTS, FOR_REAL
from .often import CHECKPOINT_SECONDS, INTERVAL, MINUTES_SAFE, RULE
from .restore import LINES_ELSEWHERE, RESTORE
from .save import SAVE, SECONDS_LOST
from .step_by_step import STEP_FIVE, STEP_SEVEN, STEP_THREE, ZZZ_OUT
from .submit_file import MISSING_FILE, SUBMIT
from .wrapper import TORN_FILE, WRAPPER


class Notebook(NamedTuple):
    """One notebook of the course."""

    name: str
    """Its file, without .ipynb."""
    title: str
    exercises: tuple[Exercise, ...]


COURSE = (
    Notebook("01-evicted", "Evicted", (BADPUT_MINUTES, SPLIT)),
    Notebook("02-submit-file", "The submit file", (MISSING_FILE, SUBMIT)),
    Notebook("03-save", "Write a checkpoint", (SECONDS_LOST, SAVE)),
    Notebook("04-restore", "Use a checkpoint", (LINES_ELSEWHERE, RESTORE)),
    Notebook("05-step-by-step", "Step by step", (STEP_THREE, STEP_FIVE, STEP_SEVEN, ZZZ_OUT)),
    Notebook("06-enough-state", "Save enough of the state", (MUST_BE_SAVED, WRONG_LINES, ANNEAL)),
    Notebook("07-how-often", "How often to save", (MINUTES_SAFE, CHECKPOINT_SECONDS, INTERVAL, RULE)),
    Notebook("08-wrapper", "A program that can't be changed", (TORN_FILE, WRAPPER)),
    Notebook("09-find-the-bugs", "Find the bugs", BUGS),
    Notebook("10-for-real", "For real", (EXECUTING_EVENTS, FOR_REAL)),
)
EXERCISES: dict[str, Exercise] = {exercise.name: exercise for notebook in COURSE for exercise in notebook.exercises}
"""All exercises by name."""
