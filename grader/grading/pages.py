"""The report for one student, a page of its own."""

from __future__ import annotations

from collections.abc import Sequence

from ..course.catalogue import COURSE, Notebook
from ..course.explanation import card_html
from ..text import escape
from ..view.card import in_points, number
from ..view.page import page
from .judge import Grade


def student(name: str, grade: Grade | None, problem: str = "", comments: Sequence[str] = ()) -> str:
    """The report for one student: points, an instructor's comments, remarks, and a card for each exercise."""
    if grade is None:
        return page(name, f"<h1>{escape(name)}</h1><p>{escape(problem)} An instructor has to look at it.</p>")
    said = dict.fromkeys([*comments, *filter(None, [problem]), *grade.unsure, *grade.remarks])
    remarks = f'<ul class="remarks">{"".join(f"<li>{escape(one)}</li>" for one in said)}</ul>' if said else ""
    judged = "\n".join(_chapter(notebook, grade) for notebook in COURSE)
    return page(
        name,
        f'<h1>{escape(name)}</h1><p class="sum"><b>{number(grade.points)}</b> of '
        f"{in_points(grade.maximum)}</p>{remarks}\n{judged}",
    )


def _chapter(notebook: Notebook, grade: Grade) -> str:
    """The cards of one notebook's exercises, below its name."""
    names = {exercise.name for exercise in notebook.exercises}
    cards = [card_html(one, one.sections) for one in grade.exercises if one.exercise in names]
    return "\n".join([f"<h3>{notebook.name}</h3>", *cards]) if cards else ""
