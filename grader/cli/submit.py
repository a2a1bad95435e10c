"""python -m grader submit: runs a job on a real HTCondor, with the same story and verdict as in the simulator."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import calling
from .. import submit as submit_files
from ..execute.executor import Executor
from ..rules.schedule import Fault, render
from ..rules.simulation import Moment, outcome
from ..view import ending, story, verdict
from .common import add_submit_file
from .parsing import InputError, Parser, positive

if TYPE_CHECKING:
    from ..course.on_pool import Judgement
    from ..real_pool.following import RealRun


def add_to(command: Parser) -> None:
    """Add the options of this command."""
    command.set_defaults(command=run)
    command.epilog = "Exit status: 0 completed with exit code 0; 1 any other end; 2 unusable input or no HTCondor."
    add_submit_file(command)
    command.add_argument(
        "--evict",
        type=positive,
        action="append",
        default=[],
        metavar="N",
        help="evict the job in execution N; may be given more than once",
    )
    command.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def run(options: argparse.Namespace) -> int:
    """Run a job on a real HTCondor; returns the exit status. Raises SubmitError and InputError."""
    from ..real_pool.personal_pool import PoolError

    try:
        return _follow(options)
    except PoolError as error:
        raise InputError(str(error)) from None


def _follow(options: argparse.Namespace) -> int:
    """Submit the job, evict it as --evict says, print what happens, and judge how it ends. Also raises PoolError."""
    from ..course.on_pool import Judge  # imported here, as the other commands need neither the course nor a pool
    from ..real_pool.following import RealRun
    from ..real_pool.queue import at_hand

    submission = submit_files.read(options.submit_file)
    for remark in submission.remarks:
        print(remark, file=sys.stderr)
    if len(submission.jobs) > 1:
        raise InputError(
            f"{options.submit_file} queues {len(submission.jobs)} jobs, but this command runs one: write a "
            "plain `queue`."
        )
    job = submission.jobs[0]
    with Executor() as executor:
        faults = tuple(Fault("evict", execution) for execution in sorted(set(options.evict)))
        judge = Judge(job, executor, faults)
        run = RealRun(at_hand(), job, options.submit_file, judge, faults)
        if options.json:
            moments = list(run.moments())
        else:
            moments = _tell(run)
        judgement = judge.judge(moments[-1], run.life.faults)
    run.bring_home()
    end = outcome(moments)
    if options.json:
        print(json.dumps(ending.as_json(str(run.id), end, run.events) | _judgement_json(judgement)))
    else:
        print(ending.summary(end))
        if run.copy:
            copy = run.directory / run.copy
            print(f"The checkpoint that it resumed from is in {copy} (condor_evicted_files get {run.id}).")
        print(*_card(judgement, options.submit_file), sep="\n")
    return 0 if end.exit and end.exit.code == 0 else 1


def _tell(run: RealRun) -> list[Moment]:
    moments: list[Moment] = []

    def recorded() -> Iterator[Moment]:
        for moment in run.moments(lambda text: print(text, flush=True)):
            moments.append(moment)
            yield moment

    for line in story.lines(
        recorded(), run.log.name, submit=run.before.without((run.log.name,)), colour=sys.stdout.isatty()
    ):
        print(line, flush=True)
    return moments


def _card(judgement: Judgement, submit_file: Path) -> list[str]:
    misconception = judgement.misconception
    lines = verdict.verdict_lines(
        judgement.exploration,
        judgement.facts,
        file=str(submit_file),
        misconception=(misconception.id, misconception.sentence) if misconception else None,
        schedule_is="The same in the simulator:",
    )
    return ["", *lines, "", f"This was one schedule. All of them: {calling.command('verify')} {submit_file}"]


def _judgement_json(judgement: Judgement) -> dict[str, Any]:
    exploration = judgement.exploration
    return {
        "verdict": exploration.verdict,
        "failure": exploration.failure,
        "schedule": render(exploration.schedule or ()),
        "misconception": judgement.misconception.id if judgement.misconception else None,
        "evidence": [dataclasses.asdict(fact) for fact in judgement.facts],
    }
