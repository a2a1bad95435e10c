"""The transfer rules R2 to R7 of the specification, one by one. Each test names its rule."""

from __future__ import annotations

import errno
from dataclasses import replace

import pytest

from grader.rules import transfer
from grader.rules.job import OWN_FILES, STDERR, STDOUT, Job
from grader.rules.profile import MODERN, PROFILES
from grader.rules.transfer import TransferFailure
from grader.tree import Directory, Fifo, File, Link, Tree

SLIDES, V25 = PROFILES["slides2021"], PROFILES["v25"]
STREAMS = {STDOUT: "printed\n", STDERR: ""}


def job(inputs=None, **fields):
    """A job with `out.txt` and `err.txt`, whose executable is `job`."""
    return Job(
        **{
            "executable": "job",
            "inputs": Tree.files({"job": "#!", **(inputs or {})}),
            "output": "out.txt",
            "error": "err.txt",
            **fields,
        }
    )


def quiet(**fields):
    """A job without streams, for tests that are not about them."""
    return job(output=None, error=None, **fields)


def sandbox(files=None, **entries):
    """A sandbox with the streams' files, and these."""
    return Tree.files({"job": "#!", **STREAMS, **(files or {})}) | Tree(entries)


def checkpoint(listed, tree, profile=MODERN, **fields):
    return transfer.checkpoint(quiet(transfer_checkpoint_files=tuple(listed), **fields), tree, profile)


# -- R2: a new activation ---------------------------------------------------------------


def test_a_new_sandbox_has_the_inputs_the_executable_and_the_spool():
    """R2"""
    assert transfer.new_sandbox(job({"table": "1"}), Tree.files({"n": "3"}), MODERN) == Tree.files(
        {"job": "#!", "table": "1", "n": "3"}
    )


def test_the_checkpoint_beats_an_input_file_of_the_same_name():
    """R2: same path twice, the last wins."""
    assert transfer.new_sandbox(job({"table": "pristine"}), Tree.of(table="saved"), MODERN)["table"].text == "saved"


def test_a_directory_in_inputs_and_spool_is_merged_file_by_file():
    """R2"""
    found = transfer.new_sandbox(
        job({"d/a": "input", "d/b": "input"}), Tree.files({"d/b": "saved", "d/c": "saved"}), MODERN
    )
    assert {path: entry.text for path, entry in found.below("d").items()} == {"a": "input", "b": "saved", "c": "saved"}


def test_a_file_of_the_checkpoint_in_the_place_of_an_input_directory_wins():
    """R2"""
    assert transfer.new_sandbox(job({"d/a": "x"}), Tree.of(d="file"), MODERN).without(["job"]) == Tree.of(d="file")


def test_slides2021_an_input_file_beats_the_checkpoint():
    """R2, profile slides2021"""
    spool = Tree.files({"table": "saved", "n": "3", "d/b": "saved"})
    found = transfer.new_sandbox(job({"table": "pristine", "d/a": "input"}), spool, SLIDES)
    assert found == Tree.files({"job": "#!", "table": "pristine", "n": "3", "d/a": "input", "d/b": "saved"})


def test_v25_keeps_its_own_files_out_of_the_sandbox():
    """R4b"""
    one = job(transfer_checkpoint_files=(".",))
    everything = {profile: transfer.checkpoint(one, sandbox({"n": "1"}), profile) for profile in (MODERN, V25)}
    assert everything[V25] == everything[MODERN].without(OWN_FILES) != everything[MODERN]
    failed = [transfer.not_transferred(one, everything[profile], Tree()) for profile in (MODERN, V25)]
    assert [bool(why) for why in failed] == [True, False]


def test_v25_moves_other_files_as_modern_does():
    tree, one = sandbox({"n": "1"}), job({"n": "0"})
    assert transfer.new_sandbox(one, Tree.of(n="1"), V25) == transfer.new_sandbox(one, Tree.of(n="1"), MODERN)
    assert transfer.checkpoint(one, tree, V25) == transfer.checkpoint(one, tree, MODERN)
    missing = job(transfer_checkpoint_files=("model",))
    assert (
        transfer.checkpoint(missing, tree, V25)
        == transfer.checkpoint(missing, tree, MODERN)
        == TransferFailure(("model",))
    )


# -- R3: streams ------------------------------------------------------------------------


def test_the_files_of_the_streams_are_there_before_the_program_starts():
    """R3"""
    assert transfer.with_streams(job(), Tree()) == Tree.files({STDOUT: "", STDERR: ""})


def test_text_of_the_streams_that_is_there_stays():
    """R3: opened for append, so text accumulates."""
    tree = Tree.files({STDOUT: "so far"})
    assert transfer.with_streams(job(checkpoint_exit_code=85), tree)[STDOUT].text == "so far"


def test_the_streams_of_a_job_that_is_not_self_checkpointing_begin_empty():
    """R0, R3: seen on 23.9.6 in eviction-driven mode, where the spool has them."""
    tree = Tree.files({STDOUT: "so far"})
    assert transfer.with_streams(job(checkpoint_exit_code=None), tree)[STDOUT].text == ""


@pytest.mark.parametrize(
    "fields, streams",
    [
        ({}, {STDOUT: "out.txt", STDERR: "err.txt"}),
        ({"output": None}, {STDERR: "err.txt"}),
        ({"output": "", "error": ""}, {}),
        ({"output": "all", "error": "all"}, {STDOUT: "all"}),
        ({"stream_output": True}, {STDERR: "err.txt"}),
        ({"stream_error": True}, {STDOUT: "out.txt"}),
        ({"stream_output": True, "stream_error": True}, {}),
    ],
)
def test_which_streams_are_files_of_the_sandbox(fields, streams):
    """R3: unset, empty or streamed: no such file; output and error in one file: both in _condor_stdout."""
    assert job(**fields).streams == streams
    assert sorted(transfer.with_streams(job(**fields), Tree())) == sorted(streams)


