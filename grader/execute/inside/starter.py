"""Starts a job's program, as often as requested, each time in a fresh child process.

It does what condor_starter does on an execution point: it runs the program in its working directory, with its
environment and limits, waits for it, and ends whatever the program left running. It does not run the program's code
itself, but in forks of this clean interpreter; see program.py.

Processes that a program leaves running when it exits with its checkpoint exit code go on beside the restarted program,
in the same sandbox (R4f). So a request may consist of several starts: the first in a fresh sandbox, each of the others
beside what the earlier starts left. The answer is about the last start.

A request on standard input is its length in bytes on a line, then an object in marshal's format. An answer on standard
output is a line of JSON. (Importing the modules json and signal would take longer than everything else.)
"""

import _signal as signal
import marshal
import os
import sys
from _signal import set_wakeup_fd  # before main() replaces functions for jobs, like the two below
from select import poll
from time import monotonic

import clock
import disk
import fast_exit
import leftovers
import program
import quiescence

MYPY = False  # see clock.py
if MYPY:
    from typing import Any

    Request = dict[str, Any]

LINUX = sys.platform.startswith("linux")
FIRST_USER = 0x7000_0000
"""User ids from here up belong to nobody, so that each judging process can use some for its jobs."""
READY = b"ready\n"
SPARE = 4
"""Processes that the system counts with a job's, or that have ended since they were counted."""
LOOK = 0.1
"""Seconds of real time between checks of a job's total use."""
MOST_LEFT = 50
"""The most processes that a program may leave running."""


def serve() -> "Request":
    """Answer requests for ever. Returns only in a child, with its request."""
    send(READY)
    while True:
        size = sys.stdin.buffer.readline()
        message = sys.stdin.buffer.read(int(size)) if size else b""
        if not message or len(message) < int(size):  # the judge is done, or was interrupted
            os._exit(0)
        request: Request = marshal.loads(message)
        settle_devices()
        answer = attend(request)
        if answer is None:
            return request
        send(answer)


def attend(request: "Request") -> "bytes | None":
    """Run the program for each start of the request. Returns the answer; None in a child, which must run the
    program."""
    meter = Meter(request["limits"], request["scratch"], request["clock"] if request["computing"] else None)
    left: list[tuple[int, bytes]] | None = []
    servers: set[tuple[int, int]] = set()
    for number, start in enumerate(request["starts"], 1):  # noqa: B007 - part of the answer below
        request.update(start)
        earlier = {pid for pid, _ in left or ()}
        if program.expect(request):
            fast_exit.settle()
        try:
            pid = os.fork()
        except OSError as error:
            program.learn(request)
            program.prologue(request)
            kill_all()
            end_orphans()
            return (
                b'{"code": null, "signal": null, "over": "", "cpu": 0, "trouble": "%s"}\n'
                % (error.strerror or "").encode()
            )
        if pid == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            return None
        program.learn(request)
        status = meter.wait(pid)
        begun, failed, server = program.prologue(request)
        servers |= server
        checkpoint = not meter.over and ended_with(status, request["checkpoint"])
        left = left_running(request, meter, servers) if checkpoint else []
        if not checkpoint or left is None:
            break
    kill_all(pid)
    end_orphans()
    code = b"%d" % os.WEXITSTATUS(status) if os.WIFEXITED(status) else b"null"
    ended_by = b"%d" % os.WTERMSIG(status) if os.WIFSIGNALED(status) else b"null"
    processes = b", ".join(
        b'[%s, "%s"]' % (b"true" if pid in earlier else b"false", command.hex().encode()) for pid, command in left or ()
    )
    return (
        b'{"code": %s, "signal": %s, "over": "%s", "cpu": %f, "begun": %s, "failed": %d, "starts": %d, "left": %s}\n'
        % (
            code,
            ended_by,
            meter.over.encode(),
            meter.cpu,
            b"true" if begun else b"false",
            failed,
            number,
            b"null" if left is None else b"[%s]" % processes,
        )
    )


def settle_devices() -> None:
    """Set the times of the devices, which the whole machine shares, so that they reveal nothing of earlier
    executions."""
    if os.getpid() == 1:
        for name in ("null", "zero", "full", "random", "urandom", "tty"):
            try:
                os.utime("/dev/" + name)  # only the owner can set other times than the present
            except OSError:
                pass


