"""The executor for the course's own programs, which have to be kept away from nothing.

It is another one than that for students' programs, which may have left anything behind in theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ..simulator.executor import Executor

_shared: ContextVar[Executor | None] = ContextVar("shared", default=None)


@contextmanager
def trusted() -> Iterator[Executor]:
    """An executor: that of shared() around it, or else a new one."""
    shared = _shared.get()
    if shared is not None:
        yield shared
        return
    with Executor() as executor:
        yield executor


@contextmanager
def shared() -> Iterator[None]:
    """One executor for all that is computed within, because starting one takes longer than most programs."""
    with Executor() as executor:
        before = _shared.set(executor)
        try:
            yield
        finally:
            _shared.reset(before)
