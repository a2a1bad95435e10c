"""The part of the disk that jobs may write to: laid out before an execution, read and emptied after it.

What a job leaves there is not trusted: it is read only through Tree.read() and text(), which follow no links.

    slot1/dir_ep1x7q3z/   the execute directory of the first slot
    control/              the clock, and messages from the processes of an execution to the judge
    home/                 the job's home directory, emptied after each execution
    tools/                this execution point's own `sleep`, `timeout`, `date` ..., and /etc/passwd
    tmp/                  the job's /tmp, if it is confined
"""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..rules.execution import MachineTrouble
from ..tree import File, Tree
from .inside import INSIDE, PYTHON, SHELL, command
from .isolation import Confinement, passwd
from .temporary import EXECUTE, Temporary, is_directory, place, remove

FREE = 1 << 20
"""Bytes that must be free after an execution: otherwise a full disk may have disturbed it."""
MOST_ROOM = 64 << 20
"""The most bytes, in addition to FREE, that must be free before an execution."""
SCARCE = {
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EFBIG", "EMFILE", "ENFILE", "ENOMEM", "EROFS", "EIO")
    if hasattr(errno, name)
}
"""Errors that are the machine's fault, not the job's."""


@contextmanager
def enough(where: str | Path, remedy: str = "have TMPDIR name another directory") -> Iterator[None]:
    """Within it, a lack of room, memory or open files raises MachineTrouble, which names this directory."""
    try:
        yield
    except OSError as error:
        if error.errno not in SCARCE:
            raise
        raise MachineTrouble(f"There is no room in {where} ({error.strerror}). Make room there, or {remedy}.") from None


