"""docs/authors.md, followed word for word: its files are written, its commands are run, their output is what it says."""

from __future__ import annotations

import csv
import json
import os
import re
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
    path = where / "submitted" / "ada" / "11-squares.ipynb"
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
