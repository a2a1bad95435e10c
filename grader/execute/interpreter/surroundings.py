"""Prepares this interpreter for a program: streams, time, signals, modules and functions as `python PROGRAM` has them,
and functions that fail in place of those that can't work here."""

from __future__ import annotations

import ast
import builtins
import importlib
import io
import os
import signal
import sys
import threading
import time
import types
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from typing import TYPE_CHECKING, Any

from . import absent, descriptors, undo
from .finish import Callbacks
from .process import Process
from .specification import ProgramSpec

if TYPE_CHECKING:
    import python_time
    import script
else:
    from ..inside import python_time, script

MOST_SOURCE = 1 << 20
"""The largest file to search for imports."""
_REAL = dict(vars(time))
"""The real contents of the module time."""
_ALWAYS = "datetime select signal socket threading queue subprocess platform random tempfile".split()
"""Modules whose functions are replaced: imported before any program."""
_BINDING = ("threading", "queue", "selectors", "sched", "timeit", "socketserver", "random", "tempfile", "uuid")
"""Modules that have copied functions of the module time under their own names."""
_NOT_BEFORE = {"this", "antigravity", "idlelib", "turtle", "turtledemo", "tkinter", "test", "__main__", "asyncio"}
"""Modules whose import has unwanted effects."""
_FRESH = ("logging",)
"""Modules that programs often configure: each program imports its own copy."""


def import_before(program: ProgramSpec) -> set[str]:
    """Import the standard modules that a program will import, before time is virtual. Returns their names."""
    own = {name.partition(".")[0] for name in os.listdir(program.directory)}
    needed = set(_ALWAYS).union(*map(imported, program.sources))
    usual = sys.stdlib_module_names - _NOT_BEFORE - own - {*_FRESH}
    library = {name for name in needed if name.partition(".")[0] in usual}
    for name in library:
        if name not in sys.modules:
            with suppress(Exception):
                importlib.import_module(name)
    return library


@lru_cache(256)
def imported(source: bytes) -> frozenset[str]:
    """The modules that a Python file imports."""
    try:
        nodes = list(ast.walk(ast.parse(source))) if len(source) < MOST_SOURCE else []
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        nodes = []
    plain = (alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names)
    return frozenset(plain) | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


def make(program: ProgramSpec, process: Process, callbacks: Callbacks, foreign: frozenset[int]) -> None:
    undo.set_environment(program.environment)
    os.chdir(program.directory)
    _open_streams(program.unbuffered)
    _install_time(process)
    signals = process.signals.functions()
    real = {name: vars(signal).get(name) for name in signals}
    direct = {n: f for n, f in signals.items() if getattr(real[n], "__module__", None) in (None, "_signal")}
    _put(process, {"_signal": signals, "signal": direct})
    _put(process, absent.functions())
    ends = {
        "_exit": lambda status: process.end(code=status & 0xFF),
        "abort": lambda: process.end(signal=int(signal.SIGABRT)),
        "kill": process.signals.kill,
        "killpg": process.signals.kill,
        "getpid": lambda: process.pid,
        **descriptors.functions(foreign),
    }
    own = {name: function for name, function in ends.items() if hasattr(os, name)}
    _put(process, {"os": own, "posix": own, "nt": own, "atexit": callbacks.functions()})
    _put(process, {"resource": {"setrlimit": lambda which, limits: None}})
    python_time.install_host(program.host)
    undo.replace({"platform": {"_uname_cache": None}, "tempfile": {"tempdir": None, "_name_sequence": None}})
    _make_builtins()
    _take_modules(program)


def _install_time(process: Process) -> None:
    vars(python_time)["clock"] = process.clock
    python_time._looks, real = 0, dict(vars(time))
    python_time._install_time()
    python_time._install_datetime(sys.modules["datetime"])
    python_time._install_select(sys.modules["select"])
    lock = _lock_class(process)
    undo.replace({"threading": {"_allocate_lock": lock, "Lock": lock, "_CRLock": None}})
    python_time._install_queue(sys.modules["queue"])
    virtual = dict(vars(time))
    vars(time).update(real)
    _put(process, {"time": {name: value for name, value in virtual.items() if value is not real.get(name)}})
    virtual = vars(time)
    undo.replace(
        {m: {n: virtual[which] for n, which in _bound(m, id(sys.modules[m]))} for m in _BINDING if m in sys.modules}
    )


@lru_cache(64)
def _bound(module: str, _: int) -> list[tuple[str, str]]:
    """(name, name in the module time) of each function that this module has copied from there, while time is real."""
    names = {id(value): name for name, value in _REAL.items() if callable(value)}
    return [(name, names[id(value)]) for name, value in vars(sys.modules[module]).items() if id(value) in names]


