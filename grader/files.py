"""Reading files without waiting for ever, and writing them atomically."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import IO

with suppress(ImportError):  # Windows
    import fcntl

UNFINISHED = ".writing-"
"""How the names of files begin that are being written. The process that writes one holds a lock on it."""


def read_regular(path: Path, most: int | None = None) -> bytes:
    """The first `most` bytes of a file, or all of it. Raises OSError, also for a pipe or a device, as reading it might
    block, or never end."""
    with _opened(path) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is a pipe or a device; copy its content to a file", str(path))
        return file.read(most)


def read_named(path: Path, most: int | None = None) -> bytes:
    """As read_regular(), for a file that a user has named: it may also be a pipe that another process writes to, such
    as a shell's `<(COMMAND)`."""
    with _opened(path) as file:
        if not stat.S_ISFIFO(os.fstat(file.fileno()).st_mode):
            return read_regular(path, most)
        begin = file.raw.read(1)  # None as long as there is nothing to read, b"" if nobody writes
        if begin == b"":
            raise OSError(errno.EINVAL, "it is a pipe that nobody writes to; name a file", str(path))
        os.set_blocking(file.fileno(), True)
        return ((begin or b"") + file.read(most))[:most]


def _opened(path: Path) -> BufferedReader:
    """A file opened for reading. Opening a pipe does not wait until a process opens it for writing."""
    careful = getattr(os, "O_NONBLOCK", 0)
    return open(path, "rb", opener=lambda name, flags: os.open(name, flags | careful))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file atomically, even if this process is interrupted. (A power failure may leave an empty file.)"""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _unfinished(path.parent) as file:
        try:
            file.write(data)
            file.flush()
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def _unfinished(directory: Path) -> IO[bytes]:
    """A new file there, locked until it is closed."""
    while True:
        file = tempfile.NamedTemporaryFile(dir=directory, prefix=UNFINISHED, delete=False)
        _lock(file)
        if os.fstat(file.fileno()).st_nlink:  # else remove_unfinished() came before the lock
            return file
        file.close()


def remove_unfinished(directory: Path) -> None:
    """Remove what killed processes have left there of files that they wrote."""
    for path in directory.glob(f"{UNFINISHED}*"):
        with suppress(OSError), _opened(path) as file:
            if _lock(file, wait=False):
                path.unlink()


def _lock(file: IO[bytes], wait: bool = True) -> bool:
    """Lock a file until it is closed. Returns whether that was possible."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except (OSError, NameError):  # another process has locked it, or there are no locks here
        return False
    return True
