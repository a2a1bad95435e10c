"""A real job queue: submit, evict, hold and inspect jobs.

The class HTCondor uses the condor_* commands, Bindings the Python bindings where they are installed. A Site is the
place of the queue: this machine's own HTCondor, or the personal pool.
"""

from __future__ import annotations

import contextlib
import functools
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
    """This machine's own HTCondor, for an ordinary user."""

    def command(self, words: Sequence[str], directory: Path | None) -> list[str]:
        """The command line that runs a condor_* command here."""
        return list(words)

    def client(self) -> None:
        """Prepare the environment for importing the bindings."""

    def network(self) -> AbstractContextManager[None]:
        """A context in which the queue can be reached."""
        return contextlib.nullcontext()

    def stage(self, directory: Path) -> Path:
        """A submit directory that the queue can read: `directory` itself, or a copy."""
        return directory

    def workplace(self, directory: Path) -> Path:
        """The directory from which to queue jobs for `directory`: `directory` itself, or the one place that stands for it."""
        return directory

    def hand_over(self, place: Path) -> None:
        """Give a directory and its contents to the user who submits the jobs."""

    def may_submit(self) -> None:
        """Raises PoolError if this user can't submit jobs at all."""
        if os.geteuid() == 0:
            raise PoolError("HTCondor accepts no jobs from root. Run this as an ordinary user.")


class PersonalPool(Site):
    """The personal pool. Paths into its tree are the same inside and outside."""

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
        """Never refuses: the pool's own user may always submit."""

    def bring(self, tree: Tree, name: str) -> Path:
        """A new directory of the pool's user, with these contents. Replaces a directory of that name."""
        place = self.home / name
        shutil.rmtree(place, ignore_errors=True)
        tree.write(place)
        self.hand_over(place)
        return place

    def workplace(self, directory: Path) -> Path:
        return self.home / "work" / hashlib.sha256(str(directory).encode()).hexdigest()[:12]

    def hand_over(self, place: Path) -> None:
        user = personal_pool.id_of(personal_pool.USER)
        for path in (place, *place.rglob("*")):
            os.chown(path, user, user, follow_symlinks=False)


class HTCondor:
    """A queue, through the condor_* commands."""

    def __init__(self, site: Site):
        self.site = site

    def run(self, *command: str, directory: Path | None = None) -> str:
        """The output of a condor_* command. Raises PoolError with the command's own message if it fails."""
        try:
            done = subprocess.run(
                self.site.command(command, directory), capture_output=True, text=True, timeout=120, cwd=directory
            )
        except FileNotFoundError:
            raise PoolError(NO_HTCONDOR) from None
        if done.returncode:
            message = (done.stderr or done.stdout).strip()
            raise PoolError(f"{command[0]} failed: {message}")
        return done.stdout

    def submit(self, submit_file: Path, log: str = "") -> JobId:
        """Submit the job of a submit file. `log`: its event log, if the file names none."""
        options = ["-append", f"log = {log}"] if log else []
        reply = self.run("condor_submit", "-terse", *options, submit_file.name, directory=submit_file.parent)
        match = re.search(r"^(\d+)\.(\d+) - ", reply, re.MULTILINE)
        if not match:
            raise PoolError(f"condor_submit did not name a job: {reply.strip()}")
        return JobId(int(match[1]), int(match[2]))

    def vacate(self, job: JobId, fast: bool = False) -> None:
        """Evict the job; with `fast` it gets no SIGTERM."""
        self.run("condor_vacate_job", *(["-fast"] if fast else []), str(job))

    def hold(self, job: JobId) -> None:
        """Hold the job."""
        self.run("condor_hold", str(job))

    def release(self, job: JobId) -> None:
        """Release the held job."""
        self.run("condor_release", str(job))

    def remove(self, job: JobId) -> None:
        """Remove the job from the queue."""
        self.run("condor_rm", str(job))

    def remove_cluster(self, cluster: int) -> None:
        """Remove all jobs of a cluster from the queue, including those that are yet to enter it (max_idle)."""
        self.run("condor_rm", str(cluster))

    def clusters(self, constraint: str) -> list[int]:
        """The clusters in the queue with a job for which a ClassAd expression is true."""
        reply = self.run("condor_q", "-allusers", "-constraint", constraint, "-af", "ClusterId")
        return sorted({int(number) for number in reply.split()})

    def ad(self, job: JobId, *attributes: str) -> idle.Ad:
        """Attributes of the job's ClassAd in the queue; {} if it has left the queue."""
        ads: list[idle.Ad] = json.loads(
            self.run("condor_q", str(job), "-json", "-attributes", ",".join(attributes)) or "[]"
        )
        return ads[0] if ads else {}

    def why_idle(self, job: JobId) -> list[str]:
        """What keeps a job idle, in lines of text."""
        return self.run("condor_q", "-better-analyze", str(job)).splitlines()

    def spool(self, job: JobId) -> Tree | None:
        """The contents of the job's spool directory; None if it does not exist or this user may not read it."""
        try:
            return Tree.read(self._spool_directory(job))
        except (OSError, TooLarge):
            return None

    def fetch_checkpoint(self, job: JobId, directory: Path) -> Path | None:
        """Copy the job's spool into a directory with the job's number in `directory`; None if there is nothing to copy.
        The bindings have no function for that."""
        shutil.rmtree(directory / str(job), ignore_errors=True)
        try:
            self.run("condor_evicted_files", "get", str(job), directory=directory)
        except PoolError:  # HTCondor before 23.1 has no such command
            return None
        return directory / str(job)

    def _spool_directory(self, job: JobId) -> Path:
        name = f"cluster{job.cluster}.proc{job.proc}.subproc0"
        return self._spool / str(job.cluster % 10000) / str(job.proc % 10000) / name

    @functools.cached_property
    def _spool(self) -> Path:
        """The directory of all spool directories."""
        top = Path(self.run("condor_config_val", "SPOOL").strip())
        return personal_pool.TREE / top.relative_to("/") if isinstance(self.site, PersonalPool) else top


