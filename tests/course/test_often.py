"""Notebook 07: what is measured comes out of the simulator, and goodput can't be had but by a good rule."""

from __future__ import annotations

import random
import statistics
from dataclasses import replace

import pytest
from test_goodput import best_interval

from grader.course.catalogue import EXERCISES
from grader.course.exercise import CRASHED_HINTS
from grader.course.exercises.often.answers import RIGHT, often
from grader.course.exercises.often.exercise import MOST_BY_RULE
from grader.course.goodput import AtRandom, daly, mean_goodput, play, young
from grader.course.misconceptions import MISCONCEPTIONS
from grader.course.often import CHECKPOINT, LAST_WEEK, PACE, RESTART, last_week, saving_every, sweep
from grader.course.report import CRASHED, PARTLY, PASSED, WRONG
from grader.course.saving_rule import KNOWN, Rule, RuleFailed, Scenario, drawn
from grader.real_pool.log import read
from grader.rules.costs import costs
from grader.rules.execution import EPOCH
from grader.rules.simulation import Pace, outcome, simulate
from grader.tree import Tree

SMALL = Scenario("one to play with", AtRandom(3000.0), 12, (60, 180, 600), 50, 70, 20, 40)
"""A pool and a job that are quickly played through in the simulator."""


def rule(body: str) -> Rule:
    return Rule(EXERCISES["often"].job(Tree.files(often(body))))


def judged(name, files, executor, seed=None):
    return EXERCISES[name].judge(Tree.files(files), executor, seed)


# -- what is measured -------------------------------------------------------------------


def test_a_checkpoint_and_a_restart_cost_what_the_course_says(executor):
    job = saving_every(600)
    moments = list(simulate(job, executor, pace=replace(PACE, lifetimes=(3000.0, 1e6))))
    begins = [moment.time for moment in moments if moment.kind in ("started", "restarted")]
    assert begins[1] - begins[0] == pytest.approx(600 + CHECKPOINT, abs=0.1)
    first = begins[0] - EPOCH - PACE.wait
    assert first + 30 == RESTART == PACE.download + 30


def test_last_week_the_mean_time_between_evictions_was_to_be_expected():
    found = costs(read(last_week()))
    assert len(found.slots) == 24
    assert statistics.mean(found.slots) == pytest.approx(LAST_WEEK.mean_time_between_evictions, abs=60)


# -- where a rule saves -----------------------------------------------------------------


@pytest.mark.parametrize("body", ["return since >= 900", "return since and i % 4 == 0", "return since > 0", "return 0"])
def test_a_rule_saves_in_the_simulator_where_it_is_said_to(body, executor):
    one = rule(body)
    spools = [moment.spool for moment in simulate(SMALL.job(one.job), executor) if moment.kind == "checkpoint"]
    assert one.saved(SMALL, executor) == [int(spool["checkpoint.txt"].text) for spool in spools]


@pytest.mark.parametrize("seconds", [300, 900, 2500])
def test_a_rule_by_time_saves_where_the_judge_says_that_one_does(seconds, executor):
    assert rule(f"return since >= {seconds}").saved(SMALL, executor) == SMALL.saved_every(seconds)


@pytest.mark.parametrize("seconds", [200, 700, 1500])
@pytest.mark.parametrize("lifetimes", [(1e6,), (1000, 1e6), (2500, 300, 1111, 1900, 1e6), (777, 2222, 30, 1e6)])
def test_a_job_takes_as_long_as_it_does_in_the_simulator(seconds, lifetimes, executor):
    one = rule(f"return since >= {seconds}")
    moments = list(simulate(SMALL.job(one.job), executor, pace=Pace(0, SMALL.download, SMALL.upload, lifetimes)))
    spent = play(SMALL.plan(one.saved(SMALL, executor)), SMALL.download + SMALL.starting, lifetimes, patience=1e9)
    assert outcome(moments).activations == spent.slots
    assert moments[-1].time - EPOCH == pytest.approx(spent.seconds, abs=0.5)  # looking at the clock takes some time
    assert spent.work == sum(SMALL.iterations) == 12 / 3 * (60 + 180 + 600)


