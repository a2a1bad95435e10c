"""The walk over a job's states, with a function in the program's place: quick, and exact to the last execution.

test_explore.py asks what explore() says of real programs, test_completeness.py whether it is right. Here is what it does
besides: where it stops, what it begins ahead, which states it takes for one, and what it reports when it stops.
"""

from __future__ import annotations

import gzip
import math
import re
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from grader.rules.execution import EPOCH, SIGKILL, Exit, Limit, Run, Unbroken
from grader.rules.job import Job
from grader.rules.livelock import MOST_BESIDE
from grader.rules.profile import MODERN, PROFILES
from grader.rules.schedule import parse, render
from grader.rules.simulation import Pace, simulate
from grader.tree import File, Tree
from grader.verify import explore as walk
from grader.verify.explore import LATE, RESTART_SAFE, UNKNOWN, UNSAFE, Bounds, explore
from grader.verify.observer import Observer
from grader.verify.verdicts import Unknown, Unsafe

V25 = PROFILES["v25"]


class Scripted:
    """An executor whose program is a function of its files, name → bytes, which it changes, and of `at`: the slot, the
    clock and the number of executions so far. It returns the exit code."""

    mark, kept_outside = re.compile(rb"slot\d"), Tree()

    def __init__(self, program: Callable, seconds: float = 0.0, **run):
        self.program, self.seconds, self.fields = program, seconds, run
        self.executed, self.stops, self.freshly = 0, [], 0

    @contextmanager
    def afresh(self):
        self.freshly += 1
        yield

    def slots_named_in(self, tree):
        contents = [entry.content for entry in tree.values() if isinstance(entry, File)]
        return {int(number) for content in contents for number in re.findall(rb"slot(\d)", content)}

    def run(self, job, sandbox, *, slot=0, clock=EPOCH, stop=None, trace=False, beside=()):
        self.executed += 1
        files = {path: entry.content for path, entry in sandbox.items() if path != "job"}
        if stop:
            self.stops.append((round(stop.after, 1), stop.signal))
            return Run(Exit(signal=stop.signal), sandbox.put("half", File(b"done")), stop.after, "", "")
        code = self.program(files, SimpleNamespace(slot=slot, clock=clock, executed=self.executed))
        after = Tree({"job": sandbox["job"], **{path: File(content) for path, content in files.items()}})
        return Run(Exit(code), after, self.seconds, "", "", **self.fields)


def job(**fields) -> Job:
    """A job that checkpoints `n` and `rows`, and brings `rows` home."""
    usual = {
        "executable": "job",
        "inputs": Tree({"job": File(b"", executable=True)}),
        "checkpoint_exit_code": 85,
        "transfer_checkpoint_files": ("n", "rows"),
        "transfer_output_files": ("rows",),
    }
    return Job(**{**usual, **fields})


def count(files, last=3):
    """The next number, which is kept in `n`; 85 until the last."""
    n = int(files.get("n", b"0"))
    files["rows"] = files.get("rows", b"") + b"row %d\n" % n
    files["n"] = b"%d" % (n + 1)
    return 0 if n == last else 85


def safe(files, at):
    return count(files)


def endless(files, at):
    """It starts over and over."""
    files["n"] = files["rows"] = b"0"
    return 85


# -- how much is tried --------------------------------------------------------------------


def test_states_grow_with_the_checkpoints_and_executions_are_one_each():
    """Four starts in place, each of them elsewhere and after a failed upload; a new sandbox is the old one here."""
    for profile in (MODERN, V25):
        program = Scripted(safe)
        found = explore(job(), program, profile)
        assert (found.verdict, found.checkpoints, found.executions) == (RESTART_SAFE, 3, 4)
        assert program.executed == 8 and program.freshly == 1, "all of it a second time"


def test_the_walk_begins_at_the_first_start_of_a_job_that_is_explored():
    assert explore(job(), Scripted(safe)).root.now.execution == 1
    with pytest.raises(AssertionError, match="not explored"):
        _ = explore(job(on_exit_or_evict=True), Scripted(safe)).root


@pytest.mark.parametrize(("profile", "schedules"), [(MODERN, 7), (V25, 10)])
def test_every_interruption_is_tried_once(profile, schedules):
    """Of four starts each can be evicted, three uploads can fail, and since 25.10.1 three slots be taken away."""
    assert explore(job(), Scripted(safe), profile).schedules == schedules


