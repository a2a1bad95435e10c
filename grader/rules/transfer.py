"""Which files HTCondor moves, and when: the transfer rules of the specification, R2 to R7.

Pure functions from directories to directories. Each docstring names the rule.
"""

from __future__ import annotations

import errno
import os
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from ..tree import Directory, Entry, Fifo, File, Link, Tree, is_circle, leads_out, parents
from .job import OWN_FILES, STDERR, STDOUT, Job, NotTransferred
from .profile import MODERN, Profile

LONGEST_NAME = 255
"""Bytes that the name of a file may have on Linux."""
_OWN = Tree(dict.fromkeys(OWN_FILES, File(b"")))
MOST_REMAPS = 20
"""The most names to which transfer_output_remaps may lead one after the other; HTCondor takes more for a circle."""


class TransferFailure(NamedTuple):
    """A failed transfer: the listed paths that could not be sent, and what was sent nevertheless."""

    paths: tuple[str, ...]
    sent: Tree = Tree()
    error: int = errno.ENOENT
    """The system's error number."""
    refused: bool = False
    """Whether the error arose on the receiving side."""
    unsendable: tuple[str, ...] = ()
    """The links to directories and the unreadable files among and below them."""


class _Unsent(NamedTuple):
    """Why a listed path, or part of it, can't be sent."""

    error: int
    """The system's error number."""
    unsendable: str = ""
    """The link to a directory, or the unreadable file (not the link to it), for which an empty file arrives."""
    refused: bool = False
    """Whether the error arises on the receiving side."""


class OutsideSandbox(Exception):
    """A listed path leads out of the sandbox, where each machine has different files, which are not simulated. The text
    names the path."""

    def __init__(self, path: str, target: str):
        leads = f"{path} leads to {target}" if target != path else path
        super().__init__(f"{leads}, out of the sandbox: what is there on an execution point is not known here")


class Endless(Exception):
    """A transfer that waits for ever (R4b). The text says for what."""

    def __init__(self, path: str):
        super().__init__(f"HTCondor waits for ever for a program to write to {path}, a FIFO that it should send")


def new_sandbox(job: Job, spool: Tree, profile: Profile) -> Tree:
    """R2: the sandbox of a new activation: inputs and executable, overwritten by the checkpoint."""
    return (job.inputs | spool if profile.checkpoint_beats_input else spool | job.inputs).copied()


def not_transferred(job: Job, sandbox: Tree, activation_spool: Tree) -> NotTransferred | None:
    """R2: why a new sandbox could not be filled; None if it could. HTCondor's own files in the checkpoint of a whole
    sandbox can't overwrite those of the new sandbox (R4b). `activation_spool`: the activation's initial checkpoint."""
    if job.max_transfer_input_mb is not None:
        sent = [*job.inputs.items(), *activation_spool.items()]
        if path := _first_over(sent, job.max_transfer_input_mb):
            return NotTransferred(path, errno.EFBIG, too_much=True)
    own = next((name for name in OWN_FILES if name in sandbox), None)
    return job.missing_input or (NotTransferred(own, errno.EACCES) if own else None)


def with_streams(job: Job, sandbox: Tree) -> Tree:
    """R3: the sandbox with the files for stdout and stderr, which exist before the program starts, and are
    empty if the job does not keep them (R0)."""
    missing = {name: File(b"") for name in job.streams if not job.keeps_streams or name not in sandbox}
    return sandbox | Tree(missing) if missing else sandbox


class Unopened(NamedTuple):
    """A file for a standard stream that can't be opened, and the system's error number."""

    path: str
    error: int
    is_input: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {os.strerror(self.error)}"


def unopened(job: Job, sandbox: Tree) -> Unopened | None:
    """R3: the first stream without which the program can't be started, as its file in the sandbox can't be opened. That
    happens if the program has removed the file, changed its mode or put something else in its place."""
    if job.stdin is not None and (error := _unreadable(sandbox, job.stdin)):
        return Unopened(job.stdin, error, is_input=True)
    for name in job.streams:
        where = sandbox.resolve(name)
        entry = sandbox.get(where) if where else None
        if isinstance(entry, Directory) or where == "":
            return Unopened(name, errno.EISDIR)
        if isinstance(entry, File) and not entry.writable:
            return Unopened(name, errno.EACCES)
    return None