def test_without_streams_is_all_that_a_program_goes_by():
    """R3"""
    assert transfer.without_streams(sandbox({"n": "1"})) == Tree.files({"job": "#!", "n": "1"})


# -- R4a: which files a checkpoint has ---------------------------------------------------


def test_the_checkpoint_list_is_sent_and_the_streams_are_added():
    """R4a"""
    one = job(transfer_checkpoint_files=("n",), transfer_output_files=("rows",))
    assert transfer.checkpoint_files(one, sandbox({"n": "1", "rows": ""}), MODERN) == ("n", STDOUT, STDERR)
    assert transfer.checkpoint(one, sandbox({"n": "1", "trash": ""}), MODERN) == Tree.files({"n": "1", **STREAMS})


def test_without_a_checkpoint_list_the_output_list_is_sent():
    """R4a; an empty value counts as unset, which a submit description turns into None."""
    one = job(transfer_output_files=("rows",))
    assert transfer.checkpoint_files(one, sandbox({"n": "1", "rows": ""}), MODERN) == ("rows", STDOUT, STDERR)


def test_without_any_list_every_new_or_changed_file_at_top_level_is_sent():
    """R4a: never directories, never the executable."""
    one = job({"table": "input", "same": "input"})
    tree = sandbox({"job": "changed", "table": "changed", "same": "input", "n": "1", "d/file": "x"})
    assert transfer.checkpoint_files(one, tree, MODERN) == ("n", "table", STDOUT, STDERR)


def test_an_input_whose_bit_was_changed_is_a_changed_file():
    """R4a"""
    one = quiet(inputs=Tree.of(table="x"))
    assert transfer.checkpoint_files(one, Tree({"table": File(b"x", True)}), MODERN) == ("table",)


def test_an_empty_output_list_means_a_checkpoint_of_streams_only():
    """R4a, R6: transfer_output_files = "" is a list that is set, and empty."""
    assert transfer.checkpoint_files(job(transfer_output_files=()), sandbox({"n": "1"}), MODERN) == (STDOUT, STDERR)


def test_listing_the_streams_is_harmless():
    """R4a"""
    one = job(transfer_checkpoint_files=(STDERR, "n", STDOUT))
    assert transfer.checkpoint_files(one, sandbox({"n": "1"}), MODERN) == (STDERR, "n", STDOUT)
    assert transfer.checkpoint(one, sandbox({"n": "1"}), MODERN) == Tree.files({"n": "1", **STREAMS})


def test_streams_that_are_no_files_are_not_sent():
    """R3, R4a"""
    assert transfer.checkpoint_files(quiet(transfer_checkpoint_files=("n",)), sandbox({"n": ""}), MODERN) == ("n",)


def test_a_quoted_empty_value_is_a_file_of_that_name():
    """R4a: quotes are literal, so that "" holds the job."""
    assert checkpoint(['""'], sandbox()) == TransferFailure(('""',))


def test_slides2021_the_streams_are_in_the_checkpoint_only_if_listed():
    """R4a, profile slides2021"""
    assert transfer.checkpoint(job(transfer_checkpoint_files=("n",)), sandbox({"n": ""}), SLIDES) == Tree.of(n="")
    assert STDOUT in transfer.checkpoint(job(transfer_checkpoint_files=("n", STDOUT)), sandbox({"n": ""}), SLIDES)


# -- R4b: how the paths are sent -----------------------------------------------------------


def test_a_directory_is_sent_as_a_directory():
    """R4b"""
    assert checkpoint(["d"], sandbox({"d/a": "1", "d/e/b": "2"})) == Tree.files({"d/a": "1", "d/e/b": "2"})


def test_a_directory_with_a_slash_sends_its_contents_to_top_level():
    """R4b"""
    assert checkpoint(["d/"], sandbox({"d/a": "1", "d/e/b": "2"})) == Tree.files({"a": "1", "e/b": "2"})


def test_a_path_is_flattened():
    """R4b: sub/file becomes file, in the spool and so in the next sandbox."""
    sent = checkpoint(["sub/file", "sub/deep/dir"], sandbox({"sub/file": "1", "sub/deep/dir/x": "2"}))
    assert sent == Tree.files({"file": "1", "dir/x": "2"})
    assert "sub/file" not in transfer.new_sandbox(job(), sent, MODERN)


def test_preserve_relative_paths_keeps_the_path():
    """R4b"""
    tree = sandbox({"sub/file": "1", "sub/other": "", "sub/deep/dir/x": "2"})
    assert checkpoint(["sub/file", "sub/deep/dir"], tree, preserve_relative_paths=True) == Tree.files(
        {"sub/file": "1", "sub/deep/dir/x": "2"}
    )


def test_of_two_flattened_files_of_one_name_the_last_wins():
    """R4b, R2"""
    assert checkpoint(["a/file", "b/file"], sandbox({"a/file": "1", "b/file": "2"})) == Tree.of(file="2")


def test_a_path_may_be_written_in_several_ways():
    """R4b"""
    for path in ("./n", "d/../n", ".//n"):
        assert checkpoint([path], sandbox({"n": "1", "d/x": ""})) == Tree.of(n="1")


@pytest.mark.parametrize("pattern", ["o*", "?ut", "[o]ut", "{out,n}"])
def test_a_pattern_is_a_literal_name(pattern):
    """R4b: no globs."""
    assert checkpoint([pattern], sandbox({"out": "1"})) == TransferFailure((pattern,))
    assert checkpoint([pattern], sandbox({pattern: "1"})) == Tree.files({pattern: "1"})