@pytest.mark.parametrize(("last", "failure"), [(3, Unsafe.WRONG_OUTPUT), (60, Unsafe.HELD)])
def test_a_graver_failure_is_looked_for_only_for_a_while(last, failure):
    """Without its rows it leaves without output after the first checkpoint, and later brings others home in the end."""

    def crashing(files, at):
        return 1 if files.get("n") == b"1" and "rows" not in files else count(files, last)

    found = explore(job(transfer_checkpoint_files=("n",)), Scripted(crashing))
    assert (found.verdict, found.failure) == (UNSAFE, failure)


def test_without_a_failure_it_is_looked_for_to_the_last_state():
    """Only a restart elsewhere after the last of 99 checkpoints misses what is left in place."""

    def late_slip(files, at):
        code, files["litter"] = count(files, last=99), (files.get("litter", b"") + b"x")[:3]
        if files["n"] == b"98":
            files["aux"] = b""
        if code == 0:
            files["rows"] += b"end\n" * ("aux" in files)
        return code

    found = explore(job(), Scripted(late_slip))
    assert (found.failure, render(found.schedule)) == (Unsafe.WRONG_OUTPUT, "evict@99")


def test_after_the_first_failure_so_many_states_more_are_looked_at():
    """It is held at the second restart elsewhere, and each later one leads to new states for a while."""

    def held(files, at):
        if files.get("n") == b"1" and "rows" not in files:
            return 1
        return count(files, last=60)

    found = [
        explore(job(transfer_checkpoint_files=("n",)), Scripted(held), bounds=Bounds(executions=4 * patience)).states
        for patience in (20, 30, 40)
    ]
    assert [b - a for a, b in zip(found, found[1:])] == [10, 10]


def test_patience_is_less_where_fewer_executions_are_allowed():
    assert Bounds(executions=20).patience == 5 and Bounds().patience == 40


def test_what_is_expected_may_lack_what_comes_besides():
    found = explore(
        job(transfer_output_files=None), Scripted(safe), expected=Tree.of(rows="row 0\nrow 1\nrow 2\nrow 3\n")
    )
    assert (found.verdict, found.known) == (RESTART_SAFE, True)
    known = Scripted(safe)
    explore(job(), known, expected=Tree.of(rows="row 0\nrow 1\nrow 2\nrow 3\n"))
    assert (known.executed, known.freshly) == (4, 0), "what is right need not be done twice"
    wrong = explore(job(), Scripted(safe), expected=Tree.of(rows="row 0\n"))
    assert (wrong.verdict, wrong.failure, wrong.schedule) == (UNSAFE, Unsafe.WRONG_OUTPUT, ())


# -- what is one state ---------------------------------------------------------------------


def test_times_in_an_archive_make_other_states_unless_told_otherwise():
    """gzip writes down when it was called."""

    def archiving(files, at):
        code = count(files)
        files["rows"] = gzip.compress(b"all", mtime=at.executed)
        return code

    found = explore(job(), Scripted(archiving), bounds=Bounds(archives=True))
    assert (found.verdict, found.executions) == (RESTART_SAFE, 4)
    apart = explore(job(), Scripted(archiving), bounds=Bounds(archives=False))
    assert (apart.verdict, apart.unknown) == (UNKNOWN, Unknown.NON_DETERMINISTIC)


def test_a_restart_in_place_is_in_the_slot_that_a_file_names():
    def noting(files, at):
        """`here` stays behind when the job moves, `where` does not."""
        if "here" in files and files["where"] != b"slot%d" % at.slot:
            return 1
        files["here"], files["where"] = b"", b"slot%d" % at.slot
        return count(files)

    found = explore(job(transfer_checkpoint_files=("n", "rows", "where")), Scripted(noting))
    assert found.verdict == RESTART_SAFE


def test_a_job_that_is_always_requeued_never_finishes():
    requeued = job(max_retries=math.inf, on_exit_remove="False")
    found = explore(requeued, Scripted(lambda files, at: count(files) and 85))
    assert found.failure is Unsafe.NEVER_FINISHES


