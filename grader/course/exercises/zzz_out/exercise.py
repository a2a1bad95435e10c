"""What the file with stdout contains in the end."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.course.prediction import prediction
from grader.course.step_by_step import SCHEDULE, slides_job
from grader.rules.simulation import Moment


def starts_told(moments: Sequence[Moment]) -> list[int]:
    """The iterations after which the program started, as far as zzz.out shows them."""
    return [int(line.split()[-1]) for line in moments[-1].returned_files.file("zzz.out").text.splitlines()]


def numbers(value: object) -> object:
    """The numbers in a list or a set of numbers, or of lines that end in numbers; returns other values unchanged."""
    if isinstance(value, frozenset):
        value = tuple(sorted(value, key=str))
    if isinstance(value, tuple) and all(isinstance(one, str) and re.search(r"\d+\W*$", one) for one in value):
        return tuple(int(re.findall(r"\d+", one)[-1]) for one in value)
    return value


EXERCISE = prediction(
    "What stdout brings home",
    2,
    notebook="05-step-by-step",
    number=4,
    job=slides_job,
    schedule=SCHEDULE,
    truth=starts_told,
    read=numbers,
    told="With the checkpoint, today's HTCondor saves what the first execution had printed (0). What the second "
    "printed (43) was lost with its sandbox; the third began at the same checkpoint and printed the same (43), "
    "which came home.",
    wrong={
        (0, 43, 43): ("The second start was in the sandbox that was lost, and so was its line.", None),
        (43, 43): ("The line of the first start is in the checkpoint; that of the second was lost.", None),
        (43,): ("That is what HTCondor 9.0.4, of 2021, brings home, as stdout is not listed.", None),
        (0,): ("The third start is elsewhere, but it goes on with the same stdout.", None),
        (): ("An eviction takes what was printed since the checkpoint, and not more.", None),
        (0, 52): ("A restart begins at the checkpoint, not where the eviction struck.", "sigterm-saves"),
        (0, 43, 52): ("A restart begins at the checkpoint, not where the eviction struck.", "sigterm-saves"),
    }.get,
    hints=(
        "For each of the three lines: when was it printed, and what became of that sandbox?",
        "Line 1 was printed before the checkpoint. Line 2 between the checkpoint and the eviction. Line 3 after it.",
        "Stdout is treated like my_output.txt: what was in it at the checkpoint is there again elsewhere.",
    ),
)
