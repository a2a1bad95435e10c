"""From a submission to a grade: every exercise judged in confined processes, within a budget.

A grade is a value that can be written down as JSON; the same submission gets the same bytes. Which
questions are asked, and what they are worth, is in grader/course; here is only what grading adds:
bounds on what one submission may cost, the seed of the numbers that students have not seen, and
the promise that one answer can't keep the others from being graded.
"""

from __future__ import annotations

import hashlib
import json
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePath
from types import FrameType

from ..course import explanation
from ..course.budgeted import LIMITS, TOO_LONG, BudgetedExecutor
from ..course.budgeted import SECONDS as SECONDS
from ..course.catalogue import EXERCISES
from ..course.exercise import UNSEEN as UNSEEN
from ..course.exercise import Exercise
from ..course.folders import is_answer
from ..course.payload import PAYLOAD
from ..course.report import CRASHED, NOT_TRIED, PASSED, Failure, Report, Trial
from ..course.trusted import shared
from ..execute.executor import Executor
from ..execute.given import given
from ..execute.isolation import Confinement
from ..rules.execution import Limits, MachineTrouble
from ..rules.schedule import render
from ..text import shorten
from ..tree import File, Tree
from . import similarity as alike
from .submission import StudentAnswers
from .trial import try_out

TICK = 0.25
"""Seconds of real time between two looks at how much of that is used up."""


MOST_SHOWN = 20_000
"""Characters of a file of an answer that are kept to be shown."""


@dataclass(frozen=True)
class AnswerFile:
    """A file of an answer, to be shown."""

    path: str
    text: str
    lines: tuple[int, ...] = ()
    """The numbers of those that the report speaks of."""


@dataclass(frozen=True)
class Graded:
    """One exercise of a submission, judged."""

    exercise: str
    title: str
    status: str
    points: float
    maximum: float
    headline: str
    trials: tuple[Trial, ...]
    misconception: str | None
    schedule: str
    """The shortest schedule on which it fails; '' if there is none, or none is needed."""
    sections: tuple[tuple[str, str], ...]
    """Heading and HTML of what explains the failure: evidence, misconception, story."""
    hints: tuple[str, ...]
    text: str
    """The same as plain text."""
    words: str = ""
    """What the answer is compared with others by; see similarity.py."""
    counts: bool = True
    """Whether its points are part of the total."""
    answer: tuple[AnswerFile, ...] = ()
    """What the student wrote."""
    wrong: int | None = None
    """How many different predictions were wrong, as the notebook says; None if it says nothing."""


