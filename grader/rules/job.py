"""What HTCondor has to know of one job. No rules are here: see transfer.py."""

from __future__ import annotations

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
    """A path that keeps a new sandbox from being filled, and the system's number for why."""

    path: str
    error: int
    too_much: bool = False
    """Whether it is that more would be transferred than max_transfer_input_mb allows."""

    def __str__(self) -> str:
        return f"{self.path}: {os.strerror(self.error)}"


@dataclass(frozen=True)
class Job:
    """One job of a submit description, with everything it takes along.

    Field names follow the submit commands. `None` for a list of files means that the
    command was not given (or, for `transfer_checkpoint_files`, given empty: R4a), which is
    something else than the empty list.
    """

    executable: str
    """The command to start: a path relative to the sandbox, or an absolute one that was not transferred."""
    arguments: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    inputs: Tree = field(default_factory=Tree)
    """What every new sandbox begins with: transfer_input_files, the file of `input` and, if transferred, the
    executable."""
    missing_input: NotTransferred | None = None
    """The first of them that can't be sent, for which the job is held when it starts (R2)."""
    stdin: str | None = None
    """The name in the sandbox of the file of `input`; None for an empty standard input."""
    transfer_executable: bool = True
    initialdir: str = ""
    """Where in the submit directory output comes home to; the names of `output`, `error` and `log` begin with it."""

    checkpoint_exit_code: int | None = None
    checkpoint_signal: int | None = None
    """The signal that ends a program which has made a checkpoint, where the job's attributes name one."""
    transfer_checkpoint_files: tuple[str, ...] | None = None
    transfer_output_files: tuple[str, ...] | None = None
    transfer_output_remaps: tuple[tuple[str, str], ...] = ()
    preserve_relative_paths: bool = False
    on_exit_or_evict: bool = False
    """when_to_transfer_output = ON_EXIT_OR_EVICT: the eviction-driven mode of R7."""

    output: str | None = None
    error: str | None = None
    log: str | None = None
    notes: str = ""
    """submit_event_notes: what the log's first event says beside the host."""
    stream_output: bool = False
    stream_error: bool = False
    streamed_onto: Tree = field(default_factory=Tree)
    """What is in the submit directory under the names of streamed output, which is appended to it (R3)."""

    in_the_way: Tree = field(default_factory=Tree)
    """The directories, links and read-only files in the submit directory under names of output, as far as those are
    known (R6)."""

    max_retries: float = 0
    """How often the job is queued again at most (R6); infinite where on_exit_remove alone decides."""
    success_exit_code: int = 0
    on_success: bool = False
    """success_exit_code is given, even as 0: other ends bring no output home (R6)."""
    on_exit_remove: str = ""
    """The ClassAd expression that, false at a final exit, has the job queued again as long as it has retries; "" for
    success_exit_code alone. It goes by attributes in POLICY_ATTRIBUTES only, and so do those that follow (R6)."""
    on_exit_hold: str = ""
    """The one that, true at a final exit, puts the job on hold; "" for none."""
    on_exit_hold_reason: str = ""
    on_exit_hold_subcode: str = ""
    periodic_hold: str = ""
    """The expressions that are looked at again and again, and when the program has ended, go by attributes in
    PERIODIC_ATTRIBUTES: the one that, true, puts the job on hold; "" for none (R6)."""
    periodic_hold_reason: str = ""
    periodic_hold_subcode: str = ""
    periodic_release: str = ""
    """The one that, true, releases a job on hold."""
    periodic_remove: str = ""
    """The one that, true, removes the job from the queue."""
    allowed_execute_duration: int | None = None
    """Seconds that one execution may take, and those in which the job may have its slot (R6)."""
    allowed_job_duration: int | None = None
    max_transfer_input_mb: int | None = None
    """MiB that may be transferred to a new sandbox, and after an execution; None for any number (R2, R4, R6)."""
    max_transfer_output_mb: int | None = None
    kill_sig: int = signal.SIGTERM
    """What a soft eviction begins with (R5)."""
    max_vacate_time: float = 10.0
    """Seconds between that signal and SIGKILL (job_max_vacate_time)."""

    request_cpus: str = ""
    """What a slot needs to have, as it stands there; "" if nothing does. The simulator's slots have enough of all."""
    request_memory: str = ""
    request_disk: str = ""

    cluster: int = 1
    proc: int = 0
    batch_size: int = 1
    """How many jobs the submit description queues in all."""

    @property
    def streams(self) -> dict[str, str]:
        """R3: file in the sandbox → file in the submit directory, for stdout and stderr. Unset or
        streamed means no such file; both naming one file share _condor_stdout."""
        found = {}
        if self.output and not self.stream_output:
            found[STDOUT] = self.output
        if self.error and not self.stream_error and not self.streams_joined:
            found[STDERR] = self.error
        return found

    @property
    def invocation(self) -> tuple[object, ...]:
        """All that an execution depends on, beside the sandbox: jobs that agree in it do the same in the same one."""
        told = (
            (
                self.cluster,
                self.proc,
                self.request_memory,
                self.request_disk,
                self.checkpoint_exit_code,
                self.transfer_checkpoint_files,
                self.transfer_output_files,
            )
            if self.reads_ads
            else ()
        )  # see ads.py
        return (
            self.executable,
            self.arguments,
            self.environment,
            tuple(self.streams),
            self.streams_joined,
            self.stdin,
            self.request_cpus,
            told,
        )

    @property
    def self_checkpointing(self) -> bool:
        """R0: whether any end of the program is a checkpoint."""
        return self.checkpoint_exit_code is not None or self.checkpoint_signal is not None

    @cached_property
    def policy_names(self) -> frozenset[str]:
        """The attributes that its policies go by, in lower case."""
        texts = (
            *(self.on_exit_remove, self.on_exit_hold, self.on_exit_hold_reason, self.on_exit_hold_subcode),
            *(self.periodic_hold, self.periodic_hold_reason, self.periodic_hold_subcode),
            *(self.periodic_release, self.periodic_remove),
        )
        return frozenset().union(*(classads.read(text).names for text in texts if text))

    @cached_property
    def reads_streams(self) -> bool:
        """Whether the program may go by what it has printed before, as something that it is made of names the files."""
        return self._mentions("_condor_std")

    @cached_property
    def reads_ads(self) -> bool:
        """Whether the program may go by the ads in its sandbox, likewise."""
        return self._mentions(".ad", "_AD")

    def _mentions(self, *words: str) -> bool:
        texts = (*self.arguments, *(value for _, value in self.environment))
        contents = (entry.content for entry in self.inputs.values() if isinstance(entry, File))
        return any(word in text for text in texts for word in words) or any(
            word.encode() in content for content in contents for word in words
        )

    @property
    def streams_joined(self) -> bool:
        """Whether stderr goes where stdout goes."""
        return bool(self.error) and self.error == self.output
