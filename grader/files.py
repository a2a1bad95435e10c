"""Reading files without waiting for ever, and writing them atomically."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path


def read_regular(path: Path, most: int = -1) -> bytes:
    """The first `most` bytes of a file, or all of it. Raises OSError, also for a pipe or a device, which might give
    nothing, or no end."""
    careful = getattr(os, "O_NONBLOCK", 0)
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | careful)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is a pipe or a device; copy its content to a file", str(path))
        return file.read(most)


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
