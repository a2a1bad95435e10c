"""What a program can't have here: other processes, and threads. Its calls fail as on a system without them."""

from __future__ import annotations

import errno
import os
import sys
from functools import lru_cache
from typing import Any

PROCESSES = (
    "fork forkpty posix_spawn posix_spawnp popen startfile "
    "execl execle execlp execlpe execv execve execvp execvpe "
    "spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe"
).split()
"""The functions of the module os that start a process, or replace the program in this process."""
THREADS = {
    "_thread": ("start_new_thread", "start_new", "start_joinable_thread"),
    "threading": ("_start_new_thread", "_start_joinable_thread"),
}


@lru_cache(1)
def functions() -> dict[str, dict[str, Any]]:
    """Module → name → replacement for a function that needs processes or threads."""
    os_functions: dict[str, Any] = {name: _no_process for name in PROCESSES if hasattr(os, name)}
    if hasattr(os, "system"):
        os_functions["system"] = _no_shell
    replacements: dict[str, dict[str, Any]] = {
        "os": os_functions,
        "posix": os_functions,
        "nt": os_functions,
        "_posixsubprocess": {"fork_exec": _no_process},
        "subprocess": {"_fork_exec": _no_process, "_USE_POSIX_SPAWN": False, "_can_fork_exec": True},
        "_winapi": {"CreateProcess": _no_process},
    }
    for module, names in THREADS.items():
        replacements[module] = {name: _no_thread for name in names if hasattr(sys.modules.get(module), name)}
    return replacements


def _no_shell(command: object) -> int:
    return -1


def _no_process(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def _no_thread(*_: Any, **__: Any) -> Any:
    raise RuntimeError("can't start new thread")
