"""What explains a judged answer, as HTML and as text: evidence, misconception, and the story of the failure.

Sections only; the card that they go into is drawn by grader/view/card.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..course.exercise import Exercise
from ..course.report import Report
from ..simulator import schedule as schedules
from ..simulator.executor import Executor
from ..simulator.pool import Moment, simulate
from ..simulator.tree import Tree
from ..view import card
from ..view.text import escape
from ..view.timeline import timeline
from ..view.verdict import fact_lines

MOST_EXECUTIONS = 12
MOST_CHARACTERS = 400_000
"""Of a story's HTML. One of a right size has a tenth of it."""
EVIDENCE, BEHIND, STORY = "What shows it", "What may be behind it", "The shortest story of it"


def sections(exercise: Exercise, answer: Tree, report: Report, executor: Executor) -> tuple[tuple[str, str], ...]:
    """Heading and HTML of each section that a report needs."""
    failure, found = report.failure, []
    if failure and failure.evidence:
        found.append((EVIDENCE, card.facts(failure.evidence)))
    if failure and failure.misconception:
        found.append((BEHIND, f"<p>{escape(failure.misconception.sentence)}</p>"))
    if moments := _story(report, executor):
        drawn = timeline(moments, submit=exercise.given() | answer, log_name=failure.job.log)
        schedule = schedules.render(failure.found.schedule or ())
        if len(drawn) <= MOST_CHARACTERS:
            found.append((f"{STORY}: {f'schedule {schedule}' if schedule else 'without any eviction'}", drawn))
    return tuple(found)


def _story(report: Report, executor: Executor) -> Sequence[Moment]:
    """The shortest schedule on which an answer fails, played once more."""
    failure = report.failure
    if failure is None or failure.job is None or failure.found is None:
        return ()
    return list(simulate(failure.job, executor, schedule=failure.found.schedule or (),
                         most_executions=MOST_EXECUTIONS))


def html(graded) -> str:
    """The card of a graded exercise."""
    return card.card(graded.title, graded.status, graded.points, graded.maximum, graded.headline,
                     [(t.name, t.passed, t.text, t.points, t.maximum) for t in graded.trials], graded.sections,
                     graded.hints)


def text(report: Report) -> str:
    """The card as text, without the story."""
    failure, found = report.failure, []
    if failure and failure.evidence:
        found.append((EVIDENCE, "\n".join(line for fact in failure.evidence for line in fact_lines(fact))))
    if failure and failure.misconception:
        found.append((BEHIND, failure.misconception.sentence))
    return card.card_text(report.title, report.status, report.points, report.maximum, report.headline,
                          [(t.name, t.passed, t.text, t.points, t.maximum) for t in report.trials], found, ())
