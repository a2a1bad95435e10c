"""grader/execute/unconfined.py: which files outside of the sandbox count as written by a job."""

import os

import pytest

from grader.execute import unconfined
from grader.execute.executor import Executor
from grader.execute.unconfined import changed, removed, stamps
from grader.rules.job import Job
from grader.tree import File, Tree


def job(text: str) -> Job:
    return Job("run.sh", inputs=Tree({"run.sh": File(text.encode(), executable=True)}))


@pytest.fixture
def place(tmp_path):
    return tmp_path / "elsewhere"


def written(place, text, write):
    """The paths that count as written by a job with this text, if `write` is called meanwhile."""
    place.mkdir()
    (place / "there").mkdir()
    before = stamps(job(text), place / "there")
    write()
    return changed(before, stamps(job(text), place / "there"))


@pytest.mark.parametrize("mention", ["{}/state.txt", "{}", "{}/sta$n"])
def test_a_new_file_that_the_job_mentions_counts(place, mention):
    text = f"echo 1 > {mention.format(place)}; # state"
    assert written(place, text, lambda: (place / "state.txt").write_text("1")) == (f"{place}/state.txt",)


def test_a_file_that_changes_or_goes_counts(place):
    text = f"{place}/first {place}/second"
    place.mkdir()
    for name in ("first", "second"):
        (place / name).write_text("before")
    before = stamps(job(text), place / "there")
    (place / "first").write_text("after that")
    (place / "second").unlink()
    assert changed(before, stamps(job(text), place / "there")) == (f"{place}/first", f"{place}/second")


def test_a_file_of_another_program_does_not_count(place):
    assert written(place, f"ls {place}", lambda: (place / "unrelated.log").write_text("1")) == ()


def test_what_is_in_sandboxes_does_not_count(place):
    assert written(place, f"{place}/there/state", lambda: (place / "there" / "state").write_text("1")) == ()


def test_an_executor_adds_what_an_execution_has_written_outside(place):
    place.mkdir()
    found: set[str] = set()
    keeps = job(f"#!/bin/sh\necho 1 >> {place}/state.txt\n")
    with Executor(written=found) as executor:
        run = executor.run(keeps, keeps.inputs)
        assert run.exit.code == 0 and run.outside == (f"{place}/state.txt",) and found == {f"{place}/state.txt"}


def test_a_link_on_the_way_is_removed_and_not_what_it_leads_to(place, tmp_path, monkeypatch):
    monkeypatch.setattr(unconfined, "TEMPORARY", (str(place),))
    place.mkdir()
    (tmp_path / "anna" / "grades").mkdir(parents=True)
    with removed((f"{place}/link/grades",), os.geteuid()) as found:
        (place / "link").symlink_to(tmp_path / "anna")
    assert os.listdir(place) == [] and os.listdir(tmp_path / "anna") == ["grades"] and found == [f"{place}/link"]


def test_only_what_belongs_to_the_job_s_user_is_removed(place):
    place.mkdir()
    with removed((f"{place}/file",), os.geteuid() + 1) as found:
        (place / "file").write_text("of another user")
    assert os.listdir(place) == ["file"] and found == [f"{place}/file"]
