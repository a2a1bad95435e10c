"""Why a job stays idle, by the ClassAds of job and slots."""

from __future__ import annotations

import pytest

classad2 = pytest.importorskip("classad2", reason="HTCondor's bindings are not installed")

from grader.real_pool.idle import clauses, reasons  # noqa: E402
from grader.real_pool.queue import evaluate  # noqa: E402


def job(requirements, **attributes):
    ad = classad2.ClassAd({"RequestMemory": 512, "RequestCpus": 1, **attributes})
    ad["Requirements"] = classad2.ExprTree(requirements)
    return ad


def slot(number=1, start="true", **attributes):
    ad = classad2.ClassAd(
        {"Name": f"slot{number}@here", "Memory": 4096, "Cpus": 1, "OpSys": "LINUX", "State": "Unclaimed", **attributes}
    )
    ad["Requirements"] = classad2.ExprTree(start)
    return ad


FITS = '(TARGET.OpSys == "LINUX") && (TARGET.Memory >= RequestMemory)'


@pytest.mark.parametrize(
    "ad, slots, words",
    [
        (job(FITS), [], ["no slots at the moment"]),
        (
            job(FITS, RequestMemory=99999),
            [slot(1), slot(2, Memory=8192)],
            ["asks for 99999 MB of memory (request_memory)", "any of 2 slots has is 8192"],
        ),
        (
            job(FITS + ' && OpSys == "WINDOWS"'),
            [slot()],
            ['None of 1 slots fulfils OpSys == "WINDOWS"', "OpSys = LINUX"],
        ),
        (job("TARGET.NoSuch == 1"), [slot()], ["None of 1 slots fulfils TARGET.NoSuch == 1"]),
        (
            job('TARGET.Name == "slot1@here" && TARGET.Memory >= 8000'),
            [slot(1), slot(2, Memory=8192)],
            ["No slot fulfils all of its conditions at once", '1 fulfil TARGET.Name == "slot1@here"'],
        ),
        (job(FITS), [slot(start='TARGET.Owner == "somebody"')], ["none of them accepts this job"]),
        (job(FITS), [slot(State="Claimed")], ["All 1 slots that it could run in are busy"]),
        (job(FITS), [slot()], ["1 free slots fit"]),
    ],
)
def test_the_reason_is_named(ad, slots, words):
    told = "\n".join(reasons(ad, slots, evaluate))
    for part in words:
        assert part in told


@pytest.mark.parametrize(
    "expression, parts",
    [
        ("a && b", ["a", "b"]),
        ("(a && (b || c && d))", ["a", "b || c && d"]),
        ("(a) && (b)", ["a", "b"]),
        ("(a) || (b)", ["(a) || (b)"]),
        ('x == "a && (b" && y', ['x == "a && (b"', "y"]),
        ("f(a && b)", ["f(a && b)"]),
        ("", []),
    ],
)
def test_an_expression_is_parted_where_all_of_it_has_to_be_true(expression, parts):
    assert list(clauses(expression)) == parts
