"""What is in an archive, without the times that it holds: zip, tar and gzip write down when each file was written, so
that two archives of the same files differ by the second in which they were made.

An archive is hostile until proven otherwise: whatever is odd about it or too large, it stays the file that it is.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import IO, BinaryIO

from ..tree import File, Tree

MOST_BYTES = 64 << 20
"""Of an archive's files together, and of a compressed file, beyond which it is not looked into."""
MOST_FILES = 10_000
_COMPRESSED: dict[bytes, Callable[[BinaryIO], io.BufferedIOBase]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
}
"""What such a file begins with, and what opens it."""
_ZIP = b"PK\x03\x04"
_ODD = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    OSError, EOFError, ValueError, KeyError, IndexError, NotImplementedError, RuntimeError, OverflowError,
)  # fmt: skip
"""What the libraries raise for an archive that is broken, or locked with a password."""


class _TooMuch(ValueError):
    pass


def without_times(tree: Tree) -> Tree:
    """The directory with each archive in it replaced by a list of what it holds."""
    listed = {
        path: _listed(entry) for path, entry in tree.items() if isinstance(entry, File) and _is_packed(entry.content)
    }
    return Tree({**tree, **listed}) if listed else tree


def _is_packed(content: bytes) -> bool:
    return content.startswith((_ZIP, *_COMPRESSED)) or content[257:262] == b"ustar"


def _listed(entry: File) -> File:
    return entry._replace(content=_contents(entry.content))


@lru_cache(64)
def _contents(content: bytes) -> bytes:
    try:
        if content.startswith(_ZIP):
            return "".join(_in_zip(content)).encode("utf-8", "surrogateescape")
        for magic, opened in _COMPRESSED.items():
            if content.startswith(magic):
                content = _read(opened(io.BytesIO(content)), MOST_BYTES)
        if content[257:262] != b"ustar":
            return content
        return "".join(_in_tar(content)).encode("utf-8", "surrogateescape")
    except _ODD:
        return content


def _in_zip(content: bytes) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries, left = archive.infolist(), MOST_BYTES
        if len(entries) > MOST_FILES:
            raise _TooMuch
        for entry in entries:
            with archive.open(entry) as file:
                data = _read(file, left)
            left -= len(data)
            yield _line(entry.filename, entry.external_attr >> 16, data)


def _in_tar(content: bytes) -> Iterator[str]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for number, entry in enumerate(archive):
            if number == MOST_FILES or entry.size > len(content):
                raise _TooMuch
            file = archive.extractfile(entry) if entry.isreg() else None
            yield _line(entry.name, entry.mode, file.read() if file else entry.linkname.encode(), entry.type.decode())


def _line(name: str, mode: int, data: bytes, kind: str = "") -> str:
    return f"{name}: {mode:o} {kind} {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}\n"


def _read(file: IO[bytes] | io.BufferedIOBase, most: int) -> bytes:
    data = file.read(most + 1)
    if len(data) > most:
        raise _TooMuch
    return data
