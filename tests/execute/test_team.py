"""A team of executors gives the results of a single one, whichever member executes; and it can be closed at any
time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import pytest

from grader.execute.executor import Executor
from grader.execute.isolation import own_confinement
from grader.execute.team import Team
from grader.rules.execution import Limits, MachineTrouble, Run, Unbroken
from grader.rules.profile import MODERN
from grader.tree import File, Tree
from grader.verify import explore as exploring
from grader.verify.explore import explore
from grader.verify.unbroken import goes_on

SAVES = """
import os, sys
done = int(open("n").read()) if os.path.exists("n") else 0
here, _ = os.path.split(os.getcwd())
open("where", "w").write(f"{os.path.dirname(here)}")
if os.path.exists("first"):
    assert open("first").read() == open("where").read(), "another directory"
else:
    open("first", "w").write(open("where").read())
open("n", "w").write(str(done + 1))
sys.exit(85 if done < 4 else 0)
"""
CONFINED = pytest.param(own_confinement(), marks=pytest.mark.skipif(own_confinement() is None, reason="no bubblewrap"))


@pytest.fixture
def job(python_job):
    return python_job(
        SAVES,
        checkpoint_exit_code=85,
        transfer_checkpoint_files=("n", "first"),
        transfer_output_files=("n",),
    )


@pytest.mark.parametrize("confine", [None, CONFINED], ids=["unconfined", "confined"])
def test_a_team_gives_the_same_results_as_one_executor(job, monkeypatch, confine):
    """The job writes the path of its sandbox to a file, which the next execution reads, perhaps in another executor."""
    monkeypatch.setattr(exploring, "WORTHWHILE", 0.0)
    with Executor(confine=confine) as one, Team(lambda: Executor(confine=confine), 3) as team:
        alone, together = explore(job, one), explore(job, team)
        assert len(team._members) > 1
    assert alone.verdict == together.verdict == "restart-safe"
    assert (alone.states, alone.executions, alone.schedules) == (
        together.states,
        together.executions,
        together.schedules,
    )


def test_a_team_of_one_makes_no_further_executor(job, monkeypatch):
    monkeypatch.setattr(exploring, "WORTHWHILE", 0.0)
    with Team(Executor, 1) as team:
        assert team.ahead is None
        assert explore(job, team).verdict == "restart-safe"
        assert len(team._members) == 1


def test_executions_that_take_no_time_are_done_one_after_the_other(job, monkeypatch):
    monkeypatch.setattr(exploring, "WORTHWHILE", 60.0)
    with Team(Executor, 2) as team:
        explore(job, team)
        assert len(team._members) == 1


def test_closing_a_team_ends_a_pending_execution(python_job):
    job = python_job("while True: pass")
    team = Team(lambda: Executor(Limits(cpu=200, wall=200.0)), 2)
    future = team.ahead.run(job, job.inputs)
    while not future.running():
        time.sleep(0.01)
    began = time.monotonic()
    team.close()
    assert isinstance(future.exception(), MachineTrouble)
    assert time.monotonic() - began < team.limits.wall
    assert threading.active_count() < 50 and not any(
        member.directory(0).parents[1].exists() for member in team._members
    )


def test_names_in_files_that_are_no_text_stay_where_they_are():
    from grader.execute.team import renamed

    tree = Tree({"a": File(b"\0/tmp/execute-1\0rest"), "b": File(b"other")}, {"a": 1.0})
    there = renamed(tree, b"/tmp/execute-1", b"/tmp/execute-2")
    assert there["a"].content == b"\0/tmp/execute-2\0rest" and there["b"] is tree["b"] and there.times == tree.times
    assert renamed(there, b"/tmp/execute-2", b"/tmp/execute-1") == tree


def test_the_first_can_be_used_by_itself_when_all_has_finished(python_job):
    """An execution whose result nobody needs any more must not use the first executor's directory."""
    waits = python_job("import os, time\nend = os.times()[4] + 0.3\nwhile os.times()[4] < end: pass")
    with Team(Executor, 2) as team:
        for number in range(4):
            team.begin(waits, waits.inputs, clock=1e9 + number)
        team.finish()
        assert not team._pending and team._idle.qsize() == len(team._members)
        assert team.first.run(waits, waits.inputs).exit.code == 0


def test_a_run_that_never_restarts_is_executed_once_beside_the_others(job, monkeypatch):
    monkeypatch.setattr(exploring, "WORTHWHILE", 0.0)
    with Team(Executor, 2) as team:
        found = explore(job, team)
        begun = found.first.unbroken[Unbroken()]
        team.finish()
        asked = [goes_on(job, found.first, team, MODERN, Unbroken()) for _ in range(2)]
    assert asked[0] == asked[1] and asked[0][0] is begun.result() is found.first.unbroken[Unbroken()]


def test_a_cancelled_execution_is_done_when_its_result_is_needed(job):
    cancelled: Future[Run] = Future()
    cancelled.cancel()
    with Executor() as executor:
        found = explore(job, executor)
        found.first.unbroken[Unbroken()] = cancelled
        run, _ = goes_on(job, found.first, executor, MODERN, Unbroken())
    assert run.notes and found.first.unbroken == {Unbroken(): run}
