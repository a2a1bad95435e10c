"""Finds out who has handed in what: notebooks in a folder, in student folders, or in zip files.

Nothing is unpacked and no link is followed: what is in an archive is read, up to a limit, and never
touches the disk. What is in a notebook is left to submission.py.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from ..view.text import plain, shorten
from .submission import MOST_BYTES

MOST_ARCHIVE = 64 << 20
"""Bytes of a zip file within a zip file."""
MOST_DIRECTORY = 2 << 20
"""Bytes of a zip file's table of contents."""
MOST_FILES = 5_000
MOST_NOTEBOOKS = 60
"""Of one student."""
LONGEST_NAME = 255
"""Characters of a file's name, as on most disks."""
LONGEST_PATH = 1_000
"""Characters of a path in an archive."""
DEPTH = 6
_IGNORED = ("__MACOSX", ".ipynb_checkpoints")
_LMS = re.compile(r"_(\d+)_assignsubmission_file.*$|_(?:LATE_)?(\d+)_\d+_.*$", re.DOTALL)
"""What Moodle and Canvas put behind a student's name, with the number that they give the student."""
_NOTEBOOK = re.compile(r"\d\d-[a-z]++(?:-[a-z]++)*+(?:[ _-]*+(?:copy|\(\d++\)|\d++))*+$", re.IGNORECASE)
"""The name of one of the course's notebooks, or of a copy, at the end of a file name. (Nothing in it is tried twice:
students choose the names.)"""


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


class Handed(list[HandedIn]):
    """What everyone has handed in, by name, and what belongs to nobody."""

    odd: list[tuple[str, str]]
    """What an instructor has to look at: a file, and a sentence about it."""


def find(where: Path, apart: Collection[Path] = ()) -> Handed:
    """Everyone who has handed something in, by name. What is in `apart` is no submission. Raises Refused or OSError
    if `where` itself can't be read."""
    parts = _Parts()
    if where.is_file():
        if where.suffix.lower() != ".zip":
            raise Refused("It is no folder and no zip file. Name the folder that it is in.")
        _archive(where, parts, alone=True)
        if not any(part.sources for places in parts.found.values() for part in places.values()):
            raise Refused(" ".join(remark for places in parts.found.values() for part in places.values()
                                   for remark in part.remarks))
    else:
        items = [item for item in sorted(os.scandir(where), key=lambda item: item.name)
                 if not _ignored(item.name) and Path(item.path).absolute() not in map(Path.absolute, apart)]
        for item in items:
            _found(item, where, parts, alone=len(items) == 1)
    return parts.handed()


def load(source: Source) -> bytes:
    """The bytes of a notebook, one more than MOST_BYTES at most. Raises Refused."""
    with _opened(source.path) as file:
        if not source.members:
            return file.read(MOST_BYTES + 1)
        archive = _zip_file(file)
        for member in source.members[:-1]:
            archive = _zip_file(io.BytesIO(_read(archive, member, MOST_ARCHIVE)))
        return _read(archive, source.members[-1], MOST_BYTES + 1)


# -- whose it is -------------------------------------------------------------------


FOLDER, NOTEBOOK, ARCHIVE, CLASS_ARCHIVE = range(4)
"""The kinds of places where a student's files may be; the first counts if there are several."""


@dataclass
class _Part:
    """What there is of one student in one place."""

    place: str
    sources: list[Source] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


class _Parts:
    """All that is found. A student's files come from one place: what is elsewhere may be another's, who wrote that
    name on it."""

    def __init__(self) -> None:
        self.found: dict[str, dict[tuple, _Part]] = {}
        self.odd: list[tuple[str, str]] = []

    def of(self, student: str, kind: int, place: str, *within: str) -> _Part:
        """What there is of a student in a place, so far. `within`: what else tells the place from others."""
        return self.found.setdefault(_called(student), {}).setdefault((kind, *within), _Part(_quoted(place)))

    def handed(self) -> Handed:
        """What counts."""
        handed, odd = Handed(), list(self.odd)
        for student, places in sorted(self.found.items()):
            first, *others = (places[place] for place in sorted(places))
            if len(first.sources) > MOST_NOTEBOOKS:
                first.remarks.append(f"There are {len(first.sources)} notebooks; only {MOST_NOTEBOOKS} are read.")
            handed.append(HandedIn(student, tuple(first.sources[:MOST_NOTEBOOKS]), tuple(dict.fromkeys(first.remarks))))
            odd += [(other.place, f"it has files of {student}, of whom {first.place} is there as well; only "
                                  f"{first.place} is graded. If they are two students, rename one.") for other in others]
        handed.odd = list(dict.fromkeys(odd))
        return handed


