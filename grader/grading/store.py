"""One submission and its grade file: read, judged, and written down whole or not at all.

A grade file is named by what was handed in and by the rubric. So the same submission has the same
file, wherever and whenever it is judged, and nobody's name is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..execute.isolation import Confinement
from ..files import write_whole
from . import submission
from .archives import Refused
from .collect import HandIn, load
from .judge import SECONDS, UNSEEN, Grade, OutOfTime, at_most, fingerprint, judge, rubric


@dataclass(frozen=True)
class Settings:
    """What a class is graded with. `store` is where grade files are."""

    store: Path
    confine: Confinement | None
    seed: str = UNSEEN
    seconds: float = SECONDS


class StoreEntry(NamedTuple):
    """What came of one submission: the grade file's name, or why there is none."""

    key: str = ""
    again: bool = False
    """Whether the grade was there already."""
    problem: str = ""


def grade_one(handed: HandIn, settings: Settings) -> StoreEntry:
    """Grade one submission, unless its grade is there already, beyond doubt. Raises MachineTrouble."""
    try:
        with at_most(settings.seconds):
            found = read(handed)
    except OutOfTime:
        return StoreEntry(problem="Reading what was handed in took too long.")
    key = key_of(found, settings.seed)
    path = settings.store / key
    if final_grade(path) is not None:
        return StoreEntry(key, again=True)
    write_whole(path, judge(found, settings.confine, settings.seed, seconds=settings.seconds).to_json())
    return StoreEntry(key)


def key_of(answers: submission.StudentAnswers, seed: str) -> str:
    """The name of the grade file of a submission."""
    return f"{fingerprint(answers)}-{rubric(seed)}.json"


def read(handed: HandIn) -> submission.StudentAnswers:
    """What a student has handed in, with all that is wrong with it."""
    notebooks, unread = [], list(handed.remarks)
    for source in handed.sources:
        try:
            notebooks.append((source.name if len(handed.sources) > 1 else "", load(source)))
        except Refused as refused:
            unread.append(str(refused))
    return submission.read_all(notebooks, unread, handed.said)


def read_grade(path: Path) -> Grade | None:
    """The grade in a file; None if there is no file, or no grade in it."""
    try:
        return Grade.from_json(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        return None


def final_grade(path: Path) -> Grade | None:
    """The same, but None also for one that is in doubt: it is graded again."""
    grade = read_grade(path)
    return None if grade is None or grade.doubts else grade
