"""Lets a Python program go on where it would exit with its checkpoint exit code, so that it never restarts.

sys.exit(), exit(), quit(), os._exit() and os.kill() then return. `raise SystemExit(...)` can't return, nor can the
`return` of a function whose value becomes the exit code: in the job's own files, other code replaces them before
compiling. A Python program that the job's shell script starts goes on, too: the environment variable REQUEST asks for
that. The program removes the variable, so that programs which it starts itself do not.

This is for verifying the user's own job (see ../../verify/unbroken.py). A grader can't trust the notes, as the program
could write them, too.

Each note is a line of JSON. ["stay", file, line, time, checksums]: the program would have exited here, at this virtual
time, with these checksums of the files in the sandbox. ["back", file, line]: after a "stay", a function that was active
then has reached an earlier line, as it does in a loop that goes on. ["shell"]: a shell script has started the program.
If a loop is watched, there are also the notes of memory.py, and there is no "back".
"""

import ast
import atexit
import builtins
import io
import json
import os
import stat
import sys
import time
import weakref
import zlib
from _frozen_importlib_external import SourceFileLoader
from collections import OrderedDict

MYPY = False  # see clock.py
if MYPY or not __package__:
    import clock
    import memory
    import script
else:  # in the judge's own interpreter, see ../interpreter/
    from . import clock, memory, script

if MYPY:
    from collections.abc import Callable, Iterator
    from types import CodeType, FrameType
    from typing import Any

MOST_OPEN = 50
"""The most files to keep open after the program has closed them."""
MOST_FILES, MOST_BYTES = 200, 16 << 20
"""The most files of a sandbox that get a checksum, and the largest such file, in bytes."""
REQUEST = "_SIMULATOR_UNBROKEN"
AT_THE_START = 0.1
"""Virtual seconds after its start within which a program may start its timers."""
LEAVES, VALUE = "_simulator_leaves", "__simulator_value__"  # names that memory.py must not take for state


def start(checkpoint: "list[int | None]", how: "dict[str, Any]", directory: str, path: str) -> None:
    """Make the program go on; call this before compiling it. `checkpoint`: its checkpoint exit code and signal, one of
    them None. `how`: the fields of Unbroken, see rules/execution.py. `directory`: the sandbox. `path`: the file for the
    notes."""
    code, number = checkpoint
    stays = _Stays(code, directory, path)
    stays.survive(number)
    if how["time_begins_anew"]:
        stays.begin_time_anew()
    if how["files_stay_open"]:
        keep_files_open()
    if how["loop"]:
        stays.watch_memory(how["loop"], how["forgets"], how["remembers"], how["last_note"])
    sys.exit = stays.instead_of(sys.exit)
    os._exit = stays.instead_of(os._exit)
    names: Any = builtins
    names.exit = names.quit = sys.exit
    setattr(builtins, LEAVES, stays.leaves)
    script.known.clear()

    def compiled(source: "Any", path: str) -> "CodeType":
        code: CodeType = compile(stays.changed(source, path), path, "exec", dont_inherit=True)
        return code

    script.compiled = compiled
    loader: Any = SourceFileLoader
    real = loader.source_to_code

    def source_to_code(self: "Any", data: "Any", path: "Any", **options: "Any") -> "Any":
        own = isinstance(path, str) and path.startswith(stays.directory)
        return compiled(data, path) if own else real(self, data, path, **options)

    loader.source_to_code = source_to_code


def start_if_requested(take_over: "Callable[[list[Any]], None] | None" = None) -> None:
    """The same in a Python that a shell script has started. `take_over`: see foreign.py."""
    request = os.environ.pop(REQUEST, None)
    if request and sys.version_info >= (3, 8):
        checkpoint, how, directory, path = json.loads(request)
        with open(path, "a") as notes:
            notes.write('["shell"]\n')
        if take_over:
            take_over([checkpoint, how, directory, path])
        start(checkpoint, how, directory, path)


def keep_files_open() -> None:
    """When a program closes a regular file that it has opened for writing, only flush it; close it when the program has
    closed MOST_OPEN others, or ends. (Other files are closed at once: the reader of a pipe waits for that.)"""
    closed: OrderedDict[int, Any] = OrderedDict()
    real = builtins.open

    def opened(path: "Any", mode: str = "r", *more: "Any", **options: "Any") -> "Any":
        file: Any = real(path, mode, *more, **options)
        reference = weakref.ref(file)  # so that a file without other references is closed at once

        def flush() -> None:
            file: Any = reference()
            file.flush()
            closed[id(file)] = file
            closed.move_to_end(id(file))
            if len(closed) > MOST_OPEN:
                _close(closed.popitem(last=False)[1])

        writes = isinstance(mode, str) and set(mode) & set("wax+")
        if writes and stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close = flush
        return file

    def close_all() -> None:
        for file in closed.values():
            _close(file)

    atexit.register(close_all)
    for module in (builtins, io):
        setattr(module, "open", opened)  # noqa: B010 - a type checker takes the assignment for a mistake
    keep_databases_open()


