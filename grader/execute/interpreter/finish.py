"""How Python ends a program: what it prints for an exception, and what it does at shutdown."""

from __future__ import annotations

import gc
import linecache
import os
import signal
import sys
import traceback
import types
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import undo
from .process import Process, ProgramEnded

if TYPE_CHECKING:  # see ../executor.py
    import script
else:
    from ..inside import script

BY_INTERRUPT = -1
"""Stands for an exit code if Python ends itself by SIGINT."""
_OWN = str(Path(__file__).resolve().parents[2]) + os.sep


def exit_code(code: object) -> int:
    """The exit code of a process that ends by SystemExit(code). Prints `code` on stderr if it is not a number."""
    if code is None:
        return 0
    if isinstance(code, int):
        return (int(code) if -(1 << 63) <= code < 1 << 63 else -1) & 0xFF
    with suppress(Exception):
        sys.stdout.flush()
    with suppress(Exception):
        print(code, file=sys.stderr, flush=True)
    return 1


def report(error: BaseException) -> None:
    """Print a traceback without the frames of this package."""
    script.report(error, _OWN)


class Callbacks:
    """The functions that a program registers with atexit."""

    def __init__(self) -> None:
        self._registered: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []
        self.before = dict(sys.modules)

    def functions(self) -> dict[str, Callable[..., Any]]:
        """The replacements for the module atexit."""
        return {
            "register": self._register,
            "unregister": self._unregister,
            "_run_exitfuncs": self.run,
            "_clear": self._registered.clear,
            "_ncallbacks": lambda: len(self._registered),
        }

    def _register(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Callable[..., Any]:
        if not callable(function):
            raise TypeError("the first argument must be callable")
        self._registered.append((function, arguments, options))
        return function

    def _unregister(self, function: Callable[..., Any]) -> None:
        self._registered[:] = [callback for callback in self._registered if callback[0] != function]

    def run(self) -> None:
        while self._registered:
            function, arguments, options = self._registered.pop()
            try:
                function(*arguments, **options)
            except ProgramEnded:
                raise
            except BaseException as error:
                error.__traceback__ = script.without_own(error.__traceback__, _OWN)
                print(f"Exception ignored in atexit callback: {function!r}", file=sys.stderr)
                traceback.print_exception(error)


def finish(code: int, callbacks: Callbacks, process: Process) -> None:
    """Do what Python does at the end of a program: call registered functions, and destroy all objects, so that files
    are written and `__del__` methods run."""
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
    """Destroy a module's objects in Python's order: names that begin with a single underscore come first."""
    for private in (True, False):
        for name in list(names):
            hidden = name.startswith("_") and not name.startswith("__")
            if hidden == private and name != "__builtins__":
                names[name] = None


def _flush() -> bool:
    """Flush the streams. Returns whether that succeeded."""
    succeeded = True
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except ProgramEnded:
            raise
        except BaseException:
            succeeded = False
    return succeeded


def leave_nothing(scratch: str) -> None:
    """Close what the program left open. What is still in buffers has no effect, as the sandbox has been read
    already."""
    sys.stdin = sys.stdout = sys.stderr = None
    for file in undo.open_files():
        with suppress(Exception):
            if isinstance(file.name, str) and os.path.abspath(file.name).startswith(scratch):
                file.close()
            elif file.name in (0, 1, 2) or file.fileno() < 3:
                file.flush()
    undo.close_descriptors(scratch)
    for name in [name for name in linecache.cache if name.startswith(scratch)]:
        del linecache.cache[name]
    gc.collect()
