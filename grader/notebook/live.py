"""A job that one watches, and to which one does things, as a value: the schedule so far and a point in time.

All that there is to see follows from these two, because the simulator tells the same story again: to evict the job at
some moment is to add a fault to the schedule there. What this is not: a clock, a picture or a widget. Times are virtual
seconds since the job was submitted.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import NamedTuple

from ..rules.execution import Runs
from ..rules.job import Job
from ..rules.profile import MODERN, Profile
from ..rules.schedule import BETWEEN, Fault, Schedule
from ..rules.simulation import Moment, Pace, simulate
from ..view.bar import OPEN, blocks
from ..view.scene import IDLE, ON_HOLD

EVICT, POWER_LOSS, UPLOAD_FAILS, HOLD, RELEASE = "evict", "power loss", "upload fails", "hold", "release"
FAULTS = {EVICT: "vacate", POWER_LOSS: "evict", UPLOAD_FAILS: "upload-fails", HOLD: "hold"}
"""What is done to a job that runs → how a schedule says it. R5: who evicts a job asks it to leave, with SIGTERM first
(condor_vacate_job); a machine without power does not."""
RUNNING, SENDING, WAITING, HELD, OVER = "running", "transferring", "idle", "held", "over"
MOST_EXECUTIONS = 200
MOST_RUNS = 256
"""Executions that are remembered, with their sandboxes, so that a story told again takes no time."""
STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400)
MOST_STEPS = 100
SPEEDS = (1, 10, 60, 300, 1800, 7200, 43200)
LONGEST = 30.0
"""Seconds of real time that an undisturbed job should take at most at the speed that is proposed."""


class LivePosition(NamedTuple):
    """What has been done to the job, and the virtual time now."""

    schedule: Schedule = ()
    time: float = 0.0


@dataclass(frozen=True)
class Story:
    """The whole story of a schedule."""

    moments: tuple[Moment, ...]

    @cached_property
    def events(self) -> list[float]:
        """When something happens."""
        return sorted(set(map(self.time, self.moments)))

    @property
    def end(self) -> float:
        """When the story ends."""
        return self.time(self.moments[-1])

    def time(self, moment: Moment) -> float:
        """Seconds from the submission to a moment, to the millisecond."""
        return round(moment.time - self.moments[0].time, 3)

    def execution(self, time: float) -> Moment | None:
        """The beginning of the execution that runs at a time, or whose files are being transferred; None if none is."""
        begun: Moment | None = None
        for moment in self.moments:
            if moment.kind != "exited" and self.time(moment) > time:
                return begun
            if moment.kind != "exited":
                begun = moment if moment.kind in ("started", "restarted") else None
        return None

    def past(self, time: float) -> list[Moment]:
        """What has happened by a time. A restart in place is not shown at once, but when it has run for a while."""
        past = [moment for moment in self.moments if self.time(moment) <= time]
        while past[-1].kind == "restarted":
            past.pop()
        return past


@dataclass(frozen=True)
class LiveView:
    """All that there is to see of a job at a point in time. Durations are virtual seconds of computing."""

    moments: tuple[Moment, ...]
    """The story until now; the last one is how it is now."""
    phase: str
    """running, transferring, idle, held or over."""
    time: float
    end: float
    """When the story ends if nothing more is done to the job."""
    needed: float | None
    """What the job computes if nothing happens to it; None for one that does not end by itself."""

    @property
    def saved(self) -> float:
        """What a checkpoint, or the end of the job, has made safe."""
        return self.moments[-1].goodput

    @property
    def lost(self) -> float:
        """What was lost by now."""
        return self.moments[-1].badput

    @property
    def at_risk(self) -> float:
        """What is done and would be lost with the slot."""
        return sum(block.end - block.start for block in blocks(self.moments) if block.fate == OPEN)


class Live:
    """One job, and what can be seen of it and done to it."""

    def __init__(self, job: Job, executor: Runs, profile: Profile = MODERN, pace: Pace = Pace()):
        self.job, self.profile, self.pace = job, profile, pace
        self._executor = _CachingExecutor(executor)
        self.story = lru_cache(maxsize=100)(self._story)
        """The story of a schedule."""

    def _story(self, schedule: Schedule) -> Story:
        return Story(tuple(self._told(schedule)))

    def _told(self, schedule: Schedule) -> Iterator[Moment]:
        return simulate(self.job, self._executor, self.profile, schedule, MOST_EXECUTIONS, self.pace)

    # -- seeing ----------------------------------------------------------------

    def present(self, at: LivePosition) -> LiveView:
        """What there is to see."""
        story, undisturbed = self.story(at.schedule), self.story(())
        moments = tuple(self._until(story, at))
        needed = undisturbed.moments[-1].goodput if undisturbed.moments[-1].kind == "ended" else None
        return LiveView(moments, self.phase(at), at.time, story.end, needed)

    def phase(self, at: LivePosition) -> str:
        """Whether the job runs, sends its files, is idle, is held, or will do nothing more."""
        story = self.story(at.schedule)
        last = story.past(at.time)[-1]
        if story.execution(at.time):
            return SENDING if last.kind == "exited" else RUNNING
        if last.kind == "held":
            return HELD
        return OVER if last is story.moments[-1] else WAITING

    def _until(self, story: Story, at: LivePosition) -> Iterator[Moment]:
        start, past = story.execution(at.time), story.past(at.time)
        if start and at.time > story.time(start) and past[-1].kind != "exited":
            look = Fault("look", start.execution, round(at.time - story.time(start), 3))
            for moment in self._told((*at.schedule, look)):
                yield moment
                if moment.kind == "look":
                    return
        yield from past
        last = past[-1]
        if not start and at.time > story.time(last) and last is not story.moments[-1]:
            yield replace(
                last,
                kind=ON_HOLD if last.kind == "held" else IDLE,
                time=story.moments[0].time + at.time,
                sandbox=None,
                fault=None,
                run=None,
                next=None,
                text="",
            )

    # -- time ------------------------------------------------------------------

    def later(self, at: LivePosition, seconds: float) -> LivePosition:
        """Some time later, but not past the next event; and a job that is held waits until it is released."""
        story = self.story(at.schedule)
        if self.phase(at) == HELD:
            return at
        index = bisect_right(story.events, at.time)
        following = story.events[index] if index < len(story.events) else story.end
        return at._replace(time=max(at.time, min(round(at.time + seconds, 3), following)))

    def following(self, at: LivePosition) -> LivePosition:
        """The next event."""
        return self.later(at, float("inf"))

    def preceding(self, at: LivePosition) -> LivePosition:
        """The event before."""
        events = self.story(at.schedule).events
        return at._replace(time=events[max(0, bisect_left(events, at.time) - 1)])

    def near(self, at: LivePosition, time: float) -> LivePosition:
        """The time given, or that of an event which is nearer than half a step to it."""
        story = self.story(at.schedule)
        nearest = min(story.events, key=lambda event: abs(event - time))
        within = abs(nearest - time) < self.step(at) / 2
        return at._replace(time=nearest if within else min(max(0.0, time), story.end))

    def step(self, at: LivePosition) -> int:
        """Seconds, a round number, such that about a hundred of them make the story."""
        return _smallest(STEPS, self.story(at.schedule).end / MOST_STEPS)

    def speed(self) -> int:
        """Virtual seconds in a real one, so that the undisturbed job can be watched in half a minute."""
        return _smallest(SPEEDS, self.story(()).end / LONGEST)

    # -- doing -----------------------------------------------------------------

    def act(self, at: LivePosition, what: str) -> tuple[LivePosition, str]:
        """Do something to the job: how things are then, and, if it can't be done now, why not.

        What an earlier time had in store for later executions is undone by it: one goes on from here.
        """
        story = self.story(at.schedule)
        if what == RELEASE:
            released = [
                time for moment in story.moments if (time := story.time(moment)) > at.time and moment.kind == "released"
            ]
            can = self.phase(at) == HELD and released
            return (at._replace(time=released[0]), "") if can else (at, "There is nothing to release.")
        if what == HOLD and self.phase(at) == WAITING:
            last = story.past(at.time)[-1]
            return self._struck(at, Fault("hold-idle", last.execution + 1, round(at.time - story.time(last), 3)))
        start = story.execution(at.time)
        if start is None:
            return at, _NOTHING_RUNS[self.phase(at)]
        offset = None if what == UPLOAD_FAILS else round(at.time - story.time(start), 3)
        return self._struck(at, Fault(FAULTS[what], start.execution, offset))

    def _struck(self, at: LivePosition, fault: Fault) -> tuple[LivePosition, str]:
        """How things are when this has happened, and, if it does not happen, why not."""
        schedule = (*self._behind(at, fault.execution), fault)
        if promised := self._promised(at, fault):
            promise = Fault(FAULTS[UPLOAD_FAILS], promised)
            if any(moment.fault == promise for moment in self.story((*schedule, promise)).moments):
                schedule = (*schedule, promise)
        then = self.story(schedule)
        happened = [then.time(moment) for moment in then.moments if moment.fault == fault]
        if not happened:
            return at, f"Execution {fault.execution} does not end with a checkpoint, so no upload can fail."
        # An upload fails when it comes to it; all else happens now, or when the program has heeded SIGTERM.
        return LivePosition(schedule, at.time if fault.kind == FAULTS[UPLOAD_FAILS] else happened[-1]), ""

    def _promised(self, at: LivePosition, fault: Fault) -> int:
        """The execution whose upload is to fail if a fault strikes first: one that was to fail and has not yet; 0 if
        there is none. What was promised of the next checkpoint holds for the next one that there is."""
        if fault.kind == FAULTS[UPLOAD_FAILS]:
            return 0
        happened = [moment.fault for moment in self.story(at.schedule).past(at.time)]
        waiting = [one for one in at.schedule if one.kind == FAULTS[UPLOAD_FAILS] and one not in happened]
        return fault.execution + (fault.kind not in BETWEEN) if waiting else 0

    def impossible(self, at: LivePosition, what: str) -> str:
        """Why something can't be done to the job now, in a sentence; '' if it can."""
        if what in (HOLD, RELEASE):
            return _NOTHING_RUNS[OVER] if self.phase(at) == OVER else ""
        if self.phase(at) not in (RUNNING, SENDING):
            return _NOTHING_RUNS[self.phase(at)]
        return self.act(at, what)[1] if what == UPLOAD_FAILS else ""

    def _behind(self, at: LivePosition, execution: int) -> Schedule:
        """What of the schedule has happened by now, at or before an execution."""
        earlier = [fault for fault in at.schedule if fault.execution < execution]
        past = [moment.fault for moment in self.story(at.schedule).past(at.time) if moment.fault]
        return (*earlier, *(fault for fault in past if fault.kind in BETWEEN and fault.execution == execution))


_NOTHING_RUNS = {
    WAITING: "The job is idle. There is nothing running to which that could happen.",
    HELD: "The job is held. There is nothing running to which that could happen.",
    OVER: "The story is over. Start over, or go back in time.",
}


def _smallest(sizes: tuple[int, ...], least: float) -> int:
    return next((size for size in sizes if size >= least), sizes[-1])


class _CachingExecutor:
    """An executor that does not run again what it has run before."""

    def __init__(self, executor: Runs):
        self.run, self.kept_outside = lru_cache(maxsize=MOST_RUNS)(executor.run), executor.kept_outside
