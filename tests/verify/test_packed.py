"""Archives of the same files are the same, whenever they were made; and nothing odd in one does harm."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.tree import File, Tree
from grader.verify import packed
from grader.verify.packed import without_times

FILES = {"a": b"one", "dir/b": b"two"}


def tar(files, time=0, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(data), time
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def zipped(files, time=0):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1990 + time, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


MADE = {
    "tar": tar,
    "tar.gz": lambda files, time=0: gzip.compress(tar(files, time), mtime=time),
    "tar.bz2": lambda files, time=0: tar(files, time, "w:bz2"),
    "tar.xz": lambda files, time=0: tar(files, time, "w:xz"),
    "zip": zipped,
    "gz": lambda files, time=0: gzip.compress(b"".join(files.values()), mtime=time),
}


def listed(content):
    return without_times(Tree({"file": File(content)}))["file"].content


@pytest.mark.parametrize("kind", MADE)
def test_the_time_at_which_an_archive_was_made_makes_no_difference(kind):
    make = MADE[kind]
    assert make(FILES, 1) != make(FILES, 20)
    assert listed(make(FILES, 1)) == listed(make(FILES, 20))


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("other", [{"a": b"one", "dir/b": b"tow"}, {"a": b"one"}])
def test_what_is_in_an_archive_does(kind, other):
    assert listed(MADE[kind](FILES)) != listed(MADE[kind](other))


@pytest.mark.parametrize("kind", MADE)
def test_so_it_is_with_an_archive_in_an_archive(kind):
    def nested(files, time):
        return gzip.compress(tar({"inner": MADE[kind](files, time), "b.tar": tar({}, time)}, time), mtime=time)

    assert listed(nested(FILES, 1)) == listed(nested(FILES, 20))
    assert listed(nested(FILES, 1)) != listed(nested({**FILES, "c": b"3"}, 1))


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_file_is_known_by_its_name_and_content(kind):
    assert b"dir/b: " in listed(MADE[kind](FILES)) and b"3 bytes" in listed(MADE[kind](FILES))


@given(st.sampled_from(sorted(MADE)), st.integers(0, 400), st.binary(max_size=20))
def test_a_broken_archive_is_a_file_like_any_other(kind, place, junk):
    content = MADE[kind](FILES)
    assert isinstance(listed(content[:place] + junk + content[place + len(junk) :]), bytes)


def test_what_would_unpack_to_too_much_is_left_alone(monkeypatch):
    monkeypatch.setattr(packed, "MOST_BYTES", 1000)
    for bomb in (
        gzip.compress(b"\0" * 10_000),
        zipped({"a": bytes(10_000)}),
        zipped({"a": bytes(600), "b": bytes(600)}),
    ):
        assert listed(bomb) == bomb


def test_other_files_and_links_stay_as_they_are():
    tree = Tree({"a": File(b"PK no archive"), "b": File(b"\x1f\x8b"), "c": File(b"")})
    assert without_times(tree) == tree
