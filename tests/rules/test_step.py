"""step(): what becomes of a job by one event, rule by rule. No program is executed here."""

from __future__ import annotations

import errno
import itertools
import math
from dataclasses import replace

import pytest

from grader.rules.execution import EPOCH, Exit, Run, Start
from grader.rules.job import STDERR, STDOUT, Job, NotTransferred
from grader.rules.joblog import job_log
from grader.rules.profile import MODERN, PROFILES
from grader.rules.schedule import Fault
from grader.rules.simulation import outcome, simulate
from grader.rules.step import (
    STATUS,
    DurationChecked,
    Ended,
    Exited,
    FaultHappened,
    Held,
    Hold,
    Kind,
    Matched,
    NotSaved,
    PolicyChecked,
    Reactivated,
    Released,
    Saved,
    Status,
    Transferred,
    held_after,
    is_checkpoint,
    policies_see,
    step,
    submitted,
)
from grader.tree import Fifo, File, Link, Tree

JOB = Job(
    executable="job",
    inputs=Tree.of(job="a program", table="1 2"),
    output="out.txt",
    error="err.txt",
    checkpoint_exit_code=85,
    transfer_checkpoint_files=("n",),
    transfer_output_files=("rows",),
)


def ran(code=85, seconds=10.0, over=None, unstartable=None, signal=None, stdout="", **files):
    """An execution that leaves these files beside its streams."""
    sandbox = Tree.files({STDOUT: "", STDERR: "", **files})
    return Run(Exit(code, signal), sandbox, seconds, stdout, "", over=over, unstartable=unstartable)


def fold(*events, job=JOB, profile=MODERN):
    """The situation of a new job after some events."""
    now = submitted(job)
    for event in events:
        now = step(job, profile, now, event)
    return now


def after(run, *events, **how):
    """The situation when an execution has ended, and after more events."""
    return fold(Matched(), Exited(run), *events, **how)


SAVED = (Matched(), Exited(ran(n="1", rows="0")), Transferred(5.0))


@pytest.mark.parametrize(
    "events, status",
    [
        ((), Status.IDLE),
        ((Matched(),), Status.RUNNING),
        ((Matched(), Exited(ran(n="1"))), Status.SENDING),
        (SAVED, Status.CLAIMED),
        ((*SAVED, Reactivated()), Status.RUNNING),
        ((Matched(), Exited(ran())), Status.SENDING),
        ((Matched(), Exited(ran()), Transferred()), Status.HELD),
        ((Matched(), Exited(ran(0, rows="0")), Transferred()), Status.OVER),
    ],
)
def test_an_event_happens_only_to_a_job_that_it_can_happen_to(events, status):
    now = fold(*events)
    assert now.status is status
    struck = FaultHappened(Fault("evict", 1), ran())
    possible = {
        Status.IDLE: {Matched, FaultHappened},
        Status.RUNNING: {Exited, FaultHappened},
        Status.SENDING: {Transferred, FaultHappened},
        Status.CLAIMED: {Reactivated, FaultHappened},
        Status.HELD: {Released},
        Status.OVER: set(),
    }[status]
    for event in (Matched(), Reactivated(), Exited(ran()), Transferred(), struck, Released()):
        if type(event) in possible:
            assert step(JOB, MODERN, now, event) != now
        else:
            with pytest.raises(ValueError, match=type(event).__name__):
                step(JOB, MODERN, now, event)


def test_every_kind_of_situation_has_a_status():
    assert set(STATUS) == set(Kind)


def test_a_new_activation_has_the_inputs_and_over_them_the_checkpoint():
    """R2"""
    lost = FaultHappened(Fault("evict", 2), ran(seconds=4.0, n="2", trash="x"), 4.0)
    now = fold(*SAVED, Reactivated(), lost, Matched(3, 60.0, 7.0))
    assert (now.kind, now.activation, now.execution, now.slot, now.transfer) == (Kind.STARTED, 2, 3, 3, 7.0)
    assert now.sandbox == Tree.files({"job": "a program", "table": "1 2", "n": "1", STDOUT: "", STDERR: ""})
    assert now.activation_spool == now.spool and (now.goodput, now.badput, now.pending) == (10.0, 4.0, 0.0)


