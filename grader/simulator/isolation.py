"""Keeps a job's processes away from everything but their sandbox, as far as the system offers it.

With bubblewrap (Linux) they see a read-only system, the interpreter, their scratch directory and
nothing else: no network, no home directories, no processes but their own. Without it there are
only the executor's limits. Which of the two it is can be asked.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

Confine = Callable[[Sequence[str], Path, Path], list[str]]
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/ld.so.cache",
          "/etc/localtime", "/etc/passwd", "/etc/group", "/nix/store")


@lru_cache(1)
def confinement() -> Confine | None:
    """How a command is confined on this machine, for Executor(confine=...); None if it can't be."""
    if not sys.platform.startswith("linux") or shutil.which("bwrap") is None:
        return None
    try:
        probe = bubblewrap([sys.executable, "-c", "pass"], Path("/tmp"), Path("/usr"))
        works = subprocess.run(probe, stdin=subprocess.DEVNULL, capture_output=True, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return None
    return bubblewrap if works else None


def bubblewrap(command: Sequence[str], scratch: Path, inside: Path) -> list[str]:
    """The command, started so that it can write to `scratch` and read `inside`, Python and the system."""
    readable = [*SYSTEM, *dict.fromkeys((sys.base_prefix, sys.prefix, os.path.realpath(sys.prefix), str(inside)))]
    binds = [word for path in readable if os.path.exists(path) for word in ("--ro-bind", path, path)]
    return ["bwrap", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev",
            "--tmpfs", "/tmp", *binds, "--bind", str(scratch), str(scratch), "--chdir", str(scratch), *command]
