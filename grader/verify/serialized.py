"""The numbers in files written by R (saveRDS, save) or Perl's Storable, by their place in the data structure: much else
in such a file looks like a number, and nothing in it stays at the same byte.

Raises ValueError, struct.error or IndexError for other files.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

IN_R, IN_R_DATA, IN_PERL = b"X\n", b"RDX", b"pst0"
"""The first bytes of such files."""


class Stored(NamedTuple):
    """A number: where it is in the structure, as text, and its bytes in the file."""

    where: str
    form: str
    """A format of struct; "" for digits in a text, whose length is in the byte at `offset`, before them."""
    offset: int


class _Reader:
    def __init__(self, content: bytes, at: int):
        self.content, self.at = content, at
        self.order = ">"

    def take(self, form: str) -> int:
        (value,) = struct.unpack_from(self.order + form, self.content, self.at)
        self.at += struct.calcsize(form)
        return int(value)

    def skip(self, size: int) -> bytes:
        if not 0 <= size <= len(self.content) - self.at:
            raise ValueError(size)
        self.at += size
        return self.content[self.at - size : self.at]


class _R(_Reader):
    """https://cran.r-project.org/doc/manuals/r-release/R-ints.html#Serialization-Formats"""

    def numbers(self) -> Iterator[Stored]:
        if self.take("i") == 3:
            self.skip(8)
            self.skip(self.take("i"))
        else:
            self.skip(8)
        yield from self.item("")

    def item(self, where: str) -> Iterator[Stored]:
        flags = self.take("i")
        kind, attributes = flags & 0xFF, flags & 0x200
        if kind in (2, 5, 6):  # a pair list
            if attributes:
                yield from self.item(f"{where}@")
            if flags & 0x400:
                yield from self.item(f"{where}'")
            yield from self.item(f"{where}.1")
            yield from self.item(f"{where}>")
            return
        if kind in (10, 13, 14):
            form = "d" if kind == 14 else "i"
            for number in range(self.take("i")):
                yield Stored(f"{where}[{number + 1}]", ">" + form, self.at)
                self.skip(struct.calcsize(form))
        elif kind in (16, 19, 20):
            for number in range(self.take("i")):
                yield from self.item(f"{where}.{number + 1}")
        elif kind == 9:
            self.skip(max(0, self.take("i")))
        elif kind in (15, 24):
            self.skip(self.take("i") * (16 if kind == 15 else 1))
        elif kind == 1:
            yield from self.item(f"{where}$")
        elif kind == 238:  # a vector in a compact form
            for part in "*+-":
                yield from self.item(where + part)
        elif kind == 255:
            if not flags >> 8:
                self.skip(4)
        elif not 240 < kind < 255:
            raise ValueError(kind)
        if attributes:
            yield from self.item(f"{where}@")


class _Perl(_Reader):
    """Storable's format is documented only in its source code."""

    def numbers(self) -> Iterator[Stored]:
        version = self.take("B")
        self.skip(1)
        if not version & 1:
            self.order = "<"
            self.skip(self.take("B") + 4)
        yield from self.item("")

    def item(self, where: str) -> Iterator[Stored]:
        kind = self.take("B")
        if kind == 2:
            for number in range(self.take("i")):
                yield from self.item(f"{where}[{number}]")
        elif kind == 3:
            for _ in range(self.take("i")):
                values = list(self.item(""))
                key = self.skip(self.take("i")).decode("utf-8", "replace")
                yield from (each._replace(where=f"{where}{{{key}}}{each.where}") for each in values)
        elif kind in (6, 7, 8, 9):
            form = {6: "q", 7: "d", 8: "B", 9: "i"}[kind]
            yield Stored(where, (">" if kind == 9 else self.order) + form, self.at)
            self.skip(struct.calcsize(form))
        elif kind in (1, 10, 23, 24):  # 23 and 24 are texts with other letters than ASCII
            begin, text = self.at, self.skip(self.take("i" if kind in (1, 24) else "B"))
            if kind == 10 and text.isdigit():
                yield Stored(where, "", begin)
        elif kind in (4, 20):
            yield from self.item(where)
        elif kind == 17:
            self.skip(self.take("B"))
            yield from self.item(where)
        elif kind == 0:
            self.skip(4)
        elif kind not in (5, 14, 15, 16):
            raise ValueError(kind)


def stored(content: bytes) -> Iterator[Stored]:
    """All numbers in such a file."""
    if content.startswith(IN_PERL):
        return _Perl(content, 4).numbers()
    return _R(content, content.index(IN_R) + 2).numbers()
