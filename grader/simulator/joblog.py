"""What HTCondor writes to the job event log at each moment of a job's story.

The format of an event is in eventlog.py; here is which events there are. Times are virtual.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import eventlog
from .eventlog import Event
from .job import Job
from .pool import Held, Moment
from .profile import MODERN, Profile
from .tree import File, Tree

VACATE_CODES = {"evict": 1008, "vacate": 1004, "hold": 1, "requeue": 1025}
"""HTCondor manual, "Vacate Reason Codes": ReconnectFailed, UserVacateJob, the hold code of a user's
condor_hold, and SuccessfulCheckpoint."""


def job_log(job: Job, moments: Iterable[Moment], profile: Profile = MODERN) -> Iterator[Event]:
    """The events of a whole story, in order."""
    for moment in moments:
        yield from events(job, moment, profile)


def events(job: Job, moment: Moment, profile: Profile = MODERN) -> list[Event]:
    """The events of one moment. Restarts in place have none (R4f), checkpoints only their transfer."""
    at = (job.cluster, job.proc, moment.time)
    slot = f"slot1@ep{moment.slot + 1}"
    host = f"<127.0.0.1:{9618 + moment.slot + 1}>"
    match moment.kind:
        case "submitted":
            return [eventlog.submitted(*at)]
        case "started":
            return [eventlog.transfer(*at, "input", "started", host), eventlog.transfer(*at, "input", "finished", host),
                    eventlog.executing(*at, slot, host)]
        case "checkpoint":
            return _output(at)
        case "checkpoint failed":
            return _output(at)[:1]
        case "evicted" | "requeued":
            sent = _output(at) if job.on_exit_or_evict and moment.fault.kind != "evict" else []  # R7
            return [*sent, _evicted(at, moment, profile)]
        case "retried":
            return [*_output(at), eventlog.evicted(
                *at, usage=moment.run.seconds, return_value=moment.run.exit.code, signal=moment.run.exit.signal)]
        case "held":
            return _held(job, at, moment, slot, profile)
        case "released":
            return [eventlog.released(*at, "via condor_release")]
        case "ended":
            end = moment.next.exit
            size = total_bytes(moment.home)
            return [*_output(at), eventlog.terminated(
                *at, return_value=end.code, signal=end.signal, usage=moment.run.seconds,
                total_usage=moment.goodput + moment.badput, sent=size, received=total_bytes(job.inputs))]
    return []


def total_bytes(tree: Tree) -> int:
    """The size of all files of a directory."""
    return sum(len(entry.content) for entry in tree.values() if isinstance(entry, File))


def _output(at: tuple) -> list[Event]:
    return [eventlog.transfer(*at, "output", phase) for phase in ("started", "finished")]


def _evicted(at: tuple, moment: Moment, profile: Profile) -> Event:
    code = VACATE_CODES[moment.fault.kind] if profile.eviction_codes and moment.fault else None
    return eventlog.evicted(*at, usage=moment.run.seconds if moment.run else 0, code=code)


def _held(job: Job, at: tuple, moment: Moment, slot: str, profile: Profile) -> list[Event]:
    held = moment.next
    if not isinstance(held, Held):  # the user's own condor_hold
        sent = _output(at) if job.on_exit_or_evict else []
        return [*sent, _evicted(at, moment, profile), eventlog.held(*at, "via condor_hold", 1, 0)]
    evicted = eventlog.evicted(*at, usage=moment.run.seconds, code=held.code if profile.eviction_codes else None,
                               subcode=held.subcode)
    # The starter tells of output that it could not send as code 13, the shadow of the same as 12.
    starters = 13 if held.code == 12 else held.code
    return [*_output(at)[:1], eventlog.starter_error(*at, slot, held.reason, starters, held.subcode),
            evicted, eventlog.held(*at, held.reason, held.code, held.subcode)]
