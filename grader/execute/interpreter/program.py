"""Runs a Python program in this interpreter as `python PROGRAM` would run it, and ends as that would end.

What the program finds is in surroundings.py, how Python ends in finish.py; what it changes is undone by undo.py.
"""

from __future__ import annotations

import _signal
import builtins
import contextvars
import signal
import sys
import threading
import types
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

from ...rules.execution import Limits
from . import descriptors, finish, memory, steps, surroundings, undo
from .outside import Hook, OutsideMonitor
from .process import Process, ProgramEnded


@dataclass
class ProgramSpec:
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


def run(program: ProgramSpec, process: Process) -> None:
    """Run it to its end, which `process` knows then. Raises KeyboardInterrupt if the user interrupts it."""
    imports = surroundings.import_before(program)
    with undo.undone(imports), undo.streams(program.stdin, program.stdout, program.stderr):
        apart = _apart(program, process)
        contextvars.Context().run(next, apart)
        apart.close()
    if process.interrupted:
        raise KeyboardInterrupt


def _apart(program: ProgramSpec, process: Process) -> Generator[None, None, None]:
    """Run it as a generator, which has the exceptions that are being handled for itself: an end that is raised in the
    middle of a handler leaves one behind."""
    _run(program, process)
    yield


def _run(program: ProgramSpec, process: Process) -> None:
    process.own += 1
    foreign = descriptors.open_now()
    callbacks, too_much = finish.Callbacks(), memory.too_much(program.limits, program.directory)
    with ExitStack() as stack:
        stack.enter_context(_interruptible(process))
        surroundings.make(program, process, callbacks, foreign)
        program.prepare(process)
        watcher = steps.watcher()(process, program.limits, too_much, program.trace)
        stack.enter_context(memory.limited(program.limits))
        stack.enter_context(OutsideMonitor(process, program.scratch, program.made, foreign, program.hook))
        try:
            watcher.start()
            process.own -= 1
            finish.finish(_end_of(program), callbacks, process)
        except BaseException:
            if process.exit is None:
                raise  # it is the executor's own
        finally:
            watcher.stop()
            process.own += 1
    finish.leave_nothing(program.scratch)


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


def _end_of(program: ProgramSpec) -> int:
    """Run the program; its exit code, or finish.BY_INTERRUPT."""
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=program.path, __builtins__=builtins, __cached__=None, __loader__=None)
    if sys.version_info < (3, 14):
        main.__annotations__ = {}
    sys.modules["__main__"] = main
    try:
        with open(program.path, "rb") as file:
            source = file.read()
        exec((program.compiled or surroundings.compiled)(source, program.path), main.__dict__)
    except ProgramEnded:
        raise
    except SystemExit as stop:
        return finish.exit_code(stop.code)
    except BaseException as error:
        interrupt = _is_interrupt(type(error))
        finish.report(error)
        return finish.BY_INTERRUPT if interrupt else 1
    return 0