def test_only_the_exact_exit_code_of_a_program_that_ended_is_a_checkpoint():
    """R1, R0"""
    assert isinstance(after(ran(85, n="1"), Transferred()).next, Saved)
    for run in (ran(0, rows="x"), ran(84, rows="x"), ran(None, signal=9, rows="x")):
        assert after(run, Transferred()).kind == Kind.ENDED
    assert after(ran(85, rows="x"), Transferred(), job=Job("job", transfer_output_files=("rows",))).kind == Kind.ENDED


@pytest.mark.parametrize("run", [ran(127, unstartable="No such file"), ran(127, over="20 s")], ids=["start", "limit"])
def test_a_program_that_did_not_run_to_its_end_made_no_checkpoint(run):
    """R1"""
    assert not is_checkpoint(replace(JOB, checkpoint_exit_code=127), run)
    assert is_checkpoint(replace(JOB, checkpoint_exit_code=127), ran(127))


def test_a_signal_is_a_checkpoint_only_where_the_job_names_it():
    """R1"""
    job = replace(JOB, checkpoint_exit_code=None, checkpoint_signal=10)
    assert isinstance(after(ran(None, signal=10, n="1"), Transferred(), job=job).next, Saved)
    assert after(ran(None, signal=12, rows=""), Transferred(), job=job).kind == Kind.ENDED
    assert after(ran(85, rows=""), Transferred(), job=job).kind == Kind.ENDED


def test_a_checkpoint_replaces_what_is_in_it_and_leaves_the_rest():
    """R4e, R4f"""
    now = fold(*SAVED, Reactivated(), Exited(ran(n="2", rows="0")), Transferred())
    assert now.kind == Kind.CHECKPOINT and now.spool["n"].text == "2" and now.next.sent == now.spool
    assert now.execution == 2 and step(JOB, MODERN, now, Reactivated()).sandbox == now.sandbox


def test_what_is_left_running_stays_with_the_sandbox():
    """R4f, R5"""
    first = fold(Matched())
    now = fold(Matched(), Exited(ran(n="1", rows="")._replace(left=("job",))), Transferred(), Reactivated())
    assert now.beside == (Start(first.sandbox, EPOCH, ("job",)),)
    again = step(JOB, MODERN, now, Exited(ran(n="2", rows="")._replace(left=("job",))))
    assert again.beside == (*now.beside, Start(now.sandbox, EPOCH + 10, ("job",)))
    unaided = step(JOB, MODERN, now, Exited(ran(n="2", rows="")._replace(left=("job",), unaided=True)))
    assert unaided.beside == again.beside[1:]
    assert step(JOB, MODERN, now, Exited(ran(n="2", rows=""))).beside == ()
    lost = step(JOB, MODERN, now, FaultHappened(Fault("evict", 2), ran(seconds=4.0), 4.0))
    assert step(JOB, MODERN, lost, Matched()).beside == ()


@pytest.mark.parametrize("profile, then", [("modern", Held), ("slides2021", NotSaved)])
def test_a_missing_checkpoint_file_leaves_the_spool_as_it_was(profile, then):
    """R4c"""
    now = fold(*SAVED, Reactivated(), Exited(ran(seconds=3.0)), Transferred(), profile=PROFILES[profile])
    assert isinstance(now.next, then) and now.next.missing == ("n",)
    assert now.spool["n"].text == "1"
    assert (now.badput, now.pending) == ((3.0, 0.0) if then is Held else (0.0, 3.0))


def test_an_upload_that_fails_leaves_the_spool_and_the_work_pending():
    """R4d"""
    now = fold(*SAVED, Reactivated(), Exited(ran(n="2")), FaultHappened(Fault("upload-fails", 2), transfer=5.0))
    assert (now.kind, now.status, now.next) == (Kind.CHECKPOINT_FAILED, Status.CLAIMED, None)
    assert (now.spool["n"].text, now.pending, now.goodput) == ("1", 10.0, 10.0)


