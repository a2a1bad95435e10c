"""Runs a Python program in this interpreter as `python PROGRAM` would.

surroundings.py prepares the interpreter, finish.py ends the program, and undo.py undoes its changes.
"""

from __future__ import annotations

import _signal
import builtins
import contextvars
import signal
import sys
import threading
import types
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress

from . import descriptors, finish, memory, steps, surroundings, undo
from .outside import OutsideMonitor
from .process import Process, ProgramEnded
from .specification import ProgramSpec


def run(program: ProgramSpec, process: Process) -> None:
    """Run a program to its end, and record the end in `process`. Raises KeyboardInterrupt if the user interrupts it."""
    imports = surroundings.import_before(program)
    with undo.undone(imports), undo.streams(program.stdin, program.stdout, program.stderr):
        generator = _as_generator(program, process)
        contextvars.Context().run(next, generator)
        generator.close()
    if process.interrupted:
        raise KeyboardInterrupt


def _as_generator(program: ProgramSpec, process: Process) -> Generator[None, None, None]:
    """Run the program in a generator, which has its own stack of exceptions being handled: ending the program within an
    `except` block would leave an exception on ours."""
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
                raise  # an error of the executor itself
        finally:
            watcher.stop()
            process.own += 1
    finish.leave_nothing(program.scratch)


@contextmanager
def _interruptible(process: Process) -> Iterator[None]:
    """Within the block, the user can end the program with Ctrl-C, whatever it does."""
    set_handler, before = _signal.signal, _signal.getsignal(signal.SIGINT)  # the real function and handler
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
    """Whether Python ends itself by SIGINT after an exception of this class."""
    return kind is KeyboardInterrupt or (sys.version_info >= (3, 14) and issubclass(kind, KeyboardInterrupt))


def _end_of(program: ProgramSpec) -> int:
    """Run the program. Returns its exit code, or finish.BY_INTERRUPT."""
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
