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
from typing import TYPE_CHECKING

from ..course.catalogue import COURSE
from ..course.exercise import Exercise
from ..course.explanation import STORY
from ..course.misconceptions import MISCONCEPTIONS
from ..course.payload import PAYLOAD
from ..course.report import CRASHED, NOT_TRIED, PARTLY, PASSED, WRONG
from ..text import count, escape, series
from ..view import page as pages
from ..view.card import STATUSES, in_points, number
from . import similarity as alike
from .assignment import Assignment
from .judge import AnswerFile, Graded

if TYPE_CHECKING:
    from .batch import StudentResult

TONES = {PASSED: "good", PARTLY: "part", WRONG: "bad", CRASHED: "bad", NOT_TRIED: "none"}
BARS = 10
"""Bars of a distribution, if there are more points than that."""
HIDDEN = "The story is not shown here because it may contain somebody's name: it is on the page of each student."

STYLE = """
.untried{margin-top:14px}
.grid{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:14px 34px}
@media(max-width:640px){.grid{grid-template-columns:minmax(0,1fr)}}
svg{display:block;width:100%;height:auto;max-width:440px;margin-top:6px}
svg text{font:12px system-ui,sans-serif;fill:var(--dim)}svg .n{fill:var(--fg);font-weight:600}
svg .bar{fill:var(--blue)}svg .full{fill:var(--good)}svg .axis{stroke:var(--line)}
.strip{display:flex;height:22px;border-radius:4px;overflow:hidden;margin:8px 0 5px;gap:2px;max-width:440px}
.strip i{display:block;min-width:3px;background:var(--tone)}
.good{--tone:var(--good)}.part{--tone:var(--part)}.bad{--tone:var(--bad)}.none{--tone:var(--none)}
.strip i.bad.could{background:repeating-linear-gradient(135deg,var(--bad) 0 3px,transparent 3px 6px)}
.key{list-style:none;display:flex;flex-wrap:wrap;gap:1px 16px;margin:0;padding:0;font-size:13px}
.key b{color:var(--tone);margin-right:4px}.key span{color:var(--dim)}
table{border-collapse:collapse;width:100%;margin:8px 0 14px;font-size:14px}
th,td{text-align:left;padding:4px 12px 4px 0;border-top:1px solid var(--line);font-weight:400;vertical-align:top}
thead th{border:0;color:var(--dim);font-size:12.5px}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;
 white-space:nowrap;width:84px}
@media(max-width:640px){td.n,th.n{width:auto}}
.wrong{padding:8px 0 9px;border-top:1px solid var(--line)}.wrong:first-of-type{border-top:0}
.wrong .top{display:grid;grid-template-columns:104px minmax(0,1fr);column-gap:16px}
.wrong .share{font-variant-numeric:tabular-nums;font-size:13px;color:var(--dim)}
.wrong .share b{font-size:20px;color:var(--fg)}
.wrong .share i{display:block;height:6px;border-radius:3px;background:var(--soft);margin-top:3px}
.wrong .share i u{display:block;height:6px;border-radius:3px;background:var(--bad)}
.wrong code{font-size:12.5px;color:var(--dim)}
.wrong details{margin:3px 0 0 120px}.wrong summary{cursor:pointer;color:var(--blue);font-size:13.5px}
@media(max-width:640px){.wrong details{margin-left:0}}
@page{size:A4;margin:12mm}
@media print{body{max-width:none;padding:0;font-size:11px;line-height:1.35}h1{font-size:18px}h2{font-size:14px;margin:16px 0 5px}
 h3{font-size:12px;margin:10px 0 0;break-after:avoid}h4{font-size:12px;margin:5px 0 0}p{margin:0 0 3px}
 .grid{grid-template-columns:repeat(4,minmax(0,1fr));gap:6px 18px}section{break-inside:avoid}
 .totals svg{max-width:300px}.grid svg text{font-size:17px}.strip{height:8px;margin:3px 0}.key{font-size:9.5px;gap:0 8px}
 .wrong{padding:3px 0;break-inside:avoid}.wrong .share b{font-size:13px}.wrong details{display:none}.wrong code{font-size:9.5px}
 .asked{columns:2;column-gap:26px}table{font-size:10px;margin:2px 0 5px}th,td{padding:1px 6px 1px 0}
 thead th{font-size:9.5px}td.n,th.n{width:auto}}
"""


