"""The lists of nbgrader preprocessors that nbgrader_config.py uses, and the one that is our own."""

from __future__ import annotations

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import (CheckCellMetadata, ClearHiddenTests, ClearOutput, DeduplicateIds, GetGrades,
                                    NbGraderPreprocessor, OverwriteCells, OverwriteKernelspec)


class DropEmptyMetadata(NbGraderPreprocessor):
    """Removes the empty nbgrader metadata that DeduplicateIds leaves on a copied or split cell.

    Without it such a cell stops OverwriteCells, and with it the whole batch (nbgrader 0.9.6).
    """

    def preprocess_cell(self, cell, resources, index):
        """Drop `nbgrader: {}`; anything else stays."""
        if cell.metadata.get("nbgrader") == {}:
            del cell.metadata["nbgrader"]
        return cell, resources


SANITIZE = [ClearOutput, DeduplicateIds, DropEmptyMetadata, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]
FEEDBACK = [GetGrades, ClearHiddenTests, CSSHTMLHeaderPreprocessor]
