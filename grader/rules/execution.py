"""One execution of a job's program, as a request and its result: the interface between rules, verifier and executors.

execute/ contains the executors: with processes, or where there are none, in the interpreter itself.
"""

from __future__ import annotations

import re
import signal
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypedDict, Unpack

from ..tree import Tree
from .job import Job

EPOCH = 1628499600.0
"""The start of virtual time, in seconds since the epoch: 9 August 2021, 09:00 UTC."""


class MachineTrouble(OSError):
    """This machine lacks what an execution needs: a process, room on the disk ... The text names it, in sentences.
    Nothing follows about the job."""


class LostExecution(MachineTrouble):
    """The processes of an execution were lost every time, so nothing is known about the program."""


EXIT_ATTRIBUTES = frozenset({"exitcode", "exitbysignal", "exitsignal"})
"""The job attributes that show how its program last ended, in lower case."""


def signal_name(number: int) -> str:
    """SIGTERM, say; `signal 40` if it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class Exit(NamedTuple):
    """How a program ended: with an exit code, or by a signal."""

    code: int | None = None
    signal: int | None = None

    @property
    def attributes(self) -> dict[str, bool | int]:
        """The EXIT_ATTRIBUTES that a job has after this end, with their values."""
        values = {"exitbysignal": self.code is None, "exitcode": self.code, "exitsignal": self.signal}
        return {name: value for name, value in values.items() if value is not None}

    def __str__(self) -> str:
        if self.code is not None:
            return f"exit code {self.code}"
        name, number = signal_name(self.signal or 0), f"signal {self.signal}"
        return number if name == number else f"{number} ({name})"


SIGKILL = getattr(signal, "SIGKILL", 9)


class Stop(NamedTuple):
    """An eviction during an execution: at once by SIGKILL, or by another signal and SIGKILL after the grace time."""

    after: float
    """Virtual seconds from the start."""
    signal: int = SIGKILL
    grace: float = 0.0
    """Seconds between that signal and SIGKILL."""


@dataclass(frozen=True)
class Limits:
    """What one execution may use. Memory is not limited on macOS, nor processes for root."""

    cpu: float = 20
    """Seconds of processor time."""
    wall: float = 20.0
    """Seconds of real time; virtual time is not limited."""
    memory: int = 4 << 30
    file_bytes: int = 256 << 20
    open_files: int = 256
    processes: int = 4096
    files: int = 10_000
    """Files and directories in the sandbox."""
    sandbox_bytes: int = 512 << 20


class Limit(StrEnum):
    """The limits that can end an execution; the values are the starter's names for them."""

    REAL_TIME = "time"
    PROCESSOR_TIME = "cpu"
    PROCESSES = "processes"
    MEMORY = "memory"
    DISK = "disk"
    FILE = "file"


class Unbroken(NamedTuple):
    """How a Python program goes on where it would exit with the checkpoint exit code."""

    time_begins_anew: bool = False
    """The clock is set back to the start there, so that times measured from it are as short as after a restart."""
    files_stay_open: bool = False
    """The program can still write to files that it closed before it would exit."""
    loop: tuple[str, int] | None = None
    """The file and line of a loop at which the variables in memory are noted, see inside/memory.py."""
    forgets: tuple[str, ...] = ()
    """The variables that are set back there to their first values, as a restart may do."""
    remembers: tuple[tuple[str, str], ...] = ()
    """Variables with the values that they get when the program first comes there, pickled as in a note."""
    last_note: str = ""
    """The note after which the program is ended; "" to let it run to its end."""


class Start(NamedTuple):
    """A start of the program."""

    sandbox: Tree
    """The sandbox at its start."""
    clock: float
    """The virtual time of its start."""
    left: tuple[str, ...] = ()
    """The names of the processes that were still running in the sandbox after its end."""


Note = tuple[Any, ...]
"""An observation during an execution: text and numbers. The first says what the others mean."""


class Run(NamedTuple):
    """The result of one execution, as seen from outside."""

    exit: Exit
    sandbox: Tree
    """The directory after the program's end, including stdout and stderr."""
    seconds: float
    """The virtual time that it took, to the millisecond."""
    stdout: str
    """What this execution wrote to stdout; `stderr` likewise."""
    stderr: str
    over: str | None = None
    """The limit that ended it, in words."""
    unstartable: str | None = None
    """Why it could not be started, in the system's words."""
    error: int = 0
    """The system's error number for that."""
    looked: bool = False
    """Whether it read the time."""
    lost: bool = False
    """Whether its processes were lost, so that nothing is known about the program."""
    limit: Limit | None = None
    """The limit that ended it."""
    outside: tuple[str, ...] = ()
    """What it left in its /tmp and home directory, outside the sandbox."""
    left: tuple[str, ...] | None = ()
    """If it ended with the checkpoint exit code: the names of the processes that it left running, which go on beside
    the restarted program (R4f). None if they can't be determined."""
    unaided: bool = False
    """Whether earlier processes beside it have ended, and it would have had the same result without them."""
    notes: tuple[Note, ...] = ()
    """With trace=True: the files opened and read, and exceptions raised; see inside/watch.py."""

    @property
    def out_of_time(self) -> bool:
        """Whether a limit on time ended it, so that it might get further with a higher limit."""
        return self.limit in (Limit.REAL_TIME, Limit.PROCESSOR_TIME)


class Circumstances(TypedDict, total=False):
    """The parameters of Executes.run() besides the job and the sandbox."""

    slot: int
    clock: float
    stop: Stop | None
    trace: bool
    beside: tuple[Start, ...]
    unbroken: Unbroken | None


class Runs(Protocol):
    """The part of an executor that simulate() needs."""

    @property
    def kept_outside(self) -> Tree:
        """The files outside the sandbox that the next execution in the same slot will see; usually none."""

    def run(self, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]) -> Run:
        """Execute the job's program in this sandbox; see execute/executor.py."""
        ...


class Executes(Runs, Protocol):
    """An executor."""

    @property
    def mark(self) -> re.Pattern[bytes]:
        """A pattern that matches the name of an execution point anywhere in a file."""

    def slots_named_in(self, tree: Tree) -> set[int]: ...

    def afresh(self) -> AbstractContextManager[object]:
        """Within it, execute every request, even if the result is known."""
