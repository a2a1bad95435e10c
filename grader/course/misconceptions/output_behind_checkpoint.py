"""Misconception `output-behind-checkpoint`."""

from __future__ import annotations

from ..case import Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "output-behind-checkpoint",
    "The program saves, and exits, before it writes the line of the iteration that it has just done: that line is never "
    "written.",
    (
        "Look at the first line that is missing. Which execution has computed it, and what did it do then?",
        "sys.exit(85) ends the program at once. The restart begins with the next iteration, so nobody writes the line of this "
        "one.",
        "First write the line of an iteration, then save, and then exit with 85.",
    ),
)


def output_behind(case: Case) -> bool:
    """Only lines of the last iterations before a save are missing, and these iterations were done: they took their
    time, or, in a user's own job, the checkpoint has the numbers in their lines."""
    expected, got = case.lines
    missing = [line for line in expected if line not in got]
    return (
        case.failure == "wrong output"
        and bool(missing)
        and [line for line in expected if line not in missing] == got
        and (case.lines_lost_for_time() or (not case.given and case.lost_lines_are_saved()))
    )


SYMPTOMS = ((245, output_behind),)
