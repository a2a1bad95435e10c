"""Exercises, and how an answer is judged.

An exercise provides some files and asks for others. The student's files become its subject (usually the job of all the
files together), and its questions are asked about that, one after the other. The questions are in the exercise's folder
(exercises/save/exercise.py, ...); the executor runs students' code.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from .. import submit
from ..execute import hashing
from ..execute.executor import Executor
from ..problems import Place
from ..rules.job import Job
from ..rules.simulation import Pace
from ..text import count
from ..tree import Tree
from ..verify.evidence import Evidence
from ..verify.explore import Bounds, Exploration, explore
from .cures import Cure, Remedy
from .payload import files_in
from .reading import same_text, syntax_error, unwritten_functions
from .report import CRASHED, NOT_TRIED, PARTLY, PASSED, WRONG, Failure, Misconception, Report, Trial


class UnusableExercise(Exception):
    """An exercise that can't be used: the file, the line, and the problem."""

    def __init__(self, file: Path, line: int | None, problem: str):
        super().__init__(f"{Place(str(file), line)}: {problem}")
        self.file, self.line, self.problem = file, line, problem


class UnusableAnswer(Exception):
    """An answer that can't be judged: a sentence on why, and the evidence."""

    def __init__(self, sentence: str, failure: Failure | None = None):
        super().__init__(sentence)
        self.failure = failure or Failure(sentence)


@dataclass(frozen=True)
class Result:
    """The result of one question: whether it passed, a sentence, and the explanation of a failure."""

    passed: bool
    text: str
    failure: Failure | None = None
    schedules: int = 0
    """The number of schedules tried."""

    def shown_by(self, *facts: Evidence) -> Result:
        """The same failure, with these facts as its first evidence."""
        assert self.failure is not None, "only a failure has evidence"
        return replace(self, failure=replace(self.failure, evidence=(*facts, *self.failure.evidence)))


FEWER = Bounds(executions=30)
"""For jobs that are shell scripts, or start a Python process of their own: they take five times as long, and right
answers need at most ten executions."""


class ExplorationCache:
    """An executor for trying an answer, with a cache of explorations."""

    def __init__(
        self, executor: Executor, bounds: Bounds = Bounds(), apart: bool = False, exercise: Exercise | None = None
    ):
        """`apart` runs each execution in fresh processes, because the answer keeps state in them."""
        self.executor, self.bounds, self.apart, self.exercise = executor, bounds, apart, exercise
        self._explored: dict[tuple[Job, Tree, bool], Exploration] = {}

    def explore(self, job: Job, expected: Tree, late: bool = True) -> Exploration:
        """The result of explore(), cached for each job. `late` is as in Bounds. Only one exploration of an answer tests
        whether it does the same twice."""
        what = job, expected, late
        if what not in self._explored:
            most = self.bounds.executions if hashing.seed(job.inputs, 0) == hashing.FIXED else FEWER.executions
            bounds = replace(
                self.bounds,
                executions=min(most, self.bounds.executions),
                late=late,
                twice=not any(exploration.twice for exploration in self._explored.values()),
            )
            with self.executor.apart() if self.apart else nullcontext():
                self._explored[what] = explore(job, self.executor, expected=expected, bounds=bounds)
        return self._explored[what]

    @property
    def explorations(self) -> Collection[Exploration]:
        """The explorations made so far."""
        return self._explored.values()


UNSEEN = "other numbers"
"""The default seed of the unseen numbers, unless the instructor gives a text of their own."""

Ask = Callable[[Any, ExplorationCache], Result]
"""Asks a question about the subject of an exercise."""


@dataclass(frozen=True)
class Question:
    """One question of an exercise: its name, its points, and the function that asks it."""

    name: str
    maximum: float
    ask: Ask
    rests_on: tuple[str, ...] = ()
    """Names of earlier questions that must be passed before this one is asked."""
    cures: tuple[Cure, ...] = ()
    """Cures to try for finding the cause of a failure, the most telling first."""
    unseen: Callable[[random.Random], Ask] | None = None
    """The same question with numbers that students do not know, drawn for each grading. It is asked if the answer
    passes with the known numbers, and must be passed as well."""


def _by_numbers(failure: Failure) -> Failure:
    """A failure with unseen numbers, where the known numbers pass."""
    fact = Evidence(
        "numbers",
        "the answer is right with the numbers of the notebook, and not with others: does it contain one of them?",
    )
    return replace(failure, evidence=(*failure.evidence, fact))


