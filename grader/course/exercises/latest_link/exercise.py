"""What HTCondor does with a listed link to a directory."""

from __future__ import annotations

from collections.abc import Sequence

from grader.course.prediction import prediction
from grader.rules.simulation import Moment


def _what_happens(moments: Sequence[Moment]) -> str:
    """The letter of what happens to the first checkpoint."""
    last = moments[-1]
    if last.kind == "held":
        return "c"
    return "a" if any(moment.kind == "checkpoint" and "latest" in moment.spool for moment in moments) else "b"


EXERCISE = prediction(
    "What becomes of the link to the newest checkpoint",
    1,
    notebook="12-machine-learning",
    number=1,
    optional=True,
    job="learn",
    decisive=("held", 1),
    truth=_what_happens,
    told="HTCondor sends what a link to a file leads to, under the name of the link. A link to a directory can't be sent at "
    "all: the checkpoint fails, nothing is saved, and the job is on hold.",
    wrong={
        "a": (
            "That is what becomes of a link to a file, or nearly: its content is sent. This one leads to a directory.",
            "link-in-checkpoint",
        ),
        "b": (
            "HTCondor leaves nothing out that is listed: a checkpoint is whole, or it is none.",
            "link-in-checkpoint",
        ),
        "d": ("The program leaves with 85, which is no failure. It is the transfer after it that matters.", None),
    }.get,
    hints=(
        "What does `latest` lead to: a file, or a directory?",
        "HTCondor sends the content of what a link leads to. Does that make sense for this one?",
        "A listed path that can't be sent is like a listed file that is missing. What was that in notebook 2?",
    ),
)
