"""How many lines are returned if the pipe in a wrapper loses the exit code."""

from __future__ import annotations

from grader.course.prediction import prediction
from grader.course.repairing import lines

EXERCISE = prediction(
    "How many lines come home",
    0.5,
    notebook="09-find-the-bugs",
    number=9,
    job="behind_a_pipe",
    decisive=("ended", 1),
    truth=lambda moments: lines(moments[-1].returned_files),
    told="The model saved after minute 4 and left with 85, and tee, the last in the pipe, with 0. So did the wrapper, "
    "and HTCondor took the job for done: 4 of 10 lines, and nobody is told.",
    wrong={
        10: ("That would be right if HTCondor saw the model's exit code. It sees the wrapper's.", "wrong-exit-code"),
        0: ("A job that leaves with 0 brings its output home, finished or not.", None),
        8: ("A second execution would be needed for that.", "wrong-exit-code"),
    }.get,
    hints=(
        "Which exit code does the model leave with after minute 4? And which one does run.sh leave with?",
        "The exit code of a pipe is that of its last command. What does tee have to complain of?",
        "tee leaves with 0, so run.sh does, so the job is over after the first execution.",
    ),
)