def send(line: bytes) -> None:
    """Send a line to the judge; if the judge has ended, perhaps interrupted, end too."""
    try:
        os.write(1, line)
    except BrokenPipeError:
        os._exit(0)


class Meter:
    """What a job has used of its limits, from its first start to its last.

    Real time counts only while the program could run: not while this process was stopped (perhaps with the whole
    machine), nor while the program waited for a processor."""

    def __init__(self, limits: "dict[str, float]", scratch: str, computing: "str | None" = None) -> None:
        """`computing`: the path of the clock, if it moves while the job computes."""
        self.limits, self.scratch, self.computing = limits, scratch, computing
        self.over, self.cpu = "", 0.0
        self._given = self._waited = 0.0
        self._events = poll()
        self._events.register(1, 0)
        self._events.register(_bell()[0])

    def wait(self, pid: int) -> int:
        """Wait until a process ends; kill all of the job if it exceeds its limits. Returns the process's status.

        No code of ours handles a signal: a job may send so many that a handler would interrupt itself for ever."""
        look = min(LOOK, self.limits["wall"])
        bell, ring = _bell()
        signal.signal(signal.SIGCHLD, {}.get)  # does nothing; the signal's number is written to `ring`
        set_wakeup_fd(ring, warn_on_full_buffer=False)
        last, waited = monotonic(), 0.0
        due = last + look
        ended, status, used = os.wait4(pid, os.WNOHANG)
        while not ended:
            now = monotonic()
            if now >= due:
                self._given, last = self._given + min(now - last, 2 * LOOK), now
                waited = _waited(pid)
                self._check(pid, waited)
                due = monotonic() + look
            for file, _ in self._events.poll(max(0.0, due - monotonic()) * 1000):
                if file == 1:  # nobody reads our answers any more: the judge has ended
                    kill_all(pid)
                    os._exit(0)
                os.read(bell, 4096)
            ended, status, used = os.wait4(pid, os.WNOHANG)
        set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._given += min(monotonic() - last, 2 * LOOK)
        self._waited += waited
        self.cpu += used.ru_utime + used.ru_stime
        if self.computing:
            clock.count_computing(self.computing, self.cpu)
        return status

    def _check(self, pid: int, waited: float) -> None:
        if self.computing:
            clock.count_computing(self.computing, self.cpu + sum(map(_seconds_in_all, leftovers.descendants())))
        late = self._given - self._waited - waited >= self.limits["wall"]
        over = "time" if late else exceeded(self.limits, self.scratch, self.cpu) if alone() else ""
        if over:
            self.over = self.over or over
            kill_all(pid)


_bells: "list[tuple[int, int]]" = []


def _bell() -> "tuple[int, int]":
    """(the reading end, the writing end) of the pipe that announces that a child has ended."""
    if not _bells:
        _bells.append(os.pipe())
        for file in _bells[0]:
            os.set_blocking(file, False)
    return _bells[0]


def ended_with(status: int, expected: "list[int | None] | None") -> bool:
    """Whether a program ended with this exit code and signal, one of which is None."""
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    return expected is not None and (code, None if code is not None else os.WTERMSIG(status)) == tuple(expected)


# -- what a program leaves running -------------------------------------------------------


def left_running(request: "Request", meter: Meter, servers: "set[tuple[int, int]]") -> "list[tuple[int, bytes]] | None":
    """Wait until all processes that a program left running wait; then return (process, command) for each. Sleep servers
    do not count, nor do sleeps: the end of a sleep affects only a process that waits for it, and that process counts.
    Returns [] where processes can't be seen; None if there are too many, if they never come to rest, or if that can't
    be determined."""
    if not quiescence.SEEN or leftovers.none(servers):
        return []
    try:
        pid = os.fork()
    except OSError:
        return None
    if pid == 0:
        try:
            os.setsid()
            clock.await_rest(request["clock"])
            os._exit(0)
        finally:
            os._exit(1)
    if meter.wait(pid) != 0 or meter.over:
        return None
    if leftovers.none(servers):
        return []
    left = [
        (other, leftovers.command(other))
        for other in leftovers.descendants()
        if leftovers.identity(other) not in servers and not leftovers.is_sleep(other, request["scratch"])
    ]
    return left if len(left) <= MOST_LEFT else None


# -- limits ------------------------------------------------------------------------------


def alone() -> bool:
    """Whether every process that this one can signal is the job's: this process is the first in a process namespace,
    where all others descend from it, or its user exists only for this job."""
    if not LINUX:
        return False
    if os.getpid() == 1:
        return True
    user = os.getuid()
    return user >= FIRST_USER and os.getresuid() == (user, user, user)


