"""One execution of a job's program, as a question and an answer: what rules and verifier share with whatever executes it.

How a program is executed is in execute/: by processes, or where there are none by the interpreter itself.
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
"""Where virtual time begins, in seconds since the epoch: 9 August 2021, 09:00 UTC."""


class MachineTrouble(OSError):
    """This machine can't do what an execution takes: no process, no room on the disk ... The text says what, in
    sentences. Nothing is known of the job."""


EXIT_ATTRIBUTES = frozenset({"exitcode", "exitbysignal", "exitsignal"})
"""The attributes of a job that say how its program ended last, in lower case."""


class Exit(NamedTuple):
    """How a program ended: with an exit code, or by a signal."""

    code: int | None = None
    signal: int | None = None

    @property
    def attributes(self) -> dict[str, bool | int]:
        """Those of EXIT_ATTRIBUTES that a job has after this end, with their values."""
        found = {"exitcode": self.code, "exitsignal": self.signal}
        return {"exitbysignal": self.code is None} | {name: value for name, value in found.items() if value is not None}

    def __str__(self) -> str:
        if self.code is not None:
            return f"exit code {self.code}"
        try:
            return f"signal {self.signal} ({signal.Signals(self.signal or 0).name})"
        except ValueError:
            return f"signal {self.signal}"


class Stop(NamedTuple):
    """An eviction during an execution: after so many virtual seconds, SIGTERM or SIGKILL."""

    after: float
    signal: int = getattr(signal, "SIGKILL", 9)
    grace: float = 0.0
    """Seconds between SIGTERM and SIGKILL."""


@dataclass(frozen=True)
class Limits:
    """What one execution may use. Memory is not limited on macOS, processes not for root."""

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
    """What an execution can be ended for, as the starter and the system say it."""

    REAL_TIME = "time"
    PROCESSOR_TIME = "cpu"
    PROCESSES = "processes"
    MEMORY = "memory"
    DISK = "disk"
    FILE = "file"


class Unbroken(NamedTuple):
    """How a Python program goes on where it would leave with the checkpoint exit code."""

    time_begins_anew: bool = False
    """It is as at the start, so that what a program measures from there is as small as after a restart."""
    files_stay_open: bool = False
    """It can still write to files that it has closed before it would leave."""
    loop: tuple[str, int] | None = None
    """The file and line of a loop. What is in memory there is noted, see inside/memory.py."""
    forgets: tuple[str, ...] = ()
    """What of that begins anew there, as after a restart."""


class Start(NamedTuple):
    """A start of the program."""

    sandbox: Tree
    """What it found."""
    clock: float
    """When it was, in virtual time."""
    left: tuple[str, ...] = ()
    """The names of the processes that were running in the sandbox when it had ended."""


Note = tuple[Any, ...]
"""What was seen of an execution: text and numbers, in an order that depends on the first."""


class Run(NamedTuple):
    """What came of one execution, as seen from outside."""

    exit: Exit
    sandbox: Tree
    """The directory when the program had ended, stdout and stderr among it."""
    seconds: float
    """Virtual time that it took, to the millisecond."""
    stdout: str
    """What this execution wrote to stdout; `stderr` likewise."""
    stderr: str
    over: str | None = None
    """The limit that it was ended for, in words."""
    unstartable: str | None = None
    """Why it could not even be started, in the system's words."""
    error: int = 0
    """The system's number for that."""
    looked: bool = False
    """Whether it asked what time it is."""
    lost: bool = False
    """Whether the processes that were to run it have been lost, twice, so that nothing can be said of the program."""
    limit: Limit | None = None
    """Which limit that is, if the program was ended for it."""
    outside: tuple[str, ...] = ()
    """What it has left in its /tmp and home directory, outside of the sandbox."""
    left: tuple[str, ...] | None = ()
    """If it ended with the checkpoint exit code: the names of the processes that it left running, which go on beside
    the restarted program (R4f). None if that can't be said."""
    unaided: bool = False
    """Whether it would have left the same, files and all, without what ran beside it, which is gone."""
    notes: tuple[Note, ...] = ()
    """With trace=True: the files opened and looked at, and exceptions raised; see inside/watch.py."""

    @property
    def out_of_time(self) -> bool:
        """Whether it was ended for a limit on time, so that with another it could get further."""
        return self.limit in (Limit.REAL_TIME, Limit.PROCESSOR_TIME)


class Circumstances(TypedDict, total=False):
    """What an execution may be given besides the job and the sandbox, as Executes.run() takes it."""

    slot: int
    clock: float
    stop: Stop | None
    trace: bool
    beside: tuple[Start, ...]
    unbroken: Unbroken | None


class Runs(Protocol):
    """What telling a story needs of an executor."""

    @property
    def kept_outside(self) -> Tree:
        """What is outside of the sandbox, and will be there in the next execution in the same slot; mostly nothing."""

    def run(self, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]) -> Run:
        """Execute the job's program in this sandbox; see execute/executor.py."""
        ...


class Executes(Runs, Protocol):
    """What the rest of the simulator needs of one."""

    @property
    def mark(self) -> re.Pattern[bytes]:
        """The name of an execution point, wherever it stands in a file."""

    def slots_named_in(self, tree: Tree) -> set[int]: ...

    def afresh(self) -> AbstractContextManager[object]:
        """Within it, execute whatever is asked for, also if the answer is known already."""
