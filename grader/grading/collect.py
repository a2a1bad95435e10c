"""Collects who has handed in what: notebooks in a folder, in student folders, or in archives.

The content decides what a file is: a notebook is recognised whatever its extension. Nothing is unpacked to the disk,
and links are not followed; archives are read in memory, up to a limit (archives.py). Every file that is not read is
reported, unless files of its kind usually lie beside a notebook. submission.py reads the notebooks.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import stat
import unicodedata
from collections import Counter
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
"""Notebooks of one student."""
LONGEST_NAME = 255
"""Characters of a file name, as on most disks."""
DEPTH = 6
LOOK_INTO = 64 << 10
"""Bytes at the beginning of a file in which a notebook is recognised."""
SMALLEST = 20
"""The fewest bytes that a notebook or an archive can have."""
_NOTEBOOK = re.compile(r"\d\d-[a-z]++(?:-[a-z]++)*+(?:[ _-]*+(?:copy|\(\d++\)|\d++))*+$", re.IGNORECASE)
"""The name of one of the course's notebooks, or of a copy, at the end of a file name. (It never backtracks, as students
choose the names.)"""
_ENDING = re.compile(
    r"\.ipynb(?![^\W_]).*$|(?:\.(?:json|txt|zip|tar|t?gz|t?bz2?|t?xz|7z|rar|zst))++$", re.IGNORECASE | re.DOTALL
)
"""The extensions of a notebook or an archive."""
_CELLS = re.compile(rb'"(?:cells|worksheets|nbformat)"\s*+:')
_HIDDEN = """
__MACOSX .ipynb_checkpoints .git .grades .lab .local .cache .config .ipython .jupyter .venv .vscode .idea
.virtual_documents .pytest_cache .DS_Store Thumbs.db desktop.ini .progress.json
""".split()
"""Files and folders that programs create for themselves."""
_OF_THE_COURSE = frozenset("benchmarks docs grader payload site solutions tests CITATION.cff".split())
"""What the course's repository contains beside the exercises: solutions, programs, documents."""
_REPORTS = (".grades", "class.html")
"""What a folder contains if an earlier grading has written its pages there."""
_REPOSITORY = "lab.py"
"""The file by which a copy of the course's repository is recognised."""
_BESIDE = frozenset(
    (
        "",
        *"""
.bak .bin .c .cfg .csv .dag .dat .db .err .gif .h .ini .jpeg .jpg .json .log .md .npy .npz .out .pkl .png .py .pyc
.rst .sh .sqlite .sub .svg .tmp .toml .tsv .txt .yaml .yml
""".split(),
    )
)
"""Extensions of files that usually lie beside a notebook: its cells and their jobs write them."""


class Source(NamedTuple):
    """Where a notebook is: a file, or a member of an archive (in an archive)."""

    path: Path
    members: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The notebook's file name."""
        return base_of(self.members[-1]) if self.members else self.path.name


class HandIn(NamedTuple):
    """What a student handed in: notebooks, and remarks on what can't be read."""

    student: str
    sources: tuple[Source, ...]
    remarks: tuple[str, ...] = ()
    """Sentences for the instructor on what needs attention."""
    said: tuple[str, ...] = ()
    """Sentences on harmless oddities."""
    identity: Identity = Identity()
    """The student in the system that the files come from."""

    @property
    def nothing(self) -> bool:
        """Whether the student has handed in nothing at all, not even an empty folder."""
        return not self.sources and not self.remarks


class HandIns(list[HandIn]):
    """What each student has handed in, by name, and what belongs to nobody."""

    odd: list[tuple[str, str]]
    """What needs an instructor's attention: a file, and a sentence about it."""
    missing: Sequence[HandIn] = ()
    """Students on the roster (roster.py) who have handed in nothing."""


def find(where: Path, apart: Collection[Path] = ()) -> HandIns:
    """Everyone who has handed something in, by name, ignoring the paths in `apart`. Raises Refused or OSError if
    `where` itself can't be read."""
    parts = _Parts()
    if where.is_file():
        _one_file(where, parts)
    else:
        _class(where, apart, parts)
    return parts.handed()


