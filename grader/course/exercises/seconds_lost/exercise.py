"""How much an eviction costs a job that checkpoints itself."""

from __future__ import annotations

from grader.course.payload import job_of
from grader.course.prediction import prediction

EXERCISE = prediction(
    "How much is lost",
    2,
    notebook="03-save",
    number=1,
    job=lambda: job_of("fibonacci/fibonacci.sub"),
    schedule="evict@3+45s",
    truth=lambda moments: moments[-1].badput,
    told="What two checkpoints had saved, 120 seconds of computing, is in the spool directory and safe. Lost are the 45 "
    "seconds since then, and no more.",
    wrong={
        0: ("An eviction gives no time to save anything: what is not in a checkpoint is gone.", "sigterm-saves"),
        30: ("The number that was finished in these 45 seconds was printed, but not saved.", None),
        15: ("The number that was finished in these 45 seconds was printed, but not saved.", None),
        60: ("An execution takes 60 seconds, but this one was cut off before.", None),
        165: ("That is all the computing until then: so much is lost without checkpoints.", "never-restores"),
    }.get,
    hints=(
        "When was the last checkpoint saved before the eviction?",
        "Each execution computes two numbers, 30 seconds each, and ends with a checkpoint. The third has just begun.",
        "The eviction comes 45 seconds into the third execution, and the second ended with a checkpoint.",
    ),
)
