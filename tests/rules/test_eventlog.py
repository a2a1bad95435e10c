"""The job event log is held against HTCondor's own reader: what was put in comes out."""

from __future__ import annotations

import time as clock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.rules import eventlog
from grader.rules.execution import Exit

JOB = (7, 3, 1_700_000_000.0)

times = st.integers(0, 4_000_000_000)
jobs = st.tuples(st.integers(1, 99_999), st.integers(0, 9_999), times)
amounts = st.integers(0, 1 << 20)
seconds = st.integers(0, 10**7)
codes = st.integers(1, 2_000)
subcodes = st.integers(-5, 5)
reasons = st.text(max_size=60) | st.lists(st.text(max_size=20), max_size=3).map("\n...\n\t".join)
slots = st.from_regex(r"slot[1-9](_[1-9])?@[a-z0-9.]{1,20}", fullmatch=True)


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    """HTCondor's reader takes the times of a log for local ones."""
    monkeypatch.setenv("TZ", "UTC")
    clock.tzset()
    yield
    monkeypatch.undo()
    clock.tzset()


@pytest.fixture
def read_back(tmp_path):
    """A function from events to what HTCondor's reader makes of them."""
    htcondor2 = pytest.importorskip("htcondor2")

    def read(*events):
        log = tmp_path / "job.log"
        log.write_text("".join(map(eventlog.render, events)), encoding="utf-8")
        return list(htcondor2.JobEventLog(str(log)).events(stop_after=0))

    return read


with_one_folder = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def holds(events, found):
    """Each event came back as its own kind, for its own job, at its own time."""
    assert len(events) == len(found)
    for event, seen in zip(events, found):
        assert (seen.type, seen.cluster, seen.proc) == (event.number, event.cluster, event.proc)
        assert seen.timestamp == int(event.time)


# -- the text itself ---------------------------------------------------------------


def test_notes_of_the_submit_file_are_logged_below_the_host():
    assert eventlog.render(eventlog.submitted(JOB, notes="sweep 1 12, ada")).splitlines()[1] == "    sweep 1 12, ada"


def test_htcondor_reads_the_notes_back(read_back):
    (event,) = read_back(eventlog.submitted(JOB, notes="sweep 1 12, ada"))
    assert event["LogNotes"] == "sweep 1 12, ada"


def test_an_event_is_a_head_tabbed_lines_and_three_dots():
    event = eventlog.held(JOB, "Starter failed to upload checkpoint", 36, -1)
    assert eventlog.render(event) == (
        "012 (007.003.000) 2023-11-14 22:13:20 Job was held.\n"
        "\tStarter failed to upload checkpoint\n"
        "\tCode 36 Subcode -1\n"
        "...\n"
    )


def test_usage_is_days_hours_minutes_seconds():
    event = eventlog.terminated(JOB, Exit(0), usage=2 * 86400 + 3 * 3600 + 4 * 60 + 5.9)
    assert "\tUsr 2 03:04:05, Sys 0 00:00:00  -  Run Remote Usage" in event.body


def test_only_the_start_of_input_names_the_host():
    started = eventlog.transfer(JOB, "input", "started")
    assert started.text == "Started transferring input files"
    assert started.body == (f"Transferring to host: {eventlog.ADDRESS}",)
    assert eventlog.transfer(JOB, "output", "started").body == ()
    assert eventlog.transfer(JOB, "input", "finished").body == ()


def test_the_code_of_an_eviction_is_given_only_where_there_is_one():
    assert eventlog.evicted(JOB).text == "Job was evicted."
    assert eventlog.evicted(JOB, code=1025).text == "Job was evicted. Code 1025 Subcode 0"


def test_an_event_has_the_name_that_htcondor_gives_it():
    htcondor2 = pytest.importorskip("htcondor2")
    for number, name in eventlog.NAMES.items():
        assert htcondor2.JobEventType(number).name == name
    assert eventlog.submitted(JOB).name == "SUBMIT"


def test_a_program_ends_in_one_way():
    for ending in (Exit(), Exit(0, 9)):
        with pytest.raises(ValueError):
            eventlog.terminated(JOB, ending)
    with pytest.raises(ValueError):
        eventlog.transfer(JOB, "checkpoint", "started")


