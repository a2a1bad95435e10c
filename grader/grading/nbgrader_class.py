"""Lets nbgrader's autograde judge a class as `grade` does: several students at a time, before nbgrader looks at the
first notebook, and with the time that is left. Grades are kept where `grade` keeps them, so neither judges what the
other has judged.

nbgrader has no settings for this (0.9.6), nor for what it does anew for every cell and every notebook: checking its
own schema, and connecting to the gradebook. So install() replaces these functions.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jsonschema.validators import validator_for
from nbgrader import api
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.nbgraderformat import common

from ..course.trusted import shared
from ..execute.team import processors
from ..text import count
from ..tree import Tree
from . import workers
from .batch import Progress, time_left
from .collect import HandIn
from .judge import Graded
from .preprocessors import GradeFromFiles
from .store import Settings, StoreEntry, final_grade, grade_one, read


class JudgedClass:
    """What has been judged of a class."""

    def __init__(self, store: Path):
        self.store = store
        self._judged: dict[str, tuple[HandIn, str]] = {}
        self.of = lru_cache(1)(self._of)
        """The answers of one student, by the name of the exercise, and what they are worth. Notebooks come student by
        student."""

    def add(self, student: str, handed: HandIn, entry: StoreEntry) -> None:
        """Take note of a student's grade, if there is one."""
        if entry.key:
            self._judged[student] = handed, entry.key

    def find(self, student: str, exercise: str, answer: Tree) -> Graded | None:
        """The judgement on an answer; None if this student's answer, as it was judged, is another one."""
        return self.of(student).get((exercise, answer)) if student in self._judged else None

    def _of(self, student: str) -> Mapping[tuple[str, Tree], Graded]:
        handed, key = self._judged[student]
        grade = final_grade(self.store / key)
        answers = read(handed).answers
        graded = grade.exercises if grade else ()
        return {(one.exercise, answers[one.exercise]): one for one in graded if one.exercise in answers}


def install() -> None:
    """Make nbgrader work as described above, in this process."""
    Autograde.convert_notebooks = _convert_notebooks
    Autograde.init_assignment = _init_assignment
    api.create_engine = lru_cache(api.create_engine)
    common.jsonschema = SimpleNamespace(validate=_validate)


# -- the class ---------------------------------------------------------------------

_convert_by_name, _init_by_name = Autograde.convert_notebooks, Autograde.init_assignment


def _convert_notebooks(self: Autograde) -> None:
    """Instead of Autograde's: the same, after everything has been judged."""
    waiting = {
        student: handed
        for student, handed in getattr(self, "handed", {}).items()
        if self.force or not os.path.exists(self._format_dest(self.coursedir.assignment_id, student))
    }
    self.judged = None
    if waiting and GradeFromFiles in self.autograde_preprocessors:
        try:
            self.judged = _judge(waiting, GradeFromFiles(parent=self))
        except (OSError, RuntimeError) as trouble:
            self.log.error("%s", trouble)
            raise NbGraderException(str(trouble)) from trouble
    self.begun, self.total, self.began = 0, len(waiting), time.monotonic()
    _convert_by_name(self)


def _init_assignment(self: Autograde, assignment_id: str, student_id: str) -> None:
    """Instead of Autograde's: the same, and a line about how far it is."""
    if 0 < self.begun < self.total:
        left = (time.monotonic() - self.began) / self.begun * (self.total - self.begun)
        self.log.info("%d of %s written, about %s left", self.begun, count(self.total, "submission"), time_left(left))
    self.begun += 1
    _init_by_name(self, assignment_id, student_id)


def _judge(waiting: Mapping[str, HandIn], how: GradeFromFiles) -> JudgedClass | None:
    """Judge what these students have handed in, unless that has been done before. None if nothing can be kept here:
    then each answer is judged when its notebook is read. Raises OSError if this machine can't do it, and RuntimeError
    without a sandbox that is asked for."""
    store = Path("reports", ".grades").resolve()
    try:
        store.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    settings, judged = Settings(store, how.confinement(), how.seed), JudgedClass(store)
    students, handed = list(waiting), list(waiting.values())
    if len(handed) == 1:  # as formgrader asks: in this process, which may have threads and must not be forked
        with shared():
            judged.add(students[0], handed[0], grade_one(handed[0], settings))
        return judged
    progress = Progress(len(handed), sys.stderr)
    try:
        for index, entry in workers.grade_all(handed, settings, processors()):
            judged.add(students[index], handed[index], entry)
            progress.step(entry)
    finally:
        progress.end()
    return judged


# -- what needs to be done once ----------------------------------------------------


def _validate(instance: Any, schema: Mapping[str, Any]) -> None:
    """jsonschema.validate(), which checks the schema itself each time."""
    _validator(json.dumps(schema)).validate(instance)


@lru_cache(8)
def _validator(schema: str) -> Any:
    found = json.loads(schema)
    kind = validator_for(found)
    kind.check_schema(found)
    return kind(found)
