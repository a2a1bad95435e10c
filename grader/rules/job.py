"""A job as HTCondor knows it. The rules are in transfer.py and step.py."""

from __future__ import annotations

import math
import os
import signal
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from ..tree import File, Tree
from . import classads

STDOUT = "_condor_stdout"
STDERR = "_condor_stderr"
JOB_AD, MACHINE_AD = ".job.ad", ".machine.ad"
OWN_FILES = (JOB_AD, MACHINE_AD)
"""HTCondor's own files in every sandbox (R3)."""


class NotTransferred(NamedTuple):
    """A path that could not be sent to a new sandbox, and the system's error number."""

    path: str
    error: int
    too_much: bool = False
    """Whether the reason is that the inputs exceed max_transfer_input_mb."""

    def __str__(self) -> str:
        return f"{self.path}: {os.strerror(self.error)}"


@dataclass(frozen=True)
class Job:
    """One job of a submit description, with its input files.

    Fields are named after the submit commands. `None` for a list of files means that the
    command was not given (or, for `transfer_checkpoint_files`, given empty: R4a), unlike
    the empty list.
    """

    executable: str
    """The command to start: a path relative to the sandbox, or an absolute one that was not transferred."""
    arguments: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    inputs: Tree = field(default_factory=Tree)
    """The initial contents of every new sandbox: transfer_input_files, the file of `input` and, if transferred, the
    executable."""
    missing_input: NotTransferred | None = None
    """The first input that can't be sent, for which the job is held when it starts (R2)."""
    stdin: str | None = None
    """The name in the sandbox of the file or directory of `input`; None for an empty standard input."""
    transfer_executable: bool = True
    initialdir: str = ""
    """The directory, within the submit directory, to which output is returned; `output`, `error` and `log` begin with
    it."""

    checkpoint_exit_code: int | None = None
    checkpoint_signal: int | None = None
    """The signal that means a checkpoint, if the job's attributes name one."""
    transfer_checkpoint_files: tuple[str, ...] | None = None
    transfer_output_files: tuple[str, ...] | None = None
    transfer_output_remaps: tuple[tuple[str, str], ...] = ()
    remaps_unfinished: bool = False
    """transfer_output_remaps ends in the middle of a pair, with a semicolon, say, so that HTCondor overlooks the name of
    the first stream, which it appends (R6)."""
    preserve_relative_paths: bool = False
    on_exit_or_evict: bool = False
    """when_to_transfer_output = ON_EXIT_OR_EVICT: the eviction-driven mode of R7."""

    output: str | None = None
    error: str | None = None
    log: str | None = None
    notes: str = ""
    """submit_event_notes: the notes in the log's first event."""
    stream_output: bool = False
    stream_error: bool = False
    erases_streams: bool = True
    """erase_output_and_error_on_restart: a job that is not self-checkpointing begins stdout and stderr anew (R0)."""
    unstreamable: str = ""
    """The streamed file that can't be opened in the submit directory, as its directory is missing (R3); "" if all can."""
    streamed_onto: Tree = field(default_factory=Tree)
    """The files in the submit directory to which streamed output is appended (R3)."""

    in_the_way: Tree = field(default_factory=Tree)
    """Directories, links and read-only files in the submit directory that have names of output files, as far as known
    (R6)."""

    max_retries: float = 0
    """How often the job may be requeued (R6); infinite if only on_exit_remove decides."""
    success_exit_code: int = 0
    on_success: bool = False
    """success_exit_code is given, even as 0: other exits return no output (R6)."""
    on_exit_remove: str = ""
    """A ClassAd expression; if false at a final exit, the job is requeued while it has retries. "" if only
    success_exit_code decides. This and the following expressions depend only on POLICY_ATTRIBUTES (R6)."""
    on_exit_hold: str = ""
    """If true at a final exit, the job is held; "" for never."""
    on_exit_hold_reason: str = ""
    on_exit_hold_subcode: str = ""
    periodic_hold: str = ""
    """If true, the job is held; "" for never. HTCondor evaluates the periodic expressions at intervals and when the
    program has ended. They depend only on PERIODIC_ATTRIBUTES (R6)."""
    periodic_hold_reason: str = ""
    periodic_hold_subcode: str = ""
    periodic_release: str = ""
    """If true, a held job is released."""
    periodic_remove: str = ""
    """If true, the job is removed from the queue."""
    periodic_vacate: str = ""
    """If true, the job is evicted, if it is running."""
    allowed_execute_duration: int | None = None
    """Seconds that an execution may take, and, below, that the job may keep its slot (R6)."""
    allowed_job_duration: int | None = None
    max_transfer_input_mb: int | None = None
    """MiB that may be transferred to a new sandbox, and, below, after an execution; None for no limit (R2, R4, R6)."""
    max_transfer_output_mb: int | None = None
    kill_sig: int = signal.SIGTERM
    """The first signal of a soft eviction (R5): remove_kill_sig, or else kill_sig."""
    max_vacate_time: float = math.inf
    """The most seconds between that signal and SIGKILL, within what the pool allows: job_max_vacate_time, or else
    kill_sig_timeout."""

    request_cpus: str = ""
    """What a slot must have, as written in the submit description; "" if not given. The simulator's slots always have
    enough."""
    request_memory: str = ""
    request_disk: str = ""

    cluster: int = 1
    proc: int = 0
    batch_size: int = 1
    """The number of jobs in the submit description."""

    @cached_property
    def streams(self) -> dict[str, str]:
        """R3: file in the sandbox → file in the submit directory, for stdout and stderr. No entry for a
        stream that is unset or streamed; if both name the same file, they share _condor_stdout."""
        files = {}
        if self.output and not self.stream_output:
            files[STDOUT] = self.output
        if self.error and not self.stream_error and not self.streams_joined:
            files[STDERR] = self.error
        return files

    @cached_property
    def invocation(self) -> tuple[object, ...]:
        """Everything besides the sandbox that an execution depends on: jobs with equal invocations do the same in equal
        sandboxes."""
        called = self.executable, self.arguments, self.environment
        common = *called, tuple(self.streams), self.streams_joined, self.stdin, self.request_cpus
        if not self.reads_ads:
            return common
        lists = self.transfer_checkpoint_files, self.transfer_output_files
        requests = self.request_memory, self.request_disk
        return *common, self.cluster, self.proc, *requests, self.checkpoint_exit_code, *lists  # see ads.py

    @property
    def self_checkpointing(self) -> bool:
        """R0: whether some exit of the program is a checkpoint."""
        return self.checkpoint_exit_code is not None or self.checkpoint_signal is not None

    @property
    def keeps_streams(self) -> bool:
        """R0, R3: whether stdout and stderr of a restart are appended to those before it."""
        return self.self_checkpointing or not self.erases_streams

    @cached_property
    def policy_names(self) -> frozenset[str]:
        """The attributes on which its policies depend, in lower case."""
        texts = (
            *(self.on_exit_remove, self.on_exit_hold, self.on_exit_hold_reason, self.on_exit_hold_subcode),
            *(self.periodic_hold, self.periodic_hold_reason, self.periodic_hold_subcode),
            *(self.periodic_release, self.periodic_remove, self.periodic_vacate),
        )
        return frozenset().union(*(classads.read(text).names for text in texts if text))

    @cached_property
    def reads_streams(self) -> bool:
        """Whether the program may depend on its earlier output: whether its files or arguments name the streams."""
        return self._mentions(b"_condor_std")

    @cached_property
    def reads_ads(self) -> bool:
        """Whether the program may depend on the ads in its sandbox: whether its files or arguments name them."""
        return self._mentions(b".ad", b"_AD")

    def _mentions(self, *words: bytes) -> bool:
        texts = map(os.fsencode, (*self.arguments, *(value for _, value in self.environment)))
        contents = (entry.content for entry in self.inputs.values() if isinstance(entry, File))
        return any(word in text for text in (*texts, *contents) for word in words)

    @property
    def streams_joined(self) -> bool:
        """Whether stdout and stderr go to the same file."""
        return bool(self.error) and self.error == self.output
