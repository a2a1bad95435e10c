"""A job queue at hand: submitting, disturbing, looking.

HTCondor drives it by the condor_* commands; Bindings, where HTCondor's Python bindings are installed,
by these. Where the queue is, says a Site: this machine's own, or the personal pool. What it is not:
a reader of event logs, or a judge.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..tree import TooLarge, Tree
from . import idle, personal_pool
from .personal_pool import PoolError

NO_HTCONDOR = (
    "There is no HTCondor here. Log in to an access point, or start a pool of your own: python3 lab.py pool up"
)


@dataclass(frozen=True)
class JobId:
    """A job in a queue."""

    cluster: int
    proc: int = 0

    def __str__(self) -> str:
        return f"{self.cluster}.{self.proc}"


class Site:
    """This machine's own HTCondor, as an ordinary user has it."""

    def command(self, words: Sequence[str], directory: Path | None) -> list[str]:
        """The command line that runs a condor_* command here."""
        return list(words)

    def client(self) -> None:
        """Make the bindings ready to be imported."""

    def network(self) -> AbstractContextManager[None]:
        """Where the queue can be reached."""
        return contextlib.nullcontext()

    def stage(self, directory: Path) -> Path:
        """A submit directory where the queue can read it: itself, or a copy."""
        return directory

    def workplace(self, directory: Path) -> Path:
        """A directory that jobs can be queued from, always the same for the same `directory`: itself, or another."""
        return directory

    def hand_over(self, place: Path) -> None:
        """Let the user that jobs are queued as have a directory and all that is in it."""

    def may_submit(self) -> None:
        """Raises PoolError if this user can't submit jobs, whatever they are."""
        if os.geteuid() == 0:
            raise PoolError("HTCondor takes no jobs from root. Run this as an ordinary user.")


class PersonalPool(Site):
    """The personal pool. Its tree has the same path inside as outside."""

    home = personal_pool.TREE / personal_pool.HOME[1:]

    def command(self, words: Sequence[str], directory: Path | None) -> list[str]:
        return personal_pool.enter(words, directory=str(directory or self.home))

    def client(self) -> None:
        os.environ["CONDOR_CONFIG"] = str(personal_pool.client_configuration())

    def network(self) -> AbstractContextManager[None]:
        return personal_pool.network()

    def stage(self, directory: Path) -> Path:
        return self.bring(Tree.read(directory), f"submitted/{directory.name}")

    def may_submit(self) -> None:
        """Its user is made for that."""

    def bring(self, tree: Tree, name: str) -> Path:
        """A new directory of the pool's user, with these contents. One of that name is replaced."""
        place = self.home / name
        shutil.rmtree(place, ignore_errors=True)
        tree.write(place)
        self.hand_over(place)
        return place

    def workplace(self, directory: Path) -> Path:
        return self.home / "work" / hashlib.sha256(str(directory).encode()).hexdigest()[:12]

    def hand_over(self, place: Path) -> None:
        who = personal_pool.id_of(personal_pool.USER)
        for path in (place, *place.rglob("*")):
            os.chown(path, who, who, follow_symlinks=False)


class HTCondor:
    """A queue, by the condor_* commands."""

    def __init__(self, site: Site):
        self.site = site

    def run(self, *command: str, directory: Path | None = None) -> str:
        """What a condor_* command prints. Raises PoolError, in the command's own words, if it fails."""
        try:
            done = subprocess.run(
                self.site.command(command, directory), capture_output=True, text=True, timeout=120, cwd=directory
            )
        except FileNotFoundError:
            raise PoolError(NO_HTCONDOR) from None
        if done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise PoolError(f"{command[0]} failed: {said}")
        return done.stdout

    def submit(self, submit_file: Path, log: str = "") -> JobId:
        """Put the job of a submit file into the queue. `log`: its event log, if the file names none."""
        added = ["-append", f"log = {log}"] if log else []
        said = self.run("condor_submit", "-terse", *added, submit_file.name, directory=submit_file.parent)
        match = re.search(r"^(\d+)\.(\d+) - ", said, re.MULTILINE)
        if not match:
            raise PoolError(f"condor_submit did not name a job: {said.strip()}")
        return JobId(int(match[1]), int(match[2]))

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

    def remove_cluster(self, cluster: int) -> None:
        """Take all jobs of a cluster out of the queue, and those that are not in it yet (max_idle)."""
        self.run("condor_rm", str(cluster))

    def clusters(self, which: str) -> list[int]:
        """The clusters with a job in the queue that a ClassAd expression is true of."""
        found = self.run("condor_q", "-allusers", "-constraint", which, "-af", "ClusterId")
        return sorted({int(number) for number in found.split()})

    def ad(self, job: JobId, *attributes: str) -> idle.Ad:
        """Attributes of the job's ClassAd in the queue; {} if it has left that."""
        ads: list[idle.Ad] = json.loads(
            self.run("condor_q", str(job), "-json", "-attributes", ",".join(attributes)) or "[]"
        )
        return ads[0] if ads else {}

    def why_idle(self, job: JobId) -> list[str]:
        """What keeps a job idle, in lines of text."""
        return self.run("condor_q", "-better-analyze", str(job)).splitlines()

    def spool(self, job: JobId) -> Tree | None:
        """The job's spool directory; None where this user may not look into it, or it has none."""
        try:
            return Tree.read(self._spool_directory(job))
        except (OSError, TooLarge):
            return None

    def fetch_checkpoint(self, job: JobId, directory: Path) -> Path | None:
        """Copy the job's spool into `directory`, below the job's number; None if there is nothing to copy.
        Only a command does that, no function of the bindings."""
        shutil.rmtree(directory / str(job), ignore_errors=True)
        try:
            self.run("condor_evicted_files", "get", str(job), directory=directory)
        except PoolError:  # HTCondor before 23.1 has no such command
            return None
        return directory / str(job)

    def _spool_directory(self, job: JobId) -> Path:
        top = Path(self.run("condor_config_val", "SPOOL").strip())
        if isinstance(self.site, PersonalPool):
            top = personal_pool.TREE / top.relative_to("/")
        return top / str(job.cluster % 10000) / str(job.proc % 10000) / f"cluster{job.cluster}.proc{job.proc}.subproc0"


