"""Notes which files a Python program opens and reads, which exceptions it raises in its own directory, and how it seeds
its random numbers.

The notes help to find and explain failures. No program passes because of them, as it could write them itself. Each
note is a line of JSON: ["open", path, mode], preceded by ["empty", path] if opening empties the file; ["look", path]
where it reads the file or its size, ["look"] where another process may read anything; ["raise", file, line, exception,
text]; or ["random", "seed" or "setstate", arguments].
"""

import json
import os
import random
import sys

MYPY = False  # see clock.py
if MYPY:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

PROCESSES = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "ctypes.dlopen")


def start(path: str, directory: str) -> None:
    """Watch this process until its end, and write the notes to the file `path`."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    on_event, on_call = watching(lambda line: os.write(file, line), directory)
    sys.addaudithook(on_event)
    sys.settrace(on_call)


def watching(write: "Callable[[bytes], object]", directory: str) -> "tuple[Callable[..., None], Callable[..., Any]]":
    """From now on, pass notes of os.stat() and the like to write(line). Returns an audit hook and a trace function that
    note the rest."""
    directory = os.path.realpath(directory) + os.sep

    def note(*what: object) -> None:
        try:
            write((json.dumps(what) + "\n").encode())
        except (OSError, ValueError):
            pass

    own: list[str] = []  # not empty while these functions themselves look

    def relative(name: str) -> str:
        own.append(name)
        try:
            full = os.path.realpath(os.path.abspath(name))
        finally:
            own.pop()
        return full[len(directory) :] if full.startswith(directory) else full

    def on_event(event: str, arguments: "tuple[Any, ...]") -> None:
        if event == "open" and isinstance(arguments[0], (str, bytes)):
            name, mode, flags = arguments
            writes = bool(flags & (os.O_WRONLY | os.O_RDWR)) if isinstance(flags, int) else "r" not in (mode or "r")
            if relative(os.fsdecode(name)).endswith(".py"):
                return
            if isinstance(flags, int) and flags & os.O_TRUNC:
                note("empty", relative(os.fsdecode(name)))
            note("open", relative(os.fsdecode(name)), "w" if writes else "r")
            if not (isinstance(flags, int) and flags & os.O_WRONLY):
                note("look", relative(os.fsdecode(name)))
        elif event in ("os.listdir", "os.scandir"):
            look(arguments[0] or ".")
        elif event in PROCESSES:
            note("look")

    def look(name: "Any") -> None:
        if isinstance(name, int):
            note("look")
        else:
            note("look", relative(os.fsdecode(name)).rstrip(os.sep))

    def looking(ask: "Callable[..., Any]") -> "Any":
        def asked(name: "Any", *arguments: "Any", **options: "Any") -> "Any":
            if not own:
                look(name)
            return ask(name, *arguments, **options)

        return asked

    def on_call(frame: "FrameType", event: str, argument: "Any") -> "Any":
        name = frame.f_code.co_filename
        if name == random.__file__ and frame.f_code.co_name in ("seed", "setstate"):
            note("random", frame.f_code.co_name, repr(list(frame.f_locals.values())[1:])[:100])
            return None
        if event == "call" and (name.startswith("<") or not os.path.abspath(name).startswith(directory)):
            return None
        if event == "exception":
            kind, value, _ = argument
            note("raise", relative(frame.f_code.co_filename), frame.f_lineno, kind.__name__, str(value))
        return on_call

    os.stat, os.lstat, os.fstat = looking(os.stat), looking(os.lstat), looking(os.fstat)
    return on_event, on_call
