"""Every schedule: the graph of the states that a job can be in, and a verdict on it.

A job is a function of its arguments and its sandbox. So what can become of it depends only on
(sandbox, spool), and the endless set of schedules folds into a finite graph: walk it with the
fewest faults first, execute the program once for each new sandbox, and every schedule, of any
length, has been tried. pool.py tells the story of one schedule; nothing is decided twice.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from . import transfer
from .execution import EPOCH, Executes, Run
from .futility import FUTILE, SIMILAR, certain, goes_on, growth, looks_back, shape
from .hindsight import Hindsight
from .job import Job
from .pool import CHECKPOINT_HOLD, Ended, Held, NotSaved, Saved, at_exit, execute
from .profile import MODERN, Profile
from .schedule import Fault, Schedule, render
from .states import State
from .tree import File, Tree

RESTART_SAFE, UNSAFE, UNKNOWN = "restart-safe", "unsafe", "unknown"
FAILURES = ("wrong output", "held", "failed", "never finishes", "lost progress")
"""What makes a job unsafe, the gravest first: of several, the first is reported."""

LATE = 10 * 24 * 3600.0
"""Seconds that a job may well wait for its next slot."""

SHOWN = 5
"""Faults of such a run that are named."""



@dataclass(frozen=True)
class Bounds:
    """Where exploring stops. The verdict is `unknown` then, and its reason names the bound, unless the job has
    already been found unsafe."""

    executions: int = 1000
    states: int = 20_000
    seconds: float = 30.0
    """Of real time, after which nothing more is begun; the execution that is under way has limits of its own."""
    limits_hold: bool = True
    """Whether the job is held that an executor's limits end an execution of, as who asks knows that far less is
    enough; else such a limit is a bound like the others."""
    late: bool = True
    """Whether a job that looks at the clock, and is safe, is restarted days later as well, as the clock is no part of a
    state. Who asks about the same program again knows."""
    twice: bool = True
    """Whether an unsafe job is executed again, to see whether it always does the same."""

    @property
    def patience(self) -> int:
        """States still looked at, for something graver, after the first failure; and restarts in a row that only
        append the same text, after which it is asked whether that will ever end. Less, where far fewer executions
        are known to be enough."""
        return min(FUTILE, self.executions // 4)


class Exhausted(Exception):
    """A bound is reached; the text says which, and `bound` is its name in Bounds."""

    def __init__(self, text: str, bound: str):
        super().__init__(text)
        self.bound = bound

    @classmethod
    def after(cls, number: float, unit: str, bound: str) -> Exhausted:
        """So many of something were not enough."""
        return cls(f"{number:g} {unit}{' was' if number == 1 else 's were'} not enough", bound)


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
    twice: bool = False
    """Whether executing it again was seen to do the same."""
    difference: tuple[str, Tree, Tree] | None = None
    """Of a job that does not always do the same: when it does not, and what it does once and again."""
    exhausted: str = ""
    """The one of Bounds that was reached, so that not everything was tried; "" if none was."""
    known: bool = False
    """Whether the reference was known beforehand, and is not what a run brought home."""
    first: State | None = field(default=None, repr=False)


def explore(job: Job, executor: Executes, profile: Profile = MODERN, expected: Tree | None = None,
            bounds: Bounds = Bounds()) -> Exploration:
    """Try every schedule on a job.

    `expected` is what has to come home in the end, if that is known (other files may come as
    well); else the run that is never interrupted is the measure. Ends within the bounds, whatever the job does.
    """
    return _Explorer(job, executor, profile, expected, bounds).explore()


class _Explorer:
    def __init__(self, job: Job, executor: Executes, profile: Profile, expected: Tree | None, bounds: Bounds):
        self.job, self.executor, self.profile, self.bounds = job, executor, profile, bounds
        self.until = time.monotonic() + bounds.seconds
        self.expected = expected
        self.streams_count = False
        self.states: dict[tuple, State] = {}
        self.runs: dict[tuple, Run] = {}
        self.done: list[tuple[Tree, int, Run]] = []
        self.queue: list[tuple] = []
        self.serial = itertools.count()
        self.schedules = 0
        self.violations: dict[str, Violation] = {}
        self.exhausted: Exhausted | None = None
        self.patience = 0
        self.twice = False
        self.looked_at: set[tuple[str, ...]] = set()
        """Files that the program appends to and looks at."""
        # There are many more states than directories.
        self.new_sandbox = cache(self.new_sandbox)
        self.identity = cache(self.identity)
        self.slots_known = cache(self.slots_known)

    def explore(self) -> Exploration:
        if self.job.on_exit_or_evict:
            return Exploration(UNKNOWN, "eviction-driven: what is saved depends on the very moment of an eviction")
        first = self.add(None, Tree(), new=True)
        reference = self.reference(first)
        self.enter(first)
        try:
            if not self.exhausted:
                self.walk(reference)
        except Exhausted as bound:
            self.exhausted = bound
        self.look_back()
        return self.judge(first, reference)

    # -- walking ---------------------------------------------------------------

    def walk(self, reference: Tree | None) -> None:
        """Expand all states; nothing is graver than a wrong output, and the first one is on the shortest schedule."""
        while self.queue and FAILURES[0] not in self.violations:
            if self.patience and len(self.states) > self.patience:
                break
            self.stay_within_bounds()
            self.expand(heapq.heappop(self.queue)[-1], reference)

    def stay_within_bounds(self) -> None:
        if len(self.states) > self.bounds.states:
            raise Exhausted.after(self.bounds.states, "state", "states")
        if time.monotonic() > self.until:
            raise Exhausted(f"{self.bounds.seconds:g} s of real time were not enough", "seconds")

    def stay_within_limits(self, run: Run) -> None:
        if run.over and not self.bounds.limits_hold:
            text = f"an execution used more than {run.over}, which is a limit of this simulator"
            raise Exhausted(text, "limits_hold")

    def add(self, before: State | None, spool: Tree, *, new: bool, fault: str | None = None,
            retries: int | None = None) -> State:
        """The state that follows: in place, or in a new sandbox made from the spool."""
        if new:
            sandbox = self.new_sandbox(spool)
        else:
            sandbox = before.run.sandbox
        if retries is None:
            retries = self.job.max_retries if before is None else before.retries
        state = State(sandbox, spool, self.slot(sandbox, None if new else before.slot), retries, EPOCH, moved=new,
                      came=spool if new else before.came)
        if before is not None:
            state.before, state.execution = before, before.execution + 1
            state.clock = before.clock + before.run.seconds
            state.schedule = before.schedule + ((Fault(fault, before.execution),) if fault else ())
            if not new:
                self.watch_growth(before, state)
            if state.retries < before.retries:
                self.skip_laps(state)
            self.schedules += fault is not None
        return self.states.get(self.key(state), state)

    def new_sandbox(self, spool: Tree) -> Tree:
        return transfer.with_streams(self.job, transfer.new_sandbox(self.job, spool, self.profile))

    def skip_laps(self, state: State) -> None:
        """Leave out the tries that go as an earlier one did: if one begins as an earlier one has begun, with no
        fault since, so will the next ones, until the last that max_retries allows. It goes through the same states."""
        for earlier in state.since_fault():
            if self.key(earlier)[:3] == self.key(state)[:3]:
                tries = earlier.retries - state.retries
                laps = state.retries // tries
                state.retries -= laps * tries
                state.execution += laps * (state.execution - earlier.execution)
                state.clock += laps * (state.clock - earlier.clock)
                state.key = None
                return

    def enter(self, state: State) -> None:
        """Let a state be expanded, unless it is known."""
        key = self.key(state)
        if key not in self.states:
            self.states[key] = state
            heapq.heappush(self.queue, (*state.length(), next(self.serial), state))

    def key(self, state: State) -> tuple:
        if state.key is None:
            state.key = (self.identity(state.sandbox), self.identity(state.spool), state.slot, state.retries,
                         *transfer.inputs_that_came(self.job, state.came))
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
        known = self.slots_known(sandbox)
        if not known:
            return 0
        return previous if previous is not None else min(set(range(len(known) + 1)) - known)

    def slots_known(self, sandbox: Tree) -> set[int]:
        return self.executor.slots_named_in(transfer.without_streams(sandbox))

    def watch_growth(self, before: State, state: State) -> None:
        grown = growth(before.sandbox, state.sandbox) or ()
        if grown and before.grown:
            state.alike = before.alike + 1 if grown == before.grown else 0
            state.similar = before.similar + 1 if shape(grown) == shape(before.grown) else 0
        state.grown = grown

    def futile(self, state: State) -> bool:
        """Whether restarts only append text, and will do so for ever; see futility.py."""
        if state.alike < self.bounds.patience and state.similar < SIMILAR:
            return False
        if state.similar < certain(self.bounds.executions) and self.looks_back(state):
            return False

        def run(later: Tree) -> Run:
            return self.run(replace(state, sandbox=later, key=None))

        if goes_on(self.job, state.sandbox, state.grown, run, self.bounds.patience):
            return True
        state.alike = state.similar = 0
        return False

    def looks_back(self, state: State) -> bool:
        paths = tuple(path for path, _ in state.grown)
        if paths not in self.looked_at:
            watched = execute(self.executor, self.job, state.sandbox, slot=state.slot, clock=state.clock, trace=True)
            if looks_back(watched, state.grown):
                self.looked_at.add(paths)
        return paths in self.looked_at

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
        """Execute the program, once for each sandbox. Raises Exhausted; the first execution is always allowed."""
        key = (self.identity(state.sandbox), state.slot)
        if key not in self.runs:
            if len(self.runs) >= self.bounds.executions:
                raise Exhausted.after(self.bounds.executions, "execution", "executions")
            if self.runs:
                self.stay_within_bounds()
            self.runs[key] = execute(self.executor, self.job, state.sandbox, slot=state.slot, clock=state.clock)
            self.done.append((state.sandbox, state.slot, self.runs[key]))
        return self.runs[key]

    def expand(self, state: State, reference: Tree | None) -> None:
        """Execute a state's program, and add all that can come of it. Raises Exhausted."""
        state.run = self.run(state)
        self.stay_within_limits(state.run)
        if self.futile(state) or self.goes_round(state):
            state.endless = True
            self.violate("never finishes", state)
            return
        then = state.next = at_exit(self.job, state.run, state.spool, self.profile, state.came)
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
            if any(name in self.expected for name in (self.job.output, self.job.error)):
                self.count_streams(first)
            return self.expected
        home = self.uninterrupted(first)[1]
        if home is None:
            return None
        # A job that brings nothing else gives its result on stdout.
        if not self.without_logs(home):
            self.count_streams(first)
        return self.relevant(home)

    def count_streams(self, first: State) -> None:
        """From now on, tell states apart by what was printed, too."""
        self.streams_count, first.key = True, None
        self.identity.cache_clear()
        self.runs = {(self.identity(sandbox), slot): run for sandbox, slot, run in self.done}

    def uninterrupted(self, state: State) -> tuple[State, Tree | None]:
        """The run without faults: its last state that was executed, and what it brings home if it ends well."""
        seen = set()
        while True:
            key = self.key(state)
            try:
                state.run = self.run(state)
                self.stay_within_limits(state.run)
                if key in seen or self.futile(state):
                    return state, None
            except Exhausted as bound:
                self.exhausted = bound
                return state if state.run else state.before, None
            seen.add(key)
            then = at_exit(self.job, state.run, state.spool, self.profile, state.came)
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
        self.patience = self.patience or len(self.states) + self.bounds.patience

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
            reference=reference, known=self.expected is not None, first=first,
            exhausted=self.exhausted.bound if self.exhausted else "",
        )
        worst = next((self.violations[f] for f in FAILURES if f in self.violations), None)
        if again := self.not_repeatable(worst):
            return Exploration(UNKNOWN, "non-deterministic", difference=again, **found)
        if worst:
            return Exploration(UNSAFE, worst.failure, worst, worst.state.schedule, twice=self.twice, **found)
        if self.exhausted:
            return Exploration(UNKNOWN, str(self.exhausted), **found)
        if not any(isinstance(s.next, Saved) for s in self.states.values()):
            return Exploration(UNKNOWN, "it never made a checkpoint, so no restart was exercised", **found)
        looked = any(run.looked for run in self.runs.values())
        if self.bounds.late and reference is not None and looked and (late := self.differs_late(first, reference)):
            schedule, right, got = late
            shown = render(schedule[:SHOWN]) + (" ..." if len(schedule) > SHOWN else "")
            failure = ("what comes home depends on when it is run: it is not the same if all restarts are days later, "
                       f"on the schedule {shown}")
            return Exploration(UNKNOWN, failure, schedule=schedule, **found,
                               difference=("the job restarted days later", right, got))
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
        if worst is None and self.exhausted and self.exhausted.bound == "limits_hold":
            return None
        if worst is None and self.expected is not None and not self.exhausted:
            return None  # what came home is known to be right
        if time.monotonic() > self.until or not self.bounds.twice:
            return None
        bounds = replace(self.bounds, executions=3) if self.exhausted else self.bounds
        fresh = _Explorer(self.job, self.executor, self.profile, None, bounds)
        fresh.streams_count, fresh.until = self.streams_count, self.until
        with self.executor.afresh():
            (one, home), (other, again) = (e.uninterrupted(e.add(None, Tree(), new=True)) for e in (self, fresh))
        if home is not None and again is not None and self.relevant(home) == self.relevant(again):
            self.twice = True
            return None
        for before, after in zip(one.way(), other.way()):
            trees = self.identity(before.run.sandbox), self.identity(after.run.sandbox)
            if trees[0] != trees[1]:
                return f"execution {before.execution} done twice", *trees
        self.twice = True
        return None

    def differs_late(self, first: State, reference: Tree) -> tuple[Schedule, Tree, Tree] | None:
        """The clock is no part of a state. So the job is played once more with every restart elsewhere, and days later:
        the schedule of that, what has to come home and what does, if it is something else. A file that only says when
        it was made, as it is another one too if just the beginning is days later, says nothing."""
        schedule, late = self.all_elsewhere(first.clock, LATE)
        if late is None or self.same(reference, late):
            return None
        _, begun_late = self.all_elsewhere(first.clock + LATE, 0.0)
        if begun_late is None:
            return None
        if self.expected is not None:  # other files may come as well
            late, begun_late = (Tree({path: home[path] for path in reference if path in home})
                                for home in (late, begun_late))
        else:
            late, begun_late = self.relevant(late), self.relevant(begun_late)
        dated = begun_late.changed_since(reference)
        right, got = reference.without(dated), late.without(dated)
        return (schedule, right, got) if right != got else None

    def all_elsewhere(self, clock: float, wait: float) -> tuple[Schedule, Tree | None]:
        """The run with every restart elsewhere, `wait` seconds later: its schedule, and what comes home if it ends
        well; None where there is no time for it."""
        spool, execution, schedule = Tree(), 1, ()
        for _ in range(2 * len(self.states)):
            if time.monotonic() > self.until:
                return schedule, None
            sandbox = self.new_sandbox(spool)
            run = execute(self.executor, self.job, sandbox, slot=self.slot(sandbox, None), clock=clock)
            then = at_exit(self.job, run, spool, self.profile, spool)
            if not isinstance(then, Saved):
                good = isinstance(then, Ended) and then.exit.code == self.job.success_exit_code
                return schedule, then.home if good else Tree()
            spool, clock = then.spool, clock + run.seconds + wait
            fault = Fault("requeue", execution) if self.profile.may_requeue else Fault("evict", execution + 1)
            schedule, execution = (*schedule, fault), fault.execution + 1
        return schedule, Tree()