def _called(student: str) -> str:
    """A student's name as it is shown; long ones end with something that keeps them apart."""
    name = student.strip()
    if len(name) > 100:
        name = f"{name[:90].rstrip()}~{hashlib.sha256(name.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}"
    return plain(name) or "unnamed"


def _student_of(name: str) -> str:
    """The student's part of a file name: `anna-03-save.ipynb` gives anna; '' if it has none."""
    stem = name[:LONGEST_NAME].rpartition(".")[0]
    without = _LMS.sub("", stem)
    if without != stem:
        return without
    notebook = _NOTEBOOK.search(stem)
    return stem[:notebook.start()].rstrip(" _-") if notebook else stem


def _number_of(name: str) -> str:
    """The number that a learning platform has given a student; '' if there is none."""
    found = _LMS.search(name)
    return (found[1] or found[2]) if found else ""


# -- folders -----------------------------------------------------------------------


def _found(item: os.DirEntry, where: Path, parts: _Parts, alone: bool) -> None:
    """One thing in the folder that holds what the class has handed in."""
    path, kind = Path(item.path), Path(item.name).suffix.lower()
    if item.is_dir(follow_symlinks=False):
        part = parts.of(_LMS.sub("", item.name), FOLDER, item.name, item.name)
        for file in _below(path, part.remarks):
            _add(file, part)
    elif kind == ".ipynb":
        student = _student_of(item.name) or where.resolve().name
        _add(path, parts.of(student, NOTEBOOK, item.name, _number_of(item.name)))
    elif kind == ".zip":
        _archive(path, parts, alone)
    else:
        why = "a link, and links are not followed" if item.is_symlink() else "no notebook, folder or zip file"
        parts.odd.append((_quoted(item.name), f"it is {why}, so it is not read."))


def _below(directory: Path, remarks: list[str], depth: int = 0) -> Iterator[Path]:
    """The files below a student's folder, links apart."""
    try:
        items = sorted(os.scandir(directory), key=lambda item: item.name)
    except OSError as error:
        remarks.append(f"The folder {_quoted(directory.name)} can't be read ({error.strerror}).")
        return
    for number, item in enumerate(items):
        if _ignored(item.name):
            continue
        if depth >= DEPTH or number >= MOST_FILES:
            remarks.append("There are more folders, or files, than are looked into.")
            return
        if item.is_dir(follow_symlinks=False):
            yield from _below(Path(item.path), remarks, depth + 1)
        else:
            yield Path(item.path)


def _add(path: Path, part: _Part) -> None:
    if path.suffix.lower() not in (".ipynb", ".zip"):
        return
    try:
        with _opened(path) as file:
            if path.suffix.lower() == ".ipynb":
                part.sources.append(Source(path))
            else:
                for member in _members(file):
                    member.add_to(part, path)
    except Refused as refused:
        part.remarks.append(str(refused))


def _opened(path: Path) -> BinaryIO:
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


def _ignored(name: str) -> bool:
    return name in _IGNORED or name.startswith(".")


def _quoted(name: str) -> str:
    return plain(shorten(name, 80))


# -- archives ----------------------------------------------------------------------


def _archive(path: Path, parts: _Parts, alone: bool) -> None:
    """A zip file among what the class has handed in. If it is `alone`, or if a learning platform has written on all
    that is in it whose it is, it has a class in it, each student in a folder or with notebooks that have their name;
    else it is all of the student whose name it has, whatever is in it."""
    owner, kind = _student_of(path.name) or path.stem, ARCHIVE
    try:
        with _opened(path) as file:
            found = list(_members(file))
    except Refused as refused:
        parts.of(owner, kind, path.name, path.name, "").remarks.append(str(refused))
        return
    tops = [member.top for member in found if member.top]
    if alone or not _number_of(path.name) and tops and all(map(_number_of, tops)):
        kind = CLASS_ARCHIVE
    names = [PurePosixPath(member.members[-1]).name for member in found if member.notebook]
    if kind == ARCHIVE and len(set(names)) < len(names):
        parts.odd.append((_quoted(path.name), "it has several notebooks of one name, and all are taken for "
                          f"{plain(owner)}'s. If they are several students', unpack it."))
    for member in found:
        student, number, place = owner, "", path.name
        if kind == CLASS_ARCHIVE:
            student, number = member.student or owner, _number_of(member.top)
            place += f"/{member.top}" if number else ""
        if number or member.problem or member.notebook:
            member.add_to(parts.of(student, kind, place, path.name, number), path)
    if not any(member.problem or member.notebook for member in found):
        parts.of(owner, kind, path.name, path.name, "").remarks.append(f"There is no notebook in {_quoted(path.name)}.")


