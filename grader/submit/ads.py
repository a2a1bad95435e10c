"""What HTCondor tells a job about itself and the execution point: the ClassAds in its sandbox, and its environment
variables (R3, as seen live on 23.9.6 and 25.14.1).

Times and counters, which differ between starts, are left out: in the simulator a program depends only on its sandbox.
"""

from __future__ import annotations

from functools import lru_cache

from ..rules.job import JOB_AD, MACHINE_AD, STDERR, STDOUT, Job
from ..tree import Tree
from .values import size

_THREADS = (
    "CUBACORES GOMAXPROCS JULIA_NUM_THREADS MKL_NUM_THREADS NUMEXPR_NUM_THREADS OMP_NUM_THREADS "
    "OMP_THREAD_LIMIT OPENBLAS_NUM_THREADS PYTHON_CPU_COUNT ROOT_MAX_THREADS TF_LOOP_PARALLEL_ITERATIONS TF_NUM_THREADS"
).split()
"""Variables that limit the threads of libraries to one per processor of the slot."""


def threads(job: Job) -> dict[str, str]:
    """The variables that the job's own environment may replace."""
    return dict.fromkeys(_THREADS, str(_cpus(job)))


def environment(directory: str, slot: int) -> dict[str, str]:
    """The variables for a job with this directory as its sandbox, whatever its own environment says."""
    return {
        "TMPDIR": directory,
        "TEMP": directory,
        "TMP": directory,
        "BATCH_SYSTEM": "HTCondor",
        "_CONDOR_SCRATCH_DIR": directory,
        "_CONDOR_JOB_IWD": directory,
        "_CONDOR_JOB_AD": f"{directory}/{JOB_AD}",
        "_CONDOR_MACHINE_AD": f"{directory}/{MACHINE_AD}",
        "_CONDOR_SLOT": f"slot1_{slot + 1}",
    }


def own_files(job: Job, directory: str, host: str) -> Tree:
    """HTCondor's own files in a sandbox. `directory`: its path; `host`: the execution point's name."""
    return _own_files(_attributes(job), directory, host)


def _attributes(job: Job) -> tuple[tuple[str, object], ...]:
    """The job's own attributes in its ad."""
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
    own = dict(attributes)
    machine = {
        "MyType": "Machine",
        "Machine": host,
        "Name": f"slot1@{host}",
        "Arch": "X86_64",
        "OpSys": "LINUX",
        **{name: own[f"Request{name}"] for name in ("Cpus", "Memory", "Disk")},
    }
    job = {"MyType": "Job", "JobUniverse": 5, "JobStatus": 2, "Iwd": directory, "ShouldTransferFiles": "YES", **own}
    return Tree.files({JOB_AD: _ad_text(job), MACHINE_AD: _ad_text(machine)})


def _ad_text(attributes: dict[str, object]) -> str:
    """An ad as HTCondor writes it to a file: NAME = VALUE, sorted by name."""
    return "".join(f"{name} = {_literal(value)}\n" for name, value in sorted(attributes.items()) if value is not None)


def _literal(value: object) -> str:
    return '"{}"'.format(value.replace("\\", "\\\\").replace('"', '\\"')) if isinstance(value, str) else str(value)


def _listed(names: tuple[str, ...] | None) -> str | None:
    return None if names is None else ",".join(names)


def _amount(text: str, unit: int) -> int | None:
    """An amount in units of `unit` bytes, rounded up; None if it is missing or an expression."""
    number = size(text, unit)
    return None if number is None else -int(-number // unit)


def _cpus(job: Job) -> int:
    return int(job.request_cpus) if job.request_cpus.isdigit() else 1
