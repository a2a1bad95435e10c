"""Keeps a job's processes away from everything but their sandbox, as far as the system can.

With bubblewrap (Linux) they see a read-only system, the interpreter, their scratch directory and
nothing else: no network, no home directories, no processes but their own. Where the judge is root
they run as a separate user, who owns nothing else, and whose processes can be counted. Without
either there are only the executor's limits. docs/security.md says what each of these prevents.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock, Thread
from typing import NamedTuple

from .inside import INSIDE, starter_command

SYSTEM = """
/usr /bin /sbin /lib /lib32 /lib64 /etc/alternatives /etc/ld.so.cache /etc/localtime /etc/passwd /etc/group /etc/R
/nix/store
""".split()
OWN = ("/tmp", "/dev/shm")
"""Directories that are private to a job."""
FIRST_USER = 0x7000_0000
"""User ids from here up belong to nobody, as inside/starter.py assumes; each judging process uses two for its jobs."""
NAMESPACES = ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")


class Confinement(NamedTuple):
    """How jobs are confined on this machine. Calling it wraps the command that starts the starter."""

    bubblewrap: bool
    own_user: bool
    number: int = 0
    """Which of this process's two executors it is for: 0 or 1."""
    whole: bool = False
    """Whether jobs see the whole system, read-only: for the user's own programs."""

    @property
    def user(self) -> int | None:
        """The id of the user that jobs run as; None for the judge's own."""
        return FIRST_USER + 2 * os.getpid() + self.number if self.own_user else None

    @property
    def counts_processes(self) -> bool:
        """Whether a limit on processes counts only the job's processes, as it does for a separate user, and in a user
        namespace since Linux 5.14."""
        release = re.match(r"(\d+)\.(\d+)", os.uname().release)
        return self.own_user or (release is not None and tuple(map(int, release.groups())) >= (5, 14))

    def mounted(self, scratch: Path) -> list[Path]:
        """The mount points in a job's private /tmp, which is also its /dev/shm, as relative paths."""
        mounts = (*map(Path, self._mounts()), scratch) if self.bubblewrap else ()
        return [path.relative_to(own) for path in mounts for own in OWN if path.is_relative_to(own)]

    def _mounts(self) -> list[str]:
        """What to mount so that jobs can read it."""
        return [path for path in readable() if not self.whole or path.startswith(OWN)]

    def __call__(self, command: Sequence[str], scratch: Path) -> list[str]:
        """The command line that runs `command` so that it can write to `scratch` and read Python, the system and the
        files in inside/. `scratch` has the directories tmp, which is the job's /tmp, and tools."""
        environment = {"_SIMULATOR_USER": str(self.user)} if self.own_user else {}
        if not self.bubblewrap:
            return ["/usr/bin/env", *(f"{name}={value}" for name, value in environment.items()), *command]
        # If the judge is root, the starter keeps the right to change its user, which it does at once, and no other right.
        users = (
            [*NAMESPACES, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
            if self.own_user
            else ["--unshare-all", "--cap-drop", "ALL"]
        )
        tmp, tools = str(scratch / "tmp"), str(scratch / "tools")
        users_file = ["--ro-bind", f"{tools}/passwd", "/etc/passwd"] if (scratch / "tools" / "passwd").exists() else []
        parents = _parents(scratch) if self.own_user else ()
        binds = (word for path in self._mounts() for word in ("--ro-bind", path, path))
        return [
            "bwrap",
            *users,
            "--as-pid-1",
            "--die-with-parent",
            *(("--ro-bind", "/", "/") if self.whole else ()),
            "--proc",
            "/proc",
            "--dev",
            "/dev",
            *(word for own in OWN for word in ("--bind", tmp, own)),
            *parents,
            *binds,
            *users_file,
            "--bind",
            str(scratch),
            str(scratch),
            # A mount point can't be moved away, so no link can take its place.
            "--bind",
            tmp,
            tmp,
            "--ro-bind",
            tools,
            tools,
            "--remount-ro",
            "/dev",
            "--remount-ro",
            "/",
            *(word for name, value in environment.items() for word in ("--setenv", name, value)),
            "--chdir",
            str(scratch),
            *command,
        ]


def passwd(user: int) -> str:
    """The machine's /etc/passwd plus the user of these jobs, as an execution point lists its slots' users."""
    try:
        users = Path("/etc/passwd").read_text()
    except OSError:
        users = ""
    return f"{users.rstrip()}\nslot1:x:{user}:{user}:an execution point's slot:/nonexistent:/bin/sh\n".lstrip()


def readable() -> list[str]:
    """What a job in bubblewrap can read: the system, Python, and the files in inside/."""
    python = {how(where) for where in (sys.base_prefix, sys.prefix) for how in (os.path.abspath, os.path.realpath)}
    paths = (*SYSTEM, *sorted(python), str(INSIDE))
    return [path for path in dict.fromkeys(paths) if os.path.exists(path)]


def exposed(*paths: Path) -> str:
    """A sentence on the first of these paths that a job in bubblewrap could read; '' if there is none. (Images for
    Docker often have their program in /usr/src.)"""
    for path in paths:
        for mount in readable():
            if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(mount)):
                return f"Students' programs could read {path.absolute()}, as they can read all of {mount}. Move it elsewhere."
    return ""


def _parents(scratch: Path) -> list[str]:
    """Options that let every user enter the parents of all mount points; by default only bubblewrap's own user can."""
    parents = sorted(
        {str(parent) for path in (*readable(), str(scratch)) for parent in Path(path).parents} - {"/", "/dev", *OWN}
    )
    return [word for parent in parents for word in ("--perms", "0755", "--dir", parent)]


@lru_cache(1)
def confinement() -> Confinement | None:
    """The best confinement that works on this machine, for Executor(confine=...); None if none does."""
    if not sys.platform.startswith("linux"):
        return None
    root, bubblewrap = os.geteuid() == 0, shutil.which("bwrap") is not None
    candidates = (
        [Confinement(True, True)] * (root and bubblewrap)
        + [Confinement(True, False)] * bubblewrap
        + [Confinement(False, True)] * root
    )
    return next((candidate for candidate in candidates if _works(candidate)), None)


def own_confinement() -> Confinement | None:
    """The confinement for the user's own programs: they see what the user sees, have a private /tmp, and can write to
    nothing outside their sandbox. None where bubblewrap does not work."""
    with _own_trial:
        return _own_confinement()


_own_trial = Lock()


@lru_cache(1)
def _own_confinement() -> Confinement | None:
    candidate = Confinement(True, False, whole=True)
    return candidate if sys.platform.startswith("linux") and shutil.which("bwrap") and _works(candidate) else None


def try_own_confinement() -> None:
    """Begin the trial of own_confinement() in another thread (Linux). The next call of it waits for the result."""

    def attempt() -> None:
        with suppress(OSError):  # the caller of own_confinement() gets the error
            own_confinement()

    if sys.platform.startswith("linux"):
        Thread(target=attempt).start()


def _works(confine: Confinement) -> bool:
    """Whether a starter can be started this way. Without a request it ends at once."""
    with tempfile.TemporaryDirectory(prefix="execute-") as directory:
        scratch = Path(directory)
        scratch.chmod(0o711)
        for name in ("tmp", "tools"):
            (scratch / name).mkdir()
        try:
            return (
                subprocess.run(
                    confine(starter_command(), scratch), stdin=subprocess.DEVNULL, capture_output=True, timeout=20
                ).returncode
                == 0
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
