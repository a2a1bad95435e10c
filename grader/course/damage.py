"""The ways in which a checkpoint file can be broken, by what kind of file it is."""

from __future__ import annotations

import io
import json
import pickle
import pickletools
from collections.abc import Iterator

NOT_TEXT = b"\x80\x00 no checkpoint\n"
NO_NUMBER = b"no checkpoint\n"
OTHERS: tuple[object, ...] = ({}, [], None, 7)
"""Values that are no checkpoint of a program that saves something else. (7 could be one of a program that saves a
number.)"""


def damaged(content: bytes, own_format: bool = True) -> Iterator[tuple[str, bytes]]:
    """(how it is broken, its content then) for a file that has this content when it is whole. A pickle is not loaded.
    `own_format`: it is the answer that reads the file, and not a library that has made it one of several."""
    yield "is empty", b""
    yield "is broken", NOT_TEXT
    yield "holds text that is no checkpoint", NO_NUMBER
    if not own_format:
        return
    if _is_pickle(content):
        yield "breaks off in the middle", content[: len(content) // 2]
        for value in _others(_is_pickled_number(content)):
            yield f"is the pickle of {value!r}", pickle.dumps(value)
    elif _is_json(content):
        if len(content) > 2:
            yield "breaks off in the middle", content[: len(content) // 2]
        for value in _others(not content.strip().startswith((b"{", b"["))):
            text = json.dumps(value)
            yield f"holds `{text}` and nothing else", text.encode() + b"\n" * content.endswith(b"\n")
    elif len(content.split()) > 1:
        yield "breaks off in the middle", content[: len(content) // 2]


def _others(number: bool) -> tuple[object, ...]:
    return OTHERS[:-1] if number else OTHERS


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _is_pickle(content: bytes) -> bool:
    return content[:1] == b"\x80" and content.endswith(b".") and bool(_operations(content))


def _is_pickled_number(content: bytes) -> bool:
    return all(
        name in ("PROTO", "FRAME", "STOP", "MEMOIZE") or "INT" in name or "LONG" in name
        for name in _operations(content)
    )


def _operations(content: bytes) -> list[str]:
    """What a pickle does, step by step; nothing if it is none."""
    try:
        return [operation.name for operation, _, _ in pickletools.genops(io.BytesIO(content))]
    except Exception:  # whatever is wrong with it
        return []
