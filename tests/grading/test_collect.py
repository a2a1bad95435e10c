"""Whatever kind of file students hand in, it is read if it can be, and named if it is not."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import time
import tracemalloc
import warnings
import zipfile

import pytest
from classroom import ASSIGNMENT, solved
from hypothesis import given, settings
from hypothesis import strategies as some
from test_batch import BEST, lay_out, run, zipped

from grader.grading import archives, store
from grader.grading import collect as handin
from grader.grading.collect import find, load

SAVE, RESTORE = "03-save.ipynb", "04-restore.ipynb"
RIGHT = json.dumps(solved(SAVE)).encode()
INDENTED = json.dumps(solved(SAVE), indent=1).encode()


def tarred(files, compress: str = "", format: int = tarfile.PAX_FORMAT) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=f"w:{compress}", format=format) as archive:
        for name, content in files.items() if isinstance(files, dict) else files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def sevenfold(name: str) -> bytes:
    return b"7z\xbc\xaf\x27\x1c" + name.encode() * 50


AS = {
    "03-save.ipynb.txt": RIGHT,
    "03-save.json": RIGHT,
    "03-save": INDENTED,
    "03-save.ipynb (1)": RIGHT,
    "03-save.txt": INDENTED,
    "03-save.IPYNB": RIGHT,
    "03-save.ipynb.ipynb": RIGHT,
    "03-save.ipynb.json": b"\xef\xbb\xbf" + RIGHT,
    "03-save.ipynb.download": json.dumps(solved(SAVE)).encode("utf-16"),
    "03-save.html": RIGHT,
    "03-save.ipynb.zip": zipped({SAVE: RIGHT}),
    "all.ZIP": zipped({"a/b/03-save.json": RIGHT}),
    "03-save.ipynb.gz": gzip.compress(RIGHT),
    "03-save.ipynb.xz": lzma.compress(RIGHT),
    "03-save.ipynb.bz2": bz2.compress(RIGHT),
    "all.tar": tarred({f"./x/{SAVE}": RIGHT}),
    "all.tar.gz": tarred({SAVE: RIGHT}, "gz"),
    "all.tgz": tarred({SAVE: RIGHT}, "gz"),
    "all.tar.bz2": tarred({SAVE: RIGHT}, "bz2"),
    "all.tar.xz": tarred({SAVE: RIGHT}, "xz"),
    "all": zipped({SAVE: RIGHT}),
    "old.tar": tarred({SAVE: RIGHT}, format=tarfile.USTAR_FORMAT),
    "all.gnu.tar": tarred({f"{'long' * 40}/{SAVE}": RIGHT}, format=tarfile.GNU_FORMAT),
    "a.zip": tarred({SAVE: RIGHT}, "gz"),
    "b.tar.gz": zipped({SAVE: RIGHT}),
    "nested.zip": zipped({"in.tar.gz": tarred({SAVE: RIGHT}, "gz")}),
    "nested.tar": tarred({"in.zip": zipped({"03-save": RIGHT})}),
    "03-save.ipynb.d/x/notebook": RIGHT,
    ".d/03-save.ipynb": RIGHT,
    "03-save.ipynb/03-save.ipynb": RIGHT,
}


@pytest.mark.parametrize("name", AS)
@pytest.mark.parametrize("where", ["anna", f"anna/{ASSIGNMENT}", "a class archive", "a class tar"])
def test_a_notebook_is_read_whatever_it_is_called_and_packed_in(tmp_path, name, where):
    if not where.startswith("a class"):
        lay_out(tmp_path, {f"{where}/{name}": AS[name]})
    elif name.startswith("nested"):
        pytest.skip("that is an archive in an archive in an archive, of which a test below tells")
    else:
        files = {f"anna_17_assignsubmission_file_/{name}": AS[name], f"ben_18_assignsubmission_file_/{SAVE}": RIGHT}
        lay_out(
            tmp_path, {"all.zip": zipped(files)} if where == "a class archive" else {"all.tgz": tarred(files, "gz")}
        )
    anna = find(tmp_path)[0]
    assert (anna.student, anna.remarks, len(anna.sources)) == ("anna", (), 1)
    found = store.read(anna)
    assert "save" in found.answers and found.unread == ()


@pytest.mark.parametrize(
    "name, student",
    [
        ("anna-03-save.ipynb.txt", "anna"),
        ("anna_03-save.json", "anna"),
        ("anna.tar.gz", "anna"),
        ("anna.ipynb (1)", "anna"),
        ("anna", "anna"),
        ("Anna Berg_17_assignsubmission_file_03-save.ipynb.txt", "Anna Berg"),
        ("anna.b.tgz", "anna.b"),
        ("berganna_12_345_03-save.ipynb.json", "berganna"),
    ],
)
def test_the_name_of_a_packed_notebook_names_its_student(tmp_path, name, student):
    lay_out(tmp_path, {name: tarred({SAVE: RIGHT}, "gz") if "gz" in name else RIGHT, f"zoe/{SAVE}": RIGHT})
    assert [one.student for one in find(tmp_path)] == sorted([student, "zoe"])


@pytest.mark.parametrize(
    "name, content, says",
    [
        ("03-save.ipynb.txt", b"no notebook", "not JSON"),
        ("all.7z", sevenfold("x"), "all.7z is an archive of an unsupported kind"),
        ("all.rar", b"Rar!\x1a\x07\x00", "all.rar is an archive of an unsupported kind"),
        ("all.tar.zst", b"\x28\xb5\x2f\xfd", "unpack it"),
        ("03-save.pdf", b"%PDF", "03-save.pdf is neither a notebook"),
        ("03-save.html", b"<html>", "03-save.html is neither a notebook"),
        ("03-save.py", b"x = 1", "03-save.py is neither a notebook"),
        ("answers.docx", zipped({"x.xml": ""}), "answers.docx is neither a notebook"),
        ("all.tar.gz", b"\x1f\x8bno gzip", "all.tar.gz is broken"),
        ("all.tar", b"no tar", "all.tar is broken"),
        ("all.tgz", b"", "broken"),
        ("all.tar.gz", tarred({SAVE: RIGHT}, "gz")[:-30], "broken"),
        ("all.zip", zipped({"03-save.pdf": "%PDF"}), "03-save.pdf is neither a notebook"),
        (
            "all.zip",
            zipped({"in.zip": zipped({"in.zip": zipped({SAVE: RIGHT})})}),
            "in.zip is an archive in an archive in an archive",
        ),
        ("all.zip", zipped({"in.7z": sevenfold("x")}), "in.7z is an archive of an unsupported kind"),
    ],
)
@pytest.mark.parametrize("beside", [{}, {RESTORE: json.dumps(solved(RESTORE)).encode()}])
def test_what_is_not_read_is_named_and_costs_no_other(tmp_path, name, content, says, beside):
    lay_out(tmp_path, {f"anna/{path}": data for path, data in {name: content, **beside}.items()})
    found = store.read(find(tmp_path)[0])
    assert says in " ".join(found.unread) and ("restore" in found.answers) == bool(beside)


def repository(exercises: dict[str, bytes]) -> dict[str, bytes]:
    """A copy of the course's repository, in which somebody has worked."""
    return {
        "lab.py": b"",
        "CITATION.cff": b"",
        f"solutions/{ASSIGNMENT}/{RESTORE}": json.dumps(solved(RESTORE)).encode(),
        "docs/instructors/03-save.md": b"",
        "grader/view/templates/card.html": b"",
        **{f"exercises/{ASSIGNMENT}/{name}": data for name, data in exercises.items()},
    }


