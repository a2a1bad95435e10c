"""Every schedule: the graph of the states that a job can be in, and a verdict on it.

A job is a function of its arguments and its sandbox. So what can become of it depends only on
(sandbox, spool), and the endless set of schedules folds into a finite graph: walk it with the
fewest faults first, execute the program once for each new sandbox, and every schedule, of any
length, has been tried. pool.py tells the story of one schedule; nothing is decided twice.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from . import transfer
from .executor import EPOCH, Executes, Run
from .hindsight import Hindsight
from .job import Job
from .pool import CHECKPOINT_HOLD, FUTILE, Ended, Held, NotSaved, Saved, at_exit, growth, many_restarts_on
from .profile import MODERN, Profile
from .schedule import Fault, Schedule
from .states import State
from .tree import File, Tree

RESTART_SAFE, UNSAFE, UNKNOWN = "restart-safe", "unsafe", "unknown"
FAILURES = ("wrong output", "held", "failed", "never finishes", "lost progress")
"""What makes a job unsafe, the gravest first: of several, the first is reported."""

SIMILAR = 250
"""Restarts in a row that only append text that is alike but for numbers, before it never finishes."""

PATIENCE = 50
"""States still looked at, for something graver, after the first failure."""


@dataclass(frozen=True)
class Bounds:
    """Where exploring stops, and the verdict is `unknown`."""

    executions: int = 1000
    states: int = 20_000


@dataclass(frozen=True)
class Violation:
    """Where an unsafe job goes wrong: the failure, the state and what was expected there."""

    failure: str
    state: State
    expected: Tree | None = None
    got: Tree | None = None
    seconds: float = 0.0
    """Lost progress: the virtual seconds of committed work that a restart throws away."""


@dataclass(frozen=True)
class Exploration:
    """What came out of walking the graph."""

    verdict: str
    failure: str | None = None
    """For unsafe one of FAILURES; for unknown the reason."""
    violation: Violation | None = None
    schedule: Schedule | None = None
    states: int = 0
    executions: int = 0
    schedules: int = 0
    """Interruptions tried, each at the end of the shortest schedule that leads to it."""
    checkpoints: int = 0
    """Checkpoints of the run without faults."""
    seconds: float | None = None
    """Virtual computing time of the run without faults, if it ends."""
    reference: Tree | None = None
    """What the run without faults brings home."""
    difference: tuple[str, Tree, Tree] | None = None
    """Of a non-deterministic job: what differs, once and again."""
    first: State | None = field(default=None, repr=False)


def explore(job: Job, executor: Executes, profile: Profile = MODERN, expected: Tree | None = None,
            bounds: Bounds = Bounds()) -> Exploration:
    """Try every schedule on a job.

    `expected` is what has to come home in the end, if that is known (other files may come as
    well); else the run that is never interrupted is the measure.
    """
    return _Explorer(job, executor, profile, expected, bounds).explore()


class _Explorer:
    def __init__(self, job: Job, executor: Executes, profile: Profile, expected: Tree | None, bounds: Bounds):
        self.job, self.executor, self.profile, self.bounds = job, executor, profile, bounds
        self.expected = expected
        self.streams_count = False
        self.states: dict[tuple, State] = {}
        self.runs: dict[tuple, Run] = {}
        self.done: list[tuple[Tree, int, Run]] = []
        self.queue: list[tuple] = []
        self.serial = itertools.count()
        self.schedules = 0
        self.violations: dict[str, Violation] = {}
        self.exhausted = ""
        self.patience = 0

    def explore(self) -> Exploration:
        if self.job.on_exit_or_evict:
            return Exploration(UNKNOWN, "eviction-driven: what is saved depends on the very moment of an eviction")
        first = self.add(None, Tree(), new=True)
        reference = self.reference(first)
        self.enter(first)
        # Nothing is graver than a wrong output, and the first one found is on the shortest schedule.
        while self.queue and not self.exhausted and FAILURES[0] not in self.violations:
            if self.patience and len(self.states) > self.patience:
                break
            self.expand(heapq.heappop(self.queue)[-1], reference)
        self.look_back()
        return self.judge(first, reference)

    # -- walking ---------------------------------------------------------------

    def add(self, before: State | None, spool: Tree, *, new: bool, fault: str | None = None,
            retries: int | None = None) -> State:
        """The state that follows: in place, or in a new sandbox made from the spool."""
        if new:
            sandbox = transfer.with_streams(self.job, transfer.new_sandbox(self.job, spool, self.profile))
        else:
            sandbox = before.run.sandbox
        if retries is None:
            retries = self.job.max_retries if before is None else before.retries
        state = State(sandbox, spool, self.slot(sandbox, None if new else before.slot), retries, EPOCH, moved=new)
        if before is not None:
            state.before, state.execution = before, before.execution + 1
            state.clock = before.clock + before.run.seconds
            state.schedule = before.schedule + ((Fault(fault, before.execution),) if fault else ())
            if not new:
                self.watch_growth(before, state)
            self.schedules += fault is not None
        return self.states.get(self.key(state), state)

    def enter(self, state: State) -> None:
        """Let a state be expanded, unless it is known."""
        key = self.key(state)
        if key not in self.states:
            self.states[key] = state
            heapq.heappush(self.queue, (*state.length(), next(self.serial), state))

    def key(self, state: State) -> tuple:
        if state.key is None:
            state.key = (self.identity(state.sandbox), self.identity(state.spool), state.slot, state.retries)
        return state.key

    def identity(self, tree: Tree) -> Tree:
        """The part of a directory that tells states apart: what was printed counts only where it
        is all that the job gives, and then without the names of execution points."""
        if not self.streams_count:
            return transfer.without_streams(tree)
        return self.anonymous(tree)

    def anonymous(self, tree: Tree) -> Tree:
        """A directory in which all execution points have the same name."""
        mark = self.executor.mark
        return Tree({
            path: entry._replace(content=mark.sub(b"", entry.content)) if isinstance(entry, File) else entry
            for path, entry in tree.items()
        }) if self.executor.slots_named_in(tree) else tree

    def slot(self, sandbox: Tree, previous: int | None) -> int:
        """Where to start: a new sandbox is in a slot that no file in it knows of, and slots that
        no file knows of are all the same."""
        known = self.executor.slots_named_in(transfer.without_streams(sandbox))
        if not known:
            return 0
        return previous if previous is not None else min(set(range(len(known) + 1)) - known)

    def watch_growth(self, before: State, state: State) -> None:
        grown = growth(before.sandbox, state.sandbox) or ()
        if grown and before.grown:
            state.alike = before.alike + 1 if grown == before.grown else 0
            state.similar = before.similar + 1 if _shape(grown) == _shape(before.grown) else 0
        state.grown = grown

    def futile(self, state: State) -> bool:
        """Whether restarts only append text, and would still do so many restarts from here: a job
        may count its steps by the lines of a file."""
        if state.alike < FUTILE and state.similar < SIMILAR:
            return False
        later = many_restarts_on(state.sandbox, state.grown)
        run = self.run(replace(state, sandbox=later, key=None))
        grown = growth(later, run.sandbox)
        if run.exit.code == self.job.checkpoint_exit_code and grown and _shape(grown) == _shape(state.grown):
            return True
        state.alike = state.similar = 0
        return False

    def goes_round(self, state: State) -> bool:
        """Whether the job was in this state before on its way, but for what it has printed since."""
        if not self.streams_count:
            return False
        state.silent = tuple(map(transfer.without_streams, (state.sandbox, state.spool)))
        earlier = state
        while earlier.before is not None and not earlier.moved and earlier.before.schedule == state.schedule:
            earlier = earlier.before
            if earlier.silent == state.silent and earlier.slot == state.slot:
                return True
        return False

    def run(self, state: State) -> Run:
        """Execute the program, once for each sandbox."""
        key = (self.identity(state.sandbox), state.slot)
        if key not in self.runs:
            if len(self.runs) >= self.bounds.executions:
                self.exhausted = f"{self.bounds.executions} executions were not enough"
            self.runs[key] = self.executor.run(self.job, state.sandbox, slot=state.slot, clock=state.clock)
            self.done.append((state.sandbox, state.slot, self.runs[key]))
        return self.runs[key]

    def expand(self, state: State, reference: Tree | None) -> None:
        """Execute a state's program, and add all that can come of it."""
        if len(self.states) > self.bounds.states:
            self.exhausted = f"{self.bounds.states} states were not enough"
            return
        state.run = self.run(state)
        if self.futile(state) or self.goes_round(state):
            state.endless = True
            self.violate("never finishes", state)
            return
        then = state.next = at_exit(self.job, state.run, state.spool, self.profile)
        successors = [self.add(state, state.spool, new=True, fault="evict")]
        if isinstance(then, (Saved, NotSaved)):
            spool = then.spool if isinstance(then, Saved) else state.spool
            state.follower = self.add(state, spool, new=False)
            successors.append(state.follower)
            successors.append(self.add(state, state.spool, new=False, fault="upload-fails"))
            if isinstance(then, Saved):
                state.elsewhere = self.add(state, spool, new=True, fault="requeue" if self.profile.may_requeue else None)
                if self.profile.may_requeue:
                    successors.append(state.elsewhere)
        elif isinstance(then, Held):
            self.violate("held", state)
            if then.code == CHECKPOINT_HOLD:  # on a bad network it is not even noticed that a file is missing
                successors.append(self.add(state, state.spool, new=False, fault="upload-fails"))
        else:
            state.follower = self.finish(state, then, reference)
            if state.follower is not None:
                successors.append(state.follower)
        for successor in successors:
            self.enter(successor)
        if self.closes_circle(state):
            self.lose_patience()

    def closes_circle(self, state: State) -> bool:
        """Whether the way on from here without a fault comes back to this state."""
        seen: set[int] = set()
        here = state
        while here.follower is not None and id(here) not in seen:
            seen.add(id(here))
            here = self.known(here.follower)
            if here is state:
                return True
        return False

    def finish(self, state: State, end: Ended, reference: Tree | None) -> State | None:
        """Judge a final exit; where max_retries allows another try, the state that it starts from."""
        if end.exit.code != self.job.success_exit_code:
            if state.retries:
                return self.add(state, state.spool, new=True, retries=state.retries - 1)
            self.violate("failed", state, reference, end.home)
        elif reference is not None and not self.same(reference, end.home):
            self.violate("wrong output", state, reference, end.home)
        return None

    # -- judging ---------------------------------------------------------------

    def reference(self, first: State) -> Tree | None:
        """What has to come home: what is known, or what the run without faults brings."""
        if self.expected is not None:
            self.streams_count = any(name in self.expected for name in (self.job.output, self.job.error))
            return self.expected
        home = self.uninterrupted(first)[1]
        if home is None:
            return None
        # A job that brings nothing else gives its result on stdout.
        if not self.without_logs(home):
            self.streams_count, first.key = True, None
            self.runs = {(self.identity(sandbox), slot): run for sandbox, slot, run in self.done}
        return self.relevant(home)

    def uninterrupted(self, state: State) -> tuple[State, Tree | None]:
        """The run without faults: its last state, and what it brings home if it ends well."""
        seen = set()
        while True:
            state.run = self.run(state)
            key = self.key(state)
            if key in seen or self.exhausted or self.futile(state):
                return state, None
            seen.add(key)
            then = at_exit(self.job, state.run, state.spool, self.profile)
            if isinstance(then, (Saved, NotSaved)):
                state = self.add(state, then.spool if isinstance(then, Saved) else state.spool, new=False)
            elif isinstance(then, Ended) and then.exit.code != self.job.success_exit_code and state.retries:
                state = self.add(state, state.spool, new=True, retries=state.retries - 1)
            else:
                good = isinstance(then, Ended) and then.exit.code == self.job.success_exit_code
                return state, then.home if good else None

    def without_logs(self, home: Tree) -> Tree:
        return Tree({p: e for p, e in home.items() if p not in (self.job.output, self.job.error)
                     and isinstance(e, File)})

    def relevant(self, home: Tree) -> Tree:
        return self.anonymous(home if self.streams_count else self.without_logs(home))

    def same(self, reference: Tree, home: Tree) -> bool:
        if self.expected is not None:
            return all(home.get(path) == entry for path, entry in reference.items())
        return self.relevant(home) == reference

    def violate(self, failure: str, state: State, expected: Tree | None = None, got: Tree | None = None,
                seconds: float = 0.0) -> None:
        self.lose_patience()
        self.violations.setdefault(failure, Violation(failure, state, expected, got, seconds))

    def lose_patience(self) -> None:
        """The job is unsafe: only for a while it is still looked for something graver."""
        self.patience = self.patience or len(self.states) + PATIENCE

    def look_back(self) -> None:
        """Add the failures that only the whole graph shows."""
        seen = Hindsight(sorted(self.states.values(), key=State.length), self.known, self.profile)
        for state in seen.never_finishing():
            self.violate("never finishes", state)
        for state, seconds in seen.losing_progress():
            self.violate("lost progress", state, seconds=seconds)

    def known(self, state: State) -> State:
        return self.states.get(self.key(state), state)

    def judge(self, first: State, reference: Tree | None) -> Exploration:
        free = list(self.free_way(first))
        ended = isinstance(free[-1].next, Ended)
        found = dict(
            states=len(self.states), executions=len(self.runs), schedules=self.schedules,
            checkpoints=sum(isinstance(s.next, Saved) for s in free),
            seconds=sum(s.run.seconds for s in free if s.run) if ended else None,
            reference=reference, first=first,
        )
        worst = next((self.violations[f] for f in FAILURES if f in self.violations), None)
        if again := self.not_repeatable(worst):
            return Exploration(UNKNOWN, "non-deterministic", difference=again, **found)
        if worst:
            return Exploration(UNSAFE, worst.failure, worst, worst.state.schedule, **found)
        if self.exhausted:
            return Exploration(UNKNOWN, self.exhausted, **found)
        if not any(isinstance(s.next, Saved) for s in self.states.values()):
            return Exploration(UNKNOWN, "it never made a checkpoint, so no restart was exercised", **found)
        return Exploration(RESTART_SAFE, **found)

    def free_way(self, first: State) -> Iterator[State]:
        seen: set[int] = set()
        state: State | None = first
        while state is not None and id(state) not in seen:
            seen.add(id(state))
            yield state
            state = self.known(state.follower) if state.follower is not None else None

    def not_repeatable(self, worst: Violation | None) -> tuple[str, Tree, Tree] | None:
        """Whether the job does something else each time, so that nothing can be said of it; if so, what.

        A file that differs from run to run is no harm as long as the result does not.
        """
        if worst is not None and worst.failure in ("held", "failed", "never finishes"):
            return None
        if worst is None and self.expected is not None and not self.exhausted:
            return None  # what came home is known to be right
        bounds = Bounds(executions=2) if self.exhausted else self.bounds
        fresh = _Explorer(self.job, self.executor, self.profile, None, bounds)
        fresh.streams_count = self.streams_count
        (one, home), (other, again) = (e.uninterrupted(e.add(None, Tree(), new=True)) for e in (self, fresh))
        if home is not None and again is not None and self.relevant(home) == self.relevant(again):
            return None
        for before, after in zip(one.way(), other.way()):
            trees = self.identity(before.run.sandbox), self.identity(after.run.sandbox)
            if trees[0] != trees[1]:
                return f"execution {before.execution}", *trees
        return None


def _shape(grown: tuple) -> tuple:
    return tuple((path, re.sub(rb"\d+", b"0", text)) for path, text in grown)
