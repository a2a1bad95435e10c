"""The formulae against published values, and the quick jobs of goodput.py against the real simulator."""

from __future__ import annotations

import math
import random
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course.goodput import (
    PATIENCE,
    AtLimit,
    AtRandom,
    OfficeHours,
    Plan,
    daly,
    expected_runtime,
    mean_goodput,
    play,
    slot_lifetimes,
    young,
)
from grader.rules.execution import EPOCH
from grader.rules.simulation import Pace, outcome, simulate

MINUTE, HOUR = 60.0, 3600.0


def best_interval(checkpoint, between):
    """The interval with the shortest expected_runtime(); it does not depend on work and restart."""
    low, high = 0.0, between
    for _ in range(60):
        middle = (low + high) / 2
        if middle / between < -math.expm1(-(middle + checkpoint) / between):  # where the runtime still falls
            low = middle
        else:
            high = middle
    return high


PUBLISHED = [(24 * HOUR, 117), (6 * HOUR, 57), (15 * MINUTE, 9.1)]
"""Mean time between failures, and the best interval in minutes when a checkpoint takes 5 minutes: the captions of
figures 3, 4 and 5 of J. T. Daly, A higher order estimate of the optimum checkpoint interval for restart dumps,
FGCS 22 (2006) 303, where they are compared with simulations."""


# -- the formulae ---------------------------------------------------------------------


@pytest.mark.parametrize(("between", "minutes"), PUBLISHED)
def test_daly_as_published(between, minutes):
    assert daly(5 * MINUTE, between) / MINUTE == pytest.approx(minutes, abs=0.5 if minutes > 10 else 0.05)


@pytest.mark.parametrize(("between", "minutes"), PUBLISHED)
def test_the_published_intervals_are_where_the_expected_runtime_is_least(between, minutes):
    def runtime(interval):
        return expected_runtime(500 * HOUR, interval, 5 * MINUTE, 10 * MINUTE, between)

    best = best_interval(5 * MINUTE, between)
    assert best / MINUTE == pytest.approx(minutes, abs=0.5 if minutes > 10 else 0.1)
    assert all(runtime(best) <= runtime(best * factor) for factor in (0.5, 0.9, 0.99, 1.01, 1.1, 2))


@pytest.mark.parametrize(("between", "minutes"), [(24 * HOUR, 120), (6 * HOUR, 60), (15 * MINUTE, math.sqrt(150))])
def test_young_is_the_root_of_twice_cost_times_mean_time(between, minutes):
    assert young(5 * MINUTE, between) / MINUTE == pytest.approx(minutes)


def test_daly_never_waits_longer_than_the_mean_time_between_evictions():
    assert daly(3 * HOUR, HOUR) == daly(2 * HOUR, HOUR) == HOUR


@given(st.floats(1, 1e4), st.floats(2.0, 1e4))
def test_young_and_daly_are_close_to_the_best_if_checkpoints_are_cheap(checkpoint, ratio):
    between = checkpoint * ratio
    best = best_interval(checkpoint, between)
    assert daly(checkpoint, between) == pytest.approx(best, rel=0.01)
    assert best <= young(checkpoint, between) <= best + checkpoint


def test_a_hopeless_interval_takes_for_ever():
    assert expected_runtime(HOUR, 1e6, 1, 1, 1.0) == math.inf


# -- pools ----------------------------------------------------------------------------


@pytest.mark.parametrize("pool", [AtRandom(2 * HOUR), AtLimit(2 * HOUR), OfficeHours(2 * HOUR), OfficeHours(12 * HOUR)])
def test_slots_last_as_long_as_the_pool_says_on_average(pool):
    slots = slot_lifetimes(pool, 1, 20_000 * pool.mean_time_between_evictions, seed=1)[0]
    assert sum(slots) / len(slots) == pytest.approx(pool.mean_time_between_evictions, rel=0.03)


def test_owners_come_by_day():
    pool = OfficeHours(2 * HOUR)
    draw = random.Random(5)
    began = random.Random(5).uniform(0, pool.DAY)  # the first thing that the pool draws
    ends = [began + end for end in accumulate(slot for slot, _ in zip(pool.slots(draw), range(20_000)))]
    by_day = sum(pool.FROM <= end % pool.DAY < pool.TO for end in ends) / len(ends)
    assert by_day == pytest.approx(6 * 10 / (6 * 10 + 14), abs=0.02)


def test_the_same_seed_is_the_same_luck_and_another_is_not():
    one, same, other = (slot_lifetimes(AtRandom(HOUR), 3, 10 * HOUR, seed) for seed in ("a", "a", "b"))
    assert one == same != other
    assert len(set(map(tuple, one))) == 3


# -- jobs -----------------------------------------------------------------------------


