"""An execution is not repeated unless something that it depends on has changed."""

from __future__ import annotations

import json

import pytest

from grader.cli.main import main
from grader.execute.executor import Executor
from grader.execute.remembering import RememberingExecutor
from grader.rules.execution import Limits, Stop
from grader.tree import File, Link, Tree
from grader.verify.explore import explore

COUNTS = """
import os, sys, time
n = int(open("n").read()) if os.path.exists("n") else 0
time.sleep(60)
print("step", n, os.getcwd())
open("n", "w").write(str(n + 1))
open("where", "w").write(os.getcwd())
os.path.lexists("latest") or os.symlink(os.getcwd() + "/n", "latest")
sys.exit(85 if n < 3 else 0)
"""


@pytest.fixture
def job(python_job):
    def job(source=COUNTS, **fields):
        return python_job(
            source, checkpoint_exit_code=85, transfer_checkpoint_files=("n",), transfer_output_files=("n",), **fields
        )

    return job


@pytest.fixture
def executions(monkeypatch):
    """A list with one number: how many programs were really executed."""
    count, really = [0], Executor.run

    def run(self, *arguments, **options):
        count[0] += 1
        return really(self, *arguments, **options)

    monkeypatch.setattr(Executor, "run", run)
    return count


def test_a_second_executor_knows_what_the_first_has_executed(job, tmp_path, executions):
    with RememberingExecutor(tmp_path) as first:
        found = explore(job(), first)
        run, done = first.run(job(), job().inputs), executions[0]
    with RememberingExecutor(tmp_path) as second:
        again = explore(job(), second)
        known = second.run(job(), job().inputs)
        assert second.directory(0) != first.directory(0)
        assert known.sandbox["where"].text == str(second.directory(0))
    assert executions[0] == done and done >= 5
    assert (again.verdict, again.states, again.executions, again.seconds) == (
        found.verdict,
        found.states,
        found.executions,
        found.seconds,
    )
    assert known._replace(sandbox=Tree()) == run._replace(sandbox=Tree())
    assert known.sandbox["latest"] == run.sandbox["latest"] == Link("n", True)
    assert known.sandbox.times == run.sandbox.times


@pytest.mark.parametrize(
    "change",
    [
        lambda job, inputs: (job(COUNTS + "\n"), None, {}),
        lambda job, inputs: (job(arguments=("x",)), None, {}),
        lambda job, inputs: (job(environment=(("A", "1"),)), None, {}),
        lambda job, inputs: (job(), inputs.put("n", File(b"1")), {}),
        lambda job, inputs: (job(), inputs.put("job", inputs["job"]._replace(writable=False)), {}),
        lambda job, inputs: (job(), None, {"slot": 1}),
        lambda job, inputs: (job(), None, {"clock": 1e9}),
        lambda job, inputs: (job(), None, {"stop": Stop(5.0)}),
        lambda job, inputs: (job(), None, {"trace": True}),
    ],
    ids="program arguments environment file mode slot clock stop trace".split(),
)
def test_an_execution_with_any_other_circumstance_is_done_again(job, tmp_path, executions, change):
    with RememberingExecutor(tmp_path) as executor:
        executor.run(job(), job().inputs)
        changed, sandbox, how = change(job, job().inputs)
        executor.run(changed, changed.inputs if sandbox is None else sandbox, **how)
        assert executions[0] == 2
        executor.run(changed, changed.inputs if sandbox is None else sandbox, **how)
        assert executions[0] == 2


def test_other_limits_and_another_home_are_other_circumstances(job, tmp_path, executions):
    for how in ({}, {"limits": Limits(cpu=5)}, {"sets_home": False}, {"path": "/bin"}, {}):
        with RememberingExecutor(tmp_path, **how) as executor:
            executor.run(job(), job().inputs)
    assert executions[0] == 4


def test_what_does_not_do_the_same_twice_is_still_seen(job, tmp_path):
    source = COUNTS.replace("str(n + 1)", 'str(n + 1) + " " + os.urandom(4).hex()').replace(
        ".read())", ".read().split()[0])"
    )
    for _ in range(2):
        with RememberingExecutor(tmp_path) as executor:
            assert explore(job(source), executor).failure == "non-deterministic"


@pytest.mark.parametrize("damage", ["truncate", "remove", "other"])
def test_a_damaged_memory_is_no_memory(job, tmp_path, executions, damage):
    with RememberingExecutor(tmp_path) as executor:
        run = executor.run(job(), job().inputs)
        for file in (*tmp_path.glob("runs/*"), *tmp_path.glob("files/*")):
            file.unlink() if damage == "remove" else file.write_bytes(b"" if damage == "truncate" else b"[1]")
            if damage != "remove" and file.parent.name == "files":
                file.unlink()
        assert executor.run(job(), job().inputs) == run
    assert executions[0] == 2


def test_what_a_limit_of_time_has_ended_is_tried_again(python_job, tmp_path, executions):
    endless = python_job("while True: pass")
    for _ in range(2):
        with RememberingExecutor(tmp_path, limits=Limits(cpu=1, wall=1)) as executor:
            assert executor.run(endless, endless.inputs).out_of_time
    assert executions[0] == 2


def test_verify_remembers(tmp_path, capsys, executions):
    (tmp_path / "job").write_text("#!/usr/bin/env python3" + COUNTS)
    (tmp_path / "job").chmod(0o755)
    commands = "checkpoint_exit_code = 85\ntransfer_checkpoint_files = n\ntransfer_output_files = n\n"
    (tmp_path / "job.sub").write_text(f"executable = job\n{commands}queue\n")
    command = ["verify", str(tmp_path / "job.sub"), "--remember", str(tmp_path / "memory" / "here"), "--json"]
    main(command)
    first, done = json.loads(capsys.readouterr().out), executions[0]
    main(command)
    assert json.loads(capsys.readouterr().out) == first
    assert executions[0] == done
    (tmp_path / "memory" / "file").write_text("")
    command[3] = str(tmp_path / "memory" / "file")
    assert main(command) == 3
