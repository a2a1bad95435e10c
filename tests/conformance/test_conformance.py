"""HTCondor and the simulator give the same answer to every scenario.

The simulator is held against what a live HTCondor answered when it was recorded. With CONFORMANCE=live
in the environment and a personal pool (or where one can be made), HTCondor is asked again too.
"""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path

import in_simulator
import pytest
import scenarios

from grader.execute.executor import Executor
from grader.execute.isolation import own_confinement
from grader.real_pool import personal_pool
from grader.rules.execution import Limits
from grader.rules.profile import PROFILES, of

ALL = scenarios.read()
RECORDED = {name: scenarios.recorded(name) for name in PROFILES if scenarios.versions(name)}
LIVE = os.environ.get("CONFORMANCE") == "live"
ONLY_LIVE = "asks a live HTCondor only with CONFORMANCE=live"
AGAIN = "python3 lab.py run tests/conformance/on_pool.py"


def _each():
    for scenario in ALL:
        marks = [pytest.mark.xfail(reason=scenario.differs, strict=True)] if scenario.differs else []
        yield pytest.param(scenario, id=scenario.name, marks=marks)


def _recorded(scenario: scenarios.Scenario, profile: str) -> dict:
    answer = RECORDED[profile].get(scenario.name)
    if answer is None or answer["digest"] != scenario.digest:
        pytest.fail(
            f"HTCondor's answer to {scenario.name} is not recorded, or to an older form of it ({profile}). "
            f"With a pool: {AGAIN} {scenario.name}"
        )
    return answer


@pytest.mark.parametrize("profile", RECORDED)
@pytest.mark.parametrize("scenario", _each())
def test_simulator_answers_as_htcondor(scenario, profile, executor, homeless, tmp_path):
    runs = executor if PROFILES[profile].sets_home else homeless
    assert in_simulator.answer(scenario, runs, tmp_path, PROFILES[profile]) == _recorded(scenario, profile)


@pytest.fixture(scope="module")
def homeless():
    """An executor of programs without HOME."""
    with Executor(sets_home=False) as executor:
        yield executor


@pytest.fixture(scope="module")
def profile():
    """The profile of the live HTCondor. One of a version that is not recorded yet is another matter."""
    if not LIVE:
        pytest.skip(ONLY_LIVE)
    import on_pool

    personal_pool.up()
    version = on_pool.version()
    if version not in scenarios.versions(of(version).name):
        pytest.skip(f"HTCondor {version} is not recorded. To see whether it differs: {AGAIN}, and git diff")
    return of(version)


@pytest.fixture(scope="module")
def live(profile):
    """Scenario → what HTCondor answers now."""
    import on_pool

    return on_pool.answers(ALL)


RACES = (
    "execution-too-long",
    "execution-too-long-at-the-end",
    "execution-too-long-at-a-checkpoint",
    "job-too-long",
    "input-too-large",
    "checkpoint-too-large-to-come-back",
)
"""Scenarios in which HTCondor's daemons race each other even on a quiet machine: a look at the clock comes later, and the
event of a transfer that is broken off is in the log or not."""
TRIES = 3
"""On a busy machine the same happens elsewhere, when a transfer fails. So what comes out otherwise is played again alone."""


def _played_alone(scenario: scenarios.Scenario) -> dict:
    import on_pool

    return on_pool.answers([scenario]).get(scenario.name, {})


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.name)
def test_htcondor_answers_as_recorded(scenario, live, profile):
    recorded = _recorded(scenario, profile.name)
    answer = live.get(scenario.name)
    for _ in range(TRIES - 1):
        if answer != recorded:
            answer = _played_alone(scenario)
    if scenario.name in RACES and answer != recorded:
        pytest.skip("what the log has depends on how busy the machine is")
    assert answer == recorded


def test_no_scenario_keeps_its_slot(live):
    """HTCondor lets a starter whose transfer failed keep it for so long that none is left for other scenarios."""
    import on_pool

    assert personal_pool._within(600, lambda: on_pool.slots() == {"Unclaimed"}), on_pool.slots()


def test_every_rule_has_scenarios():
    assert {scenario.rule[:2] for scenario in ALL} == {f"R{number}" for number in range(8)}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_profile_says_which_live_version_it_is_held_against(profile):
    assert scenarios.versions(profile.name) == [profile.live] * bool(profile.live)


def test_the_table_is_up_to_date():
    import table

    assert table.PAGE.read_text() == table.page(), "python tests/conformance/table.py writes it anew"


DRAWN = int(os.environ.get("CONFORMANCE_DRAWN", 0))
"""How many random scenarios to draw; 0: the same 32 each time."""
SEED = int(os.environ.get("CONFORMANCE_SEED", 0)) or (random.randrange(1, 10**6) if DRAWN else 1)


def test_random_scenarios_agree(profile):
    import drawn
    import on_pool

    found = drawn.draw(DRAWN or 32, SEED)
    live = on_pool.answers(found)
    apart = []
    # Modes of files matter to these programs even if root runs the tests. Their /tmp is their own.
    confined = Executor(Limits(wall=120.0), confine=own_confinement())
    with confined, tempfile.TemporaryDirectory(dir="/var/tmp") as probes:
        for scenario in found:
            answer = in_simulator.answer(scenario, confined, Path(probes), profile)
            if answer != live.get(scenario.name) and answer != _played_alone(scenario):
                apart.append(scenario)
    text = "\n".join(map(scenarios.as_toml, apart))
    assert not apart, f"{len(apart)} of {len(found)} (seed {SEED}) disagree; give them names in a .toml file:\n{text}"
