"""What HTCondor itself makes of a submit description.

Two oracles. `ads`: the job ads of the version 1 bindings (PyPI htcondor < 25), all values of all
jobs. `Expansion`: macro expansion and items by the version 2 bindings, which make no ads without
an access point. For machines without version 1, `python tests/submit/submit_oracle.py` writes
what it says about the descriptions of submit_cases.py to submit_ads.json.

A third is condor_submit itself, whose -dry-run needs no pool. `submit_oracle.py VERSION CONDOR_SUBMIT`
adds to submit_answers.json which of submit_cases.ANSWERED that version takes, and to submit_queued.json the arguments of
the jobs that it makes of the descriptions there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.submit import values

os.environ.setdefault("CONDOR_CONFIG", os.devnull)  # no pool, and no warning that there is none

ORDINARY = {
    "arguments": [],
    "environment": {},
    "checkpoint_exit_code": None,
    "transfer_checkpoint_files": None,
    "transfer_output_files": None,
    "preserve_relative_paths": False,
    "on_exit_or_evict": False,
    "output": None,
    "error": None,
    "log": None,
    "stream_output": False,
    "max_retries": 0,
    "success_exit_code": 0,
    "transfer_executable": True,
    "notes": "",
}
"""The fields of a Job that are compared, as they are in a job that asks for nothing."""

RECORDED = Path(__file__).with_name("submit_ads.json")
ANSWERS = Path(__file__).with_name("submit_answers.json")
QUEUED = Path(__file__).with_name("submit_queued.json")
"""The files of a submit directory, and version → description → the arguments of each job; null if it is refused."""
CLUSTER = 7


class Refused(Exception):
    """HTCondor refuses the description."""


def ads(text: str) -> list[dict]:
    """The jobs' fields, without those that are as in ORDINARY. Needs the version 1 bindings. Raises Refused."""
    import htcondor

    try:
        submit = htcondor.Submit(text)
        return [remarkable(_fields(ad)) for ad in submit.jobs(clusterid=CLUSTER)]
    except htcondor.HTCondorException as error:
        raise Refused(str(error)) from None


def remarkable(fields: dict) -> dict:
    """The fields that are not as in ORDINARY."""
    return {name: value for name, value in fields.items() if value != ORDINARY[name]}


def _fields(ad) -> dict:
    """The part of a job ad that a Job has fields for, under their names."""
    value = {name: ad[name] for name in ad if isinstance(ad[name], (str, int, float))}

    def listed(name, separators=r"[,\s]+"):
        parts = re.split(separators, value[name]) if name in value else []
        return [part.strip() for part in parts if part.strip()] if name in value else None

    words = value["Args"].split() if "Args" in value else split(value.get("Arguments", ""))
    variables = split(value["Environment"]) if "Environment" in value else value.get("Env", "").split(";")
    log = value.get("UserLog", "/dev/null")
    return {
        "arguments": words,
        "environment": dict(sorted(entry.split("=", 1) for entry in variables if entry)),
        "checkpoint_exit_code": value.get("SuccessCheckpointExitCode"),
        "transfer_checkpoint_files": listed("TransferCheckpoint"),
        "transfer_output_files": listed("TransferOutput", ","),
        "preserve_relative_paths": value.get("PreserveRelativePaths", False),
        "on_exit_or_evict": value.get("WhenToTransferOutput") == "ON_EXIT_OR_EVICT",
        "output": None if value["Out"] == "/dev/null" else value["Out"],
        "error": None if value["Err"] == "/dev/null" else value["Err"],
        "log": None if log == "/dev/null" else os.path.relpath(log, value["Iwd"]),
        "stream_output": value.get("StreamOut", False),
        "max_retries": value.get("JobMaxRetries", 0),
        "success_exit_code": value.get("JobSuccessExitCode", 0),
        "transfer_executable": value.get("TransferExecutable", True),
        "notes": value.get("SubmitEventNotes", ""),
    }


def split(text: str) -> list[str]:
    """Arguments in HTCondor's raw new syntax, as words; HTCondor's own ClassAd function splits them."""
    import classad2
    import htcondor2  # noqa: F401  (adds argsToList to the ClassAd language)

    return list(classad2.ExprTree(f"argsToList({classad2.quote(text)})").eval())


