"""Runs a Python script in this interpreter, which is many times faster than starting another.

The script sees a fresh interpreter, and ends the process, as if started with `python SCRIPT`.
"""

import _imp
import builtins
import marshal
import os
import sys
from _frozen_importlib_external import SourceFileLoader

MYPY = False  # see clock.py
if MYPY or not __package__:
    import fast_exit
else:  # in the judge's own interpreter, see ../interpreter/
    from . import fast_exit

if MYPY:
    from types import CodeType, TracebackType
    from typing import Any

OWN = (
    "clock",
    "quiescence",
    "fast_exit",
    "foreign",
    "sleep_server",
    "leftovers",
    "memory",
    "program",
    "python_time",
    "script",
    "starter",
    "tools",
    "unbroken",
    "watch",
)
"""Our modules, hidden from a script, which may have its own of the same name."""

HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
known: "dict[tuple[str, bytes], CodeType | None]" = {}
"""(path, source) → code of scripts and modules that need not be compiled again."""


def begin() -> None:
    """From now on, import known modules without compiling them."""
    loader: Any = SourceFileLoader
    real = loader.source_to_code

    def source_to_code(self: "Any", data: "Any", path: "Any", **options: "Any") -> "Any":
        return known.get((path, data)) or real(self, data, path, **options)

    loader.source_to_code = source_to_code


def hand_on(directory: str, path: str) -> None:
    """Write the known code of a directory's files to a file, for take_over() in other interpreters."""
    codes = {key: code for key, code in known.items() if os.path.dirname(key[0]) == directory}
    if codes:
        with open(path, "wb") as file:
            marshal.dump(codes, file)


def take_over(path: str) -> None:
    """Read the code that hand_on() wrote, if any."""
    try:
        with open(path, "rb") as file:
            known.update(marshal.load(file))
    except (OSError, ValueError, EOFError, TypeError):
        return
    begin()


def run(path: str, arguments: "list[str]") -> None:
    """Run a script, and end as it does. `arguments`: its sys.argv."""
    try:
        _run(path, arguments)
    finally:
        _flush()


def _run(path: str, arguments: "list[str]") -> None:
    sys.argv = arguments
    namespace = _main_module(path)
    code: Any = 0
    interrupt: type[BaseException] | None = None
    try:
        exec(_compiled(path), namespace)
    except SystemExit as stop:
        code = stop.code
    except BaseException as error:
        code, interrupt = 1, _interrupt(type(error))
        report(error)
    # Keep no reference to the script's objects: destroying them closes the files that it left open.
    del namespace
    if interrupt:
        sys.excepthook = lambda *_: None
        raise interrupt
    fast_exit.leave(code)


class _Derived(KeyboardInterrupt):
    """Stands in for a program's own class, whose constructor may have effects."""


def _interrupt(kind: "type[BaseException]") -> "type[BaseException] | None":
    """The exception to raise so that Python ends as it does after one of this class: by SIGINT for KeyboardInterrupt
    and, since 3.14, for classes derived from it. None for other classes."""
    return KeyboardInterrupt if kind is KeyboardInterrupt else _Derived if issubclass(kind, KeyboardInterrupt) else None


def _flush() -> None:
    """Flush the streams, as Python does at the end of a script."""
    for name in ("stderr", "stdout"):
        try:
            getattr(sys, name).flush()
        except BaseException:
            pass


def _main_module(path: str) -> "dict[str, Any]":
    """Make `path` the main program, as `python PATH` would. Returns its namespace."""
    directory = os.path.dirname(path)
    if directory != os.getcwd():  # resolving links is slow
        directory = os.path.realpath(directory)
    sys.path[0] = directory
    for own in OWN:
        sys.modules.pop(own, None)
    sys.dont_write_bytecode = True
    _forget_shadowed(directory)
    main: Any = type(sys)("__main__")
    main.__file__, main.__builtins__, main.__cached__ = path, builtins, None
    if sys.version_info < (3, 14):  # later versions create it with the first annotation
        main.__annotations__ = {}
    sys.modules["__main__"] = main
    namespace: dict[str, Any] = main.__dict__
    return namespace


def _forget_shadowed(directory: str) -> None:
    """Let the job's own modules win over modules of the same names that were imported here before."""
    own = {name.partition(".")[0] for name in os.listdir(directory)}
    if any(name in sys.modules for name in own):  # isdisjoint() would touch all modules, and copy them in a fork
        for name in list(sys.modules):
            if name.partition(".")[0] in own:
                del sys.modules[name]


def compiled(source: bytes, path: str) -> "CodeType":
    """Compile a script that is not known yet. Raises SyntaxError and the like."""
    code: CodeType = compile(source, path, "exec", dont_inherit=True)
    return code


def _compiled(path: str) -> "CodeType":
    with open(path, "rb") as file:
        source = file.read()
    code = known.get((os.path.normpath(path), source))
    if not code:
        return compiled(source, path)
    imp: Any = _imp
    imp._fix_co_filename(code, path)  # as written in the command: dir/./script
    return code


def report(error: BaseException, own: str = HERE) -> None:
    """Print a traceback without the frames of our own files, those in the directory `own`."""
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        link = pending.pop()
        if link is not None and id(link) not in seen:
            seen.add(id(link))
            link.__traceback__ = without_own(link.__traceback__, own)
            pending += link.__cause__, link.__context__
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    since_3_12: Any = sys
    since_3_12.last_exc = error
    sys.excepthook(type(error), error, error.__traceback__)


def without_own(trace: "TracebackType | None", own: str) -> "TracebackType | None":
    """A traceback without the frames of our files, and of the imports that called them, as Python omits its own."""
    kept: list[TracebackType] = []
    while trace is not None:
        if not _file(trace).startswith(own):
            kept.append(trace)
        else:
            while kept and _file(kept[-1]).startswith("<frozen importlib."):
                kept.pop()
        trace = trace.tb_next
    for frame, following in zip(kept, [*kept[1:], None]):
        frame.tb_next = following
    return kept[0] if kept else None


def _file(trace: "TracebackType") -> str:
    return trace.tb_frame.f_code.co_filename
