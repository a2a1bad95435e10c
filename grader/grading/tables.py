"""Reads the CSV files that an instructor gives: the class list and the changes by hand."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from ..files import read_named
from .archives import Refused, quoted


class Line(NamedTuple):
    """A line of a table. It may extend over several lines of the file, as a value in quotes may contain line ends."""

    number: int
    """Counted from 1: where it begins."""
    last: int
    """Where it ends."""
    values: list[str]


def lines(path: Path, most: int, decoded: Callable[[bytes], str], separators: str) -> Iterator[Line]:
    """The lines of a CSV file of at most `most` bytes. The first line decides which of the characters separates values.
    Raises OSError, or Refused if the file is too large, or its quotation marks can't be read."""
    data = read_named(path, most + 1)
    if len(data) > most:
        raise Refused(f"{quoted(path.name)} has more than {most >> 20} MB.")
    text = unicodedata.normalize("NFC", decoded(data))  # like the names of what was handed in
    header = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(separators, key=header.count), strict=True)
    begins = 1
    try:
        for values in reader:
            yield Line(begins, reader.line_num, values)
            begins = reader.line_num + 1
    except csv.Error:
        raise unpaired(path, begins) from None


def unpaired(path: Path, line: int) -> Refused:
    """The error for a table whose quotation marks would join lines, or can't be read."""
    return Refused(
        f"{quoted(path.name)} is not a CSV file: in line {line} a quotation mark has no partner, or is in the wrong place. "
        "Put quotation marks around a whole value, and write one within a value twice."
    )
