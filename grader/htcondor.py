"""A submit directory on a real HTCondor: submitting, disturbing, looking, by the condor_* commands.

The pool is this machine's own HTCondor or the personal pool (personal_pool.py). What it is not:
the simulator (which it shares only values with), or a judge. At its end: `python -m grader submit`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from . import personal_pool
from .personal_pool import Trouble
from .simulator import submit as submit_files
from .simulator.eventlog import Event
from .simulator.tree import Tree

PATIENCE = 120
"""Seconds that a job may be idle before that is remarked on."""


@dataclass(frozen=True)
class JobId:
    """A job in a queue."""

    cluster: int
    proc: int = 0

    def __str__(self) -> str:
        return f"{self.cluster}.{self.proc}"


class HTCondor:
    """The HTCondor of this machine, as an ordinary user has it: what is on PATH asks the queue at hand."""

    home: Path | None = None
    """Where submit directories have to be; None: anywhere."""

    def run(self, *command: str, directory: Path | None = None) -> str:
        """What a condor_* command prints. Raises Trouble, in the command's own words, if it fails."""
        try:
            done = subprocess.run(self._command(command, directory), capture_output=True, text=True,
                                  timeout=120, cwd=None if self.home else directory)
        except FileNotFoundError:
            raise Trouble(f"There is no {command[0]} here. Log in to an access point, or start a pool of "
                          "your own: python3 lab.py pool up") from None
        if done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise Trouble(f"{command[0]} failed: {said}")
        return done.stdout

    def _command(self, command: Sequence[str], directory: Path | None) -> list[str]:
        return list(command)

    # -- one job ---------------------------------------------------------------

    def submit(self, submit_file: Path, *more: str) -> JobId:
        """Put the job of a submit file into the queue. `more`: lines added to the file."""
        added = [word for line in more for word in ("-append", line)]
        said = self.run("condor_submit", "-terse", *added, submit_file.name, directory=submit_file.parent)
        found = re.search(r"^(\d+)\.(\d+) - ", said, re.MULTILINE)
        if not found:
            raise Trouble(f"condor_submit did not name a job: {said.strip()}")
        return JobId(int(found[1]), int(found[2]))

    def vacate(self, job: JobId, fast: bool = False) -> None:
        """Evict the job; with `fast` it gets no SIGTERM."""
        self.run("condor_vacate_job", *(["-fast"] if fast else []), str(job))

    def hold(self, job: JobId) -> None:
        """condor_hold."""
        self.run("condor_hold", str(job))

    def release(self, job: JobId) -> None:
        """condor_release."""
        self.run("condor_release", str(job))

    def remove(self, job: JobId) -> None:
        """Take the job out of the queue."""
        self.run("condor_rm", str(job))

    def ad(self, job: JobId, *attributes: str) -> dict:
        """Attributes of the job's ClassAd, from the queue or, when it has left that, from the history."""
        wanted = ["-json", "-attributes", ",".join(attributes)]
        for command in (["condor_q", str(job)], ["condor_history", str(job), "-limit", "1"]):
            found = json.loads(self.run(*command, *wanted) or "[]")
            if found:
                return found[0]
        return {}

    def spool(self, job: JobId) -> Tree | None:
        """The job's spool directory; None where this user may not look into it, or it has none."""
        place = self._spool_directory(job)
        try:
            return Tree.read(place)
        except OSError:
            return None

    def _spool_directory(self, job: JobId) -> Path:
        top = self.run("condor_config_val", "SPOOL").strip()
        return _below_spool(Path(top), job)


class PersonalPool(HTCondor):
    """The personal pool; its submit directories are in its own tree."""

    home = personal_pool.TREE / personal_pool.HOME[1:]

    def _command(self, command: Sequence[str], directory: Path | None) -> list[str]:
        where = "/" + str((directory or self.home).relative_to(personal_pool.TREE))
        return personal_pool.enter(command, directory=where)

    def _spool_directory(self, job: JobId) -> Path:
        return _below_spool(personal_pool.TREE / "var/spool/condor", job)

    def bring(self, tree: Tree, name: str) -> Path:
        """A new directory of the pool's user, with these contents. One of that name is replaced."""
        place = self.home / name
        shutil.rmtree(place, ignore_errors=True)
        tree.write(place)
        who = personal_pool.id_of(personal_pool.USER)
        for path in (place, *place.rglob("*")):
            os.chown(path, who, who, follow_symlinks=False)
        return place


def at_hand() -> HTCondor:
    """This machine's own HTCondor, else the personal pool if it is up. Raises Trouble if there is neither."""
    if personal_pool.own_htcondor():
        return HTCondor()
    if personal_pool.process() is None:
        raise Trouble("There is no HTCondor here. Log in to an access point, or start a pool of your own: "
                      "python3 lab.py pool up")
    return PersonalPool()


def _below_spool(top: Path, job: JobId) -> Path:
    return (top / str(job.cluster % 10000) / str(job.proc % 10000)
            / f"cluster{job.cluster}.proc{job.proc}.subproc0")


# -- the job event log -----------------------------------------------------------------

_HEADER = re.compile(r"(\d{3}) \((\d+)\.(\d+)\.\d+\) (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)?Z? (.*)")


def read_log(text: str) -> Iterator[Event]:
    """The events of a job event log; one that is still being written is left out."""
    for entry in text.split("\n...\n")[:-1]:
        head, *body = entry.strip("\n").split("\n")
        if found := _HEADER.fullmatch(head):
            number, cluster, proc, when, words = found.groups()
            moment = datetime.fromisoformat(when).replace(tzinfo=timezone.utc)
            yield Event(int(number), int(cluster), int(proc), moment.timestamp(), words,
                        tuple(line.removeprefix("\t") for line in body))


