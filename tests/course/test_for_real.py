"""Notebook 10: logs of a real HTCondor, and what they earn. Recorded on the personal pool with the exercise's own files."""

from __future__ import annotations

import pytest
from classroom import LOGS

from grader.course.catalogue import EXERCISES
from grader.course.exercises.for_real.exercise import LOG
from grader.course.report import CRASHED, NOT_TRIED, PARTLY, PASSED, WRONG
from grader.rules.eventlog import render
from grader.rules.joblog import job_log
from grader.rules.schedule import parse
from grader.rules.simulation import simulate
from grader.tree import Tree

FOR_REAL = EXERCISES["for_real"]
BY_HAND = LOGS["vacated"]


def judged(log, executor):
    return FOR_REAL.judge(Tree.files({LOG: log}), executor)


@pytest.mark.parametrize(
    "name, points, words",
    [
        ("never-evicted", 2, "condor_vacate_job"),
        ("evicted-early-only", 3, "none had reached the access point before"),
        ("saves-nothing", 2, "No checkpoint reached the access point"),
        ("nameless", 0, "Put your name in the place of YOUR NAME"),
    ],
)
def test_a_log_earns_what_it_shows(name, points, words, executor):
    report = judged(LOGS[name], executor)
    assert (report.points, report.status) == (points, PARTLY if points else WRONG)
    assert words in report.headline


def test_the_log_of_a_job_that_has_not_ended_yet_is_not_done(executor):
    report = judged(BY_HAND[: BY_HAND.index("005 (")], executor)
    assert report.points == 3 and "does not show its end yet" in report.headline


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda log: log.replace("sweep 1 12, Ada", "sweep 1 400, Ada"), "notes begin with “sweep 1 12, ”"),
        (lambda log: log.replace("    sweep 1 12, Ada\n", ""), "has no notes"),
        (lambda log: log.replace("4438", "938").replace("10062", "6562"), "sweep.py and my_input.txt alone"),
        (lambda log: log[log.index("001 (") :], "does not begin with the submission"),
        (lambda log: log.replace("14:28", "14:27"), "times in a log never go back"),
        (lambda log: log.replace("dir_1119", "dir_984"), "the same execute directory"),
    ],
)
def test_a_log_of_something_else_earns_nothing(change, words, executor):
    assert change(BY_HAND) != BY_HAND
    report = judged(change(BY_HAND), executor)
    assert (report.status, report.points) == (WRONG, 0) and words in report.headline


def test_a_quick_job_with_the_same_notes_is_not_the_sweep(executor):
    import re

    def sooner(found):  # all of it within a minute
        seconds = int(found[1]) * 60 + int(found[2])
        return f"14:30:{(seconds - 26 * 60) // 5:02d}"

    quick = re.sub(r"14:(\d\d):(\d\d)", sooner, BY_HAND)
    quick = re.sub(r"(TimeExecute \(s\) +: +)\d+", r"\g<1>1", quick)
    assert "12 iterations of 15 s take 3 min" in judged(quick, executor).headline


def test_the_simulators_own_log_does_not_count(executor):
    job = FOR_REAL.job(Tree())
    log = "".join(map(render, job_log(job, simulate(job, executor, schedule=parse("evict@1+60s")))))
    assert "sweep 1 12, YOUR NAME" in log
    report = judged(log, executor)
    assert (report.status, report.points) == (WRONG, 0) and "written by the simulator" in report.headline


@pytest.mark.parametrize(
    "log, status", [("", CRASHED), ("See attachment.\n", CRASHED), (FOR_REAL.given()[LOG].text, NOT_TRIED)]
)
def test_what_is_no_log_is_no_answer(log, status, executor):
    assert judged(log, executor).status == status


def test_whose_log_it_is_stands_in_the_report(executor):
    report = judged(BY_HAND, executor)
    assert report.status == PASSED and "of Ada" in report.trials[0].text and "127.0.0.1" in report.trials[0].text


def test_it_counts_for_those_alone_who_have_tried_it():
    optional = {name for name, one in EXERCISES.items() if one.optional and one.notebook == "10-for-real"}
    assert optional == {"executing_events", "for_real"}
    assert not FOR_REAL.counts(NOT_TRIED) and FOR_REAL.counts(WRONG)
    assert EXERCISES["save"].counts(NOT_TRIED)
