"""Read a job event log as HTCondor writes it. life.py interprets the events; rules/eventlog.py writes such logs."""

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
    """The events of a log, in its order, without incomplete and malformed entries.

    Times are read as UTC, although they are usually the access point's local time.
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
    """A log that is still being written. Each event is read once, so polling a long log costs no more than a short
    one."""

    def __init__(self, path: Path):
        self.path, self._offset = path, 0

    def new(self) -> list[Event]:
        """The events written since the last call."""
        try:
            with open(self.path, "rb") as log:
                log.seek(self._offset)
                data = log.read()
        except FileNotFoundError:
            return []
        complete = data[: data.rfind(b"\n...\n") + 5]
        if complete.endswith(b"\n...\n"):
            self._offset += len(complete)
            return list(read(complete.decode(errors="replace")))
        return []


def _event(header: str, body: list[str]) -> Event | None:
    match = _HEADER.fullmatch(header.rstrip())
    if not match:
        return None
    number, cluster, proc, date, text = match.groups()
    try:
        time = datetime.fromisoformat(date).replace(tzinfo=UTC)
    except ValueError:  # such as the 31st of February
        return None
    return Event(
        int(number),
        int(cluster),
        int(proc),
        time.timestamp(),
        text,
        tuple(line.rstrip().removeprefix("\t") for line in body),
    )
