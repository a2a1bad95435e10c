"""Simulates a pool that runs one job under a schedule of faults, from submission to end.

This file chooses the events and executes the program; step.py decides what they do to the job. explore.py tries all
schedules.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from ..tree import Tree
from . import transfer
from .execution import EPOCH, Exit, Run, Runs, Stop
from .job import Job
from .livelock import MOST_BESIDE, Livelock
from .profile import MODERN, Profile
from .schedule import BETWEEN, BY_POLICY, Fault, Schedule
from .step import (
    LOOKS,
    DurationChecked,
    Ended,
    Event,
    Exited,
    FaultHappened,
    Held,
    Kind,
    Matched,
    NotSaved,
    PolicyChecked,
    Reactivated,
    Released,
    Saved,
    Situation,
    Status,
    Transferred,
    held_after,
    is_checkpoint,
    periodic_verdict,
    step,
    submitted,
)

__all__ = ["Ended", "Held", "Moment", "NotSaved", "Outcome", "Pace", "Saved", "execute", "outcome", "simulate"]

NEGOTIATION = 60.0
MONTH = 30 * 24 * 3600.0
"""Seconds during which a policy may release a held job."""
MOST_HOLDS = 100
"""How often a policy may hold the job and another release it, or evict it without a checkpoint, before we stop."""
MOST_EXECUTIONS = 1000

Moment = Situation
"""A story is a sequence of situations."""


@dataclass(frozen=True)
class Pace:
    """How long everything except computing takes on a pool, in virtual seconds, and how long its slots last."""

    wait: float = NEGOTIATION
    """How long an idle job waits for a slot, and a held job for its release."""
    download: float = 0.0
    """The transfer of the input files, and of the checkpoint, to a new sandbox."""
    upload: float = 0.0
    """The transfer of a checkpoint, or of the output, to the access point."""
    lifetimes: tuple[float, ...] = ()
    """The lifetimes of the slots, in turn and repeated. Empty: slots are lost only by the schedule."""


def execute(executor: Runs, job: Job, now: Situation, stop: Stop | None = None, trace: bool = False) -> Run:
    """Run the program in the job's sandbox. If HTCondor would not start it there, the Run says why."""
    missing = transfer.not_transferred(job, now.directory, now.activation_spool)
    if problem := missing or job.unstreamable or transfer.unopened(job, now.directory):
        return Run(Exit(), now.directory, 0.0, "", "", unstartable=str(problem))
    return executor.run(job, now.directory, slot=now.slot, clock=now.time, stop=stop, trace=trace, beside=now.beside)


def soft_stop(job: Job, profile: Profile, after: float | None, whole: Run) -> Stop:
    """R5: an eviction that begins with a signal, after `after` seconds or (None) at the execution's last moment. A job
    can ask for less time than the slot gives until SIGKILL, but not for more, unless the slot has promised it a longer
    stay (MaxJobRetirementTime, 0 by default)."""
    last, grace = whole.seconds - 1e-4, min(job.max_vacate_time, profile.vacate_time)
    at = max(0.0, last if after is None else min(after, last))
    return Stop(at, job.kill_sig, grace) if grace > 0 else Stop(at)


def simulate(
    job: Job,
    executor: Runs,
    profile: Profile = MODERN,
    schedule: Schedule = (),
    most_executions: int = MOST_EXECUTIONS,
    pace: Pace = Pace(),
) -> Iterator[Moment]:
    """Run a job through a schedule, moment by moment. The last moment is ended, held, removed or never finishes.

    A job never finishes if, after the last fault, it starts in a state in which it started before, or
    its restarts only append the same text, or no slot lasts until its next checkpoint, or it is
    started more than `most_executions` times.
    """
    return _Life(job, executor, profile, schedule, most_executions, pace).tell()


