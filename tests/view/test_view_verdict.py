"""The verdict in the terminal: first things first, and a command that can be pasted."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from view_helpers import tiny

from grader.rules.schedule import parse
from grader.verify.evidence import Evidence, evidence
from grader.verify.explore import Exploration, explore
from grader.view.verdict import verdict_lines


@pytest.fixture
def found(executor):
    return lambda job: explore(job, executor)


def test_a_safe_job(found):
    lines = verdict_lines(found(tiny()), ())
    assert lines[0].startswith("restart-safe: ") and "interruptions tried" in lines[0]
    assert lines[1] == "  Without a fault: 3 min of computing and 2 checkpoints."


def test_a_consistent_job_is_told_how_to_be_measured():
    lines = verdict_lines(Exploration("consistent", schedules=4, states=4, executions=3, seconds=60.0, checkpoints=2))
    assert lines[0] == "consistent: 4 interruptions tried, 4 states, 3 executions, and the same output every time"
    assert "--expected DIR" in lines[-1] and "--without-checkpoints" in lines[-1]


def test_an_unsafe_job_gives_a_schedule_to_paste_back(found):
    job = tiny(transfer_checkpoint_files=("state.txt",))
    exploration = found(job)
    lines = verdict_lines(exploration, evidence(job, exploration), file="my tiny.sub")
    assert lines[0].startswith("unsafe: wrong output")
    command = shlex.split(next(line for line in lines if "python -m grader simulate" in line))
    assert command[4] == "my tiny.sub" and command[5] == "--schedule"
    assert parse(command[6]) == exploration.schedule
    text = "\n".join(lines)
    assert "result.txt:1" in text and "expected line 1" in text and "got      line 2" in text


def test_an_unknown_verdict_gives_its_reason():
    assert verdict_lines(Exploration("unknown", "non-deterministic"), ()) == ["unknown: non-deterministic"]


def test_a_failure_without_faults_needs_no_schedule(found):
    lines = verdict_lines(found(tiny(transfer_checkpoint_files=("nowhere",))), ())
    assert "It goes wrong without any fault:" in lines and not any("--schedule" in line for line in lines)


def test_a_misconception_is_said_in_its_words():
    lines = verdict_lines(Exploration("unsafe", "held"), misconception=("Only the index", "It is lost."))
    assert "Only the index: It is lost." in lines


@given(st.text(), st.text(), st.text(), st.one_of(st.none(), st.text()))
def test_nothing_hostile_reaches_the_terminal(text, file, name, line):
    facts = (Evidence("first difference", text, file, 3, line, line),)
    found = Exploration("unsafe", "failed", schedule=())
    lines = verdict_lines(found, facts, file=file, misconception=(name, text))
    assert all(line.isprintable() for line in lines)
