"""Grades a class while its processes are killed, stopped and starved at random moments, and prints the outcome.

    python faults.py FOLDER FAULTS SEED

FOLDER has the class in submitted/, and everything else is written there. Whenever `grade` ends, it is started again,
until FAULTS faults have struck and all is graded without doubts. Prints a JSON object: faults (kind → number), statuses
(exit status → number), named (whom an instructor had to look at), grades (student → points, digest of the grade file).
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "grader", "grade", "submitted", "--jobs", "2"]
LONGEST = 0.5
"""The longest time between two faults, and the longest duration of a fault, in seconds."""


def descendants(pid: int) -> list[int]:
    """The processes below one, itself first."""
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in map(int, below) for one in descendants(child))]


def words(pid: int) -> bytes:
    """The command line of a process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def targets(command: int) -> dict[str, list[int]]:
    """The processes that a fault may hit: the command, its workers, and their starters, but no job."""
    workers = [
        pid for pid in descendants(command)[1:] if b"grader" in words(pid) and b"import starter" not in words(pid)
    ]
    starters = []
    for worker in workers:
        for pid in descendants(worker)[1:]:
            try:
                mother = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if b"import starter" in words(pid) and (
                b"import starter" not in words(mother) or b"bwrap" in words(mother)
            ):
                starters.append(pid)
    return {"command": [command], "worker": workers, "starter": starters}


def strike(pid: int, how: str, draw: random.Random, folder: Path) -> None:
    """Do this to a process, and undo it if possible."""
    if how == "kill":
        os.kill(pid, signal.SIGKILL)
    elif how == "stop":
        os.kill(pid, signal.SIGSTOP)
        time.sleep(draw.random() * LONGEST)
        os.kill(pid, signal.SIGCONT)
    elif how == "no memory":
        before = resource.prlimit(pid, resource.RLIMIT_AS, (1 << 20, resource.RLIM_INFINITY))
        time.sleep(draw.random() * LONGEST)
        resource.prlimit(pid, resource.RLIMIT_AS, before)
    elif how == "no processor":
        with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
            time.sleep(draw.random() * LONGEST)
            busy.kill()
    elif how == "no disk":
        filler = folder / "small" / "filler"
        try:
            with open(filler, "wb", buffering=0) as file:
                while True:
                    file.write(bytes(1 << 20))
        except OSError:
            time.sleep(draw.random() * LONGEST)
        filler.unlink()


def kinds(folder: Path) -> list[str]:
    """The kinds of faults that are possible here."""
    return [
        "kill",
        "stop",
        "no processor",
        *["no memory"] * (os.geteuid() == 0),
        *["no disk"] * os.path.ismount(folder / "small"),
    ]


def main(folder: Path, faults: int, seed: int) -> None:
    """Grade, and strike."""
    draw, struck, statuses, named = random.Random(seed), Counter(), Counter(), set()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "small")}
    while True:
        with subprocess.Popen(
            COMMAND,
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as command:
            while command.poll() is None and struck.total() < faults:
                time.sleep(draw.random() * LONGEST)
                there = targets(command.pid)
                what = draw.choice(("starter", "starter", "worker", "command"))
                how = draw.choice(kinds(folder))
                if (
                    not there["worker"]
                    or not there[what]
                    or (what == "command" and how == "kill" and draw.random() < 0.8)
                ):
                    continue  # else hardly anything would ever be graded
                try:
                    strike(draw.choice(there[what]), how, draw, folder)
                    struck[f"{what}: {how}"] += 1
                except (ProcessLookupError, PermissionError):
                    pass  # it has just ended
            output = command.stderr.read()
        statuses[command.returncode] += 1
        looked_at = {line.split(":")[0].rpartition(" ")[2] for line in output.splitlines() if "has to look at" in line}
        named |= looked_at
        if command.returncode == 0 and struck.total() >= faults:
            break
        if command.returncode == 0:  # all of it once more
            check(folder)
            for path in (folder / "reports" / ".grades").glob("*"):
                path.unlink()
    print(json.dumps({"faults": dict(struck), "statuses": statuses, "named": sorted(named), "grades": check(folder)}))


def check(folder: Path) -> dict[str, list[str]]:
    """The grades that are there. They have to be the same as in earlier calls."""
    with open(folder / "grades.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    grades = {}
    for row in rows:
        [path] = (folder / "reports" / ".grades").glob(f"{row['submission']}*")
        grades[row["student"]] = [row["points"], hashlib.sha256(path.read_bytes()).hexdigest()]
    kept = folder / "seen.json"
    if kept.exists():
        assert json.loads(kept.read_text()) == grades, "another run gave other grades"
    kept.write_text(json.dumps(grades))
    return grades


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