def _unreadable(sandbox: Tree, path: str) -> int:
    """The number of the error when a path is opened for reading; 0 if it can be."""
    where = _found(sandbox, path)
    if where is None:
        return _missing(sandbox, path)
    entry = sandbox.get(where)
    return errno.EACCES if isinstance(entry, File) and not entry.readable else 0


def without_streams(sandbox: Tree) -> Tree:
    """A sandbox without stdout and stderr."""
    return sandbox.without((STDOUT, STDERR))


def seen_by(job: Job, sandbox: Tree) -> Tree:
    """The part of a sandbox on which a program may depend: most programs do not read their own output."""
    return sandbox if job.reads_streams else without_streams(sandbox)


def checkpoint_files(job: Job, sandbox: Tree, profile: Profile) -> tuple[str, ...]:
    """R4a: the paths that a checkpoint consists of."""
    streams = tuple(job.streams)
    if job.transfer_checkpoint_files is not None:
        listed = job.transfer_checkpoint_files
    elif job.transfer_output_files is not None:
        listed = job.transfer_output_files
    else:
        listed = _new_or_changed_files(job, sandbox, job.inputs)
        streams = tuple(name for name in streams if name in sandbox)
    if profile.streams_in_checkpoint:
        listed = (*listed, *(name for name in streams if name not in listed))
    return tuple(listed)


def checkpoint(job: Job, sandbox: Tree, profile: Profile) -> Tree | TransferFailure:
    """R4a–c: what an exit with the checkpoint code sends to the spool, or why it can't. Raises OutsideSandbox
    and Endless, as do vacated() and output()."""
    sent = _send(sandbox, checkpoint_files(job, sandbox, profile), job.preserve_relative_paths, profile)
    if isinstance(sent, TransferFailure):
        return sent._replace(sent=Tree())  # a checkpoint is whole or not at all
    if job.max_transfer_output_mb is not None and (found := _first_over(sent.items(), job.max_transfer_output_mb)):
        return TransferFailure((found,), error=errno.EFBIG)
    locked = tuple(_locked(sent))
    if any(not sent.below(path) for path in locked):
        raise Endless(f"HTCondor can't move {locked[0]}, a read-only directory, into the spool, and tries for ever")
    return TransferFailure(locked, error=errno.EACCES) if locked else sent


def _locked(sent: Tree) -> Iterator[str]:
    """The read-only directories: each is created before its contents, which then can't be created."""
    return (path for path, entry in sent.items() if entry == Directory(writable=False))


def commit(spool: Tree, upload: Tree) -> Tree:
    """R4e: top-level entries of the new checkpoint replace old entries of the same name; other entries stay."""
    return spool.without(upload.top()) | upload


def vacated(job: Job, sandbox: Tree, profile: Profile = MODERN) -> Tree | TransferFailure:
    """R7: what a soft eviction sends to the spool in eviction-driven mode: the output list."""
    listed = (*_output_files(job, sandbox, job.inputs), *job.streams)
    return _send(sandbox, listed, job.preserve_relative_paths, profile)


def has_news(sent: Tree, spool: Tree) -> bool:
    """Whether a file other than a stream is sent that the spool does not already contain: a restart may use it."""
    return any(isinstance(entry, File) and spool.get(path) != entry for path, entry in without_streams(sent).items())


def output(job: Job, sandbox: Tree, catalog: Tree, profile: Profile = MODERN) -> Tree | TransferFailure:
    """R6: what is returned to the submit directory when the job ends, under its names there. Files that
    exist are returned even if others are missing. `catalog`: what is not returned if unchanged, from catalog_of()."""
    listed, most = _output_files(job, sandbox, catalog), job.max_transfer_output_mb
    everything = (*listed, *_streams(job, sandbox, catalog))
    if most is not None and (over := _cut(sandbox, everything, most << 20)):
        path, rest = over
        cut = output(replace(job, max_transfer_output_mb=None), rest, catalog, profile)
        return TransferFailure((path,), _arriving_of(cut), errno.EFBIG)
    sent = _send(sandbox, everything, job.preserve_relative_paths, profile)
    files = _arriving_of(sent)
    if any(sandbox.resolve(path) == "" for path in job.transfer_output_files or ()):
        # What is sent as part of `.` is ./name, which transfer_output_remaps does not rename.
        files = files.moved_below(".") | files.only(job.streams)
    returned_files, blocked = _arrived(job, files, listed)
    if isinstance(sent, TransferFailure):
        return sent._replace(sent=returned_files)
    if blocked:
        return TransferFailure(tuple(blocked), returned_files, list(blocked.values())[-1], refused=True)
    return returned_files