def test_a_slot_that_no_file_names_any_more_is_any_slot():
    """The first execution writes the slot's name, the second removes it, wherever that is: the third is as in place. If the
    name is not in the checkpoint, each new sandbox begins with a first."""

    def naming(files, at):
        code = count(files, last=5)
        files["where"] = b"" if "where" in files else b"slot%d" % at.slot
        return code

    for listed, executions in ((("n", "rows", "where"), 6 + 1), (("n", "rows"), 6 + 5 + 4)):
        found = explore(job(transfer_checkpoint_files=listed), Scripted(naming))
        assert (found.verdict, found.executions) == (RESTART_SAFE, executions)


@pytest.mark.parametrize(
    ("profile", "fields", "more"),
    [
        (MODERN, {}, (3, 2, 4)),
        (V25, {}, (3, 2, 6)),
        (V25, {"max_retries": 2}, (3, 2, 6)),
        (MODERN, {"transfer_checkpoint_files": None, "transfer_output_files": None}, (2, 1, 2)),
    ],
)
def test_states_grow_with_sandboxes_and_spools_not_with_their_pairs(profile, fields, more):
    """In place only the sandbox matters, elsewhere only the spool: as many states, executions and interruptions more for
    each checkpoint more. What is left in place makes a new sandbox another; where it is in the checkpoint, too, it does not."""
    numbers = []
    for last in (3, 4, 5, 6):

        def littering(files, at, last=last):
            code = count(files, last)
            files["litter"] = b"x"
            return code

        found = explore(job(**fields), Scripted(littering), profile, bounds=Bounds(twice=False))
        assert found.verdict == RESTART_SAFE
        numbers.append((found.states, found.executions, found.schedules))
    steps = [tuple(b - a for a, b in zip(*pair)) for pair in zip(numbers, numbers[1:])]
    assert steps == [more] * 3


@pytest.mark.parametrize("allowed", [None, 60])
def test_uploads_that_fail_one_after_the_other_are_told_apart(allowed):
    """`token` is in the first three checkpoints, and stays in the spool (R4e). Only what the first of them has makes a restart
    after the fourth bring other rows home. If the third execution takes too long, the job is held after it, unless just
    that upload fails."""

    def marking(files, at):
        n, token = int(files.get("n", b"0")), files.pop("token", b"")
        program.seconds = 100.0 if n == 2 else 1.0
        code = count(files, last=4)
        if n == 4 and token == b"0":
            files["rows"] = b""
        if n < 3:
            files["token"] = b"%d" % n
        return code

    program = Scripted(marking)
    found = explore(
        job(transfer_checkpoint_files=None, transfer_output_files=None, allowed_execute_duration=allowed),
        program,
        expected=Tree.of(rows="row 0\nrow 1\nrow 2\nrow 3\nrow 4\n"),
    )
    assert (found.failure, render(found.schedule)) == (Unsafe.WRONG_OUTPUT, "upload-fails@2 upload-fails@3 evict@5")


def test_a_retry_after_a_failed_upload_starts_from_the_checkpoint_before():
    """It fails where it finds what the second execution leaves: once, unless that is repeated."""

    def stumbling(files, at):
        if files.get("n") == b"2" and "litter" in files:
            return 1
        if files.get("n") == b"1":
            files["litter"] = b""
        return count(files)

    found = explore(job(max_retries=1), Scripted(stumbling))
    assert (found.failure, render(found.schedule)) == (Unsafe.FAILED, "upload-fails@2")


def test_what_is_printed_tells_states_apart_where_it_is_all_there_is():
    """It starts over elsewhere, and what it has printed before is in the spool."""

    def printing(files, at):
        code = count(files)
        files["k"] = b""
        files["_condor_stdout"] = files.get("_condor_stdout", b"") + files["rows"][-6:]
        return code

    for outputs, failure in (((), Unsafe.WRONG_OUTPUT), (("rows",), Unsafe.LOST_PROGRESS)):
        printed = job(transfer_checkpoint_files=("k",), transfer_output_files=outputs, output="out.txt")
        assert explore(printed, Scripted(printing)).failure is failure


# -- tries that max_retries allows ------------------------------------------------------------


def failing(files, at):
    return 1 if (code := count(files)) == 0 else code


