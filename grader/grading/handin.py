"""Finds out who has handed in what: notebooks in a folder, in student folders, or in zip files.

Nothing is unpacked and no link is followed: what is in an archive is read, up to a limit, and never
touches the disk. What is in a notebook is left to submission.py.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ..view.text import plain, shorten
from .submission import MOST_BYTES

MOST_ARCHIVE = 64 << 20
"""Bytes of a zip file within a zip file."""
MOST_DIRECTORY = 8 << 20
"""Bytes of a zip file's table of contents."""
MOST_FILES = 5_000
MOST_NOTEBOOKS = 60
"""Of one student."""
DEPTH = 6
_IGNORED = ("__MACOSX", ".ipynb_checkpoints")
_LMS = re.compile(r"_\d+_assignsubmission_file.*$|_(?:LATE_)?\d+_\d+_.*$", re.DOTALL)
"""What Moodle and Canvas put behind a student's name."""
_NOTEBOOK = re.compile(r"[ _-]*\d\d-[a-z]+(?:-[a-z]+)*(?: ?\(\d+\)|[ _-]?copy\w*)*$", re.IGNORECASE)
"""The name of one of the course's notebooks at the end of a file name."""


class Refused(Exception):
    """A file is not read; the text says why, in a sentence."""


class Source(NamedTuple):
    """Where a notebook is: a file, or what is in a zip file (in a zip file)."""

    path: Path
    members: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The notebook's own name."""
        return PurePosixPath(self.members[-1]).name if self.members else self.path.name


class HandedIn(NamedTuple):
    """A student's notebooks, and what can't be read of what they handed in."""

    student: str
    sources: tuple[Source, ...]
    remarks: tuple[str, ...] = ()


def find(where: Path) -> list[HandedIn]:
    """Everyone who has handed something in, by name. Raises Refused or OSError if `where` itself can't be read."""
    students: dict[str, tuple[list[Source], list[str]]] = {}

    def entry(student: str) -> tuple[list[Source], list[str]]:
        return students.setdefault(plain(shorten(student.strip(), 100)) or "unnamed", ([], []))

    if where.is_file():
        _class_archive(where, entry)
    else:
        for item in sorted(os.scandir(where), key=lambda item: item.name):
            if not _ignored(item.name):
                _found(item, where, entry)
    return [HandedIn(student, tuple(sources[:MOST_NOTEBOOKS]), tuple(dict.fromkeys(remarks)))
            for student, (sources, remarks) in sorted(students.items())]


def load(source: Source) -> bytes:
    """The bytes of a notebook, one more than MOST_BYTES at most. Raises Refused."""
    if not source.members:
        with _opened(source.path) as file:
            return file.read(MOST_BYTES + 1)
    with _opened(source.path) as file:
        archive = file
        for member in source.members[:-1]:
            archive = io.BytesIO(_read(archive, member, MOST_ARCHIVE))
        return _read(archive, source.members[-1], MOST_BYTES + 1)


# -- folders -----------------------------------------------------------------------


def _found(item: os.DirEntry, where: Path, entry) -> None:
    """One thing in the folder that holds what the class has handed in."""
    path = Path(item.path)
    if item.is_dir(follow_symlinks=False):
        sources, remarks = entry(_LMS.sub("", item.name))
        for file in _below(path, remarks):
            _add(file, sources, remarks)
    elif item.name.lower().endswith(".ipynb"):
        sources, remarks = entry(_student_of(item.name) or where.resolve().name)
        _add(path, sources, remarks)
    elif item.name.lower().endswith(".zip"):
        _class_archive(path, entry)


def _below(directory: Path, remarks: list[str], depth: int = 0) -> Iterator[Path]:
    """The files below a student's folder, links apart."""
    for number, item in enumerate(sorted(os.scandir(directory), key=lambda item: item.name)):
        if _ignored(item.name):
            continue
        if depth >= DEPTH or number >= MOST_FILES:
            remarks.append("There are more folders, or files, than are looked into.")
            return
        if item.is_dir(follow_symlinks=False):
            yield from _below(Path(item.path), remarks, depth + 1)
        else:
            yield Path(item.path)


def _add(path: Path, sources: list[Source], remarks: list[str]) -> None:
    if path.suffix.lower() not in (".ipynb", ".zip"):
        return
    try:
        with _opened(path) as file:
            if path.suffix.lower() == ".zip":
                sources += [Source(path, members) for members in _members(file, remarks)]
            else:
                sources.append(Source(path))
    except Refused as refused:
        remarks.append(str(refused))


