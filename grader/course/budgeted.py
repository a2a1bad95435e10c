"""Limits on what the programs of an answer may cost, for each execution and for all executions together.

So learners, and instructors with a class, wait only seconds, whatever the programs do.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple, Unpack

from ..execute import unconfined
from ..execute.executor import Executor
from ..execute.given import given
from ..execute.here import LocalExecutor
from ..execute.isolation import Confinement
from ..execute.team import executed_for
from ..rules import transfer
from ..rules.execution import EPOCH, Circumstances, Exit, Limits, LostExecution, Run, Start, Stop
from ..rules.job import Job
from ..tree import Entry, Tree
from ..verify.explore import LATE

LIMITS = Limits(
    cpu=1, wall=4.0, memory=512 << 20, file_bytes=16 << 20, open_files=256, files=500, sandbox_bytes=32 << 20
)
"""Limits on one execution. A right answer of this course takes milliseconds, and kilobytes or a few megabytes; R does
not start with fewer open files."""
SECONDS = 90.0
"""Limit for one exercise of a submission, in the time of execute/given.py. All exercises of a right submission together
take about a second. Questions after the limit fail."""
PROCESSES = 64
"""Limit on a job's simultaneous processes, set only where they can be counted apart from the user's other processes."""
STRIKES = 4
"""The budget is spent once a limit has ended this many executions."""
CPU_AGAIN = 0.25
"""Seconds of processor time for a program that reached a limit before, as it will probably loop for ever again."""
PICTURES = 256 << 20
"""Limit on the total bytes of the sandboxes that executions leave."""
OWN_USER: int = getattr(os, "geteuid", lambda: 0)()
"""The judge's own user. (In a browser, there is only one.)"""
TOO_LONG = "Judging this took too long and was stopped: what had not been tried by then earns no points."


_Invocation = tuple[object, ...]
_Execution = tuple[_Invocation, Tree, int, Stop | None, tuple[Start, ...]]


class _Restart(NamedTuple):
    """An execution that began in a sandbox with files that other executions left."""

    sandbox: Tree
    slot: int
    clock: float | None
    """None if it did not read the clock."""
    run: Run


class BudgetedExecutor(LocalExecutor):
    """An executor for one student's submission, with a budget for each exercise. Once the budget is spent, every
    execution counts as over its limit. Executions are cached, as the questions and the report need the same sandboxes
    again and again."""

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
        """Invocation → its restarts, set by keeps_state()."""

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

    def run(self, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]) -> Run:
        """Execute, as long as the budget lasts."""
        sandbox = transfer.with_streams(job, sandbox)
        if self.spent:
            return Run(Exit(signal=int(signal.SIGKILL)), sandbox, 0.0, "", "", over="an answer may take in all")
        slot, clock = circumstances.get("slot", 0), circumstances.get("clock", EPOCH)
        what = (job.invocation, sandbox, slot, circumstances.get("stop"), circumstances.get("beside", ()))
        if what in self._ended:
            return self._ended[what]
        # An execution that did not read the clock does the same at any time.
        known = self._known.get((what, None)) or self._known.get((what, clock))
        usual = not circumstances.get("trace") and circumstances.get("unbroken") is None
        if known and usual:
            return known
        program = job.executable, job.inputs.get(job.executable)
        self.limits = self._again if program in self._endless else self._first
        try:
            if self._apart:
                self._disturb(job, sandbox)
                self.renew()
            with self._tidied(job, self._confine):
                circumstances["clock"] = clock + self._delay
                run = super().run(job, sandbox, **circumstances)
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
        """After the block, remove what the job's programs left outside their sandboxes, where nothing confines them."""
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
        """Whether a restart behaves differently in an environment where the execution before it did not run, or days
        later. If so, the executions leave state outside the sandbox, for example as a limit of another process, or in
        the time at which they end. Two restarts are tried, of a job drawn with `seed` from those that were restarted
        often: its last restart, and an earlier one, which is drawn as well.

        This is also true for a program that uses random numbers, which apart() can show to be right all the same.
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
            earlier = self._draw.choice(others)
            # In this order, neither restart follows the execution that it followed before, there or on the machine.
            restarts.insert(1 if earlier is others[-1] else 0, earlier)
        elsewhere = self._confine._replace(number=1)
        return any(self._differs(elsewhere, self._jobs[drawn], restart) for restart in restarts)

    def _restarted(self) -> dict[_Invocation, list[_Restart]]:
        """Invocation → its restarts. A restart is an execution whose sandbox adds to that of the invocation's first
        execution only files that executions left: at least one such file, unless the sandbox is exactly what an
        execution left."""
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
        return (again.exit, _output(job, again)) != (run.exit, _output(job, run))  # other files may contain the time

    def _disturb(self, job: Job, sandbox: Tree) -> None:
        """First execute another restart of the same job, and let days pass, so that state that the whole machine
        shares, such as the kernel's counters or the page cache, does not come from the execution before. Raises
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
        """Within this block, execute everything again, each time in fresh processes, after another execution of the
        same job, and days later."""
        known, self._known, self._apart = self._known, {}, True
        try:
            yield
        finally:
            self._known, self._apart, self._delay = known, False, 0.0


def _output(job: Job, run: Run) -> Tree:
    """The part of what an execution left that counts as the job's output."""
    names = job.transfer_output_files
    return run.sandbox if names is None else run.sandbox.only(name.partition("/")[0] for name in names)
