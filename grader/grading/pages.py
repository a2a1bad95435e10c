"""The report for one student, and answers that are alike side by side: pages of their own."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from ..course.catalogue import COURSE, EXERCISES, Notebook
from ..course.explanation import card_html
from ..view.page import TEMPLATES, page, render
from ..view.style import card_sheet, frame_sheet, steps_sheet, timeline_sheet
from .judge import AnswerFile, Grade, Graded

MOST_LINES = 2_000
"""Lines of a file of an answer that are compared with another's."""


def student(name: str, grade: Grade | None, problem: str = "", comments: Sequence[str] = ()) -> str:
    """The report for one student: points, an instructor's comments, remarks, and for each exercise a card and what the
    student wrote."""
    said = dict.fromkeys([*comments, *filter(None, [problem]), *(grade.unsure if grade else ())])
    body = render(
        "student.html",
        name=name,
        problem=problem,
        grade=grade,
        said=[*said, *(one for one in (grade.remarks if grade else ()) if one not in said)],
        chapters=[chapter for notebook in COURSE if (chapter := _chapter(notebook, grade))],
    )
    return page(name, _sheets_once(body), (TEMPLATES / "student.css").read_text(encoding="utf-8"))


def _sheets_once(body: str) -> str:
    """The cards with each of their style sheets only where it comes first: every card brings them along."""
    for sheet in (card_sheet(), timeline_sheet(), steps_sheet(), frame_sheet()):
        before, first, after = body.partition(sheet)
        body = before + first + after.replace(sheet, "")
    return body


def _chapter(notebook: Notebook, grade: Grade | None) -> dict[str, object]:
    """The cards of one notebook's exercises; nothing if there are none."""
    names = {exercise.name for exercise in notebook.exercises}
    judged = [one for one in grade.exercises if one.exercise in names] if grade else []
    cards = [{"card": card_html(one, one.sections), **_answer(one)} for one in judged]
    return {"name": notebook.name, "cards": cards} if cards else {}


def _answer(one: Graded) -> dict[str, object]:
    """What the student wrote: a predicted value, or files with the lines that the report names."""
    if EXERCISES[one.exercise].literal:
        return {"predicted": one.answer[0].text.strip() if one.answer else "", "files": []}
    return {"predicted": "", "files": [{"path": f"{one.exercise}/{w.path}", "lines": [*_lines(w)]} for w in one.answer]}


def _lines(written: AnswerFile) -> Iterator[tuple[int, str, bool]]:
    """(number, text, whether the report names it) of each line."""
    for number, line in enumerate(written.text.split("\n"), 1):
        yield number, line.expandtabs(4), number in written.lines


def alike(pairs: Iterable[tuple[str, tuple[str, Sequence[AnswerFile]], tuple[str, Sequence[AnswerFile]]]]) -> str:
    """Answers that are alike, side by side, with names: for the instructor only. Each pair is an exercise and two
    students with what they wrote."""
    shown = [
        {"exercise": exercise, "left": left[0], "right": right[0], "files": [*_compared(left[1], right[1])]}
        for exercise, left, right in pairs
    ]
    body = render("alike.html", pairs=shown)
    return page("Alike", body, (TEMPLATES / "student.css").read_text(encoding="utf-8"))


def _compared(left: Sequence[AnswerFile], right: Sequence[AnswerFile]) -> Iterator[dict[str, object]]:
    others = {one.path: one.text for one in right}
    for one in left:
        a, b = (text.split("\n")[:MOST_LINES] for text in (one.text, others.get(one.path, "")))
        rows = [
            row
            for block in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
            for row in _rows(a, b, *block)
        ]
        yield {"path": one.path, "rows": rows}


def _rows(a: list[str], b: list[str], kind: str, i: int, j: int, k: int, m: int) -> Iterator[tuple[str, str, bool]]:
    """(left, right, whether they are the same) of the lines of one block."""
    for at in range(max(j - i, m - k)):
        yield a[i + at] if i + at < j else "", b[k + at] if k + at < m else "", kind == "equal"
