"""The numbers in a checkpoint file, each of which can be changed: in a text, a pickle, binary data, a database, a file
of R or Perl's Storable, or any of these compressed. A number keeps its place from one checkpoint to the next, so that
it can be followed.
"""

from __future__ import annotations

import gzip
import io
import itertools
import math
import pickletools
import re
import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from .packed import ODD, Unpacking
from .serialized import IN_PERL, IN_R, IN_R_DATA, stored

if TYPE_CHECKING:
    import sqlite3

MOST_BYTES, MOST_UNPACKED = 64 << 10, 256 << 10
"""The largest file in which to look for numbers, and the most to unpack from one file, in bytes."""
UNALIGNED = 4096
"""In binary data of up to this many bytes, numbers may begin at any byte; in larger data, at every fourth."""
LARGEST, SMALLEST = 1e12, 1e-9
"""Beyond these, what could be a floating-point number is more likely something else."""
NUMBER = re.compile(r"(?<![\w.+-])[-+]?\d{1,30}(?:\.\d{1,30})?(?:[eE][-+]?\d{1,3})?(?![\w.])")
_NAME = re.compile(r"[^\W\d]\w*")
BINARY = ("<d", ">d", "<i", ">i")
_PICKLED = {"BININT1": "<B", "BININT2": "<H", "BININT": "<i", "BINFLOAT": ">d"}

DATABASE = b"SQLite format 3\0"
MOST_ROWS = 20
"""The last rows of a table, in which to look for numbers; also, how many rows of a table or a text to change at most."""
MOST_STEPS = 50_000
"""The most steps of SQLite's virtual machine for one statement."""

Place = tuple[str, int]
"""Where a number is: how it is written (in an archive, after the file's name), and its number in the text or its
offset."""


class Number(NamedTuple):
    """A number in a file."""

    value: Decimal
    become: Callable[[Decimal | int], bytes]
    """The file with another number in its place. Raises one of ODD if there is no room for it."""


@lru_cache(64)
def numbers(content: bytes) -> dict[Place, Number]:
    """The numbers in a file, by their places; none if it can't be read."""
    try:
        return dict(_numbers_in(content))
    except ODD:
        return {}


def number_at(content: bytes, place: Place) -> Number | None:
    """The number at this place, if there is one."""
    try:
        found = _rows_in(content) if is_rows(place) else _numbers_in(content)
        return next((number for each, number in found if each == place), None)
    except ODD:
        return None


def rows(content: bytes) -> dict[Place, Number]:
    """How many lines a text has, or how many rows each table of a database: a program may go on from there. Another
    number takes away rows near the beginning, or repeats one there, as later rows may hold the state."""
    try:
        return dict(_rows_in(content))
    except ODD:
        return {}


def changeable(content: bytes) -> dict[Place, Number]:
    """All numbers in a file from which a program may go on, and those of its rows."""
    return {**numbers(content), **rows(content)}


def is_rows(place: Place) -> bool:
    """Whether this is a number of lines or rows."""
    return place[0].partition(" ")[0] in ("lines", "rows")


def _rows_in(content: bytes) -> Iterator[tuple[Place, Number]]:
    if len(content) > MOST_BYTES:
        return
    if content.startswith(DATABASE):
        yield from _tables(content)
    elif is_text(content):
        head, *later = content.splitlines(keepends=True) or [b""]

        def become(value: Decimal | int) -> bytes:
            more = _few(value, len(later) + 1)
            return b"".join([head, *later[:1] * more, *later[max(0, -more) :]])  # the first line may be a heading

        if len(later) > 1:
            yield ("lines", 0), Number(Decimal(len(later) + 1), become)


def _tables(content: bytes) -> Iterator[tuple[Place, Number]]:
    with _database(content) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            (size,) = database.execute(f"SELECT count(*) FROM {_named(table)}").fetchone()

            def become(value: Decimal | int, table: str = table, size: int = size) -> bytes:
                return _with_rows(content, _named(table), _few(value, size))

            yield (f"rows {table}", 0), Number(Decimal(size), become)