@dataclass
class Tally:
    """The counts for one exercise."""

    exercise: Exercise
    points: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    trials: Counter[tuple[str, bool | None]] = field(default_factory=Counter)
    """(name of a trial, passed or not, or None if not asked) → students."""
    words: dict[str, str] = field(default_factory=dict)
    """Student → the words by which similarity.py compares the answer."""
    wrong: list[int] = field(default_factory=list)
    """The number of wrong predictions before each right one, where the notebook says so."""

    @property
    def tried(self) -> bool:
        """Whether anybody has tried the exercise."""
        return self.statuses.total() > self.statuses[NOT_TRIED]

    def alike(self) -> list[list[str]]:
        """Groups of students with similar answers."""
        return alike.groups(self.exercise, self.words)

    def add(self, student: str, graded: Graded) -> None:
        """Count one answer."""
        if graded.counts:
            self.points.append(graded.points)
        self.statuses[graded.status] += 1
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
    story: str = ""
    hidden: int = 0
    """Stories that are not shown because they may contain somebody's name."""

    def add(self, student: str, graded: Graded, names: re.Pattern[str] | None) -> None:
        """Count one answer; keep its story if it is the shortest so far and contains nobody's name."""
        self.students.add(student)
        story = next((html for heading, html in graded.sections if heading.startswith(STORY)), "")
        if names and names.search(_visible(story)):
            self.hidden += 1
        elif story and (not self.story or len(story) < len(self.story)):
            self.exercise, self.headline, self.story = graded.title, graded.headline, story


def page(
    results: Iterable[StudentResult],
    named: bool = False,
    missing: int = 0,
    about: str = "",
    assignment: Assignment | None = None,
) -> str:
    """The report. `results` have a student and a grade(), which may be None; see batch.StudentResult. `missing` of the class
    have handed in nothing; `about` says which assignment it is, and when; without an `assignment`, all exercises count."""
    results, assignment = list(results), assignment or Assignment.of()
    tallies, misconceptions, ungraded = _counted(results, assignment)
    total = len(results)
    graded = f", {ungraded} could not be graded" if ungraded else ""
    graded += f"; {missing} {'has' if missing == 1 else 'have'} handed in nothing" if missing else ""
    begun = f"{escape(about)}. " if about else ""
    body = [
        f'<h1>How it went</h1><p class="lead">{begun}{count(total, "submission")}{graded}. No names.</p>'
        if not named
        else f'<h1>How it went</h1><p class="lead">{begun}{count(total, "submission")}{graded}.</p>',
        _totals(results, assignment.maximum),
        f"<h2>Points</h2>{_by_notebook(tallies, _points)}{_untried(tallies)}",
        _misconceptions(misconceptions, total),
        f"<h2>Question by question</h2>{_by_notebook(tallies, _questions)}",
        _alike(tallies, named),
    ]
    return pages.page("Class report", "\n".join(body), STYLE)


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
    results: Sequence[StudentResult], assignment: Assignment
) -> tuple[list[Tally], dict[str, ClassMisconception], int]:
    tallies = {name: Tally(exercise) for name, exercise in assignment.exercises.items()}
    misconceptions: dict[str, ClassMisconception] = {}
    names, ungraded = _names([result.student for result in results]), 0
    for result in results:
        grade = result.grade()
        ungraded += grade is None
        for graded in grade.exercises if grade else ():
            tallies[graded.exercise].add(result.student, graded)
            if graded.misconception:
                misconceptions.setdefault(graded.misconception, ClassMisconception()).add(result.student, graded, names)
    return list(tallies.values()), misconceptions, ungraded


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
    files = [*(package / "view").glob("*.py"), *(package / "course").rglob("*.py"), *PAYLOAD.rglob("*")]
    return frozenset(
        word
        for path in files
        if path.is_file()
        for word in _words(path.read_text(encoding="utf-8", errors="replace").lower())
    )


