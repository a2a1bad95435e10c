"""`verify` of a job that takes its time: what is seen of it on a terminal, and how it is stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from grader.cli.main import main
from grader.rules.schedule import parse
from grader.verify.observer import Observer
from grader.view.progress import ERASED, ProgressLine, progress_line

pty = pytest.importorskip("pty")
ROOT = Path(__file__).resolve().parents[2]

COUNTS = """\
#!/usr/bin/env python3
import os, sys
done = int(open("done").read()) if os.path.exists("done") else 0
SLOW
open("rows", "a").write(f"row {done}\\n")
if done == 3:
    sys.exit()
open("done", "w").write(str(done + 1))
open(f"left{done}", "w").write("x")
sys.exit(85)
"""
"""Three checkpoints; what a restart elsewhere finds is something else than a restart in place."""
STOPS = COUNTS.replace("SLOW", "while done == AT: pass")
"""It waits for ever in its restart from a checkpoint."""

SUBMIT = """\
executable = job
checkpoint_exit_code = 85
transfer_checkpoint_files = done, rows
transfer_output_files = rows
"""


@pytest.fixture
def job(tmp_path):
    """job(program, more="", queue="queue") is a submit file with that program beside it."""

    def job(program, more="", queue="queue"):
        (tmp_path / "job").write_text(program.replace("SLOW", ""))
        (tmp_path / "job").chmod(0o755)
        (tmp_path / "job.sub").write_text(f"{SUBMIT}{more}\n{queue}\n")
        return tmp_path / "job.sub"

    return job


def start(*arguments, **options):
    """`python -m grader` as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "grader", *map(str, arguments)], cwd=ROOT, text=True, start_new_session=True, **options
    )


def on_terminal(*arguments, until):
    """What is seen on a terminal, and the exit status, where Ctrl-C is pressed once `until` is seen."""
    ours, theirs = pty.openpty()
    process = start(*arguments, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen, pressed = "", False
    while True:
        try:
            more = os.read(ours, 4096)
        except OSError:  # the terminal's other end is closed
            break
        if not more:
            break
        seen += more.decode()
        if until in seen and not pressed:
            process.send_signal(signal.SIGINT)
            pressed = True
    os.close(ours)
    return seen, process.wait()


# -- the line ----------------------------------------------------------------------


def test_the_line_tells_what_is_done_what_is_tried_and_the_time_left():
    seen = Observer(12, 9, parse("evict@3"), 4, since=100.0, until=700.0)
    assert progress_line(seen, 102.0) == "12 executions, 9 states | evict@3: execution 4, 2 s | 9:58 left"


def test_the_line_names_the_job_where_there_are_several():
    assert progress_line(Observer(until=65.0), 0.0, "job 1.2 of 3") == "job 1.2 of 3 | 0 executions | 1:05 left"


def test_the_line_is_drawn_on_a_terminal_in_place_and_erased(job):
    seen, status = on_terminal("verify", job(STOPS.replace("AT", "1")), until="execution 2")
    before, _, verdict = seen.rpartition(ERASED)
    assert status == 130
    assert "no fault: execution 2" in before and "left" in before and "\n" not in before.replace("^C", "")
    assert verdict.startswith("unknown: interrupted")


def test_nothing_is_drawn_where_there_is_no_terminal(job, capsys):
    assert main(["verify", str(job(COUNTS)), "--accept-consistent"]) == 0
    assert capsys.readouterr().err == ""


def test_the_line_fits_the_terminal(monkeypatch):
    class Narrow(list):
        isatty, flush, write = (lambda self: True), (lambda self: None), list.append

    monkeypatch.setenv("COLUMNS", "30")
    drawn, looked = Narrow(), threading.Event()
    monkeypatch.setattr("grader.view.progress.EVERY", 0.0)
    Narrow.flush = lambda self: looked.set()
    with ProgressLine(Observer(12, 9, parse("evict@3"), 4, until=time.monotonic()), drawn):
        assert looked.wait(60)
    assert drawn[-1] == ERASED
    assert max(len(line.replace(ERASED, "")) for line in drawn) < 30


# -- stopping ----------------------------------------------------------------------


def test_ctrl_c_tells_what_is_known_and_what_was_not_tried(job):
    seen, status = on_terminal("verify", job(COUNTS.replace("SLOW", STUCK_ELSEWHERE)), until="evict@")
    assert status == 130
    assert re.search(r"unknown: interrupted\s+Without a fault: 0 s of computing and 3 checkpoints", seen)
    assert "Everything without a fault was tried. Not tried: " in seen and '"evict@3"' in seen


def test_ctrl_c_of_json_gives_an_object_that_says_what_was_not_tried(job):
    process = start(
        "verify", job(COUNTS.replace("SLOW", STUCK_ELSEWHERE)), "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    wait_for_program(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    told = json.loads(out)
    assert (process.returncode, told["verdict"], err) == (130, "unknown", "")
    assert told["not_tried"]["starts"] > 0


def test_ctrl_c_names_the_jobs_that_were_not_begun(job):
    file = job(STOPS.replace("AT", "1"), queue="queue 3")
    seen, status = on_terminal("verify", file, until="execution 2")
    assert status == 130
    assert "Not tried: job 1.1, job 1.2." in seen


def test_the_limit_on_time_tells_what_was_not_tried(job, capsys):
    assert main(["verify", str(job(COUNTS.replace("SLOW", STUCK_ELSEWHERE))), "--max-seconds", "2"]) == 2
    assert "Not tried: " in capsys.readouterr().out


def test_all_that_was_tried_says_so_in_json(job, capsys):
    main(["verify", str(job(COUNTS)), "--json"])
    assert json.loads(capsys.readouterr().out)["not_tried"] == {"starts": 0, "schedules": []}


@pytest.mark.parametrize("terminal, seconds", [(True, 600), (False, 30)])
def test_there_are_minutes_on_a_terminal_and_seconds_elsewhere(monkeypatch, terminal, seconds):
    from grader.cli.main import parser

    monkeypatch.setattr("sys.stderr", type("Stream", (), {"isatty": lambda self: terminal})())
    assert parser().parse_args(["verify", "job.sub"]).max_seconds == seconds


STUCK_ELSEWHERE = """
while done and not os.path.exists(f"left{done - 1}"):
    pass
"""
"""It never ends where it is restarted in a new sandbox."""


def wait_for_program(process):
    """Wait until the job's program has been at it for a while: it is a process that takes processor time."""
    for _ in range(600):
        time.sleep(0.1)
        found = subprocess.run(["ps", "-eo", "ppid,pid,times"], capture_output=True, text=True).stdout
        rows = [list(map(int, row.split())) for row in found.splitlines()[1:] if row.replace(" ", "").isdigit()]
        below, size = {process.pid}, 0
        while size != len(below):
            size, below = len(below), below | {pid for parent, pid, _ in rows if parent in below}
        if any(times >= 2 for _, pid, times in rows if pid in below - {process.pid}):
            return


def test_ctrl_c_while_it_runs_without_a_restart_leaves_consistent(job):
    file = job("""\
#!/usr/bin/env python3
import os, sys
done = int(open("done").read()) if os.path.exists("done") else 0
begun = done
while done < 4:
    done += 1
    if done - begun == 2 and done < 4:
        open("done", "w").write(str(done))
        sys.exit(85)
        while True:  # only a run that goes on comes here
            pass
open("rows", "w").write("4")
""")
    file.write_text(file.read_text().replace("done, rows", "done"))
    seen, status = on_terminal("verify", file, until="without a restart")
    assert status == 130 and "consistent: " in seen
