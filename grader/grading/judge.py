"""From a submission to a grade: every exercise judged in confined processes, within a budget.

A grade is a value that can be written down as JSON; the same submission gets the same bytes. Which
questions are asked, and what they are worth, is in grader/course; here is only what grading adds:
bounds on what one submission may cost, a check with numbers that students have not seen, and the
promise that one answer can't keep the others from being graded.
"""

from __future__ import annotations

import hashlib
import json
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

from ..course.catalogue import EXERCISES
from ..course.exercise import PAYLOAD, Bench, Exercise, Result, every_schedule, fault_free, sweep, sweep_output
from ..course.report import CRASHED, PARTLY, PASSED, WRONG, Failure, Report, Trial
from ..simulator.executor import Executor, Exit, Limits, NoStarter, Run
from ..simulator.isolation import Confinement
from ..simulator.job import Job
from ..simulator.pool import Saved
from ..simulator.schedule import render
from ..simulator.submit import SubmitError
from ..simulator.tree import File, Tree
from . import alike, cards
from .submission import Submission

LIMITS = Limits(cpu=2, wall=4.0, memory=1 << 30, file_bytes=4 << 20, open_files=64, files=500,
                sandbox_bytes=16 << 20)
"""Of one execution. A right answer of this course takes milliseconds and kilobytes."""
PROCESSES = 64
"""At a time, where the job's own can be counted; elsewhere those of the instructor count with them."""
SECONDS = 90.0
"""Of real time for one submission; a right one takes about one. What is asked after that fails."""
STRIKES = 4
"""Executions of one submission that may be ended by a limit."""
PICTURES = 256 << 20
"""Bytes of all the sandboxes that the executions of one submission may leave behind."""
TOO_LONG = "Grading this took too long and was ended: what had not been tried by then has no points."
UNSEEN = "other numbers"
"""What the unseen check is made from, unless the instructor gives a text of their own."""


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
    """What the answer is compared with others by; see alike.py."""


