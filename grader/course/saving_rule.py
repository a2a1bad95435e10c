"""The goodput of a rule for saving: the student's save_now(), on several pools with different jobs.

The iterations at which a rule saves do not depend on evictions, because a restart after an eviction does the same as
the first start from that checkpoint. So the program is run through once, in a confined process, to see at which
iterations it saves. No other result is taken from that process: how long things take, and when slots are lost, is
decided outside it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import NamedTuple

from ..execute.executor import Executor
from ..rules.execution import Run
from ..rules.job import Job
from ..text import plain
from ..tree import File, Tree
from .goodput import HOUR, PATIENCE, AtRandom, OfficeHours, Plan, Pool, Spent, mean_goodput, play, slot_lifetimes, young
from .payload import Program

MINUTE = 60.0
AROUND = (0.5, 0.63, 0.8, 1.0, 1.25, 1.6, 2.0)
"""Candidates for the best interval, as multiples of Young's."""
JOBS = 40
"""How many jobs are simulated on each pool."""
OFTEN = Program("often", "sweep.py", module="when.py", idle=b"def save_now(*told):\n    return False\n")
"""payload/often: sweep.py START END."""

RUN_THROUGH = b'''\
#!/usr/bin/env python3
"""Restarts the sweep in place until it ends, in one process, and writes down where it saved."""
import importlib, sys

import sweep

settings, saved, code = sweep.read_settings("my_input.txt"), [], 85
while code == 85:
    sys.modules.pop("when", None)
    sweep.when = importlib.import_module("when")
    try:
        sweep.sweep(1, int(settings["steps"]), settings)
        code = 0
    except SystemExit as end:
        code = end.code
    if code == 85:
        with open("checkpoint.txt") as file:
            saved.append(file.read().strip())
        if saved[-2:-1] == saved[-1:]:
            break  # it would go on like this for ever
with open("saved.txt", "w") as file:
    file.write(" ".join(saved))
sys.exit(code)
'''

MOST_HOURS = 7 * 24
"""For how many hours of work after a start a rule is asked whether to save."""
ASK_ON = b'''\
#!/usr/bin/env python3
"""Continues like the sweep, but never saves, until the rule says so for the first time; writes down each answer."""
import json, sys, time

import sweep, when

settings, end = sweep.read_settings("my_input.txt"), float(sys.argv[1])
last = int(settings["steps"])
thirds = [settings[name] for name in ("seconds_early", "seconds_middle", "seconds_late")]
iteration, began = sweep.restore(1), time.time()
with open("answers.txt", "w") as file:
    while time.time() - began < end:
        seconds = round(time.time() - began)
        answer = when.save_now(iteration, seconds, settings["checkpoint_seconds"], settings["seconds_between_evictions"])
        file.write(json.dumps([seconds, bool(answer), repr(answer)[:40]]) + "\\n")
        if answer:
            break
        time.sleep(thirds[3 * min(iteration - 1, last - 1) // last])
        iteration += 1
'''


class RuleAnswer(NamedTuple):
    """The answer of a rule some seconds after a start: whether it saves, and the answer's text."""

    seconds: int
    saves: bool
    text: str