def _first_over(files: Iterable[tuple[str, Entry]], most: int) -> str:
    """R2, R4: the first file that brings the total above `most` MiB; "" if there is none."""
    total = 0
    for path, entry in files:
        total += len(entry.content) if isinstance(entry, File) else 0
        if total > most << 20:
            return path
    return ""


def _cut(sandbox: Tree, listed: Iterable[str], left: int) -> tuple[str, Tree] | None:
    """R6: the first file that brings the total above `left` bytes, and the sandbox as it is returned: with that file
    truncated and later files empty. None if there is no such file."""
    over, files = "", {}
    for path in listed:
        where = _found(sandbox, path)
        for place in [where, *(f"{where}/{name}".lstrip("/") for name in sandbox.below(where))] if where else ():
            entry = sandbox.get(place)
            if isinstance(entry, File):
                size = len(entry.content)
                over = over or (path if size > left else "")
                files[place] = entry._replace(content=entry.content[:left])
                left -= min(size, left)
    return (over, sandbox | Tree(files)) if over else None


def _arrived(job: Job, files: Tree, listed: tuple[str, ...] = ()) -> tuple[Tree, dict[str, int]]:
    """R6: which of these files of the sandbox arrive in the submit directory, under their names there; and the paths
    that can't be written there, with the error numbers. Files are sent in the order of the list; if two have the same
    name there, the last wins."""
    order = {posixpath.basename(posixpath.normpath(path)): index for index, path in enumerate(listed)}
    others = -1 if job.transfer_output_files is None else len(listed)  # a given list ends with the streams
    arrived, blocked = dict[str, Entry](), dict[str, int]()
    for path, entry in sorted(files.items(), key=lambda item: order.get(item[0].split("/")[0], others)):
        place = destination(job, path)
        if place is None:
            blocked[path] = errno.EPERM
            continue
        where = posixpath.normpath(place)
        if isinstance(entry, File) and (place.endswith("/") or where == "."):
            blocked[place] = errno.EISDIR
            if where != ".":
                arrived[where] = Directory()
        elif error := _blocked(entry, job.in_the_way.get(where)):
            blocked[where] = error
        elif where != ".":
            arrived[_written_to(job, where, entry)] = entry
    returned_files = Tree(arrived)
    blocked |= {
        f"{path}/{name}": errno.EACCES for path in _locked(returned_files) for name in returned_files.below(path)
    }
    return Tree({path: entry for path, entry in returned_files.items() if path not in blocked}), blocked


def destination(job: Job, path: str) -> str | None:
    """R6: the path in the submit directory to which a file of the sandbox is returned; it ends in a slash if the new
    name does. None if the names in transfer_output_remaps lead in a circle."""
    place = _renamed(_names_at_home(job), path, MOST_REMAPS)
    return None if place is None else posixpath.join(job.initialdir, place)


def _names_at_home(job: Job) -> dict[str, str]:
    """transfer_output_remaps with the names of the streams, which HTCondor appends to it. The first entry for a name
    wins."""
    home = posixpath.join(job.initialdir, "")
    streams = [(name, place.removeprefix(home)) for name, place in job.streams.items()][job.remaps_unfinished :]
    return dict(reversed((*job.transfer_output_remaps, *streams)))


def _renamed(names: dict[str, str], path: str, hops: int) -> str | None:
    """A path under its new name, which is looked up again. If the path has none, its directory is looked up. None after
    too many `hops`."""
    if not hops:
        return None
    if path in names:
        return _renamed(names, names[path], hops - 1)
    directory, slash, name = path.rpartition("/")
    if not slash:
        return path
    renamed = _renamed(names, directory, hops - 1)
    return None if renamed is None else f"{renamed}/{name}"