def test_a_link_to_a_file_sends_the_content():
    """R4b"""
    tree = sandbox({"states/3": "three"}, latest=Link("states/3"))
    assert checkpoint(["latest"], tree) == Tree.of(latest="three")
    assert checkpoint(["d"], sandbox({"x": "1"}) | Tree({"d/link": Link("../x")})) == Tree.files({"d/link": "1"})


@pytest.mark.parametrize("path, keep", [("link", False), ("link", True), ("link/", True), ("link/a", True)])
def test_a_link_to_a_directory_is_a_failure(path, keep):
    """R4b: with preserve_relative_paths, also one that a path leads through."""
    sent = checkpoint([path], sandbox({"d/a": "1"}, link=Link("d")), preserve_relative_paths=keep)
    assert sent == TransferFailure((path,), error=errno.EISDIR, unsendable=("link",))


@pytest.mark.parametrize("path", ["link/", "link/a"])
def test_what_is_in_a_linked_directory_is_sent(path):
    """R4b: without preserve_relative_paths."""
    assert checkpoint([path], sandbox({"d/a": "1"}, link=Link("d"))) == Tree.of(a="1")


def test_a_directory_with_a_link_to_a_directory_in_it_is_a_failure():
    """R4b"""
    sent = checkpoint(["d"], sandbox({"e/a": "1"}) | Tree({"d/link": Link("../e")}))
    assert sent == TransferFailure(("d",), error=errno.EISDIR, unsendable=("d/link",))


@pytest.mark.parametrize(
    "target, error", [("nothing", errno.ENOENT), ("../outside", errno.ENOENT), ("link", errno.ELOOP)]
)
def test_a_link_that_leads_nowhere_is_a_failure(target, error):
    """R4b"""
    assert checkpoint(["link"], sandbox(link=Link(target))) == TransferFailure(("link",), error=error)


@pytest.mark.parametrize(
    "path, error",
    [("a/", errno.ENOTDIR), ("a/.", errno.ENOTDIR), ("a/b", errno.ENOTDIR), ("n" * 256, errno.ENAMETOOLONG)],
)
def test_what_is_wrong_with_a_path_is_told_by_its_number(path, error):
    """R4b"""
    assert checkpoint([path], sandbox({"a": "1"})) == TransferFailure((path,), error=error)


def test_an_empty_directory_is_fine():
    """R4b"""
    assert checkpoint(["d"], sandbox(d=Directory())) == Tree({"d": Directory()})
    assert checkpoint(["d/"], sandbox(d=Directory())) == Tree()


def test_the_executable_bit_is_sent_too():
    """R4b"""
    assert checkpoint(["run"], sandbox(run=File(b"x", True)))["run"].executable


@pytest.mark.parametrize("path", ["../n", "d/../../n"])
def test_nothing_outside_the_sandbox_is_sent(path):
    """R4b"""
    assert checkpoint([path], sandbox({"n": "1", "d/x": ""})) == TransferFailure((path,))


# -- R4c: what can't be sent ----------------------------------------------------------------


def test_a_missing_path_fails_the_whole_checkpoint():
    """R4c: nothing is sent; all that are missing are known."""
    assert checkpoint(["n", "model", "d/"], sandbox({"n": "1"})) == TransferFailure(("model", "d/"))


def test_a_missing_path_is_a_failure_in_every_version():
    """R4c; what comes of it is decided in step.py."""
    assert (
        checkpoint(["model"], sandbox(), SLIDES) == checkpoint(["model"], sandbox(), V25) == TransferFailure(("model",))
    )


def test_a_file_with_a_slash_behind_it_is_sent_as_the_file_it_is():
    """R4b"""
    assert isinstance(checkpoint(["n/x"], sandbox({"n": "1"})), TransferFailure)


# -- R4e: the commit --------------------------------------------------------------------------


def test_a_directory_of_the_new_checkpoint_replaces_the_old_whole():
    """R4e: temp_dir/42.txt goes, 51.txt comes."""
    assert transfer.commit(Tree.files({"temp_dir/42.txt": "x"}), Tree.files({"temp_dir/51.txt": "y"})) == Tree.files(
        {"temp_dir/51.txt": "y"}
    )


def test_an_entry_that_is_not_in_the_new_checkpoint_stays():
    """R4e"""
    assert transfer.commit(Tree.files({"a": "1", "d/x": "1"}), Tree.of(b="2")) == Tree.files(
        {"a": "1", "d/x": "1", "b": "2"}
    )


def test_a_file_replaces_a_directory_and_the_other_way_round():
    """R4e"""
    assert transfer.commit(Tree.files({"d/x": "1"}), Tree.of(d="2")) == Tree.of(d="2")
    assert transfer.commit(Tree.of(d="2"), Tree.files({"d/x": "1"})) == Tree.files({"d/x": "1"})


def test_an_empty_directory_replaces_a_full_one():
    """R4e"""
    assert transfer.commit(Tree.files({"d/x": "1"}), Tree({"d": Directory()})) == Tree({"d": Directory()})


def test_with_kept_paths_the_top_level_directory_is_replaced():
    """R4e: sub/b in the new checkpoint, so sub/a of the old one goes."""
    assert transfer.commit(Tree.files({"sub/a": "1"}), Tree.files({"sub/b": "2"})) == Tree.files({"sub/b": "2"})


def test_a_file_deleted_by_the_program_comes_back_from_the_spool():
    """R4e: an entry not in the new checkpoint stays, and is in the next sandbox, and may come home."""
    one = quiet(checkpoint_exit_code=85)
    spool = transfer.commit(Tree(), transfer.checkpoint(one, Tree.files({"job": "#!", "old": "1"}), MODERN))
    spool = transfer.commit(spool, transfer.checkpoint(one, Tree.files({"job": "#!", "new": "2"}), MODERN))
    assert spool == Tree.files({"old": "1", "new": "2"})
    there = transfer.new_sandbox(one, spool, MODERN)
    assert "old" in there and "old" in returned(one, there, spool)


