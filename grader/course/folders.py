"""Loads exercises from the disk: each is a folder with an exercise.py.

The course's own are in exercises/. An instructor's are in folders that an environment variable names, so that child
processes find them too.
"""

from __future__ import annotations

import importlib
import os
import traceback
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePath

from . import exercises
from .exercise import Exercise, UnusableExercise

VARIABLE = "SELF_CHECKPOINTING_EXERCISES"
"""The environment variable: folders of exercises, separated like those in PATH."""
ANSWERS = ("answers.py", "right", "wrong")
"""Files and folders in the folder of an exercise that contain answers."""


def add(place: Path) -> None:
    """Add the exercises in a folder, for this process and its later child processes."""
    before = os.environ.get(VARIABLE, "").split(os.pathsep)
    os.environ[VARIABLE] = os.pathsep.join(dict.fromkeys([*filter(None, before), str(place.resolve())]))


def places() -> list[Path]:
    """The folders that contain exercises, the course's own first. Raises UnusableExercise."""
    for name in filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)):
        path = Path(name).resolve()
        if not path.is_dir():
            raise UnusableExercise(path, None, f"there is no such folder (--exercises or {VARIABLE} names it)")
        if (path / "exercise.py").is_file():
            raise UnusableExercise(path, None, "this is an exercise: name the folder that contains it")
        if not any(path.glob("*/exercise.py")):
            raise UnusableExercise(path, None, "there is no exercise in it: each is a folder with an exercise.py")
        if str(path) not in exercises.__path__:
            exercises.__path__.append(str(path))
    return list(map(Path, exercises.__path__))


def names() -> Iterator[str]:
    """The names of all exercises. Raises UnusableExercise for two of the same name."""
    first: dict[str, Path] = {}
    for place in places():
        for path in sorted(place.glob("*/exercise.py")):
            name = path.parent.name
            if name in first:
                raise UnusableExercise(path.parent, None, f"{first[name]} has that name already: choose another")
            first[name] = path.parent
            yield name


@lru_cache(None)
def load(name: str) -> Exercise:
    """The exercise of this name. Raises UnusableExercise."""
    folder = next((place / name for place in places() if (place / name / "exercise.py").is_file()), None)
    if folder is None:
        raise UnusableExercise(Path(name), None, "there is no exercise.py in it")
    if not name.isidentifier():
        raise UnusableExercise(folder, None, "the folder's name is the exercise's name: use only letters, digits and _")
    try:
        exercise = importlib.import_module(f"{exercises.__name__}.{name}.exercise").EXERCISE
    except Exception as error:
        raise unusable(error, folder / "exercise.py") from error
    if not isinstance(exercise, Exercise):
        raise UnusableExercise(folder / "exercise.py", None, "EXERCISE is not an Exercise")
    return replace(exercise, name=name, folder=folder, answers=exercise.answers or (name,))


def in_order() -> list[Exercise]:
    """All exercises, in the order of the notebooks. Raises UnusableExercise."""
    return sorted(map(load, names()), key=lambda exercise: (exercise.notebook, exercise.number, exercise.name))


def unusable(error: Exception, file: Path) -> UnusableExercise:
    """An error in a file of an exercise as its author should see it: at the traceback's last line in the folder."""
    if isinstance(error, UnusableExercise):
        return error
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError) and error.filename:
        return UnusableExercise(Path(error.filename), error.lineno, f"SyntaxError: {error.msg}")
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).parent == file.parent
    ]
    return UnusableExercise(Path(frames[-1].filename) if frames else file, frames[-1].lineno if frames else None, text)


def is_answer(path: PurePath) -> bool:
    """Whether a file below a folder `exercises` belongs to the answers of an exercise. No learner's program may see it,
    and no grade depends on it."""
    return any(part.match(f"exercises/*/{name}") for part in (path, *path.parents) for name in ANSWERS)
