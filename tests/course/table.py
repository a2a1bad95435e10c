"""The page docs/misconceptions.md: what learners believe or forget, and the programs that show it.

python tests/course/table.py       writes it
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grader.course.answers import all_answers
from grader.course.catalogue import COURSE
from grader.course.misconceptions import MISCONCEPTIONS

ANSWERS = all_answers()
PAGE = Path(__file__).resolve().parents[2] / "docs" / "misconceptions.md"


def page() -> str:
    """The whole page, made from the course and from the answers that test_mutations.py judges."""
    programs = sum(len(styles) for _, wrong in ANSWERS.values() for styles in wrong.values())
    right = sum(len(styles) for styles, _ in ANSWERS.values())
    return (
        "\n".join(
            [
                "# Misconceptions, and the programs that show them",
                "",
                "<!-- Made by `python tests/course/table.py` from the course and its tests; do not edit. -->",
                "",
                f"{len(MISCONCEPTIONS)} misconceptions, each with a sentence and three hints. {programs} wrong answers, written "
                "differently, are each diagnosed by the id of the misconception that they show, and "
                f"{right} right answers, written as differently as people do, all get full points: "
                "`tests/course/test_mutations.py` judges every one. The programs are in `grader/course/exercises/*/answers.py`.",
                "",
                "## Exercises",
                "",
                "| notebook | exercise | points | right answers | wrong answers |",
                "|---|---|---|---|---|",
                *_exercises(),
                "",
                "## Misconceptions",
                "",
                "| id | what the learner believes or forgot | programs that show it |",
                "|---|---|---|",
                *_misconceptions(),
            ]
        )
        + "\n"
    )


def _exercises() -> Iterator[str]:
    for chapter in COURSE:
        for exercise in chapter.exercises:
            right, wrong = ANSWERS.get(exercise.name, ({}, {}))
            yield _row(
                f"`{chapter.name}`",
                exercise.title,
                f"{exercise.maximum:g}{' extra' * exercise.optional}",
                "a prediction" if exercise.literal else len(right),
                sum(map(len, wrong.values())) or "",
            )


def _misconceptions() -> Iterator[str]:
    for id, known in MISCONCEPTIONS.items():
        programs = [f"{name}: {style}" for name, (_, wrong) in ANSWERS.items() for style in wrong.get(id, ())]
        yield _row(f"`{id}`", known.sentence, "<br>".join(programs))


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
