"""Trees: directories as values. Their laws, and that the disk gives back what was put on it."""

from __future__ import annotations

import os
import stat
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.tree import Directory, Fifo, File, Link, TooLarge, Tree, parents

names = st.sampled_from(["a", "b", "c", "ä", "with space", "*", "_condor_stdout"])
files = st.builds(File, st.binary(max_size=6), st.booleans(), same_as=st.just(""))
links = st.builds(Link, st.sampled_from(["a", "b/c", "../a", "/nowhere"]), st.just(False)) | st.builds(
    Link, st.sampled_from(["", "a", "b/c", "../a"]), st.just(True)
)
entries = files | files | st.just(Directory()) | links | st.just(Fifo())


@st.composite
def trees(draw):
    """A tree of up to 8 entries, some below others."""
    tree = Tree()
    for _ in range(draw(st.integers(0, 8))):
        tree = tree.put("/".join(draw(st.lists(names, min_size=1, max_size=3))), draw(entries))
    return tree


def consistent(tree):
    """Whether everything lies in a directory, in sorted order."""
    return list(tree) == sorted(tree) and all(
        isinstance(tree.get(parent), Directory) for path in tree for parent in parents(path)
    )


# -- values ------------------------------------------------------------------------------


@given(trees(), trees())
def test_trees_are_equal_exactly_if_their_entries_are_and_so_hash_alike(one, other):
    assert (one == other) == (dict(one) == dict(other))
    copy = Tree(dict(reversed(list(one.items()))))
    assert copy == one and hash(copy) == hash(one) and len({copy, one}) == 1


def test_content_name_bit_and_kind_make_a_difference():
    different = [
        Tree.of(a="1"),
        Tree.of(a="2"),
        Tree.of(b="1"),
        Tree({"a": File(b"1", True)}),
        Tree({"a": Link("1")}),
        Tree({"a": Directory()}),
        Tree(),
        Tree({"a": Directory(), "b": Directory()}),
    ]
    assert len(set(different)) == len(different)
    assert Tree() != {} and Tree.of(a="1") != "a"


def test_the_directories_that_a_path_lies_in_are_there():
    assert dict(Tree.files({"a/b/c": ""})) == {"a": Directory(), "a/b": Directory(), "a/b/c": File(b"")}
    assert list(parents("a/b/c")) == ["a/b", "a"] and list(parents("a")) == []


@given(trees())
def test_a_tree_is_in_order_and_lists_every_path_once(tree):
    assert consistent(tree)
    listed = {path.rstrip("/") for path in tree.listing()}
    assert listed | {parent for path in listed for parent in parents(path)} == set(tree)
    assert len(tree) == len(list(tree)) == len(tree.items())


def test_bytes_that_are_no_text_are_shown_as_such():
    assert File(b"a\xff").text == "a\ufffd" and Tree.of(a=b"\xff")["a"].content == b"\xff"


# -- parts --------------------------------------------------------------------------------


@given(trees(), st.sets(names))
def test_only_and_without_are_the_two_parts_of_a_tree(tree, some):
    only, without = tree.only(some), tree.without(some)
    assert consistent(only) and consistent(without)
    assert set(only.top()) == set(tree.top()) & some and set(without.top()) == set(tree.top()) - some
    assert only | without == tree and len(only) + len(without) == len(tree)


@given(trees(), names)
def test_what_is_below_a_directory_can_be_moved_out_and_in(tree, name):
    below = tree.below(name)
    assert consistent(below) and all(tree[f"{name}/{path}"] == entry for path, entry in below.items())
    if isinstance(tree.get(name), Directory):
        assert below.moved_below(name) == tree.only([name])
    else:
        assert below == Tree()
    assert tree.moved_below("x/y").below("x/y") == tree
    assert isinstance(tree.moved_below("x")["x"], Directory)


@given(trees(), trees())
def test_changed_since_is_what_has_to_be_laid_over_the_old_tree(before, after):
    changed = after.changed_since(before)
    merged = before | changed
    assert all(merged[path] == entry for path, entry in after.items())
    for path, entry in after.items():
        if before.get(path) != entry:
            assert changed[path] == entry
    assert after.changed_since(after) == Tree() and after.changed_since(Tree()) == after
    assert {p for p, e in changed.items() if not isinstance(e, Directory)} == {
        p for p, e in after.items() if not isinstance(e, Directory) and before.get(p) != e
    }


