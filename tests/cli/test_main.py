"""The command line: what it prints, its exit status, and what it leaves behind.

Nearly all of it through main(), which is what `python -m grader` calls; a process of its own where
a signal or a closed pipe is the point.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from classroom import ANSWERS

from grader import submit
from grader.cli.main import main
from grader.course.catalogue import EXERCISES
from grader.course.sweep import sweep_output
from grader.execute.isolation import own_confinement
from grader.rules import schedule
from grader.rules.profile import PROFILES
from grader.rules.simulation import simulate
from grader.tree import Tree

ROOT = Path(__file__).resolve().parents[2]
Ran = namedtuple("Ran", "status out err")

COUNTS = """\
#!/usr/bin/env python3
# Three iterations, a minute each; each one saves.
import os, sys, time
done = int(open("done.txt").read()) if os.path.exists("done.txt") else 0
time.sleep(60)
open("result.txt", "a").write("%d\\n" % (done + 1))
open("done.txt", "w").write(str(done + 1))
sys.exit(85 if done + 1 < 3 else 0)
"""
JOB = {
    "executable": "job",
    "checkpoint_exit_code": "85",
    "transfer_checkpoint_files": "done.txt, result.txt",
    "transfer_output_files": "result.txt",
    "output": "job.out",
    "error": "job.err",
    "log": "job.log",
}
SIMULATED = {
    "status",
    "exit_code",
    "exit_signal",
    "hold_code",
    "hold_reason",
    "activations",
    "executions",
    "checkpoints",
    "goodput_s",
    "badput_s",
    "events",
}
VERIFIED = {"verdict", "failure", "schedule", "misconception", "states", "executions", "evidence"}


@pytest.fixture
def grader(capsys):
    """grader("simulate", ...) is the status, stdout and stderr of that command."""

    def grader(*arguments):
        try:
            status = main(list(map(str, arguments)))
        except SystemExit as end:
            status = end.code
        return Ran(status, *capsys.readouterr())

    return grader


@pytest.fixture
def job(tmp_path):
    """job(program, queue=..., command=value ...) is the submit file of a submit directory made so."""

    def job(program=COUNTS, queue="queue", **commands):
        directory = tmp_path / "submit"
        directory.mkdir()
        (directory / "job").write_text(program)
        (directory / "job").chmod(0o755)
        lines = [f"{name} = {value}" for name, value in {**JOB, **commands}.items() if value is not None]
        (directory / "job.sub").write_text("\n".join([*lines, queue, ""]))
        return directory / "job.sub"

    return job


@pytest.fixture
def payload(tmp_path):
    """payload("slides") is a copy of that submit directory."""

    def payload(name):
        return Path(
            shutil.copytree(ROOT / "payload" / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        )

    return payload


@pytest.fixture
def sweep(tmp_path):
    """sweep(answer) is the submit file of exercise restore's directory with this answer in it."""

    def sweep(answer):
        (EXERCISES["restore"].given() | Tree.files(answer)).write(tmp_path / "sweep")
        return tmp_path / "sweep" / "sweep.sub"

    return sweep


def shell(script):
    return f"#!/bin/sh\n{script}\n"


def snapshot(directory):
    """Every path below a directory, and the directory itself: content, mode and time of change."""
    paths = [directory, *sorted(directory.rglob("*"))]
    return {
        str(path): (path.read_bytes() if path.is_file() else None, status.st_mode, status.st_mtime_ns)
        for path in paths
        for status in [path.stat()]
    }


def names(directory):
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*")}


def start(*arguments, **options):
    """`python -m grader` as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "grader", *map(str, arguments)],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


# -- help --------------------------------------------------------------------------


def test_what_an_old_terminal_can_not_show_stops_no_command():
    program = [sys.executable, "-m", "grader", "doctor"]
    done = subprocess.run(program, cwd=ROOT, env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True)
    assert b"\\u2713" in done.stdout and b"Traceback" not in done.stderr


def test_the_module_has_a_help_that_names_the_commands():
    process = start("--help")
    out, err = process.communicate(timeout=600)
    assert (process.returncode, err) == (0, "")
    assert "simulate" in out and "verify" in out


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (
            "simulate",
            ["--schedule", "--profile", "--json", "Exit status: 0", *(f"{fault}@N" for fault in schedule.FAULTS)],
        ),
        ("verify", ["--max-executions", "--max-seconds", "--profile", "--json", "Exit status: 0 restart-safe"]),
    ],
)
def test_the_help_of_a_command_tells_its_options_and_exit_statuses(grader, command, told):
    ran = grader(command, "--help")
    assert (ran.status, ran.err) == (0, "")
    flat = " ".join(ran.out.split())
    assert [text for text in [*told, *PROFILES] if text not in flat] == []


# -- simulate: how it ends ---------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (COUNTS, {"status": "completed", "exit_code": 0, "checkpoints": 2, "goodput_s": 180.0}),
        (shell("touch result.txt; exit 3"), {"status": "completed", "exit_code": 3}),
        (shell("touch result.txt; kill -9 $$"), {"status": "completed", "exit_code": None, "exit_signal": 9}),
        (shell("exit 85"), {"status": "held", "hold_code": 36, "hold_reason": "Starter failed to upload checkpoint"}),
        (shell("touch done.txt result.txt; exit 85"), {"status": "never finishes"}),
    ],
    ids=["completed", "exit 3", "signal", "held", "never finishes"],
)
def test_simulate_exits_0_only_for_a_job_that_completed_with_exit_code_0(grader, job, program, expected):
    file = job(program)
    ran = grader("simulate", file, "--json")
    end = json.loads(ran.out)
    assert ran.status == (0 if expected.get("exit_code") == 0 else 1)
    assert end.keys() >= SIMULATED
    assert {key: end[key] for key in expected} == expected
    told = grader("simulate", file)
    assert told.status == ran.status
    assert told.out.splitlines()[-1].startswith(expected["status"])


def test_simulate_counts_what_an_eviction_cost(grader, payload):
    end = json.loads(
        grader("simulate", payload("fibonacci") / "fibonacci.sub", "--schedule", "evict@2+45s", "--json").out
    )
    assert (end["activations"], end["executions"], end["checkpoints"]) == (2, 6, 4)
    assert (end["goodput_s"], end["badput_s"]) == (300, 45)


def test_a_fault_that_can_not_happen_is_mentioned(grader, job):
    ran = grader("simulate", job(), "--schedule", "evict@2+90s evict@7")
    assert ran.status == 0
    assert ran.err.splitlines() == [
        "evict@2+90s did not happen: execution 2 took only 60 s",
        "evict@7 did not happen: the job had only 3 executions",
    ]


def test_a_fault_that_can_not_happen_is_among_the_remarks(grader, job):
    ran = grader("simulate", job(), "--schedule", "evict@7", "--json")
    assert json.loads(ran.out)["remarks"] == ["evict@7 did not happen: the job had only 3 executions"]


SPINS = "#!/usr/bin/env python3\nwhile True: pass\n"


def test_a_limit_of_the_simulator_is_not_reported_as_a_hold(grader, job):
    file = job(SPINS)
    ran = grader("simulate", file, "--max-seconds", 1)
    assert ran.status == 1 and "time, a limit of this simulator, not of HTCondor" in ran.out
    assert ran.out.splitlines()[-1].startswith("held, at a limit of this simulator")
    end = json.loads(grader("simulate", file, "--max-seconds", 1, "--json").out)
    assert end["status"] == "held" and "limit of this simulator" in end["hold_reason"]


@pytest.mark.skipif(sys.platform != "linux", reason="the sleep of another system is no ELF file")
@pytest.mark.parametrize(
    "command, executable, arguments, sleeper",
    [
        ("verify", "walk", "9", "walk is a compiled program"),
        ("simulate", "job", None, "walk is a compiled program"),
        ("simulate", "waits", None, None),
    ],
    ids=["the executable", "below a script", "a script that waits, beside an unused program"],
)
def test_a_compiled_program_out_of_time_is_said_to_sleep_really(grader, job, command, executable, arguments, sleeper):
    file = job("#!/bin/sh\n./walk 9\n", executable=executable, arguments=arguments, transfer_input_files="walk, input")
    (file.parent / "input").write_text("")
    shutil.copy(shutil.which("sleep", path="/usr/bin:/bin"), file.parent / "walk")
    (file.parent / "waits").write_text("#!/usr/bin/env python3\nimport threading\nthreading.Event().wait()\n")
    (file.parent / "waits").chmod(0o755)
    ran = grader(command, file, "--max-seconds", 1)
    said = " ".join((ran.out + ran.err).split())
    assert "1 s of real time" in said and "--max-seconds" in said
    assert (f"({sleeper}, whose sleeps" in said) if sleeper else "compiled" not in said


# -- verify: its verdicts ----------------------------------------------------------

GOES_ON = """\
#!/usr/bin/env python3
import os, sys
done = int(open("done.txt").read()) if os.path.exists("done.txt") else 0
while done < 6:
    done += 1
    with open("result.txt", "a") as result:
        result.write(f"{done}\\n")
    if done % 2 == 0 and done < 6:
        with open("done.txt", "w") as file:
            file.write(str(done))
        sys.exit(85)