def _one_file(where: Path, parts: _Parts) -> None:
    """A file instead of a folder: a class in an archive, or a single notebook. Raises Refused."""
    kind = _kind_of(where)
    if kind == NOTEBOOK:
        student = _student_of(where.name) or where.resolve().parent.name
        _add(where, parts.of(student, LOOSE, where.name, tag_of(where.name)))
        return
    if kind == SEALED:
        raise Refused(_unread(where.name, kind))
    if kind != ARCHIVED:
        raise Refused("It is neither a folder nor an archive nor a notebook. Name the folder that contains it.")
    _archive(where, parts, alone=True)
    all_parts = [part for places in parts.by_student.values() for part in places.values()]
    if not any(part.sources for part in all_parts):
        raise Refused(" ".join(remark for part in all_parts for remark in part.remarks))


def _class(where: Path, apart: Collection[Path], parts: _Parts) -> None:
    """The folder with what a class has handed in, or a folder that contains only such a folder. Raises Refused or
    OSError."""
    items = [
        item
        for item in sorted(os.scandir(where), key=lambda item: item.name)
        if not _ignored(item.name)
        and not all(os.path.exists(os.path.join(item.path, name)) for name in _REPORTS)
        and Path(item.path).absolute() not in map(Path.absolute, apart)
    ]
    if {_REPOSITORY, "exercises"} <= {item.name for item in items}:
        raise Refused("It is a copy of the course. Name the folder that contains what was handed in.")
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
            _class_item(item, where, parts, tag, alone=len(items) == 1)


def _listed(where: Path, parts: _Parts) -> dict[str, list[Tag]]:
    """Folder → students, according to Gradescope's list beside the folders."""
    try:
        with open_regular(where / METADATA) as file:
            return submitters(file.read(MOST_METADATA))
    except (Refused, ValueError) as error:
        parts.odd.append((METADATA, f"{str(error).rstrip('.')}, so nobody's name is known."))
        return {}


def in_folder(folder: Path) -> HandIn:
    """What the folder of one student contains. Never raises."""
    part = _Part(quoted(folder.name))
    for file in _below(folder, part.remarks):
        _add(file, part)
    return part.handed_in(folder.name)


def load(source: Source) -> bytes:
    """The bytes of a notebook, at most MOST_BYTES + 1. Raises Refused."""
    with open_regular(source.path) as file:
        return archives.read(file, source.path.name, source.members, MOST_BYTES + 1)


# -- kinds of files ----------------------------------------------------------------


NOTEBOOK, ARCHIVED, SEALED, OTHER = "notebook", "archive", "sealed", "other"
"""Kinds of files: a notebook, a readable archive, an unsupported archive, anything else."""


def _kind(name: str, head: bytes) -> str:
    """The kind of a file, by its first bytes and its name. A file called .ipynb counts as a notebook, so that its
    problems are reported."""
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
    """The kind of a file on disk. Raises Refused."""
    with open_regular(path) as file:
        return _kind(path.name, file.read(LOOK_INTO))


def _unread(name: str, kind: str) -> str:
    """Why a file that is neither a notebook nor a readable archive is not read; '' if nobody would expect it to be."""
    if kind == SEALED:
        return f"{quoted(name)} is an archive of an unsupported kind: unpack it, or pack it as a zip file."
    base = base_of(name)[:LONGEST_NAME]
    usual = base.startswith(".") or base == "onlinetext.html" or os.path.splitext(base)[1].lower() in _BESIDE
    if usual and not _NOTEBOOK.search(_stem(base)):
        return ""
    return f"{quoted(name)} is neither a notebook nor an archive, and is not read."


# -- students ----------------------------------------------------------------------


