"""A pool of execution points running one job, from submission to end, with what befalls it on the way.

simulate() is the story of one schedule; explore.py asks about all schedules. What both have in
common, the decision that HTCondor takes when a program has ended, is at_exit(). What is moved
is decided in transfer.py; here is only when.
"""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Union

from . import transfer
from .executor import EPOCH, Executes, Exit, Run, Stop
from .job import Job
from .profile import MODERN, Profile
from .schedule import Fault, Schedule
from .tree import File, Tree

NEGOTIATION = 60.0
"""Virtual seconds that an idle job waits for a slot, and a held one for its release."""
MOST_EXECUTIONS = 1000
FUTILE = 40
"""Restarts in a row that only append the same text, before it is tried what many more would bring."""
MANY = 1000
CHECKPOINT_HOLD = 36
"""HTCondor's code for a checkpoint that could not be sent (R4c)."""


class Saved(NamedTuple):
    """The checkpoint is committed: this is the spool now, and the program starts again in place."""

    spool: Tree


class NotSaved(NamedTuple):
    """Listed files are missing, which an old HTCondor only logs: the program starts again in place."""

    missing: tuple[str, ...]


class Held(NamedTuple):
    """The job is put on hold, with HTCondor's code, subcode and reason."""

    code: int
    subcode: int
    reason: str
    missing: tuple[str, ...] = ()
    """The listed files that were not there, which the reason does not say (R4c)."""
    home: Tree = Tree()
    """What came home although something was missing (R6)."""


class Ended(NamedTuple):
    """The job has ended, and this came home."""

    exit: Exit
    home: Tree


Next = Union[Saved, NotSaved, Held, Ended]


def at_exit(job: Job, run: Run, spool: Tree, profile: Profile) -> Next:
    """R1, R4, R6: what HTCondor does when the program has ended by itself."""
    if run.unstartable:
        return Held(6, 0, f"Failed to execute '{job.executable}': {run.unstartable}")
    if run.over:
        return Held(26, 0, f"The job used more than {run.over}, which is a limit of this simulator")
    if job.checkpoint_exit_code is not None and run.exit.code == job.checkpoint_exit_code:
        upload = transfer.checkpoint(job, run.sandbox, profile)
        if isinstance(upload, Tree):
            return Saved(transfer.commit(spool, upload))
        if profile.missing_file_holds:
            return Held(CHECKPOINT_HOLD, -1, "Starter failed to upload checkpoint", upload.paths)
        return NotSaved(upload.paths)
    home = transfer.output(job, run.sandbox, spool)
    if isinstance(home, Tree):
        return Ended(run.exit, home)
    return Held(12, 2, f"Transfer output files failure: {', '.join(home.paths)}: No such file or directory",
                home.paths, home.sent)


@dataclass(frozen=True)
class Moment:
    """One step of a job's story: what happened, when, and what was in the three directories then.

    `kind` is one of submitted, started (a new activation), restarted (in place), look, exited,
    checkpoint, checkpoint failed, evicted, held, released, requeued, retried, ended and never finishes.
    """

    kind: str
    time: float = EPOCH
    """Virtual time, in seconds since the epoch."""
    activation: int = 0
    execution: int = 0
    slot: int = 0
    home: Tree = field(default_factory=Tree)
    """What has come into the submit directory so far."""
    spool: Tree = field(default_factory=Tree)
    sandbox: Tree | None = None
    """The execute directory; None while the job has none."""
    fault: Fault | None = None
    run: Run | None = None
    """The execution that has just ended, or was cut short."""
    next: Next | None = None
    goodput: float = 0.0
    """Virtual seconds of computing that are safe by now; `badput`: those that were lost."""
    badput: float = 0.0
    text: str = ""


def simulate(job: Job, executor: Executes, profile: Profile = MODERN, schedule: Schedule = (),
             most_executions: int = MOST_EXECUTIONS) -> Iterator[Moment]:
    """Run a job through a schedule, moment by moment. The last moment is ended, held or never finishes.

    A job never finishes if, with no fault to come, it starts in a state in which it was before, or
    its restarts only append the same text, or it is started more than `most_executions` times.
    """
    return _Life(job, executor, profile, schedule, most_executions).tell()


