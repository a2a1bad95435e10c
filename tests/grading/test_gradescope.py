"""The autograder for Gradescope, built, set up and run as Gradescope's documentation says (gradescope-autograders.
readthedocs.io, "Autograder Specifications"), in a directory of our own in the place of /autograder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from classroom import ANSWERS, NOTEBOOKS, solved, with_answer

from grader.course.catalogue import EXERCISES
from grader.grading import gradescope

APT = """#!/bin/sh
echo "$@" >> "$AUTOGRADER_ROOT/apt.log"
"""
"""Stands in for apt-get, so that nothing is installed on this machine."""


@pytest.fixture(scope="module")
def container(tmp_path_factory):
    """A directory like Gradescope's image after setup.sh, and a function that runs a program there."""
    root = tmp_path_factory.mktemp("autograder")
    os.chmod(root.parent, 0o755)  # as students' programs are run by another user where there is no bubblewrap
    os.chmod(root, 0o755)
    assert gradescope.main(["pack", str(root / "autograder.zip")]) == 0
    for folder in ("source", "submission", "bin"):
        (root / folder).mkdir()
    with zipfile.ZipFile(root / "autograder.zip") as archive:
        for entry in archive.infolist():
            path = archive.extract(entry, root / "source")
            os.chmod(path, entry.external_attr >> 16 or 0o755)
    shutil.copy(root / "source" / "run_autograder", root)
    (root / "bin" / "apt-get").write_text(APT)
    (root / "bin" / "apt-get").chmod(0o755)
    bare = root / "bare"  # a Python without the packages of this environment, as there is none of them in the image
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)

    def run(*command):
        path = os.pathsep.join(map(str, (root / "bin", bare / "bin", os.environ.get("PATH", os.defpath))))
        environment = {"PATH": path, "AUTOGRADER_ROOT": str(root)}
        return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)

    done = run("bash", "source/setup.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    return root, run


def handed_in(container, notebooks):
    """Put these notebooks into submission/, run the autograder, and return what it leaves."""
    root, run = container
    shutil.rmtree(root / "submission")
    shutil.rmtree(root / "results", ignore_errors=True)
    (root / "submission").mkdir()
    (root / "results").mkdir()
    for name, content in notebooks.items():
        (root / "submission" / name).write_text(content if isinstance(content, str) else json.dumps(content))
    done = run("./run_autograder")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((root / "results" / "results.json").read_text())


def test_the_two_scripts_are_at_the_top_of_the_archive_and_can_be_run(container):
    with zipfile.ZipFile(container[0] / "autograder.zip") as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert modes["setup.sh"] & 0o111 and modes["run_autograder"] & 0o111 and modes["payload/sweep/sweep.py"] & 0o111
    assert not [name for name in modes if "__pycache__" in name or name.startswith("grader/payload")]


def test_setup_brings_bubblewrap_and_no_python_where_one_is_new_enough(container):
    asked = (container[0] / "apt.log").read_text()
    assert "bubblewrap" in asked and "python" not in asked


def test_results_are_as_the_documentation_describes_them(container):
    results = handed_in(container, {name: solved(name) for name in NOTEBOOKS if name < "10"})
    assert results["score"] == 100
    keys = {"name", "score", "max_score", "status", "output", "output_format"}
    for test in results["tests"]:
        assert test.keys() <= keys and test["status"] == "passed" and test["output_format"] == "text"
        assert 0 <= test["score"] <= test["max_score"] and isinstance(test["name"], str)
    assert sum(test["max_score"] for test in results["tests"]) == 100
    assert results["visibility"] == "visible" and isinstance(results["output"], str)
    assert json.loads(json.dumps(results, allow_nan=False)) == results


def test_wrong_answers_get_their_sentences_and_cost_no_other_notebook(container):
    answer = next(iter(ANSWERS["save"][1]["exit-zero-after-save"].values()))
    wrong = with_answer(solved("03-save.ipynb"), "save", answer)
    results = handed_in(container, {"03-save.ipynb": wrong, "04-restore.ipynb": "no notebook"})
    failed = [test for test in results["tests"] if test["name"].startswith("save: ") and test["status"] == "failed"]
    assert failed and all(test["output"] for test in failed)
    assert results["score"] == EXERCISES["seconds_lost"].maximum + sum(
        test["score"] for test in results["tests"] if test["name"].startswith("save: ")
    )
    assert "04-restore.ipynb" in results["output"]


def test_the_archive_of_the_same_course_is_the_same(tmp_path):
    for name in ("a.zip", "b.zip"):
        gradescope.pack(tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_no_answer_is_in_the_archive(tmp_path):
    gradescope.pack(tmp_path / "a.zip")
    names = zipfile.ZipFile(tmp_path / "a.zip").namelist()
    assert "grader/course/exercises/save/exercise.py" in names and "grader/course/answers.py" in names
    assert [name for name in names if re.search("exercises/.*/(answers.py|right/|wrong/)", name)] == []


def test_arguments_that_make_no_sense_are_refused(tmp_path, capsys):
    assert gradescope.main(["pack", str(tmp_path / "a.tar")]) == 2 and "a.tar" in capsys.readouterr().err
    assert gradescope.main(["pack", "a.zip", "b.zip"]) == 2 and "usage" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    assert gradescope.main(["pack", str(tmp_path / "file" / "a.zip")]) == 2
    assert capsys.readouterr().err.startswith(f"{tmp_path / 'file' / 'a.zip'} can't be written: ")
