"""Runs a Python program in this interpreter as `python PROGRAM` would run it, and ends as that would end.

It has a `__main__`, arguments, streams, an environment and modules of its own. What it changes is undone by undo.py.
"""

from __future__ import annotations

import _signal
import ast
import builtins
import contextvars
import gc
import importlib
import io
import linecache
import os
import signal
import sys
import threading
import traceback
import types
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
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
from pathlib import Path
from typing import Any

from ...rules.execution import Limits
from ..inside import python_time, script
from . import absent, descriptors, memory, steps, undo
from .outside import Hook, Outside
from .process import Ended, Process

MOST_SOURCE = 1 << 20
"""Bytes of a file that is looked at for what it imports."""
_REAL = dict(vars(python_time._time))
_ALWAYS = "datetime select signal socket threading queue subprocess platform random tempfile".split()
"""Modules in which virtual time and what can't be had are to be put: they are there before any program is."""
_NOT_BEFORE = {"this", "antigravity", "idlelib", "turtle", "turtledemo", "tkinter", "test", "__main__", "asyncio"}
_FRESH = ("logging",)
"""Modules that everybody changes: a program has its own."""
BY_INTERRUPT = -1
"""In place of an exit code: Python ends itself by SIGINT."""
_OWN = str(Path(__file__).resolve().parents[2]) + os.sep


@dataclass
class Program:
    """What is to be run, and how."""

    path: str
    arguments: list[str]
    directory: str
    environment: dict[str, str]
    stdin: str
    stdout: str
    stderr: str
    host: str
    scratch: str
    limits: Limits
    sources: tuple[bytes, ...] = ()
    """Its Python files, as far as they are known."""
    unbuffered: bool = False
    compiled: Callable[[bytes, str], types.CodeType] | None = None
    """What compiles its files, if they are not to be as they are written."""
    trace: steps.Trace | None = None
    hook: Hook | None = None
    prepare: Callable[[Process], None] = lambda process: None
    """Called when the interpreter is the program's, right before it begins."""
    made: set[str] = field(default_factory=set)
    """Filled with what it makes in /tmp."""


def run(program: Program, process: Process) -> None:
    """Run it to its end, which `process` knows then. Raises KeyboardInterrupt if the user interrupts it."""
    imports = _import_before(program)
    with undo.undone(imports), undo.streams(program.stdin, program.stdout, program.stderr):
        apart = _apart(program, process)
        contextvars.Context().run(next, apart)
        apart.close()
    if process.interrupted:
        raise KeyboardInterrupt


def _import_before(program: Program) -> set[str]:
    """Import the modules of the library that a program is going to import, before time is virtual."""
    own = {name.partition(".")[0] for name in os.listdir(program.directory)}
    wanted = set(_ALWAYS).union(*map(imported, program.sources))
    usual = sys.stdlib_module_names - _NOT_BEFORE - own - {*_FRESH}
    library = {name for name in wanted if name.partition(".")[0] in usual}
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


def _apart(program: Program, process: Process) -> Generator[None, None, None]:
    """Run it as a generator, which has the exceptions that are being handled for itself: an end that is raised in the
    middle of a handler leaves one behind."""
    _run(program, process)
    yield


def _run(program: Program, process: Process) -> None:
    process.own += 1
    foreign = descriptors.open_now()
    callbacks, too_much = _Callbacks(), memory.too_much(program.limits, program.directory)
    with ExitStack() as stack:
        stack.enter_context(_interruptible(process))
        _become(program, process, callbacks, foreign)
        program.prepare(process)
        watcher = steps.watcher()(process, program.limits, too_much, program.trace)
        stack.enter_context(memory.limited(program.limits))
        stack.enter_context(Outside(process, program.scratch, program.made, foreign, program.hook))
        try:
            watcher.start()
            process.own -= 1
            _finish(_end_of(program), callbacks, process)
        except BaseException:
            if process.exit is None:
                raise  # it is the executor's own
        finally:
            watcher.stop()
            process.own += 1
    _leave_nothing(program)