@dataclass(frozen=True)
class Scenario:
    """A pool, and a job on it."""

    name: str
    """The end of the phrase "a pool with ..."."""
    pool: Pool
    steps: int
    seconds: tuple[float, float, float]
    """Seconds of an iteration in each third of the sweep."""
    saving: float
    """Seconds that the program needs to write a checkpoint; `starting` is what it needs to start."""
    upload: float
    starting: float
    download: float

    @property
    def checkpoint(self) -> float:
        """The total cost of one checkpoint."""
        return self.saving + self.upload + self.starting

    @cached_property
    def iterations(self) -> list[float]:
        """The duration of each iteration."""
        return [self.seconds[3 * number // self.steps] for number in range(self.steps)]

    def job(self, rule: Job) -> Job:
        """This scenario's job, with the rule of `rule`."""
        early, middle, late = self.seconds
        return OFTEN.changed(
            rule,
            1,
            self.steps,
            steps=self.steps,
            seconds_early=early,
            seconds_middle=middle,
            seconds_late=late,
            saving=self.saving,
            starting=self.starting,
            checkpoint_seconds=self.checkpoint,
            seconds_between_evictions=self.pool.mean_time_between_evictions,
        )

    def plan(self, saved: Sequence[int]) -> Plan:
        """The plan of a job that saves before each of these iterations, which count from 1."""
        edges = [0, *(iteration - 1 for iteration in saved), self.steps]
        work = tuple(sum(self.iterations[begin:end]) for begin, end in zip(edges, edges[1:]))
        return Plan(work, (self.saving + self.upload,) * len(saved) + (self.upload,), self.starting)

    def saved_every(self, seconds: float) -> list[int]:
        """The iterations before which a job saves if it saves after every `seconds` of work."""
        saved, since = [], 0.0
        for iteration, lasts in enumerate(self.iterations, 1):
            if since >= seconds:
                saved.append(iteration)
                since = 0.0
            since += lasts
        return saved

    def fares(self, saved: Sequence[int]) -> list[Spent]:
        """The results of jobs that save before these iterations, on the same slots for all plans."""
        plan = self.plan(saved)
        return [play(plan, self.download + self.starting, slots) for slots in _slots(self)]

    @property
    def best(self) -> float:
        """The best goodput of saving at regular intervals, on the same slots."""
        return _best(self)


@lru_cache(32)
def _slots(scenario: Scenario) -> list[list[float]]:
    return slot_lifetimes(scenario.pool, JOBS, PATIENCE * sum(scenario.iterations), seed=scenario.name)


@lru_cache(32)
def _best(scenario: Scenario) -> float:
    usual = young(scenario.checkpoint, scenario.pool.mean_time_between_evictions)
    return max(mean_goodput(scenario.fares(scenario.saved_every(usual * factor))) for factor in AROUND)


KNOWN = (
    Scenario("many evictions", AtRandom(40 * MINUTE), 276, (20, 60, 180), 90, 180, 30, 120),
    Scenario("office hours", OfficeHours(3 * HOUR), 162, (45, 135, 420), 30, 75, 15, 60),
    Scenario("few evictions", AtRandom(36 * HOUR), 99, (360, 1200, 3600), 60, 180, 60, 120),
)
"""The pools of check(). The notebook only gives their names."""


def drawn(draw: random.Random) -> tuple[Scenario, ...]:
    """Pools of the same three kinds, with other numbers and other slots."""
    name = f"{{}} (drawn, {draw.random():.6f})"
    return tuple(
        _drawn(draw, name.format(what), kind, minutes, ratio, iterations)
        for what, kind, minutes, ratio, iterations in (
            ("many evictions", AtRandom, (30, 60), (7.5, 11), 14),
            ("office hours", OfficeHours, (120, 300), (60, 120), 8),
            ("few evictions", AtRandom, (1200, 2400), (250, 500), 5),
        )
    )


def _drawn(
    draw: random.Random,
    name: str,
    kind: type[AtRandom | OfficeHours],
    minutes: tuple[float, float],
    ratio: tuple[float, float],
    iterations: float,
) -> Scenario:
    """A drawn pool of a kind, and a job on it. `minutes` is the range of the mean time between evictions, `ratio` the
    range of its ratio to the cost of a checkpoint; `iterations` is how many iterations Young's interval has, on
    average."""
    pool = kind(round(MINUTE * draw.uniform(*minutes)))
    checkpoint = round(pool.mean_time_between_evictions / draw.uniform(*ratio))
    starting = round(checkpoint * draw.uniform(0.1, 0.3))
    saving = round(checkpoint * draw.uniform(0.1, 0.4))
    short = max(5, round(young(checkpoint, pool.mean_time_between_evictions) / iterations / 4.7))
    seconds = (short, round(3.2 * short), 10 * short)
    steps = 3 * round(20 * young(checkpoint, pool.mean_time_between_evictions) / sum(seconds))
    return Scenario(name, pool, steps, seconds, saving, checkpoint - saving - starting, starting, round(checkpoint / 2))


# -- a student's rule ---------------------------------------------------------------


class RuleFailed(Exception):
    """The program can't be run through with a rule; `run` is the failed execution."""

    def __init__(self, run: Run):
        super().__init__()
        self.run = run


class Rule:
    """A job with a student's when.py, with a cache of the iterations at which it saves."""

    def __init__(self, job: Job):
        self.job = job
        self._saved: dict[Scenario, list[int]] = {}

    def saved(self, scenario: Scenario, executor: Executor) -> list[int]:
        """The iterations of a scenario's job before which it saves. Raises RuleFailed."""
        if scenario not in self._saved:
            job = scenario.job(self.job)
            job = replace(
                job,
                executable="run_through.py",
                arguments=(),
                checkpoint_exit_code=None,
                inputs=job.inputs.put("run_through.py", File(RUN_THROUGH, executable=True)),
            )
            self._saved[scenario] = _read(executor.run(job, job.inputs), scenario)
        return self._saved[scenario]

    def answers(self, job: Job, sandbox: Tree, executor: Executor) -> list[RuleAnswer]:
        """The rule's answers after one start in this sandbox, until it says to save; [] if that takes too long. For
        messages only, as they come from a student's process."""
        asking = replace(job, executable="ask_on.py", arguments=(str(MOST_HOURS * HOUR),), checkpoint_exit_code=None)
        run = executor.run(asking, sandbox.put("ask_on.py", File(ASK_ON, executable=True)))
        file = run.sandbox.get("answers.txt")
        if run.exit.code != 0 or not isinstance(file, File):
            return []
        try:
            answers = [json.loads(line) for line in file.text.splitlines()]
            return [RuleAnswer(int(seconds), saves is True, plain(str(text)[:40])) for seconds, saves, text in answers]
        except (ValueError, TypeError, OverflowError, RecursionError):
            return []


def _read(run: Run, scenario: Scenario) -> list[int]:
    file = run.sandbox.get("saved.txt")
    if run.exit.code != 0 or not isinstance(file, File):
        raise RuleFailed(run)
    try:
        saved = [int(word) for word in file.content.split()]
    except ValueError:
        raise RuleFailed(run) from None
    if any(before >= after for before, after in zip([1, *saved], [*saved, scenario.steps + 1])):
        raise RuleFailed(run)
    return saved