def job_of(exercise: Exercise, own: Tree) -> Job:
    """The subject of most exercises: the single job of the files and the answer. Raises UnusableAnswer."""
    return submission_of(exercise, own).jobs[0]


def submission_of(exercise: Exercise, own: Tree) -> submit.Submission:
    """The subject of an exercise about a submit file: everything that it describes. Raises UnusableAnswer."""
    try:
        submission = exercise.submission(own)
    except submit.SubmitError as error:
        raise UnusableAnswer(f"HTCondor would refuse the submit file. {error}", Failure(str(error))) from None
    if missing := submission.missing_input:
        raise UnusableAnswer(f"HTCondor would hold the job before it starts. {missing}", Failure(str(missing)))
    return submission


@lru_cache(16)
def _parsed(directory: Tree, submit_file: str) -> submit.Submission:
    """The contents of a submit file, cached, as judging, explaining and showing an answer all need them."""
    return submit.parse(directory.file(submit_file).text, submit.TreeFolder(directory), name=submit_file)


_BY_PATH = re.compile(rb"(?<![\w./])(?<!-[efrx] )/(?:usr/)?bin/(?=(?:date|sleep|timeout)\b)")
"""The directory in the path of a command that runs in virtual time only if it is called by its name."""
TRIAL = Bounds(executions=16, twice=False)
"""For a corrected copy of a wrong answer: a right answer needs a dozen executions."""
MOST_TRIALS = 24
"""How many corrected copies are tried at most."""
CRASHED_HINTS = (
    "Which line raises the error, and which values, of which types, are in it then?",
    "The last line of the message says what is wrong. NameError: nothing has this name, perhaps an import is missing. TypeError: "
    "a value is of a type that cannot be used there. FileNotFoundError: there is no file of this name.",
    "Change that line. Often an import is missing at the top of the file, a str(...) around a number that is written as text, or "
    "a 'w' or 'wb' in open(...) before something is written.",
)
"""Hints for a program that Python ends with an error in its first execution."""
SURE = ("left-running", "two-files-disagree", "host-in-checkpoint", "path-flattened", "sigterm-saves")
"""Misconceptions whose diagnosis proves the cause, so that no cures have to be tried."""


