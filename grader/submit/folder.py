"""Looks up the files that a submit description names, on disk or in a Tree, and finds what
transfer_input_files sends to a sandbox. Read-only.

Paths are relative to the submit directory, in POSIX style.
"""

from __future__ import annotations

import errno
import os
import posixpath
import re
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

from ..problems import HELD, Problem
from ..rules.job import NotTransferred
from ..rules.transfer import Received, arriving, contents_only, linked_parent, links_followed
from ..tree import Directory, Entry, File, Link, TooLarge, Tree, is_circle
from .values import is_url

Found = File | Tree | None

_DEVICES = frozenset(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom"))
"""Devices that every machine has. HTCondor sends an empty file for each (R2)."""


class Folder(Protocol):
    """A submit directory."""

    def get(self, path: str) -> Found:
        """The file that `path` names, or the contents of the directory, or None. Links are followed,
        except within a directory's contents. Raises Problem for something unusable."""

    def standing(self, path: str) -> Entry | None:
        """The entry of this name, without following links, and without the contents of a file."""

    def names(self, path: str) -> list[str]:
        """The names in the directory that `path` names."""


class DiskFolder:
    """A directory on disk. Absolute paths, and paths that lead out of it, are allowed."""

    def __init__(self, directory: Path | str):
        self._directory = os.fspath(directory)

    def get(self, path: str) -> Found:
        """See Folder.get."""
        where = os.path.join(self._directory, path)
        if os.path.realpath(where) in _DEVICES:
            return File(b"")
        try:
            if os.path.isdir(where):
                return Tree.read(where)
            if os.path.isfile(where):
                return File(Path(where).read_bytes(), os.access(where, os.X_OK), writable=_writable(where))
        except TooLarge as limit:
            raise Problem(f"{path} holds {limit}", "List the files that the job needs.") from None
        except OSError as error:
            raise Problem(f"{path} can't be read ({error.strerror})", "Check its permissions.") from None
        if os.path.exists(where):
            raise Problem(f"{path} is neither a file nor a directory, and is not simulated", "Name a regular file.")
        return None

    def standing(self, path: str) -> Entry | None:
        """See Folder.standing."""
        where = os.path.join(self._directory, path)
        if os.path.islink(where):
            return Link.read(where, self._directory)
        if os.path.isdir(where):
            return Directory()
        return File(b"", writable=_writable(where)) if os.path.isfile(where) else None

    def names(self, path: str) -> list[str]:
        """See Folder.names."""
        return os.listdir(os.path.join(self._directory, path))


def _writable(path: str) -> bool:
    """Whether a file's owner may write it. By its mode, as root may write any file."""
    return bool(os.stat(path).st_mode & stat.S_IWUSR)


class TreeFolder:
    """A Tree. Nothing exists outside it but devices: no absolute paths, no `..` out of it."""

    def __init__(self, tree: Tree):
        self._tree = tree

    def get(self, path: str) -> Found:
        """See Folder.get."""
        link = self.standing(path)
        if (link.named(path) if isinstance(link, Link) else posixpath.normpath(path)) in _DEVICES:
            return File(b"")
        where = None if posixpath.isabs(path) else self._tree.resolve(path)
        if where is None:
            return None
        entry = self._tree.get(where)
        return entry if isinstance(entry, File) else self._tree.below(where)

    def standing(self, path: str) -> Entry | None:
        """See Folder.standing."""
        return self._tree.get(posixpath.normpath(path))

    def names(self, path: str) -> list[str]:
        """See Folder.names."""
        entry = self.get(path)
        return entry.top() if isinstance(entry, Tree) else []


class Inputs(NamedTuple):
    """What is sent to a new sandbox, and the first input that can't be sent, for which the job is held."""

    files: Tree
    missing: NotTransferred | None = None


class _Missing(Exception):
    """An input that can't be sent: which, what is wrong with it, and what to do."""

    def __init__(self, path: str, error: int, problem: str, remedy: str):
        super().__init__(path)
        self.input = NotTransferred(path, error)
        self.sentence = f"{problem}, and the job is held for it when it starts. {remedy}"


def inputs(folder: Folder, home: str, paths: Iterable[str], keep_paths: bool, remark: Callable[..., None]) -> Inputs:
    """R2: what transfer_input_files sends to the sandbox. If names are equal, the last file wins.

    A local file with the last part of a URL as its name stands for the URL. `remark` is called with a text for anything
    noteworthy, with decides=True if the job lacks something that a pool would send, and with HELD for what can't be sent.
    """
    received, missing = Received(), None
    for path in paths:
        if is_url(path):
            url, path = path, posixpath.basename(path.rstrip("/"))
            here = folder.get(posixpath.join(home, path)) if path else None
            if here is None:
                remark(
                    f"{url} is not fetched: there is no network here; a file {path or 'of its name'} beside the "
                    "submit file would stand for it",
                    decides=True,
                )
                continue
            remark(f"{path} in the submit directory stands for {url}, as there is no network here")
        kept = keep_paths and not posixpath.isabs(path)
        try:
            files = _input(folder, posixpath.join(home, path), path, kept, remark)
        except _Missing as failed:
            remark(failed.sentence, HELD)
            missing = missing or failed.input
            continue
        match received.add(path, files, kept):
            case errno.EISDIR:
                raise Problem(f"{path} would replace a directory of the same name", "List it before the directory.")
            case errno.ENOENT:
                raise Problem(f"{path} is listed after a part of it, with preserve_relative_paths", "List it once.")
    return Inputs(received.files, missing)


class Stdin(NamedTuple):
    """The standard input of every execution: its name in the sandbox, None if it is empty, and what is sent for it."""

    name: str | None = None
    inputs: Inputs = Inputs(Tree())


def stdin(folder: Folder, home: str, path: str, remark: Callable[..., None]) -> Stdin:
    """R3: the file or directory of `input`, which is sent like the input files. A directory can be opened, but not read."""
    if path == "/dev/null":
        return Stdin()
    name = posixpath.basename(path) or "."
    try:
        sent = _input(folder, posixpath.join(home, path), path, False, remark)
    except _Missing as failed:
        remark(failed.sentence, HELD)
        return Stdin(name, Inputs(Tree(), failed.input))
    if isinstance(folder.get(posixpath.join(home, path)), Tree):
        remark(f"{path} is a directory, from which no program can read")
    return Stdin(name, Inputs(sent))


def _not_found(path: str) -> _Missing:
    if posixpath.isabs(path) or path.startswith("../"):
        remedy = "Check its name, or put the file into the submit directory."
        return _Missing(path, errno.ENOENT, f"there is no {path} here", remedy)
    if path.startswith('"') or path.endswith('"'):
        remedy = "This HTCondor takes double quotes as part of a name: leave them out."
    elif re.search(r"\s", path):
        remedy = "This list is split only at commas." + " A comment needs a line of its own." * ("#" in path)
    else:
        remedy = "Check its name; it is relative to the submit directory."
    return _Missing(path, errno.ENOENT, f"{path} does not exist", remedy)


def _input(folder: Folder, where: str, path: str, kept: bool, remark: Callable[..., None]) -> Tree:
    """What a path of the list sends, under its name in the sandbox. `where`: the path from the submit directory; `kept`:
    whether the path is kept, with preserve_relative_paths. Raises _Missing."""
    name = posixpath.normpath(path)
    if ".." in (*(name if kept else posixpath.basename(name)).split("/"), posixpath.basename(path)):
        raise Problem(f"{path} leads out of the sandbox", "Name a file without `..`.")
    entry = folder.get(where)
    if entry is None and is_circle(folder.standing, where):
        raise _Missing(path, errno.ELOOP, f"{path} is a symbolic link that leads back to itself", "Remove it.")
    if entry is None:
        raise _not_found(path)

    def standing(name: str) -> Entry | None:
        return folder.standing(where.removesuffix(path) + name)

    is_link = isinstance(entry, Tree) and (kept or not contents_only(path)) and isinstance(standing(name), Link)
    if is_link or (kept and (link := linked_parent(standing, name))):
        what = "is" if is_link else f"leads through {link},"
        remedy = f"Write {path}/ for what is in it."
        if kept or contents_only(path):
            remedy = "Put the directory itself there."
        raise _Missing(path, errno.EISDIR, f"{path} {what} a symbolic link to a directory", remedy)
    if isinstance(entry, File) and contents_only(path):
        raise _Missing(path, errno.ENOTDIR, f"{path} is not a directory", "Write it without the slash.")
    return arriving(path, entry if isinstance(entry, File) else _contents(folder, where, entry, remark), kept)


def _contents(folder: Folder, where: str, contents: Tree, remark: Callable[..., None]) -> Tree:
    """What is sent of the contents of a directory. Raises _Missing."""

    def target(path: str) -> Entry | None:
        found = folder.get(posixpath.normpath(posixpath.join(where, path)))
        return Directory() if isinstance(found, Tree) else found

    sent = dict[str, Entry]()
    for path, entry, error in links_followed(contents, target):
        place = posixpath.normpath(posixpath.join(where, path))
        if error == errno.EISDIR:
            remedy = "Replace the link by the directory itself, or remove it."
            raise _Missing(place, error, f"{place} is a symbolic link to a directory", remedy)
        if error:
            raise _Missing(place, error, f"{place} can't be read", "Check its permissions.")
        if entry:
            sent[path] = entry
        else:
            remark(f"{place} is a broken symbolic link, and is left out")
    return Tree(sent)