@pytest.mark.parametrize("kind, then", [("evict", Kind.EVICTED), ("vacate", Kind.EVICTED), ("hold", Kind.HELD)])
def test_a_lost_slot_takes_all_since_the_last_checkpoint(kind, then):
    """R5"""
    now = fold(*SAVED, Reactivated(), FaultHappened(Fault(kind, 2), ran(seconds=4.0, n="2"), 4.0))
    assert (now.kind, now.badput, now.pending, now.spool["n"].text) == (then, 4.0, 0.0, "1")
    assert now.signal == (0 if kind == "evict" else JOB.kill_sig)
    if then == Kind.HELD:
        now = step(JOB, MODERN, now, Released(60.0))
    assert now.status is Status.IDLE
    assert step(JOB, MODERN, now, Matched()).sandbox["n"].text == "1"


@pytest.mark.parametrize("kind, then", [("requeue", Kind.REQUEUED), ("vacate", Kind.REQUEUED), ("hold", Kind.HELD)])
def test_what_waits_for_a_checkpoint_to_arrive_loses_nothing(kind, then):
    """R4g, R5"""
    now = fold(*SAVED, FaultHappened(Fault(kind, 1)))
    assert (now.kind, now.badput, now.goodput) == (then, 0.0, 10.0)


def test_an_eviction_that_waits_for_the_output_is_not_the_end():
    """R5, R6"""
    now = after(ran(0, rows="all"), Transferred(5.0, Fault("vacate", 1, 12.0)))
    assert (now.kind, now.returned_files["rows"].text, now.badput) == (Kind.EVICTED, "all", 10.0)


def test_the_final_exit_brings_the_output_home_and_empties_the_spool():
    """R6"""
    now = fold(*SAVED, Reactivated(), Exited(ran(0, rows="0 1")), Transferred(2.0))
    assert (now.kind, now.spool, now.goodput) == (Kind.ENDED, Tree(), 20.0)
    assert isinstance(now.next, Ended) and now.returned_files == Tree.files(
        {"rows": "0 1", "out.txt": "", "err.txt": ""}
    )


@pytest.mark.parametrize(
    ("policy", "run", "held"),
    [
        ("ExitCode == 7", ran(7, rows="0"), True),
        ("ExitCode == 7", ran(0, rows="0"), False),
        ("ExitCode", ran(7, rows="0"), True),
        ("ExitCode == 85", ran(85, n="1"), False),
        ("ExitBySignal && ExitSignal == 9", ran(None, signal=9, rows="0"), True),
        ("ExitSignal == 9", ran(7, rows="0"), False),
        ("ExitCode == 7", ran(None, signal=9, rows="0"), False),
        ('"true"', ran(0, rows="0"), False),
        ("1/0", ran(0, rows="0"), False),
    ],
)
def test_a_final_exit_is_held_if_the_policy_is_true_of_it(policy, run, held):
    now = after(run, Transferred(1.0), job=replace(JOB, on_exit_hold=policy))
    assert (now.status is Status.HELD) == held
    if held:
        assert (now.next.code, now.next.subcode, now.returned_files["rows"]) == (Hold.POLICY, 0, run.sandbox["rows"])
        assert now.next.reason == f"The job attribute OnExitHold expression '{policy}' evaluated to TRUE"


def test_a_hold_by_policy_has_the_job_s_reason_and_subcode():
    job = replace(
        JOB,
        on_exit_hold="true",
        on_exit_hold_reason='strcat("code ", ExitCode)',
        max_retries=2,
        on_exit_hold_subcode="ExitCode + 1",
    )
    held = after(ran(7, rows="0"), Transferred(1.0), job=job).next
    assert (held.reason, held.subcode) == ("code 7", 8)


def test_a_failing_end_is_retried_from_the_spool_as_often_as_allowed():
    """R6"""
    job = replace(JOB, max_retries=1)
    tried = fold(*SAVED, Reactivated(), Exited(ran(3, rows="0")), Transferred(), job=job)
    assert (tried.kind, tried.status, tried.retries, tried.badput) == (Kind.RETRIED, Status.IDLE, 0, 10.0)
    again = step(job, MODERN, tried, Matched())
    assert again.sandbox["n"].text == "1"
    over = step(job, MODERN, step(job, MODERN, again, Exited(ran(3, rows="0"))), Transferred())
    assert (over.kind, over.retries) == (Kind.ENDED, 0)


