"""Turns a fresh fork of the starter into a job's process, and runs the job's program in it.

A Python program runs in this interpreter, see script.py. Any other program replaces it (exec).
"""

import _signal as signal
import errno
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
"""The largest source file, in bytes, whose code is kept for the next executions, and the most files."""
MOST_CODE = 1 << 20
"""The most bytes of their code."""
_environment: "dict[str, str]" = {}
"""The environment of the last program, if this process has it."""
_own: "dict[str, str]" = {}
"""The environment in which this process began."""
LIKELY = tuple(
    "ast base64 csv datetime enum glob hashlib json pathlib pickle random re shelve shutil signal socket "
    "struct subprocess tempfile threading zipfile".split()
)
"""Modules that are often imported, take long to import, and do not read the clock on import: here there is no clock."""


def begin() -> None:
    """Before forking: install what is the same for every program."""
    _own.update(os.environ)
    python_time.install()
    _report_processor_limit()
    script.begin()


def _report_processor_limit() -> None:
    """Have Python print a traceback when a program reaches its limit on processor time. It then dies of SIGXCPU."""
    if _LIMITED:
        import faulthandler

        faulthandler.register(signal.SIGXCPU, file=2, all_threads=False, chain=True)
        del sys.modules["faulthandler"]


def run(request: "Request") -> None:
    """In a fork: run the request's program, and end as it does."""
    os.setsid()
    fast_exit.begin()
    _limit(request["system limits"])
    try:
        _compile(request)
        _become(request)
    except OSError:  # the judge has ended, and its directories are gone
        os._exit(126)
    prologue = request["prologue"][1]
    if request["sleeps"]:
        sleep_server.begin(request["clock"] + ".sleep", prologue)
    os.write(prologue, b"begun\n")
    if request["python"]:
        os.close(prologue)
        _run_python(request)
    else:
        _execute(request)


def _become(request: "Request") -> None:
    """Set up streams, directory, environment and time."""
    writing = os.O_RDWR | os.O_CREAT | os.O_APPEND
    for number, path, flags in (
        (0, request["stdin"], os.O_RDONLY),
        (1, request["stdout"], writing),
        (2, request["stderr"], writing),
    ):
        if path.startswith(request["control"]):
            flags |= os.O_TRUNC  # drop what an earlier start wrote there
        file = os.open(path, flags, 0o644)
        os.dup2(file, number)
        os.close(file)
    kept = request["prologue"][1]
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
    """Replace this process's environment by the program's."""
    environment = request["environment"]
    if environment is _environment:
        return
    environment["_SIMULATOR_PATH"] = os.pathsep.join(sys.path[1:])  # see tools.py
    if environment != _environment:
        os.environ.clear()
        os.environ.update(environment)


def _limit(limits: "list[tuple[int, int, int]]") -> None:
    for name, soft, hard in limits:
        try:
            resource.setrlimit(name, (soft, hard))
        except (ValueError, OSError):
            pass  # not every system has every limit; see Limits in grader/rules/execution.py


def _limits(limits: "dict[str, Any]") -> "list[tuple[int, int, int]]":
    """The limits that the system enforces, (resource, soft, hard), as setrlimit() takes them."""
    if not _LIMITED:
        return []
    values = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: math.ceil(limits["cpu"]),
        resource.RLIMIT_FSIZE: limits["file_bytes"],
        resource.RLIMIT_NOFILE: limits["open_files"],
        resource.RLIMIT_AS: limits["memory"],
        resource.RLIMIT_NPROC: limits["processes"],
    }
    # At the soft limit of processor time the system sends SIGXCPU, at the hard limit SIGKILL.
    return [(name, value, value + 1 if name == resource.RLIMIT_CPU else value) for name, value in values.items()]


