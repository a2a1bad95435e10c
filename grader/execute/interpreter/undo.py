"""Restores the interpreter after an execution, for the next program and for the notebook.

It restores what programs change without harmful intent: the modules' names, the environment, the directory, the
streams, the settings of sys, gc, warnings and random. It does not examine the contents of shared objects.
"""

from __future__ import annotations

import _io
import contextlib
import gc
import importlib.util
import os
import random
import sys
import time
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

SHARED = (
    "builtins sys os posix nt posixpath ntpath time io _io signal _signal _thread threading queue select selectors "
    "datetime random sched timeit socketserver uuid warnings socket _socket platform tempfile logging atexit gc subprocess _posixsubprocess _winapi "
    "json pickle shutil pathlib math resource faulthandler locale decimal"
).split()
"""Modules whose names are restored, besides those that the program imports itself."""
_dup2, _close = os.dup2, os.close
"""The real functions, which are replaced for the program."""
QUIET = [
    ("default", None, DeprecationWarning, "__main__", 0),
    *(("ignore", None, kind, None, 0) for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning)),
    ("ignore", None, ResourceWarning, None, 0),
]
"""Python's default warning filters."""


@contextmanager
def undone(imports: Iterable[str]) -> Iterator[None]:
    """Undo what a program changes within the block. `imports`: modules that the program will import."""
    with ExitStack() as stack:
        for keep in (_recursion, _environment, _directory, _random_numbers, _garbage, _event_loop, _warnings):
            stack.enter_context(keep())
        stack.enter_context(_modules({*SHARED, *imports}))  # last, so that their functions are restored first
        yield


@contextmanager
def streams(stdin: str, stdout: str, stderr: str) -> Iterator[None]:
    """Within the block, the file descriptors 0 to 2 are these files. Output is appended."""
    writing = os.O_RDWR | os.O_CREAT | os.O_APPEND
    kept = [os.dup(number) for number in range(3)]
    try:
        for number, path, flags in ((0, stdin, os.O_RDONLY), (1, stdout, writing), (2, stderr, writing)):
            file = os.open(path, flags, 0o644)
            os.dup2(file, number)
            os.close(file)
        yield
    finally:
        for number, copy in enumerate(kept):
            _dup2(copy, number)
            _close(copy)


def replace(functions: Mapping[str, Mapping[str, object]]) -> None:
    """Set names in modules, if they are imported: module → name → value."""
    for module, names in functions.items():
        if module in sys.modules:
            vars(sys.modules[module]).update(names)


@contextmanager
def _modules(names: set[str]) -> Iterator[None]:
    contents = [(vars(sys.modules[name]), dict(vars(sys.modules[name]))) for name in names if name in sys.modules]
    dicts = [(names, dict(names)) for names in (sys.modules, sys.path_importer_cache)]
    lists = [(items, list(items)) for items in (sys.path, sys.meta_path, sys.path_hooks, sys.warnoptions)]
    trace, profile = sys.gettrace(), sys.getprofile()
    try:
        yield
    finally:
        if sys.gettrace() is not trace:
            sys.settrace(trace)
        if sys.getprofile() is not profile:
            sys.setprofile(profile)
        for current, before in contents + dicts:  # other threads use these, so nothing may be missing even for a moment
            current.update(before)
            if len(current) != len(before):
                for name in [name for name in current if name not in before]:
                    del current[name]
        for items, original in lists:
            items[:] = original


@contextmanager
def _environment() -> Iterator[None]:
    before = dict(os.environ)
    try:
        yield
    finally:
        set_environment(before)


def set_environment(variables: Mapping[str, str]) -> None:
    """Replace the environment by these variables."""
    before = dict(os.environ)
    for name in before.keys() - variables.keys():
        del os.environ[name]
    for name, value in variables.items():
        if before.get(name) != value:
            os.environ[name] = value
    if before.get("TZ") != variables.get("TZ") and hasattr(time, "tzset"):
        time.tzset()


@contextmanager
def _directory() -> Iterator[None]:
    before, mask = os.getcwd(), os.umask(0o022)
    os.umask(mask)
    try:
        yield
    finally:
        os.chdir(before)
        os.umask(mask)


@contextmanager
def _recursion() -> Iterator[None]:
    """Within the block, a program may recurse as deeply as if our own frames were not on the stack."""
    before, depth = sys.getrecursionlimit(), 0
    frame: types.FrameType | None = sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    if sys.platform != "emscripten":  # there the stack can't hold more
        sys.setrecursionlimit(before + depth)
    interval = sys.getswitchinterval()
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
        sys.setswitchinterval(interval)


@contextmanager
def _random_numbers() -> Iterator[None]:
    """Within the block, random numbers differ each time, as in a fresh Python."""
    state = random.getstate()
    random.seed()
    try:
        yield
    finally:
        random.setstate(state)


@contextmanager
def _garbage() -> Iterator[None]:
    """Within the block, the garbage collector ignores all objects that existed before."""
    enabled, thresholds, debug, callbacks = gc.isenabled(), gc.get_threshold(), gc.get_debug(), list(gc.callbacks)
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        gc.set_debug(debug)
        gc.callbacks[:] = callbacks
        (gc.enable if enabled else gc.disable)()


@contextmanager
def _event_loop() -> Iterator[None]:
    """Within the block, the notebook's running event loop is hidden."""
    events = sys.modules.get("asyncio.events")
    running = events._get_running_loop() if events else None
    if events:
        events._set_running_loop(None)
    try:
        yield
    finally:
        if events:
            events._set_running_loop(running)


@contextmanager
def _warnings() -> Iterator[None]:
    """Within the block, warnings are shown as in a fresh Python, on stderr."""
    filters, show = list(warnings.filters), _shows_warnings()
    names = {name: getattr(warnings, name) for name in show}
    vars(warnings).update(show)
    _filter(QUIET)
    try:
        yield
    finally:
        vars(warnings).update(names)
        _filter(filters)


def _filter(rules: list[Any]) -> None:
    filters: Any = warnings.filters
    filters[:] = rules
    changed = getattr(warnings, "_filters_mutated", None) or getattr(warnings, "_filters_mutated_lock_held", None)
    with suppress(Exception):
        if changed:
            changed()


_shown: dict[str, Callable[..., Any]] = {}


def _shows_warnings() -> dict[str, Callable[..., Any]]:
    """Python's own functions for showing a warning, even if another package has replaced them here."""
    if not _shown:
        fresh = _fresh("_py_warnings") or _fresh("warnings")
        names = ("showwarning", "_showwarnmsg", "_showwarnmsg_impl", "formatwarning", "_showwarning_orig")
        _shown.update({name: vars(fresh)[name] for name in names if name in vars(fresh)} if fresh else {})
    return _shown


def _fresh(name: str) -> types.ModuleType | None:
    """A freshly imported copy of a module."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if hasattr(module, "_set_module"):  # since Python 3.14 the copy must refer to the real module
        module._set_module(warnings)
    return module


def open_files() -> list[Any]:
    """The files that are still open, the outermost objects first."""
    files = [thing for thing in gc.get_objects() if issubclass(type(thing), _io._IOBase)]
    files.sort(key=lambda file: not issubclass(type(file), _io._TextIOBase))
    return files


def close_descriptors(directory: str) -> None:
    """Close the file descriptors of files below a directory."""
    with suppress(OSError):
        for name in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError, ValueError):
                if int(name) > 2 and os.readlink(f"/proc/self/fd/{name}").startswith(directory):
                    os.close(int(name))
