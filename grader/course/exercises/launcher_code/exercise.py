"""What a job returns if a launcher turns every exit code other than 0 into 1."""

from __future__ import annotations

from grader.course.prediction import prediction
from grader.course.repairing import lines

EXERCISE = prediction(
    "How many epochs come home through a launcher",
    1,
    notebook="12-machine-learning",
    number=3,
    optional=True,
    job="launched",
    decisive=("ended", 1),
    truth=lambda moments: lines(moments[-1].returned_files),
    told="train.py saved after epoch 3 and left with 85. For the launcher, a worker that does not leave with 0 has failed: it "
    "reported that, and left with 1. HTCondor saw a job that failed, and that is over: 3 of 7 epochs.",
    wrong={
        7: (
            "That would be right if HTCondor saw the exit code of train.py. It sees the launcher's.",
            "wrong-exit-code",
        ),
        0: ("What a job lists as output comes home also if it has failed.", None),
        6: ("For that, it would have to be started again once.", "wrong-exit-code"),
    }.get,
    hints=(
        "train.py leaves with 85 after epoch 3. Which process does HTCondor look at?",
        "The launcher leaves with 1 if the worker leaves with anything but 0. What is 1 for HTCondor?",
        "1 is not the checkpoint exit code, so the job is over: what was written by then comes home.",
    ),
)
