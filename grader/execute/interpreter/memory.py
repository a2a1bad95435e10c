"""How much memory and disk a program uses, and the system's own limits for this process, where it has any."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ...rules.execution import Limit, Limits

if TYPE_CHECKING:  # see ../executor.py
    from disk import crowded
else:
    from ..inside.disk import crowded

resource: Any
try:
    import resource
except ImportError:  # a browser, Windows
    resource = None

PAGE = 4096
_set_limit: Any = getattr(resource, "setrlimit", None)
"""The real function, which is replaced for the program."""


def too_much(limits: Limits, directory: str) -> Callable[[], Limit | None]:
    """A function that returns the limit on memory or disk that is exceeded; None if none is."""
    used = _memory() or (lambda: 0)
    before = used()

    def exceeded() -> Limit | None:
        if used() - before > limits.memory:
            return Limit.MEMORY
        return Limit.DISK if crowded(directory, limits.files + 8, limits.sandbox_bytes) else None

    return exceeded


def _memory() -> Callable[[], int] | None:
    """A function that returns the bytes of memory of this interpreter; None where they can't be determined."""
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
    """Within the block, the system enforces these limits on this process, where it can."""
    if resource is None or not os.path.exists("/proc/self/statm"):
        yield
        return
    values = {
        resource.RLIMIT_AS: PAGE * int(_statm()[0]) + limits.memory,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: _descriptors(limits.open_files),
    }
    before = {name: resource.getrlimit(name) for name in values}
    try:
        for name, value in values.items():
            soft, hard = before[name]
            if soft == resource.RLIM_INFINITY or value < soft:
                _set_limit(name, (value, hard))
        yield
    finally:
        for name, limit in before.items():
            with suppress(ValueError, OSError):
                _set_limit(name, limit)


def _descriptors(more: int) -> int:
    """The limit on open files that allows `more` further files, which get the lowest free numbers."""
    used, number = set(map(int, os.listdir("/proc/self/fd"))), 0
    while more:
        more -= number not in used
        number += 1
    return number