# -- rules ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(25))
def test_the_textbook_is_good_enough_on_every_pool_that_may_be_drawn(seed):
    for scenario in drawn(random.Random(seed)):
        for formula in (young, daly, best_interval):
            interval = formula(scenario.checkpoint, scenario.pool.mean_time_between_evictions)
            assert mean_goodput(scenario.fares(scenario.saved_every(interval))) >= MOST_BY_RULE * scenario.best


@pytest.mark.parametrize("seed", ["one", "two", "three"])
def test_a_right_rule_has_full_points_with_unseen_pools_as_well(seed, executor):
    report = judged("often", RIGHT["Young"], executor, seed)
    assert (report.status, report.points) == (PASSED, 5), report.headline


@pytest.mark.parametrize(
    ("body", "points", "said"),
    [
        ("return since >= 3600", 1, "lost work: it saves too rarely"),
        ("return since > 0", 1, "it saves too often"),
        ("return since >= 1800", 3, "it saves too rarely"),
        ("return i % 10 == 0 and since > 0", 3, "lost work: it saves too rarely"),
        ("return since >= between / 4", 3, "it saves too rarely"),
        ("return since >= 10 * cost", 1, "it saves too rarely"),
    ],
)
def test_points_are_for_the_goodput_that_is_reached(body, points, said, executor):
    report = judged("often", often(body), executor)
    assert (report.status, report.points) == (PARTLY, points), report.headline
    assert said in report.headline


def test_a_rule_that_knows_the_pools_of_check_fails_in_grading(executor):
    answers = {
        scenario.pool.mean_time_between_evictions: young(scenario.checkpoint, scenario.pool.mean_time_between_evictions)
        for scenario in KNOWN
    }
    cheat = often(f"return since >= {answers}.get(between, 3600)")
    assert judged("often", cheat, executor).points == 5
    assert judged("often", cheat, executor, "unseen").points < 5


def test_unseen_pools_are_other_pools_and_the_same_for_the_same_seed():
    one, same, other = (drawn(random.Random(seed)) for seed in (1, 1, 2))
    assert one == same and not set(one) & set(other) and not set(one) & set(KNOWN)


def test_a_rule_that_fails_is_shown_the_line(executor):
    report = judged("often", {"when.py": "def save_now(*told):\n    return told[9]\n"}, executor)
    assert (report.status, report.points) == (CRASHED, 0)
    fact = report.failure.evidence[0]
    assert (fact.file, fact.line) == ("when.py", 2) and "IndexError" in fact.text and report.hints == CRASHED_HINTS


def test_the_last_hint_is_a_whole_answer_with_its_import(executor):
    top, _, last = EXERCISES["often"].hints[2].partition(": ")
    names = "iteration, seconds_since_checkpoint, checkpoint_seconds, seconds_between_evictions"
    answer = f"{top.split('`')[1]}\ndef save_now({names}):\n    {last}\n"
    assert judged("often", {"when.py": answer}, executor).status == PASSED


def test_a_rule_that_fails_on_some_pools_only_is_shown_the_line_too(executor):
    body = "if cost > 250: raise ValueError('so dear')\nreturn since >= (2 * cost * between) ** 0.5"
    report = judged("often", often(body), executor)
    assert (report.status, report.points) == (PARTLY, 1)
    assert "many evictions" in report.headline and "so dear" in report.failure.evidence[0].text
    assert report.hints == CRASHED_HINTS


def test_a_rule_without_end_is_not_said_to_raise_an_error(executor):
    report = judged("often", often("while True: pass"), executor)
    assert (report.status, report.points) == (WRONG, 0) and "it used more than" in report.headline
    assert report.hints == EXERCISES["often"].hints


FORGED = {
    "says that it saved, and did not": "open('saved.txt', 'w').write('2 3 4'); import os; os._exit(0)",
    "says that it is done": "import os; os._exit(0)",
    "saves backwards": "open('saved.txt', 'w').write('9 4 2'); import os; os._exit(0)",
    "saves beyond the end": "open('saved.txt', 'w').write('999999'); import os; os._exit(0)",
    "writes no numbers": "open('saved.txt', 'w').write('best'); import os; os._exit(0)",
    "turns the clock back": "import time; time.time = lambda: 0.0; time.sleep = lambda seconds: None; return False",
    "is killed": "import os; os.kill(os.getpid(), 9)",
}


