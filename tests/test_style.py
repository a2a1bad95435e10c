"""The code is formatted, has no lint and fits its types, by ruff and mypy as pyproject.toml configures them; and the
names of tests are short enough to be read at a glance."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
INSIDE = ROOT / "grader" / "execute" / "inside"


def found_by(*command: str) -> str:
    """What a module of Python's finds in the course's own folder; "" if nothing."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.parametrize("command", ["check", "format --check"])
def test_ruff_finds_nothing(command):
    pytest.importorskip("ruff")
    found = found_by("ruff", *command.split(), "--no-cache", "--quiet", ".")
    assert not found, found + "\nMost of it: python -m ruff check --fix . && python -m ruff format ."


def test_mypy_finds_nothing():
    pytest.importorskip("mypy")
    found = found_by("mypy")  # with its usual cache, which saves most of its time
    assert not found, found


def test_mypy_looks_at_all_files_that_run_with_jobs():
    """They are no part of the package to it, so that each has to be named."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]["modules"]
    assert set(named) == {path.stem for path in INSIDE.rglob("*.py")} - {"__init__"}


def test_names_of_tests_have_at_most_70_characters():
    tests = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    names = re.findall(r"def (test_\w+)", "\n".join(tests))
    assert len(names) > 1000 and [name for name in names if len(name) > 70] == []