# -- R6: what comes home -------------------------------------------------------------------------


def returned(one, tree, spool=Tree(), retried=False):
    """What comes home from this sandbox, if the activation began with this spool."""
    return transfer.output(one, tree, transfer.catalog_of(one, spool, retried))


def test_the_output_list_and_the_streams_come_home_under_their_names():
    """R6: streams under the names of output and error; checkpoint files do not come home."""
    one = job(transfer_checkpoint_files=("n",), transfer_output_files=("rows",), output="logs/out", error="./err")
    assert transfer.output(one, sandbox({"n": "1", "rows": "r"}), Tree.of(n="0")) == Tree.files(
        {"rows": "r", "logs/out": "printed\n", "err": ""}
    )


def test_without_a_list_every_new_or_changed_file_at_top_level_comes_home():
    """R6: never directories, never the executable."""
    one = job({"table": "input", "same": "input"})
    tree = sandbox({"job": "changed", "table": "changed", "same": "input", "rows": "r", "d/x": ""})
    assert returned(one, tree) == Tree.files({"table": "changed", "rows": "r", "out.txt": "printed\n", "err.txt": ""})


def test_an_empty_list_brings_the_streams_home_and_nothing_else():
    """R6"""
    assert transfer.output(job(transfer_output_files=()), sandbox({"rows": "r"}), Tree()) == Tree.files(
        {"out.txt": "printed\n", "err.txt": ""}
    )


def test_a_missing_output_file_is_a_failure():
    """R6: what is there comes home all the same."""
    failure = transfer.output(job(transfer_output_files=("rows", "more")), sandbox({"more": ""}), Tree())
    assert failure.paths == ("rows",)
    assert "more" in failure.sent


def test_a_missing_path_is_replaced_by_a_later_one_of_its_name():
    """R4b: seen on 23.9.6."""
    assert checkpoint(["n", "d/n", "n"], sandbox({"n": "1"})) == Tree.of(n="1")


@pytest.mark.parametrize("end", ["/", "/."])
def test_what_is_in_a_missing_directory_is_replaced_by_nothing(end):
    """R4c: seen on 23.9.6."""
    assert checkpoint([f"missing{end}", f"d{end}"], sandbox({"d/n": "1"})).paths == (f"missing{end}",)


def test_a_file_that_may_not_be_read_is_not_sent():
    """R4c: seen on 23.9.6."""
    tree = sandbox() | Tree({"n": File(b"1", readable=False)})
    assert checkpoint(["n"], tree) == TransferFailure(("n",), error=errno.EACCES, unsendable=("n",))


def test_a_file_of_which_only_the_mode_changed_does_not_come_home():
    """R6: seen on 23.9.6."""
    one = job({"n": "0"})
    returned_files = returned(one, one.inputs | Tree({"n": File(b"0", executable=True)}))
    assert "n" not in returned_files


@pytest.mark.parametrize(
    "fields, returned_files",
    [
        ({}, {"out.txt": "printed\n", "err.txt": ""}),
        ({"output": None}, {"err.txt": ""}),
        ({"output": "all", "error": "all"}, {"all": "printed\n"}),
        ({"stream_output": True}, {"err.txt": ""}),
    ],
)
def test_streams_that_are_files_come_home(fields, returned_files):
    """R3, R6"""
    assert transfer.output(job(transfer_output_files=(), **fields), sandbox(), Tree()) == Tree.files(returned_files)


def test_a_stream_comes_home_once_even_if_it_is_listed():
    """R6"""
    one = job(transfer_output_files=(STDOUT, "rows"))
    assert transfer.output(one, sandbox({"rows": ""}), Tree()) == Tree.files(
        {"rows": "", "out.txt": "printed\n", "err.txt": ""}
    )


def test_output_is_flattened_and_directories_sent_as_in_checkpoints():
    """R4b, R6"""
    tree = sandbox({"sub/file": "1", "d/a": "2", "e/b": "3"})
    assert transfer.output(quiet(transfer_output_files=("sub/file", "d", "e/")), tree, Tree()) == Tree.files(
        {"file": "1", "d/a": "2", "b": "3"}
    )


def test_remaps_rename_what_comes_home():
    """R6"""
    one = quiet(
        transfer_output_files=("rows", "d", "n"), transfer_output_remaps=(("rows", "results/1.txt"), ("d", "e"))
    )
    assert transfer.output(one, sandbox({"rows": "r", "d/x": "", "n": "1"}), Tree()) == Tree.files(
        {"results/1.txt": "r", "e/x": "", "n": "1"}
    )


def test_output_comes_home_to_initialdir():
    """R6"""
    here = job(
        initialdir="run",
        output="run/out.txt",
        error="run/err.txt",
        transfer_output_files=("rows",),
        transfer_output_remaps=(("rows", "table"), (STDOUT, "said")),
    )
    returned_files = transfer.output(here, sandbox({"rows": "1"}), Tree())
    assert returned_files.listing() == ["run/err.txt", "run/said", "run/table"]


def test_stdout_wins_over_a_listed_file_of_its_name_only():
    """R6"""
    printed = sandbox({"out.txt": "mine", "_condor_stdout": "printed"})
    listed = transfer.output(job(transfer_output_files=("out.txt",)), printed, Tree())
    assert listed["out.txt"].text == "printed"
    assert transfer.output(job(), printed, Tree())["out.txt"].text == "mine"


def test_remaps_apply_to_their_own_result():
    """R6"""
    one = quiet(transfer_output_files=("a", "b"), transfer_output_remaps=(("a", "b"), ("b", "c/d"), ("c", "e")))
    assert transfer.output(one, sandbox({"a": "1", "b": "2"}), Tree()) == Tree.files({"e/d": "2"})


