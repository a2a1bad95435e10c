"""The versions of HTCondor that can be simulated, as data. The rules are in step.py and transfer.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """The behaviour of a range of HTCondor versions, where it differs from others."""

    name: str
    htcondor: str
    """The range of versions."""
    version: str
    """The version with which `if version` in a submit file compares."""
    live: str = ""
    """The live version with which it was compared (docs/conformance.md); '' if none of the range is available."""
    vacate_time: float = 600.0
    """Seconds from the first signal of a soft eviction to SIGKILL: HTCondor's MachineMaxVacateTime, 10 minutes unless a pool
    sets it differently (R5)."""
    streams_in_checkpoint: bool = True
    """_condor_stdout and _condor_stderr are part of every checkpoint (R4a, since 9.0.6)."""
    checkpoint_beats_input: bool = True
    """In a new sandbox, a file of the checkpoint wins over an input file of the same name (R2)."""
    missing_file_holds: bool = True
    """A listed checkpoint file that is missing holds the job (R4c); otherwise it is only logged."""
    may_requeue: bool = False
    """The slot may not be used again after a checkpoint (R4g, since 25.10.1)."""
    eviction_codes: bool = False
    """Event 004 carries a code and a subcode."""
    sends_own_files: bool = True
    """A checkpoint of the whole sandbox includes HTCondor's own files (R4b)."""
    streams_of_failure: bool = False
    """If success_exit_code is given, a failing exit returns stdout and stderr (R6); otherwise nothing."""
    missing_output_holds: bool = True
    """In eviction-driven mode, a listed file that is missing at an eviction holds the job (R7); otherwise the job is
    evicted, and nothing is saved."""
    sets_home: bool = False
    """HOME is set for a job, to its user's home directory (R3). Programs of the course always have it."""
    opens_fifos: bool = True
    """HTCondor opens a FIFO that it should send, and waits for ever for a writer (R4b); otherwise it skips FIFOs."""
    output_after_failed_input: bool = False
    """The event log shows an output transfer even after the input transfer failed."""
    measures_input: bool = False
    """A job whose inputs exceed max_transfer_input_mb is held when it is submitted (R2)."""
    quoted_lists: bool = False
    """Double quotes around transfer_input_files and transfer_output_files are not part of the names."""
    single_queue: bool = False
    """condor_submit accepts nothing after a queue statement, and queues one job if there is none, or for `queue 0`."""
    short_rows_keep_values: bool = True
    """In a list with several variables, a row with fewer values keeps the other values of the row before, and an empty
    row empties only the first; otherwise the others are empty, and an empty row keeps all values."""
    signed_steps: bool = True
    """The step of a slice may be negative, and its sign is ignored; otherwise condor_submit fails, and a slice that
    begins before the first item begins with an empty one."""
    tables: bool = False
    """`queue from TABLE` takes the names of the variables from the first row."""
    basename_suffix: bool = False
    """$BASENAME(name, suffix) leaves the suffix out; otherwise the comma is part of the name."""
    bare_remaps: bool = False
    """transfer_output_remaps needs no double quotes."""
    skips_bad_remaps: bool = False
    """In transfer_output_remaps, anything that is not a pair of names is skipped; otherwise it becomes part of the next
    name."""
    periodic_vacate: bool = True
    """HTCondor has periodic_vacate (R6, since 23.2)."""
    shell: bool = False
    """`shell = COMMAND` stands for an executable."""
    appends: bool = False
    """`name += value` appends to the value before, with a blank."""
    listed_requests: bool = False
    """Amounts of memory or disk for later tries may follow the first, after commas."""

    def __str__(self) -> str:
        checked = f"checked against {self.live}" if self.live else "not checked against a live version"
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
            periodic_vacate=False,
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
            short_rows_keep_values=False,
            signed_steps=False,
            tables=True,
            basename_suffix=True,
            bare_remaps=True,
            skips_bad_remaps=True,
            shell=True,
            appends=True,
            listed_requests=True,
        ),
    )
}
MODERN = PROFILES["modern"]


def of(version: str) -> Profile:
    """The profile for a version of HTCondor, such as 23.9.6."""
    numbers = tuple(map(int, version.split(".")))
    return PROFILES["v25"] if numbers >= (25, 10, 1) else MODERN if numbers >= (9, 0, 6) else PROFILES["slides2021"]
