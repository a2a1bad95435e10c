"""What the machine does to an execution does not count as what the program did."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from grader.execute import given, startd
from grader.execute.executor import Executor
from grader.execute.isolation import confinement
from grader.execute.startd import Answer, Startd
from grader.rules.execution import EPOCH, Limits, LostExecution, MachineTrouble
from grader.rules.job import Job
from grader.tree import File, Tree

HELLO = Tree({"hello": File(b"#!/bin/sh\necho hello\n", True)})
BUSY = """
    import resource
    def used(): return resource.getrusage(resource.RUSAGE_SELF).ru_utime
    began = used()
    while used() < began + 0.4: pass
    print("fine")
"""


@pytest.fixture(params=[None, confinement()], ids=["unconfined", "confined"])
def machine(request):
    with Executor(confine=request.param) as executor:
        yield executor


def signal_starter(executor: Executor, number: int) -> int:
    """Signal an executor's starter soon after it has started a program. Returns the starter's process number."""
    executor.run(Job("hello", inputs=HELLO), HELLO)
    pid = executor._startd._starter.pid
    if executor._confine is not None and executor._confine.bubblewrap:
        pid = int(Path(f"/proc/{pid}/task/{pid}/children").read_text())
    threading.Timer(0.2, os.kill, (pid, number)).start()
    return pid


def lives(pid: int) -> bool:
    """Whether a process is alive, and not only waiting for its parent to read its status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_an_execution_whose_starter_is_lost_is_done_again(machine, python_job):
    job = python_job(BUSY)
    signal_starter(machine, signal.SIGKILL)
    before = machine._startd._starter.pid
    run = machine.run(job, job.inputs)
    assert (run.stdout, run.exit.code, run.lost) == ("fine\n", 0, False)
    assert machine._startd._starter.pid != before


def test_a_starter_goes_on_without_bubblewrap_and_ends_with_the_executor(python_job):
    if confinement() is None or not confinement().bubblewrap:
        pytest.skip("bubblewrap is not to be had here")
    job = python_job("print('fine')")
    with Executor(confine=confinement()) as machine:
        machine.run(job, job.inputs)
        outer = machine._startd._starter
        inner = int(Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text())
        outer.kill()
        outer.wait()
        assert machine.run(job, job.inputs).stdout == "fine\n"
        os.kill(inner, signal.SIGSTOP)
    assert not lives(inner)


def test_an_execution_whose_starter_is_lost_twice_tells_nothing(machine, python_job, monkeypatch):
    monkeypatch.setattr(Startd, "execute", lambda *_: Answer(None, int(signal.SIGKILL), "", 0.0, lost=True))
    job = python_job(BUSY)
    with pytest.raises(LostExecution, match="lost 2 times, so nothing is known"):
        machine.run(job, job.inputs)


def test_a_starter_that_is_stopped_for_long_is_replaced(machine, python_job, monkeypatch):
    monkeypatch.setattr(startd, "PATIENCE", 4.0)
    job = python_job(BUSY)
    machine.limits = Limits(wall=4.0)
    lost = signal_starter(machine, signal.SIGSTOP)
    assert machine.run(job, job.inputs).stdout == "fine\n"
    assert not lives(lost)


def test_a_program_that_is_killed_from_outside_once_is_executed_again(machine, python_job, tmp_path):
    mark = tmp_path / "killed"
    job = python_job(
        """
        import os, signal, sys
        os.kill(os.getpid(), signal.SIGKILL) if not os.path.exists(sys.argv[1]) else print("fine")
    """,
        arguments=(str(mark),),
    )
    assert machine.run(job, job.inputs).exit.signal == signal.SIGKILL  # by its own hand, each time
    if machine._confine is None:
        mark.touch()
        assert machine.run(job, job.inputs).stdout == "fine\n"


@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_a_clock_that_is_set_changes_no_time_of_a_file(machine, python_job, monkeypatch, hours):
    execute, off = machine._startd.execute, [hours * 3600]
    monkeypatch.setattr(time, "time", lambda: time.time_ns() / 1e9 - sum(off))
    monkeypatch.setattr(machine._startd, "execute", lambda *request: (execute(*request), off.clear())[0])
    job = python_job("import time; time.sleep(5); open('file', 'w').write('x')")
    run = machine.run(job, job.inputs)
    assert run.sandbox.times["file"] == EPOCH + 5


def test_no_process_for_a_program_is_the_trouble_of_the_machine(machine, python_job, monkeypatch):
    monkeypatch.setattr(Startd, "execute", lambda *_: Answer(None, None, "", 0.0, trouble="Cannot allocate memory"))
    job = python_job("print('fine')")
    with pytest.raises(MachineTrouble, match="Cannot allocate memory"):
        machine.run(job, job.inputs)


PROGRAM = """
import sys
from pathlib import Path
from grader.rules.execution import MachineTrouble
from grader.execute.executor import Executor, Limits
from grader.rules.job import Job
from grader.tree import File, Tree
inputs = Tree({"job": File(b"#!/bin/sh\\necho fine\\n", True)})
job = Job("job", inputs=inputs, output="out")
try:
    with Executor(Limits(sandbox_bytes=1 << 20)) as executor:
        print(executor.run(job, inputs).stdout, end="")
        filler = open(Path(sys.argv[1]) / "filler", "wb", buffering=0)
        try:
            while True: filler.write(bytes(4096))
        except OSError:
            print(executor.run(job, inputs))
except MachineTrouble as trouble:
    print(trouble)
"""


@pytest.mark.parametrize(("size", "first"), [("300k", "There is no room"), ("8m", "fine")])
def test_a_full_disk_is_the_trouble_of_the_machine(tmp_path, size, first):
    where = tmp_path / "small"
    where.mkdir()
    way = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        f'mount -t tmpfs -o size={size},mode=711 tmpfs "{where}" && exec "$@"',
        "sh",
    ]
    if not shutil.which("unshare") or subprocess.run([*way, "true"], capture_output=True).returncode:
        pytest.skip("a small file system can't be mounted here")
    done = subprocess.run(
        [*way, sys.executable, "-c", PROGRAM, str(where)],
        capture_output=True,
        text=True,
        cwd=Path(given.__file__).parents[2],
        env={**os.environ, "TMPDIR": str(where)},
    )
    told = done.stdout.splitlines()
    assert told[0].startswith(first) and told[-1].startswith("There is no room"), done.stderr


# -- time that is given ------------------------------------------------------------


def test_time_in_which_nothing_was_done_is_not_given():
    before = given.given()
    time.sleep(0.3)
    assert given.given() - before < 0.2


def test_waiting_counts_for_what_it_may_last_at_most():
    before = given.given()
    with given.waiting(0.1):
        time.sleep(0.4)
    assert 0.1 <= given.given() - before < 0.3


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP") or not Path("/proc/self/schedstat").exists(), reason="Linux")
def test_a_program_does_not_pay_for_the_time_in_which_all_was_stopped(python_job):
    with Executor(Limits(wall=4.0)) as executor:
        job = python_job(BUSY)
        executor.run(job, job.inputs)
        starter = executor._startd._starter.pid

        def stop():
            time.sleep(0.1)
            below = [int(word) for word in Path(f"/proc/{starter}/task/{starter}/children").read_text().split()]
            for number in (signal.SIGSTOP, signal.SIGCONT):
                for pid in (starter, *below):
                    os.kill(pid, number)
                time.sleep(5.0)

        threading.Thread(target=stop, daemon=True).start()
        run = executor.run(job, job.inputs)
        assert (run.stdout, run.over) == ("fine\n", None)
