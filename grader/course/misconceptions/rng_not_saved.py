"""Misconception `rng-not-saved`."""

from __future__ import annotations

from ..case import Case
from ..report import Misconception
from ..resumption import RANDOM

MISCONCEPTION = Misconception(
    "rng-not-saved",
    "After a restart the random generator is not where it was at the save: the job does not draw the numbers that it would "
    "have drawn.",
    (
        "Which random numbers does the first execution draw, and which does the second? (Some programs here print "
        'the state of the generator, in the lines "saves:" and "begins:".)',
        "A seed says where the random numbers begin, not how many have been drawn. If you seed it again, the "
        "generator starts again.",
        "Save generator.getstate() (or pickle the generator itself), and pass it to setstate() at the "
        "restart. JSON turns its tuples into lists: generator.setstate((saved[0], tuple(saved[1]), saved[2])).",
    ),
)


def rng_not_saved(case: Case) -> bool:
    return case.loss is not None and RANDOM in case.loss.lost()


def seeds_again(case: Case) -> bool:
    return case.failure == "wrong output" and case.astray() and case.reseeded and case.draws_others


SYMPTOMS = ((190, rng_not_saved), (260, seeds_again))