@pytest.mark.parametrize("how", FORGED)
def test_nothing_but_a_rule_earns_points(how, executor):
    first = "if between == 7200: return since >= 1200\n"  # well-behaved in the first question
    report = judged("often", often(first + FORGED[how]), executor)
    assert report.points <= 1, report.headline


@pytest.mark.parametrize("text", ["3 2", "1 2", "0", "13", "2 2", "x", "9" * 5000])
def test_where_a_rule_saves_is_believed_only_if_it_can_be(text, executor):
    with pytest.raises(RuleFailed):
        rule(f"open('saved.txt', 'w').write({text!r}); import os; os._exit(0)").saved(SMALL, executor)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("seconds_since_checkpoint >= 3600", "returned None each time; it would not save once in 168 h."),
        (
            "return seconds_since_checkpoint >= 26 * 3600",
            "returned False each time; it would first save after 26 h 6 min.",
        ),
        ("return 0 if iteration % 2 else None", "returned nothing that is true; it would not save once"),
        ("return iteration % 10 == 0", "saves again at once. It returned True."),
        ("return 1", "saves again at once. It returned 1, and that counts as true."),
        ("if seconds_since_checkpoint > 9000: 1 / 0", "does not save within that time."),
    ],
)
def test_who_never_gets_on_is_told_what_the_rule_answered(rule, said, executor):
    parameters = "iteration, seconds_since_checkpoint, checkpoint_seconds, seconds_between_evictions"
    report = judged("often", {"when.py": f"def save_now({parameters}):\n    {rule}\n"}, executor)
    assert (report.points, report.failure.misconception.id) == (0, "no-progress")
    assert said in report.headline and (said.startswith("returned") <= ("Asked 27 times in 2 h" in report.headline))


@pytest.mark.parametrize(
    ("rule", "line"), [("save = since >= 3600\n    print(save)", 3), ("return", 2), ("return None", None)]
)
def test_a_rule_without_a_return_is_shown_where_it_ends(rule, line, executor):
    report = judged("often", {"when.py": f"def save_now(i, since, cost, between):\n    {rule}\n"}, executor)
    assert ("It has no return with a value." in report.headline) == bool(line)
    assert [(fact.file, fact.line) for fact in report.failure.evidence] == ([("when.py", line)] if line else [])


# -- an interval ------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["27", "26.83", "24", "20", "30"])
@pytest.mark.parametrize("seed", [None, "unseen"])
def test_a_good_interval_has_full_points(text, seed, executor):
    report = judged("interval", {"interval": text}, executor, seed)
    assert (report.status, report.points) == (PASSED, 2), report.headline


@pytest.mark.parametrize(
    ("text", "points", "said"),
    [
        ("60", 1, "it saves too rarely"),
        ("12", 1, "it saves too often"),
        ("120", 0, "it saves too rarely"),
        ("3", 0, "it saves too often"),
    ],
)
def test_an_interval_that_wastes_more_has_fewer_points_and_is_told_why(text, points, said, executor):
    report = judged("interval", {"interval": text}, executor)
    assert report.points == points and said in report.headline
    assert report.failure.misconception is None


@pytest.mark.parametrize("text", ["0", "480", "1620"])
def test_an_interval_without_progress_is_caught_by_its_id(text, executor):
    report = judged("interval", {"interval": text}, executor)
    assert (report.status, report.points) == (WRONG, 0)
    assert report.failure.misconception is MISCONCEPTIONS["no-progress"]


@pytest.mark.parametrize("text", ["'27'", "True", "-1", "[27]", "1e9", "None", "27j", "float('nan')", "1e999"])
def test_what_is_no_number_of_minutes_is_said_to_be_none(text, executor):
    report = judged("interval", {"interval": text}, executor)
    assert (report.status, report.points) == (CRASHED, 0) and "interval" in report.headline


def test_the_sweep_of_the_exercise_can_have_other_numbers(executor):
    job = sweep(EXERCISES["often"].job(Tree()), steps=6, seconds_early=1, seconds_middle=2, seconds_late=3)
    end = outcome(simulate(job, executor))
    assert end.status == "completed" and end.goodput_s == pytest.approx(30 + 12, abs=0.1)
    with pytest.raises(ValueError):
        sweep(job, secondz=1)
