"""The job of notebook 07 (how often to save), the costs of its checkpoints, and the log of a job of last week."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from ..rules import eventlog
from ..rules.execution import EPOCH
from ..rules.job import Job
from ..rules.simulation import Pace
from ..tree import File, Tree
from .goodput import HOUR, AtRandom, Spent, slot_lifetimes
from .payload import job_of as payload_job
from .saving_rule import JOBS, MINUTE, OFTEN

PACE = Pace(wait=600.0, download=90.0, upload=150.0)
CHECKPOINT, RESTART = 240.0, 120.0
"""Seconds that a checkpoint of the job costs with this pace, and a start in a new sandbox; tests measure both."""
LAST_WEEK, WEEK = AtRandom(90 * MINUTE), "week 9"
"""The pool, and a seed with which the mean time between evictions is as expected, to a minute."""


def sweep(job: Job, start: int = 1, end: int | None = None, **settings: float) -> Job:
    """The same job from `start` to `end` (default: the last step), with other settings."""
    last = int(settings.get("steps", 72) if end is None else end)
    return OFTEN.changed(job, int(start), last, **settings)


def saving_every(seconds: float) -> Job:
    """The sweep with a rule that saves every `seconds`."""
    rule = f"def save_now(iteration, seconds, *others):\n    return seconds >= {seconds}\n"
    job = payload_job("often/sweep.sub")
    return replace(job, inputs=job.inputs.put("when.py", File(rule.encode())))


def given() -> Tree:
    """The sweep with a placeholder for the rule, and the log of a job of last week."""
    return OFTEN.files().put("last_week.log", File(last_week().encode()))


@lru_cache(None)
def last_week() -> str:
    """The log of a job that was evicted 24 times."""
    now, events = EPOCH - 7 * 24 * HOUR, []

    def happens(event: Callable[..., eventlog.Event], after: float, *more: str) -> None:
        nonlocal now
        now += after
        events.append(event((83, 0, now), *more))

    happens(eventlog.submitted, 0.0)
    for number, lasts in enumerate(
        slot_lifetimes(LAST_WEEK, 1, 24 * LAST_WEEK.mean_time_between_evictions, seed=WEEK)[0][:24]
    ):
        happens(eventlog.transfer, 120.0 + 97.0 * (number % 5), "input", "started")
        happens(eventlog.transfer, min(PACE.download, lasts), "input", "finished")
        happens(eventlog.executing, 0.0, f"slot1@ep{number + 1}")
        happens(eventlog.evicted, max(0.0, lasts - PACE.download))
    return "".join(map(eventlog.render, events))


def _wasted(spent: Sequence[Spent]) -> tuple[float, float]:
    """The fractions of the time in slots that go into checkpoints, and into lost work."""
    seconds = sum(job.seconds for job in spent)
    return sum(job.checkpoints for job in spent) / seconds, sum(job.lost for job in spent) / seconds


def where_it_goes(spent: Sequence[Spent]) -> str:
    """A sentence on where most of the time that is not goodput goes, and so what to change."""
    checkpoints, lost = _wasted(spent)
    if checkpoints > lost:
        return f"Checkpoints take {checkpoints:.0%} of the time in slots: it saves too often"
    if behind(spent):
        return f"None of {JOBS} jobs ever finishes: slots rarely last until the next checkpoint"
    return f"{lost:.0%} of the time in slots is lost work: it saves too rarely"


def behind(spent: Sequence[Spent]) -> str | None:
    """The id of the misconception behind such results, if any."""
    checkpoints, lost = _wasted(spent)
    stuck = lost > checkpoints and not any(job.finished for job in spent)
    return "no-progress" if stuck else None
