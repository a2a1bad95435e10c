"""The explanation of a judged answer: evidence, misconception, and the story of the failure, as HTML or as text.

The notebook and grading both use it, so that students and instructors read the same. view/card.py draws the card around
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from markupsafe import Markup

from ..execute.executor import Executor
from ..problems import NO_EFFECT, SubmitError
from ..rules import schedule as schedules
from ..rules.job import Job
from ..rules.simulation import Moment, simulate
from ..text import duration, series
from ..tree import Tree
from ..view import card
from ..view import story as story_view
from ..view.steps import in_steps, step_of, stepper
from ..view.timeline import timeline
from ..view.verdict import fact_lines
from .exercise import Exercise
from .report import PASSED, Failure, Report, Trial

MOST_EXECUTIONS = 12
MOST_CHARACTERS = 400_000
"""A story with longer HTML is left out; most have a tenth of it."""
ODD = "In the submit file"
EVIDENCE, BEHIND, LOOK = "What shows it", "What may be behind it", "Where to look"
STORY, TRUTH, SOLUTION = "The shortest example", "What really happens", "The solution"
LATE = (SOLUTION, TRUTH, STORY)
"""Headings that begin like this come last in a card."""

Sections = tuple[tuple[str, str], ...]
"""(heading, content) of each section."""


def story_of(report: Report, executor: Executor) -> Sequence[Moment]:
    """The story of the shortest schedule on which an answer fails; empty if there is none."""
    failure = report.failure
    if failure is None or failure.job is None or failure.schedule is None:
        return ()
    return list(simulate(failure.job, executor, failure.profile, failure.schedule, MOST_EXECUTIONS, failure.pace))


def remarks(exercise: Exercise, answer: Tree) -> list[str]:
    """Remarks on the student's submit file where it probably does not mean what the student thinks, such as an unknown
    command."""
    if exercise.submit_file not in exercise.answers:
        return []
    try:
        return [str(remark) for remark in exercise.submission(answer).remarks if remark.kind != NO_EFFECT]
    except SubmitError:
        return []  # the report says so itself


def sections_html(exercise: Exercise, answer: Tree, report: Report, moments: Sequence[Moment]) -> Sections:
    """The sections of a report, as HTML; `moments` is its story."""
    failure, sections = report.failure, []
    if odd := remarks(exercise, answer) if failure else []:
        sections.append((ODD, card.paragraphs(odd)))
    if failure and failure.evidence:
        sections.append((EVIDENCE, card.facts(failure.evidence)))
    if behind := _behind(exercise, failure):
        sections.append((BEHIND, card.paragraphs([behind])))
    if look := _to_look_at(exercise, failure, moments):
        sections.append((LOOK, card.paragraphs([look])))
    if failure and failure.solution:
        sections.append((SOLUTION, card.paragraphs([failure.solution])))
    if moments and failure and failure.job:
        drawn = _drawn(exercise, answer, failure, failure.job, moments)
        if len(drawn) <= MOST_CHARACTERS:
            sections.append((_story_title(exercise, failure), drawn))
    return tuple(sections)


def sections_text(exercise: Exercise, answer: Tree, report: Report, moments: Sequence[Moment] = ()) -> Sections:
    """The same as text."""
    failure, sections = report.failure, []
    if odd := remarks(exercise, answer) if failure else []:
        sections.append((ODD, "\n".join(odd)))
    if failure and failure.evidence:
        sections.append((EVIDENCE, "\n".join(line for fact in failure.evidence for line in fact_lines(fact))))
    if behind := _behind(exercise, failure):
        sections.append((BEHIND, behind))
    if look := _to_look_at(exercise, failure, moments):
        sections.append((LOOK, look))
    if failure and failure.solution:
        sections.append((SOLUTION, failure.solution))
    if moments and failure and failure.job:
        submit = _directory(exercise, answer, failure.job)
        lines = story_view.lines(moments, failure.job.log, submit=submit)
        sections.append((_story_title(exercise, failure), "\n".join(lines)))
    return tuple(sections)


class CardContents(Protocol):
    """What a card shows of a judged answer: a Report, or a Graded of grading/judge.py."""

    @property
    def title(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def points(self) -> float: ...
    @property
    def maximum(self) -> float: ...
    @property
    def headline(self) -> str: ...
    @property
    def trials(self) -> Sequence[Trial]: ...
    @property
    def hints(self) -> Sequence[str]: ...


def card_html(report: CardContents, sections: Sections, nudge: bool = False) -> Markup:
    """The card of a report, as HTML. As a `nudge`, the solution is folded."""
    late = [section for section in sections if section[0].startswith(LATE)]
    return card.card(
        report.title,
        report.status,
        report.points,
        report.maximum,
        report.headline,
        _trials(report),
        [section for section in sections if not section[0].startswith(LATE)],
        report.hints if report.status != PASSED else (),
        late[::-1] if nudge else late,
        nudge,
    )


def card_text(report: CardContents, sections: Sections, nudge: bool = False) -> str:
    """The card of a report, as text without hints. As a `nudge`, it leaves out the solution."""
    if nudge:
        sections = tuple(section for section in sections if not section[0].startswith(LATE))
    return card.card_text(
        report.title, report.status, report.points, report.maximum, report.headline, _trials(report), sections, ()
    )


def _drawn(exercise: Exercise, answer: Tree, failure: Failure, job: Job, moments: Sequence[Moment]) -> Markup:
    """The story of a failure. The story of a prediction, which is long and shows no failure, is drawn step by step."""
    submit, log = _directory(exercise, answer, job), job.log
    if exercise.literal:
        first = step_of(in_steps(moments), *failure.decisive) if failure.decisive else 1
        return stepper(moments, submit=submit, log_name=log, group=exercise.name, first=first)
    return timeline(moments, submit=submit, log_name=log, brief=True)


def _trials(report: CardContents) -> list[card.Trial]:
    if len(report.trials) == 1:  # the head of the card says the same
        return []
    return [(t.name, t.passed, t.text, t.points, t.maximum) for t in report.trials]


def _behind(exercise: Exercise, failure: Failure | None) -> str:
    """The misconception behind a wrong program, if known. (If the answer is a value, the report itself says what is
    wrong.)"""
    misconception = failure.misconception if failure and not exercise.literal else None
    if failure is None or misconception is None:
        return ""
    return f"{failure.sentence or misconception.sentence} ({misconception.id})"


def _to_look_at(exercise: Exercise, failure: Failure | None, moments: Sequence[Moment]) -> str:
    """A sentence on the decisive step in the story of a prediction."""
    if not (exercise.literal and moments and failure and failure.decisive):
        return ""
    story = in_steps(moments)
    number = step_of(story, *failure.decisive)
    heading = story[number - 1].heading.replace(" -> ", ", ")
    return f"At step {number} of {len(story)} of what really happens{_in_which(failure)}: {heading}."


def _story_title(exercise: Exercise, failure: Failure) -> str:
    schedule = schedules.render(failure.schedule or ())
    title = f"{TRUTH if exercise.literal else STORY}{_in_which(failure)}"
    return f"{title}: {f'schedule {schedule}' if schedule else _no_schedule(failure)}"


def _in_which(failure: Failure) -> str:
    return f" in {failure.plays}" if failure.plays else ""


def _no_schedule(failure: Failure) -> str:
    lifetimes = dict.fromkeys(failure.pace.lifetimes)  # slots that all last as long are named once
    return (
        f"slots that last {series([duration(seconds) for seconds in lifetimes])}"
        if lifetimes
        else "without any eviction"
    )


def _directory(exercise: Exercise, answer: Tree, job: Job) -> Tree:
    """The submit directory of the story: that of the exercise, or the input files of a prediction's job."""
    return exercise.given() | answer if exercise.submit_file else job.inputs
