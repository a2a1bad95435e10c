"""Grades many submissions as HTCondor jobs: `python -m grader grade submitted/ --on htcondor`.

One submission is one job, and a class is one cluster. A job brings everything it needs: this package, the programs of
the course, and the answers, which are read from the notebooks here. So an execution point needs only Python 3.11, and
sees no names. A result is accepted only if it is a grade of that submission by this rubric. job.py is what a job runs.
"""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TextIO

from ..course.catalogue import EXERCISES
from ..execute.scratch import content, text
from ..files import write_whole
from ..real_pool import queue as queues
from ..real_pool.life import exit_of
from ..real_pool.log import GrowingLog
from ..real_pool.personal_pool import PoolError
from ..real_pool.queue import HTCondor, JobId
from ..rules.eventlog import Event
from ..text import as_sentence, count, plain, shorten
from . import pages
from .collect import HandIn
from .job import NO_SANDBOX
from .judge import Grade, Graded, OutOfTime, at_most, libraries, sources
from .store import Settings, StoreEntry, final_grade, key_of, read

ATTEMPTS = 3
"""How often a submission is queued, at most, until its result is a grade."""
RETRIES = 3
"""How often HTCondor restarts a failed job, and releases a held one."""
RESTED = 60
"""Seconds that a job is on hold before it is released."""
PATIENCE = 120.0
"""Seconds beyond a submission's budget after which HTCondor removes its job."""
MOST_IDLE = 500
"""The most jobs that wait for a slot at a time; HTCondor creates the others as these start."""
SILENCE = 60.0
"""Seconds without an event, after which the queue is asked whether the jobs still exist, and why they wait."""
MOST_BYTES = 32 << 20
"""The most bytes of a grade; a grade for the whole course has a few hundred kilobytes."""

EXECUTABLE = """\
#!/bin/sh
# Grades one submission with the newest Python that is here. See grader/grading/job.py.
: > grade.json
export PATH="${PATH:-/usr/local/bin:/usr/bin:/bin}"  # which a job may not have
for python in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
        mkdir course && tar -xzf course.tar.gz -C course && cd course || exit 1
        exec "$python" -E -s -m grader.grading.job "../$1" ../seed ../grade.json $2
    fi
done
echo "$(hostname) has no Python 3.11 or newer" >&2
exit 1
"""
SUBMIT = """\
universe = vanilla
batch_name = grading
executable = grade.sh
arguments = "$(key) {options}"
transfer_input_files = course.tar.gz, seed, submissions/$(key)
transfer_output_files = grade.json
transfer_output_remaps = "grade.json = results/$(key)"
should_transfer_files = YES
when_to_transfer_output = ON_EXIT
error = errors/$(key)
log = {log}

# A program's limits (1 GB of memory, 16 MB of disk), and room for the judge.
request_cpus = 1
request_memory = 1792MB
request_disk = 512MB

# Failed jobs are retried, on another machine if there is one; jobs that take too long are removed.
max_retries = {retries}
job_machine_attrs = Machine
rank = TARGET.Machine =!= MachineAttrMachine0
periodic_release = HoldReasonCode =!= 1 && NumHolds <= {retries} && time() - EnteredCurrentStatus > {rested}
periodic_remove = (JobStatus == 2 && time() - EnteredCurrentStatus > {seconds:.0f}) || \
(JobStatus == 5 && HoldReasonCode =!= 1 && NumHolds > {retries})

max_idle = {idle}
{most}
+GradedClass = "{mark}"
queue key from {items}
"""


def grade_all(
    handed: Sequence[HandIn],
    settings: Settings,
    jobs: int | None,
    require_sandbox: bool,
    say: TextIO,
    at_hand: Callable[[], HTCondor] | None = None,
) -> Generator[tuple[int, StoreEntry], None, None]:
    """Grade all as jobs of the queue at hand, at most `jobs` at a time. Yields (index, outcome) as they finish.

    Leaves no jobs in the queue, however it ends. If removing them fails, the next run does it, and uses the results
    that have arrived meanwhile. Raises PoolError.
    """
    pending: dict[str, list[int]] = {}  # equal submissions share a job
    folder = (settings.store / "htcondor").resolve()
    shutil.rmtree(folder / "submissions", ignore_errors=True)
    for index, hand_in in enumerate(handed):
        outcome, answers = _stored(hand_in, settings)
        if answers:
            pending.setdefault(outcome.key, []).append(index)
            write_whole(folder / "submissions" / outcome.key, answers)
        else:
            yield index, outcome
    if not pending:
        return
    try:
        queue = (at_hand or queues.at_hand)()
    except PoolError:
        shutil.rmtree(folder / "submissions")
        raise
    work = Work(folder, settings, queue, jobs, require_sandbox, say)
    for key, outcome in work.outcomes(list(pending)):
        for index in pending[key]:
            yield index, outcome