@pytest.mark.parametrize("retries", [1, 2, 7])
def test_the_last_try_is_reached_at_the_time_and_the_number_it_has(retries):
    tried = job(max_retries=retries)
    found = explore(tried, Scripted(failing, 10.0))
    *_, last = simulate(tried, Scripted(failing, 10.0), pace=Pace(wait=0.0))
    assert (found.failure, found.schedule) == (Unsafe.FAILED, ())
    end = found.violation.state
    assert (end.now.execution, end.now.time + 10.0, end.now.retries) == (last.execution, last.time, 0)


def test_a_million_tries_that_all_go_the_same_way_are_few_states():
    few, many = (explore(job(max_retries=retries), Scripted(failing)) for retries in (10**3, 10**6))
    assert (many.failure, many.violation.state.now.execution, many.executions) == (Unsafe.FAILED, 4 + 10**6, 4)
    assert many.states == few.states


# -- what an execution comes to ------------------------------------------------------------------


def test_what_is_not_simulated_is_unknown_but_a_limit_holds_the_job():
    outside = job(transfer_checkpoint_files=("/etc/passwd",))
    assert explore(outside, Scripted(safe)).unknown is Unknown.NOT_SIMULATED
    greedy = Scripted(safe, over="5 s", limit=Limit.PROCESSOR_TIME)
    assert explore(job(), greedy).failure is Unsafe.HELD
    found = [
        explore(job(), Scripted(safe, over="5 s", limit=limit), bounds=Bounds(limits_hold=False)).unknown
        for limit in (Limit.PROCESSOR_TIME, Limit.REAL_TIME, Limit.MEMORY)
    ]
    assert found == [Unknown.LIMIT_OF_TIME, Unknown.LIMIT_OF_TIME, Unknown.LIMIT]
    assert explore(job(), Scripted(safe, left=None)).unknown is Unknown.LEFT_UNSEEN


@pytest.mark.parametrize(("last", "unknown"), [(MOST_BESIDE, None), (MOST_BESIDE + 1, Unknown.LEFT_RUNNING)])
def test_what_is_left_running_is_followed_for_so_many_restarts(last, unknown):
    assert explore(job(), Scripted(lambda files, at: count(files, last), left=("worker",))).unknown is unknown


def test_an_execution_that_reached_a_limit_is_not_tried_again():
    program = Scripted(safe, over="5 s", limit=Limit.REAL_TIME)
    explore(job(), program, bounds=Bounds(limits_hold=False))
    assert (program.executed, program.freshly) == (1, 0)


def test_a_file_that_varies_does_no_harm_if_the_result_does_not():
    def untidy(files, at):
        code = count(files)
        files["junk"] = b"%d" % at.executed
        return code

    found = explore(job(), Scripted(untidy))
    assert found.verdict == RESTART_SAFE

    def chance(files, at):
        code = count(files)
        files["rows"] += b"%d" % at.executed
        return code

    found = explore(job(), Scripted(chance))
    what, once, again = found.difference
    assert (found.unknown, what) == (Unknown.NON_DETERMINISTIC, "execution 1 done twice") and once != again


def test_a_job_that_only_appends_is_endless_in_the_walk_too():
    def appending(files, at):
        files["n"] = b""
        files["rows"] = files.get("rows", b"") + b"row\n"
        return 85

    program = Scripted(appending, notes=(("open", "rows", "w"),))
    found = explore(job(), program, bounds=Bounds(executions=400))
    assert (found.verdict, found.failure, found.exhausted) == (UNSAFE, Unsafe.NEVER_FINISHES, None)
    assert found.violation.state.expanded and found.violation.state.endless and found.schedule == ()


# -- where it stops -------------------------------------------------------------------------


class Clock:
    """Real time that passes only when a program is executed."""

    def __init__(self, monkeypatch, each=1.0):
        self.now, self.each = 0.0, each
        monkeypatch.setattr(walk.time, "monotonic", lambda: self.now)

    def taking(self, program):
        def taking(files, at):
            self.now += self.each
            return program(files, at)

        return taking


