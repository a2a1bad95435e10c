"""The command line: python -m grader simulate | verify | submit SUBMIT_FILE, and grade."""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import json
import os
import signal
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from . import calling
from .simulator import schedule, submit
from .simulator.evidence import Evidence, differences, evidence
from .simulator.execution import Limits
from .simulator.executor import Executor
from .simulator.explore import CONSISTENT, RESTART_SAFE, UNKNOWN, UNSAFE, Bounds, Exploration, explore, unknown
from .simulator.isolation import own_confinement
from .simulator.observer import Observer
from .simulator.outside import state_outside
from .simulator.eventlog import render as render_event
from .simulator.job import Job
from .simulator.joblog import job_log
from .simulator.pool import Moment, Outcome, outcome, simulate
from .simulator.profile import MODERN, PROFILES, Profile
from .simulator.execution import MachineTrouble
from .simulator.startd import require_fork
from .simulator.step import Kind
from .simulator.tree import File, TooLarge, Tree
from .simulator.unbroken import Difference, measured
from .simulator.verdicts import Unknown
from .view import ending, story, verdict
from .view.progress import ProgressLine
from .view.untried import untried_json, untried_lines

if TYPE_CHECKING:
    from .course.report import Misconception

UNUSABLE = {"simulate": 2, "submit": 2, "verify": 3, "grade": 2}
"""Exit status for input that can't be used."""

ON_A_TERMINAL = 600
"""Seconds that `verify` takes at most for a job where somebody sees how far it is."""

NO_OPTIONS = ("name", "command", "submit_file", "folder")
"""What is known of a command line besides its options."""

SUBMIT_FILE = "what condor_submit is given; the files that it names are sought beside it"


class Unusable(Exception):
    """The user's input can't be used; the text says where and what to do."""


class Misused(Exception):
    """The command line can't be understood; the text says why, and `status` is the exit status."""

    def __init__(self, text: str, status: int):
        super().__init__(text)
        self.status = status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        try:
            return _run(given)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough, as head does
        sys.stdout = open(os.devnull, "w")
        return 128 + 13  # as for a program that SIGPIPE ended
    except OSError as error:
        sys.stdout = open(os.devnull, "w")  # which may be what can't be written to
        try:
            print(f"grader: can't go on: {error.strerror or error}"
                  + (f" ({error.filename})" if error.filename else ""), file=sys.stderr)
        except OSError:
            sys.stderr = open(os.devnull, "w")  # since 3.13, Python tries again at its end, and exits with 120
        return UNUSABLE.get(_command_in(given), 2)
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 128 + 2


def _run(arguments: list[str]) -> int:
    try:
        options, unknown = parser().parse_known_args(arguments)
        if unknown:
            raise Unusable(_not_understood(unknown[0], options))
        return options.command(options)
    except Misused as error:
        text, status = str(error), error.status
        told = {"error": text}
    except (submit.SubmitError, schedule.ScheduleError, MachineTrouble, Unusable) as error:
        name = _command_in(arguments)
        text, status = f"grader {name}: {error}", UNUSABLE[name]
        told = {"error": str(error)}
        if isinstance(error, submit.SubmitError):
            told = {"error": error.problem, "file": error.file, "line": error.line, "remedy": error.remedy}
    print(text, file=sys.stderr)
    if "--json" in arguments:
        print(json.dumps(told))
    return status


def _not_understood(argument: str, options: argparse.Namespace) -> str:
    """What is wrong with an argument that is left over, and what may be meant by it."""
    if "@" in argument and argument[0] != "-" and "schedule" in options:
        return f'{argument!r} stands alone: write the whole schedule in quotes, as in --schedule "evict@2 evict@4+90s"'
    known = [f"--{name.replace('_', '-')}" for name in vars(options) if name not in NO_OPTIONS]
    near = difflib.get_close_matches(argument.partition("=")[0], known, 1, 0.75)
    remedy = f"did you mean {near[0]}?" if near else "see --help"
    return f"{argument!r} is no option and no file that is asked for; {remedy}"