@dataclass(frozen=True)
class Exercise:
    """The files that it provides, the files that it asks for, its questions, and its hints."""

    title: str
    questions: tuple[Question, ...]
    hints: tuple[str, str, str]
    answers: tuple[str, ...] = ()
    """The files that the student writes."""
    notebook: str = ""
    """The file name of its notebook, without .ipynb."""
    number: int = 1
    """Its place in the notebook."""
    files: Callable[[], Tree] = Tree
    """Files in the submit directory in addition to those in given/."""
    submit_file: str = ""
    """The submit file of its job, if it has one."""
    functions: tuple[str, ...] = ()
    """The functions that the student writes, in the first file of `answers`."""
    settings: Callable[..., Job] | None = None
    """settings(job, **numbers) is the same job with other numbers. Raises ValueError for an unknown name."""
    subject: Callable[[Exercise, Tree], Any] = job_of
    """Turns the student's files into what the questions are about. Raises UnusableAnswer."""
    bounds: Bounds = Bounds(executions=50)
    """How far its jobs are explored; the executor limits the time for all of them. A right answer needs a dozen
    executions. A wrong one may run for ever without reaching the same state twice."""
    pace: Pace = Pace()
    """How long the transfers of its job take, if that matters."""
    literal: bool = False
    """The answer is not a file but a value: the cell `NAME = value`, read as a file called NAME with the value's
    text."""
    misconception_hints: Mapping[str, Mapping[int, str]] = field(default_factory=dict, hash=False)
    """Misconception → 1, 2 or 3 → the hint that replaces the misconception's own in this exercise."""
    optional: bool = False
    """It needs something that not everyone has, and counts only for students who have tried it."""
    name: str = ""
    """The name of its folder."""
    folder: Path = Path()
    """Where its files are."""

    def given(self) -> Tree:
        """The submit directory as the student gets it. If it contains answer files, the student begins with those, and
        an answer that changes none of them counts as not tried."""
        begun = self.folder / "given"
        return self.files() | files_in(begun) if begun.is_dir() else self.files()

    @property
    def maximum(self) -> float:
        """Points for a right answer."""
        return sum(question.maximum for question in self.questions)

    def expected(self) -> Tree:
        """The output of a right answer: the files in expected/. Raises UnusableExercise."""
        folder = self.folder / "expected"
        files = files_in(folder) if folder.is_dir() else Tree()
        if not files:
            raise UnusableExercise(folder, None, "it must contain the output files of a right answer")
        return files

    def hints_about(self, behind: Misconception) -> tuple[str, ...]:
        """The hints for a misconception, with this exercise's own in place of the general ones."""
        own = self.misconception_hints.get(behind.id, {})
        return tuple(own.get(number, hint) for number, hint in enumerate(behind.hints, 1))

    def counts(self, status: str) -> bool:
        """Whether its points are part of the total if the answer has this status."""
        return not self.optional or status != NOT_TRIED

    def worth(self, points: float) -> float:
        """How much it adds to the maximum: extra points only as far as they are earned, so that trying for them never
        makes a result look worse."""
        return points if self.optional else self.maximum

    def tried(self, answer: Tree) -> bool:
        """Whether an answer contains anything to judge."""
        return not self._not_tried(self._own(answer))

    def judge(self, answer: Tree, executor: Executor, seed: str | None = None, as_given: bool = False) -> Report:
        """Judge the files of an answer. Never raises, whatever they contain.

        With a `seed`, the questions are also asked with numbers that students have not seen, drawn from it. With
        `as_given`, they are also asked of an answer that changes nothing.
        """
        own = self._own(answer)
        if (undone := self._not_tried(own)) and not as_given:
            return self.unasked(NOT_TRIED, undone)
        try:
            subject = self.subject(self, own)
        except UnusableAnswer as problem:
            return self.unasked(CRASHED, str(problem), problem.failure)
        for path in self.answers:
            if path.endswith(".py") and (failure := syntax_error(path, own.file(path))):
                return self.unasked(CRASHED, f"Python can't read the answer. {failure.text}", failure)
        report = self._ask(subject, own, self._cache(executor), seed)
        if report.points and executor.keeps_state(seed):
            return self._ask(subject, own, self._cache(executor, apart=True), seed)
        return report

    def job(self, answer: Tree, **settings: float) -> Job:
        """The job of an answer, with other settings of its program if any are given.

        Raises SubmitError for an unusable submit file, ValueError for a setting that the program does not have.
        """
        job = self.submission(answer).jobs[0]
        if not settings:
            return job
        if self.settings is None:
            raise ValueError(f"the program of {self.name!r} takes no settings")
        return self.settings(job, **settings)

    def submission(self, answer: Tree) -> submit.Submission:
        """The contents of the submit file. Raises SubmitError."""
        by_name = {
            path: file._replace(content=_BY_PATH.sub(b"", file.content)) for path, file in answer.regular().items()
        }
        return _parsed(self.given() | answer | Tree(by_name), self.submit_file)

    def unasked(self, status: str, headline: str, failure: Failure | None = None) -> Report:
        """A report in which no question was asked."""
        trials = tuple(Trial(q.name, 0.0, q.maximum, None, "") for q in self.questions)
        return Report(self.name, self.title, status, headline, trials, failure, self.hints)

    def _cache(self, executor: Executor, apart: bool = False) -> ExplorationCache:
        return ExplorationCache(executor, self.bounds, apart, self)

    def _own(self, answer: Tree) -> Tree:
        files = answer.regular()
        return Tree({path: files[path] for path in self.answers if path in files})

    def _not_tried(self, own: Tree) -> str:
        for path in self.answers:
            if path not in own:
                if self.literal:
                    return "Your answer is still missing: put it in place of the dots."
                file = f"{self.name}/{path}"
                # If a cell is gone, grading takes the given file. A check does not: the cell may have been changed, and
                # not run.
                why = (
                    "" if path == self.answers[0] else ", changed or not. Only a cell that was run has written its file"
                )
                return f"There is no {file} yet: run the cell that begins with %%writefile {file}{why}."
        undone = [name for name in self.functions if name in unwritten_functions(own.file(self.answers[0]))]
        if undone:
            return f"{' and '.join(undone)} {'is' if len(undone) == 1 else 'are'} still to be written."
        begun = self.given()
        if all(path in begun and same_text(own.file(path), begun.file(path)) for path in self.answers):
            return f"{' and '.join(self.answers)} {'is' if len(self.answers) == 1 else 'are'} still unchanged."
        return ""

    def _ask(self, subject: Any, own: Tree, cache: ExplorationCache, seed: str | None) -> Report:
        trials: list[Trial] = []
        failure: Failure | None = None
        for question in self.questions:
            if any(not trial.passed for trial in trials if trial.name in question.rests_on):
                trials.append(Trial(question.name, 0.0, question.maximum, None, "not asked yet"))
                continue
            result = self._asked(question, subject, cache, seed)
            if result.failure and not failure:
                failure = self._explained(question, own, result.failure, cache, seed)
            text = (
                f"{count(result.schedules, 'schedule')} that represent all of them: {result.text}"
                if result.passed and result.schedules
                else result.text
            )
            trials.append(
                Trial(question.name, question.maximum if result.passed else 0.0, question.maximum, result.passed, text)
            )
        return self._report(tuple(trials), failure)

    def _asked(self, question: Question, subject: Any, cache: ExplorationCache, seed: str | None) -> Result:
        result = question.ask(subject, cache)
        if result.passed and question.unseen is not None and seed is not None:
            # the same numbers for all questions of an exercise, so that they share the explorations
            draw = random.Random(hashlib.sha256(f"{seed} {self.name}".encode()).digest())
            unseen = question.unseen(draw)(subject, cache)
            result = (
                result if unseen.passed else replace(unseen, failure=unseen.failure and _by_numbers(unseen.failure))
            )
        return result

    def _explained(
        self, question: Question, own: Tree, failure: Failure, cache: ExplorationCache, seed: str | None
    ) -> Failure:
        """The failure, with its cause if that can be proven."""
        sure = cache.apart or (failure.misconception and failure.misconception.id in SURE)
        proof = None if sure else self._proven(question, own, failure, cache, seed)
        if proof is None:
            return failure
        cure, remedy = proof
        fact = Evidence("cause", remedy.cause, remedy.file, remedy.line)
        behind = failure.misconception if failure.misconception and failure.misconception.id in cure.agrees else None
        return replace(failure, evidence=(fact, *failure.evidence), misconception=behind, hints=cure.hints)

    def _proven(
        self, question: Question, own: Tree, failure: Failure, cache: ExplorationCache, seed: str | None
    ) -> tuple[Cure, Remedy] | None:
        """The first cure that makes the answer pass the question that it failed. A copy that reaches a limit ends the
        search, to leave time for other questions."""
        files, trials = self.given() | own, 0
        shown = failure.misconception.id if failure.misconception else ""
        for cure in sorted(question.cures, key=lambda cure: shown not in cure.agrees) if not failure.over else ():
            for remedy in cure.tried_on(files):
                if not cure.fits(failure, remedy):
                    continue
                if trials == MOST_TRIALS:
                    return None
                trials += 1
                try:
                    subject = self.subject(self, remedy.files)
                except UnusableAnswer:
                    continue
                trial = ExplorationCache(cache.executor, TRIAL, exercise=self)
                result = self._asked(question, subject, trial, seed)
                if result.passed and all(
                    self._asked(earlier, subject, trial, seed).passed for earlier in self._before(question)
                ):
                    return cure, remedy
                if result.failure and result.failure.over:
                    return None
        return None

    def _before(self, question: Question) -> list[Question]:
        """The questions on which `question` rests, directly or not: a cure must keep them passed."""
        direct = [earlier for earlier in self.questions if earlier.name in question.rests_on]
        return [further for earlier in direct for further in (*self._before(earlier), earlier)]

    def _report(self, trials: tuple[Trial, ...], failure: Failure | None) -> Report:
        if failure is None:
            headline = trials[0].text if len(trials) == 1 else "All questions are passed."
            return Report(self.name, self.title, PASSED, headline, trials, None, ())
        got = any(trial.passed for trial in trials)
        status = PARTLY if got else CRASHED if failure.crashed else WRONG
        return Report(self.name, self.title, status, failure.text, trials, failure, self._hints(failure))

    def _hints(self, failure: Failure) -> tuple[str, ...]:
        """Three hints: about the cause that was proven, or about the failure, or else those of the exercise. The hints
        of a misconception help to fix a program, so they don't fit an answer that is a value."""
        proven = any(fact.kind == "cause" for fact in failure.evidence)
        if failure.misconception and not self.literal and not proven:
            return self.hints_about(failure.misconception)
        if failure.crashed and not failure.hints:
            return CRASHED_HINTS
        return failure.hints or self.hints
