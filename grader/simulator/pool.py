"""A pool of execution points running one job, from submission to end, with what befalls it on the way.

simulate() is the story of one schedule; explore.py asks about all schedules. What both have in
common, the decision that HTCondor takes when a program has ended, is at_exit(). What is moved
is decided in transfer.py; here is only when.
"""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Union

from . import transfer
from .execution import EPOCH, Executes, Exit, Run, Stop
from .futility import FUTILE, certain, goes_on, growth, looks_back
from .job import Job
from .profile import MODERN, Profile
from .schedule import BETWEEN, Fault, Schedule
from .tree import File, Tree

NEGOTIATION = 60.0
MOST_EXECUTIONS = 1000
CHECKPOINT_HOLD = 36
"""HTCondor's code for a checkpoint that could not be sent (R4c)."""

LIMIT_HOLD = 26
"""What counts as a hold here, for HTCondor's code of a hold by the pool's own policy: a limit of the executor."""


@dataclass(frozen=True)
class Pace:
    """What takes time on a pool besides computing, in virtual seconds, and how long its slots last."""

    wait: float = NEGOTIATION
    """How long an idle job waits for a slot, and a held one for its release."""
    download: float = 0.0
    """The transfer of the input files, and of the checkpoint, to a new sandbox."""
    upload: float = 0.0
    """The transfer of a checkpoint, or of the output, to the access point."""
    lifetimes: tuple[float, ...] = ()
    """After how long one slot after the other is lost, over and over again. Empty: only by a schedule."""


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


def at_exit(job: Job, run: Run, spool: Tree, profile: Profile, came: Tree) -> Next:
    """R1, R4, R6: what HTCondor does when the program has ended by itself. `came`: the checkpoint that
    the activation began with."""
    if run.unstartable and transfer.unreceivable(run.sandbox):
        return Held(13, 13, f"Transfer input files failure: {run.unstartable}")
    if run.unstartable:
        return Held(6, 0, f"Failed to execute '{job.executable}': {run.unstartable}")
    if run.over:
        return Held(LIMIT_HOLD, 0, f"The job used more than {run.over}, a limit of this simulator and not of HTCondor")
    if job.checkpoint_exit_code is not None and run.exit.code == job.checkpoint_exit_code:
        upload = transfer.checkpoint(job, run.sandbox, profile)
        if isinstance(upload, Tree):
            return Saved(transfer.commit(spool, upload))
        if profile.missing_file_holds:
            return Held(CHECKPOINT_HOLD, -1, "Starter failed to upload checkpoint", upload.paths)
        return NotSaved(upload.paths)
    home = transfer.output(job, run.sandbox, came, profile)
    if isinstance(home, Tree):
        return Ended(run.exit, home)
    why = os.strerror(home.error)
    return Held(12, home.error, f"Transfer output files failure: {', '.join(home.paths)}: {why}", home.paths, home.sent)


def execute(executor: Executes, job: Job, sandbox: Tree, **circumstances) -> Run:
    """Run the program in a sandbox; or not, if the sandbox could not even be filled."""
    if problem := transfer.unreceivable(sandbox):
        return Run(Exit(), sandbox, 0.0, "", "", unstartable=problem)
    return executor.run(job, sandbox, **circumstances)


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
    transfer: float = 0.0
    """For how long, until now, files were transferred."""
    next: Next | None = None
    goodput: float = 0.0
    """Virtual seconds of computing that are safe by now; `badput`: those that were lost."""
    badput: float = 0.0
    text: str = ""


def simulate(job: Job, executor: Executes, profile: Profile = MODERN, schedule: Schedule = (),
             most_executions: int = MOST_EXECUTIONS, pace: Pace = Pace()) -> Iterator[Moment]:
    """Run a job through a schedule, moment by moment. The last moment is ended, held or never finishes.

    A job never finishes if, with no fault to come, it starts in a state in which it was before, or
    its restarts only append the same text, or none of the slots that there are lasts until its next
    checkpoint, or it is started more than `most_executions` times more.
    """
    return _Life(job, executor, profile, schedule, most_executions, pace).tell()


