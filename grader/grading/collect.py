"""Finds out who has handed in what: notebooks in a folder, in student folders, or in archives.

What a file is, its content says: a notebook is one whatever comes behind its name. Nothing is unpacked to the disk and
no link is followed: what is in an archive (archives.py) is read, up to a limit. Whatever is not read is named, unless
it is what lies beside a notebook as a rule. What is in a notebook is left to submission.py.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ..text import plain, series
from . import archives
from .archives import OUTSIDE, Entry, Refused, base_of, parts_of, quoted
from .platforms import METADATA, MOST_METADATA, Identity, Tag, classroom_tag, is_export, submitters, tag_of
from .submission import MOST_BYTES

MOST_FILES = archives.MOST_FILES
MOST_NOTEBOOKS = 60
"""Of one student."""
LONGEST_NAME = 255
"""Characters of a file's name, as on most disks."""
DEPTH = 6
LOOK_INTO = 64 << 10
"""Bytes at the beginning of a file by which a notebook is recognised."""
SMALLEST = 20
"""Bytes that a notebook or an archive has at least."""
_NOTEBOOK = re.compile(r"\d\d-[a-z]++(?:-[a-z]++)*+(?:[ _-]*+(?:copy|\(\d++\)|\d++))*+$", re.IGNORECASE)
"""The name of one of the course's notebooks, or of a copy, at the end of a file name. (Nothing in it is tried twice:
students choose the names.)"""
_ENDING = re.compile(
    r"\.ipynb(?![^\W_]).*$|(?:\.(?:json|txt|zip|tar|t?gz|t?bz2?|t?xz|7z|rar|zst))++$", re.IGNORECASE | re.DOTALL
)
"""What comes behind the name of a notebook or an archive."""
_CELLS = re.compile(rb'"(?:cells|worksheets|nbformat)"\s*+:')
_HIDDEN = (
    "__MACOSX",
    ".ipynb_checkpoints",
    ".git",
    ".grades",
    ".lab",
    ".local",
    ".cache",
    ".config",
    ".ipython",
    ".jupyter",
    ".venv",
    ".vscode",
    ".idea",
    ".virtual_documents",
    ".pytest_cache",
    ".DS_Store",
    "Thumbs.db",
    "desktop.ini",
    ".progress.json",
)
"""Names that programs give to folders and files of their own."""
_BESIDE = frozenset(
    (
        "",
        ".bak",
        ".bin",
        ".c",
        ".cfg",
        ".csv",
        ".dag",
        ".dat",
        ".db",
        ".err",
        ".gif",
        ".h",
        ".ini",
        ".jpeg",
        ".jpg",
        ".json",
        ".log",
        ".md",
        ".npy",
        ".npz",
        ".out",
        ".pkl",
        ".png",
        ".py",
        ".pyc",
        ".rst",
        ".sh",
        ".sqlite",
        ".sub",
        ".svg",
        ".tmp",
        ".toml",
        ".tsv",
        ".txt",
        ".yaml",
        ".yml",
    )
)
"""How the names end of what lies beside a notebook as a rule: what its cells and their jobs write."""


class Source(NamedTuple):
    """Where a notebook is: a file, or what is in an archive (in an archive)."""

    path: Path
    members: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The notebook's own name."""
        return base_of(self.members[-1]) if self.members else self.path.name


class HandIn(NamedTuple):
    """A student's notebooks, and what can't be read of what they handed in."""

    student: str
    sources: tuple[Source, ...]
    remarks: tuple[str, ...] = ()
    """What an instructor has to look at, a sentence each."""
    said: tuple[str, ...] = ()
    """What is odd and does no harm."""
    identity: Identity = Identity()
    """Who that is in the system that it comes from."""


class HandIns(list[HandIn]):
    """What everyone has handed in, by name, and what belongs to nobody."""

    odd: list[tuple[str, str]]
    """What an instructor has to look at: a file, and a sentence about it."""
    missing: Sequence[HandIn] = ()
    """Who is on the roster (roster.py) and has handed in nothing."""


def find(where: Path, apart: Collection[Path] = ()) -> HandIns:
    """Everyone who has handed something in, by name. What is in `apart` is no submission. Raises Refused or OSError
    if `where` itself can't be read."""
    parts = _Parts()
    if where.is_file():
        _one_file(where, parts)
    else:
        _class(where, apart, parts)
    return parts.handed()


