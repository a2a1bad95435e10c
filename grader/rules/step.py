"""HTCondor's decisions about a job: step() takes a job's situation and an event, and returns the next situation.

It is pure: it executes nothing, waits for nothing and chooses nothing. simulation.py takes the events from a schedule,
explore.py tries all events. transfer.py decides which files move. R1 to R7 are the rules of the specification.
"""

from __future__ import annotations

import errno
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

from ..tree import File, Tree
from . import classads, transfer
from .execution import EPOCH, EXIT_ATTRIBUTES, SIGKILL, Exit, Run, Start
from .job import Job
from .profile import Profile
from .schedule import BY_POLICY, Fault


class Kind(StrEnum):
    """What has just happened to a job. The last two are not decisions of HTCondor: they come from simulate(), except for
    a transfer that never ends."""

    SUBMITTED = "submitted"
    STARTED = "started"
    """In a new sandbox: a new activation."""
    RESTARTED = "restarted"
    """In place."""
    EXITED = "exited"
    CHECKPOINT = "checkpoint"
    CHECKPOINT_FAILED = "checkpoint failed"
    EVICTED = "evicted"
    REQUEUED = "requeued"
    RETRIED = "retried"
    HELD = "held"
    RELEASED = "released"
    REMOVED = "removed"
    ENDED = "ended"
    NEVER_FINISHES = "never finishes"
    LOOK = "look"


class Status(StrEnum):
    """What a job does until the next event."""

    IDLE = "idle"
    RUNNING = "running"
    SENDING = "sending"
    """The program has ended, and its files are being transferred."""
    CLAIMED = "claimed"
    """It has its slot and its sandbox, but no program is running."""
    HELD = "held"
    OVER = "over"


STATUS: Mapping[str, Status] = {
    **dict.fromkeys((Kind.SUBMITTED, Kind.EVICTED, Kind.REQUEUED, Kind.RETRIED, Kind.RELEASED), Status.IDLE),
    **dict.fromkeys((Kind.STARTED, Kind.RESTARTED, Kind.LOOK), Status.RUNNING),
    Kind.EXITED: Status.SENDING,
    **dict.fromkeys((Kind.CHECKPOINT, Kind.CHECKPOINT_FAILED), Status.CLAIMED),
    Kind.HELD: Status.HELD,
    **dict.fromkeys((Kind.ENDED, Kind.REMOVED, Kind.NEVER_FINISHES), Status.OVER),
}
JOB_STATUS: Mapping[Status, int] = {
    Status.IDLE: 1,
    **dict.fromkeys((Status.RUNNING, Status.SENDING, Status.CLAIMED), 2),
    Status.HELD: 5,
    Status.OVER: 4,
}
"""HTCondor's numbers for the statuses."""


class Hold(IntEnum):
    """HTCondor's hold codes."""

    POLICY = 3
    """on_exit_hold, periodic_hold."""
    INPUT_SIZE = 32
    OUTPUT_SIZE = 33
    EXECUTE = 6
    STREAM = 7
    """stdout or stderr can't be opened."""
    STDIN = 8
    STREAMED = 9
    """A file to which stdout or stderr is streamed can't be opened in the submit directory."""
    OUTPUT = 12
    INPUT = 13
    LIMIT = 26
    """HTCondor's code for a hold by the pool's policy; here for a limit of the executor, and for what is not
    simulated."""
    CHECKPOINT = 36
    JOB_DURATION = 46
    EXECUTE_DURATION = 47


POLICY_ATTRIBUTES = EXIT_ATTRIBUTES | {"numjobcompletions", "numjobstarts"}
"""The job attributes on which simulated policies may depend, in lower case."""
PERIODIC_ATTRIBUTES = POLICY_ATTRIBUTES | {
    *("jobstatus", "enteredcurrentstatus", "jobstartdate", "jobcurrentstartdate", "qdate"),
    *("numshadowstarts", "numholds", "holdreasoncode", "holdreasonsubcode", classads.NOW),
}
"""The attributes on which simulated periodic policies may depend."""
FIRST_LOOK, LOOKS = 10.0, 60.0
"""Seconds from the start of an activation to HTCondor's first check of how long the program has been running, and
between later checks, unless a pool sets PERIODIC_EXPR_INTERVAL differently."""
BY_USER = 1
"""HTCondor's code for a hold by condor_hold."""
SOON = 1.0
"""Seconds from the end of allowed_job_duration until the job is held."""