def test_when_the_time_is_up_nothing_more_is_begun(monkeypatch):
    """The execution that is under way is waited for; the first is always allowed."""
    for seconds, executions in ((0.5, 1), (1.5, 2), (2.5, 3)):
        program = Scripted(Clock(monkeypatch).taking(safe))
        found = explore(job(), program, bounds=Bounds(seconds=seconds))
        assert (found.verdict, found.unknown, found.executions) == (UNKNOWN, Unknown.SECONDS, executions)
        assert program.executed == executions and program.freshly == 0


def test_a_walk_that_is_stopped_while_it_is_repeated_is_interrupted():
    observer = Observer()

    def stopping(files, at):
        observer.stopped = at.executed > 4
        return count(files)

    found = explore(job(), Scripted(stopping), observer=observer)
    assert (found.verdict, found.unknown, found.executions) == (UNKNOWN, Unknown.INTERRUPTED, 4)


def test_a_failure_is_no_less_so_as_there_is_no_time_to_repeat_it(monkeypatch):
    """Four executions without a fault, and in the order of their schedules one after evict@2, two more ... the eighth is the
    first to bring another result home."""
    fields = {"transfer_checkpoint_files": ("n",)}
    program = Scripted(Clock(monkeypatch).taking(safe))
    found = explore(job(**fields), program, bounds=Bounds(seconds=7.5))
    assert (found.verdict, found.failure, found.twice) == (UNSAFE, Unsafe.WRONG_OUTPUT, False)
    program = Scripted(safe)
    assert explore(job(**fields), program).twice and program.freshly == 1
    program = Scripted(safe)
    assert not explore(job(**fields), program, bounds=Bounds(twice=False)).twice and program.freshly == 0


def test_who_does_not_want_to_wait_ends_the_execution_under_way():
    observer = Observer()

    def impatient(files, at):
        if at.executed == 3:
            observer.stopped = True
            raise KeyboardInterrupt
        return count(files)

    program = Scripted(impatient)
    found = explore(job(), program, observer=observer)
    assert (found.verdict, found.unknown, found.executions) == (UNKNOWN, Unknown.INTERRUPTED, 2)
    assert program.executed == 3 and observer.executions == 2


def test_an_interrupt_that_nobody_asked_for_is_passed_on():
    def struck(files, at):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explore(job(), Scripted(struck))


def test_only_a_job_that_is_not_through_has_an_unfinished_execution():
    found = explore(job(), Scripted(endless))
    assert (found.verdict, found.failure, found.unfinished) == (UNSAFE, Unsafe.NEVER_FINISHES, None)

    def long(files, at):
        return count(files, last=50)

    cut = explore(job(), Scripted(long), bounds=Bounds(executions=10))
    assert (cut.unknown, cut.exhausted, cut.unfinished.now.execution) == (Unknown.EXECUTIONS, Unknown.EXECUTIONS, 10)
    assert cut.seconds is None


def test_the_schedules_that_were_not_tried_are_told_the_shortest_first():
    def long(files, at):
        return count(files, last=50)

    found = explore(job(), Scripted(long), bounds=Bounds(executions=100, states=20, twice=False))
    assert found.unknown is Unknown.STATES and found.waiting
    lengths = [len(schedule) for schedule in found.waiting]
    assert lengths == sorted(lengths)
    only_free = explore(job(), Scripted(littering), bounds=Bounds(executions=5))
    faults = "evict@2 upload-fails@2 evict@3 upload-fails@3 evict@4 upload-fails@4 evict@5"
    assert [render(schedule) for schedule in only_free.waiting] == faults.split()
    assert explore(job(), Scripted(safe)).waiting == ()


# -- executions that are begun ahead -----------------------------------------------------------


class Ahead(Scripted):
    """One with others beside it: what is begun there is done at once."""

    def __init__(self, program, seconds=0.0):
        super().__init__(program, seconds)
        self.begun, self.unbroken = 0, []
        self.ahead = SimpleNamespace(run=self._begin)

    def _begin(self, job, sandbox, unbroken=None, **circumstances):
        future: Future[Run] = Future()
        if unbroken:
            self.unbroken.append(sandbox)
        else:
            self.begun += 1
            future.set_result(super().run(job, sandbox, **circumstances))
        return future


def littering(files, at):
    """In place it finds what it has left, so that a new sandbox is another one than the old."""
    code = count(files, last=4)
    files["litter"] = files.get("litter", b"") + b"x"
    return code


