"""A job event log as HTCondor writes it, read into events. What they mean is life.py's business.

What it is not: the writer of such logs (rules/eventlog.py), or a judge of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ..rules.eventlog import Event

END = "..."
"""The line that ends each event."""
_HEADER = re.compile(
    r"(\d{3}) \((\d{1,9})\.(\d{1,9})\.\d{1,9}\) "
    r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z? (.*)",
    re.ASCII,
)


def read(text: str) -> Iterator[Event]:
    """The events of a log, in its order; one that is still being written, or is none, is left out.

    Times are taken as they stand there, which is the access point's own time as a rule.
    """
    entry: list[str] = []
    for line in text.split("\n"):
        if line.rstrip() != END:
            entry.append(line)
            continue
        if entry and (event := _event(entry[0], entry[1:])):
            yield event
        entry = []


class GrowingLog:
    """A log that is being written: each event is read once, so that a long one costs no more than a short one."""

    def __init__(self, path: Path):
        self.path, self._at = path, 0

    def new(self) -> list[Event]:
        """The events that have come since the last time."""
        try:
            with open(self.path, "rb") as log:
                log.seek(self._at)
                data = log.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n...\n") + 5]
        if whole.endswith(b"\n...\n"):
            self._at += len(whole)
            return list(read(whole.decode(errors="replace")))
        return []


def _event(head: str, body: list[str]) -> Event | None:
    match = _HEADER.fullmatch(head.rstrip())
    if not match:
        return None
    number, cluster, proc, when, words = match.groups()
    try:
        moment = datetime.fromisoformat(when).replace(tzinfo=UTC)
    except ValueError:  # the 31st of February
        return None
    return Event(
        int(number),
        int(cluster),
        int(proc),
        moment.timestamp(),
        words,
        tuple(line.rstrip().removeprefix("\t") for line in body),
    )
