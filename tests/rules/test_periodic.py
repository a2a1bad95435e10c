"""The policies that HTCondor looks at again and again: when they are looked at, and what comes of it."""

from __future__ import annotations

import pytest

from grader.rules.execution import EPOCH, Exit, Run
from grader.rules.job import Job
from grader.rules.joblog import job_log
from grader.rules.profile import MODERN, PROFILES
from grader.rules.schedule import parse
from grader.rules.simulation import outcome, simulate
from grader.rules.step import Held, Hold, Kind, Matched, PolicyChecked, Situation, periodic_verdict, step, submitted
from grader.tree import File, Tree
from grader.verify.explore import explore
from grader.verify.verdicts import Unknown


class Executor:
    """One whose program takes so many seconds, and ends with these exit codes, one execution after the other."""

    kept_outside = Tree()

    def __init__(self, *codes, seconds=10.0):
        self.codes, self.seconds, self.executions = list(codes), seconds, 0

    def run(self, job, sandbox, *, stop=None, **circumstances):
        if stop and stop.after < self.seconds:
            return Run(Exit(signal=int(stop.signal)), sandbox, stop.after, "", "")
        code = self.codes[min(self.executions, len(self.codes) - 1)]
        self.executions += 1
        return Run(Exit(code), sandbox.put("n", File(b"%d" % self.executions)), self.seconds, "", "")


STARTED = ["submitted", "started"]


def story(*codes, faults="", seconds=10.0, checkpoint=85, **policies):
    inputs = Tree({"job": File(b"", executable=True)})
    job = Job(executable="job", inputs=inputs, checkpoint_exit_code=checkpoint, **policies)
    return list(simulate(job, Executor(*codes, seconds=seconds), schedule=parse(faults))), job


def kinds(moments):
    return [str(moment.kind) for moment in moments]


def test_at_the_end_periodic_hold_comes_before_on_exit_hold():
    moments, _ = story(3, periodic_hold="ExitCode == 3", on_exit_hold="True", periodic_hold_reason='"three"')
    held = moments[-1].next
    assert (held.code, held.reason, held.transferred) == (Hold.POLICY, "three", True) and "n" in moments[
        -1
    ].returned_files


def test_at_the_end_periodic_remove_comes_before_another_try():
    moments, _ = story(3, periodic_remove="ExitCode == 3", max_retries=2)
    assert kinds(moments)[-1] == "removed" and outcome(moments).status == "removed"
    assert "n" in moments[-1].returned_files and not moments[-1].spool


def test_a_checkpoint_is_no_end():
    moments, _ = story(85, 0, periodic_hold="ExitCode == 85", seconds=1.0)
    assert kinds(moments)[-1] == "ended"  # before the next look


def test_what_a_checkpoint_left_is_seen_at_the_next_look():
    moments, _ = story(85, 0, periodic_hold="ExitCode == 85", seconds=100.0)
    assert kinds(moments)[-1] == "held" and not moments[-1].next.transferred
    assert (moments[-1].time - EPOCH) % 60 == 0


@pytest.mark.parametrize(("policy", "after"), [("> 90", 120), (">= 60", 60), ("> 60", 120), (">= 119", 120)])
def test_it_is_looked_at_each_minute(policy, after):
    moments, _ = story(0, seconds=1000.0, periodic_remove=f"JobStatus == 2 && time() - EnteredCurrentStatus {policy}")
    start, end = (moment for moment in moments if moment.kind in ("started", "removed"))
    assert (start.time - EPOCH, end.time - start.time) == (60, after)
    assert (end.badput, end.goodput, end.returned_files) == (after, 0.0, Tree())


def test_a_job_that_has_ended_before_the_look_is_not_removed():
    moments, _ = story(0, seconds=59.0, periodic_remove="JobStatus == 2 && time() - EnteredCurrentStatus >= 60")
    assert kinds(moments)[-1] == "ended"


def test_a_fault_before_the_look_comes_first():
    moments, _ = story(0, seconds=100.0, faults="evict@1+30s", periodic_hold="NumJobStarts >= 2")
    assert kinds(moments) == ["submitted", "started", "evicted", "started", "held"]
    _, _, _, started, held = moments
    assert (started.activation, held.badput) == (2, 30.0 + held.time - started.time)


def test_an_idle_job_is_held_and_removed():
    moments, job = story(0, faults="evict@1", periodic_hold="NumJobStarts == 1 && JobStatus == 1")
    assert kinds(moments)[-2:] == ["evicted", "held"] and moments[-1].badput == moments[-2].badput
    assert [event.number for event in job_log(job, moments)][-2:] == [4, 12]
    moments, job = story(0, faults="evict@1", periodic_remove="NumShadowStarts == 1 && JobStatus == 1")
    assert kinds(moments)[-2:] == ["evicted", "removed"]
    assert [event.number for event in job_log(job, moments)][-2:] == [4, 9]


def test_a_held_job_is_released_as_often_as_the_policy_says():
    moments, _ = story(3, on_exit_hold="ExitCode == 3", periodic_release="NumHolds < 3 && HoldReasonCode == 3")
    assert kinds(moments).count("held") == 3 and kinds(moments).count("released") == 2 and kinds(moments)[-1] == "held"


def test_a_held_job_is_released_by_the_subcode_of_its_hold_after_a_while():
    moments, _ = story(
        3,
        on_exit_hold="ExitCode == 3",
        on_exit_hold_subcode="42",
        periodic_release="HoldReasonSubCode == 42 && NumHolds < 2 && CurrentTime - EnteredCurrentStatus > 120",
    )
    held, released = moments[-5:-3]
    assert kinds(moments)[-5:-3] == ["held", "released"] and 120 < released.time - held.time <= 180


