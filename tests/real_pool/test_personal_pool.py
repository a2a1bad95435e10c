"""The personal pool, as far as it goes without one."""

from __future__ import annotations

import pytest

from grader.real_pool import personal_pool


@pytest.mark.parametrize(
    "change, words",
    [
        (("sys.platform", "darwin"), "needs Linux"),
        (("os.geteuid", lambda: 1000), "needs root"),
    ],
)
def test_where_no_pool_can_be_made_it_says_why(monkeypatch, change, words):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("os.geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(*change)
    assert words in personal_pool.obstacle()


@pytest.mark.parametrize(
    "line, found",
    [
        ("deb http://mirror.example.org/debian bookworm main", "http://mirror.example.org/debian"),
        ("deb [a=b c=d] https://mirror.example.org/debian/ bookworm main", "https://mirror.example.org/debian"),
        ("URIs: http://mirror.example.org/debian", "http://mirror.example.org/debian"),
        ("deb http://mirror.example.org/debian-security bookworm main", personal_pool.MIRROR),
        ("# deb http://mirror.example.org/debian bookworm main", personal_pool.MIRROR),
    ],
)
def test_the_mirror_is_the_one_of_apt(tmp_path, line, found):
    (tmp_path / "sources.list").write_text(line + "\n")
    assert personal_pool.mirror(tmp_path) == found


def test_another_process_of_that_number_is_not_the_pool(tmp_path, monkeypatch):
    monkeypatch.setattr(personal_pool, "PROCESS", tmp_path / "process")
    (tmp_path / "process").write_text("1 12345678901")
    assert personal_pool.process() is None


def test_what_needs_a_running_pool_says_how_to_start_it(tmp_path, monkeypatch):
    monkeypatch.setattr(personal_pool, "PROCESS", tmp_path / "process")
    with pytest.raises(personal_pool.PoolError, match="python3 lab.py pool up"), personal_pool.network():
        pass
    with pytest.raises(personal_pool.PoolError, match="python3 lab.py pool up"):
        personal_pool.enter(["true"])
