"""Ends a process as Python does, but skips the interpreter's shutdown where that has no visible effect.

At its end Python calls registered functions, joins threads, and destroys all objects: files are closed, and so written,
and `__del__` methods run. That takes longer than most executions. A process without any object that acts when it is
destroyed can end at once.
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
"""Modules written in C whose objects do nothing when they are destroyed, except for those with a `__del__`."""
_Reference: "Any" = ref
FILES = frozenset(map(id, (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom, io.BufferedReader, io.FileIO)))
"""The ids of the classes of files that open() returns. (Comparing these classes with a program's own may run its
code.)"""
OWN = {"mode", "name", "__IOBase_closed"}
"""Their usual attributes. A program may add others, such as a close() that is called at the end."""
MOST_OBJECTS = 100_000
"""Examining more objects takes as long as destroying them."""
_harmless: "dict[str, object]" = {}
_mark: "list[object] | None" = None
_filters = list(_warnings.filters)
"""The filters that choose which warnings are shown. By default, none is shown for a file that is left open."""


def settle() -> None:
    """Before forking: exclude all present objects from the examination. Destroying them has no visible effect, except
    for stdin, stdout and stderr. Drop the exit functions registered so far, which forks must not call."""
    atexit._clear()
    _harmless.update((name, module) for name, module in sys.modules.items() if _is_harmless(name))
    gc.collect()
    gc.freeze()


def begin() -> None:
    """In a fork: the same for objects added since."""
    global _mark
    gc.freeze()
    _mark = []  # if the program calls gc.freeze(), that hides this object together with the program's own


def leave(code: "Any") -> "NoReturn":
    """End this process with this exit code: at once if that makes no difference, otherwise by SystemExit."""
    if (code is None or (type(code) is int and 0 <= code <= 255)) and _quiet() and _flushed():
        os._exit(code or 0)
    raise SystemExit(code)


def _quiet() -> bool:
    """Whether the interpreter's shutdown would have no visible effect."""
    if _thread._count() or atexit._ncallbacks() or gc.callbacks or gc.get_debug() or _is_watched():
        return False
    if not all(map(_is_harmless, _imported())):
        return False
    objects = gc.get_objects()
    if len(objects) > MOST_OBJECTS or id(_mark) not in set(map(id, objects)):  # gc.freeze() hides objects
        return False
    # There are many more objects than types: examine only objects whose type requires it.
    types = list(map(type, objects))
    kinds = dict(zip(map(id, types), types))
    if any(_has_end(kind) for number, kind in kinds.items() if number not in FILES):
        return False
    suspects = FILES | {number for number, kind in kinds.items() if issubclass(kind, (type, _Reference))}
    return not any(map(_acts, itertools.compress(objects, map(suspects.__contains__, map(id, types)))))


def _is_watched() -> bool:
    """Whether a tracer or profiler is active, which would see the functions that the shutdown calls."""
    monitoring = getattr(sys, "monitoring", None)  # since Python 3.12
    return bool(sys.gettrace() or sys.getprofile() or (monitoring and any(map(monitoring.get_tool, range(6)))))


def _imported() -> "list[str]":
    """The names of modules imported since settle(). They are last in sys.modules; checking all would take longer."""
    names: list[str] = []
    for name in reversed(sys.modules):
        if sys.modules[name] is _harmless.get(name, names):
            break
        names.append(name)
    return names


def _is_harmless(name: str) -> bool:
    return name in WITHOUT_END or name == "__main__" or str(getattr(sys.modules[name], "__file__", "")).endswith(".py")


def _has_end(kind: type) -> bool:
    """Whether instances of a class have a `__del__`, as files and generators do. Runs no code of the class."""
    try:
        type.__getattribute__(kind, "__del__")
    except AttributeError:
        return False
    return True


def _acts(thing: "Any") -> bool:
    """Whether destroying an object may have a visible effect: a class whose instances have a `__del__` (the garbage
    collector may not know them), a weak reference with a callback, or a file that is not fully written."""
    if issubclass(type(thing), type):
        return _has_end(thing)
    if id(type(thing)) in FILES:
        return not _is_written(thing)
    return type(_Reference.__callback__.__get__(thing)) not in (type(None), type(len))


def _is_written(file: "Any") -> bool:
    """Whether destroying a file neither writes to it nor warns: it is closed or read-only, and it consists of the
    objects that open() creates, unchanged by the program."""
    try:
        part = file
        while type(part) is not io.FileIO:
            if id(type(part)) not in FILES or not vars(part).keys() <= OWN:
                return False
            part = part.buffer if type(part) is io.TextIOWrapper else part.raw
        if not vars(part).keys() <= OWN:
            return False
        return bool(file.closed or (not file.writable() and not _warns()))
    except Exception:  # detached, or never initialized
        return False


def _warns() -> bool:
    """Whether the program has changed which warnings are shown."""
    return getattr(sys.modules.get("warnings", _warnings), "filters", _warnings.filters) != _filters


def _flushed() -> bool:
    streams: list[Any] = [sys.stdout, sys.stderr]
    if streams[0] is not sys.__stdout__ or streams[1] is not sys.__stderr__:
        return False
    try:
        for stream in streams:
            stream.flush()
    except Exception:  # the interpreter's shutdown reports it on stderr
        return False
    return True