# -- the result of an execution --------------------------------------------------------


class Saved(NamedTuple):
    """The checkpoint is committed."""

    spool: Tree
    """The new contents of the spool."""
    sent: Tree = Tree()
    """The files of the checkpoint."""


class NotSaved(NamedTuple):
    """Listed files are missing, which is only logged: nothing is saved."""

    missing: tuple[str, ...]
    error: int = errno.ENOENT
    """The system's number for what is wrong with them."""


class Held(NamedTuple):
    """The job is put on hold, with HTCondor's code, subcode and reason."""

    code: int
    subcode: int
    reason: str
    missing: tuple[str, ...] = ()
    """The listed files that were missing, which the reason does not name (R4c)."""
    returned_files: Tree = Tree()
    """The files that were returned although something was missing (R6)."""
    transferred: bool = True
    """Whether HTCondor tried to transfer files first; False if the program was still running."""
    refused: bool = False
    """Whether a transfer failed on the receiving side, and not on the sending side."""
    unsendable: tuple[str, ...] = ()
    """The links to directories and the unreadable files that made a transfer fail (R4b)."""


class Ended(NamedTuple):
    """The program has ended for good, and its output was returned."""

    exit: Exit
    returned_files: Tree = Tree()
    transferred: bool = True
    """Whether there was any transfer (R6)."""
    removed: bool = False
    """Whether the job is removed from the queue, by periodic_remove."""


Next = Saved | NotSaved | Held | Ended


# -- events -------------------------------------------------------------------------------


class Matched(NamedTuple):
    """An idle job gets a slot, and its files have been transferred there."""

    slot: int = 0
    after: float = 0.0
    """Virtual seconds since the last event; the last `transfer` of them were spent transferring. The same in all events."""
    transfer: float = 0.0


class Reactivated(NamedTuple):
    """The program is started again on the job's present claim."""


class Exited(NamedTuple):
    """The program has ended by itself."""

    run: Run
    text: str = ""
    """A remark."""


class DurationChecked(NamedTuple):
    """HTCondor checks how long the program has been running, and finds it too long."""

    run: Run
    """The execution so far."""


class Transferred(NamedTuple):
    """The files of an execution that ended have been transferred."""

    transfer: float = 0.0
    fault: Fault | None = None
    """A fault that happened meanwhile, and waited for the end of the transfer."""


class FaultHappened(NamedTuple):
    """A fault of the schedule happens."""

    fault: Fault
    run: Run | None = None
    """If a program was running: the execution so far."""
    after: float = 0.0
    transfer: float = 0.0


class PolicyChecked(NamedTuple):
    """HTCondor checks the periodic policies, and finds one of them true."""

    after: float = 0.0
    run: Run | None = None
    """If a program was running: the execution, ended by the signals that follow."""


class Released(NamedTuple):
    """The user releases the held job."""

    after: float = 0.0


Event = Matched | Reactivated | Exited | DurationChecked | Transferred | FaultHappened | PolicyChecked | Released


# -- the step -------------------------------------------------------------------------------


