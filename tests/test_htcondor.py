"""The driver of a real HTCondor and the personal pool, as far as they go without one."""

from __future__ import annotations

import pytest

from grader import htcondor, personal_pool
from grader.htcondor import Progress, read_log

LOG = """\
000 (007.000.000) 2026-11-22 20:54:16 Job submitted from host: <127.0.0.1:9618>
...
001 (007.000.000) 2026-11-22 20:54:17 Job executing on host: <127.0.0.1:9618>
\tSlotName: slot1@pool
...
040 (007.000.000) 2026-11-22 20:54:20 Started transferring output files
...
040 (007.000.000) 2026-11-22 20:54:20 Finished transferring output files
...
"""
EVICTED = """\
004 (007.000.000) 2026-11-22 20:54:21 Job was evicted.
\t(0) CPU times
...
"""
ENDED = """\
040 (007.000.000) 2026-11-22 20:54:30 Finished transferring output files
...
005 (007.000.000) 2026-11-22 20:54:31 Job terminated.
\t(1) Normal termination (return value 3)
...
"""
HELD = """\
012 (007.000.000) 2026-11-22 20:54:31 Job was held.
\tError from slot1@pool: Starter failed to upload checkpoint
\tCode 36 Subcode -1
...
"""


def progress(text):
    return Progress(list(read_log(text)))


def test_an_event_that_is_still_being_written_is_left_out():
    events = list(read_log(LOG + "005 (007.000.000) 2026-11-22 20:54:31 Job termin"))
    assert [event.number for event in events] == [0, 1, 40, 40]
    assert events[1].body == ("SlotName: slot1@pool",)


@pytest.mark.parametrize("text, execution, running", [
    (LOG, 2, True), (LOG + EVICTED, 2, False), (LOG + ENDED, 3, False), (LOG + HELD, 2, False)])
def test_executions_are_counted_by_the_event_log(text, execution, running):
    assert (progress(text).execution, progress(text).running) == (execution, running)


def test_the_end_in_numbers():
    facts = progress(LOG + EVICTED + ENDED).facts()
    assert (facts["status"], facts["exit_code"]) == ("completed", 3)
    assert (facts["checkpoints"], facts["evictions"]) == (1, 1)


def test_a_held_job_has_a_code_and_a_reason():
    facts = progress(LOG + HELD).facts()
    assert (facts["status"], facts["hold_code"], facts["hold_subcode"]) == ("held", 36, -1)
    assert facts["hold_reason"].endswith("Starter failed to upload checkpoint")


def test_without_htcondor_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(personal_pool, "own_htcondor", lambda: False)
    monkeypatch.setattr(personal_pool, "process", lambda: None)
    with pytest.raises(personal_pool.Trouble, match="python3 lab.py pool up"):
        htcondor.at_hand()


@pytest.mark.parametrize("change, words", [
    (("sys.platform", "darwin"), "needs Linux"),
    (("os.geteuid", lambda: 1000), "needs root"),
])
def test_where_no_pool_can_be_made_it_says_why(monkeypatch, change, words):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("os.geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(*change)
    assert words in personal_pool.obstacle()


@pytest.mark.parametrize("line, found", [
    ("deb http://mirror.example.org/debian bookworm main", "http://mirror.example.org/debian"),
    ("deb [a=b c=d] https://mirror.example.org/debian/ bookworm main", "https://mirror.example.org/debian"),
    ("URIs: http://mirror.example.org/debian", "http://mirror.example.org/debian"),
    ("deb http://mirror.example.org/debian-security bookworm main", personal_pool.MIRROR),
    ("# deb http://mirror.example.org/debian bookworm main", personal_pool.MIRROR),
])
def test_the_mirror_is_the_one_of_apt(tmp_path, line, found):
    (tmp_path / "sources.list").write_text(line + "\n")
    assert personal_pool.mirror(tmp_path) == found


def test_another_process_of_that_number_is_not_the_pool(tmp_path, monkeypatch):
    monkeypatch.setattr(personal_pool, "PROCESS", tmp_path / "process")
    (tmp_path / "process").write_text("1 12345678901")
    assert personal_pool.process() is None
