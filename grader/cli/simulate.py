"""python -m grader simulate: runs a job through one schedule and prints what happens."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..execute.executor import Executor
from ..rules import schedule
from ..rules.eventlog import render as render_event
from ..rules.execution import Limits
from ..rules.job import Job
from ..rules.joblog import job_log
from ..rules.profile import PROFILES, Profile
from ..rules.simulation import Moment, Outcome, outcome, simulate
from ..tree import File, Tree
from ..view import ending, story
from ..view.verdict import inexact
from .common import add_simulated_job, make_executor, print_json, read_submission
from .parsing import InputError, Parser, positive


def add_to(command: Parser) -> None:
    """Add the options of this command."""
    command.set_defaults(command=run)
    command.epilog = f"{_faults()}\n\nExit status: 0 completed with exit code 0; 1 any other end; 2 unusable input."
    command.formatter_class = argparse.RawDescriptionHelpFormatter
    command.add_argument(
        "--schedule",
        default="",
        metavar='"FAULT ..."',
        help='what happens to the job, such as "evict@2 evict@4+90s"; the faults are listed below',
    )
    command.add_argument(
        "--max-seconds",
        type=positive,
        default=int(Limits.wall),
        metavar="N",
        help="stop an execution after N seconds of real time or of processor time (default %(default)s)",
    )
    add_simulated_job(command)


def _faults() -> str:
    rows = [
        textwrap.fill(what, 79, initial_indent=f"  {kind}@N".ljust(18), subsequent_indent=" " * 18)
        for kind, what in schedule.FAULTS.items()
    ]
    return "\n".join(["faults, in execution N, counting from 1:", *rows])


def run(options: argparse.Namespace) -> int:
    """Run the jobs, write their output into the submit directory, and print what happens; returns the exit status."""
    faults, profile = schedule.parse(options.schedule), PROFILES[options.profile]
    submission = read_submission(options.submit_file, profile)
    directory = options.submit_file.parent
    jobs = submission.within(directory)
    returned_files, logs, fine, results = Tree(), dict[str, bytes](), True, []
    with make_executor(options, one_machine=True) as executor:
        for job in jobs:
            end, log, as_json = _tell(job, executor, profile, faults, directory, options.json)
            as_json["seconds_per_cpu_second"] = options.seconds_per_cpu_second
            as_json["remarks"] = [*map(str, submission.remarks), *as_json["remarks"]]
            results.append(as_json)
            returned_files |= end.returned_files
            if job.log:  # several jobs may share a log
                logs[job.log] = logs.get(job.log, b"") + log.encode()
            fine = fine and end.status == "completed" and end.exit is not None and end.exit.code == 0
    _bring_home(returned_files, logs, directory)
    if options.seconds_per_cpu_second and not options.json:
        print(inexact(options.seconds_per_cpu_second))
    if options.json:
        print_json(results)
    return 0 if fine else 1


def _tell(
    job: Job, executor: Executor, profile: Profile, faults: schedule.Schedule, directory: Path, as_json: bool
) -> tuple[Outcome, str, dict[str, Any]]:
    """Run one job, and print its story unless `as_json`. Returns how it ended, its log, and the JSON object."""
    if job.batch_size > 1 and not as_json:
        print(f"Job {job.cluster}.{job.proc} of {job.batch_size}\n")
    moments: list[Moment] = []

    def recorded() -> Iterator[Moment]:
        for moment in simulate(job, executor, profile, faults):
            moments.append(moment)
            yield moment

    if as_json:
        moments.extend(simulate(job, executor, profile, faults))
    else:
        before = Tree({p: e for p, e in Tree.read(directory).items() if p != job.log})
        for line in story.lines(recorded(), job.log, submit=before, colour=sys.stdout.isatty()):
            print(line, flush=True)
    end = outcome(moments)
    remarks = ending.not_happened(moments, faults) + ending.left_outside(moments) + ending.out_of_time(moments)
    for remark in remarks:
        print(remark, file=sys.stderr)
    events = list(job_log(job, moments, profile))
    if not as_json:
        print(ending.summary(end))
    return (
        end,
        "".join(render_event(event) for event in events),
        {**ending.as_json(f"{job.cluster}.{job.proc}", end, events), "remarks": remarks},
    )


def _bring_home(returned_files: Tree, logs: dict[str, bytes], directory: Path) -> None:
    """Write the returned files and the logs into the submit directory, each file atomically. Raises InputError."""
    entries = Tree({**returned_files, **{os.path.normpath(path): File(log) for path, log in logs.items()}})
    for path, entry in entries.items():
        target = directory / path
        if isinstance(entry, File) and target.is_dir():
            raise InputError(
                f"can't write to the submit directory: {target} is a directory, but the job returns a file of that "
                "name. Move the directory, or rename the file."
            )
    try:
        with tempfile.TemporaryDirectory(dir=directory, prefix=".arriving-") as arriving:
            entries.write(arriving)
            for path in entries:
                source, target = Path(arriving, path), directory / path
                if source.is_dir() and not source.is_symlink():
                    if not target.is_dir():
                        target.unlink(missing_ok=True)  # R6: a directory replaces a file
                    target.mkdir(exist_ok=True)
                else:
                    os.replace(source, target)
    except OSError as error:
        raise InputError(f"can't write to the submit directory {directory}: {error.strerror}") from None