class Situation(NamedTuple):
    """The situation of a job between two events: what has just happened, when, and the contents of the three directories."""

    kind: str
    """A Kind."""
    time: float = EPOCH
    """Virtual time, in seconds since the epoch."""
    activation: int = 0
    execution: int = 0
    slot: int = 0
    returned_files: Tree = Tree()
    """The files returned to the submit directory so far."""
    spool: Tree = Tree()
    sandbox: Tree | None = None
    """The execute directory, even if the job has just lost it. None if there is none."""
    fault: Fault | None = None
    run: Run | None = None
    """The execution that has just ended or been interrupted."""
    transfer: float = 0.0
    """How long files have just been transferred."""
    next: Next | None = None
    """The result of that execution."""
    goodput: float = 0.0
    """Virtual seconds of computing that are safe; `badput`: those that were lost."""
    badput: float = 0.0
    text: str = ""
    """A remark on what has happened."""
    pending: float = 0.0
    """Virtual seconds of computing that are neither safe nor lost yet."""
    activation_spool: Tree = Tree()
    """The activation's initial checkpoint."""
    catalog: Tree = Tree()
    """What the activation does not return if it stays unchanged (R6)."""
    retries: float = 0
    """The retries that max_retries still allows."""
    ad: tuple[tuple[str, classads.Value], ...] = ()
    """The values of attributes on which the job's policies depend, as far as known."""
    elapsed: float = 0.0
    """Virtual seconds since the activation began."""
    beside: tuple[Start, ...] = ()
    """The starts whose processes are still running in the sandbox; () if there are none (R4f)."""
    signal: int = 0
    """The signal by which HTCondor has just asked the program to end (R5); 0 if it has not asked."""

    @property
    def status(self) -> Status:
        """What the job does until the next event."""
        return STATUS[self.kind]

    # These are only for situations that certainly have them.

    @property
    def directory(self) -> Tree:
        """The execute directory of a job that has one, or has just lost it."""
        assert self.sandbox is not None, f"{self.kind}: there is no execute directory"
        return self.sandbox

    @property
    def ran(self) -> Run:
        """The execution of a job whose program has just ended or been interrupted."""
        assert self.run is not None, f"{self.kind}: there was no execution"
        return self.run

    @property
    def end(self) -> Ended:
        """The result of an execution that ended the program for good."""
        assert isinstance(self.next, Ended), f"{self.kind}: the program has not ended for good"
        return self.next

    @property
    def struck(self) -> Fault:
        """The fault that has just cost the job its slot or its checkpoint."""
        assert self.fault is not None, f"{self.kind}: there was no fault"
        return self.fault


def submitted(job: Job) -> Situation:
    """The situation of a newly submitted job."""
    now = Situation(Kind.SUBMITTED, retries=job.max_retries)
    times = {"qdate": int(now.time), "jobstatus": JOB_STATUS[now.status], "enteredcurrentstatus": int(now.time)}
    return _counted(job, now, numjobstarts=0, numjobcompletions=0, numshadowstarts=0, numholds=0, **times)


def policies_see(job: Job, now: Situation) -> tuple[object, ...]:
    """The state on which the job's policies depend: if it differs, situations differ even if all files are equal."""
    return now.ad, now.elapsed if job.allowed_job_duration is not None else 0.0


def _counted(job: Job, now: Situation, **attributes: classads.Value) -> Situation:
    """The situation with these job attributes, if its policies depend on them. Other attributes keep their values: a
    checkpoint's exit code remains when a signal ends the job (R6)."""
    if not job.policy_names:
        return now
    known = {**dict(now.ad), **attributes}
    return now._replace(ad=tuple((name, known[name]) for name in sorted(known) if name in job.policy_names))


def _count_of(now: Situation, name: str) -> int:
    known = dict(now.ad).get(name)
    return known + 1 if isinstance(known, int) else 1


def step(job: Job, profile: Profile, now: Situation, event: Event) -> Situation:
    """The situation after an event. Raises ValueError for an event that can't happen now."""
    status, rule = _RULES[type(event)]
    if now.status not in status:
        raise ValueError(f"a job that is {now.status} can't be {type(event).__name__}")
    return _entered(job, now, rule(job, profile, now, event))


def _entered(job: Job, before: Situation, now: Situation) -> Situation:
    """The situation with the job attributes that follow from its status, if the status has just changed."""
    if not job.policy_names or JOB_STATUS[before.status] == JOB_STATUS[now.status]:
        return now
    since = int(now.time)
    attributes: dict[str, classads.Value] = {"jobstatus": JOB_STATUS[now.status], "enteredcurrentstatus": since}
    if now.status is Status.RUNNING:
        first = dict(before.ad).get("jobstartdate", since)
        attributes |= {"jobstartdate": first, "jobcurrentstartdate": since}
    if now.status is Status.HELD:
        code, subcode = (now.next.code, now.next.subcode) if isinstance(now.next, Held) else (BY_USER, 0)
        attributes |= {"numholds": _count_of(before, "numholds")}
        attributes |= {"holdreasoncode": int(code), "holdreasonsubcode": subcode}
    return _counted(job, now, **attributes)


