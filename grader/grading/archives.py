"""Archives that were handed in: reads zip, tar and compressed files in memory, up to a limit.

Whatever the bytes, reading succeeds or raises Refused. Nothing is unpacked to the disk, and links, devices and paths
that lead out of the archive are not read. If two entries have the same name, the last one counts, as for programs that
unpack archives: some tools update an archive by appending to it.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple, Protocol

from ..text import plain, shorten

MOST_ARCHIVE = 64 << 20
"""Bytes of an archive within an archive."""
MOST_UNPACKED = 128 << 20
"""Unpacked bytes of a compressed archive, which has to be unpacked in memory as a whole."""
MOST_DIRECTORY = 2 << 20
"""Bytes of a zip file's table of contents."""
MOST_FILES = 5_000
LONGEST_PATH = 1_000
"""Characters of a path in an archive."""
MOST_HEADER, MOST_HEADERS = 64 << 10, 4 << 20
"""Bytes of one extended header in a tar archive, and of all of them."""
_Opens = Callable[[BinaryIO], io.BufferedIOBase]
_COMPRESSED: dict[bytes, _Opens] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
"""First bytes → function that opens the file."""
_SEALED = re.compile(r"\.(?:7z|rar|zst|tzst|lz4?|lzma|z|ace|arj|cab|dmg|iso)$", re.IGNORECASE)
_SEALED_BYTES = (
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x28\xb5\x2f\xfd",
    b"MSCF",
    b"LZIP",
    b"\x1f\x9d",
    b"\x04\x22\x4d\x18",
)
_ARCHIVE = re.compile(r"\.(?:zip|tar|tgz|tbz2?|txz|gz|bz2|xz)$", re.IGNORECASE)
_MADE_OF_ZIP = re.compile(r"\.(?:docx|xlsx|pptx|od[tsp]|epub|jar|whl|npz|pages|numbers|key|apk)$", re.IGNORECASE)
"""Files that are zip files inside, but are not handed in as archives."""
_TAR = b"ustar"


class Refused(Exception):
    """A file is not read; the text says why, in a sentence, or in a line for each of several reasons."""


def quoted(name: str) -> str:
    """A file's name, shortened and made safe for a sentence."""
    return plain(shorten(name, 80))


def parts_of(path: str) -> list[str]:
    """The parts of a path in an archive."""
    return [part for part in path.split("/") if part not in ("", ".")]


def base_of(path: str) -> str:
    """The name of a file in an archive."""
    return path.rpartition("/")[2]


def sealed(name: str, head: bytes) -> bool:
    """Whether a file is an archive of an unsupported kind, by its name and first bytes."""
    return head.startswith(_SEALED_BYTES) or (bool(_SEALED.search(name)) and not _is_archive(head))


def readable(name: str, head: bytes) -> bool:
    """Whether a file is an archive of a supported kind, by its name or first bytes."""
    return (not _MADE_OF_ZIP.search(name) and _is_archive(head)) or bool(_ARCHIVE.search(name))


def _is_archive(head: bytes) -> bool:
    return head.startswith((b"PK\3\4", b"PK\5\6", *_COMPRESSED)) or head[257:262] == _TAR


class Entry(NamedTuple):
    """A file in an archive: its path, its size, and its packed size, in bytes."""

    name: str
    size: int
    packed: int
    problem: str = ""
    """Why it is not read, if it isn't: a sentence in which {} stands for its name."""
    again: bool = False
    """Whether the archive has several entries of this name. This is the last."""


class Archive(Protocol):
    """An open archive."""

    def entries(self) -> Iterable[Entry]:
        """The files in it, each name once. Raises Refused."""

    def read(self, name: str, most: int) -> bytes:
        """The first `most` bytes of the last file of this name, without unpacking more. Raises Refused."""


