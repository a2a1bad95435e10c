"""Notebook 02. Exercise `submit`: the student writes the submit file of a program that checkpoints itself."""

from __future__ import annotations

from collections.abc import Callable

from .. import submit
from ..rules.job import Job
from ..submit.reader import CAUTION, Submission
from ..submit.values import size
from ..text import series
from ..tree import File, Tree
from .checks import both, first_checkpoint, wrong
from .cures import submitting
from .exercise import Ask, Exercise, ExplorationCache, Question, Result, submission_of
from .prediction import prediction
from .sweep import SWEEP, asking, in_place, restart_safe, sweep

MODULE = '''\
"""Given: saves the next iteration in state/position.json, and leaves with exit code 85."""
import json
import os
import sys


def save_checkpoint(iteration):
    """Write the iteration that a restart begins with, and leave."""
    os.makedirs("state", exist_ok=True)
    with open("state/position.json", "w") as file:
        json.dump({"next": iteration}, file)
    sys.exit(85)


def restore_checkpoint(start, end):
    """The iteration to begin with: START if nothing usable was saved."""
    try:
        with open("state/position.json") as file:
            iteration = json.load(file)["next"]
    except (OSError, ValueError, KeyError):
        return start
    return iteration if start <= iteration <= end else start
'''
BEGUN = """\
executable = sweep.py
arguments  = 1 12
transfer_input_files = my_input.txt, checkpoint.py

# 1. Which exit code says "saved, start me again"?
# 2. Which files and directories are the checkpoint?
# 3. What comes home in the end?
# 4. What does a slot need to have?

log    = sweep.log
output = sweep.out
error  = sweep.err
queue
"""
MISSPELT = BEGUN.replace("# 1.", "checkpoint_exit_code = 85\ntransfer_checkpoint_files = state, my_ouput.txt\n# 1.")
K, M, G = 1 << 10, 1 << 20, 1 << 30
REQUESTS = {
    "request_cpus": (1, 1, 8, "asks for no processor", "the program uses one, and few slots have so many"),
    "request_memory": (
        M,
        16 * M,
        64 * G,
        "is less than Python alone needs, so that the job is killed, or held for it",
        "few slots have so much, if any, and the job would wait for one",
    ),
    "request_disk": (
        K,
        100 * K,
        100 * G,
        "is too little for the program, its output and the checkpoint",
        "few slots have so much, if any, and the job would wait for one",
    ),
}
"""What a slot needs to have: the unit of a bare number, the least and the most that make sense for this program, and
what is wrong with less and with more. (Pools that lend out slots advise jobs of one processor, some GB of memory, and no more
than 8, 40 and 10: there is room above.)"""
SAVED = "Exit code 85 is a checkpoint, and its files are saved"


def given() -> Tree:
    """The sweep with functions that work, and a submit file in which the best is missing."""
    return SWEEP.files().put("checkpoint.py", File(MODULE.encode())).put("sweep.sub", File(BEGUN.encode()))


def misspelt() -> Job:
    """The job whose submit file lists a file that never exists."""
    return submit.parse(MISSPELT, submit.TreeFolder(given()), name="sweep.sub").jobs[0]


def of_job(ask: Ask) -> Callable[[Submission, ExplorationCache], Result]:
    """A question about the one job of a submission."""
    return lambda submission, cache: ask(submission.jobs[0], cache)


def is_one_sweep(submission: Submission, cache: ExplorationCache) -> Result:
    """Whether the submit file queues the sweep, once and whole."""
    job = submission.jobs[0]
    if len(submission.jobs) > 1 or (job.executable, job.arguments) != ("sweep.py", ("1", "12")):
        return wrong("This submit file is for one job: `executable = sweep.py`, `arguments = 1 12`, one `queue`.")
    return Result(True, "")


def asks_for_enough(submission: Submission, cache: ExplorationCache) -> Result:
    """Whether the submit file says what a slot needs to have, and keeps a job event log."""
    places = {submission.place(name) for name in REQUESTS}
    cautions = [one for one in submission.remarks if one.kind == CAUTION and (one.file, one.line) in places]
    if cautions:
        return wrong(f"{cautions[0]}.")
    missing = [name for name in (*REQUESTS, "log") if not getattr(submission.jobs[0], name)]
    if missing:
        return wrong(f"{series(missing)} {'is' if len(missing) == 1 else 'are'} not in the submit file.")
    for name in REQUESTS:
        if why := _unfit(name, getattr(submission.jobs[0], name)):
            return wrong(f"{submission.place(name)}: {why}.")
    return Result(True, "processors, memory and disk are asked for, and there is a job event log")


def _unfit(name: str, asked: str) -> str:
    """What is wrong with the amount that is asked for; "" if nothing is, or if it is an expression."""
    unit, least, most, too_little, too_much = REQUESTS[name]
    amount = size(asked, unit)
    if amount is None or least <= amount <= most:
        return ""
    bare = asked.strip().isdigit() and unit > 1
    means = f" means {asked} {'KB' if unit == K else 'MB'}, which" if bare else ""
    if amount <= 0:
        return f"{name} = {asked} asks for none"
    return f"{name} = {asked}{means} {too_little}" if amount < least else f"{name} = {asked}: {too_much}"


MISSING_FILE = prediction(
    "missing_file",
    "A file that is listed and not there",
    2,
    job=misspelt,
    schedule="",
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
SUBMIT = Exercise(
    name="submit",
    title="Tell HTCondor about the checkpoint",
    submit_file="sweep.sub",
    settings=sweep,
    given=given,
    answers=("sweep.sub",),
    subject=submission_of,
    questions=(
        Question(
            SAVED,
            2,
            both(is_one_sweep, of_job(asking(first_checkpoint, 1, 12)), of_job(asking(in_place, 1, 12))),
            cures=submitting.CURES,
        ),
        Question(
            "Evicted at any time, any number of times, it ends right",
            3,
            of_job(asking(restart_safe, 1, 12)),
            rests_on=(SAVED,),
            cures=submitting.CURES,
        ),
        Question(
            "It asks for what it needs, and keeps a log", 1, asks_for_enough, rests_on=(SAVED,), cures=submitting.CURES
        ),
    ),
    hints=(
        "Four gaps. The first two make the checkpoint: checkpoint_exit_code and transfer_checkpoint_files.",
        "The program saves in state/position.json, and continues my_output.txt at each restart: both belong to the "
        "checkpoint. A directory is listed by its name.",
        "checkpoint_exit_code = 85, transfer_checkpoint_files = state, my_output.txt, transfer_output_files = "
        "my_output.txt, and request_cpus, request_memory, request_disk.",
    ),
)
