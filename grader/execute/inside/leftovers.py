"""What a job's program leaves running, as its starter sees it (Linux).

A process can set its own name and arguments, and a job may forge everything that it can write to. So a process is
identified by its number and its start time, and what it runs by the files that the kernel has mapped into it.
"""

import os

import quiescence

MYPY = False  # see clock.py
if MYPY:
    Identity = tuple[int, int]

MOST_COMMAND = 500
"""The most bytes of a command to report to the judge."""
SYSTEM = ("/usr/", "/bin/", "/lib/", "/lib64/", "/nix/store/")
"""Directories of programs and libraries that no job can write to."""


def children() -> "list[int]":
    """The processes that this one has started or adopted."""
    try:
        with open("/proc/self/task/%d/children" % os.getpid()) as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def descendants() -> "list[int]":
    """All processes that descend from this one and have not ended."""
    living: list[int] = []
    pending = children()
    while pending:
        pid = pending.pop(0)
        if quiescence.state(pid, pid) != quiescence.ENDED:
            living.append(pid)
        try:
            for thread in os.listdir("/proc/%d/task" % pid):
                pending += map(int, _read(pid, "task/%s/children" % thread).split())
        except (OSError, ValueError):
            pass  # it has just ended
    return living


def none(servers: "set[Identity]") -> bool:
    """Whether this process has no living descendants other than sleep servers."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return True
    return all(identity(pid) in servers for pid in descendants())


def identity(pid: int) -> "Identity | None":
    """(number, start time), which is unique, unlike the number alone. None if the process has ended."""
    try:
        return pid, int(_read(pid, "stat").rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def command(pid: int) -> bytes:
    """The beginning of a process's command line, as the process shows it."""
    try:
        return _read(pid, "cmdline")[:MOST_COMMAND]
    except OSError:
        return b""


def is_sleep(pid: int, scratch: str) -> bool:
    """Whether a process is certainly a `sleep`, this simulator's script or the system's program: it contains only code
    of the system. (Without other code, a shell can't change its arguments.)"""
    words = command(pid).split(b"\0")
    try:
        program = os.readlink("/proc/%d/exe" % pid)
        if not made_of_system(_read(pid, "maps"), program):
            return False
    except OSError:  # it has ended, or is not readable
        return False
    if os.path.basename(program) == "sleep" or (words[0].rpartition(b"/")[2] == b"sleep" and _is_all_tools(program)):
        return True
    return program == os.path.realpath("/bin/sh") and words[1:2] == [os.fsencode(scratch + "/tools/sleep")]


def _is_all_tools(program: str) -> bool:
    """Whether this program acts as `sleep` when called by that name: BusyBox, or the Coreutils in a single program."""
    return os.path.basename(program) in ("busybox", "coreutils")


def made_of_system(maps: bytes, program: str) -> bool:
    """Whether a process runs a program of the system, and all code in its memory `maps` is the system's, too."""
    for line in maps.splitlines():
        _, rights, _, _, _, *file = line.split(None, 5)
        path = os.fsdecode(file[0]) if file else ""
        if b"x" in rights and path not in ("[vdso]", "[vsyscall]") and not path.startswith(SYSTEM):
            return False
    return program.startswith(SYSTEM)


def _read(pid: int, name: str) -> bytes:
    with open("/proc/%d/%s" % (pid, name), "rb") as file:
        return file.read()