# -- becoming the program -------------------------------------------------------------


def _become(program: Program, process: Process, callbacks: _Callbacks, foreign: frozenset[int]) -> None:
    undo.set_environment(program.environment)
    os.chdir(program.directory)
    _open_streams(program.unbuffered)
    _install_time(process)
    signals = process.signals.functions()
    real = {name: vars(signal).get(name) for name in signals}
    direct = {n: f for n, f in signals.items() if getattr(real[n], "__module__", None) in (None, "_signal")}
    undo.replace({"_signal": signals, "signal": direct})
    undo.replace(absent.functions())
    ends = {
        "_exit": lambda status: process.end(code=status & 0xFF),
        "abort": lambda: process.end(signal=int(signal.SIGABRT)),
        "kill": process.signals.kill,
        "killpg": process.signals.kill,
        "getpid": lambda: process.pid,
        **descriptors.functions(foreign),
    }
    own = {name: _here(process, function, getattr(os, name)) for name, function in ends.items() if hasattr(os, name)}
    undo.replace({"os": own, "posix": own, "nt": own, "atexit": callbacks.functions()})
    undo.replace({"resource": {"setrlimit": lambda which, limits: None}})
    python_time.install_host(program.host)
    undo.replace({"platform": {"_uname_cache": None}, "tempfile": {"tempdir": None, "_name_sequence": None}})
    _make_builtins()
    _take_modules(program)


def _install_time(process: Process) -> None:
    python_time.clock = process.clock  # type: ignore[assignment]
    python_time._looks, real = 0, dict(vars(python_time._time))
    python_time._install_time()
    python_time._install_datetime(sys.modules["datetime"])
    python_time._install_select(sys.modules["select"])
    lock = _lock_class(process)
    undo.replace({"threading": {"_allocate_lock": lock, "Lock": lock, "_CRLock": None}})
    python_time._install_queue(sys.modules["queue"])
    virtual = vars(python_time._time)
    if threading.active_count() > 1:
        virtual.update(
            {name: _here(process, virtual[name], real[name]) for name in _CHANGED if virtual[name] is not real[name]}
        )
    undo.replace(
        {m: {n: virtual[which] for n, which in _bound(m, id(sys.modules[m]))} for m in _BINDING if m in sys.modules}
    )


_CHANGED = [name for name in vars(python_time._time) if callable(vars(python_time._time)[name])]
_BINDING = ("threading", "queue", "selectors", "sched", "timeit", "socketserver", "random", "tempfile", "uuid")
"""Modules that have a function of the module time under a name of their own."""


@lru_cache(64)
def _bound(module: str, _: int) -> list[tuple[str, str]]:
    """(name, name in the module time) of the functions of that module that this one has, when time is real."""
    names = {id(value): name for name, value in _REAL.items() if callable(value)}
    return [(name, names[id(value)]) for name, value in vars(sys.modules[module]).items() if id(value) in names]


def _here(process: Process, virtual: Callable, real: Callable) -> Callable:
    """A function for the program, and the real one for the interpreter's other threads."""

    def function(*arguments: Any, **options: Any) -> Any:
        return (virtual if process.is_here() else real)(*arguments, **options)

    return function


def _lock_class(process: Process) -> type:
    class Lock(python_time._Lock):
        """A lock that nobody else will ever release, unless a signal handler does."""

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
    def text(number: int, mode: str, errors: str, **options: Any) -> io.TextIOWrapper:
        binary: Any = open(number, mode, 0 if unbuffered and mode == "wb" else -1, closefd=False)
        raw = binary if isinstance(binary, io.RawIOBase) else binary.raw
        raw.name = f"<{('stdin', 'stdout', 'stderr')[number]}>"
        made = io.TextIOWrapper(binary, encoding="utf-8", errors=errors, newline="\n", **options)
        made.mode = mode[0]  # type: ignore[misc]
        return made

    sys.stdin = sys.__stdin__ = text(0, "rb", "surrogateescape")  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = text(1, "wb", "surrogateescape", write_through=unbuffered)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = text(2, "wb", "backslashreplace", line_buffering=True)  # type: ignore[misc]