@dataclass(frozen=True)
class Grade:
    """A submission, judged. Who handed it in is not in it."""

    rubric: str
    submission: str
    exercises: tuple[Graded, ...]
    remarks: tuple[str, ...]
    unsure: tuple[str, ...] = ()
    """What an instructor has to look at, because the judge could not, or could not read it."""
    doubts: tuple[str, ...] = ()
    """Those of them that may be due to the machine or the judge: another time the grade may be another one."""

    @property
    def points(self) -> float:
        """What it earns in all."""
        return round(sum(one.points for one in self.exercises), 1)

    @property
    def maximum(self) -> float:
        """What could be earned; of extra points, those that were."""
        return round(sum(EXERCISES[one.exercise].worth(one.points) for one in self.exercises if one.counts), 1)

    def to_json(self) -> bytes:
        """The grade as bytes, the same for the same submission."""
        return json.dumps(asdict(self), sort_keys=True, indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Grade:
        """What to_json() wrote. Raises ValueError, KeyError or TypeError for anything else."""
        found = json.loads(data)
        exercises = tuple(
            Graded(
                **{
                    **one,
                    "trials": tuple(Trial(**trial) for trial in one["trials"]),
                    "sections": tuple(map(tuple, one["sections"])),
                    "hints": tuple(one["hints"]),
                    "answer": tuple(AnswerFile(w["path"], w["text"], tuple(w["lines"])) for w in one["answer"]),
                }
            )
            for one in found["exercises"]
        )
        return cls(
            found["rubric"],
            found["submission"],
            exercises,
            tuple(found["remarks"]),
            tuple(found["unsure"]),
            tuple(found["doubts"]),
        )


def fingerprint(submission: StudentAnswers) -> str:
    """What a submission is recognised by: its answers and remarks, and nothing else."""
    told = {
        "answers": {
            name: {path: entry.content.hex() for path, entry in sorted(tree.items()) if isinstance(entry, File)}
            for name, tree in submission.answers.items()
        },
        "remarks": submission.remarks,
        "unread": submission.unread,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def sources() -> list[tuple[str, Path]]:
    """(name, file) of all that a grade depends on besides the seed: the simulator, the course, its programs, and an
    instructor's own exercises, which are called as if they lay beside those of the course."""
    package = Path(__file__).resolve().parents[1]
    folders = {"grader": package, "payload": PAYLOAD} | {
        f"grader/course/exercises/{name}": exercise.folder
        for name, exercise in EXERCISES.items()
        if not exercise.folder.is_relative_to(package)
    }
    files = {
        f"{name}/{path.relative_to(folder).as_posix()}": path
        for name, folder in folders.items()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return sorted(
        (name, path)
        for name, path in files.items()
        # PAYLOAD may be in the package
        if not is_answer(PurePath(name)) and not name.startswith("grader/payload/")
    )


@lru_cache(8)
def rubric(seed: str = UNSEEN) -> str:
    """The version of all that a grade depends on."""
    digest = hashlib.sha256(seed.encode())
    for name, path in sources():
        digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def judge(
    submission: StudentAnswers,
    confine: Confinement | None,
    seed: str = UNSEEN,
    limits: Limits = LIMITS,
    seconds: float = SECONDS,
) -> Grade:
    """Judge every exercise of a submission. Raises MachineTrouble if processes can't be started here, and nothing else."""
    try_out(confine)
    graded, spent, doubts = [], [], []
    with BudgetedExecutor(confine, seconds, limits) as executor, shared():
        for exercise in EXERCISES.values():
            answer = submission.answers.get(exercise.name, Tree())
            one = _judged(exercise, answer, executor, seed)
            if submission.unread and exercise.name not in submission.answers:
                one = replace(one, headline="There is no answer in what could be read of what was handed in.")
            graded.append(replace(one, wrong=submission.wrong.get(exercise.name)))
            spent.append(executor.spent)
            doubts += [f"{exercise.name}: {doubt}" for doubt in dict.fromkeys(executor.doubts)]
    remarks = submission.remarks + tuple(dict.fromkeys(filter(None, spent)))
    return Grade(
        rubric(seed), fingerprint(submission), tuple(graded), remarks, (*submission.unread, *doubts), tuple(doubts)
    )


def judge_one(
    exercise: Exercise,
    answer: Tree,
    confine: Confinement | None,
    seed: str = UNSEEN,
    limits: Limits = LIMITS,
    seconds: float = SECONDS,
) -> tuple[Graded, list[str]]:
    """The answer to one exercise, judged as judge() does, and the doubts about it. Raises MachineTrouble."""
    try_out(confine)
    with BudgetedExecutor(confine, seconds, limits) as executor, shared():
        return _judged(exercise, answer, executor, seed), list(dict.fromkeys(executor.doubts))


def _judged(exercise: Exercise, answer: Tree, executor: BudgetedExecutor, seed: str) -> Graded:
    executor.begin()
    try:
        with at_most(executor.seconds):
            report = exercise.judge(answer, executor, seed)
    except MachineTrouble:
        raise
    except OutOfTime:
        report = _failed(exercise, TOO_LONG, executor)
    except Exception as error:  # whatever an answer does to the judge, it is graded, and so are the others
        problem = f"The judge could not deal with the answer to {exercise.name} ({type(error).__name__})."
        report = _failed(exercise, problem, executor)
    return _graded(exercise, answer, report, executor)


def _failed(exercise: Exercise, problem: str, executor: BudgetedExecutor) -> Report:
    executor.doubts.append(problem)
    return exercise.unasked(CRASHED, problem, Failure(problem))


class OutOfTime(BaseException):
    """Something has taken too long: judging an exercise, with the programs or without, or reading a submission."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """End what is within by OutOfTime after so many seconds that are given to it. (Only the main thread can do that, and
    not on Windows; elsewhere the process that grades is ended as a whole, see workers.py.)"""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    until = given() + seconds

    def ring(number: int, frame: FrameType | None) -> None:
        if given() > until:
            raise OutOfTime

    tick = min(TICK, seconds)
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, tick, tick)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _graded(exercise: Exercise, answer: Tree, report: Report, executor: Executor) -> Graded:
    failure, told = report.failure, executor.normalized  # a checkpoint may hold the name of a directory
    text = told(explanation.card_text(report, explanation.sections_text(exercise, answer, report)))
    sections = explanation.sections_html(exercise, answer, report, explanation.story_of(report, executor))
    return Graded(
        report.exercise,
        report.title,
        report.status,
        report.points,
        report.maximum,
        told(report.headline),
        tuple(replace(trial, text=told(trial.text)) for trial in report.trials),
        failure.misconception.id if failure and failure.misconception else None,
        render(failure.schedule) if failure and failure.schedule else "",
        tuple((heading, told(content)) for heading, content in sections),
        report.hints if report.status != PASSED else (),
        text,
        alike.words(exercise, answer),
        exercise.counts(report.status),
        _written(exercise, answer, text) if report.status != NOT_TRIED else (),
    )


def _written(exercise: Exercise, answer: Tree, report: str) -> tuple[AnswerFile, ...]:
    """The files of an answer, with the lines that its report names."""
    found = []
    for path in exercise.answers:
        if isinstance(file := answer.get(path), File):
            text = shorten(file.text, MOST_SHOWN)
            name, last = rf"(?<![\w.]){re.escape(path)}", text.count("\n") + 1
            named = re.findall(rf"{name}(?:, line |:)(\d{{1,6}})|[Ll]ine (\d{{1,6}}) (?:of|in) {name}", report)
            lines = {int(one or other) for one, other in named}
            found.append(AnswerFile(path, text, tuple(sorted(line for line in lines if line <= last))))
    return tuple(found)
