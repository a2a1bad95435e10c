"""Ends a process as Python ends one, but without taking the interpreter down where nobody could tell.

At its end Python calls what was registered, joins threads, and destroys all objects: files are
closed, and so written, and `__del__` methods run. That takes longer than most executions do. A
process in which nothing is left that does anything when it is destroyed can end at once.
"""

import _thread
import _warnings
import atexit
import gc
import io
import itertools
import os
import sys
from _weakref import ref

MYPY = False  # see clock.py
if MYPY:
    from typing import Any, NoReturn

WITHOUT_END = frozenset(
    """
    _abc _ast _bisect _blake2 _bz2 _codecs _collections _contextvars _csv _datetime _decimal _frozen_importlib
    _frozen_importlib_external _functools _hashlib _heapq _hmac _imp _io _json _locale _lzma _md5 _opcode _operator
    _pickle _posixsubprocess _random _sha1 _sha2 _sha256 _sha3 _sha512 _signal _socket _sre _stat _statistics
    _string _struct _thread _tokenize _tracemalloc _types _typing _uuid _warnings _weakref _zstd array atexit
    binascii builtins cmath errno fcntl gc grp itertools marshal math mmap posix pwd resource select sys time
    typing.io typing.re unicodedata zlib
    """.split()
)
"""Modules written in C that make no objects which do something at their end, but for those with a `__del__`."""
_Reference: "Any" = ref
FILES = frozenset(map(id, (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom, io.BufferedReader, io.FileIO)))
"""What open() makes. (To ask whether a program's own class is one of these classes may run its code.)"""
OWN = {"mode", "name", "__IOBase_closed"}
"""Their own attributes. A program may give them others: a close() to be called at their end."""
MOST_OBJECTS = 100_000
"""More take as long to look at as to destroy."""
_harmless: "dict[str, object]" = {}
_mark: "list[object] | None" = None
_filters = list(_warnings.filters)
"""Which warnings are shown. By default none is of a file that is left open."""


def settle() -> None:
    """Before forking: leave all that is there now out of account. It has no end that can be seen, but for stdin,
    stdout and stderr; what is registered for the end of this process is not for that of its forks."""
    atexit._clear()
    _harmless.update((name, module) for name, module in sys.modules.items() if _is_harmless(name))
    gc.collect()
    gc.freeze()


def begin() -> None:
    """In a fork: the same for what has been added since."""
    global _mark
    gc.freeze()
    _mark = []  # from now on gc.freeze() would hide it, with what else a program has made


def leave(code: "Any") -> "NoReturn":
    """End this process with this exit code: at once if that is the same, else by SystemExit."""
    if (code is None or (type(code) is int and 0 <= code <= 255)) and _quiet() and _flushed():
        os._exit(code or 0)
    raise SystemExit(code)


def _quiet() -> bool:
    """Whether taking the interpreter down would do nothing that can be seen."""
    if _thread._count() or atexit._ncallbacks() or gc.callbacks or gc.get_debug() or _is_watched():
        return False
    if not all(map(_is_harmless, _imported())):
        return False
    things = gc.get_objects()
    if len(things) > MOST_OBJECTS or id(_mark) not in set(map(id, things)):  # gc.freeze() hides objects
        return False
    # There are many more objects than types: only those are looked at whose type asks for it.
    each = list(map(type, things))
    kinds = dict(zip(map(id, each), each))
    if any(_has_end(kind) for number, kind in kinds.items() if number not in FILES):
        return False
    asking = FILES | {number for number, kind in kinds.items() if issubclass(kind, (type, _Reference))}
    return not any(map(_acts, itertools.compress(things, map(asking.__contains__, map(id, each)))))


def _is_watched() -> bool:
    """Whether functions are called when others are, for which taking the interpreter down calls some."""
    monitoring = getattr(sys, "monitoring", None)  # since Python 3.12
    return bool(sys.gettrace() or sys.getprofile() or (monitoring and any(map(monitoring.get_tool, range(6)))))


def _imported() -> "list[str]":
    """The names of modules that were imported since settle(). They come last, and to look at all takes longer."""
    names: list[str] = []
    for name in reversed(sys.modules):
        if sys.modules[name] is _harmless.get(name, names):
            break
        names.append(name)
    return names


def _is_harmless(name: str) -> bool:
    return name in WITHOUT_END or name == "__main__" or str(getattr(sys.modules[name], "__file__", "")).endswith(".py")


def _has_end(kind: type) -> bool:
    """Whether instances of a class have a `__del__`, as files and generators do. No code of the class is asked."""
    try:
        type.__getattribute__(kind, "__del__")
    except AttributeError:
        return False
    return True


def _acts(thing: "Any") -> bool:
    """Whether a class has instances that do something at their end, which the garbage collector may not know of, a
    weak reference calls a function when what it refers to is destroyed, or a file is still to be written."""
    if issubclass(type(thing), type):
        return _has_end(thing)
    if id(type(thing)) in FILES:
        return not _is_written(thing)
    return type(_Reference.__callback__.__get__(thing)) not in (type(None), type(len))


def _is_written(file: "Any") -> bool:
    """Whether to destroy a file does not write to it, nor warn of it: it is closed, or was for reading only. And it is
    made of what open() makes files of, and of nothing that a program has taken apart or made."""
    try:
        part = file
        while type(part) is not io.FileIO:
            if id(type(part)) not in FILES or not vars(part).keys() <= OWN:
                return False
            part = part.buffer if type(part) is io.TextIOWrapper else part.raw
        if not vars(part).keys() <= OWN:
            return False
        return bool(file.closed or (not file.writable() and not _warns()))
    except Exception:  # one that was detached, or never begun
        return False


def _warns() -> bool:
    """Whether other warnings are shown than by default."""
    return getattr(sys.modules.get("warnings", _warnings), "filters", _warnings.filters) != _filters


def _flushed() -> bool:
    streams: list[Any] = [sys.stdout, sys.stderr]
    if streams[0] is not sys.__stdout__ or streams[1] is not sys.__stderr__:
        return False
    try:
        for stream in streams:
            stream.flush()
    except Exception:  # is told on stderr when the interpreter is taken down
        return False
    return True
