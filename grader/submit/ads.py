"""What HTCondor tells a job of itself and of the execution point: the ClassAds in its sandbox, and the variables of its
environment (R3, as seen live on 23.9.6 and 25.14.1).

Left out is what differs from start to start, times and counters: here, what a program does depends on its sandbox.
"""

from __future__ import annotations

from functools import lru_cache

from ..rules.job import JOB_AD, MACHINE_AD, STDERR, STDOUT, Job
from ..tree import Tree
from .values import size

_THREADS = (
    "CUBACORES GOMAXPROCS JULIA_NUM_THREADS MKL_NUM_THREADS NUMEXPR_NUM_THREADS OMP_NUM_THREADS "
    "OMP_THREAD_LIMIT OPENBLAS_NUM_THREADS ROOT_MAX_THREADS TF_LOOP_PARALLEL_ITERATIONS TF_NUM_THREADS"
).split()
"""How many threads libraries may start: one for each processor of the slot."""


def environment(job: Job, directory: str) -> dict[str, str]:
    """The variables for a job whose sandbox is this directory."""
    return {
        **dict.fromkeys(_THREADS, str(_cpus(job))),
        "TMPDIR": directory,
        "TEMP": directory,
        "TMP": directory,
        "BATCH_SYSTEM": "HTCondor",
        "_CONDOR_SCRATCH_DIR": directory,
        "_CONDOR_JOB_IWD": directory,
        "_CONDOR_JOB_AD": f"{directory}/{JOB_AD}",
        "_CONDOR_MACHINE_AD": f"{directory}/{MACHINE_AD}",
    }


def own_files(job: Job, directory: str, host: str) -> Tree:
    """HTCondor's own files in a sandbox, which is this directory of this execution point."""
    return _own_files(_attributes(job), directory, host)


def _attributes(job: Job) -> tuple[tuple[str, object], ...]:
    """What the job's ad tells of it."""
    return (
        ("ClusterId", job.cluster),
        ("ProcId", job.proc),
        ("Cmd", job.executable),
        ("Arguments", " ".join(job.arguments)),
        ("In", job.stdin or "/dev/null"),
        ("Out", STDOUT if job.output else "/dev/null"),
        ("Err", STDERR if job.error else "/dev/null"),
        ("SuccessCheckpointExitCode", job.checkpoint_exit_code),
        ("TransferCheckpoint", _listed(job.transfer_checkpoint_files)),
        ("TransferOutput", _listed(job.transfer_output_files)),
        ("RequestCpus", _cpus(job)),
        ("RequestMemory", _amount(job.request_memory, 1 << 20)),
        ("RequestDisk", _amount(job.request_disk, 1 << 10)),
    )


@lru_cache(64)
def _own_files(attributes: tuple[tuple[str, object], ...], directory: str, host: str) -> Tree:
    asked = dict(attributes)
    machine = {
        "MyType": "Machine",
        "Machine": host,
        "Name": f"slot1@{host}",
        "Arch": "X86_64",
        "OpSys": "LINUX",
        **{name: asked[f"Request{name}"] for name in ("Cpus", "Memory", "Disk")},
    }
    job = {"MyType": "Job", "JobUniverse": 5, "JobStatus": 2, "Iwd": directory, "ShouldTransferFiles": "YES", **asked}
    return Tree.files({JOB_AD: _told(job), MACHINE_AD: _told(machine)})


def _told(attributes: dict[str, object]) -> str:
    """An ad as HTCondor writes it to a file: NAME = VALUE, in the order of the names."""
    return "".join(f"{name} = {_literal(value)}\n" for name, value in sorted(attributes.items()) if value is not None)


def _literal(value: object) -> str:
    return '"{}"'.format(value.replace("\\", "\\\\").replace('"', '\\"')) if isinstance(value, str) else str(value)


def _listed(names: tuple[str, ...] | None) -> str | None:
    return None if names is None else ",".join(names)


def _amount(text: str, unit: int) -> int | None:
    """So many units; None for what is not given, or an expression."""
    found = size(text, unit)
    return None if found is None else -int(-found // unit)


def _cpus(job: Job) -> int:
    return int(job.request_cpus) if job.request_cpus.isdigit() else 1
