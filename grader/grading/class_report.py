"""The report on a class, to show in class: how it went, and what is worth talking about.

One HTML page, without names unless --names asks for them. It reads one grade after the other and keeps only counts, and
one story for each misconception.
"""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from ..course.catalogue import COURSE
from ..course.exercise import Exercise
from ..course.explanation import STORY
from ..course.misconceptions import MISCONCEPTIONS
from ..course.payload import PAYLOAD
from ..course.report import CRASHED, NOT_TRIED, PARTLY, PASSED, WRONG
from ..text import count, in_points, number, series
from ..view import page as pages
from ..view.card import STATUSES
from ..view.rendering import render
from ..view.style import css
from . import similarity as alike
from .assignment import Assignment
from .judge import UNREAD, AnswerFile, Graded
from .results import StudentResult

STATES = {**{status: symbol for status, (symbol, _) in STATUSES.items()}, UNREAD: "?"}
"""State of an exercise → its symbol."""
TONES = {PASSED: "good", PARTLY: "part", WRONG: "bad", CRASHED: "bad", NOT_TRIED: "none", UNREAD: "none"}
BARS = 10
"""Bars of a distribution, if there are more points than that."""
HIDDEN = Markup(
    "The story is not shown here because it may contain somebody's name: it is on the page of each student."
)


class Turnout(NamedTuple):
    """Who of the class has handed in, according to the roster."""

    missing: int = 0
    """Students who have handed in nothing."""
    marked: int = 0
    """Further students who handed in nothing but got points by hand; they are among the results."""
    strangers: int = 0
    """Submissions of students who are not on the roster."""


@dataclass
class Tally:
    """The counts for one exercise."""

    exercise: Exercise
    points: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    trials: Counter[tuple[str, bool | None]] = field(default_factory=Counter)
    """(name of a trial, whether it was passed, None if it was not asked) → number of students."""
    words: dict[str, str] = field(default_factory=dict)
    """Student → the words by which similarity.py compares the answer."""
    wrong: list[int] = field(default_factory=list)
    """The number of wrong predictions before each right one, where the notebook says so."""

    @property
    def tried(self) -> bool:
        """Whether anybody has tried the exercise."""
        return self.statuses.total() > self.unanswered

    @property
    def unanswered(self) -> int:
        """The number of students without an answer."""
        return self.statuses[NOT_TRIED] + self.statuses[UNREAD]

    def alike(self) -> list[list[str]]:
        """Groups of students with similar answers."""
        return alike.groups(self.exercise, self.words)

    def add(self, student: str, graded: Graded, status: str) -> None:
        """Count one answer, with its status in its grade."""
        if graded.counts:
            self.points.append(graded.points)
        self.statuses[status] += 1
        self.trials.update((trial.name, trial.passed) for trial in graded.trials)
        if graded.status == PASSED and graded.wrong is not None:
            self.wrong.append(graded.wrong)
        if graded.status != NOT_TRIED and graded.words:
            self.words[student] = graded.words


@dataclass
class ClassMisconception:
    """A misconception in a class: who has it, and one story that shows it."""

    students: set[str] = field(default_factory=set)
    exercise: str = ""
    headline: str = ""
    story: Markup = Markup()
    hidden: int = 0
    """Stories that are not shown because they may contain somebody's name."""

    def add(self, student: str, graded: Graded, names: re.Pattern[str] | None) -> None:
        """Count one answer; keep its story if it is the shortest so far and contains nobody's name."""
        self.students.add(student)
        story = next((html for heading, html in graded.sections if heading.startswith(STORY)), Markup())
        if names and names.search(_visible(story)):
            self.hidden += 1
        elif story and (not self.story or len(story) < len(self.story)):
            self.exercise, self.headline, self.story = graded.title, graded.headline, story


def page(
    results: Iterable[StudentResult],
    named: bool = False,
    turnout: Turnout = Turnout(),
    about: str = "",
    assignment: Assignment | None = None,
    names: Iterable[str] = (),
) -> Markup:
    """The report. `results` have a student and a grade(), which may be None; see results.StudentResult. `about` names
    the assignment and the date; without an `assignment`, all exercises count. A story with one of the `names` is not
    shown."""
    results, assignment = list(results), assignment or Assignment.of()
    tallies, misconceptions = _counted(results, assignment, names)
    total = len(results) - turnout.marked
    lead = f"{f'{about}. ' if about else ''}{_handed_in(results, turnout)}{'' if named else ' No names.'}"
    body = render(
        "class_report.html",
        lead=lead,
        totals=_totals(results, assignment.maximum),
        points=_by_notebook(tallies, _points),
        untried="; ".join(tally.exercise.title for tally in tallies if not tally.tried),
        misconceptions=_misconceptions(misconceptions),
        total=total,
        hidden=HIDDEN,
        questions=_by_notebook([tally for tally in tallies if len(tally.exercise.questions) > 1], _questions),
        similar=[similar for tally in tallies if (similar := _similar(tally, named))],
    )
    return pages.page("Class report", body, css("class_report"))


