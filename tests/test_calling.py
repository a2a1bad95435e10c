"""What is printed for the reader to type works where it is typed."""

from __future__ import annotations

import pytest

from grader import calling


@pytest.mark.parametrize(
    ("lab", "command"),
    [
        (None, "python -m grader verify"),
        ("lab.py", "python3 lab.py run -m grader verify"),
        ("../the course/lab.py", "python3 '../the course/lab.py' run -m grader verify"),
    ],
)
def test_a_command_is_told_as_it_can_be_typed_here(lab, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COURSE_LAB", raising=False)
    if lab:
        monkeypatch.setenv("COURSE_LAB", str(tmp_path / lab))
    assert calling.command("verify") == command


def test_without_a_name_it_is_what_all_commands_begin_with(monkeypatch):
    monkeypatch.delenv("COURSE_LAB", raising=False)
    assert calling.command() == "python -m grader"
