"""Notebook 08. Exercise `wrapper`: the student writes a wrapper for a program that can't be changed, and the submit
file of the job."""

from __future__ import annotations

from collections.abc import Sequence

from ..rules.simulation import Moment
from .checks import both, every_schedule
from .exercise import FEWER, Exercise, Question
from .prediction import prediction
from .waves import (
    BEFORE_THAT,
    DIVERGES,
    LIMIT,
    PLENTY,
    SHORT,
    WAVES,
    asking,
    at_once,
    cut_off,
    cut_off_unseen,
    given,
    is_the_wrapped_program,
    naive_job,
    out_of_time,
    passes_on,
    unseen,
    waves,
)

TORN = 73
"""Seconds after which waves has renamed restart.dat, and written 1024 of 2322 bytes of the new one."""


def _ending(moments: Sequence[Moment]) -> str:
    last = moments[-1]
    if last.kind != "ended":
        return "a"
    if last.ran.exit.code != 0:
        return "b"
    return "c" if last.home[WAVES.output] == WAVES.known_answer()[WAVES.output] else "d"


TORN_FILE = prediction(
    "torn_file",
    "A restart file that was torn",
    1,
    job=lambda: waves(naive_job(), TORN),
    schedule="",
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
BEFORE, TIME_UP = "With time enough, it is done in one go", "Out of time, it leaves with 85 and a checkpoint"
WRAPPER = Exercise(
    name="wrapper",
    title="Wrap a program that can't be changed",
    submit_file="waves.sub",
    settings=waves,
    given=given,
    answers=("my_wrapper", "waves.sub"),
    bounds=FEWER,
    questions=(
        Question(BEFORE, 1, both(is_the_wrapped_program, asking(at_once, PLENTY, steps=24))),
        Question(TIME_UP, 2, asking(out_of_time, LIMIT), rests_on=(BEFORE,), unseen=unseen(out_of_time, 2.4)),
        Question(
            "Evicted at any time, any number of times, it ends right",
            2,
            asking(every_schedule, LIMIT),
            rests_on=(TIME_UP,),
            unseen=unseen(every_schedule, 2.4),
        ),
        Question(
            "The exit codes of the program are passed on",
            2,
            asking(passes_on, BEFORE_THAT, **DIVERGES),
            rests_on=(TIME_UP,),
        ),
        Question(
            "Cut off at any moment of writing, it goes on from a whole file",
            2,
            cut_off(**SHORT),
            rests_on=(TIME_UP,),
            unseen=cut_off_unseen,
        ),
    ),
    hints=(
        "Three things: how waves is started (with a restart file, if there is one), for how long, and what its exit "
        "code is turned into.",
        "timeout SECONDS PROGRAM leaves with 124 if the time was up, and with the exit code of the program otherwise. "
        "Keep it at once: code=$?. Before you leave with 85, see whether restart.dat is whole: its last line is `end`.",
        "If `tail -n 1 restart.dat | grep -q -x end` fails, restart.dat is torn or not there, and restart.old is the "
        "last whole file: mv restart.old restart.dat. Then exit 85. If the code is not 124: exit $code.",
    ),
)