@pytest.mark.parametrize(
    "run, code, subcode",
    [
        (ran(None, unstartable="Exec format error")._replace(error=errno.ENOEXEC), Hold.EXECUTE, errno.ENOEXEC),
        (ran(None, signal=9, over="20 s"), Hold.LIMIT, 0),
        (ran(85), Hold.CHECKPOINT, -1),
        (ran(0), Hold.OUTPUT, errno.ENOENT),
    ],
)
def test_a_job_is_held_with_the_codes_of_what_went_wrong(run, code, subcode):
    now = after(run, Transferred())
    assert (now.kind, now.next.code, now.next.subcode, now.badput) == (Kind.HELD, code, subcode, 10.0)


@pytest.mark.parametrize("profile", ["modern", "v25"])
def test_an_input_that_can_not_be_sent_holds_the_job_and_is_logged(profile, executor):
    """R2: seen on 23.9.6 and 25.14.1."""
    job = replace(JOB, missing_input=NotTransferred("link", errno.EISDIR))
    moments = list(simulate(job, executor, PROFILES[profile]))
    assert (moments[-1].next.code, moments[-1].next.subcode, outcome(moments).returned_files) == (
        Hold.INPUT,
        errno.EISDIR,
        Tree(),
    )
    events = list(job_log(job, moments, PROFILES[profile]))
    output = ["Started transferring output files", "Finished transferring output files"] * (profile == "v25")
    assert [event.text for event in events if event.number == 40] == [
        "Started transferring input files",
        "Finished transferring input files",
        *output,
    ]
    assert [event.number for event in events if event.number != 40] == [0, 21, 4, 12]
    assert all("Code 13 Subcode 21" in event.body[-1] for event in events if event.number in (12, 21))


@pytest.mark.parametrize(
    "policy, again",
    [
        ("ExitCode == 0", True),
        ("ExitCode == 7", False),
        ("Nobody", False),
        ('"text"', False),
        ("error", False),
        ("0", True),
        ("NumJobCompletions > 1", True),
        ("NumJobCompletions > 0", False),
        ("ExitBySignal", True),
        ("ExitSignal > 1", False),
    ],
)
def test_a_job_is_queued_again_where_on_exit_remove_is_false(policy, again):
    """R6"""
    job = replace(JOB, on_exit_remove=policy, max_retries=math.inf)
    now = after(ran(7, rows="0"), Transferred(), job=job)
    assert (now.kind, now.retries) == (Kind.RETRIED if again else Kind.ENDED, math.inf)
    assert now.returned_files["rows"].text == "0"


def test_an_exit_code_is_there_until_there_is_another():
    """R6: seen on 23.9.6 and 25.14.1."""
    job = replace(JOB, on_exit_remove="ExitCode != 85 && ExitSignal != 9", max_retries=math.inf)
    killed = (Reactivated(), Exited(ran(None, signal=9, rows="")), Transferred())
    first = fold(*SAVED, *killed, job=job)
    assert (first.kind, dict(first.ad)) == (Kind.RETRIED, {"exitcode": 85, "exitsignal": 9})
    evicted = fold(*SAVED, Reactivated(), FaultHappened(Fault("evict", 2), ran(None, signal=9)), Matched(), job=job)
    assert dict(evicted.ad) == {"exitcode": 85}
    again = fold(*SAVED, *killed, Matched(), Exited(ran(3, rows="")), job=job)
    assert dict(again.ad) == {"exitcode": 3, "exitsignal": 9}


def test_a_job_without_policies_is_the_same_however_it_came_there():
    assert fold(*SAVED, Reactivated(), Exited(ran())).ad == ()


