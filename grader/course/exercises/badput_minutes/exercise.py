"""What two evictions cost."""

from __future__ import annotations

from grader.course.prediction import prediction

EXERCISE = prediction(
    "What two evictions cost",
    2,
    notebook="01-evicted",
    number=1,
    job="split",
    schedule="evict@1+600s evict@2+300s",
    truth=lambda moments: moments[-1].badput / 60,
    told="The first eviction costs the ten minutes before it, the second one five: 15 minutes of badput. The third start does "
    "all twelve iterations again and is left in peace.",
    wrong={
        0: ("HTCondor starts the job again, but the program has saved nothing that it could go on from.", None),
        3: ("Twelve minutes of work in fifteen would leave three; but the third start begins at iteration 1.", None),
        5: ("That is the second eviction alone.", None),
        10: ("That is the first eviction alone.", None),
        12: ("That is the goodput: what the result took.", None),
        900: ("The question asks for minutes, not seconds.", None),
        27: ("That is all the computing; twelve of these minutes made the result.", None),
    }.get,
    hints=(
        "How long had the program been running each time when it was evicted?",
        "Ten minutes the first time. Then it starts over, and is evicted after five.",
        "10 + 5: without a checkpoint, everything before an eviction is lost.",
    ),
)
