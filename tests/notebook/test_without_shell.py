"""A notebook where there is no shell: its `!` commands, and the exercises that take one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from classroom import ANSWERS, NOTEBOOKS, ROOT, solved, source

import grader
from grader.course.catalogue import EXERCISES
from grader.course.payload import PAYLOAD, make_executable
from grader.course.report import NOT_TRIED, PASSED
from grader.course.shell import shell_script
from grader.notebook import calls, marks, without_shell
from grader.notebook.marks import Mark


@pytest.fixture
def browser(monkeypatch, tmp_path):
    """As if there were no processes, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    for module in (calls, without_shell):
        monkeypatch.setattr(module, "has_processes", lambda: False)


@pytest.mark.parametrize(
    "command",
    [
        f"{sys.executable} -m grader verify a/b.sub",
        "python -m grader verify a/b.sub",
        "python3.14 -m grader  verify 'a/b.sub'",
        "/home/pyodide/python -m grader verify a/b.sub",
        "python3 lab.py run -m grader verify a/b.sub",
    ],
)
def test_commands_of_the_course_are_known(command):
    assert without_shell.own_arguments(command) == ["verify", "a/b.sub"]


@pytest.mark.parametrize(
    "command",
    ["ls", "python -c 1", "echo python -m grader", "python -m graders x", "python -m grader verify a > b",
     "python -m grader verify a | head", "python -m grader verify a && ls"],
)  # fmt: skip
def test_other_commands_are_not(command):
    assert without_shell.own_arguments(command) is None


def test_a_command_is_run_in_the_kernel_and_any_other_gets_a_sentence(browser, capsys):
    from IPython.core.interactiveshell import InteractiveShell

    said = []
    shell = InteractiveShell()
    without_shell.install(shell, said.append)
    grader.exercise("training")
    files = next(iter(ANSWERS["training"][0].values()))
    for path, text in files.items():
        with open(f"training/{path}", "w") as file:
            file.write(text)
    arguments, stdout = sys.argv, sys.stdout
    shell.run_cell("import sys\n!{sys.executable} -m grader verify training/train.sub")
    assert "restart-safe: " in capsys.readouterr().out and shell.user_ns["_exit_code"] == 0
    shell.run_cell("!python -m grader verify nowhere.sub")
    assert "nowhere.sub" in capsys.readouterr().err and shell.user_ns["_exit_code"] == 3 and said == []
    shell.run_cell("!ls -l")
    assert "can't be run here: ls -l." in said[0] and shell.user_ns["_exit_code"] == 127
    shell.run_cell("!python -m grader verify 'training")
    assert "can't be read: No closing quotation" in said[1]
    assert (sys.argv, sys.stdout) == (arguments, stdout)


def test_commands_run_in_a_notebook_that_has_only_imported_the_course(browser):
    program = """
import os
del os.fork
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("from grader import progress")
shell.run_cell("!python -m grader verify nowhere.sub")
print("exit status:", shell.user_ns["_exit_code"])
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert "exit status: 3" in done.stdout and "nowhere.sub" in done.stderr, done.stderr


def test_exercises_that_take_a_shell_say_so_at_their_beginning(browser, capsys):
    shell = {"wrapper", "behind_a_pipe", "told_to_stop", "time_limit", "launched"}
    assert {name for name, one in EXERCISES.items() if shell_script(one)} == shell
    grader.exercise("behind_a_pipe")
    assert "A browser has no shell, but behind_a_pipe and the prediction before it need one to run run.sh" in " ".join(
        capsys.readouterr().out.split()
    )
    grader.exercise("training")
    assert "shell" not in capsys.readouterr().out


def test_the_predictions_that_take_a_shell_are_known(browser, tmp_path):
    cells = [source(cell) for name in NOTEBOOKS for cell in solved(name)["cells"]]
    values = [cell.partition(" = ") for cell in cells if EXERCISES.get(cell.partition(" = ")[0])]
    answers = {name: value.strip() for name, _, value in values if EXERCISES[name].literal}
    assert answers.keys() == {name for name, exercise in EXERCISES.items() if exercise.literal}
    program = f"""
import ast, os
del os.fork
from grader.notebook.calls import check
print("out of reach:", [name for name, value in {answers!r}.items() if check(name, ast.literal_eval(value)) is None])
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    known = [name for name in answers if without_shell.is_out_of_reach(EXERCISES[name])]
    assert f"out of reach: {known}" in done.stdout and len(known) == 5, done.stdout + done.stderr


def test_their_points_count_when_they_are_done(browser, monkeypatch):
    passed = {name: Mark(PASSED, one.maximum) for name, one in EXERCISES.items() if not one.optional}
    without = {name: mark for name, mark in passed.items() if not without_shell.is_out_of_reach(EXERCISES[name])}
    rest = 100 - sum(EXERCISES[name].maximum for name in passed.keys() - without.keys())
    assert marks.points(passed) == (100, 100)
    assert marks.points(without) == (rest, rest) and rest < 100
    assert "10-for-real" in marks.following(without)
    monkeypatch.setattr(without_shell, "has_processes", lambda: True)
    assert marks.points(without) == (rest, 100)
    assert "08-wrapper" in marks.following({**without, "wrapper": Mark(NOT_TRIED)})


def test_programs_become_executable_if_the_installer_lost_their_modes(tmp_path):
    for path in PAYLOAD.rglob("*"):
        if path.is_file() and path.parent.name != "__pycache__":
            assert path.read_bytes().startswith(b"#!") == bool(path.stat().st_mode & 0o100), path
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "run").write_bytes(b"#!/bin/sh\n")
    (tmp_path / "data").write_bytes(b"\x00#!")
    make_executable(tmp_path)
    assert (tmp_path / "folder" / "run").stat().st_mode & 0o111 == 0o111
    assert not (tmp_path / "data").stat().st_mode & 0o111
