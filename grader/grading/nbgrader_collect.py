"""Makes nbgrader read the same submissions as `grade` does.

nbgrader looks for notebooks by their exact names, and stops at anything else: `03-save (1).ipynb`, a folder in the
place of a notebook, a time that it can't read. It has no setting for that (0.9.6), so install() replaces the methods
that look for notebooks and read the time. Submitted files are never changed.
"""

from __future__ import annotations

import fnmatch
import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, base
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import find_all_files, parse_utc

from ..course.catalogue import COURSE
from ..text import plain
from . import submission
from .archives import Refused, quoted
from .collect import HandIn, Source, bare_name, in_folder, load

NOTHING = "The submission contains no notebook of this assignment."


def install() -> None:
    """Make nbgrader look for submissions as described above, in this process."""
    Autograde.init_notebooks = _init_notebooks
    CourseDirectory.get_existing_timestamp = _timestamp
    base.find_all_files = _regular_files


def contents(converter: object, filename: str) -> bytes | str | None:
    """The content of a submitted notebook that nbgrader is about to read: its bytes, or a sentence that says why there
    are none. None for any other notebook."""
    source: Source | str | None = getattr(converter, "sources", {}).get(filename)
    if not isinstance(source, Source):
        return source
    try:
        return load(source)
    except Refused as refused:
        return str(refused)


# -- notebooks ---------------------------------------------------------------------

_init_by_name = Autograde.init_notebooks


def _init_notebooks(self: Autograde) -> None:
    """Replaces Autograde's method: finds the notebooks of each submission, the sources of their contents, and what each
    student has handed in."""
    course, assignment = self.coursedir, self.coursedir.assignment_id
    required = _required(self)
    students = [
        Path(path)
        for path in sorted(
            glob.glob(course.format_path(course.submitted_directory, course.student_id, ".").removesuffix(os.sep + "."))
        )
        if os.path.isdir(path)
    ]
    if not required or not students:
        _init_by_name(self)
        return
    self.assignments, self.notebooks, self.sources, self.handed = {}, [], {}, {}
    for student in students:
        folder = Path(course.format_path(course.submitted_directory, student.name, assignment))
        handed = _handed_in(student, folder)
        if handed is None:
            continue
        files = _chosen(handed, folder, required)
        problems = [*handed.remarks, *_left_over(handed, files)]
        for problem in [*problems, *_unreadable(files.values())]:
            self.log.error("An instructor has to look at %s: %s", plain(student.name), problem)
        instead = " ".join(problems) or NOTHING
        chosen: dict[str, Source | str] = {**files}
        chosen |= {
            name: instead for name in required if name not in files and os.path.lexists(folder / f"{name}.ipynb")
        }
        chosen = chosen or {required[0]: instead}
        paths = {str(folder / f"{name}.ipynb"): source for name, source in chosen.items()}
        self.assignments[str(folder)], self.handed[student.name] = list(paths), handed
        self.sources |= paths
    for path in sorted(glob.glob(str(students[0].parent / "*"))) if course.student_id == "*" else ():
        if not os.path.isdir(path):
            self.log.error(
                "An instructor has to look at %s: it is in no student's folder, so it is not graded.",
                quoted(os.path.basename(path)),
            )


def _required(self: Autograde) -> list[str]:
    """The names of the assignment's notebooks to grade. Raises NbGraderException if there is no such assignment."""
    course = self.coursedir
    try:
        with Gradebook(course.db_url, course.course_id) as gradebook:
            names = [notebook.name for notebook in gradebook.find_assignment(course.assignment_id).notebooks]
    except MissingEntry:
        problem = (
            f"There is no assignment {course.assignment_id} in the gradebook yet. Run this first: "
            f"nbgrader generate_assignment {course.assignment_id} --create --force"
        )
        self.log.error(problem)
        raise base.NbGraderException(problem) from None
    return sorted(name for name in names if fnmatch.fnmatchcase(name, course.notebook_id))


def _handed_in(student: Path, folder: Path) -> HandIn | None:
    """What a student has handed in for an assignment, in its folder or, without one, in the student's own folder. None
    if that contains only folders of other assignments."""
    if folder.is_dir():
        return in_folder(folder)
    items = [item for item in student.iterdir() if not item.name.startswith(".")]
    misspelt = [item for item in items if item.is_dir() and item.name.lower() == folder.name.lower()]
    if misspelt:
        return in_folder(misspelt[0])
    return in_folder(student) if not any(item.is_dir() and not item.suffix for item in items) else None


def _chosen(handed: HandIn, folder: Path, required: Iterable[str]) -> dict[str, Source]:
    """Notebook → file: the file with the exact name, else the last one with a similar name, else a file with answers to
    the notebook's exercises."""
    sources = sorted(handed.sources, key=lambda source: (len(source.name), source.name))
    chosen: dict[str, Source] = {}
    for name in required:
        named = [source for source in sources if bare_name(source.name) == name.lower()]
        exact = [source for source in named if source == Source(folder / f"{name}.ipynb")]
        if named:
            chosen[name] = (exact or named)[-1]
    for name in required:
        if name not in chosen:
            left = [source for source in sources if source not in chosen.values() and _has_answers(source, name)]
            if left:
                chosen[name] = left[-1]
    return chosen


def _has_answers(source: Source, name: str) -> bool:
    """Whether a file contains answers to the exercises of a notebook."""
    exercises = {exercise.name for notebook in COURSE if notebook.name == name for exercise in notebook.exercises}
    try:
        return bool(exercises & submission.read(load(source)).answers.keys())
    except Refused:
        return False


def _unreadable(sources: Iterable[Source]) -> Iterator[str]:
    """A sentence for each of these files that turns out not to be a notebook when it is read."""
    for source in sources:
        try:
            submission.cells_of(load(source))
        except Refused as refused:
            yield str(refused)
        except submission.Unreadable as problem:
            yield f"{quoted(source.name)}: {problem}"


def _left_over(handed: HandIn, chosen: Mapping[str, Source]) -> list[str]:
    """A sentence for each notebook that is not graded."""
    return [
        f"{quoted(source.name)} is not graded; nbgrader takes one file for each notebook of the assignment."
        for source in handed.sources
        if source not in chosen.values()
    ]


def _regular_files(path: str, exclude: list[str] | None = None) -> list[str]:
    """The files below a folder that nbgrader may copy: what its find_all_files() returns, without links, pipes and
    unreadable files."""
    return [
        file
        for file in find_all_files(path, exclude)
        if stat.S_ISREG(os.lstat(file).st_mode) and os.access(file, os.R_OK)
    ]


# -- times -------------------------------------------------------------------------


def _timestamp(self: CourseDirectory, dest_path: str) -> datetime | None:
    """Replaces CourseDirectory's method: the time of a submission, if it can be read."""
    path = Path(dest_path, "timestamp.txt")
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise ValueError
        with open(path, "rb") as file:
            data = file.read(1000)
        if not data.strip():
            self.log.warning("Empty timestamp file: %s", path)
            return None
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        time: datetime = parse_utc(re.sub(r"\s+", " ", text).strip())
        return time
    except FileNotFoundError:
        return None
    except Exception:  # a student may have written anything there
        self.log.error(
            "An instructor has to look at %s: its time can't be read, so the submission does not count as late.", path
        )
        return None