class _Member(NamedTuple):
    """What is in an archive, or in one that is in it: the names on the way there, and why it is not read, if so."""

    members: tuple[str, ...]
    problem: str = ""

    @property
    def notebook(self) -> bool:
        """Whether it is a notebook that can be read."""
        return not self.problem and self.members[-1].lower().endswith(".ipynb")

    @property
    def top(self) -> str:
        """What it is, or is in, on the top level of the archive."""
        return self.members[0].partition("/")[0]

    @property
    def student(self) -> str:
        """Whose it is by its name; '' if that does not tell."""
        return _LMS.sub("", self.top) if "/" in self.members[0] else _student_of(self.top)

    def add_to(self, part: _Part, path: Path) -> None:
        """Count it as part of what a student has handed in."""
        if self.problem:
            part.remarks.append(self.problem)
        elif self.notebook:
            part.sources.append(Source(path, self.members))


@dataclass
class _Allowance:
    """How much more than is usual the zip files in a zip file may take together. What is usual is not counted, so that
    nobody can use up what the others in a class need; it is little, so that it may be there as often as MOST_FILES."""

    size: int = 256 << 20
    directory: int = 4 << 20

    def take(self, size: int, packed: int) -> bool:
        """Whether as many bytes may be unpacked that take so many: a zip file is hardly smaller for being zipped."""
        self.size -= max(0, size - 4 * packed - (256 << 10))
        return self.size >= 0

    def look(self, directory: int) -> bool:
        """Whether a table of contents of so many bytes may be read."""
        self.directory -= max(0, directory - (8 << 10))
        return self.directory >= 0


def _members(file: BinaryIO) -> Iterator[_Member]:
    """What is in a zip file, and in the zip files in it. Raises Refused if it can't be read."""
    archive, allowance = _zip_file(file), _Allowance()
    for info, problem in _listed(archive):
        if problem or not info.filename.lower().endswith(".zip"):
            yield _Member((info.filename,) if problem != OUTSIDE else ("",), problem.format(_quoted(info.filename)))
            continue
        try:
            if info.file_size > MOST_ARCHIVE or not allowance.take(info.file_size, info.compress_size):
                raise Refused(f"{_quoted(info.filename)} in an archive is too large and is not read.")
            inner = _zip_file(io.BytesIO(_read(archive, info.filename, MOST_ARCHIVE)), allowance)
            for within, problem in _listed(inner):
                yield _Member((info.filename, within.filename), problem.format(_quoted(within.filename)))
        except Refused as refused:
            yield _Member((info.filename,), str(refused))


OUTSIDE = "{} in an archive has a path that leads out of it and is not read."
LINK = "{} in an archive is a link and is not read."


def _listed(archive: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, str]]:
    """The files in an archive, with why one is not read, if so."""
    for info in archive.infolist():
        name, parts = info.filename, PurePosixPath(info.filename).parts
        if info.is_dir() or any(part != ".." and _ignored(part) for part in parts):
            continue
        outside = name.startswith("/") or ".." in parts or "\\" in name or ":" in name or len(name) > LONGEST_PATH
        yield info, OUTSIDE if outside else LINK if stat.S_ISLNK(info.external_attr >> 16) else ""


def _zip_file(file: BinaryIO, allowance: _Allowance | None = None) -> zipfile.ZipFile:
    """A zip file whose table of contents is read. Raises Refused if it is none, or says too much."""
    try:
        end = zipfile._EndRecData(file)  # what it goes by itself: a table may be told of in several ways
        size = end[zipfile._ECD_SIZE] if end else 0
        if size > MOST_DIRECTORY or allowance and not allowance.look(size):
            raise Refused("An archive has too many files in it and is not read.")
        archive = zipfile.ZipFile(file)
    except _BROKEN:
        raise Refused("A zip file is broken and can't be read.") from None
    if len(archive.infolist()) > MOST_FILES:
        raise Refused("An archive has too many files in it and is not read.")
    return archive


def _read(archive: zipfile.ZipFile, member: str, most: int) -> bytes:
    """The first bytes of what is in an archive: no more is unpacked. Raises Refused."""
    try:
        with archive.open(member) as packed:
            data = packed.read(most)
    except _BROKEN:
        raise Refused(f"{_quoted(member)} in an archive is broken, or encrypted, and can't be read.") from None
    if most == MOST_ARCHIVE and len(data) >= most:
        raise Refused(f"{_quoted(member)} in an archive is too large and is not read.")
    return data


_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RuntimeError, NotImplementedError,
           struct.error, OSError, OverflowError, MemoryError)
