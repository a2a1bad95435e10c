"""Notes what a Python program has in memory: when it first reaches the head of its loop, where it would have exited,
and when it then reaches the head of the loop again.

There it can also reset some of that to the first values, like a restart that does not restore them: this is how
verify/forgotten.py finds out what a job forgets. Each note is a line of JSON: ["first", values], ["left", values] or
["then", values]. The values are {name: [checksum, name of the type, short text, pickle in hexadecimal digits]}; each of
the last two may be "". A name is an expression in the program (total, self.total, state['total']); or RANDOM or NUMPY,
for the generator of random numbers of that module.
"""

import io
import os
import pickle
import sys
import types
import zlib

MYPY = False  # see clock.py
if MYPY:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import Any

    Put = Callable[[Any], object]

RANDOM, NUMPY = "random", "numpy.random"
MOST_BYTES, MOST_TOLD, MOST_PARTS, MOST_SHOWN = 16 << 20, 64 << 10, 200, 40
"""The largest pickle of a value to examine, and to put into a note, in bytes; the most parts of an object or dictionary
to examine separately; the most characters of a value to show."""
_NO_STATE = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type, io.IOBase)


class Memory:
    """Watches the line where a loop begins. When the program first reaches it, the parts named in `remembers` get the
    values given there (pickles in hexadecimal digits). When it reaches the line after it would have exited, the parts
    named in `forgets` get their first values again. `left`: whether it would have exited since it was last there."""

    def __init__(
        self, path: str, line: int, forgets: "frozenset[str]", remembers: "dict[str, str]", note: "Callable[..., None]"
    ) -> None:
        self.path, self.name, self.line = path, os.path.basename(path), line
        self.forgets, self.remembers, self.note = forgets, remembers, note
        self.first: dict[str, bytes] | None = None
        self.left = False

    def leave(self, frame: "FrameType | None") -> None:
        """Note what is in memory where the program would exit, if the function with the loop is active."""
        self.left = True
        while frame is not None and not self.has_loop(frame):
            frame = frame.f_back
        if frame is not None:
            self.note("left", _shown_values(list(_parts(frame)))[1])

    def on_call(self, frame: "FrameType", event: str, argument: object) -> "Any":
        """The trace function, for sys.settrace()."""
        return self.on_line if self.has_loop(frame) else None

    def has_loop(self, frame: "FrameType") -> bool:
        """Whether this frame runs the code that contains the loop."""
        code = frame.f_code
        ours = os.path.basename(code.co_filename) == self.name and os.path.realpath(code.co_filename) == self.path
        return ours and any(line == self.line for *_, line in code.co_lines())

    def on_line(self, frame: "FrameType", event: str, argument: object) -> "Any":
        if event == "line" and frame.f_lineno == self.line and (self.first is None or self.left):
            parts = list(_parts(frame))
            values, shown = _shown_values(parts)
            if self.first is None:
                self.first = values
                self.note("first", shown)
                for name, _, put in parts:
                    if name in self.remembers:
                        put(pickle.loads(bytes.fromhex(self.remembers[name])))
            else:
                self.note("then", shown)
            if self.left:
                for name, _, put in parts:
                    if name in self.forgets and name in self.first:
                        put(pickle.loads(self.first[name]))
            self.left = False
        return self.on_line


def _parts(frame: "FrameType") -> "Iterator[tuple[str, Any, Put]]":
    """Everything that may be state: its name, its value, and a function that sets its value."""
    spaces = [frame.f_locals] if frame.f_locals is frame.f_globals else [frame.f_locals, frame.f_globals]
    seen: set[str] = set()
    for space in spaces:
        for name, value in list(space.items()):
            if name.startswith("__") or name in seen or isinstance(value, _NO_STATE):
                continue
            seen.add(name)
            if _has_attributes(value):
                yield from ((f"{name}.{key}", part, _item(vars(value), key)) for key, part in list(vars(value).items()))
                continue
            yield name, value, _item(space, name)
            if _has_names(value):
                yield from ((f"{name}[{key!r}]", part, _item(value, key)) for key, part in list(value.items()))
    if RANDOM in sys.modules:
        module: Any = sys.modules[RANDOM]
        yield RANDOM, module.getstate(), module.setstate
    if NUMPY in sys.modules:
        module = sys.modules[NUMPY]
        yield NUMPY, module.get_state(), module.set_state


def _shown_values(parts: "list[tuple[str, Any, Put]]") -> "tuple[dict[str, bytes], dict[str, list[object]]]":
    """By name: the values of these parts, pickled; and what a note says of them."""
    values = {name: packed for name, value, _ in parts if (packed := _packed(value))}
    shown: dict[str, list[object]] = {
        name: [
            zlib.crc32(_packed(value, _as_json)),
            _kind(value),
            _shown(value),
            values[name].hex() if len(values[name]) <= MOST_TOLD else "",
        ]
        for name, value, _ in parts
        if name in values
    }
    return values, shown


def _has_attributes(value: object) -> bool:
    """Whether this is an object of a class of the program's own, whose attributes are examined separately."""
    return type(value).__module__ == "__main__" and 0 < len(getattr(value, "__dict__", ())) <= MOST_PARTS


def _has_names(value: object) -> bool:
    """Whether this is a dictionary whose values are also examined separately."""
    return type(value) is dict and len(value) <= MOST_PARTS and all(isinstance(key, str) for key in value)


def _item(space: "dict[str, Any]", name: str) -> "Put":
    return lambda value: space.__setitem__(name, value)


def _packed(value: object, form: "Callable[[Any], object]" = lambda value: value) -> bytes:
    """The pickle of form(value), the same for the same value; b"" if it can't be pickled, or is too large."""
    packed = io.BytesIO()
    try:
        pickler = pickle.Pickler(packed, 4)
        pickler.fast = True  # otherwise the bytes also depend on which parts are the same object
        pickler.dump(form(value))
    except Exception:
        return b""
    return packed.getvalue() if packed.tell() <= MOST_BYTES else b""


def _as_json(value: object) -> object:
    """A value as JSON would bring it back, with lists for tuples."""
    if type(value) in (tuple, list):
        parts: Any = value
        return [_as_json(part) for part in parts]
    if type(value) is dict:
        return {key: _as_json(part) for key, part in value.items()}
    return value


def _kind(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _shown(value: object) -> str:
    """A value as short, printable text; "" if there is none."""
    try:
        shown = repr(value) if not hasattr(value, "__len__") or len(value) <= MOST_SHOWN else ""
    except Exception:
        return ""
    return shown if len(shown) <= MOST_SHOWN and shown.isprintable() and " at 0x" not in shown else ""
