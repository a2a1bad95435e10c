"""The report on a class: what it counts, what it does not tell, and which answers it takes for alike."""

from __future__ import annotations

import re

import pytest

from classroom import ANSWERS
from grader.course.catalogue import EXERCISES
from grader.grading import alike, class_report, judge
from grader.grading.submission import Submission
from grader.simulator.isolation import confinement
from grader.simulator.tree import Tree


class Handed:
    """A student and a grade, as batch.Result has them."""

    def __init__(self, student: str, grade):
        self.student, self._grade = student, grade

    def grade(self):
        return self._grade


def judged(**answers) -> judge.Grade:
    return judge.judge(Submission({name: Tree.files(answer) for name, answer in answers.items()}), confinement())


@pytest.fixture(scope="module")
def results():
    """Three who skip an iteration, of whom two are alike; one who is right; one who has not begun; one ungraded."""
    skips = ANSWERS["save"][1]["skips-iteration"]["one more"]
    tell = {"checkpoint.py": skips["checkpoint.py"] + "# my name is Rosalinde\nprint('hello Rosalinde')\n"}
    restore = ANSWERS["restore"][0]["json with the range"]
    return [Handed("Rosalinde Berg", judged(save=tell)), Handed("Ben", judged(save=skips, restore=restore)),
            Handed("Cem", judged(save=skips, restore=restore)), Handed("Dora", judged(**{"save": ANSWERS["save"][0]["pathlib"]})),
            Handed("Emil", judged()), Handed("Fay", None)]


@pytest.fixture(scope="module")
def page(results):
    return class_report.page(results)


def test_it_counts_who_got_what(page):
    assert "6 submissions, 1 could not be graded" in page
    assert "<b>3</b> of 6" in page and "skips-iteration" in page
    assert "median 3 of 10 points" in page and "median 0 of 20 points" in page
    assert "1 student has not tried it." in page and "3 students have not tried it." in page
    rows = dict(re.findall(r'<th scope="row">([^<]*)</th><td class="n">\d+</td>(.*?)</tr>', page))
    assert re.findall(r">(\d+)<", rows["Restarted in place, the sweep goes on and ends right"]) == ["1", "3", "0"]


def test_nobody_is_named_unless_asked_for(results, page):
    for name in ("Rosalinde", "Berg", "Ben", "Cem", "Dora"):
        assert not re.search(rf"\b{name}\b", page), name
    assert "Ben, Cem" in class_report.page(results, named=True)


def test_a_story_with_a_name_in_it_is_not_told(results, page):
    assert "One story of it" in page
    alone = class_report.page([results[0]])
    assert "skips-iteration" in alone and "One story of it" not in alone and "Rosalinde" not in alone


def test_answers_that_are_alike_are_counted_and_named_to_the_instructor_only(results, page):
    assert "Alike" in page and "groups of 2" in page
    assert class_report.alike_groups(results) == [("restore", ["Ben", "Cem"])]


def test_it_is_a_page_on_its_own(page):
    assert page.startswith("<!DOCTYPE html>") and "<script" not in page and "default-src 'none'" in page
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page)


def test_a_class_of_nobody_and_of_nothing():
    assert "0 submissions" in class_report.page([])
    assert "1 submission, 1 could not be graded" in class_report.page([Handed("a", None)])


# -- alike --------------------------------------------------------------------------------


def compared(**programs: str) -> list[list[str]]:
    restore = EXERCISES["restore"]
    return alike.groups({student: alike.runs(alike.words(restore, Tree.files({"checkpoint.py": program})))
                         for student, program in programs.items()})


LONG = ANSWERS["restore"][0]["json with the range"]["checkpoint.py"]
OTHERS = {f"s{n}": answer["checkpoint.py"] for n, answer in enumerate(ANSWERS["restore"][0].values())
          if answer["checkpoint.py"] != LONG}


def test_comments_layout_and_docstrings_do_not_hide_a_copy():
    hidden = LONG.replace("\n    ", "\n\n      ").replace("def ", "# mine\ndef ")
    assert ["a", "b"] in compared(a=LONG, b=hidden, **OTHERS)


def test_different_styles_are_not_alike():
    assert [group for group in compared(a=LONG, **OTHERS) if "a" in group] == []


def test_short_answers_and_what_all_have_are_not_compared():
    short = "import sys\ndef save_checkpoint(i):\n    open('c', 'w').write(str(i))\n    sys.exit(85)\n"
    assert compared(a=short, b=short, c=short) == []
    assert compared(**{f"s{n}": LONG for n in range(12)}) == []


@pytest.mark.parametrize("junk", ["'''", "\0", "(", "\\", "é" * 10, "# coding: rot13\n", "if 1:\n  x\n y\n"])
def test_what_is_no_program_is_like_nothing(junk):
    assert compared(a=junk, b=junk) == []
