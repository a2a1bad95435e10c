"""Keeps a program from writing outside its sandbox, as ../isolation.py does for processes: it has a private /tmp, empty
at each start, and a home directory, and can write to nothing else.

This needs an audit hook, which can't be removed from an interpreter. So a single hook serves all executions, and does
nothing between them.
"""

from __future__ import annotations

import _thread
import errno
import os
import sys
import tempfile
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from .descriptors import refuse
from .process import Process

TEMPORARY = ("/tmp", "/var/tmp")
_USERS = tempfile.gettempdir()
_FREE = ("/dev", "/proc")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PATHS = {
    "os.mkdir": (0,),
    "os.remove": (0,),
    "os.rmdir": (0,),
    "os.rename": (0, 1),
    "os.link": (1,),
    "os.symlink": (1,),
    "os.truncate": (0,),
    "os.chmod": (0,),
    "os.utime": (0,),
    "sqlite3.connect": (0,),
}
"""Audit events for changes to files, and which of their arguments are paths."""

Hook = Callable[[str, tuple[Any, ...]], object]
_current: OutsideMonitor | None = None
_installed = False


class OutsideMonitor:
    """Watches what a program writes outside `scratch`; use it in a `with` statement. `also`: another audit hook, called
    for the same events."""

    def __init__(
        self, process: Process, scratch: str, made: set[str], foreign: frozenset[int], also: Hook | None = None
    ):
        """`scratch`: the real path of the scratch directory. `made`: receives the paths in /tmp that the program
        creates. `foreign`: descriptors that are not the program's."""
        self._foreign = foreign
        self._process, self._also, self._made = process, also, made
        self._scratch = os.path.join(scratch, "")
        self._temporary = _temporary()
        self._thread = _thread.get_ident()

    def __enter__(self) -> None:
        global _current, _installed
        if not _installed:
            sys.addaudithook(_hook)
            _installed = True
        _current = self

    def __exit__(self, *_: object) -> None:
        global _current
        _current = None

    def on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._process.own or self._process.exit is not None or _thread.get_ident() != self._thread:
            return
        self._process.own += 1
        try:
            if event == "open":
                refuse(self._foreign, arguments[0])
            for path in _written(event, arguments):
                self._check(path)
        finally:
            self._process.own -= 1
        if self._also:
            self._also(event, arguments)

    def _check(self, path: str) -> None:
        """Allow a write to this path, and note it if it is in /tmp. Raises OSError if it is forbidden."""
        directory, name = os.path.split(os.path.abspath(path))
        real = os.path.join(os.path.realpath(directory), name)
        real = os.path.realpath(real) if os.path.islink(real) else real
        if f"{real}{os.sep}".startswith((self._scratch, *(f"{free}{os.sep}" for free in _FREE))):
            return
        for temporary in self._temporary:
            if real.startswith(temporary + os.sep):
                top = os.path.join(temporary, real[len(temporary) + 1 :].split(os.sep)[0])
                if top in self._made:
                    return
                if not os.path.lexists(top):
                    self._made.add(top)
                    return
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)


@lru_cache(1)
def _temporary() -> frozenset[str]:
    return frozenset(os.path.realpath(path) for path in (*TEMPORARY, _USERS))


def _written(event: str, arguments: tuple[Any, ...]) -> list[str]:
    """The files that an audit event is about to change."""
    if event == "open":
        path, mode, flags = arguments
        writes = flags & _WRITES if isinstance(flags, int) else set(mode or "") & set("wax+")
        return [os.fsdecode(path)] if writes and isinstance(path, str | bytes) else []
    paths = (arguments[index] for index in _PATHS.get(event, ()))
    return [os.fsdecode(path) for path in paths if isinstance(path, str | bytes | os.PathLike) and path != ":memory:"]


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _current is not None:
        _current.on_event(event, arguments)
