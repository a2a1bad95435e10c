"""How long transfers take and slots last, read off a job event log, simulated or real.

What a log does not say is not here: how long the program itself writes and starts, and restarts in place (R4f).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from .eventlog import NAMES, Event

SENDS, SENT = "Started transferring input files", "Finished transferring input files"
FETCHES, FETCHED = "Started transferring output files", "Finished transferring output files"
SUBMIT, EVICTED, TERMINATED, RELEASED = "SUBMIT", "JOB_EVICTED", "JOB_TERMINATED", "JOB_RELEASED"


@dataclass
class Costs:
    """Durations in seconds, each kind in the order in which they ended."""

    waits: list[float] = field(default_factory=list)
    """From idle to the next slot."""
    downloads: list[float] = field(default_factory=list)
    """Input files and checkpoint to a new sandbox."""
    uploads: list[float] = field(default_factory=list)
    """A checkpoint to the access point."""
    slots: list[float] = field(default_factory=list)
    """How long each slot lasted that was lost."""


def costs(events: Iterable[Event]) -> Costs:
    """What the events of a log tell. Several jobs may share the log; each is followed by itself."""
    jobs: dict[tuple[int, int], list[tuple[str, float]]] = {}
    for event in events:
        if event.number in NAMES:
            what = event.text if event.name == "FILE_TRANSFER" else event.name
            jobs.setdefault((event.cluster, event.proc), []).append((what, event.time))
    total = Costs()
    for job in jobs.values():
        _follow(job, total)
    return total


def _follow(job: list[tuple[str, float]], total: Costs) -> None:
    at: dict[str, float] = {}
    for (what, time), (following, _) in pairwise([*job, ("", 0.0)]):
        if what == SENDS and (idle := [at[one] for one in (SUBMIT, EVICTED, RELEASED) if one in at]):
            total.waits.append(time - max(idle))
        elif what == SENT and SENDS in at:
            total.downloads.append(time - at[SENDS])
        elif what == FETCHED and FETCHES in at and following != TERMINATED:
            total.uploads.append(time - at[FETCHES])
        elif what == EVICTED and SENDS in at:
            total.slots.append(time - at[SENDS])
        at[what] = time
