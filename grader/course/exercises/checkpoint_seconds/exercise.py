"""What a checkpoint costs."""

from __future__ import annotations

from collections.abc import Sequence

from grader.course.often import PACE
from grader.course.payload import job_of as payload_job
from grader.course.prediction import prediction
from grader.course.saving_rule import OFTEN
from grader.rules.simulation import Moment


def cost_of_a_checkpoint(moments: Sequence[Moment]) -> int:
    """The seconds between the first two starts in a story that were not spent on iterations."""
    first, second = [moment for moment in moments if moment.kind in ("started", "restarted")][:2]
    iterations = int(second.spool.file("checkpoint.txt").text) - 1
    each = OFTEN.settings(payload_job("often/sweep.sub"))["seconds_early"]
    return round(second.time - first.time - iterations * each)


EXERCISE = prediction(
    "What a checkpoint costs",
    2,
    notebook="07-how-often",
    number=2,
    job=lambda: payload_job("often/sweep.sub"),
    schedule="evict@3",
    decisive=("checkpoint", 1),
    pace=PACE,
    truth=cost_of_a_checkpoint,
    told="From the moment at which the program stops to work until it works again, 240 seconds pass: it writes (60), "
    "its files travel to the access point (150), and it starts again in place (30).",
    wrong={
        150: ("The log tells only of the transfer. The program says what it needs itself: in sweep.out.", None),
        60: ("That is what the program needs to write; then its files have to travel.", None),
        90: ("That is what the program says. The log tells of the transfer to the access point.", None),
        180: ("The transfer and the start are in it. And what did the program do before?", None),
        210: ("Before it works again, the program has to start once more.", None),
        120: ("That is a start in a new sandbox: 90 seconds of transfer and 30 until the program is ready.", None),
        330: ("In place nothing is sent to the sandbox: the 90 seconds belong to a start in a new one.", None),
    }.get,
    hints=(
        "Three things happen between the last iteration before a checkpoint and the next one after it.",
        "sweep.out tells how long the program writes, and how long it starts; the log tells of the transfer in "
        "between.",
        "60 seconds of writing, 150 of transfer, and 30 until it works again.",
    ),
)