class _Life:
    """The simulation of one job: where it is now, and how it gets on from there."""

    def __init__(self, job: Job, executor: Executes, profile: Profile, schedule: Schedule, most: int):
        self.job, self.executor, self.profile, self.most = job, executor, profile, most
        self.faults = {fault.execution: fault for fault in schedule if fault.kind != "look"}
        self.looks = [fault for fault in schedule if fault.kind == "look"]
        self.now = Moment("submitted")
        self.pending = 0.0
        self.retries = job.max_retries
        self.seen: set = set()
        self.before: Tree | None = None
        self.grown: tuple | None = None
        self.alike = 0

    def becomes(self, kind: str, after: float = 0.0, **changes) -> Moment:
        changes = {"fault": None, "next": None, "run": None, "text": "", **changes}
        self.now = replace(self.now, kind=kind, time=self.now.time + after, **changes)
        return self.now

    def tell(self) -> Iterator[Moment]:
        yield self.now
        yield self.start()
        while True:
            if why := self.livelock():
                yield self.becomes("never finishes", text=why)
                return
            yield from self.execute()
            if self.now.kind in ("ended", "held"):
                return
            yield self.restart()

    def livelock(self) -> str:
        """Why this job will never end, now that no fault is to come; '' while it still may."""
        if self.now.execution <= max(self.faults, default=0):
            return ""
        now = self.now
        state = (*map(transfer.without_streams, (now.sandbox, now.spool)), now.slot, self.retries)
        if state in self.seen:
            return "it starts in a state in which it has started before"
        self.seen.add(state)
        grown = growth(self.before, self.now.sandbox) if self.before is not None else None
        self.alike = self.alike + 1 if grown and grown == self.grown else 0
        self.grown, self.before = grown, self.now.sandbox
        if self.alike >= FUTILE:
            if self.futile():
                return f"{FUTILE} restarts have changed nothing but append the same text"
            self.alike = 0
        return f"it was started {self.most} times" if self.now.execution > self.most else ""

    def futile(self) -> bool:
        """Whether many restarts on, the job would still append that text and restart."""
        later = many_restarts_on(self.now.sandbox, self.grown)
        run = self.executor.run(self.job, later, slot=self.now.slot, clock=self.now.time)
        return run.exit.code == self.job.checkpoint_exit_code and growth(later, run.sandbox) == self.grown

    # -- beginnings ------------------------------------------------------------

    def start(self) -> Moment:
        """R2: a new activation, in a slot where the job has not been before."""
        sandbox = transfer.with_streams(
            self.job, transfer.new_sandbox(self.job, self.now.spool, self.profile))
        return self.becomes("started", NEGOTIATION, sandbox=sandbox, slot=self.now.activation,
                            activation=self.now.activation + 1, execution=self.now.execution + 1)

    def restart(self) -> Moment:
        """In place if the sandbox is still there (R4f), else a new activation."""
        if self.now.sandbox is None:
            return self.start()
        return self.becomes("restarted", execution=self.now.execution + 1)

    # -- one execution ---------------------------------------------------------

    def execute(self) -> Iterator[Moment]:
        began = self.now
        for look in self.looks:
            if look.execution == began.execution:
                seen = self.run(Stop(look.seconds or 0.0))
                yield replace(began, kind="look", time=began.time + seen.seconds, sandbox=seen.sandbox, fault=look)
        fault = self.faults.get(began.execution)
        if fault and fault.kind in ("evict", "vacate", "hold"):
            cut = self.cut_short(fault)
            if cut is not None:
                yield from self.lose(fault, cut)
                return
        run = self.run()
        self.pending += run.seconds
        yield self.becomes("exited", run.seconds, sandbox=run.sandbox, run=run,
                           text=f"the eviction at {fault.seconds:g} s comes too late" if fault and fault.seconds else "")
        yield from self.conclude(run, fault)

    def run(self, stop: Stop | None = None) -> Run:
        return self.executor.run(self.job, self.now.sandbox, slot=self.now.slot, clock=self.now.time, stop=stop)

    def cut_short(self, fault: Fault) -> Run | None:
        """The execution as far as it gets until the fault; None if it ends before."""
        whole = self.run()
        after = whole.seconds if fault.seconds is None else fault.seconds
        if after > whole.seconds:
            return None
        if fault.kind == "evict":
            return whole if fault.seconds is None else self.run(Stop(after))
        # A program that takes no virtual time has no moment at which a signal could reach it.
        last_moment = max(0.0, min(after, whole.seconds - 1e-4))
        return self.run(Stop(last_moment, signal.SIGTERM, self.job.max_vacate_time)) if whole.seconds else whole

    def lose(self, fault: Fault, cut: Run) -> Iterator[Moment]:
        """R5: the slot is gone, and with it all since the last checkpoint."""
        spool, held = self.now.spool, None
        if self.job.on_exit_or_evict and fault.kind != "evict":
            sent = transfer.vacated(self.job, cut.sandbox)
            if isinstance(sent, Tree):
                spool = transfer.commit(spool, sent)
            else:
                held = Held(12, 2, "Transfer output files failure", sent.paths)
        kept = self.job.on_exit_or_evict and fault.kind != "evict" and not held
        lost = self.pending + cut.seconds
        self.pending = 0.0
        home = _with_streamed(self.now.home, self.job, cut)
        moment = self.becomes(
            "held" if fault.kind == "hold" or held else "evicted", cut.seconds, fault=fault, run=cut, spool=spool,
            sandbox=cut.sandbox, home=home, next=held, goodput=self.now.goodput + (lost if kept else 0.0),
            badput=self.now.badput + (0.0 if kept else lost))
        yield moment
        self.now = replace(self.now, sandbox=None, kind="evicted")
        if held:
            self.now = replace(self.now, kind="held")
        elif fault.kind == "hold":
            yield self.becomes("released", NEGOTIATION)

    def conclude(self, run: Run, fault: Fault | None) -> Iterator[Moment]:
        """What comes of an execution that ended by itself."""
        home = _with_streamed(self.now.home, self.job, run)
        checkpointed = self.job.checkpoint_exit_code is not None and run.exit.code == self.job.checkpoint_exit_code
        then = at_exit(self.job, run, self.now.spool, self.profile)
        sends = not isinstance(then, Held) or then.code == CHECKPOINT_HOLD
        if checkpointed and sends and fault and fault.kind == "upload-fails":
            yield self.becomes("checkpoint failed", fault=fault, run=run, home=home, text="the transfer failed")
            return
        common = {"run": run, "next": then, "home": home}
        if isinstance(then, Saved):
            good, self.pending = self.now.goodput + self.pending, 0.0
            yield self.becomes("checkpoint", spool=then.spool, goodput=good, **common)
            if fault and fault.kind == "requeue":
                yield self.becomes("requeued", fault=fault)
                self.now = replace(self.now, sandbox=None)
        elif isinstance(then, NotSaved):
            yield self.becomes("checkpoint failed", text=f"missing: {', '.join(then.missing)}", **common)
        elif isinstance(then, Held):
            common["home"] = home | then.home
            yield self.becomes("held", badput=self.now.badput + self.pending, **common)
        else:
            yield from self.end(then, common)

    def end(self, then: Ended, common: dict) -> Iterator[Moment]:
        """R6: the final exit, unless max_retries gives the job another try."""
        good = then.exit.code == self.job.success_exit_code
        seconds, self.pending = self.pending, 0.0
        changes = {
            **common, "home": common["home"] | then.home,
            "goodput": self.now.goodput + (seconds if good else 0.0),
            "badput": self.now.badput + (0.0 if good else seconds),
        }
        if not good and self.retries > 0:
            self.retries -= 1
            yield self.becomes("retried", **changes)
            self.now = replace(self.now, sandbox=None)
        else:
            yield self.becomes("ended", spool=Tree(), **changes)