def test_what_is_next_is_begun_beside_where_that_is_worthwhile(monkeypatch):
    alone = Scripted(littering)
    plain = explore(job(), alone, bounds=Bounds(twice=False))
    lazy = Ahead(littering)
    explore(job(), lazy, bounds=Bounds(twice=False))
    assert (lazy.executed, lazy.begun) == (alone.executed, 0), "they take no time"
    monkeypatch.setattr(walk, "WORTHWHILE", -1.0)
    team = Ahead(littering)
    found = explore(job(), team, bounds=Bounds(twice=False))
    assert (found.verdict, found.states, found.executions) == (plain.verdict, plain.states, plain.executions)
    assert team.executed == alone.executed, "nothing is executed for nothing"
    assert team.begun == alone.executed - 5, "all but the five of the run without faults"


def test_the_run_without_faults_is_repeated_beside_itself(monkeypatch):
    monkeypatch.setattr(walk, "WORTHWHILE", -1.0)
    alone, once, twice = Scripted(littering), Ahead(littering), Ahead(littering)
    explore(job(), alone)
    explore(job(), once, bounds=Bounds(twice=False))
    explore(job(), twice)
    assert twice.executed == alone.executed, "nothing is executed for nothing"
    assert twice.begun == once.begun + 5, "all five of the run without faults"


@pytest.mark.parametrize("what", [safe, littering, endless])
def test_a_run_that_never_restarts_is_begun_once_the_job_saves(what, monkeypatch):
    lazy, team = Ahead(what), Ahead(what)
    found = explore(job(), lazy)
    assert (lazy.unbroken, found.first.unbroken) == ([], {}), "it isn't worthwhile"
    monkeypatch.setattr(walk, "WORTHWHILE", -1.0)
    found = explore(job(), team)
    assert team.unbroken == [found.first.now.directory] and list(found.first.unbroken) == [Unbroken()]


def test_a_job_that_never_saves_is_compared_with_nothing(monkeypatch):
    monkeypatch.setattr(walk, "WORTHWHILE", -1.0)
    team = Ahead(lambda files, at: 0)
    explore(job(), team)
    assert team.unbroken == []


def test_no_more_is_begun_beside_than_may_be_executed(monkeypatch):
    monkeypatch.setattr(walk, "WORTHWHILE", -1.0)
    for executions in range(1, 8):
        team = Ahead(littering)
        found = explore(job(), team, bounds=Bounds(executions=executions, twice=False))
        assert found.executions <= executions and team.begun < executions


# -- soft evictions ---------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "stops"), [(0.0, []), (1.0, [1.0]), (2.0, [1.0, 2.0]), (100.0, [50.0, 100.0])])
def test_soft_evictions_strike_in_the_middle_and_in_the_end(seconds, stops):
    soft = job(on_exit_or_evict=True, transfer_output_files=None)
    program = Scripted(lambda files, at: count(files, last=1), seconds)
    explore(soft, program, bounds=Bounds(eviction_driven=True))
    assert sorted({after for after, _ in program.stops}) == stops
    assert {number for _, number in program.stops} <= {soft.kill_sig} and soft.kill_sig != SIGKILL


# -- the clock ----------------------------------------------------------------------------------


def late(files, at):
    """It notes when it was started first, and writes another result if that is long ago."""
    began = float(files.setdefault("began", b"%f" % at.clock))
    code = count(files)
    files["rows"] = b"late" if at.clock - began > LATE / 2 else b"in time"
    files["besides"] = b"at %d" % at.clock
    return code


def test_a_job_that_looks_at_the_clock_is_tried_days_later_once():
    program = Scripted(safe, looked=True)
    assert explore(job(), program).verdict == RESTART_SAFE
    assert program.executed == 4 + 4 + 4, "the walk, all of it again, and all elsewhere"


def test_days_later_is_tried_only_as_long_as_there_is_time(monkeypatch):
    program = Scripted(Clock(monkeypatch).taking(safe), looked=True)
    assert explore(job(), program, bounds=Bounds(seconds=9.5)).verdict == RESTART_SAFE
    assert program.executed == 4 + 4 + 2, "the walk, all of it again, and two of four elsewhere"


