"""Keeps a job's processes away from everything but their sandbox, as far as the system offers it.

With bubblewrap (Linux) they see a read-only system, the interpreter, their scratch directory and
nothing else: no network, no home directories, no processes but their own. Where the judge is root
they run as a user of their own, who owns nothing else, and whose processes can be counted. Without
either there are only the executor's limits. Which of these it is can be asked; docs/security.md
says what each of them stops.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from .inside import INSIDE, starter_command

SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/passwd",
    "/etc/group",
    "/nix/store",
)
OWN = ("/tmp", "/dev/shm")
"""What a job has for itself alone."""
FIRST_USER = 0x7000_0000
"""User ids from here up belong to nobody, which inside/starter.py relies on; each judging process lends its jobs two."""
NAMESPACES = ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")


class Confinement(NamedTuple):
    """How jobs are confined on this machine. Called, it is put before the command that starts the starter."""

    bubblewrap: bool
    own_user: bool
    number: int = 0
    """Which of this process's executors it is for: 0 or 1."""
    whole: bool = False
    """Whether jobs see the whole system, which they can't write to: programs of the user's own, who brought them."""

    @property
    def user(self) -> int | None:
        """The user that jobs run as, None for the judge's own."""
        return FIRST_USER + 2 * os.getpid() + self.number if self.own_user else None

    @property
    def counts_processes(self) -> bool:
        """Whether a limit on processes counts those of the job alone: it does for a user of its own,
        and in a user namespace since Linux 5.14."""
        release = re.match(r"(\d+)\.(\d+)", platform.release())
        return self.own_user or (release is not None and tuple(map(int, release.groups())) >= (5, 14))

    def mounted(self, scratch: Path) -> list[Path]:
        """Where in a job's own /tmp, which is its /dev/shm as well, something is mounted."""
        wanted = (*map(Path, self._seen()), scratch) if self.bubblewrap else ()
        return [path.relative_to(own) for path in wanted for own in OWN if path.is_relative_to(own)]

    def _seen(self) -> list[str]:
        """What has to be mounted for jobs to see it."""
        return [path for path in readable() if not self.whole or path.startswith(OWN)]

    def __call__(self, command: Sequence[str], scratch: Path) -> list[str]:
        """The command, started so that it can write to `scratch` and read Python, the system and what is
        to run inside. `scratch` has the directories tmp, which is /tmp for the job, and tools."""
        told = {"_SIMULATOR_USER": str(self.user)} if self.own_user else {}
        if not self.bubblewrap:
            return ["/usr/bin/env", *(f"{name}={value}" for name, value in told.items()), *command]
        # Whoever is root outside keeps the right to change the user, which the starter then does, and no other.
        users = (
            [*NAMESPACES, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
            if self.own_user
            else ["--unshare-all", "--cap-drop", "ALL"]
        )
        tmp, tools = str(scratch / "tmp"), str(scratch / "tools")
        names = ["--ro-bind", f"{tools}/passwd", "/etc/passwd"] if (scratch / "tools" / "passwd").exists() else []
        doors = _doors(scratch) if self.own_user else ()
        binds = (word for path in self._seen() for word in ("--ro-bind", path, path))
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
            *doors,
            *binds,
            *names,
            "--bind",
            str(scratch),
            str(scratch),
            "--ro-bind",
            tools,
            tools,
            "--remount-ro",
            "/dev",
            "--remount-ro",
            "/",
            *(word for name, value in told.items() for word in ("--setenv", name, value)),
            "--chdir",
            str(scratch),
            *command,
        ]


def passwd(user: int) -> str:
    """The machine's /etc/passwd with a user of these jobs, as an execution point has its slots' users in it."""
    try:
        there = Path("/etc/passwd").read_text()
    except OSError:
        there = ""
    return f"{there.rstrip()}\nslot1:x:{user}:{user}:an execution point's slot:/nonexistent:/bin/sh\n".lstrip()


def readable() -> list[str]:
    """What a job in bubblewrap can read: the system, Python, and what is to run inside."""
    python = {how(where) for where in (sys.base_prefix, sys.prefix) for how in (os.path.abspath, os.path.realpath)}
    wanted = (*SYSTEM, *sorted(python), str(INSIDE))
    return [path for path in dict.fromkeys(wanted) if os.path.exists(path)]


def _doors(scratch: Path) -> list[str]:
    """Directories that lead to what is mounted, open to every user: bubblewrap makes them for its own."""
    ways = sorted(
        {str(parent) for path in (*readable(), str(scratch)) for parent in Path(path).parents} - {"/", "/dev", *OWN}
    )
    return [word for way in ways for word in ("--perms", "0755", "--dir", way)]


@lru_cache(1)
def confinement() -> Confinement | None:
    """The best confinement that works on this machine, for Executor(confine=...); None if none does."""
    if not sys.platform.startswith("linux"):
        return None
    root, bubblewrap = os.geteuid() == 0, shutil.which("bwrap") is not None
    offers = (
        [Confinement(True, True)] * (root and bubblewrap)
        + [Confinement(True, False)] * bubblewrap
        + [Confinement(False, True)] * root
    )
    return next((offer for offer in offers if _works(offer)), None)


@lru_cache(1)
def own_confinement() -> Confinement | None:
    """That for a program of the user's own: it sees what the user sees, has a /tmp for itself, and can write to nothing
    outside of its sandbox. None where there is no bubblewrap for it."""
    offer = Confinement(True, False, whole=True)
    return offer if sys.platform.startswith("linux") and shutil.which("bwrap") and _works(offer) else None


def _works(offer: Confinement) -> bool:
    """Whether a starter can be started in this way: it ends at once when it is asked for nothing."""
    with tempfile.TemporaryDirectory(prefix="execute-") as directory:
        scratch = Path(directory)
        scratch.chmod(0o711)
        for name in ("tmp", "tools"):
            (scratch / name).mkdir()
        try:
            return (
                subprocess.run(
                    offer(starter_command(), scratch), stdin=subprocess.DEVNULL, capture_output=True, timeout=20
                ).returncode
                == 0
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
