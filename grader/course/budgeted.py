"""Limits on what the programs of an answer may cost, for each execution and for all of them together.

So learners, and instructors with a class, wait only seconds, whatever the programs do.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

from ..execute import unconfined
from ..execute.executor import Executor
from ..execute.given import given
from ..execute.here import LocalExecutor
from ..execute.isolation import Confinement
from ..execute.team import executed_for
from ..rules import transfer
from ..rules.execution import EPOCH, Exit, Limits, LostExecution, Run, Start, Stop, Unbroken
from ..rules.job import Job
from ..tree import Entry, Tree
from ..verify.explore import LATE

LIMITS = Limits(
    cpu=1, wall=4.0, memory=512 << 20, file_bytes=16 << 20, open_files=256, files=500, sandbox_bytes=32 << 20
)
"""Of one execution. A right answer of this course takes milliseconds, and kilobytes or a few megabytes; R does not start
with fewer open files."""
SECONDS = 90.0
"""Limit for one exercise of a submission, in the time of execute/given.py. All exercises of a right submission together
take about a second. Questions after the limit fail."""
PROCESSES = 64
"""Limit on simultaneous processes, where the job's own can be counted; elsewhere the user's other processes count too."""
STRIKES = 4
"""Executions that may be ended by a limit."""
CPU_AGAIN = 0.25
"""Seconds of processor time for a program that reached a limit before, as it will probably loop for ever again."""
PICTURES = 256 << 20
"""Limit on the bytes of all the sandboxes that the executions leave."""
OWN_USER: int = getattr(os, "geteuid", lambda: 0)()
"""The judge's own user. (In a browser, there is only one.)"""
TOO_LONG = "Judging this took too long and was stopped: what had not been tried by then earns no points."


_Invocation = tuple[object, ...]
_Execution = tuple[_Invocation, Tree, int, Stop | None, tuple[Start, ...]]


class _Restart(NamedTuple):
    """An execution in a sandbox with files that executions left."""

    sandbox: Tree
    slot: int
    clock: float | None
    """None if it did not read the clock."""
    run: Run


