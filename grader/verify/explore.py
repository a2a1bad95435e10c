"""Every schedule: the graph of the states that a job can be in, and a verdict on it.

A job is a function of its arguments and its sandbox. So its future depends only on (sandbox, spool), and the endless
set of schedules folds into a finite graph. Walk this graph with the fewest faults first, execute the program once for
each new sandbox, and every schedule of any length has been tried. The graph grows with the number of checkpoints, not
with its square: after a restart in place only the sandbox matters, and elsewhere only the spool. step.py decides what
happens to the job.
"""

from __future__ import annotations

import heapq
import itertools
import math
import operator
import random
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import compress
from typing import Any

from ..rules import transfer
from ..rules.execution import Executes, Run, Stop, Unbroken
from ..rules.job import Job
from ..rules.livelock import FUTILE, MOST_BESIDE, Livelock
from ..rules.profile import MODERN, Profile
from ..rules.schedule import Fault, Schedule, render
from ..rules.simulation import execute, soft_stop
from ..rules.step import (
    Ended,
    Event,
    Exited,
    FaultHappened,
    Held,
    Hold,
    Kind,
    Matched,
    Reactivated,
    Saved,
    Situation,
    Status,
    Transferred,
    as_never_held,
    is_checkpoint,
    is_success,
    policies_see,
    step,
    submitted,
)
from ..tree import File, Tree
from .in_place import Interval
from .liveness import FinishedGraph
from .observer import Observer
from .packed import without_times
from .states import Key, Length, State
from .verdicts import Unknown, Unsafe, Verdict

RESTART_SAFE, CONSISTENT, UNSAFE, UNKNOWN, RIGHT = Verdict
MIDDLE = 2.0
"""The shortest execution, in virtual seconds, for which a soft eviction in the middle is tried."""
WORTHWHILE = 0.1
"""Once a job's executions have taken this many real seconds in all, the next ones are started in parallel: another
executor takes about as long to start."""
LOOKED_AHEAD = 8
"""The most states ahead whose executions are started in parallel."""
LATE = 10 * 24 * 3600.0 + 8 * 3600.0 + 9 * 60.0 + 10.0
"""A long but realistic wait for the next slot, in seconds; not a whole number of days, because a program may look only
at the time of day."""

SHOWN = 5
"""The most faults to name of a run with late restarts."""