@pytest.mark.parametrize("where", ["a folder", "Classroom", "an archive", "a class archive"])
def test_solutions_in_a_copy_of_the_course_are_no_answers(tmp_path, where):
    copy = repository({SAVE: RIGHT})
    if where == "an archive":
        files = {"anna.zip": zipped({f"course-main/{name}": data for name, data in copy.items()}), f"ben/{SAVE}": RIGHT}
    else:
        folder, other = ("anna", "ben") if where != "Classroom" else ("hw-anna", "hw-ben")
        files = {f"{folder}/{name}": data for name, data in copy.items()} | {f"{other}/{SAVE}": RIGHT}
        if where == "Classroom":
            files = {f"hw-submissions/{name}": data for name, data in files.items()}
        if where == "a class archive":
            files = {"all.zip": zipped(files)}
    anna = find(lay_out(tmp_path, files))[0]
    assert (anna.student, anna.remarks, [source.name for source in anna.sources]) == ("anna", (), [SAVE])


@pytest.mark.parametrize(
    "files, what",
    [
        ({"week1/anna", "week1/ben", "week2/anna", "week2/ben"}, ["week1", "week2"]),
        ({"submissions/anna", "submissions/ben"}, ["submissions"]),
        ({"anna/1", "anna/2", "ben/1"}, ["anna"]),
        ({"anna/1", "ben/1"}, []),
    ],
)
def test_a_folder_with_several_notebooks_of_one_name_is_named(tmp_path, files, what):
    odd = find(lay_out(tmp_path, {f"{folder}/{SAVE}": RIGHT for folder in files})).odd
    assert [place for place, _ in odd] == what
    assert all(f"called {SAVE}, and all count as {place}'s" in why for place, why in odd)


