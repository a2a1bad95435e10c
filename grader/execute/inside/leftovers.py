"""What a job's program leaves running, as its starter sees it (Linux).

Nobody's word is taken for what a process is: its name and its arguments are what it makes of them, and whatever a job
can write to may be forged. A process is known by its number and by when it was started, and what it runs by the files
that the system has mapped into it.
"""

import os

import quiescence

MYPY = False  # see clock.py
if MYPY:
    Identity = tuple[int, int]

MOST_TOLD = 500
"""Bytes of a command that the judge is told."""
SYSTEM = ("/usr/", "/bin/", "/lib/", "/lib64/", "/nix/store/")
"""Where programs and libraries are that no job has made."""


def children() -> "list[int]":
    """The processes that this one has started, or that have been left to it."""
    try:
        with open("/proc/self/task/%d/children" % os.getpid()) as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def descendants() -> "list[int]":
    """All processes that descend from this one and have not ended."""
    found: list[int] = []
    pending = children()
    while pending:
        pid = pending.pop(0)
        if quiescence.state(pid, pid) != quiescence.ENDED:
            found.append(pid)
        try:
            for thread in os.listdir("/proc/%d/task" % pid):
                pending += map(int, _told(pid, "task/%s/children" % thread).split())
        except (OSError, ValueError):
            pass  # it has just ended
    return found


def none(keepers: "set[Identity]") -> bool:
    """Whether this process has no child, but for keepers: those that keep the time for sleeps."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return True
    return all(identity(pid) in keepers for pid in descendants())


def identity(pid: int) -> "Identity | None":
    """(number, when it was started): what no other process has, as numbers are given again. None if it has ended."""
    try:
        return pid, int(_told(pid, "stat").rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def command(pid: int) -> bytes:
    """The beginning of what a process says is its command."""
    try:
        return _told(pid, "cmdline")[:MOST_TOLD]
    except OSError:
        return b""


def is_sleep(pid: int, scratch: str) -> bool:
    """Whether a process is a `sleep` and nothing else: this simulator's script, or the system's own, and no code is in
    it but what the system has. (A shell can't change its arguments without other code.)"""
    words = command(pid).split(b"\0")
    try:
        program = os.readlink("/proc/%d/exe" % pid)
        if not made_of_system(_told(pid, "maps"), program):
            return False
    except OSError:  # it has ended, or does not let anybody look
        return False
    if os.path.basename(program) == "sleep" or (words[0].rpartition(b"/")[2] == b"sleep" and _is_all_tools(program)):
        return True
    return program == os.path.realpath("/bin/sh") and words[1:2] == [os.fsencode(scratch + "/tools/sleep")]


def _is_all_tools(program: str) -> bool:
    """Whether this is a program that is `sleep` if it is called so: BusyBox, or the Coreutils as one."""
    return os.path.basename(program) in ("busybox", "coreutils")


def made_of_system(maps: bytes, program: str) -> bool:
    """Whether a process runs this program of the system, and all code in it is of the system, too, as its map tells."""
    for line in maps.splitlines():
        _, rights, _, _, _, *named = line.split(None, 5)
        path = os.fsdecode(named[0]) if named else ""
        if b"x" in rights and path not in ("[vdso]", "[vsyscall]") and not path.startswith(SYSTEM):
            return False
    return program.startswith(SYSTEM)


def _told(pid: int, what: str) -> bytes:
    with open("/proc/%d/%s" % (pid, what), "rb") as file:
        return file.read()
