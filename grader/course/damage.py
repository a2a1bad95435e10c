"""Ways to damage a checkpoint file, depending on its format."""

from __future__ import annotations

import io
import json
import pickle
import pickletools
from collections.abc import Iterator

NOT_TEXT = b"\x80\x00 no checkpoint\n"
NO_NUMBER = b"no checkpoint\n"
OTHERS: tuple[object, ...] = ({}, [], None, 7)
"""Values that can't be a checkpoint. (7 is left out for a program that saves a number.)"""


def damaged(content: bytes, own_format: bool = True) -> Iterator[tuple[str, bytes]]:
    """(description, content) of damaged versions of a file with this content. Pickles are not loaded. `own_format` is
    False if the file is one of several that a library writes and reads."""
    yield "is empty", b""
    yield "is broken", NOT_TEXT
    yield "contains text that is not a checkpoint", NO_NUMBER
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
            yield f"contains `{text}` and nothing else", text.encode() + b"\n" * content.endswith(b"\n")
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
    """The operations of a pickle; [] if it is not a pickle."""
    try:
        return [operation.name for operation, _, _ in pickletools.genops(io.BytesIO(content))]
    except Exception:  # genops raises many kinds of errors
        return []