def _visible(story: str) -> str:
    """The readable text of a story, including tooltips."""
    text = re.sub(r"<style>[^<]*</style>", " ", story)
    shown = re.findall(r'\b(?:title|aria-label)="([^"]*)"', text)
    return unescape(" ".join([re.sub(r"<[^>]*>", " ", text), *shown]))


def _by_notebook(tallies: Sequence[Tally], draw: Callable[[list[Tally]], str]) -> str:
    """A section for each notebook, with draw() of its exercises that somebody has tried."""
    parts = []
    for notebook in COURSE:
        if tried := [tally for tally in tallies if tally.exercise in notebook.exercises and tally.tried]:
            parts.append(f"<h3>{notebook.name}</h3>{draw(tried)}")
    return "".join(parts)


# -- points ------------------------------------------------------------------------


def _totals(results: Sequence[StudentResult], maximum: float) -> str:
    """How all points together are distributed."""
    points = [grade.points for result in results if (grade := result.grade())]
    if not points:
        return ""
    return (
        f'<h2>In all</h2><section class="totals"><p class="dim">median {number(statistics.median(points))} of '
        f"{in_points(maximum)}, from {number(min(points))} to {number(max(points))}</p>{_histogram(points, maximum)}"
        "</section>"
    )


def _points(tallies: Sequence[Tally]) -> str:
    return f'<div class="grid">{"".join(map(_exercise, tallies))}</div>'


def _exercise(tally: Tally) -> str:
    points, maximum = tally.points, tally.exercise.maximum
    if not points:
        return ""
    return (
        f"<section><h4>{escape(tally.exercise.title)}</h4>"
        f'<p class="dim">median {number(statistics.median(points))} of {in_points(maximum)}{_first_tries(tally.wrong)}</p>'
        f"{_histogram(points, maximum)}{_strip(tally.statuses)}</section>"
    )


def _first_tries(wrong: Sequence[int]) -> str:
    """How many predictions were right at the first try. Students can edit outputs, so the page gives the source."""
    return f"; at the first try {wrong.count(0)} of {len(wrong)}, by their notebooks" if wrong else ""


def _untried(tallies: Sequence[Tally]) -> str:
    names = [escape(tally.exercise.title) for tally in tallies if not tally.tried]
    return f'<p class="dim untried">Nobody has tried: {"; ".join(names)}.</p>' if names else ""


def _histogram(points: Sequence[float], maximum: float) -> str:
    """A histogram of points; full points have their own bar."""
    step = math.ceil(maximum / BARS) if maximum == int(maximum) else 0.5
    bars = math.ceil(maximum / step)
    heights = [0] * (bars + 1)
    for value in points:
        heights[int(value / step) if value < maximum else bars] += 1
    width, top = 440 / (bars + 1), max(heights)
    drawn = []
    for index, height in enumerate(heights):
        tall = 92 * height / top
        low, high = min(maximum, index * step), min(maximum, (index + 1) * step)
        label = number(low) if high - low <= 1 else f"{number(low)}–{number(high - 1)}"
        x = index * width
        tone = " full" if index == bars else ""
        drawn.append(
            f'<rect class="bar{tone}" x="{x + 3:.1f}" y="{112 - tall:.1f}" width="{width - 6:.1f}" '
            f'height="{tall:.1f}" rx="2"/>'
            if height
            else ""
        )
        drawn.append(
            f'<text class="n" x="{x + width / 2:.1f}" y="{107 - tall:.1f}" text-anchor="middle">{height}</text>'
            if height
            else ""
        )
        drawn.append(f'<text x="{x + width / 2:.1f}" y="126" text-anchor="middle">{label}</text>')
    said = ", ".join(
        f"{height} with {in_points(min(maximum, index * step))} or more"
        for index, height in enumerate(heights)
        if height
    )
    return (
        f'<svg viewBox="0 0 440 130" role="img" aria-label="Students by points: {said}">{"".join(drawn)}'
        '<line class="axis" x1="0" x2="440" y1="112.5" y2="112.5"/></svg>'
    )


