"""Budgets and doubts: no answer uses up another's budget, and no grade in doubt is final."""

from __future__ import annotations

import signal
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from classroom import ANSWERS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.course import budgeted as sparing
from grader.course.budgeted import LIMITS, BudgetedExecutor
from grader.course.catalogue import EXERCISES
from grader.course.trusted import TrustedExecutor
from grader.execute.executor import LOST, Executor
from grader.execute.isolation import Confinement, confinement
from grader.execute.temporary import remove
from grader.grading import judge, store, trial
from grader.grading.collect import HandIn
from grader.grading.submission import StudentAnswers
from grader.rules.execution import Exit, MachineTrouble, Run
from grader.rules.job import Job
from grader.tree import File, Tree
from grader.verify.explore import explore

CONFINE = confinement()
SHORT = replace(LIMITS, cpu=0.3, wall=1.0)
ENDLESS = "while True: pass\n"
PROGRAMS = ("save", "restore", "annealing")


def files(exercise: str, kind: str) -> Tree:
    """A right, wrong or endless answer to an exercise."""
    right, wrong = ANSWERS[exercise]
    one = next(iter((right if kind != "wrong" else next(iter(wrong.values()))).values()))
    first = next(path for path in one if path.endswith(".py"))
    return Tree.files({**one, first: ENDLESS + one[first]} if kind == "endless" else one)


@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(st.fixed_dictionaries({exercise: st.sampled_from(("right", "wrong", "endless")) for exercise in PROGRAMS}))
def test_a_grade_is_that_of_each_exercise_alone(kinds):
    answers = {exercise: files(exercise, kind) for exercise, kind in kinds.items()}
    together = judge.judge(StudentAnswers(answers), CONFINE, limits=SHORT).exercises
    for one in together:
        if one.exercise in answers:
            alone, _ = judge.judge_one(EXERCISES[one.exercise], answers[one.exercise], CONFINE, limits=SHORT)
            assert alone == one


def test_endless_answers_take_nothing_from_the_others():
    answers = {"save": files("save", "endless"), "restore": files("restore", "right")}
    points = {one.exercise: one.points for one in judge.judge(StudentAnswers(answers), CONFINE, limits=SHORT).exercises}
    assert (points["save"], points["restore"]) == (0, EXERCISES["restore"].maximum)


# -- doubts ------------------------------------------------------------------------


@pytest.fixture
def lossy(monkeypatch):
    """A list. As long as it contains something, every execution is lost."""
    lost, really = [True], Executor._run

    def run(self, job, starts, *rest):
        return Run(Exit(), starts[-1].sandbox, 0.0, "", "", lost=True) if lost else really(self, job, starts, *rest)

    # Programs of the course's own run once, before the loss.
    judge.judge_one(EXERCISES["save"], files("save", "right"), CONFINE)
    monkeypatch.setattr(Executor, "_run", run)
    return lost


def test_a_grade_in_doubt_is_named_and_not_final(lossy, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "read", lambda handed: StudentAnswers({"save": files("save", "right")}))
    ours = store.Settings(tmp_path, CONFINE)
    outcome = store.grade_one(HandIn("anna", ()), ours)
    doubtful = store.read_grade(tmp_path / outcome.key)
    assert doubtful.doubts == doubtful.unsure == (f"save: {LOST}",)
    lossy.clear()
    assert store.grade_one(HandIn("anna", ()), ours) == (outcome.key, False, "")
    assert store.read_grade(tmp_path / outcome.key).points == 10
    assert store.grade_one(HandIn("anna", ()), ours).again


def test_the_grade_of_another_answer_in_a_copied_file_is_not_taken(tmp_path, monkeypatch):
    ours, kinds = store.Settings(tmp_path, CONFINE), {}
    monkeypatch.setattr(store, "read", lambda handed: StudentAnswers({"save": files("save", kinds[handed.student])}))
    kinds.update(anna="right", bert="endless")
    anna = store.grade_one(HandIn("anna", ()), ours)
    bert = store.key_of(store.read(HandIn("bert", ())), ours.seed)
    (tmp_path / bert).write_bytes((tmp_path / anna.key).read_bytes())
    assert store.final_grade(tmp_path / bert) is None and store.final_grade(tmp_path / anna.key)