def _with_rows(content: bytes, table: str, more: int) -> bytes:
    """A database with this many more copies of the first row of a table, or without its first rows."""
    with _database(content) as database:
        first = database.execute(f"SELECT rowid, * FROM {table} ORDER BY rowid LIMIT 1")
        names = ["rowid", *(_named(description[0]) for description in first.description[1:])]
        for row, *cells in first.fetchall():
            for by in range(1, more + 1):  # before the first row; its key may be a column of the table
                copy = [row - by, *(row - by if cell == row else cell for cell in cells)]
                insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
                database.execute(insert, copy)
        database.execute(
            f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} ORDER BY rowid LIMIT ?)", (max(0, -more),)
        )
        database.commit()
        return database.serialize()


def _few(value: Decimal | int, size: int) -> int:
    """How many rows more there are to be. Raises ValueError if that is too many, or if too few would be left."""
    more = _whole(value) - size
    if abs(more) > MOST_ROWS or size + more < 1:
        raise ValueError
    return more


def _numbers_in(content: bytes) -> Iterator[tuple[Place, Number]]:
    return _numbers(content, Unpacking(MOST_UNPACKED)) if len(content) <= MOST_BYTES else iter(())


def _numbers(content: bytes, unpacking: Unpacking) -> Iterator[tuple[Place, Number]]:
    if content.startswith(b"PK\x03\x04"):
        yield from _zipped(content, unpacking)
    elif content.startswith(DATABASE):
        yield from _in_rows(content)
    elif content.startswith((IN_R, IN_R_DATA, IN_PERL)):
        yield from _serialized(content)
    elif content.startswith(b"\x1f\x8b"):
        for place, number in _numbers(unpacking.read(gzip.open(io.BytesIO(content))), unpacking):

            def compressed(value: Decimal | int, become: Callable[[Decimal | int], bytes] = number.become) -> bytes:
                return gzip.compress(become(value))

            yield place, number._replace(become=compressed)
    elif content.startswith(b"\x80"):
        yield from _pickled(content)
    elif is_text(content):
        yield from _written(content.decode())
    else:
        yield from _binary(content)


def is_text(content: bytes) -> bool:
    """Whether this can be read as text."""
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False


def _written(text: str) -> Iterator[tuple[Place, Number]]:
    """The numbers of a text, by the last name before them: a program may write its names in any order."""
    name, at, seen = "", 0, Counter[str]()
    for match in NUMBER.finditer(text):
        begin, end = match.span()
        name = ([name, *_NAME.findall(text, at, begin)])[-1]
        at = end
        seen[name] += 1

        def become(value: Decimal | int, begin: int = begin, end: int = end) -> bytes:
            return f"{text[:begin]}{Decimal(value):f}{text[end:]}".encode()

        yield (f"text {name}", seen[name]), Number(Decimal(match[0]), become)


def _pickled(content: bytes) -> Iterator[tuple[Place, Number]]:
    for count, (code, argument, at) in enumerate(pickletools.genops(content)):
        form = _PICKLED.get(code.name)
        if form and at is not None and (value := _believed(argument)) is not None:
            yield (f"pickle {form}", count), Number(value, _put(content, form, at + 1))


def _binary(content: bytes) -> Iterator[tuple[Place, Number]]:
    step = 1 if len(content) <= UNALIGNED else 4
    for offset, form in itertools.product(range(0, len(content) - 3, step), BINARY):
        if offset + struct.calcsize(form) <= len(content):
            value = _believed(struct.unpack_from(form, content, offset)[0])
            if value is not None:
                yield (form, offset), Number(value, _put(content, form, offset))


def _in_rows(content: bytes) -> Iterator[tuple[Place, Number]]:
    """The numbers in the last rows of each table of a database; the last row is number 1."""
    with _database(content) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            rows = database.execute(f"SELECT rowid, * FROM {_named(table)} ORDER BY rowid DESC LIMIT {MOST_ROWS}")
            columns = [description[0] for description in rows.description[1:]]
            for at, (row, *cells) in enumerate(rows.fetchall(), 1):
                for column, cell in zip(columns, cells):
                    if isinstance(cell, int | float) and (value := _believed(cell)) is not None:
                        update = f"UPDATE OR REPLACE {_named(table)} SET {_named(column)} = ? WHERE rowid = ?"
                        yield (f"row {table}.{column}", at), Number(value, _updated(content, update, type(cell), row))


