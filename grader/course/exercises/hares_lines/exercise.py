"""How many lines a loop writes if it takes the last year done for the next."""

from __future__ import annotations

from grader.course.prediction import prediction
from grader.course.repairing import lines

EXERCISE = prediction(
    "How many lines there are in the end",
    0.5,
    notebook="09-find-the-bugs",
    number=3,
    job="last_done",
    decisive=("checkpoint", 1),
    truth=lambda moments: lines(moments[-1].returned_files),
    told="Each execution does three years and saves the last of them; the next one begins with that year again: 1 2 3, "
    "3 4 5, 5 6 7, 7 8 9, 9 10. That is 14 lines, and no eviction was needed for it.",
    wrong={
        10: ("That would be right if every year were done once.", "repeats-iteration"),
        13: ("It would be 13 if four executions were enough, as they are when no year is done twice.", None),
        9: (
            "Years would be missing if the number that is saved were too large. Here it is too small.",
            "skips-iteration",
        ),
        7: (
            "Years would be missing if the number that is saved were too large. Here it is too small.",
            "skips-iteration",
        ),
    }.get,
    hints=(
        "Write down the years that the first execution does, and the year that it saves.",
        "With which year does the second execution begin, and after which does it save?",
        "1 2 3, then 3 4 5, then 5 ...: go on to year 10, and count.",
    ),
)
