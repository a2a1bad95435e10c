"""The page docs/rubric.md: the questions about each answer, their points, and the possible causes of a failure.

python tests/course/rubric.py       writes it
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grader.course.answers import all_answers
from grader.course.catalogue import COURSE
from grader.course.exercise import Exercise
from grader.course.misconceptions import MISCONCEPTIONS

ANSWERS = all_answers()
PAGE = Path(__file__).resolve().parents[2] / "docs" / "rubric.md"


def page() -> str:
    """The whole page, made from the course."""
    required = sum(exercise.maximum for chapter in COURSE for exercise in chapter.exercises if not exercise.optional)
    return (
        "\n".join(
            [
                "# Rubric",
                "",
                "<!-- Made by `python tests/course/rubric.py` from the course; do not edit. -->",
                "",
                f"{required:g} points. Each question about an answer is worth some of them. A question that rests on another "
                "one is not asked, and earns nothing, if that fails. The causes are those that the course looks for; a report "
                "names one only if the job's behaviour shows it ([grading.md](grading.md#how-a-cause-is-found)).",
                "",
                "To change points or to add a comment, add a line to `adjustments.csv` "
                "([grading.md](grading.md#by-hand)).",
                *_chapters(),
            ]
        )
        + "\n"
    )


def _chapters() -> Iterator[str]:
    for chapter in COURSE:
        total = sum(exercise.maximum for exercise in chapter.exercises)
        yield from ("", f"## {chapter.name}: {chapter.title} ({total:g} points)")
        for exercise in chapter.exercises:
            yield from _exercise(exercise)


def _exercise(exercise: Exercise) -> Iterator[str]:
    yield from ("", f"### `{exercise.name}`: {exercise.title}", "")
    what = "a prediction" if exercise.literal else f"the student writes {_files(exercise)}"
    extra = "; extra, and counted only for those who try it" if exercise.optional else ""
    yield from (f"{exercise.maximum:g} points; {what}{extra}.", "", "| question | points | rests on |", "|---|---|---|")
    for question in exercise.questions:
        yield _row(question.name, f"{question.maximum:g}", "; ".join(question.rests_on))
    causes = [id for id in ANSWERS.get(exercise.name, ({}, {}))[1] if id in MISCONCEPTIONS]
    if causes:
        yield from ("", "| cause | what the learner believes or forgot |", "|---|---|")
        yield from (_row(f"`{id}`", MISCONCEPTIONS[id].sentence) for id in causes)


def _files(exercise: Exercise) -> str:
    return " and ".join(f"`{exercise.name}/{path}`" for path in exercise.answers)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