class _Life:
    """One job: decides what happens next, by its schedule and the pace of the pool."""

    def __init__(self, job: Job, executor: Runs, profile: Profile, schedule: Schedule, most: int, pace: Pace):
        self.job, self.executor, self.profile, self.most, self.pace = job, executor, profile, most, pace
        self.faults = {fault.execution: fault for fault in schedule if fault.kind not in ("look", *BETWEEN)}
        self.idle_holds = [fault for fault in schedule if fault.kind == "hold-idle"]
        self.looks = [fault for fault in schedule if fault.kind == "look"]
        self.last_fault = max([*self.faults, *(hold.execution for hold in self.idle_holds)], default=0)
        self.livelock = Livelock(job, partial(execute, executor, job), most, outside=lambda: executor.kept_outside)
        self.now = submitted(job)
        self.fault: Fault | None = None
        """The fault during the present execution."""
        self.slot_ends, self.slots_lost, self.vacated, self.holds = math.inf, 0, 0, 0

    def tell(self) -> Iterator[Moment]:
        """The whole story."""
        yield self.now
        while (event := self.event()) is not None:
            self.now = step(self.job, self.profile, self.now, event)
            self.count_lost_slots()
            yield self.now
            if self.now.status is Status.RUNNING:
                if why := self.endless():
                    yield self.now._replace(kind=Kind.NEVER_FINISHES, transfer=0.0, text=why)
                    return
                yield from self.look()

    def event(self) -> Event | None:
        """What happens next; None at the end."""
        match self.now.status:
            case Status.IDLE:
                return self.hold_while_idle() or self.policy_within(self.pace.wait + self.pace.download) or self.match()
            case Status.RUNNING:
                return self.run_program()
            case Status.SENDING:
                return self.send()
            case Status.CLAIMED:
                return self.after_transfer() or Reactivated()
            case Status.HELD if not isinstance(self.now.next, Held):
                return self.policy_within(self.pace.wait) or Released(self.pace.wait)
            case Status.HELD if self.holds < MOST_HOLDS:
                self.holds += 1
                return self.policy_within(MONTH)
        return None

    def policy_within(self, seconds: float) -> PolicyChecked | None:
        """HTCondor's check of the job's periodic policies, if one of them comes true within so many seconds."""
        after = self.first_policy(seconds)
        return None if after is None else PolicyChecked(after)

    def first_policy(self, seconds: float) -> float | None:
        """After how many seconds HTCondor's check first finds a periodic policy true; None if not within `seconds`. It
        checks each minute, by its own clock."""
        job = self.job
        if not (job.periodic_vacate or job.periodic_hold or job.periodic_release or job.periodic_remove):
            return None
        after = LOOKS - (self.now.time - EPOCH) % LOOKS
        while after < seconds:
            if periodic_verdict(self.job, self.now, self.now.time + after):
                return after
            after += LOOKS
        return None

    def endless(self) -> str:
        """Why this job will never end, if there are no further faults; '' if it may end."""
        now, last = self.now, self.last_fault
        if now.execution <= last:
            return ""
        if self.slots_lost > len(self.pace.lifetimes):
            return (
                f"{self.slots_lost} slots in a row were lost before the next checkpoint, and later slots last no longer"
            )
        if self.vacated > MOST_HOLDS:
            return f"its periodic_vacate has evicted it {self.vacated} times before the next checkpoint"
        if why := self.livelock.endless(now):
            return why
        if len(now.beside) > MOST_BESIDE:
            return f"{MOST_BESIDE} restarts in place left processes running, and more are not simulated"
        if now.execution <= last + self.most:
            return ""
        return f"it was started {self.most} times{' after the last fault' if last else ''}"

    def count_lost_slots(self) -> None:
        """Count the slots in a row that were lost before a checkpoint, and not by the schedule."""
        if self.now.kind == Kind.EVICTED and self.now.struck.kind == BY_POLICY:
            self.vacated += 1
        elif self.now.kind == Kind.EVICTED and self.now.struck.execution not in self.faults:
            self.slots_lost += 1
        elif self.now.kind in (Kind.EVICTED, Kind.CHECKPOINT):
            self.slots_lost = self.vacated = 0

    # -- an idle job -----------------------------------------------------------

    def hold_while_idle(self) -> Event | None:
        """The next scheduled hold of the idle job, if any. After its release it waits for a slot again."""
        whole = self.pace.wait + self.pace.download
        for hold in self.idle_holds:
            after = whole if hold.seconds is None else hold.seconds
            if hold.execution == self.now.execution + 1 and after <= whole:
                self.idle_holds.remove(hold)
                return FaultHappened(hold, after=after)
        return None

    def match(self) -> Event:
        """A slot that the job has not had before."""
        lifetimes, number, claimed = self.pace.lifetimes, self.now.activation, self.now.time + self.pace.wait
        self.slot_ends = claimed + lifetimes[number % len(lifetimes)] if lifetimes else math.inf
        download = min(self.pace.download, self.slot_ends - claimed)
        return Matched(number, self.pace.wait + download, download)

    # -- one execution ---------------------------------------------------------

    def look(self) -> Iterator[Moment]:
        for look in self.looks:
            if look.execution == self.now.execution:
                seen = self.run(stop=Stop(look.seconds or 0.0))
                yield self.now._replace(
                    kind=Kind.LOOK, time=self.now.time + seen.seconds, sandbox=seen.sandbox, fault=look
                )

    def run_program(self) -> Event:
        """The execution, up to its end or an interruption."""
        run, scheduled = self.run(), self.faults.get(self.now.execution)
        whole, left = run.seconds + self.pace.upload, self.slot_ends - self.now.time
        self.fault = scheduled or (Fault("evict", self.now.execution, left) if left < whole else None)
        held = held_after(self.job, self.now)
        until = min(run.seconds, self.fault.seconds if self.fault and self.fault.seconds is not None else math.inf)
        policy = self.first_policy(min(until, held))
        if policy is not None:
            seen = self.run(stop=soft_stop(self.job, self.profile, policy, run))
            return PolicyChecked(policy, seen)
        if held < until:
            return DurationChecked(self.run(stop=soft_stop(self.job, self.profile, held, run)))
        if self.fault and (cut := self.cut_short(self.fault, run)):
            return FaultHappened(self.fault, cut, cut.seconds)
        at = scheduled.seconds if scheduled else None
        return Exited(run, "" if at is None or at <= whole else f"the eviction at {at:g} s comes too late")

    def run(self, stop: Stop | None = None) -> Run:
        return execute(self.executor, self.job, self.now, stop)

    def cut_short(self, fault: Fault, whole: Run) -> Run | None:
        """The execution up to the fault; None if it ends before the fault."""
        after = whole.seconds if fault.seconds is None else fault.seconds
        if fault.kind not in ("evict", "vacate", "hold") or after > whole.seconds:
            return None
        if fault.kind == "evict":
            return whole if fault.seconds is None else self.run(stop=Stop(after))
        # A program that takes no virtual time can't receive a signal.
        return self.run(stop=soft_stop(self.job, self.profile, after, whole)) if whole.seconds else whole

    # -- its files -------------------------------------------------------------

    def send(self) -> Event:
        """The transfer of the program's files. The loss of the slot interrupts it; other faults wait for its end."""
        run, fault, upload, left = self.now.ran, self.fault, self.pace.upload, self.until_fault()
        if fault and fault.kind == "evict" and left is not None:
            return FaultHappened(fault, after=left, transfer=left)
        if fault and fault.kind == "upload-fails" and is_checkpoint(self.job, run):
            return FaultHappened(fault, after=upload, transfer=upload)
        return Transferred(upload, fault if left is not None else None)

    def until_fault(self) -> float | None:
        """Seconds from the start of the transfer to this execution's fault; None if the fault is not in the transfer."""
        at, ended = self.fault.seconds if self.fault else None, self.now.ran.seconds
        return None if at is None or not ended <= at < ended + self.pace.upload else at - ended

    def after_transfer(self) -> Event | None:
        """The fault, if any, of a job whose checkpoint has just arrived."""
        if self.now.kind != Kind.CHECKPOINT or not self.fault:
            return None
        return FaultHappened(self.fault) if self.fault.kind == "requeue" or self.until_fault() is not None else None


@dataclass(frozen=True)
class Outcome:
    """The end of a simulation in numbers."""

    status: str
    """completed, held, removed or never finishes."""
    exit: Exit | None
    hold: Held | None
    activations: int
    executions: int
    checkpoints: int
    goodput_s: float
    badput_s: float
    returned_files: Tree


def outcome(moments: Iterable[Moment]) -> Outcome:
    """Summarize a whole story from simulate()."""
    checkpoints, last = 0, Moment("submitted")
    for last in moments:
        checkpoints += last.kind == "checkpoint"
    status = {"ended": "completed", "held": "held", "removed": "removed"}.get(last.kind, "never finishes")
    return Outcome(
        status=status,
        exit=last.next.exit if isinstance(last.next, Ended) else None,
        hold=last.next if isinstance(last.next, Held) else None,
        activations=last.activation,
        executions=last.execution,
        checkpoints=checkpoints,
        goodput_s=last.goodput,
        badput_s=last.badput,
        returned_files=last.returned_files,
    )
