"""Detects writes outside the sandbox, where nothing prevents them, by looking for files that change.

Without bubblewrap a program can keep its state anywhere, from one execution to the next, and a job that works only
because of that would pass. Not every system can show which files a program opens, but which files change can be seen
everywhere. Other programs change files, too, so a file counts only if the job mentions its path; or a part of
its name, if its directory is for temporary files or mentioned by the job.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ..rules.job import Job
from ..tree import File, Tree
from .temporary import is_directory, remove

TEMPORARY = tuple({os.path.realpath(place) for place in ("/tmp", "/var/tmp", "/dev/shm", tempfile.gettempdir())})
SYSTEM = ("/bin", "/boot", "/dev", "/etc", "/lib", "/opt", "/proc", "/sbin", "/sys", "/usr")
"""Directories below which jobs write no state (except for /dev/shm, which is in TEMPORARY)."""
MOST_ENTRIES = 10_000
"""The most entries of a directory to examine."""
PATH = re.compile(r"(?<![\w./}])/[\w.+@%~-]+(?:/[\w.+@%~-]+)*/?")
QUOTED = re.compile(r"(?:'(/[^'\n]+)'|\"(/[^\"\n]+)\")")
PART = re.compile(r"[^\W\d_]{4,}")
"""A descriptive part of a file's name: `state` in `state_17.tmp`."""


class Stamp(NamedTuple):
    """Changes when a file is written."""

    inode: int
    size: int
    modified: int


Stamps = Mapping[str, Stamp]
"""The stamp of each file that a job may use outside its sandbox."""


def stamps(job: Job, own: Path) -> Stamps:
    """The files outside the sandbox that a job mentions. `own`: the directory of the sandboxes, which is left out."""
    text = _text(job)
    outside = {path for path in _paths(text) if not _is_below(path, (str(own), *SYSTEM)) or _is_below(path, TEMPORARY)}
    named = {path: stamp for path in outside if (stamp := _stamp(path))}
    deep = {path for path in outside if path.count("/") > 1}
    places = {*TEMPORARY, *deep, *map(os.path.dirname, deep)} - {"/"}
    for place in {os.path.realpath(place) for place in places}:
        within = place in TEMPORARY
        named |= {path: stamp for path in _mentioned(place, text, within) if (stamp := _stamp(path))}
    return {path: stamp for path, stamp in named.items() if not _is_below(path, (str(own),))}


def changed(before: Stamps, after: Stamps) -> tuple[str, ...]:
    """The paths of files that were created, written or removed."""
    return tuple(path for path in sorted({**before, **after}) if before.get(path) != after.get(path))


def contents(paths: tuple[str, ...], most_bytes: int) -> Tree:
    """The first `most_bytes` of each of these files that can be read."""
    files = {}
    for path in paths:
        try:
            with open(path, "rb") as file:
                files[path.lstrip("/")] = File(file.read(most_bytes))
        except OSError:
            pass  # removed, or not readable
    return Tree(files)


@contextmanager
def removed(paths: Collection[str], user: int) -> Iterator[list[str]]:
    """After the block, remove what appeared or changed during it at these paths, and temporary directories that
    appeared on the way to them, so that no other program finds them. Yields a list that then receives all these paths.
    A directory that existed before stays, as does what belongs to users other than `user`: a link may lead to it."""
    parents = {str(parent) for path in paths for parent in Path(path).parents if _is_inside_temporary(str(parent))}
    before = {path: _entry(path, os.lstat) for path in sorted({*paths, *parents})}  # directories before their contents
    changed: list[str] = []
    try:
        yield changed
    finally:
        for path, stamp in before.items():
            if (now := _entry(path, os.lstat)) and now != stamp:
                stays = stamp is not None and is_directory(path)
                if path in paths or not stays:
                    changed.append(path)
                with suppress(OSError):  # gone with its directory, or in another user's
                    if not stays and os.lstat(path).st_uid == user:
                        remove(path)


@lru_cache(64)
def temporary_files(job: Job) -> tuple[str, ...]:
    """The paths that a job mentions in directories for temporary files."""
    return tuple(sorted(path for path in _paths(_text(job)) if _is_below(os.path.realpath(path), TEMPORARY)))


@lru_cache(16)
def _text(job: Job) -> str:
    """Everything in a job that may name a file."""
    entries = (file.content for file in job.inputs.regular().values())
    texts = [content.decode("utf-8", "replace") for content in entries if b"\0" not in content]
    return "\n".join([*texts, *job.arguments, *dict(job.environment).values()])


def _paths(text: str) -> set[str]:
    quoted = (single or double for single, double in QUOTED.findall(text))
    return {os.path.normpath(path) for path in (*PATH.findall(text), *quoted)}


def _stamp(path: str) -> Stamp | None:
    return None if os.path.isdir(path) else _entry(path, os.stat)


def _entry(path: str, look: Callable[[str], os.stat_result]) -> Stamp | None:
    try:
        status = look(path)
    except OSError:
        return None
    return Stamp(status.st_ino, status.st_size, status.st_mtime_ns)


def _mentioned(place: str, text: str, within: bool) -> Iterator[str]:
    """The entries of a directory that the text mentions by a part of their names; with `within`, the contents of such a
    subdirectory instead of itself."""
    for path in _listed(place):
        if any(part in text for part in PART.findall(os.path.basename(path))):
            yield from _listed(path) if within and os.path.isdir(path) else [path]


def _listed(place: str) -> list[str]:
    try:
        with os.scandir(place) as entries:
            return [entry.path for entry, _ in zip(entries, range(MOST_ENTRIES))]
    except OSError:
        return []


def _is_inside_temporary(path: str) -> bool:
    return path not in TEMPORARY and _is_below(path, TEMPORARY)


def _is_below(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)
