"""A job that is watched: what there is to see at each time, and what comes of what is done to it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.notebook.live import (
    EVICT,
    HELD,
    HOLD,
    OVER,
    POWER_LOSS,
    RELEASE,
    RUNNING,
    SENDING,
    SPEEDS,
    STEPS,
    UPLOAD_FAILS,
    WAITING,
    Live,
    LivePosition,
)
from grader.rules.schedule import parse, render
from grader.rules.simulation import Pace

sys.path.append(str(Path(__file__).parents[1] / "view"))
from view_helpers import tiny


@pytest.fixture(scope="module")
def live(executor):
    """Three executions of 60 s from second 60 on, a checkpoint after each but the last."""
    return Live(tiny(), executor)


def last(live, at):
    return live.present(at).moments[-1]


# -- seeing ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("time", "phase", "kind"),
    [
        (0, WAITING, "submitted"),
        (30, WAITING, "idle"),
        (60, RUNNING, "started"),
        (90, RUNNING, "look"),
        (120, RUNNING, "checkpoint"),
        (150, RUNNING, "look"),
        (240, OVER, "ended"),
        (900, OVER, "ended"),
    ],
)
def test_what_a_job_is_at_each_time_of_its_life(live, time, phase, kind):
    assert (live.phase(LivePosition((), time)), last(live, LivePosition((), time)).kind) == (phase, kind)


def test_the_execute_directory_is_seen_as_it_is_at_that_very_time(live):
    before, after = last(live, LivePosition((), 119)).sandbox, last(live, LivePosition((), 120)).sandbox
    assert "scratch.txt" in before and "result.txt" not in before and "result.txt" in after


def test_the_spool_directory_is_seen_when_the_checkpoint_has_come(live):
    assert not last(live, LivePosition((), 119)).spool and "state.txt" in last(live, LivePosition((), 120)).spool


@pytest.mark.parametrize(
    ("schedule", "time", "saved", "at_risk", "lost"),
    [
        ("", 30, 0, 0, 0),
        ("", 90, 0, 30, 0),
        ("", 120, 60, 0, 0),
        ("", 150, 60, 30, 0),
        ("", 240, 180, 0, 0),
        ("evict@2+30s", 149, 60, 29, 0),
        ("evict@2+30s", 150, 60, 0, 30),
        ("evict@2+30s", 220, 60, 10, 30),
        ("upload-fails@1", 130, 0, 70, 0),
        ("upload-fails@1 evict@2+30s", 150, 0, 0, 90),
    ],
)
def test_computing_is_saved_at_risk_or_lost(live, schedule, time, saved, at_risk, lost):
    present = live.present(LivePosition(parse(schedule), time))
    assert (present.saved, present.at_risk, present.lost, present.needed) == (saved, at_risk, lost, 180)


def test_a_job_that_never_ends_needs_no_known_time(executor):
    live = Live(tiny(10**9, transfer_checkpoint_files=("result.txt",)), executor)
    at = live.act(LivePosition((), 90), EVICT)[0]
    assert live.present(at).needed is None and live.present(at).lost == 30


def test_work_is_at_risk_until_its_files_have_arrived(executor):
    live = Live(tiny(), executor, pace=Pace(upload=20))
    sending, arrived = live.present(LivePosition((), 130)), live.present(LivePosition((), 140))
    assert (sending.phase, sending.moments[-1].kind, sending.at_risk, sending.saved) == (SENDING, "exited", 60, 0)
    assert (arrived.phase, arrived.moments[-1].kind, arrived.at_risk, arrived.saved) == (RUNNING, "checkpoint", 0, 60)


@pytest.mark.parametrize(
    ("what", "time", "kind", "lost"),
    [(POWER_LOSS, 130, "evicted", 60), (EVICT, 140, "requeued", 0), (HOLD, 140, "held", 0)],
)
def test_only_a_power_loss_keeps_files_that_are_sent_from_arriving(executor, what, time, kind, lost):
    live = Live(tiny(), executor, pace=Pace(upload=20))
    at, problem = live.act(LivePosition((), 130), what)
    now = live.present(at)
    assert (problem, at.time, now.moments[-1].kind, now.lost) == ("", time, kind, lost)
    assert ("state.txt" in now.moments[-1].spool) == (lost == 0)
    assert now.phase == (HELD if what == HOLD else WAITING)


# -- doing -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "schedule", "phase", "kind"),
    [
        (EVICT, "vacate@2+30s", WAITING, "evicted"),
        (POWER_LOSS, "evict@2+30s", WAITING, "evicted"),
        (HOLD, "hold@2+30s", HELD, "held"),
        (UPLOAD_FAILS, "upload-fails@2", RUNNING, "look"),
    ],
)
def test_each_button_is_a_fault_of_the_schedule(live, what, schedule, phase, kind):
    at, problem = live.act(LivePosition((), 150), what)
    assert (render(at.schedule), at.time, problem) == (schedule, 150, "")
    assert (live.phase(at), last(live, at).kind) == (phase, kind)


def test_after_an_eviction_time_is_when_the_program_heeded_sigterm(executor, python_job):
    job = python_job("""
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: (time.sleep(5), sys.exit(0)))
        time.sleep(600)
        """)
    at, _ = Live(job, executor).act(LivePosition((), 160), EVICT)
    assert at == LivePosition(parse("vacate@1+100s"), 165)


def test_a_failed_upload_shows_when_the_execution_ends(live):
    at, _ = live.act(LivePosition((), 150), UPLOAD_FAILS)
    assert last(live, live.following(at)).kind == "checkpoint failed"
    assert live.present(live.following(at)).at_risk == 60


def test_an_execution_without_a_checkpoint_has_no_upload_that_could_fail(live):
    at, problem = live.act(LivePosition((), 200), UPLOAD_FAILS)
    assert at == LivePosition((), 200) and "does not end with a checkpoint" in problem


HELD_NOW, OVER_NOW = (LivePosition(parse("hold@1+30s"), 90), "held"), (LivePosition((), 240), "over")


@pytest.mark.parametrize(
    ("what", "at", "said"),
    [
        *(
            (what, *now)
            for what in (EVICT, POWER_LOSS, UPLOAD_FAILS)
            for now in ((LivePosition((), 30), "idle"), HELD_NOW, OVER_NOW)
        ),
        (HOLD, *HELD_NOW),
        (HOLD, *OVER_NOW),
    ],
)
def test_nothing_can_happen_to_what_does_not_run(live, what, at, said):
    then, problem = live.act(at, what)
    assert then == at and said in problem


def test_an_idle_job_is_held_and_waits_anew_when_it_is_released(live):
    at, problem = live.act(LivePosition((), 40), HOLD)
    assert (render(at.schedule), at.time, problem, live.phase(at)) == ("hold-idle@1+40s", 40, "", HELD)
    at, _ = live.act(at, RELEASE)
    started = live.following(at)
    assert (live.phase(at), started.time - at.time, last(live, started).kind) == (WAITING, 60, "started")
    assert live.present(started).lost == 0


def test_an_evicted_job_can_be_held_repeatedly_and_evicted_again(live):
    at, _ = live.act(LivePosition((), 150), POWER_LOSS)
    for _ in range(2):
        at, _ = live.act(live.later(at, 10), HOLD)
        at, _ = live.act(at, RELEASE)
    at, _ = live.act(live.later(live.following(at), 20), EVICT)
    assert render(at.schedule) == "evict@2+30s hold-idle@3+10s hold-idle@3+10s vacate@3+20s"
    present = live.present(at)
    assert [moment.kind for moment in present.moments if moment.fault] == ["evicted", "held", "held", "evicted"]
    assert (present.saved, present.lost) == (60, 50)


def test_going_back_undoes_a_hold_that_was_to_come(live):
    later, _ = live.act(LivePosition((), 40), HOLD)
    assert render(live.act(LivePosition(later.schedule, 20), HOLD)[0].schedule) == "hold-idle@1+20s"


def test_a_held_job_stays_held_until_it_is_released(live):
    at, _ = live.act(LivePosition((), 90), HOLD)
    assert live.later(at, 1000) == live.following(at) == at
    at, problem = live.act(at, RELEASE)
    assert (last(live, at).kind, live.phase(at), problem) == ("released", WAITING, "")
    assert last(live, live.following(at)).kind == "started"


def test_a_job_that_runs_has_nothing_to_release(live):
    assert live.act(LivePosition((), 90), RELEASE) == (LivePosition((), 90), "There is nothing to release.")


def test_a_job_that_htcondor_holds_for_a_missing_file_can_not_be_released(executor):
    live = Live(tiny(transfer_checkpoint_files=("nowhere",)), executor)
    at = LivePosition((), 120)
    assert live.phase(at) == HELD and live.act(at, RELEASE) == (at, "There is nothing to release.")


def test_going_back_and_evicting_undoes_what_was_to_come(live):
    later = live.act(LivePosition((), 150), EVICT)[0]
    assert render(live.act(LivePosition(later.schedule, 90), POWER_LOSS)[0].schedule) == "evict@1+30s"
    assert (
        render(live.act(LivePosition(parse("upload-fails@2"), 150), EVICT)[0].schedule) == "vacate@2+30s upload-fails@3"
    )


# -- time --------------------------------------------------------------------------


def test_time_passes_and_stops_at_each_event(live):
    assert live.later(LivePosition((), 0), 25).time == 25
    assert live.later(LivePosition((), 100), 25).time == 120
    assert live.later(LivePosition((), 120), 25).time == 145
    assert live.later(LivePosition((), 230), 25).time == 240
    assert live.later(LivePosition((), 240), 25).time == 240


def test_the_events_can_be_gone_through_both_ways(live):
    at, there = LivePosition(parse("evict@2+30s")), []
    while live.phase(at) != OVER:
        there.append(at.time)
        at = live.following(at)
    there.append(at.time)
    assert there == [0, 60, 120, 150, 210, 270, 330]
    back = [at := live.preceding(at) for _ in there]
    assert [at.time for at in back] == [*there[-2::-1], 0]


@pytest.mark.parametrize(("time", "near"), [(0, 0), (59, 60), (62, 60), (90, 90), (119, 120), (500, 240), (-1, 0)])
def test_a_time_near_an_event_is_that_of_the_event(live, time, near):
    assert live.step(LivePosition()) == 5
    assert live.near(LivePosition(), time).time == near


def test_steps_and_speed_suit_the_length_of_the_job(executor):
    longer = Live(tiny(90), executor)
    assert longer.step(LivePosition()) in STEPS and 50 <= longer.story(()).end / longer.step(LivePosition()) <= 100
    assert longer.speed() in SPEEDS and longer.story(()).end / longer.speed() <= 30


DOINGS = st.lists(
    st.one_of(st.sampled_from([EVICT, POWER_LOSS, UPLOAD_FAILS, HOLD, RELEASE]), st.sampled_from([10, 30, 70])),
    max_size=8,
)


@settings(max_examples=30)
@given(DOINGS)
def test_time_advances_the_past_stays_and_the_schedule_can_be_pasted(live, doings):
    at = LivePosition()
    for doing in doings:
        before = live.present(at)
        then = live.later(at, doing) if isinstance(doing, int) else live.act(at, doing)[0]
        now = live.present(then)
        assert at.time <= then.time <= now.end
        assert now.saved >= before.saved and now.lost >= before.lost
        past = [moment for moment in before.moments if moment.kind not in ("look", "idle", "on hold")]
        assert [(m.kind, m.time) for m in now.moments[: len(past)]] == [(m.kind, m.time) for m in past]
        assert parse(render(then.schedule)) == then.schedule
        at = then