def is_checkpoint(job: Job, run: Run) -> bool:
    """R0, R1: whether an execution ended with exactly the checkpoint code or signal."""
    ended = not run.unstartable and not run.over and job.self_checkpointing
    return ended and run.exit == Exit(job.checkpoint_exit_code, job.checkpoint_signal)


def saves_when_evicted(job: Job, fault: Fault, run: Run) -> bool:
    """R7: whether a fault that strikes a running program has its output sent to the spool: not if the program had to be
    ended by SIGKILL, when job_max_vacate_time was over."""
    return job.on_exit_or_evict and fault.kind != "evict" and run.exit.signal != SIGKILL


def is_success(job: Job, exit: Exit) -> bool:
    """R6: whether a final exit counts as success."""
    return exit.code == job.success_exit_code


def _matched(job: Job, profile: Profile, now: Situation, event: Matched) -> Situation:
    """R2: a new activation, in a sandbox with the inputs and the spool."""
    starts = {name: _count_of(now, name) for name in ("numjobstarts", "numshadowstarts")}
    return _becomes(_counted(job, now, **starts), Kind.STARTED, event.after)._replace(
        sandbox=transfer.with_streams(job, transfer.new_sandbox(job, now.spool, profile)),
        activation_spool=now.spool,
        catalog=transfer.catalog_of(job, now.spool, retried=now.kind == Kind.RETRIED),
        slot=event.slot,
        activation=now.activation + 1,
        execution=now.execution + 1,
        transfer=event.transfer,
        beside=(),
        elapsed=event.transfer,
    )


def _reactivated(job: Job, profile: Profile, now: Situation, event: Reactivated) -> Situation:
    """R4f: a restart in place, in the same sandbox, beside the processes left running there."""
    sandbox = transfer.with_streams(job, now.directory)
    return _becomes(now, Kind.RESTARTED)._replace(execution=now.execution + 1, sandbox=sandbox)


def _exited(job: Job, profile: Profile, now: Situation, event: Exited) -> Situation:
    """R3, R4f: the program has ended, and left files and perhaps processes in its sandbox."""
    run = event.run
    earlier = () if run.unaided else now.beside
    beside = (*earlier, Start(now.directory, now.time, run.left)) if run.left else ()
    return _becomes(_counted(job, now, **run.exit.attributes), Kind.EXITED, run.seconds)._replace(
        sandbox=run.sandbox,
        run=run,
        beside=beside,
        pending=now.pending + run.seconds,
        elapsed=now.elapsed + run.seconds,
        text=event.text,
    )


def _looked(job: Job, profile: Profile, now: Situation, event: DurationChecked) -> Situation:
    """R6: allowed_execute_duration and allowed_job_duration hold a job while it runs, and its sandbox is lost."""
    run = event.run
    held = _took_too_long(job, run.seconds, now.elapsed + run.seconds)
    assert held, "the check found that it takes too long"
    return _becomes(_wasted(_streamed(job, now, run), run.seconds), Kind.HELD, run.seconds)._replace(
        run=run,
        sandbox=run.sandbox,
        next=held._replace(transferred=False),
    )


def _transferred(job: Job, profile: Profile, now: Situation, event: Transferred) -> Situation:
    """R4, R6: the program has ended, and its files have been transferred."""
    run = now.ran
    now = _streamed(job, now, run)._replace(elapsed=now.elapsed + event.transfer)
    if not is_checkpoint(job, run):
        now = _counted(job, now, numjobcompletions=_count_of(now, "numjobcompletions"))
    try:
        then = _at_exit(job, profile, now)
    except transfer.OutsideSandbox as error:
        then = _unknown(error)
    except transfer.Endless as error:
        return _becomes(now, Kind.NEVER_FINISHES)._replace(run=run, text=str(error))
    if isinstance(then, Saved):
        late = _took_too_long(job, run.seconds, now.elapsed)
        return _becomes(now, Kind.HELD if late else Kind.CHECKPOINT, event.transfer)._replace(
            transfer=event.transfer,
            run=run,
            next=late or then,
            spool=then.spool,
            goodput=now.goodput + now.pending,
            pending=0.0,
        )
    if isinstance(then, NotSaved):
        return _becomes(now, Kind.CHECKPOINT_FAILED)._replace(run=run, next=then)
    now = now._replace(returned_files=now.returned_files | then.returned_files)
    if isinstance(then, Held):
        return _becomes(_wasted(now), Kind.HELD)._replace(run=run, next=then)
    if event.fault:  # R5: the output has been returned, but the job has not ended
        return _lost(now, FaultHappened(event.fault, run, event.transfer, event.transfer))
    return _ended(job, now, event, then)


