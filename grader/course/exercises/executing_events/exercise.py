"""What the job event log shows of a restart."""

from __future__ import annotations

from grader.course.prediction import prediction
from grader.course.sweep import evicted_sweep
from grader.rules.joblog import job_log

EXECUTING = 1
"""The number of the event that says: Job executing on host."""


EXERCISE = prediction(
    "What the log tells of a restart",
    1,
    notebook="10-for-real",
    number=1,
    job=evicted_sweep,
    schedule="evict@2+130s",
    decisive=("started", 2),
    truth=lambda moments: sum(event.number == EXECUTING for event in job_log(evicted_sweep(), moments)),
    told="There are two: one for each slot that the job was given. A program that left with 85 is started again in the same "
    "slot, of which the log says nothing: of a checkpoint it tells the transfer of the output files (040), and no more.",
    wrong={
        5: ("That is how often the program is started.", None),
        4: ("That is how often the program would be started without the eviction.", None),
        3: ("That is how often it saves.", None),
        1: ("After the eviction it runs in a slot again, of which the log tells.", None),
    }.get,
    hints=(
        "An event 001 says: Job executing on host. When does the job get to a host?",
        "It gets there when it is given a slot. Does it lose its slot when the program leaves with 85?",
        "It keeps its slot at a checkpoint, and loses it at an eviction. So: one slot, one eviction, another slot.",
    ),
    optional=True,
)
