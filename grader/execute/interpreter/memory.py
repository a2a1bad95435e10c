"""How much memory and disk a program takes, and limits of the system where it has some for one process alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ...rules.execution import Limit, Limits

resource: Any
try:
    import resource
except ImportError:  # a browser, Windows
    resource = None

PAGE = 4096
_set_limit: Any = getattr(resource, "setrlimit", None)
"""The real one: a program has another."""


def too_much(limits: Limits, directory: str) -> Callable[[], Limit | None]:
    """A function that says which limit on memory or on the disk is exceeded, if one is."""
    taken = _memory() or (lambda: 0)
    before = taken()

    def look() -> Limit | None:
        if taken() - before > limits.memory:
            return Limit.MEMORY
        return Limit.DISK if _crowded(directory, limits) else None

    return look


def _crowded(directory: str, limits: Limits) -> bool:
    files, size, pending = 0, 0, [directory]
    while pending:
        try:
            found = list(os.scandir(pending.pop()))
        except OSError:
            continue
        files += len(found)
        for item in found:
            with suppress(OSError):
                size += item.stat(follow_symlinks=False).st_size
                if item.is_dir(follow_symlinks=False):
                    pending.append(item.path)
        if files > limits.files + 8 or size > limits.sandbox_bytes:
            return True
    return False


def _memory() -> Callable[[], int] | None:
    """A function that tells the bytes of memory that this interpreter has; None where nobody can tell."""
    if sys.platform == "emscripten":
        try:
            from pyodide_js import _module

            return lambda: int(_module.HEAPU8.length)
        except (ImportError, AttributeError):
            return None
    if os.path.exists("/proc/self/statm"):
        return lambda: PAGE * int(_statm()[1])
    return None


def _statm() -> list[bytes]:
    with open("/proc/self/statm", "rb") as file:
        return file.read().split()


@contextmanager
def limited(limits: Limits) -> Iterator[None]:
    """Have the system limit this process for a while, where it does."""
    if resource is None or not os.path.exists("/proc/self/statm"):
        yield
        return
    wanted = {
        resource.RLIMIT_AS: PAGE * int(_statm()[0]) + limits.memory,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: _descriptors(limits.open_files),
    }
    before = {name: resource.getrlimit(name) for name in wanted}
    try:
        for name, value in wanted.items():
            soft, hard = before[name]
            if soft == resource.RLIM_INFINITY or value < soft:
                _set_limit(name, (value, hard))
        yield
    finally:
        for name, values in before.items():
            with suppress(ValueError, OSError):
                _set_limit(name, values)


def _descriptors(more: int) -> int:
    """The limit under which so many more files can be opened: they get the lowest numbers that are free."""
    used, number = set(map(int, os.listdir("/proc/self/fd"))), 0
    while more:
        more -= number not in used
        number += 1
    return number