def _close(file: "Any") -> None:
    type(file).close(file)


def keep_databases_open() -> None:
    """Keep SQLite databases open when a program closes them. What it has not committed is lost all the same."""
    try:
        import sqlite3
    except ImportError:
        return

    class Connection(sqlite3.Connection):
        def close(self) -> None:
            self.rollback()

    real = sqlite3.connect

    def connect(*arguments: "Any", **options: "Any") -> "Any":
        return real(*arguments, **{"factory": Connection, **options})

    sqlite3.connect = connect


class _Stays:
    """Keeps the program going where it would exit, and notes these places."""

    def __init__(self, code: "int | None", directory: str, path: str) -> None:
        self.code, self.directory = code, os.path.join(os.path.realpath(directory), "")
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.gone: float | None = None
        """Virtual seconds to subtract from the clock, if time begins anew at each stay; None if it goes on."""
        self.begins: dict[tuple[str, int], int] = {}
        """(path, line) → the first line of the statement there, for all other lines of a simple statement."""
        self.memory: memory.Memory | None = None
        """What the program has in memory, if that is watched."""

    def begin_time_anew(self) -> None:
        """At each stay, set the program's clock back to exactly the time that the program read at its start. A timer
        must show 0: even a microsecond less becomes a whole second less in a program that rounds down."""
        self.gone, self.real_now = 0.0, clock.now
        begun = self.since = clock.moment()

        def now() -> float:
            moment = self.real_now() - (self.gone or 0.0)
            if not self.gone and moment - begun < AT_THE_START:
                self.since = moment
            return moment

        clock.now = time.time = now

    def watch_memory(
        self, loop: "tuple[str, int]", forgets: "list[str]", remembers: "list[list[str]]", last: str
    ) -> None:
        """Note what is in memory at the head of a loop, and change it there; see Memory. `loop`: its file and line.
        `remembers`: (name, pickle in hexadecimal digits) of each part. `last`: the kind of note after which the program
        ends; "" if there is none."""

        def note(*what: object) -> None:
            os.write(self.file, (json.dumps(what) + "\n").encode())
            if what[0] == last:
                real_leave(0)

        real_leave = os._exit
        file, line = loop
        self.memory = memory.Memory(self.directory + file, line, frozenset(forgets), dict(remembers), note)
        sys.settrace(self.memory.on_call)

    def survive(self, number: "int | None") -> None:
        """Keep the program from ending itself by this signal, if not None."""
        kill, itself = os.kill, os.getpid()

        def stay_or_kill(pid: int, sent: int) -> None:
            if pid == itself and sent == number:
                self.stay(sys._getframe(1))
            else:
                kill(pid, sent)

        if number is not None:
            os.kill = stay_or_kill

    def instead_of(self, leave: "Callable[..., object]") -> "Any":
        def leave_or_stay(*arguments: "Any") -> None:
            if len(arguments) == 1 and self.is_checkpoint(arguments[0]):
                self.stay(sys._getframe(1))
            else:
                leave(*arguments)

        return leave_or_stay

    def leaves(self, value: object) -> bool:
        """Whether the program should return this value, or exit with it. If not, notes the place."""
        if not self.is_checkpoint(value):
            return True
        self.stay(sys._getframe(1))
        return False

    def is_checkpoint(self, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value == self.code

    def stay(self, frame: "FrameType | None") -> None:
        """Note this place, and later whether a function that is now active reaches an earlier line."""
        while frame is not None and not self.is_own(frame):
            frame = frame.f_back
        if frame is None:
            return
        self.note("stay", frame, clock.moment(), self.checksums())
        if self.gone is not None:
            self.gone = clock.moment() - self.since
        if self.memory:
            self.memory.leave(frame)
            return
        active: dict[FrameType, int] = {}
        while frame is not None:
            if self.is_own(frame):
                place = frame.f_code.co_filename, frame.f_lineno
                active[frame] = self.begins.get(place, frame.f_lineno)
            frame = frame.f_back

        def trace(frame: "FrameType", event: str, argument: object) -> "Any":
            if event == "line" and frame.f_lineno < active.get(frame, 0):
                self.note("back", frame)
                sys.settrace(None)
                for traced in active:
                    traced.f_trace = None
            return trace

        for traced in active:
            traced.f_trace = trace
        sys.settrace(lambda *_: None)

    def is_own(self, frame: "FrameType") -> bool:
        return os.path.realpath(frame.f_code.co_filename).startswith(self.directory)

    def note(self, kind: str, frame: "FrameType", *more: object) -> None:
        file = os.path.realpath(frame.f_code.co_filename)[len(self.directory) :]
        os.write(self.file, (json.dumps([kind, file, frame.f_lineno, *more]) + "\n").encode())

    def checksums(self) -> "dict[str, int]":
        """Path → checksum, for at most MOST_FILES files in the sandbox of at most MOST_BYTES each."""
        sums: dict[str, int] = {}
        for directory, _, names in os.walk(self.directory):
            for name in sorted(set(names) - {".job.ad", ".machine.ad"}):  # HTCondor's own
                path = os.path.join(directory, name)
                try:
                    if os.path.isfile(path) and os.path.getsize(path) <= MOST_BYTES:
                        with open(path, "rb") as file:
                            sums[path[len(self.directory) :]] = zlib.crc32(file.read())
                except OSError:
                    continue
                if len(sums) == MOST_FILES:
                    return sums
        return sums

    def changed(self, source: "Any", path: str) -> "Any":
        """The program's syntax tree, with replacements for statements that may end it. Raises SyntaxError."""
        tree = ast.parse(source, path)
        for node in ast.walk(tree):
            if isinstance(node, ast.stmt) and not hasattr(node, "body"):
                for line in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1):
                    self.begins[path, line] = node.lineno
        return ast.fix_missing_locations(_Changes(_exiting(tree), _errors(tree)).visit(tree))


