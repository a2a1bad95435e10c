"""A file that is listed and does not exist."""

from __future__ import annotations

from grader.course.folders import load
from grader.course.prediction import prediction
from grader.rules.job import Job
from grader.tree import Tree


def misspelt() -> Job:
    """The job of the next exercise, with a submit file that lists a file which never exists."""
    submit = load("submit")
    listed = "checkpoint_exit_code = 85\ntransfer_checkpoint_files = state, my_ouput.txt\n# 1."
    begun = submit.given().file("sweep.sub").text
    return submit.job(Tree.files({"sweep.sub": begun.replace("# 1.", listed)}))


EXERCISE = prediction(
    "A file that is listed and not there",
    2,
    notebook="02-submit-file",
    number=1,
    job=misspelt,
    decisive=("held", 1),
    truth=lambda moments: {"held": "b", "failed": "c"}.get(moments[-1].kind, "a"),
    told="The job goes on hold when it leaves with 85 for the first time: a checkpoint is whole, or it is none. What "
    "it had computed is lost, and the hold reason does not name the file.",
    wrong={
        "a": ("It does not go on with half a checkpoint.", "listed-file-missing"),
        "c": ("It does not end. It stays in the queue and waits for you.", "listed-file-missing"),
        "d": ("HTCondor looks at the list only when there is something to transfer.", "listed-file-missing"),
    }.get,
    hints=(
        "What would a restart be worth that has the position but not the output?",
        "HTCondor transfers all that is listed, or nothing; and it asks you rather than guess.",
        "The state of such a job in condor_q is H.",
    ),
)
