"""python -m grader verify: tries every schedule on a job and gives a verdict."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import submit
from ..execute import pythons
from ..execute.executor import Executor
from ..execute.team import Team, processors
from ..files import write_whole
from ..problems import UNKNOWN as UNKNOWN_COMMAND
from ..rules import schedule
from ..rules.job import Job
from ..rules.profile import PROFILES, Profile
from ..rules.simulation import Moment, outcome, simulate
from ..rules.step import Kind
from ..text import count, plain, shorten
from ..tree import TooLarge, Tree
from ..verify.checked import Checked
from ..verify.circumstances import looks
from ..verify.evidence import DIFFERS, RUN_DIFFERS, Evidence, differences, evidence, left_running, missing_program
from ..verify.explore import CONSISTENT, RESTART_SAFE, UNKNOWN, UNSAFE, Bounds, Exploration, explore, unknown
from ..verify.forgotten import Forgotten, explaining, forgotten, kept_from_its_end
from ..verify.lost_state import LOST_STATE, lost_state
from ..verify.no_nearer import NO_NEARER, Remaining, ends_sooner, never_nearer
from ..verify.observer import Observer
from ..verify.off_by_one import OFF_BY_ONE, OffByOne, never_finishing, off_by_one
from ..verify.outside import state_outside
from ..verify.replays import Replays
from ..verify.reseeded import reseeded
from ..verify.restarts import shown
from ..verify.unbroken import Difference, measured
from ..verify.verdicts import Unknown, Unsafe
from ..view import ending, verdict
from ..view.circumstances import circumstance_json, circumstance_lines
from ..view.progress import ProgressLine
from ..view.untried import untried_json, untried_lines
from .common import add_simulated_job, check_writable, make_directory, make_executor, print_json, read_submission
from .parsing import InputError, Parser, positive

if TYPE_CHECKING:
    from ..course.report import Misconception

AHEAD = "output-ahead-of-checkpoint"
"""The misconception that a restart which begins too early may look like."""
IN_A_STORY = 40
"""Executions after which the story in a report stops."""
ON_A_TERMINAL, ELSEWHERE = 600, 30
"""The defaults of --max-seconds: on a terminal, where the user sees the progress, and elsewhere."""


def add_to(command: Parser) -> None:
    """Add the options of this command."""
    command.set_defaults(command=run)
    command.epilog = (
        "Exit status: 0 restart-safe; 1 unsafe; 2 unknown or consistent; 3 unusable input; 130 interrupted "
        "by Ctrl-C, after printing the results so far. "
        "The submit directory is never changed."
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
        default=ON_A_TERMINAL if sys.stderr.isatty() else ELSEWHERE,
        help="start no more executions after N seconds of real time, for each job, and stop an execution after N "
        f"seconds of real time or of processor time (default {ON_A_TERMINAL} on a terminal, else {ELSEWHERE})",
    )
    command.add_argument(
        "--expected",
        type=Path,
        metavar="DIR",
        help="the right output: the files that a run without checkpoints returns (default: the output of a run that "
        "continues at each checkpoint and never restarts, if that is possible)",
    )
    command.add_argument(
        "--without-checkpoints",
        action="append",
        default=[],
        metavar='"COMMAND = VALUE"',
        help="a submit command with which the job never saves, usually other arguments; may be given more than once. "
        "The output of the job with these commands is the right output",
    )
    command.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        default=processors(),
        help="run up to N executions at a time if they take long (default: the number of processors, here %(default)s)",
    )
    command.add_argument(
        "--remember",
        type=Path,
        metavar="DIR",
        help="cache executions in DIR, so that the next run continues and executes only what has changed; delete it "
        "when a library that the job uses has changed",
    )
    command.add_argument(
        "--schedule",
        metavar='"FAULT ..."',
        help='try only this schedule, such as "evict@2 evict@4+90s"; `simulate --help` lists the faults',
    )
    command.add_argument(
        "--report",
        type=Path,
        metavar="FILE.html",
        help="write a page to read or to send: the verdict, its evidence, and the story that shows it",
    )
    command.add_argument(
        "--accept-consistent",
        action="store_true",
        help="exit with 0 also if every schedule gives the same output but the right output is unknown",
    )
    add_simulated_job(command)


def run(options: argparse.Namespace) -> int:
    """Try every schedule on each job; the exit status is that of the worst verdict."""
    submission = read_submission(options.submit_file, PROFILES[options.profile])
    if options.report:
        check_writable(options.report)
    if options.remember:
        make_directory(options.remember)
    all_checked: list[Checked] = []
    with _Verification(options, submission) as verification:
        jobs = verification.jobs
        for job in jobs:
            checked = verification.check(job)
            all_checked.append(checked)
            if not options.json:
                print(*_lines(checked, options), sep="\n")
            if verification.observer.stopped:
                break
    stopped, rest = verification.observer.stopped, jobs[len(all_checked) :]
    remarks = list(map(str, submission.remarks))
    if options.json:
        print_json([{**_as_json(checked), "remarks": remarks} for checked in all_checked])
    elif stopped and rest:
        print(f"Not tried: {', '.join(f'job {job.cluster}.{job.proc}' for job in rest)}.")
    if options.report:
        _write_report(options, all_checked, remarks)
    return 128 + 2 if stopped else max((_status(checked, options) for checked in all_checked), key=(0, 2, 1).index)


class _Verification:
    """Verifies the jobs of a submission, with options and executors that they share."""

    def __init__(self, options: argparse.Namespace, submission: submit.Submission):
        self.options, self.submission, self.profile = options, submission, PROFILES[options.profile]
        states = max(Bounds.states, Bounds.states * options.max_executions // Bounds.executions)
        self.bounds = Bounds(
            options.max_executions,
            states,
            options.max_seconds,
            limits_hold=False,
            archives=True,
            eviction_driven=True,
            seconds_per_cpu_second=options.seconds_per_cpu_second or 0.0,
        )
        self.jobs = submission.within(options.submit_file.parent)
        self.schedule = None if options.schedule is None else schedule.parse(options.schedule)
        if options.expected and options.without_checkpoints:
            raise InputError("--expected and --without-checkpoints both give the right output: use one of them")
        self.expected = _expected(options.expected, options.submit_file, len(self.jobs)) if options.expected else None
        self.never_saving = _without_checkpoints(options, self.profile, submission, len(self.jobs))
        self.observer = Observer()
        self.written: set[str] = set()
        """Files that the job wrote outside its sandbox, where nothing prevents that."""

    def __enter__(self) -> _Verification:
        with ExitStack() as stack:
            team = stack.enter_context(
                Team(partial(make_executor, self.options, written=self.written), self.options.jobs)
            )
            self.team, self.executor = team, team.first
            self.one_machine = stack.enter_context(make_executor(self.options, one_machine=True))
            stack.enter_context(self.observer)
            self.open = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self.open.close()

    def check(self, job: Job) -> Checked:
        """The verdict on one of the jobs."""
        with ProgressLine(self.observer, sys.stderr, _which(job)):
            if self.never_saving:
                self.expected = _output(self.never_saving[self.jobs.index(job)], self.executor, self.profile)
            faults = self.schedule
            checked = self.on_all_schedules(job) if faults is None else self.on_one_schedule(job, faults)
            return replace(checked, looks=looks(job), story=self.story(checked) if self.options.report else ())

    def on_all_schedules(self, job: Job) -> Checked:
        if self.submission.undecided:
            exploration = Exploration(UNKNOWN, self.submission.undecided)
        else:
            exploration = explore(job, self.team, self.profile, self.expected, self.bounds, self.observer)
        if missing := self.missing(exploration):
            return Checked(job, unknown(*missing))
        exploration, doubt = self.measured(job, exploration)
        if self.written:
            return Checked(job, unknown(Unknown.WRITES_OUTSIDE, ", ".join(sorted(self.written)), exploration))
        where, known, behind = self.behind(job, exploration)
        if where:
            counts = Exploration(
                UNKNOWN, None, None, None, exploration.states, exploration.executions, exploration.schedules
            )
            exploration = unknown(Unknown.STATE_OUTSIDE, where, counts)
        facts = evidence(job, exploration) + _of_restarts(exploration) + behind
        if exploration.unfinished and any(fact.kind in (OFF_BY_ONE, NO_NEARER) for fact in behind):
            exploration = never_finishing(exploration, exploration.unfinished)
        facts += self.doubtful(job, exploration, doubt)
        return Checked(job, exploration, facts, known)

    def missing(self, exploration: Exploration) -> tuple[Unknown, str] | None:
        """The missing Python module or program that makes the job fail even without a fault. None if there is none, or
        if it is in the submit directory: then the submit file fails to list it."""
        first = exploration.first.run if exploration.first else None
        if first is None or exploration.verdict != UNSAFE or exploration.schedule:
            return None
        for why, name in ((Unknown.MODULE, pythons.not_found(first.stderr)), (Unknown.PROGRAM, missing_program(first))):
            beside = (self.options.submit_file.parent / name, self.options.submit_file.parent / f"{name}.py")
            if name and not any(path.exists() for path in beside):
                return why, name
        return None

    def on_one_schedule(self, job: Job, faults: schedule.Schedule) -> Checked:
        """The verdict if only one schedule is tried: unsafe if it fails, else unknown."""
        from ..course.on_pool import Judge

        judge = Judge(job, self.executor, faults, self.expected, self.profile)
        *_, last = simulate(job, self.executor, self.profile, faults)
        judgement = judge.judge(last, faults)
        exploration = judgement.exploration
        if exploration.verdict != UNSAFE:
            exploration = unknown(Unknown.ONE_SCHEDULE, exploration.failure, Exploration(UNKNOWN, schedule=faults))
        return Checked(job, exploration, judgement.facts, _named(judgement.misconception))

    def measured(self, job: Job, exploration: Exploration) -> tuple[Exploration, Difference | None]:
        """The verdict after comparing with a run that never restarts, and the difference if there is one. If the user
        interrupts the comparison, a job whose right output is not known is at most consistent."""
        try:
            with self.observer.execution_of((), 0, "running it without a restart"):
                self.team.finish()  # executions that exploring no longer needs may still be running
                return measured(job, exploration, self.executor, self.profile)
        except KeyboardInterrupt:
            if not self.observer.stopped:
                raise
            unmeasured = exploration.verdict == RESTART_SAFE and not exploration.known
            return replace(exploration, verdict=CONSISTENT) if unmeasured else exploration, None

    def behind(self, job: Job, exploration: Exploration) -> tuple[str, tuple[str, str] | None, tuple[Evidence, ...]]:
        """The cause of a failure, if it is found before the user stops the search: where the job keeps state outside
        its sandbox, or ''; a misconception (its id and sentence), or None; and evidence from another look at the
        program."""
        if exploration.verdict in (RESTART_SAFE, CONSISTENT) or self.observer.stopped:
            return "", None, ()
        from ..course.diagnosis import (  # importing this takes longer than verifying a safe job
            beginning,
            beginning_again,
            diagnose,
            forgetting,
            losing,
            seeding,
            sentence,
        )

        try:
            with self.observer.execution_of((), 0, "looking for the cause"):
                where = state_outside(job, exploration, self.profile, self.executor, self.one_machine)
                if where:
                    return where, None, ()
                known: Misconception | None = None
                facts: tuple[Evidence, ...] = ()
                wrong = exploration.failure == Unsafe.WRONG_OUTPUT
                replays = Replays(job, exploration, self.executor, self.profile, self.observer.until)
                if forgets := forgotten(job, exploration, self.executor, self.profile):
                    known, facts = forgetting(forgets), tuple(map(_forgotten, forgets))
                elif seeds := reseeded(replays):
                    known, facts = seeding(), (_reseeded(seeds),)
                elif exploration.violation and left_running(exploration.violation.state):
                    known = diagnose(job, exploration, self.executor, given=False)
                elif wrong and (symptom := diagnose(job, exploration, self.executor, given=False)):
                    known = symptom
                    if symptom.id == AHEAD and (fix := off_by_one(replays)):  # it also computes that again
                        known, facts = beginning(fix), (_off_by_one(fix),)
                elif left := never_nearer(job, exploration, self.executor, self.profile):
                    known, facts = beginning_again(), (_never_nearer(left),)
                elif fix := off_by_one(replays):
                    known, facts = beginning(fix), (_off_by_one(fix),)
                elif lost := lost_state(replays):
                    known, facts = losing(), tuple(Evidence(LOST_STATE, text) for text in lost)
                elif not wrong:
                    known = diagnose(job, exploration, self.executor, given=False)
                    if not known and exploration.violation:
                        forgets = kept_from_its_end(job, exploration, self.executor, self.profile)
                        known, facts = forgetting(forgets) if forgets else None, tuple(map(_forgotten, forgets))
                if not known and (sooner := ends_sooner(job, exploration, self.executor, self.profile)):
                    forgets = kept_from_its_end(job, exploration, self.executor, self.profile)
                    facts = (_ends_sooner(sooner), *map(_forgotten, forgets))
                return (
                    "",
                    (known.id, sentence(job, exploration, self.executor, known, given=False)) if known else None,
                    facts,
                )
        except KeyboardInterrupt:
            if not self.observer.stopped:
                raise
            return "", None, ()

    def doubtful(self, job: Job, exploration: Exploration, doubt: Difference | None) -> tuple[Evidence, ...]:
        """Evidence of how the output differs from that of a run that never restarts, where that may be harmless, and of
        the variables that cause the difference."""
        if doubt is None or exploration.verdict != CONSISTENT:
            return ()
        facts = tuple(
            replace(fact, kind=RUN_DIFFERS, text=f"a run that never restarts gives another {fact.file}")
            for fact in differences(doubt.unbroken, doubt.restarted)
            if fact.kind in DIFFERS
        )
        try:
            with self.observer.execution_of((), 0, "looking for what makes the difference"):
                forgets = explaining(job, exploration, self.executor, self.profile, doubt.unbroken, doubt.restarted)
        except KeyboardInterrupt:
            if not self.observer.stopped:
                raise
            forgets = ()
        return (*facts, *map(_forgotten, forgets))

    def story(self, checked: Checked) -> tuple[Moment, ...]:
        """The story of the shortest schedule that shows the verdict, or of the run without faults."""
        faults = checked.exploration.schedule or ()
        return tuple(simulate(checked.job, self.executor, self.profile, faults, most_executions=IN_A_STORY))


def _named(misconception: Misconception | None) -> tuple[str, str] | None:
    return (misconception.id, misconception.sentence) if misconception else None


def _which(job: Job) -> str:
    """Which of several jobs this is, for the progress line and above the verdict; "" for a single job."""
    return f"job {job.cluster}.{job.proc} of {job.batch_size}" if job.batch_size > 1 else ""


def _status(checked: Checked, options: argparse.Namespace) -> int:
    """The exit status for one job."""
    good = {RESTART_SAFE, CONSISTENT} if options.accept_consistent else {RESTART_SAFE}
    return 0 if checked.exploration.verdict in good else 1 if checked.exploration.verdict == UNSAFE else 2


def _lines(checked: Checked, options: argparse.Namespace) -> Iterator[str]:
    """The verdict as text."""
    exploration = checked.exploration
    if which := _which(checked.job):
        yield which.capitalize()
    file, misconception = str(options.submit_file), checked.misconception
    one = {} if options.schedule is None else {"schedule_is": "The schedule that shows it:"}
    yield from verdict.verdict_lines(exploration, checked.facts, file=file, misconception=misconception, **one)
    untried = untried_lines(exploration)
    yield from ("", *untried) if checked.facts and untried else untried
    if exploration.failure not in (Unsafe.HELD, Unsafe.FAILED):  # those have other causes
        yield from circumstance_lines(checked.looks)
    if exploration.verdict == UNKNOWN and (option := _option_for(exploration)):
        yield from ("", f"{option} lets it try more.")


def _write_report(options: argparse.Namespace, all_checked: Sequence[Checked], remarks: Sequence[str]) -> None:
    """Write one page with the verdict on each job and its story."""
    from ..view.job_report import job_report

    page = job_report(str(options.submit_file), PROFILES[options.profile], all_checked, remarks)
    write_whole(options.report, page.encode("utf-8", "replace"))
    print(f"The report is in {options.report}.", file=sys.stderr)


def _option_for(exploration: Exploration) -> str:
    """The option that raises the bound that was reached; "" if there is none."""
    options: dict[Unknown | None, str] = {
        Unknown.EXECUTIONS: "--max-executions",
        Unknown.STATES: "--max-executions",
        Unknown.SECONDS: "--max-seconds",
        Unknown.LIMIT_OF_TIME: "--max-seconds",
    }
    return options.get(exploration.unknown, "")


def _expected(directory: Path, submit_file: Path, jobs: int) -> Tree:
    """The files of --expected."""
    if directory.resolve() == submit_file.parent.resolve():
        raise InputError(
            f"--expected {directory} is the job's own folder: name one with the right output and nothing else"
        )
    if jobs != 1:
        raise InputError(f"--expected is for one job, but the submit file queues {jobs}: write a submit file for each")
    try:
        files = Tree.read(directory) if directory.is_dir() else Tree()
    except TooLarge as error:
        raise InputError(
            f"--expected {directory} has {error}: name a directory with the right output and nothing else"
        ) from None
    if not files:
        raise InputError(
            f"--expected {directory} is not a directory with files: name one that contains the right output"
        )
    return files


def _without_checkpoints(
    options: argparse.Namespace, profile: Profile, submission: submit.Submission, jobs: int
) -> tuple[Job, ...]:
    """The jobs of a submission with the commands of --without-checkpoints; () without that option."""
    if not options.without_checkpoints:
        return ()
    for line in options.without_checkpoints:
        if "=" not in line:
            raise InputError(
                f"--without-checkpoints {line!r} is not a submit command: write COMMAND = VALUE, as in "
                '"arguments = --never-save"'
            )
    try:
        changed = submit.read(options.submit_file, profile, options.without_checkpoints, os.environ)
        never_saving = changed.within(options.submit_file.parent)
    except submit.SubmitError as error:
        # The file alone can be read, so the option is to blame, not a line of the file.
        raise InputError(f"--without-checkpoints: {error.problem}. {error.remedy}") from None
    for remark in changed.remarks:
        if remark.kind == UNKNOWN_COMMAND and remark not in submission.remarks:
            raise InputError(f"--without-checkpoints: {remark.text}")
    if len(never_saving) != jobs:
        raise InputError(f"with --without-checkpoints, {len(never_saving)} jobs are queued, but without it {jobs}")
    return never_saving


def _last_words(moments: Sequence[Moment]) -> str:
    """How the program itself ended, and the last line that it wrote to stderr, for the end of a sentence."""
    run = next((moment.run for moment in reversed(moments) if moment.run), None)
    if run is None:
        return ""
    *_, last = ["", *run.stderr.strip().splitlines()]
    return f". The program left with {run.exit}" + (f": {plain(shorten(last.strip(), 200))}" if last else "")


def _output(job: Job, executor: Executor, profile: Profile) -> Tree:
    """The files returned by a job that never saves, without its stdout and stderr unless it returns no other file.
    Raises InputError if the job saves, or does not succeed."""
    moments = list(simulate(job, executor, profile))
    end = outcome(moments)
    if any(moment.kind == Kind.CHECKPOINT for moment in moments):
        raise InputError("with the commands of --without-checkpoints, the job still makes checkpoints")
    if end.status != "completed" or end.exit is None or end.exit.code != job.success_exit_code:
        raise InputError(
            f"with the commands of --without-checkpoints, the job does not succeed: {ending.summary(end)}{_last_words(moments)}"
        )
    files = Tree(end.returned_files.regular())
    return files.without([name for name in (job.output, job.error) if name]) or files


def _of_restarts(exploration: Exploration) -> tuple[Evidence, ...]:
    """Evidence of restarts in the wrong output."""
    return tuple(Evidence(what.kind, what.text, what.file, what.line) for what in shown(exploration))


def _forgotten(what: Forgotten) -> Evidence:
    """Evidence of a part of the program's memory that a restart does not restore."""
    then = "begins anew at each restart" if what.anew else "differs after a restart from what it was when the job saved"
    again = " again" if what.anew else ""
    if what.is_generator:
        text = f"the generator of random numbers {what.name} {then}, in the loop that begins here"
    elif what.saved and what.restored:
        text = f"{what.name} was {what.saved} when the job saved, and is {what.restored}{again} in the loop that begins here"
    else:
        text = f"{what.name} {then}, in the loop that begins here"
    return Evidence("forgotten", text, what.file, what.line)


