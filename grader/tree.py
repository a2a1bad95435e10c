"""A directory as a value: an immutable snapshot of everything below it.

Only Link.read(), Tree.read() and Tree.write() touch the disk.
"""

from __future__ import annotations

import os
import posixpath
import shutil
import stat
from collections.abc import Callable, Collection, ItemsView, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple


class File(NamedTuple):
    """A regular file: its bytes, and whether its owner may execute, read and write it."""

    content: bytes
    executable: bool = False
    readable: bool = True
    writable: bool = True
    same_as: str = ""
    """If the file has several paths (hard links): the first of them; "" for that path itself."""

    @property
    def text(self) -> str:
        """The content as text; bytes that are not UTF-8 become U+FFFD."""
        return self.content.decode("utf-8", "replace")


class Link(NamedTuple):
    """A symbolic link and its target."""

    target: str
    absolute: bool = False
    """Whether the link contains an absolute path into the directory of the snapshot. `target` is then relative to that
    directory, as the tree may be written to a different directory each time."""

    @classmethod
    def read(cls, path: str, directory: str) -> Link:
        """The link at `path` on disk, in a snapshot of `directory`."""
        target = os.readlink(path)
        for root in (os.path.abspath(directory), os.path.realpath(directory)):
            if target == root or target.startswith(root + os.sep):
                return cls(target[len(root) :].lstrip(os.sep), True)
        return cls(target)

    def named(self, path: str) -> str:
        """The target of this link at `path`, relative to the directory of the snapshot."""
        return self.target if self.absolute else posixpath.join(posixpath.dirname(path), self.target)


class Directory(NamedTuple):
    """A directory, and whether its owner may create and remove files in it. Its contents are separate entries."""

    writable: bool = True


@dataclass(frozen=True)
class Fifo:
    """A named pipe."""


Entry = File | Link | Directory | Fifo


NO_TIMES: Mapping[str, float] = MappingProxyType({})


class TooLarge(Exception):
    """A directory on disk holds more files or bytes than the caller allows."""