def _make_builtins() -> None:
    """The functions that Python has there by itself, whatever a notebook makes of them."""
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


def _take_modules(program: Program) -> None:
    directory = os.path.dirname(program.path)
    here = {"", ".", os.getcwd(), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))}
    own = program.environment.get("PYTHONPATH", "").split(os.pathsep)
    library = [path for path in sys.path if path not in here and not path.startswith(program.scratch)]
    sys.path[:] = [directory, *filter(None, own), *library]
    sys.argv = list(program.arguments)
    sys.dont_write_bytecode = True
    if sys.platform == "emscripten":  # a browser ends the whole tab's Python where the stack does
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


def _path_hook(program: Program) -> Callable[[str], FileFinder]:
    """Has the modules of the sandbox found by a finder of their own, which compiles nothing twice."""

    class Loader(SourceFileLoader):
        def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> types.CodeType:  # type: ignore[override]
            return (program.compiled or _compiled)(bytes(data), str(path))

    loaders = ((ExtensionFileLoader, EXTENSION_SUFFIXES), (Loader, SOURCE_SUFFIXES))
    make = FileFinder.path_hook(*loaders, (SourcelessFileLoader, BYTECODE_SUFFIXES))

    def hook(path: str) -> FileFinder:
        if not path.startswith(program.scratch):
            raise ImportError("only of sandboxes", path=path)
        return make(path)

    return hook


@lru_cache(256)
def _compiled(source: bytes, path: str) -> types.CodeType:
    return compile(source, path, "exec", dont_inherit=True)


# -- running, and ending ---------------------------------------------------------------


@contextmanager
def _interruptible(process: Process) -> Iterator[None]:
    """Let the user end the program by Ctrl-C, whatever it does."""
    set_handler, before = _signal.signal, _signal.getsignal(signal.SIGINT)  # not what the program sees
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: types.FrameType | None) -> None:
        try:
            before(number, frame)
        except KeyboardInterrupt:
            process.interrupted = True
            if not process.own:
                process.end(signal=number)

    with suppress(ValueError):
        set_handler(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        with suppress(ValueError):
            set_handler(signal.SIGINT, before)


def _is_interrupt(kind: type[BaseException]) -> bool:
    """Whether Python ends itself by SIGINT for an exception of this class."""
    return kind is KeyboardInterrupt or (sys.version_info >= (3, 14) and issubclass(kind, KeyboardInterrupt))


def _end_of(program: Program) -> int:
    """Run the program; its exit code, or BY_INTERRUPT."""
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=program.path, __builtins__=builtins, __cached__=None, __loader__=None)
    if sys.version_info < (3, 14):
        main.__annotations__ = {}
    sys.modules["__main__"] = main
    try:
        with open(program.path, "rb") as file:
            source = file.read()
        exec((program.compiled or _compiled)(source, program.path), main.__dict__)
    except Ended:
        raise
    except SystemExit as stop:
        return _exit_code(stop.code)
    except BaseException as error:
        interrupt = _is_interrupt(type(error))
        _report(error)
        return BY_INTERRUPT if interrupt else 1
    return 0


def _exit_code(code: object) -> int:
    """What SystemExit with this code makes Python end with."""
    if code is None:
        return 0
    if isinstance(code, int):
        return (int(code) if -(1 << 63) <= code < 1 << 63 else -1) & 0xFF
    with suppress(Exception):
        sys.stdout.flush()
    with suppress(Exception):
        print(code, file=sys.stderr, flush=True)
    return 1


def _report(error: BaseException) -> None:
    """Print a traceback as if these files were not there, that run the program and make its time virtual."""
    pending, seen = [error], set()
    while pending:
        one = pending.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            one.__traceback__ = _without_own(one.__traceback__)
            pending += [one.__cause__, one.__context__]  # type: ignore[list-item]
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    sys.last_exc = error  # which Python has since 3.12
    sys.excepthook(type(error), error, error.__traceback__)


