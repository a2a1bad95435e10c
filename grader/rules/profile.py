"""The versions of HTCondor that the simulator can be, as data. What each does: step.py, transfer.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """How one range of HTCondor versions behaves where they differ."""

    name: str
    htcondor: str
    """The versions that behave so."""
    version: str
    """The version that `if version` in a submit file is compared with."""
    live: str = ""
    """The version that it is held against, live (docs/conformance.md); '' if none of these versions is to be had."""
    streams_in_checkpoint: bool = True
    """_condor_stdout and _condor_stderr are part of every checkpoint (R4a, since 9.0.6)."""
    checkpoint_beats_input: bool = True
    """In a new sandbox, a file of the checkpoint wins over an input file of the same name (R2)."""
    missing_file_holds: bool = True
    """A listed checkpoint file that is missing holds the job (R4c); else it is only logged."""
    may_requeue: bool = False
    """After a checkpoint the slot may not be used again (R4g, since 25.10.1)."""
    eviction_codes: bool = False
    """Event 004 carries a code and a subcode."""
    sends_own_files: bool = True
    """A checkpoint that consists of all that there is has HTCondor's own files (R4b)."""
    streams_of_failure: bool = False
    """Where success_exit_code is given, stdout and stderr come home of a failing end (R6); without this, nothing."""
    missing_output_holds: bool = True
    """In eviction-driven mode, a listed file that is not there at an eviction holds the job (R7); else it is evicted,
    and nothing is saved."""
    sets_home: bool = False
    """HOME is set for a job, to its user's home directory (R3). Programs of the course have it in any case."""
    opens_fifos: bool = True
    """HTCondor opens a FIFO that it has to send, and waits for ever for a writer (R4b); else it sends none."""
    output_after_failed_input: bool = False
    """The event log tells of an output transfer, too, where the input could not be transferred."""
    measures_input: bool = False
    """A job whose inputs are more than max_transfer_input_mb allows is held when it is submitted (R2)."""
    quoted_lists: bool = False
    """Double quotes around transfer_input_files and transfer_output_files are no part of the names."""
    single_queue: bool = False
    """condor_submit takes nothing behind a queue statement, and queues one job if there is none."""
    bare_remaps: bool = False
    """transfer_output_remaps needs no double quotes."""
    shell: bool = False
    """`shell = COMMAND` stands for an executable."""

    def __str__(self) -> str:
        checked = f"held against {self.live}" if self.live else "not checked against a live one"
        return f"{self.name} (HTCondor {self.htcondor}, {checked})"


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("modern", "23.9 – 25.9", "23.9.6", live="23.9.6"),
        Profile(
            "slides2021",
            "9.0.4",
            "9.0.4",
            streams_in_checkpoint=False,
            checkpoint_beats_input=False,
            missing_file_holds=False,
        ),
        Profile(
            "v25",
            "25.10.1 and later",
            "25.14.1",
            live="25.14.1",
            may_requeue=True,
            eviction_codes=True,
            sends_own_files=False,
            missing_output_holds=False,
            streams_of_failure=True,
            sets_home=True,
            opens_fifos=False,
            output_after_failed_input=True,
            measures_input=True,
            quoted_lists=True,
            single_queue=True,
            bare_remaps=True,
            shell=True,
        ),
    )
}
MODERN = PROFILES["modern"]


def of(version: str) -> Profile:
    """The profile of an HTCondor by its version, as in 23.9.6."""
    numbers = tuple(map(int, version.split(".")))
    return PROFILES["v25"] if numbers >= (25, 10, 1) else MODERN if numbers >= (9, 0, 6) else PROFILES["slides2021"]
