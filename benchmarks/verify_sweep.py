"""How long verify takes for the sweep, by number of checkpoints, as a call in a running process.

    python benchmarks/verify_sweep.py [ROUNDS]

Prints the median and the fastest of ROUNDS rounds (default 15), in which all sizes are measured in turn so that
the machine's moods hit all alike, and the straight line through the medians. While one processor runs a program,
the other forks the process for the next one: it takes two that are free.
"""

from __future__ import annotations

import statistics
import sys
import time

from grader.course.catalogue import EXERCISES
from grader.course.sweep import sweep, sweep_output
from grader.simulator.executor import Executor
from grader.simulator.explore import explore
from grader.simulator.tree import File, Tree

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
    """(checkpoints, job, known output): sweeps that save every second iteration. With 12 iterations
    that makes 5 checkpoints; with an interval of 3 it would be 3, and 4 is not to be had."""
    exercise = EXERCISES["restore"]
    base = exercise.job(Tree({"checkpoint.py": File(CHECKPOINT), "sweep.sub": exercise.given()["sweep.sub"]}))
    for number in CHECKPOINTS:
        end = 2 * (number + 1)
        settings = {"steps": max(12, end), "interval": 2}
        yield number, sweep(base, 1, end, **settings), sweep_output(1, end, **settings)


def main(rounds: int) -> None:
    with Executor() as executor:
        cases = list(jobs())
        times: dict[int, list[float]] = {number: [] for number, _, _ in cases}
        for _ in range(rounds + 1):
            for number, job, expected in cases:
                began = time.perf_counter()
                found = explore(job, executor, expected=expected)
                times[number].append((time.perf_counter() - began) * 1e3)
                assert found.verdict == "restart-safe" and found.checkpoints == number, found
        print("checkpoints  median ms   min ms  ms per execution")
        medians = {}
        for number, taken in times.items():
            medians[number] = statistics.median(taken[1:])
            print(f"{number:11}  {medians[number]:9.1f}  {min(taken[1:]):7.1f}  {medians[number] / (number + 1):16.2f}")
        slope, intercept = statistics.linear_regression(list(medians), list(medians.values()))
        print(f"line: {intercept:.1f} ms + {slope:.2f} ms a checkpoint")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
