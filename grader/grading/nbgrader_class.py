"""Lets nbgrader's autograde judge a class as `grade` does: several students at a time, in parallel with nbgrader's own
work, and showing the time left. Grades are kept where `grade` keeps them, so neither judges what the other has judged.

nbgrader has no settings for this (0.9.6), and it repeats work for every cell and every notebook: it checks its own
schema, and connects to the gradebook. So install() replaces these functions.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import time
import warnings
from collections.abc import Generator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jsonschema.validators import validator_for
from nbgrader import api
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.nbgraderformat import common
from sqlalchemy.exc import SAWarning

from ..course.trusted import shared
from ..execute.team import processors
from ..execute.temporary import remove
from ..text import count, plain, series
from ..tree import Tree
from . import workers
from .archives import Refused
from .batch import INTERRUPTED, time_left
from .collect import HandIn, Source, load
from .judge import Graded
from .preprocessors import GradeFromFiles
from .store import Settings, StoreEntry, final_grade, grade_one, read

with suppress(ImportError):  # Windows, where nothing is judged
    import fcntl

Outcomes = Generator[tuple[int, StoreEntry] | None, float | None, None]
"""What workers.graded() returns."""


class JudgedClass:
    """The judgements on a class, which arrive while nbgrader asks for them."""

    def __init__(self, store: Path, handed: Mapping[str, HandIn], outcomes: Outcomes):
        """`outcomes`: those of `handed`, in any order."""
        self.store, self._outcomes = store, outcomes
        self._handed = list(handed.items())
        self._trouble: OSError | None = None
        self._judged: dict[str, tuple[HandIn, str]] = {}
        """Student → what was graded, and the name of the grade's file; '' if there is no grade."""
        self.of = lru_cache(1)(self._of)
        """Student → (exercise, answer) → judgement. Only the last student is cached, as notebooks come student by
        student."""

    def wait_for(self, student: str) -> None:
        """Wait until this student has been judged. Raises OSError if nothing can be judged on this machine."""
        while student not in self._judged and any(student == name for name, _ in self._handed):
            if self._trouble:
                raise self._trouble
            self._take(None)

    def close(self) -> None:
        """End the judging that is still going on."""
        self._outcomes.close()

    def _take(self, patience: float | None) -> None:
        """Record the next outcome, if it comes within so many seconds (None: whenever it comes)."""
        try:
            outcome = self._outcomes.send(patience)
        except OSError as trouble:
            self._trouble = trouble
        else:
            if outcome:
                student, handed = self._handed[outcome[0]]
                self._judged[student] = handed, outcome[1].key

    def find(self, student: str, exercise: str, answer: Tree) -> Graded | None:
        """The judgement on an answer; None if no answer of this student's, or a different one, has been judged."""
        if 0 < len(self._judged) < len(self._handed) and not self._trouble:
            self._take(0.0)  # so that no process waits for its next submission
        return self.of(student).get((exercise, answer)) if student in self._judged else None

    def _of(self, student: str) -> Mapping[tuple[str, Tree], Graded]:
        handed, key = self._judged[student]
        grade = final_grade(self.store / key) if key else None
        answers = read(handed).answers
        graded = grade.exercises if grade else ()
        return {(one.exercise, answers[one.exercise]): one for one in graded if one.exercise in answers}


def install() -> None:
    """Make nbgrader work as described above, in this process."""
    Autograde.convert_notebooks = _convert_notebooks
    Autograde.init_assignment = _init_assignment
    Autograde.set_permissions = _set_permissions
    api.create_engine = lru_cache(api.create_engine)
    # nbgrader's own queries (0.9.6) give three such warnings for each student with SQLAlchemy 2. The objects in
    # question are saved later.
    warnings.filterwarnings("ignore", "Object of type <Submitted(Assignment|Notebook)> not in session", SAWarning)
    common.jsonschema = SimpleNamespace(validate=_validate)


# -- the class ---------------------------------------------------------------------

_convert_by_name, _init_by_name = Autograde.convert_notebooks, Autograde.init_assignment
_set_permissions_by_name = Autograde.set_permissions
BEGUN = ".begun"
"""A file in the autograded folder of a student whose notebooks are being graded, locked meanwhile. nbgrader takes
any folder that exists to be finished, even if a run was killed before it had graded all of a student's notebooks."""

GRADED = ".graded"
"""A file in the autograded folder of a student: the digest of what was graded. nbgrader looks only at timestamp.txt, so
without one it would skip a student who has handed in again."""


class _Trouble(BaseException):
    """No submission can be judged here. (nbgrader goes on with the next one after an Exception.)"""


def _convert_notebooks(self: Autograde) -> None:
    """Replaces Autograde's method: does the same while the class is judged."""
    handed_in = getattr(self, "handed", {})
    for student, handed in handed_in.items():
        folder = Path(self._format_dest(self.coursedir.assignment_id, student))
        _remove_unfinished(self, folder)
        if student not in self.coursedir.student_id_exclude.split(",") and self.coursedir.notebook_id == "*":
            _remove_outdated(self, folder, handed)
    waiting = {
        student: handed
        for student, handed in handed_in.items()
        if self.force or not os.path.exists(self._format_dest(self.coursedir.assignment_id, student))
    }
    self.judged = None
    self.begun, self.total, self.began = 0, len(waiting), time.monotonic()
    try:
        if waiting and GradeFromFiles in self.autograde_preprocessors:
            self.judged = _judge(waiting, GradeFromFiles(parent=self))
        _convert_by_name(self)
    except (_Trouble, RuntimeError) as trouble:
        self.log.error("%s", trouble)
        raise NbGraderException(str(trouble)) from trouble
    except KeyboardInterrupt:
        self.log.error("Interrupted. The next run continues from there.")
        raise SystemExit(INTERRUPTED) from None
    finally:
        if self.judged:
            self.judged.close()