def _exiting(tree: ast.AST) -> "set[str]":
    """The names of the functions whose result is the program's exit code: main in sys.exit(main()), and run if main
    has `return run()`."""
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assigned = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    def called(value: "ast.expr | None") -> "Iterator[str]":
        value = assigned.get(value.id) if isinstance(value, ast.Name) else value
        if isinstance(value, ast.Call):
            name = getattr(value.func, "id", getattr(value.func, "attr", None))
            if name in functions:
                yield name

    pending = [
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args and _is_exit(node.func)
        for name in called(node.args[0])
    ]
    names: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in names:
            names.add(name)
            pending += [
                other
                for node in ast.walk(functions[name])
                if isinstance(node, ast.Return) and node.value
                for other in called(node.value)
            ]
    return names


def _errors(tree: ast.AST) -> "set[str]":
    """The names of the exceptions that end a program as SystemExit does."""
    names = {"SystemExit"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(
            isinstance(base, ast.Name) and base.id in names for base in node.bases
        ):
            names.add(node.name)
    return names


def _is_exit(function: ast.expr) -> bool:
    return getattr(function, "id", getattr(function, "attr", None)) in ("exit", "_exit", "quit", "SystemExit")


class _Changes(ast.NodeTransformer):
    """Makes every `raise` of these exceptions, and every `return` from these functions, conditional."""

    def __init__(self, exiting: "set[str]", errors: "set[str]") -> None:
        self.exiting, self.errors = exiting, errors
        self.within: list[str | None] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.within.append(node.name)
        self.generic_visit(node)
        self.within.pop()
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        self.within.append(None)  # what it returns goes to the event loop
        self.generic_visit(node)
        self.within.pop()
        return node

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        self.generic_visit(node)
        error = node.exc
        if (
            not isinstance(error, ast.Call)
            or getattr(error.func, "id", None) not in self.errors
            or len(error.args) != 1
        ):
            return node
        leaves = _leaves(error.args[0])
        error.args = [ast.Name(VALUE, ast.Load())]
        return ast.copy_location(ast.If(leaves, [node], []), node)

    def visit_Return(self, node: ast.Return) -> ast.AST:
        self.generic_visit(node)
        if not self.within or self.within[-1] not in self.exiting or node.value is None:
            return node
        leave = ast.copy_location(ast.Return(ast.Name(VALUE, ast.Load())), node)
        return ast.copy_location(ast.If(_leaves(node.value), [leave], []), node)


def _leaves(value: ast.expr) -> ast.expr:
    """A test whether the program should leave with this value, which it names VALUE."""
    return ast.Call(ast.Name(LEAVES, ast.Load()), [ast.NamedExpr(ast.Name(VALUE, ast.Store()), value)], [])
