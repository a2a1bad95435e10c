"""Which files HTCondor moves, and when: the transfer rules of the specification, R2 to R7.

Pure functions from directories to directories. Nothing here touches the disk, starts a
program or keeps a history; the rule that a function states is named in its docstring.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import NamedTuple

from .job import STDERR, STDOUT, Job
from .profile import Profile
from .tree import Directory, File, Link, Tree


class Failure(NamedTuple):
    """A transfer that failed: the listed paths that could not be sent, and what was sent all the same."""

    paths: tuple[str, ...]
    sent: Tree = Tree()


def new_sandbox(job: Job, spool: Tree, profile: Profile) -> Tree:
    """R2: the sandbox of a new activation. Inputs and executable, and over them the checkpoint."""
    if profile.checkpoint_beats_input:
        return job.inputs | spool
    return spool | job.inputs


def with_streams(job: Job, sandbox: Tree) -> Tree:
    """R3: the files that stdout and stderr are appended to are there before the program starts; empty,
    if the job is not self-checkpointing (R0)."""
    anew = job.checkpoint_exit_code is None
    missing = {name: File(b"") for name in job.streams if anew or name not in sandbox}
    return sandbox | Tree(missing) if missing else sandbox


def without_streams(sandbox: Tree) -> Tree:
    """The part of a sandbox that a program goes by: what it has printed so far is not read back."""
    return sandbox.without((STDOUT, STDERR))


def checkpoint_files(job: Job, sandbox: Tree, profile: Profile) -> tuple[str, ...]:
    """R4a: the paths that a checkpoint consists of."""
    if job.transfer_checkpoint_files is not None:
        listed = job.transfer_checkpoint_files
    elif job.transfer_output_files is not None:
        listed = job.transfer_output_files
    else:
        listed = _new_or_changed_files(job, sandbox)
    if profile.streams_in_checkpoint:
        listed = (*listed, *(name for name in job.streams if name not in listed))
    return tuple(listed)


def checkpoint(job: Job, sandbox: Tree, profile: Profile) -> Tree | Failure:
    """R4a–c: what an exit with the checkpoint code sends to the spool, or why it can't."""
    sent = _send(sandbox, checkpoint_files(job, sandbox, profile), job.preserve_relative_paths)
    return Failure(sent.paths) if isinstance(sent, Failure) else sent  # a checkpoint is whole or not at all


def commit(spool: Tree, upload: Tree) -> Tree:
    """R4e: top-level entries of the new checkpoint replace the old ones; the others stay."""
    return spool.without(upload.top()) | upload


def vacated(job: Job, sandbox: Tree) -> Tree | Failure:
    """R7: what a soft eviction sends to the spool in eviction-driven mode: the output list."""
    listed = (*_output_files(job, sandbox, Tree()), *job.streams)
    return _send(sandbox, listed, job.preserve_relative_paths)


def output(job: Job, sandbox: Tree, spool: Tree) -> Tree | Failure:
    """R6: what comes home to the submit directory when the job ends, under the names it gets there.
    Files that are there come home also if others are missing."""
    sent = _send(sandbox, _output_files(job, sandbox, spool), job.preserve_relative_paths)
    found = sent.sent if isinstance(sent, Failure) else sent
    home = _remapped(found.without((STDOUT, STDERR)), job.transfer_output_remaps)
    for name, destination in job.streams.items():
        if isinstance(entry := sandbox.get(name), File):
            home = home.put(posixpath.normpath(destination), entry)
    return Failure(sent.paths, home) if isinstance(sent, Failure) else home


def _output_files(job: Job, sandbox: Tree, spool: Tree) -> tuple[str, ...]:
    if job.transfer_output_files is not None:
        return job.transfer_output_files
    # A file that was in the checkpoint goes home even if the last activation left it as it came.
    spooled = [name for name in spool.top() if isinstance(sandbox.get(name), File)]
    return tuple(dict.fromkeys((*_new_or_changed_files(job, sandbox), *spooled)))


def _new_or_changed_files(job: Job, sandbox: Tree) -> tuple[str, ...]:
    """Top-level files that the job made or changed; never directories, never the executable. A file
    of which only the mode is another one counts as it was."""
    def content(entry: object) -> object:
        return entry.content if isinstance(entry, File) else entry

    return tuple(
        name for name in sandbox.top()
        if not isinstance(sandbox[name], Directory) and content(sandbox[name]) != content(job.inputs.get(name))
        and name not in (STDOUT, STDERR, posixpath.basename(job.executable))
    )


def _send(sandbox: Tree, listed: Iterable[str], keep_paths: bool) -> Tree | Failure:
    """R4b: the listed paths as the receiving side stores them."""
    listed, sent, unsendable = tuple(listed), Tree(), []
    for index, path in enumerate(listed):
        found = _sendable(sandbox, path, keep_paths)
        # HTCondor does not notice that a path is missing if a later one arrives under the same name.
        later = (posixpath.basename(other) for other in listed[index + 1:])
        if found is not None:
            sent = sent | found
        elif posixpath.basename(path) not in later:
            unsendable.append(path)
    return Failure(tuple(unsendable), sent) if unsendable else sent


def _sendable(sandbox: Tree, path: str, keep_paths: bool) -> Tree | None:
    name = posixpath.normpath(path) if path else ""
    where = None if path.startswith("/") or name.startswith("..") else sandbox.resolve(name)
    if where is None:
        return Tree() if name == "." else None
    entry = sandbox[where]
    destination = name if keep_paths else posixpath.basename(name)
    if isinstance(entry, File):
        return Tree({destination: entry}) if entry.readable else None
    if isinstance(sandbox.get(name), Link):
        return None  # a link to a directory is not sent
    contents = _links_followed(sandbox, where)
    if contents is None:
        return None
    if path.endswith("/") and not (keep_paths and "/" in name):
        return contents
    return contents.moved_below(destination)


def _links_followed(sandbox: Tree, directory: str) -> Tree | None:
    """The contents of a directory, links to files as the files; None with a link to anything else."""
    contents = {}
    for path, entry in sandbox.below(directory).items():
        if isinstance(entry, Link):
            target = sandbox.resolve(f"{directory}/{path}")
            entry = sandbox[target] if target else entry
            if not isinstance(entry, File):
                return None
        contents[path] = entry
    return Tree(contents)


def _remapped(sent: Tree, remaps: tuple[tuple[str, str], ...]) -> Tree:
    """transfer_output_remaps: a file, or a directory with all in it, comes home under another name."""
    stays, moved = dict(sent.items()), {}
    for name, destination in remaps:
        name, destination = posixpath.normpath(name), posixpath.normpath(destination)
        for path, entry in sent.items():
            if path == name or path.startswith(name + "/"):
                stays.pop(path, None)
                moved[destination + path[len(name):]] = entry
    return Tree(stays) | Tree(moved)
