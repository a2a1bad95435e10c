"""The lists of nbgrader preprocessors that nbgrader_config.py uses, and those that are our own.

With GradeFromFiles in the place of nbgrader's Execute, no kernel is started: the answers are read
from the notebook, judged, and what a check cell would have shown is written below it. All that comes
after, from the gradebook to the feedback, is nbgrader's own.
"""

from __future__ import annotations

from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbformat.v4 import new_output
from nbgrader.preprocessors import (AssignLatePenalties, CheckCellMetadata, ClearHiddenTests, ClearOutput,
                                    DeduplicateIds, Execute, GetGrades, IgnorePattern, LimitOutput,
                                    NbGraderPreprocessor, OverwriteCells, OverwriteKernelspec, SaveAutoGrades)
from nbgrader.utils import is_grade
from traitlets import Bool, Unicode

from ..course.catalogue import EXERCISES
from ..simulator.isolation import confinement
from ..simulator.tree import Tree
from ..view.card import number
from ..view.text import escape
from . import cards, judge
from .submission import Submission, checked_exercise, from_cells


class DropEmptyMetadata(NbGraderPreprocessor):
    """Removes the empty nbgrader metadata that DeduplicateIds leaves on a copied or split cell.

    Without it such a cell stops OverwriteCells, and with it the whole batch (nbgrader 0.9.6).
    """

    def preprocess_cell(self, cell, resources, index):
        """Drop `nbgrader: {}`; anything else stays."""
        if cell.metadata.get("nbgrader") == {}:
            del cell.metadata["nbgrader"]
        return cell, resources


class GradeFromFiles(NbGraderPreprocessor):
    """Grades a notebook from the files that its cells write, without running it."""

    seed = Unicode(judge.UNSEEN, help="A text of your own: the sweeps that answers are tried on, beside those which "
                                      "students know, are drawn from it.").tag(config=True)
    require_sandbox = Bool(False, help="Refuse to grade where students' programs can't be shut in.").tag(config=True)

    def preprocess(self, nb, resources):
        """Write the outputs of every check cell, and no others."""
        confine = confinement()
        if self.require_sandbox and (confine is None or not confine.bubblewrap):
            raise RuntimeError("There is no sandbox on this machine (bubblewrap), and GradeFromFiles.require_sandbox "
                               "asks for one.")
        found = from_cells(nb.cells)
        for remark in found.remarks:
            self.log.warning(remark)
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
                if is_grade(cell):
                    cell.outputs = self._outputs(cell, found, confine)
        return nb, resources

    def _outputs(self, cell, found: Submission, confine) -> list:
        """What nbgrader takes the points from, and what the feedback shows."""
        exercise = EXERCISES.get(checked_exercise(cell.source) or "")
        if exercise is None:
            return [new_output("error", ename="NotGraded", evalue="this cell checks no exercise of the course",
                               traceback=["This cell checks no exercise of the course, so it has to be graded by hand, "
                                          "or with nbgrader's own Execute (see nbgrader_config.py)."])]
        graded = judge.judge_one(exercise, found.answers.get(exercise.name, Tree()), confine, self.seed)
        points = graded.points / graded.maximum * float(cell.metadata.nbgrader["points"])
        return [*_remarks(found.remarks),
                new_output("display_data", {"text/html": cards.html(graded), "text/plain": graded.text}),
                new_output("execute_result", {"text/plain": number(min(points, cell.metadata.nbgrader["points"]))})]


def _remarks(remarks: tuple[str, ...]) -> list:
    if not remarks:
        return []
    html = "".join(f"<li>{escape(remark)}</li>" for remark in remarks)
    return [new_output("display_data", {"text/html": f"<ul>{html}</ul>", "text/plain": "\n".join(remarks)})]


SANITIZE = [ClearOutput, DeduplicateIds, DropEmptyMetadata, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]
AUTOGRADE = [GradeFromFiles, IgnorePattern, ClearMetadataPreprocessor, LimitOutput, SaveAutoGrades,
             AssignLatePenalties, CheckCellMetadata]
STOCK_AUTOGRADE = [Execute, *AUTOGRADE[1:]]
FEEDBACK = [GetGrades, ClearHiddenTests, CSSHTMLHeaderPreprocessor]