FOLDER, LOOSE, ARCHIVE, CLASS_ARCHIVE = range(4)
"""Kinds of places where a student's files may be; if there are several, the first kind counts."""
_UNPACK = "If they belong to several students, unpack it."
_APART = {
    FOLDER: "If they belong to several students, grade that folder by itself. If they belong to several assignments, "
    "grade each in a folder of its own.",
    LOOSE: "Keep the one that counts.",
    ARCHIVE: _UNPACK,
    CLASS_ARCHIVE: _UNPACK,
}
"""Kind of a place → what to do about several notebooks of the same name there."""


@dataclass
class _Part:
    """The files of one student in one place."""

    place: str
    sources: list[Source] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """Names of files that are not notebooks."""
    identity: Identity = Identity()

    def repeated(self) -> str:
        """The beginning of a sentence on notebooks of the same name; '' if there are none."""
        names = Counter(source.name for source in self.sources)
        several = [quoted(name) for name, number in names.items() if number > 1]
        return f"it contains several notebooks called {series(several)}" if several else ""

    def handed_in(self, student: str) -> HandIn:
        """The hand-in that counts, with remarks."""
        remarks = list(self.remarks)
        if len(self.sources) > MOST_NOTEBOOKS:
            remarks.append(f"There are {len(self.sources)} notebooks; only {MOST_NOTEBOOKS} are read.")
        if not self.sources and not remarks:
            rest = f"; there is {series(self.others)}" if self.others else ""
            remarks.append(f"There is no notebook in {self.place}{rest}.")
        return HandIn(
            student,
            tuple(self.sources[:MOST_NOTEBOOKS]),
            tuple(dict.fromkeys(remarks)),
            tuple(dict.fromkeys(self.said)),
            self.identity,
        )


Where = tuple[int, str, str]
"""A place: its kind, what distinguishes it from others of that kind, and a system's number for the student ('' if
unknown)."""


class _Parts:
    """Everything that was handed in. A student's files are taken from one place only, as files elsewhere may belong to
    another student who used that name. Two students of the same name are kept apart if a system gives them different
    numbers."""

    def __init__(self) -> None:
        self.by_student: dict[str, dict[Where, _Part]] = {}
        self.odd: list[tuple[str, str]] = []
        self.unnamed: list[tuple[str, str]] = []
        """(notebook whose name contains no student, the student whose work it counts as)."""

    def of(self, student: str, kind: int, place: str, tag: Tag | None = None, within: str = "") -> _Part:
        """The files of a student in a place so far. `within` distinguishes places of the same kind."""
        number = tag.identity.id if tag else ""
        places = self.by_student.setdefault(called(student), {})
        part = places.setdefault((kind, within, number), _Part(quoted(place)))
        if tag:
            part.identity = part.identity.and_also(tag.identity) if part.identity.system else tag.identity
        return part

    def handed(self) -> HandIns:
        """The hand-ins that count."""
        handed, odd, taken = HandIns(), list(self.odd), set[str]()
        if len(self.by_student) > 1:
            odd += [
                (
                    name,
                    f"its name does not begin with a student's, so it counts as {student}'s. Rename it, as in "
                    "anna-03-save.ipynb.",
                )
                for name, student in self.unnamed
            ]
        for student, places in sorted(self.by_student.items()):
            first, *_ = sorted(places)
            twins = [place for place in sorted(places) if place[:2] == first[:2] and all((place[2], first[2]))]
            for place in twins or [first]:
                name = f"{student} ({plain(place[2])})" if len(twins) > 1 else student
                handed.append(apart(places[place].handed_in(name), place[2], taken))
            counts = places[first].place
            for place in twins or [first]:
                if repeated := places[place].repeated():
                    odd.append((places[place].place, f"{repeated}, and all count as {student}'s. {_APART[place[0]]}"))
            odd += [
                (
                    other.place,
                    f"it contains files of {student}, but so does {counts}, and only {counts} is graded. If one is a "
                    "later hand-in, remove the other; if it is another assignment, grade it by itself; if it is another "
                    "student's, rename it.",
                )
                for place, other in sorted(places.items())
                if place not in (twins or [first])
            ]
        handed.odd = list(dict.fromkeys(odd))
        return handed