def _named(name: str) -> str:
    """A name, quoted for SQL."""
    return '"%s"' % name.replace('"', '""')


def _updated(content: bytes, update: str, kind: type, row: int) -> Callable[[Decimal | int], bytes]:
    def become(value: Decimal | int) -> bytes:
        with _database(content) as database:
            database.execute(update, (kind(value), row))
            database.commit()
            return database.serialize()

    return become


@contextmanager
def _database(content: bytes) -> Iterator[sqlite3.Connection]:
    """A copy in memory, in which computations, such as those of its triggers, are limited. Raises ValueError, also if
    there is no SQLite here, so that no numbers are known of such a file."""
    try:
        import sqlite3
    except ImportError as missing:
        raise ValueError(missing) from None
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
            database.set_progress_handler(lambda: 1, MOST_STEPS)
            database.deserialize(content)
            yield database
    except sqlite3.Error as error:
        raise ValueError(error) from None


def _serialized(content: bytes) -> Iterator[tuple[Place, Number]]:
    for where, form, offset in stored(content):
        if not form:
            length = content[offset]
            digits = content[offset + 1 : offset + 1 + length]

            def become(value: Decimal | int, offset: int = offset, length: int = length) -> bytes:
                written = b"%d" % _whole(value)
                return content[:offset] + bytes([len(written)]) + written + content[offset + 1 + length :]

            yield (f"stored {where}", 1), Number(Decimal(digits.decode()), become)
            continue
        more = 128 if form[1:] == "B" else 0  # Storable adds this to small numbers, so that none is negative
        value = _believed(struct.unpack_from(form, content, offset)[0] - more)
        if value is not None:
            put = _put(content, form, offset, more)
            yield (f"stored {where}", 1), Number(value, put)


def _zipped(content: bytes, unpacking: Unpacking) -> Iterator[tuple[Place, Number]]:
    members = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            if info.file_size <= MOST_BYTES:
                with archive.open(info) as file:
                    members[info.filename] = unpacking.read(file)
    for name, data in members.items():
        for (form, at), number in _numbers(data, unpacking):

            def become(
                value: Decimal | int, name: str = name, become: Callable[[Decimal | int], bytes] = number.become
            ) -> bytes:
                return _zip({**members, name: become(value)})

            yield (f"{name} {form}", at), Number(number.value, become)


def _zip(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def _put(content: bytes, form: str, offset: int, more: int = 0) -> Callable[[Decimal | int], bytes]:
    def become(value: Decimal | int) -> bytes:
        data = struct.pack(form, float(value) if form[1:] == "d" else _whole(value) + more)
        return content[:offset] + data + content[offset + len(data) :]

    return become


def _whole(value: Decimal | int) -> int:
    if value != int(value):
        raise ValueError
    return int(value)


def _believed(value: Any) -> Decimal | None:
    """A number with all its digits; None if it is most likely something else."""
    if isinstance(value, float) and value and not (math.isfinite(value) and SMALLEST < abs(value) < LARGEST):
        return None
    return Decimal(repr(value))


def name_of(path: str, place: Place) -> str:
    """What to call a number of this file in a sentence."""
    form, at = place
    kind, _, name = form.partition(" ")
    if kind in ("lines", "rows"):
        return f"the number of {kind} {f'of {name} ' if name else ''}in {path}"
    if kind == "row":
        return f"{name} in {'the last row' if at == 1 else f'row {at} from the end'} of {path}"
    if kind == "stored" and name.startswith("{"):
        return f"{name} in {path}"
    if kind != "text":
        return f"a number in {path}"
    return f"{name} in {path}" if name and at == 1 else f"number {at}{f' of {name}' if name else ''} in {path}"
