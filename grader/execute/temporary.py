"""Temporary directories: where they are made, that nobody removes one in use, and that none is left for good.

Whoever makes one has a lock on it for as long as it lives, as have the processes that it forks: the kernel lets go of
the lock when the last of them is gone, however it ended. So a directory that can be locked by somebody else was left
behind. That its name says that it is locked keeps all others that are called alike out of it.
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
"""How the names of directories begin: of those in which a class is graded, and in which jobs are executed."""
LOCKED = ".locked"
"""How they end."""
MEMORY = "/dev/shm"
"""Where Linux has files in memory."""
PLENTY = 2 << 30
"""Bytes that have to be free there, so that no job can leave too little of it to others."""


def place(room: int) -> str:
    """Where a temporary directory is made: in memory, which spares the disk and is faster, where there is plenty of
    it and programs may be executed there, unless the user wants temporary files to be anywhere in particular.
    `room`: bytes that jobs may use there."""
    chosen = tempfile.gettempdir()
    if chosen == "/tmp" and os.access(MEMORY, os.W_OK | os.X_OK):
        there = os.statvfs(MEMORY)
        if there.f_bavail * there.f_frsize >= max(PLENTY, 4 * room) and not there.f_flag & os.ST_NOEXEC:
            return MEMORY
    return chosen


class Temporary:
    """A new directory of this process and those that it forks. Remove it, or use it in a `with` statement."""

    def __init__(self, kind: str, where: str | None = None):
        """`where`: the directory that it is made in, by default the usual one."""
        self._lock: int | None = None
        while self._lock is None:  # else it was taken for left behind, before it was locked
            self.path = Path(os.path.realpath(tempfile.mkdtemp(prefix=kind, suffix=LOCKED, dir=where)))
            self._lock = _locked(self.path)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *exception: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove it with all that is in it. Once is enough, and twice does no harm."""
        if is_directory(self.path):
            remove(str(self.path))
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def remove_leftovers() -> None:
    """Remove this user's directories whose processes are gone, as after kill -9, wherever `place` has them made."""
    for path in _own_directories():
        with suppress(OSError):  # that one stays, then
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
    """A descriptor that keeps a directory locked until it is closed; None if somebody else has locked or removed it.
    `strictly`: None also where directories can't be locked, as on some network file systems."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free = os.path.samestat(os.fstat(descriptor), os.lstat(path))  # and nobody removed it in between
    except OSError as error:
        free = not strictly and not isinstance(error, (BlockingIOError, FileNotFoundError))
    if free:
        return descriptor
    os.close(descriptor)
    return None


def is_directory(path: str | Path) -> bool:
    """Whether there is a directory, and no link to one."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def remove(path: str) -> None:
    """Remove a file, or a directory with all that is in it, whatever that is."""
    if not is_directory(path):
        os.unlink(path)
        return
    try:
        shutil.rmtree(path)
    except (OSError, RecursionError):  # it is too deep for Python, or nobody may look into it
        for words in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
            subprocess.run([*words, path], capture_output=True)
