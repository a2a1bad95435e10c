"""Job event logs that learners hand in: real ones, the simulator's own, edited ones, and anything else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.real_pool.log_summary import (
    NO_LOG,
    REAL,
    SIMULATED,
    ExpectedSubmission,
    evicted,
    read_handed_in,
    saved,
    went_on,
    which,
)
from grader.rules.eventlog import render
from grader.rules.joblog import job_log
from grader.rules.schedule import parse
from grader.rules.simulation import simulate

LOGS = {path.stem: path.read_text() for path in Path(__file__).with_name("logs").glob("*.log")}
EVICTED = LOGS["evicted-twice"]


def sentences(found):
    """All that is said about a log."""
    return [
        which(found),
        *([saved(found), evicted(found), went_on(found)] if found.origin == REAL else ()),
        *found.problems,
    ]


def told(found):
    return "\n".join(sentences(found))


# -- logs of a real HTCondor, as they were recorded ---------------------------------------------


@pytest.mark.parametrize(
    "name, checkpoints, evictions, resumes, survived",
    [
        ("evicted-twice", 3, 2, 2, True),
        ("resume-three-activations", 3, 2, 2, True),
        ("evicted-in-transfer", 2, 1, 1, True),
        ("vacated-in-transfer", 2, 1, 1, True),
        ("held-and-released", 2, 0, 1, True),
        ("never-evicted", 3, 0, 0, False),
        ("network-fails", 3, 0, 0, False),
        ("crash-by-signal", 1, 0, 0, False),
        ("retried", 2, 0, 0, False),
        ("held", 0, 0, 0, False),
        ("list-everything", 2, 1, 0, False),
    ],
)
def test_what_a_real_log_shows(name, checkpoints, evictions, resumes, survived):
    found = read_handed_in(LOGS[name])
    assert (found.origin, found.problems) == (REAL, ())
    assert (found.checkpoints, found.evictions, found.resumes, found.survived) == (
        checkpoints,
        evictions,
        resumes,
        survived,
    )


def test_slots_bytes_and_end_are_read_from_it():
    found = read_handed_in(EVICTED)
    assert found.slots == ("slot1@127-0-0-1.localdomain",) * 3
    assert [(now.sent, now.received) for now in found.activations] == [(593, 4210), (1185, 4803), (4150, 5395)]
    assert found.exit.code == 0 and str(found.job) == "29.0"
    assert "It was evicted 2 times." in told(found) and "1185 bytes more than at first" in told(found)


@pytest.mark.parametrize(
    "name, words",
    [
        ("never-evicted", "condor_vacate_job 30.0"),
        ("held", "It was held: Error from slot1@127-0-0-1.localdomain: Starter failed to upload checkpoint."),
        ("held", "No checkpoint reached the access point"),
        ("crash-by-signal", "It ended with signal 11"),
        ("list-everything", "does not show a second start"),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(name, words):
    assert words in told(read_handed_in(LOGS[name]))


def test_of_a_shared_log_the_job_that_shows_most_counts():
    both = LOGS["never-evicted"] + EVICTED + LOGS["held"]
    assert read_handed_in(both) == read_handed_in(EVICTED)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\n\n" + text + "\n\n",
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("\t", "        "),
        lambda text: "\n".join("    " + line for line in text.split("\n")),
        lambda text: "# my log\n" + text,
    ],
)
def test_a_log_that_went_through_an_editor_is_still_the_same(change):
    assert read_handed_in(change(EVICTED)).survived


def test_a_log_that_is_cut_off_shows_what_it_has():
    found = read_handed_in(EVICTED[: EVICTED.index("005 (")])
    assert (found.genuine, found.resumes, found.survived) == (True, 2, False)
    assert "does not show its end yet" in told(found)


# -- whether it is the required submission ------------------------------------------------------


def test_the_required_submission():
    noted = EVICTED.replace("\n...\n", "\n    04-restore by ada\n...\n", 1)
    found = read_handed_in(noted, ExpectedSubmission(cluster=29, notes="04-restore by"))
    since = found.submitted
    assert read_handed_in(noted, ExpectedSubmission(29, "04-restore", since, since)).survived


@pytest.mark.parametrize(
    "required, words",
    [
        (ExpectedSubmission(cluster=30), "cluster 29, not of 30"),
        (ExpectedSubmission(notes="04-restore by "), "has no notes; the right job's notes begin with “04-restore by ”"),
        (ExpectedSubmission(since=2e9), "is before 2033"),
        (ExpectedSubmission(until=1e9), "is after 2001"),
    ],
)
def test_another_submission_is_not_genuine(required, words):
    found = read_handed_in(EVICTED, required)
    assert found.origin == REAL and not found.genuine and not found.survived
    assert words in told(found)


# -- the simulator's own, and made up ones -----------------------------------------------------


@pytest.fixture(scope="module")
def simulated(executor):
    """A log of the simulator, of a job that survives an eviction."""
    from classroom import ANSWERS

    from grader.course.catalogue import EXERCISES
    from grader.tree import Tree

    job = EXERCISES["restore"].job(Tree.files(ANSWERS["restore"][0]["text"]))
    return "".join(map(render, job_log(job, simulate(job, executor, schedule=parse("evict@2")))))


def test_the_simulators_own_log_does_not_count(simulated):
    found = read_handed_in(simulated)
    assert (found.origin, found.survived) == (SIMULATED, False)
    assert "written by the simulator" in told(found)


def test_the_simulators_log_with_other_names_does_not_count_either(simulated):
    made_up = re.sub(r"slot1@ep(\d)", r"slot\1@node7.example.org", simulated).replace("127.0.0.1", "10.1.2.3")
    found = read_handed_in(made_up)
    assert found.origin == REAL and not found.survived
    assert "what the job used of the slot" in told(found) and "gives only the slot's name" in told(found)


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("22:40:04 Job was evicted", "22:30:04 Job was evicted", "times in a log never go back"),
        ("593  -  Run Bytes Sent", "594  -  Run Bytes Sent", "have sent 5929 bytes, but the total in the log is 5928"),
        ("14408  -  Total", "14409  -  Total", "have received 14408 bytes, but the total in the log is 14409"),
        ("dir_1502", "dir_1479", "same execute directory"),
        ("TimeExecute (s)      :        4", "TimeExecute (s)      :      400", "the program ran for 6 min 40 s"),
        (
            "004 (029.000.000) 2026-11-22 22:39:56",
            "006 (029.000.000) 2026-11-22 22:39:56",
            "while it still has another",
        ),
        ("return value 0", "return value 1", "with exit code 1 and with exit-code 0"),
        ("000 (029.000.000)", "006 (029.000.000)", "does not begin with the submission"),
    ],
)
def test_an_edited_log_does_not_fit_together(old, new, words):
    assert old in EVICTED
    found = read_handed_in(EVICTED.replace(old, new, 1))
    assert not found.survived and words in told(found)


def test_an_eviction_pasted_into_another_log_does_not_fit():
    eviction = EVICTED[EVICTED.index("004 (") : EVICTED.index("040 (", EVICTED.index("004 ("))]
    plain = LOGS["never-evicted"].replace("(030.", "(029.")
    at = plain.rindex("005 (")
    assert not read_handed_in(plain[:at] + eviction + plain[at:]).survived


# -- anything else -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no log",
        "\x00" * 1000,
        "...\n" * 1000,
        "<?xml version='1.0'?>\n<c>\n</c>",
        "001 (1.0.0) 2026-13-45 99:99:99 x\n...\n",
        "x" * 3_000_000,
    ],
)
def test_what_is_no_log_is_said_to_be_none(text):
    found = read_handed_in(text)
    assert (found.origin, found.survived) == (NO_LOG, False)
    assert "job event log" in told(found)


def test_a_hostile_name_is_shown_escaped():
    found = read_handed_in(EVICTED.replace("slot1@127-0-0-1.localdomain", "\x1b[2Jslot\u202e1<script>"))
    assert "\\x1b[2Jslot\\u202e1" in told(found)
    assert all(sentence.isprintable() and len(sentence) <= 400 for sentence in sentences(found))


ENDED = "005 (029.000.000) 2026-11-22 22:40:16 Job terminated.\n"
STARTED = "001 (029.000.000) 2026-11-22 22:40:16 Job executing on host: <\n\tSlotName: {}\n...\n"


@pytest.mark.parametrize(
    "text",
    [
        EVICTED + ENDED + "\t" + "9" * 900_000 + "\n...\n",
        EVICTED + ENDED + "\t(1) Normal termination (return value " + "9" * 5000 + ")\n...\n",
        EVICTED.replace("Code", "Code " + "9" * 5000) + LOGS["held"].replace("Code 36", "Code " + "3" * 5000),
        EVICTED + ENDED + "1 - " * 200_000 + "\n...\n",
        "".join(map(STARTED.format, range(9000))),
        "".join(f"012 ({n}.0.0) 2026-11-22 22:40:16 Job was held.\n...\n" for n in range(15000)),
        "040 (1.0.0) 2026-11-22 22:40:16 Finished transferring output files\n...\n" * 12000,
        EVICTED + "<" * 900_000,
    ],
)
def test_a_text_that_is_made_to_be_slow_has_an_answer(text):
    assert sentences(read_handed_in(text))


NOISE = st.one_of(
    st.text(max_size=30), st.sampled_from(["\n...\n", "\t", "9" * 40, "005 (", "-", "\x1b", "<", "(s) :"])
)


@settings(max_examples=300)
@given(st.sampled_from(sorted(LOGS)), st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 400), NOISE), max_size=6))
def test_a_mangled_log_has_an_answer_and_safe_sentences(name, changes):
    text = LOGS[name]
    for at, length, noise in changes:
        text = text[:at] + noise + text[at + length :]
    found = read_handed_in(text)
    assert sentences(found) and all(sentence.isprintable() for sentence in sentences(found))
    assert found.resumes <= max(0, len(found.activations) - 1)


@settings(max_examples=200)
@given(st.text() | st.binary().map(lambda raw: raw.decode(errors="surrogateescape")))
def test_any_text_has_an_answer(text):
    for whole in (text, EVICTED[:300] + text, text + EVICTED):
        assert sentences(read_handed_in(whole))


@settings(max_examples=100)
@given(st.permutations(range(6)))
def test_events_in_another_order_never_show_more(order):
    entries = EVICTED.split("\n...\n")[:-1]
    parts = [entries[i * len(entries) // 6 : (i + 1) * len(entries) // 6] for i in range(6)]
    mixed = "".join(entry + "\n...\n" for part in order for entry in parts[part])
    assert read_handed_in(mixed).survived == (list(order) == sorted(order))
