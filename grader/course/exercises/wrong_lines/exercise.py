"""What happens if the sums are forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from grader.course.annealing import ANNEALING, forgetting
from grader.course.prediction import prediction
from grader.rules.simulation import Moment


def _wrong_lines(moments: Sequence[Moment]) -> int:
    """How many lines of the returned output are not those of an uninterrupted run."""
    right = ANNEALING.known_answer().file(ANNEALING.output).text.splitlines()
    returned_files = moments[-1].returned_files.file(ANNEALING.output).text.splitlines()
    return sum(one != other for one, other in zip(right, returned_files)) + abs(len(right) - len(returned_files))


LASTING = ("The sums begin anew with each temperature, so that a line is not wrong for what came before its own.", None)


EXERCISE = prediction(
    "What comes of forgetting the sums",
    1,
    notebook="06-enough-state",
    number=2,
    job=lambda: forgetting("sums"),
    decisive=("checkpoint", 1),
    truth=_wrong_lines,
    told="Saved in the middle of a temperature, at iterations 50, 150 and 250, the sums of its first 10 iterations are "
    "missing from its mean, and its line is wrong. Between two temperatures, at 100 and 200, the sums are 0, and "
    "there is nothing to forget: a natural checkpoint time.",
    wrong={
        5: ("There are five checkpoints, but not at all of them is there something in the sums.", None),
        2: ("At two of the five checkpoints there is nothing in the sums.", None),
        1: ("It is one line for the first restart, but each restart forgets them once more.", None),
        0: ("The program can't compute the sums anew: the lattices that went into them are gone.", "state-incomplete"),
        10: LASTING,
        11: LASTING,
        12: LASTING,
        13: LASTING,
    }.get,
    hints=(
        "At which iterations is a checkpoint saved, and how many iterations does each temperature have?",
        "A line is wrong if a checkpoint was saved while its sums grew. Between two temperatures they are 0.",
        "50, 100, 150, 200, 250; a temperature has 20 iterations. How many of these are not divisible by 20?",
    ),
)
