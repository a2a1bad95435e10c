"""Runs a Python script in an interpreter that is there already, which is many times faster than to start one.

The script finds itself alone in it, as `python SCRIPT` would have it, and ends as it would under that.
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
"""Modules that a script does not find, for its own may be called so."""

HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
known: "dict[tuple[str, bytes], CodeType | None]" = {}
"""(path, source) → code of scripts and modules that need not be compiled again."""


def begin() -> None:
    """Have modules that are known imported without compiling them."""
    loader: Any = SourceFileLoader
    really = loader.source_to_code

    def source_to_code(self: "Any", data: "Any", path: "Any", **options: "Any") -> "Any":
        return known.get((path, data)) or really(self, data, path, **options)

    loader.source_to_code = source_to_code


def hand_on(directory: str, path: str) -> None:
    """Write what is known of a directory into a file, for interpreters that take_over()."""
    found = {name: code for name, code in known.items() if os.path.dirname(name[0]) == directory}
    if found:
        with open(path, "wb") as file:
            marshal.dump(found, file)


def take_over(path: str) -> None:
    """Know what was handed on, if anything was."""
    try:
        with open(path, "rb") as file:
            known.update(marshal.load(file))
    except (OSError, ValueError, EOFError, TypeError):
        return
    begin()


def run(path: str, arguments: "list[str]") -> None:
    """Run a script with these arguments, of which the first is its own name, and end as it does."""
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
        _report(error)
    # No name here may stand for the script's own things: what it left open is closed when they are destroyed.
    del namespace
    if interrupt:
        sys.excepthook = lambda *_: None
        raise interrupt
    fast_exit.leave(code)


class _Derived(KeyboardInterrupt):
    """In place of a class of the program's own, which may do something when it is made."""


def _interrupt(kind: "type[BaseException]") -> "type[BaseException] | None":
    """What to raise for Python to die of SIGINT in the end, if it does so for this class: it does for KeyboardInterrupt
    and, since 3.14, for those derived from it."""
    return KeyboardInterrupt if kind is KeyboardInterrupt else _Derived if issubclass(kind, KeyboardInterrupt) else None


def _flush() -> None:
    """What Python does when a script is over, before it ends itself."""
    for name in ("stderr", "stdout"):
        try:
            getattr(sys, name).flush()
        except BaseException:
            pass


def _main_module(path: str) -> "dict[str, Any]":
    """Make `path` the main program, as `python PATH` would; the namespace that it runs in."""
    directory = os.path.dirname(path)
    if directory != os.getcwd():  # to see what it is really called takes long
        directory = os.path.realpath(directory)
    sys.path[0] = directory
    for own in OWN:
        sys.modules.pop(own, None)
    sys.dont_write_bytecode = True
    _forget_shadowed(directory)
    main: Any = type(sys)("__main__")
    main.__file__, main.__builtins__, main.__cached__ = path, builtins, None
    if sys.version_info < (3, 14):  # later ones make it when there is something to annotate
        main.__annotations__ = {}
    sys.modules["__main__"] = main
    namespace: dict[str, Any] = main.__dict__
    return namespace


def _forget_shadowed(directory: str) -> None:
    """A module of the job's own must win over one of the same name imported here before."""
    own = {name.partition(".")[0] for name in os.listdir(directory)}
    if any(name in sys.modules for name in own):  # isdisjoint() would look at all modules, and so copy them in a fork
        for name in list(sys.modules):
            if name.partition(".")[0] in own:
                del sys.modules[name]


def compiled(source: bytes, path: str) -> "CodeType":
    """The code of a script that is not known yet. Raises SyntaxError and the like."""
    code: CodeType = compile(source, path, "exec", dont_inherit=True)
    return code


def _compiled(path: str) -> "CodeType":
    with open(path, "rb") as file:
        source = file.read()
    code = known.get((os.path.normpath(path), source))
    if not code:
        return compiled(source, path)
    imp: Any = _imp
    imp._fix_co_filename(code, path)  # as told by the command: dir/./script
    return code


def _report(error: BaseException) -> None:
    """Print a traceback as if these files were not there, that run the script and make its time virtual."""
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            one.__traceback__ = _without_own(one.__traceback__)
            pending += one.__cause__, one.__context__
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    since_3_12: Any = sys
    since_3_12.last_exc = error
    sys.excepthook(type(error), error, error.__traceback__)


def _without_own(trace: "TracebackType | None") -> "TracebackType | None":
    """A traceback without the frames of these files, and of the import that called them: Python leaves out its own."""
    kept: list[TracebackType] = []
    while trace is not None:
        if not _file(trace).startswith(HERE):
            kept.append(trace)
        else:
            while kept and _file(kept[-1]).startswith("<frozen importlib."):
                kept.pop()
        trace = trace.tb_next
    for one, then in zip(kept, [*kept[1:], None]):
        one.tb_next = then
    return kept[0] if kept else None


def _file(trace: "TracebackType") -> str:
    return trace.tb_frame.f_code.co_filename