@pytest.mark.parametrize(
    "events, started, completed",
    [
        ((), 0, 0),
        ((Matched(),), 1, 0),
        (SAVED, 1, 0),
        ((*SAVED, FaultHappened(Fault("requeue", 1)), Matched()), 2, 0),
        ((Matched(), Exited(ran(7, rows="")), Transferred()), 1, 1),
        ((Matched(), Exited(ran(7, rows="")), Transferred(), Matched(), Exited(ran(7, rows="")), Transferred()), 2, 2),
    ],
)
def test_starts_and_completions_are_counted(events, started, completed):
    """R6: a start is one in a new sandbox, and a completion an end that is no checkpoint."""
    job = replace(JOB, on_exit_remove="NumJobStarts + NumJobCompletions < 0", max_retries=math.inf)
    assert fold(*events, job=job).ad == (("numjobcompletions", completed), ("numjobstarts", started))


@pytest.mark.parametrize(
    "allowed, run, code",
    [
        (dict(allowed_execute_duration=9), ran(n="1"), 47),
        (dict(allowed_execute_duration=10), ran(n="1"), None),
        (dict(allowed_execute_duration=9), ran(0, rows="0"), 47),
        (dict(allowed_job_duration=14), ran(n="1"), 46),
        (dict(allowed_job_duration=15), ran(n="1"), None),
        (dict(allowed_job_duration=14), ran(0, rows="0"), 46),
        (dict(allowed_job_duration=1, allowed_execute_duration=1), ran(0, rows="0"), 46),
    ],
)
def test_a_job_that_took_too_long_is_held_at_the_end_of_an_execution(allowed, run, code):
    """R6: seen on 23.9.6 and 25.14.1."""
    now = after(run, Transferred(5.0), job=replace(JOB, **allowed))
    assert (now.next.code if isinstance(now.next, Held) else None) == code
    assert now.spool.get("n") == run.sandbox.get("n") and now.returned_files.get("rows") == run.sandbox.get("rows")
    assert now.kind == (Kind.HELD if code else Kind.CHECKPOINT)
    assert (now.goodput, now.badput) == ((10.0, 0.0) if "n" in run.sandbox else (0.0, 10.0))


@pytest.mark.parametrize(
    "allowed, elapsed, seconds",
    [
        ({}, 0, math.inf),
        (dict(allowed_execute_duration=9), 0, 10),
        (dict(allowed_execute_duration=10), 0, 70),
        (dict(allowed_execute_duration=70), 0, 130),
        (dict(allowed_execute_duration=5), 8, 62),
        (dict(allowed_execute_duration=1), 8, 2),
        (dict(allowed_job_duration=32), 20, 13),
        (dict(allowed_job_duration=5), 9, 1),
        (dict(allowed_job_duration=80, allowed_execute_duration=1), 0, 10),
        (dict(allowed_job_duration=5, allowed_execute_duration=1), 0, 6),
    ],
)
def test_a_program_that_runs_for_too_long_is_stopped_at_the_next_look(allowed, elapsed, seconds):
    """R6: seen on 23.9.6 and 25.14.1."""
    job = replace(JOB, **allowed)
    now = fold(Matched(), job=job)._replace(elapsed=float(elapsed))
    assert held_after(job, now) == seconds
    if allowed:
        held = step(job, MODERN, now, DurationChecked(ran(None, seconds=float(seconds), signal=15, n="1")))
        assert (
            not held.next.transferred
            and held.badput == seconds
            and held.spool == Tree()
            and held.returned_files == Tree()
        )


def test_the_log_of_a_job_that_is_held_while_it_runs_tells_of_no_transfer(executor, python_job):
    """R6: seen on 23.9.6 and 25.14.1."""
    job = python_job("import time; time.sleep(100)", allowed_execute_duration=15)
    moments = list(simulate(job, executor))
    assert (moments[-1].next.code, moments[-1].time - moments[1].time) == (47, 70.0)
    assert [event.number for event in job_log(job, moments)] == [0, 40, 40, 1, 12]


@pytest.mark.parametrize("profile, listing", [("modern", []), ("v25", ["err.txt", "out.txt"])])
def test_of_a_failing_end_at_most_the_streams_come_home(profile, listing):
    """R6: where success_exit_code is given."""
    now = after(ran(3, rows="1"), Transferred(), job=replace(JOB, on_success=True), profile=PROFILES[profile])
    assert now.returned_files.listing() == listing


