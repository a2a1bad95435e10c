"""The pre-flight command: each thing that may be missing is named, with what to do, and decides the exit status."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import namedtuple

import pytest

from grader.cli import doctor
from grader.cli.main import main
from grader.execute.isolation import Confinement
from grader.rules.execution import MachineTrouble

SHUT_IN = Confinement(True, False)


@pytest.fixture
def healthy(monkeypatch):
    """A machine on which nothing is missing but HTCondor."""
    monkeypatch.setattr(doctor, "confinement", lambda: SHUT_IN)
    monkeypatch.setattr("grader.grading.trial.try_out", lambda confine: None)
    monkeypatch.setattr(doctor, "available_memory", lambda: 64 * doctor.GIGABYTE)
    monkeypatch.setattr(doctor.personal_pool, "own_htcondor", lambda: False)
    monkeypatch.setattr(doctor.personal_pool, "process", lambda: None)
    monkeypatch.setattr(doctor.shutil, "disk_usage", usage(64 * doctor.GIGABYTE))
    return monkeypatch


def usage(free: int):
    return lambda place: namedtuple("Usage", "free")(free)


def found(capsys) -> tuple[int, dict[str, dict]]:
    status = main(["doctor", "--json"])
    return status, {one["about"]: one for one in json.loads(capsys.readouterr().out)}


def test_a_machine_that_lacks_nothing(healthy, capsys):
    status, checks = found(capsys)
    assert status == 0 and {one["state"] for name, one in checks.items() if name != "HTCondor"} == {"fine"}
    assert checks["HTCondor"]["state"] == "note" and checks["HTCondor"]["remedy"]
    assert main(["doctor"]) == 0 and capsys.readouterr().out.endswith("Nothing that the course needs is missing.\n")


@pytest.mark.parametrize(
    "about, change, status, says",
    [
        (
            "Sandbox",
            lambda m: (m.setattr(doctor, "confinement", lambda: None), no_bwrap(m)),
            1,
            "apt install bubblewrap",
        ),
        ("Sandbox", lambda m: (m.setattr(doctor, "confinement", lambda: None), bwrap(m)), 1, "namespaces"),
        ("Programs", lambda m: m.setattr("grader.grading.trial.try_out", fail), 1, "does not run"),
        ("Memory", lambda m: m.setattr(doctor, "available_memory", lambda: doctor.GIGABYTE), 1, "--jobs 1"),
        ("Memory", lambda m: m.setattr(doctor, "available_memory", lambda: 9), 2, "larger machine"),
        ("Memory", lambda m: m.setattr(doctor, "available_memory", lambda: None), 0, "does not say"),
        ("Disk", lambda m: m.setattr(doctor.shutil, "disk_usage", usage(doctor.GIGABYTE)), 1, "Make room"),
        ("Disk", lambda m: m.setattr(doctor.shutil, "disk_usage", usage(9)), 2, "Make room"),
        ("Disk", lambda m: m.setattr(doctor.tempfile, "NamedTemporaryFile", refuse), 2, "Read-only file system"),
        ("Packages", lambda m: m.setattr(doctor, "NEEDED", {"no_such_module": "x"}), 2, "python3 lab.py setup"),
        ("HTCondor", lambda m: m.setattr(doctor.personal_pool, "own_htcondor", lambda: True), 0, "its queue answers"),
    ],
)
def test_what_is_missing_is_named_with_what_to_do(healthy, capsys, about, change, status, says):
    change(healthy)
    got, checks = found(capsys)
    assert got == status and says in f"{checks[about]['text']} {checks[about]['remedy']}"
    main(["doctor"])
    assert says in capsys.readouterr().out


def no_bwrap(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name, **_: None)


def bwrap(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name, **_: "/usr/bin/bwrap" if name == "bwrap" else None)


def fail(confine):
    raise MachineTrouble("A program that is right does not run.")


def refuse(dir):
    raise OSError(30, "Read-only file system")


def test_memory_is_what_is_there(monkeypatch):
    if not sys.platform.startswith("linux"):
        pytest.skip("it is read from /proc")
    assert 0 < doctor.available_memory() < 1 << 50


def test_it_runs_here_and_through_lab_py_s_command(tmp_path):
    done = subprocess.run([sys.executable, "-m", "grader", "doctor"], capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1, 2) and done.stderr == "" and "Sandbox" in done.stdout
    assert (shutil.which("bwrap") is None) <= ("bubblewrap" in done.stdout)