def _one_file(where: Path, parts: _Parts) -> None:
    """A file that is all that has been handed in: a class in an archive, or a single notebook. Raises Refused."""
    kind = _kind_of(where)
    if kind == NOTEBOOK:
        student = _student_of(where.name) or where.resolve().parent.name
        _add(where, parts.of(student, LOOSE, where.name, tag_of(where.name)))
        return
    if kind != ARCHIVED:
        raise Refused("It is no folder, no archive and no notebook. Name the folder that it is in.")
    _archive(where, parts, alone=True)
    there = [part for places in parts.found.values() for part in places.values()]
    if not any(part.sources for part in there):
        raise Refused(" ".join(remark for part in there for remark in part.remarks))


def _class(where: Path, apart: Collection[Path], parts: _Parts) -> None:
    """The folder that holds what the class has handed in, or that has nothing in it but such a folder."""
    items = [
        item
        for item in sorted(os.scandir(where), key=lambda item: item.name)
        if not _ignored(item.name) and Path(item.path).absolute() not in map(Path.absolute, apart)
    ]
    if len(items) == 1 and items[0].is_dir(follow_symlinks=False):
        inside = [item.name for item in os.scandir(items[0]) if item.is_dir(follow_symlinks=False)]
        if is_export(items[0].name, inside or [METADATA] * os.path.isfile(os.path.join(items[0], METADATA))):
            _class(Path(items[0].path), apart, parts)
            return
    listed = _listed(where, parts) if any(item.name == METADATA for item in items) else {}
    called = where.resolve().name
    for item in items:
        if item.name == METADATA:
            continue
        tags: Sequence[Tag | None] = listed.get(item.name) or [classroom_tag(called, item.name) or tag_of(item.name)]
        for tag in tags:
            _found(item, where, parts, tag, alone=len(items) == 1)


def _listed(where: Path, parts: _Parts) -> dict[str, list[Tag]]:
    """Whose Gradescope's folders are, by the list beside them."""
    try:
        with open_regular(where / METADATA) as file:
            return submitters(file.read(MOST_METADATA))
    except (Refused, ValueError) as error:
        parts.odd.append((METADATA, f"{str(error).rstrip('.')}, so nobody's name is known."))
        return {}


def in_folder(folder: Path) -> HandIn:
    """What is in the folder of one student. Never raises."""
    part = _Part(quoted(folder.name))
    for file in _below(folder, part.remarks):
        _add(file, part)
    return part.handed_in(folder.name)


def load(source: Source) -> bytes:
    """The bytes of a notebook, one more than MOST_BYTES at most. Raises Refused."""
    with open_regular(source.path) as file:
        return archives.read(file, source.path.name, source.members, MOST_BYTES + 1)


# -- what a file is ----------------------------------------------------------------


NOTEBOOK, ARCHIVED, SEALED, OTHER = "notebook", "archive", "sealed", "other"
"""Kinds of files: one with cells, an archive that can be read, one that can't be, anything else."""


def _kind(name: str, head: bytes) -> str:
    """What a file is, by its first bytes and its name. One that is called a notebook is one, so that it is told what is
    wrong with it."""
    if archives.sealed(name, head):
        return SEALED
    if _looks_like_a_notebook(head):
        return NOTEBOOK
    if archives.readable(name, head):
        return ARCHIVED
    return NOTEBOOK if re.search(r"\.ipynb(?![^\W_])", name, re.IGNORECASE) else OTHER


def _looks_like_a_notebook(head: bytes) -> bool:
    text = head.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe \t\r\n")
    return text.startswith(b"{") and _CELLS.search(text) is not None


def _kind_of(path: Path) -> str:
    """The kind of a file on the disk. Raises Refused."""
    with open_regular(path) as file:
        return _kind(path.name, file.read(LOOK_INTO))


def _unread(name: str, kind: str) -> str:
    """Why a file that is no notebook and no readable archive is not read; '' if nobody would expect it to be."""
    if kind == SEALED:
        return f"{quoted(name)} is an archive of a kind that is not read here: unpack it, or pack it as a zip file."
    base = base_of(name)[:LONGEST_NAME]
    usual = base.startswith(".") or base == "onlinetext.html" or os.path.splitext(base)[1].lower() in _BESIDE
    if usual and not _NOTEBOOK.search(_stem(base)):
        return ""
    return f"{quoted(name)} is no notebook and no archive, and is not read."


# -- whose it is -------------------------------------------------------------------


FOLDER, LOOSE, ARCHIVE, CLASS_ARCHIVE = range(4)
"""The kinds of places where a student's files may be; the first counts if there are several."""


