"""The job event log in HTCondor's format: turns the facts of an event into lines of text.

joblog.py decides which events there are. Format: "The job event log" in the specification, and HTCondor's
condor_event.cpp; HTCondor's own reader reads these lines back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from .execution import Exit

ADDRESS = "<127.0.0.1:9618?addrs=127.0.0.1-9618>"
"""A made-up address for a simulated access point or execution point."""

NAMES = {
    0: "SUBMIT",
    1: "EXECUTE",
    4: "JOB_EVICTED",
    5: "JOB_TERMINATED",
    12: "JOB_HELD",
    13: "JOB_RELEASED",
    21: "REMOTE_ERROR",
    40: "FILE_TRANSFER",
}
"""Event number → HTCondor's name for it."""

NOTES = "    "
"""The indentation of the notes in event 000."""


At = tuple[int, int, float]
"""Whose event it is, and when: cluster, proc and seconds since 1970."""


@dataclass(frozen=True)
class Event:
    """One entry of a job event log."""

    number: int
    cluster: int
    proc: int
    time: float
    """Seconds since 1970, UTC."""
    text: str
    """The rest of the first line, after the time."""
    body: tuple[str, ...] = ()
    """The lines below, without their leading tab. (The notes of event 000 have four spaces instead.)"""

    @property
    def name(self) -> str:
        """HTCondor's name for this kind of event: SUBMIT, FILE_TRANSFER …"""
        return NAMES[self.number]


def render(event: Event) -> str:
    """The event as the text of a log. Times are in UTC and in whole seconds."""
    moment = datetime.fromtimestamp(event.time // 1, UTC)
    head = f"{event.number:03d} ({event.cluster:03d}.{event.proc:03d}.000) {moment:%Y-%m-%d %H:%M:%S}"
    body = (line if line.startswith(NOTES) else "\t" + line for line in event.body)
    return "\n".join((f"{head} {event.text}", *body, "...", ""))


# -- the events --------------------------------------------------------------------


def submitted(at: At, host: str = ADDRESS, notes: str = "") -> Event:
    """000: the job is in the queue. `notes`: from the submit file."""
    return Event(0, *at, f"Job submitted from host: {_one_line(host)}", (NOTES + _one_line(notes),) if notes else ())


def transfer(at: At, kind: str, phase: str, host: str = ADDRESS) -> Event:
    """040: `kind` is input or output, `phase` is started or finished. An output pair that no 005 follows is a
    checkpoint."""
    if kind not in ("input", "output") or phase not in ("started", "finished"):
        raise ValueError(f"no such transfer: {kind} {phase}")
    body = (f"Transferring to host: {_one_line(host)}",) if (kind, phase) == ("input", "started") else ()
    return Event(40, *at, f"{phase.title()} transferring {kind} files", body)


def executing(at: At, slot: str, host: str = ADDRESS) -> Event:
    """001: the program starts in a new sandbox. A start in place is not logged (R4f)."""
    return Event(1, *at, f"Job executing on host: {_one_line(host)}", (f"SlotName: {_one_line(slot)}",))


def evicted(
    at: At, *, usage: float = 0, code: int | None = None, subcode: int = 0, requeued: Exit | None = None
) -> Event:
    """004: the job has lost its slot, with HTCondor's vacate code since 24.3. `requeued`: how the program ended, if it did
    and the job is requeued for that (max_retries)."""
    text = "Job was evicted." if code is None else f"Job was evicted. Code {code} Subcode {subcode}"
    body = (
        "(0) Job terminated and was requeued" if requeued else "(0) CPU times",
        *_usage("Run", usage),
        *_bytes("Run", 0, 0),
        *(_ending(requeued) if requeued else ()),
    )
    return Event(4, *at, text, body)


def terminated(
    at: At, exit: Exit, *, usage: float = 0, total_usage: float | None = None, sent: int = 0, received: int = 0
) -> Event:
    """005: the job is done. `usage` (CPU seconds) is that of the last activation; the total is that of the whole job, and
    by default the same. `sent` and `received` are bytes."""
    body = (
        *_ending(exit),
        *_usage("Run", usage),
        *_usage("Total", usage if total_usage is None else total_usage),
        *_bytes("Run", sent, received),
        *_bytes("Total", sent, received),
    )
    return Event(5, *at, "Job terminated.", body)


def held(at: At, reason: str, code: int, subcode: int = 0) -> Event:
    """012: the job is held, with a reason in words and HTCondor's hold code."""
    body = (_one_line(reason) or "Reason unspecified", f"Code {code} Subcode {subcode}")
    return Event(12, *at, "Job was held.", body)


def released(at: At, reason: str = "") -> Event:
    """013: the job is idle again."""
    line = _one_line(reason)
    return Event(13, *at, "Job was released.", (line,) if line else ())


def aborted(at: At, reason: str = "") -> Event:
    """009: the job is removed from the queue."""
    line = _one_line(reason)
    return Event(9, *at, "Job was aborted.", (line,) if line else ())


def starter_error(at: At, slot: str, reason: str, code: int, subcode: int = 0) -> Event:
    """021: an error on the execution point, for example a checkpoint that could not be sent."""
    body = (_one_line(reason) or "Reason unspecified", f"Code {code} Subcode {subcode}")
    return Event(21, *at, f"Error from starter on {_one_line(slot)}:", body)


# -- parts of a body ---------------------------------------------------------------


def _one_line(text: str) -> str:
    """The text on a single line: a line break or another control character would end the event for its
    reader, or garble it."""
    printable = text.encode("utf-8", "replace").decode()
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", printable).strip()


def _ending(exit: Exit) -> tuple[str, ...]:
    if (exit.code is None) == (exit.signal is None):
        raise ValueError("a program ends with a return value or with a signal")
    if exit.signal is None:
        return (f"(1) Normal termination (return value {exit.code})",)
    return (f"(0) Abnormal termination (signal {exit.signal})", "(0) No core file")


def _usage(span: str, seconds: float) -> tuple[str, ...]:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return (
        f"\tUsr {days} {hour:02d}:{minute:02d}:{second:02d}, Sys 0 00:00:00  -  {span} Remote Usage",
        f"\tUsr 0 00:00:00, Sys 0 00:00:00  -  {span} Local Usage",
    )


def _bytes(span: str, sent: int, received: int) -> tuple[str, ...]:
    return f"{sent}  -  {span} Bytes Sent By Job", f"{received}  -  {span} Bytes Received By Job"