def opened(file: BinaryIO, name: str, most: int = MOST_UNPACKED, allowance: Allowance | None = None) -> Archive:
    """The archive in an open file. Raises Refused if it is not an archive, or too large."""
    head = _head(file)
    for begins, opens in _COMPRESSED.items():
        if head.startswith(begins):
            data = _unpacked(opens, file, name, most)
            if allowance and not allowance.take(len(data), 5 * _size(file)):  # these compress better than zip
                raise Refused(f"{quoted(name)} in an archive is too large and is not read.")
            inner = io.BytesIO(data)
            return _Tar(inner, name) if _head(inner)[257:262] == _TAR else _One(_without_ending(name), data)
    if head[257:262] == _TAR or (name.lower().endswith(".tar") and not head.startswith(b"PK")):
        return _Tar(file, name)
    return _Zip(file, name, allowance)


def within(archive: Archive, entry: Entry, allowance: Allowance) -> Archive:
    """An archive in an archive. Raises Refused."""
    if entry.size > MOST_ARCHIVE or not allowance.take(entry.size, entry.packed):
        raise Refused(f"{quoted(entry.name)} in an archive is too large and is not read.")
    return opened(io.BytesIO(_whole(archive, entry.name)), entry.name, MOST_ARCHIVE, allowance)


def read(file: BinaryIO, name: str, members: Sequence[str], most: int) -> bytes:
    """The first `most` bytes of a file, or of the member of an archive (in an archive) that `members` leads to. Raises
    Refused."""
    if not members:
        return file.read(most)
    *way, last = members
    archive = opened(file, name)
    for member in way:
        archive = opened(io.BytesIO(_whole(archive, member)), member, MOST_ARCHIVE)
    return archive.read(last, most)


@dataclass
class Allowance:
    """The bytes of memory that nested archives may use together, beyond a free amount for each. The free amount is not
    counted, so that no student can use up what others in the class need; it is small enough to occur MOST_FILES
    times."""

    size: int = 256 << 20
    directory: int = 4 << 20

    def take(self, size: int, packed: int) -> bool:
        """Whether `packed` bytes may be unpacked to `size`. (Zipping a zip file hardly makes it smaller.)"""
        self.size -= max(0, size - 4 * packed - (256 << 10))
        return self.size >= 0

    def look(self, directory: int) -> bool:
        """Whether a table of contents of this many bytes may be read."""
        self.directory -= max(0, directory - (8 << 10))
        return self.directory >= 0


OUTSIDE = "{} in an archive has a path that leads out of it and is not read."
LINK = "{} in an archive is a link and is not read."
NO_FILE = "{} in an archive is not a regular file and is not read."
TOO_MANY = "{} has too many files in it and is not read."
BROKEN = "{} is broken and can't be read."
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    KeyError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    struct.error,
    OSError,
    OverflowError,
    MemoryError,
)


