"""The cause that verify names in a user's own job is the true one; it names none that it can't show."""

from __future__ import annotations

import json
import shutil

import pytest

from grader.cli.main import main
from grader.course.diagnosis import diagnose
from grader.execute.executor import Executor
from grader.rules.simulation import outcome, simulate
from grader.submit.reader import read
from grader.verify.explore import explore
from grader.verify.verdicts import Unsafe

SUBMIT = """executable = job.sh
transfer_input_files = data
transfer_checkpoint_files = {}
transfer_output_files = out
checkpoint_exit_code = 85
queue
"""
ROWS = """#!/bin/bash
n=0 sum=0
[ -f state ] && read -r n sum < state
while [ $n -lt 14 ]; do
    n=$((n + 1)) here=$((n * n % 11)) sum=$((sum * 3 % 1009 + n * n % 11))
    echo $n $sum >> out
    if [ $((n % 4)) -eq 0 ]; then
        echo $n $sum > state
        exit 85
    fi
done
"""
LINE, SAVE = "    echo $n $sum >> out\n", ROWS[ROWS.index("    if [ $(") : ROWS.index("done\n")]
INDEPENDENT = ROWS.replace("$n $sum >> out", "$n $here >> out")
TOTAL = ROWS.replace(LINE, "") + "echo $sum > out\n"
ADDED = TOTAL.replace("sum * 3 % 1009 +", "sum +")
NEWEST = """#!/bin/bash
mkdir -p saved
last=$(ls saved | sort -n | tail -1); n=${last:-0}; sum=0
[ -n "$last" ] && sum=$(cat saved/$last)
stop=$((n + 3))
while [ $n -lt 14 ]; do
    n=$((n + 1)) sum=$(((sum * 3 + n) % 1009))
    if [ $n -eq $stop ]; then echo $sum > saved/$n; exit 85; fi
done
echo $sum > out
"""
NEEDS_TABLE = TOTAL.replace("sum=0\n", "sum=0\n[ -f state ] || cp data table\n[ -f table ] || exit 3\n")
NOTES_PLACE = NEEDS_TABLE.replace("n $sum >", "n $sum $PWD >").replace("read -r n sum", "read -r n sum was")
SAVES_EACH = ROWS.replace("    if [", "    echo $n $sum > state\n    if [")
POINTS_TO = TOTAL.replace("> state", "> saved/$n; echo $n > state").replace("sum < state", "sum < saved/$(<state)")
POINTS_TO = POINTS_TO.replace("n=0", "mkdir -p saved; n=0")
IN_PLACE = """#!/bin/bash
n=0
[ -f state ] && n=$(cat state)
read -r sum < data
echo begins with $n >> log
while [ $n -lt 14 ]; do
    n=$((n + 1)) sum=$(((sum * 3 + n) % 1009))
    if [ $((n % 4)) -eq 0 ]; then echo $n > state; echo $sum > data; exit 85; fi
done
echo $sum > out
"""
OFFSET = """#!/usr/bin/perl
my ($n, $at, $sum) = (0, 0, 0);
if (open my $in, '<', 'state') { ($n, $at, $sum) = split ' ', <$in> }
open my $data, '<', 'data'; seek $data, $at, 0;
open my $out, '>>', 'out';
while ($n < 10) {
    my $before = tell $data;
    $sum += <$data>; $n++;
    print $out "$n $sum\\n";
    if ($n % 4 == 0) {
        close $out; $at = tell $data;
        open my $state, '>', 'state'; print $state "$n $at $sum\\n"; close $state;
        exit 85;
    }
}
"""
DATABASE = """#!/usr/bin/env python3
import sqlite3, sys
con = sqlite3.connect("state")
con.execute("create table if not exists rows (n integer)")
n = con.execute("select count(*) from rows").fetchone()[0]
squares = {}
while n < 14:
    n += 1
    try:
        squares[n % 3]
    except KeyError:
        squares[n % 3] = n
    con.execute("insert into rows values (?)", (n,))
    if n % 4 == 0:
        con.commit()
        sys.exit(85)
print(n, file=open("out", "w"))
"""
COUNTED = """#!/usr/bin/env python3
import os, sys
n, hits, tries = 0, 0, 0
if os.path.exists("state"):
    n, hits, tries = map(int, open("state").read().split())
while n < 14:
    tries += n * 11 % 7 < 4
    hits += n * 11 % 7 == 2
    n += 1
    print(n, hits, tries, file=open("state", "w"))
    rate = hits / tries
    if n % 6 == 0:
        sys.exit(85)
print(f"{rate:.6f}", file=open("out", "w"))
"""
IN_ROWS = """#!/usr/bin/env python3
import sqlite3, sys
con = sqlite3.connect("state")
con.execute("create table if not exists done (step integer primary key, energy real)")
start = con.execute("select count(*) from done").fetchone()[0]
energy = 1.0
for (energy,) in con.execute("select energy from done order by step desc limit 1"):
    pass
for step in range(start, 14):
    energy = energy * 0.9 + step % 3
    con.execute("insert into done values (?, ?)", (step, energy))
    if step % 4 == 3:
        con.commit()
        sys.exit(85)
print(f"{energy:.8f}", file=open("out", "w"))
"""
IN_KEYS = IN_ROWS.replace("count(*)", "coalesce(max(step) + 1, 0)")
TRAJECTORY = """#!/usr/bin/env python3
import sqlite3, sys
con = sqlite3.connect("state")
con.execute("create table if not exists path (step integer primary key, x real, v real)")
last = con.execute("select * from path order by step desc limit 1").fetchone()
step, x, v = last or (0, 1.0, 0.0)
for step in range(step + 1, 61):
    v -= 0.1 * (x + 0.1 * v - 0.05 * (step % 7))
    x += 0.1 * v
    con.execute("insert or replace into path values (?, ?, ?)", (step, x, v))
    if step % 25 == 0:
        con.commit()
        sys.exit(85)
print(f"{x:.9f} {v:.9f}", file=open("out", "w"))
"""
FRAMES = """#!/usr/bin/env python3
import os, struct, sys
frame, value = 0, 1.0
if os.path.exists("state"):
    frame, value = struct.unpack("<qd", open("state", "rb").read()[:16])
stop = frame + 4
while frame < 14:
    value, frame = value / 2 + frame % 3, frame + 1
    if frame == stop:
        open("state", "wb").write(struct.pack("<qd", frame, value))
        sys.exit(85)
print(f"{value:.8f}", file=open("out", "w"))
"""
GENERATIONS = """#!/usr/bin/env python3
import glob, json, os, sys
os.makedirs("state", exist_ok=True)
saved = [json.load(open(path)) for path in glob.glob("state/*")]
now = max(saved, key=lambda each: each["count"], default={"count": 0, "step": 0, "x": 7})
count, step, x = now["count"], now["step"], now["x"]
while step < 43:
    step, x = step + 1, (x * 5 + step) % 1013
    if step % 10 == 0:
        json.dump({"count": count + 1, "step": step, "x": x}, open(f"state/{(count + 1) % 2}", "w"))
        sys.exit(85)
print(x, file=open("out", "w"))
"""
IN_LINES = """#!/bin/bash
touch out; n=$(wc -l < out); x=7
[ $n -gt 0 ] && x=$(tail -1 out)
while [ $n -lt 14 ]; do
    n=$((n + 1)) x=$(((x * 5 + n) % 1013))
    echo $x >> out
    if [ $((n % 4)) -eq 0 ]; then exit 85; fi
done
"""
TIMED = """#!/bin/bash
n=0 sum=0
[ -f state ] && read -r n sum < state
while [ $n -lt 14 ]; do
    sleep 10
    n=$((n + 1)) sum=$(((sum * 3 + n) % 1009))
    if [ $((n % 4)) -eq 0 ]; then
        echo $n $sum > state
        exit 85
    fi
done
echo $sum > out
"""
LOGGED = TIMED.replace("echo $sum > out\n", "").replace("    if [", "    echo $n $sum >> out\n    if [")
IN_PYTHON = """#!/usr/bin/env python3
import os, subprocess, sys, time
n, total = map(int, open("state").read().split()) if os.path.exists("state") else (0, 0)
while n < 14:
    time.sleep(10)
    n, total = n + 1, (total * 3 + n) % 1009
    print(n, total, file=open("out", "a"))
    if n % 4 == 0:
        subprocess.run(["sh", "-c", f"sleep 5; echo {n} {total} > state.new; mv state.new state"])
        sys.exit(85)
"""
WITHIN = """#!/bin/bash
if [ "$1" != steps ]; then
    timeout 100 $0 steps
    code=$?
    [ $code -eq 124 ] && exit 85
    exit $code
fi
""" + TIMED.partition("\n")[2].replace("        exit 85\n", "")
DATA = "".join(f"{number}\n" for number in (5, 17, 8, 42, 9, 63, 71, 30, 12, 55, 24, 39, 47, 3))
JOBS = {
    "the line comes after the save": (ROWS, LINE + SAVE, SAVE + LINE, "output-behind-checkpoint"),
    "a line whose numbers are not saved": (
        INDEPENDENT,
        LINE.replace("sum", "here") + SAVE,
        SAVE + LINE.replace("sum", "here"),
        None,
    ),
    "a line is written again": (
        ROWS,
        "while",
        "[ $n -gt 0 ] && echo $n $sum >> out\nwhile",
        "output-ahead-of-checkpoint",
    ),
    "half of an interval too late": (ADDED, "echo $n $sum > state", "echo $((n + 2)) $sum > state", "skips-iteration"),
    "an offset that is a line too early": (OFFSET, "$n $at $sum\\n", "$n $before $sum\\n", "repeats-iteration"),
    "a row too late, counted": (IN_ROWS, "(start, 14)", "(start + (start > 0), 14)", "skips-iteration"),
    "a row too late, by its key": (IN_KEYS, "(start, 14)", "(start + (start > 0), 14)", "skips-iteration"),
    "a place in rows without the state": (IN_ROWS, "    pass\n", "    energy = 1.0\n", "state-incomplete"),
    "a row too late after a flag": (TRAJECTORY, "step + 1", "step + (2 if last else 1)", "skips-iteration"),
    "a part beside the row": (TRAJECTORY, "1.0, 0.0)\n", "1.0, 0.0)\nv = 0.0\n", "state-incomplete"),
    "saves one after the other, in binary": (FRAMES, '"wb"', '"ab"', "two-files-disagree"),
    "the older of two generations": (GENERATIONS, "now = max(", "now = min(", None),
    "a line too late": (IN_LINES, "out)\nwhile", "out) n=$((n + 1))\nwhile", "skips-iteration"),
    "a line too early": (IN_LINES, "out)\nwhile", "out) n=$((n - 1))\nwhile", "repeats-iteration"),
    "a place in lines without the state": (IN_LINES, "x=$(tail -1 out)\n", "x=7\n", "state-incomplete"),
    "a child saves after the exit": (
        LOGGED,
        "        echo $n $sum > state\n",
        "        [ -f state ] || echo 0 0 > state; (sleep 1; echo $n $sum > state) &\n",
        "left-running",
    ),
    "a child saves after the exit, in Python": (IN_PYTHON, "subprocess.run", "subprocess.Popen", "left-running"),
    "a child saves too late, for a file that is listed": (
        TIMED,
        "        echo $n $sum > state\n",
        "        (sleep 5; echo $n $sum > state) &\n",
        "left-running",
    ),
    "a child goes on beside a wrong save": (
        LOGGED,
        "        echo $n $sum > state\n",
        "        echo $((n + 1)) $sum > state; sleep 15 &\n",
        None,
    ),
    "a limit before the first save": (WITHIN, "timeout 100", "timeout 30", "no-progress"),
    "a limit, and a file by another name": (WITHIN, "$n $sum > state", "$n $sum > state.txt", "listed-file-missing"),
    "nothing is committed": (DATABASE, "        con.commit()\n", "", None),
    "a directory that exists already": (ROWS, "n=0 sum=0\n", "n=0 sum=0\nset -e; mkdir tmp\n", "relies-on-leftovers"),
    "a command that fails": (SAVES_EACH, ">> out\n", ">> out; [ $n -ne 6 ] || ls there || exit\n", None),
    "divides by what it forgot, in Python": (
        COUNTED,
        "n, hits, tries = map(int, open",
        "n, hits, _ = map(int, open",
        "state-incomplete",
    ),
    "another exit code": (ROWS, "exit 85", "exit 58", "wrong-exit-code"),
    "an exit with 0": (ROWS, "exit 85", "exit 0", "exit-zero-after-save"),
    "the end too early": (SAVES_EACH, "-lt 14", "-lt $((n > 4 ? 10 : 14))", None),
    "ends by a signal after saving": (ROWS, "exit 85", "kill -ABRT $$", "crash-will-resume"),
    "ends by a signal, always there": (SAVES_EACH, ">> out\n", ">> out; [ $n -ne 6 ] || kill -SEGV $$\n", None),
    "a file that is not listed": (NEEDS_TABLE, "state, table", "state", "relies-on-leftovers"),
    "a directory that is not listed": (
        POINTS_TO,
        "state, saved",
        "state",
        "relies-on-leftovers",
    ),
    "a file that is not listed, and the sandbox is noted": (
        NOTES_PLACE,
        "state, table",
        "state",
        "relies-on-leftovers",
    ),
    "an input that is not listed": (IN_PLACE, "state, data", "state", "state-incomplete"),
}
"""What is wrong → a right program, the text to replace in it or in its transfer_checkpoint_files, the replacement, and
the cause that must be named."""
SAVED = {
    LOGGED: "state, out",
    IN_PYTHON: "state, out",
    IN_LINES: "out",
    ROWS: "state, out",
    INDEPENDENT: "state, out",
    SAVES_EACH: "state, out",
    OFFSET: "state, out",
    NEWEST: "saved",
    POINTS_TO: "state, saved",
    NEEDS_TABLE: "state, table",
    NOTES_PLACE: "state, table",
    IN_PLACE: "state, data",
}
"""Right program → its transfer_checkpoint_files, if it has more than `state`."""