# -- HTCondor reads it back --------------------------------------------------------


def test_the_log_of_an_evicted_run_reads_back(read_back):
    events = [
        eventlog.submitted(JOB),
        eventlog.transfer(JOB, "input", "started"),
        eventlog.transfer(JOB, "input", "finished"),
        eventlog.executing(JOB, "slot1@ep"),
        eventlog.transfer(JOB, "output", "started"),
        eventlog.transfer(JOB, "output", "finished"),
        eventlog.evicted(JOB),
        eventlog.starter_error(JOB, "slot1@ep", "Starter failed to upload checkpoint", 36, -1),
        eventlog.held(JOB, "Starter failed to upload checkpoint", 36, -1),
        eventlog.released(JOB, "via condor_release"),
        eventlog.terminated(JOB, Exit(0)),
    ]
    found = read_back(*events)
    holds(events, found)
    assert [event["Type"] for event in found if event.type == 40] == [2, 3, 5, 6]


@with_one_folder
@given(job=jobs, code=st.integers(0, 255), usage=seconds, sent=amounts, received=amounts)
def test_a_normal_ending_reads_back(read_back, job, code, usage, sent, received):
    event = eventlog.terminated(job, Exit(code), usage=usage, sent=sent, received=received)
    (found,) = read_back(event)
    holds([event], [found])
    assert found["TerminatedNormally"] is True and found["ReturnValue"] == code
    assert (found["SentBytes"], found["TotalReceivedBytes"]) == (sent, received)
    assert found["RunRemoteUsage"] == found["TotalRemoteUsage"] == event.body[1].strip().partition("  -")[0]


@with_one_folder
@given(job=jobs, signal=st.integers(1, 64))
def test_an_end_by_signal_reads_back(read_back, job, signal):
    event = eventlog.terminated(job, Exit(signal=signal))
    (found,) = read_back(event)
    holds([event], [found])
    assert found["TerminatedNormally"] is False and found["TerminatedBySignal"] == signal


@with_one_folder
@given(job=jobs, code=codes, subcode=subcodes, usage=seconds)
def test_an_eviction_reads_back(read_back, job, code, subcode, usage):
    event = eventlog.evicted(job, code=code, subcode=subcode, usage=usage)
    (found,) = read_back(event)
    holds([event], [found])
    assert (found["ReasonCode"], found.get("ReasonSubCode", 0)) == (code, subcode)
    assert (found["Checkpointed"], found["TerminatedAndRequeued"], found["SentBytes"]) == (False, False, 0)


@with_one_folder
@given(job=jobs, ending=st.integers(0, 255).map(Exit) | st.integers(1, 64).map(lambda signal: Exit(signal=signal)))
def test_a_requeued_job_reads_back(read_back, job, ending):
    event = eventlog.evicted(job, requeued=ending)
    (found,) = read_back(event)
    holds([event], [found])
    assert found["TerminatedAndRequeued"] is True
    assert found.get("ReturnValue") == ending.code
    assert found.get("TerminatedBySignal") == ending.signal


@with_one_folder
@given(job=jobs, reason=reasons, code=codes, subcode=subcodes, slot=slots)
def test_any_reason_becomes_one_line_and_reads_back(read_back, job, reason, code, subcode, slot):
    events = [
        eventlog.held(job, reason, code, subcode),
        eventlog.released(job, reason),
        eventlog.starter_error(job, slot, reason, code, subcode),
        eventlog.executing(job, slot),
    ]
    found = read_back(*events)
    holds(events, found)
    hold, release, error, start = found
    line = "" if events[0].body[0] == "Reason unspecified" else events[0].body[0]
    assert hold.get("HoldReason", "") == line
    assert release.get("Reason", "") == line
    assert error["ErrorMsg"] == (line or "Reason unspecified")
    assert error["ExecuteHost"] == start["SlotName"] == slot
    for event in (hold, error):
        assert (event["HoldReasonCode"], event["HoldReasonSubCode"]) == (code, subcode)