def _last(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The last of the entries with the same path, in the place of the first."""
    by_path: dict[tuple[str, ...], Entry] = {}
    for entry in entries:
        path = tuple(parts_of(entry.name))
        by_path[path] = entry._replace(again=path in by_path)
    yield from by_path.values()


def _leads_out(name: str) -> bool:
    return name.startswith("/") or ".." in parts_of(name) or "\\" in name or ":" in name or len(name) > LONGEST_PATH


class _Zip:
    def __init__(self, file: BinaryIO, name: str, allowance: Allowance | None = None):
        try:
            private = vars(zipfile)  # zipfile's own rules, as the end of a zip file can be written in several ways
            end = private["_EndRecData"](file)
            size = end[private["_ECD_SIZE"]] if end else 0
            if size > MOST_DIRECTORY or (allowance and not allowance.look(size)):
                raise Refused(TOO_MANY.format(quoted(name)))
            self._zip = zipfile.ZipFile(file)
        except _BROKEN:
            raise Refused(BROKEN.format(quoted(name))) from None
        if len(self._zip.infolist()) > MOST_FILES:
            raise Refused(TOO_MANY.format(quoted(name)))

    def entries(self) -> Iterator[Entry]:
        return _last(
            Entry(
                info.filename,
                info.file_size,
                info.compress_size,
                OUTSIDE if _leads_out(info.filename) else LINK if stat.S_ISLNK(info.external_attr >> 16) else "",
            )
            for info in self._zip.infolist()
            if not info.is_dir()
        )

    def read(self, name: str, most: int) -> bytes:
        try:
            with self._zip.open(name) as packed:
                return packed.read(most)
        except _BROKEN:
            raise Refused(f"{quoted(name)} in an archive is broken, or encrypted, and can't be read.") from None


class _TarInfo(tarfile.TarInfo):
    """A file in a tar archive. Before Python 3.11.10, tarfile takes hours for an extended header with many digits
    (CVE-2024-6232)."""

    def _proc_member(self, tar: Any) -> Any:  # the method that tarfile provides for overriding
        if self.type in _DESCRIBING:
            here, seen = tar.fileobj.tell(), getattr(tar, "described", 0) + self.size
            tar.described = seen
            if not 0 <= self.size <= MOST_HEADER or seen > MOST_HEADERS:
                raise tarfile.ReadError("too long a description")
            if _DIGITS.search(tar.fileobj.read(self.size)):
                raise tarfile.ReadError("a number of too many digits")
            tar.fileobj.seek(here)
        return super()._proc_member(tar)  # type: ignore[misc, unused-ignore]


_DESCRIBING = (*tarfile.GNU_TYPES[:2], tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
_DIGITS = re.compile(rb"\d{500}")


class _Tar:
    def __init__(self, file: BinaryIO, name: str):
        try:
            file.seek(0)
            self._tar = tarfile.open(fileobj=file, mode="r:", tarinfo=_TarInfo)
            self._infos = []
            for info in self._tar:
                self._infos.append(info)
                if len(self._infos) > MOST_FILES:
                    raise Refused(TOO_MANY.format(quoted(name)))
        except _BROKEN:
            raise Refused(BROKEN.format(quoted(name))) from None

    def entries(self) -> Iterator[Entry]:
        return _last(
            Entry(
                info.name,
                info.size,
                info.size,
                OUTSIDE
                if _leads_out(info.name)
                else LINK
                if info.issym() or info.islnk()
                else ""
                if info.isreg()
                else NO_FILE,
            )
            for info in self._infos
            if not info.isdir()
        )

    def read(self, name: str, most: int) -> bytes:
        try:
            packed = self._tar.extractfile(next(info for info in reversed(self._infos) if info.name == name))
            if packed is None:
                raise KeyError(name)
            with packed:
                return packed.read(most)
        except (*_BROKEN, AttributeError, StopIteration):
            raise Refused(f"{quoted(name)} in an archive is broken and can't be read.") from None


class _One:
    """A single compressed file."""

    def __init__(self, name: str, data: bytes):
        self._name, self._data = name, data

    def entries(self) -> Iterator[Entry]:
        yield Entry(self._name, len(self._data), len(self._data))

    def read(self, name: str, most: int) -> bytes:
        return self._data[:most]


def _without_ending(name: str) -> str:
    return re.sub(r"\.[^./]*$", "", base_of(name)) or "unnamed"


def _unpacked(opens: _Opens, file: BinaryIO, name: str, most: int) -> bytes:
    try:
        with opens(file) as packed:
            data = packed.read(most + 1)
    except _BROKEN:
        raise Refused(BROKEN.format(quoted(name))) from None
    if len(data) > most:
        raise Refused(f"{quoted(name)} has more than {most >> 20} MB in it and is not read.")
    return data


def _whole(archive: Archive, name: str) -> bytes:
    data = archive.read(name, MOST_ARCHIVE)
    if len(data) >= MOST_ARCHIVE:
        raise Refused(f"{quoted(name)} in an archive is too large and is not read.")
    return data


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    head = file.read(512)
    file.seek(0)
    return head


def _size(file: BinaryIO) -> int:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return size
