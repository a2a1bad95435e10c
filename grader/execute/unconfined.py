"""Writes outside of the sandbox, where nothing prevents them: seen by the files that change.

Without bubblewrap a program can keep its state anywhere, and that stays from one execution to the next: a job
that only works because of it would pass. Which files a program opens can't be seen everywhere, but which files change
can. Those of other programs change, too, so a file counts only if the job mentions it: by its path, or in a directory
that the job names (or that is meant for temporary files) by a part of its name.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ..rules.job import Job
from ..tree import File, Tree

TEMPORARY = tuple({os.path.realpath(place) for place in ("/tmp", "/var/tmp", "/dev/shm", tempfile.gettempdir())})
SYSTEM = ("/bin", "/boot", "/dev", "/etc", "/lib", "/opt", "/proc", "/sbin", "/sys", "/usr")
"""Directories below which a job writes no state (/dev/shm is one of TEMPORARY)."""
MOST_ENTRIES = 10_000
"""Entries of one directory that are looked at."""
PATH = re.compile(r"(?<![\w./}])/[\w.+@%~-]+(?:/[\w.+@%~-]+)*/?")
QUOTED = re.compile(r"(?:'(/[^'\n]+)'|\"(/[^\"\n]+)\")")
PART = re.compile(r"[^\W\d_]{4,}")
"""The part of a file's name that says what it is: `state` in `state_17.tmp`."""


class Stamp(NamedTuple):
    """What tells that a file was written to."""

    inode: int
    size: int
    modified: int


Stamps = Mapping[str, Stamp]
"""The files that a job may use outside of its sandbox, as they are now."""


def stamps(job: Job, own: Path) -> Stamps:
    """The files outside of the sandbox that a job mentions. `own`: where sandboxes are, which is left out."""
    text = _text(job)
    quoted = (single or double for single, double in QUOTED.findall(text))
    paths = {os.path.normpath(path) for path in (*PATH.findall(text), *quoted)}
    outside = {path for path in paths if not _is_below(path, (str(own), *SYSTEM)) or _is_below(path, TEMPORARY)}
    named = {path: stamp for path in outside if (stamp := _stamp(path))}
    deep = {path for path in outside if path.count("/") > 1}
    places = {*TEMPORARY, *deep, *map(os.path.dirname, deep)} - {"/"}
    for place in {os.path.realpath(place) for place in places}:
        within = place in TEMPORARY
        named |= {path: stamp for path in _mentioned(place, text, within) if (stamp := _stamp(path))}
    return {path: stamp for path, stamp in named.items() if not _is_below(path, (str(own),))}


def changed(before: Stamps, after: Stamps) -> tuple[str, ...]:
    """The paths of files that were made, written to, or removed."""
    return tuple(path for path in sorted({**before, **after}) if before.get(path) != after.get(path))


def contents(paths: tuple[str, ...], most_bytes: int) -> Tree:
    """What is in these files, as far as it can be read."""
    files = {}
    for path in paths:
        try:
            with open(path, "rb") as file:
                files[path.lstrip("/")] = File(file.read(most_bytes))
        except OSError:
            pass  # it was removed, or is not for us to read
    return Tree(files)


@lru_cache(16)
def _text(job: Job) -> str:
    """All of a job that may name a file."""
    entries = (entry.content for entry in job.inputs.values() if isinstance(entry, File))
    texts = [content.decode("utf-8", "replace") for content in entries if b"\0" not in content]
    return "\n".join([*texts, *job.arguments, *dict(job.environment).values()])


def _stamp(path: str) -> Stamp | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return None if os.path.isdir(path) else Stamp(status.st_ino, status.st_size, status.st_mtime_ns)


def _mentioned(place: str, text: str, within: bool) -> Iterator[str]:
    """The files of a directory of whose name a part is in the text; `within`: and those in such a directory."""
    for path in _listed(place):
        if any(part in text for part in PART.findall(os.path.basename(path))):
            yield from _listed(path) if within and os.path.isdir(path) else [path]


def _listed(place: str) -> list[str]:
    try:
        with os.scandir(place) as entries:
            return [entry.path for entry, _ in zip(entries, range(MOST_ENTRIES))]
    except OSError:
        return []


def _is_below(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)