def called(student: str) -> str:
    """A student's name as it is shown; long names are cut, and end with a digest that keeps them apart."""
    name = unicodedata.normalize("NFC", student).strip()  # macOS writes letters with accents in another way
    if len(name) > 100:
        name = f"{name[:90].rstrip()}~{hashlib.sha256(name.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}"
    return plain(name) or "unnamed"


def apart(one: HandIn, number: str, taken: set[str]) -> HandIn:
    """The hand-in, under a name that is not in `taken`; adds the name there. If need be, the name ends with a number,
    the student's if known. (A student's own name may end with a number in brackets, too, so that one may not be
    enough.)"""
    numbers = itertools.chain(filter(None, [plain(number)]), map(str, itertools.count(2)))
    names = itertools.chain([one.student], (f"{one.student} ({number})" for number in numbers))
    one = one._replace(student=next(name for name in names if name not in taken))
    taken.add(one.student)
    return one


def _student_of(name: str) -> str:
    """The student in a file name: anna in `anna-03-save.ipynb`; '' if there is none."""
    stem = _stem(name)
    if (tag := tag_of(stem)) and tag.student != stem:
        return tag.student
    notebook = _NOTEBOOK.search(stem)
    return stem[: notebook.start()].rstrip(" _-") if notebook else stem


def _stem(name: str) -> str:
    """A file's name without extensions: `anna-03-save` of `anna-03-save.ipynb.txt`."""
    name = name[:LONGEST_NAME]
    bare = _ENDING.sub("", name)
    return bare if bare != name else name.rpartition(".")[0] or name


def bare_name(name: str) -> str:
    """The course's notebook that a file name means, in lower case, without student and number of the copy: `03-save` of
    `anna_03-Save (1).ipynb.txt`. '' if it means none."""
    match = _NOTEBOOK.search(_stem(name))
    return re.sub(r"(?:[ _-]*+(?:copy|\(\d++\)|\d++))++$", "", match[0].lower()) if match else ""


# -- folders -----------------------------------------------------------------------


def _class_item(item: os.DirEntry[str], where: Path, parts: _Parts, tag: Tag | None, alone: bool) -> None:
    """A file or folder in the folder of a class, with the tag that a system has given it."""
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
        student = tag.student if tag else _student_of(item.name)
        if not student:
            student = where.resolve().name
            parts.unnamed.append((quoted(item.name), called(student)))
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
        parts.odd.append((quoted(item.name), "it is not a notebook, a folder or an archive, so it is not read."))


def _below(directory: Path, remarks: list[str], depth: int = 0) -> Iterator[Path]:
    """The files below a student's folder, without following links."""
    try:
        items = sorted(os.scandir(directory), key=lambda item: item.name)
    except OSError as error:
        remarks.append(f"The folder {quoted(directory.name)} can't be read ({error.strerror}).")
        return
    ignored = _OF_THE_COURSE if any(item.name == _REPOSITORY for item in items) else ()
    for number, item in enumerate(items):
        if _ignored(item.name) or item.name in ignored:
            continue
        if depth >= DEPTH or number >= MOST_FILES:
            remarks.append("There are too many folders or files; the rest is not read.")
            return
        if item.is_dir(follow_symlinks=False):
            yield from _below(Path(item.path), remarks, depth + 1)
        else:
            yield Path(item.path)


def _add(path: Path, part: _Part) -> None:
    """Add a file to what a student has handed in."""
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
    """A regular file, opened for reading. Raises Refused for links, pipes, devices and unreadable files."""
    careful = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | careful))
    except OSError as error:
        why = "is a link, and links are not followed" if path.is_symlink() else f"can't be read ({error.strerror})"
        raise Refused(f"{quoted(path.name)} {why}.") from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise Refused(f"{quoted(path.name)} is not a regular file and is not read.")
    return file


def _ignored(name: str) -> bool:
    """Whether a program created this file for itself."""
    return name in _HIDDEN or name.startswith(("._", ".~", ".Trash", ".nfs"))