class BudgetedExecutor(LocalExecutor):
    """An executor for one student's submission, with a budget for each exercise. Once the budget is spent, every execution
    counts as over its limit. Executions are cached, as the questions and the report need the same sandboxes again and
    again."""

    def __init__(self, confine: Confinement | None, seconds: float, limits: Limits = LIMITS):
        """`seconds` is the limit for each exercise, in the time of given.py."""
        if confine is not None and confine.counts_processes:
            limits = replace(limits, processes=PROCESSES)
        self._shut_in = confine is not None and confine.bubblewrap
        super().__init__(limits, confine)
        self.seconds = seconds
        self._elsewhere: Executor | None = None
        self._apart = False
        self._first, self._again = self.limits, replace(self.limits, cpu=CPU_AGAIN)
        self.begin()

    def begin(self) -> None:
        """Begin a new budget for the next exercise."""
        self.spent = ""
        """A sentence on what has used up the budget; '' while some is left."""
        self.doubts: list[str] = []
        """Sentences on why a verdict may be due to the machine and not to the answer."""
        self.outside: list[str] = []
        """Where nothing confines programs: the files that they left outside their sandboxes, which were removed."""
        self._until, self._pictures = given() + self.seconds, PICTURES
        self._ended: dict[_Execution, Run] = {}
        """Executions that a limit has ended; they are not tried again at any time."""
        self._endless: set[tuple[str, Entry | None]] = set()
        """Programs that a limit has ended."""
        self._known: dict[tuple[_Execution, float | None], Run] = {}
        self._jobs: dict[_Invocation, Job] = {}
        """Invocation → a job that has it."""
        self._draw, self._delay = random.Random(0), 0.0
        self._restarts: dict[_Invocation, list[_Restart]] = {}
        """Invocation → its restarts, where an answer keeps state outside its sandbox."""

    def close(self) -> None:
        """End the processes, and remove everything that executions left on the disk."""
        super().close()
        if self._elsewhere is not None:
            self._elsewhere.close()

    @contextmanager
    def afresh(self) -> Iterator[None]:
        """Ignore the cache in this block, except for executions that a limit has ended."""
        known, self._known = self._known, {}
        try:
            yield
        finally:
            self._known |= known

    def run(
        self,
        job: Job,
        sandbox: Tree,
        *,
        slot: int = 0,
        clock: float = EPOCH,
        stop: Stop | None = None,
        trace: bool = False,
        beside: tuple[Start, ...] = (),
        unbroken: Unbroken | None = None,
    ) -> Run:
        """Execute, as long as the budget lasts."""
        sandbox = transfer.with_streams(job, sandbox)
        if self.spent:
            return Run(Exit(signal=int(signal.SIGKILL)), sandbox, 0.0, "", "", over="an answer may take in all")
        what = (job.invocation, sandbox, slot, stop, beside)
        if what in self._ended:
            return self._ended[what]
        # An execution that did not read the clock does the same at any time.
        known = self._known.get((what, None)) or self._known.get((what, clock))
        usual = not trace and unbroken is None
        if known and usual:
            return known
        program = job.executable, job.inputs.get(job.executable)
        self.limits = self._again if program in self._endless else self._first
        try:
            if self._apart:
                self._disturb(job, sandbox)
                self.renew()
            with self._tidied(job, self._confine):
                at = clock + self._delay
                run = super().run(
                    job, sandbox, slot=slot, clock=at, stop=stop, trace=trace, beside=beside, unbroken=unbroken
                )
        except LostExecution as loss:
            self.doubts.append(str(loss))
            return Run(Exit(signal=int(signal.SIGKILL)), sandbox, 0.0, "", "", lost=True)
        if run.over:
            self._ended[what] = run
            self._endless.add(program)
        elif usual:
            self._known[what, clock if run.looked else None] = run
            self._jobs[job.invocation] = job
        self._pictures -= sum(len(file.content) for file in run.sandbox.regular().values())
        self._look_at_budget()
        return run

    @contextmanager
    def _tidied(self, job: Job, confine: Confinement | None) -> Iterator[None]:
        """Where nothing confines programs, remove after the block what the job's leave outside their sandboxes."""
        user = confine.user if confine else None
        paths = () if self._shut_in else unconfined.temporary_files(job)
        with unconfined.removed(paths, user if user is not None else OWN_USER) as removed:
            yield
        self.outside += removed

    def _look_at_budget(self) -> None:
        if given() > self._until:
            self.spent = TOO_LONG
            self.doubts.append(TOO_LONG)
        elif len(self._ended) >= STRIKES:
            self.spent = "The programs reached limits again and again: what had not been tried by then earns no points."
        elif self._pictures < 0:
            self.spent = "The programs write too much: what had not been tried by then earns no points."

    # -- state outside the sandbox ---------------------------------------------

    def keeps_state(self, seed: str | None) -> bool:
        """Whether a restart behaves differently where the execution before it did not run, or days later. If so, the
        executions have left something outside the sandbox: for example a number, as a limit of another process, or as the
        time at which they ended. Two restarts are tried, of a job drawn by `seed` among those that were restarted most
        often: the last, and one of the others, which is drawn as well.

        This is also true for a program that uses random numbers; apart() shows what becomes of that.
        """
        if self._confine is None or self.spent:
            return False
        self._draw, self._restarts = random.Random(seed or ""), self._restarted()
        most = max(map(len, self._restarts.values()), default=0)
        if not most:
            return False
        drawn = self._draw.choice([what for what, starts in self._restarts.items() if len(starts) > most // 2])
        *others, last = self._restarts[drawn]
        restarts = [last]
        if others:
            one = self._draw.choice(others)
            # Neither comes after the execution that it came after before, there or on the whole machine.
            restarts.insert(1 if one is others[-1] else 0, one)
        elsewhere = self._confine._replace(number=1)
        return any(self._differs(elsewhere, self._jobs[drawn], restart) for restart in restarts)

    def _restarted(self) -> dict[_Invocation, list[_Restart]]:
        """Invocation → its restarts: executions with nothing in their sandboxes but what its first execution had, or any
        left, and some of that, or just what one left."""
        whole = {run.sandbox for run in self._known.values()}
        left = {item for (what, _), run in self._known.items() for item in run.sandbox.changed_since(what[1]).items()}
        first: dict[_Invocation, set[tuple[str, Entry]]] = {}
        restarts: dict[_Invocation, list[_Restart]] = {}
        for ((invocation, sandbox, slot, stop, beside), clock), run in self._known.items():
            given = first.setdefault(invocation, {*sandbox.items()})
            own = {*sandbox.items()} - given
            if own <= left and (own or sandbox in whole) and stop is None and not beside:
                restarts.setdefault(invocation, []).append(_Restart(sandbox, slot, clock, run))
        return restarts

    def _differs(self, elsewhere: Confinement, job: Job, restart: _Restart) -> bool:
        sandbox, slot, clock, run = restart
        if self._elsewhere is None:
            self._elsewhere = Executor(self._first, elsewhere)
        later = (clock or EPOCH) + self._draw.uniform(0, LATE)
        try:
            with self._tidied(job, elsewhere):
                again = executed_for(self, self._elsewhere, job, sandbox, slot=slot, clock=clock or later)
                if (again.exit, again.sandbox) != (run.exit, run.sandbox):
                    return True
                if clock is None:
                    return False
                again = executed_for(self, self._elsewhere, job, sandbox, slot=slot, clock=later)
        except LostExecution as loss:
            self.doubts.append(str(loss))
            return False
        return (again.exit, _output(job, again)) != (run.exit, _output(job, run))  # it may note the time elsewhere

    def _disturb(self, job: Job, sandbox: Tree) -> None:
        """Execute another restart of the same job first, so that a state that the whole machine shares, as in the
        kernel's counters or the page cache, is not that of the execution that comes before; and let days pass. Raises
        LostExecution."""
        self._delay += self._draw.uniform(0, LATE)
        others = [other for other in self._restarts.get(job.invocation, ()) if other.sandbox != sandbox]
        if others:
            other = self._draw.choice(others)
            self.renew()
            with self._tidied(job, self._confine):
                super().run(job, other.sandbox, slot=other.slot, clock=other.clock or EPOCH)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Execute everything again in this block, each time in fresh processes, after another execution of the same job,
        and days later."""
        known, self._known, self._apart = self._known, {}, True
        try:
            yield
        finally:
            self._known, self._apart, self._delay = known, False, 0.0


def _output(job: Job, run: Run) -> Tree:
    """The part of what an execution left that counts as the job's output."""
    names = job.transfer_output_files
    return run.sandbox if names is None else run.sandbox.only(name.partition("/")[0] for name in names)