@dataclass
class _Part:
    """What there is of one student in one place."""

    place: str
    sources: list[Source] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """Names of files that are no notebooks."""
    identity: Identity = Identity()

    def handed_in(self, student: str) -> HandIn:
        """What counts of it, and what there is to say about it."""
        remarks = list(self.remarks)
        if len(self.sources) > MOST_NOTEBOOKS:
            remarks.append(f"There are {len(self.sources)} notebooks; only {MOST_NOTEBOOKS} are read.")
        if not self.sources and not remarks:
            there = f"; there is {series(self.others)}" if self.others else ", and nothing else"
            remarks.append(f"There is no notebook in {self.place}{there}.")
        return HandIn(
            student,
            tuple(self.sources[:MOST_NOTEBOOKS]),
            tuple(dict.fromkeys(remarks)),
            tuple(dict.fromkeys(self.said)),
            self.identity,
        )


Where = tuple[int, str, str]
"""A place: its kind, what tells it from others of that kind, and a system's number for the student ('' without)."""


class _Parts:
    """All that is found. A student's files come from one place: what is elsewhere may be another's, who wrote that
    name on it. Two students of one name, to whom a system gives different numbers, are two."""

    def __init__(self) -> None:
        self.found: dict[str, dict[Where, _Part]] = {}
        self.odd: list[tuple[str, str]] = []

    def of(self, student: str, kind: int, place: str, tag: Tag | None = None, within: str = "") -> _Part:
        """What there is of a student in a place, so far. `within`: what else tells the place from others."""
        number = tag.identity.id if tag else ""
        places = self.found.setdefault(called(student), {})
        part = places.setdefault((kind, within, number), _Part(quoted(place)))
        if tag:
            part.identity = part.identity.and_also(tag.identity) if part.identity.system else tag.identity
        return part

    def handed(self) -> HandIns:
        """What counts."""
        handed, odd = HandIns(), list(self.odd)
        for student, places in sorted(self.found.items()):
            first, *_ = sorted(places)
            twins = [place for place in sorted(places) if place[:2] == first[:2] and all((place[2], first[2]))]
            for place in twins or [first]:
                name = f"{student} ({plain(place[2])})" if len(twins) > 1 else student
                handed.append(places[place].handed_in(name))
            counts = places[first].place
            odd += [
                (
                    other.place,
                    f"it has files of {student}, of whom {counts} is there as well; only "
                    f"{counts} is graded. If they are two students, rename one.",
                )
                for place, other in sorted(places.items())
                if place not in (twins or [first])
            ]
        handed.odd = list(dict.fromkeys(odd))
        return handed


def called(student: str) -> str:
    """A student's name as it is shown; long ones end with something that keeps them apart."""
    name = student.strip()
    if len(name) > 100:
        name = f"{name[:90].rstrip()}~{hashlib.sha256(name.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}"
    return plain(name) or "unnamed"


def _student_of(name: str) -> str:
    """The student's part of a file name: `anna-03-save.ipynb` gives anna; '' if it has none."""
    stem = _stem(name)
    if (tag := tag_of(stem)) and tag.student != stem:
        return tag.student
    notebook = _NOTEBOOK.search(stem)
    return stem[: notebook.start()].rstrip(" _-") if notebook else stem


def _stem(name: str) -> str:
    """A file's name without what tells its kind: `anna-03-save` of `anna-03-save.ipynb.txt`."""
    name = name[:LONGEST_NAME]
    bare = _ENDING.sub("", name)
    return bare if bare != name else name.rpartition(".")[0] or name


def bare_name(name: str) -> str:
    """The course's notebook that a file name means, in small letters and without what tells whose it is or which copy:
    `03-save` of `anna_03-Save (1).ipynb.txt`. '' if it is no such name."""
    match = _NOTEBOOK.search(_stem(name))
    return re.sub(r"(?:[ _-]*+(?:copy|\(\d++\)|\d++))++$", "", match[0].lower()) if match else ""


# -- folders -----------------------------------------------------------------------


