"""Reading files without waiting for ever, and writing them atomically."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from io import BufferedReader
from pathlib import Path


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
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with open(handle, "wb") as file:
            file.write(data)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