def test_a_notebook_without_a_student_in_its_name_is_named(tmp_path):
    week = lay_out(tmp_path / "week", {SAVE: RIGHT, f"ben-{SAVE}": RIGHT, "04-restore-cem.ipynb": RIGHT})
    says = "its name does not begin with a student's, so it counts as week's. Rename it, as in anna-03-save.ipynb."
    assert find(week).odd == [(SAVE, says), ("04-restore-cem.ipynb", says)]
    assert find(lay_out(tmp_path / "anna", {SAVE: RIGHT, RESTORE: RIGHT})).odd == []


def test_the_pages_of_an_earlier_grading_are_nobody_s_hand_in(tmp_path):
    lay_out(tmp_path, {f"anna/{SAVE}": RIGHT, "reports/.grades/x.json": b"{}", "reports/class.html": b"<html>"})
    assert [one.student for one in find(tmp_path)] == ["anna"]


def test_a_folder_called_docs_is_read_where_no_course_is(tmp_path):
    anna = find(lay_out(tmp_path, {f"anna/docs/{SAVE}": RIGHT}))[0]
    assert [source.name for source in anna.sources] == [SAVE]


def test_files_that_usually_lie_beside_a_notebook_need_no_remark(tmp_path):
    beside = {
        "save/checkpoint.py": b"x",
        "save/sweep.log": b"000 (",
        "restore/state.pkl": b"\x80",
        "restore/state.json": b'{"a": 1}',
        "timestamp.txt": b"2026",
        ".progress.json": b"{}",
        "notes.txt": b"x",
        "save/state.gz": gzip.compress(b"x"),
        "a.npz": zipped({"a": ""}),
        "save/wrapper": b"#!/bin/sh",
        ".ipynb_checkpoints/03-save-checkpoint.ipynb": b"x",
        ".git/x.pdf": b"",
        "._03-save.ipynb": b"",
    }
    lay_out(tmp_path, {f"anna/{path}": data for path, data in {SAVE: RIGHT, **beside}.items()})
    [anna] = find(tmp_path)
    assert len(anna.sources) == 1 and anna.remarks == anna.said == ()