def _ended(job: Job, now: Situation, event: Transferred, then: Ended) -> Situation:
    """R6: the final exit, unless max_retries or on_exit_remove allows another try."""
    good = is_success(job, then.exit)
    again = not then.removed and now.retries > 0 and _is_requeued(job, now, then.exit)
    seconds = event.transfer * then.transferred
    kind = Kind.RETRIED if again else Kind.REMOVED if then.removed else Kind.ENDED
    if good:
        now = now._replace(goodput=now.goodput + now.pending, pending=0.0)
    return _becomes(_wasted(now), kind, seconds)._replace(
        transfer=seconds,
        run=now.run,
        next=then,
        spool=now.spool if again else Tree(),
        retries=now.retries - again,
    )


def _struck(job: Job, profile: Profile, now: Situation, event: FaultHappened) -> Situation:
    """R5: a fault happens to a job that is idle, running, sending, or about to restart in place."""
    fault = event.fault
    if now.status is Status.IDLE:
        return _becomes(now, Kind.HELD, event.after)._replace(fault=fault, sandbox=None)
    if now.status is Status.CLAIMED:
        kind = Kind.HELD if fault.kind == "hold" else Kind.REQUEUED
        return _becomes(now, kind, event.after)._replace(fault=fault)
    if now.status is Status.RUNNING:
        assert event.run, "a program ran"
        now = _streamed(job, now, event.run)._replace(pending=now.pending + event.run.seconds)
        lost = _vacated(job, profile, now, event, event.run)
        return lost if fault.kind == "evict" else lost._replace(signal=job.kill_sig)
    now = _streamed(job, now, now.ran)
    if fault.kind == "upload-fails":
        failed = _becomes(now, Kind.CHECKPOINT_FAILED, event.transfer)
        return failed._replace(fault=fault, run=now.ran, transfer=event.transfer)
    return _lost(now, event._replace(run=now.ran))


def _vacated(job: Job, profile: Profile, now: Situation, event: FaultHappened, run: Run) -> Situation:
    """R5: everything since the last checkpoint is lost, unless the job saves its output at an eviction (R7)."""
    if not saves_when_evicted(job, event.fault, run):
        return _lost(now, event)
    try:
        sent = transfer.vacated(job, run.sandbox, profile)
    except transfer.OutsideSandbox as error:
        return _lost(now, event, _unknown(error))
    except transfer.Endless:
        return _lost(now, event)
    if isinstance(sent, Tree):
        if transfer.has_news(sent, now.spool):
            now = now._replace(goodput=now.goodput + now.pending, pending=0.0)
        return _lost(now._replace(spool=transfer.commit(now.spool, sent)), event)
    if profile.missing_output_holds:
        reason = "Transfer output files failure"
        return _lost(now, event, Held(Hold.OUTPUT, sent.error, reason, sent.paths, unsendable=sent.unsendable))
    return _lost(now, event, NotSaved(sent.paths, sent.error))


def _lost(now: Situation, event: FaultHappened, next: NotSaved | Held | None = None) -> Situation:
    """R5: the slot is lost, and the sandbox with it."""
    assert event.run, "there was an execution"
    held = event.fault.kind == "hold" or isinstance(next, Held)
    return _becomes(_wasted(now), Kind.HELD if held else Kind.EVICTED, event.after)._replace(
        fault=event.fault,
        run=event.run,
        sandbox=event.run.sandbox,
        transfer=event.transfer,
        next=next,
    )


def _released(job: Job, profile: Profile, now: Situation, event: Released) -> Situation:
    """R2: a released job is idle, and will resume from its spool."""
    return _becomes(now, Kind.RELEASED, event.after)._replace(sandbox=None)