class Bindings(HTCondor):
    """A queue, by HTCondor's own Python bindings. Raises ImportError where they are not installed."""

    def __init__(self, site: Site):
        super().__init__(site)
        site.client()
        import htcondor2

        self.api = htcondor2
        htcondor2.reload_config()

    @contextlib.contextmanager
    def _schedd(self) -> Iterator[Any]:
        """The queue, or PoolError in the words of the person who asks."""
        with self.site.network():
            try:
                collector = self.api.Collector()
                yield self.api.Schedd(collector.locate(self.api.DaemonType.Schedd))
            except self.api.HTCondorException as error:
                raise PoolError(in_words(str(error))) from None

    def submit(self, submit_file: Path, log: str = "") -> JobId:
        with contextlib.chdir(submit_file.parent), self._schedd() as schedd:
            try:
                description = self.api.Submit(submit_file.read_text())
            except ValueError as error:
                raise PoolError(f"{submit_file.name}: HTCondor does not understand it: {error}") from None
            if log:
                description["log"] = log
            done = schedd.submit(description)
        return JobId(done.cluster(), done.first_proc())

    def vacate(self, job: JobId, fast: bool = False) -> None:
        self._act(self.api.JobAction.VacateFast if fast else self.api.JobAction.Vacate, job)

    def hold(self, job: JobId) -> None:
        self._act(self.api.JobAction.Hold, job)

    def release(self, job: JobId) -> None:
        self._act(self.api.JobAction.Release, job)

    def remove(self, job: JobId) -> None:
        self._act(self.api.JobAction.Remove, job)

    def _act(self, action: object, job: JobId | int) -> None:
        with self._schedd() as schedd:
            done = schedd.act(action, [str(job)])
        if done.get("TotalPermissionDenied"):
            raise PoolError(f"Job {job} belongs to somebody else.")

    def remove_cluster(self, cluster: int) -> None:
        self._act(self.api.JobAction.Remove, cluster)

    def clusters(self, which: str) -> list[int]:
        with self._schedd() as schedd:
            return sorted({ad["ClusterId"] for ad in schedd.query(which, ["ClusterId"])})

    def ad(self, job: JobId, *attributes: str) -> idle.Ad:
        with self._schedd() as schedd:
            ads = schedd.query(f"ClusterId == {job.cluster} && ProcId == {job.proc}", list(attributes))
            return dict(ads[0]) if ads else {}

    def why_idle(self, job: JobId) -> list[str]:
        with self._schedd() as schedd:
            ads = schedd.query(f"ClusterId == {job.cluster} && ProcId == {job.proc}")
            slots = self.api.Collector().query(self.api.AdType.Startd)  # which are slots to every version
        return idle.reasons(ads[0], slots, evaluate) if ads else []


def evaluate(expression: str, mine: idle.Ad, target: idle.Ad) -> object:
    from classad2 import ClassAd, ExprTree

    return ExprTree(expression).eval(mine, target or ClassAd())


def in_words(error: str) -> str:
    """What went wrong between the bindings and the queue, and what can be done about it."""
    if "uthenticat" in error:
        return (
            "HTCondor's queue does not accept who you are. Run this on the access point itself, as the user "
            f"who may submit there. It said: {error}"
        )
    if re.search(r"locate|to connect|communicat|timeout|timed out", error, re.IGNORECASE):
        return f"The queue does not answer. Is HTCondor running? condor_status -schedd shows it. It said: {error}"
    return f"HTCondor refused: {error}"


def at_hand() -> HTCondor:
    """This machine's own HTCondor, else the personal pool if it is up. Raises PoolError if there is neither."""
    if personal_pool.own_htcondor():
        site = Site()
    elif personal_pool.process() is not None:
        site = PersonalPool()
    else:
        raise PoolError(NO_HTCONDOR)
    site.may_submit()
    try:
        return Bindings(site)
    except ImportError:  # they are there for Linux on common processors only; the commands do the same
        return HTCondor(site)
