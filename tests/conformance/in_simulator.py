"""What the simulator answers to a scenario."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import scenarios

from grader import submit
from grader.execute.executor import Executor
from grader.rules import schedule
from grader.rules.joblog import job_log
from grader.rules.profile import Profile
from grader.rules.simulation import Pace, simulate
from grader.submit.folder import TreeFolder

PAUSE = 10
PROBE = f"""#!/bin/sh
[ "$1" = pause ] && sleep {PAUSE}
[ "$1" = size ] && echo 1000
exit 0
"""
MOST_EXECUTIONS = 12


def answer(scenario: scenarios.Scenario, executor: Executor, scratch: Path, profile: Profile) -> dict:
    """Play a scenario; `scratch` is a directory for the probe, which is not part of the sandbox."""
    probe = scratch / "probe"
    probe.write_text(PROBE)
    probe.chmod(0o755)
    (scratch / "probe.gate").touch()
    directory = scenario.directory(probe)
    (job,) = submit.parse(directory["job.sub"].text, TreeFolder(directory), name="job.sub", profile=profile).jobs
    pace = Pace(upload=PAUSE if scenario.in_transfer else 0.0)
    moments = list(
        simulate(job, executor, profile, _schedule(scenario, profile), most_executions=MOST_EXECUTIONS, pace=pace)
    )
    starts = [
        (m.sandbox, m.spool)
        for m, after in pairwise(moments)
        if m.kind in ("started", "restarted") and not (after.run and after.run.unstartable)
    ]
    last = moments[-1]
    return scenarios.answer(
        scenario, starts, directory | last.returned_files, last.spool, job_log(job, moments, profile)
    )


def _schedule(scenario: scenarios.Scenario, profile: Profile) -> schedule.Schedule:
    """The faults, in the middle of the pause or of the transfer that follows it."""
    if scenario.slots and profile.may_requeue:
        return (schedule.Fault("requeue", 1),)
    middle = PAUSE * 1.5 if scenario.in_transfer else PAUSE / 2
    return tuple(
        fault._replace(seconds=middle) if fault.kind in schedule.TIMED else fault
        for fault in scenario.schedule.values()
    )