def _policy_checked(job: Job, profile: Profile, now: Situation, event: PolicyChecked) -> Situation:
    """R6: a periodic policy evicts, holds, releases or removes the job, whatever it is doing."""
    run, at = event.run, now.time + event.after
    verdict = periodic_verdict(job, now, at)
    assert verdict, "the check found a true policy"
    if verdict is Kind.EVICTED:
        assert run, "a program ran"
        return _struck(job, profile, now, FaultHappened(Fault(BY_POLICY, now.execution, event.after), run, run.seconds))
    if verdict is Kind.RELEASED:
        return _released(job, profile, now, Released(event.after))
    seconds = run.seconds if run else 0.0
    held = _held_by(job, "periodic_hold", _attributes_at(now, at)) if verdict is Kind.HELD else None
    return _becomes(_wasted(_streamed(job, now, run), seconds), verdict, seconds if run else event.after)._replace(
        run=run,
        sandbox=run.sandbox if run else None,
        next=held and held._replace(transferred=False),
        spool=now.spool if held else Tree(),
    )


_RULES: Mapping[type[Event], tuple[set[Status], Callable[..., Situation]]] = {
    Matched: ({Status.IDLE}, _matched),
    Reactivated: ({Status.CLAIMED}, _reactivated),
    Exited: ({Status.RUNNING}, _exited),
    DurationChecked: ({Status.RUNNING}, _looked),
    Transferred: ({Status.SENDING}, _transferred),
    FaultHappened: ({Status.IDLE, Status.RUNNING, Status.SENDING, Status.CLAIMED}, _struck),
    PolicyChecked: ({Status.IDLE, Status.RUNNING, Status.HELD}, _policy_checked),
    Released: ({Status.HELD}, _released),
}


def _becomes(now: Situation, kind: Kind, after: float = 0.0) -> Situation:
    """The situation after something new has happened; only the consequences of what happened before stay."""
    return now._replace(
        kind=kind, time=now.time + after, fault=None, next=None, run=None, signal=0, text="", transfer=0.0
    )


def _wasted(now: Situation, seconds: float = 0.0) -> Situation:
    """All computing since the last checkpoint is lost, and `seconds` that are not counted yet."""
    return now._replace(badput=now.badput + now.pending + seconds, pending=0.0)


# -- the end of an execution ------------------------------------------------------------------


def _at_exit(job: Job, profile: Profile, now: Situation) -> Next:
    """R1, R4, R6: what HTCondor does after a program has ended by itself. Raises OutsideSandbox and Endless."""
    run = now.ran
    if run.unstartable:
        return _no_start(job, profile, now)
    if run.over:
        return Held(Hold.LIMIT, 0, f"The job used more than {run.over}, a limit of this simulator, not of HTCondor")
    if is_checkpoint(job, run):
        return _checkpoint(job, profile, run.sandbox, now.spool)
    returned_files: Tree | transfer.TransferFailure
    if job.on_success and not is_success(job, run.exit):
        transferred = profile.streams_of_failure
        returned_files = transfer.returned_streams(job, run.sandbox, profile) if transferred else Tree()
    else:
        returned_files, transferred = transfer.output(job, run.sandbox, now.catalog, profile), True
    if isinstance(returned_files, transfer.TransferFailure):
        return _not_returned(returned_files)
    then: Held | Ended = Ended(run.exit)
    verdict = periodic_verdict(job, now, now.time)
    if late := _took_too_long(job, run.seconds, now.elapsed):
        then = late
    elif verdict is Kind.EVICTED:
        return Held(Hold.LIMIT, 0, "Not simulated: periodic_vacate is true when the program has ended")
    elif verdict is Kind.REMOVED:
        then = Ended(run.exit, removed=True)
    else:
        periodic = _held_by(job, "periodic_hold", _attributes_at(now, now.time))
        then = periodic or _held_by(job, "on_exit_hold", dict(now.ad)) or then
    return then._replace(returned_files=returned_files, transferred=transferred)