def submit_file(directory, program, saved):
    directory.mkdir()
    (directory / "data").write_text(DATA)
    (directory / "job.sh").write_text(program)
    (directory / "job.sh").chmod(0o755)
    (directory / "job.sub").write_text(SUBMIT.format(saved))
    return directory / "job.sub"


@pytest.mark.parametrize(
    ("program", "saved", "old", "new", "cause"),
    [(NEWEST, "saved", "sort -n", "sort", None), (TOTAL, "state", "> state", ">> state", "two-files-disagree")],
    ids=["the newest by its name", "one save below the other"],
)
def test_why_a_job_has_no_end_is_named_only_if_shown(program, saved, old, new, cause, tmp_path):
    job = read(submit_file(tmp_path / "job", program.replace(old, new), saved)).jobs[0]
    with Executor() as executor:
        right = outcome(simulate(read(submit_file(tmp_path / "right", program, saved)).jobs[0], executor))
        exploration = explore(job, executor, expected=right.returned_files)
        named = diagnose(job, exploration, executor, given=False)
    assert (exploration.failure, named and named.id) == (Unsafe.NEVER_FINISHES, cause)


@pytest.mark.parametrize("what", JOBS)
def test_a_cause_is_named_only_if_it_is_shown(what, tmp_path, capsys):
    program, old, new, cause = JOBS[what]
    saved = SAVED.get(program, "state")
    if program is OFFSET and shutil.which("perl") is None:
        pytest.skip("there is no Perl on this machine")
    assert old in program or old in saved
    with Executor() as executor:
        right = outcome(simulate(read(submit_file(tmp_path / "right", program, saved)).jobs[0], executor))
    (tmp_path / "expected").mkdir()
    (tmp_path / "expected" / "out").write_text(right.returned_files.text("out"))
    wrong = submit_file(tmp_path / "wrong", program.replace(old, new), saved.replace(old, new))
    main(["verify", str(wrong), "--json", "--max-seconds", "600", "--expected", str(tmp_path / "expected")])
    seen = json.loads(capsys.readouterr().out)
    assert (right.status, seen["verdict"], seen["misconception"]) == ("completed", "unsafe", cause)