@dataclass(frozen=True)
class Bounds:
    """Where exploring stops. The verdict is then `unknown`, and its reason names the bound, unless the job is already
    known to be unsafe."""

    executions: int = 1000
    states: int = 20_000
    seconds: float = math.inf
    """Real time after which nothing more is started; a running execution has its own limits. A verdict cut short by
    time depends on the machine, so set this only for a person who is waiting."""
    limits_hold: bool = True
    """Whether reaching an executor's limit counts as a hold, because the job is known to need far less; if not, the
    limit is a bound like the others."""
    late: bool = True
    """Whether a safe job that looks at the clock is run again with restarts days later, as the clock is not part of a
    state. Callers leave this out when they check the same program again."""
    archives: bool = False
    """Whether archives are compared by the files in them, without their times, which come from the real clock."""
    eviction_driven: bool = False
    """Whether a job with both ON_EXIT_OR_EVICT and a checkpoint exit code is explored, as far as possible; if not, its
    verdict is `unknown`."""
    twice: bool = True
    """Whether the run without faults is executed a second time, to see whether the job always does the same."""
    seconds_per_cpu_second: float = 0.0
    """The virtual time that a second of processor time takes, which makes times inexact; 0 if it takes none."""

    @property
    def patience(self) -> int:
        """How many more states are explored after the first failure, in search of a graver one; and how many restarts
        in a row may only append the same text before we check whether that will ever end. Lower if only a few
        executions are allowed."""
        return min(FUTILE, self.executions // 4)


def days_for_a_slot(number: int, ran: float) -> float:
    """Seconds until a job that has run for `ran` seconds, in `number` slots, gets the next slot. Irregular, and more so
    the longer the job has run: otherwise the time of a restart would reveal when the job saved, and thus what."""
    return LATE + random.Random(number).random() * (LATE + ran)


def undated(tree: Tree, one: Tree, other: Tree) -> dict[str, object]:
    """Path → the entry there. Of a file that is not the same in `one` and `other`, only the lines whose numbers are those
    of equal lines in both; and how many lines it has, if both have equally many."""

    def lines(each: Tree) -> list[bytes]:
        entry = each.get(path)
        return entry.content.split(b"\n") if isinstance(entry, File) else []

    found: dict[str, object] = dict(tree.items())
    for path in tree:
        if one.get(path) != other.get(path):
            ones, others = lines(one), lines(other)
            kept = list(compress(lines(tree), map(operator.eq, ones, others)))
            found[path] = kept, len(lines(tree)) if len(ones) == len(others) else None
    return found


def is_mostly_there(undated: object) -> bool:
    """Whether an entry of undated() is a file with content that is the same in both, or with most of its lines."""
    if isinstance(undated, tuple) and not isinstance(undated, File):
        kept, number = undated
        return 2 * sum(map(bool, kept)) > (number or math.inf)
    return isinstance(undated, File) and bool(undated.content)


class Exhausted(Exception):
    """A bound is reached. `what` is the bound's number, or the text of an executor's limit."""

    def __init__(self, bound: Unknown, what: float | str):
        super().__init__(bound.sentence(what))
        self.bound = bound


@dataclass(frozen=True)
class Violation:
    """Where an unsafe job goes wrong: the failure, the state and what was expected there."""

    failure: Unsafe
    state: State
    expected: Tree | None = None
    got: Tree | None = None
    seconds: float = 0.0
    """For lost progress: the virtual seconds of committed work that a restart throws away; 0 if executions take no
    virtual time."""
    in_place: tuple[Interval, ...] = ()
    """For lost progress without an eviction: the executions that repeated work."""


@dataclass(frozen=True)
class Exploration:
    """The result of walking the graph."""

    verdict: Verdict
    failure: str | None = None
    """If unsafe, an Unsafe; if unknown, the reason in words (as a value: `unknown`)."""
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
    """The output that others are compared with: what the run without faults returned, unless `known`."""
    twice: bool = False
    """Whether a second run of the job did the same as the first."""
    difference: tuple[str, Tree, Tree] | None = None
    """If two runs of the job differ: where, and the files of each."""
    unknown: Unknown | None = None
    exhausted: Unknown | None = None
    """The bound that was reached, so that not everything was tried."""
    waiting: tuple[Schedule, ...] = ()
    """In that case: the schedules that lead to starts that were not tried, the shortest first."""
    known: bool = False
    """Whether the reference was given, and is not the output of a run."""
    unbroken: bool = False
    """Whether the job's output was compared with that of a run that never restarts."""
    seconds_per_cpu_second: float = 0.0
    """As in Bounds."""
    first: State | None = field(default=None, repr=False)
    unfinished: State | None = field(default=None, repr=False)
    """The last execution of the run without faults, if a bound was reached before that run ended."""

    @property
    def root(self) -> State:
        """The first start of a job that was explored."""
        assert self.first is not None, f"{self.verdict}: the job was not explored"
        return self.first


def unknown(why: Unknown, what: object = "", exploration: Exploration = Exploration(UNKNOWN)) -> Exploration:
    """The verdict on a job that can't be judged. `exploration`: what is known about it nevertheless."""
    return replace(exploration, verdict=UNKNOWN, failure=why.sentence(what), unknown=why)


def explore(
    job: Job,
    executor: Executes,
    profile: Profile = MODERN,
    expected: Tree | None = None,
    bounds: Bounds = Bounds(),
    observer: Observer | None = None,
) -> Exploration:
    """Try every schedule on a job. `observer` sees the progress, and may stop it.

    `expected` is the right output, if known (other files may be returned as well); if not, all output is compared with
    that of the run without faults. Ends within the bounds, whatever the job does.
    """
    explorer = _Explorer(as_never_held(job), executor, profile, expected, bounds, observer or Observer())
    explorer.observer.until = explorer.until
    exploration = explorer.explore()
    if job.periodic_release and exploration.failure == Unsafe.HELD:
        return unknown(Unknown.RELEASED, exploration=exploration)
    return exploration


class _Explorer:
    def __init__(
        self, job: Job, executor: Executes, profile: Profile, expected: Tree | None, bounds: Bounds, observer: Observer
    ):
        self.job, self.executor, self.profile, self.bounds, self.observer = job, executor, profile, bounds, observer
        self.until = time.monotonic() + bounds.seconds
        self.expected = expected
        self.streams_count = False
        self.soft = False
        """Whether soft evictions are tried, which send files in eviction-driven mode (R7), and otherwise nothing."""
        self.states: dict[Key, State] = {}
        """Key → the state that stands for all states with this key."""
        self.places: dict[tuple[object, ...], list[State]] = {}
        """The states that were expanded, by their place: what the program depends on."""
        self.sent: set[str] = set()
        """All top-level names that checkpoints have sent to the spool."""
        self.runs: dict[tuple[object, ...], Run] = {}
        self.begun: dict[tuple[object, ...], tuple[Situation, Future[Run] | Run]] = {}
        """Executions that will be needed, and were started in other threads."""
        self.repeated: list[tuple[Situation, Future[Run] | Run]] = []
        """Executions of the run without faults that were started a second time, in other threads."""
        self.foreseen: list[Situation] = []
        """The starts of the run without faults, if it does the same as an earlier one."""
        self.waited = 0.0
        """Real seconds spent waiting for executions."""
        self.done: list[tuple[Situation, Run]] = []
        self.queue: list[tuple[Length, int, State]] = []
        self.serial = itertools.count()
        self.schedules = 0
        self.violations: dict[Unsafe, Violation] = {}
        self.exhausted: Exhausted | None = None
        self.unfinished: State | None = None
        self.patience = 0
        self.twice = False
        self.livelock = Livelock(job, self.run, bounds.executions, bounds.patience)
        # Cached, as many states share a directory.
        self.identity = cache(self.telling)
        self.slots_known = cache(lambda sandbox: executor.slots_named_in(transfer.without_streams(sandbox)))

    def explore(self) -> Exploration:
        if not self.job.on_exit_or_evict:
            return self.explore_all()
        if not (self.job.self_checkpointing and self.bounds.eviction_driven):
            return unknown(Unknown.EVICTION_DRIVEN)
        hard = self.explore_all()
        if hard.verdict != RESTART_SAFE:
            return hard
        soft = self.again(soft=True).explore_all()
        if soft.verdict != RESTART_SAFE:
            return soft
        return replace(soft, verdict=UNKNOWN, failure=Unknown.SOFT_EVICTIONS.sentence(), unknown=Unknown.SOFT_EVICTIONS)

    def again(self, **changes: object) -> _Explorer:
        """A new explorer for the same job, with these attributes changed."""
        other = _Explorer(self.job, self.executor, self.profile, self.expected, self.bounds, self.observer)
        vars(other).update(until=self.until, waited=self.waited, streams_count=self.streams_count, **changes)
        return other

    def explore_all(self) -> Exploration:
        first = self.first
        reference = self.reference(first)
        self.enter(first)
        try:
            if not self.exhausted:
                self.walk(reference)
        except Exhausted as bound:
            self.exhausted = bound
        self.look_back()
        try:
            return self.judge(first, reference)
        except Exhausted as bound:
            self.exhausted = bound
            return self.judge(first, reference)

    # -- walking ---------------------------------------------------------------

    def walk(self, reference: Tree | None) -> None:
        """Expand all states, up to the first wrong output: nothing is graver, and its schedule is the shortest."""
        while self.queue and Unsafe.WRONG_OUTPUT not in self.violations:
            if self.patience and len(self.states) > self.patience:
                break
            self.stay_within_bounds()
            for *_, ahead in heapq.nsmallest(LOOKED_AHEAD, self.queue):
                self.begin(ahead.now)
            state = heapq.heappop(self.queue)[-1]
            if self.states[state.key] is state:
                self.expand(state, reference)

    def stay_within_bounds(self) -> None:
        self.observer.states = len(self.states)
        if self.observer.stopped:
            raise Exhausted(Unknown.INTERRUPTED, "")
        if len(self.states) > self.bounds.states:
            raise Exhausted(Unknown.STATES, self.bounds.states)
        if time.monotonic() > self.until:
            raise Exhausted(Unknown.SECONDS, self.bounds.seconds)

    def stay_within_limits(self, run: Run) -> None:
        if run.left is None and not run.over:
            raise Exhausted(Unknown.LEFT_UNSEEN, "")
        if run.over and not self.bounds.limits_hold:
            raise Exhausted(Unknown.LIMIT_OF_TIME if run.out_of_time else Unknown.LIMIT, run.over)

    def expand(self, state: State, reference: Tree | None) -> None:
        """Execute the program in this state, and enter all states that can follow. Raises Exhausted."""
        now, run = state.now, self.run(state.now, state.schedule)
        state.run = run
        self.stay_within_limits(run)
        evict, upload_fails, requeue = (Fault(kind, now.execution) for kind in ("evict", "upload-fails", "requeue"))
        if state.before and state.before.unsent is state and (other := self.stood_for(state)):
            self.states[state.key] = other  # an eviction leads to the same state as one from the state before
            return
        if state.livelock.endless(now):
            state.endless = True
            self.violate(Unsafe.NEVER_FINISHES, state)
            return
        exited = self.step(now, Exited(run))
        then = state.then = self.step(exited, Transferred())
        self.places.setdefault(state.key[0], []).append(state)
        self.follow(state, self.start(self.step(now, FaultHappened(evict, run, run.seconds))), evict)
        if self.soft:
            self.vacate(state)
        if after := self.resumed(then):
            state.follower = self.follow(state, after)
        if is_checkpoint(self.job, run):  # if the network fails, even a missing file goes unnoticed
            state.unsent = self.follow(
                state, self.restart(self.step(exited, FaultHappened(upload_fails))), upload_fails
            )
        if then.kind == Kind.CHECKPOINT:
            assert isinstance(then.next, Saved), "a checkpoint that is no hold is saved"
            self.sent.update(then.next.sent.top())
            moved = self.start(self.step(then, FaultHappened(requeue)))
            state.elsewhere = (
                self.follow(state, moved, requeue)
                if self.profile.may_requeue
                else self.known(self.successor(state, moved))
            )
        self.find_fault(state, then, reference)

    def vacate(self, state: State) -> None:
        """R7: evict softly in the middle of an execution, and at its last moment. An execution that takes no virtual
        time has no moment at which a signal could reach it. Raises Exhausted."""
        now, whole = state.now, state.ran
        moments = (round(whole.seconds / 2), None) if whole.seconds >= MIDDLE else (None,) if whole.seconds else ()
        for seconds in moments:
            fault = Fault("vacate", now.execution, seconds)
            cut = self.execute(now, state.schedule, stop=soft_stop(self.job, self.profile, seconds, whole))
            struck = self.step(now, FaultHappened(fault, cut, cut.seconds))
            if isinstance(struck.next, Held):
                schedule = (*state.schedule, fault)
                self.violate(Unsafe.HELD, replace(state, run=cut, then=struck, schedule=schedule))
            else:
                self.follow(state, self.start(struck), fault)

    def find_fault(self, state: State, then: Situation, reference: Tree | None) -> None:
        """Judge the result of an execution. Raises Exhausted if it is not simulated."""
        if isinstance(then.next, Held) and then.next.code == Hold.LIMIT and not state.ran.over:
            raise Exhausted(Unknown.NOT_SIMULATED, then.next.reason)
        if isinstance(then.next, Held):
            self.violate(Unsafe.HELD, state)
        elif then.kind == Kind.NEVER_FINISHES:
            state.endless = True
            self.violate(Unsafe.NEVER_FINISHES, state)
        elif then.kind in (Kind.ENDED, Kind.REMOVED):
            returned_files = then.end.returned_files
            if then.kind == Kind.REMOVED or not is_success(self.job, then.end.exit):
                self.violate(Unsafe.FAILED, state, reference, returned_files)
            elif reference is not None and not self.same(reference, returned_files):
                self.violate(Unsafe.WRONG_OUTPUT, state, reference, returned_files)
        elif state.follower and state.follower.expanded and state.follower.livelock is state.livelock:
            self.lose_patience()  # it comes back to where it was, with no fault since

    # -- steps -----------------------------------------------------------------

    def step(self, now: Situation, event: Event) -> Situation:
        return step(self.job, self.profile, now, event)

    def start(self, idle: Situation, after: float = 0.0) -> Situation:
        """Start in a new sandbox, in a slot that no file there names: all such slots are equivalent."""
        now = self.step(idle, Matched(after=after))
        known = self.slots_known(now.directory)
        return now._replace(slot=min(set(range(len(known) + 1)) - known)) if known else now

    def restart(self, claimed: Situation) -> Situation:
        """Restart in place. If no file there names a slot, and no process was left running, slot 0 stands for any."""
        now = self.step(claimed, Reactivated())
        return now if now.slot == 0 or now.beside or self.slots_known(now.directory) else now._replace(slot=0)

    def resumed(self, then: Situation) -> Situation | None:
        """The start that follows an execution without a fault; None at an end."""
        if then.status is Status.CLAIMED:
            return self.restart(then)
        return self.start(then) if then.kind == Kind.RETRIED else None

    def run(self, now: Situation, schedule: Schedule = (), trace: bool = False) -> Run:
        """Execute the program, once for each sandbox; `schedule` leads there. Raises Exhausted; the first execution is
        always allowed."""
        if trace:
            return self.execute(now, trace=True)
        if len(now.beside) > MOST_BESIDE:
            raise Exhausted(Unknown.LEFT_RUNNING, MOST_BESIDE)
        key = self.start_key(now)
        if key not in self.runs:
            if len(self.runs) >= self.bounds.executions:
                raise Exhausted(Unknown.EXECUTIONS, self.bounds.executions)
            if self.runs:
                self.stay_within_bounds()
            self.runs[key] = self.execute(now, schedule)
            self.done.append((now, self.runs[key]))
        return self.runs[key]

    def execute(self, now: Situation, schedule: Schedule = (), stop: Stop | None = None, trace: bool = False) -> Run:
        """Execute the program, even if its result is known. Raises Exhausted if the observer was stopped."""
        began = time.monotonic()
        try:
            with self.observer.execution_of(schedule, now.execution):
                run = None if stop or trace else self.under_way(now)
                if run is None:
                    run = execute(self.executor, self.job, now, stop, trace)
        except KeyboardInterrupt:
            if self.observer.stopped:
                raise Exhausted(Unknown.INTERRUPTED, "") from None
            raise
        self.waited += time.monotonic() - began
        self.observer.executions += 1
        return run

    def under_way(self, now: Situation) -> Run | None:
        """Wait for the execution that was started ahead for this situation; None if there is none. It counts only if it
        has the same start time and the same file times: otherwise, results would depend on which executions are started
        ahead."""
        before, run = self.begun.pop(self.start_key(now), (None, None))
        if before is None or (before.time, before.directory.times) != (now.time, now.directory.times):
            return None
        return run.result() if isinstance(run, Future) else run

    def begin(self, now: Situation) -> None:
        """Start an execution that will be needed, if it is worthwhile and another executor is free."""
        if (ahead := self.ahead) is None or len(self.runs) + len(self.begun) >= self.bounds.executions:
            return
        key = self.start_key(now)
        if key not in self.runs and key not in self.begun:
            self.begun[key] = now, execute(ahead, self.job, now)

    @property
    def ahead(self) -> Any:
        """An executor whose run() returns a Future at once; None if all are busy, or it isn't worthwhile."""
        return getattr(self.executor, "ahead", None) if self.waited > WORTHWHILE else None

    def begin_beside(self, now: Situation, run: Run, then: Situation, after: Situation | None) -> None:
        """Start what will be needed later, while the run without faults goes on from `now` to `after`: the run that never
        restarts, the execution that follows the last checkpoint in a new sandbox, and the last execution once more."""
        first, unbroken = self.first, Unbroken()
        if then.kind == Kind.CHECKPOINT and unbroken not in first.unbroken and (ahead := self.ahead):
            first.unbroken[unbroken] = ahead.run(
                self.job, first.now.directory, slot=first.now.slot, clock=first.now.time, unbroken=unbroken
            )
        if then.kind == Kind.CHECKPOINT and self.profile.may_requeue:
            elsewhere = self.step(then, FaultHappened(Fault("requeue", now.execution)))
        else:
            elsewhere = self.step(now, FaultHappened(Fault("evict", now.execution), run, run.seconds))
        new = self.start(elsewhere)
        if after is None or self.start_key(new) != self.start_key(after):
            self.begin(new)
        if self.bounds.twice and (ahead := self.ahead):
            with self.executor.afresh():
                self.repeated.append((now, execute(ahead, self.job, now)))

    # -- states ----------------------------------------------------------------

    @cached_property
    def first(self) -> State:
        now = self.start(submitted(self.job))
        return State(now, self.livelock.afresh(), key=self.key(now))

    def successor(self, before: State, now: Situation, fault: Fault | None = None) -> State:
        """The state that follows another one, after a fault or without one."""
        livelock = before.livelock.afresh() if fault else before.livelock
        state = State(now, livelock, before, before.schedule + ((fault,) if fault else ()), self.key(now))
        if now.retries < before.now.retries and not now.ad:
            self.skip_laps(state)
        self.schedules += fault is not None
        return state

    def follow(self, before: State, now: Situation, fault: Fault | None = None) -> State:
        """Enter the state that follows `before`, and return the state that stands for it."""
        state = self.successor(before, now, fault)
        self.enter(state)
        return self.known(state)

    def enter(self, state: State) -> None:
        """Queue a state to be expanded, unless one with the same key has been expanded or was reached by as short a
        way."""
        known = self.states.get(state.key)
        if known is None or (not known.expanded and state.length() < known.length()):
            self.states[state.key] = state
            heapq.heappush(self.queue, (state.length(), next(self.serial), state))

    def known(self, state: State) -> State:
        return self.states.get(state.key, state)

    def key(self, now: Situation) -> Key:
        """(place, spool). Only the place matters as long as the job restarts in place."""
        place = *self.start_key(now), now.retries, policies_see(self.job, now), self.identity(now.catalog)
        return place, self.identity(now.spool)

    def start_key(self, now: Situation) -> tuple[object, ...]:
        """What an execution depends on: the files in the sandbox, the slot, and the processes still running there,
        which are identified by how they were started."""
        beside = (self.identity(now.beside[0].sandbox), len(now.beside)) if now.beside else ()
        full = transfer.not_transferred(self.job, now.directory, now.activation_spool) is not None
        return self.identity(now.directory), now.slot, beside, full, transfer.unopened(self.job, now.directory)

    def skip_laps(self, state: State) -> None:
        """Skip retries that repeat an earlier one: if a retry starts in the same way as an earlier one, with no fault
        since, the next retries do so as well, up to the last that max_retries allows, and pass through the same
        states."""
        earlier, (place, spool) = state.before, state.key
        while earlier is not None and earlier.schedule == state.schedule:
            if earlier.key[0][:3] == place[:3] and earlier.key[1] == spool:
                each = earlier.now.retries - state.now.retries
                laps = int(state.now.retries // each)
                state.now = state.now._replace(
                    retries=state.now.retries - laps * each,
                    execution=state.now.execution + laps * (state.now.execution - earlier.now.execution),
                    time=state.now.time + laps * (state.now.time - earlier.now.time),
                )
                state.key = self.key(state.now)
                return
            earlier = earlier.before

    def stood_for(self, state: State) -> State | None:
        """An expanded state that differs from this one only in parts of the spool that are replaced before any rule
        looks at them. So the graph grows with the number of sandboxes plus the number of spools, not their product."""
        if self.soft:
            return None  # a soft eviction adds files to the spool, and keeps the others there
        place, spool = state.key
        for other in self.places.get(place, ()):
            replaced = self.replaced(other)
            if spool.without(replaced) == other.key[1].without(replaced):
                return other
        return None

    def replaced(self, state: State) -> frozenset[str]:
        """The names in the spool that are replaced by every checkpoint from here on, as long as the job restarts in
        place (R4e): all names if it ends without a checkpoint, no names while that is unknown or if the job moves by
        itself (max_retries)."""
        chain: dict[State, None] = {}
        here: State | None = state
        names: frozenset[str] | None = None
        while here and (names := here.replaced) is None:
            if here.then is None or here in chain:
                return frozenset()
            chain[here] = None
            after = here.follower or here.unsent
            here = after and self.known(after)
        names = frozenset(self.sent) if names is None else names
        for link in reversed(chain):
            if link.then and link.then.kind == Kind.RETRIED:
                names = frozenset()
            elif isinstance(link.next, Saved):
                names = names.intersection(link.next.sent.top())
            link.replaced = names
        return names

    def telling(self, tree: Tree) -> Tree:
        """The part of a directory that tells states apart. What was printed counts only if it is part of the result,
        and then without the names of execution points."""
        if not self.streams_count:
            return self.timeless(transfer.seen_by(self.job, tree))
        return self.anonymous(tree)

    def timeless(self, tree: Tree) -> Tree:
        return without_times(tree) if self.bounds.archives else tree

    def anonymous(self, tree: Tree) -> Tree:
        """A directory in which all execution points have the same name."""
        tree, mark = self.timeless(tree), self.executor.mark
        if not self.executor.slots_named_in(tree):
            return tree
        renamed = {
            path: entry._replace(content=mark.sub(b"", entry.content)) if isinstance(entry, File) else entry
            for path, entry in tree.items()
        }
        return Tree(renamed)

    # -- judging ---------------------------------------------------------------

    def reference(self, first: State) -> Tree | None:
        """The output to compare others with: as given, or what the run without faults returns; None if that does not
        end well."""
        if self.expected is not None:
            if any(name in self.expected for name in (self.job.output, self.job.error)):
                self.count_streams(first)
            return self.expected
        returned_files = self.uninterrupted[1]
        if returned_files is None:
            return None
        # A job that returns no other file prints its result.
        if not self.without_logs(returned_files):
            self.count_streams(first)
        return self.relevant(returned_files)

    def count_streams(self, first: State) -> None:
        """From now on, tell states apart by what was printed, too."""
        self.streams_count = True
        self.identity.cache_clear()
        first.key = self.key(first.now)
        self.runs = {self.start_key(now): run for now, run in self.done}

    @cached_property
    def uninterrupted(self) -> tuple[State, Tree | None]:
        """The run without faults: its last executed state, and what it returns if it ends well."""
        state, livelock = self.first, self.livelock.afresh()
        while True:
            try:
                for now in self.foreseen[state.now.execution : state.now.execution + LOOKED_AHEAD]:
                    self.begin(now)
                run = state.run = self.run(state.now)
                self.stay_within_limits(run)
                if livelock.endless(state.now):
                    return state, None
            except Exhausted as bound:
                self.exhausted = bound
                executed = state if state.run else state.before
                assert executed, "the first execution is always allowed"
                self.unfinished = executed
                return executed, None
            then = self.step(self.step(state.now, Exited(run)), Transferred())
            after = self.resumed(then)
            if not self.foreseen:  # a repeated run is not followed by a walk
                self.begin_beside(state.now, run, then, after)
            if after is None:
                return state, self.brought_home(then)
            state = self.successor(state, after)

    def brought_home(self, then: Situation) -> Tree | None:
        """What a job returned, if it ended well."""
        good = then.kind == Kind.ENDED and is_success(self.job, then.end.exit)
        return then.end.returned_files if good else None

    def without_logs(self, returned_files: Tree) -> Tree:
        logs = self.job.output, self.job.error
        return Tree({path: file for path, file in returned_files.regular().items() if path not in logs})

    def relevant(self, returned_files: Tree) -> Tree:
        return self.anonymous(returned_files if self.streams_count else self.without_logs(returned_files))

    def same(self, reference: Tree, returned_files: Tree) -> bool:
        if self.expected is not None:
            returned_files = self.timeless(returned_files)
            return all(returned_files.get(path) == entry for path, entry in self.timeless(reference).items())
        return self.relevant(returned_files) == reference

    def violate(
        self, failure: Unsafe, state: State, expected: Tree | None = None, got: Tree | None = None, seconds: float = 0.0
    ) -> None:
        self.lose_patience()
        self.violations.setdefault(failure, Violation(failure, state, expected, got, seconds))

    def lose_patience(self) -> None:
        """The job is unsafe: go on looking for a graver failure only for a while."""
        self.patience = self.patience or len(self.states) + self.bounds.patience

    def look_back(self) -> None:
        """Add the failures that only the whole graph shows."""
        seen = FinishedGraph(self.shortest_first(), self.known, self.profile, self.bounds.seconds_per_cpu_second)
        for state in seen.never_finishing():
            self.violate(Unsafe.NEVER_FINISHES, state)
        for state, seconds in seen.losing_progress():
            self.violate(Unsafe.LOST_PROGRESS, state, seconds=seconds)

    def judge(self, first: State, reference: Tree | None) -> Exploration:
        free = list(self.free_way(first))
        executed, ended = [state for state in free if state.then], isinstance(free[-1].next, Ended)
        exploration = Exploration(
            UNKNOWN,
            states=len(self.states),
            executions=len(self.runs),
            schedules=self.schedules,
            checkpoints=sum(isinstance(s.next, Saved) for s in free),
            seconds=sum(s.run.seconds for s in free if s.run) if ended else None,
            reference=reference,
            known=self.expected is not None,
            first=first,
            unfinished=self.unfinished or (executed[-1] if executed and self.exhausted and not ended else None),
            exhausted=self.exhausted.bound if self.exhausted else None,
            waiting=tuple(s.schedule for s in self.shortest_first() if not s.expanded) if self.exhausted else (),
            seconds_per_cpu_second=self.bounds.seconds_per_cpu_second,
        )
        worst = next((self.violations[f] for f in Unsafe if f in self.violations), None)
        if again := self.not_repeatable(worst):
            return unknown(Unknown.NON_DETERMINISTIC, exploration=replace(exploration, difference=again))
        if worst:
            schedule = worst.state.schedule
            return replace(
                exploration, verdict=UNSAFE, failure=worst.failure, violation=worst, schedule=schedule, twice=self.twice
            )
        if self.exhausted:
            return replace(exploration, failure=str(self.exhausted), unknown=self.exhausted.bound)
        if not any(isinstance(s.next, Saved) for s in self.states.values()):
            return unknown(Unknown.NEVER_SAVED, exploration=exploration)
        looked = any(run.looked for run in self.runs.values())
        if self.bounds.late and reference is not None and looked and (late := self.differs_late(first, reference)):
            schedule, right, got = late
            shown = render(schedule[:SHOWN]) + (" ..." if len(schedule) > SHOWN else "")
            difference = "the job restarted days later", right, got
            return unknown(Unknown.GOES_BY_TIME, shown, replace(exploration, schedule=schedule, difference=difference))
        return replace(exploration, verdict=RESTART_SAFE)

    def shortest_first(self) -> list[State]:
        return sorted(self.states.values(), key=State.length)

    def free_way(self, first: State) -> Iterator[State]:
        seen: set[State] = set()
        state: State | None = first
        while state is not None and state not in seen:
            seen.add(state)
            yield state
            state = state.follower and self.known(state.follower)

    def not_repeatable(self, worst: Violation | None) -> tuple[str, Tree, Tree] | None:
        """How two runs of the job differ, as in Exploration.difference, so that it can't be judged; None if they do
        not, or if that does not matter.

        Files may differ from run to run as long as the result does not.
        """
        if worst is not None and worst.failure in (Unsafe.HELD, Unsafe.FAILED, Unsafe.NEVER_FINISHES):
            return None
        if worst is None and self.exhausted and self.exhausted.bound in (Unknown.LIMIT, Unknown.LIMIT_OF_TIME):
            return None
        if worst is None and self.expected is not None and not self.exhausted:
            return None  # the output is known to be right
        if time.monotonic() > self.until or self.observer.stopped or not self.bounds.twice:
            return None
        bounds = replace(self.bounds, executions=3) if self.exhausted else self.bounds
        fresh = self.again(expected=None, bounds=bounds)
        one, returned_files = self.uninterrupted
        fresh.begun = {fresh.start_key(now): (now, run) for now, run in self.repeated}
        with self.executor.afresh():
            fresh.foreseen = [state.now for state in one.way()]
            other, again = fresh.uninterrupted
        if self.observer.stopped:
            raise Exhausted(Unknown.INTERRUPTED, "")
        if returned_files is not None and again is not None and self.relevant(returned_files) == self.relevant(again):
            self.twice = True
            return None
        for before, after in zip(one.way(), other.way()):
            trees = self.identity(before.ran.sandbox), self.identity(after.ran.sandbox)
            if trees[0] != trees[1]:
                return f"execution {before.now.execution} done twice", *trees
        self.twice = True
        return None

    def differs_late(self, first: State, reference: Tree) -> tuple[Schedule, Tree, Tree] | None:
        """Run the job once more with every restart elsewhere and days later, as the clock is not part of a state. If
        its output differs from the reference: the schedule of that run, and both outputs. Unless the right output was
        given, lines that also differ if only the first start is days later do not count, as they may just say when they
        were written; but most lines of a file must be left."""
        schedule, late = self.all_elsewhere(first.now.time, waits=True)
        if late is None or self.same(reference, late):
            return None
        if self.expected is not None:  # other files may be returned as well
            return schedule, reference, Tree({path: late[path] for path in reference if path in late})
        _, begun_late = self.all_elsewhere(first.now.time + LATE, waits=False)
        if begun_late is None:
            return None
        late, begun_late = self.relevant(late), self.relevant(begun_late)
        right, got = undated(reference, reference, begun_late), undated(late, reference, begun_late)
        differing = {path for path in {*right, *got} if right.get(path) != got.get(path)}
        if not any(map(is_mostly_there, right.values())):
            differing |= {*right}
        one, other = (Tree({path: tree[path] for path in differing if path in tree}) for tree in (reference, late))
        return (schedule, one, other) if differing else None

    def all_elsewhere(self, clock: float, waits: bool) -> tuple[Schedule, Tree | None]:
        """The run with every restart elsewhere, and days later if it `waits`: its schedule and what it returns, which
        is empty if it does not end well, and None if time runs out."""
        now, wait, ran = submitted(self.job)._replace(time=clock), 0.0, 0.0
        schedule: Schedule = ()
        for number in range(1, 2 * len(self.states) + 1):
            if time.monotonic() > self.until:
                return schedule, None
            now = self.start(now, wait)
            run = self.execute(now, schedule)
            now = self.step(self.step(now, Exited(run)), Transferred())
            if now.kind != Kind.CHECKPOINT:
                return schedule, self.brought_home(now) or Tree()
            requeue = Fault("requeue", number)
            now = self.step(now, FaultHappened(requeue))
            ran += run.seconds
            wait = days_for_a_slot(number, ran) if waits else 0.0
            schedule = (*schedule, requeue if self.profile.may_requeue else Fault("evict", 2 * number))
        return schedule, Tree()