"""
"""Two checkpoints, and a loop that would go on after each."""

PROGRAMS = {
    "restart-safe": (GOES_ON, 0),
    "consistent": (COUNTS, 2),
    "unsafe": (COUNTS.replace('"done.txt", "w"', '"other.txt", "w"'), 1),
    "unknown": (shell("echo 1 > result.txt"), 2),
}


@pytest.mark.parametrize("verdict", PROGRAMS)
def test_verify_has_an_exit_status_for_each_verdict(grader, job, verdict):
    program, status = PROGRAMS[verdict]
    file = job(program)
    ran = grader("verify", file)
    assert (ran.status, ran.err) == (status, "")
    assert ran.out.startswith(verdict)
    as_json = grader("verify", file, "--json")
    found = json.loads(as_json.out)
    assert as_json.status == status
    assert found.keys() >= VERIFIED
    assert found["verdict"] == verdict
    assert (found["failure"] is None) == (verdict in ("restart-safe", "consistent"))
    assert ("continues at each checkpoint and never restarts" in ran.out) == (verdict == "restart-safe")
    assert ("Give the right output with --expected DIR or --without-checkpoints" in ran.out) == (
        verdict == "consistent"
    )


def test_consistent_is_good_enough_where_that_is_said(grader, job):
    assert grader("verify", job(COUNTS), "--accept-consistent").status == 0


def test_unsafe_is_not_good_enough_there(grader, job):
    assert grader("verify", job(PROGRAMS["unsafe"][0]), "--accept-consistent").status == 1


FORGETS = (
    GOES_ON.replace('f"{done}', 'f"{done} {total}')
    .replace("while", "total = 0\nwhile")
    .replace("    done += 1\n", "    done += 1\n    total += done\n")
)
NEVER = 'if done % 2 == 0 and done < 6 and sys.argv[1:] != ["--never-save"]'


def test_what_a_job_loses_at_every_restart_makes_it_unsafe(grader, job):
    ran = grader("verify", job(FORGETS), "--json")
    found = json.loads(ran.out)
    assert (ran.status, found["failure"], found["measure"], found["schedule"]) == (1, "wrong output", "unbroken", "")
    first = found["evidence"][0]
    assert (first["file"], first["line"], first["expected"], first["got"]) == ("result.txt", 3, "3 6", "3 3")


@pytest.mark.parametrize("program, status", [(GOES_ON, 0), (FORGETS, 1)])
def test_a_job_is_measured_by_itself_without_checkpoints(grader, job, program, status):
    file = job(program.replace("if done % 2 == 0 and done < 6", NEVER), arguments="--save")
    ran = grader("verify", file, "--without-checkpoints", "arguments = --never-save", "--json")
    assert (ran.status, json.loads(ran.out)["measure"]) == (status, "known")


@pytest.mark.parametrize(
    "options, said",
    [
        (["--without-checkpoints", "arguments = --save"], "the job still makes checkpoints"),
        (["--without-checkpoints", "request_cpus = ("], "verify: --without-checkpoints: request_cpus: '(' is not"),
        (["--without-checkpoints", "never-save"], "write COMMAND = VALUE"),
        (["--without-checkpoints", "Argumens = --never-save"], "command: did you mean arguments?"),
        (["--without-checkpoints", "never_save = 1"], "never_save is not a submit command, and no $(never_save) uses"),
        (["--without-checkpoints", "arguments = x", "--expected", "."], "use one of them"),
    ],
)
def test_what_can_be_no_measure_is_told_in_a_sentence(grader, job, options, said):
    ran = grader("verify", job(GOES_ON), *options)
    assert (ran.status, ran.out) == (3, "") and said in ran.err and ran.err.count("\n") == 1


def test_a_measure_may_set_a_macro_of_the_submit_file(grader, job):
    file = job(GOES_ON.replace("if done % 2 == 0 and done < 6", NEVER), arguments="$(Mode)")
    options = ["--without-checkpoints", "mode = --never-save", "--json"]
    ran = grader("verify", file, *options)
    assert (ran.status, json.loads(ran.out)["measure"]) == (0, "known")


def test_a_measure_that_fails_is_shown_with_the_program_s_last_words(grader, job):
    file = job(GOES_ON.replace("done = int", "if sys.argv[1:]: sys.exit('usage: job')\ndone = int", 1))
    ran = grader("verify", file, "--without-checkpoints", "arguments = --never-save")
    assert ran.status == 3 and ran.err.endswith(". The program left with exit code 1: usage: job\n")


def test_the_job_s_own_folder_is_no_right_output(grader, job):
    file = job(GOES_ON)
    ran = grader("verify", file, "--expected", file.parent)
    assert ran.status == 3 and "is the job's own folder: name one with the right output" in ran.err


def test_verify_of_one_schedule_says_that_the_others_were_not_tried(grader, job):
    ran = grader("verify", job(), "--schedule", "evict@2")
    assert (ran.status, ran.err) == (2, "")
    assert "unknown: only this schedule was tried: evicted 1 time, and result.txt is the same" in ran.out


def test_verify_of_one_schedule_tells_what_goes_wrong_on_it(grader, job):
    file = job(transfer_checkpoint_files="done.txt")
    found = json.loads(grader("verify", file, "--schedule", "evict@3", "--json").out)
    assert (found["verdict"], found["failure"], found["schedule"]) == ("unsafe", "wrong output", "evict@3")
    assert grader("verify", file, "--schedule", "evict@1").status == 2
    assert grader("verify", file, "--schedule", "evict at 1").status == 3


def test_verify_writes_a_report_that_is_a_page_of_its_own(grader, job, tmp_path):
    file, report = job(transfer_checkpoint_files="done.txt"), tmp_path / "report.html"
    ran = grader("verify", file, "--report", report)
    page = report.read_text()
    assert (ran.status, ran.err) == (1, f"The report is in {report}.\n")
    assert "unsafe: wrong output" in page and "evict@2" in page and page.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("name", ["no/such/report.html", ".", "pipe"])
def test_a_report_that_cannot_be_written_is_told_before_anything_is_run(grader, job, tmp_path, name):
    os.mkfifo(tmp_path / "pipe")
    ran = grader("verify", job("#!/bin/sh\nsleep 100000; exit 85\n"), "--report", tmp_path / name)
    assert (ran.status, ran.out, ran.err.count("\n")) == (3, "", 1) and str(tmp_path) in ran.err


def test_verify_names_what_the_job_looks_at_with_its_line(grader, job):
    file = job(COUNTS.replace("time.sleep(60)", "time.sleep(60); print(os.getpid())"))
    ran = grader("verify", file)
    assert re.search(r"the process id: +job:5  time.sleep\(60\); print", ran.out)
    assert json.loads(grader("verify", file, "--json").out)["looks_at"] == [
        {"what": "the process id", "file": "job", "line": 5}
    ]


def test_verify_tells_failure_schedule_misconception_and_evidence(grader, sweep):
    file = sweep(ANSWERS["restore"][1]["output-not-in-checkpoint"]["only the checkpoint"])
    found = json.loads(grader("verify", file, "--json").out)
    assert (found["failure"], found["misconception"]) == ("wrong output", "output-not-in-checkpoint")
    assert schedule.render(schedule.parse(found["schedule"])) == found["schedule"] != ""
    assert any(fact["file"] == "my_output.txt" for fact in found["evidence"])


def test_verify_measures_a_job_by_the_output_that_is_expected(grader, job, tmp_path):
    """A job that resumes wrongly in the same way each time agrees with itself, and with nothing else."""
    repeats = job(
        COUNTS.replace(".write(str(done + 1))", ".write(str(done + (done < 1)))").replace(
            "sys.exit(85 if done + 1 < 3 else 0)", "sys.exit(85 if open('result.txt').read().count('2') < 2 else 0)"
        )
    )
    right = tmp_path / "right"
    right.mkdir()
    (right / "result.txt").write_text("1\n2\n3\n")
    assert grader("verify", repeats, "--accept-consistent").status == 0
    ran = grader("verify", repeats, "--expected", right, "--json")
    assert (ran.status, json.loads(ran.out)["failure"], json.loads(ran.out)["schedule"]) == (1, "wrong output", "")
    (right / "result.txt").write_text("1\n2\n2\n")
    assert grader("verify", repeats, "--expected", right).status == 0


OUTSIDE = shell("""
n=$(cat PLACE/state 2> /dev/null || echo 0)
sleep 60
n=$((n + 1))
mkdir -p PLACE && echo $n > PLACE/state || exit 3
touch done.txt result.txt
[ $n -ge 3 ] || exit 85
echo $n > result.txt""")
needs_bubblewrap = pytest.mark.skipif(own_confinement() is None, reason="bubblewrap is not to be had here")


@needs_bubblewrap
@pytest.mark.parametrize("place", ["/tmp/here", "~", "HERE"])
def test_state_outside_of_the_sandbox_is_named_and_nothing_is_left_there(grader, job, tmp_path, place):
    elsewhere = Path("/var/tmp/state of a job")  # outside of /tmp, which the program has for itself
    ran = grader(
        "verify",
        "--profile",
        "v25",  # which has a HOME
        job(OUTSIDE.replace("PLACE", place if place != "HERE" else shlex.quote(str(elsewhere)))),
    )
    assert ran.status == 2 and ran.out.startswith("unknown: its state is outside of its sandbox, in ")
    assert place.replace("HERE", str(elsewhere)) in ran.out and "never-restores" not in ran.out
    assert not elsewhere.exists() and not Path("/tmp/here").exists()


@pytest.mark.parametrize("ends", ["rm STATE", "true"])
def test_without_bubblewrap_writes_outside_leave_the_verdict_open(grader, job, tmp_path, monkeypatch, ends):
    monkeypatch.setattr("grader.cli.common.own_confinement", lambda: None)
    text = OUTSIDE.replace("PLACE", shlex.quote(str(tmp_path / "state of a job"))) + f"\n{ends}"
    submit_file = job(text.replace("STATE", '"$state"'))
    for _ in range(2):  # also where the file is still there
        ran = grader("verify", submit_file)
        assert ran.status == 2 and ran.out.startswith("unknown: it writes outside of its sandbox, to ")
        assert "state of a job" in ran.out and "bubblewrap" in ran.out


@needs_bubblewrap
@pytest.mark.parametrize("profile, home", [("modern", "unset"), ("v25", "set")])
def test_home_is_set_where_that_htcondor_sets_it(grader, job, profile, home):
    submit_file = job(shell("echo ${HOME+set}${HOME-unset} > result.txt"))
    assert grader("simulate", submit_file, "--profile", profile).status == 0
    assert (submit_file.parent / "result.txt").read_text().startswith(home)


def test_a_program_that_may_write_anywhere_keeps_out_of_the_own_home(grader, job):
    submit_file = job(shell("echo $HOME > result.txt"))
    assert grader("simulate", submit_file, "--allow-outside").status == 0
    assert (submit_file.parent / "result.txt").read_text().strip() not in ("", str(Path.home()))


@needs_bubblewrap
def test_simulate_finds_what_is_outside_on_the_same_machine_only(grader, job):
    submit_file = job(OUTSIDE.replace("PLACE", "/tmp/here"))
    ran = grader("simulate", submit_file)
    assert ran.status == 0 and "outside its sandbox: /tmp/here" in ran.err and "3 executions" in ran.out
    assert "6 executions" in grader("simulate", submit_file, "--schedule", "evict@3").out


@needs_bubblewrap
def test_what_is_harmless_outside_hides_no_failure(grader, job):
    ran = grader("verify", job(shell("echo x > /tmp/log; exit 85")))
    assert ran.status == 1 and ran.out.startswith("unsafe: held")


TOOL = "n=$(cat ck); n=${n:-0}\nwhile [ $n -lt 4 ]; do sleep 7200; n=$((n + 1)); echo $n > ck; done\necho ok > res"


@pytest.mark.parametrize("begin", ["touch ck", "[ -e ck ] || echo 0 > ck"])
@pytest.mark.parametrize("limit, cause", [("timeout 1h", "no-progress"), ("timeout -k 5 3600", "no-progress")])
def test_a_time_limit_before_the_first_save_is_told_as_such(grader, job, begin, limit, cause):
    script = f"{begin}\n{limit} sh tool\nrc=$?\n[ $rc -eq 124 ] && exit 85\nexit $rc"
    submit_file = job(
        shell(script), transfer_checkpoint_files="ck", transfer_output_files=None, transfer_input_files="tool"
    )
    submit_file.with_name("tool").write_text(TOOL)
    told = json.loads(grader("verify", submit_file, "--json").out)
    assert (told["verdict"], told["failure"], told["misconception"]) == ("unsafe", "never finishes", cause)


@pytest.mark.parametrize(
    "script, reason",
    [
        ("touch ck\ntimeout 1h sh tool; [ $? -eq 124 ] && exit 85; exit 0", "its time is up before it saves."),
        ("n=$(cat ck) || { sleep 9; n=1; }; echo $n > ck; exit 85", "it saves before it has done any work."),
        ("n=$(cat ck); n=${n:-0}; echo $n > ck; exit 85", "it saves before it has done any work, or its slot is lost,"),
    ],
)
def test_only_the_reason_that_the_job_shows_is_named(grader, job, script, reason):
    submit_file = job(shell(script), transfer_checkpoint_files="ck", transfer_input_files="tool")
    submit_file.with_name("tool").write_text(TOOL)
    told = " ".join(grader("verify", submit_file).out.split())
    assert f"no-progress: No execution gets further than the one before: {reason}" in told


NEVER_FINISHES = {
    "its time is up, and the first thing that it writes is where it begins": (
        "timeout 1h sh tool; [ $? -eq 124 ] && exit 85; exit 0",
        TOOL.replace("while", "echo $n > ck; while"),
        "no-progress",
    ),
    "saves before it works": ("n=$(cat ck); n=${n:-0}; echo $n > ck; exit 85", "", "no-progress"),
    "puts the old restart file back": (
        "cp tool ck; read n < ck; echo $((n + 9)) > ck; exit 85",
        "1\n",
        "never-restores",
    ),
    "never looks for a checkpoint": ("echo 9 > ck; exit 85", "", "never-restores"),
    "saves nothing": (": > ck; exit 85", "", None),
}


@pytest.mark.parametrize("what", NEVER_FINISHES)
def test_why_a_job_never_finishes_is_told_only_if_it_is_known(grader, job, what):
    script, tool, cause = NEVER_FINISHES[what]
    submit_file = job(shell(script), transfer_checkpoint_files="ck", transfer_input_files="tool")
    submit_file.with_name("tool").write_text(tool)
    told = json.loads(grader("verify", submit_file, "--json").out)
    assert (told["failure"], told["misconception"]) == ("never finishes", cause)
    empty = "ck is empty in the checkpoint" in [fact["text"] for fact in told["evidence"]]
    assert empty == (cause is None)


def test_a_checkpoint_that_nothing_is_saved_to_is_told_as_such(grader, job):
    script = shell("read n < state; sleep 9; echo $((n + 1)) > state.new; exit 85")
    submit_file = job(script, transfer_checkpoint_files="state", transfer_input_files="state")
    submit_file.with_name("state").write_text("1\n")
    told = " ".join(grader("verify", submit_file).out.split())
    assert (
        "never-restores: Every execution begins with state as submitted, for ever: nothing that the program saves"
        in told
    )


def test_a_checkpoint_that_is_the_output_is_not_said_to_be_unused(grader, job):
    script = shell("n=64; [ -e result.txt ] && read n < result.txt; sleep 9; echo $((n / 2)) > result.txt; exit 85")
    submit_file = job(script, transfer_checkpoint_files="result.txt", transfer_output_files="result.txt")
    told = json.loads(grader("verify", submit_file, "--json").out)
    assert (told["failure"], told["misconception"]) == ("never finishes", None)


@pytest.mark.parametrize("skips", [0, 1])
def test_a_wrong_total_tells_an_iteration_left_out_from_a_lost_sum(grader, job, tmp_path, skips):
    script = (
        f"n=0; sum=0; k=0; [ -e state ] && read n sum < state && n=$((n + {skips}))\n"
        "while [ $n -lt 9 ]; do n=$((n + 1)); sum=$((sum + n)); k=$((k + 1))\n"
        "[ $k -eq 3 ] && [ $n -lt 9 ] && echo $n FORGETS > state && exit 85; done; echo sum $sum > result.txt"
    )
    submit_file = job(
        shell(script.replace("FORGETS", "$sum" if skips else "0")),
        transfer_checkpoint_files="state",
        transfer_output_files="result.txt",
    )
    (tmp_path / "right").mkdir()
    (tmp_path / "right" / "result.txt").write_text("sum 45\n")
    told = json.loads(grader("verify", submit_file, "--expected", tmp_path / "right", "--json").out)
    assert (told["failure"], told["misconception"]) == (
        "wrong output",
        "skips-iteration" if skips else "state-incomplete",
    )


@pytest.mark.parametrize("pipe", ["sh tool | tee run.log", "sh tool 2>&1 | sed 's/^/> /'\nexit $?"])
def test_a_pipe_that_loses_the_exit_code_is_why_the_job_is_held(grader, job, pipe):
    submit_file = job(
        shell(pipe),
        transfer_checkpoint_files="state",
        transfer_output_files="result.txt",
        transfer_input_files="tool",
    )
    submit_file.with_name("tool").write_text("echo 4 > state; exit 85")
    told = json.loads(grader("verify", submit_file, "--json").out)
    assert (told["failure"], told["misconception"]) == ("held", "exit-zero-after-save")
    first, *_ = told["evidence"]
    assert (first["file"], first["line"]) == ("job", 2) and "a pipe ends with the exit code of" in first["text"]


def test_an_exit_code_that_a_pipe_has_lost_is_told_as_such(grader, job):
    submit_file = job(
        shell("sh tool | tee run.log"),
        transfer_checkpoint_files="state",
        transfer_output_files=None,
        transfer_input_files="tool",
    )
    submit_file.with_name("tool").write_text("echo 4 > state; exit 85")
    ran = grader("verify", submit_file)
    assert ran.status == 2
    assert "job:2  the checkpoint is there (state), and the job left with exit code 0, not 85 (a pipe" in ran.out


@pytest.mark.parametrize(
    "script, missing",
    [
        ("#!/bin/bash\nset -e\nno-such-tool --threads 4\n", "no-such-tool"),
        ("#!/bin/sh\nno-such-tool < job\n", "no-such-tool"),
        ("#!/usr/bin/env no-such-python\n", "no-such-python"),
        ("#!/bin/bash\ncount = 3\n", ""),
        ("#!/bin/bash\nno-such-tool || exit 1\n", ""),
    ],
)
def test_a_job_whose_program_is_not_found_here_is_unknown(grader, job, script, missing):
    told = json.loads(grader("verify", job(script), "--json").out)
    assert told["verdict"] == ("unknown" if missing else "unsafe")
    assert f"it needs the program {missing or 'none'}," in str(told) or not missing


@pytest.mark.parametrize(
    "script, cause",
    [
        ("#!/usr/bin/perl\nsystem('sh', 'tool');\nexit $?;\n", "exit-zero-after-save"),
        ("#!/usr/bin/env python3\nimport os, sys\nsys.exit(os.system('sh tool'))\n", "exit-zero-after-save"),
        (
            "#!/usr/bin/env python3\nimport os, sys\ncode = os.system('sh tool')\nsys.exit(code)\n",
            "exit-zero-after-save",
        ),
        ("#!/usr/bin/perl\nsystem('sh', 'tool');\nexit($? >> 8);\n", None),
        ("#!/usr/bin/env python3\nimport os, sys\nsys.exit(os.system('sh tool') >> 8)\n", None),
    ],
)
def test_an_exit_code_in_the_high_byte_is_told_to_be_lost(grader, job, tmp_path, script, cause):
    files = {"transfer_checkpoint_files": "n", "transfer_output_files": "n", "transfer_input_files": "tool"}
    submit_file = job(script, **files)
    submit_file.with_name("tool").write_text("echo x >> n; [ $(wc -l < n) = 3 ] || exit 85")
    (tmp_path / "right").mkdir()
    (tmp_path / "right" / "n").write_text("x\nx\nx\n")
    told = json.loads(grader("verify", submit_file, "--json", "--expected", tmp_path / "right").out)
    assert told["misconception"] == cause
    lost = [fact for fact in told["evidence"] if "in its high byte" in fact["text"]]
    assert bool(lost) == bool(cause) and all(fact["file"] == "job" and fact["expected"] is None for fact in lost)


@pytest.mark.parametrize("queue, name", [("queue", "nowhere"), ("queue", "empty"), ("queue 2", "right")])
def test_verify_refuses_an_expected_output_that_is_none(grader, job, tmp_path, queue, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "right").mkdir()
    (tmp_path / "right" / "result.txt").write_text("1\n")
    ran = grader("verify", job(queue=queue), "--expected", tmp_path / name)
    assert (ran.status, ran.out, ran.err.count("\n")) == (3, "", 1) and "--expected" in ran.err


def test_verify_says_nothing_of_a_job_that_only_soft_evictions_save(grader, job):
    ran = grader("verify", job(when_to_transfer_output="ON_EXIT_OR_EVICT", checkpoint_exit_code=None))
    assert ran.status == 2 and ran.out.startswith("unknown: eviction-driven")


def test_a_soft_eviction_that_saves_the_wrong_files_is_told(grader, job):
    ran = grader("verify", job(when_to_transfer_output="ON_EXIT_OR_EVICT"))
    assert ran.status == 1 and re.search(r'--schedule ".*vacate@2', ran.out)
    assert "sends the output list as it is then (result.txt), and not the checkpoint" in ran.out


def test_verify_is_unknown_when_it_may_not_try_enough(grader, job):
    ran = grader("verify", job(), "--max-executions", 2)
    assert ran.status == 2
    assert ran.out.startswith("unknown")


def test_verify_out_of_time_names_the_option_that_gives_more(grader, job, monkeypatch):
    monkeypatch.setattr("time.monotonic", iter(range(0, 10**6, 40)).__next__)
    ran = grader("verify", job())
    assert ran.status == 2
    assert ran.out.startswith("unknown: 30 s of real time were not enough") and "--max-seconds" in ran.out


@pytest.mark.parametrize(
    "program",
    [SPINS, COUNTS.replace("time.sleep(60)", "\nwhile done == 1: pass")],
    ids=["at once", "after a checkpoint"],
)
def test_verify_names_the_option_that_raises_the_limit_it_reached(grader, job, program):
    ran = grader("verify", job(program), "--max-seconds", 1)
    assert ran.status == 2
    assert ran.out.startswith("unknown: an execution used more than 1 s of ") and "--max-seconds" in ran.out


LARGE = "file = open('result.txt', 'wb', 0)\nfile.seek((256 << 20) - 9)\nfile.write(bytes(9))\nfile.write(b'more')"


@pytest.mark.parametrize(
    "program",
    [
        LARGE,
        "for n in range(3): open(f'{n}', 'wb').truncate(200 << 20)",
        f"import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n{LARGE}",
    ],
    ids=["a large file", "large files", "a large file, for which the program is killed"],
)
def test_verify_is_unknown_where_files_are_too_large_for_the_simulator(grader, job, program):
    ran = grader("verify", job(f"#!/usr/bin/env python3\n{program}\nraise SystemExit(85)\n"))
    assert ran.status == 2
    assert ran.out.startswith("unknown: an execution used more than ") and "--max" not in ran.out


def test_a_failure_is_reported_although_a_limit_is_reached_later(grader, job):
    program = COUNTS.replace("time.sleep(60)", "\nwhile done == 2: pass").replace('"done.txt", "w"', '"other.txt", "w"')
    ran = grader("verify", job(program), "--max-seconds", 5)
    assert ran.status == 1 and ran.out.startswith("unsafe: held")


def test_more_states_are_looked_at_where_more_executions_are_allowed(grader, job, monkeypatch):
    monkeypatch.setattr("grader.cli.verify.Bounds.states", 10)
    file = job(COUNTS.replace("done + 1 < 3", "done + 1 < 9"))
    ran = grader("verify", file)
    assert ran.status == 2
    assert ran.out.startswith("unknown: 10 states were not enough")
    assert "--max-executions lets it try more" in ran.out and "--max-seconds" not in ran.out
    assert grader("verify", file, "--max-executions", 100_000, "--accept-consistent").status == 0


def test_verify_is_unknown_where_an_unsimulated_command_decides(grader, job):
    ran = grader("verify", job(on_exit_hold="NumJobStarts > 3"))
    assert ran.status == 2 and ran.out.startswith("unknown: job.sub:8: on_exit_hold depends on NumJobStarts")


SUMS = """\
n=0; s=0; [ -e done.txt ] && read n s < done.txt
tail -n +$((n + 1)) | {
    k=0
    while read x; do
        n=$((n + 1)); s=$((s + x)); k=$((k + 1))
        [ $k -eq 3 ] && echo $n $s > done.txt && exit 85
    done
    echo $s > result.txt
}
"""


def test_a_job_reads_its_input_anew_in_every_execution(grader, job):
    file = job(shell(SUMS), input="numbers.txt", transfer_checkpoint_files="done.txt")
    (file.parent / "numbers.txt").write_text("".join(f"{n}\n" for n in range(1, 11)))
    assert grader("verify", file, "--accept-consistent").status == 0
    assert grader("simulate", file, "--schedule", "evict@2 requeue@3").status == 0
    assert (file.parent / "result.txt").read_text() == "55\n"
    assert names(file.parent) == {"job", "job.sub", "job.out", "job.err", "job.log", "result.txt", "numbers.txt"}


@pytest.mark.parametrize("command, status", [("simulate", 2), ("verify", 3), ("grade", 2)])
def test_where_no_process_can_be_forked_a_sentence_says_what_to_do(grader, job, monkeypatch, command, status):
    submit_file = job()
    before = list(submit_file.parent.iterdir())
    monkeypatch.delattr("os.fork")
    ran = grader(command, submit_file if command != "grade" else submit_file.parent)
    assert (ran.status, ran.out) == (status, "") and list(submit_file.parent.iterdir()) == before
    assert ran.err.startswith(f"grader {command}: ") and "WSL" in ran.err and ran.err.count("\n") == 1


# -- several jobs ------------------------------------------------------------------

BY_NUMBER = {"arguments": "$(Process)", "output": "job.$(Process).out"}


def test_each_queued_job_is_simulated_and_comes_home(grader, job):
    file = job(shell("echo $1; touch result.txt"), "queue 3", **BY_NUMBER)
    ran = grader("simulate", file, "--json")
    assert ran.status == 0
    assert [end["job"] for end in json.loads(ran.out)] == ["1.0", "1.1", "1.2"]
    assert [(file.parent / f"job.{n}.out").read_text() for n in range(3)] == ["0\n", "1\n", "2\n"]


def test_jobs_that_share_a_log_are_all_in_it(grader, job):
    file = job(shell("touch result.txt"), "queue 3")
    grader("simulate", file)
    text = (file.parent / "job.log").read_text()
    assert [text.count(f"005 (001.00{n}.000)") for n in range(3)] == [1, 1, 1]


def test_one_failing_job_of_several_decides_the_exit_status(grader, job):
    file = job(shell("touch result.txt; test $1 != 1"), "queue 3", **BY_NUMBER)
    assert grader("simulate", file).status == 1


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("case $1 in 0) touch result.txt ;; 1) exit 85 ;; esac", 1),
        ("touch result.txt; test $1 = 0 -o -e done.txt && exit 0; touch done.txt; exit 85", 2),
    ],
    ids=["unknown and unsafe", "unknown and restart-safe"],
)
def test_the_worst_verdict_of_several_jobs_decides_the_exit_status(grader, job, program, status):
    ran = grader("verify", job(shell(program), "queue 2", **BY_NUMBER), "--json")
    assert len(json.loads(ran.out)) == 2
    assert ran.status == status


# -- input that can't be used ------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["simulate"], "SUBMIT_FILE"),
        (["simulate", "FILE", "--nope"], "--nope"),
        (["simulate", "no-such.sub"], "no-such.sub"),
        (["simulate", "."], "directory). Did you mean job.sub?"),
        (["simulate", "jop.sub"], "Did you mean job.sub?"),
        (["simulate", "FILE", "--shedule=evict@2"], "did you mean --schedule?"),
        (["verfy", "FILE"], "there is no 'verfy' (did you mean verify?)"),
        (["grade", "FILE", "--format", "moodel"], "there is no 'moodel' (did you mean moodle?)"),
        (["grade", "FILE", "--format", "xyz"], "there is no 'xyz'; choose from"),
        (["verify", "FILE", "--without-checkpoints", "--never-save"], 'as in "arguments = --never-save"'),
        (["simulate", "FILE", "--schedule", "evict@2", "evict@4"], "in quotes"),
        (["simulate", "FILE", "--schedule", "evict"], "evict@2"),
        (["simulate", "FILE", "--schedule", "evitc@2"], "did you mean evict"),
        (["simulate", "FILE", "--schedule", "evict@0"], "counted from 1"),
        (["simulate", "FILE", "--schedule", "evict@2 vacate@2"], "only one fault"),
        (["simulate", "FILE", "--schedule", "look@2"], "look@2+60s"),
        (["simulate", "FILE", "--profile", "centos"], "slides2021"),
        (["verify"], "SUBMIT_FILE"),
        (["verify", "no-such.sub"], "no-such.sub"),
        (["verify", "FILE", "another.sub"], "another.sub"),
        (["verify", "FILE", "--profile", "centos"], "slides2021"),
        (["verify", "FILE", "--max-executions", "0"], "positive whole number"),
        (["verify", "FILE", "--max-executions", "many"], "'many' is not a positive whole number"),
    ],
)
def test_unusable_arguments_are_one_sentence_with_an_exit_status(grader, job, monkeypatch, arguments, said):
    file = job()
    monkeypatch.chdir(file.parent)
    ran = grader(*[file.name if argument == "FILE" else argument for argument in arguments])
    assert (ran.status, ran.out) == (3 if arguments[0] == "verify" else 2, "")
    assert len(ran.err.splitlines()) == 1
    assert said in ran.err
    assert names(file.parent) == {"job", "job.sub"}


@pytest.mark.parametrize(
    ("commands", "said"),
    [
        ({"executable": "nowhere"}, "nowhere"),
        ({"executable": None, "executabel": "job"}, "executabel is not a submit command. Did you mean executable?"),
        ({"checkpoint_exit_code": "eighty-five"}, "not a number"),
        ({"queue": ""}, "nothing is queued"),
    ],
)
@pytest.mark.parametrize("command", ["simulate", "verify"])
def test_an_unusable_submit_file_is_named_with_what_to_do(grader, job, command, commands, said):
    file = job(**commands)
    ran = grader(command, file)
    assert (ran.status, ran.out) == ({"simulate": 2, "verify": 3}[command], "")
    assert ran.err.startswith(f"grader {command}: job.sub:") and ran.err.count("\n") == 1
    assert said in ran.err


def test_a_job_is_held_for_an_input_that_is_not_there(grader, job):
    """R2"""
    file = job(transfer_input_files="nowhere.txt")
    said = "job.sub:8: transfer_input_files: nowhere.txt does not exist"
    ran = grader("simulate", file)
    assert ran.status == 1 and said in ran.err and "Code 13, subcode 2" in ran.out and "nowhere.txt" in ran.out
    ran = grader("verify", file)
    assert ran.status == 1 and said in ran.err and "held" in ran.out and "nowhere.txt" in ran.out


@pytest.mark.parametrize("command", ["simulate", "verify"])
def test_unusable_input_is_a_json_object_where_json_is_asked_for(grader, job, tmp_path, command):
    file = job(executable="nowhere")
    ran = grader(command, file, "--json")
    assert ran.status == {"simulate": 2, "verify": 3}[command] and ran.err.count("\n") == 1
    told = json.loads(ran.out)
    assert "nowhere does not exist" in told["error"] and "name" in told["remedy"]
    assert (told["file"], told["line"]) == ("job.sub", 1)
    for arguments in (["--nope"], ["--profile", "centos"], ["--schedule", "evict"]):
        ran = grader(command, *arguments, file, "--json")
        assert ran.status == {"simulate": 2, "verify": 3}[command] and json.loads(ran.out)["error"]


def test_no_command_and_an_unknown_one_are_told_the_commands(grader):
    for arguments in ([], ["nonsense"]):
        ran = grader(*arguments)
        assert (ran.status, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert "simulate" in ran.err and "verify" in ran.err


@pytest.mark.parametrize("command", ["simulate", "verify"])
def test_a_misspelt_submit_command_is_a_remark_with_a_suggestion(grader, job, command):
    ran = grader(command, job(GOES_ON, request_memroy="1024", transfer_ouput_files="x"), "--json")
    assert ran.status == 0
    assert ran.err.splitlines()[-1].endswith("did you mean transfer_output_files?")
    assert json.loads(ran.out)["remarks"] == ran.err.splitlines()


# -- what is left behind -----------------------------------------------------------


def test_simulate_leaves_what_comes_home_and_nothing_else(grader, job):
    file = job()
    before = snapshot(file.parent)
    assert grader("simulate", file, "--schedule", "evict@2").status == 0
    assert names(file.parent) == {"job", "job.sub", "job.out", "job.err", "job.log", "result.txt"}
    assert (file.parent / "result.txt").read_text() == "1\n2\n3\n"
    after = snapshot(file.parent)
    assert {path for path in before if before[path] != after[path]} == {str(file.parent)}


def test_simulate_twice_gives_the_same_story_and_the_same_files(grader, job):
    file, told = job(), []
    for _ in range(2):
        out = grader("simulate", file, "--schedule", "evict@2", "--json").out
        told.append((out, {path.name: path.read_bytes() for path in file.parent.iterdir()}))
    assert told[0] == told[1]


def test_a_held_job_brings_home_only_its_log(grader, job):
    file = job(shell("exit 85"))
    grader("simulate", file)
    assert names(file.parent) == {"job", "job.sub", "job.log"}


def test_verify_touches_nothing(grader, job):
    file = job()
    before = snapshot(file.parent)
    grader("verify", file)
    grader("verify", file, "--json")
    assert snapshot(file.parent) == before


@pytest.mark.parametrize("where", ["{}/elsewhere.log", "../elsewhere.log"])
@pytest.mark.parametrize(
    ("name", "value", "line"),
    [("log", "{}", 7), ("output", "{}", 5), ("transfer_output_remaps", '"result.txt = {}"', 8)],
)
@pytest.mark.parametrize("command", ["simulate", "verify"])
def test_nothing_is_written_outside_the_submit_directory(grader, job, tmp_path, command, name, value, line, where):
    file = job(**{name: value.format(where.format(tmp_path))})
    ran = grader(command, file)
    assert (ran.status, ran.out) == ({"simulate": 2, "verify": 3}[command], "")
    assert ran.err.startswith(f"grader {command}: job.sub:{line}: {name}: ") and ran.err.count("\n") == 1
    assert "outside the submit directory" in ran.err and "relative path" in ran.err
    assert names(tmp_path) == {"submit", "submit/job", "submit/job.sub"}


def test_an_absolute_path_into_the_submit_directory_is_one_of_its_own(grader, job, tmp_path):
    file = job(log=tmp_path / "submit" / "own.log", output="../submit/own.out")
    assert grader("simulate", file).status == 0
    assert names(file.parent) == {"job", "job.sub", "own.log", "own.out", "job.err", "result.txt"}


def test_nothing_is_written_where_a_directory_is_in_the_way_of_the_log(grader, job):
    file = job(log="there")
    (file.parent / "there").mkdir()
    before = snapshot(file.parent)
    ran = grader("simulate", file)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "there is a directory" in ran.err and ".arriving" not in ran.err
    assert snapshot(file.parent) == before


@pytest.mark.parametrize("command", ["output", "error"])
def test_a_job_is_held_where_a_directory_is_in_the_way_of_a_stream(grader, job, command):
    """R6: seen on 23.9.6 and 25.14.1."""
    file = job(**{command: "there"})
    (file.parent / "there").mkdir()
    ran = grader("simulate", file)
    assert ran.status == 1 and "Code 12 Subcode 21" in (file.parent / "job.log").read_text()
    assert (file.parent / "there").is_dir() and not list((file.parent / "there").iterdir())


@pytest.mark.parametrize("listed", ["result.txt", None])
def test_a_job_is_held_where_a_directory_is_in_the_way_of_its_output(grader, job, listed):
    """R6"""
    file = job(transfer_output_files=listed)
    (file.parent / "result.txt").mkdir()
    ran = grader("simulate", file)
    assert ran.status == 1 and "held, code 12" in ran.out and "result.txt: Is a directory" in ran.out
    assert (file.parent / "result.txt").is_dir() and not list(file.parent.glob(".*"))


def test_a_directory_that_comes_home_replaces_a_file(grader, job):
    """R6"""
    file = job(
        "#!/usr/bin/env python3\nimport os\nos.mkdir('d')\nopen('d/x', 'w').write('1')\n", transfer_output_files="d"
    )
    (file.parent / "d").write_text("old")
    assert grader("simulate", file).status == 0
    assert (file.parent / "d/x").read_text() == "1"


def test_ctrl_c_while_a_program_runs_leaves_nothing_anywhere(job, tmp_path):
    file = job("#!/usr/bin/env python3\nopen('result.txt', 'w').write('half')\nwhile True:\n    pass\n")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    before = snapshot(file.parent)
    process = start("simulate", file, env={**os.environ, "TMPDIR": str(scratch)})
    assert any("starts in a new sandbox" in line for line in process.stdout)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=600)
    assert (process.returncode, err) == (130, "interrupted\n")
    assert snapshot(file.parent) == before
    assert names(scratch) == set()


def test_ctrl_c_before_the_command_is_known_shows_no_traceback():
    interrupted = """
