"""The lists of nbgrader preprocessors that nbgrader_config.py uses, including our own.

GradeFromFiles replaces nbgrader's Execute, so no kernel is started: it reads the answers from the notebook, judges them,
and writes the output of each check cell below it. The rest, from the gradebook to the feedback, is nbgrader's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
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
    DeduplicateIds,
    Execute,
    GetGrades,
    IgnorePattern,
    IncludeHeaderFooter,
    LimitOutput,
    LockCells,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
    SaveCells,
)
from nbgrader.utils import is_grade, is_solution
from traitlets import Bool, Unicode

from ..course.catalogue import EXERCISES
from ..course.explanation import card_html
from ..execute.isolation import Confinement, confinement
from ..text import number
from ..tree import Tree
from ..view.rendering import escape, render
from . import judge
from . import nbgrader_collect as collecting
from .submission import StudentAnswers, Unreadable, beginning, cells_of, checked_exercise, from_cells

Resources = dict[str, Any]
"""Passed with a notebook from one preprocessor to the next."""


class AnyNotebook(NotebookExporter):
    """Reads submitted files as `grade` does: in other encodings too, and an unreadable file as a notebook without answers,
    so that the student keeps the points of the other notebooks. (This runs before all preprocessors.)"""

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.optimistic_validation = True  # once, after all preprocessors: it takes longer than most of them

    def from_filename(
        self, filename: str, resources: Resources | None = None, **options: Any
    ) -> tuple[NotebookNode, Resources]:
        """Export a file, or the contents that replace it; see nbgrader_collect.py."""
        contents = collecting.contents(self.parent, filename)
        if contents is None:
            return super().from_filename(filename, resources=resources, **options)
        notebook = (
            _notebook(contents)
            if isinstance(contents, bytes)
            else new_notebook(cells=[new_markdown_cell(str(escape(contents)))])
        )
        return self.from_notebook_node(notebook, resources=resources, **options)

    def from_file(
        self, file_stream: Any, resources: Resources | None = None, **options: Any
    ) -> tuple[NotebookNode, Resources]:
        """Export an open file."""
        return self.from_notebook_node(_notebook(file_stream.buffer.read()), resources=resources, **options)


def _notebook(data: bytes) -> NotebookNode:
    """A submitted notebook, with a question mark for each half of a surrogate pair, which no file can contain."""
    notebook = _as_read(data)
    text = json.dumps(notebook, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        notebook = nbformat.from_dict(json.loads(text.encode("utf-8", "replace")))
    return notebook


def _as_read(data: bytes) -> NotebookNode:
    """A notebook as nbformat reads it, or, if it can't, a notebook with the cells that can be read and remarks on them."""
    try:
        notebook: NotebookNode = nbformat.reads(data.decode(), as_version=4)
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
    """Removes nbgrader metadata of cells that the assignment does not have, or that was changed, or emptied by
    DeduplicateIds. Such a cell would stop a submission, or the whole batch (nbgrader 0.9.6). Without the metadata, it
    counts as the student's own cell, and OverwriteCells restores a missing one. The notebook's own metadata is removed
    too, as nbconvert writes the name of the language into a page without escaping it."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Check every cell."""
        nb.metadata = NotebookNode()
        source = _source(resources)
        for cell in nb.cells:
            own = cell.metadata.get("nbgrader")
            if own is not None and not (
                _is_valid(cell)
                and own.get("grade_id") in source.given
                and own.grade == (own.grade_id in source.grades)
                and own.solution == (own.grade_id in source.solutions)
            ):
                del cell.metadata["nbgrader"]
        return nb, resources


def _is_valid(cell: NotebookNode) -> bool:
    try:
        MetadataValidator().validate_cell(cell)
    except Exception:  # a student may have written anything there
        return False
    return True


class AddMissingSolutions(NbGraderPreprocessor):
    """Appends solution cells that the student deleted, in their original state. OverwriteCells finds the place of a deleted
    check cell by the cell before it, and fails if that is deleted as well (nbgrader 0.9.6)."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Add the missing cells."""
        present = {cell.metadata.nbgrader.grade_id for cell in nb.cells if is_grade(cell) or is_solution(cell)}
        source = _source(resources)
        for name in [name for name in source.solutions if name not in present]:
            own = {
                "grade": False,
                "solution": True,
                "locked": False,
                "task": False,
                "grade_id": name,
                "schema_version": MetadataValidator.schema_version,
            }
            kind, text = source.given[name]
            new = new_code_cell if kind == "code" else new_markdown_cell
            nb.cells.append(new(text, metadata={"nbgrader": own}))
        return nb, resources


