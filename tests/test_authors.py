"""docs/authors.md, followed word for word: its files are written, its commands are run, their output is what it says."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from classroom import MAXIMUM, ROOT

PAGE = (ROOT / "docs" / "authors.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def steps() -> Iterator[tuple[str, str]]:
    """(path, text) of each file, ("$", commands and what they print) of each console, in order."""
    end = 0
    for block in BLOCK.finditer(PAGE):
        before, end = PAGE[end : block.start()], block.end()
        yield ("$" if block[1] == "console" else re.findall(r"`(my-exercises/[^`]+)`", before)[-1]), block[2]


def shell(command: str, where: Path) -> str:
    """What a command prints, on stdout; `python` is this one."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COURSE_LAB": ""}
    environment.pop("COURSE_LAB")
    command = re.sub(r"^python\b", f"'{sys.executable}'", command)
    done = subprocess.run(command, shell=True, cwd=where, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr, done.stderr
    return done.stdout


def submitted(where: Path, answer: str) -> None:
    """A notebook as the page describes it, handed in."""
    cell = {"cell_type": "code", "source": f"%%writefile squares/squares.sh\n{answer}", "metadata": {}, "outputs": []}
    path = where / "submitted" / "ada" / "13-squares.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """A folder in which all has been done that the page says, and for each command what it should print and printed."""
    where = tmp_path_factory.mktemp("author")
    printed = []
    for path, text in steps():
        if path == "$":
            for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
                if "grade " in command:
                    right = where / "my-exercises/squares/right/one-at-a-time/squares.sh"
                    submitted(where, right.read_text())
                printed.append((command, output, shell(command, where)))
        else:
            file = where / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    return where, printed


def test_the_commands_print_what_the_page_says(followed):
    _, printed = followed
    assert [command for command, output, _ in printed if output]
    for command, output, got in printed:
        if output:
            assert got == output, command


def test_the_answer_is_graded_with_the_exercise(followed):
    where, _ = followed
    with open(where / "grades.csv", encoding="utf-8") as file:
        [row] = csv.DictReader(file)
    assert (row["student"], float(row["points"]), float(row["maximum"])) == ("ada", 10, sum(MAXIMUM.values()) + 10)


def test_the_page_makes_every_kind_of_file(followed):
    where, _ = followed
    parts = {
        path.relative_to(where / "my-exercises/squares").parts[0] for path in (where / "my-exercises").rglob("*.*")
    }
    assert parts >= {"exercise.py", "given", "expected", "right", "wrong"}


def python(program: str, where: Path, **variables: str) -> str:
    """What a program prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=True).stdout


def test_a_notebook_with_the_variable_knows_the_exercise(followed):
    where, _ = followed
    program = """
from pathlib import Path
from grader import check, exercise
exercise("squares")
print(sorted(path.name for path in Path("squares").iterdir()))
Path("squares/squares.sh").write_text(Path("my-exercises/squares/right/two-at-a-time/squares.sh").read_text())
print("points:", check("squares"))
"""
    said = python(program, where, SELF_CHECKPOINTING_EXERCISES="my-exercises")
    assert "['squares.sub']" in said and "points: 10" in said


def test_what_is_packed_for_htcondor_has_the_exercise_without_its_answers(followed, tmp_path):
    where, _ = followed
    rubric = "from grader.grading.judge import rubric; print(rubric())"
    pack = "from pathlib import Path; from grader.grading.cluster import pack; pack(Path('course.tar.gz')); " + rubric
    here = python(pack, where, SELF_CHECKPOINTING_EXERCISES="my-exercises")
    shutil.unpack_archive(where / "course.tar.gz", tmp_path, filter="data")
    there = tmp_path / "grader/course/exercises/squares"
    assert sorted(path.name for path in there.iterdir()) == ["exercise.py", "expected", "given"]
    assert python(rubric, tmp_path, PYTHONPATH=str(tmp_path)) == here != python(rubric, where)


R = """#!/usr/bin/env Rscript
i <- if (file.exists("next.txt")) as.integer(readLines("next.txt")) else 1
begun <- Sys.time()
Sys.sleep(3600)
if (difftime(Sys.time(), begun, units = "mins") != 60) stop("the hour has not passed")
cat(i, " ", i * i, "\\n", sep = "", file = "squares.txt", append = TRUE)
if (i == 3) quit(status = 0)
NEXT
"""
SAVES = 'writeLines(as.character(i + 1), "next.txt")\n'
IN_R = [
    (SAVES + "quit(status = 85)", None),
    ('cat(i + 1, "\\n", file = "next.txt")\nq("no", 85)', None),
    (SAVES + "quit()", "exit-zero-after-save"),
    (SAVES.replace("i + 1", "if (file.exists('next.txt')) i + 1 else i") + "q('no', 85)", "repeats-iteration"),
]
"""What comes after each square but the last, and the misconception."""
JUDGED = """
from dataclasses import replace
from grader.course.budgeted import LIMITS
from grader.course.catalogue import EXERCISES
from grader.execute.isolation import confinement
from grader.grading.judge import judge_one
from grader.tree import Tree

patient = replace(LIMITS, cpu=60, wall=600)  # R takes long to start where everything does
for program in PROGRAMS:
    answer = Tree.files({"squares.R": program})
    graded, _ = judge_one(EXERCISES["squares"], answer, confinement(), limits=patient, seconds=6000)
    print([graded.misconception, graded.points == 10])
"""


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="Rscript is not installed")
def test_an_exercise_may_be_in_r(tmp_path):
    written = {path: text.replace("squares.sh", "squares.R") for path, text in steps()}
    for file in ("given/squares.sub", "exercise.py"):
        (tmp_path / "squares" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "squares" / file).write_text(written[f"my-exercises/squares/{file}"])
    (tmp_path / "squares/given/squares.R").write_text(R.replace("NEXT\n", ""))
    (tmp_path / "squares/expected").mkdir()
    (tmp_path / "squares/expected/squares.txt").write_text("1 1\n2 4\n3 9\n")
    programs = [R.replace("NEXT", saving) for saving, _ in IN_R]
    said = python(f"PROGRAMS = {programs!r}\n{JUDGED}", tmp_path, SELF_CHECKPOINTING_EXERCISES=str(tmp_path))
    assert said.splitlines() == [str([misconception, misconception is None]) for _, misconception in IN_R]
