"""The lists of nbgrader preprocessors that nbgrader_config.py uses, including our own.

GradeFromFiles replaces nbgrader's Execute, so no kernel is started: it reads the answers from the notebook, judges
them, and writes the output of each check cell below it. The rest, from the gradebook to the feedback, is nbgrader's
own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell, writes
from nbgrader import api
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    Execute,
    GetGrades,
    IgnorePattern,
    IncludeHeaderFooter,
    LimitOutput,
    LockCells,
    NbGraderPreprocessor,
    OverwriteCells,
    SaveAutoGrades,
    SaveCells,
)
from nbgrader.utils import is_grade, is_solution
from traitlets import Bool, Unicode

from ..course.catalogue import EXERCISES
from ..course.explanation import card_html
from ..execute.isolation import Confinement, confinement, exposed
from ..text import number, plain
from ..tree import Tree
from ..view.rendering import escape, render
from . import judge
from . import nbgrader_collect as collecting
from .submission import StudentAnswers, Unreadable, beginning, cells_of, checked_exercise, from_cells

Resources = dict[str, Any]
"""Passed with a notebook from one preprocessor to the next."""


class AnyNotebook(NotebookExporter):
    """Reads submitted files as `grade` does: in other encodings too, and an unreadable file as a notebook without
    answers, so that the student keeps the points of the other notebooks. (This runs before all preprocessors.)"""

    def __init__(self, **options: Any):
        super().__init__(**options)
        self._course: Course | None = None
        self._sanitized: tuple[bytes, NotebookNode | None] = b"", None
        """The last submitted notebook, as bytes and as a value: nbgrader has these bytes read again for grading."""

    def from_filename(self, filename: str, resources: Resources | None = None, **options: Any) -> tuple[Any, Resources]:
        """Export a file, or the contents that replace it; see nbgrader_collect.py."""
        contents = collecting.contents(self.parent, filename)
        if contents is None:
            return super().from_filename(filename, resources=resources, **options)
        notebook, resources = self._preprocess(
            _notebook(contents)
            if isinstance(contents, bytes)
            else new_notebook(cells=[new_markdown_cell(str(escape(contents)))]),
            resources,
        )
        text = json.dumps(notebook)
        self._sanitized = text.encode(), notebook
        return text, resources

    def from_file(self, file_stream: Any, resources: Resources | None = None, **options: Any) -> tuple[Any, Resources]:
        """Export an open file."""
        data = file_stream.buffer.read()
        written, sanitized = self._sanitized
        notebook = sanitized if sanitized and data == written else _notebook(data)
        notebook, resources = self._preprocess(notebook, resources)
        return writes(notebook) + "\n", resources

    def _preprocess(self, nb: NotebookNode, resources: Resources | None) -> tuple[NotebookNode, Resources]:
        """Apply all preprocessors. nbconvert's own method works on needless copies of the notebook."""
        resources = self._init_resources(resources)
        self._course = self._course or Course(resources["nbgrader"])
        resources["course"] = self._course
        for preprocessor in self._preprocessors:
            nb, resources = preprocessor(nb, resources)
        nbformat.validate(nb, relax_add_props=True)
        return nb, resources


