"""The slides' listing, in which three bugs are left."""

from __future__ import annotations

import random

from grader.course.checks import both, keeps
from grader.course.exercise import Exercise, Question
from grader.course.payload import Program
from grader.course.repairing import ANYWHERE, OUTPUT, Loop


def _range(draw: random.Random) -> dict[str, float]:
    # Not 1: the known numbers include it, and the bug that shows there must not cost the points of other questions.
    start, interval = draw.randint(2, 60), draw.randint(2, 4)
    return {"start": start, "end": start + 2 * interval + draw.randint(0, interval - 1), "interval": interval}


LISTING = Loop(Program("bugs/slides_listing", "my_software"), "iteration", _range)


is_the_listing = keeps("my_software", OUTPUT, "my_submit.sub")


EXERCISE = Exercise(
    title="Repair the slides' listing",
    notebook="09-find-the-bugs",
    number=2,
    answers=("my_software", "my_submit.sub"),
    files=LISTING.program.files,
    submit_file="my_submit.sub",
    settings=LISTING.job,
    questions=(
        LISTING.question(
            "Never evicted, it ends right, however often it saves",
            0.5,
            LISTING.in_place,
            {"start": 1, "end": 12, "interval": 4},
            {"start": 5, "end": 7, "interval": 1},
            first=(is_the_listing,),
        ),
        LISTING.question(
            ANYWHERE,
            0.5,
            LISTING.anywhere,
            {"start": 1, "end": 12, "interval": 4},
            {"start": 7, "end": 11, "interval": 3},
            first=(is_the_listing,),
        ),
        Question(
            "A checkpoint of another run is not used",
            0.5,
            both(LISTING.stale((1, 12), (6, 12), interval=4), LISTING.stale((7, 11), (1, 6), interval=3)),
            rests_on=(ANYWHERE,),
        ),
    ),
    hints=(
        'There are three bugs. Each has its own shortest schedule: check("slides_listing") shows one of them, and '
        "when it is fixed, the next.",
        "One is in the submit file: what does a new sandbox have, and what not? One shows when interval = 1: how many "
        'iterations does an execution do then? One is the "Potential problem?" of notebook 4, on the other side.',
        "transfer_checkpoint_files = checkpoint.txt, my_output.txt — save only if iteration > start and (iteration - "
        "start) % interval == 0 — and use the saved number only if start <= saved <= end.",
    ),
)