def _opened(path: Path) -> io.BufferedReader:
    """A regular file, opened for reading. Raises Refused for a link, a pipe, a device, and what can't be read."""
    careful = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | careful))
    except OSError as error:
        why = "is a link, and links are not followed" if path.is_symlink() else f"can't be read ({error.strerror})"
        raise Refused(f"{_quoted(path.name)} {why}.") from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise Refused(f"{_quoted(path.name)} is no regular file and is not read.")
    return file


def _student_of(name: str) -> str:
    """The student's part of a file name: `anna-03-save.ipynb` gives anna; '' if it has none."""
    stem = name.rpartition(".")[0]
    without = _LMS.sub("", stem)
    return without if without != stem else _NOTEBOOK.sub("", stem)


def _ignored(name: str) -> bool:
    return name in _IGNORED or name.startswith(".")


def _quoted(name: str) -> str:
    return plain(shorten(name, 80))


# -- archives ----------------------------------------------------------------------


def _class_archive(path: Path, entry) -> None:
    """A zip file with a class in it, each student in a folder or with notebooks that have their name, or
    with the notebooks of one student."""
    remarks: list[str] = []
    try:
        with _opened(path) as file:
            found = _members(file, remarks)
    except Refused as refused:
        entry(path.stem)[1].append(str(refused))
        return
    for members in found:
        folder, _, name = members[0].partition("/")
        own = _LMS.sub("", folder) if name else _student_of(folder)
        entry(own or path.stem)[0].append(Source(path, members))
    if remarks or not found:
        entry(path.stem)[1].extend(remarks or [f"There is no notebook in {_quoted(path.name)}."])


def _members(file: io.BufferedIOBase, remarks: list[str], inner: bool = False) -> list[tuple[str, ...]]:
    """The notebooks in a zip file, and in the zip files in it. Raises Refused."""
    found: list[tuple[str, ...]] = []
    for info in _contents(file):
        name = info.filename
        parts = PurePosixPath(name).parts
        if info.is_dir() or any(part != ".." and _ignored(part) for part in parts):
            continue
        if name.startswith("/") or ".." in parts or "\\" in name or ":" in name:
            remarks.append(f"{_quoted(name)} in an archive has a path that leads out of it and is not read.")
        elif stat.S_ISLNK(info.external_attr >> 16):
            remarks.append(f"{_quoted(name)} in an archive is a link and is not read.")
        elif name.lower().endswith(".ipynb"):
            found.append((name,))
        elif name.lower().endswith(".zip") and not inner:
            try:
                archive = io.BytesIO(_read(file, name, MOST_ARCHIVE))
                found += [(name, *members) for members in _members(archive, remarks, inner=True)]
            except Refused as refused:
                remarks.append(str(refused))
    return found


def _contents(file: io.BufferedIOBase) -> list[zipfile.ZipInfo]:
    """What a zip file says that it has. Raises Refused if it is none, or says too much."""
    try:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 66_000))
        end = file.read()
        at = end.rfind(b"PK\5\6")
        entries, size = struct.unpack("<HL", end[at + 10:at + 16]) if 0 <= at <= len(end) - 22 else (0, 0)
        if entries > MOST_FILES or size > MOST_DIRECTORY:
            raise Refused("An archive has too many files in it and is not read.")
        with zipfile.ZipFile(file) as archive:
            found = archive.infolist()
    except _BROKEN:
        raise Refused("A zip file is broken and can't be read.") from None
    if len(found) > MOST_FILES:
        raise Refused("An archive has too many files in it and is not read.")
    return found


def _read(file: io.BufferedIOBase, member: str, most: int) -> bytes:
    """The first bytes of what is in an archive: no more is unpacked. Raises Refused."""
    try:
        with zipfile.ZipFile(file) as archive, archive.open(member) as packed:
            data = packed.read(most)
    except _BROKEN:
        raise Refused(f"{_quoted(member)} in an archive is broken, or encrypted, and can't be read.") from None
    if most == MOST_ARCHIVE and len(data) >= most:
        raise Refused(f"{_quoted(member)} in an archive is too large and is not read.")
    return data


_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RuntimeError, NotImplementedError,
           struct.error, OSError, OverflowError, MemoryError)
