"""Where the files that a submit description names are looked up, on disk or in a Tree, and what
transfer_input_files brings from there into a sandbox.

What it is not: a place to write to. Paths are relative to the submit directory, POSIX style.
"""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, Union

from .problems import Problem
from .transfer import KeptPaths, contents_only, file_over_directory
from .tree import Directory, Entry, File, Link, TooLarge, Tree
from .values import is_url, unquoted_files

Found = Union[File, Tree, None]


class Folder(Protocol):
    """A submit directory to look things up in."""

    def get(self, path: str) -> Found:
        """The file that `path` names, or the contents of the directory, or None. Links are followed,
        except within a directory's contents. Raises Problem where there is something unusable."""

    def standing(self, path: str) -> Entry | None:
        """What has this name, links not followed; of a file without its contents."""

    def names(self, path: str) -> list[str]:
        """The names in the directory that `path` names."""


class DiskFolder:
    """A directory on disk. Absolute paths, and paths that lead out of it, are allowed."""

    def __init__(self, directory: Path | str):
        self._directory = os.fspath(directory)

    def get(self, path: str) -> Found:
        """See Folder.get."""
        where = os.path.join(self._directory, path)
        try:
            if os.path.isdir(where):
                return Tree.read(where)
            if os.path.isfile(where):
                return File(Path(where).read_bytes(), os.access(where, os.X_OK), writable=_writable(where))
        except TooLarge as limit:
            raise Problem(f"{path} holds {limit}", "List the files that the job needs.") from None
        except OSError as error:
            raise Problem(f"{path} can't be read ({error.strerror})", "Check its permissions.") from None
        return None

    def standing(self, path: str) -> Entry | None:
        """See Folder.standing."""
        where = os.path.join(self._directory, path)
        if os.path.islink(where):
            return Link.read(where, self._directory)
        return Directory() if os.path.isdir(where) else \
            File(b"", writable=_writable(where)) if os.path.isfile(where) else None

    def names(self, path: str) -> list[str]:
        """See Folder.names."""
        return os.listdir(os.path.join(self._directory, path))


def _writable(path: str) -> bool:
    """Whether its owner may write a file, whoever asks."""
    return bool(os.stat(path).st_mode & stat.S_IWUSR)


class TreeFolder:
    """A Tree. There is nothing outside it: no absolute paths, no `..` out of it."""

    def __init__(self, tree: Tree):
        self._tree = tree

    def get(self, path: str) -> Found:
        """See Folder.get."""
        if posixpath.isabs(path):
            return None
        where = self._tree.resolve(path)
        if where is None:
            return None
        entry = self._tree[where] if where else Directory()
        if isinstance(entry, File):
            return entry
        return self._tree.below(where) if where else self._tree

    def standing(self, path: str) -> Entry | None:
        """See Folder.standing."""
        return self._tree.get(posixpath.normpath(path))

    def names(self, path: str) -> list[str]:
        """See Folder.names."""
        found = self.get(path)
        return found.top() if isinstance(found, Tree) else []


def inputs(folder: Folder, home: str, text: str, keep_paths: bool, noted: Callable[..., None]) -> Tree:
    """R2: what transfer_input_files brings into the sandbox; the last of a name wins.

    A file of a URL's last name stands for the URL. `noted` is called with a text for what is worth knowing, and with
    decides=True where the job lacks something that a pool would bring.
    """
    brought, kept = Tree(), KeptPaths()
    for path in unquoted_files(text):
        if is_url(path):
            url, path = path, posixpath.basename(path.rstrip("/"))
            here = folder.get(posixpath.join(home, path)) if path else None
            if here is None:
                noted(f"{url} is not fetched: there is no network here; a file {path or 'of its name'} beside the "
                      "submit file would stand for it", decides=True)
                continue
            noted(f"{path} of the submit directory stands for {url}, as there is no network here")
        found = _input(folder, posixpath.join(home, path), path, keep_paths)
        if file_over_directory(found, brought):
            raise Problem(f"{path} would arrive where a directory of its name has arrived", "List it before that one.")
        besides = kept.made_besides(path, found) if keep_paths and not posixpath.isabs(path) else ()
        if any("/" in place and posixpath.dirname(place) not in brought | found for place in besides):
            raise Problem(f"{path} is listed after a part of it, with preserve_relative_paths", "List it once.")
        brought = brought | Tree({place: Directory() for place in besides}) | found
    return brought


def _input(folder: Folder, where: str, path: str, keep_paths: bool) -> Tree:
    """One path of the list. `dir` brings the directory, `dir/` its contents, `sub/file` arrives as
    `file`. preserve_relative_paths keeps the path of all three, if it is a relative one."""
    found = folder.get(where)
    if found is None or (isinstance(found, File) and contents_only(path)):
        raise Problem(f"{path} does not exist", "This list is split at commas only." if re.search(r"\s", path) else
                      "Check its name; it is relative to the submit directory.")
    name = posixpath.normpath(path)
    kept = keep_paths and not posixpath.isabs(path)
    destination = name if kept else posixpath.basename(name)
    if ".." in (*destination.split("/"), posixpath.basename(path)):
        raise Problem(f"{path} leads out of the sandbox", "Name a file without `..`.")
    if isinstance(found, File):
        return Tree({destination: found})
    contents = _links_followed(folder, where, found)
    if name in (".", "/") or (contents_only(path) and not (kept and contents)):
        return contents
    return contents.moved_below(destination)


def _links_followed(folder: Folder, where: str, contents: Tree) -> Tree:
    """Links to files as the files; R4b: a link to a directory can't be sent."""
    sent = dict(contents.items())
    for path, entry in contents.items():
        if isinstance(entry, Link):
            target = folder.get(posixpath.join(where, path))
            if not isinstance(target, File):
                raise Problem(f"{posixpath.join(where, path)} is a symbolic link that leads to no file",
                              "Put the directory itself there, or take the link away.")
            sent[path] = target
    return Tree(sent)
