"""The student makes a job save although it lists a file that is not there yet."""

from __future__ import annotations

import random

from grader.course.checks import keeps
from grader.course.exercise import Exercise
from grader.course.payload import Program
from grader.course.repairing import ANYWHERE, IN_PLACE, OUTPUT, Loop
from grader.tree import Tree


def _stars(draw: random.Random) -> dict[str, float]:
    """Numbers for two checkpoints, with nothing to find before the first."""
    interval = draw.randint(2, 4)
    return {
        "sky": draw.randint(1, 10**6),
        "stars": 2 * interval + draw.randint(1, interval),
        "first": interval + draw.randint(1, 2),
        "interval": interval,
    }


LOOP = Loop(Program("planets", "search.py"), "star", _stars, "stars")


def files() -> Tree:
    """payload/planets, and its program again, to stay unchanged for the example with a placeholder."""
    given = LOOP.program.files()
    return given.put("placeholder.py", given["search.py"])


NONE_AT_ALL: dict[str, float] = {"first": 99}

MISCONCEPTION_HINTS = {
    "listed-file-missing": {
        1: "Which of the listed files is there when the program leaves with 85 for the first time?",
        3: "When it saves, write star and best into one file, read both from it at the start, and list that file.",
    },
    "state-incomplete": {
        1: "Which best.json does the restart read? The one that was saved, or another?",
        2: "An input file comes as it was submitted into each new sandbox, unless the checkpoint has one of its name. And what "
        "the program writes at each start is no longer what was restored.",
        3: "When it saves, write star and best into one file, read both from it at the start, and list that file.",
    },
    "relies-on-leftovers": {
        3: "best.json has to be in the checkpoint, too. Let it exist at each save: write star and best into one file, and list "
        "that.",
    },
}
EXERCISE = Exercise(
    title="A listed file that is not there yet",
    notebook="11-in-practice",
    number=4,
    optional=True,
    files=files,
    submit_file="search.sub",
    settings=LOOP.job,
    misconception_hints=MISCONCEPTION_HINTS,
    answers=("search.py", "search.sub"),
    questions=(
        LOOP.question(
            IN_PLACE,
            1,
            LOOP.in_place,
            {},
            {"stars": 3, "interval": 1, **NONE_AT_ALL},
            first=(keeps("search.py", OUTPUT, "search.sub"),),
        ),
        LOOP.question(ANYWHERE, 1, LOOP.anywhere, {}, NONE_AT_ALL, rests_on=(IN_PLACE,)),
    ),
    hints=(
        "Which of the listed files is there when the program leaves with 85 for the first time?",
        "What the checkpoint consists of should be written when it saves, all of it, found something or not.",
        "When it saves, write star, best and deepest into one file, and read all three from it at the start; list that file.",
    ),
)
