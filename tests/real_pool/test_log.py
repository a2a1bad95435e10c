"""HTCondor's job event logs, read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.real_pool.log import GrowingLog, read
from grader.rules.eventlog import render

LOGS = Path(__file__).with_name("logs")
EVICTED = (LOGS / "evicted-twice.log").read_text()


def test_a_log_of_a_real_htcondor_is_read_whole():
    events = list(read(EVICTED))
    assert len(events) == EVICTED.count("\n...\n")
    assert events[0].text.startswith("Job submitted from host: <")
    executing = next(event for event in events if event.number == 1)
    assert executing.body[0].startswith("SlotName: slot")
    when = EVICTED.split("\n")[0].split(") ")[1][:19]
    assert datetime.fromtimestamp(events[0].time, UTC).strftime("%Y-%m-%d %H:%M:%S") == when


@pytest.mark.parametrize("rest", ["005 (007.000.000) 2026-11-22 20:54:31 Job termin", "005 (007.000.000)", "0", "\x00"])
def test_an_event_that_is_still_being_written_is_left_out(rest):
    assert list(read(EVICTED + rest)) == list(read(EVICTED))


@pytest.mark.parametrize("when", ["2026-11-22 20:54:31.123", "2026-11-22T20:54:31Z", "2026-11-22 20:54:31"])
def test_dates_in_each_of_htcondors_forms(when):
    (event,) = read(f"009 (007.000.000) {when} Job was aborted.\n...\n")
    assert event.time == datetime(2026, 11, 22, 20, 54, 31, tzinfo=UTC).timestamp()


def test_an_entry_that_is_no_event_is_passed_over():
    text = "099 (1.0.0) 2026-02-31 00:00:00 no such day\n...\nnonsense\n...\n"
    assert list(read(text + EVICTED)) == list(read(EVICTED))


@given(st.text())
def test_any_text_can_be_read(text):
    for event in read(EVICTED[:500] + text + "\n...\n"):
        assert render(event)


@given(st.lists(st.integers(0, len(EVICTED.encode())), max_size=6))
def test_of_a_log_that_grows_each_event_is_read_once(tmp_path_factory, cuts):
    data, path = EVICTED.encode(), tmp_path_factory.mktemp("log") / "events"
    growing, found = GrowingLog(path), []
    assert growing.new() == []
    for cut in [*sorted(cuts), len(data)]:
        path.write_bytes(data[:cut])
        found += growing.new()
    assert found == list(read(EVICTED)) and growing.new() == []