@pytest.mark.parametrize("names, returned", [(15, ["15"]), (25, [])])
def test_names_in_a_row_are_followed_and_far_too_many_taken_for_a_circle(names, returned):
    """R6"""
    one = quiet(transfer_output_files=("0",), transfer_output_remaps=tuple((str(n), str(n + 1)) for n in range(names)))
    sent = transfer.output(one, sandbox({"0": "1"}), Tree())
    assert (sent.sent if isinstance(sent, TransferFailure) else sent).listing() == returned


def test_remaps_in_a_circle_hold_the_job():
    """R6"""
    one = quiet(transfer_output_files=("a", "n"), transfer_output_remaps=(("a", "b"), ("b", "a")))
    failed = transfer.output(one, sandbox({"a": "1", "n": "2"}), Tree())
    assert failed == TransferFailure(("a",), Tree.of(n="2"), errno.EPERM, refused=True)


def test_a_name_with_a_slash_at_its_end_is_a_directory():
    """R6"""
    one = quiet(transfer_output_files=("a",), transfer_output_remaps=(("a", "d/"),))
    failed = transfer.output(one, sandbox({"a": "1"}), Tree())
    assert failed == TransferFailure(("d/",), Tree({"d": Directory()}), errno.EISDIR, refused=True)


def test_the_name_of_the_first_stream_is_lost_after_half_a_pair():
    """R6"""
    returned_files = transfer.output(job(remaps_unfinished=True), sandbox({"_condor_stdout": "1"}), Tree())
    assert returned_files.listing() == ["_condor_stdout", "err.txt"]


@pytest.mark.parametrize(
    "entry, error",
    [
        (Directory(), errno.EISDIR),
        (File(b"", writable=False), errno.EACCES),
        (File(b""), None),
        (Link("nothing"), None),
        (Link("d"), errno.EISDIR),
    ],
)
def test_a_stream_that_cannot_be_opened_keeps_the_program_from_starting(entry, error):
    """R3"""
    found = transfer.unopened(job(), sandbox({"d/a": "1"}) | Tree({"_condor_stderr": entry}))
    assert (found and found.error) == error


@pytest.mark.parametrize(
    "entry, error",
    [(None, errno.ENOENT), (File(b"", readable=False), errno.EACCES), (Directory(), None), (File(b""), None)],
)
def test_a_program_does_not_start_without_its_stdin(entry, error):
    """R3"""
    found = transfer.unopened(job(stdin="in"), sandbox(**({"in": entry} if entry else {})))
    assert (found and (found.error, found.is_input)) == (error and (error, True))


def test_remaps_apply_to_the_output_only():
    """R6"""
    assert checkpoint(["rows"], sandbox({"rows": "r"}), transfer_output_remaps=(("rows", "x"),)) == Tree.of(rows="r")


def test_a_remap_of_a_file_that_is_not_sent_does_nothing():
    """R6"""
    one = quiet(transfer_output_files=("n",), transfer_output_remaps=(("rows", "x"),))
    assert transfer.output(one, sandbox({"n": "1", "rows": ""}), Tree()) == Tree.of(n="1")


# -- R7: the eviction-driven mode ----------------------------------------------------------------------


def test_a_soft_eviction_sends_the_output_list_not_the_checkpoint_list():
    """R7"""
    one = job(transfer_checkpoint_files=("n",), transfer_output_files=("rows",), on_exit_or_evict=True)
    assert transfer.vacated(one, sandbox({"n": "1", "rows": "r"})) == Tree.files({"rows": "r", **STREAMS})


def test_a_soft_eviction_before_the_listed_file_is_there_is_a_failure():
    """R7"""
    assert transfer.vacated(quiet(transfer_output_files=("rows",)), sandbox()) == TransferFailure(("rows",))


def test_a_soft_eviction_without_a_list_sends_new_and_changed_files():
    """R7"""
    assert transfer.vacated(quiet(), sandbox({"n": "1", "d/x": ""})) == Tree.of(n="1")


# -- R4b: lists in which one path lies in another, watched on a live HTCondor -----------------

UP = {"up/sub/deep/file": "1", "up/file": "2", "deep": "3"}


@pytest.mark.parametrize(
    "listed, paths",
    [
        (("up", "up/sub"), ["sub/", "up/file", "up/sub/deep/file"]),
        (("up/sub", "up/sub"), ["sub/", "up/sub/deep/file"]),
        (("up/sub/deep", "up/sub"), ["sub/", "up/sub/deep/file"]),
        (("up/sub/deep/file", "up/sub"), ["sub/", "up/sub/deep/file"]),
        (("up/", "up/sub"), ["sub/", "up/file", "up/sub/deep/file"]),
        (("up/sub/", "up/"), ["sub/", "up/file", "up/sub/deep/file"]),
        (("deep", "up", "up/sub/deep"), ["deep/", "up/file", "up/sub/deep/file"]),
        (("up/sub", "./up/sub"), ["up/sub/deep/file"]),
        (("up/file", "up"), ["up/file", "up/sub/deep/file"]),
        (("up/sub", "up/sub/deep/file"), ["up/sub/deep/file"]),
        (("up/",), ["up/file", "up/sub/deep/file"]),
    ],
)
def test_a_directory_that_is_come_to_again_leaves_an_empty_one_besides(listed, paths):
    """R4b: with preserve_relative_paths only."""
    assert checkpoint(listed, sandbox(UP), preserve_relative_paths=True).listing() == paths


@pytest.mark.parametrize("listed", [("up", "up"), ("up/sub", "up"), ("up/", "up"), ("up/sub/deep/", "up")])
def test_a_directory_two_levels_down_in_one_that_is_come_to_again_fails(listed):
    """R4b: its place is looked for where there is none."""
    assert checkpoint(listed, sandbox(UP), preserve_relative_paths=True) == TransferFailure((listed[-1],))
    assert isinstance(checkpoint(listed, sandbox(UP)), Tree)