def _found(item: os.DirEntry[str], where: Path, parts: _Parts, tag: Tag | None, alone: bool) -> None:
    """One thing in the folder that holds what the class has handed in, and what a system says of it."""
    path = Path(item.path)
    if item.is_dir(follow_symlinks=False):
        part = parts.of(tag.student if tag else item.name, FOLDER, item.name, tag, "" if tag else item.name)
        for file in _below(path, part.remarks):
            _add(file, part)
        return
    try:
        kind = _kind_of(path)
    except Refused as refused:
        parts.odd.append((quoted(item.name), str(refused)))
        return
    if kind == NOTEBOOK:
        student = tag.student if tag else _student_of(item.name) or where.resolve().name
        _add(path, parts.of(student, LOOSE, item.name, tag))
    elif kind == ARCHIVED and tag and not alone:
        _add(path, parts.of(tag.student, LOOSE, item.name, tag))
    elif kind == ARCHIVED:
        _archive(path, parts, alone)
    elif kind == SEALED:
        student = tag.student if tag else _student_of(item.name) or path.stem
        place = (LOOSE, "") if tag else (ARCHIVE, item.name)
        parts.of(student, place[0], item.name, tag, place[1]).remarks.append(_unread(item.name, kind))
    elif not item.name.startswith("."):
        parts.odd.append((quoted(item.name), "it is no notebook, folder or archive, so it is not read."))


def _below(directory: Path, remarks: list[str], depth: int = 0) -> Iterator[Path]:
    """The files below a student's folder, links apart."""
    try:
        items = sorted(os.scandir(directory), key=lambda item: item.name)
    except OSError as error:
        remarks.append(f"The folder {quoted(directory.name)} can't be read ({error.strerror}).")
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
    """Count a file as part of what a student has handed in."""
    try:
        with open_regular(path) as file:
            kind = _kind(path.name, file.read(LOOK_INTO))
            if kind == ARCHIVED:
                for member in _members(file, path.name):
                    member.add_to(part, path)
            else:
                _Member((), kind, _unread(path.name, kind) if kind != NOTEBOOK else "").add_to(part, path)
    except Refused as refused:
        part.remarks.append(str(refused))


def open_regular(path: Path) -> BinaryIO:
    """A regular file, opened for reading. Raises Refused for a link, a pipe, a device, and what can't be read."""
    careful = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | careful))
    except OSError as error:
        why = "is a link, and links are not followed" if path.is_symlink() else f"can't be read ({error.strerror})"
        raise Refused(f"{quoted(path.name)} {why}.") from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise Refused(f"{quoted(path.name)} is no regular file and is not read.")
    return file


def _ignored(name: str) -> bool:
    """Whether it is a program's, and nobody handed it in."""
    return name in _HIDDEN or name.startswith(("._", ".~", ".Trash", ".nfs"))


# -- archives ----------------------------------------------------------------------


def _archive(path: Path, parts: _Parts, alone: bool) -> None:
    """An archive among what the class has handed in. If it is `alone`, or if a learning platform has written on all
    that is in it whose it is, it has a class in it, each student in a folder or with notebooks that have their name;
    else it is all of the student whose name it has, whatever is in it."""
    owner = _student_of(path.name) or path.stem
    try:
        with open_regular(path) as file:
            members = list(_members(file, path.name))
            root, listed = _export(file, path.name, members, parts) if alone else ("", {})
    except Refused as refused:
        parts.of(owner, ARCHIVE, path.name, within=path.name).remarks.append(str(refused))
        return
    tops = [top for member in members if (top := member.top(root))]
    if alone or (not tag_of(path.name) and tops and all(map(tag_of, tops))):
        _class_archive(path, parts, members, owner, root, listed)
    else:
        _own_archive(path, parts, members, owner)
    if not any(member.problem or member.notebook for member in members):
        kind = CLASS_ARCHIVE if alone else ARCHIVE
        parts.of(owner, kind, path.name, within=path.name).remarks.append(
            f"There is no notebook in {quoted(path.name)}."
        )


def _own_archive(path: Path, parts: _Parts, members: Sequence[_Member], owner: str) -> None:
    """An archive that is all of one student."""
    names = [base_of(member.members[-1]) for member in members if member.notebook]
    if len(set(names)) < len(names):
        parts.odd.append(
            (
                quoted(path.name),
                "it has several notebooks of one name, and all are taken for "
                f"{plain(owner)}'s. If they are several students', unpack it.",
            )
        )
    for member in members:
        if member.problem or member.notebook:
            member.add_to(parts.of(owner, ARCHIVE, path.name, within=path.name), path)


