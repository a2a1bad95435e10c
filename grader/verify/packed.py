"""The contents of an archive without the times in it: zip, tar and gzip record when each file was written, so that two
archives of the same files differ if they were made at different times.

An archive is hostile until proven otherwise: one that is odd or too large is left as it is.
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
"""The largest size of an archive's files together, and of a compressed file, for looking into it."""
MOST_FILES = 10_000
MOST_DEPTH = 4
"""How deep to look into archives within archives."""
_COMPRESSED: dict[bytes, Callable[[BinaryIO], io.BufferedIOBase]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
}
"""The first bytes of a compressed file, and the function that opens it."""
_ZIP = b"PK\x03\x04"
ODD = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    OSError, EOFError, ValueError, KeyError, IndexError, NotImplementedError, RuntimeError, OverflowError,
)  # fmt: skip
"""The errors that the libraries raise for an archive that is broken, or locked with a password."""


class _TooMuch(ValueError):
    pass


def without_times(tree: Tree) -> Tree:
    """The directory with each archive in it replaced by a list of its contents."""
    listed = {
        path: entry._replace(content=_listed(entry.content))
        for path, entry in tree.items()
        if isinstance(entry, File) and _is_packed(entry.content)
    }
    return Tree({**tree, **listed}) if listed else tree


def _is_packed(content: bytes) -> bool:
    return content.startswith((_ZIP, *_COMPRESSED)) or content[257:262] == b"ustar"


@lru_cache(64)
def _listed(content: bytes) -> bytes:
    try:
        return Unpacking(MOST_BYTES).contents(content)
    except ODD:
        return content


class Unpacking:
    """Looks into one file, and into the archives in it, unless all together have more than `most_bytes`."""

    def __init__(self, most_bytes: int) -> None:
        self.bytes, self.files = most_bytes, MOST_FILES

    def contents(self, content: bytes, depth: int = 0) -> bytes:
        """The contents of a file without times; the file itself if it is not an archive. Raises one of ODD."""
        if depth == MOST_DEPTH or not _is_packed(content):
            return content
        if content.startswith(_ZIP):
            return self.list_of(self.in_zip(content), depth)
        if content[257:262] == b"ustar":
            return self.list_of(self.in_tar(content), depth)
        opened = next(opened for magic, opened in _COMPRESSED.items() if content.startswith(magic))
        return self.contents(self.read(opened(io.BytesIO(content))), depth + 1)

    def list_of(self, entries: Iterator[tuple[str, str, bytes]], depth: int) -> bytes:
        lines = []
        for name, kind, data in entries:
            self.files -= 1
            if self.files < 0:
                raise _TooMuch
            data = self.contents(data, depth + 1)
            lines.append(f"{name}: {kind} {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}\n")
        return "".join(lines).encode("utf-8", "surrogateescape")

    def in_zip(self, content: bytes) -> Iterator[tuple[str, str, bytes]]:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                with archive.open(entry) as file:
                    yield entry.filename, f"{entry.external_attr >> 16:o}", self.read(file)

    def in_tar(self, content: bytes) -> Iterator[tuple[str, str, bytes]]:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for entry in archive:
                file = archive.extractfile(entry) if entry.isreg() else None
                data = self.read(file) if file else entry.linkname.encode("utf-8", "surrogateescape")
                yield entry.name, f"{entry.mode:o} {entry.type.decode('latin-1')}", data

    def read(self, file: IO[bytes] | io.BufferedIOBase) -> bytes:
        """The rest of an open file. Raises one of ODD if it can't be read, or if that is too much."""
        data = file.read(self.bytes + 1)
        self.bytes -= len(data)
        if self.bytes < 0:
            raise _TooMuch
        return data