def _command_in(arguments: list[str]) -> str:
    return next((argument for argument in arguments if argument in UNUSABLE), "")


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        command = self.prog.rpartition(" ")[2]
        raise Misused(f"{self.prog}: {message}; see {self.prog} --help", UNUSABLE.get(command, 2))


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = _Parser(
        prog=calling.command(), description="HTCondor's exit-driven self-checkpointing, in small.",
        epilog="Each command has a --help of its own.")
    commands = top.add_subparsers(dest="name", required=True, metavar="COMMAND")
    profiles = ", ".join(map(str, PROFILES.values()))

    run = _command(commands, "simulate", command_simulate, "run a job through one schedule and tell the story",
                   f"{_faults()}\n\nExit status: 0 completed with exit code 0; 1 any other end; 2 unusable input.")
    run.formatter_class = argparse.RawDescriptionHelpFormatter
    run.add_argument("--schedule", default="", metavar='"FAULT ..."',
                     help="what happens to the job, as in \"evict@2 evict@4+90s\"; the faults are below")
    run.add_argument("--max-seconds", type=_positive, default=int(Limits.wall), metavar="N",
                     help="end an execution that has taken N seconds of real time, or of processor time "
                          "(default %(default)s)")
    check = _command(commands, "verify", command_verify, "try every schedule on a job and give a verdict",
                     "Exit status: 0 restart-safe; 1 unsafe; 2 unknown or consistent; 3 unusable input; 130 interrupted "
                     "by Ctrl-C, after what is known by then was told. "
                     "The submit directory is never touched.")
    check.add_argument("--max-executions", type=_positive, default=Bounds.executions, metavar="N",
                       help="stop after N executions of the program (default %(default)s), and after "
                            f"{Bounds.states // Bounds.executions} N states of the job, but not before {Bounds.states}")
    check.add_argument("--max-seconds", type=_positive, metavar="N",
                       default=ON_A_TERMINAL if sys.stderr.isatty() else int(Bounds.seconds),
                       help="begin nothing more after N seconds of real time, for each job, and end an execution that "
                            f"has taken so long, or so much processor time (default {ON_A_TERMINAL} on a terminal, else "
                            f"{Bounds.seconds:g})")
    check.add_argument("--expected", type=Path, metavar="DIR",
                       help="files that have to come home in the end, as a run that never saves makes them "
                            "(default: what a run that never restarts brings home, if it can be had)")
    check.add_argument("--without-checkpoints", action="append", default=[], metavar='"COMMAND = VALUE"',
                       help="a submit command under which the job never saves, mostly other arguments; may be given "
                            "more than once. What the job brings home with it is what has to come home in the end")
    check.add_argument("--accept-consistent", action="store_true",
                       help="exit with 0 also where every schedule gives the same, and nothing tells whether that is "
                            "right")
    for command in (run, check):
        command.add_argument("submit_file", type=Path, metavar="SUBMIT_FILE", help=SUBMIT_FILE)
        command.add_argument("--profile", choices=PROFILES, default=MODERN.name, metavar="NAME",
                             help=f"which HTCondor: {profiles}; default %(default)s")
        command.add_argument("--allow-outside", action="store_true",
                             help="let the program write outside of its sandbox, and use the network (default: where "
                                  "there is bubblewrap it can't, and has a /tmp of its own)")
        command.add_argument("--json", action="store_true",
                             help="print JSON instead of text: an object; a list of them if several jobs are queued; "
                                  "for unusable input an object with `error` and, where they are known, `file`, `line` "
                                  "and `remedy`. `remarks` are those that text has on stderr")
    real = _command(commands, "submit", command_submit, "run a job on a real HTCondor and tell the story",
                    "Exit status: 0 completed with exit code 0; 1 any other end; 2 unusable input or no HTCondor.")
    real.add_argument("submit_file", type=Path, metavar="SUBMIT_FILE", help=SUBMIT_FILE)
    real.add_argument("--evict", type=_positive, action="append", default=[], metavar="N",
                      help="evict it in execution N; may be given more than once")
    real.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    marks = _command(commands, "grade", command_grade, "grade what a class has handed in",
                     "Exit status: 0 all graded; 1 an instructor has to look at some; 2 nothing could be graded. "
                     "Interrupted and started again, it goes on where it was.")
    marks.add_argument("folder", type=Path, metavar="SUBMITTED", help="a folder of notebooks, of student folders "
                       "(nbgrader's submitted/ too) or of zip files, or one zip file of any of these")
    marks.add_argument("--on", choices=("here", "htcondor"), default="here", help="who grades: processes of this machine "
                       "(default), or HTCondor jobs, a submission each; see docs/grading.md")
    marks.add_argument("--jobs", type=_positive, metavar="N", help="grade N at a time (default: one a processor; with "
                       "--on htcondor as many as there are slots)")
    marks.add_argument("--out", type=Path, default=Path("grades.csv"), metavar="FILE",
                       help="the table of grades that is written (default %(default)s)")
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