@dataclass(frozen=True)
class Grade:
    """A submission, judged. Who handed it in is not in it."""

    rubric: str
    submission: str
    exercises: tuple[Graded, ...]
    remarks: tuple[str, ...]
    unsure: tuple[str, ...] = ()
    """What an instructor has to look at, because the judge could not."""

    @property
    def points(self) -> float:
        """What it earns in all."""
        return round(sum(one.points for one in self.exercises), 1)

    @property
    def maximum(self) -> float:
        """What could be earned."""
        return sum(one.maximum for one in self.exercises)

    def to_json(self) -> bytes:
        """The grade as bytes, the same for the same submission."""
        return json.dumps(asdict(self), sort_keys=True, indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Grade:
        """What to_json() wrote. Raises ValueError, KeyError or TypeError for anything else."""
        found = json.loads(data)
        exercises = tuple(Graded(**{**one, "trials": tuple(Trial(**trial) for trial in one["trials"]),
                                    "sections": tuple(map(tuple, one["sections"])), "hints": tuple(one["hints"])})
                          for one in found["exercises"])
        return cls(found["rubric"], found["submission"], exercises, tuple(found["remarks"]), tuple(found["unsure"]))


def fingerprint(submission: Submission) -> str:
    """What a submission is recognised by: its answers and remarks, and nothing else."""
    told = {"answers": {name: {path: entry.content.hex() for path, entry in sorted(tree.items()) if isinstance(entry, File)}
                        for name, tree in submission.answers.items()}, "remarks": submission.remarks}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@lru_cache(8)
def rubric(seed: str = UNSEEN) -> str:
    """The version of all that a grade depends on: the course, the simulator, the jobs, this file and the seed."""
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256(seed.encode())
    for path in sorted([*package.rglob("*.py"), *PAYLOAD.rglob("*")]):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def judge(submission: Submission, confine: Confinement | None, seed: str = UNSEEN,
          limits: Limits = LIMITS, seconds: float = SECONDS) -> Grade:
    """Judge every exercise of a submission. Raises NoStarter if processes can't be started here, and nothing else."""
    try_out(confine)
    unsure: list[str] = []
    graded = []
    with Sparing(confine, limits, seconds) as executor:
        for exercise in EXERCISES.values():
            answer = submission.answers.get(exercise.name, Tree())
            report = _judged(exercise, answer, executor, seed, unsure)
            graded.append(_graded(exercise, answer, report, executor))
        remarks = submission.remarks + ((executor.spent,) if executor.spent else ())
    return Grade(rubric(seed), fingerprint(submission), tuple(graded), remarks, tuple(unsure))


def judge_one(exercise: Exercise, answer: Tree, confine: Confinement | None, seed: str = UNSEEN) -> Graded:
    """Judge the answer to one exercise."""
    try_out(confine)
    with Sparing(confine) as executor:
        return _graded(exercise, answer, _judged(exercise, answer, executor, seed, []), executor)


def _judged(exercise: Exercise, answer: Tree, executor: Sparing, seed: str, unsure: list[str]) -> Report:
    try:
        with _at_most(executor.seconds):
            return _with_unseen(exercise, answer, exercise.judge(answer, executor), executor, seed)
    except NoStarter:
        raise
    except OutOfTime:
        problem = TOO_LONG
    except Exception as error:  # whatever an answer does to the judge, it is graded, and so are the others
        problem = f"The judge could not deal with the answer to {exercise.name} ({type(error).__name__})."
        unsure.append(problem)
    trials = tuple(Trial(q.name, 0.0, q.maximum, None, "") for q in exercise.questions)
    return Report(exercise.name, exercise.title, CRASHED, problem, trials, Failure(problem), exercise.hints)


class OutOfTime(BaseException):
    """Judging an exercise has taken too long, with the programs or without."""


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """End what is within by OutOfTime after so many seconds. (Only the main thread can do that, and not on Windows;
    elsewhere the process that grades is ended as a whole, see batch.py.)"""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number, frame):
        raise OutOfTime
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _graded(exercise: Exercise, answer: Tree, report: Report, executor: Executor) -> Graded:
    failure = report.failure
    schedule = failure.found.schedule if failure and failure.found else None
    sections = cards.sections(exercise, answer, report, executor)
    hints = report.hints if report.status != PASSED else ()
    return Graded(
        report.exercise, report.title, report.status, report.points, report.maximum, report.headline, report.trials,
        failure.misconception.id if failure and failure.misconception else None,
        render(schedule) if schedule else "", sections, hints, cards.text(report),
        alike.words(exercise, answer))


# -- numbers that students have not seen -------------------------------------------


def _with_unseen(exercise: Exercise, answer: Tree, report: Report, executor: Executor, seed: str) -> Report:
    """The report, with the points taken back that an answer earned for the numbers it knew, and for no others."""
    if len(report.trials) < 3 or not report.trials[1].passed:
        return report
    try:
        job = exercise.job(answer)
    except SubmitError:
        return report
    if job.executable != "sweep.py":
        return report
    start, end, settings = unseen(f"{seed} {exercise.name}")
    bench = Bench(executor)
    expected = sweep_output(start, end, tuple(sorted(settings.items())))
    asked = sweep(job, start, end, **settings)
    numbers = f"for the iterations {start} to {end}, saved every {settings['interval']}"
    free = fault_free(asked, bench, expected)
    if free.passed and (early := _early(bench.explore(asked, expected), end - start + 1)):
        return _taken_back(report, range(1, len(report.trials)), f"{early} {numbers}.", None)
    if not free.passed:
        return _taken_back(report, range(1, len(report.trials)), f"Asked {numbers}: {free.text}", free)
    always = every_schedule(asked, bench, expected)
    if always.passed and report.trials[2].passed and _differs_elsewhere(asked, bench, expected):
        return _taken_back(report, range(2, 3), "Begun elsewhere, on another day, the job ends in another way, or takes "
                                                "another time, than when it was begun first.", None)
    if not always.passed and report.trials[2].passed:
        return _taken_back(report, range(2, 3), f"Asked {numbers}: {always.text}", always)
    return report