def test_an_answer_that_is_out_of_time_is_in_doubt():
    answers = {"save": files("save", "right")}
    grade = judge.judge(StudentAnswers(answers), CONFINE, seconds=0.0)
    assert "save: " + sparing.TOO_LONG in grade.doubts
    assert judge.Grade.from_json(grade.to_json()) == grade


def test_what_ends_by_limits_is_final():
    assert judge.judge(StudentAnswers({"save": files("save", "endless")}), CONFINE, limits=SHORT).doubts == ()


@pytest.mark.parametrize(
    "run",
    [
        Run(Exit(0), Tree(), 0.0, "", "", over="4 s of real time"),
        Run(Exit(signal=int(signal.SIGKILL)), Tree(), 0.0, "", ""),
        Run(Exit(127), Tree(), 0.0, "", "", unstartable="?"),
    ],
)
def test_nothing_is_concluded_if_a_program_of_the_course_did_not_run(run, monkeypatch):
    monkeypatch.setattr(Executor, "_run", lambda *_: run)
    with TrustedExecutor() as executor, pytest.raises(MachineTrouble, match="a program of the course"):
        executor.run(Job("job"), Tree())


# -- a state outside of the sandbox ------------------------------------------------


def counting(how: str) -> Job:
    """A job that is restarted three times, and prints something each time."""
    program = (
        "import os, socket, sys\nopen('n', 'a').write('.')\n" + how + "\nsys.exit(85 * (len(open('n').read()) < 4))"
    )
    inputs = Tree({"job": File(b"#!/usr/bin/env python3\n" + program.encode(), True)})
    return Job("job", inputs=inputs, output="out", checkpoint_exit_code=85, transfer_checkpoint_files=("n",))


PACKETS = """print(open('/proc/net/dev').read().split('lo:')[1].split()[1])
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))"""
ONLY_THE_LAST = PACKETS.replace("print(", "print(len(open('n').read()) == 4 and ")


@pytest.mark.skipif(CONFINE is None or not CONFINE.bubblewrap, reason="bubblewrap is not to be had here")
@pytest.mark.parametrize(
    ("how", "keeps"),
    [
        ("print('the same')", False),
        ("print(os.getcwd())", False),
        ("print(os.path.exists('w') and os.path.exists(open('w').read()))\nopen('w', 'w').write(os.getcwd())", False),
        (PACKETS, True),
        ("print(os.getpid() % 1000)", True),
        ("print(open(os.environ['_SIMULATOR_CLOCK'], 'rb').read(24))", True),
    ],
)
def test_what_depends_on_executions_before_is_seen(how, keeps):
    with BudgetedExecutor(CONFINE, 60) as executor:
        explore(counting(how), executor)
        assert {executor.keeps_state(seed) for seed in ("one", "two", "three", "four")} == {keeps}


@pytest.mark.skipif(CONFINE is None or not CONFINE.bubblewrap, reason="bubblewrap is not to be had here")
@pytest.mark.parametrize("seed", ["one", "two", "three"])
def test_state_that_only_the_last_restart_uses_is_seen(seed):
    with BudgetedExecutor(CONFINE, 60) as executor:
        explore(counting(ONLY_THE_LAST), executor)
        assert executor.keeps_state(seed)


def test_restarts_in_place_and_elsewhere_may_be_repeated():
    with BudgetedExecutor(CONFINE, 60) as executor:
        explore(counting("open('left', 'w').close()"), executor)
        [restarts] = executor._restarted().values()
        assert {"left" in restart.sandbox for restart in restarts} == {True, False}


def test_apart_days_pass_and_another_restart_comes_before_each():
    job = counting("print(__import__('time').time() // 3600)")
    with BudgetedExecutor(CONFINE, 60) as executor, executor.apart():
        hours = [executor.run(job, job.inputs.put("number", File(b"%d" % number))).stdout for number in range(3)]
        assert hours == sorted(set(hours), key=float)


def test_apart_no_execution_knows_of_another():
    with BudgetedExecutor(CONFINE, 60) as executor, executor.apart():
        job = counting(PACKETS)
        told = {executor.run(job, job.inputs.put("number", File(b"%d" % number))).stdout for number in range(3)}
        assert len(told) == 1 or CONFINE is None or not CONFINE.bubblewrap


