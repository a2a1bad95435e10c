"""The student splits a sweep without checkpoints into short jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from grader.course.checks import wrong
from grader.course.exercise import Exercise, ExplorationCache, Question, Result, submission_of
from grader.course.sweep import SWEEP, sweep_output
from grader.rules.job import Job
from grader.rules.simulation import Outcome, outcome, simulate
from grader.submit.reader import Submission
from grader.text import as_sentence, count, plain, series, shorten
from grader.tree import Tree

LAST = 12
MOST_ITERATIONS = 3
"""The most iterations, of a minute each, that an eviction may cost."""
MOST_JOBS = 2 * LAST
SHORT = "Every job is short"
ONCE = "Together they compute every iteration once"


def are_short(submission: Submission, cache: ExplorationCache) -> Result:
    """Whether there are several jobs of the sweep, none longer than MOST_ITERATIONS."""
    jobs = submission.jobs
    if len(jobs) > MOST_JOBS:
        return wrong(f"The submit file queues {len(jobs)} jobs for {LAST} iterations.")
    for job in jobs:
        if job.executable != "sweep.py" or job.checkpoint_exit_code is not None:
            return wrong(
                "Keep `executable = sweep.py`, and no checkpoints here: these jobs are to be short instead.", job
            )
        asked = _asked(job)
        if asked is None:
            return wrong(
                f"Job {job.proc} has the arguments {_quoted(job)}; it takes two whole numbers from 1 to "
                f"{LAST}, START and END.",
                job,
            )
        if len(asked) > MOST_ITERATIONS:
            return wrong(
                f"Job {job.proc} has the iterations {asked[0]} to {asked[-1]}: {len(asked)} minutes, all of which "
                f"an eviction can cost. No job may have more than {MOST_ITERATIONS}.",
                job,
            )
    return Result(True, f"{count(len(jobs), 'job')}, none with more than {count(MOST_ITERATIONS, 'iteration')}")


def compute_once(submission: Submission, cache: ExplorationCache) -> Result:
    """Whether the jobs divide the sweep among them."""
    times = Counter(iteration for job in submission.jobs for iteration in _asked(job) or ())
    never = [str(one) for one in range(1, LAST + 1) if not times[one]]
    twice = [str(one) for one in range(1, LAST + 1) if times[one] > 1]
    if never:
        return wrong(f"No job has {'iteration' if len(never) == 1 else 'the iterations'} {series(never, LAST)}.")
    if twice:
        return wrong(
            f"More than one job has {'iteration' if len(twice) == 1 else 'the iterations'} {series(twice, LAST)}."
        )
    return Result(True, f"the iterations 1 to {LAST}, each in one job")


def keep_outputs_apart(submission: Submission, cache: ExplorationCache) -> Result:
    """Whether the results of all jobs are in the submit directory in the end."""
    returned_files = Tree()
    brought: dict[str, Job] = {}
    for job, end in _ends(submission, cache):
        if end.hold:
            return wrong(as_sentence(f"HTCondor puts job {job.proc} on hold: {end.hold.reason}"), job)
        lines = end.returned_files.without(filter(None, (job.output, job.error)))
        for path in lines:
            if path in brought:
                return wrong(
                    f"Job {brought[path].proc} and job {job.proc} both bring home {path}: the second one overwrites "
                    "the first.",
                    job,
                )
            brought[path] = job
        returned_files |= lines
    expected = set(sweep_output(1, LAST).file(SWEEP.output).content.splitlines())
    found = {line for file in returned_files.regular().values() for line in file.content.splitlines()}
    if missing := len(expected - found):
        return wrong(
            f"{count(missing, 'line')} of the {LAST} that the sweep makes did not come home.", submission.jobs[0]
        )
    return Result(True, f"{series(list(brought), 4)} have all {LAST} lines")


def _ends(submission: Submission, cache: ExplorationCache) -> Iterator[tuple[Job, Outcome]]:
    """How each job ends, run without a fault."""
    for job in submission.jobs:
        yield job, outcome(list(simulate(job, cache.executor)))


def _asked(job: Job) -> range | None:
    """The iterations of a job; None if its arguments make no sense."""
    if len(job.arguments) != 2 or not all(one.isascii() and one.isdigit() and len(one) < 4 for one in job.arguments):
        return None
    start, end = map(int, job.arguments)
    return range(start, end + 1) if 1 <= start <= end <= LAST else None


def _quoted(job: Job) -> str:
    return f"“{plain(shorten(' '.join(job.arguments), 40))}”"


EXERCISE = Exercise(
    title="Split the sweep into short jobs",
    notebook="01-evicted",
    number=2,
    submit_file="sweep.sub",
    files=SWEEP.files,
    answers=("sweep.sub",),
    subject=submission_of,
    questions=(
        Question(SHORT, 1, are_short),
        Question(ONCE, 1, compute_once, rests_on=(SHORT,)),
        Question("Every job's output is there in the end", 2, keep_outputs_apart, rests_on=(SHORT, ONCE)),
    ),
    hints=(
        "One submit file can queue many jobs: `queue VARIABLES from ( ... )` makes one of each line between the brackets.",
        "queue start, end from ( ... ) with lines like `1 3`, and arguments = $(start) $(end). Each job writes a "
        "my_output.txt: they have to come home under different names.",
        'transfer_output_remaps = "my_output.txt = my_output.$(Process).txt" gives each job\'s output its own name.',
    ),
)
