"""The student writes the submit file of a program that checkpoints itself."""

from __future__ import annotations

from collections.abc import Callable

from grader.course.checks import both, first_checkpoint, wrong
from grader.course.cures import submitting
from grader.course.exercise import Ask, Exercise, ExplorationCache, Question, Result, submission_of
from grader.course.sweep import SWEEP, asking, in_place, restart_safe, sweep
from grader.problems import CAUTION
from grader.submit.reader import Submission
from grader.submit.values import size
from grader.text import series

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
"""Command → the unit of a bare number, the least and the most that make sense for this program, and what is wrong with
less and with more. (Pools that lend out slots advise one processor and some GB of memory, and at most 8 processors, 40
GB of memory and 10 GB of disk: the most here is no less than that.)"""
SAVED = "Exit code 85 is a checkpoint, and its files are saved"


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


MISCONCEPTION_HINTS = {
    "checkpoint-not-transferred": {
        3: "The given functions save in the directory state. List `state`, beside my_output.txt."
    },
    "listed-file-missing": {
        3: "Two things are there when the program leaves with 85: the directory `state` and my_output.txt. List "
        "them under just these names."
    },
    "path-flattened": {
        3: "List the directory itself (`state`: no file in it, no slash behind it), or set "
        "preserve_relative_paths = True."
    },
    "wrong-exit-code": {3: "The given functions leave with 85: checkpoint_exit_code = 85."},
}
EXERCISE = Exercise(
    title="Tell HTCondor about the checkpoint",
    notebook="02-submit-file",
    number=2,
    submit_file="sweep.sub",
    files=SWEEP.files,
    settings=sweep,
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
    misconception_hints=MISCONCEPTION_HINTS,
)
