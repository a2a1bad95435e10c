"""Run a job on a real HTCondor: submit it, evict it in the requested executions, and report it moment by moment.

life.py interprets its events.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from ..rules.eventlog import Event
from ..rules.job import Job
from ..rules.schedule import Fault, Schedule
from ..rules.simulation import Moment
from ..tree import TooLarge, Tree
from .life import JobHistory
from .log import read
from .personal_pool import PoolError
from .queue import HTCondor, JobId

PATIENCE = 20.0
"""Seconds that a job may be idle before we explain why."""
SILENCE = 2.0
"""Seconds without an event after which a finished output transfer counts as a checkpoint, not as the end."""
SETTLED = 1.0
"""Seconds that an execution may run before we evict it."""
LOG = "job.log"
"""The event log if the submit file names none."""


class JobKnowledge(Protocol):
    """What a run needs to know about its job and HTCondor does not report; see course/on_pool.py."""

    def endless(self, execution: int) -> bool: ...

    def missing(self, faults: Sequence[Fault]) -> tuple[str, ...]: ...


class RealRun:
    """One job on a real HTCondor, from its submission to its end."""

    def __init__(
        self,
        queue: HTCondor,
        job: Job,
        submit_file: Path,
        judge: JobKnowledge,
        faults: Schedule,
        patience: float = PATIENCE,
    ):
        self.queue, self.job, self.judge, self.patience = queue, job, judge, patience
        self.faults = {fault.execution: fault for fault in faults}
        """The faults still to come, by execution; of the kinds evict and vacate."""
        self.directory = submit_file.resolve().parent
        try:
            self.before = Tree.read(self.directory)
        except TooLarge as limit:
            raise PoolError(f"{self.directory} holds {limit}. Give the job a directory of its own.") from None
        self.place = queue.site.stage(self.directory)
        self.stamps = _stamps(self.place)
        self.log = self.place / (job.log or LOG)
        self.old = self.log.stat().st_size if self.log.exists() else 0  # HTCondor appends to a log
        self.id: JobId = queue.submit(self.place / submit_file.name, "" if job.log else LOG)
        self.life = JobHistory(job, self.returned_files, lambda: queue.spool(self.id) or Tree(), self.missing)
        self.events: list[Event] = []
        self.last_event = time.monotonic()
        self.explained = False
        self.copy: str = ""
        """The copy of the job's checkpoint, relative to the submit directory."""

    # -- the job's files and events ----------------------------------------------

    def returned_files(self) -> Tree:
        """The files returned to the submit directory so far, changed or not."""
        stamps = _stamps(self.place)
        return Tree(
            {
                path: entry
                for path, entry in Tree.read(self.place).items()
                if stamps.get(path) != self.stamps.get(path)
                and self.place / path != self.log
                and path.partition("/")[0] != str(self.id)
            }
        )

    def missing(self) -> tuple[str, ...]:
        return self.judge.missing(self.life.faults)

    def new_events(self) -> list[Event]:
        if not self.log.exists():
            return []
        with open(self.log, "rb") as log:
            log.seek(self.old)
            text = log.read().decode(errors="replace")
        mine = [event for event in read(text) if (event.cluster, event.proc) == (self.id.cluster, self.id.proc)]
        new = mine[len(self.events) :]
        self.events = mine
        return new

    # -- following it ------------------------------------------------------------

    def moments(self, say: Callable[[str], object] = lambda text: None) -> Iterator[Moment]:
        """The job's story as it happens. Closing the iterator early removes the job from the queue."""
        try:
            while not self.life.over:
                yield from self.listen()
                self.strike(say)
                if not self.life.over and self.judge.endless(self.life.now.execution):
                    yield self.life.now._replace(
                        kind="never finishes", text=f"it was started {self.life.now.execution} times"
                    )
                    return
                self.explain(say)
                time.sleep(0.1)
        finally:
            if self.life.now.kind not in ("ended", "removed"):
                self.queue.remove(self.id)
            for execution in self.faults:
                print(f"No eviction in execution {execution}: {self.why_not(execution)}.", file=sys.stderr)

    def listen(self) -> Iterator[Moment]:
        for event in self.new_events():
            self.last_event, self.explained = time.monotonic(), False
            for moment in self.life.hear(event):
                yield moment
                self.keep_checkpoint(moment)
        if time.monotonic() - self.last_event > SILENCE:
            for moment in self.life.silence():
                yield moment
                self.keep_checkpoint(moment)

    def strike(self, say: Callable[[str], object]) -> None:
        execution = self.life.executing
        if execution in self.faults and time.monotonic() - self.last_event > SETTLED:
            self.life.struck = self.faults.pop(execution).kind
            fast = self.life.struck == "evict"
            say(f"          condor_vacate_job {'-fast ' * fast}{self.id}, in execution {execution}\n")
            self.queue.vacate(self.id, fast=fast)

    def keep_checkpoint(self, moment: Moment) -> None:
        """Fetch a copy of the checkpoint from which an evicted job will resume."""
        if moment.kind == "evicted" and moment.spool and self.queue.fetch_checkpoint(self.id, self.place):
            self.copy = str(self.id)

    def explain(self, say: Callable[[str], object]) -> None:
        """Say why the job is still idle, once per idle period."""
        idle = self.life.now.kind in ("submitted", "evicted", "released", "requeued", "retried") and not self.life.group
        if idle and not self.explained and time.monotonic() - self.last_event > self.patience:
            self.explained = True
            print(
                f"The job has been idle for {self.patience:g} s. Ctrl-C removes it.",
                *self.queue.why_idle(self.id),
                sep="\n  ",
                file=sys.stderr,
                flush=True,
            )

    def why_not(self, execution: int) -> str:
        if execution > self.life.now.execution:
            return f"the job had only {self.life.now.execution}"
        return "it was over before the event log showed it"

    def bring_home(self) -> None:
        """Copy what has changed in a staged submit directory back to the learner's own."""
        if self.place != self.directory:
            Tree.read(self.place).changed_since(self.before).write(self.directory)


def _stamps(directory: Path) -> dict[str, tuple[int, int]]:
    """Modification time and inode of each file in a directory, which tell whether it has been written."""
    stamps = {}
    for path in directory.rglob("*"):
        status = path.lstat()
        if not path.is_dir():
            stamps[path.relative_to(directory).as_posix()] = (status.st_mtime_ns, status.st_ino)
    return stamps
