"""Misconception `output-ahead-of-checkpoint`."""

from __future__ import annotations

from ...verify.restarts import WRITTEN_AGAIN, shown
from ..case import Case, number
from ..report import Misconception
from ..resumption import OUTPUT

MISCONCEPTION = Misconception(
    "output-ahead-of-checkpoint",
    "The output contains more than belongs to the saved state: a restart repeats what was written after saving.",
    (
        "How long was my_output.txt when the state was saved, and how long is it when the restart begins?",
        "A restart continues the output that it finds. It must first remove lines that do not belong to the saved state.",
        "Save the length that belongs to the state, and cut the file to that length at the restart: "
        'os.truncate("my_output.txt", length).',
    ),
)


def output_ahead(case: Case) -> bool:
    return (
        case.loss is not None
        and OUTPUT in case.loss.lost()
        and number(case.loss.begun, OUTPUT) > number(case.loss.saved, OUTPUT)
    )


def written_again(case: Case) -> bool:
    """The files show that a restart begins by writing what the output contains, and that nothing else is wrong."""
    return not case.given and any(fact.kind == WRITTEN_AGAIN for fact in shown(case.exploration))


def sentence(case: Case) -> str:
    """The sentence. It says that the output was written after saving only if the program describes its state."""
    return MISCONCEPTION.sentence if output_ahead(case) else "A restart writes again what the output already contains."


SYMPTOMS = ((230, output_ahead), (242, written_again))
