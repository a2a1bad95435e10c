"""How long verify takes for the sweep, by number of checkpoints.

    python benchmarks/verify_sweep.py [call [ROUNDS]]
    python benchmarks/verify_sweep.py command [ROUNDS]

The first times a call in a running process. It prints the median and the fastest of ROUNDS rounds (default 15) and the
straight line through the medians. Each round measures all sizes in turn, so that other load on the machine affects all
alike. It needs two free processors: while one runs a program, the other forks the process for the next.

The second times the whole command, for a sweep of 1,000 iterations, and compares it with 50 plain starts of the
program, which run that sweep by hand.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from grader.course.catalogue import EXERCISES
from grader.course.sweep import SWEEP, sweep, sweep_output
from grader.execute.executor import Executor
from grader.tree import File, Tree
from grader.verify.explore import explore

CHECKPOINT = b"""import os, sys

def save_checkpoint(iteration):
    with open("checkpoint.txt", "w") as file:
        file.write(str(iteration))
    sys.exit(85)

def restore_checkpoint(start, end):
    if not os.path.exists("checkpoint.txt"):
        return start
    return int(open("checkpoint.txt").read())
"""
CHECKPOINTS = (1, 2, 4, 5, 8, 16, 32)


def jobs():
    """(checkpoints, job, known output): sweeps of different lengths that save every second iteration. (Twelve
    iterations make 5 checkpoints, or 3 with an interval of 3, but never 4.)"""
    exercise = EXERCISES["restore"]
    base = exercise.job(Tree({"checkpoint.py": File(CHECKPOINT), "sweep.sub": exercise.given()["sweep.sub"]}))
    for number in CHECKPOINTS:
        end = 2 * (number + 1)
        settings = {"steps": max(12, end), "interval": 2}
        yield number, sweep(base, 1, end, **settings), sweep_output(1, end, **settings)


def command(rounds: int) -> None:
    """Time the whole command and plain starts in each round, and print the medians of their ratios."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory, "sweep")
        submit_directory(place)
        bounds = ["--max-executions", "2000", "--max-seconds", "1000"]
        verify = [sys.executable, "-m", "grader", "verify", str(place / "sweep.sub"), *bounds]
        ratios: dict[str, list[float]] = {
            "50 checkpoints / 50 plain starts": [],
            "500 checkpoints / 50 checkpoints": [],
        }
        for _ in range(rounds):
            settings(place, 20)
            plain, short = timed(lambda: starts(place, Path(directory, "by hand"))), timed(lambda: run(verify))
            settings(place, 2)
            long = timed(lambda: run(verify))
            print(f"plain starts {plain:.2f} s, verify {short:.2f} s, with 500 checkpoints {long:.2f} s", flush=True)
            for ratio, value in zip(ratios.values(), (short / plain, long / short)):
                ratio.append(value)
    for name, ratio in ratios.items():
        print(f"{name}: {statistics.median(ratio):.2f} ({min(ratio):.2f} to {max(ratio):.2f})")


def submit_directory(place: Path) -> None:
    """The sweep as a user has it. An iteration takes no time, as a plain start would really wait for it."""
    exercise = EXERCISES["restore"]
    (SWEEP.files() | exercise.given()).put("checkpoint.py", File(CHECKPOINT)).write(place)
    file = place / "sweep.sub"
    file.write_text(re.sub(r"(?m)^arguments\b.*", "arguments = 1 1000", file.read_text()))


def settings(place: Path, interval: int) -> None:
    """Set the number of iterations between checkpoints."""
    (place / SWEEP.settings_file).write_bytes(SWEEP.with_settings(steps=1000, interval=interval, seconds=0).content)


def starts(place: Path, where: Path) -> None:
    """Start the program again and again until it does not end with the checkpoint code."""
    shutil.copytree(place, where)
    number, code = 0, 85
    while code == 85:
        ran = subprocess.run([sys.executable, SWEEP.executable, "1", "1000"], cwd=where, stdout=subprocess.DEVNULL)
        code, number = ran.returncode, number + 1
    assert (code, number) == (0, 50), (code, number)
    shutil.rmtree(where)


def run(command: list[str]) -> None:
    """Run a command that has to find the sweep safe."""
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.stdout.startswith("restart-safe"), ran.stdout + ran.stderr


def timed(what: Callable[[], None]) -> float:
    """Seconds that something takes."""
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def main(rounds: int) -> None:
    with Executor() as executor:
        cases = list(jobs())
        times: dict[int, list[float]] = {number: [] for number, _, _ in cases}
        for _ in range(rounds + 1):
            for number, job, expected in cases:
                began = time.perf_counter()
                exploration = explore(job, executor, expected=expected)
                times[number].append((time.perf_counter() - began) * 1e3)
                assert exploration.verdict == "restart-safe" and exploration.checkpoints == number, exploration
        print("checkpoints  median ms   min ms  ms per execution")
        medians = {}
        for number, taken in times.items():
            medians[number] = statistics.median(taken[1:])
            print(f"{number:11}  {medians[number]:9.1f}  {min(taken[1:]):7.1f}  {medians[number] / (number + 1):16.2f}")
        slope, intercept = statistics.linear_regression(list(medians), list(medians.values()))
        print(f"line: {intercept:.1f} ms + {slope:.2f} ms a checkpoint")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=["call", "command"], default="call", help="(%(default)s)")
    parser.add_argument("rounds", nargs="?", type=int, help="15 of calls, 5 of commands by default")
    options = parser.parse_args()
    (main if options.what == "call" else command)(options.rounds or (15 if options.what == "call" else 5))
