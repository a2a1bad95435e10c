"""Starts a job's program, again and again, each time in a fresh child process.

It is what condor_starter is on an execution point: it has the program run in its working directory,
environment and limits, waits for it, and ends whatever the program left running. It runs none of the
program's code itself: that is done in forks of this clean interpreter, see program.py.

What a program leaves running when it exits with its checkpoint exit code goes on beside the restarted program, in the
same sandbox (R4f). So a request may be for several starts: the first in a sandbox that was just laid out, each other
one beside what those before have left, and the answer is about the last.

Requests come on standard input: the number of their bytes on a line, and an object as marshal writes it.
On standard output goes one answer a line, JSON. (The modules json and signal take longer to import than all else.)
"""

import _signal as signal
import marshal
import os
import sys
from _signal import setitimer  # which are other ones for jobs; see main()
from select import poll
from time import monotonic

import clock
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
"""User ids from here up belong to nobody, so that each judging process can lend its jobs some."""
READY = b"ready\n"
SPARE = 4
"""Processes that are counted with a job's by the system, or had just ended when they were looked at."""
LOOK = 0.1
"""Seconds of real time between two looks at what a job uses in all."""
MOST_LEFT = 50
"""Processes that a program may leave running."""


def serve() -> "Request":
    """Answer requests for ever. Returns only in a child, with its request."""
    say(READY)
    while True:
        size = sys.stdin.buffer.readline()
        told = sys.stdin.buffer.read(int(size)) if size else b""
        if not told or len(told) < int(size):  # the judge is done, or was interrupted
            os._exit(0)
        request: Request = marshal.loads(told)
        settle_devices()
        answer = attend(request)
        if answer is None:
            return request
        say(answer)


def attend(request: "Request") -> "bytes | None":
    """Have the program run as often as the request says. The answer; None in a child, which is to run it."""
    meter = Meter(request["limits"], request["scratch"], request["clock"] if request["computing"] else None)
    left: list[tuple[int, bytes]] | None = []
    keepers: set[tuple[int, int]] = set()
    for number, start in enumerate(request["starts"], 1):  # noqa: B007 - the last is told below
        request.update(start)
        earlier = {pid for pid, _ in left or ()}
        if program.expect(request):
            fast_exit.settle()
        try:
            pid = os.fork()
        except OSError as error:
            program.learn(request)
            keepers |= program.keepers(request)
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
        keepers |= program.keepers(request)
        goes_on = not meter.over and ended_so(status, request["checkpoint"])
        left = left_running(request, meter, keepers) if goes_on else []
        if not goes_on or left is None:
            break
    kill_all(pid)
    end_orphans()
    return b'{"code": %s, "signal": %s, "over": "%s", "cpu": %f, "starts": %d, "left": %s}\n' % (
        b"%d" % os.WEXITSTATUS(status) if os.WIFEXITED(status) else b"null",
        b"%d" % os.WTERMSIG(status) if os.WIFSIGNALED(status) else b"null",
        meter.over.encode(),
        meter.cpu,
        number,
        b"null"
        if left is None
        else b"[%s]"
        % b", ".join(
            b'[%s, "%s"]' % (b"true" if pid in earlier else b"false", command.hex().encode()) for pid, command in left
        ),
    )


def settle_devices() -> None:
    """Give the devices, which are those of the whole machine, times that tell nothing of an execution before."""
    if os.getpid() == 1:
        for name in ("null", "zero", "full", "random", "urandom", "tty"):
            try:
                os.utime("/dev/" + name)  # any other time can be set by their owner only
            except OSError:
                pass


def say(line: bytes) -> None:
    """Tell the judge something; if it is there no more, interrupted perhaps, there is nothing left to do."""
    try:
        os.write(1, line)
    except BrokenPipeError:
        os._exit(0)


class Meter:
    """What a job has used of its limits, from its first start to its last.

    Only time counts in which the program could have run: not that in which this process was stopped, with the whole
    machine perhaps, nor that in which the program waited for a processor."""

    def __init__(self, limits: "dict[str, float]", scratch: str, computing: "str | None" = None) -> None:
        """`computing`: the clock, if it has to move while the job computes."""
        self.limits, self.scratch, self.computing = limits, scratch, computing
        self.over, self.cpu = "", 0.0
        self._given = self._waited = 0.0
        self._judge = poll()
        self._judge.register(1, 0)

    def wait(self, pid: int) -> int:
        """Wait for a process's end, or end it with all others if the job uses more than it may. Its status."""
        last, waited, look, looking = monotonic(), 0.0, min(LOOK, self.limits["wall"]), False

        def on_alarm(number: int, frame: object) -> None:
            nonlocal last, waited, looking
            if looking:  # a look that takes longer than LOOK, as a job leaves it no processor, has to come to its end
                return
            if self._judge.poll(0):  # nobody reads any more what this process writes there: the judge is gone
                kill_all(pid)
                os._exit(0)
            now = monotonic()
            if now - last < look / 2:
                return  # a job may send any number of alarms
            self._given, last = self._given + min(now - last, 2 * LOOK), now
            waited = _waited(pid)
            late = self._given - self._waited - waited >= self.limits["wall"]
            looking = True
            if self.computing:
                clock.count_computing(self.computing, self.cpu + sum(map(_seconds_in_all, leftovers.descendants())))
            found = "time" if late else exceeded(self.limits, self.scratch, self.cpu) if alone() else ""
            looking = False
            if found:
                self.over = self.over or found
                kill_all(pid)

        signal.signal(signal.SIGALRM, on_alarm)
        setitimer(signal.ITIMER_REAL, look, LOOK)
        _, status, used = os.wait4(pid, 0)
        setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # as the next program has to find it
        self._given += min(monotonic() - last, 2 * LOOK)
        self._waited += waited
        self.cpu += used.ru_utime + used.ru_stime
        if self.computing:
            clock.count_computing(self.computing, self.cpu)
        return status


