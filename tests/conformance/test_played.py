"""The simulator tells of whole jobs what was seen of them on live HTCondors: how they ended, their events, their files.

A job in played/scenarios.toml has what it submits beside COMMON, the end of a program that begins with PROLOGUE, files,
and faults, which strike in the middle of the execution. What each HTCondor made of it is in recorded/.../played.json.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path

import pytest
import scenarios

from grader import submit
from grader.execute.executor import Executor
from grader.execute.isolation import confinement
from grader.rules import schedule
from grader.rules.joblog import job_log
from grader.rules.profile import PROFILES
from grader.rules.simulation import outcome, simulate
from grader.submit.folder import TreeFolder
from grader.tree import Directory, File, Link, Tree

HERE = Path(__file__).parent
PAUSE = 3.0
COMMON = """\
executable = job.py
should_transfer_files = YES
log = job.log
output = job.out
error = job.err
"""
PROLOGUE = f"""\
#!/usr/bin/env python3
import os, signal, sys, time

def ls():
    found = []
    for where, directories, files in os.walk("."):
        for name in files:
            path = os.path.join(where, name)[2:]
            if not path.startswith(("_condor_", ".")) and path != "job.py":
                mode = ":x" if os.access(path, os.X_OK) else ""
                found.append(path + mode + "=" + open(path).read().replace("\\n", "|"))
    return sorted(found)

def pause():
    time.sleep({PAUSE})

"""
JOBS = tomllib.loads((HERE / "played" / "scenarios.toml").read_text())
RECORDED = {
    profile: json.loads((HERE / "recorded" / profile / "played.json").read_text())["answers"]
    for profile in ("modern", "v25")
}


@pytest.fixture(scope="module")
def executor():
    """Jobs are another user's here if it is root who runs the tests: root may write what is read-only."""
    with Executor(confine=confinement()) as executor:
        yield executor


@pytest.mark.parametrize("profile", RECORDED)
@pytest.mark.parametrize("name", JOBS)
def test_a_job_ends_as_on_a_live_htcondor(name, profile, executor):
    if "readonly" in name and confinement() is None and os.geteuid() == 0:
        pytest.skip("root may write what is read-only, and jobs can't be another user's here")
    played, seen = play(JOBS[name], PROFILES[profile], executor), RECORDED[profile][name]
    files = {path: text(told) for path, told in seen["files"].items()}
    assert played == {**seen, "events": in_order(seen["events"]), "files": files}


def play(job: dict, profile, executor) -> dict:
    """What becomes of a job in the simulator."""
    submitted = scenarios.tree(job.get("files", {}))
    program = Tree({"job.py": File((PROLOGUE + job["program"]).encode(), True)})
    [one] = submit.parse(COMMON + job["submit"] + "\nqueue\n", TreeFolder(submitted | program), profile=profile).jobs
    faults = (
        fault._replace(seconds=PAUSE / 2) if fault.kind in schedule.TIMED else fault
        for fault in schedule.parse(job.get("faults", ""))
    )
    moments = list(simulate(one, executor, profile, tuple(faults)))
    end = outcome(moments)
    return {
        "status": {"completed": "ended", "never finishes": "timeout"}.get(end.status, end.status),
        "exit": list(end.exit) if end.exit else [None, None],
        "hold": [end.hold.code, end.hold.subcode] if end.hold else [None, None],
        "events": in_order([word(event) for event in job_log(one, moments, profile) if event.number != 21]),
        "files": {path: picture(entry) for path, entry in (submitted | end.returned_files).items()},
    }


def picture(entry) -> str:
    """A file as its text, a link as `-> TARGET`, a directory as `/`."""
    return (
        "/" if isinstance(entry, Directory) else f"-> {entry.target}" if isinstance(entry, Link) else text(entry.text)
    )


def text(told: str) -> str:
    """What a file holds; of a traceback, which names places of the machine it is from, the last line."""
    return re.sub(r"Traceback .*?\n(?=\w)", "", told, flags=re.DOTALL)


def word(event) -> str:
    """An event in a few words."""
    body = "\n".join(event.body)
    if event.number == 40:
        return f"040 {event.text}"
    if event.number == 12:
        return "012 code {}/{}".format(*re.search(r"Code (-?\d+) Subcode (-?\d+)", body).groups())
    ended = re.search(r"Normal termination \(return value \d+\)|Abnormal termination \(signal \d+\)", body)
    return f"{event.number:03d}" + (f" {ended[0]}" if ended and event.number in (4, 5) else "")


def in_order(words: list[str]) -> list[str]:
    """001 and the end of the input transfer come in either order. That may be left out where input can't be sent."""
    words = list(words)
    for index in reversed(range(len(words) - 1)):
        if words[index : index + 2] == ["040 Finished transferring input files", "004"]:
            del words[index]
    for index in range(len(words) - 1):
        if words[index] == "001" and words[index + 1] == "040 Finished transferring input files":
            words[index], words[index + 1] = words[index + 1], words[index]
    return words
