"""What a job event log tells of durations, of a simulated job and of lines as HTCondor writes them."""

from __future__ import annotations

import pytest

from grader.real_pool.log import read as read_log
from grader.rules.costs import costs
from grader.rules.eventlog import render
from grader.rules.joblog import job_log
from grader.rules.schedule import parse
from grader.rules.simulation import Pace, simulate

STEPS = """
    import os, sys, time
    n = int(open("n").read()) if os.path.exists("n") else 0
    time.sleep(100)
    open("n", "w").write(str(n + 1))
    sys.exit(85 if n < 3 else 0)
"""


@pytest.fixture
def log(python_job, executor):
    """log(schedule, pace): the text of the log of a job with three checkpoints."""
    job = python_job(STEPS, checkpoint_exit_code=85, transfer_checkpoint_files=("n",), transfer_output_files=())

    def log(schedule="", **pace):
        moments = simulate(job, executor, schedule=parse(schedule), pace=Pace(**pace))
        return "".join(map(render, job_log(job, moments)))

    return log


def test_every_transfer_and_every_lost_slot_is_found(log):
    found = costs(read_log(log("evict@2+30s evict@4", wait=600, download=20, upload=7)))
    assert found.waits == [600, 600, 600]
    assert found.downloads == [20, 20, 20]
    assert found.uploads == [7, 7, 7]
    assert found.slots == [20 + 100 + 7 + 30, 20 + 100 + 7 + 100]


def test_the_transfer_of_the_output_is_no_checkpoint(log):
    assert len(costs(read_log(log(upload=7))).uploads) == 3


def test_a_transfer_that_an_eviction_cut_short_is_no_checkpoint(log):
    found = costs(read_log(log(upload=7, lifetimes=(205, 1000))))
    assert found.uploads == [7, 7, 7] and found.slots == [205]


def test_a_held_job_waits_from_its_release(log):
    found = costs(read_log(log("hold@2", wait=60)))
    assert found.waits == [60, 60]


def test_jobs_that_share_a_log_are_followed_one_by_one(log):
    one = log("evict@2+30s", wait=600, download=20, upload=7)
    entries = [entry + "...\n" for entry in one.split("...\n")[:-1]]
    both = "".join(entry + entry.replace("(001.", "(002.") for entry in entries)
    assert costs(read_log(both)).uploads == 2 * [7, 7, 7]
    assert costs(read_log(both)).slots == 2 * costs(read_log(one)).slots


def test_an_unfinished_log_and_unknown_events_are_no_matter():
    text = """\
000 (007.000.000) 2024-05-06 10:00:00 Job submitted from host: <127.0.0.1:9618>
...
040 (007.000.000) 2024-05-06 10:01:00 Started transferring input files
\tTransferring to host: <127.0.0.1:9619>
...
006 (007.000.000) 2024-05-06 10:01:10 Image size of job updated: 1
...
040 (007.000.000) 2024-05-06 10:01:30 Finished transferring input files
...
001 (007.000.000) 2024-05-06 10:01:30 Job executing on host: <127.0.0.1:9619>
...
040 (007.000.000) 2024-05-06 11:01:30 Started transferring output files
...
040 (007.000.000) 2024-05-06 11:02:00 Finished transferring output files
...
"""
    found = costs(read_log(text))
    assert (found.waits, found.downloads, found.uploads, found.slots) == ([60], [30], [30], [])