def _notebook(data: bytes) -> NotebookNode:
    """A submitted notebook, with a question mark in place of each lone surrogate, which can't be written to a file."""
    notebook = _as_read(data)
    text = json.dumps(notebook, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        notebook = nbformat.from_dict(json.loads(text.encode("utf-8", "replace")))
    return notebook


def _as_read(data: bytes) -> NotebookNode:
    """A notebook as nbformat reads it, or, if it can't, a notebook with the cells that can be read and remarks on
    them."""
    try:
        notebook: NotebookNode = nbformat.convert(nbformat.reader.reads(data.decode()), 4)
        nbformat.validate(notebook)
        return notebook
    except Exception:  # damaged in some way: read it with our own reader
        pass
    try:
        cells, remarks = cells_of(data)
    except Unreadable as problem:
        cells, remarks = [], [str(problem)]
    kinds = {"markdown": new_markdown_cell, "raw": new_raw_cell}
    return new_notebook(
        cells=[
            *(new_markdown_cell(str(escape(remark))) for remark in remarks),
            *(kinds.get(cell.kind, new_code_cell)(cell.source) for cell in cells),
        ]
    )


class DropOddMetadata(NbGraderPreprocessor):
    """Removes nbgrader's metadata from a cell if the assignment has no such cell, if the metadata was changed, or if a
    later cell has the same name. Such a cell would stop the submission, or the whole batch (nbgrader 0.9.6). Without
    the metadata, it counts as the student's own cell, and RestoreCells adds the assignment's cell if it is missing. The
    notebook's own metadata is replaced too, as nbconvert writes the language's name into a page without escaping it."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Check every cell."""
        source = resources["course"].notebook(resources["nbgrader"]["notebook"])
        nb.metadata = NotebookNode({"kernelspec": source.kernelspec} if source.kernelspec else {})
        seen: set[str] = set()
        for cell in reversed(nb.cells):
            own = cell.metadata.get("nbgrader")
            if own is None:
                continue
            if (
                _is_valid(cell)
                and own.get("grade_id") in source.cells.keys() - seen
                and own.grade == (own.grade_id in source.grades)
                and own.solution == (own.grade_id in source.solutions)
            ):
                seen.add(own.grade_id)
            else:
                del cell.metadata["nbgrader"]
        return nb, resources


_validator = MetadataValidator()


def _is_valid(cell: NotebookNode) -> bool:
    try:
        _validator.validate_cell(cell)
    except Exception:  # a student may have written anything there
        return False
    return True


class HandedOut:
    """A notebook as it was handed out, read once for a class. It stands in for the gradebook that nbgrader queries."""

    def __init__(self, notebook: api.Notebook):
        self.kernelspec = json.loads(notebook.kernelspec or "null")
        self.cells = {cell.name: cell for cell in notebook.source_cells}
        graded = (*notebook.grade_cells, *notebook.task_cells)
        self.points = {cell.name: cell.max_score for cell in graded}
        self.grades = frozenset(cell.name for cell in notebook.grade_cells)
        self.solutions = frozenset(cell.name for cell in notebook.solution_cells)
        self.names = {cell.id: cell.name for cell in (*graded, *notebook.solution_cells)}

    def find_source_cell(self, name: str, *where: str) -> api.SourceCell:
        """The cell of this name."""
        return self.cells[name]

    def find_graded_cell(self, name: str, *where: str) -> SimpleNamespace:
        """The points of the cell of this name."""
        return SimpleNamespace(max_score=self.points[name])


class Course:
    """The gradebook, opened once, and each notebook as it was handed out, read once for a class."""

    def __init__(self, about: Mapping[str, str]):
        self.assignment, self.gradebook = about["assignment"], Gradebook(about["db_url"])
        self._handed_out: dict[str, HandedOut] = {}

    def notebook(self, name: str) -> HandedOut:
        """The notebook of this name."""
        if name not in self._handed_out:
            with self.gradebook as gradebook:
                self._handed_out[name] = HandedOut(gradebook.find_notebook(name, self.assignment))
        return self._handed_out[name]


class RestoreCells(OverwriteCells):
    """Restores the assignment's cells as OverwriteCells does, without querying the gradebook for each of them. A
    missing cell is put back where it was, with an id, even if the cell before it is missing too, as nbgrader 0.9.6
    can't do."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Restore all cells."""
        about = resources["nbgrader"]
        self.notebook_id, self.assignment_id = about["notebook"], about["assignment"]
        self.gradebook = source = resources["course"].notebook(self.notebook_id)
        nb, resources = NbGraderPreprocessor.preprocess(self, nb, resources)
        names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in nb.cells]
        missing = [name for name in source.cells if name in source.names.values() and name not in names]
        if self.add_missing_cells and missing:
            if any(names):  # otherwise it replaces an unreadable file, which has been reported
                self.log.info("%s: put back in %s: %s", plain(about["student"]), self.notebook_id, ", ".join(missing))
            place = min((names.index(name) for name in source.cells if name in names), default=len(names))
            for name in source.cells:
                if name in missing:
                    nb.cells.insert(place, self._missing(name, source))
                    names.insert(place, name)
                if name in names:
                    place = names.index(name) + 1
        return nb, resources

    def _missing(self, name: str, source: HandedOut) -> NotebookNode:
        given = source.cells[name]
        cell = new_code_cell() if given.cell_type == "code" else new_markdown_cell()
        if name in source.points:
            is_task = name not in source.grades
            cell |= self.missing_cell_transform(given, source.points[name], name in source.solutions, is_task)
        else:
            cell.source = given.source
            cell.metadata["nbgrader"] = {
                "grade": False,
                "solution": True,
                "locked": False,
                "task": False,
                "grade_id": name,
                "checksum": given.checksum,
                "cell_type": given.cell_type,
                "schema_version": MetadataValidator.schema_version,
            }
        return nbformat.from_dict(cell)