def parents(path: str) -> Iterator[str]:
    """The directories that contain a relative path, nearest first: a/b/c gives a/b, a."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def leads_out(path: str) -> bool:
    """Whether a path, relative to a directory, leads out of it."""
    return path.startswith(("/", "../")) or path == ".."


def is_circle(entry: Callable[[str], Entry | None], path: str) -> bool:
    """Whether following links from `path` never ends. `entry(path)`: the entry there, or None; it follows no links."""
    seen: set[str] = set()
    while isinstance(link := entry(path), Link) and path not in seen:
        seen.add(path)
        path = posixpath.normpath(link.named(path))
    return path in seen


class Tree(Mapping[str, Entry]):
    """An immutable mapping from relative POSIX paths to entries, equal by content.

    Directories are entries too, so that empty directories are kept. The parents of a path are
    added automatically. Iterates in sorted order.
    """

    __slots__ = ("_entries", "_hash", "times")

    def __init__(
        self, entries: Mapping[str, Entry] | Iterable[tuple[str, Entry]] = (), times: Mapping[str, float] = NO_TIMES
    ):
        """`times`: when files were written, in seconds since the epoch, as far as known. Equality ignores them.
        `this | other` keeps the times of the files that `other` does not replace."""
        self.times = times
        complete = dict(entries)
        for path in [path for path in complete if "/" in path]:
            for parent in parents(path):
                complete.setdefault(parent, Directory())
        self._entries = dict(sorted(complete.items()))  # never compares entries, as all paths differ
        self._hash: int | None = None

    @classmethod
    def of(cls, **files: str | bytes) -> Tree:
        """A tree of plain files from keyword arguments, for short examples: of(a="1")."""
        return cls.files(files)

    @classmethod
    def files(cls, files: Mapping[str, str | bytes]) -> Tree:
        """A tree of plain files from path → text or bytes."""
        return cls(
            {path: File(content.encode() if isinstance(content, str) else content) for path, content in files.items()}
        )

    @classmethod
    def _sorted(cls, entries: dict[str, Entry], times: Mapping[str, float] = NO_TIMES) -> Tree:
        """A tree of entries that are already sorted and complete with their parents, such as a part of another tree."""
        tree = cls.__new__(cls)
        tree._entries, tree.times, tree._hash = entries, times, None
        return tree

    def __getitem__(self, path: str) -> Entry:
        return self._entries[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def items(self) -> ItemsView[str, Entry]:
        return self._entries.items()  # faster than Mapping's own

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(tuple(self._entries.items()))
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tree):
            return NotImplemented
        return hash(self) == hash(other) and self._entries == other._entries

    def __repr__(self) -> str:
        return f"Tree({self.listing()})"

    # -- contents --------------------------------------------------------------

    def file(self, path: str) -> File:
        """The regular file at a path. Raises KeyError if there is nothing, TypeError for any other entry."""
        entry = self._entries[path]
        if not isinstance(entry, File):
            raise TypeError(f"{path} is a {type(entry).__name__}, not a file")
        return entry

    def regular(self) -> dict[str, File]:
        """Path → the regular file there."""
        return {path: entry for path, entry in self.items() if isinstance(entry, File)}

    def text(self, path: str) -> str:
        """The text of the regular file at a path; "" if there is none."""
        entry = self.get(path)
        return entry.text if isinstance(entry, File) else ""

    def top(self) -> list[str]:
        """The top-level names, sorted."""
        return [path for path in self if "/" not in path]

    def listing(self) -> list[str]:
        """All paths, but of directories only those that are empty, with a slash at the end."""
        filled = {parent for path in self for parent in parents(path)}
        return [
            path + "/" if isinstance(entry, Directory) else path for path, entry in self.items() if path not in filled
        ]

    def below(self, name: str) -> Tree:
        """The contents of directory `name` as a tree, empty if there is no such directory. For "", the tree itself."""
        if not name:
            return self
        return Tree._sorted({p[len(name) + 1 :]: e for p, e in self.items() if p.startswith(name + "/")})

    def only(self, names: Iterable[str]) -> Tree:
        """These top-level entries and everything below them."""
        kept = set(names)
        return Tree._sorted({p: e for p, e in self.items() if p.partition("/")[0] in kept})

    def without(self, names: Iterable[str]) -> Tree:
        """All but these top-level entries."""
        gone = set(names)
        if gone.isdisjoint(self._entries):
            return self
        return Tree._sorted({p: e for p, e in self.items() if p.partition("/")[0] not in gone}, self.times)

    def resolve(self, path: str) -> str | None:
        """The path of the entry that `path` leads to, following links; None if there is none in
        this tree."""
        entry = self.follow(path)
        return None if entry is None or leads_out(entry) else entry

    def follow(self, path: str, hops: int = 8) -> str | None:
        """The path that `path` leads to, following links; None if it leads nowhere. Stops at a path that leads out of
        the tree; see leads_out()."""
        if path.startswith("/"):
            return path
        parts = [part for part in path.split("/") if part not in ("", ".")]
        here = ""
        for index, part in enumerate(parts):
            if part == "..":
                if not here:
                    return "/".join(parts[index:])
                here = here.rpartition("/")[0]
                continue
            here = f"{here}/{part}" if here else part
            entry = self._entries.get(here)
            if entry is None:
                return None
            if isinstance(entry, Link):
                return self.follow(posixpath.join(entry.named(here), *parts[index + 1 :]), hops - 1) if hops else None
        return here

    # -- combining -------------------------------------------------------------

    def __or__(self, other: Tree) -> Tree:
        """Both trees combined; where both have an entry, the right tree wins. Directories merge file by file."""
        if not other:
            return self
        merged = dict(self._entries)
        for path, entry in other.items():
            old = merged.get(path)
            if isinstance(old, Directory) and not isinstance(entry, Directory):
                for below in [p for p in merged if p.startswith(path + "/")]:
                    del merged[below]
            merged[path] = entry
        return Tree._sorted(
            dict(sorted(merged.items())), {path: time for path, time in self.times.items() if path not in other}
        )

    def put(self, path: str, entry: Entry) -> Tree:
        """This tree with this entry added or replaced."""
        return self | Tree({path: entry})

    def moved_below(self, directory: str) -> Tree:
        """This tree as the contents of `directory`, which exists even if the tree is empty."""
        return Tree({directory: Directory(), **{f"{directory}/{p}": e for p, e in self.items()}})

    def changed_since(self, before: Tree) -> Tree:
        """The entries that are new or differ from `before`."""
        return Tree({p: e for p, e in self.items() if before.get(p) != e})

    def copied(self) -> Tree:
        """This tree after a transfer: without hard links and times."""
        if not any(isinstance(entry, File) and entry.same_as for entry in self._entries.values()):
            return self if not self.times else Tree(self._entries)
        return Tree({p: e._replace(same_as="") if isinstance(e, File) else e for p, e in self.items()})

    # -- the disk --------------------------------------------------------------

    @classmethod
    def read(
        cls,
        directory: Path | str,
        max_files: int = 10_000,
        max_bytes: int = 1 << 30,
        ignore: Collection[str] = (),
        *,
        fifos: bool = False,
    ) -> Tree:
        """A snapshot of a directory on disk, without the top-level entries `ignore`. Skips sockets and devices, and
        FIFOs unless `fifos`.

        Links are never followed. What the owner may not read is made readable first.
        Raises TooLarge for more than `max_files` entries or `max_bytes` bytes, NotADirectoryError or
        FileNotFoundError as usual.
        """
        entries: dict[str, Entry] = {}
        times: dict[str, float] = {}
        linked: dict[tuple[int, int], dict[str, File]] = {}
        budget = max_bytes
        root = os.fspath(directory)
        pending = [("", root)]
        while pending:
            prefix, where = pending.pop()
            for item in _scan(where):
                path = prefix + item.name
                if path in ignore:
                    continue
                if len(entries) >= max_files:
                    raise TooLarge(f"more than {max_files} files")
                if item.is_symlink():
                    entries[path] = Link.read(item.path, root)
                elif item.is_dir():
                    entries[path] = Directory(bool(item.stat().st_mode & stat.S_IWUSR))
                    pending.append((path + "/", item.path))
                elif item.is_file():
                    status = item.stat()
                    budget -= status.st_size
                    if budget < 0:
                        raise TooLarge(f"more than {max_bytes} bytes")
                    executable, readable, writable = (
                        bool(status.st_mode & bit) for bit in (stat.S_IXUSR, stat.S_IRUSR, stat.S_IWUSR)
                    )
                    file = File(_content(item.path, status.st_size), executable, readable, writable)
                    entries[path], times[path] = file, status.st_mtime
                    if status.st_nlink > 1:
                        linked.setdefault((status.st_dev, status.st_ino), {})[path] = file
                elif fifos and stat.S_ISFIFO(item.stat().st_mode):
                    entries[path] = Fifo()
        for same in linked.values():
            first, *rest = sorted(same)
            entries |= {path: same[path]._replace(same_as=first) for path in rest}
        return cls(entries, times)

    def write(self, directory: Path | str) -> None:
        """Write this tree to a directory on disk, which is created if missing. Other files there
        stay. An existing link is replaced, never followed."""
        root = os.fspath(directory)
        os.makedirs(root, exist_ok=True)
        locked = []
        for path, entry in self.items():
            target = os.path.join(root, path)
            if isinstance(entry, Directory):
                if os.path.lexists(target) and (os.path.islink(target) or not os.path.isdir(target)):
                    os.unlink(target)
                os.makedirs(target, exist_ok=True)
                if not entry.writable:
                    locked.append(target)
                continue
            if isinstance(entry, File) and entry.same_as and self.get(entry.same_as) == entry._replace(same_as=""):
                make = partial(os.link, os.path.join(root, entry.same_as), target)
            else:
                make = partial(_make, target, entry, root)
            try:
                make()
            except FileExistsError:
                if os.path.isdir(target) and not os.path.islink(target):
                    shutil.rmtree(target)
                else:
                    os.unlink(target)
                make()
        for target in locked:
            os.chmod(target, 0o555)


def _make(target: str, entry: File | Link | Fifo, root: str) -> None:
    """Create a file, a link or a pipe, below `root`. Raises FileExistsError if something exists there."""
    if isinstance(entry, Link):
        os.symlink(os.path.join(os.path.abspath(root), entry.target) if entry.absolute else entry.target, target)
        return
    if isinstance(entry, Fifo):
        os.mkfifo(target)
        return
    # For a small file, open() takes twice as long as os.open(), and each execution writes a dozen.
    file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o777 if entry.executable else 0o666)
    try:
        rest = memoryview(entry.content)
        while rest:
            rest = rest[os.write(file, rest) :]
    finally:
        os.close(file)
    if not (entry.readable and entry.writable):
        os.chmod(target, 0o444 * entry.readable | 0o200 * entry.writable | 0o111 * entry.executable)


def _scan(directory: str) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(directory))
    except PermissionError:
        os.chmod(directory, 0o700)
        return list(os.scandir(directory))


def _content(path: str, size: int) -> bytes:
    """The content of a file with this size."""
    try:
        file = os.open(path, os.O_RDONLY | _BINARY)
    except PermissionError:
        os.chmod(path, 0o600)
        file = os.open(path, os.O_RDONLY | _BINARY)
    try:
        content = os.read(file, size)
        while len(content) < size and (more := os.read(file, size - len(content))):
            content += more
        return content
    finally:
        os.close(file)


_BINARY = getattr(os, "O_BINARY", 0)
