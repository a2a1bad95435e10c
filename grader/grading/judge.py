"""From a submission to a grade: judges every exercise in confined processes, within a budget.

A grade is a value that can be saved as JSON; the same submission gets the same bytes. The questions and their points
are in grader/course. Grading adds limits on the cost of a submission, the seed of the sweeps that students have not
seen, and the guarantee that one answer can't keep the others from being graded.
"""

from __future__ import annotations

import hashlib
import json
import re
import signal
import tempfile
import threading
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path, PurePath
from types import FrameType

from markupsafe import Markup

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
from ..execute.scratch import enough
from ..rules.execution import Limits, MachineTrouble
from ..rules.schedule import render
from ..text import series, shorten
from ..tree import File, Tree
from . import similarity as alike
from .submission import StudentAnswers
from .trial import try_out

TICK = 0.25
"""Seconds of real time between two checks of the time limit."""
OUTSIDE = (
    "Its programs wrote {}, where nothing on this machine keeps the programs of other answers from finding it. Grade it on "
    "a machine with bubblewrap."
)
UNREAD = "no readable answer"
"""What tables and pages call NOT_TRIED if the submission could not be read completely."""
MOST_SHOWN = 20_000
"""Characters of an answer's file that are kept for display."""


@dataclass(frozen=True)
class AnswerFile:
    """A file of an answer, for display."""

    path: str
    text: str
    lines: tuple[int, ...] = ()
    """The numbers of the lines that the report mentions."""


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
    sections: tuple[tuple[str, Markup], ...]
    """Heading and HTML of each section that explains the failure: evidence, misconception, story."""
    hints: tuple[str, ...]
    text: str
    """The report as plain text."""
    words: str = ""
    """The words by which similarity.py compares the answer."""
    counts: bool = True
    """Whether its points are part of the total."""
    extra: bool = False
    """Whether it can only add points: the total's maximum includes only those that were earned."""
    answer: tuple[AnswerFile, ...] = ()
    """The student's files."""
    wrong: int | None = None
    """The number of different wrong predictions according to the notebook; None if it doesn't say."""


