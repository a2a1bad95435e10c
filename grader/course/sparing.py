"""What the programs of an answer may cost, each execution by itself and all of them together.

So that whoever waits for a verdict, a learner or an instructor with a class, waits for seconds, whatever the
programs do.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ..simulator import transfer
from ..simulator.execution import EPOCH, Exit, Limits, Run, Stop
from ..simulator.executor import Executor
from ..simulator.isolation import Confinement
from ..simulator.job import Job
from ..simulator.tree import File, Tree

LIMITS = Limits(cpu=1, wall=4.0, memory=512 << 20, file_bytes=4 << 20, open_files=64, files=500,
                sandbox_bytes=16 << 20)
"""Of one execution. A right answer of this course takes milliseconds and kilobytes."""
PROCESSES = 64
"""At a time, where the job's own can be counted; elsewhere those of the user count with them."""
STRIKES = 4
"""Executions that may be ended by a limit."""
CPU_AGAIN = 0.25
"""Seconds of processor time for a program that a limit has ended before: what loops for ever does so again."""
PICTURES = 256 << 20
"""Bytes of all the sandboxes that the executions may leave behind."""
TOO_LONG = "Judging this took too long and was ended: what had not been tried by then has no points."


class Sparing(Executor):
    """An executor for what one student has handed in, for so many seconds of real time in all: past its budget
    every execution is over its limit before it begins. What it has executed it need not execute again: questions
    about an answer, and the report on it, come to the same sandboxes again and again."""

    def __init__(self, confine: Confinement | None, seconds: float, limits: Limits = LIMITS):
        if confine is not None and confine.counts_processes:
            limits = replace(limits, processes=PROCESSES)
        super().__init__(limits, confine)
        self.seconds, self._seconds, self._pictures = seconds, seconds, PICTURES
        self.spent = ""
        """What the budget was used up by, in a sentence; '' as long as there is any."""
        self._first, self._again = self.limits, replace(self.limits, cpu=CPU_AGAIN)
        self._ended: dict[tuple, Run] = {}
        """Executions that a limit has ended: they are not tried again, whatever the time is then."""
        self._endless: set[tuple] = set()
        """Programs that a limit has ended."""
        self._known: dict[tuple, Run] = {}

    @contextmanager
    def afresh(self) -> Iterator[None]:
        """Within it, execute again what is known, but for what a limit has ended."""
        known, self._known = self._known, {}
        try:
            yield
        finally:
            self._known |= known

    def run(self, job: Job, sandbox: Tree, *, slot: int = 0, clock: float = EPOCH, stop: Stop | None = None,
            trace: bool = False) -> Run:
        """Execute, as long as the budget lasts."""
        sandbox = transfer.with_streams(job, sandbox)
        if self.spent:
            return Run(Exit(signal=int(signal.SIGKILL)), sandbox, 0.0, "", "", over="an answer may take in all")
        what = (job.invocation, sandbox, slot, stop)
        if what in self._ended:
            return self._ended[what]
        # What has not looked at the clock does the same at any time.
        known = self._known.get((what, None)) or self._known.get((what, clock))
        if known and not trace:
            return known
        program = job.executable, job.inputs.get(job.executable)
        self.limits = self._again if program in self._endless else self._first
        began = time.monotonic()
        run = super().run(job, sandbox, slot=slot, clock=clock, stop=stop, trace=trace)
        if run.over:
            self._ended[what] = run
            self._endless.add(program)
        elif not trace:
            self._known[what, clock if run.looked else None] = run
        self._seconds -= time.monotonic() - began
        self._pictures -= sum(len(entry.content) for entry in run.sandbox.values() if isinstance(entry, File))
        if self._seconds < 0:
            self.spent = TOO_LONG
        elif len(self._ended) >= STRIKES:
            self.spent = "The programs ran into limits again and again: what had not been tried by then has no points."
        elif self._pictures < 0:
            self.spent = "The programs write too much: what had not been tried by then has no points."
        return run
