"""A restart file that was torn."""

from __future__ import annotations

from collections.abc import Sequence

from grader.course.prediction import prediction
from grader.course.waves import WAVES, naive_job, waves
from grader.rules.simulation import Moment

TORN = 73
"""Seconds after which waves has renamed restart.dat, and written 1024 of 2322 bytes of the new one."""


def _ending(moments: Sequence[Moment]) -> str:
    last = moments[-1]
    if last.kind != "ended":
        return "a"
    if last.ran.exit.code != 0:
        return "b"
    return "c" if last.returned_files[WAVES.output] == WAVES.known_answer()[WAVES.output] else "d"


EXERCISE = prediction(
    "A restart file that was torn",
    1,
    notebook="08-wrapper",
    number=1,
    job=lambda: waves(naive_job(), TORN),
    decisive=("checkpoint", 1),
    truth=_ending,
    told="The job ends with exit code 0, and the numbers are wrong. waves reads as many points as there are in the "
    "torn file, takes the others for points at rest, and nobody ever notices.",
    wrong={
        "a": (
            "HTCondor never looks into a file. There is one that is called restart.dat, and that will do.",
            "torn-write",
        ),
        "b": ("waves could have noticed that there are too few lines. Many programs do not count.", "torn-write"),
        "c": (
            "A time limit does not wait until a file is whole. When it strikes in the middle, half a file is all "
            "there is, and it becomes the checkpoint.",
            "torn-write",
        ),
    }.get,
    hints=(
        "What is in restart.dat after 73 seconds? The lines that waves has printed tell how many bytes.",
        "Who of the three would notice: HTCondor, waves, the wrapper? Each of them sees a file with the right name.",
        "The file begins with a step, and has too few points. waves does not count them.",
    ),
)