@pytest.mark.parametrize(
    "path, found",
    [
        ("a", "a"),
        ("./a", "a"),
        ("d/../a", "a"),
        ("link", "d/x"),
        ("d/up", "a"),
        ("into/x", "d/x"),
        ("into/../a", "a"),
        ("nothing", None),
        ("..", None),
        ("d/../../a", None),
        ("absolute", None),
        ("round", None),
        ("", ""),
        ("into", "d"),
        ("chain", "d/x"),
        ("out", None),
        ("d/here/a", "a"),
        ("d/here", ""),
        ("d/own", "d/x"),
    ],
)
def test_a_path_is_followed_through_links_and_never_out_of_the_tree(path, found):
    tree = Tree.files({"a": "", "d/x": ""}) | Tree(
        {
            "link": Link("d/x"),
            "d/up": Link("../a"),
            "into": Link("d"),
            "absolute": Link("/etc/passwd"),
            "round": Link("round"),
            "chain": Link("link"),
            "out": Link("../a"),
            "d/here": Link("", absolute=True),
            "d/own": Link("d/x", absolute=True),
        }
    )
    assert tree.resolve(path) == found


# -- merging ------------------------------------------------------------------------------


@given(trees(), trees())
def test_merged_trees_keep_the_right_and_what_fits_of_the_left(left, right):
    merged = left | right
    assert consistent(merged)
    assert all(merged[path] == entry for path, entry in right.items())
    for path, entry in left.items():
        covered = any(not isinstance(right.get(parent, Directory()), Directory) for parent in parents(path))
        if path not in right:
            assert merged.get(path) == (None if covered else entry)
    assert set(merged) <= set(left) | set(right)


@given(trees(), trees(), trees())
def test_merging_is_associative_and_has_the_empty_tree_as_its_one(a, b, c):
    assert a | Tree() == a == Tree() | a and a | a == a
    assert (a | b) | c == a | (b | c) or _kinds_clash(a, b, c)


def _kinds_clash(*trees):
    """Whether a path is a directory in one tree and something else in another: then a | b decides first."""
    kinds = {}
    for tree in trees:
        for path, entry in tree.items():
            kinds.setdefault(path, set()).add(isinstance(entry, Directory))
    return any(len(kind) == 2 for kind in kinds.values())


def test_directories_merge_by_file_and_other_kinds_replace():
    left = Tree.files({"d/a": "1", "d/b": "1"})
    assert left | Tree.files({"d/b": "2", "d/c": "2"}) == Tree.files({"d/a": "1", "d/b": "2", "d/c": "2"})
    assert left | Tree.of(d="file") == Tree.of(d="file")
    assert Tree.of(d="file") | left == left
    assert left | Tree({"d": Link("x")}) == Tree({"d": Link("x")})


@given(trees(), names, entries)
def test_an_entry_that_was_put_is_there_and_the_old_tree_is_as_it_was(tree, name, entry):
    before = dict(tree)
    after = tree.put(name, entry)
    assert after[name] == entry and dict(tree) == before
    assert after.without([name]) == tree.without([name])


# -- the disk -----------------------------------------------------------------------------------


@given(trees())
def test_what_was_written_is_read_back(tree):
    with tempfile.TemporaryDirectory() as directory:
        where = os.path.join(directory, "new", "sandbox")
        tree.write(where)
        assert Tree.read(where, fifos=True) == tree


@given(trees(), trees())
def test_writing_over_a_directory_is_merging(one, other):
    with tempfile.TemporaryDirectory() as directory:
        one.write(directory)
        other.write(directory)
        assert Tree.read(directory, fifos=True) == one | other


def test_an_executable_file_may_be_executed_on_disk_and_another_not(tmp_path):
    Tree({"run": File(b"", True), "data": File(b"")}).write(tmp_path)
    assert (tmp_path / "run").stat().st_mode & stat.S_IXUSR and not (tmp_path / "data").stat().st_mode & 0o111
    Tree({"run": File(b"x"), "data": File(b"x", True)}).write(tmp_path)
    assert Tree.read(tmp_path) == Tree({"run": File(b"x"), "data": File(b"x", True)})