def test_a_job_may_save_more_often_when_it_is_late():
    def careful_late(files, at):
        began = float(files.setdefault("began", b"%f" % at.clock))
        rows = 1 if at.clock - began > LATE / 2 else 4
        return 85 if all(count(files, last=11) for _ in range(rows)) else 0

    found = explore(job(transfer_checkpoint_files=("n", "rows", "began")), Scripted(careful_late, looked=True))
    assert (found.verdict, found.executions) == (RESTART_SAFE, 3)


def test_a_job_that_fails_when_it_is_late_goes_by_the_time():
    def failing_late(files, at):
        began = float(files.setdefault("began", b"%f" % at.clock))
        return count(files) or int(at.clock - began > LATE / 2)

    found = explore(job(transfer_checkpoint_files=("n", "rows", "began")), Scripted(failing_late, looked=True))
    assert found.unknown is Unknown.GOES_BY_TIME
    assert found.failure.endswith(f"on the schedule {render(found.schedule)}")


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        (lambda n, now: b"%d seed %d\n" % (n, now), UNKNOWN),
        (lambda n, now: b"%d\n" % n, RESTART_SAFE),
        (lambda n, now: (b"" if n else b"%d\n" % now) + b"%d\n" % n, RESTART_SAFE),
    ],
    ids=["in each line", "nowhere", "in the first line"],
)
def test_most_of_the_output_must_not_depend_on_when_the_job_is_run(rows, verdict):
    def dated(files, at):
        files["rows"] = files.get("rows", b"") + rows(int(files.get("n", b"0")), at.clock)
        return count(files)

    assert explore(job(), Scripted(dated, looked=True)).verdict == verdict


@pytest.mark.parametrize("dated", [False, True])
def test_a_line_that_only_a_late_restart_adds_is_not_overlooked(dated):
    def adding(files, at):
        began = float(files.setdefault("began", b"%f" % at.clock))
        if dated and "rows" not in files:
            files["rows"] = b"%d\n" % at.clock
        code = count(files)
        if not code and at.clock - began > LATE / 2:
            files["rows"] += b"late\n"
        return code

    found = explore(job(transfer_checkpoint_files=("n", "rows", "began")), Scripted(adding, looked=True))
    assert found.unknown is Unknown.GOES_BY_TIME and found.difference[2]["rows"].text.endswith("late\n")


def test_of_a_long_schedule_only_the_beginning_is_named():
    def forgetful(files, at):
        began = float(files.setdefault("began", b"%f" % at.clock))
        return count(files, last=9) or int(at.clock - began > LATE / 2)

    found = explore(job(transfer_checkpoint_files=("n", "rows", "began")), Scripted(forgetful, looked=True))
    assert len(found.schedule) == 9
    assert found.failure.endswith("on the schedule evict@2 evict@4 evict@6 evict@8 evict@10 ...")


def test_a_file_that_comes_home_only_late_is_shown():
    def more(files, at):
        began = float(files.setdefault("began", b"%f" % at.clock))
        if at.clock - began > LATE / 2:
            files["late"] = b""
        return count(files)

    fields = {"transfer_checkpoint_files": ("n", "rows", "began"), "transfer_output_files": None}
    found = explore(job(**fields), Scripted(more, looked=True))
    _, right, got = found.difference
    assert found.unknown is Unknown.GOES_BY_TIME and set(got) - set(right) == {"late"}


@pytest.mark.parametrize("expected", [None, Tree.of(rows="in time")])
def test_what_depends_on_the_wait_is_shown_without_what_comes_besides(expected):
    checkpoint = {"transfer_checkpoint_files": ("n", "began"), "transfer_output_files": ("rows", "besides")}
    found = explore(job(**checkpoint), Scripted(late, looked=True), expected=expected)
    assert found.unknown is Unknown.GOES_BY_TIME
    assert render(found.schedule) == "evict@2 evict@4 evict@6"
    what, right, got = found.difference
    assert "days later" in what and (right["rows"].text, got["rows"].text) == ("in time", "late")
    assert list(right) == list(got) == ["rows"]
    assert explore(job(**checkpoint), Scripted(late, looked=False), expected=expected).verdict != UNSAFE
    assert (
        parse("requeue@1 requeue@2 requeue@3")
        == explore(job(**checkpoint), Scripted(late, looked=True), V25, expected=expected).schedule
    )