def _no_start(job: Job, profile: Profile, now: Situation) -> Held:
    """R2, R3: the hold of a job whose program could not be started."""
    run = now.ran
    problem = transfer.not_transferred(job, run.sandbox, now.activation_spool)
    if problem and problem.too_much:
        reason = f"The input files exceed max_transfer_input_mb: {problem}"
        earlier = transfer.returned_streams(job, now.activation_spool, profile)
        streams = earlier if profile.output_after_failed_input else Tree()
        return Held(Hold.INPUT_SIZE, 0, reason, returned_files=streams)
    if problem:
        reason = f"Transfer input files failure: {problem}"
        return Held(Hold.INPUT, problem.error, reason, refused=not job.missing_input)
    if job.unstreamable:
        return Held(Hold.STREAMED, 0, f"Failed to open '{job.unstreamable}' as standard output")
    if stream := transfer.unopened(job, run.sandbox):
        what, code = ("input", Hold.STDIN) if stream.is_input else ("output", Hold.STREAM)
        why = f"{os.strerror(stream.error)} (errno {stream.error})"
        return Held(code, stream.error, f"Failed to open '{stream.path}' as standard {what}: {why}")
    return Held(Hold.EXECUTE, run.error, _not_started(job, run))


def _not_returned(failure: transfer.TransferFailure) -> Held:
    """R6: the hold of a job whose output could not be returned."""
    paths, sent, error, refused, unsendable = failure
    if error == errno.EFBIG:
        reason = f"The output files exceed max_transfer_output_mb{_why(failure)}"
        return Held(Hold.OUTPUT_SIZE, 0, reason, returned_files=sent)
    missing = paths if error == errno.ENOENT else ()
    reason = f"Transfer output files failure{_why(failure)}"
    return Held(Hold.OUTPUT, error, reason, missing, sent, refused=refused, unsendable=unsendable)


def _checkpoint(job: Job, profile: Profile, sandbox: Tree, spool: Tree) -> Saved | NotSaved | Held:
    """R4a-e: the checkpoint replaces the spool's contents; or a listed file is missing, and the spool is unchanged."""
    sent = transfer.checkpoint(job, sandbox, profile)
    if isinstance(sent, Tree):
        return Saved(transfer.commit(spool, sent), sent)
    if profile.missing_file_holds:
        missing = sent.paths if sent.error == errno.ENOENT else ()
        reason = f"Starter failed to upload checkpoint{_why(sent) * (not missing)}"
        return Held(Hold.CHECKPOINT, -1, reason, missing, unsendable=sent.unsendable)
    return NotSaved(sent.paths)


def _took_too_long(job: Job, seconds: float, elapsed: float) -> Held | None:
    """R6: the hold of a job whose program has run for `seconds`, and whose activation has taken `elapsed` seconds; None
    if neither is too long."""
    for code, what, took, allowed in (
        (Hold.JOB_DURATION, "job", elapsed, job.allowed_job_duration),
        (Hold.EXECUTE_DURATION, "execute", seconds, job.allowed_execute_duration),
    ):
        if allowed is not None and took > allowed:
            hours = f"{allowed // 3600}:" if allowed >= 3600 else ""
            duration = f"{hours}{allowed // 60 % 60:02d}:{allowed % 60:02d}"
            return Held(code, 0, f"The job exceeded allowed {what} duration of {duration}")
    return None


