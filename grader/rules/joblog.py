"""Which events HTCondor writes to the job event log at each moment of a job's story; eventlog.py formats them. Times are
virtual."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..tree import File, Tree
from . import eventlog
from .eventlog import At, Event
from .job import Job
from .profile import MODERN, Profile
from .schedule import BY_POLICY
from .simulation import Held, Moment, NotSaved
from .step import Hold, saves_when_evicted
from .transfer import not_transferred

VACATE_CODES = {"evict": 1022, "vacate": 1022, "hold": 1, "requeue": 1025, BY_POLICY: 1000}
"""The codes in event 004 since 24.3, as seen with 25.14.1: for condor_vacate_job with and without -fast ("Job vacated by
schedd"), for condor_hold (its hold code), for a slot that can't be used again after a checkpoint, and for
periodic_vacate."""
RESCHEDULED = (
    "Rescheduling self-checkpoint job after checkpoint upload because reactivating the claim would have failed."
)


def job_log(job: Job, moments: Iterable[Moment], profile: Profile = MODERN) -> Iterator[Event]:
    """The events of a whole story, in order."""
    for moment in moments:
        yield from events(job, moment, profile)


def events(job: Job, moment: Moment, profile: Profile = MODERN) -> list[Event]:
    """The events of one moment. Restarts in place have none (R4f), checkpoints only their transfer."""
    at = (job.cluster, job.proc, moment.time)
    began = (job.cluster, job.proc, moment.time - moment.transfer)
    slot = f"slot1@ep{moment.slot + 1}"
    host = f"<127.0.0.1:{9618 + moment.slot + 1}>"
    match moment.kind:
        case "submitted":
            return [eventlog.submitted(at, notes=job.notes)]
        case "started":
            if _held_when_submitted(job, profile):
                return []
            received = [
                eventlog.transfer(began, "input", "started", host),
                eventlog.transfer(at, "input", "finished", host),
            ]
            failed = not_transferred(job, moment.directory, moment.activation_spool)
            over = job.allowed_job_duration == 0  # the job is held before HTCondor logs that its program runs
            return received if failed or over or job.unstreamable else [*received, eventlog.executing(at, slot, host)]
        case "checkpoint":
            return _output(began, at)
        case "checkpoint failed":  # HTCondor logs an end even if the network cut the transfer (R4d)
            return _output(began, at) if moment.fault else _output(began, at)[:1]
        case "evicted" | "requeued":
            lost = [_evicted(at, moment, profile)]
            before = [*_sent_before_eviction(job, began, at, moment), *_rescheduled(at, moment, slot)]
            return lost + before if moment.struck.kind == BY_POLICY else before + lost
        case "retried":
            evicted = eventlog.evicted(at, usage=moment.ran.seconds, requeued=moment.ran.exit)
            return [*_returned(began, at, moment), evicted]
        case "never finishes" if moment.run:  # in a transfer
            return _output(began, at)[:1]
        case "held":
            return _held(job, at, moment, slot, profile)
        case "removed":
            why = f"The job attribute PeriodicRemove expression '{job.periodic_remove}' evaluated to TRUE"
            return [*(_returned(began, at, moment) if moment.next else []), eventlog.aborted(at, why)]
        case "released":
            return [eventlog.released(at, "via condor_release")]
        case "ended":
            terminated = eventlog.terminated(
                at,
                moment.end.exit,
                usage=moment.ran.seconds,
                total_usage=moment.goodput + moment.badput,
                sent=total_bytes(moment.returned_files),
                received=total_bytes(job.inputs),
            )
            return [*_returned(began, at, moment), terminated]
    return []


def total_bytes(tree: Tree) -> int:
    """The size of all files of a directory."""
    return sum(len(entry.content) for entry in tree.values() if isinstance(entry, File))


def _output(began: At, at: At) -> list[Event]:
    return [eventlog.transfer(began, "output", "started"), eventlog.transfer(at, "output", "finished")]


def _returned(began: At, at: At, moment: Moment) -> list[Event]:
    """R6: the transfer of the output. If there is nothing to send, only its end is logged."""
    return _output(began, at)[not moment.end.returned_files :] if moment.end.transferred else []


def _sent_before_eviction(job: Job, began: At, at: At, moment: Moment) -> list[Event]:
    """R5: a transfer that an eviction interrupts has no end, unlike a transfer that it waits for. R7: a soft eviction
    sends the output."""
    soft = moment.struck.kind != "evict"
    if moment.run and saves_when_evicted(job, moment.struck, moment.run) and moment.kind != "requeued":
        return _output(at, at)[: 1 if isinstance(moment.next, NotSaved) else 2]
    return _output(began, at)[: 1 + soft] if moment.transfer else []


def _rescheduled(at: At, moment: Moment, slot: str) -> list[Event]:
    """R4g: HTCondor logs an error, although the checkpoint has arrived. R7: or because it has not."""
    if moment.struck.kind == "requeue":
        return [eventlog.starter_error(at, slot, RESCHEDULED, VACATE_CODES["requeue"])]
    if isinstance(moment.next, NotSaved):
        missing, error = moment.next
        return [eventlog.starter_error(at, slot, f"failed to send {', '.join(missing)}", 13, error)]
    return []


def _evicted(at: At, moment: Moment, profile: Profile) -> Event:
    code = VACATE_CODES[moment.fault.kind] if profile.eviction_codes and moment.fault else None
    return eventlog.evicted(at, usage=moment.run.seconds if moment.run else 0, code=code)


def _held(job: Job, at: At, moment: Moment, slot: str, profile: Profile) -> list[Event]:
    held = moment.next
    by_user = eventlog.held(at, "via condor_hold", 1, 0)
    if moment.fault and moment.fault.kind == "hold-idle":  # there is no slot from which it could be evicted
        return [by_user]
    if not isinstance(held, Held):
        sent = _sent_before_eviction(job, (job.cluster, job.proc, moment.time - moment.transfer), at, moment)
        return [*sent, _evicted(at, moment, profile), by_user]
    hold = eventlog.held(at, held.reason, held.code, held.subcode)
    if held.code == Hold.INPUT_SIZE and _held_when_submitted(job, profile):
        return [hold]
    if held.code in (Hold.POLICY, Hold.JOB_DURATION, Hold.EXECUTE_DURATION):
        return [*(_output(at, at) if held.transferred else []), hold]
    evicted = eventlog.evicted(
        at, usage=moment.ran.seconds, code=held.code if profile.eviction_codes else None, subcode=held.subcode
    )
    # To the starter, what could not be sent is code 13 and what could not be received 12; to the shadow, output
    # is 12 and input 13.
    starters = held.code if held.code not in (12, 13) else 12 if held.refused else 13
    # The log shows a failed transfer of output as finished, but not that of a checkpoint.
    transfers: dict[int, int] = {
        **dict.fromkeys((Hold.INPUT, Hold.INPUT_SIZE), 2 * profile.output_after_failed_input),
        **dict.fromkeys((Hold.EXECUTE, Hold.STREAM, Hold.STDIN, Hold.STREAMED), 0),
        **dict.fromkeys((Hold.OUTPUT, Hold.OUTPUT_SIZE), 2),
    }
    return [
        *_output(at, at)[: transfers.get(held.code, 1)],
        eventlog.starter_error(at, slot, held.reason, starters, held.subcode),
        evicted,
        hold,
    ]


def _held_when_submitted(job: Job, profile: Profile) -> bool:
    """R2: whether the inputs alone exceed max_transfer_input_mb, and this HTCondor checks that at submission."""
    failed = profile.measures_input and not_transferred(job, Tree(), Tree())
    return bool(failed and failed.too_much)
