"""A job that is followed on a real HTCondor: submitted, evicted in the executions asked for, and told moment by moment.

What its events mean is life.py's business.
"""

from __future__ import annotations

import dataclasses
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
"""Seconds that a job may be idle before it is said why."""
SILENCE = 2.0
"""Seconds without an event after which a finished output transfer was a checkpoint: else the end follows."""
SETTLED = 1.0
"""Seconds that an execution is given to begin before it is struck."""
LOG = "job.log"
"""The event log of a job whose submit file names none."""


class JobKnowledge(Protocol):
    """What a run has to be told about the job that HTCondor does not say; see course/on_pool.py."""

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
        """Those that are still to come; of the kinds evict and vacate."""
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
        self.life = JobHistory(job, self.home, lambda: queue.spool(self.id) or Tree(), self.missing)
        self.events: list[Event] = []
        self.heard = time.monotonic()
        self.explained = False
        self.copy: str = ""
        """The copy of the job's checkpoint, relative to the submit directory."""

    # -- what there is -----------------------------------------------------------

    def home(self) -> Tree:
        """What has come into the submit directory so far; be it the same as what was there."""
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
        """The job's story as it happens. A job that this is stopped in is removed from the queue."""
        try:
            while not self.life.over:
                yield from self.listen()
                self.strike(say)
                if not self.life.over and self.judge.endless(self.life.now.execution):
                    yield dataclasses.replace(
                        self.life.now, kind="never finishes", text=f"it was started {self.life.now.execution} times"
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
            self.heard, self.explained = time.monotonic(), False
            for moment in self.life.hear(event):
                yield moment
                self.keep_checkpoint(moment)
        if time.monotonic() - self.heard > SILENCE:
            for moment in self.life.silence():
                yield moment
                self.keep_checkpoint(moment)

    def strike(self, say: Callable[[str], object]) -> None:
        execution = self.life.executing
        if execution in self.faults and time.monotonic() - self.heard > SETTLED:
            self.life.struck = self.faults.pop(execution).kind
            fast = self.life.struck == "evict"
            say(f"          condor_vacate_job {'-fast ' * fast}{self.id}, in execution {execution}\n")
            self.queue.vacate(self.id, fast=fast)

    def keep_checkpoint(self, moment: Moment) -> None:
        """Fetch a copy of the checkpoint that an evicted job will go on from."""
        if moment.kind == "evicted" and moment.spool and self.queue.fetch_checkpoint(self.id, self.place):
            self.copy = str(self.id)

    def explain(self, say: Callable[[str], object]) -> None:
        """Say why a job is still idle, once each time that it is."""
        idle = self.life.now.kind in ("submitted", "evicted", "released", "requeued", "retried") and not self.life.group
        if idle and not self.explained and time.monotonic() - self.heard > self.patience:
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
        return "it was over before the event log told of it"

    def bring_home(self) -> None:
        """Write what has changed in a copied submit directory into the learner's own."""
        if self.place != self.directory:
            Tree.read(self.place).changed_since(self.before).write(self.directory)


def _stamps(directory: Path) -> dict[str, tuple[int, int]]:
    """Path → what changes when a file is written, in a directory."""
    found = {}
    for path in directory.rglob("*"):
        status = path.lstat()
        if not path.is_dir():
            found[path.relative_to(directory).as_posix()] = (status.st_mtime_ns, status.st_ino)
    return found
