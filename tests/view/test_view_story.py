"""The terminal story: lazily told, complete, in HTCondor's words, and safe to print."""

import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from view_helpers import tiny

from grader.rules.execution import Exit, Run
from grader.rules.profile import MODERN
from grader.rules.schedule import Fault
from grader.rules.simulation import Held, Moment
from grader.rules.step import Exited, FaultHappened, Matched, step, submitted
from grader.tree import Directory, File, Link, Tree
from grader.view.story import directories, lines


def told(moments, **more):
    return "\n".join(lines(moments, **more))


def blocks(moments):
    """The blocks of the story, without the legend."""
    return told(moments).strip().split("\n\n")[1:]


def test_one_block_for_each_moment(story):
    moments = story("evict@2")
    assert len(blocks(moments)) == len(moments)


def test_a_moment_is_told_before_the_next_one_is_asked_for(story):
    asked = []

    def slowly():
        for moment in story(""):
            asked.append(moment.kind)
            yield moment

    told = lines(slowly())
    for line in told:
        if "Submitted" in line:
            break
    assert asked == ["submitted"]


def test_time_counts_from_submission(story):
    assert [block.split()[0] for block in blocks(story(""))] == [
        "+0:00:00",
        "+0:01:00",
        "+0:02:00",
        "+0:02:00",
        "+0:02:00",
        "+0:03:00",
        "+0:03:00",
        "+0:03:00",
        "+0:04:00",
        "+0:04:00",
    ]


def test_an_eviction_names_what_is_lost_and_what_not(story):
    evicted = next(block for block in blocks(story("evict@2")) if "evicted" in block)
    assert "x result.txt" in evicted and "last line" in evicted
    assert "x scratch.txt" in evicted and "whole file" in evicted
    assert "Lost: 60 s of computing" in evicted
    assert "tiny.py" not in evicted


def test_a_new_sandbox_shows_the_origin_of_files_and_what_is_missing(story):
    block = next(block for block in blocks(story("evict@2")) if "Execution 3: starts" in block)
    assert "execution point 2" in block
    assert "+ result.txt" in block and "from the spool" in block
    assert "+ tiny.py" in block and "input" in block
    assert "- scratch.txt" in block and "not here" in block


def test_after_a_hold_too_the_new_sandbox_is_compared_with_the_old_one(story):
    text = told(story("hold@2"))
    assert "Released" in text and "- scratch.txt" in text


def test_held_says_code_reason_and_the_file(story):
    text = told(story("", tiny(transfer_checkpoint_files=("state.txt", "no-such.txt"))))
    assert "Code 36, subcode -1: Starter failed to upload checkpoint." in text
    assert "Listed, and not in the sandbox: no-such.txt." in text and "? no-such.txt" in text


def test_an_empty_name_on_a_list_can_be_seen():
    assert "not in the sandbox: ''." in told([Moment("held", next=Held(36, -1, "reason", ("",)))])


def test_a_restart_in_place_changes_nothing(story):
    block = next(block for block in blocks(story("")) if "Execution 2: starts in place" in block)
    assert len(block.splitlines()) == 2


def test_the_end_names_what_came_home(story):
    assert "came result.txt, tiny.err and tiny.out." in told(story(""))


def test_a_job_that_never_finishes_says_why(story):
    text = told(story("", tiny(checkpoint_exit_code=0, steps=1, transfer_checkpoint_files=("scratch.txt",))))
    assert "This job never finishes" in text and "The story stops here: " in text


def test_a_failed_upload_is_told(story):
    text = told(story("upload-fails@1"))
    assert "checkpoint not saved" in text and "The spool is unchanged." in text


def test_log_and_submit_directory_are_shown(story):
    text = told(story(""), log_name="tiny.log", submit=Tree.of(notes="x"))
    assert "+ tiny.log" in text and "notes" not in text


def test_colour_only_on_request(story):
    assert "\x1b[" in told(story("evict@2"), colour=True)
    assert "\x1b" not in told(story("evict@2"))


def test_what_a_vacated_program_exits_with_counts_for_nothing(story):
    assert "counts for nothing" in told(story("vacate@2+30s"))


@pytest.mark.parametrize(
    ("kill_sig", "name"), [(signal.SIGTERM, "SIGTERM"), (signal.SIGUSR1, "SIGUSR1"), (40, "signal 40")]
)
def test_the_signal_of_a_soft_eviction_is_the_jobs_own(kill_sig, name):
    now = step(tiny(kill_sig=kill_sig), MODERN, submitted(tiny()), Matched())
    run = Run(Exit(0), now.sandbox, 30.0, "", "")
    moments = [now, step(tiny(kill_sig=kill_sig), MODERN, now, FaultHappened(Fault("vacate", 1, 30.0), run, 30.0))]
    assert f"vacated 30 s into it, with {name} first. The program then ended with exit code 0" in told(moments)


def test_a_program_that_has_ended_gets_no_signal():
    job, run = tiny(), Run(Exit(0), tiny().inputs, 30.0, "", "")
    now = step(job, MODERN, step(job, MODERN, submitted(job), Matched()), Exited(run))
    text = told([now, step(job, MODERN, now, FaultHappened(Fault("vacate", 1, 31.0), None, 1.0, 1.0))])
    assert "vacated 31 s into it, when its program had already ended" in text and "SIGTERM" not in text


def test_every_kind_of_moment_has_a_heading():
    for kind in (
        "submitted",
        "started",
        "restarted",
        "exited",
        "checkpoint",
        "checkpoint failed",
        "evicted",
        "held",
        "released",
        "requeued",
        "retried",
        "ended",
        "never finishes",
        "something new",
    ):
        assert len(blocks([Moment(kind)])) == 1


def test_directories_show_files_links_and_empty_directories():
    tree = Tree({"a.txt": File(b"12345"), "b/c": Directory(), "to": Link("a.txt")})
    assert [line.split() for line in directories(tree)] == [
        ["a.txt", "5", "bytes"],
        ["b/c/", "empty"],
        ["to", "->", "a.txt"],
    ]


names = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=12)


@given(st.dictionaries(names, st.binary(max_size=40), max_size=4), st.text(max_size=20))
def test_nothing_hostile_reaches_the_terminal(files, reason):
    tree = Tree.files(files)
    moments = [
        Moment("submitted"),
        Moment("started", activation=1, execution=1, sandbox=tree),
        Moment("evicted", activation=1, execution=1, sandbox=tree, spool=tree, returned_files=tree, text=reason),
    ]
    output = [*lines(moments), *directories(tree)]
    assert all(line.isprintable() for line in output)
    "\n".join(output).encode("utf-8")