def test_a_directory_may_replace_a_file_but_not_vice_versa():
    """R4b"""
    assert checkpoint(("up/sub/deep", "deep"), sandbox(UP)) == TransferFailure(
        ("deep",), error=errno.EISDIR, refused=True
    )
    assert checkpoint(("deep", "up/sub/deep"), sandbox(UP)).listing() == ["deep/file"]


def test_output_over_a_directory_has_an_error_of_its_own():
    """R6"""
    failed = transfer.output(quiet(transfer_output_files=("up/sub/deep", "deep", "up/file")), sandbox(UP), Tree())
    assert (failed.paths, failed.error, failed.sent.listing()) == (("deep",), 21, ["deep/file", "file"])


@pytest.mark.parametrize("keep", [False, True])
def test_a_link_in_a_directory_that_leads_nowhere_is_left_out(keep):
    """R4b"""
    sent = checkpoint(("d",), sandbox({"d/a": "1"}, **{"d/l": Link("nothing")}), preserve_relative_paths=keep)
    assert sent == Tree.files({"d/a": "1"})


@pytest.mark.parametrize(
    "entry, error, empty",
    [
        (Link("sub"), errno.EISDIR, File(b"")),
        (File(b"secret", readable=False, writable=False), errno.EACCES, File(b"")),
        (File(b"secret", readable=False), errno.EACCES, File(b"", readable=False)),
    ],
)
def test_of_what_in_a_directory_cannot_be_sent_an_empty_file_comes_home(entry, error, empty):
    """R4b, R6: all else comes home, too. A checkpoint is whole or not at all."""
    tree = sandbox({"d/a": "1", "d/sub/b": "2"}, **{"d/l": entry})
    assert checkpoint(("d",), tree) == TransferFailure(("d",), error=error, unsendable=("d/l",))
    returned_files = Tree.files({"d/a": "1", "d/sub/b": "2"}).put("d/l", empty)
    assert transfer.output(quiet(transfer_output_files=("d",)), tree, Tree()) == TransferFailure(
        ("d",), returned_files, error, unsendable=("d/l",)
    )


@pytest.mark.parametrize(
    "listed, keep, returned_files",
    [
        (("link",), False, "link"),
        (("d/link",), True, "link"),
        (("d/link/a",), True, "d/link"),
        (("secret", "absent"), False, "secret"),
        (("absent", "secret"), False, "secret"),
    ],
)
def test_of_what_cannot_be_sent_an_empty_file_comes_home(listed, keep, returned_files):
    """R6: HTCondor tells of the first."""
    secret = File(b"1", readable=False, writable=False)
    tree = sandbox({"e/a": "1"}, link=Link("e"), secret=secret) | Tree({"d/link": Link("../e")})
    failed = transfer.output(quiet(transfer_output_files=listed, preserve_relative_paths=keep), tree, Tree())
    assert failed.sent == Tree.files({returned_files: ""}) and not failed.refused
    number = {"secret": errno.EACCES, "absent": errno.ENOENT}.get(listed[0], errno.EISDIR)
    assert (failed.paths, failed.error) == (listed[:1], number)


@pytest.mark.parametrize("listed", ["latest", "d", "up/secret"])
def test_a_file_that_may_not_be_read_is_named_itself_not_the_link(listed):
    """R4b: however it is reached."""
    tree = sandbox({"e/a": "1"}) | Tree(
        {
            "e/secret": File(b"1", readable=False),
            "latest": Link("e/secret"),
            "d": Directory(),
            "d/l": Link("../e/secret"),
            "up": Link("e"),
        }
    )
    sent = checkpoint([listed], tree)
    assert (sent.error, sent.unsendable) == (errno.EACCES, ("e/secret",))


def test_nothing_can_come_home_into_a_read_only_directory():
    """R6"""
    tree = sandbox({"d/a": "1"}).put("d", Directory(writable=False))
    failed = transfer.output(quiet(transfer_output_files=("d",)), tree, Tree())
    assert failed == TransferFailure(("d/a",), Tree({"d": Directory(writable=False)}), errno.EACCES, refused=True)


def test_an_empty_read_only_directory_is_moved_into_the_spool_for_ever():
    """R4e"""
    with pytest.raises(transfer.Endless, match="d, a read-only directory"):
        checkpoint(("d",), sandbox().put("d", Directory(writable=False)))


@pytest.mark.parametrize("name", [".job.ad", "./.machine.ad"])
def test_the_ads_can_be_listed_and_fill_no_other_sandbox(name):
    """R4b"""
    saved = checkpoint((name,), sandbox())
    assert saved and transfer.not_transferred(job(), transfer.new_sandbox(job(), saved, MODERN), saved)
    assert not checkpoint((name,), sandbox(), PROFILES["v25"])


def test_of_a_missing_stream_is_told_where_there_is_a_list():
    """R4a, R6"""
    left, listed = Tree.of(n="1"), job(error=None, transfer_output_files=("n",))
    assert transfer.output(listed, left, Tree()).paths == transfer.checkpoint(listed, left, MODERN).paths == (STDOUT,)
    assert transfer.output(job(error=None), left, Tree()) == transfer.checkpoint(job(), left, MODERN) == left


def test_of_output_in_a_directory_all_that_can_be_sent_comes_home():
    """R6"""
    failed = transfer.output(
        quiet(transfer_output_files=("d",)), sandbox({"d/a": "1"}, **{"d/l": Link("nothing")}), Tree()
    )
    assert failed == Tree.files({"d/a": "1"})


