"""`--seconds-per-cpu-second`: a program that computes saves every hour of virtual time, and it is said that times are
not exact."""

from __future__ import annotations

import json

import pytest

from grader.cli.main import main

HOURLY = """\
#!/usr/bin/env python3
import json, os, sys, time
state = json.load(open("state")) if RESTORES and os.path.exists("state") else {"done": 0, "total": 0}
begun = time.time()
while state["done"] < 8:
    end = os.times()[0] + 0.1
    while os.times()[0] < end:
        sum(range(1000))
    state["done"] += 1
    state["total"] += state["done"] ** 2
    if time.time() - begun > 3600 and state["done"] < 8:
        with open("state", "w") as file:
            json.dump(state, file)
        sys.exit(85)
print(state["total"])
"""
SUBMIT = """\
executable = job
checkpoint_exit_code = 85
transfer_checkpoint_files = state
transfer_output_files =
output = out
queue
"""
COMPUTES = "--seconds-per-cpu-second", "50000"


@pytest.fixture
def grader(tmp_path, capsys):
    (tmp_path / "job.sub").write_text(SUBMIT)

    def grader(command, program, *options):
        (tmp_path / "job").write_text(program)
        (tmp_path / "job").chmod(0o755)
        status = main([command, str(tmp_path / "job.sub"), *options])
        return status, capsys.readouterr().out

    return grader


def test_a_job_that_saves_every_hour_of_computing_is_judged(grader):
    program = HOURLY.replace("RESTORES", "True")
    assert grader("verify", program)[0] == 2  # it never saves
    status, told = grader("verify", program, *COMPUTES)
    assert status == 0 and told.startswith("restart-safe")
    assert "Times are not exact: a second of processor time takes 13 h 53 min 20 s of virtual time." in told


def test_one_that_never_restores_is_unsafe_each_time(grader):
    for _ in range(2):
        status, told = grader("verify", HOURLY.replace("RESTORES", "False"), *COMPUTES, "--json")
        found = json.loads(told)
        assert (status, found["verdict"], found["failure"]) == (1, "unsafe", "never finishes")
        assert found["seconds_per_cpu_second"] == 50000


def test_simulate_and_the_report_say_that_times_are_not_exact(grader, tmp_path):
    program, page = HOURLY.replace("RESTORES", "True"), tmp_path / "page.html"
    _, told = grader("simulate", program, *COMPUTES)
    assert "Times are not exact" in told and "checkpoint saved" in told
    assert json.loads(grader("simulate", program, *COMPUTES, "--json")[1])["seconds_per_cpu_second"] == 50000
    grader("verify", program, *COMPUTES, "--report", str(page))
    assert "Times are not exact" in page.read_text()