@pytest.mark.parametrize(
    "files, says",
    [
        ({"anna/notes.txt": b"x", "anna/b.log": b"x"}, "There is no notebook in anna; there is b.log and notes.txt."),
        (
            {"anna/.ipynb_checkpoints/03-save-checkpoint.ipynb": RIGHT},
            "There is no notebook in anna.",
        ),
        ({"anna.zip": zipped({"notes.txt": "x"})}, "There is no notebook in anna.zip"),
        (
            {"all.zip": zipped({"anna/notes.txt": "x", f"ben/{SAVE}": RIGHT})},
            "There is no notebook in all.zip; there is notes.txt.",
        ),
    ],
)
def test_who_has_handed_in_no_notebook_is_named(tmp_path, files, says):
    anna = find(lay_out(tmp_path, files))[0]
    assert anna.student == "anna" and says in anna.remarks[0]


def test_a_class_of_odd_files_is_graded_and_the_rest_is_named(tmp_path):
    lay_out(
        tmp_path / "in",
        {
            "anna-03-save.ipynb.txt": RIGHT,
            "ben/03-save.json": RIGHT,
            "cem.tar.gz": tarred({SAVE: RIGHT}, "gz"),
            ".d/03-save.ipynb": RIGHT,
            "eve.7z": sevenfold("x"),
            "fay/03-save.pdf": b"%PDF",
            "gus/x": b"",
        },
    )
    (tmp_path / "in/hal").mkdir()
    status, rows, said = run(tmp_path, tmp_path / "in")
    assert status == 1
    assert {who: row["points"] for who, row in rows.items()} == {
        **dict.fromkeys((".d", "anna", "ben", "cem"), BEST),
        **dict.fromkeys(("eve", "fay", "gus", "hal"), "0"),
    }
    looks = [line.partition("look at ")[2].partition(":")[0] for line in said.splitlines() if "has to look" in line]
    assert looks == ["eve", "fay", "gus", "hal"]


# -- archives ----------------------------------------------------------------------


def twice(first: bytes, last: bytes, kind: str) -> bytes:
    if kind == "tar":
        return tarred([(SAVE, first), (f"./{SAVE}", last)], "gz")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of the very thing
        archive.writestr(SAVE, first)
        archive.writestr(SAVE, last)
    return packed.getvalue()


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("where", ["anna.zip", "anna/all.zip"])
def test_of_two_entries_of_one_name_the_last_counts_with_a_remark(tmp_path, kind, where):
    lay_out(tmp_path / "in", {where: twice(b"old", RIGHT, kind), f"ben/{SAVE}": RIGHT})
    status, rows, _ = run(tmp_path, tmp_path / "in")
    assert status == 0 and rows["anna"]["points"] == BEST
    assert "more than once; the last one counts" in rows["anna"]["remarks"]


def test_links_devices_and_paths_that_lead_out_of_a_tar_file_are_refused(tmp_path):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for number, kind in enumerate((tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE)):
            info = tarfile.TarInfo(f"{number}.ipynb")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        for name in (f"../{SAVE}", f"/etc/{SAVE}", f"a\\..\\{SAVE}", f"c:{SAVE}"):
            archive.addfile(tarfile.TarInfo(name))
    [eve] = find(lay_out(tmp_path / "in", {"eve/all.tgz": packed.getvalue()}))
    assert eve.sources == () and len(eve.remarks) == 8
    assert [
        sum(word in remark for remark in eve.remarks) for word in ("is a link", "not a regular file", "leads out of it")
    ] == [2, 2, 4]
    assert not (tmp_path.parent / SAVE).exists()


@pytest.mark.parametrize("compress", ["gz", "bz2", "xz"])
@pytest.mark.parametrize("nested", [False, True])
def test_a_bomb_is_unpacked_no_further_than_an_archive_may_go(tmp_path, compress, nested):
    bomb = tarred({SAVE: bytes(archives.MOST_ARCHIVE if nested else archives.MOST_UNPACKED)}, compress)
    began = time.process_time()
    lay_out(tmp_path, {"eve.zip": zipped({"in.tar": bomb}) if nested else bomb, f"anna/{SAVE}": RIGHT})
    anna, eve = find(tmp_path)
    assert (len(anna.sources), anna.remarks, eve.sources) == (1, (), ())
    assert "MB in it and is not read" in eve.remarks[0] and time.process_time() - began < 30