def _put(process: Process, functions: Mapping[str, Mapping[str, Any]]) -> None:
    """Replace functions in modules: module → name → function. The interpreter's other threads, if any, still get the
    original functions."""
    if threading.active_count() > 1:
        functions = {
            module: {
                name: _here(process, value, vars(sys.modules[module])[name])
                if callable(value) and name in vars(sys.modules[module])
                else value
                for name, value in names.items()
            }
            for module, names in functions.items()
            if module in sys.modules
        }
    undo.replace(functions)


def _here(process: Process, virtual: Callable[..., Any], real: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is virtual for the program and real for the interpreter's other threads."""

    def function(*arguments: Any, **options: Any) -> Any:
        return (virtual if process.is_here() else real)(*arguments, **options)

    return function


def _lock_class(process: Process) -> type:
    class Lock(python_time._Lock):
        """A lock that only a signal handler can release, as there are no other threads."""

        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
            if not process.is_here():
                return self._lock.acquire(blocking, timeout)
            process.must_live()
            if self._lock.acquire(False):
                return True
            if not blocking or timeout == 0:
                return False
            process.clock.advance(timeout if timeout > 0 else float("inf"))
            return self._lock.acquire(False)

    return Lock


def _open_streams(unbuffered: bool) -> None:
    def text(number: int, mode: str, errors: str, **options: Any) -> Any:
        binary: Any = open(number, mode, 0 if unbuffered and mode == "wb" else -1, closefd=False)
        raw: Any = binary if isinstance(binary, io.RawIOBase) else binary.raw
        raw.name = f"<{('stdin', 'stdout', 'stderr')[number]}>"
        stream: Any = io.TextIOWrapper(binary, encoding="utf-8", errors=errors, newline="\n", **options)
        stream.mode = mode[0]
        return stream

    sys.stdin = text(0, "rb", "surrogateescape")
    sys.stdout = text(1, "wb", "surrogateescape", write_through=unbuffered)
    sys.stderr = text(2, "wb", "backslashreplace", line_buffering=True)
    vars(sys).update(__stdin__=sys.stdin, __stdout__=sys.stdout, __stderr__=sys.stderr)


def _make_builtins() -> None:
    """Restore Python's own builtins, some of which a notebook replaces."""
    import _sitebuiltins

    for name in ("get_ipython", "display", "__IPYTHON__", "_"):
        vars(builtins).pop(name, None)
    end = "Ctrl-D (i.e. EOF)"
    vars(builtins).update(exit=_sitebuiltins.Quitter("exit", end), quit=_sitebuiltins.Quitter("quit", end))
    if not isinstance(builtins.input, types.BuiltinFunctionType):
        builtins.input = _input


def _input(prompt: object = "", /) -> str:
    sys.stdout.write(str(prompt))
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError("EOF when reading a line")
    return line.removesuffix("\n")


def _take_modules(program: ProgramSpec) -> None:
    directory = os.path.dirname(program.path)
    here = {"", ".", os.getcwd(), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))}
    own = program.environment.get("PYTHONPATH", "").split(os.pathsep)
    library = [path for path in sys.path if path not in here and not path.startswith(program.scratch)]
    sys.path[:] = [directory, *filter(None, own), *library]
    sys.argv = list(program.arguments)
    sys.dont_write_bytecode = True
    if sys.platform == "emscripten":  # exceeding the stack ends all of Python in the tab
        set_limit, most = sys.setrecursionlimit, sys.getrecursionlimit()
        sys.setrecursionlimit = lambda limit, /: set_limit(min(limit, most))
    sys.excepthook, sys.displayhook, sys.unraisablehook = (
        sys.__excepthook__,
        sys.__displayhook__,
        sys.__unraisablehook__,
    )
    for name in ("last_type", "last_value", "last_traceback", "last_exc", "ps1", "ps2"):
        vars(sys).pop(name, None)
    sys.path_hooks.insert(0, _path_hook(program))
    script._forget_shadowed(directory)
    for name in [name for name in sys.modules if name.startswith(_FRESH)]:
        del sys.modules[name]


def _path_hook(program: ProgramSpec) -> Callable[[str], Any]:
    """A path hook for modules in the sandbox, which compiles nothing twice."""

    class Loader(SourceFileLoader):
        pass

    def source_to_code(self: Loader, data: bytes, path: str, **options: Any) -> types.CodeType:
        return (program.compiled or compiled)(bytes(data), str(path))

    loader_class: Any = Loader
    loader_class.source_to_code = source_to_code

    loaders = ((ExtensionFileLoader, EXTENSION_SUFFIXES), (Loader, SOURCE_SUFFIXES))
    make = FileFinder.path_hook(*loaders, (SourcelessFileLoader, BYTECODE_SUFFIXES))

    def hook(path: str) -> Any:
        if not path.startswith(program.scratch):
            raise ImportError("only for sandboxes", path=path)
        return make(path)

    return hook


@lru_cache(256)
def compiled(source: bytes, path: str) -> types.CodeType:
    return compile(source, path, "exec", dont_inherit=True)
