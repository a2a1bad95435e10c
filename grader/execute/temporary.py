"""Temporary directories: chooses their place, protects those in use, and removes abandoned ones.

The process that creates a directory holds a lock on it, as do the processes that it forks. The kernel releases the lock
when the last of them has ended, in whatever way. So a directory that another process can lock has been abandoned. The
suffix `.locked` tells such directories from others with a similar name.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

with suppress(ImportError):  # Windows, where nothing is executed
    import fcntl

GRADING, EXECUTE = "grading-", "execute-"
"""Prefixes of the directories for grading a class, and for executing jobs."""
LOCKED = ".locked"
"""Their suffix."""
MEMORY = "/dev/shm"
"""Linux's file system in memory."""
PLENTY = 2 << 30
"""Bytes that must be free there, so that a job can't exhaust it for others."""


def place(room: int) -> str:
    """The directory for temporary directories. It is in memory, which is faster and spares the disk, if there is plenty
    of memory, programs may be executed there, and the user has not chosen another place.
    `room`: bytes that jobs may use there."""
    usual = tempfile.gettempdir()
    if usual == "/tmp" and os.access(MEMORY, os.W_OK | os.X_OK):
        status = os.statvfs(MEMORY)
        if status.f_bavail * status.f_frsize >= max(PLENTY, 4 * room) and not status.f_flag & os.ST_NOEXEC:
            return MEMORY
    return usual


class Temporary:
    """A new directory of this process and those that it forks. Remove it, or use it in a `with` statement."""

    def __init__(self, kind: str, where: str | None = None):
        """`where`: its parent directory, by default the usual one."""
        self._lock: int | None = None
        while self._lock is None:  # another process removed it as abandoned before it was locked
            self.path = Path(os.path.realpath(tempfile.mkdtemp(prefix=kind, suffix=LOCKED, dir=where)))
            self._lock = _locked(self.path)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *exception: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove it with its contents. May be called again."""
        if is_directory(self.path):
            remove(str(self.path))
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def remove_leftovers() -> None:
    """Remove this user's abandoned directories (as after kill -9) in all places that `place` may choose."""
    for path in _own_directories():
        with suppress(OSError):  # if it can't be removed, it stays
            if (lock := _locked(path, strictly=True)) is not None:
                remove(str(path))
                os.close(lock)


def _own_directories() -> Iterator[Path]:
    for where in sorted({MEMORY, tempfile.gettempdir()}):
        for kind in (GRADING, EXECUTE):
            for path in Path(where).glob(f"{kind}*{LOCKED}"):
                if is_directory(path) and os.lstat(path).st_uid == os.geteuid():
                    yield path


def _locked(path: Path, strictly: bool = False) -> int | None:
    """A descriptor that keeps a directory locked until it is closed; None if another process has locked or removed it.
    `strictly`: also None where directories can't be locked, as on some network file systems."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free = os.path.samestat(os.fstat(descriptor), os.lstat(path))  # not removed in the meantime
    except OSError as error:
        free = not strictly and not isinstance(error, (BlockingIOError, FileNotFoundError))
    if free:
        return descriptor
    os.close(descriptor)
    return None


def is_directory(path: str | Path) -> bool:
    """Whether this is a directory, not a link to one."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def remove(path: str) -> None:
    """Remove a file, or a directory with its contents, whatever they are."""
    if not is_directory(path):
        os.unlink(path)
        return
    try:
        shutil.rmtree(path)
    except (OSError, RecursionError):  # too deep for Python, or not readable
        for words in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
            subprocess.run([*words, path], capture_output=True)