def test_output_that_may_not_be_read_is_not_called_missing():
    """R6"""
    run = ran(0)
    run = run._replace(sandbox=run.sandbox.put("rows", File(b"", readable=False)))
    held = after(run, Transferred()).next
    assert (held.code, held.subcode, held.missing, held.unsendable) == (Hold.OUTPUT, errno.EACCES, (), ("rows",))


@pytest.mark.parametrize("size, code", [(1 << 20, 0), ((1 << 20) + 1, Hold.OUTPUT_SIZE)])
def test_output_is_held_only_where_it_is_more_than_max_transfer_output_mb(size, code):
    """R6: seen on 23.9.6 and 25.14.1."""
    job = replace(JOB, max_transfer_output_mb=1)
    now = after(ran(0, rows="x" * size), Transferred(), job=job)
    assert (now.next.code if isinstance(now.next, Held) else 0) == code
    assert len(now.returned_files["rows"].content) == 1 << 20


def test_what_is_streamed_stays_when_work_is_lost_and_is_not_told_twice():
    """R3"""
    job = replace(JOB, stream_output=True)
    lost = fold(
        Matched(),
        FaultHappened(Fault("evict", 1), ran(stdout="a\n")),
        Matched(),
        Exited(ran(0, stdout="b\n", rows="")),
        Transferred(5.0, Fault("hold", 2, 12.0)),
        job=job,
    )
    assert lost.returned_files["out.txt"].text == "a\nb\n"


@pytest.mark.parametrize("kind, profile", itertools.product(("vacate", "hold", "evict"), PROFILES.values()), ids=str)
def test_in_the_eviction_driven_mode_a_soft_eviction_saves_the_output(kind, profile):
    """R7"""
    job = replace(JOB, on_exit_or_evict=True, transfer_output_files=("rows",))
    whole = fold(Matched(), FaultHappened(Fault(kind, 1), ran(seconds=4.0, rows="0")), job=job, profile=profile)
    assert ("rows" in whole.spool, whole.goodput) == ((True, 4.0) if kind != "evict" else (False, 0.0))
    assert whole.pending == 0.0
    lacking = fold(Matched(), FaultHappened(Fault(kind, 1), ran(seconds=4.0)), job=job, profile=profile)
    assert (lacking.spool, lacking.badput) == (Tree(), 4.0)
    holds = kind != "evict" and profile.missing_output_holds
    assert isinstance(lacking.next, Held) == holds


@pytest.mark.parametrize("kind", ["vacate", "hold"])
def test_a_program_that_had_to_be_killed_saves_nothing_at_an_eviction(kind):
    """R7: seen on 23.9.6 and 25.14.1."""
    job = replace(JOB, on_exit_or_evict=True, transfer_output_files=("rows",))
    killed = fold(Matched(), FaultHappened(Fault(kind, 1), ran(None, seconds=4.0, signal=9, rows="0")), job=job)
    assert (killed.spool, killed.goodput, killed.badput) == (Tree(), 0.0, 4.0)
    assert [event.number for event in job_log(job, [fold(Matched(), job=job), killed])].count(40) == 2


@pytest.mark.parametrize("policy, kind, spool", [("hold", Kind.HELD, ["n"]), ("remove", Kind.REMOVED, [])])
def test_a_periodic_policy_takes_the_sandbox_and_a_removal_the_spool(policy, kind, spool):
    """R6: while the program runs."""
    job = replace(JOB, **{f"periodic_{policy}": "NumJobStarts == 1"})
    run = ran(None, seconds=3.0, signal=9, n="2")
    now = fold(*SAVED, Reactivated(), PolicyChecked(3.0, run), job=job)
    assert (now.kind, now.spool.without((STDOUT, STDERR)).listing(), now.returned_files) == (kind, spool, Tree())
    assert (now.goodput, now.badput, now.pending) == (10.0, 3.0, 0.0)


def test_a_periodic_removal_can_come_at_the_end_of_an_execution():
    """R6"""
    job = replace(JOB, periodic_remove="ExitCode == 0")
    removed = after(ran(0, rows="1"), Transferred(), job=job)
    assert (removed.kind, removed.next.removed, removed.returned_files["rows"].text) == (Kind.REMOVED, True, "1")


