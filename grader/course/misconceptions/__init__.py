"""The misconceptions: what learners believe or forget, each in a file of its own, which this package finds.

A file has a MISCONCEPTION, a sentence and three hints; where behaviour shows it, SYMPTOMS: (rank, symptom) each; and
where it takes looking for what shows it, clues(case). A symptom is a function from a Case to yes or no. All are asked
in the order of their ranks, the most telling first, and the first that fits names the misconception: a new one is given a
rank between those before and behind which it has to be asked.

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
    key=lambda one: one[0],
)
"""(rank, symptom, what it shows), the most telling first: the order is part of the diagnosis."""
CLUES: dict[str, Callable[[Case], tuple[Evidence, ...]]] = {
    module.MISCONCEPTION.id: module.clues for module in _MODULES if hasattr(module, "clues")
}
"""Misconception → what takes looking for to show it."""
