"""What the course shows, looked at by axe-core in Chromium: the pages of grading, and cards, stories and tables as
notebooks show them, in a light and a dark theme, on a wide and a narrow screen. (nbgrader's feedback is looked at in
test_feedback.py.)"""

from __future__ import annotations

from pathlib import Path

import pytest
from axe import axe, below_headings, browser, look  # noqa: F401  (fixtures)
from chromium import NEEDS_BROWSER
from classroom import ANSWERS

import grader.notebook.calls  # now, as one of the tests has an IPython in which nothing can be loaded
from grader.cli.main import main
from grader.course import explanation
from grader.course.payload import PAYLOAD
from grader.execute.isolation import confinement
from grader.grading import board, class_report, judge, pages
from grader.grading.submission import StudentAnswers
from grader.tree import File, Tree
from grader.view.card import card

pytestmark = NEEDS_BROWSER


def tree(files):
    return Tree({path: File(text.encode() if isinstance(text, str) else text) for path, text in files.items()})


def answers(right: bool) -> dict[str, Tree]:
    """An answer to a few exercises."""
    wrong = {"save": "exit-zero-after-save", "restore": "never-restores", "submit": "path-flattened"}
    return {
        "seconds_lost": Tree.files({"seconds_lost": "45" if right else "60"}),
        **{
            name: tree(next(iter((ANSWERS[name][0] if right else ANSWERS[name][1][id]).values())))
            for name, id in wrong.items()
        },
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 700, 1400])
def test_what_happened_in_a_trial_has_room_on_any_screen(browser, width, theme):  # noqa: F811
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    trial = ("Evicted at any time, any number of times, it ends right", False, "The job never finishes: " * 9, 0, 4)
    page.set_content(pages.page("Anna", card("Write a checkpoint", "wrong", 0, 10, "It is wrong.", [trial])))
    happened, below = page.evaluate(
        "[...document.querySelectorAll('.trials tbody td')].slice(1).map(one => one.getBoundingClientRect())"
    )
    assert happened["width"] >= min(400, width - 80) and page.evaluate("document.body.scrollWidth") <= width
    assert (happened["top"] > below["top"]) == (width < 800), "below its trial where there is no room beside it"
    page.close()


@pytest.fixture(scope="module")
def graded():
    """Right and wrong answers of two students, judged."""
    return [judge.judge(StudentAnswers(answers(right), ("A remark.",)), confinement()) for right in (True, False)]


class Result:
    """One of a class, as the pages take it."""

    def __init__(self, student, grade):
        self.student, self.grade = student, lambda: grade


def test_the_page_of_a_student(graded, look, axe):  # noqa: F811
    for grade in graded:
        assert look(pages.student("Anna", grade), axe) == []


def test_the_page_of_the_class(graded, look, axe):  # noqa: F811
    results = [Result(name, grade) for name, grade in zip(("anna", "bert"), graded)]
    for named in (True, False):
        assert look(class_report.page(results, named), axe) == []


def test_the_board_and_the_page_of_answers_that_are_alike(graded, look, axe, tmp_path):  # noqa: F811
    (tmp_path / "anna").mkdir()
    (tmp_path / "anna" / ".progress.json").write_text('{"save": ["partly right", 5.0], "split": ["passed", 4.0]}')
    assert look(board.html(board.look(tmp_path), 0, "at 10:00"), axe) == []
    answer = next(one.answer for one in graded[0].exercises if one.exercise == "restore")
    assert answer
    assert look(pages.alike([("restore", ("anna", answer), ("bert", answer))]), axe) == []


@pytest.mark.parametrize("example", ["bugs/last_done", "fibonacci"])
def test_the_report_of_verify(example, look, axe, tmp_path):  # noqa: F811
    [submit_file] = (PAYLOAD / example).glob("*.sub")
    main(["verify", str(submit_file), "--report", str(tmp_path / "report.html")])
    assert look((tmp_path / "report.html").read_text("utf-8"), axe) == []


@pytest.fixture
def shown(monkeypatch, tmp_path):
    """The HTML that a notebook would show."""
    import IPython
    import IPython.display

    found = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(
        IPython.display, "display", lambda bundle, raw, **more: found.append(bundle.get("text/html", ""))
    )
    return found


def test_what_notebooks_show(shown, look, axe):  # noqa: F811
    grader.exercise("restore")
    for path, text in next(iter(ANSWERS["restore"][1]["output-not-in-checkpoint"].values())).items():
        Path("restore", path).write_text(text)
    grader.check("restore")
    grader.hint("restore")
    grader.check("seconds_lost", 60)
    grader.check("step_five", {"a"})
    grader.check("step_five", ...)
    grader.simulate("fibonacci", "evict@2 upload-fails@3")
    grader.steps("slides", "look@1+60s evict@2+600s", "slides2021")
    grader.measure("often", "evict@3")
    grader.glossary()
    grader.progress()
    assert len(shown) > 9 and explanation.SOLUTION in "".join(shown)
    assert look(below_headings(shown), axe) == []


def test_the_picture_beside_the_sliders(look, axe):  # noqa: F811
    sliders = pytest.importorskip("grader.notebook.sliders")
    assert look(below_headings([sliders.picture(240, 120, 3600, 21600, "at random")]), axe) == []