def test_without_a_list_links_that_lead_to_no_file_are_left_out():
    """R4a"""
    tree = sandbox({"a": "1", "d/b": "2"}, l=Link("a"), m=Link("nothing"), n=Link("d"))
    assert transfer.checkpoint(quiet(), tree, MODERN) == Tree.files({"a": "1", "l": "1"})


@pytest.mark.parametrize("listed", ["..", "../x", "d/../..", "d/.."])
def test_what_leads_out_of_the_sandbox_is_not_sent(listed):
    """R4b; and neither is what would arrive as `..`."""
    assert checkpoint((listed,), sandbox({"d/a": "1"})) == TransferFailure((listed,))


@pytest.mark.parametrize("listed, keep", [(("latest",), False), (("d",), True), (("d/",), False), (None, False)])
def test_an_absolute_link_to_a_file_of_the_sandbox_sends_the_content(listed, keep):
    """R4a, R4b"""
    tree = Tree({"d/n.3": File(b"3"), "d/latest": Link("d/n.3", absolute=True), "latest": Link("d/n.3", absolute=True)})
    sent = transfer.checkpoint(quiet(transfer_checkpoint_files=listed, preserve_relative_paths=keep), tree, MODERN)
    assert {path: entry for path, entry in sent.items() if path.endswith("latest")}.popitem()[1] == File(b"3")


@pytest.mark.parametrize(
    "listed, entry",
    [
        (("d",), Link("/etc/shells")),
        (("d/",), Link("/etc/apt")),
        (("d/l",), Link("../../../../etc/shells")),
        (("l",), Link("/etc/shells")),
        (("/etc/shells",), File(b"")),
        (None, Link("/etc/shells")),
        (("l",), Link("../dir_ep2/n")),
    ],
)
def test_what_is_outside_the_sandbox_is_not_known_and_not_looked_at(listed, entry):
    """R4b: HTCondor sends it if it is a file."""
    tree = Tree({"d/l": entry, "l": entry})
    for rule in (
        lambda one: transfer.checkpoint(one, tree, MODERN),
        lambda one: transfer.output(one, tree, Tree()),
        lambda one: transfer.vacated(one, tree),
    ):
        with pytest.raises(transfer.OutsideSandbox, match="(etc|dir_ep2)/.*not known here"):
            rule(quiet(transfer_checkpoint_files=listed, transfer_output_files=listed))


def test_a_link_out_of_the_sandbox_that_is_not_sent_does_no_harm():
    """R4b"""
    assert checkpoint(["n"], sandbox({"n": "1"}, l=Link("/etc/shells"))) == Tree.of(n="1")


@pytest.mark.parametrize("listed", [("n", "f"), ("n", "link"), ("n", "d"), ("n", "d/"), ("n", "d/f"), None])
def test_a_fifo_is_waited_for_for_ever_and_in_htcondor_25_not_sent(listed):
    """R4a, R4b: seen on 23.9.6 and 25.14.1."""
    one, tree = (
        quiet(transfer_checkpoint_files=listed),
        Tree({"n": File(b"1"), "f": Fifo(), "d/f": Fifo(), "link": Link("f")}),
    )
    with pytest.raises(transfer.Endless, match="a FIFO"):
        transfer.checkpoint(one, tree, MODERN)
    sent = transfer.checkpoint(one, tree, V25)
    assert sent["n"] == File(b"1") and not any(isinstance(entry, Fifo) for entry in sent.values())


def test_a_fifo_that_is_not_sent_does_no_harm():
    """R4b"""
    assert checkpoint(["n"], sandbox({"n": "1"}, f=Fifo())) == Tree.of(n="1")


@pytest.mark.parametrize("listed", [".", "./"])
def test_a_checkpoint_of_everything_can_be_saved_and_fills_no_new_sandbox(listed):
    """R4b: HTCondor's own files are in it, over which the new ones can't be written."""
    saved = checkpoint((listed,), sandbox({"a": "1"}))
    assert {"job", "a", STDOUT} <= set(saved)
    assert not transfer.not_transferred(job(), sandbox(), Tree())
    sandbox_of_all = transfer.new_sandbox(job(), saved, MODERN)
    assert "Permission denied" in str(transfer.not_transferred(job(), sandbox_of_all, saved))


def test_an_unchanged_input_comes_home_only_from_the_checkpoint():
    """R6: without a list of output, and if the job is self-checkpointing. R7: else nothing unchanged does."""
    one, table = quiet(inputs={"table": "1"}, checkpoint_exit_code=85), Tree.of(table="1")
    assert not returned(one, table)
    assert returned(one, table, table) == table
    driven = replace(one, checkpoint_exit_code=None, on_exit_or_evict=True)
    assert not returned(driven, table | Tree.of(n="1"), table | Tree.of(n="1"))
    assert returned(driven, table | Tree.of(n="2"), table | Tree.of(n="1")) == Tree.of(n="2")


def test_a_checkpoint_comes_home_unchanged_but_not_after_a_retry():
    """R6: without a list of output. Seen on both versions."""
    one, spool = quiet(inputs={"table": "1"}, checkpoint_exit_code=85), Tree.of(n="1", rows="r", table="1")
    assert returned(one, spool, spool) == spool
    assert not returned(one, spool, spool, retried=True)
    assert returned(one, Tree(spool | Tree.of(n="2"), {"rows": 1.0}), spool, retried=True) == Tree.of(n="2", rows="r")
    assert returned(replace(one, transfer_output_files=("n",)), spool, spool, retried=True) == Tree.of(n="1")


def test_without_a_list_a_checkpoint_file_that_is_gone_is_not_missed():
    """R6: if it is no input."""
    one = quiet(inputs={"table": "1"}, checkpoint_exit_code=85)
    assert returned(one, Tree.of(job="#!", table="1", rows="r"), Tree.of(n="1")) == Tree.of(rows="r")