def test_a_notebook_in_a_tar_file_is_read_no_further_than_a_notebook_goes(tmp_path):
    [eve] = find(lay_out(tmp_path, {"eve.tgz": tarred({SAVE: b" " * (30 << 20)}, "gz")}))
    assert len(load(eve.sources[0])) == handin.MOST_BYTES + 1
    assert "more than 10 MB" in store.read(eve).unread[0]


def test_notebooks_are_in_memory_one_at_a_time(tmp_path):
    large = b'{"cells": []}' + b" " * (1 << 20)
    [eve] = find(lay_out(tmp_path, {"eve/all.zip": zipped({f"{number}.ipynb": large for number in range(40)})}))
    tracemalloc.start()
    store.read(eve)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(eve.sources) == 40 and peak < 20 << 20


def test_many_compressed_archives_in_an_archive_hold_up_nobody(tmp_path):
    inner = tarred({SAVE: RIGHT, "z": bytes(50 << 20)}, "gz")
    began = time.process_time()
    lay_out(tmp_path, {"eve.zip": zipped({f"{number}.tgz": inner for number in range(200)}), f"anna/{SAVE}": RIGHT})
    anna, eve = find(tmp_path)
    assert 0 < len(eve.sources) < 20 and "too large" in " ".join(eve.remarks) and anna.remarks == ()
    assert time.process_time() - began < 30


@pytest.mark.parametrize(
    ("description", "read"),
    [
        (b"30 mtime=1638000000.123456789\n", True),
        (b"0" * 60_000, False),  # older tarfiles take minutes for this, and hours for ten times as much
        (b"9 x=" + b"y" * archives.MOST_HEADER, False),
    ],
)
def test_a_tar_file_s_description_of_a_file_is_short(tmp_path, description, read):
    packed = io.BytesIO()
    for name, kind, data in (("about", tarfile.XHDTYPE, description), (SAVE, tarfile.REGTYPE, RIGHT)):
        info = tarfile.TarInfo(name)
        info.type, info.size = kind, len(data)
        packed.write(info.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % tarfile.BLOCKSIZE))
    anna, eve = find(lay_out(tmp_path, {"eve.tar": packed.getvalue(), f"anna/{SAVE}": RIGHT}))
    assert (len(anna.sources), len(eve.sources)) == (1, read) and ("is broken" in "".join(eve.remarks)) != read


def test_a_tar_file_with_too_many_files_is_refused(tmp_path):
    [eve] = find(lay_out(tmp_path, {"eve.tgz": tarred({f"{n}.txt": b"" for n in range(6000)}, "gz")}))
    assert eve.sources == () and "too many files" in eve.remarks[0]


@settings(max_examples=200)
@given(
    some.sampled_from(
        [tarred({SAVE: RIGHT[:2000], "x/y": b"z"}), tarred({SAVE: RIGHT[:2000]}, "gz"), zipped({SAVE: RIGHT[:2000]})]
    ),
    some.lists(some.tuples(some.integers(0, 12_000), some.binary(max_size=8)), max_size=6),
    some.sampled_from(["a.tar", "a.tgz", "a.zip", "a"]),
)
def test_no_bytes_make_it_raise(data, changes, name):
    for at, junk in changes:
        data = data[:at] + junk + data[at + len(junk) :]
    try:
        for entry in (archive := archives.opened(io.BytesIO(data), name)).entries():
            try:
                archive.read(entry.name, 1000)
            except archives.Refused:
                pass
    except archives.Refused:
        pass
