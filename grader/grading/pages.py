"""The page for one student, and the page of similar answers side by side."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from markupsafe import Markup

from ..course.catalogue import COURSE, EXERCISES, Notebook
from ..course.explanation import card_html
from ..course.report import NOT_TRIED
from ..text import in_points
from ..view.page import page
from ..view.rendering import render
from ..view.style import card_sheet, css, frame_sheet, steps_sheet, timeline_sheet
from .judge import UNREAD, AnswerFile, Grade, Graded

MOST_LINES = 2_000
"""Lines of an answer's file that are compared with another's."""


def student(name: str, grade: Grade | None, problem: str = "", comments: Sequence[str] = ()) -> Markup:
    """The page for one student: points, the instructor's comments, remarks, and for each exercise a card and the
    student's answer."""
    chapters = [chapter for notebook in COURSE if (chapter := _chapter(notebook, grade))]
    remarks = (*comments, *filter(None, [problem]), *(grade.unsure if grade else ()), *(grade.remarks if grade else ()))
    body = render(
        "student.html",
        name=name,
        problem=problem,
        grade=grade,
        remarks=list(dict.fromkeys(remarks)),
        no_answer=UNREAD.capitalize() if grade and grade.unread else "No answer",
        chapters=[chapter for chapter in chapters if chapter["cards"]],
        unanswered=[chapter for chapter in chapters if not chapter["cards"]],
    )
    return page(name, _sheets_once(body), css("student"))


def _sheets_once(body: Markup) -> Markup:
    """The page with only the first copy of each style sheet, as every card brings its own."""
    for sheet in (card_sheet(), timeline_sheet(), steps_sheet(), frame_sheet()):
        before, first, after = body.partition(sheet)
        body = before + first + after.replace(sheet, "")
    return body


def _chapter(notebook: Notebook, grade: Grade | None) -> dict[str, object]:
    """The cards of one notebook's exercises, and the exercises without an answer; {} if none of them was graded."""
    names = {exercise.name for exercise in notebook.exercises}
    judged = [graded for graded in grade.exercises if graded.exercise in names] if grade else []
    untried = [graded for graded in judged if graded.status == NOT_TRIED and not graded.points]
    cards = [
        {"card": card_html(graded, graded.sections), **_answer(graded)} for graded in judged if graded not in untried
    ]
    worth = in_points(sum(graded.maximum for graded in untried))
    extra = any(graded.extra for graded in untried)
    return {"name": notebook.name, "cards": cards, "untried": untried, "worth": worth, "extra": extra} if judged else {}


def _answer(graded: Graded) -> dict[str, object]:
    """The student's answer: a predicted value, or files with the lines that the report names."""
    if EXERCISES[graded.exercise].literal:
        return {"predicted": graded.answer[0].text.strip() if graded.answer else "", "files": []}
    files = [{"path": f"{graded.exercise}/{file.path}", "lines": [*_lines(file)]} for file in graded.answer]
    return {"predicted": "", "files": files}


def _lines(file: AnswerFile) -> Iterator[tuple[int, str, bool]]:
    """(number, text, whether the report names it) of each line."""
    for number, line in enumerate(file.text.split("\n"), 1):
        yield number, line.expandtabs(4), number in file.lines


def alike(pairs: Iterable[tuple[str, tuple[str, Sequence[AnswerFile]], tuple[str, Sequence[AnswerFile]]]]) -> Markup:
    """Similar answers side by side, with names, for the instructor only. Each pair is an exercise and two students with
    their answers."""
    shown = [
        {"exercise": exercise, "left": left[0], "right": right[0], "files": [*_compared(left[1], right[1])]}
        for exercise, left, right in pairs
    ]
    body = render("alike.html", pairs=shown)
    return page("Similar answers", body, css("student"))


def _compared(left: Sequence[AnswerFile], right: Sequence[AnswerFile]) -> Iterator[dict[str, object]]:
    right_texts = {file.path: file.text for file in right}
    for file in left:
        a, b = (text.split("\n")[:MOST_LINES] for text in (file.text, right_texts.get(file.path, "")))
        rows = [
            row
            for block in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
            for row in _rows(a, b, *block)
        ]
        yield {"path": file.path, "rows": rows}


def _rows(a: list[str], b: list[str], kind: str, i: int, j: int, k: int, m: int) -> Iterator[tuple[str, str, bool]]:
    """(left, right, whether they are equal) of the lines of one block."""
    for at in range(max(j - i, m - k)):
        yield a[i + at] if i + at < j else "", b[k + at] if k + at < m else "", kind == "equal"