def held_after(job: Job, now: Situation) -> float:
    """R6: after how many seconds of running a job is held for taking too long: at once for allowed_job_duration, but
    only at HTCondor's next check for allowed_execute_duration."""
    after = math.inf
    if job.allowed_job_duration is not None:
        after = max(0.0, job.allowed_job_duration - now.elapsed) + SOON
    if job.allowed_execute_duration is not None:
        end = now.elapsed + job.allowed_execute_duration
        after = min(after, FIRST_LOOK + LOOKS * max(0, (end - FIRST_LOOK) // LOOKS + 1) - now.elapsed)
    return after


def _is_requeued(job: Job, now: Situation, exit: Exit) -> bool:
    """R6: whether on_exit_remove is false. HTCondor treats undefined, an error or a string as true."""
    if not job.on_exit_remove:
        return not is_success(job, exit)
    return classads.is_false(classads.read(job.on_exit_remove).value(dict(now.ad)))


def _held_by(job: Job, policy: str, attributes: Mapping[str, classads.Value]) -> Held | None:
    """R6: the hold by on_exit_hold or periodic_hold, if it is true, with the job's own reason and subcode, if it gives
    them. HTCondor treats undefined, an error or a string as false."""
    condition: str = getattr(job, policy)
    if not _is_true(condition, attributes):
        return None
    texts: tuple[str, ...] = getattr(job, f"{policy}_reason"), getattr(job, f"{policy}_subcode")
    sentence, number = (classads.read(text).value(attributes) if text else None for text in texts)
    if not isinstance(sentence, str):
        attribute = policy.title().replace("_", "")
        sentence = f"The job attribute {attribute} expression '{condition}' evaluated to TRUE"
    return Held(Hold.POLICY, number if isinstance(number, int) else 0, sentence)


def periodic_verdict(job: Job, now: Situation, at: float) -> Kind | None:
    """R6: what happens if HTCondor checks the periodic policies at this time: EVICTED, HELD, RELEASED or REMOVED; None if
    nothing does."""
    attributes = _attributes_at(now, at)
    if now.status in (Status.RUNNING, Status.SENDING) and _is_true(job.periodic_vacate, attributes):
        return Kind.EVICTED
    if now.status is not Status.HELD and _is_true(job.periodic_hold, attributes):
        return Kind.HELD
    if now.status is Status.HELD and _is_true(job.periodic_release, attributes):
        return Kind.RELEASED
    return Kind.REMOVED if _is_true(job.periodic_remove, attributes) else None


def as_never_held(job: Job) -> Job:
    """The same job without the periodic policies that have no effect as long as it is not held (R6): periodic_release,
    and the policies that are then false whatever its other attributes are."""
    others = "periodic_hold", "periodic_remove", "periodic_vacate"
    idle = [name for name in others if (policy := getattr(job, name)) and only_when_held(policy)]
    without: dict[str, Any] = dict.fromkeys(["periodic_release", *idle], "")
    return replace(job, **without) if idle or job.periodic_release else job


def only_when_held(policy: str) -> bool:
    """Whether a periodic policy is false as long as the job is not held, whatever its other attributes are."""
    expression = classads.read(policy)
    if expression.foreign or _TELLS_UNDEFINED.search(policy):
        return False
    return all(
        classads.is_false(expression.value({"jobstatus": number}))
        for status, number in JOB_STATUS.items()
        if status is not Status.HELD
    )


_TELLS_UNDEFINED = re.compile(r"=\?=|=!=|\bis\w*|undefined|error|ifThenElse", re.IGNORECASE)
"""With these, an expression may be false only because an attribute is not known."""


def _attributes_at(now: Situation, at: float) -> dict[str, classads.Value]:
    return {**dict(now.ad), classads.NOW: int(at)}


def _is_true(policy: str, attributes: Mapping[str, classads.Value]) -> bool:
    return bool(policy) and classads.is_true(classads.read(policy).value(attributes))


def _unknown(error: transfer.OutsideSandbox) -> Held:
    """Stands for an outcome that is not simulated."""
    return Held(Hold.LIMIT, 0, f"Not simulated: {error}")


def _why(failure: transfer.TransferFailure) -> str:
    """Why a transfer failed, as the end of HTCondor's reason."""
    return f": {', '.join(failure.paths)}: {os.strerror(failure.error)}"


def _not_started(job: Job, run: Run) -> str:
    """Why a program could not be started, in HTCondor's words."""
    program = run.sandbox.get(job.executable)
    script = re.match(rb"#! *(\S+)", program.content) if isinstance(program, File) else None
    interpreter = ""
    if script and run.error == errno.ENOENT:
        interpreter = f"invalid interpreter ({os.fsdecode(script[1])}) specified on first line of script "
    return f"Failed to execute '{job.executable}': {interpreter}(errno={run.error}: '{run.unstartable}')"


def _streamed(job: Job, now: Situation, run: Run | None) -> Situation:
    """R3: streamed stdout and stderr are in the submit directory at once, and stay there when work is lost; only until
    the next start, if the job does not keep them (R0)."""
    if not run or job.unstreamable:
        return now
    returned_files = now.returned_files
    for streamed, destination, text in (
        (job.stream_output, job.output, run.stdout),
        (job.stream_error, job.error, run.stderr),
    ):
        if streamed and destination and (text or destination not in returned_files or not job.keeps_streams):
            old = returned_files.get(destination) or job.streamed_onto.get(destination)
            before = old.content if isinstance(old, File) and job.keeps_streams else b""
            returned_files = returned_files.put(destination, File(before + text.encode()))
    return now if returned_files is now.returned_files else now._replace(returned_files=returned_files)
