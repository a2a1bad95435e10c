"""What a restart elsewhere finds."""

from __future__ import annotations

from grader.course.prediction import prediction
from grader.course.sweep import evicted_sweep

OUTPUT = "my_output.txt"


EXERCISE = prediction(
    "What a restart elsewhere finds",
    2,
    notebook="04-restore",
    number=1,
    job=evicted_sweep,
    schedule="evict@2+130s",
    decisive=("started", 2),
    truth=lambda moments: (
        next(moment for moment in moments if moment.kind == "started" and moment.activation == 2)
        .directory.file(OUTPUT)
        .content.count(b"\n")
    ),
    told="The execution that was evicted had written iterations 4 and 5, into a sandbox that is gone. The new one "
    "begins with my_output.txt as it was in the checkpoint: iterations 1 to 3.",
    wrong={
        5: (
            "Five lines were in the old sandbox, which was deleted with all that had happened since the checkpoint.",
            "relies-on-leftovers",
        ),
        0: (
            "my_output.txt is in transfer_checkpoint_files, so that it does not begin empty elsewhere.",
            "output-not-in-checkpoint",
        ),
        12: ("There is no work between the start of a program and its first look at the files.", None),
        4: ("save_checkpoint(4) is called before the work of iteration 4.", None),
    }.get,
    hints=(
        "Which version of my_output.txt can get to another machine?",
        "Only what transfer_checkpoint_files lists, as it was when the program last left with 85.",
        "A checkpoint every 3 iterations: when execution 1 left, how many lines were written?",
    ),
)
