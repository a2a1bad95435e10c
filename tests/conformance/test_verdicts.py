"""What `verify` says of the course's misconception programs happens on a live HTCondor as well.

What happened there is recorded. With CONFORMANCE=live one program for each misconception is played again, and with
CONFORMANCE_VERDICTS=all beside it, every one.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
import verdicts
from test_conformance import LIVE, ONLY_LIVE
from verdicts import ANSWERS

from grader import submit
from grader.course.catalogue import EXERCISES
from grader.submit.folder import TreeFolder
from grader.tree import Tree

AGAIN = "with a pool, python tests/conformance/verdicts.py records them anew"


@pytest.fixture(scope="module")
def played(executor):
    """The programs, and their answers in the simulator and on the pool."""
    found = verdicts.programs(executor, None if os.environ.get("CONFORMANCE_VERDICTS") == "all" else verdicts.sample())
    return found, verdicts.play(found, executor)


@pytest.mark.skipif(not LIVE, reason=ONLY_LIVE)
def test_misconceptions_fare_on_htcondor_as_in_the_simulator(played):
    apart = {name: answers for name, answers in played[1].items() if answers[0] != answers[1]}
    assert not apart


@pytest.mark.skipif(not LIVE, reason=ONLY_LIVE)
def test_what_is_recorded_of_the_misconceptions_is_what_happens(played):
    known = {row["program"]: row for row in verdicts.recorded()["programs"]}
    assert {row["program"]: row for row in verdicts.rows(*played)} == {
        one.name: known[one.name] for one in played[0]
    }, AGAIN


@pytest.mark.parametrize("row", verdicts.recorded()["programs"], ids=lambda row: row["program"])
def test_a_failure_that_verify_finds_happened_on_htcondor(row):
    assert row.get("alike") or row["unplayable"]


def test_a_job_written_back_as_a_submit_directory_is_the_same_job():
    files = EXERCISES["restore"].given() | Tree.files(ANSWERS["restore"][0]["a file in a directory, with its path"])
    (job,) = submit.parse(files["sweep.sub"].text, TreeFolder(files), name="sweep.sub").jobs
    directory = verdicts.submit_directory(job)
    (again,) = submit.parse(directory["job.sub"].text, TreeFolder(directory), name="job.sub").jobs
    assert again == replace(job, request_cpus="", request_memory="", request_disk="")  # any slot will do
