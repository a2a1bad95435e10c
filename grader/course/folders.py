"""Exercises as they are on the disk: a folder for each, with an exercise.py in it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from . import exercises
from .exercise import Exercise


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
