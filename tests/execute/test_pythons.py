"""The user's own job is run by a Python that has the modules it imports; a module that no Python has is named."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from grader.cli.main import main
from grader.execute import pythons
from grader.tree import File, Tree

LOOP = """
import os, sys, time, onlyhere
n, total = map(int, open("n").read().split()) if os.path.exists("n") else (0, 0)
while n < 4:
    time.sleep(60)
    n, total = n + 1, total + 7 * n + 5
    open("n", "w").write(f"{n} {total}")
    if n < 4:
        sys.exit(85)
open("sum", "w").write(f"{total} {onlyhere.X}")
"""
FORGETS = LOOP.replace("else (0, 0)", "else (0, 0); total = 0")


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """The bin directory of a virtual environment with a module called onlyhere."""
    environment = tmp_path_factory.mktemp("other") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    [packages] = environment.glob("lib/python3*/site-packages")
    (packages / "onlyhere.py").write_text("X = 42\n")
    return environment / "bin"


@pytest.fixture
def verify(tmp_path, capsys):
    def verify(source, first, *options):
        (tmp_path / "job.py").write_text(f"#!{first}\n{source}")
        (tmp_path / "job.py").chmod(0o755)
        commands = "transfer_checkpoint_files = n\ntransfer_output_files = sum\n"
        (tmp_path / "job.sub").write_text(f"executable = job.py\ncheckpoint_exit_code = 85\n{commands}queue\n")
        main(["verify", str(tmp_path / "job.sub"), "--json", "--allow-outside", *options])
        return json.loads(capsys.readouterr().out)

    return verify


@pytest.mark.parametrize("source, verdict", [(LOOP, "restart-safe"), (FORGETS, "unsafe")])
def test_the_python_of_the_first_line_runs_what_this_one_cannot(verify, other, source, verdict):
    found = verify(source, other / "python3")
    assert (found["verdict"], found["measure"]) == (verdict, "unbroken")


def test_the_first_python3_on_the_path_runs_what_this_one_cannot(verify, other, monkeypatch):
    monkeypatch.setenv("PATH", f"{other}:/usr/bin:/bin")
    assert verify(LOOP, "/usr/bin/env python3")["verdict"] == "restart-safe"


def test_a_module_that_is_nowhere_makes_the_verdict_unknown(verify):
    found = verify(LOOP, "/usr/bin/env python3")
    assert found["verdict"] == "unknown" and "needs the Python module onlyhere" in found["failure"]


def test_a_module_that_lies_beside_and_is_not_listed_is_the_job_s_fault(verify, tmp_path):
    (tmp_path / "onlyhere.py").write_text("X = 42\n")
    found = verify(LOOP, "/usr/bin/env python3")
    assert (found["verdict"], found["failure"]) == ("unsafe", "held")


def test_a_module_that_is_listed_or_optional_is_not_missing():
    source = b"import os, numpy.linalg, mine.part\nfrom . import x\ntry:\n    import nowhere\nexcept ImportError:\n    pass\n"
    files = {"job.py": File(source), "mine/part.py": File(b"import nothere\n"), "notes.txt": File(b"import no\n")}
    assert pythons.missing(Tree(files)) == ("nothere",)


@pytest.mark.parametrize("source", [b"def (", b"\0", b"import a." + b"b" * 9, b"\xff\xfe"])
def test_any_source_is_read_without_an_error(source):
    pythons.missing(Tree({"job.py": File(source)}))


@pytest.mark.parametrize(
    ("stderr", "module"),
    [
        ("Traceback ...\nModuleNotFoundError: No module named 'torch'\n", "torch"),
        ("ModuleNotFoundError: No module named 'a.b'", "a"),
        ("ImportError: cannot import name 'x'", ""),
        ("", ""),
    ],
)
def test_the_module_that_a_crashed_program_lacked_is_found(stderr, module):
    assert pythons.not_found(stderr) == module
