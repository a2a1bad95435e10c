"""Answers to exercise `slides_listing`: right ones in many styles, and wrong ones by misconception."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from grader.course.answers import given_with, program


def listed(*parts: str | tuple[str, str], files: str = "checkpoint.txt, my_output.txt") -> dict[str, str]:
    """A program, or changes to the given one, and what the submit file lists."""
    listed = ("transfer_checkpoint_files = my_output.txt", f"transfer_checkpoint_files = {files}")
    submit = {"my_submit.sub": given_with("slides_listing", "my_submit.sub", listed)}
    return program("slides_listing", "my_software")(*parts) | submit


def listing(files: str) -> Callable[..., dict[str, str]]:
    """Makes an answer of a program, or of changes, with a submit file that lists these files."""
    return partial(listed, files=files)


WITHIN = ("    if saved >= start:\n", "    if start <= saved <= end:\n")
NOT_AT_ONCE = ("(iteration - start + 1) % interval == 0", "iteration > start and (iteration - start) % interval == 0")

RIGHT: dict[str, dict[str, str]] = {
    "as little as possible": listed(WITHIN, NOT_AT_ONCE),
    "one more in between": listed(
        (
            "    if saved >= start:\n        start = saved\n    else:\n        pass  # Potential problem?\n",
            "    if start <= saved and saved <= end:\n        start = saved\n",
        ),
        ("(iteration - start + 1) % interval == 0", "iteration == start + interval"),
    ),
    "json with the range": listing("state.json, my_output.txt")("""
import json, os, sys
from science import do_science, interval

start, end = map(int, sys.argv[1:])
begin = start
if os.path.exists("state.json"):
    state = json.load(open("state.json"))
    if state["range"] == [start, end]:
        begin = state["next"]
with open("my_output.txt", "a") as output:
    for iteration in range(begin, end + 1):
        print(iteration, "%.6f" % do_science(iteration), file=output)
        if (iteration - start + 1) % interval == 0:
            with open("state.json", "w") as file:
                json.dump({"range": [start, end], "next": iteration + 1}, file)
            sys.exit(85)
"""),
    "counts the lines of the output": listing("my_output.txt")("""
import os, sys
from science import do_science, interval

start, end = map(int, sys.argv[1:])
lines = []
if os.path.exists("my_output.txt"):
    with open("my_output.txt") as file:
        lines = file.readlines()
done = 0
for iteration in range(start + len(lines), end + 1):
    if done == interval:
        sys.exit(85)
    with open("my_output.txt", "a") as output:
        output.write("%d %.6f\\n" % (iteration, do_science(iteration)))
    done += 1
"""),
    "saves always, leaves sometimes": listed("""
import os, sys
import science

start, end = (int(argument) for argument in sys.argv[1:])
next_one = start
if os.path.isfile("checkpoint.txt"):
    saved = int(open("checkpoint.txt").read())
    if saved in range(start, end + 2):
        next_one = saved
stop = next_one + science.interval
while next_one <= end:
    if next_one == stop:
        sys.exit(85)
    line = "%d %.6f" % (next_one, science.do_science(next_one))
    with open("my_output.txt", "a") as output:
        output.write(line + "\\n")
    next_one += 1
    with open("checkpoint.txt", "w") as file:
        file.write(str(next_one))
"""),
    "a directory, and rename": listing("state my_output.txt")("""
import os, pathlib, pickle, sys
from science import do_science, interval

def load(start, end):
    try:
        with open("state/now", "rb") as file:
            made_for, iteration = pickle.load(file)
    except FileNotFoundError:
        return start
    return iteration if made_for == (start, end) else start

def save(start, end, iteration):
    pathlib.Path("state").mkdir(exist_ok=True)
    with open("state/new", "wb") as file:
        pickle.dump(((start, end), iteration), file)
    os.replace("state/new", "state/now")
    sys.exit(85)

def main(start, end):
    begin = load(start, end)
    output = open("my_output.txt", "a")
    for iteration in range(begin, end + 1):
        if iteration - begin == interval:
            output.close()
            save(start, end, iteration)
        output.write("%d %.6f\\n" % (iteration, do_science(iteration)))
    output.close()

