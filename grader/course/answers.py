"""Right and wrong answers in the folder of an exercise: they test the exercise.

They are in answers.py (RIGHT: style → {file: text}, and WRONG: misconception → style → {file: text}), or are files:
right/STYLE/FILE and wrong/MISCONCEPTION/STYLE/FILE. Grading does not read them. They are neither in a package nor sent
to other machines, so that no learner's program can read them there.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from . import exercises
from .exercise import Exercise
from .folders import in_order, load

Files = Mapping[str, str]
"""An answer: file → its text."""


class Answers(NamedTuple):
    """The answers in the folder of an exercise."""

    right: Mapping[str, Files]
    """Style → the answer."""
    wrong: Mapping[str, Mapping[str, Files]]
    """Misconception → style → the answer."""


def answers_of(exercise: Exercise) -> Answers:
    """The answers to an exercise, possibly none. Raises whatever its answers.py raises."""
    if (exercise.folder / "answers.py").exists():
        module = importlib.import_module(f"{exercises.__name__}.{exercise.name}.answers")
        return Answers(module.RIGHT, module.WRONG)
    wrong = _folders(exercise.folder / "wrong")
    return Answers(_styles(exercise.folder / "right"), {path.name: _styles(path) for path in wrong})


def all_answers() -> dict[str, Answers]:
    """Name → answers of the exercises that have right answers."""
    by_name = {exercise.name: answers_of(exercise) for exercise in in_order()}
    return {name: answers for name, answers in by_name.items() if answers.right}


def _folders(path: Path) -> list[Path]:
    return sorted(item for item in path.iterdir() if item.is_dir()) if path.is_dir() else []


def _styles(path: Path) -> dict[str, Files]:
    return {style.name: _files(style) for style in _folders(path)}


def _files(style: Path) -> Files:
    files = (path for path in sorted(style.rglob("*")) if path.is_file())
    return {path.relative_to(style).as_posix(): path.read_text(encoding="utf-8") for path in files}


def python(text: str) -> str:
    """The text of an executable Python program."""
    return "#!/usr/bin/env python3\n" + text.strip("\n") + "\n"


def program(exercise: str, path: str) -> Callable[..., dict[str, str]]:
    """Returns a function that makes an answer of one Python program, from its text, or from changes to the program that
    the learner starts with."""

    def answer(*parts: str | tuple[str, str]) -> dict[str, str]:
        for text in parts:
            if isinstance(text, str):
                return {path: python(text)}
        return {path: given_with(exercise, path, *(change for change in parts if isinstance(change, tuple)))}

    return answer


def given_with(exercise: str, path: str, *changes: tuple[str, str]) -> str:
    """A file that the learner starts with, with some changes, as in changed()."""
    return changed(load(exercise).given().file(path).text, *changes)


def changed(text: str, *changes: tuple[str, str]) -> str:
    """A text with changes: pairs of (old, new), where each old text occurs once."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text