def _init_assignment(self: Autograde, assignment_id: str, student_id: str) -> None:
    """Replaces Autograde's method: does the same once the student has been judged, and logs the progress."""
    if self.judged:
        try:
            self.judged.wait_for(student_id)
        except OSError as trouble:
            raise _Trouble(str(trouble)) from trouble
    if 0 < self.begun < self.total:
        left = (time.monotonic() - self.began) / self.begun * (self.total - self.begun)
        self.log.info("%d of %s graded, about %s left", self.begun, count(self.total, "submission"), time_left(left))
    self.begun += 1
    if self.coursedir.notebook_id == "*":
        course = self.coursedir
        # generate_feedback would keep it, and students would see the points of an earlier grading
        shutil.rmtree(course.format_path(course.feedback_directory, student_id, assignment_id), ignore_errors=True)
        folder = Path(self._format_dest(assignment_id, student_id))
        folder.mkdir(parents=True, exist_ok=True)
        self.mark = open(folder / BEGUN, "w")
        fcntl.flock(self.mark, fcntl.LOCK_EX)
    missing = _Missing()
    self.log.addFilter(missing)
    try:
        _init_by_name(self, assignment_id, student_id)
    finally:
        self.log.removeFilter(missing)
    sources = getattr(self, "sources", {})  # see nbgrader_collect.py
    if names := [name for path, name in missing.notebooks.items() if not isinstance(sources.get(path), Source)]:
        self.log.info("%s has not handed in %s", plain(student_id), series(names, len(names)))


class _Missing(logging.Filter):
    """Collects the notebooks that nbgrader does not find, in place of its warning about each: of an assignment's twelve
    notebooks, students hand in a few at a time, and some under other names."""

    def __init__(self) -> None:
        super().__init__()
        self.notebooks: dict[str, str] = {}
        """Path → name."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log a record; False for such a warning."""
        _, is_missing, path = record.getMessage().partition("No submitted file: ")
        if is_missing:
            self.notebooks[path] = Path(path).stem
        return not is_missing


def _set_permissions(self: Autograde, assignment_id: str, student_id: str) -> None:
    """Replaces Autograde's method, called when all notebooks of a student are graded: does the same, and marks that."""
    folder = Path(self._format_dest(assignment_id, student_id))
    if self.coursedir.notebook_id == "*" and (handed := getattr(self, "handed", {}).get(student_id)):
        (folder / GRADED).write_text(_digest(handed))
    _set_permissions_by_name(self, assignment_id, student_id)
    (folder / BEGUN).unlink(missing_ok=True)


def _remove_unfinished(self: Autograde, folder: Path) -> None:
    """Remove the folder of a student whose grading was interrupted, so that nbgrader begins it anew."""
    try:
        with open(folder / BEGUN) as mark:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.log.warning("Removing %s, as its grading was interrupted.", folder)
            remove(str(folder))
    except OSError:
        pass  # finished, or another command is at work on it


def _remove_outdated(self: Autograde, folder: Path, handed: HandIn) -> None:
    """Remove the folder of a student who has handed in something else since, so that nbgrader begins it anew."""
    try:
        graded = (folder / GRADED).read_text()
    except OSError:
        return
    if graded != _digest(handed):
        self.log.warning("Removing %s, as something else has been handed in since it was graded.", folder)
        remove(str(folder))


def _digest(handed: HandIn) -> str:
    """A digest of the notebooks that a student has handed in, and of their names."""
    digests = []
    for source in handed.sources:
        try:
            digests.append(hashlib.sha256(load(source)).hexdigest())
        except Refused:
            digests.append("")
    return hashlib.sha256(repr([*zip((source.name for source in handed.sources), digests)]).encode()).hexdigest()


def _judge(waiting: Mapping[str, HandIn], how: GradeFromFiles) -> JudgedClass | None:
    """Begin to judge what these students have handed in, unless that has been done before. None if grades can't be kept
    here: then each answer is judged when its notebook is read. Raises RuntimeError, see
    GradeFromFiles.confinement()."""
    store = Path("reports", ".grades").resolve()
    try:
        store.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    settings, handed = Settings(store, how.confinement(), how.seed), list(waiting.values())
    # Formgrader asks for one student, who is judged in this process: it may have threads and must not be forked.
    outcomes = _alone(handed[0], settings) if len(handed) == 1 else workers.graded(handed, settings, processors())
    return JudgedClass(store, waiting, outcomes)


def _alone(handed: HandIn, settings: Settings) -> Outcomes:
    with shared():
        yield 0, grade_one(handed, settings)


# -- what needs to be done once ----------------------------------------------------


def _validate(instance: Any, schema: Mapping[str, Any]) -> None:
    """Like jsonschema.validate(), but checks the schema itself only once."""
    _validator(json.dumps(schema)).validate(instance)


@lru_cache(8)
def _validator(schema: str) -> Any:
    parsed = json.loads(schema)
    kind = validator_for(parsed)
    kind.check_schema(parsed)
    return kind(parsed)