def alike_groups(results: Iterable[StudentResult]) -> list[tuple[str, list[str]]]:
    """(exercise, students with similar answers), for the instructor only."""
    return [
        (tally.exercise.name, group) for tally in _counted(list(results), Assignment.of())[0] for group in tally.alike()
    ]


Pair = tuple[str, tuple[str, Sequence[AnswerFile]], tuple[str, Sequence[AnswerFile]]]
"""An exercise, and two students with their answers."""


def alike_pairs(results: Iterable[StudentResult]) -> list[Pair]:
    """Pairs of similar answers: the first student of each group with each of the others."""
    results, pairs = list(results), list[Pair]()
    for exercise, group in alike_groups(results):
        answers = {
            result.student: graded.answer
            for result in results
            if result.student in group and (grade := result.grade())
            for graded in grade.exercises
            if graded.exercise == exercise
        }
        first, *rest = group
        pairs += [(exercise, (first, answers.get(first, ())), (name, answers.get(name, ()))) for name in rest]
    return pairs


def _counted(
    results: Sequence[StudentResult], assignment: Assignment, hidden: Iterable[str] = ()
) -> tuple[list[Tally], dict[str, ClassMisconception]]:
    tallies = {name: Tally(exercise) for name, exercise in assignment.exercises.items()}
    misconceptions: dict[str, ClassMisconception] = {}
    names = _names([*(result.student for result in results), *hidden])
    for result in results:
        if (grade := result.grade()) is None:
            continue
        for graded in grade.exercises:
            tallies[graded.exercise].add(result.student, graded, grade.status(graded))
            if graded.misconception:
                misconceptions.setdefault(graded.misconception, ClassMisconception()).add(result.student, graded, names)
    return list(tallies.values()), misconceptions


def _handed_in(results: Sequence[StudentResult], turnout: Turnout) -> str:
    """How many have handed in something, and how many of these submissions could not be read or graded."""
    grades = [result.grade() for result in results]
    unread, ungraded = sum(grade.unread for grade in grades if grade), grades.count(None)
    missing, strangers = turnout.missing + turnout.marked, turnout.strangers
    students = "a student who is" if strangers == 1 else "students who are"
    parts = [
        (strangers, f"{strangers} by {students} not on the roster"),
        (unread, f"{unread} could not be read completely"),
        (ungraded, f"{ungraded} could not be graded"),
    ]
    handed_in = ", ".join(
        [count(len(results) - turnout.marked, "submission"), *(text for number, text in parts if number)]
    )
    by_hand = f", {turnout.marked} of them with points set by hand" if turnout.marked else ""
    nothing = f"; {missing} {'has' if missing == 1 else 'have'} handed in nothing{by_hand}" if missing else ""
    return f"{handed_in}{nothing}."


def _names(students: Sequence[str]) -> re.Pattern[str] | None:
    """A pattern that finds anybody's name, or a part of it, in a text. A name that is also a word of the course (Line,
    Mark) matches only with a capital."""
    parts = {part.lower() for student in students for part in _words(student)}
    patterns = [part.capitalize() if part in _own_words() else f"(?i:{part})" for part in sorted(parts)]
    return re.compile(rf"(?<![^\W\d_])(?:{'|'.join(patterns)})(?![^\W\d_])") if patterns else None


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{4,}", text)


@lru_cache(1)
def _own_words() -> frozenset[str]:
    """The words that the course itself puts into a story: those of its programs and of its texts."""
    package = Path(__file__).resolve().parents[1]
    drawing = [*(package / "view").glob("*.py"), *(package / "view" / "templates").glob("*.html")]
    files = [*drawing, *(package / "course").rglob("*.py"), *PAYLOAD.rglob("*")]
    return frozenset(
        word
        for path in files
        if path.is_file()
        for word in _words(path.read_text(encoding="utf-8", errors="replace").lower())
    )


def _visible(story: str) -> str:
    """The readable text of a story, including tooltips."""
    text = re.sub(r"<style>[^<]*</style>", " ", str(story))
    shown = re.findall(r'\b(?:title|aria-label)="([^"]*)"', text)
    return unescape(" ".join([re.sub(r"<[^>]*>", " ", text), *shown]))


Values = dict[str, object]
"""The values that a template fills in."""


