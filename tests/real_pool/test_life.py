"""A real job's event log, told in the simulator's moments."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.real_pool.life import JobHistory
from grader.real_pool.log import read
from grader.rules.job import Job
from grader.rules.schedule import render
from grader.rules.simulation import Held
from grader.tree import Tree
from grader.view import story

LOGS = Path(__file__).with_name("logs")
SPOOL = Tree.files({"checkpoint.txt": "4\n"})
JOB = Job("sweep.py", checkpoint_exit_code=85)
STARTED = """\
000 (007.000.000) 2026-11-22 20:54:16 Job submitted from host: <127.0.0.1:9618>
...
001 (007.000.000) 2026-11-22 20:54:17 Job executing on host: <127.0.0.1:9618>
\tSlotName: slot1@pool
...
"""


def event(number, text, *body, second=30):
    """An event of that job as it stands in a log."""
    lines = [f"{number:03d} (007.000.000) 2026-11-22 20:54:{second} {text}", *("\t" + line for line in body), "...", ""]
    return "\n".join(lines)


SENDING = event(40, "Started transferring output files")
SENT = SENDING + event(40, "Finished transferring output files")
EVICTED = event(4, "Job was evicted.", "(0) CPU times")
ENDED = event(5, "Job terminated.", "(1) Normal termination (return value 3)")
UPLOAD = event(21, "Error from starter on slot1@pool:", "Starter failed to upload checkpoint", "Code 36 Subcode -1")
RESCHEDULED = event(
    21,
    "Error from starter on slot1@pool:",
    "Rescheduling self-checkpoint job after checkpoint upload because reactivating the claim would have failed.",
    "Code 1025 Subcode 0",
)
"""As HTCondor 25.14.1 wrote it."""
HELD = event(12, "Job was held.", "Error from slot1@pool: Starter failed to upload checkpoint", "Code 36 Subcode -1")


@pytest.fixture
def lived():
    """lived(log) is the job's life by that log, and its moments."""

    def lived(log, job=JOB, silence=True):
        life = JobHistory(job, Tree, lambda: SPOOL, lambda: ("state.txt",))
        moments = [moment for event in read(log) for moment in life.hear(event)]
        return life, moments + (list(life.silence()) if silence else [])

    return lived


def kinds(moments):
    return " ".join(moment.kind for moment in moments)


def test_what_is_told_in_passing_changes_nothing(lived):
    whole = STARTED + SENT + SENT + EVICTED
    aside = event(28, "Job ad information event triggered.", "Cmd = ...") + event(6, "Image size of job updated: 14760")
    interrupted = whole.replace("...\n", "...\n" + aside)
    assert (
        kinds(lived(interrupted)[1])
        == kinds(lived(whole)[1])
        == ("submitted started checkpoint restarted checkpoint restarted evicted")
    )


@pytest.mark.parametrize(
    "name, told, schedule",
    [
        ("never-evicted", "submitted started" + " checkpoint restarted" * 3 + " ended", ""),
        (
            "evicted-twice",
            "submitted started checkpoint restarted evicted started checkpoint restarted evicted started "
            "checkpoint restarted ended",
            "evict@2 evict@4",
        ),
        ("held", "submitted started held removed", ""),
    ],
)
def test_logs_of_a_real_htcondor(lived, name, told, schedule):
    life, moments = lived((LOGS / f"{name}.log").read_text())
    assert (kinds(moments), render(life.faults)) == (told, schedule)
    assert list(story.lines(moments, "sweep.log"))