def _class_archive(
    path: Path, parts: _Parts, members: Sequence[_Member], owner: str, root: str, listed: Mapping[str, list[Tag]]
) -> None:
    """An archive with a class in it. `root` is the folder in which it is there, `listed` whose the folders in it are."""
    for member in members:
        top = member.top(root)
        if top == METADATA and listed:
            continue
        tags: Sequence[Tag | None] = listed.get(top) or [classroom_tag(root, top) or tag_of(top)]
        for tag in tags:
            student = tag.student if tag else (top if member.in_folder(root) else _student_of(top)) or owner
            if tag or member.problem or member.notebook or member.in_folder(root):
                place = f"{path.name}/{top}" if tag else path.name
                member.add_to(parts.of(student, CLASS_ARCHIVE, place, tag, path.name), path)


def _export(
    file: BinaryIO, name: str, members: Sequence[_Member], parts: _Parts
) -> tuple[str, Mapping[str, list[Tag]]]:
    """The folder in an archive that a system has made of a class, and Gradescope's list of whose is what. Raises
    Refused."""
    tops = {member.top("") for member in members if member.top("")}
    [root] = tops if len(tops) == 1 else [""]
    if not is_export(root, [top for member in members if (top := member.top(root))]):
        root = ""
    metadata = [member.members for member in members if member.top(root) == METADATA and len(member.members) == 1]
    if not metadata:
        return root, {}
    try:
        return root, submitters(archives.read(file, name, metadata[0], MOST_METADATA))
    except ValueError as error:
        parts.odd.append((METADATA, f"{error}, so nobody's name is known."))
        return root, {}


class _Member(NamedTuple):
    """A file, or what is in an archive, or in one that is in it: the names on the way there, what it is, why it is not
    read, if so, and what else there is to say about it."""

    members: tuple[str, ...]
    kind: str
    problem: str = ""
    note: str = ""

    @property
    def notebook(self) -> bool:
        """Whether it is a notebook that can be read."""
        return self.kind == NOTEBOOK and not self.problem

    def _way(self, root: str) -> list[str]:
        """The names on the way to it from a folder at the top of the archive; '' is the top itself."""
        first, *rest = (*parts_of(self.members[0]), "")
        return rest if root and first == root else [first, *rest]

    def top(self, root: str) -> str:
        """What it is, or is in, in that folder."""
        return (*self._way(root), "")[0]

    def in_folder(self, root: str) -> bool:
        """Whether it is in a folder there."""
        return len(self._way(root)) > 2

    def add_to(self, part: _Part, path: Path) -> None:
        """Count it as part of what a student has handed in."""
        if self.note:
            part.said.append(self.note)
        if self.problem:
            part.remarks.append(self.problem)
        elif self.notebook:
            part.sources.append(Source(path, self.members))
        else:
            part.others.append(quoted(base_of(self.members[-1] if self.members else path.name)))


def _members(file: BinaryIO, name: str) -> Iterator[_Member]:
    """What is in an archive, and in the archives in it. Raises Refused if it can't be read."""
    allowance = archives.Allowance()
    archive = archives.opened(file, name)
    for entry in archive.entries():
        member = _member(archive, entry)
        if member is None:
            continue
        if member.kind != ARCHIVED or member.problem:
            yield member
            continue
        try:
            inner = archives.within(archive, entry, allowance)
            for deeper in inner.entries():
                if (found := _member(inner, deeper)) is None:
                    continue
                if found.kind == ARCHIVED and not found.problem:
                    found = found._replace(
                        problem=f"{quoted(deeper.name)} is an archive in an archive in an archive, and is not read."
                    )
                yield found._replace(members=(entry.name, *found.members))
        except Refused as refused:
            yield member._replace(problem=str(refused))


def _member(archive: archives.Archive, entry: Entry) -> _Member | None:
    """What a file in an archive is; None if it is nobody's."""
    if any(_ignored(part) for part in parts_of(entry.name)):
        return None
    note = f"{quoted(entry.name)} is in an archive more than once; the last one counts." if entry.again else ""
    if entry.problem:
        return _Member(
            ("",) if entry.problem == OUTSIDE else (entry.name,), OTHER, entry.problem.format(quoted(entry.name))
        )
    try:
        head = archive.read(entry.name, LOOK_INTO) if entry.size >= SMALLEST else b""
        kind = _kind(base_of(entry.name), head)
    except Refused as refused:
        kind = _kind(base_of(entry.name), b"")
        worth = kind != OTHER or _unread(entry.name, kind)
        # a notebook that is damaged further on is told when it is read
        return _Member((entry.name,), kind, str(refused) if worth and kind != NOTEBOOK else "", note)
    return _Member((entry.name,), kind, _unread(entry.name, kind) if kind in (SEALED, OTHER) else "", note)