def _blocked(entry: Entry, existing: Entry | None) -> int:
    """R6: the number of the error when a file overwrites an existing entry; 0 if it succeeds."""
    if not isinstance(entry, File):
        return 0
    if isinstance(existing, Directory):
        return errno.EISDIR
    return errno.EACCES if isinstance(existing, File) and not existing.writable else 0


def _written_to(job: Job, path: str, entry: Entry) -> str:
    """R6: where in the submit directory a file is written; an existing link is followed."""
    link = job.in_the_way.get(path)
    if not isinstance(link, Link) or not isinstance(entry, File):
        return path
    target = posixpath.normpath(link.named(path))
    return path if leads_out(target) else target


def returned_streams(job: Job, directory: Tree, profile: Profile) -> Tree:
    """R2, R6: what is returned if only stdout and stderr are: those in this directory, under their names in the submit
    directory."""
    streams = [name for name in job.streams if name in directory]
    return _arrived(job, _arriving_of(_send(directory, streams, False, profile)))[0]


def _streams(job: Job, sandbox: Tree, catalog: Tree) -> list[str]:
    """R6: the streams that are sent at the end: all, if there is a list; otherwise those that are there and changed."""
    if job.transfer_output_files is not None:
        return list(job.streams)
    return [name for name in job.streams if name in sandbox and sandbox[name] != catalog.get(name)]


def _output_files(job: Job, sandbox: Tree, catalog: Tree) -> tuple[str, ...]:
    listed = job.transfer_output_files
    return _new_or_changed_files(job, sandbox, catalog) if listed is None else listed


def catalog_of(job: Job, spool: Tree, retried: bool) -> Tree:
    """R6: the files that an activation takes for unchanged, and does not return if there is no list: the inputs. A
    checkpoint is returned after an eviction, even an input of the same name; but not after a retry, and not in
    eviction-driven mode (R7)."""
    if job.transfer_output_files is not None:
        return Tree()
    if retried or not job.self_checkpointing:
        return job.inputs | spool
    return job.inputs.without({name for name in spool.top() if isinstance(spool[name], File)})


def _new_or_changed_files(job: Job, sandbox: Tree, before: Tree) -> tuple[str, ...]:
    """Top-level files that the job made or changed, compared with `before`; never directories, never the executable.
    The time decides: a file counts if it was touched or written again with the same content, but not if only its mode
    has changed."""

    def content(tree: Tree, name: str) -> bytes | Fifo | None:
        entry = tree.get(_found(tree, name) or "")
        return entry.content if isinstance(entry, File) else entry if isinstance(entry, Fifo) else None

    return tuple(
        name
        for name in sandbox.top()
        if (found := content(sandbox, name)) is not None
        and (found != content(before, name) or sandbox.resolve(name) in sandbox.times)
        and name not in (STDOUT, STDERR, posixpath.basename(job.executable))
    )


def _send(sandbox: Tree, listed: Iterable[str], keep_paths: bool, profile: Profile) -> Tree | TransferFailure:
    """R4b: the listed paths as the receiving side stores them."""
    listed, received, failed = tuple(listed), Received(), list[tuple[str, _Unsent]]()
    for index, path in enumerate(listed):
        files, unsent = _sendable(sandbox, path, keep_paths, profile)
        # HTCondor does not notice a missing path if a later one arrives under the same name; `dir/` has no such name.
        later = {posixpath.basename(other) for other in listed[index + 1 :]} - {"", "."}
        if files is None:
            if unsent and posixpath.basename(path) not in later:
                failed.append((path, unsent))
            continue
        if keep_paths and (link := linked_parent(sandbox.get, posixpath.normpath(path))):
            files, unsent = Tree({link: File(b"")}), _Unsent(errno.EISDIR, link)
        error = received.add(path, files, keep_paths)
        if error == errno.EISDIR:
            unsent = _Unsent(error, refused=True)
        elif error:
            unsent = unsent or _Unsent(error)
        if unsent:
            failed.append((path, unsent))
    sent = received.files.copied()
    if not failed:
        return sent
    # HTCondor names the paths that failed with the same error as the first.
    _, (error, _, refused) = failed[0]
    alike = {path: why.unsendable for path, why in failed if (why.error, why.refused) == (error, refused)}
    return TransferFailure(tuple(alike), sent, error, refused, tuple(filter(None, alike.values())))