class Expansion:
    """A description without its queue statement, and that statement, in the version 2 bindings."""

    def __init__(self, text: str, queue: str):
        import htcondor2

        self._submit = htcondor2.Submit(f"{text}\n{queue}\n")

    def procs(self, count: int) -> Iterator[str]:
        """The expanded value of `output` for each job, `count` jobs an item."""
        items = self._submit.itemdata()
        proc = 0
        for row, item in enumerate([{}] if items is None else items):
            for step in range(count):
                live = {"Process": proc, "ProcId": proc, "Step": step, "Row": row, "ItemIndex": row, **item}
                for name, value in live.items():
                    self._submit[name] = str(value)
                try:
                    yield self._submit.expand("output")
                except KeyError:  # nothing is left of it
                    yield ""
                proc += 1


def takes(condor_submit: str, text: str) -> bool:
    """Whether condor_submit takes a description. Its exit status alone doesn't tell: 25.14.1 goes on after an error
    in a macro."""
    Path("job.sub").write_text(text, newline="")
    run = subprocess.run(
        [condor_submit, "-dry-run", os.devnull, "job.sub"], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return run.returncode == 0 and b"ERROR" not in run.stdout + run.stderr


def queued(condor_submit: str, text: str) -> list[list[str]] | None:
    """The arguments of each job that condor_submit makes of a description; None if it refuses it. The ads of all jobs but
    the first say only what is different in them."""
    Path("job.sub").write_text(text, newline="")
    run = subprocess.run(
        [condor_submit, "-dry-run", "-", "job.sub"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode or "ERROR" in run.stderr:
        return None
    jobs: list[list[str]] = []
    for ad in run.stdout.split("\n.\n"):
        value = dict(line.split("=", 1) for line in ad.split("\n") if "=" in line)
        if "Args" in value:
            jobs.append(json.loads(value["Args"], strict=False).split())
        elif "Arguments" in value:
            raw = json.loads(value["Arguments"], strict=False).replace('"', '""')
            jobs.append(list(values.arguments(f'"{raw}"')))
        elif "ProcId" in value:
            jobs.append(jobs[0])
    return jobs


def record_queued(version: str, condor_submit: str) -> None:
    """Record what this condor_submit makes of the descriptions that are recorded for other versions."""
    record = json.loads(QUEUED.read_text())
    texts = next(answers for name, answers in record.items() if name != "files")
    with submit_directory(record["files"]):
        record[version] = {text: queued(condor_submit, text) for text in texts}
    write(QUEUED, record)


def record_answers(version: str, condor_submit: str) -> None:
    """Write down which descriptions this condor_submit takes."""
    from submit_cases import ANSWERED, FILES, PROGRAMS

    answers = json.loads(ANSWERS.read_text()) if ANSWERS.exists() else {}
    with submit_directory(FILES | PROGRAMS):
        answers[version] = {text: takes(condor_submit, text) for text in ANSWERED}
    write(ANSWERS, answers)


def write(path: Path, record: dict[str, dict[str, object]]) -> None:
    """Write what is on record, a line for each answer."""
    rows = (
        f"{json.dumps(name)}: {{\n"
        + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in answers.items())
        + "\n}"
        for name, answers in record.items()
    )
    path.write_text("{\n" + ",\n".join(rows) + "\n}\n")


@contextmanager
def submit_directory(files: dict[str, str]) -> Iterator[None]:
    """Work in a temporary directory with these files."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        try:
            for name, content in files.items():
                os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
                Path(name).write_text(content, newline="")
                os.chmod(name, 0o755)
            yield
        finally:
            os.chdir(before)


def record_ads() -> None:
    """Write down what the version 1 bindings say about each description."""
    from submit_cases import CASES, FILES, described

    answers = {}
    with submit_directory(FILES):
        for case in CASES:
            try:
                answers[case] = ads(described(case))
            except Refused:
                answers[case] = None
    rows = (f"{json.dumps(case)}: {json.dumps(answer)}" for case, answer in answers.items())
    RECORDED.write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    if sys.argv[1:]:
        record_answers(*sys.argv[1:])
        record_queued(*sys.argv[1:])
    else:
        record_ads()