def _without_own(trace: types.TracebackType | None) -> types.TracebackType | None:
    """A traceback without the frames of this package, and of the import that called them."""
    kept: list[types.TracebackType] = []
    while trace is not None:
        if not _file(trace).startswith(_OWN):
            kept.append(trace)
        else:
            while kept and _file(kept[-1]).startswith("<frozen importlib."):
                kept.pop()
        trace = trace.tb_next
    for one, then in zip(kept, [*kept[1:], None]):
        one.tb_next = then
    return kept[0] if kept else None


def _file(trace: types.TracebackType) -> str:
    return trace.tb_frame.f_code.co_filename


class _Callbacks:
    """What a program has registered with atexit."""

    def __init__(self) -> None:
        self._registered: list[tuple[Callable, tuple, dict]] = []
        self.before = dict(sys.modules)

    def functions(self) -> dict[str, Callable]:
        """Those of the module atexit."""
        return {
            "register": self._register,
            "unregister": self._unregister,
            "_run_exitfuncs": self.run,
            "_clear": self._registered.clear,
            "_ncallbacks": lambda: len(self._registered),
        }

    def _register(self, function: Callable, /, *arguments: Any, **options: Any) -> Callable:
        if not callable(function):
            raise TypeError("the first argument must be callable")
        self._registered.append((function, arguments, options))
        return function

    def _unregister(self, function: Callable) -> None:
        self._registered[:] = [one for one in self._registered if one[0] != function]

    def run(self) -> None:
        while self._registered:
            function, arguments, options = self._registered.pop()
            try:
                function(*arguments, **options)
            except Ended:
                raise
            except BaseException as error:
                error.__traceback__ = _without_own(error.__traceback__)
                print(f"Exception ignored in atexit callback: {function!r}", file=sys.stderr)
                traceback.print_exception(error)


def _finish(code: int, callbacks: _Callbacks, process: Process) -> None:
    """What Python does when a program is over: it calls what was registered, and destroys all objects, so that files are
    written and `__del__` methods run."""
    process.must_live()
    _flush()
    callbacks.run()
    flushed = _flush()
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        vars(sys).pop(name, None)
    known = callbacks.before
    new = [module for name, module in sys.modules.items() if module is not known.get(name)]
    modules = [module for module in new if _is_of_program(module)]
    for module in modules:
        sys.modules.pop(getattr(module, "__name__", ""), None)
    for module in modules:
        _clear(vars(module))
    del modules, new
    gc.collect()
    _flush()
    process.must_live()
    if code == BY_INTERRUPT:
        process.finish(signal=int(signal.SIGINT))
    else:
        process.finish(code=code if flushed else 120)


def _is_of_program(module: object) -> bool:
    """Whether this module belongs to the program."""
    if not isinstance(module, types.ModuleType):
        return False
    return module.__name__ == "__main__" or str(getattr(module, "__file__", None) or "").startswith(os.getcwd())


def _clear(names: dict[str, Any]) -> None:
    """Destroy what a module has, in Python's own order: what begins with one underscore comes first."""
    for private in (True, False):
        for name in list(names):
            hidden = name.startswith("_") and not name.startswith("__")
            if hidden == private and name != "__builtins__":
                names[name] = None


def _flush() -> bool:
    """Write what is in the streams' buffers; whether that went well."""
    well = True
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except Ended:
            raise
        except BaseException:
            well = False
    return well


def _leave_nothing(program: Program) -> None:
    """Close what the program has left open. It writes what was in buffers nowhere: the picture is taken."""
    sys.stdin = sys.stdout = sys.stderr = None  # type: ignore[assignment]
    for file in undo.open_files():
        with suppress(Exception):
            if isinstance(file.name, str) and os.path.abspath(file.name).startswith(program.scratch):
                file.close()
            elif file.name in (0, 1, 2) or file.fileno() < 3:
                file.flush()
    undo.close_descriptors(program.scratch)
    for name in [name for name in linecache.cache if name.startswith(program.scratch)]:
        del linecache.cache[name]
    gc.collect()