# -- archives ----------------------------------------------------------------------


def _archive(path: Path, parts: _Parts, alone: bool) -> None:
    """An archive that was handed in.

    If it is `alone`, or if a learning platform has tagged everything in it, it contains a class: a folder for each
    student, or notebooks with the students' names. Otherwise it belongs to the student in its own name, whatever it
    contains.
    """
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
    """An archive of one student."""
    for member in members:
        if member.problem or member.notebook:
            member.add_to(parts.of(owner, ARCHIVE, path.name, within=path.name), path)


def _class_archive(
    path: Path, parts: _Parts, members: Sequence[_Member], owner: str, root: str, listed: Mapping[str, list[Tag]]
) -> None:
    """An archive of a class. `root` is the folder in it that contains the class, `listed` Gradescope's folder →
    students."""
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
    """The folder in an archive that a system has exported for a class ('' for the top), and Gradescope's folder →
    students. Raises Refused."""
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
    """A file, or a member of an archive (in an archive): the path through the archives, its kind, a problem that keeps
    it from being read, and a note."""

    members: tuple[str, ...]
    kind: str
    problem: str = ""
    note: str = ""

    @property
    def notebook(self) -> bool:
        """Whether it is a readable notebook."""
        return self.kind == NOTEBOOK and not self.problem

    def _way(self, root: str) -> list[str]:
        """The parts of its path below a folder at the top of the archive; '' is the top itself."""
        first, *rest = (*parts_of(self.members[0]), "")
        return rest if root and first == root else [first, *rest]

    def top(self, root: str) -> str:
        """Its first path part below the folder `root`."""
        return (*self._way(root), "")[0]

    def in_folder(self, root: str) -> bool:
        """Whether it is in a subfolder of the folder `root`."""
        return len(self._way(root)) > 2

    def add_to(self, part: _Part, path: Path) -> None:
        """Add it to what a student has handed in."""
        if self.note:
            part.said.append(self.note)
        if self.problem:
            part.remarks.append(self.problem)
        elif self.notebook:
            part.sources.append(Source(path, self.members))
        else:
            part.others.append(quoted(base_of(self.members[-1] if self.members else path.name)))


def _members(file: BinaryIO, name: str) -> Iterator[_Member]:
    """The files in an archive and in the archives in it. Raises Refused if it can't be read."""
    allowance = archives.Allowance()
    archive = archives.opened(file, name)
    for entry in _worth_reading(archive):
        member = _member(archive, entry)
        if member is None:
            continue
        if member.kind != ARCHIVED or member.problem:
            yield member
            continue
        try:
            inner = archives.within(archive, entry, allowance)
            for deeper in _worth_reading(inner):
                if (nested := _member(inner, deeper)) is None:
                    continue
                if nested.kind == ARCHIVED and not nested.problem:
                    nested = nested._replace(
                        problem=f"{quoted(deeper.name)} is an archive in an archive in an archive, and is not read."
                    )
                yield nested._replace(members=(entry.name, *nested.members))
        except Refused as refused:
            yield member._replace(problem=str(refused))


def _worth_reading(archive: archives.Archive) -> Iterator[Entry]:
    """The files in an archive, without what belongs to a copy of the course's repository."""
    entries = [(entry, parts_of(entry.name)) for entry in archive.entries()]
    repositories = {tuple(parts[:-1]) for _, parts in entries if parts[-1:] == [_REPOSITORY]}
    for entry, parts in entries:
        if not any(part in _OF_THE_COURSE and tuple(parts[:depth]) in repositories for depth, part in enumerate(parts)):
            yield entry


def _member(archive: archives.Archive, entry: Entry) -> _Member | None:
    """A file in an archive; None if a program created it for itself."""
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
        # a notebook that is damaged further on is reported when it is read
        return _Member((entry.name,), kind, str(refused) if worth and kind != NOTEBOOK else "", note)
    return _Member((entry.name,), kind, _unread(entry.name, kind) if kind in (SEALED, OTHER) else "", note)
