"""Turns a fresh fork of the starter into a job's process, and runs the job's program in it.

A Python program is run by this very interpreter, see script.py. Any other program is executed.
"""

import _signal as signal
import itertools
import math
import os
import sys
import warnings

import clock
import ending
import keeper
import python_time
import script

try:
    import resource
except ImportError:
    resource = None

MOST_SOURCE, MOST_KNOWN = 20000, 64
"""Bytes of a program or module that is compiled for the next time, and how many of them."""
MOST_FILES = 32
"""In a program's directory, among which its modules are looked for."""
_environment = {}
"""The environment variables of this process, if they are those of a program."""
LIKELY = tuple("csv datetime enum glob hashlib json pathlib pickle random re shutil signal socket struct subprocess "
               "tempfile threading".split())
"""Modules that programs import, that take long to import, and that do not look at the clock then: there is none here."""


def begin():
    """Before forking: put in place what is the same for every program."""
    python_time.install()
    _tell_where_time_is_up()
    script.begin()


def _tell_where_time_is_up():
    """At its limit of processor time a program dies of SIGXCPU, as ever, and Python tells stderr where it was then."""
    if resource is not None:
        import faulthandler
        faulthandler.register(signal.SIGXCPU, file=2, all_threads=False, chain=True)
        del sys.modules["faulthandler"]


def run(request):
    """In a fork: run the program that a request describes, and end as it does."""
    os.setsid()
    ending.begin()
    try:
        _become(request)
    except OSError:  # the judge is gone, and its directories with it
        os._exit(126)
    if request["python"]:
        _run_python(request)
    else:
        _execute(request)


def _become(request):
    """Limits, streams, directory, environment, time."""
    _limit(request["system limits"])
    written = os.O_RDWR | os.O_CREAT | os.O_APPEND
    for number, path, how in ((0, request["stdin"], os.O_RDONLY), (1, request["stdout"], written),
                              (2, request["stderr"], written)):
        file = os.open(path, how, 0o644)
        os.dup2(file, number)
        os.close(file)
    os.closerange(3, 256)
    os.chdir(request["directory"])
    _set_environment(request)
    clock.attach(request["clock"])
    if request["stop"]:
        after, number, grace = request["stop"]
        clock.add_deadline(after, os.getpid() if number == signal.SIGTERM else -os.getpid(), number, grace)


def _set_environment(request):
    """Have the environment variables of a program and no others."""
    wanted = request["environment"]
    if wanted is _environment:
        return
    wanted["_SIMULATOR_PATH"] = os.pathsep.join(sys.path[1:])  # see tools.py
    if wanted != _environment:
        os.environ.clear()
        os.environ.update(wanted)


def _limit(limits):
    for name, soft, hard in limits:
        try:
            resource.setrlimit(name, (soft, hard))
        except (ValueError, OSError):
            pass  # not every system has every limit; Limits in grader/simulator/execution.py says which


def _limits(limits):
    """The limits of the system, (which, soft, hard), as setrlimit() takes them."""
    if resource is None:
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


def _execute(request):
    try:
        script.hand_on(request["directory"], request["environment"]["_SIMULATOR_CODE"])
        if _sleeps(request["program"]):
            keeper.begin(request["clock"] + ".sleep")
        os.execve(request["program"], request["arguments"], request["environment"])
    except OSError as error:
        with open(request["failure"], "w") as file:
            file.write(error.strerror or str(error))
        os._exit(127)


def _run_python(request):
    python_time.install_host(request["environment"]["_SIMULATOR_HOST"])
    if request["trace"]:
        import watch
        watch.start(request["trace"], request["directory"])
    script.run(request["program"], request["arguments"])


def expect(request):
    """Before forking: take the environment of a program, which is mostly that of the one before, compile it and the
    modules beside it, as they are likely those of the next ones, too, and import what they seem to import. Whether
    something was imported. It is not to be held up by what there may be."""
    global _environment
    request["system limits"] = _limits(request["limits"])
    try:
        _set_environment(request)
        _environment = request["environment"]
    except ValueError:  # the program itself will meet it
        _environment = {}
    before = len(sys.modules)
    for path in _beside(request["directory"]):
        _remember(path, request["python"])
    return len(sys.modules) > before


def _beside(directory):
    try:
        with os.scandir(directory) as found:
            return [item.path for item in itertools.islice(found, MOST_FILES)
                    if item.name.endswith(".py") or item.stat(follow_symlinks=False).st_mode & 0o100]
    except OSError:
        return []


def _remember(path, here):
    """Compile a file, if it is Python's and Python has not to say a word about it each time. Where such programs are run
    here, its words for modules are enough to import them, as that does no harm."""
    try:
        source = _source(path)
        is_python = path.endswith(".py") or source.startswith(b"#!") and b"python" in source.partition(b"\n")[0]
        if is_python and (path, source) not in script.known and len(source) <= MOST_SOURCE and len(script.known) < MOST_KNOWN:
            for name in LIKELY:
                if here and name not in sys.modules and name.encode() in source:
                    __import__(sys.intern(name))  # as a program's own words are: pickle tells whether names are one
            with warnings.catch_warnings(record=True) as words:
                code = compile(source, path, "exec", dont_inherit=True)
            if not words:
                script.known[path, source] = code
    except Exception:
        pass  # the program itself will meet it


def _sleeps(path):
    """Whether a script seems to. (One that does so unseen has its first `sleep` start the keeper.)"""
    try:
        return b"sleep" in _source(path)
    except OSError:
        return False


def _source(path):
    """The beginning of a file, a little more than MOST_SOURCE. Raises OSError."""
    with open(path, "rb", opener=_careful) as file:
        return file.read(MOST_SOURCE + 1)


def _careful(path, flags):
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
