"""Finds what is missing in an exercise before learners get it: for `python -m grader exercise check DIR`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..execute.isolation import confinement
from ..problems import Place, SubmitError
from ..text import count, series
from ..tree import Tree
from .answers import Answers, Files, answers_of
from .budgeted import SECONDS, BudgetedExecutor
from .exercise import UNSEEN, Exercise, UnusableExercise
from .folders import add, load, unusable
from .misconceptions import MISCONCEPTIONS
from .report import CRASHED, NOT_TRIED, Report
from .trusted import shared


@dataclass(frozen=True)
class Flaw:
    """Something missing or wrong, and where."""

    file: Path
    line: int | None
    text: str

    def __str__(self) -> str:
        return f"{Place(str(self.file), self.line)}: {self.text}"


def load_folder(folder: Path) -> Exercise:
    """The exercise in a folder, wherever that is. Raises UnusableExercise."""
    folder = folder.resolve()
    if not (folder / "exercise.py").is_file():
        raise UnusableExercise(folder, None, "there is no exercise.py in it")
    add(folder.parent)
    exercise = load(folder.name)
    if exercise.folder != folder:
        raise UnusableExercise(
            folder, None, f"the course has an exercise of that name, {exercise.folder}: choose another name"
        )
    return exercise


def flaws(exercise: Exercise, progress: Callable[[str], None]) -> Iterator[Flaw]:
    """Everything that is missing or wrong, lazily. `progress` gets a line for each answer that is tried."""
    yield from _in_declaration(exercise)
    blocking = list(_in_given(exercise))
    yield from blocking
    try:
        answers = answers_of(exercise)
    except Exception as error:
        problem = unusable(error, exercise.folder / "answers.py")
        yield Flaw(problem.file, problem.line, problem.problem)
        return
    yield from _in_answers(exercise, answers)
    if not blocking and exercise.questions:
        yield from _Trial(exercise, progress).flaws(answers)


def line_of(file: Path, text: str) -> int | None:
    """The number of the first line of a file that contains a text; None if there is no such line."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    return next((number for number, line in enumerate(lines, 1) if text in line), None)


# -- exercise.py ------------------------------------------------------------------------


def _in_declaration(exercise: Exercise) -> Iterator[Flaw]:
    file = exercise.folder / "exercise.py"

    def flaw(near: str, text: str) -> Flaw:
        return Flaw(file, line_of(file, near) or line_of(file, "EXERCISE ="), text)

    if not exercise.title.strip():
        yield flaw("title", "the title is empty")
    if not exercise.notebook:
        yield flaw("notebook", 'it does not say which notebook it is in: notebook="11-my-own"')
    if len({hint.strip() for hint in exercise.hints} - {""}) != 3:
        yield flaw("hints", "it takes three hints, each of which says a little more than the one before")
    yield from _in_questions(exercise, flaw)
    if unknown := [id for id in exercise.misconception_hints if id not in MISCONCEPTIONS]:
        yield flaw(unknown[0], f"there is no misconception {unknown[0]!r}: the ids are in docs/misconceptions.md")


def _in_questions(exercise: Exercise, flaw: Callable[[str, str], Flaw]) -> Iterator[Flaw]:
    if not exercise.questions:
        yield flaw("questions", "it asks no question, so nothing can be earned")
    names = [question.name for question in exercise.questions]
    for name, times in Counter(names).items():
        if times > 1:
            yield flaw(name, f"{times} questions are called {name!r}: what rests on one has to name it")
    for number, question in enumerate(exercise.questions):
        if not question.maximum > 0:
            yield flaw(question.name, f"{question.name!r} is worth {question.maximum:g} points: more than 0 are needed")
        if unknown := [name for name in question.rests_on if name not in names[:number]]:
            yield flaw(question.name, f"{question.name!r} rests on {unknown[0]!r}, which is no question before it")


# -- the learner's files ------------------------------------------------------------------


def _in_given(exercise: Exercise) -> Iterator[Flaw]:
    """Flaws that keep every answer from being tried."""
    if exercise.literal:
        return
    given, folder = exercise.given(), exercise.folder / "given"
    if not exercise.submit_file:
        return
    if exercise.submit_file not in (*given, *exercise.answers):
        yield Flaw(folder, None, f"the submit file {exercise.submit_file} is missing")
    elif exercise.submit_file in given:
        stubs = Tree.files(dict.fromkeys((path for path in exercise.answers if path not in given), "#!/bin/sh\n"))
        try:
            missing = exercise.submission(stubs).missing_input
        except SubmitError as error:
            if exercise.submit_file not in exercise.answers:  # otherwise the learner has to fix it
                yield Flaw(folder / error.file, error.line, f"{error.problem}. {error.remedy}")
            return
        if missing:
            yield Flaw(folder, None, str(missing))


