"""The course as a whole: its notebooks, its points, and the pages about it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import table
from classroom import ASSIGNMENT, EXTRA, MAXIMUM, NOTEBOOKS, ROOT, notebook, source

from grader.course import misconceptions
from grader.course.catalogue import COURSE, EXERCISES
from grader.course.misconceptions import MISCONCEPTIONS

LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def test_every_notebook_of_the_course_is_there_and_no_other():
    assert [f"{chapter.name}.ipynb" for chapter in COURSE] == NOTEBOOKS


def test_the_points_of_the_course_add_up_to_a_hundred():
    assert sum(MAXIMUM.values()) == 100, MAXIMUM


def test_only_the_pool_and_the_further_parts_are_extra():
    extra = {name for name, points in EXTRA.items() if points}
    assert extra == {"10-for-real", "11-in-practice", "12-machine-learning"}
    assert not any(MAXIMUM[name] for name in extra)


def test_every_exercise_has_a_name_of_its_own_that_python_can_read():
    names = [exercise.name for chapter in COURSE for exercise in chapter.exercises]
    assert len(set(names)) == len(names) == len(EXERCISES)
    assert [name for name in names if not name.isidentifier()] == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_links_and_pictures_of_a_notebook_resolve(name):
    for cell in notebook("exercises", name)["cells"]:
        if cell["cell_type"] == "markdown":
            for target in LINK.findall(source(cell)):
                assert target.startswith("https://") or (ROOT / "exercises" / ASSIGNMENT / target).exists(), target


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_begins_with_its_goal_and_leads_on(name):
    cells = notebook("exercises", name)["cells"]
    assert source(cells[0]).startswith(f"# {int(name[:2])} · ") and "Afterwards you can" in source(cells[0])
    assert any("On a real pool" in source(cell) for cell in cells[-2:])
    following = NOTEBOOKS.index(name) + 1
    if following < len(NOTEBOOKS):
        assert f"({NOTEBOOKS[following]})" in source(cells[-1])


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_cell_is_longer_than_a_learner_can_take_in_at_once(name):
    whole_programs = name == "09-find-the-bugs.ipynb"  # as they were published
    for cell in notebook("exercises", name)["cells"]:
        text = source(cell)
        if cell["cell_type"] == "code" and not (whole_programs and text.startswith("%%writefile")):
            assert len(text.splitlines()) <= 15, cell["id"]


@pytest.mark.parametrize("chapter", COURSE, ids=lambda chapter: chapter.name)
def test_a_notebook_has_notes_for_instructors(chapter):
    notes = (ROOT / "docs" / "instructors" / f"{chapter.name}.md").read_text(encoding="utf-8")
    for part in ("**Time**", "**Points**", "**Say**", "**What usually goes wrong**", "**Discuss**"):
        assert part in notes, part
    assert re.search(rf"\*\*Points\*\*: {MAXIMUM[chapter.name] + EXTRA[chapter.name]:g}[.,]", notes)
    quoted = re.findall(r"^- `([a-z-]+)`", notes, re.MULTILINE)
    assert [id for id in quoted if id not in MISCONCEPTIONS and id not in EXERCISES] == []


def test_every_misconception_has_a_sentence_and_three_different_hints():
    for known in MISCONCEPTIONS.values():
        assert known.sentence.endswith(".")
        for hints in (known.hints, *(exercise.hints_about(known) for exercise in EXERCISES.values())):
            assert len(set(hints)) == 3 and all(hint.strip() == hint and hint for hint in hints)


def test_misconceptions_are_named_as_their_files_with_distinct_ranks():
    files = Path(misconceptions.__file__).parent.glob("[a-z]*.py")
    assert {path.stem.replace("_", "-") for path in files} == set(MISCONCEPTIONS)
    ranks = [rank for rank, _, _ in misconceptions.SYMPTOMS]
    assert ranks == sorted(set(ranks))


def test_grading_imports_no_answers_of_the_course():
    program = "import sys, grader.grading.batch; print([name for name in sys.modules if name.endswith('.answers')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_exercises_have_hints_for_existing_misconceptions_only():
    for exercise in EXERCISES.values():
        assert set(exercise.misconception_hints) <= set(MISCONCEPTIONS)
        assert all(set(hints) <= {1, 2, 3} for hints in exercise.misconception_hints.values())


def test_the_page_on_misconceptions_is_up_to_date():
    assert table.PAGE.read_text(encoding="utf-8") == table.page(), "run python tests/course/table.py"
