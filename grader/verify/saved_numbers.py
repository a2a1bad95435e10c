"""The numbers in a checkpoint file, of which each can be changed: in a text, a pickle, binary data, and what of that is
compressed. A number keeps its place from one checkpoint to the next, so that it can be followed.
"""

from __future__ import annotations

import gzip
import io
import math
import pickletools
import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from .packed import ODD

MOST_BYTES = 64 << 10
"""Of a file, beyond which no numbers are looked for."""
UNALIGNED = 512
"""Bytes of binary data up to which a number may be at any of them; else at each fourth."""
LARGEST, SMALLEST = 1e12, 1e-9
"""Beyond these, what could be a floating-point number is more likely something else."""
NUMBER = re.compile(r"(?<![\w.+-])[-+]?\d{1,30}(?:\.\d{1,30})?(?:[eE][-+]?\d{1,3})?(?![\w.])")
BINARY = ("<d", ">d", "<i", ">i")
_PICKLED = {"BININT1": "<B", "BININT2": "<H", "BININT": "<i", "BINFLOAT": ">d"}

Place = tuple[str, int]
"""Where a number is: how it is written (and, of an archive, in which file), and its number in the text or its offset."""


class Number(NamedTuple):
    """A number in a file."""

    value: Decimal
    become: Callable[[int], bytes]
    """The file with another whole number in its place. Raises one of ODD if there is no room for it."""


def numbers(content: bytes) -> dict[Place, Number]:
    """The numbers in a file, by their places; none if it can't be read."""
    if len(content) > MOST_BYTES:
        return {}
    try:
        return dict(_numbers(content))
    except ODD:
        return {}


def _numbers(content: bytes) -> Iterator[tuple[Place, Number]]:
    if content.startswith(b"PK\x03\x04"):
        yield from _zipped(content)
    elif content.startswith(b"\x1f\x8b"):
        for place, number in _numbers(gzip.decompress(content)):

            def compressed(value: int, become: Callable[[int], bytes] = number.become) -> bytes:
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
    for number, match in enumerate(NUMBER.finditer(text), 1):
        begin, end = match.span()

        def become(value: int, begin: int = begin, end: int = end) -> bytes:
            return f"{text[:begin]}{value}{text[end:]}".encode()

        yield ("text", number), Number(Decimal(match[0]), become)


def _pickled(content: bytes) -> Iterator[tuple[Place, Number]]:
    for count, (code, argument, at) in enumerate(pickletools.genops(content)):
        form = _PICKLED.get(code.name)
        if form and at is not None and (value := _believed(argument)) is not None:
            yield (f"pickle {form}", count), Number(value, _put(content, form, at + 1))


def _binary(content: bytes) -> Iterator[tuple[Place, Number]]:
    step = 1 if len(content) <= UNALIGNED else 4
    for form in BINARY:
        for offset in range(0, len(content) - struct.calcsize(form) + 1, step):
            if (value := _believed(struct.unpack_from(form, content, offset)[0])) is not None:
                yield (form, offset), Number(value, _put(content, form, offset))


def _zipped(content: bytes) -> Iterator[tuple[Place, Number]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist() if info.file_size <= MOST_BYTES}
    for name, data in members.items():
        for (form, at), number in _numbers(data):

            def become(value: int, name: str = name, become: Callable[[int], bytes] = number.become) -> bytes:
                return _zip({**members, name: become(value)})

            yield (f"{name} {form}", at), Number(number.value, become)


def _zip(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def _put(content: bytes, form: str, offset: int) -> Callable[[int], bytes]:
    def become(value: int) -> bytes:
        data = struct.pack(form, value)
        return content[:offset] + data + content[offset + len(data) :]

    return become


def _believed(value: Any) -> Decimal | None:
    """A number as it is; None if it is most likely something else."""
    if isinstance(value, float) and value and not (math.isfinite(value) and SMALLEST < abs(value) < LARGEST):
        return None
    return Decimal(repr(value))