class _Life:
    """The simulation of one job: where it is now, and how it gets on from there."""

    def __init__(self, job: Job, executor: Executes, profile: Profile, schedule: Schedule, most: int, pace: Pace):
        self.job, self.executor, self.profile, self.most, self.pace = job, executor, profile, most, pace
        self.faults = {fault.execution: fault for fault in schedule if fault.kind not in ("look", *BETWEEN)}
        self.idle_holds = [fault for fault in schedule if fault.kind == "hold-idle"]
        self.looks = [fault for fault in schedule if fault.kind == "look"]
        self.now = Moment("submitted")
        self.pending = 0.0
        self.came = Tree()
        """The checkpoint that the activation began with."""
        self.slot_ends, self.in_vain = math.inf, 0
        self.retries = job.max_retries
        self.seen: set = set()
        self.before: Tree | None = None
        self.grown: tuple | None = None
        self.alike, self.looks_back = 0, False

    def becomes(self, kind: str, after: float = 0.0, **changes) -> Moment:
        changes = {"fault": None, "next": None, "run": None, "text": "", "transfer": 0.0, **changes}
        self.now = replace(self.now, kind=kind, time=self.now.time + after, **changes)
        return self.now

    def tell(self) -> Iterator[Moment]:
        yield self.now
        yield from self.start()
        while True:
            if why := self.livelock():
                yield self.becomes("never finishes", text=why)
                return
            yield from self.execute()
            if self.now.kind in ("ended", "held"):
                return
            yield from self.restart()

    def livelock(self) -> str:
        """Why this job will never end, now that no fault is to come; '' while it still may."""
        last = max([*self.faults, *(hold.execution for hold in self.idle_holds)], default=0)
        if self.now.execution <= last:
            return ""
        if self.in_vain > len(self.pace.lifetimes) > 0:
            return f"{self.in_vain} slots in a row were lost before the next checkpoint, and the next last no longer"
        now = self.now
        state = (*map(transfer.without_streams, (now.sandbox, now.spool)), now.slot, self.retries)
        if state in self.seen:
            return "it starts in a state in which it has started before"
        self.seen.add(state)
        grown = growth(self.before, self.now.sandbox) if self.before is not None else None
        self.alike = self.alike + 1 if grown and grown == self.grown else 0
        self.grown, self.before = grown, self.now.sandbox
        if self.alike >= FUTILE and self.futile():
            return f"{self.alike} restarts have changed nothing but append the same text"
        if self.now.execution <= last + self.most:
            return ""
        return f"it was started {self.most} times{' after the last fault' if last else ''}"

    def futile(self) -> bool:
        """Whether the job would go on for ever to append that text and restart; see futility.py."""
        if self.alike < certain(self.most):
            self.looks_back = self.looks_back or looks_back(self.run(trace=True), self.grown)
            if self.looks_back:
                return False
        if goes_on(self.job, self.now.sandbox, self.grown, self.run):
            return True
        self.alike = 0
        return False

    # -- beginnings ------------------------------------------------------------

    def start(self) -> Iterator[Moment]:
        """R2: a new activation, in a slot where the job has not been before."""
        yield from self.hold_idle()
        self.came = self.now.spool
        sandbox = transfer.with_streams(self.job, transfer.new_sandbox(self.job, self.came, self.profile))
        lifetimes, number, claimed = self.pace.lifetimes, self.now.activation, self.now.time + self.pace.wait
        self.slot_ends = claimed + lifetimes[number % len(lifetimes)] if lifetimes else math.inf
        download = min(self.pace.download, self.slot_ends - claimed)
        yield self.becomes("started", self.pace.wait + download, sandbox=sandbox, slot=number, activation=number + 1,
                           execution=self.now.execution + 1, transfer=download)

    def hold_idle(self) -> Iterator[Moment]:
        """A job that is held while it is idle has nothing to lose; released, it waits for a slot anew."""
        whole = self.pace.wait + self.pace.download
        for hold in self.idle_holds:
            after = whole if hold.seconds is None else hold.seconds
            if hold.execution == self.now.execution + 1 and after <= whole:
                yield self.becomes("held", after, fault=hold)
                yield self.becomes("released", self.pace.wait)

    def restart(self) -> Iterator[Moment]:
        """In place if the sandbox is still there (R4f), else a new activation."""
        if self.now.sandbox is None:
            yield from self.start()
        else:
            yield self.becomes("restarted", execution=self.now.execution + 1)

    # -- one execution ---------------------------------------------------------

    def execute(self) -> Iterator[Moment]:
        began = self.now
        for look in self.looks:
            if look.execution == began.execution:
                seen = self.run(stop=Stop(look.seconds or 0.0))
                yield replace(began, kind="look", time=began.time + seen.seconds, sandbox=seen.sandbox, fault=look)
        run = self.run()
        scheduled = self.faults.get(began.execution)
        fault = scheduled or self.reclaimed(run)
        if fault and (cut := self.cut_short(fault, run)):
            self.pending += cut.seconds
            yield from self.lose(fault, cut, cut.seconds)
            return
        self.pending += run.seconds
        late = scheduled and (scheduled.seconds or 0.0) > run.seconds + self.pace.upload
        yield self.becomes("exited", run.seconds, sandbox=run.sandbox, run=run,
                           text=f"the eviction at {fault.seconds:g} s comes too late" if late else "")
        yield from self.conclude(run, fault)

    def reclaimed(self, run: Run) -> Fault | None:
        """The eviction with which the slot is lost in this execution, or while its files are transferred."""
        left = self.slot_ends - self.now.time
        return Fault("evict", self.now.execution, left) if left < run.seconds + self.pace.upload else None

    def run(self, sandbox: Tree | None = None, **circumstances) -> Run:
        return execute(self.executor, self.job, self.now.sandbox if sandbox is None else sandbox, slot=self.now.slot,
                       clock=self.now.time, **circumstances)

    def cut_short(self, fault: Fault, whole: Run) -> Run | None:
        """The execution as far as it gets until the fault; None if it ends before."""
        after = whole.seconds if fault.seconds is None else fault.seconds
        if fault.kind not in ("evict", "vacate", "hold") or after > whole.seconds:
            return None
        if fault.kind == "evict":
            return whole if fault.seconds is None else self.run(stop=Stop(after))
        # A program that takes no virtual time has no moment at which a signal could reach it.
        last_moment = max(0.0, min(after, whole.seconds - 1e-4))
        return self.run(stop=Stop(last_moment, signal.SIGTERM, self.job.max_vacate_time)) if whole.seconds else whole

    def lose(self, fault: Fault, cut: Run, after: float, transfer_seconds: float = 0.0) -> Iterator[Moment]:
        """R5: the slot is gone, `after` seconds from now, and with it all since the last checkpoint."""
        spool, then = self.now.spool, None
        if self.job.on_exit_or_evict and fault.kind != "evict":
            sent = transfer.vacated(self.job, cut.sandbox, self.profile)
            if isinstance(sent, Tree):
                spool = transfer.commit(spool, sent)
            elif self.profile.missing_output_holds:
                then = Held(12, 2, "Transfer output files failure", sent.paths)
            else:
                then = NotSaved(sent.paths)
        held = isinstance(then, Held)
        kept = self.job.on_exit_or_evict and fault.kind != "evict" and not then
        lost, self.pending = self.pending, 0.0
        self.in_vain += not kept
        home = _with_streamed(self.now.home, self.job, cut)
        moment = self.becomes(
            "held" if fault.kind == "hold" or held else "evicted", after, fault=fault, run=cut, spool=spool,
            sandbox=cut.sandbox, home=home, next=then, goodput=self.now.goodput + (lost if kept else 0.0),
            badput=self.now.badput + (0.0 if kept else lost), transfer=transfer_seconds)
        yield moment
        self.now = replace(self.now, sandbox=None, kind="evicted")
        if held:
            self.now = replace(self.now, kind="held")
        elif fault.kind == "hold":
            yield self.becomes("released", self.pace.wait)

    def conclude(self, run: Run, fault: Fault | None) -> Iterator[Moment]:
        """What comes of an execution that ended by itself."""
        upload = self.pace.upload
        struck = fault and fault.seconds is not None and fault.seconds < run.seconds + upload
        if struck and fault.kind == "evict":
            left = fault.seconds - run.seconds
            yield from self.lose(fault, run, left, left)
            return
        home = _with_streamed(self.now.home, self.job, run)
        checkpointed = self.job.checkpoint_exit_code is not None and run.exit.code == self.job.checkpoint_exit_code
        then = at_exit(self.job, run, self.now.spool, self.profile, self.came)
        sends = not isinstance(then, Held) or then.code == CHECKPOINT_HOLD
        if checkpointed and sends and fault and fault.kind == "upload-fails":
            yield self.becomes("checkpoint failed", upload, fault=fault, run=run, home=home, transfer=upload,
                               text="the transfer failed")
            return
        common = {"run": run, "next": then, "home": home}
        if isinstance(then, Saved):
            good, self.pending, self.in_vain = self.now.goodput + self.pending, 0.0, 0
            yield self.becomes("checkpoint", upload, spool=then.spool, goodput=good, transfer=upload, **common)
            if struck or (fault and fault.kind == "requeue"):
                yield from self.lose_after_transfer(fault)
        elif isinstance(then, NotSaved):
            yield self.becomes("checkpoint failed", text=f"missing: {', '.join(then.missing)}", **common)
        elif isinstance(then, Held):
            common["home"] = home | then.home
            yield self.becomes("held", badput=self.now.badput + self.pending, **common)
        elif struck:  # what has come home is there, but the job has not ended
            self.now = replace(self.now, home=home | then.home)
            yield from self.lose(fault, run, upload, upload)
        else:
            yield from self.end(then, common)

    def lose_after_transfer(self, fault: Fault) -> Iterator[Moment]:
        """R5, R4g: SIGTERM or a hold waits until a transfer has arrived, which counts."""
        if fault.kind == "hold":
            yield self.becomes("held", fault=fault)
            yield self.becomes("released", self.pace.wait)
        else:
            yield self.becomes("requeued", fault=fault)
        self.now = replace(self.now, sandbox=None)

    def end(self, then: Ended, common: dict) -> Iterator[Moment]:
        """R6: the final exit, unless max_retries gives the job another try."""
        good = then.exit.code == self.job.success_exit_code
        seconds, self.pending = self.pending, 0.0
        changes = {
            **common, "home": common["home"] | then.home, "transfer": self.pace.upload,
            "goodput": self.now.goodput + (seconds if good else 0.0),
            "badput": self.now.badput + (0.0 if good else seconds),
        }
        if not good and self.retries > 0:
            self.retries -= 1
            yield self.becomes("retried", self.pace.upload, **changes)
            self.now = replace(self.now, sandbox=None)
        else:
            yield self.becomes("ended", self.pace.upload, spool=Tree(), **changes)


def _with_streamed(home: Tree, job: Job, run: Run) -> Tree:
    """R3: a streamed stdout or stderr is in the submit directory at once, and stays when work is lost."""
    for streamed, destination, text in ((job.stream_output, job.output, run.stdout),
                                        (job.stream_error, job.error, run.stderr)):
        if streamed and destination and text:
            old = home.get(destination)
            before = old.content if isinstance(old, File) else b""
            home = home.put(destination, File(before + text.encode()))
    return home


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
