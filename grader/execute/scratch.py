"""The part of the disk that jobs may write to: laid out before an execution, read and emptied after it.

What a job has left there is not trusted: there may be anything, and no link is followed. What is
read of it goes through Tree.read() or text(). Who runs in it, and what that means, is not known here.

    slot1/dir_ep1x7q3z/   the execute directory of the first slot
    control/              beside it: the clock, and what the processes of an execution tell the judge
    home/                 the job's home directory: of no use to a restart, as it is emptied after each execution
    tools/                this execution point's own `sleep`, `timeout`, `date` ..., and /etc/passwd
    tmp/                  where the job is confined: its /tmp
"""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import stat
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..rules.execution import MachineTrouble
from ..tree import File, Tree
from .inside import PYTHON, SHELL, command
from .isolation import Confinement, passwd
from .temporary import EXECUTE, Temporary, is_directory, place, remove

FREE = 1 << 20
"""Bytes that have to be free when an execution has ended: else a full disk may have been in its way."""
MOST_ROOM = 64 << 20
"""Bytes that have to be free beside these before one begins, if jobs may use as many."""
SCARCE = {
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "ENOMEM", "EROFS", "EIO")
    if hasattr(errno, name)
}
"""Errors of the machine."""


class Scratch:
    """A new directory, in which jobs may use `room` bytes and are confined in this way.

    Raises MachineTrouble, as all that writes there does, where there is no room for it.
    """

    def __init__(self, room: int, confine: Confinement | None = None):
        self._room = min(2 * room, MOST_ROOM)  # those who use more than they may are ended, but not at once
        try:
            self._directory = Temporary(EXECUTE, place(room))
        except OSError as error:
            raise _no_room(error.strerror, tempfile.gettempdir()) from None
        self.path = self._directory.path
        self.control, self.home, self.tools, self.tmp = (
            self.path / name for name in ("control", "home", "tools", "tmp")
        )
        self._user = confine.user if confine else None
        self._mode = 0o700 if self._user is None else 0o711
        self.path.chmod(self._mode)
        self.tmp.mkdir()
        self.tmp.chmod(0o1777)
        self._make_tools()
        self._kept = {str(self.tmp / path) for path in confine.mounted(self.path)} if confine else ()

    def remove(self) -> None:
        """Remove it with all that is in it."""
        self._directory.remove()

    def execute_directory(self, slot: int, name: str) -> Path:
        """Where this slot has its sandbox."""
        return self.path / f"slot{slot + 1}" / f"dir_{name}"

    @contextmanager
    def room(self) -> Iterator[None]:
        """See that what is within does not fail because there is no room on the disk, or others have filled it."""
        self._require(self._room + FREE)
        try:
            yield
        except OSError as error:
            if error.errno not in SCARCE:
                raise
            raise _no_room(error.strerror, str(self.path.parent)) from None
        self._require(FREE)

    def _require(self, free: int) -> None:
        there = os.statvfs(self.path)
        if (found := there.f_bavail * there.f_frsize) < free:
            raise _no_room(f"{found >> 10:,} kB are free", str(self.path.parent))
        if there.f_files and not there.f_favail:
            raise _no_room("no more files can be made", str(self.path.parent))

    def lay_out(self, directory: Path, sandbox: Tree, own: Tree, began: float) -> None:
        """Make an execute directory with this sandbox in it and HTCondor's own files, and an empty control and home
        directory. A file of which the sandbox has no time is of when it was laid out first, `began`."""
        for where, _, _ in os.walk(self.tmp):
            _settle(where)
        _settle(self.path)
        self.control.mkdir()
        self.home.mkdir(exist_ok=True)
        sandbox.write(directory)
        own.write(directory)
        for path, entry in (*own.items(), *sandbox.items()):
            if isinstance(entry, File):
                time = sandbox.times.get(path, began)
                os.utime(f"{directory}/{path}", (time, time))

    def hand_over(self, directory: Path) -> None:
        """Give the execute, control and home directory, with all that is in them, to the user that jobs run as."""
        if self._user is None:
            return
        for top in (directory, self.control, self.home):
            for where, folders, files in os.walk(top):
                for name in ("", *folders, *files):
                    os.chown(os.path.join(where, name), self._user, self._user, follow_symlinks=False)

    def is_whole(self, directory: Path) -> bool:
        """Whether a job has left its execute directory and the control directory where they were."""
        where = str(directory)
        return all(map(is_directory, (os.path.dirname(where), where, str(self.control))))

    def names_outside(self) -> tuple[str, ...]:
        """What a job has left outside of its sandbox, by the names that it has for the job."""
        found = [f"/tmp/{name}" for name in _names(self.tmp) if not _leads_to(self.tmp / name, self._kept)]
        return (*found, *(f"~/{name}" for name in _names(self.home)))

    def files_outside(self, files: int, size: int) -> Tree:
        """The same with all that is in it. Raises TooLarge for more files or bytes."""
        kept = {path.relative_to(self.tmp).parts[0] for path in map(Path, self._kept)}
        home = Tree.read(self.home, files, size) if is_directory(str(self.home)) else Tree()
        return Tree.read(self.tmp, files, size, kept).moved_below("tmp") | home.moved_below("~")

    def clear(self, keep_outside: bool = False) -> None:
        """Remove what an execution has left, wherever it is, so that the next one does not find it; but for what is
        outside of the sandbox, if that is to be kept."""
        self.path.chmod(self._mode)
        for name in os.listdir(self.path):
            if name not in (("tools", "tmp", "home") if keep_outside else ("tools", "tmp")):
                remove(os.path.join(self.path, name))
        if not keep_outside:
            _empty(str(self.tmp), self._kept, 0o1777)

    def _make_tools(self) -> None:
        self.tools.mkdir()
        if self._user is not None:
            (self.tools / "passwd").write_text(passwd(self._user))
        python, tools = shlex.quote(PYTHON), shlex.join(command("tools", "-S", "-s"))
        for path in SHELL.iterdir():
            _executable(self.tools / path.name, path.read_text())
        for name in filter(shutil.which, ("gawk", "mawk")):
            _executable(self.tools / name, (SHELL / "awk").read_text())
        _executable(self.tools / "virtual", f'#!/bin/sh\nexec {tools} "$@"\n')
        _executable(self.tools / "timeout", f'#!/bin/sh\nexec {tools} timeout "$@"\n')
        for name in ("python3", "python"):
            # A job of one's own may need another. With an empty environment (env -i), or without a script, it is Python and nothing else.
            _executable(
                self.tools / name,
                f"""#!/bin/sh
[ "$_SIMULATOR_PYTHON" ] && exec "$_SIMULATOR_PYTHON" "$@"
[ "$_SIMULATOR_CLOCK" ] && case $1 in "" | -*) ;; *) exec {tools} python3 "$@" ;; esac
exec {python} "$@"
""",
            )


