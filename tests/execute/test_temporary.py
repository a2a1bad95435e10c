"""Temporary directories stay while they are in use, and are removed once they are left behind. Nothing else is
touched."""

from __future__ import annotations

import os
import signal
import tempfile
import time

import pytest

from grader.execute import temporary
from grader.execute.executor import Executor
from grader.execute.temporary import EXECUTE, GRADING, LOCKED, Temporary, remove_leftovers
from grader.rules.execution import MachineTrouble


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    """The directory in which temporary directories are made and looked for during a test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(temporary, "MEMORY", str(tmp_path))
    return tmp_path


def left_behind(kind):
    """The path of a temporary directory whose process was killed."""
    reading, writing = os.pipe()
    if not (pid := os.fork()):
        made = Temporary(kind).path
        (made / "deep").mkdir()
        os.write(writing, os.fsencode(made))
        time.sleep(60)
    path = os.fsdecode(os.read(reading, 1000))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(reading), os.close(writing)
    return path


@pytest.mark.parametrize("kind", [GRADING, EXECUTE])
def test_what_a_killed_process_has_left_is_removed(places, kind):
    assert os.path.exists(left_behind(kind))
    remove_leftovers()
    assert list(places.iterdir()) == []


def test_a_directory_stays_only_as_long_as_it_is_in_use(places):
    with Temporary(GRADING) as path:
        remove_leftovers()
        assert path.is_dir()
    assert list(places.iterdir()) == []


def test_removing_a_directory_twice_does_no_harm():
    made = Temporary(EXECUTE)
    made.remove()
    made.remove()


def test_a_directory_is_in_use_as_long_as_a_fork_of_its_maker_lives():
    made = Temporary(GRADING)
    if not (pid := os.fork()):
        time.sleep(60)
    os.close(made._lock)  # as if this process were gone
    remove_leftovers()
    assert made.path.is_dir()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    remove_leftovers()
    assert not made.path.exists()


def test_only_unlocked_directories_of_ones_own_are_removed(places, monkeypatch):
    (places / "grading-mine").mkdir()
    (places / f"grading-file{LOCKED}").touch()
    (places / f"grading-link{LOCKED}").symlink_to(places / "grading-mine")
    remove_leftovers()
    others = left_behind(GRADING)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    remove_leftovers()
    assert len(list(places.iterdir())) == 4 and os.path.exists(others)


def test_a_new_directory_that_is_removed_at_once_is_replaced(monkeypatch):
    """Until it is locked, a new directory looks as if it had been left behind."""
    real, made = tempfile.mkdtemp, []

    def robbed(**options):
        made.append(real(**options))
        if len(made) == 1:
            remove_leftovers()
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", robbed)
    with Temporary(EXECUTE) as path:
        assert str(path) == made[1] and path.is_dir()


def test_without_locks_directories_are_made_and_not_removed(places, monkeypatch):
    def unsupported(*_):
        raise OSError("no locks here")

    path = left_behind(GRADING)
    monkeypatch.setattr(temporary.fcntl, "flock", unsupported)
    remove_leftovers()
    assert os.path.exists(path)
    with Temporary(GRADING) as made:
        assert made.is_dir()


def test_a_directory_with_a_colon_in_its_path_is_refused(places, monkeypatch):
    (places / "a:b").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(places / "a:b"))
    with pytest.raises(MachineTrouble, match="TMPDIR"):
        Executor()
    assert list((places / "a:b").iterdir()) == []