import os, runpy, signal, sys
class Finder:
    def find_spec(name, *_):
        if name == "grader.cli.main": os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder)
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("grader", run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", interrupted], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_ctrl_c_while_files_come_home_leaves_no_half_of_one(grader, job, monkeypatch):
    file, moved, replace = job(), [], os.replace

    def interrupted(source, target):
        if moved:
            raise KeyboardInterrupt
        moved.append(Path(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    assert grader("simulate", file).status == 130
    assert names(file.parent) == {"job", "job.sub", moved[0].name}


@pytest.mark.parametrize("arguments", ["simulate", "simulate --json", "verify", "verify --json"])
def test_a_reader_that_has_read_enough_is_no_error(job, arguments):
    process = start(*arguments.split(), job())
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=600), err) == (141, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
@pytest.mark.parametrize("told", [subprocess.PIPE, "/dev/full"], ids=["stdout", "stdout and stderr"])
@pytest.mark.parametrize(("command", "status"), [("simulate", 2), ("verify", 3), ("verify --json", 3)])
def test_what_can_not_be_written_is_a_sentence_and_no_verdict(job, command, status, told):
    file = job()
    with open("/dev/full", "w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "grader", *command.split(), str(file)],
            cwd=ROOT,
            text=True,
            stdout=full,
            stderr=full if told == "/dev/full" else told,
        )
    assert process.returncode == status
    assert process.stderr in (None, "grader: can't continue: No space left on device\n")


# -- the jobs of the course --------------------------------------------------------


def test_fibonacci_evicted_once_still_ends_with_89(grader, payload):
    directory = payload("fibonacci")
    assert grader("simulate", directory / "fibonacci.sub", "--schedule", "evict@2").status == 0
    printed = (directory / "fibonacci.out").read_text().splitlines()
    assert printed[-1] == "fibonacci(10) = 89"
    assert [line.split(":")[0] for line in printed[:-1]] == [f"iteration {n}" for n in range(1, 11)]
    assert (directory / "fibonacci.err").read_text() == ""


GIVEN = {"my_input.txt", "my_software"}
STREAMS = {"_condor_stdout", "_condor_stderr"}
WORKING = GIVEN | STREAMS | {"my_output.txt", "temp-file.txt", "trash.txt"}
SAVED = {"my_output.txt", "temp-file.txt", "temp-dir/42.txt", "temp-dir/43.txt"}
SLIDES = ["submitted", "started", "look", "exited", "checkpoint", "restarted", "evicted", "started", "exited", "ended"]


@pytest.fixture(scope="module")
def slides(executor):
    """The moments of the slides' job on the slides' schedule, one for each kind of SLIDES."""
    job = submit.read(ROOT / "payload" / "slides" / "my_submit.sub").jobs[0]
    moments = list(simulate(job, executor, PROFILES["slides2021"], schedule.parse("look@1+60s evict@2+600s")))
    assert [moment.kind for moment in moments] == SLIDES
    return moments


def temp(*numbers):
    return {f"temp-dir/{n}.txt" for n in numbers}


@pytest.mark.parametrize(
    ("step", "at", "execute", "spool"),
    [
        ("2, just before execute", 1, GIVEN | STREAMS, set()),
        ("3, after 1 minute", 2, WORKING | temp(1, 2), set()),
        ("4, after 1 hour: exit(85)", 3, WORKING | temp(42, 43), set()),
        ("5, checkpoint complete", 4, WORKING | temp(42, 43), SAVED),
        ("6, 10 minutes later: eviction", 6, WORKING | temp(51, 52), SAVED),
        ("7, restart on a new execute point", 7, GIVEN | STREAMS | SAVED, SAVED),
    ],
)
def test_the_directories_are_as_on_the_slides_at_each_step(slides, step, at, execute, spool):
    moment = slides[at]
    assert set(moment.sandbox.listing()) == execute
    assert set(moment.spool.listing()) == spool
    assert moment.returned_files == Tree()


def test_the_times_are_as_on_the_slides(slides):
    began = slides[1].time
    assert [slides[at].time - began for at in (2, 3, 6)] == [60, 3600, 4200]


def test_the_submit_directory_is_as_on_the_slides_before_and_after(grader, payload):
    directory = payload("slides")
    given = GIVEN | {"my_submit.sub"}
    assert names(directory) == given  # step 1
    ran = grader(
        "simulate", directory / "my_submit.sub", "--profile", "slides2021", "--schedule", "look@1+60s evict@2+600s"
    )
    assert ran.status == 0
    assert names(directory) == given | {"my_output.txt", "zzz.err", "zzz.log", "zzz.out"}  # step 8


def test_htcondor_reads_the_event_log_of_an_evicted_run(grader, payload):
    htcondor = pytest.importorskip("htcondor2")
    directory = payload("fibonacci")
    grader("simulate", directory / "fibonacci.sub", "--schedule", "evict@2")
    # The bindings find no configuration of a pool, say so once, and need none to read a log.
    with htcondor.JobEventLog(str(directory / "fibonacci.log")) as log:
        events = [int(event.type) for event in log.events(stop_after=0)]
    transferred = [40, 40]
    begin, checkpoint, end = [*transferred, 1], transferred, [*transferred, 5]
    assert events == [0, *begin, *checkpoint, 4, *begin, *3 * checkpoint, *end]


@pytest.mark.parametrize(
    ("id", "style", "failure"),
    [
        ("output-not-in-checkpoint", "only the checkpoint", "wrong output"),
        ("path-flattened", "file in a directory", "lost progress"),
        ("not-flushed", "os._exit, json", "failed"),
        ("relies-on-leftovers", "the directory is there already", "failed"),
        ("listed-file-missing", "a typo in the list", "held"),
        ("always-85", "nothing left to do", "never finishes"),
    ],
)
def test_the_schedule_that_verify_prints_fails_the_same_way_in_simulate(grader, sweep, id, style, failure):
    file = sweep(ANSWERS["restore"][1][id][style])
    ran = grader("verify", file)
    assert ran.out.startswith(f"unsafe: {failure} ")
    command = next(line for line in ran.out.splitlines() if "python -m grader simulate" in line)
    end = json.loads(grader(*shlex.split(command)[3:], "--json").out)
    output = file.with_name("my_output.txt")
    wrong = not output.exists() or output.read_bytes() != sweep_output(1, 12)["my_output.txt"].content
    twice = end["goodput_s"] > 12 * 60  # more work is saved than there is
    assert (
        failure
        == {
            "held": "held",
            "never finishes": "never finishes",
            "completed": (
                "failed" if end["exit_code"] else "wrong output" if wrong else "lost progress" if twice else "nothing"
            ),
        }[end["status"]]
    )


def test_a_python_without_the_packages_is_told_which_one_to_use(tmp_path):
    program = (
        "import sys; sys.modules['markupsafe'] = None; from grader.cli.main import main; sys.exit(main(['grade', '.']))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert run.stderr.startswith(
        "grader grade: this Python has no markupsafe. Begin the command with `python3 lab.py run"
    )


def test_a_command_imports_the_module_of_no_other_command():
    code = (
        "import sys; from grader.cli.main import COMMANDS, main; main(['verify', 'missing.sub']); "
        "print([name for name in COMMANDS if f'grader.cli.{name}' in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ran.stdout == "['verify']\n", ran.stderr