def test_no_computing_is_pending_when_a_job_is_over_or_held():
    """R4c, R6"""
    ended = after(ran(0, rows="1"), Transferred())
    unsaved = after(ran(rows="1"), Transferred())
    assert (ended.goodput, ended.badput, ended.pending) == (10.0, 0.0, 0.0)
    assert (unsaved.goodput, unsaved.badput, unsaved.pending) == (0.0, 10.0, 0.0)
    assert (unsaved.next.code, unsaved.next.subcode, unsaved.next.missing) == (36, -1, ("n",))


@pytest.mark.parametrize("allowed, told", [(59, "00:59"), (3599, "59:59"), (3600, "1:00:00"), (7384, "2:03:04")])
def test_an_allowed_duration_is_told_in_hours_from_one_hour_on(allowed, told):
    """R6"""
    job = replace(JOB, allowed_execute_duration=allowed)
    held = step(job, MODERN, fold(Matched(), job=job), DurationChecked(ran(None, seconds=allowed + 1.0, signal=15)))
    assert held.next.reason == f"The job exceeded allowed execute duration of {told}" and held.pending == 0.0


def test_the_time_in_a_slot_counts_only_where_it_is_limited():
    """R6"""
    now = fold(Matched())._replace(elapsed=5.0)
    assert policies_see(JOB, now) == ((), 0.0)
    assert policies_see(replace(JOB, allowed_job_duration=0), now) == ((), 5.0)


def test_what_leads_out_of_the_sandbox_is_not_known_at_a_soft_eviction():
    """R7"""
    job = replace(JOB, checkpoint_exit_code=None, on_exit_or_evict=True)
    run = ran(None, signal=15)
    run = run._replace(sandbox=run.sandbox.put("rows", Link("/etc/rows")))
    held = fold(Matched(), FaultHappened(Fault("vacate", 1), run, 10.0), job=job)
    assert (held.kind, held.next.code) == (Kind.HELD, Hold.LIMIT) and held.next.reason.startswith("Not simulated")


def test_a_fifo_at_a_soft_eviction_is_lost_with_the_slot():
    """R7: HTCondor 23 hangs in that transfer."""
    job = replace(JOB, checkpoint_exit_code=None, on_exit_or_evict=True)
    run = ran(None, seconds=4.0, signal=15)
    run = run._replace(sandbox=run.sandbox.put("rows", Fifo()))
    now = fold(Matched(), FaultHappened(Fault("vacate", 1), run, 10.0), job=job)
    assert (now.status, now.next, now.spool, now.badput) == (Status.IDLE, None, Tree(), 4.0)


def test_without_checkpoints_a_stream_is_that_of_the_last_start():
    """R0, R3"""
    job = replace(JOB, checkpoint_exit_code=None, stream_output=True)
    evicted = FaultHappened(Fault("evict", 1), ran(stdout="a\n"))
    assert fold(Matched(), evicted, job=job).returned_files["out.txt"].text == "a\n"
    again = Matched(), FaultHappened(Fault("evict", 2), ran(stdout=""))
    assert fold(Matched(), evicted, *again, job=job).returned_files["out.txt"].text == ""


@pytest.mark.parametrize("streamed, returned_files", [(False, []), (True, ["out.txt"])])
def test_only_what_is_streamed_is_at_home_when_a_slot_is_lost(streamed, returned_files):
    """R3"""
    job, run = replace(JOB, stream_output=streamed), ran(None, signal=15, stdout="printed\n")
    assert (
        fold(Matched(), FaultHappened(Fault("evict", 1), run, 10.0), job=job).returned_files.listing() == returned_files
    )


@pytest.mark.parametrize(
    "program, error, told",
    [
        (b"#! /no/such -x\n", errno.ENOENT, "invalid interpreter (/no/such) specified on first line of script "),
        (b"#! /no/such -x\n", errno.EACCES, ""),
        (b"plain", errno.ENOENT, ""),
    ],
)
def test_a_missing_interpreter_is_named(program, error, told):
    """R3"""
    run = ran(None, unstartable="no")._replace(error=error, sandbox=Tree.of(job=program))
    held = after(run, Transferred()).next
    assert held.reason == f"Failed to execute 'job': {told}(errno={error}: 'no')"
