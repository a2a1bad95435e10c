"""The queue at hand, and what is said where there is none or it refuses."""

from __future__ import annotations

import os

import pytest

from grader.real_pool import personal_pool, queue
from grader.real_pool.personal_pool import PoolError


def test_without_htcondor_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(personal_pool, "own_htcondor", lambda: False)
    monkeypatch.setattr(personal_pool, "process", lambda: None)
    with pytest.raises(PoolError, match="python3 lab.py pool up"):
        queue.at_hand()


def test_root_is_told_that_htcondor_takes_no_jobs_from_root(monkeypatch):
    monkeypatch.setattr(personal_pool, "own_htcondor", lambda: True)
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    with pytest.raises(PoolError, match="ordinary user"):
        queue.at_hand()


def test_without_the_bindings_the_commands_do_it(monkeypatch):
    def absent(site):
        raise ImportError

    monkeypatch.setattr(personal_pool, "own_htcondor", lambda: True)
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(queue, "Bindings", absent)
    assert type(queue.at_hand()) is queue.HTCondor


def test_a_command_that_is_not_there_is_no_htcondor():
    with pytest.raises(PoolError, match="There is no HTCondor here"):
        queue.HTCondor(queue.Site()).run("condor_no_such_command")


def test_a_command_that_fails_is_told_in_its_own_words():
    with pytest.raises(PoolError, match="sh failed: not you"):
        queue.HTCondor(queue.Site()).run("sh", "-c", "echo not you >&2; exit 1")


def test_htcondor_is_asked_for_the_place_of_its_spool_once(monkeypatch, tmp_path):
    asked, pool = [], queue.HTCondor(queue.Site())
    monkeypatch.setattr(pool, "run", lambda *command: asked.append(command) or f"{tmp_path}\n")
    for number in (12, 13):
        place = tmp_path / str(number) / "0" / f"cluster{number}.proc0.subproc0"
        place.mkdir(parents=True)
        (place / "saved").write_text(str(number))
        assert pool.spool(queue.JobId(number))["saved"].text == str(number)
    assert asked == [("condor_config_val", "SPOOL")]


@pytest.mark.parametrize(
    "error, words",
    [
        ("Failed to connect to schedd, errmsg=AUTHENTICATE:1003:Failed to authenticate with any method", "who you are"),
        ("Unable to locate local daemon", "does not answer"),
        ("Failed to commit and disconnect from queue: job is too big", "HTCondor refused: "),
    ],
)
def test_an_error_of_the_bindings_says_what_can_be_done(error, words):
    told = queue.in_words(error)
    assert words in told and error in told