# -- python -m grader submit -----------------------------------------------------------


@dataclass
class Progress:
    """How a job has fared so far, by its event log."""

    events: list[Event] = dataclasses.field(default_factory=list)

    def count(self, number: int, words: str = "") -> int:
        return sum(event.number == number and event.text.startswith(words) for event in self.events)

    @property
    def execution(self) -> int:
        """Which execution of the program it is in: one for each 001, and one after each checkpoint."""
        return self.count(1) + self.count(40, "Finished transferring output")

    @property
    def checkpoints(self) -> int:
        """Output transfers that did not belong to the end."""
        return self.count(40, "Finished transferring output") - self.count(5)

    @property
    def running(self) -> bool:
        """Whether the program is in a slot."""
        return self.count(1) > self.count(4) and not self.over

    @property
    def over(self) -> Event | None:
        """The event that ended the job, or put it on hold for another reason than the user's own."""
        return next((event for event in self.events if event.number in (5, 9, 12)), None)

    def facts(self) -> dict:
        """It all in numbers, as --json prints it."""
        end = self.over
        text = "\n".join(end.body) if end else ""
        code, signal = re.search(r"return value (\d+)", text), re.search(r"\(signal (\d+)\)", text)
        hold = re.search(r"Code (-?\d+) Subcode (-?\d+)", text) if end and end.number == 12 else None
        return {
            "status": {5: "completed", 9: "removed", 12: "held"}[end.number] if end else "unfinished",
            "exit_code": int(code[1]) if code else None,
            "exit_signal": int(signal[1]) if signal else None,
            "hold_code": int(hold[1]) if hold else None,
            "hold_subcode": int(hold[2]) if hold else None,
            "hold_reason": end.body[0] if hold else None,
            "activations": self.count(1),
            "checkpoints": self.checkpoints,
            "evictions": self.count(4),
            "events": [dataclasses.asdict(event) for event in self.events],
        }


def command_submit(options: argparse.Namespace) -> int:
    """Submit for real, evict in the executions asked for, tell what the event log says.

    Exit status: 0 completed with exit code 0; 1 any other end. Raises Trouble and SubmitError.
    """
    jobs = submit_files.read(options.submit_file).jobs
    if len(jobs) > 1:
        raise Trouble(f"{options.submit_file} queues {len(jobs)} jobs; this follows one. "
                      "Write `queue` alone.")
    pool = at_hand()
    directory = options.submit_file.resolve().parent
    place, before = directory, Tree()
    if isinstance(pool, PersonalPool):
        before = Tree.read(directory)
        place = pool.bring(before, f"submitted/{directory.name}")
    log = jobs[0].log or "job.log"
    (place / log).unlink(missing_ok=True)
    job = pool.submit(place / options.submit_file.name, *([] if jobs[0].log else [f"log = {log}"]))
    say = (lambda text: None) if options.json else (lambda text: print(text, flush=True))
    say(f"Job {job} is in the queue.")
    try:
        progress = _follow(pool, job, place / log, set(options.evict), say)
    except KeyboardInterrupt:
        pool.remove(job)
        raise
    if progress.over.number == 12:
        pool.remove(job)
    if place != directory:
        Tree.read(place).changed_since(before).write(directory)
    facts = progress.facts()
    print(json.dumps(facts) if options.json else _ending(facts, options.submit_file))
    return 0 if facts["exit_code"] == 0 else 1


def _follow(pool: HTCondor, job: JobId, log: Path, evict: set[int], say) -> Progress:
    """Tell each event as it comes, and evict in the executions named, until the job is over."""
    progress, changed, remarked = Progress(), time.monotonic(), False
    while not progress.over:
        events = list(read_log(log.read_text())) if log.exists() else []
        for event in events[len(progress.events):]:
            changed, remarked = time.monotonic(), False
            if event.number != 6:
                when = datetime.fromtimestamp(event.time, timezone.utc)
                say(f"{when:%H:%M:%S}  {event.text.split(': <')[0]}")
        progress.events = events
        if progress.running and progress.execution in evict:
            evict.discard(progress.execution)
            say(f"          evicting it in execution {progress.execution}: condor_vacate_job -fast {job}")
            pool.vacate(job, fast=True)
        if not (progress.running or progress.over or remarked) and time.monotonic() - changed > PATIENCE:
            remarked = True
            print(f"The job is idle for {PATIENCE} s. Why: condor_q -better-analyze {job}", file=sys.stderr)
        time.sleep(0.1)
    for execution in sorted(evict):
        print(f"No eviction in execution {execution}: the job had fewer.", file=sys.stderr)
    return progress


def _ending(facts: dict, submit_file: Path) -> str:
    counts = ", ".join(f"{facts[what]} {what}" for what in ("activations", "checkpoints", "evictions"))
    if facts["status"] == "held":
        remedy = ("HTCondor does not say which file was missing; this does: "
                  f"python -m grader simulate {submit_file}" if facts["hold_code"] in (12, 36) else "")
        return f"held, code {facts['hold_code']}: {facts['hold_reason']}\n{remedy}\n{counts}"
    code, signal = facts["exit_code"], facts["exit_signal"]
    how = f"exit code {code}" if code is not None else f"signal {signal}"
    return f"{facts['status']}, {how}; {counts}"