def unseen(seed: str) -> tuple[int, int, dict[str, float]]:
    """START, END and settings of a sweep, drawn from a text."""
    draw = random.Random(hashlib.sha256(seed.encode()).digest())
    start, interval = draw.randint(2, 9), draw.randint(2, 3)
    end = start + 2 * interval + draw.randint(0, 1)
    return start, end, {"steps": draw.randint(30, 90), "interval": interval, "transient": draw.randint(50, 150),
                        "samples": draw.randint(3, 6), "seconds": draw.randint(20, 90)}


def _early(found, iterations: int) -> str:
    """What is wrong if the whole output is there at a checkpoint: the iteration that it is saved for is still to
    be done then."""
    state = found.first
    while state is not None and isinstance(state.next, Saved):
        output = state.run.sandbox.get("my_output.txt")
        if isinstance(output, File) and output.content.count(b"\n") >= iterations:
            return "The whole output is written before the sweep has done its iterations"
        state = state.follower
    return ""


def _differs_elsewhere(job: Job, bench: Bench, expected: Tree) -> bool:
    """Whether a start from the beginning depends on where and when it is: then what was seen of one start, and how
    much time is lost by another, means little."""
    first = bench.explore(job, expected).first
    later = bench.executor.run(job, first.sandbox, slot=1, clock=first.clock + 100_000.0)
    return later.exit != first.run.exit or abs(later.seconds - first.run.seconds) > 0.1 * first.run.seconds


def _taken_back(report: Report, which: range, text: str, result: Result | None) -> Report:
    trials = tuple(replace(trial, points=0.0, passed=False, text=text) if index in which and trial.passed else trial
                   for index, trial in enumerate(report.trials))
    failure = report.failure or (result and result.failure and replace(result.failure, text=text)) or Failure(text)
    status = PARTLY if any(trial.passed for trial in trials) else WRONG
    return replace(report, trials=trials, status=status, headline=failure.text, failure=failure)


@lru_cache(8)
def try_out(confine: Confinement | None) -> None:
    """See that a program runs as it should on this machine, lest students pay for it that it does not.
    Raises NoStarter."""
    program = Tree({"job": File(b"#!/usr/bin/env python3\nopen('file', 'a').write('fine')\nprint('fine')\n", True)})
    with Sparing(confine) as executor:
        run = executor.run(Job("job", inputs=program, output="out"), program)
    if run.stdout != "fine\n" or run.sandbox.get("file") != File(b"fine"):
        raise NoStarter(f"A program that is right does not run in the sandbox on this machine ({run.exit}).")


# -- what one submission may cost --------------------------------------------------


class Sparing(Executor):
    """An executor for one submission: past its budget every execution is over its limit before it begins."""

    def __init__(self, confine: Confinement | None, limits: Limits = LIMITS, seconds: float = SECONDS,
                 pictures: int = PICTURES):
        if confine is not None and confine.counts_processes:
            limits = replace(limits, processes=PROCESSES)
        super().__init__(limits, confine)
        self.seconds, self._seconds, self._pictures = seconds, seconds, pictures
        self.spent = ""
        """What the budget was used up by, in a sentence; '' as long as there is any."""
        self._ended: dict[tuple, Run] = {}
        """Executions that a limit has ended: they are not tried again for a report on them."""

    def run(self, job, sandbox: Tree, **how) -> Run:
        """Execute, as long as the budget lasts."""
        if self.spent:
            return Run(Exit(signal=int(signal.SIGKILL)), sandbox, 0.0, "", "", over="a submission may take to grade")
        what = (job, sandbox, how.get("slot"), how.get("stop"))
        if what in self._ended:
            return self._ended[what]
        began = time.monotonic()
        run = super().run(job, sandbox, **how)
        if run.over:
            self._ended[what] = run
        self._seconds -= time.monotonic() - began
        self._pictures -= sum(len(entry.content) for entry in run.sandbox.values() if isinstance(entry, File))
        if self._seconds < 0:
            self.spent = TOO_LONG
        elif len(self._ended) >= STRIKES:
            self.spent = "The programs ran into limits again and again: what had not been tried by then has no points."
        elif self._pictures < 0:
            self.spent = "The programs write too much: what had not been tried by then has no points."
        return run