@pytest.mark.parametrize(
    "log, told",
    [
        (SENT, "checkpoint restarted"),
        (SENT + EVICTED, "checkpoint restarted evicted"),
        (SENDING + EVICTED, "evicted"),
        (SENDING + SENT, "checkpoint failed restarted checkpoint restarted"),
        (SENT + ENDED, "ended"),
        (SENDING + UPLOAD + EVICTED + HELD, "held"),
        (SENT + UPLOAD + EVICTED + HELD, "held"),
        (EVICTED, "evicted"),
        (
            EVICTED
            + event(12, "Job was held.", "via condor_hold", "Code 1 Subcode 0")
            + event(13, "Job was released."),
            "held released",
        ),
        (SENT + event(4, "Job was evicted. Code 1025 Subcode 0", "(0) CPU times"), "checkpoint requeued"),
        (SENT + RESCHEDULED + event(4, "Job was evicted. Code 1025 Subcode 0", "(0) CPU times"), "checkpoint requeued"),
        (SENT + UPLOAD + event(4, "Job was evicted. Code 1022 Subcode 0", "(0) CPU times"), "evicted"),
        (
            SENT
            + event(
                4, "Job was evicted.", "(0) Job terminated and was requeued", "(1) Normal termination (return value 1)"
            ),
            "retried",
        ),
        (event(7, "Shadow exception!", "connection lost"), "evicted"),
        (event(9, "Job was aborted."), "removed"),
        (event(6, "Image size of job updated: 1"), ""),
    ],
)
def test_what_events_mean_together(lived, log, told):
    assert kinds(lived(STARTED + log)[1]) == f"submitted started {told}".strip()


def test_in_eviction_driven_mode_an_eviction_brings_its_own_transfer(lived):
    job = Job("sweep.py", on_exit_or_evict=True)
    assert kinds(lived(STARTED + SENT + EVICTED, job)[1]) == "submitted started evicted"


def test_a_finished_transfer_is_no_checkpoint_before_there_was_silence(lived):
    life, moments = lived(STARTED + SENT, silence=False)
    assert kinds(moments) == "submitted started"
    assert kinds(life.silence()) == "checkpoint restarted"


def test_a_transfer_on_its_way_is_no_checkpoint_however_long_it_takes(lived):
    assert kinds(lived(STARTED + SENDING)[1]) == "submitted started"


@pytest.mark.parametrize("log, execution", [("", 1), (SENDING, 0), (SENT, 2), (EVICTED, 0), (SENT + ENDED, 0)])
def test_the_execution_that_is_on_its_way(lived, log, execution):
    assert lived(STARTED + log, silence=False)[0].executing == execution


def test_a_held_job_has_code_reason_and_what_is_missing(lived):
    life, moments = lived(STARTED + SENDING + UPLOAD + EVICTED + HELD)
    assert life.over
    assert moments[-1].next == Held(
        36, -1, "Error from slot1@pool: Starter failed to upload checkpoint", ("state.txt",)
    )


def test_a_users_own_hold_is_not_the_end(lived):
    assert not lived(STARTED + EVICTED + event(12, "Job was held.", "via condor_hold", "Code 1 Subcode 0"))[0].over


def test_a_hold_of_an_idle_job_loses_nothing_more(lived):
    life, moments = lived(STARTED + EVICTED)
    held = event(12, "Job was held.", "via condor_hold", "Code 1 Subcode 0", second=50)
    moments += [moment for one in read(held) for moment in life.hear(one)]
    assert kinds(moments) == "submitted started evicted held"
    assert moments[-1].badput == moments[-2].badput == 13
    assert "Held while idle" in "\n".join(story.lines(moments, "sweep.log"))


def test_seconds_are_safe_or_lost(lived):
    later = event(4, "Job was evicted.", "(0) CPU times", second=35)
    last = lived(STARTED + SENT + later)[1][-1]
    assert (last.goodput, last.badput) == (13.0, 5.0)
    assert last.spool == SPOOL


def test_how_it_ended(lived):
    moments = lived(STARTED + SENT + ENDED)[1]
    assert (moments[-1].next.exit.code, moments[-1].next.exit.signal) == (3, None)
    killed = event(5, "Job terminated.", "(0) Abnormal termination (signal 9)")
    moments = lived(STARTED + SENT + killed)[1]
    assert (moments[-1].next.exit.code, moments[-1].next.exit.signal) == (None, 9)
