"""The course: its notebooks in order, each with its exercises, as found on the disk."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from .exercise import Exercise
from .folders import in_order

TITLES = {
    "01-evicted": "Evicted",
    "02-submit-file": "The submit file",
    "03-save": "Write a checkpoint",
    "04-restore": "Use a checkpoint",
    "05-step-by-step": "Step by step",
    "06-enough-state": "Save enough of the state",
    "07-how-often": "How often to save",
    "08-wrapper": "A program that can't be changed",
    "09-find-the-bugs": "Find the bugs",
    "10-for-real": "For real",
    "11-in-practice": "In practice",
    "12-machine-learning": "Machine learning",
}
"""Notebook → its title; the title of any other notebook comes from its name."""


class Notebook(NamedTuple):
    """One notebook of the course."""

    name: str
    """Its file name without .ipynb."""
    title: str
    exercises: tuple[Exercise, ...]


def _title(notebook: str) -> str:
    return TITLES.get(notebook) or notebook.lstrip("0123456789-_").replace("-", " ").capitalize()


COURSE = tuple(
    Notebook(name, _title(name), tuple(group))
    for name, group in groupby(in_order(), lambda exercise: exercise.notebook)
)
EXERCISES: dict[str, Exercise] = {exercise.name: exercise for notebook in COURSE for exercise in notebook.exercises}
"""All exercises by name."""