@dataclass(frozen=True)
class Grade:
    """A submission, judged. It does not contain the student's name."""

    rubric: str
    submission: str
    exercises: tuple[Graded, ...]
    remarks: tuple[str, ...]
    unsure: tuple[str, ...] = ()
    """What needs an instructor's attention, because the judge could not read or judge it."""
    doubts: tuple[str, ...] = ()
    """The part of `unsure` that may be due to the machine or the judge, so that a second try may give another grade."""

    @property
    def unread(self) -> bool:
        """Whether a part of the submission could not be read. Answers that seem to be missing may be in it."""
        return len(self.unsure) > len(self.doubts)

    def status(self, graded: Graded) -> str:
        """The status of one of its exercises, which is UNREAD if its answer may be in what could not be read."""
        return UNREAD if self.unread and graded.status == NOT_TRIED else graded.status

    @property
    def points(self) -> float:
        """The points earned in all."""
        return round(sum(graded.points for graded in self.exercises), 1)

    @property
    def maximum(self) -> float:
        """The points that could be earned; an extra exercise adds only those that were earned."""
        return round(sum(one.points if one.extra else one.maximum for one in self.exercises if one.counts), 1)

    def with_extra(self, exercises: Container[str]) -> Grade:
        """The grade if these exercises are extra, too."""
        return replace(
            self,
            exercises=tuple(
                replace(one, extra=True, counts=one.status != NOT_TRIED) if one.exercise in exercises else one
                for one in self.exercises
            ),
        )

    def to_json(self) -> bytes:
        """The grade as JSON, with the same bytes for the same submission."""
        return json.dumps(asdict(self), sort_keys=True, indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Grade:
        """The grade that to_json() wrote. Raises ValueError, KeyError or TypeError for anything else."""
        saved = json.loads(data)
        exercises = tuple(
            Graded(
                **{
                    **graded,
                    "trials": tuple(Trial(**trial) for trial in graded["trials"]),
                    "sections": tuple((heading, Markup(html)) for heading, html in graded["sections"]),
                    "hints": tuple(graded["hints"]),
                    "answer": tuple(AnswerFile(a["path"], a["text"], tuple(a["lines"])) for a in graded["answer"]),
                }
            )
            for graded in saved["exercises"]
        )
        return cls(
            saved["rubric"],
            saved["submission"],
            exercises,
            tuple(saved["remarks"]),
            tuple(saved["unsure"]),
            tuple(saved["doubts"]),
        )


def fingerprint(submission: StudentAnswers) -> str:
    """A digest of a submission's answers and remarks, and nothing else."""
    content = {
        "answers": {
            name: {path: file.content.hex() for path, file in tree.regular().items()}
            for name, tree in submission.answers.items()
        },
        "remarks": submission.remarks,
        "unread": submission.unread,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def sources() -> list[tuple[str, Path]]:
    """(name, file) of everything that a grade depends on besides the seed: the simulator, the course, its programs, and
    an instructor's own exercises, which are named as if they were beside those of the course."""
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


def libraries() -> list[tuple[str, Path]]:
    """(name, file) of the packages that judging imports, for a machine that has only Python. Their compiled parts are
    left out, as they work without."""
    folders = [Path(folder) for name in ("jinja2", "markupsafe") for folder in import_module(name).__path__]
    return [
        (f"{folder.name}/{path.relative_to(folder).as_posix()}", path)
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
    ]


@lru_cache(8)
def rubric(seed: str = UNSEEN) -> str:
    """A digest of everything that a grade depends on."""
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
    """Judge every exercise of a submission. Raises only MachineTrouble, if processes can't be started here."""
    try_out(confine)
    graded, spent, doubts = [], [], []
    with BudgetedExecutor(confine, seconds, limits) as executor, shared():
        for exercise in EXERCISES.values():
            answer = submission.answers.get(exercise.name, Tree())
            result = _judged(exercise, answer, executor, seed)
            if submission.unread and exercise.name not in submission.answers:
                result = replace(result, headline="The part of the submission that could be read contains no answer.")
            graded.append(replace(result, wrong=submission.wrong.get(exercise.name)))
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
    """Judge the answer to one exercise as judge() does; returns the result and the doubts. Raises MachineTrouble."""
    try_out(confine)
    with BudgetedExecutor(confine, seconds, limits) as executor, shared():
        return _judged(exercise, answer, executor, seed), list(dict.fromkeys(executor.doubts))


def _judged(exercise: Exercise, answer: Tree, executor: BudgetedExecutor, seed: str) -> Graded:
    executor.begin()
    try:
        with at_most(executor.seconds), enough(tempfile.gettempdir()):
            report = exercise.judge(answer, executor, seed)
    except MachineTrouble:
        raise
    except OutOfTime:
        report = _failed(exercise, TOO_LONG, executor)
    except Exception as error:  # a bug that an answer triggers must not keep the others from being graded
        problem = f"The judge failed on the answer to {exercise.name} ({type(error).__name__})."
        report = _failed(exercise, problem, executor)
    if executor.outside:
        executor.doubts.append(OUTSIDE.format(series(sorted({*executor.outside}))))
    return _graded(exercise, answer, report, executor)


def _failed(exercise: Exercise, problem: str, executor: BudgetedExecutor) -> Report:
    executor.doubts.append(problem)
    return exercise.unasked(CRASHED, problem, Failure(problem))


class OutOfTime(BaseException):
    """Judging an exercise or reading a submission has taken too long."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises OutOfTime in the block after so many seconds of given(), see execute/given.py. Does nothing outside the
    main thread and on Windows. (workers.py ends a grading process that takes much too long.)"""
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
    failure, public = report.failure, executor.normalized  # a checkpoint may contain the name of a directory
    text = public(explanation.card_text(report, explanation.sections_text(exercise, answer, report)))
    sections = explanation.sections_html(exercise, answer, report, explanation.story_of(report, executor))
    return Graded(
        report.exercise,
        report.title,
        report.status,
        report.points,
        report.maximum,
        public(report.headline),
        tuple(replace(trial, text=public(trial.text)) for trial in report.trials),
        failure.misconception.id if failure and failure.misconception else None,
        render(failure.schedule) if failure and failure.schedule else "",
        tuple((heading, Markup(public(html))) for heading, html in sections),
        report.hints if report.status != PASSED else (),
        text,
        alike.words(exercise, answer),
        exercise.counts(report.status),
        exercise.optional,
        _answer_files(exercise, answer, text) if report.status != NOT_TRIED else (),
    )


def _answer_files(exercise: Exercise, answer: Tree, report: str) -> tuple[AnswerFile, ...]:
    """The files of an answer, with the numbers of the lines that its report names."""
    files = []
    for path in exercise.answers:
        if isinstance(file := answer.get(path), File):
            text = shorten(file.text, MOST_SHOWN)
            name, last = rf"(?<![\w.]){re.escape(path)}", text.count("\n") + 1
            named = re.findall(rf"{name}(?:, line |:)(\d{{1,6}})|[Ll]ine (\d{{1,6}}) (?:of|in) {name}", report)
            lines = {int(before or after) for before, after in named}
            files.append(AnswerFile(path, text, tuple(sorted(line for line in lines if line <= last))))
    return tuple(files)
