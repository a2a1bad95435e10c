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
import time
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
CONFINED = os.environ.get("_SIMULATOR_CONFINED") == "1"
"""Whether all processes that this one could signal are the job's."""
READY = b"ready\n"
LOOK = 0.1
"""Seconds of real time between two looks at what a job uses in all."""


def serve():
    """Answer requests for ever; returns only in a child, with the request it is to run."""
    buffer = b""
    os.write(1, READY)
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
        answer = json.dumps(wait(pid, request["limits"], request["scratch"])) + "\n"
        os.write(1, answer.encode())


def wait(pid, limits, scratch):
    """Wait for a program's end, bounded in real time and in what it uses, and end everything it started."""
    over, end = [], time.monotonic() + limits["wall"]

    def on_alarm(number, frame):
        found = "time" if time.monotonic() >= end else exceeded(limits, scratch) if CONFINED else ""
        if found:
            over.append(found)
            kill_all(pid)

    signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, min(LOOK, limits["wall"]), LOOK)
    _, status, used = os.wait4(pid, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    kill_all(pid)
    end_orphans()
    return {
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        "over": over[0] if over else "",
        "cpu": used.ru_utime + used.ru_stime,
    }


def kill_all(pid):
    """Kill a program with all that it has started; where confined, at one stroke, faster than it could fork."""
    if CONFINED:
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            pass
    kill_group(pid)


def exceeded(limits, scratch):
    """"memory" or "disk" if a job's processes, or files, are too many together; the limits of the system
    hold for each of them alone."""
    page, used = os.sysconf("SC_PAGE_SIZE"), 0
    for name in os.listdir("/proc"):
        try:
            with open("/proc/%d/statm" % int(name)) as file:
                size, resident, shared = map(int, file.read().split()[:3])
            used += (resident - shared) * page
        except (ValueError, OSError):
            pass
    if used > limits["memory"]:
        return "memory"
    return "disk" if crowded(scratch, 2 * limits["files"], 2 * limits["sandbox_bytes"]) else ""


def crowded(directory, files, size):
    """Whether there are more files, or bytes, below a directory."""
    pending = [directory]
    while pending:
        try:
            found = list(os.scandir(pending.pop()))
        except OSError:
            continue
        for item in found:
            try:
                size -= item.stat(follow_symlinks=False).st_size
                if item.is_dir(follow_symlinks=False):
                    pending.append(item.path)
            except OSError:
                pass
        files -= len(found)
        if files < 0 or size < 0:
            return True
    return False


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


def be_nobody():
    """Where the judge is root: become a user who owns nothing. Confined, keep the job from looking into
    this process, whose answers the judge believes."""
    user = int(os.environ.get("_SIMULATOR_USER", "0"))
    if user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    if CONFINED:
        import ctypes
        PR_SET_DUMPABLE = 4
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


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
        # At the soft limit of processor time comes a signal that tells what for, at the hard one SIGKILL.
        hard = value + 1 if name == resource.RLIMIT_CPU else value
        try:
            resource.setrlimit(name, (value, hard))
        except (ValueError, OSError):
            pass  # not every system has every limit; grader/simulator/executor.py says which


def forget_shadowed(directory):
    """A module of the job's own must win over one of the same name imported here before."""
    own = {name.partition(".")[0] for name in os.listdir(directory)}
    for name in list(sys.modules):
        if name.partition(".")[0] in own:
            del sys.modules[name]


def prepare_main(path):
    """Make `path` the main program as `python PATH` would."""
    directory = os.path.dirname(path)
    sys.path[0] = directory
    for own in ("clock", "watch"):
        sys.modules.pop(own, None)
    sys.dont_write_bytecode = True
    forget_shadowed(directory)
    main = types.ModuleType("__main__")
    main.__file__, main.__builtins__ = path, __builtins__
    sys.modules["__main__"] = main


def report(error):
    """Print a traceback that begins where the program begins, as if this file were not there."""
    trace = error.__traceback__.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)


def execute(request):
    try:
        os.execve(request["program"], request["arguments"], request["environment"])
    except OSError as error:
        with open(request["failure"], "w") as file:
            file.write(error.strerror or str(error))
        os._exit(127)


be_nobody()
adopt_orphans()
# What only this process needed is not there for the job either: at its end, it would cost time as well.
for name in [name for name in sys.modules if name.partition(".")[0] == "ctypes"]:
    del sys.modules[name]
gc.collect()
gc.freeze()
request = serve()
try:
    become(request)
except OSError:  # the judge is gone, and its directories with it
    os._exit(126)
if not request["python"]:
    execute(request)
clock.install()
clock.install_host(request["environment"]["_SIMULATOR_HOST"])
if request["trace"]:
    import watch
    watch.start(request["trace"], request["directory"])
sys.argv = [request["python"]] + request["arguments"][1:]
prepare_main(request["python"])
crashed = False
# No name here may stand for the program's own things: what it left open is closed, and so written,
# when its module is taken down.
try:
    with open(request["python"], "rb") as file:
        code = compile(file.read(), request["python"], "exec", dont_inherit=True)
    exec(code, sys.modules["__main__"].__dict__)
except SystemExit:
    raise
except BaseException as error:
    crashed = True
    report(error)
if crashed:
    sys.exit(1)
