"""Which files of earlier checkpoints are still in the spool directory."""

from __future__ import annotations

from collections.abc import Sequence

from grader.course.payload import job_of
from grader.course.prediction import prediction
from grader.rules.simulation import Moment


def _states(moments: Sequence[Moment]) -> set[str]:
    """The files of states in the spool directory when the job is evicted."""
    evicted = next(moment for moment in moments if moment.kind == "evicted")
    return {name for name in evicted.spool.top() if name.startswith("state-")}


EXERCISE = prediction(
    "Which states a kept checkpoint has",
    1,
    notebook="11-in-practice",
    number=6,
    optional=True,
    job=lambda: job_of("digits/digits.sub"),
    schedule="evict@3",
    truth=_states,
    told="Two checkpoints were saved, and the files of both are there: state-2.json and state-4.json. A checkpoint replaces "
    "the files that it brings again, and leaves all others where they are. The program takes the first that it finds, goes "
    "on from block 2, and writes two lines twice.",
    wrong=lambda value: (
        (
            "In the old sandbox it would be so: there the program has removed the file before. Who removes it from the spool "
            "directory?",
            "relies-on-leftovers",
        )
        if value == frozenset({"state-4.json"})
        else ("The third execution is cut off before it saves.", None)
        if isinstance(value, frozenset) and "state-6.json" in value
        else None
    ),
    hints=(
        "How many checkpoints have been saved when execution 3 is cut off? What is the file called in each?",
        "The program removes the older file from its sandbox. HTCondor is told of what there is to send, not of what is gone.",
        "What is in the spool directory stays until a file of the same name comes. Two checkpoints, two names.",
    ),
)
