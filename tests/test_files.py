"""Reading files without waiting for ever, and writing them whole or not at all."""

import os
import subprocess
import sys

import pytest

from grader import files
from grader.files import read_named, read_regular, remove_unfinished, write_whole

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")


@pytest.fixture
def slow_pipe():
    """A pipe, as a shell makes of <(COMMAND), whose command takes its time."""
    command = [sys.executable, "-c", "import time; time.sleep(0.3); print('name,email', flush=True); print('Anna,a@x')"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        yield f"/dev/fd/{process.stdout.fileno()}"


def test_a_named_pipe_is_read_to_its_end_however_slow(slow_pipe):
    assert read_named(slow_pipe) == b"name,email\nAnna,a@x\n"


def test_no_more_is_read_of_a_pipe_than_asked_for(slow_pipe):
    assert read_named(slow_pipe, 4) == b"name"


@pytest.mark.parametrize("read", [read_named, read_regular])
def test_nobody_waits_for_a_pipe_that_nobody_writes_to(tmp_path, read):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="is a pipe"):
        read(tmp_path / "pipe")


@pytest.mark.parametrize("read", [read_named, read_regular])
def test_a_device_without_end_is_not_read(read):
    with pytest.raises(OSError, match="a device"):
        read("/dev/zero")


@pytest.mark.parametrize("read", [read_named, read_regular])
def test_a_file_is_read_whole_or_as_far_as_asked_for(tmp_path, read):
    (tmp_path / "file").write_bytes(b"abc")
    assert read(tmp_path / "file") == b"abc" and read(tmp_path / "file", 2) == b"ab"


def test_what_a_killed_process_was_writing_is_removed_and_nothing_else(tmp_path, monkeypatch):
    replace = os.replace

    def killed_or_slow(source, target):
        remove_unfinished(tmp_path)
        if target.name == "killed":
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", killed_or_slow)
    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as patch:
        patch.setattr(os, "unlink", lambda path: None)  # so that the file stays, as after kill -9
        write_whole(tmp_path / "killed", b"half")
    assert len([*tmp_path.iterdir()]) == 1
    write_whole(tmp_path / "slow", b"whole")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("slow", b"whole")]


def test_a_file_that_was_removed_before_it_was_locked_is_begun_again(tmp_path, monkeypatch):
    lock, early = files._lock, [True]

    def locked(file, wait=True):
        if wait and early:
            early.clear()
            remove_unfinished(tmp_path)
        return lock(file, wait)

    monkeypatch.setattr(files, "_lock", locked)
    write_whole(tmp_path / "file", b"whole")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"whole")]
