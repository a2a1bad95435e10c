"""How long transfers take and slots last, according to a job event log, simulated or real.

A log does not show how long the program itself takes to write and to start, nor restarts in place (R4f).
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
    """Durations in seconds; those of each kind in the order in which they ended."""

    waits: list[float] = field(default_factory=list)
    """From idle to the next slot."""
    downloads: list[float] = field(default_factory=list)
    """Input files and checkpoint to a new sandbox."""
    uploads: list[float] = field(default_factory=list)
    """A checkpoint to the access point."""
    slots: list[float] = field(default_factory=list)
    """The lifetime of each lost slot."""


def costs(events: Iterable[Event]) -> Costs:
    """The durations in a log's events. If several jobs share the log, each is followed separately."""
    jobs: dict[tuple[int, int], list[tuple[str, float]]] = {}
    for event in events:
        if event.number in NAMES:
            name = event.text if event.name == "FILE_TRANSFER" else event.name
            jobs.setdefault((event.cluster, event.proc), []).append((name, event.time))
    total = Costs()
    for job in jobs.values():
        _follow(job, total)
    return total


def _follow(job: list[tuple[str, float]], total: Costs) -> None:
    at: dict[str, float] = {}
    for (name, time), (following, _) in pairwise([*job, ("", 0.0)]):
        if name == SENDS and (idle := [at[event] for event in (SUBMIT, EVICTED, RELEASED) if event in at]):
            total.waits.append(time - max(idle))
        elif name == SENT and SENDS in at:
            total.downloads.append(time - at[SENDS])
        elif name == FETCHED and FETCHES in at and following != TERMINATED:
            total.uploads.append(time - at[FETCHES])
        elif name == EVICTED and SENDS in at:
            total.slots.append(time - at[SENDS])
        at[name] = time