class AddMissingIds(NbGraderPreprocessor):
    """Gives an id to each check cell that OverwriteCells has put back without one (nbgrader 0.9.6), of which nbformat
    warns."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Add the missing ids."""
        if (nb.nbformat, nb.nbformat_minor) >= (4, 5):
            for cell in nb.cells:
                cell.setdefault("id", new_code_cell().id)
        return nb, resources


class SourceNotebook(NamedTuple):
    """The named cells of a notebook as it was handed out."""

    given: Mapping[str, tuple[str, str]]
    """Name → kind and text."""
    grades: frozenset[str]
    solutions: tuple[str, ...]


def _source(resources: Resources) -> SourceNotebook:
    """The notebook as it was handed out, from the gradebook, which is opened once for each notebook of a student."""
    if "given_notebook" not in resources:
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(about["notebook"], about["assignment"])
            resources["given_notebook"] = SourceNotebook(
                {cell.name: (cell.cell_type, cell.source) for cell in notebook.source_cells},
                frozenset(cell.name for cell in notebook.grade_cells),
                tuple(cell.name for cell in notebook.solution_cells),
            )
    given: SourceNotebook = resources["given_notebook"]
    return given


class ClearAnswers(ClearSolutions):
    """Replaces answers by what students start with: `NAME = ...` for a value, the exercise's own file if it has one, and
    nbgrader's code stub for anything else."""

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
        """How students' programs are confined. Raises RuntimeError where require_sandbox is set and there is no sandbox."""
        confine = confinement()
        if self.require_sandbox and (confine is None or not confine.bubblewrap):
            raise RuntimeError(
                "GradeFromFiles.require_sandbox asks for a sandbox, but this machine has none (bubblewrap)."
            )
        return confine

    def _outputs(
        self, cell: NotebookNode, answers: StudentAnswers, confine: Confinement | None, student: str | None
    ) -> list[NotebookNode]:
        """The outputs from which nbgrader reads the points, and which the feedback shows."""
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
            graded, doubts = judge.judge_one(exercise, answer, confine, self.seed)
        for doubt in doubts:
            self.log.warning(f"{exercise.name}: {doubt} Autograde this submission again (--force).")
        maximum = graded.maximum if exercise.optional else float(cell.metadata.nbgrader["points"])
        return [
            *_remarks((*answers.remarks, *doubts)),
            new_output(
                "display_data", {"text/html": str(card_html(graded, graded.sections)), "text/plain": graded.text}
            ),
            new_output("execute_result", {"text/plain": number(graded.points / graded.maximum * maximum)}),
        ]


def _read(cells: Iterable[NotebookNode]) -> StudentAnswers:
    """The answers in the cells, as far as they can be read in a submission's time."""
    try:
        with judge.at_most(judge.SECONDS):
            return from_cells(cells)
    except judge.OutOfTime:
        return StudentAnswers({}, ("Reading the notebook took too long, so nothing in it is graded.",))


class SaveGrades(SaveAutoGrades):
    """Saves the points of an optional exercise as extra credit, which is not part of the maximum, so that it does not count
    against students who can't do it."""

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
        self.gradebook.db.commit()
        return cell, resources


def _result(cell: NotebookNode, maximum: float) -> float:
    """The points in the output of a check cell; 0 if there are none, or no sensible ones."""
    results = [output.data.get("text/plain", "") for output in cell.outputs if output.output_type == "execute_result"]
    try:
        points = float(results[-1]) if results else 0.0
        return min(max(points, 0.0), maximum) if points == points else 0.0
    except ValueError:
        return 0.0


def _remarks(remarks: tuple[str, ...]) -> list[NotebookNode]:
    if not remarks:
        return []
    html = str(render("remarks.html", remarks=remarks))
    return [new_output("display_data", {"text/html": html, "text/plain": "\n".join(remarks)})]


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
SANITIZE = [
    ClearOutput,
    DropOddMetadata,
    DeduplicateIds,
    DropOddMetadata,
    AddMissingSolutions,
    OverwriteKernelspec,
    OverwriteCells,
    AddMissingIds,
    CheckCellMetadata,
]
AUTOGRADE = [
    GradeFromFiles,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
STOCK_AUTOGRADE = [Execute, *AUTOGRADE[1:]]
FEEDBACK = [GetGrades, ClearHiddenTests, CSSHTMLHeaderPreprocessor]