# -- right and wrong answers -----------------------------------------------------------------


def _in_answers(exercise: Exercise, answers: Answers) -> Iterator[Flaw]:
    if exercise.literal:
        return  # the simulator knows the right value
    folder = exercise.folder
    if len(answers.right) < 2:
        number = (
            f"there is {count(len(answers.right), 'right answer')}" if answers.right else "there is no right answer"
        )
        yield Flaw(folder / "right", None, f"{number}: write at least two, in different styles, as learners do")
    for id in answers.wrong:
        if id not in MISCONCEPTIONS:
            yield Flaw(
                _file(exercise, f"wrong/{id}"),
                line_of(folder / "answers.py", f'"{id}"'),
                f"there is no misconception {id!r}: the ids are in docs/misconceptions.md",
            )


def _file(exercise: Exercise, path: str) -> Path:
    """The place of an answer: this path in the folder, or answers.py."""
    table = exercise.folder / "answers.py"
    return table if table.exists() else exercise.folder / path


class _Trial:
    """Judges all answers like learners' answers."""

    def __init__(self, exercise: Exercise, progress: Callable[[str], None]):
        self.exercise, self.progress = exercise, progress

    def flaws(self, answers: Answers) -> Iterator[Flaw]:
        with BudgetedExecutor(confinement(), SECONDS) as self.executor, shared():
            try:
                yield from self._unchanged()
                for style, files in answers.right.items():
                    yield from self._right(style, files)
                for id, styles in answers.wrong.items():
                    for style, files in styles.items():
                        yield from self._wrong(id, style, files)
            except UnusableExercise as error:
                yield Flaw(error.file, error.line, error.problem)

    def _unchanged(self) -> Iterator[Flaw]:
        exercise, given = self.exercise, self.exercise.given()
        if exercise.literal or any(path not in given for path in exercise.answers):
            return
        report = self._judged("the learner's own files", given.only(exercise.answers), changed=False)
        if report.points == report.maximum:
            text = "the files that the learner starts with already earn all points: there is nothing to do"
            yield Flaw(exercise.folder / "given", None, text)

    def _right(self, style: str, files: Files) -> Iterator[Flaw]:
        report = self._judged(f"right: {style}", Tree.files(files))
        if report.points < report.maximum:
            points = f"{report.points:g} of {report.maximum:g} points"
            yield self._flaw(f"right/{style}", style, f"this right answer gets {points}. {report.headline}")

    def _wrong(self, id: str, style: str, files: Files) -> Iterator[Flaw]:
        report = self._judged(f"wrong: {id}, {style}", Tree.files(files))
        path = f"wrong/{id}/{style}"
        if id not in MISCONCEPTIONS:
            return
        behind = report.failure.misconception if report.failure else None
        if report.status == NOT_TRIED:
            yield self._flaw(path, style, f"this wrong answer is not judged at all. {report.headline}")
        elif report.points == report.maximum:
            yield self._flaw(path, style, "this wrong answer gets all points: no question detects what is wrong")
        elif report.status == CRASHED:
            yield self._flaw(path, style, f"this wrong answer does not run, so it shows nothing. {report.headline}")
        elif behind is None or behind.id != id:
            diagnosed = f"as {behind.id}" if behind else "as no misconception"
            yield self._flaw(path, style, f"this wrong answer is diagnosed {diagnosed}, not as {id}. {report.headline}")

    def _flaw(self, path: str, style: str, text: str) -> Flaw:
        return Flaw(_file(self.exercise, path), line_of(self.exercise.folder / "answers.py", f'"{style}"'), text)

    def _judged(self, what: str, answer: Tree, changed: bool = True) -> Report:
        """The report on an answer. Raises UnusableExercise."""
        exercise = self.exercise
        self.progress(what)
        self.executor.begin()
        if unknown := [path for path in answer.listing() if path not in exercise.answers]:
            text = f"{what} has {series(unknown)}, but learners write {series(exercise.answers)} only"
            raise UnusableExercise(exercise.folder, None, text)
        try:
            return exercise.judge(answer, self.executor, UNSEEN, as_given=not changed)
        except Exception as error:
            raise unusable(error, exercise.folder / "exercise.py") from error
