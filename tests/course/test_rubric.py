"""docs/rubric.md is what the course says."""

from __future__ import annotations

import re

import rubric

from grader.course.catalogue import EXERCISES


def test_the_page_is_up_to_date():
    assert rubric.PAGE.read_text(encoding="utf-8") == rubric.page(), "python tests/course/rubric.py"


def test_every_question_and_every_point_is_on_it():
    found = re.findall(r"^\| (?!question|cause|---)([^`].*?) \| ([\d.]+) \|", rubric.page(), re.MULTILINE)
    assert len(found) == sum(len(exercise.questions) for exercise in EXERCISES.values())
    assert sum(float(points) for _, points in found) == sum(exercise.maximum for exercise in EXERCISES.values())
