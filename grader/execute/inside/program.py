"""Turns a fresh fork of the starter into a job's process, and runs the job's program in it.

A Python program is run by this very interpreter, see script.py. Any other program is executed.
"""

import _signal as signal
import itertools
import marshal
import math
import os
import sys
import warnings

import clock
import fast_exit
import python_time
import script
import sleep_server

try:
    import resource

    _LIMITED = True
except ImportError:
    _LIMITED = False

MYPY = False  # see clock.py
if MYPY:
    from types import CodeType
    from typing import Any

    Request = dict[str, Any]

MOST_SOURCE, MOST_KNOWN = 20000, 64
"""Bytes of a program or module that is compiled for the next time, and how many of them."""
MOST_CODE = 1 << 20
"""Bytes of what they are compiled to."""
_environment: "dict[str, str]" = {}
"""The environment variables of this process, if they are those of a program."""
LIKELY = tuple(
    "ast base64 csv datetime enum glob hashlib json pathlib pickle random re shelve shutil signal socket "
    "struct subprocess tempfile threading zipfile".split()
)
"""Modules that programs import, that take long to import, and that do not look at the clock then: there is none here."""


def begin() -> None:
    """Before forking: put in place what is the same for every program."""
    python_time.install()
    _tell_where_time_is_up()
    script.begin()


def _tell_where_time_is_up() -> None:
    """At its limit of processor time a program dies of SIGXCPU, as ever, and Python tells stderr where it was then."""
    if _LIMITED:
        import faulthandler

        faulthandler.register(signal.SIGXCPU, file=2, all_threads=False, chain=True)
        del sys.modules["faulthandler"]


def run(request: "Request") -> None:
    """In a fork: run the program that a request describes, and end as it does."""
    os.setsid()
    fast_exit.begin()
    _limit(request["system limits"])
    try:
        _compile(request)
        _become(request)
    except OSError:  # the judge is gone, and its directories with it
        os._exit(126)
    if request["keeper"]:
        try:
            sleep_server.begin(request["clock"] + ".sleep", request["keeper"][1])
        finally:
            os.close(request["keeper"][1])
    if request["python"]:
        _run_python(request)
    else:
        _execute(request)


def _become(request: "Request") -> None:
    """Streams, directory, environment, time."""
    written = os.O_RDWR | os.O_CREAT | os.O_APPEND
    for number, path, how in (
        (0, request["stdin"], os.O_RDONLY),
        (1, request["stdout"], written),
        (2, request["stderr"], written),
    ):
        if path.startswith(request["control"]):
            how |= os.O_TRUNC  # what an earlier start has written there is known
        file = os.open(path, how, 0o644)
        os.dup2(file, number)
        os.close(file)
    kept = request["keeper"][1] if request["keeper"] else 256
    os.closerange(3, kept)
    os.closerange(kept + 1, 256)
    os.chdir(request["directory"])
    _set_environment(request)
    clock.attach(request["clock"], begins=True)
    if request["begins"]:
        clock.advance_to(request["begins"])
    if request["stop"]:
        after, number, grace = request["stop"]
        clock.add_deadline(after, -os.getpid() if number == signal.SIGKILL else os.getpid(), number, grace)


def _set_environment(request: "Request") -> None:
    """Have the environment variables of a program and no others."""
    wanted = request["environment"]
    if wanted is _environment:
        return
    wanted["_SIMULATOR_PATH"] = os.pathsep.join(sys.path[1:])  # see tools.py
    if wanted != _environment:
        os.environ.clear()
        os.environ.update(wanted)


def _limit(limits: "list[tuple[int, int, int]]") -> None:
    for name, soft, hard in limits:
        try:
            resource.setrlimit(name, (soft, hard))
        except (ValueError, OSError):
            pass  # not every system has every limit; Limits in grader/rules/execution.py says which


def _limits(limits: "dict[str, Any]") -> "list[tuple[int, int, int]]":
    """The limits of the system, (which, soft, hard), as setrlimit() takes them."""
    if not _LIMITED:
        return []
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: math.ceil(limits["cpu"]),
        resource.RLIMIT_FSIZE: limits["file_bytes"],
        resource.RLIMIT_NOFILE: limits["open_files"],
        resource.RLIMIT_AS: limits["memory"],
        resource.RLIMIT_NPROC: limits["processes"],
    }
    # At the soft limit of processor time comes a signal that tells what for, at the hard one SIGKILL.
    return [(name, value, value + 1 if name == resource.RLIMIT_CPU else value) for name, value in wanted.items()]