def _arriving_of(sent: Tree | TransferFailure) -> Tree:
    """What arrives, even if something else can't be sent."""
    return sent.sent if isinstance(sent, TransferFailure) else sent


class Received:
    """R4b: what has arrived of the listed paths so far.

    With preserve_relative_paths, a directory that is sent twice arrives in the right place. But in addition, HTCondor
    creates an empty directory of that name in the wrong place: at the top level, if the directory itself is listed;
    further down in a parent directory that does not exist otherwise, which makes the transfer fail.
    """

    def __init__(self) -> None:
        self.files = Tree()
        self._known: set[str] = set()
        """The directories that were sent. HTCondor recognizes them only by their spelling: `./dir` and `dir` are
        different."""

    def add(self, path: str, files: Tree, keep_paths: bool) -> int:
        """Receive the files of a listed path. Returns the number of the error: EISDIR if a file would replace a directory
        that has already arrived, ENOENT if a directory is missing; 0 if all went well."""
        if any(isinstance(files[place], File) and isinstance(self.files.get(place), Directory) for place in files):
            self.files = files | self.files
            return errno.EISDIR
        besides = self._made_besides(path, files) if keep_paths else ()
        self.files = self.files | Tree({place: Directory() for place in besides if "/" not in place}) | files
        return errno.ENOENT if any(posixpath.dirname(place) not in ("", *self.files) for place in besides) else 0

    def _made_besides(self, path: str, tree: Tree) -> tuple[str, ...]:
        """The additional directories for a listed path; `tree`: what is sent for it."""
        name, spelt = posixpath.normpath(path), path.rstrip("/")
        if not isinstance(tree.get(name), Directory):
            self._known.update(parents(spelt))
            return ()
        if not contents_only(path):
            return tuple(self._visit(tree.below(name), spelt, ""))
        created = tuple(self._visit_all(tree.below(name), spelt, ""))
        self._known.update((spelt, *parents(spelt)))
        return created

    def _visit(self, contents: Tree, spelt: str, place: str) -> Iterator[str]:
        if spelt in self._known:
            yield posixpath.normpath(posixpath.join(place, posixpath.basename(spelt)))
        self._known.update((spelt, *parents(spelt)))
        yield from self._visit_all(contents, spelt, posixpath.join(place, spelt))

    def _visit_all(self, contents: Tree, spelt: str, place: str) -> Iterator[str]:
        for name in contents.top():
            if isinstance(contents[name], Directory):
                yield from self._visit(contents.below(name), f"{spelt}/{name}", place)


def contents_only(path: str) -> bool:
    """Whether a listed path means the contents of a directory."""
    return path.endswith(("/", "/."))


def arriving(path: str, sent: File | Tree, keep_paths: bool, directory: Entry = Directory()) -> Tree:
    """R2, R4b: a listed file, or the contents of a directory, under its name on the receiving side: `dir` stands for the
    directory, `dir/` for its contents; `sub/file` arrives as `file`. With preserve_relative_paths all three keep their
    paths."""
    name = posixpath.normpath(path)
    destination = name if keep_paths else posixpath.basename(name)
    if isinstance(sent, File):
        return Tree({destination: sent})
    if name in (".", "/") or (contents_only(path) and not (keep_paths and sent)):
        return sent
    return sent.moved_below(destination).put(destination, directory)


def linked_parent(entry: Callable[[str], Entry | None], path: str) -> str | None:
    """R4b: the link to a directory that a path leads through, which can't be sent with preserve_relative_paths; None if
    there is none. `entry(path)` does not follow links."""
    return next((name for name in parents(path) if isinstance(entry(name), Link)), None)


def _emptied(file: File) -> File:
    """R4b: what arrives of a file that may not be read: an empty one, of its mode if that allows anything."""
    return file._replace(content=b"") if file.writable or file.executable else File(b"")