def test_what_may_not_be_read_is_read_all_the_same(tmp_path):
    tree = Tree.files({"d/e/file": "x"})
    tree.write(tmp_path)
    (tmp_path / "d/e/file").chmod(0)
    (tmp_path / "d/e").chmod(0)
    (tmp_path / "d").chmod(0)
    try:
        shut = Tree(
            {"d": Directory(False), "d/e": Directory(False), "d/e/file": File(b"x", readable=False, writable=False)}
        )
        assert Tree.read(tmp_path) == shut
    finally:
        for path in ("d", "d/e"):
            (tmp_path / path).chmod(0o700)


def test_what_may_not_be_written_is_so_on_disk_and_read_so(tmp_path):
    tree = Tree({"d": Directory(writable=False), "d/file": File(b"x"), "run": File(b"", True, writable=False)})
    tree.write(tmp_path)
    modes = [stat.S_IMODE((tmp_path / path).stat().st_mode) for path in ("d", "d/file", "run")]
    assert [mode & 0o700 for mode in modes] == [0o500, 0o600, 0o500]
    assert Tree.read(tmp_path) == tree
    (tmp_path / "d").chmod(0o700)


def test_a_directory_laid_over_another_brings_its_mode():
    shut = Tree({"d": Directory(writable=False), "d/new": File(b"")})
    assert (Tree.of() | shut)["d"] == (Tree({"d/old": File(b"")}) | shut)["d"] == Directory(writable=False)


def test_a_link_is_never_written_through_and_never_followed(tmp_path):
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir(), inside.mkdir()
    (outside / "file").write_text("mine")
    (inside / "file").symlink_to(outside / "file")
    (inside / "d").symlink_to(outside)
    assert Tree.read(inside) == Tree({"file": Link(str(outside / "file")), "d": Link(str(outside))})
    Tree.files({"file": "new", "d/file": "new"}).write(inside)
    assert (outside / "file").read_text() == "mine" and sorted(os.listdir(outside)) == ["file"]
    assert Tree.read(inside) == Tree.files({"file": "new", "d/file": "new"})


def test_an_absolute_link_within_leads_to_the_same_wherever_it_is_written(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "name").symlink_to("one")
    (tmp_path / "one/latest").symlink_to(tmp_path / "name" / "d/x")
    (tmp_path / "one/here").symlink_to(tmp_path / "one")
    tree = Tree.read(tmp_path / "name")
    assert (
        tree
        == Tree({"latest": Link("d/x", absolute=True), "here": Link("", absolute=True)})
        == Tree.read(tmp_path / "one") | Tree({"latest": Link("d/x", absolute=True)})
    )
    tree.write(tmp_path / "other")
    assert os.readlink(tmp_path / "other/latest") == str(tmp_path / "other/d/x")


def test_pipes_are_passed_over_where_they_are_not_wanted(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("x")
    assert Tree.read(tmp_path) == Tree.of(file="x")
    assert Tree.read(tmp_path, fifos=True) == Tree({"file": File(b"x"), "pipe": Fifo()})


def test_a_directory_with_too_much_in_it_is_not_read(tmp_path):
    Tree.files({f"d/{i}": "12345" for i in range(5)}).write(tmp_path)
    assert len(Tree.read(tmp_path, max_files=6, max_bytes=25)) == 6
    with pytest.raises(TooLarge, match="more than 5 files"):
        Tree.read(tmp_path, max_files=5)
    with pytest.raises(TooLarge, match="more than 24 bytes"):
        Tree.read(tmp_path, max_bytes=24)


def test_what_is_no_directory_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        Tree.read(tmp_path / "file")
    with pytest.raises(FileNotFoundError):
        Tree.read(tmp_path / "nothing")


def test_hard_links_are_read_and_made_again(tmp_path):
    tree = Tree({"a": File(b"x"), "d/b": File(b"x", same_as="a"), "d/c": File(b"x", same_as="a")})
    tree.write(tmp_path / "one")
    assert (tmp_path / "one/d/c").stat().st_nlink == 3
    assert Tree.read(tmp_path / "one") == tree
    tree.copied().write(tmp_path / "two")
    assert (tmp_path / "two/a").stat().st_nlink == 1
    tree.put("a", File(b"y")).write(tmp_path / "three")  # it is another file now
    assert (tmp_path / "three/d/b").read_text() == "x"


def test_times_stay_with_what_is_laid_over_and_go_with_what_is_replaced():
    tree = Tree(Tree.of(a="1", b="2"), {"a": 1.0, "b": 2.0})
    assert tree.put("b", File(b"3")).times == {"a": 1.0}
    assert tree == Tree.of(a="1", b="2") and not tree.copied().times
