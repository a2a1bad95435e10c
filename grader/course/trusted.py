"""The executor for the course's own programs, which have to be kept away from nothing.

It is another one than that for students' programs, which may have left anything behind in theirs.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ..execute.here import LocalExecutor
from ..rules.execution import MachineTrouble, Run
from ..rules.job import Job
from ..tree import Tree


class TrustedExecutor(LocalExecutor):
    """An executor for programs that are known to do what they should: if one does not, it is the machine's fault, and
    nothing may be concluded from what came of it."""

    def run(self, job: Job, sandbox: Tree, **circumstances: Any) -> Run:
        """Execute. Raises MachineTrouble where the processes are lost, killed, or limited."""
        run = super().run(job, sandbox, **circumstances)
        killed = run.exit.signal == signal.SIGKILL and not circumstances.get("stop")
        if run.lost or run.over or run.unstartable or killed:
            why = (run.over and f"it needed more than {run.over}") or run.unstartable or "its processes were killed"
            raise MachineTrouble(f"{job.executable}, a program of the course, could not be run on this machine: {why}.")
        return run


_shared: ContextVar[TrustedExecutor | None] = ContextVar("shared", default=None)


@contextmanager
def trusted() -> Iterator[TrustedExecutor]:
    """An executor: that of shared() around it, or else a new one."""
    shared = _shared.get()
    if shared is not None:
        yield shared
        return
    with TrustedExecutor() as executor:
        yield executor


@contextmanager
def shared() -> Iterator[None]:
    """One executor for all that is computed within, because starting one takes longer than most programs."""
    with trusted() as executor:
        before = _shared.set(executor)
        try:
            yield
        finally:
            _shared.reset(before)
