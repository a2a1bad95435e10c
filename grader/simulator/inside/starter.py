"""Starts a job's program, again and again, each time in a fresh child process.

It is what condor_starter is on an execution point: it gives the program its working directory,
environment, limits and output files, waits for it, and ends whatever the program left running.
It runs none of the program's code itself: a Python program runs in a fork of this clean
interpreter, which is many times faster than a new one, and any other program is executed.

One request a line on standard input, one answer a line on standard output, both JSON.
"""

import gc
import json
import os
import signal
import sys
import types

import clock

# What jobs import most often is there already, for speed (see forget_shadowed), and no more:
# each module costs time at the end of every execution, when the interpreter is taken down.
import pickle, random  # noqa: E401,F401

try:
    import resource
except ImportError:
    resource = None

LINUX = sys.platform.startswith("linux")


def serve():
    """Answer requests for ever; returns only in a child, with the request it is to run."""
    buffer = b""
    while True:
        while b"\n" not in buffer:
            read = os.read(0, 1 << 16)
            if not read:
                os._exit(0)
            buffer += read
        line, _, buffer = buffer.partition(b"\n")
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            return request
        answer = json.dumps(wait(pid, request["limits"]["wall"])) + "\n"
        os.write(1, answer.encode())


def wait(pid, wall):
    """Wait for a program's end, bounded in real time, and end everything it started."""
    timed_out = []

    def on_alarm(number, frame):
        timed_out.append(True)
        kill_group(pid)

    signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, wall)
    _, status = os.waitpid(pid, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    kill_group(pid)
    end_orphans()
    return {
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        "timed_out": bool(timed_out),
    }


def kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def adopt_orphans():
    """Become the parent of processes whose own parent ended (Linux), so that none gets away."""
    if LINUX:
        import ctypes
        PR_SET_CHILD_SUBREAPER = 36
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_orphans():
    for _ in range(1000):
        for child in children():
            kill_group(child)
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def children():
    try:
        with open("/proc/self/task/%d/children" % os.getpid()) as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def become(request):
    """Turn this fresh child into the job's process: session, limits, directory, streams, time."""
    os.setsid()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    limit(request["limits"])
    for number, path in ((0, os.devnull), (1, request["stdout"]), (2, request["stderr"])):
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(file, number)
        os.close(file)
    os.closerange(3, 256)
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    clock.attach(request["clock"])
    if request["stop"]:
        after, number, grace = request["stop"]
        clock.add_deadline(after, os.getpid() if number == signal.SIGTERM else -os.getpid(), number, grace)


def limit(limits):
    if resource is None:
        return
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: limits["cpu"],
        resource.RLIMIT_FSIZE: limits["file_bytes"],
        resource.RLIMIT_NOFILE: limits["open_files"],
        resource.RLIMIT_AS: limits["memory"],
        resource.RLIMIT_NPROC: limits["processes"],
    }
    for name, value in wanted.items():
        try:
            resource.setrlimit(name, (value, value))
        except (ValueError, OSError):
            pass  # not every system has every limit; grader/simulator/executor.py says which


def forget_shadowed(directory):
    """A module of the job's own must win over one of the same name imported here before."""
    own = {name.partition(".")[0] for name in os.listdir(directory)}
    for name in list(sys.modules):
        if name.partition(".")[0] in own:
            del sys.modules[name]


def prepare_main(path):
    """Make `path` the main program as `python PATH` would; returns what to execute, and where."""
    directory = os.path.dirname(path)
    sys.path[0] = directory
    for own in ("clock", "watch"):
        sys.modules.pop(own, None)
    sys.dont_write_bytecode = True
    forget_shadowed(directory)
    main = types.ModuleType("__main__")
    main.__file__, main.__builtins__ = path, __builtins__
    sys.modules["__main__"] = main
    return main.__dict__


def execute(request):
    try:
        os.execve(request["program"], request["arguments"], request["environment"])
    except OSError as error:
        with open(request["failure"], "w") as file:
            file.write(error.strerror or str(error))
        os._exit(127)


adopt_orphans()
gc.freeze()
request = serve()
become(request)
if not request["python"]:
    execute(request)
clock.install()
clock.install_host(request["environment"]["_SIMULATOR_HOST"])
if request["trace"]:
    import watch
    watch.start(request["trace"], request["directory"])
sys.argv = [request["python"]] + request["arguments"][1:]
namespace = prepare_main(request["python"])
crashed = False
try:
    with open(request["python"], "rb") as file:
        code = compile(file.read(), request["python"], "exec", dont_inherit=True)
    exec(code, namespace)
except SystemExit:
    raise
except BaseException as error:
    crashed = True
    # The traceback begins where the program begins, as if this file were not there.
    trace = error.__traceback__.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)
if crashed:
    sys.exit(1)
