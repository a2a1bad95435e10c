"""The job of the live panel as a value: the schedule so far and a point in time.

Everything that the panel shows follows from these two, because the simulator can replay the story: evicting the job at
some moment just adds a fault to the schedule. Times are virtual seconds since the job was submitted. The clock and the
widgets are in live_panel.py, the picture in frame.py.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from ..rules.execution import Runs
from ..rules.job import Job
from ..rules.profile import MODERN, Profile
from ..rules.schedule import BETWEEN, Fault, Schedule
from ..rules.simulation import Moment, Pace, simulate
from ..view.bar import OPEN, blocks
from ..view.scene import IDLE, ON_HOLD, failed

EVICT, POWER_LOSS, UPLOAD_FAILS, HOLD, RELEASE = "evict", "power loss", "upload fails", "hold", "release"
FAULTS = {EVICT: "vacate", POWER_LOSS: "evict", UPLOAD_FAILS: "upload-fails", HOLD: "hold"}
"""Actions on a running job → the fault in a schedule. R5: an eviction begins with SIGTERM (condor_vacate_job); a power
loss sends no signal."""
RUNNING, SENDING, WAITING, HELD, OVER = "running", "transferring", "idle", "held", "over"
MOST_EXECUTIONS = 200
MOST_RUNS = 256
"""Executions kept in the cache, with their sandboxes, so that replaying a story takes no time."""
STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400)
MOST_STEPS = 100
SPEEDS = (1, 10, 60, 300, 1800, 7200, 43200)
LONGEST = 30.0
"""Seconds of real time that an undisturbed job should take at most at the initial speed."""


class LivePosition(NamedTuple):
    """What has been done to the job, and the current virtual time."""

    schedule: Schedule = ()
    time: float = 0.0


@dataclass(frozen=True)
class Story:
    """The whole story of a schedule."""

    moments: tuple[Moment, ...]

    @cached_property
    def events(self) -> list[float]:
        """The times at which something happens."""
        return sorted(set(map(self.time, self.moments)))

    @property
    def end(self) -> float:
        """The time at which the story ends."""
        return self.time(self.moments[-1])

    def time(self, moment: Moment) -> float:
        """Seconds from the submission to a moment, to the millisecond."""
        return round(moment.time - self.moments[0].time, 3)

    def execution(self, time: float) -> Moment | None:
        """The start of the execution that is running at a time, or transferring its files; None if there is none."""
        begun: Moment | None = None
        for moment in self.moments:
            if moment.kind != "exited" and self.time(moment) > time:
                return begun
            if moment.kind != "exited":
                begun = moment if moment.kind in ("started", "restarted") else None
        return None

    def past(self, time: float) -> list[Moment]:
        """The moments up to a time, except a restart in place that nothing has followed yet."""
        past = [moment for moment in self.moments if self.time(moment) <= time]
        while past[-1].kind == "restarted":
            past.pop()
        return past


@dataclass(frozen=True)
class LiveView:
    """Everything to show of a job at a point in time. Durations are virtual seconds of computing."""

    moments: tuple[Moment, ...]
    """The story so far; the last moment is the present."""
    phase: str
    """running, transferring, idle, held or over."""
    time: float
    end: float
    """When the story ends if nothing more is done to the job."""
    needed: float | None
    """How long the undisturbed job computes; None if it never ends."""
    fails: bool
    """Whether the undisturbed job ends with a code other than 0."""

    @property
    def saved(self) -> float:
        """Computing made safe by a checkpoint or the end of the job."""
        return self.moments[-1].goodput

    @property
    def lost(self) -> float:
        """Computing lost so far."""
        return self.moments[-1].badput

    @property
    def at_risk(self) -> float:
        """Computing that is done, but would be lost with the slot."""
        return sum(block.end - block.start for block in blocks(self.moments) if block.fate == OPEN)


class Live:
    """One job: what can be shown of it and done to it."""

    def __init__(self, job: Job, executor: Runs, profile: Profile = MODERN, pace: Pace = Pace()):
        self.job, self.profile, self.pace = job, profile, pace
        self._executor = _CachingExecutor(executor)
        self.story = lru_cache(maxsize=100)(self._story)
        """The story of a schedule."""

    def _story(self, schedule: Schedule) -> Story:
        return Story(tuple(self._simulate(schedule)))

    def _simulate(self, schedule: Schedule) -> Iterator[Moment]:
        return simulate(self.job, self._executor, self.profile, schedule, MOST_EXECUTIONS, self.pace)

    # -- seeing ----------------------------------------------------------------

    def present(self, at: LivePosition) -> LiveView:
        """What to show."""
        story, undisturbed = self.story(at.schedule), self.story(())
        moments = tuple(self._until(story, at))
        last = undisturbed.moments[-1]
        needed = last.goodput if last.kind == "ended" else None
        return LiveView(moments, self.phase(at), at.time, story.end, needed, failed(last))

    def phase(self, at: LivePosition) -> str:
        """Whether the job is running, transferring its files, idle, held, or over."""
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
            for moment in self._simulate((*at.schedule, look)):
                yield moment
                if moment.kind == "look":
                    return
        yield from past
        last = past[-1]
        if not start and at.time > story.time(last) and last is not story.moments[-1]:
            yield last._replace(
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
        """Some time later, but not past the next event. The time of a held job stands still until it is released."""
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
        """The given time, or the time of an event less than half a step away."""
        story = self.story(at.schedule)
        nearest = min(story.events, key=lambda event: abs(event - time))
        within = abs(nearest - time) < self.step(at) / 2
        return at._replace(time=nearest if within else min(max(0.0, time), story.end))

    def step(self, at: LivePosition) -> int:
        """A round number of seconds that divides the story into about a hundred steps."""
        return _smallest(STEPS, self.story(at.schedule).end / MOST_STEPS)

    def speed(self) -> int:
        """Virtual seconds per real second: the slowest speed that shows the undisturbed job within LONGEST, else the
        fastest."""
        return _smallest(SPEEDS, self.story(()).end / LONGEST)

    # -- doing -----------------------------------------------------------------

    def act(self, at: LivePosition, what: str) -> tuple[LivePosition, str]:
        """Do something to the job. Returns the new position, and, if the action is impossible now, why.

        Faults that the schedule had planned for later are dropped: the story continues from here.
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
        """The position after this fault, and, if it can't happen, why."""
        schedule = (*self._past_faults(at, fault.execution), fault)
        if execution := self._postponed(at, fault):
            failure = Fault(FAULTS[UPLOAD_FAILS], execution)
            if any(moment.fault == failure for moment in self.story((*schedule, failure)).moments):
                schedule = (*schedule, failure)
        then = self.story(schedule)
        happened = [then.time(moment) for moment in then.moments if moment.fault == fault]
        if not happened:
            return at, f"Execution {fault.execution} does not end with a checkpoint, so no upload can fail."
        # An upload fails later; everything else happens now, or once the program has reacted to SIGTERM.
        return LivePosition(schedule, at.time if fault.kind == FAULTS[UPLOAD_FAILS] else happened[-1]), ""

    def _postponed(self, at: LivePosition, fault: Fault) -> int:
        """The execution to which a planned upload failure moves if this fault strikes first: the first execution after
        the fault. 0 if no failure is planned."""
        if fault.kind == FAULTS[UPLOAD_FAILS]:
            return 0
        happened = [moment.fault for moment in self.story(at.schedule).past(at.time)]
        planned = [f for f in at.schedule if f.kind == FAULTS[UPLOAD_FAILS] and f not in happened]
        return fault.execution + (fault.kind not in BETWEEN) if planned else 0

    def impossible(self, at: LivePosition, what: str) -> str:
        """A sentence on why an action is impossible now; '' if it is possible."""
        if what in (HOLD, RELEASE):
            return _NOTHING_RUNS[OVER] if self.phase(at) == OVER else ""
        if self.phase(at) not in (RUNNING, SENDING):
            return _NOTHING_RUNS[self.phase(at)]
        return self.act(at, what)[1] if what == UPLOAD_FAILS else ""

    def _past_faults(self, at: LivePosition, execution: int) -> Schedule:
        """The faults of the schedule that have happened by now, at or before an execution."""
        earlier = [fault for fault in at.schedule if fault.execution < execution]
        past = [moment.fault for moment in self.story(at.schedule).past(at.time) if moment.fault]
        return (*earlier, *(fault for fault in past if fault.kind in BETWEEN and fault.execution == execution))


_NOTHING_RUNS = {
    WAITING: "The job is idle: nothing is running.",
    HELD: "The job is held: nothing is running.",
    OVER: "The story is over. Start over, or go back in time.",
}


def _smallest(sizes: tuple[int, ...], least: float) -> int:
    return next((size for size in sizes if size >= least), sizes[-1])


class _CachingExecutor:
    """An executor that runs nothing twice."""

    def __init__(self, executor: Runs):
        self.run, self.kept_outside = lru_cache(maxsize=MOST_RUNS)(executor.run), executor.kept_outside