@pytest.fixture
def place():
    yield (path := Path("/tmp") / f"left{uuid.uuid4().hex}")
    remove(str(path)) if path.exists() else None


@pytest.mark.parametrize("path", ["{}", "{}/x"])
def test_unconfined_programs_find_no_file_of_another(path, place):
    path = path.format(place)
    program = (
        f"#!/usr/bin/env python3\nimport os\nos.makedirs(os.path.dirname('{path}'), exist_ok=True)\n"
        f"print(open('{path}', 'a').write('x'), len(open('{path}').read()))\n"
    )
    job = Job("job", inputs=Tree({"job": File(program.encode(), True)}), output="out")
    with BudgetedExecutor(None, 60) as executor:
        told = [executor.run(job, job.inputs.put("number", File(b"%d" % number))).stdout for number in range(3)]
        assert not place.exists() and told == ["1 1\n"] * 3 and {*executor.outside} == {str(place)}


def test_a_repeated_unconfined_execution_leaves_no_file_either(place):
    job = Job("job", inputs=Tree({"job": File(f"#!/bin/sh\necho x >> {place}\n".encode(), True)}))
    with BudgetedExecutor(Confinement(False, False), 60) as executor:
        executor.run(job, job.inputs)
        executor.keeps_state(judge.UNSEEN)
        assert not place.exists() and executor.outside == [str(place)] * 2


def test_an_unconfined_answer_that_writes_outside_is_doubtful(place):
    right = files("save", "right").file("checkpoint.py").text
    with BudgetedExecutor(None, 60) as executor:
        for own, doubtful in (f"open('{place}', 'w').close()\n", True), ("", False):
            answer = Tree.files({"checkpoint.py": own + right})
            assert judge._judged(EXERCISES["save"], answer, executor, judge.UNSEEN).status == "passed"
            assert any(f"wrote {place}, where nothing" in doubt for doubt in executor.doubts) == doubtful


# -- the trial before anything is graded -------------------------------------------


def test_the_trial_passes_here():
    if CONFINE is not None:
        trial.try_out.__wrapped__(CONFINE)


@pytest.mark.parametrize("what", trial.RIGHT)
def test_a_right_program_that_does_not_run_stops_all_grading(what, monkeypatch):
    really = trial._executed
    broken = Run(Exit(126), Tree(), 0.0, "", "python3: Permission denied")
    monkeypatch.setattr(
        trial,
        "_executed",
        lambda program, executor: broken if program == trial.RIGHT[what] else really(program, executor),
    )
    with pytest.raises(MachineTrouble, match="(?i)" + what + ".*Permission denied"):
        trial.try_out.__wrapped__(CONFINE or Confinement(False, False))


def test_a_sandbox_that_lets_a_program_pry_stops_all_grading(monkeypatch):
    if CONFINE is None or not CONFINE.bubblewrap:
        pytest.skip("bubblewrap is not to be had here")
    monkeypatch.setattr(trial, "PRYING", b"#!/bin/sh\necho it opened a pipe of the judge\n")
    with pytest.raises(MachineTrouble, match="does not confine a program"):
        trial.try_out.__wrapped__(CONFINE)


def test_students_programs_are_not_run_as_root(monkeypatch):
    monkeypatch.setattr(trial.os, "geteuid", lambda: 0)
    with pytest.raises(MachineTrouble, match="as root"):
        trial.try_out.__wrapped__(None)


def test_a_large_checkpoint_is_right_as_well():
    right, _ = ANSWERS["restore"]
    answer = dict(right["text"])
    answer["checkpoint.py"] = """
import sys
def save_checkpoint(iteration):
    with open("checkpoint.txt", "w") as file:
        file.write("%d\\n" % iteration + "x" * 6_000_000)
    sys.exit(85)
def restore_checkpoint(start, end):
    try:
        with open("checkpoint.txt") as file:
            iteration = int(file.readline())
    except (OSError, ValueError):
        return start
    return iteration if start <= iteration <= end else start
"""
    graded, doubts = judge.judge_one(EXERCISES["restore"], Tree.files(answer), CONFINE)
    assert (graded.points, doubts) == (20, []), graded.text