class Bindings(HTCondor):
    """A queue, through HTCondor's Python bindings. Raises ImportError if they are not installed."""

    def __init__(self, site: Site):
        super().__init__(site)
        site.client()
        import htcondor2

        self.api = htcondor2
        htcondor2.reload_config()

    @contextlib.contextmanager
    def _schedd(self) -> Iterator[Any]:
        """A context with a connection to the queue. Turns HTCondor's errors into PoolErrors that help the user."""
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

    def clusters(self, constraint: str) -> list[int]:
        with self._schedd() as schedd:
            return sorted({ad["ClusterId"] for ad in schedd.query(constraint, ["ClusterId"])})

    def ad(self, job: JobId, *attributes: str) -> idle.Ad:
        with self._schedd() as schedd:
            ads = schedd.query(f"ClusterId == {job.cluster} && ProcId == {job.proc}", list(attributes))
            return dict(ads[0]) if ads else {}

    def why_idle(self, job: JobId) -> list[str]:
        with self._schedd() as schedd:
            ads = schedd.query(f"ClusterId == {job.cluster} && ProcId == {job.proc}")
            slots = self.api.Collector().query(self.api.AdType.Startd)  # in every version, these are the ads of slots
        return idle.reasons(ads[0], slots, evaluate) if ads else []


def evaluate(expression: str, mine: idle.Ad, target: idle.Ad) -> object:
    from classad2 import ClassAd, ExprTree

    return ExprTree(expression).eval(mine, target or ClassAd())


def in_words(error: str) -> str:
    """An error of the bindings, with advice for the user."""
    if "uthenticat" in error:
        return (
            "HTCondor's queue does not accept who you are. Run this on the access point itself, as a user "
            f"who may submit there. HTCondor's message: {error}"
        )
    if re.search(r"locate|to connect|communicat|timeout|timed out", error, re.IGNORECASE):
        return (
            "The queue does not answer. Is HTCondor running? condor_status -schedd shows whether it is. "
            f"HTCondor's message: {error}"
        )
    return f"HTCondor refused: {error}"


def at_hand() -> HTCondor:
    """This machine's own HTCondor, or else the running personal pool. Raises PoolError if there is neither."""
    if personal_pool.own_htcondor():
        site = Site()
    elif personal_pool.process() is not None:
        site = PersonalPool()
    else:
        raise PoolError(NO_HTCONDOR)
    site.may_submit()
    try:
        return Bindings(site)
    except ImportError:  # only Linux on common processors has them; the commands do the same
        return HTCondor(site)