class Scratch:
    """A new directory, in which jobs may use `room` bytes and are confined as `confine` says.

    Like everything that writes there, raises MachineTrouble if there is not enough room.
    """

    def __init__(self, room: int, confine: Confinement | None = None):
        self._room = min(2 * room, MOST_ROOM)  # twice, as a job that exceeds its limit is not ended at once
        where = place(room)
        for path, remedy in ((where, "Have TMPDIR name another directory."), (INSIDE, "Rename the course's folder.")):
            if os.pathsep in str(path):  # it would split the path in PATH and PYTHONPATH
                raise MachineTrouble(f"Jobs can't run with a “{os.pathsep}” in the name of {path}. {remedy}")
        with enough(where):
            self._directory = Temporary(EXECUTE, where)
        self.path = self._directory.path / "jobs"
        self.control, self.home, self.tools, self.tmp = (
            self.path / name for name in ("control", "home", "tools", "tmp")
        )
        self._user = confine.user if confine else None
        self._mode = 0o700 if self._user is None else 0o711
        self._directory.path.chmod(self._mode)
        self._kept = {str(self.tmp / path) for path in confine.mounted(self.path)} if confine else ()
        with enough(where):
            self._make()

    def renew(self) -> None:
        """Replace all directories by new ones, as a job may have set attributes that can't be reset. No job may run."""
        remove(str(self.path))
        self._make()

    def _make(self) -> None:
        self.path.mkdir()
        self.path.chmod(self._mode)
        self.tmp.mkdir()
        self.tmp.chmod(0o1777)
        self._make_tools()

    def remove(self) -> None:
        """Remove the directory and its contents."""
        self._directory.remove()

    def execute_directory(self, slot: int, name: str) -> Path:
        """The path of this slot's sandbox."""
        return self.path / f"slot{slot + 1}" / f"dir_{name}"

    @contextmanager
    def room(self) -> Iterator[None]:
        """Within the block, a lack of room on the disk raises MachineTrouble. Also checks the room before and after."""
        with enough(self.path.parent):
            self._require(self._room + FREE)
            yield
            self._require(FREE)

    def _require(self, free: int) -> None:
        status = os.statvfs(self.path)
        if (available := status.f_bavail * status.f_frsize) < free:
            raise OSError(errno.ENOSPC, f"{available >> 10:,} kB are free")
        if status.f_files and not status.f_favail:
            raise OSError(errno.ENOSPC, "no more files can be created")

    def lay_out(self, directory: Path, sandbox: Tree, own: Tree, began: float) -> None:
        """Create an execute directory with this sandbox and HTCondor's `own` files, and empty control and home
        directories. Files without a time in the sandbox get the time `began`, when the sandbox was first laid out."""
        for where, _, _ in os.walk(self.tmp):
            _settle(where)
        _settle(self.path)
        self.control.mkdir()
        self.home.mkdir(exist_ok=True)
        sandbox.write(directory)
        own.write(directory)
        directory.parent.chmod(0o755)
        for path, entry in (*own.items(), *sandbox.items()):
            if isinstance(entry, File):
                time = sandbox.times.get(path, began)
                os.utime(f"{directory}/{path}", (time, time))

    def hand_over(self, directory: Path) -> None:
        """Give the execute, control and home directories and their contents to the user that jobs run as."""
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
        """The paths, as the job sees them, of what it left outside its sandbox."""
        in_tmp = [f"/tmp/{name}" for name in _names(self.tmp) if not _leads_to(self.tmp / name, self._kept)]
        return (*in_tmp, *(f"~/{name}" for name in _names(self.home)))

    def files_outside(self, files: int, size: int) -> Tree:
        """The contents of what a job left outside its sandbox. Raises TooLarge for more files or bytes than these."""
        kept = {path.relative_to(self.tmp).parts[0] for path in map(Path, self._kept)}
        home = Tree.read(self.home, files, size) if is_directory(str(self.home)) else Tree()
        return Tree.read(self.tmp, files, size, kept).moved_below("tmp") | home.moved_below("~")

    def clear(self, keep_outside: bool = False) -> None:
        """Remove everything that an execution left, except for files outside its sandbox if `keep_outside`."""
        self.path.chmod(self._mode)
        for name in os.listdir(self.path):
            if name not in (("tools", "tmp", "home") if keep_outside else ("tools", "tmp")):
                remove(os.path.join(self.path, name))
        if not keep_outside:
            _empty(str(self.tmp), self._kept, 0o1777)

    def _make_tools(self) -> None:
        self.tools.mkdir()
        self.tools.chmod(0o755)  # whatever this process's umask is
        if self._user is not None:
            (self.tools / "passwd").write_text(passwd(self._user))
            (self.tools / "passwd").chmod(0o644)
        python, tools = shlex.quote(PYTHON), shlex.join(command("tools", "-S", "-s"))
        for path in SHELL.iterdir():
            _executable(self.tools / path.name, path.read_text())
        for name, same in ("gawk", "awk"), ("mawk", "awk"), ("stat", "ls"):
            if shutil.which(name):
                _executable(self.tools / name, (SHELL / same).read_text())
        _executable(self.tools / "virtual", f'#!/bin/sh\nexec {tools} "$@"\n')
        _executable(self.tools / "timeout", f'#!/bin/sh\nexec {tools} timeout "$@"\n')
        for name in ("python3", "python"):
            # The user's own job may need another Python. With an empty environment (env -i), or without a script, plain
            # Python will do.
            _executable(
                self.tools / name,
                f"""#!/bin/sh
[ "$_SIMULATOR_PYTHON" ] && exec "$_SIMULATOR_PYTHON" "$@"
[ "$_SIMULATOR_CLOCK" ] && case $1 in "" | -*) ;; *) exec {tools} python3 "$@" ;; esac
exec {python} "$@"
""",
            )


def text(path: Path | str, most: int = 1 << 20) -> str:
    """The beginning of a file that a job may have written, as text; see content()."""
    return content(path, most).decode("utf-8", "replace")


def content(path: Path | str, most: int) -> bytes:
    """The first `most` bytes of a regular file; b"" for a link, a pipe or a device in its place."""
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
        return []  # a job may have removed it or made it unreadable


def _leads_to(path: str | Path, kept: Collection[str]) -> bool:
    """Whether one of the directories `kept` is `path` or below it."""
    return any(f"{directory}{os.sep}".startswith(f"{path}{os.sep}") for directory in kept)


def _empty(directory: str, keep: Collection[str], mode: int = 0o755) -> None:
    """Remove everything in a directory except for the directories `keep`, which are emptied too, and their parents."""
    os.chmod(directory, mode)
    for name in os.listdir(directory):
        path = os.path.join(directory, name)
        if is_directory(path) and _leads_to(path, keep):
            _empty(path, keep)
        else:
            remove(path)


def _settle(directory: str | Path) -> None:
    """Reset the times and attributes of a directory that is used again, so that they reveal nothing of the previous
    execution. (Its ctime can't be set; it becomes the present time.)"""
    try:
        for name in os.listxattr(directory):
            if name.startswith(("user.", "system.posix_acl")):  # attributes that a user can set
                os.removexattr(directory, name)
    except (OSError, AttributeError):
        pass  # this system has none
    os.utime(directory, (0, 0))
