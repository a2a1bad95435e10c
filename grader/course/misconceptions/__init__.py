"""The misconceptions: what learners believe or forget. Each has its own file, which this package finds.

A file contains MISCONCEPTION, a sentence and three hints; SYMPTOMS, pairs of (rank, symptom), if behaviour shows it;
clues(case), if the evidence has to be searched for; and sentence(case), if a case shows which part of the sentence is true.
A symptom is a predicate of a Case. Symptoms are tried in the order of their ranks, the most telling first, and the first one
that fits names the misconception. Give a new symptom a rank between those that must be tried before and after it.

Ids are stable: reports, gradebooks and class statistics use them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

from ...verify.evidence import Evidence
from ..case import Case
from ..report import Misconception

_MODULES = [
    importlib.import_module(f"{__name__}.{path.stem}") for path in sorted(Path(__file__).parent.glob("[a-z]*.py"))
]
MISCONCEPTIONS: dict[str, Misconception] = {module.MISCONCEPTION.id: module.MISCONCEPTION for module in _MODULES}
SYMPTOMS: list[tuple[int, Callable[[Case], bool], Misconception]] = sorted(
    ((rank, symptom, module.MISCONCEPTION) for module in _MODULES for rank, symptom in getattr(module, "SYMPTOMS", ())),
    key=lambda entry: entry[0],
)
"""(rank, symptom, misconception), the most telling first: the order is part of the diagnosis."""
CLUES: dict[str, Callable[[Case], tuple[Evidence, ...]]] = {
    module.MISCONCEPTION.id: module.clues for module in _MODULES if hasattr(module, "clues")
}
"""Misconception → the function that searches for its evidence."""
SENTENCES: dict[str, Callable[[Case], str]] = {
    module.MISCONCEPTION.id: module.sentence for module in _MODULES if hasattr(module, "sentence")
}
"""Misconception → the function that returns the part of its sentence that a case shows."""