def _never_nearer(left: Remaining) -> Evidence:
    """Evidence that a job gets no nearer to its end: as much is left from its last start as from its first."""
    seconds = f" and {left.seconds:g} virtual seconds" if left.seconds else ""
    text = (
        "from the first start of the job, and from the last start that was tried, a run that never restarts still needs "
        f"{count(left.checkpoints, 'checkpoint')}{seconds} to its end: the job gets no nearer to it"
    )
    return Evidence(NO_NEARER, text)


def _ends_sooner(whole: Remaining) -> Evidence:
    """Evidence that a job whose end was not reached does end in a run that never restarts."""
    seconds = f" and {whole.seconds:g} virtual seconds" if whole.seconds else ""
    return Evidence(
        "no end so far", f"a run that never restarts ends after {count(whole.checkpoints, 'checkpoint')}{seconds}"
    )


def _reseeded(seeds: str) -> Evidence:
    """Evidence of what seeds a generator of random numbers that should continue."""
    text = (
        f"{seeds} begins the random numbers anew at each restart: if they continue from where they were at the save, the "
        "job ends with the right output"
    )
    return Evidence("forgotten", text)


def _off_by_one(fix: OffByOne) -> Evidence:
    """Evidence that changing a number in the checkpoint makes the job right."""
    by = abs(fix.becomes - fix.saved)
    change = f"{'lower' if fix.becomes < fix.saved else 'higher'} by {'one' if by == 1 else by}"
    when = "at the first restart" if fix.at_first else "at each restart"
    numbers = f"{fix.becomes} instead of {fix.saved}{'' if fix.at_first else ' at the first'}"
    more = ", together with the numbers that grow in step with it" if fix.more else ""
    text = f"if {fix.what} is {change} {when} ({numbers}){more}, the job ends with the right output"
    return Evidence(OFF_BY_ONE, text, fix.path)


def _as_json(checked: Checked) -> dict[str, Any]:
    exploration = checked.exploration
    return {
        "job": f"{checked.job.cluster}.{checked.job.proc}",
        "verdict": exploration.verdict,
        "failure": exploration.failure,
        "measure": "known" if exploration.known else "unbroken" if exploration.unbroken else None,
        "schedule": schedule.render(exploration.schedule) if exploration.schedule is not None else None,
        "misconception": checked.misconception[0] if checked.misconception else None,
        "seconds_per_cpu_second": exploration.seconds_per_cpu_second or None,
        "states": exploration.states,
        "executions": exploration.executions,
        "schedules": exploration.schedules,
        "checkpoints": exploration.checkpoints,
        "evidence": [asdict(fact) for fact in checked.facts],
        "not_tried": untried_json(exploration),
        "looks_at": circumstance_json(checked.looks),
    }