def _strip(statuses: Counter[str]) -> str:
    counts = [(status, statuses[status]) for status in STATUSES if statuses[status]]
    parts = "".join(
        f'<i class="{TONES[status]}{" could" if status == CRASHED else ""}" style="flex:{number}"></i>'
        for status, number in counts
    )
    words = "".join(
        f'<li class="{TONES[status]}"><b>{STATUSES[status][0]}</b>{number} <span>{status}</span></li>'
        for status, number in counts
    )
    return f'<div class="strip" aria-hidden="true">{parts}</div><ul class="key">{words}</ul>'


# -- what went wrong ---------------------------------------------------------------


def _misconceptions(misconceptions: dict[str, ClassMisconception], total: int) -> str:
    if not misconceptions:
        return ""
    most = sorted(misconceptions.items(), key=lambda item: (-len(item[1].students), item[0]))
    return (
        '<h2>What is worth talking about</h2><p class="dim">The misconceptions behind the answers that are not right yet, '
        f"the most frequent first, each with one story.</p>{''.join(_misconception(*item, total) for item in most)}"
    )


def _misconception(id: str, shown: ClassMisconception, total: int) -> str:
    number, misconception = len(shown.students), MISCONCEPTIONS.get(id)
    story = (
        (
            f'<details><summary>An example</summary><p class="dim">{escape(shown.exercise)}. '
            f"{escape(shown.headline)}</p>{shown.story}</details>"
        )
        if shown.story
        else f'<p class="dim">{HIDDEN}</p>'
        if shown.hidden
        else ""
    )
    return (
        f'<div class="wrong"><div class="top"><div class="share"><b>{number}</b> of {total}'
        f'<i><u style="width:{100 * number / total:.0f}%"></u></i></div>'
        f"<div>{escape(misconception.sentence if misconception else id)}<br><code>{escape(id)}</code></div></div>{story}</div>"
    )


# -- what was asked ----------------------------------------------------------------


def _questions(tallies: Sequence[Tally]) -> str:
    parts = []
    for tally in tallies:
        untried = tally.statuses[NOT_TRIED]
        rows = "".join(
            f'<tr><th scope="row">{escape(q.name)}</th><td class="n">{number(q.maximum)}</td>'
            f'<td class="n">{tally.trials[q.name, True]}</td><td class="n">{tally.trials[q.name, False]}</td>'
            f'<td class="n">{tally.trials[q.name, None] - untried}</td></tr>'
            for q in tally.exercise.questions
        )
        parts.append(
            f'<section><h4>{escape(tally.exercise.title)}</h4><p class="dim">{count(untried, "student")} '
            f"{'has' if untried == 1 else 'have'} not tried it.</p>"
            '<table><thead><tr><th scope="col">Question</th><th scope="col" class="n">Points</th>'
            '<th scope="col" class="n">right</th><th scope="col" class="n">wrong</th>'
            f'<th scope="col" class="n">not reached</th></tr></thead><tbody>{rows}</tbody></table></section>'
        )
    return f'<div class="asked">{"".join(parts)}</div>'


def _alike(tallies: Sequence[Tally], named: bool) -> str:
    items = []
    for tally in tallies:
        if groups := tally.alike():
            sizes = (
                "; ".join(", ".join(group) for group in groups)
                if named
                else series([str(size) for size in sorted(map(len, groups))], most=len(groups))
            )
            items.append(f"<li>{escape(tally.exercise.title)}: {'' if named else 'groups of '}{escape(sizes)}</li>")
    if not items:
        return ""
    return (
        '<h2>Similar answers</h2><p class="dim">Longer answers that agree almost word for word, apart from comments, layout '
        "and variable names, and logs that seem to be of the same run. Working together is only one possible reason.</p>"
        f"<ul>{''.join(items)}</ul>"
    )
