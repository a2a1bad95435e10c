"""Job event logs of one run that several students hand in: the instructor is told, whatever was replaced in them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from classroom import LOGS
from hypothesis import given, settings
from hypothesis import strategies as some
from test_class_report import Handed

from grader.course.catalogue import EXERCISES
from grader.course.exercises.for_real.exercise import LOG
from grader.execute.isolation import confinement
from grader.grading import class_report, judge
from grader.grading import similarity as alike
from grader.grading.submission import StudentAnswers
from grader.tree import Tree

FOR_REAL = EXERCISES["for_real"]
TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")


def shifted(log: str, **by) -> str:
    """The log with all times shifted."""
    return TIME.sub(lambda found: (datetime.fromisoformat(found[0]) + timedelta(**by)).isoformat(found[0][10]), log)


def edited(log: str, moments: int) -> str:
    """The log with some of its events one second later."""
    lines, left = log.splitlines(keepends=True), moments
    for number, line in enumerate(lines):
        if left and line.startswith(("006", "001")):
            lines[number], left = shifted(line, seconds=1), left - 1
    return "".join(lines)


COPIES = {
    "the name": lambda log: log.replace("Ada", "Grace"),
    "times": lambda log: shifted(log, days=1, hours=-3, seconds=17),
    "the job": lambda log: log.replace("(003.", "(4711.").replace("3.0", "4711.0"),
    "hosts": lambda log: log.replace("127.0.0.1", "10.3.7.20").replace("127-0-0-1.localdomain", "node7.example.org"),
    "sandboxes and sockets": lambda log: re.sub(r"dir_(\d+)", r"dir_9\1", re.sub(r"sock=\w+", "sock=x_1", log)),
    "the layout": lambda log: "\r\n".join("  " + line.replace("\t", "    ") for line in log.split("\n")),
    "a few moments": lambda log: edited(log, 2),
    "the order of files": lambda log: LOGS["evicted-early-only"].replace("Ada", "Grace") + log,
    "what comes before": lambda log: "# mine\n\n" + log,
    "times and amounts": lambda log: log.replace("4151", "4153").replace("5931", "5933"),
    "an image size": lambda log: re.sub(r"006 .*?\n\.\.\.\n", "", log, flags=re.DOTALL),
}


def everything(log: str) -> str:
    for name in ("the name", "times", "the job", "hosts", "sandboxes and sockets", "the layout"):
        log = COPIES[name](log)
    return log


COPIES["everything at once"] = everything


def groups(**logs: str) -> list[list[str]]:
    return alike.groups(
        FOR_REAL, {student: alike.words(FOR_REAL, Tree.files({LOG: log})) for student, log in logs.items()}
    )


@pytest.mark.parametrize("name", COPIES)
@pytest.mark.parametrize("log", ["vacated", "submitted", "evicted-twice"])
def test_a_copy_is_named_whatever_was_replaced_in_it(name, log):
    copy = COPIES[name](LOGS[log])
    if copy == LOGS[log]:
        pytest.skip("there is no such thing in this log")
    others = {
        other.replace("-", "_"): text
        for other, text in LOGS.items()
        if other not in (log, "held-and-released", "nameless")
    }
    assert groups(ada=LOGS[log], grace=copy) == [["ada", "grace"]]
    assert groups(ada=LOGS[log], grace=copy, **others) == [["ada", "grace"]]


def test_a_whole_class_with_one_log_is_named():
    class_of = {
        f"s{number}": shifted(LOGS["vacated"].replace("Ada", f"S{number}"), minutes=number) for number in range(40)
    }
    assert groups(**class_of) == [sorted(class_of)]


def test_logs_of_different_runs_are_not_alike():
    different = {
        name.replace("-", "_"): log for name, log in LOGS.items() if name not in ("held-and-released", "nameless")
    }
    assert len(different) >= 8 and groups(**different) == []


def test_a_log_that_was_much_changed_but_is_of_the_same_job_is_named():
    changed = re.sub(r"\b(\d+)  -  ", lambda found: f"{int(found[1]) + 7}  -  ", LOGS["vacated"])
    assert groups(ada=LOGS["vacated"], grace=changed) == [["ada", "grace"]]


def test_the_points_stay_and_the_instructor_is_told():
    results = [
        Handed(
            name,
            judge.judge(
                StudentAnswers({"for_real": Tree.files({LOG: shifted(LOGS["vacated"], hours=number)})}), confinement()
            ),
        )
        for number, name in enumerate(("Ada", "Grace"))
    ]
    assert class_report.alike_groups(results) == [("for_real", ["Ada", "Grace"])]
    assert "groups of 2" in class_report.page(results) and "Ada, Grace" in class_report.page(results, named=True)
    assert {one.points for result in results for one in result.grade().exercises if one.exercise == "for_real"} == {5}


@pytest.mark.parametrize("log", ["", "no log", FOR_REAL.given()[LOG].text, LOGS["vacated"][:700], "...\n" * 1000])
def test_what_tells_too_little_is_like_nothing(log):
    assert groups(a=log, b=log) == []


@settings(max_examples=100)
@given(
    some.sampled_from(sorted(LOGS)), some.lists(some.tuples(some.integers(0, 6000), some.text(max_size=20)), max_size=5)
)
def test_any_text_has_an_answer(name, changes):
    log = LOGS[name]
    for at, junk in changes:
        log = log[:at] + junk + log[at:]
    assert groups(a=log, b=log) in ([], [["a", "b"]])