def kill_all(pid: "int | None" = None) -> None:
    """Kill a program, if given, and everything that it started; where this job is alone, all at once, faster than it
    can fork."""
    if alone():
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            pass
    if pid:
        kill_group(pid)


def exceeded(limits: "dict[str, float]", scratch: str, seconds: float) -> str:
    """ "processes" if a job has reached that limit; "cpu", "memory" or "disk" if its processes or files together
    exceed that limit (the system's limits apply to each process separately); "" otherwise. `seconds`: the processor
    time of its earlier starts."""
    memory, processes = 0, SPARE
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if int(pid) != os.getpid() and _user(pid) == os.getuid():
                processes += 1
                seconds += _seconds(pid)
                memory += _memory(pid)
        except (ValueError, OSError):
            pass  # it has ended
    if processes >= limits["processes"]:
        return "processes"
    if seconds > limits["cpu"]:
        return "cpu"
    if memory > limits["memory"]:
        return "memory"
    return "disk" if disk.crowded(scratch, 2 * limits["files"], 2 * limits["sandbox_bytes"]) else ""


def _waited(pid: int) -> float:
    """Seconds that a process was ready to run, but had no processor (Linux)."""
    try:
        return int(_read(pid, "schedstat").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def _user(pid: str) -> int:
    """The user of a process. (Not the owner of its directory, which a process can change.)"""
    return int(_read(pid, "status").partition("\nUid:")[2].split()[0])


def _seconds(pid: str) -> float:
    """A process's processor time. (Its ended children do not count: a script may well start a thousand.)"""
    return sum(map(int, _read(pid, "stat").rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def _seconds_in_all(pid: int) -> float:
    """The same, with its ended children."""
    try:
        return sum(map(int, _read(pid, "stat").rpartition(")")[2].split()[11:15])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return 0.0  # it has just ended


def _memory(pid: str) -> int:
    """Bytes of memory of a process, without mapped files. Shared memory counts for each process, as does memory that
    processes share since a fork."""
    status = dict(line.partition(":")[::2] for line in _read(pid, "status").splitlines())
    kinds = ("RssAnon", "RssShmem") if "RssAnon" in status else ("VmRSS",)  # before Linux 4.5; none if it has ended
    return sum(int(status[kind].split()[0]) << 10 for kind in kinds if kind in status)


def _read(pid: object, name: str) -> str:
    with open("/proc/%s/%s" % (pid, name)) as file:
        return file.read()


def kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def adopt_orphans() -> None:
    """Become the parent of processes whose own parent has ended (Linux), so that none escapes."""
    if LINUX:
        import ctypes

        PR_SET_CHILD_SUBREAPER = 36
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def be_nobody() -> None:
    """If the judge is root, become a user who owns nothing. Keep the job from inspecting this process, as the judge
    trusts its answers."""
    user = int(os.environ.get("_SIMULATOR_USER", "0"))
    if user:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    if alone():
        import ctypes

        import seccomp

        PR_SET_DUMPABLE = 4
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        seccomp.refuse()


def forget_habits() -> None:
    """Reset what this process has inherited from the judge, and a job on an execution point would not have: blocked and
    ignored signals, and an unusual umask."""
    os.umask(0o022)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    ours = (signal.SIGINT, signal.SIGPIPE, getattr(signal, "SIGXFSZ", None))  # as Python sets them
    for number in signal.valid_signals():
        if number not in ours and signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def end_orphans() -> None:
    """Kill and reap everything that a program left running. Reaps all present children before listing them again: with
    thousands, a list after each would take minutes."""
    for _ in range(1000):
        left = leftovers.children()
        for child in left:
            kill_group(child)
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            for _ in left or [0]:  # children may exist that can't be seen
                os.waitpid(-1, 0)
        except ChildProcessError:
            return


def main() -> None:
    """Serve requests, and in each fork run a program."""
    program.begin()  # before importing modules that copy functions of `time`, as ctypes does since Python 3.14
    be_nobody()
    adopt_orphans()
    forget_habits()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a job could send it
    # Hide from the job the modules that only this process needs.
    for name in [name for name in sys.modules if name.partition(".")[0] in ("ctypes", "_ctypes", "seccomp")]:
        del sys.modules[name]
    fast_exit.settle()
    program.run(serve())