def _execute(request: "Request") -> None:
    try:
        script.hand_on(request["directory"], request["environment"]["_SIMULATOR_CODE"])
        if request["unbroken"] and request["interpreter"]:
            import foreign

            os.execve(request["interpreter"], foreign.command(request["interpreter"], request), request["environment"])
        environment = dict(request["environment"])
        if request["unbroken"]:
            import json

            settings = [*request["unbroken"], request["directory"], request["control"] + "/trace"]
            environment["_SIMULATOR_UNBROKEN"] = json.dumps(settings)
        os.execve(request["program"], request["arguments"], environment)
    except OSError as error:
        os.write(request["prologue"][1], b"failed %d\n" % (error.errno or errno.EIO))
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
    """Before forking: prepare for a program and those after it, which are likely similar. Import the modules that its
    files seem to import, set its environment, and choose files to compile. Returns whether it imported something."""
    global _environment
    request["system limits"] = _limits(request["limits"])
    before = len(sys.modules)
    unknown: list[tuple[str, bytes]] = []
    names: list[str] = []
    for path in request["sources"]:
        try:
            source = _source(path)
        except OSError:
            continue  # the program will meet the error itself
        if (path, source) in script.known or len(source) > MOST_SOURCE:
            continue
        unknown.append((path, source))
        if request["python"]:
            names += [name for name in LIKELY if name not in sys.modules and name.encode() in source]
    _import(names)
    try:
        _set_environment(request)
        _environment = request["environment"]
    except ValueError:  # the program will meet the error itself
        _environment = {}
    request["unknown"] = unknown if len(script.known) < MOST_KNOWN else []
    request["pipe"] = os.pipe() if request["unknown"] else None
    request["prologue"] = os.pipe()
    return len(sys.modules) > before


def _import(names: "list[str]") -> None:
    """Import modules into this process, in its own environment. In a job's environment OpenSSL would load a library of
    the job's, but the judge relies on this process."""
    global _environment
    if names and _environment:
        os.environ.clear()
        os.environ.update(_own)
        _environment = {}
    for name in names:
        __import__(sys.intern(name))  # interned like the names in a program, as that shows in the output of pickle


def learn(request: "Request") -> None:
    """After forking: read the code that the child compiled from the program's files, for the next executions."""
    os.close(request["prologue"][1])
    if request["pipe"]:
        reading, writing = request["pipe"]
        os.close(writing)
        with open(reading, "rb") as pipe:
            _know(request["unknown"], pipe.read(MOST_CODE))


def prologue(request: "Request") -> "tuple[bool, int, set[tuple[int, int]]]":
    """After the program: whether it has begun, the system's error if it can't be executed, and its sleep server, if
    any, as leftovers.identity() gives it. Said before any code of the job's runs, in a pipe that the job does not
    get."""
    reading = request["prologue"][0]
    os.set_blocking(reading, False)  # a process that an earlier start left may have stopped one that writes
    try:
        lines = [line.split() for line in os.read(reading, 4096).splitlines()]
    except BlockingIOError:
        lines = []
    os.close(reading)
    failed = next((int(number) for word, *rest in lines if word == b"failed" for number in rest), 0)
    servers = {(int(rest[0]), int(rest[1])) for word, *rest in lines if word == b"server"}
    return [b"begun"] in lines, failed, servers


def _compile(request: "Request") -> None:
    """In the child, before any of the program's files is run: compile them, and send the code to the parent. (In the
    child because of its limits: a few lines may need all the memory there is.)"""
    if request["pipe"]:
        reading, writing = request["pipe"]
        os.close(reading)
        try:
            codes = marshal.dumps([_code(path, source) for path, source in request["unknown"]])
        except (MemoryError, ValueError):  # nested too deeply
            codes = b""
        with open(writing, "wb") as pipe:
            pipe.write(codes[:MOST_CODE])
        _know(request["unknown"], codes[:MOST_CODE])


def _know(sources: "list[tuple[str, bytes]]", message: bytes) -> None:
    try:
        codes = marshal.loads(message)
    except (EOFError, ValueError, TypeError):  # truncated, or the child did not get that far
        codes = []
    script.known.update(itertools.zip_longest(sources, codes))


def _code(path: str, source: bytes) -> "CodeType | None":
    try:
        with warnings.catch_warnings(record=True) as caught:
            code: CodeType = compile(source, path, "exec", dont_inherit=True)
        return None if caught else code
    except Exception:
        return None  # the program will meet the error itself


def _source(path: str) -> bytes:
    """The first MOST_SOURCE + 1 bytes of a file. Raises OSError."""
    with open(path, "rb", opener=_careful) as file:
        return file.read(MOST_SOURCE + 1)


def _careful(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