def _by_notebook(tallies: Sequence[Tally], draw: Callable[[Tally], Values]) -> list[tuple[str, list[Values]]]:
    """(notebook, draw() of each of its exercises that somebody has tried), without notebooks that nobody has tried."""
    parts = []
    for notebook in COURSE:
        if tried := [tally for tally in tallies if tally.exercise in notebook.exercises and tally.tried]:
            parts.append((notebook.name, list(map(draw, tried))))
    return parts


# -- points ------------------------------------------------------------------------


class Bar(NamedTuple):
    """A bar of a histogram: its left edge, its height, the number of students, and their points."""

    x: float
    tall: float
    students: int
    label: str


def _totals(results: Sequence[StudentResult], maximum: float) -> Values | None:
    """The distribution of the students' total points; None if nothing was graded."""
    points = [grade.points for result in results if (grade := result.grade())]
    if not points:
        return None
    said = (
        f"median {number(statistics.median(points))} of {in_points(maximum)}, "
        f"from {number(min(points))} to {number(max(points))}"
    )
    return {"said": said, "histogram": _histogram(points, maximum)}


def _points(tally: Tally) -> Values:
    points, maximum = tally.points, tally.exercise.maximum
    if not points:
        return {}
    statuses = [(status, tally.statuses[status]) for status in STATES if tally.statuses[status]]
    return {
        "title": tally.exercise.title,
        "said": f"median {number(statistics.median(points))} of {in_points(maximum)}{_first_tries(tally.wrong)}",
        "histogram": _histogram(points, maximum),
        "statuses": [
            {
                "status": status,
                "symbol": STATES[status],
                "tone": TONES[status],
                "crashed": status == CRASHED,
                "students": students,
            }
            for status, students in statuses
        ],
    }


def _first_tries(wrong: Sequence[int]) -> str:
    """How many predictions were right at the first try. Students can edit outputs, so the text names the source."""
    return f"; at the first try {wrong.count(0)} of {len(wrong)}, by their notebooks" if wrong else ""


def _histogram(points: Sequence[float], maximum: float) -> Markup:
    """A histogram of points; full points have their own bar."""
    step = math.ceil(maximum / BARS) if maximum == int(maximum) else 0.5
    bars = math.ceil(maximum / step)
    heights = [0] * (bars + 1)
    for value in points:
        heights[int(value / step) if value < maximum else bars] += 1
    width, top = 440 / (bars + 1), max(heights)
    drawn = []
    for index, height in enumerate(heights):
        low, high = min(maximum, index * step), min(maximum, (index + 1) * step)
        label = number(low) if high - low <= 1 else f"{number(low)}–{number(high - 1)}"
        drawn.append(Bar(index * width, 92 * height / top, height, label))
    said = ", ".join(
        f"{height} with {in_points(min(maximum, index * step))} or more"
        for index, height in enumerate(heights)
        if height
    )
    return render("histogram.html", said=said, bars=drawn, width=width)


# -- what went wrong ---------------------------------------------------------------


def _misconceptions(misconceptions: dict[str, ClassMisconception]) -> list[Values]:
    """The misconceptions, the most frequent first."""
    most = sorted(misconceptions.items(), key=lambda item: (-len(item[1].students), item[0]))
    return [
        {
            "id": id,
            "sentence": MISCONCEPTIONS[id].sentence if id in MISCONCEPTIONS else id,
            "students": len(shown.students),
            "shown": shown,
        }
        for id, shown in most
    ]


# -- what was asked ----------------------------------------------------------------


def _questions(tally: Tally) -> Values:
    untried, unread = tally.statuses[NOT_TRIED], tally.statuses[UNREAD]
    sentences = [f"{count(untried, 'student')} {'has' if untried == 1 else 'have'} not tried it."] if untried else []
    if unread:
        who = f"{unread} more" if untried else count(unread, "student")
        sentences.append(f"{who} {'has' if unread == 1 else 'have'} {UNREAD}.")
    return {
        "title": tally.exercise.title,
        "untried": " ".join(sentences) or "Everyone has tried it.",
        "rows": [
            {
                "name": question.name,
                "maximum": question.maximum,
                "right": tally.trials[question.name, True],
                "wrong": tally.trials[question.name, False],
                "not_reached": tally.trials[question.name, None] - tally.unanswered,
            }
            for question in tally.exercise.questions
        ],
    }


def _similar(tally: Tally, named: bool) -> str:
    """Which answers to an exercise are similar, in words; '' if none are."""
    groups = tally.alike()
    if not groups:
        return ""
    if named:
        return f"{tally.exercise.title}: {'; '.join(', '.join(group) for group in groups)}"
    sizes = [str(size) for size in sorted(map(len, groups))]
    return f"{tally.exercise.title}: groups of {series(sizes, most=len(groups))}"