def _execute(request: "Request") -> None:
    try:
        script.hand_on(request["directory"], request["environment"]["_SIMULATOR_CODE"])
        if request["unbroken"] and request["interpreter"]:
            import foreign

            os.execve(request["interpreter"], foreign.command(request["interpreter"], request), request["environment"])
        environment = dict(request["environment"])
        if request["unbroken"]:
            import json

            told = [*request["unbroken"], request["directory"], request["control"] + "/trace"]
            environment["_SIMULATOR_UNBROKEN"] = json.dumps(told)
        os.execve(request["program"], request["arguments"], environment)
    except OSError as error:
        with open(request["failure"], "w") as file:
            file.write(f"{error.errno or 0} {error.strerror or error}")
        os._exit(127)


def _run_python(request: "Request") -> None:
    python_time.install_host(request["environment"]["_SIMULATOR_HOST"])
    if request["trace"]:
        import watch

        watch.start(request["trace"], request["directory"])
    if request["unbroken"]:
        import unbroken

        checkpoint, how = request["unbroken"]
        unbroken.start(checkpoint, how, request["directory"], request["control"] + "/trace")
    script.run(request["program"], request["arguments"])


def expect(request: "Request") -> bool:
    """Before forking: take the environment of a program, which is mostly that of the one before, import what its files
    seem to import, and find those that have to be compiled, as they are likely those of the next ones, too. Whether
    something was imported."""
    global _environment
    request["system limits"] = _limits(request["limits"])
    try:
        _set_environment(request)
        _environment = request["environment"]
    except ValueError:  # the program itself will meet it
        _environment = {}
    before = len(sys.modules)
    unknown: list[tuple[str, bytes]] = []
    for path in request["sources"]:
        try:
            source = _source(path)
        except OSError:
            continue  # the program itself will meet it
        if (path, source) in script.known or len(source) > MOST_SOURCE:
            continue
        unknown.append((path, source))
        for name in LIKELY:
            if request["python"] and name not in sys.modules and name.encode() in source:
                __import__(sys.intern(name))  # as a program's own words are: pickle tells whether names are one
    request["unknown"] = unknown if len(script.known) < MOST_KNOWN else []
    request["pipe"] = os.pipe() if request["unknown"] else None
    request["keeper"] = os.pipe() if request["sleeps"] else None
    return len(sys.modules) > before


def learn(request: "Request") -> None:
    """After forking: know what the child has compiled the program's files to, for the next ones."""
    if request["pipe"]:
        reading, writing = request["pipe"]
        os.close(writing)
        with open(reading, "rb") as pipe:
            _know(request["unknown"], pipe.read(MOST_CODE))


def keepers(request: "Request") -> "set[tuple[int, int]]":
    """After the program: what has kept the time for its sleeps from now on, as leftovers.identity() says it."""
    if not request["keeper"]:
        return set()
    reading, writing = request["keeper"]
    os.close(writing)
    with open(reading, "rb") as pipe:
        told = [line.split() for line in pipe.read().splitlines()]
    return {(int(process), int(started)) for process, started in told}


def _compile(request: "Request") -> None:
    """In the child, within its limits, as a few lines can take all the memory there is: compile the program's files,
    before any of them is run, and tell the parent."""
    if request["pipe"]:
        reading, writing = request["pipe"]
        os.close(reading)
        try:
            told = marshal.dumps([_code(path, source) for path, source in request["unknown"]])
        except (MemoryError, ValueError):  # nested too deeply
            told = b""
        with open(writing, "wb") as pipe:
            pipe.write(told[:MOST_CODE])
        _know(request["unknown"], told[:MOST_CODE])


def _know(sources: "list[tuple[str, bytes]]", told: bytes) -> None:
    try:
        codes = marshal.loads(told)
    except (EOFError, ValueError, TypeError):  # it is cut off, or the child has not got that far
        codes = []
    script.known.update(itertools.zip_longest(sources, codes))


def _code(path: str, source: bytes) -> "CodeType | None":
    try:
        with warnings.catch_warnings(record=True) as words:
            code: CodeType = compile(source, path, "exec", dont_inherit=True)
        return None if words else code
    except Exception:
        return None  # the program itself will meet it


def _source(path: str) -> bytes:
    """The beginning of a file, a little more than MOST_SOURCE. Raises OSError."""
    with open(path, "rb", opener=_careful) as file:
        return file.read(MOST_SOURCE + 1)


def _careful(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
