"""Numbers in checkpoint files of many formats, and the same files with others."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import zipfile
from decimal import Decimal

import pytest

from grader.verify.saved_numbers import numbers


def zipped(data):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("steps.bin", data)
    return file.getvalue()


def unzipped(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("steps.bin")


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
        (zipped(LITTLE), lambda content: struct.unpack("<qd", unzipped(content))[0]),
    ],
    ids=["text", "json", "pickle", "little-endian", "big-endian", "gzip", "zip"],
)
def test_each_number_is_found_and_can_become_another(content, read):
    found = numbers(content).values()
    assert Decimal("2.5") in {number.value for number in found}
    assert 1001 in [read(number.become(1001)) for number in found if number.value == 1000]


@pytest.mark.parametrize("content", [b"", b"\x80\x05oops", b"PK\x03\x04", b"\x1f\x8b0", b"\x80"])
def test_a_broken_file_has_no_numbers(content):
    assert numbers(content) == {}
