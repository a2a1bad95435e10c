"""One submission and its grade file: reads and judges the submission, and writes the file atomically.

The name of a grade file consists of a digest of the submission and of the rubric. So the same submission has the same
file, wherever and whenever it is judged. The file contains no names.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    """The settings for grading a class. `store` is the folder of the grade files."""

    store: Path
    confine: Confinement | None
    seed: str = UNSEEN
    seconds: float = SECONDS


class StoreEntry(NamedTuple):
    """The outcome of one submission: the grade file's name, or the problem."""

    key: str = ""
    again: bool = False
    """Whether the grade existed before."""
    problem: str = ""


def grade_one(handed: HandIn, settings: Settings) -> StoreEntry:
    """Grade one submission, unless a final grade exists. Raises MachineTrouble."""
    try:
        with at_most(settings.seconds):
            answers = read(handed)
    except OutOfTime:
        return StoreEntry(problem="Reading the submission took too long.")
    key = key_of(answers, settings.seed)
    path = settings.store / key
    if final_grade(path) is not None:
        return StoreEntry(key, again=True)
    write_whole(path, judge(answers, settings.confine, settings.seed, seconds=settings.seconds).to_json())
    return StoreEntry(key)


def key_of(answers: submission.StudentAnswers, seed: str) -> str:
    """The name of the grade file of a submission."""
    return f"{fingerprint(answers)}-{rubric(seed)}.json"


def read(handed: HandIn) -> submission.StudentAnswers:
    """The answers in what a student has handed in, with remarks on everything that is wrong with it."""
    unread = list(handed.remarks)

    def notebooks() -> Iterator[tuple[str, bytes]]:
        """(name, content) of each notebook, one at a time, as they may be large."""
        for source in handed.sources:
            try:
                yield source.name, load(source)
            except Refused as refused:
                unread.append(str(refused))

    return submission.read_all(notebooks(), unread, handed.said)


def read_grade(path: Path) -> Grade | None:
    """The grade in a file; None if there is no file, or no valid grade in it."""
    try:
        return Grade.from_json(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        return None


def final_grade(path: Path) -> Grade | None:
    """The same, but None also for a grade with doubts, whose submission is to be graded again, and for the grade of
    another submission, in a file that was copied or renamed."""
    grade = read_grade(path)
    if grade is None or grade.doubts or f"{grade.submission}-{grade.rubric}.json" != path.name:
        return None
    return grade
