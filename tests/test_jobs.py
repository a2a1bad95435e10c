"""What verify and simulate say of jobs as scientists bring them: those of jobs/, see jobs.toml there."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import tomllib
from pathlib import Path

import pytest

from grader.cli.main import main
from grader.execute.isolation import own_confinement

JOBS = Path(__file__).with_name("jobs")
TABLE = tomllib.loads((JOBS / "jobs.toml").read_text(encoding="utf-8"))["job"]


@pytest.mark.parametrize("job", TABLE, ids=lambda job: f"{job['name']}: {job['command']}")
def test_a_job_gets_the_verdict_that_is_right(job, tmp_path, monkeypatch, capsys):
    if "outside" in job["what_is_right"] and own_confinement() is None:
        pytest.skip("bubblewrap is not to be had here")
    store, expected = tmp_path / "store", job["expected"]
    store.mkdir()
    for name, value in {"STORE": "STORE", **job.get("env", {})}.items():
        monkeypatch.setenv(name, str(store) if value == "STORE" else value)
    shutil.copytree(JOBS / job["name"], tmp_path / "job")
    monkeypatch.chdir(tmp_path / "job")
    for _ in range(job.get("repeat", 1)):
        main(shlex.split(job["command"]))
        said = capsys.readouterr()
        told = json.loads(said.out)
        told = told if isinstance(told, list) else [told]
        if "verdict" in expected:
            assert {"error" if "error" in one else one["verdict"] for one in told} <= set(expected["verdict"]), said
        assert re.search(expected.get("must_say", ""), said.out + said.err)
        assert not re.search(expected.get("must_not_say", "(?!)"), said.out + said.err)
        for number, (least, most) in expected.get("value", {}).items():
            assert least <= told[0][number] <= most
        assert not expected.get("store_untouched") or not os.listdir(store)
        assert not any(map(os.path.exists, job.get("outside", ())))
