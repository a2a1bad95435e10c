"""What only the whole graph of states shows: jobs that never finish although no state is wrong by
itself, and checkpoints that are worthless in a new sandbox. This walks states, and executes nothing."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import replace

from ..rules.profile import Profile
from ..rules.schedule import Fault
from ..rules.step import Ended, Held, Saved
from .states import State

REPEATED = 0.1
"""The part of an execution that may be done again after a restart elsewhere (opening files, say)
before it counts as lost progress."""
REPEATED_MEASURED, REPEATED_OF_THE_REST = 0.5, 0.25
"""The same if computing takes virtual time, which varies; and the part of all remaining work."""
LEAST_MEASURED = 0.1
"""The least loss that counts in that case, in seconds of processor time."""


class FinishedGraph:
    """A finished graph: its states, shortest first, and `known`, which gives the state that stands for another."""

    def __init__(
        self,
        states: Sequence[State],
        known: Callable[[State], State],
        profile: Profile,
        seconds_per_cpu_second: float = 0.0,
    ):
        self.states, self.known, self.profile = states, known, profile
        self.seconds_per_cpu_second = seconds_per_cpu_second
        self.serial = itertools.count()
        self.remaining: dict[State, tuple[float, int] | None] = {}
        for state in states:
            self.measure(state)

    def never_finishing(self) -> Iterator[State]:
        """States that recur for ever, without a fault or (R4g) with requeues only."""
        for state in self.states:
            if state.endless:
                yield self.loop(state)
        if self.profile.may_requeue and (lap := self.lap()):
            yield lap

    def losing_progress(self) -> Iterator[tuple[State, float]]:
        """Restarts elsewhere that do committed work again, with its virtual seconds; 0 if executions take no virtual
        time."""
        for state in self.states:
            if state.elsewhere is None or state.follower is None:
                continue
            here = self.remaining.get(self.known(state.follower))
            there = self.remaining.get(self.known(state.elsewhere))
            if here and there and (lost := self.lost(state, here, there)) is not None:
                yield self.restarted_elsewhere(state, state.follower, state.elsewhere), lost

    def lost(self, state: State, here: tuple[float, int], there: tuple[float, int]) -> float | None:
        """Virtual seconds of committed work done again elsewhere; None if negligible."""
        if state.ran.seconds:
            lost, least = there[0] - here[0], REPEATED * state.ran.seconds
            if rate := self.seconds_per_cpu_second:
                least = max(
                    REPEATED_MEASURED * state.ran.seconds, REPEATED_OF_THE_REST * there[0], LEAST_MEASURED * rate
                )
            return lost if lost > least else None
        return 0.0 if there[1] > here[1] else None

    def restarted_elsewhere(self, state: State, follower: State, elsewhere: State) -> State:
        """The restart in a new sandbox from the checkpoint that this state makes, on the way that
        leads through that checkpoint; the state itself may be known from a shorter one."""
        last = state if self.profile.may_requeue else self.known(follower).reached(state)
        fault = Fault("requeue" if self.profile.may_requeue else "evict", last.now.execution)
        there = self.known(elsewhere)
        return replace(elsewhere, run=there.run, then=there.then).reached(last, fault)

    # -- without a fault -------------------------------------------------------

    def measure(self, state: State) -> None:
        """Find the virtual seconds and executions from here to the end without faults; None if there
        is no end, or if it was not reached."""
        chain: dict[State, None] = {}
        here: State | None = state
        while here is not None and here not in self.remaining and here not in chain:
            chain[here] = None
            last, here = here, here.follower and self.known(here.follower)
        if here is None:
            rest, endless = (0.0, 0) if isinstance(last.next, (Ended, Held)) else None, last.endless
        else:
            rest, endless = self.remaining.get(here), here in chain or here.endless
        for link in reversed(chain):
            link.endless = endless
            rest = self.remaining[link] = rest and (rest[0] + link.ran.seconds, rest[1] + 1)

    def loop(self, state: State) -> State:
        """The first state that recurs when a job goes on from here without faults."""
        seen: set[State] = set()
        while state not in seen and state.follower is not None:
            seen.add(state)
            state = self.known(state.follower)
        return state

    # -- with nothing but requeues -----------------------------------------------

    def lap(self) -> State | None:
        """R4g: a state to which the job can return although each execution on the way saves a
        checkpoint, wherever it is restarted, so that it may never end; None if there is none."""
        ways = {
            state: [self.known(state.follower), self.known(state.elsewhere)]
            for state in self.states
            if isinstance(state.next, Saved) and state.follower and state.elsewhere
        }
        # Remove states that lead to no remaining state, the last first, until there are none: the rest is endless.
        endless, before = dict.fromkeys(ways), -1
        while len(endless) != before:
            before = len(endless)
            for state in list(reversed(endless)):
                if not any(way in endless for way in ways[state]):
                    del endless[state]
        shortest: State | None = None
        for start in endless:
            if shortest is not None and len(start.schedule) >= len(shortest.schedule):
                break
            back = self.way_back(start, endless)
            if back is not None and (shortest is None or back.length() < shortest.length()):
                shortest = back
        return shortest

    def way_back(self, start: State, endless: Container[State]) -> State | None:
        """This state once more, at the end of the way back to it with the fewest requeues; None if there is no way."""
        queue, seen = [(start.length(), next(self.serial), start)], set[State]()
        while queue:
            here = heapq.heappop(queue)[-1]
            known = self.known(here)
            if known is start and here is not start:
                return here
            if known in seen:
                continue
            if here is not start:
                seen.add(known)
            for there, fault in ((known.follower, None), (known.elsewhere, Fault("requeue", here.now.execution))):
                if there and (there := self.known(there)) in endless:
                    again = there.reached(here, fault)
                    heapq.heappush(queue, (again.length(), next(self.serial), again))
        return None