class ClearAnswers(ClearSolutions):
    """Replaces answers by what students start with: `NAME = ...` for a value, the beginning that the exercise gives for
    a file, and nbgrader's code stub for anything else."""

    def preprocess_cell(self, cell: NotebookNode, resources: Resources, index: int) -> tuple[NotebookNode, Resources]:
        """Clear one cell."""
        begun = beginning(cell.source) if cell.cell_type == "code" and is_solution(cell) else None
        if begun is None:
            return super().preprocess_cell(cell, resources, index)
        cell.source = begun
        return cell, resources


class GradeFromFiles(NbGraderPreprocessor):
    """Grades a notebook from the files that its cells write, without running it."""

    seed = Unicode(
        judge.UNSEEN,
        help="Any text of your choice: answers are also tried on sweeps generated from it, which students can't know.",
    ).tag(config=True)
    require_sandbox = Bool(False, help="Refuse to grade if students' programs can't be confined.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Write the outputs of every check cell, and no others."""
        confine = self.confinement()
        answers = _read(nb.cells)
        for remark in answers.remarks:
            self.log.warning(remark)
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
                if is_grade(cell):
                    cell.outputs = self._outputs(cell, answers, confine, resources.get("nbgrader", {}).get("student"))
        return nb, resources

    def confinement(self) -> Confinement | None:
        """How students' programs are confined. Raises RuntimeError if require_sandbox is set and there is no sandbox,
        or if programs could read the folder of the nbgrader course."""
        confine = confinement()
        if confine and confine.bubblewrap and (problem := exposed(Path.cwd())):
            raise RuntimeError(problem)
        if self.require_sandbox and (confine is None or not confine.bubblewrap):
            raise RuntimeError(
                "GradeFromFiles.require_sandbox asks for a sandbox, but this machine has none (bubblewrap)."
            )
        return confine

    def _outputs(
        self, cell: NotebookNode, answers: StudentAnswers, confine: Confinement | None, student: str | None
    ) -> list[NotebookNode]:
        """The outputs of a check cell: nbgrader reads the points from them, and the feedback shows them."""
        exercise = EXERCISES.get(checked_exercise(cell.source) or "")
        if exercise is None:
            return [
                new_output(
                    "error",
                    ename="NotGraded",
                    evalue="this cell checks no exercise of the course",
                    traceback=[
                        "This cell checks no exercise of the course, so it must be graded by hand, "
                        "or with nbgrader's own Execute (see nbgrader_config.py)."
                    ],
                )
            ]
        answer = answers.answers.get(exercise.name, Tree())
        judged = getattr(getattr(self.parent, "parent", None), "judged", None)  # see nbgrader_class.py
        graded: judge.Graded | None = judged.find(student, exercise.name, answer) if judged else None
        doubts: list[str] = []
        if graded is None:
            judge_it = judge.judge_one if answer else _judge_nothing
            graded, doubts = judge_it(exercise, answer, confine, self.seed)
        for doubt in doubts:
            self.log.warning(f"{exercise.name}: {doubt} Autograde this submission again (--force).")
        maximum = graded.maximum if exercise.optional else float(cell.metadata.nbgrader["points"])
        return [
            *_remarks((*answers.remarks, *doubts)),
            _display(str(card_html(graded, graded.sections)), graded.text),
            new_output("execute_result", {"text/plain": number(graded.points / graded.maximum * maximum)}),
        ]


_judge_nothing = lru_cache(maxsize=len(EXERCISES))(judge.judge_one)
"""Judges an empty answer, each exercise only once, as many students of a class leave out the same exercises."""


def _read(cells: Iterable[NotebookNode]) -> StudentAnswers:
    """The answers in the cells; only a remark if reading them takes longer than a submission may take."""
    try:
        with judge.at_most(judge.SECONDS):
            return from_cells(cells)
    except judge.OutOfTime:
        return StudentAnswers({}, ("Reading the notebook took too long, so nothing in it is graded.",))


class NotebookGrades:
    """The grades of a student's notebook and the comments on it, all read at once and all saved at once. It stands in
    for the gradebook, which nbgrader queries for each cell."""

    def __init__(self, submitted: api.SubmittedNotebook, source: HandedOut):
        self._grades = {source.names[grade.cell_id]: grade for grade in submitted.grades}
        self._comments = {source.names[comment.cell_id]: comment for comment in submitted.comments}
        self.db = self

    def find_grade(self, name: str, *where: str) -> api.Grade:
        """The grade of the cell of this name."""
        return self._grades[name]

    def find_comment(self, name: str, *where: str) -> api.Comment:
        """The comment on the cell of this name."""
        return self._comments[name]

    def commit(self) -> None:
        """Do nothing: SaveGrades commits all grades at once."""


class SaveGrades(SaveAutoGrades):
    """Saves the points of an optional exercise as extra credit, which is not part of the maximum, so that it does not
    count against students who can't do it."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Save the grades of all cells."""
        about = resources["nbgrader"]
        self.notebook_id, self.assignment_id, self.student_id = about["notebook"], about["assignment"], about["student"]
        source = resources["course"].notebook(self.notebook_id)
        with resources["course"].gradebook as gradebook:
            submitted = gradebook.find_submission_notebook(self.notebook_id, self.assignment_id, self.student_id)
            self.gradebook = NotebookGrades(submitted, source)
            nb, resources = NbGraderPreprocessor.preprocess(self, nb, resources)
            submitted.late_submission_penalty = None
            resources["late"] = submitted.assignment.total_seconds_late > 0
            gradebook.db.commit()
        return nb, resources

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, cell_index: int
    ) -> tuple[NotebookNode, Resources]:
        """Save the grade of one cell."""
        exercise = EXERCISES.get(checked_exercise(cell.source) or "") if is_grade(cell) else None
        if exercise is None or not exercise.optional:
            return super().preprocess_cell(cell, resources, cell_index)
        grade = self.gradebook.find_grade(
            cell.metadata["nbgrader"]["grade_id"], self.notebook_id, self.assignment_id, self.student_id
        )
        grade.auto_score, grade.extra_credit = 0.0, _result(cell, exercise.maximum)
        grade.needs_manual_grade = False
        return cell, resources