@pytest.mark.parametrize("program", [IN_ROWS, IN_KEYS, TRAJECTORY, GENERATIONS, IN_LINES, TIMED, WITHIN, IN_PYTHON])
def test_a_right_job_of_such_a_shape_is_restart_safe(program, tmp_path, capsys):
    job = submit_file(tmp_path / "job", program, SAVED.get(program, "state"))
    with Executor() as executor:
        right = outcome(simulate(read(job).jobs[0], executor))
    (tmp_path / "expected").mkdir()
    (tmp_path / "expected" / "out").write_text(right.returned_files.text("out"))
    main(["verify", str(job), "--json", "--expected", str(tmp_path / "expected")])
    assert json.loads(capsys.readouterr().out)["verdict"] == "restart-safe"


@pytest.mark.parametrize(
    ("allowed", "program", "failure", "cause"),
    [
        (30, TIMED, "held", "no-progress"),
        (45, TIMED.replace("sleep 10", "sleep $((n + 5))"), "held", "no-progress"),
        (30, TIMED.replace("        exit 85\n", ""), "held", None),
        (600, TIMED, None, None),
    ],
    ids=["at the first save", "later", "it never saves", "long enough"],
)
def test_an_allowed_time_is_the_cause_only_if_more_would_do(allowed, program, failure, cause, tmp_path, capsys):
    job = submit_file(tmp_path / "job", program, "state")
    job.write_text(f"allowed_execute_duration = {allowed}\n{job.read_text()}")
    main(["verify", str(job), "--json", "--max-seconds", "600"])
    seen = json.loads(capsys.readouterr().out)
    assert (seen["failure"], seen["misconception"]) == (failure, cause)
