"""Exercises as they are on the disk: a folder for each, with an exercise.py in it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePath

from . import exercises
from .exercise import Exercise

ANSWERS = ("answers.py", "right", "wrong")
"""What in the folder of an exercise holds answers."""


def names() -> Iterator[str]:
    """The exercises that there are."""
    for place in exercises.__path__:
        yield from sorted(path.parent.name for path in Path(place).glob("*/exercise.py"))


@lru_cache(None)
def load(name: str) -> Exercise:
    """The exercise in a folder."""
    module = importlib.import_module(f"{exercises.__name__}.{name}.exercise")
    found: Exercise = module.EXERCISE
    assert module.__file__, "it was imported from a file"
    return replace(found, name=name, folder=Path(module.__file__).parent, answers=found.answers or (name,))


def is_answer(path: PurePath) -> bool:
    """Whether a file below a folder `exercises` holds answers, or a folder below that does. No learner's program may get
    to see it, and no grade depends on it."""
    return any(one.match(f"exercises/*/{name}") for one in (path, *path.parents) for name in ANSWERS)