def _stored(handed: HandIn, settings: Settings) -> tuple[StoreEntry, bytes]:
    """The outcome so far, and the answers for the judge, as JSON; b"" if they are graded already or can't be read."""
    try:
        with at_most(settings.seconds):
            answers = read(handed)
    except OutOfTime:
        return StoreEntry(problem="Reading what was handed in took too long."), b""
    except Exception as error:  # one submission must not stop the others
        return StoreEntry(problem=f"It could not be read ({type(error).__name__}: {error})."), b""
    key = key_of(answers, settings.seed)
    if final_grade(settings.store / key) is not None:
        return StoreEntry(key, again=True), b""
    return StoreEntry(key), answers.to_json()


def is_grade(data: bytes, key: str) -> bool:
    """Whether these bytes are a grade, of the submission and by the rubric in `key`, the name of the grade file."""
    try:
        grade = Grade.from_json(data)
        pages.student("", grade)
        return (
            f"{grade.submission}-{grade.rubric}.json" == key
            and grade.to_json() == data
            and [(graded.exercise, graded.maximum) for graded in grade.exercises]
            == [(exercise.name, exercise.maximum) for exercise in EXERCISES.values()]
            and all(
                isinstance(graded.points, (int, float))
                and 0 <= graded.points <= graded.maximum
                and all(isinstance(getattr(graded, name), str) for name in _TEXTS)
                for graded in grade.exercises
            )
        )
    except Exception:  # the data comes from another machine, so it may be anything
        return False


_TEXTS = [field.name for field in fields(Graded) if field.type == "str"]


def mark(place: Path) -> str:
    """The mark on all jobs that are queued from a directory, in this run or an earlier one."""
    return hashlib.sha256(str(place).encode()).hexdigest()[:16]


