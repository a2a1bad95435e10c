"""The executor for the course's own programs, which need no confinement.

It is separate from the executor for students' programs, where these may have left anything behind.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Unpack

from ..execute.here import LocalExecutor
from ..rules.execution import Circumstances, MachineTrouble, Run
from ..rules.job import Job
from ..tree import Tree


class TrustedExecutor(LocalExecutor):
    """An executor for programs that are known to work: if one fails, the machine is to blame, and its result must not
    be used."""

    def run(self, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]) -> Run:
        """Execute. Raises MachineTrouble if the processes are lost or killed, or reach a limit."""
        run = super().run(job, sandbox, **circumstances)
        killed = run.exit.signal == signal.SIGKILL and not circumstances.get("stop")
        if run.over or run.unstartable or killed:
            why = (run.over and f"it needed more than {run.over}") or run.unstartable or "its processes were killed"
            raise MachineTrouble(f"{job.executable}, a program of the course, could not be run on this machine: {why}.")
        return run


_shared: ContextVar[TrustedExecutor | None] = ContextVar("shared", default=None)


@contextmanager
def trusted() -> Iterator[TrustedExecutor]:
    """The executor of an enclosing shared(), or else a new one."""
    shared = _shared.get()
    if shared is not None:
        yield shared
        return
    with TrustedExecutor() as executor:
        yield executor


@contextmanager
def shared() -> Iterator[None]:
    """Uses one executor for everything in the block, because starting an executor takes longer than most programs."""
    with trusted() as executor:
        before = _shared.set(executor)
        try:
            yield
        finally:
            _shared.reset(before)