def _no_room(why: str | None, where: str) -> MachineTrouble:
    return MachineTrouble(
        f"There is no room for jobs to run in {where} ({why}). Make room there, or have TMPDIR name another directory."
    )


def text(path: Path | str, most: int = 1 << 20) -> str:
    """The beginning of a file that a job may have written, as text; see content()."""
    return content(path, most).decode("utf-8", "replace")


def content(path: Path | str, most: int) -> bytes:
    """The first `most` bytes of a regular file; nothing of a link, a pipe or a device that is in its place."""
    try:
        file = os.open(path, os.O_RDONLY | _CAREFUL)
    except OSError:
        return b""
    try:
        return os.read(file, most) if stat.S_ISREG(os.fstat(file).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(file)


_CAREFUL = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def _executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def _names(directory: Path) -> list[str]:
    try:
        return sorted(os.listdir(directory)) if is_directory(str(directory)) else []
    except OSError:
        return []  # a job may have removed it, or shut it


def _leads_to(path: str | Path, kept: Collection[str]) -> bool:
    """Whether one of these directories is this one, or below it."""
    return any(f"{one}{os.sep}".startswith(f"{path}{os.sep}") for one in kept)


def _empty(directory: str, keep: Collection[str], mode: int = 0o755) -> None:
    """Remove everything in a directory but the directories `keep`, emptied too, and those on the way there."""
    os.chmod(directory, mode)
    for name in os.listdir(directory):
        path = os.path.join(directory, name)
        if is_directory(path) and _leads_to(path, keep):
            _empty(path, keep)
        else:
            remove(path)


def _settle(directory: str | Path) -> None:
    """Give a directory that stays from one execution to the next the times and attributes that it always has. (That of
    its last change can't be set: it is now, which tells nothing of the execution before.)"""
    try:
        for name in os.listxattr(directory):
            if name.startswith(("user.", "system.posix_acl")):  # what a user can give it
                os.removexattr(directory, name)
    except (OSError, AttributeError):
        pass  # there are none here
    os.utime(directory, (0, 0))