main(*map(int, sys.argv[1:]))
"""),
    "keeps the results and writes them all": listing("results.json")("""
import json, os, sys
from science import do_science, interval

start, end = map(int, sys.argv[1:])
results = {}
if os.path.exists("results.json"):
    with open("results.json") as file:
        results = json.load(file)
new = 0
for i in range(start, end + 1):
    if str(i) in results:
        continue
    if new == interval:
        with open("results.json", "w") as file:
            json.dump(results, file)
        sys.exit(85)
    results[str(i)] = "%.6f" % do_science(i)
    new += 1
with open("my_output.txt", "w") as output:
    for i in range(start, end + 1):
        output.write("%d %s\\n" % (i, results[str(i)]))
"""),
    "leaves from deep inside": listed("""
import os, sys
from science import do_science, interval

PATH = "checkpoint.txt"

class Done(SystemExit):
    def __init__(self, iteration):
        with open(PATH, "w") as file:
            print(iteration, file=file)
        super().__init__(85)

def restored(start, end):
    if not os.path.exists(PATH):
        return start
    number = int(open(PATH).readline().strip())
    return start if number < start or number > end else number

first, last = map(int, sys.argv[1:])
now = restored(first, last)
with open("my_output.txt", "at") as output:
    for count, iteration in enumerate(range(now, last + 1)):
        if count and count % interval == 0:
            raise Done(iteration)
        output.write(f"{iteration} {do_science(iteration):.6f}\\n")
"""),
}

WRONG: dict[str, dict[str, dict[str, str]]] = {
    "checkpoint-not-transferred": {
        "all but the list": listing("my_output.txt")(WITHIN, NOT_AT_ONCE),
        "another name": listing("my_output.txt")(WITHIN, NOT_AT_ONCE, ("'checkpoint.txt'", "'cp.txt'")),
    },
    "listed-file-missing": {
        "as on the slides": listing("my_output.txt, temp_dir, temp_file.txt")(WITHIN, NOT_AT_ONCE),
        "a typo": listing("chekpoint.txt, my_output.txt")(WITHIN, NOT_AT_ONCE),
    },
    "output-not-in-checkpoint": {
        "only the checkpoint": listing("checkpoint.txt")(WITHIN, NOT_AT_ONCE),
        "the checkpoint, and the science": listing("checkpoint.txt, science.py")(WITHIN, NOT_AT_ONCE),
    },
    "no-progress": {
        "only the list": listed(),
        "only the list and the range": listed(WITHIN),
        "counts without the start": listed(WITHIN, ("(iteration - start + 1) % interval", "iteration % interval")),
    },
    "stale-checkpoint": {
        "only the list and the interval": listed(NOT_AT_ONCE),
        "trusts any number": listed(
            NOT_AT_ONCE,
            (
                "    if saved >= start:\n        start = saved\n    else:\n        pass  # Potential problem?\n",
                "    start = saved\n",
            ),
        ),
    },
    "skips-iteration": {
        "saves one more": listed(WITHIN, NOT_AT_ONCE, ("% iteration)\n    sys", "% (iteration + 1))\n    sys")),
        "resumes one later": listed(WITHIN, NOT_AT_ONCE, ("start = saved", "start = saved + 1")),
    },
    "repeats-iteration": {
        "saves after the work": listed("""
import os, sys
from science import do_science, interval

start, end = map(int, sys.argv[1:])
begin = start
if os.path.exists("checkpoint.txt"):
    saved = int(open("checkpoint.txt").read())
    if start <= saved <= end:
        begin = saved
with open("my_output.txt", "a") as output:
    for iteration in range(begin, end + 1):
        output.write("%d %.6f\\n" % (iteration, do_science(iteration)))
        if iteration - begin == interval:
            open("checkpoint.txt", "w").write(str(iteration))
            sys.exit(85)
"""),
        "one less": listed(
            WITHIN,
            ("(iteration - start + 1) % interval == 0", "iteration - start == interval + 1"),
            ("start = saved\n", "start = max(start, saved - 1)\n"),
        ),
    },
}