def test_the_manuals_example_of_a_slot_that_lasts_six_hours():
    """HTCondor's manual: with 5 minutes a checkpoint, an hour's interval wastes 35 minutes of a slot of six hours,
    and 84 minutes waste 4."""
    for interval, wasted in ((60, 35), (84, 4)):
        spent = play(Plan.every(interval * MINUTE, 100 * HOUR, 5 * MINUTE), 0.0, [6 * HOUR])
        assert spent.lost == wasted * MINUTE


@pytest.mark.parametrize("interval", [6, 12, 25, 50])
def test_many_jobs_come_to_what_daly_expects(interval):
    between, checkpoint, restart, work = HOUR, 4 * MINUTE, 2 * MINUTE, 600 * HOUR
    spent = [
        play(Plan.every(interval * MINUTE, work, checkpoint), restart, slots)
        for slots in slot_lifetimes(AtRandom(between), 20, PATIENCE * work, seed=7)
    ]
    expected = work / expected_runtime(work, interval * MINUTE, checkpoint, restart, between)
    assert all(one.finished for one in spent)
    assert mean_goodput(spent) == pytest.approx(expected, rel=0.01)


def test_an_interval_longer_than_every_slot_makes_no_progress():
    spent = play(Plan.every(90 * MINUTE, 6 * HOUR, 60), 60, slot_lifetimes(AtLimit(HOUR), 1, PATIENCE * 6 * HOUR)[0])
    assert not spent.finished and spent.work == 0 and spent.goodput == 0
    assert spent.lost == spent.slots * 59 * MINUTE


@given(
    st.lists(st.floats(1, 1e4), min_size=1, max_size=9),
    st.floats(0, 1e3),
    st.floats(0, 1e3),
    st.floats(0, 1e3),
    st.lists(st.floats(1, 2e4), min_size=1, max_size=20),
)
def test_every_second_in_a_slot_goes_somewhere(work, saving, again, restart, slots):
    spent = play(Plan(tuple(work), (saving,) * len(work), again), restart, slots, patience=math.inf)
    assert min(spent[:4]) >= -1e-6
    assert spent.seconds <= sum(slots[: spent.slots]) + 1e-6
    if spent.finished:
        assert spent.work == pytest.approx(sum(work))
    else:
        assert spent.seconds == pytest.approx(sum(slots))


def test_a_plan_divides_the_work_evenly_and_saves_nothing_at_the_end():
    plan = Plan.every(40, 100, 7)
    assert plan.work == (40, 40, 20) and plan.saving == (7, 7, 0) and plan.ends == (0, 47, 94, 114)
    assert Plan.every(50, 100, 7).work == (50, 50)
    with pytest.raises(ValueError):
        Plan.every(0, 100, 7)


# -- against the simulator ------------------------------------------------------------

SWEEP = """
    import os, sys, time
    begin = int(open("at").read()) if os.path.exists("at") else 0
    time.sleep({starting})
    for iteration in range(begin, {end}):
        if iteration > begin and iteration % {interval} == 0:
            time.sleep({saving})
            open("at", "w").write(str(iteration))
            sys.exit(85)
        time.sleep(100)
    open("result", "w").write("done")
"""
"""Iterations of 100 s each."""
END, STARTING, SAVING, UPLOAD, DOWNLOAD = 11, 7.0, 13.0, 19.0, 23.0


@pytest.mark.parametrize("interval", [1, 2, 3, 5, 20])
@pytest.mark.parametrize("seed", range(4))
def test_a_quick_job_fares_as_the_same_job_in_the_simulator(interval, seed, python_job, executor):
    job = python_job(
        SWEEP.format(end=END, interval=interval, saving=SAVING, starting=STARTING),
        checkpoint_exit_code=85,
        transfer_checkpoint_files=("at",),
        transfer_output_files=("result",),
    )
    lifetimes = (*(round(slot, 1) + 0.05 for slot in slot_lifetimes(AtRandom(400.0), 1, 3000, seed)[0]), 1e6)
    moments = list(simulate(job, executor, pace=Pace(0.0, DOWNLOAD, UPLOAD, lifetimes)))
    end = outcome(moments)

    plan = Plan.every(interval * 100.0, END * 100.0, SAVING + UPLOAD, STARTING)
    plan = Plan(plan.work, (*plan.saving[:-1], UPLOAD), STARTING)
    spent = play(plan, DOWNLOAD + STARTING, lifetimes, patience=math.inf)

    pieces = len(plan.work)
    assert (end.status, end.activations, end.checkpoints) == ("completed", spent.slots, pieces - 1)
    assert moments[-1].time - EPOCH == pytest.approx(spent.seconds)
    # What HTCondor calls goodput is all the time of executions whose checkpoint arrived, writing and starting too.
    assert end.goodput_s == pytest.approx(END * 100 + pieces * STARTING + (pieces - 1) * SAVING)
    assert sum(spent.shares()) == pytest.approx(1)
    assert spent.goodput == pytest.approx(END * 100 / spent.seconds)
    assert end.badput_s <= spent.lost + STARTING * spent.slots + 1e-6
