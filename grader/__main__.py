"""The command line: python -m grader simulate | verify SUBMIT_FILE."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from .course.diagnosis import diagnose
from .htcondor import Trouble, command_submit
from .simulator import schedule, submit
from .simulator.evidence import evidence
from .simulator.executor import Executor
from .simulator.explore import RESTART_SAFE, UNSAFE, Bounds, Exploration, explore
from .simulator.eventlog import render as render_event
from .simulator.job import Job
from .simulator.joblog import job_log
from .simulator.pool import Moment, Outcome, outcome, simulate
from .simulator.profile import MODERN, PROFILES, Profile
from .simulator.tree import File, Tree
from .view import story, verdict

UNUSABLE = {"simulate": 2, "submit": 2, "verify": 3, "grade": 2}
"""Exit status for input that can't be used."""


class Unusable(Exception):
    """The user's input can't be used; the text says where and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status."""
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough, as head does
        sys.stdout = open(os.devnull, "w")
        return 128 + 13  # as for a program that SIGPIPE ended
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 128 + 2


def _run(arguments: Sequence[str] | None) -> int:
    options, unknown = parser().parse_known_args(arguments)
    try:
        if unknown:
            raise Unusable(f"{unknown[0]!r} is no option and no file that is asked for; see --help")
        return options.command(options)
    except (submit.SubmitError, schedule.ScheduleError, Trouble, Unusable) as error:
        print(f"grader {options.name}: {error}", file=sys.stderr)
        return UNUSABLE[options.name]


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and leaves with the exit status for unusable input."""

    def error(self, message: str) -> NoReturn:
        command = self.prog.rpartition(" ")[2]
        self.exit(UNUSABLE.get(command, 2), f"{self.prog}: {message}; see {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = _Parser(
        prog="python -m grader", description="HTCondor's exit-driven self-checkpointing, in small.",
        epilog="Each command has a --help of its own.")
    commands = top.add_subparsers(dest="name", required=True, metavar="COMMAND")
    profiles = ", ".join(f"{p.name} (HTCondor {p.htcondor})" for p in PROFILES.values())

    run = _command(commands, "simulate", command_simulate, "run a job through one schedule and tell the story",
                   "Exit status: 0 completed with exit code 0; 1 any other end; 2 unusable input.")
    run.add_argument("--schedule", default="", metavar='"FAULT ..."',
                     help="what happens to the job, as in \"evict@2 evict@4+90s\": " + "; ".join(
                         f"{kind}@N: {what}" for kind, what in schedule.FAULTS.items()))
    check = _command(commands, "verify", command_verify, "try every schedule on a job and give a verdict",
                     "Exit status: 0 restart-safe; 1 unsafe; 2 unknown; 3 unusable input. "
                     "The submit directory is never touched.")
    check.add_argument("--max-executions", type=_positive, default=Bounds.executions, metavar="N",
                       help="stop after N executions of the program (default %(default)s)")
    for command in (run, check):
        command.add_argument("submit_file", type=Path, metavar="SUBMIT_FILE")
        command.add_argument("--profile", choices=PROFILES, default=MODERN.name, metavar="NAME",
                             help=f"which HTCondor: {profiles}; default %(default)s")
        command.add_argument("--json", action="store_true", help="print one JSON object a job instead of text")
    real = _command(commands, "submit", command_submit, "run a job on a real HTCondor and tell its event log",
                    "Exit status: 0 completed with exit code 0; 1 any other end; 2 unusable input or no HTCondor.")
    real.add_argument("submit_file", type=Path, metavar="SUBMIT_FILE")
    real.add_argument("--evict", type=_positive, action="append", default=[], metavar="N", help="evict it in execution N")
    real.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    marks = _command(commands, "grade", command_grade, "grade what a class has handed in",
                     "Exit status: 0 all graded; 1 an instructor has to look at some; 2 nothing could be graded. "
                     "Interrupted and started again, it goes on where it was.")
    marks.add_argument("folder", type=Path, metavar="SUBMITTED", help="a folder of notebooks, of student folders "
                       "(nbgrader's submitted/ too) or of zip files, or one zip file of any of these")
    marks.add_argument("--jobs", type=_positive, metavar="N", help="grade N at a time (default: one a processor)")
    marks.add_argument("--out", type=Path, default=Path("grades.csv"), metavar="FILE", help="default %(default)s")
    marks.add_argument("--reports", type=Path, metavar="DIR",
                       help="where the pages for the class and each student go (default: reports, beside FILE)")
    marks.add_argument("--seed", default="", metavar="TEXT", help="a text of your own: answers are also tried on "
                       "sweeps that are drawn from it, which students can't know")
    marks.add_argument("--names", action="store_true", help="name students in the class report where answers are alike")
    marks.add_argument("--require-sandbox", action="store_true",
                       help="refuse to grade where students' programs can't be shut in (see docs/security.md)")
    return top


def _command(commands, name: str, function, summary: str, epilog: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".",
                                  epilog=epilog)
    command.set_defaults(command=function)
    return command


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 up")
    return int(text)


def _submission(path: Path) -> submit.Submission:
    submission = submit.read(path)
    for remark in submission.remarks:
        print(remark, file=sys.stderr)
    return submission


# -- simulate ----------------------------------------------------------------------


def command_simulate(options: argparse.Namespace) -> int:
    """Run the job or jobs, leave their output in the submit directory, tell the story."""
    submission = _submission(options.submit_file)
    faults, profile = schedule.parse(options.schedule), PROFILES[options.profile]
    directory = options.submit_file.parent
    home, logs, fine = Tree(), {}, True
    with Executor() as executor:
        for job in submission.jobs:
            end, log = _tell(job, executor, profile, faults, directory, options.json)
            home |= end.home
            if job.log:  # which several jobs may share
                logs[job.log] = logs.get(job.log, b"") + log.encode()
            fine = fine and end.status == "completed" and end.exit.code == 0
    _bring_home(home, logs, directory)
    return 0 if fine else 1


def _tell(job: Job, executor: Executor, profile: Profile, faults: schedule.Schedule, directory: Path,
          as_json: bool) -> tuple[Outcome, str]:
    if job.batch_size > 1 and not as_json:
        print(f"Job {job.cluster}.{job.proc} of {job.batch_size}\n")
    moments: list[Moment] = []

    def noted():
        for moment in simulate(job, executor, profile, faults):
            moments.append(moment)
            yield moment

    if as_json:
        moments.extend(simulate(job, executor, profile, faults))
    else:
        before = Tree({p: e for p, e in Tree.read(directory).items() if p != job.log})
        for line in story.lines(noted(), job.log, submit=before, colour=sys.stdout.isatty()):
            print(line)
            sys.stdout.flush()
    end = outcome(moments)
    for fault in _not_happened(moments, faults):
        print(f"{fault} did not happen: {_why_not(moments, fault)}", file=sys.stderr)
    events = list(job_log(job, moments, profile))
    if as_json:
        print(json.dumps(_outcome_json(job, end, events)))
    else:
        print(_summary(end))
    return end, "".join(render_event(event) for event in events)


def _summary(end: Outcome) -> str:
    how = {"completed": f"completed, {end.exit}", "held": f"held, code {end.hold.code}" if end.hold else "",
           "never finishes": "never finishes"}[end.status]
    return (f"{how}; {_count(end.activations, 'activation')}, {_count(end.executions, 'execution')}, "
            f"{_count(end.checkpoints, 'checkpoint')}; goodput {end.goodput_s:g} s, badput {end.badput_s:g} s")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _not_happened(moments: list[Moment], faults: schedule.Schedule) -> list[schedule.Fault]:
    happened = {moment.fault for moment in moments}
    return [fault for fault in faults if fault not in happened]


def _why_not(moments: list[Moment], fault: schedule.Fault) -> str:
    last = moments[-1].execution
    if fault.execution > last:
        return f"the job had only {_count(last, 'execution')}"
    took = next((m.run.seconds for m in moments if m.execution == fault.execution and m.kind == "exited"), 0)
    if fault.seconds is not None:
        return f"execution {fault.execution} took only {took:g} s"
    return f"execution {fault.execution} did not end with a checkpoint"


def _outcome_json(job: Job, end: Outcome, events: list) -> dict:
    return {
        "job": f"{job.cluster}.{job.proc}",
        "status": end.status,
        "exit_code": end.exit.code if end.exit else None,
        "exit_signal": end.exit.signal if end.exit else None,
        "hold_code": end.hold.code if end.hold else None,
        "hold_subcode": end.hold.subcode if end.hold else None,
        "hold_reason": end.hold.reason if end.hold else None,
        "missing_files": list(end.hold.missing) if end.hold else [],
        "activations": end.activations,
        "executions": end.executions,
        "checkpoints": end.checkpoints,
        "goodput_s": end.goodput_s,
        "badput_s": end.badput_s,
        "output": end.home.listing(),
        "events": [dataclasses.asdict(event) for event in events],
    }


def _bring_home(home: Tree, logs: dict[str, bytes], directory: Path) -> None:
    """Write what came home into the submit directory, each file whole or not at all."""
    entries = {**home, **{path: File(log) for path, log in logs.items()}}
    outside = [path for path in entries if os.path.isabs(path) or ".." in Path(path).parts]
    if outside:
        raise Unusable(f"{outside[0]} lies outside the submit directory, and nothing is written there: "
                       "use a relative path")
    try:
        with tempfile.TemporaryDirectory(dir=directory, prefix=".arriving-") as arriving:
            Tree(entries).write(arriving)
            for path in Tree(entries):
                source, target = Path(arriving, path), directory / path
                if source.is_dir() and not source.is_symlink():
                    target.mkdir(exist_ok=True)
                else:
                    os.replace(source, target)
    except OSError as error:
        raise Unusable(f"can't write to the submit directory {directory}: {error.strerror} ({error.filename})") \
            from None


# -- grade -------------------------------------------------------------------------


def command_grade(options: argparse.Namespace) -> int:
    """Grade a class; see grader/grading/batch.py."""
    from .grading import batch
    return batch.grade(options.folder, options.out, options.reports, options.jobs, options.require_sandbox,
                       options.seed, options.names)


# -- verify ------------------------------------------------------------------------


def command_verify(options: argparse.Namespace) -> int:
    """Try every schedule on each job; the worst verdict is the exit status."""
    submission = _submission(options.submit_file)
    profile, bounds = PROFILES[options.profile], Bounds(executions=options.max_executions)
    worst = 0
    with Executor() as executor:
        for job in submission.jobs:
            found = explore(job, executor, profile, bounds=bounds)
            facts = evidence(job, found)
            known = diagnose(job, found, executor) if found.verdict != RESTART_SAFE else None
            if options.json:
                print(json.dumps(_verdict_json(job, found, facts, known)))
            else:
                if job.batch_size > 1:
                    print(f"Job {job.cluster}.{job.proc} of {job.batch_size}")
                misconception = (known.id, known.sentence) if known else None
                print(*verdict.verdict_lines(found, facts, file=str(options.submit_file),
                                             misconception=misconception), sep="\n")
            worst = max(worst, {RESTART_SAFE: 0, UNSAFE: 1}.get(found.verdict, 2),
                        key=lambda status: (0, 2, 1).index(status))
    return worst


def _verdict_json(job: Job, found: Exploration, facts, known) -> dict:
    return {
        "job": f"{job.cluster}.{job.proc}",
        "verdict": found.verdict,
        "failure": found.failure,
        "schedule": schedule.render(found.schedule) if found.schedule is not None else None,
        "misconception": known.id if known else None,
        "states": found.states,
        "executions": found.executions,
        "schedules": found.schedules,
        "checkpoints": found.checkpoints,
        "evidence": [dataclasses.asdict(fact) for fact in facts],
    }


if __name__ == "__main__":
    sys.exit(main())