def _faults() -> str:
    rows = [textwrap.fill(what, 79, initial_indent=f"  {kind}@N".ljust(18), subsequent_indent=" " * 18)
            for kind, what in schedule.FAULTS.items()]
    return "\n".join(["faults, in execution N, counted from 1:", *rows])


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 up")
    return int(text)


def _submission(path: Path, profile: Profile) -> submit.Submission:
    submission = submit.read(path, profile)
    for remark in submission.remarks:
        print(remark, file=sys.stderr)
    return submission


# -- simulate ----------------------------------------------------------------------


def command_simulate(options: argparse.Namespace) -> int:
    """Run the job or jobs, leave their output in the submit directory, tell the story."""
    faults, profile = schedule.parse(options.schedule), PROFILES[options.profile]
    submission = _submission(options.submit_file, profile)
    directory = options.submit_file.parent
    jobs = submission.within(directory)
    home, logs, fine, told = Tree(), {}, True, []
    with _executor(options, one_machine=True) as executor:
        for job in jobs:
            end, log, as_json = _tell(job, executor, profile, faults, directory, options.json)
            as_json["remarks"] = [*map(str, submission.remarks), *as_json["remarks"]]
            told.append(as_json)
            home |= end.home
            if job.log:  # which several jobs may share
                logs[job.log] = logs.get(job.log, b"") + log.encode()
            fine = fine and end.status == "completed" and end.exit.code == 0
    _bring_home(home, logs, directory)
    if options.json:
        _print_json(told)
    return 0 if fine else 1


def _executor(options: argparse.Namespace, one_machine: bool = False) -> Executor:
    """One for programs of the user's own. Where nothing else keeps a program from writing to the user's own home
    directory, it has another one in any case."""
    limits = Limits(cpu=options.max_seconds, wall=float(options.max_seconds))
    confine = None if options.allow_outside else own_confinement()
    return Executor(limits, confine, one_machine, sets_home=confine is None or PROFILES[options.profile].sets_home)


def _print_json(told: list[dict]) -> None:
    print(json.dumps(told[0] if len(told) == 1 else told))


def _tell(job: Job, executor: Executor, profile: Profile, faults: schedule.Schedule, directory: Path,
          as_json: bool) -> tuple[Outcome, str, dict]:
    """Play one job, and tell it as text unless it is to be told as JSON: its end, its log, and the JSON object."""
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
    remarks = ending.not_happened(moments, faults) + ending.left_outside(moments)
    for remark in remarks:
        print(remark, file=sys.stderr)
    events = list(job_log(job, moments, profile))
    if not as_json:
        print(ending.summary(end))
    return (end, "".join(render_event(event) for event in events),
            {**ending.as_json(f"{job.cluster}.{job.proc}", end, events), "remarks": remarks})