def ended_so(status: int, wanted: "list[int | None] | None") -> bool:
    """Whether a program has ended with this (exit code, signal), of which one is None."""
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    return wanted is not None and (code, None if code is not None else os.WTERMSIG(status)) == tuple(wanted)


# -- what a program leaves running -------------------------------------------------------


def left_running(request: "Request", meter: Meter, keepers: "set[tuple[int, int]]") -> "list[tuple[int, bytes]] | None":
    """What a program that has ended has left running, when all of it waits: (process, its command) of each, but for
    keepers, and for sleeps, as nothing comes of their end but what another does that waits for it. Where processes
    can't be seen, nothing. None if there are too many, if they are never at rest, or if nobody can see whether they
    are."""
    if not quiescence.SEEN or leftovers.none(keepers):
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
    if leftovers.none(keepers):
        return []
    left = [
        (other, leftovers.command(other))
        for other in leftovers.descendants()
        if leftovers.identity(other) not in keepers and not leftovers.is_sleep(other, request["scratch"])
    ]
    return left if len(left) <= MOST_LEFT else None


# -- limits ------------------------------------------------------------------------------


def alone() -> bool:
    """Whether every process that this one can signal is the job's. It takes nobody's word for it: this process is the
    first of a process namespace, in which all others descend from it, or it is a user who was made for this job."""
    if not LINUX:
        return False
    if os.getpid() == 1:
        return True
    user = os.getuid()
    return user >= FIRST_USER and os.getresuid() == (user, user, user)


def kill_all(pid: "int | None" = None) -> None:
    """Kill a program, if there is one, with all that it has started; where it is alone, at one stroke, faster than it
    could fork."""
    if alone():
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            pass
    if pid:
        kill_group(pid)


def exceeded(limits: "dict[str, float]", scratch: str, seconds: float) -> str:
    """ "processes" if a job has as many as it may, and so wants more, or "cpu", "memory" or "disk" if they, or the files,
    take too much together; the limits of the system hold for each of them alone. `seconds`: of processor time that its
    earlier starts took."""
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
    return "disk" if crowded(scratch, 2 * limits["files"], 2 * limits["sandbox_bytes"]) else ""


def _waited(pid: int) -> float:
    """Seconds that a process was ready to run, and had no processor (Linux)."""
    try:
        return int(_told(pid, "schedstat").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def _user(pid: str) -> int:
    """Whose process it is. (The owner of its directory is not to be trusted: a process can hide that.)"""
    return int(_told(pid, "status").partition("\nUid:")[2].split()[0])


def _seconds(pid: str) -> float:
    """Of processor time. (That of processes which are over is not counted: a script may well start a thousand.)"""
    return sum(map(int, _told(pid, "stat").rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def _seconds_in_all(pid: int) -> float:
    """The same with those of its children that have ended."""
    try:
        return sum(map(int, _told(pid, "stat").rpartition(")")[2].split()[11:15])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return 0.0  # it has just ended


def _memory(pid: str) -> int:
    """Bytes of memory that a process has, files apart. What it shares with others counts for each of them, as what
    they share since a fork does."""
    told = dict(line.partition(":")[::2] for line in _told(pid, "status").splitlines())
    kinds = ("RssAnon", "RssShmem") if "RssAnon" in told else ("VmRSS",)  # before Linux 4.5; none if it has ended
    return sum(int(told[kind].split()[0]) << 10 for kind in kinds if kind in told)


def _told(pid: object, what: str) -> str:
    with open("/proc/%s/%s" % (pid, what)) as file:
        return file.read()


def crowded(directory: str, files: float, size: float) -> bool:
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


def kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def adopt_orphans() -> None:
    """Become the parent of processes whose own parent ended (Linux), so that none gets away."""
    if LINUX:
        import ctypes

        PR_SET_CHILD_SUBREAPER = 36
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def be_nobody() -> None:
    """Where the judge is root: become a user who owns nothing. Keep the job from looking into this process, whose
    answers the judge believes."""
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


def end_orphans() -> None:
    """End what a program has left, and wait for its end: for as many at a time as there are, since to look for thousands
    after each single one takes minutes."""
    for _ in range(1000):
        left = leftovers.children()
        for child in left:
            kill_group(child)
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            for _ in left or [0]:  # there may be some that can't be seen
                os.waitpid(-1, 0)
        except ChildProcessError:
            return


def main() -> None:
    """Serve, and in each fork run a program."""
    program.begin()  # before anything imports modules that take the time's functions, as ctypes does since Python 3.14
    be_nobody()
    adopt_orphans()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a job could send it
    # What only this process needed is not there for the job either.
    for name in [name for name in sys.modules if name.partition(".")[0] in ("ctypes", "_ctypes", "seccomp")]:
        del sys.modules[name]
    fast_exit.settle()
    program.run(serve())