@dataclass
class Work:
    """Grades a class through a queue."""

    folder: Path
    """Where its files are created; jobs may be submitted from a copy elsewhere."""
    settings: Settings
    queue: HTCondor
    jobs: int | None
    require_sandbox: bool
    say: TextIO
    unconfined: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.place = self.queue.site.workplace(self.folder)
        self.mark = mark(self.place)

    def outcomes(self, keys: Sequence[str]) -> Iterator[tuple[str, StoreEntry]]:
        """Yields (key, outcome) of each submission as it finishes. Raises PoolError."""
        undone = dict.fromkeys(keys, "")  # key → the problem of the last attempt
        for key in keys:
            if self._take(key):
                del undone[key]
                yield key, StoreEntry(key)
        self._remove_jobs()
        self._lay_out()
        finished = False
        try:
            for attempt in range(ATTEMPTS):
                again = {}
                for key, problem, final in self._follow(attempt, list(undone)) if undone else ():
                    if not problem or final:
                        yield key, StoreEntry(key if not problem else "", problem=problem)
                    else:
                        again[key] = problem
                undone = again
            finished = True
        finally:
            self._leave(finished)
        for key, problem in undone.items():
            yield key, StoreEntry(problem=problem)
        for reason, number in self.unconfined.items():
            self._print(f"{count(number, 'submission')} graded where {reason}; see docs/security.md.")

    @property
    def _mine(self) -> str:
        return f'GradedClass =?= "{self.mark}"'

    def _remove_jobs(self) -> None:
        for cluster in self.queue.clusters(self._mine):
            self.queue.remove_cluster(cluster)

    # -- input of the jobs -------------------------------------------------------

    def _lay_out(self) -> None:
        """Create the directory that the jobs are queued from, closed to other users."""
        submissions = self.folder / "submissions"
        place = self.place
        if place != self.folder:
            shutil.rmtree(place, ignore_errors=True)
            place.parent.mkdir(exist_ok=True)
            shutil.copytree(submissions, place / "submissions")
        place.chmod(0o700)
        for name in ("results", "errors"):
            shutil.rmtree(place / name, ignore_errors=True)
            (place / name).mkdir()
        for log in place.glob("events-*"):
            log.unlink()
        (place / "seed").write_text(self.settings.seed, encoding="utf-8")
        (place / "grade.sh").write_text(EXECUTABLE)
        (place / "grade.sh").chmod(0o755)
        pack(place / "course.tar.gz")

    def _queue(self, attempt: int, keys: Sequence[str]) -> tuple[JobId, GrowingLog]:
        """Queue a cluster with a job for each key."""
        log, items, submit_file = (self.place / f"{name}-{attempt}" for name in ("events", "items", "submit"))
        items.write_text("".join(f"{key}\n" for key in keys))
        submit_file.write_text(
            SUBMIT.format(
                options="--require-sandbox" if self.require_sandbox else "",
                log=log.name,
                items=items.name,
                retries=RETRIES,
                rested=RESTED,
                seconds=self.settings.seconds * len(EXERCISES) + PATIENCE,
                idle=MOST_IDLE,
                most=f"max_materialize = {self.jobs}" if self.jobs else "",
                mark=self.mark,
            )
        )
        self.queue.site.hand_over(self.place)
        return self.queue.submit(submit_file), GrowingLog(log)

    def _leave(self, finished: bool) -> None:
        """Remove unfinished jobs from the queue, and the files."""
        try:
            if not finished:
                self._remove_jobs()
                self._print("The unfinished jobs were removed from the queue.")
        except PoolError as trouble:
            self._print(
                f"Jobs may be left in the queue ({trouble}). The next run removes them, or you can, with: "
                f"condor_rm -constraint '{self._mine}'"
            )
            return
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- results -----------------------------------------------------------------

    def _follow(self, attempt: int, keys: Sequence[str]) -> Iterator[tuple[str, str, bool]]:
        """Queue jobs, and yield (key, problem, whether that is final) of each job that has ended."""
        first, log = self._queue(attempt, keys)
        left, held = dict(enumerate(keys)), {}
        heard, asked = time.monotonic(), False
        while left:
            events = [event for event in log.new() if event.cluster == first.cluster and event.proc in left]
            for event in events:
                if event.number == 12:
                    held[event.proc] = event.body[0] if event.body else "no reason was given"
                elif event.number == 1:
                    held.pop(event.proc, None)
                elif event.number in (5, 9) and event.proc in left:
                    key = left.pop(event.proc)
                    yield key, *self._end(key, event, held.get(event.proc))
            if events:
                heard, asked = time.monotonic(), False
            elif time.monotonic() - heard > SILENCE and not asked:
                asked = True
                if not self.queue.clusters(self._mine):
                    for key in left.values():
                        yield key, "Its job has left HTCondor's queue for an unknown reason.", True
                    return
                self._why(first, left, held)
            time.sleep(0.2)

    def _end(self, key: str, event: Event, held: str | None) -> tuple[str, bool]:
        """The problem with a job that has ended, '' if it returned a grade, and whether that is final."""
        if event.number == 9:
            why = "\n".join(event.body)
            if held:
                return as_sentence(f"HTCondor put its job on hold again and again: {_words(held)}"), True
            if "PeriodicRemove" in why:
                return "Grading it took too long, and its job was removed.", True
            return f"Its job was removed from HTCondor's queue ({_words(why)}).", True
        errors = text(self.place / "errors" / key, 1 << 16).splitlines()
        if exit_of(event).code != 0:
            why = _words(errors[-1]) if errors else f"its job ended with {exit_of(event)}"
            return as_sentence(f"It could not be graded in {RETRIES + 1} tries: {why}"), True
        if not self._take(key):
            return f"Its job returned something other than a grade, {ATTEMPTS} times.", False
        self.unconfined.update(line for line in errors if line == NO_SANDBOX)
        return "", True

    def _take(self, key: str) -> bool:
        """Store the result of a job, if it is a grade."""
        data = content(self.place / "results" / key, MOST_BYTES)
        if not is_grade(data, key):
            return False
        write_whole(self.settings.store / key, data)
        return True

    def _why(self, first: JobId, left: dict[int, str], held: dict[int, str]) -> None:
        """Print why nothing happens."""
        if held:
            self._print(
                as_sentence(
                    f"{count(len(held), 'job')} on hold, among them {first.cluster}.{min(held)}: {_words(held[min(held)])}"
                )
            )
            return
        reasons = self.queue.why_idle(JobId(first.cluster, min(left)))
        self._print("\n  ".join([f"Nothing has happened for {SILENCE:g} s. Ctrl-C removes the jobs.", *reasons]))

    def _print(self, text: str) -> None:
        """Print text below the progress line."""
        print("\n" * self.say.isatty() + text, file=self.say)


def pack(path: Path) -> None:
    """Write an archive of everything that grades depend on, except Python itself."""
    with tarfile.open(path, "w:gz") as archive:
        for name, file in (*sources(), *libraries()):
            archive.add(file, name)


def _words(text: str) -> str:
    return plain(shorten(" ".join(text.split()), 300)).rstrip(".")
