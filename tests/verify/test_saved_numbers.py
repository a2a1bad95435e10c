"""Numbers in checkpoint files of many formats, and the same files with others."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import sqlite3
import struct
import zipfile
from decimal import Decimal

import pytest

from grader.verify import saved_numbers
from grader.verify.saved_numbers import numbers, rows


def zipped(data):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("steps.bin", data)
    return file.getvalue()


def unzipped(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("steps.bin")


def database(number):
    base = sqlite3.connect(":memory:")
    base.execute('create table "a ""run""" ("the ""step""", sum)')
    base.execute('insert into "a ""run""" values (?, 2.5)', [number])
    base.commit()
    return base.serialize()


def last_row(content):
    base = sqlite3.connect(":memory:")
    base.deserialize(content)
    return base.execute('select "the ""step""" from "a ""run"""').fetchone()[0]


def integers(kind, *numbers):
    return struct.pack(f">{len(numbers) + 1}i", kind, *numbers)


NAMES = integers(1026, 1, 262153, 5) + b"names" + integers(16, 2, 262153, 4) + b"step" + integers(262153, 3) + b"sum"
IN_R = b"".join(
    [b"X\n", integers(2, 263168, 131840), integers(531, 2, 13, 1, 1000), integers(14, 1), struct.pack(">d", 2.5)]
    + [NAMES, integers(254)]
)
"""saveRDS(list(step = 1000L, sum = 2.5), "file", version = 2, compress = FALSE)"""
IN_PERL = b"pst0\x04\x0b\x0812345678\x04\x08\x08\x08\x03\x03\0\0\0" + b"".join(
    kind + value + struct.pack("<i", len(key)) + key
    for kind, value, key in [
        (b"\x09", struct.pack(">i", 1000), b"step"),
        (b"\x07", struct.pack("<d", 2.5), b"sum"),
        (b"\x0a\x02", b"17", b"word"),
    ]
)
"""store({ step => 1000, sum => 2.5, word => "17" }, "file")"""
LITTLE = struct.pack("<qd", 1000, 2.5)
BIG = struct.pack(">id", 1000, 2.5)


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (b"step=1000\nsum 2.5\n", lambda content: int(content.split()[0][5:])),
        (json.dumps({"step": 1000, "sum": 2.5}).encode(), lambda content: json.loads(content)["step"]),
        (pickle.dumps({"step": 1000, "sum": 2.5}), lambda content: pickle.loads(content)["step"]),
        (LITTLE, lambda content: struct.unpack("<qd", content)[0]),
        (BIG, lambda content: struct.unpack(">id", content)[0]),
        (gzip.compress(BIG), lambda content: struct.unpack(">id", gzip.decompress(content))[0]),
        (database(1000), last_row),
        (IN_R, lambda content: struct.unpack_from(">i", content, 30)[0]),
        (IN_PERL, lambda content: struct.unpack_from(">i", content, 25)[0]),
        (zipped(LITTLE), lambda content: struct.unpack("<qd", unzipped(content))[0]),
    ],
    ids=["text", "json", "pickle", "little-endian", "big-endian", "gzip", "sqlite", "R", "Perl", "zip"],
)
def test_each_number_is_found_and_can_become_another(content, read):
    found = numbers(content).values()
    assert Decimal("2.5") in {number.value for number in found}
    assert 1001 in [read(number.become(1001)) for number in found if number.value == 1000]


@pytest.mark.parametrize(
    "content",
    [b"", b"\x80\x05oops", b"PK\x03\x04", b"\x1f\x8b0", b"\x80", b"X\n\0\0\0\2", b"pst0\5\13\3", b"SQLite format 3\0 "],
)
def test_a_broken_file_has_no_numbers(content):
    assert numbers(content) == {}


def test_what_is_packed_counts_together_with_all_that_is_packed_in_it(monkeypatch):
    monkeypatch.setattr(saved_numbers, "MOST_UNPACKED", 1000)
    half, several = b"1 " * 250, io.BytesIO()
    with zipfile.ZipFile(several, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(str(number), half)
    packed = (gzip.compress(half + half), zipped(gzip.compress(half)))
    too_much = (gzip.compress(half + half + b"1"), zipped(gzip.compress(half + half)), several.getvalue())
    assert [len(numbers(content)) for content in (*packed, *too_much)] == [500, 250, 0, 0, 0]


def test_a_number_that_perl_has_stored_as_text_can_become_longer():
    found = next(number for number in numbers(IN_PERL).values() if number.value == 17)
    assert b"\x0a\x041000\x04\0\0\0word" in found.become(1000)


def test_what_only_looks_like_a_number_is_none_in_what_r_or_perl_has_saved():
    assert sorted(number.value for number in numbers(IN_R).values()) == [Decimal("2.5"), 1000]
    assert sorted(number.value for number in numbers(IN_PERL).values()) == [Decimal("2.5"), 17, 1000]


def test_a_database_whose_trigger_has_no_end_holds_up_nobody():
    base = sqlite3.connect(":memory:")
    base.execute("create table run (step)")
    base.execute("insert into run values (1)")
    for_ever = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"
    base.execute(f"create trigger t after update on run begin {for_ever}; end")
    base.commit()
    [number] = numbers(base.serialize()).values()
    with pytest.raises(ValueError, match="interrupted"):
        number.become(2)


def steps(key):
    base = sqlite3.connect(":memory:")
    base.execute(f"create table run (step {key}, sum real)")
    base.executemany("insert into run values (?, ?)", [(3, 0.5), (4, 1.5), (5, 2.5)])
    base.commit()
    return base.serialize()


def sums(content):
    base = sqlite3.connect(":memory:")
    base.deserialize(content)
    return [sum for (sum,) in base.execute("select sum from run order by rowid")]


def lines(content):
    return content.decode().split()


@pytest.mark.parametrize(
    ("content", "read", "fewer", "more"),
    [
        (b"step\n1\n2\n", lines, ["step", "2"], ["step", "1", "1", "1", "2"]),
        (steps("integer primary key"), sums, [1.5, 2.5], [0.5, 0.5, 0.5, 1.5, 2.5]),
        (steps("integer"), sums, [1.5, 2.5], [0.5, 0.5, 0.5, 1.5, 2.5]),
    ],
    ids=["lines", "rows with a key", "rows"],
)
def test_another_number_of_rows_leaves_the_last_ones_as_they_are(content, read, fewer, more):
    [number] = rows(content).values()
    assert number.value == 3
    assert (read(number.become(2)), read(number.become(5))) == (fewer, more)


@pytest.mark.parametrize("value", [0, 3 + saved_numbers.MOST_ROWS + 1])
@pytest.mark.parametrize("content", [b"1\n2\n3\n", steps("integer")])
def test_neither_no_rows_nor_very_many_are_made(content, value):
    [number] = rows(content).values()
    with pytest.raises(ValueError):
        number.become(value)


@pytest.mark.parametrize("content", [b"", b"one line\n", b"\xff\n\n\n", b"SQLite format 3\0 "])
def test_a_file_without_several_lines_or_tables_has_no_rows(content):
    assert rows(content) == {}
