"""`python -m grader submit` on a live pool: the story, the verdict, and what is said when it does not run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from classroom import ANSWERS

from grader.cli.main import main
from grader.course.catalogue import EXERCISES
from grader.course.sweep import SWEEP, sweep_output
from grader.real_pool import personal_pool, queue
from grader.tree import Tree

LIVE = os.environ.get("CONFORMANCE") == "live"
live = pytest.mark.skipif(not LIVE, reason="submits to a live HTCondor only with CONFORMANCE=live")
RIGHT, WRONG = ANSWERS["restore"]


@pytest.fixture
def sweep(tmp_path):
    """sweep(seconds, old=new ...) is the submit file of a right answer, with that replaced in it."""

    def sweep(seconds=1, replaced=("", ""), answer=RIGHT["text"]):
        files = (EXERCISES["restore"].given() | Tree.files(answer)).put(
            "my_input.txt", SWEEP.with_settings(seconds=seconds)
        )
        submit = files["sweep.sub"].text.replace(*replaced)
        (files | Tree.files({"sweep.sub": submit})).write(tmp_path / "restore")
        return tmp_path / "restore" / "sweep.sub"

    return sweep


@pytest.fixture(scope="module", autouse=True)
def pool():
    if LIVE and not personal_pool.own_htcondor():
        personal_pool.up()


@pytest.fixture(params=["the bindings", "the commands"])
def means(request, monkeypatch):
    """The two ways to drive a queue."""
    if request.param == "the commands":
        monkeypatch.setattr(queue, "Bindings", queue.HTCondor)
    else:
        pytest.importorskip("htcondor2")
    return request.param


@live
def test_a_right_answer_survives_two_evictions_on_a_real_htcondor(sweep, means, capsys):
    submit_file = sweep(0.7)
    assert main(["submit", str(submit_file), "--evict", "2", "--evict", "4"]) == 0
    told = capsys.readouterr().out
    assert told.count(": evicted\n") == 2 and "checkpoint saved" in told
    assert "3 activations, 6 executions, 3 checkpoints" in told
    assert "\nright: evicted 2 times, and my_output.txt is right\n" in told
    assert Tree.read(submit_file.parent)["my_output.txt"] == sweep_output(1, 12)["my_output.txt"]
    copy = next(path for path in submit_file.parent.iterdir() if path.suffix == ".0")
    assert (copy / "checkpoint.txt").read_text() == "7"


@live
def test_output_that_is_not_in_the_checkpoint_is_lost_on_a_real_htcondor(sweep, capsys):
    assert (
        main(["submit", str(sweep(0.7, ("checkpoint.txt, my_output.txt", "checkpoint.txt"))), "--evict", "2", "--json"])
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["failure"], found["schedule"]) == ("unsafe", "wrong output", "evict@2")
    assert found["misconception"] == "output-not-in-checkpoint"
    assert found["evidence"][0]["got"].startswith("4 ")
    assert (found["status"], found["activations"]) == ("completed", 2)


@live
def test_of_a_held_job_the_missing_file_is_named(sweep, means, capsys):
    assert main(["submit", str(sweep(0.2, ("= checkpoint.txt", "= checkpiont.txt")))]) == 1
    told = capsys.readouterr().out
    assert "Code 36, subcode -1" in told and "Listed, and not in the sandbox: checkpiont.txt." in told
    assert "unsafe: held" in told and "listed-file-missing: " in told


@live
def test_a_job_that_restarts_for_ever_is_stopped(sweep, capsys):
    never = sweep(0.1, answer=WRONG["never-restores"]["always start"])
    assert main(["submit", str(never), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["status"], found["failure"]) == ("never finishes", "never finishes")
    assert found["misconception"] == "never-restores"


@live
def test_an_execution_that_never_came_was_not_evicted(sweep, capsys):
    assert main(["submit", str(sweep(0.1)), "--evict", "9"]) == 0
    assert "No eviction in execution 9: the job had only 4." in capsys.readouterr().err


@pytest.fixture
def submitting(sweep):
    """submitting() is the process of `submit` with a job that no slot has room for, in its submit directory."""

    def submitting():
        submit_file = sweep(1, ("request_memory = 512MB", "request_memory = 100GB"))
        return subprocess.Popen(
            [sys.executable, "-m", "grader", "submit", str(submit_file)],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return submitting


def left_the_queue():
    """Whether no job that asks for that much is in the queue."""
    ids = queue.at_hand().run("condor_q", "-allusers", "-constraint", "RequestMemory > 100000", "-af", "ClusterId")
    return not ids.split()


@live
def test_why_it_is_idle_is_said(submitting):
    running = submitting()
    said = ""
    while "request_memory" not in said and (line := running.stderr.readline()):
        said += line
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 130
    assert "idle" in said and "It asks for 102400 MB of memory (request_memory)" in said
    assert left_the_queue()


@live
def test_a_job_that_nobody_follows_any_more_leaves_the_queue(submitting):
    running = submitting()
    while "Submitted" not in running.stdout.readline():
        assert running.poll() is None
    assert not left_the_queue()
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 130
    assert left_the_queue()


def test_several_jobs_are_refused(sweep, capsys):
    assert main(["submit", str(sweep(1, ("\nqueue", "\nqueue 2")))]) == 2
    assert "queues 2 jobs, but this command runs one" in capsys.readouterr().err


def test_without_htcondor_it_says_what_to_do(sweep, capsys, monkeypatch):
    monkeypatch.setattr(personal_pool, "own_htcondor", lambda: False)
    monkeypatch.setattr(personal_pool, "process", lambda: None)
    assert main(["submit", str(sweep())]) == 2
    assert "python3 lab.py pool up" in capsys.readouterr().err
