"""The student runs the sweep on a real HTCondor, has it evicted there, and hands in its job event log."""

from __future__ import annotations

from collections.abc import Callable

from grader.course.checks import wrong
from grader.course.exercise import Exercise, ExplorationCache, Question, Result, UnusableAnswer
from grader.course.sweep import SWEEP
from grader.real_pool.log_summary import (
    NO_LOG,
    NOT_REAL,
    REAL,
    ExpectedSubmission,
    LogSummary,
    evicted,
    read_handed_in,
    saved,
    went_on,
    which,
)
from grader.rules.joblog import total_bytes
from grader.text import duration, plain, shorten
from grader.tree import Tree

LAST = 12
SECONDS = 15
"""Seconds that an iteration takes, which leaves time to look, and to evict."""
NOTES, NOBODY = f"sweep 1 {LAST}, ", "YOUR NAME"
LOG = "handed_in.log"
OF_THE_SWEEP = "It is the real log of this sweep"
SAVED = "A checkpoint came to the access point"
EVICTED = "The job was evicted"


def paced() -> Tree:
    """The sweep at a pace that a learner can follow."""
    return SWEEP.files().put("my_input.txt", SWEEP.with_settings(seconds=SECONDS))


def handed_in(exercise: Exercise, own: Tree) -> LogSummary:
    """The subject: what the log shows."""
    summary = read_handed_in(own.file(LOG).text, ExpectedSubmission(notes=NOTES))
    if summary.origin == NO_LOG:
        raise UnusableAnswer(NOT_REAL[NO_LOG])
    return summary


def is_of_the_sweep(summary: LogSummary, cache: ExplorationCache) -> Result:
    """Whether HTCondor wrote the log, and the log is of this job and says whose it is."""
    if summary.origin != REAL:
        return wrong(which(summary))
    for problem in (*summary.problems, *_other_job(summary)):
        return wrong(problem)
    name = summary.notes.removeprefix(NOTES).strip()
    if not name or NOBODY in name:
        return wrong(
            f"The notes of the job are “{plain(shorten(summary.notes, 80))}”: it does not say whose it is. Put your "
            f"name in the place of {NOBODY} in sweep.sub, and submit it again."
        )
    return Result(True, f"{which(summary)} It says that it is of {plain(shorten(name, 60))}.")


def _other_job(summary: LogSummary) -> list[str]:
    """Sentences on what the sweep would not have done: its files have a size, and its iterations take time."""
    files = paced()
    least = total_bytes(Tree({path: files[path] for path in ("sweep.py", "my_input.txt")}))
    first = summary.activations[0].received if summary.activations else None
    held = sum(one.ended - one.began for one in summary.activations if one.ended is not None)
    problems = []
    if first is not None and first < 0.9 * least:  # an earlier version of the course may have shorter files
        problems.append(f"{first} bytes were sent to its first sandbox; sweep.py and my_input.txt alone have {least}.")
    if summary.exit is not None and summary.exit.code == 0 and held < LAST * SECONDS:
        problems.append(
            f"It had slots for {duration(held)} in all; {LAST} iterations of {SECONDS} s take "
            f"{duration(LAST * SECONDS)}."
        )
    return problems


def shows(
    what: Callable[[LogSummary], bool], say: Callable[[LogSummary], str]
) -> Callable[[LogSummary, ExplorationCache], Result]:
    """A question: does the log show this? `say` makes a sentence about it from the log."""

    def ask(summary: LogSummary, cache: ExplorationCache) -> Result:
        return Result(True, say(summary)) if what(summary) else wrong(say(summary))

    return ask


EXERCISE = Exercise(
    title="Run it on a real pool",
    notebook="10-for-real",
    number=2,
    files=paced,
    optional=True,
    submit_file="sweep.sub",
    answers=(LOG,),
    subject=handed_in,
    questions=(
        Question(OF_THE_SWEEP, 1, is_of_the_sweep),
        Question(SAVED, 1, shows(lambda found: found.checkpoints > 0, saved), rests_on=(OF_THE_SWEEP,)),
        Question(
            EVICTED, 1, shows(lambda found: found.evictions > 0 or found.resumes > 0, evicted), rests_on=(OF_THE_SWEEP,)
        ),
        Question(
            "It went on from its checkpoint, and ended well",
            2,
            shows(lambda found: found.survived, went_on),
            rests_on=(SAVED, EVICTED),
        ),
    ),
    hints=(
        "The log is the file sweep.log, which HTCondor writes beside sweep.sub: all of it, from 000 to 005, when the job has "
        "ended.",
        "Wait for the first checkpoint before you evict: tail -f sweep.log shows a transfer of output files after 45 "
        "seconds. Then condor_vacate_job, and the number of the job.",
        "`python -m grader submit for_real/sweep.sub --evict 2` does all of it: it submits, evicts the second execution, "
        "and tells the story. The log is in for_real/sweep.log then.",
    ),
)