def links_followed(contents: Tree, target: Callable[[str], Entry | None]) -> Iterator[tuple[str, Entry | None, int]]:
    """R2, R4b: each path in a directory, what is sent for it, and the error number. For a link to a file, the file is
    sent; for a link that leads nowhere, nothing (None). A link to a directory can't be sent, nor can an unreadable
    file: an empty file arrives. `target(path)`: what the link at this path leads to."""
    for path, entry in contents.items():
        followed = target(path) if isinstance(entry, Link) else entry
        if isinstance(entry, Link) and isinstance(followed, Directory):
            yield path, File(b""), errno.EISDIR
        elif isinstance(followed, File) and not followed.readable:
            yield path, _emptied(followed), errno.EACCES
        else:
            yield path, followed, 0


def _sendable(sandbox: Tree, path: str, keep_paths: bool, profile: Profile) -> tuple[Tree | None, _Unsent | None]:
    """What arrives for a listed path, None if nothing does; and why not all of it can be sent, None if it can."""
    parts, name = path.split("/"), posixpath.normpath(path)
    if parts[-1] == ".." or (keep_paths and ".." in parts):
        return None, _Unsent(errno.ENOENT)
    own = _OWN if profile.sends_own_files else Tree()
    if name in OWN_FILES:
        return own.only([name]), None
    where = _found(sandbox, path)
    if where is None:
        return None, _Unsent(_missing(sandbox, path))
    if not where:
        everything, unsent = _contents(sandbox, "", profile)
        return everything | own, unsent
    entry = sandbox[where]
    if isinstance(entry, File) and contents_only(path):
        return None, _Unsent(errno.ENOTDIR)
    if isinstance(entry, File):
        unsent = None if entry.readable else _Unsent(errno.EACCES, where)
        return arriving(path, _emptied(entry) if unsent else entry, keep_paths), unsent
    if isinstance(entry, Fifo):
        if profile.opens_fifos:
            raise Endless(path)
        return Tree(), None
    if isinstance(sandbox.get(name), Link) and not (contents_only(path) and not keep_paths):
        return Tree({posixpath.basename(name): File(b"")}), _Unsent(errno.EISDIR, name)
    contents, unsent = _contents(sandbox, where, profile)
    return arriving(path, contents, keep_paths, entry), unsent


def _found(sandbox: Tree, path: str) -> str | None:
    """The path of the entry that `path` leads to; None if there is none. Raises OutsideSandbox."""
    target = sandbox.follow(path)
    if target is None or not leads_out(target):
        return target
    if posixpath.normpath(target) == ".." or re.match(r"\.\./(?!dir_|\.\.)", posixpath.normpath(target)):
        return None  # beside a sandbox there are only other sandboxes
    raise OutsideSandbox(path, target)


def _missing(sandbox: Tree, path: str) -> int:
    """The number of the error when a path is opened that leads nowhere."""
    if any(len(os.fsencode(part)) > LONGEST_NAME for part in path.split("/")):
        return errno.ENAMETOOLONG
    if any(isinstance(sandbox.get(sandbox.resolve(name) or ""), File) for name in parents(path)):
        return errno.ENOTDIR
    return errno.ELOOP if is_circle(sandbox.get, path) else errno.ENOENT


def _contents(sandbox: Tree, directory: str, profile: Profile) -> tuple[Tree, _Unsent | None]:
    """What arrives of the contents of a directory, and why not all of them can be sent, None if they can."""
    sent, unsent = dict[str, Entry](), None

    def found(path: str) -> str | None:
        return _found(sandbox, posixpath.join(directory, path))

    def target(path: str) -> Entry | None:
        place = found(path)
        return None if place is None else sandbox.get(place, Directory())

    for path, entry, error in links_followed(sandbox.below(directory), target):
        if isinstance(entry, Fifo) and profile.opens_fifos:
            raise Endless(path)
        if entry and not isinstance(entry, Fifo):
            sent[path] = entry
        if error and not unsent:
            file = found(path) if error == errno.EACCES else None
            unsent = _Unsent(error, file or posixpath.join(directory, path))
    return Tree(sent), unsent