def _with_streamed(home: Tree, job: Job, run: Run) -> Tree:
    """R3: a streamed stdout or stderr is in the submit directory at once, and stays when work is lost."""
    for streamed, destination, text in ((job.stream_output, job.output, run.stdout),
                                        (job.stream_error, job.error, run.stderr)):
        if streamed and destination and text:
            old = home.get(destination)
            before = old.content if isinstance(old, File) else b""
            home = home.put(destination, File(before + text.encode()))
    return home


def growth(before: Tree, after: Tree) -> tuple | None:
    """What was appended to which files between two sandboxes; None if anything else changed.

    A job that restarts and restarts, and changes nothing but that the same text is appended once
    more, will not end, although it is never twice in the same state.
    """
    before, after = transfer.without_streams(before), transfer.without_streams(after)
    if list(before) != list(after):
        return None
    grown = []
    for path, entry in after.changed_since(before).items():
        old = before[path]
        if not (isinstance(entry, File) and isinstance(old, File) and entry.content.startswith(old.content)):
            return None
        grown.append((path, entry.content[len(old.content):]))
    return tuple(grown)


def many_restarts_on(sandbox: Tree, grown: tuple) -> Tree:
    """The sandbox as it will be when MANY restarts more have appended what growth() gave.

    So a job that counts its steps by the lines of a file, and will end, is told from one that will not.
    """
    for path, text in grown:
        times = min(MANY, (16 << 20) // len(text) + 1)
        sandbox = sandbox.put(path, sandbox[path]._replace(content=sandbox[path].content + text * times))
    return sandbox


@dataclass(frozen=True)
class Outcome:
    """The end of a simulation in numbers."""

    status: str
    """completed, held or never finishes."""
    exit: Exit | None
    hold: Held | None
    activations: int
    executions: int
    checkpoints: int
    goodput_s: float
    badput_s: float
    home: Tree


def outcome(moments: Iterable[Moment]) -> Outcome:
    """Sum up a whole story, as simulate() tells it."""
    checkpoints, last = 0, Moment("submitted")
    for last in moments:
        checkpoints += last.kind == "checkpoint"
    status = {"ended": "completed", "held": "held"}.get(last.kind, "never finishes")
    return Outcome(
        status=status,
        exit=last.next.exit if isinstance(last.next, Ended) else None,
        hold=last.next if isinstance(last.next, Held) else None,
        activations=last.activation, executions=last.execution, checkpoints=checkpoints,
        goodput_s=last.goodput, badput_s=last.badput, home=last.home,
    )
