"""Where the stdout of a running program is."""

from __future__ import annotations

from collections.abc import Sequence

from grader.course.prediction import prediction
from grader.course.step_by_step import SCHEDULE, slides_job, the
from grader.rules.simulation import Moment
from grader.tree import Tree

# -- what really happens -----------------------------------------------------------


def where_printed(moments: Sequence[Moment]) -> str:
    """The letter of the directory in which the text of stdout is at step 3."""
    now = the(moments, "look")
    places = {"a": now.returned_files, "b": now.sandbox or Tree(), "c": now.spool}
    return next(
        (
            letter
            for letter, tree in places.items()
            if any("starting after" in file.text for path, file in tree.regular().items() if path != "my_software")
        ),
        "d",
    )


# -- the predictions ---------------------------------------------------------------

EXERCISE = prediction(
    "Step 3: where stdout is",
    2,
    notebook="05-step-by-step",
    number=1,
    job=slides_job,
    schedule=SCHEDULE,
    decisive=("look", 1),
    profile="slides2021",
    truth=where_printed,
    told="While the program runs, its stdout goes to _condor_stdout in the execute directory. zzz.out appears when the "
    "job has ended, and not before.",
    wrong={
        "a": ("The line output = zzz.out says what it will be called when it comes home.", None),
        "c": ("The spool directory is still empty: the program has not left with 85 yet.", None),
        "d": ("The job event log has HTCondor's lines, not the program's.", None),
    }.get,
    hints=(
        "Which machine does the program run on, and which directory can it write to?",
        "Files cross between the two machines at a start, at a checkpoint and at the end, and at no other time.",
        "In the list of step 4 there is a file whose name begins with an underscore.",
    ),
)