def _bring_home(home: Tree, logs: dict[str, bytes], directory: Path) -> None:
    """Write what came home into the submit directory, each file whole or not at all."""
    entries = Tree({**home, **{os.path.normpath(path): File(log) for path, log in logs.items()}})
    for path, entry in entries.items():
        target = directory / path
        if isinstance(entry, File) and target.is_dir():
            raise Unusable(f"can't write to the submit directory: {target} is a directory, and a file of that name comes "
                           "home: move it, or name the file otherwise")
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
        raise Unusable(f"can't write to the submit directory {directory}: {error.strerror}") from None


# -- grade -------------------------------------------------------------------------


def command_grade(options: argparse.Namespace) -> int:
    """Grade a class; see grader/grading/batch.py."""
    from .grading import batch
    require_fork()
    return batch.grade(options.folder, options.out, options.reports, options.jobs, options.require_sandbox,
                       options.seed, options.names, options.on)


def command_submit(options: argparse.Namespace) -> int:
    """Run a job on a real HTCondor; see grader/on_htcondor/command.py."""
    from .on_htcondor import command
    from .personal_pool import Trouble
    try:
        return command.command_submit(options)
    except Trouble as error:
        raise Unusable(str(error)) from None


# -- verify ------------------------------------------------------------------------


def command_verify(options: argparse.Namespace) -> int:
    """Try every schedule on each job; the worst verdict is the exit status."""
    profile = PROFILES[options.profile]
    submission = _submission(options.submit_file, profile)
    states = max(Bounds.states, Bounds.states * options.max_executions // Bounds.executions)
    bounds = Bounds(options.max_executions, states, options.max_seconds, limits_hold=False)
    if options.expected and options.without_checkpoints:
        raise Unusable("--expected and --without-checkpoints both tell what is right: give one of them")
    expected = _expected(options.expected, len(submission.jobs)) if options.expected else None
    jobs = submission.within(options.submit_file.parent)
    saves_never = _without_checkpoints(options, profile, len(jobs)) if options.without_checkpoints else ()
    worst, told, observer = 0, [], Observer()
    with _executor(options) as executor, _executor(options, one_machine=True) as one_machine, observer:
        for job in jobs:
            with ProgressLine(observer, sys.stderr, _which(job)):
                if saves_never:
                    expected = _brings(saves_never[jobs.index(job)], executor, profile)
                found = (Exploration(UNKNOWN, submission.undecided) if submission.undecided
                         else explore(job, executor, profile, expected, bounds, observer))
                found, doubt = _measured(job, found, executor, profile, observer)
                where, known = _behind(job, found, profile, executor, one_machine, observer)
            if where:
                found = unknown(Unknown.STATE_OUTSIDE, where, states=found.states, executions=found.executions,
                                schedules=found.schedules)
            facts = evidence(job, found) + _doubtful(found, doubt)
            if options.json:
                told.append({**_verdict_json(job, found, facts, known), "remarks": list(map(str, submission.remarks))})
            else:
                if job.batch_size > 1:
                    print(f"Job {job.cluster}.{job.proc} of {job.batch_size}")
                misconception = (known.id, known.sentence) if known else None
                print(*verdict.verdict_lines(found, facts, file=str(options.submit_file),
                                             misconception=misconception), *untried_lines(found), sep="\n")
                if found.verdict == UNKNOWN and (option := _option_for(found)):
                    print(f"\n{option} lets it try more.")
            if observer.stopped:
                return _interrupted(told, jobs[jobs.index(job) + 1:], options.json)
            good = {RESTART_SAFE, CONSISTENT} if options.accept_consistent else {RESTART_SAFE}
            worst = max(worst, 0 if found.verdict in good else 1 if found.verdict == UNSAFE else 2,
                        key=lambda status: (0, 2, 1).index(status))
    if options.json:
        _print_json(told)
    return worst


def _which(job: Job) -> str:
    """A job of several, for the progress line."""
    return f"job {job.cluster}.{job.proc} of {job.batch_size}" if job.batch_size > 1 else ""


def _interrupted(told: list[dict], rest: Sequence[Job], as_json: bool) -> int:
    """Say what else was not tried; the exit status."""
    if as_json:
        _print_json(told)
    elif rest:
        print(f"Not tried: {', '.join(f'job {job.cluster}.{job.proc}' for job in rest)}.")
    return 128 + 2


def _measured(job: Job, found: Exploration, executor: Executor, profile: Profile,
              observer: Observer) -> tuple[Exploration, Difference | None]:
    """The verdict by a run that never restarts, unless somebody stops that."""
    try:
        with observer.execution_of((), 0, "running it without a restart"):
            return measured(job, found, executor, profile)
    except KeyboardInterrupt:
        if not observer.stopped:
            raise
        unmeasured = found.verdict == RESTART_SAFE and not found.known
        return dataclasses.replace(found, verdict=CONSISTENT) if unmeasured else found, None


def _behind(job: Job, found: Exploration, profile: Profile, executor: Executor, one_machine: Executor,
            observer: Observer) -> tuple[str, Misconception | None]:
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
    from .course.diagnosis import diagnose  # which takes longer to import than a safe job to be verified
    return diagnose(job, found, executor)


def _option_for(found: Exploration) -> str:
    """The option that raises the bound which was reached; "" if none does."""
    return {Unknown.EXECUTIONS: "--max-executions", Unknown.STATES: "--max-executions",
            Unknown.SECONDS: "--max-seconds", Unknown.LIMIT_OF_TIME: "--max-seconds"}.get(found.unknown, "")


def _expected(directory: Path, jobs: int) -> Tree:
    """The files of --expected."""
    if jobs != 1:
        raise Unusable(f"--expected is for one job, and the submit file queues {jobs}: give each a submit file of its own")
    try:
        files = Tree.read(directory) if directory.is_dir() else Tree()
    except TooLarge as error:
        raise Unusable(f"--expected {directory} has {error}: name a directory with the right output and nothing "
                       "else") from None
    if not files:
        raise Unusable(f"--expected {directory} is no directory with files in it: name one that holds the right output")
    return files


def _without_checkpoints(options: argparse.Namespace, profile: Profile, jobs: int) -> tuple[Job, ...]:
    """The jobs with the commands of --without-checkpoints."""
    for line in options.without_checkpoints:
        if "=" not in line:
            raise Unusable(f"--without-checkpoints {line!r} is not a submit command: write COMMAND = VALUE, as in "
                           '"arguments = --never-save"')
    try:
        others = submit.read(options.submit_file, profile, options.without_checkpoints).within(options.submit_file.parent)
    except submit.SubmitError as error:  # the file alone was read before, so that the option is to blame, and not a line
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
        raise Unusable("with the commands of --without-checkpoints, the job does not end well: "
                       f"{ending.summary(end).strip()}")
    files = Tree({path: entry for path, entry in end.home.items() if isinstance(entry, File)})
    return files.without([name for name in (job.output, job.error) if name]) or files


def _doubtful(found: Exploration, doubt: Difference | None) -> tuple[Evidence, ...]:
    """How a run that never restarts ended otherwise, where that may be harmless."""
    if doubt is None or found.verdict != CONSISTENT:
        return ()
    return tuple(dataclasses.replace(fact, kind="a run that goes on differs",
                                     text=f"a run that goes on at each checkpoint gives other output: {fact.text}")
                 for fact in differences(doubt.unbroken, doubt.restarted))


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
    }


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a job that nobody follows must not stay in a queue
    sys.exit(main())