def test_a_stream_that_was_saved_and_is_unchanged_does_not_come_home():
    """R7, and R6 after a retry: without a list of output."""
    one, returned_files = job(on_exit_or_evict=True), Tree.of(**{"out.txt": "printed\n"})
    assert returned(one, sandbox(), Tree.files({STDERR: ""})) == returned_files
    assert returned(one, sandbox()) == returned_files | Tree.of(**{"err.txt": ""})
    for fields in (dict(transfer_output_files=()), dict(checkpoint_exit_code=85)):
        assert "err.txt" in returned(replace(one, **fields), sandbox(), Tree.files({STDERR: ""}))
    assert not returned(job(checkpoint_exit_code=85), sandbox(), sandbox(), retried=True)


def test_the_default_list_goes_by_the_time_too():
    job = Job("job", inputs=Tree.of(job="", touched="x", left="x"), checkpoint_exit_code=85)
    assert set(transfer.checkpoint(job, Tree(job.inputs, {"touched": 1.0}), MODERN)) == {"touched"}


def test_what_is_sent_is_new_and_each_path_is_a_file_of_its_own():
    job = Job("job", transfer_checkpoint_files=("a", "b"), checkpoint_exit_code=85)
    sandbox = Tree({"a": File(b"x"), "b": File(b"x", same_as="a")}, {"a": 1.0})
    sent = transfer.checkpoint(job, sandbox, MODERN)
    assert sent == Tree.of(a="x", b="x") and not sent.times


@pytest.mark.parametrize(
    "sent, news",
    [
        (Tree({"ck": Directory()}), False),
        (Tree.of(n="1"), False),
        (Tree.files({STDOUT: "from 0"}), False),
        (Tree.of(n="2"), True),
        (Tree.of(n="1", m=""), True),
    ],
)
def test_a_file_that_is_not_there_yet_as_it_is_is_news(sent, news):
    assert transfer.has_news(sent, Tree.of(n="1")) == news


# -- limits, and what is in the way --------------------------------------------------------------

MB = 1 << 20


@pytest.mark.parametrize("over, found", [(0, ""), (1, "b")])
def test_a_checkpoint_is_as_large_as_allowed(over, found):
    """R4c: streams and directories count, too; exactly so much is not too much."""
    tree = Tree({"a": File(b"a" * MB), "b": File(b"b" * (MB + over)), "d": Directory(), "z": File(b"")})
    sent = checkpoint(("a", "d", "b", "z"), tree, max_transfer_output_mb=2)
    assert sent == (TransferFailure((found,), error=errno.EFBIG) if found else tree)


@pytest.mark.parametrize("mb, too_large", [(1, "b"), (2, None), (None, None)])
def test_inputs_and_checkpoint_are_as_large_as_allowed(mb, too_large):
    """R2"""
    one = quiet(inputs={"a": b"a" * (MB - len("#!"))}, max_transfer_input_mb=mb)
    problem = transfer.not_transferred(one, Tree(), Tree({"b": File(b"b" * 9)}))
    assert (problem and (problem.path, problem.error, problem.too_much)) == (
        too_large and (too_large, errno.EFBIG, True)
    )


def test_of_too_much_output_a_part_comes_home():
    """R6: the file with which it is too much is cut, and the next ones are empty, streams included."""
    tree = Tree(
        {"a": File(b"a" * 9), "d/x": File(b"x" * MB), "z": File(b"z"), STDOUT: File(b"printed"), STDERR: File(b"")}
    )
    failed = transfer.output(job(transfer_output_files=("a", "d", "z"), max_transfer_output_mb=1), tree, Tree())
    sizes = {path: len(entry.content) for path, entry in failed.sent.items() if isinstance(entry, File)}
    assert sizes == {"a": 9, "d/x": MB - 9, "z": 0, "out.txt": 0, "err.txt": 0}
    assert (failed.paths, failed.error) == (("d",), errno.EFBIG)
    enough = transfer.output(job(transfer_output_files=("d",), max_transfer_output_mb=1), tree, Tree())
    assert enough.error == errno.EFBIG and enough.paths == (STDOUT,)
    assert isinstance(
        transfer.output(quiet(transfer_output_files=("d",), max_transfer_output_mb=1), tree, Tree()), Tree
    )


@pytest.mark.parametrize(
    "there, returned_files, error",
    [
        (Directory(), [], errno.EISDIR),
        (File(b"", writable=False), [], errno.EACCES),
        (File(b""), ["n"], 0),
        (Link("d/target"), ["d/target"], 0),
        (Link("../target"), ["n"], 0),
    ],
)
def test_what_is_in_the_way_at_home(there, returned_files, error):
    """R6: a link is written through, if it leads out of the submit directory only in a pool."""
    one = quiet(transfer_output_files=("n", "e"), in_the_way=Tree({"n": there, "e": File(b"", writable=False)}))
    sent = transfer.output(one, sandbox({"n": "1"}, e=Directory()), Tree())
    failed = isinstance(sent, TransferFailure)
    assert failed == bool(error) and sorted((sent.sent if failed else sent).listing()) == sorted(
        [*returned_files, "e/"]
    )
    if failed:
        assert sent.error == error and sent.refused and sent.paths == ("n",)


def test_links_that_lead_nowhere_keep_nothing_else_away():
    """R4b"""
    tree = sandbox({"d/z": "1"}, **{"d/a": Link("nowhere"), "d/b": Link("z")})
    assert checkpoint(("d",), tree) == Tree.files({"d/z": "1", "d/b": "1"})


def test_the_first_read_only_directory_is_named():
    """R4e"""
    locked = Directory(writable=False)
    with pytest.raises(transfer.Endless, match="move d, a read-only"):
        checkpoint(("d", "e"), sandbox().put("d", locked).put("e", locked))