class LatePenalties(AssignLatePenalties):
    """Does what AssignLatePenalties does, but only for late submissions."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Assign the penalty for a notebook."""
        return super().preprocess(nb, resources) if resources.get("late", True) else (nb, resources)


def _result(cell: NotebookNode, maximum: float) -> float:
    """The points in the output of a check cell, kept between 0 and `maximum`; 0 if there are none, or no number."""
    results = [output.data.get("text/plain", "") for output in cell.outputs if output.output_type == "execute_result"]
    try:
        points = float(results[-1]) if results else 0.0
        return min(max(points, 0.0), maximum) if points == points else 0.0
    except ValueError:
        return 0.0


def _remarks(remarks: tuple[str, ...]) -> list[NotebookNode]:
    if not remarks:
        return []
    return [_display(str(render("remarks.html", remarks=remarks)), "\n".join(remarks))]


def _display(html: str, text: str) -> NotebookNode:
    """Like nbformat's new_output(), but without validating the output, as the whole notebook is validated later."""
    data = {"text/html": html, "text/plain": text}
    return nbformat.from_dict({"output_type": "display_data", "metadata": {}, "data": data})


GENERATE = [
    IncludeHeaderFooter,
    LockCells,
    ClearAnswers,
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    SaveCells,
    ClearHiddenTests,
    ClearMarkScheme,
    ComputeChecksums,
    CheckCellMetadata,
]
SANITIZE = [ClearOutput, DropOddMetadata, RestoreCells]
AUTOGRADE = [
    GradeFromFiles,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveGrades,
    LatePenalties,
    CheckCellMetadata,
]
STOCK_AUTOGRADE = [Execute, *AUTOGRADE[1:]]
FEEDBACK = [GetGrades, ClearHiddenTests, CSSHTMLHeaderPreprocessor]
