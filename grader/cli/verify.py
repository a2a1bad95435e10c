"""python -m grader verify: every schedule on a job, and a verdict."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .. import submit
from ..execute.executor import Executor
from ..rules import schedule
from ..rules.job import Job
from ..rules.profile import PROFILES, Profile
from ..rules.simulation import outcome, simulate
from ..rules.step import Kind
from ..tree import File, TooLarge, Tree
from ..verify.circumstances import looks
from ..verify.evidence import Evidence, differences, evidence
from ..verify.explore import CONSISTENT, RESTART_SAFE, UNKNOWN, UNSAFE, Bounds, Exploration, explore, unknown
from ..verify.observer import Observer
from ..verify.outside import state_outside
from ..verify.unbroken import Difference, measured
from ..verify.verdicts import Unknown, Unsafe
from ..view import ending, verdict
from ..view.circumstances import circumstance_json, circumstance_lines
from ..view.progress import ProgressLine
from ..view.untried import untried_json, untried_lines
from .common import Unusable, add_command, add_simulated_job, make_executor, positive, print_json, read_submission

if TYPE_CHECKING:
    from ..course.report import Misconception

ON_A_TERMINAL = 600
"""Seconds that `verify` takes at most for a job where somebody sees how far it is."""


def add_to(commands) -> None:
    """Add this command and its options."""
    command = add_command(
        commands,
        "verify",
        run,
        "try every schedule on a job and give a verdict",
        "Exit status: 0 restart-safe; 1 unsafe; 2 unknown or consistent; 3 unusable input; 130 interrupted "
        "by Ctrl-C, after what is known by then was told. "
        "The submit directory is never touched.",
    )
    command.add_argument(
        "--max-executions",
        type=positive,
        default=Bounds.executions,
        metavar="N",
        help="stop after N executions of the program (default %(default)s), and after "
        f"{Bounds.states // Bounds.executions} N states of the job, but not before {Bounds.states}",
    )
    command.add_argument(
        "--max-seconds",
        type=positive,
        metavar="N",
        default=ON_A_TERMINAL if sys.stderr.isatty() else int(Bounds.seconds),
        help="begin nothing more after N seconds of real time, for each job, and end an execution that "
        f"has taken so long, or so much processor time (default {ON_A_TERMINAL} on a terminal, else "
        f"{Bounds.seconds:g})",
    )
    command.add_argument(
        "--expected",
        type=Path,
        metavar="DIR",
        help="files that have to come home in the end, as a run that never saves makes them "
        "(default: what a run that never restarts brings home, if it can be had)",
    )
    command.add_argument(
        "--without-checkpoints",
        action="append",
        default=[],
        metavar='"COMMAND = VALUE"',
        help="a submit command under which the job never saves, mostly other arguments; may be given "
        "more than once. What the job brings home with it is what has to come home in the end",
    )
    command.add_argument(
        "--accept-consistent",
        action="store_true",
        help="exit with 0 also where every schedule gives the same, and nothing tells whether that is right",
    )
    add_simulated_job(command)


def run(options: argparse.Namespace) -> int:
    """Try every schedule on each job; the worst verdict is the exit status."""
    profile = PROFILES[options.profile]
    submission = read_submission(options.submit_file, profile)
    states = max(Bounds.states, Bounds.states * options.max_executions // Bounds.executions)
    bounds = Bounds(options.max_executions, states, options.max_seconds, limits_hold=False, archives=True)
    if options.expected and options.without_checkpoints:
        raise Unusable("--expected and --without-checkpoints both tell what is right: give one of them")
    expected = _expected(options.expected, len(submission.jobs)) if options.expected else None
    jobs = submission.within(options.submit_file.parent)
    saves_never = _without_checkpoints(options, profile, len(jobs)) if options.without_checkpoints else ()
    worst, told, observer = 0, [], Observer()
    with make_executor(options) as executor, make_executor(options, one_machine=True) as one_machine, observer:
        for job in jobs:
            with ProgressLine(observer, sys.stderr, _which(job)):
                if saves_never:
                    expected = _brings(saves_never[jobs.index(job)], executor, profile)
                found = (
                    Exploration(UNKNOWN, submission.undecided)
                    if submission.undecided
                    else explore(job, executor, profile, expected, bounds, observer)
                )
                found, doubt = _measured(job, found, executor, profile, observer)
                where, known = _behind(job, found, profile, executor, one_machine, observer)
            if where:
                found = unknown(
                    Unknown.STATE_OUTSIDE,
                    where,
                    states=found.states,
                    executions=found.executions,
                    schedules=found.schedules,
                )
            facts = evidence(job, found) + _doubtful(found, doubt)
            if options.json:
                told.append({**_verdict_json(job, found, facts, known), "remarks": list(map(str, submission.remarks))})
            else:
                if job.batch_size > 1:
                    print(f"Job {job.cluster}.{job.proc} of {job.batch_size}")
                misconception = (known.id, known.sentence) if known else None
                print(
                    *verdict.verdict_lines(found, facts, file=str(options.submit_file), misconception=misconception),
                    *untried_lines(found),
                    *([] if found.failure in (Unsafe.HELD, Unsafe.FAILED) else circumstance_lines(looks(job))),
                    sep="\n",
                )
                if found.verdict == UNKNOWN and (option := _option_for(found)):
                    print(f"\n{option} lets it try more.")
            if observer.stopped:
                return _interrupted(told, jobs[jobs.index(job) + 1 :], options.json)
            good = {RESTART_SAFE, CONSISTENT} if options.accept_consistent else {RESTART_SAFE}
            worst = max(
                worst,
                0 if found.verdict in good else 1 if found.verdict == UNSAFE else 2,
                key=lambda status: (0, 2, 1).index(status),
            )
    if options.json:
        print_json(told)
    return worst


def _which(job: Job) -> str:
    """A job of several, for the progress line."""
    return f"job {job.cluster}.{job.proc} of {job.batch_size}" if job.batch_size > 1 else ""


def _interrupted(told: list[dict], rest: Sequence[Job], as_json: bool) -> int:
    """Say what else was not tried; the exit status."""
    if as_json:
        print_json(told)
    elif rest:
        print(f"Not tried: {', '.join(f'job {job.cluster}.{job.proc}' for job in rest)}.")
    return 128 + 2


def _measured(
    job: Job, found: Exploration, executor: Executor, profile: Profile, observer: Observer
) -> tuple[Exploration, Difference | None]:
    """The verdict by a run that never restarts, unless somebody stops that."""
    try:
        with observer.execution_of((), 0, "running it without a restart"):
            return measured(job, found, executor, profile)
    except KeyboardInterrupt:
        if not observer.stopped:
            raise
        unmeasured = found.verdict == RESTART_SAFE and not found.known
        return dataclasses.replace(found, verdict=CONSISTENT) if unmeasured else found, None


def _behind(
    job: Job, found: Exploration, profile: Profile, executor: Executor, one_machine: Executor, observer: Observer
) -> tuple[str, Misconception | None]:
    """What is behind a failure, as far as it is known and nobody stops that: where state is outside, or a
    misconception."""
    if found.verdict in (RESTART_SAFE, CONSISTENT) or observer.stopped:
        return "", None
    try:
        with observer.execution_of((), 0, "looking for the cause"):
            where = state_outside(job, found, profile, executor, one_machine)
            return where, None if where else _misconception(job, found, executor)
    except KeyboardInterrupt:
        if not observer.stopped:
            raise
        return "", None


def _misconception(job: Job, found: Exploration, executor: Executor) -> Misconception | None:
    """What is behind a failure, if that is known."""
    from ..course.diagnosis import diagnose  # which takes longer to import than a safe job to be verified

    return diagnose(job, found, executor)


def _option_for(found: Exploration) -> str:
    """The option that raises the bound which was reached; "" if none does."""
    return {
        Unknown.EXECUTIONS: "--max-executions",
        Unknown.STATES: "--max-executions",
        Unknown.SECONDS: "--max-seconds",
        Unknown.LIMIT_OF_TIME: "--max-seconds",
    }.get(found.unknown, "")


def _expected(directory: Path, jobs: int) -> Tree:
    """The files of --expected."""
    if jobs != 1:
        raise Unusable(
            f"--expected is for one job, and the submit file queues {jobs}: give each a submit file of its own"
        )
    try:
        files = Tree.read(directory) if directory.is_dir() else Tree()
    except TooLarge as error:
        raise Unusable(
            f"--expected {directory} has {error}: name a directory with the right output and nothing else"
        ) from None
    if not files:
        raise Unusable(f"--expected {directory} is no directory with files in it: name one that holds the right output")
    return files


def _without_checkpoints(options: argparse.Namespace, profile: Profile, jobs: int) -> tuple[Job, ...]:
    """The jobs with the commands of --without-checkpoints."""
    for line in options.without_checkpoints:
        if "=" not in line:
            raise Unusable(
                f"--without-checkpoints {line!r} is not a submit command: write COMMAND = VALUE, as in "
                '"arguments = --never-save"'
            )
    try:
        others = submit.read(options.submit_file, profile, options.without_checkpoints).within(
            options.submit_file.parent
        )
    except (
        submit.SubmitError
    ) as error:  # the file alone was read before, so that the option is to blame, and not a line
        raise Unusable(f"--without-checkpoints: {error.problem}. {error.remedy}") from None
    if len(others) != jobs:
        raise Unusable(f"with --without-checkpoints, {len(others)} jobs are queued, and without it {jobs}")
    return others


def _brings(job: Job, executor: Executor, profile: Profile) -> Tree:
    """What a job that never saves brings home; its streams only if that is all."""
    moments = list(simulate(job, executor, profile))
    end = outcome(moments)
    if any(moment.kind == Kind.CHECKPOINT for moment in moments):
        raise Unusable("with the commands of --without-checkpoints, the job still makes checkpoints")
    if end.status != "completed" or end.exit is None or end.exit.code != job.success_exit_code:
        raise Unusable(
            f"with the commands of --without-checkpoints, the job does not end well: {ending.summary(end).strip()}"
        )
    files = Tree({path: entry for path, entry in end.home.items() if isinstance(entry, File)})
    return files.without([name for name in (job.output, job.error) if name]) or files


def _doubtful(found: Exploration, doubt: Difference | None) -> tuple[Evidence, ...]:
    """How a run that never restarts ended otherwise, where that may be harmless."""
    if doubt is None or found.verdict != CONSISTENT:
        return ()
    return tuple(
        dataclasses.replace(
            fact,
            kind="a run that goes on differs",
            text=f"a run that goes on at each checkpoint gives other output: {fact.text}",
        )
        for fact in differences(doubt.unbroken, doubt.restarted)
    )


def _verdict_json(job: Job, found: Exploration, facts, known) -> dict:
    return {
        "job": f"{job.cluster}.{job.proc}",
        "verdict": found.verdict,
        "failure": found.failure,
        "measure": "known" if found.known else "unbroken" if found.unbroken else None,
        "schedule": schedule.render(found.schedule) if found.schedule is not None else None,
        "misconception": known.id if known else None,
        "states": found.states,
        "executions": found.executions,
        "schedules": found.schedules,
        "checkpoints": found.checkpoints,
        "evidence": [dataclasses.asdict(fact) for fact in facts],
        "not_tried": untried_json(found),
        "looks_at": circumstance_json(looks(job)),
    }