def test_a_release_and_a_hold_for_ever_are_given_up():
    moments, _ = story(3, on_exit_hold="True", periodic_release="True")
    assert kinds(moments)[-1] in ("held", "never finishes") and len(moments) < 2000


def test_a_held_job_is_removed_after_a_day():
    moments, _ = story(
        3, on_exit_hold="True", periodic_remove="JobStatus == 5 && time() - EnteredCurrentStatus > 24 * 3600"
    )
    held, removed = moments[-2:]
    assert removed.kind == "removed" and 24 * 3600 < removed.time - held.time <= 24 * 3600 + 60


def test_a_users_hold_has_code_1():
    moments, _ = story(0, faults="hold@1", periodic_remove="HoldReasonCode == 1")
    assert kinds(moments)[-2:] == ["held", "removed"]


@pytest.mark.parametrize("policy", ["Undefined", "Nothing == 3", '"yes"', "Error", "0", "False", "ExitCode"])
def test_what_is_not_true_does_nothing(policy):
    moments, _ = story(0, seconds=500.0, periodic_hold=policy, periodic_remove=policy, periodic_release=policy)
    assert kinds(moments)[-1] == "ended"


def test_a_job_without_such_policies_has_no_attributes():
    assert submitted(Job(executable="job")).ad == ()
    job = Job(executable="job", periodic_hold="JobStatus == 1 && QDate == 0")
    assert submitted(job).ad == (("jobstatus", 1), ("qdate", int(EPOCH)))


def test_a_running_job_is_vacated_and_resumes_from_its_checkpoint():
    vacate = "JobStatus == 2 && NumShadowStarts < 2 && time() - EnteredCurrentStatus >= 120"
    moments, job = story(85, 0, seconds=100.0, periodic_vacate=vacate)
    assert kinds(moments) == [*STARTED, "exited", "checkpoint", "restarted", "evicted", "started", "exited", "ended"]
    evicted = moments[5]
    assert (evicted.time - EPOCH) % 60 == 0 and evicted.signal == job.kill_sig
    assert evicted.spool["n"].text == "1" == moments[6].sandbox["n"].text
    assert evicted.badput == evicted.run.seconds == 20.0 and evicted.goodput == 100.0
    [logged] = [event for event in job_log(job, moments, PROFILES["v25"]) if event.number == 4]
    assert "Code 1000" in logged.text


def test_what_a_vacated_program_leaves_is_saved_after_the_event():
    moments, job = story(
        0,
        seconds=100.0,
        checkpoint=None,
        on_exit_or_evict=True,
        transfer_output_files=("job",),
        periodic_vacate="NumShadowStarts < 2",
    )
    assert kinds(moments) == [*STARTED, "evicted", "started", "exited", "ended"] and "job" in moments[2].spool
    assert [event.number for event in job_log(job, moments[2:3])] == [4, 40, 40]


def test_periodic_vacate_comes_first_and_only_while_a_job_runs():
    job = Job(executable="job", periodic_vacate="True", periodic_hold="True", periodic_remove="True")
    for kind, then in (
        (Kind.STARTED, Kind.EVICTED),
        (Kind.RESTARTED, Kind.EVICTED),
        (Kind.EVICTED, Kind.HELD),
        (Kind.HELD, Kind.REMOVED),
    ):
        assert periodic_verdict(job, Situation(kind), EPOCH) is then


def test_periodic_vacate_at_the_end_of_the_program_is_not_simulated(executor, python_job):
    """HTCondor 23.9 and 25.14 then evict the job, and again whenever it starts."""
    moments, job = story(3, periodic_vacate="ExitCode == 3")
    held = moments[-1].next
    assert (held.code, held.subcode) == (Hold.LIMIT, 0) and "Not simulated: periodic_vacate" in held.reason
    assert not moments[-1].returned_files, "nothing is known of them"
    job = python_job("import sys; sys.exit(3)", checkpoint_exit_code=85, periodic_vacate="ExitCode == 3")
    assert explore(job, executor).unknown is Unknown.NOT_SIMULATED


def test_a_job_that_is_vacated_again_and_again_never_finishes():
    moments, _ = story(0, seconds=100.0, periodic_vacate="JobStatus == 2")
    assert kinds(moments)[-1] == "never finishes" and "periodic_vacate" in moments[-1].text and len(moments) < 300


def test_a_policy_is_evaluated_before_the_signal_and_not_at_the_end():
    """A program that takes its time to end is held all the same."""
    hold = "JobStatus == 2 && time() - EnteredCurrentStatus >= 60 && time() - EnteredCurrentStatus < 120"
    job = Job(executable="job", periodic_hold=hold)
    now = step(job, MODERN, submitted(job), Matched())
    held = step(job, MODERN, now, PolicyChecked(60.0, Run(Exit(signal=9), now.sandbox, 660.0, "", "")))
    assert (held.kind, held.time - now.time, held.badput) == (Kind.HELD, 660.0, 660.0)


def test_the_verdict_goes_by_the_time_that_is_asked_for():
    job = Job(executable="job", periodic_remove="time() >= QDate + 100")
    assert periodic_verdict(job, submitted(job), EPOCH + 99.9) is None
    assert periodic_verdict(job, submitted(job), EPOCH + 100) is Kind.REMOVED
    held = Situation(Kind.HELD, next=Held(12, 2, ""))
    assert periodic_verdict(Job(executable="job", periodic_hold="True"), held, EPOCH) is None


def test_a_removed_job_is_unsafe(executor, python_job):
    job = python_job("import sys; sys.exit(3)", checkpoint_exit_code=85, periodic_remove="ExitCode == 3")
    assert explore(job, executor).failure == "failed"
