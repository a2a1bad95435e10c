"""Answers to exercise `wrapper` as students write them: see answers.py."""

from __future__ import annotations

from grader.course.wrapper import WRAPPER

SUBMIT = WRAPPER.given()["waves.sub"].text


def wrapper(text: str, files: str = "restart.dat, my_output.txt") -> dict[str, str]:
    """An answer: the wrapper, and what the submit file lists."""
    return {"my_wrapper": text.lstrip("\n"), "waves.sub": SUBMIT.replace("restart.dat, my_output.txt", files)}


START = """
#!/bin/bash
if [ -f restart.dat ]; then
    timeout $1 ./waves --restart restart.dat
else
    timeout $1 ./waves
fi
code=$?
"""

RIGHT_WRAPPER = {
    "the last line": wrapper(START + """
if [ $code -ne 124 ]; then exit $code; fi
tail -n 1 restart.dat | grep -q -x end || mv restart.old restart.dat
exit 85
"""),
    "two generations of its own, copied and renamed": wrapper("""
#!/bin/bash
whole() { [ "$(tail -n 1 "$1" 2> /dev/null)" = end ]; }
keep() { cp "$1" good.tmp && mv good.tmp good.dat; }

rm -f restart.dat restart.old
timeout -k 30 "$1" ./waves $([ -s good.dat ] && echo --restart good.dat)
status=$?
case $status in
    124|137) ;;
    *) exit $status ;;
esac
if whole restart.dat; then keep restart.dat; elif whole restart.old; then keep restart.old; fi
[ -f good.dat ] || exit 1
exit 85
""", "good.dat, my_output.txt"),
    "in the background, killed by a watcher": wrapper("""
#!/bin/bash
args=()
[ -f restart.dat ] && args=(--restart restart.dat)
./waves "${args[@]}" &
pid=$!
( sleep "$1"; kill -TERM $pid 2>/dev/null ) &
watcher=$!
wait $pid
code=$?
kill $watcher 2>/dev/null
[ $code -eq 143 ] || exit $code
if ! grep -q '^end$' restart.dat 2>/dev/null; then
    mv -f restart.old restart.dat
fi
exit 85
"""),
    "sleep, kill, wait": wrapper("""
#!/bin/bash
if [ -e restart.dat ]; then ./waves --restart restart.dat & else ./waves & fi
waves=$!
waited=0
while [ $waited -lt $1 ] && kill -0 $waves 2>/dev/null; do sleep 5; waited=$((waited + 5)); done
if kill $waves 2>/dev/null; then
    wait $waves
    [ "$(tail -1 restart.dat)" == "end" ] || mv restart.old restart.dat
    exit 85
fi
wait $waves
"""),
    "lines are counted, in sh": wrapper("""
#!/bin/sh
points=$(sed -n 's/^points *= *\\([0-9]*\\).*/\\1/p' my_input.txt)
lines() { wc -l < "$1" || echo 0; }
if test -f restart.dat; then set -- "$1" --restart restart.dat; fi
limit=$1; shift
timeout $limit ./waves "$@"
code=$?
test $code = 124 || exit $code
test "$(lines restart.dat)" = $((points + 2)) || cp restart.old restart.dat
exit 85
"""),
    "sizes are compared": wrapper(START + """
[ $code -eq 124 ] || exit $code
if [ -f restart.old ] && [ "$(stat -c %s restart.dat 2>/dev/null)" != "$(stat -c %s restart.old)" ]; then
    mv restart.old restart.dat
fi
exit 85
"""),
    "both files are saved, and the choice is made at the start": wrapper("""
#!/bin/bash
from=""
for file in restart.old restart.dat; do
    if tail -n 1 $file 2>/dev/null | grep -q end; then from=$file; fi
done
if [ "$from" ]; then
    cp $from start.dat
    rm -f restart.dat restart.old
    timeout $1 ./waves --restart start.dat
else
    timeout $1 ./waves
fi
code=$?
if [ $code -eq 124 ]; then
    touch restart.dat restart.old start.dat
    exit 85
fi
exit $code
""", "restart.dat restart.old start.dat my_output.txt"),
    "waits until the file is whole": wrapper("""
#!/bin/bash
if [ -f restart.dat ]; then ./waves --restart restart.dat & else ./waves & fi
waves=$!
(
    sleep $1
    until tail -n 1 restart.dat 2>/dev/null | grep -qx end; do sleep 1; done
    touch timed_out
    kill $waves
) &
wait $waves
code=$?
if [ -f timed_out ]; then rm timed_out; exit 85; fi
exit $code
"""),
    "PIPESTATUS and a log": wrapper("""
#!/bin/bash
set -o pipefail
restart=$(ls restart.dat 2>/dev/null)
timeout "$1" ./waves ${restart:+--restart $restart} 2>&1 | tee -a waves.log
code=${PIPESTATUS[0]}
if (( code == 124 )); then
    if [[ $(tail -n1 restart.dat) != end ]]; then mv restart.old restart.dat; fi
    exit 85
fi
exit $code
"""),
    "Python, with a limit": wrapper("""
#!/usr/bin/env python3
import os
import subprocess
import sys


def whole(path):
    try:
        with open(path) as file:
            return file.read().endswith("end\\n")
    except OSError:
        return False


command = ["./waves"]
if os.path.exists("restart.dat"):
    command += ["--restart", "restart.dat"]
try:
    code = subprocess.run(command, timeout=float(sys.argv[1])).returncode
except subprocess.TimeoutExpired:
    if not whole("restart.dat"):
        os.replace("restart.old", "restart.dat")
    code = 85
sys.exit(code)
"""),
    "Python, numbers are counted, kept under another name": wrapper("""
#!/usr/bin/env python3
import pathlib, shutil, subprocess, sys, time

GOOD = pathlib.Path("checkpoint/good.dat")

def points():
    for line in open("my_input.txt"):
        if line.startswith("points"):
            return int(line.split("#")[0].split("=")[1])

def is_whole(path):
    if not path.is_file():
        return False
    lines = path.read_text().splitlines()
    return len(lines) == points() + 2 and all(len(line.split()) == 2 for line in lines[:-1])

process = subprocess.Popen(["./waves", "--restart", str(GOOD)] if GOOD.exists() else ["./waves"])
until = time.time() + int(sys.argv[1])
while process.poll() is None and time.time() < until:
    time.sleep(1)
if process.poll() is not None:
    raise SystemExit(process.returncode)
process.terminate()
process.wait()
GOOD.parent.mkdir(exist_ok=True)
for name in "restart.dat", "restart.old":
    if is_whole(pathlib.Path(name)):
        shutil.copy(name, "copy")
        pathlib.Path("copy").replace(GOOD)
        break
raise SystemExit(85)
""", "checkpoint, my_output.txt"),
}

WRONG_WRAPPER = {
    "torn-write": {
        "whatever is there": wrapper(START + """
[ $code -eq 124 ] && exit 85
exit $code
"""),
        "not empty is not whole": wrapper(START + """
if [ $code -eq 124 ]; then
    [ -s restart.dat ] || mv restart.old restart.dat
    exit 85
fi
exit $code
"""),
        "the first line is there": wrapper(START + """
if [ $code -eq 124 ]; then
    grep -q '^step' restart.dat || mv restart.old restart.dat
    exit 85
fi
exit $code
"""),
        "a copy by rename of what may be torn, in Python": wrapper("""
#!/usr/bin/env python3
import os, shutil, subprocess, sys
command = ["./waves"] + (["--restart", "good.dat"] if os.path.exists("good.dat") else [])
try:
    sys.exit(subprocess.call(command, timeout=int(sys.argv[1])))
except subprocess.TimeoutExpired:
    shutil.copy("restart.dat", "good.tmp")
    os.replace("good.tmp", "good.dat")
    sys.exit(85)
""", "good.dat, my_output.txt"),
    },
    "wrong-exit-code": {
        "124 as it is": wrapper("""
#!/bin/bash
if [ -f restart.dat ]; then options="--restart restart.dat"; fi
timeout $1 ./waves $options
"""),
        "lost behind a pipe": wrapper("""
#!/bin/bash
if [ -f restart.dat ]; then options="--restart restart.dat"; fi
timeout $1 ./waves $options | tee -a waves.log
if [ $? -eq 124 ]; then
    tail -n 1 restart.dat | grep -q -x end || mv restart.old restart.dat
    exit 85
fi
"""),
        "any failure is 1": wrapper(START + """
if [ $code -eq 0 ]; then exit 0; fi
if [ $code -ne 124 ]; then exit 1; fi
tail -n 1 restart.dat | grep -q -x end || mv restart.old restart.dat
exit 85
"""),
    },
    "exit-zero-after-save": {
        "the wrapper ends": wrapper(START + """
if [ $code -eq 124 ]; then
    tail -n 1 restart.dat | grep -q -x end || mv restart.old restart.dat
    exit 0
fi
exit $code
"""),
        "Python does": wrapper("""
#!/usr/bin/env python3
import os, subprocess, sys
command = ["./waves"] + (["--restart", "restart.dat"] if os.path.exists("restart.dat") else [])
try:
    sys.exit(subprocess.call(command, timeout=int(sys.argv[1])))
except subprocess.TimeoutExpired:
    print("time is up, the restart file is there")
"""),
    },
    "always-85": {
        "in any case": wrapper(START + """
tail -n 1 restart.dat | grep -q -x end || mv restart.old restart.dat
exit 85
"""),
        "for whatever is not 0": wrapper(START + """
if [ $code -ne 0 ]; then
    tail -n 1 restart.dat | grep -q -x end || mv restart.old restart.dat
    exit 85
fi
"""),
        "or": wrapper("""
#!/bin/bash
timeout $1 ./waves $([ -f restart.dat ] && echo --restart restart.dat) && exit 0
[ "$(tail -n 1 restart.dat)" = end ] || mv restart.old restart.dat
exit 85
"""),
    },
    "crash-will-resume": {
        "an exception": wrapper("""
#!/usr/bin/env python3
import os, subprocess, sys
command = ["./waves"] + (["--restart", "restart.dat"] if os.path.exists("restart.dat") else [])
sys.exit(subprocess.run(command, timeout=int(sys.argv[1])).returncode)
"""),
        "a signal": wrapper(START + """
if [ $code -eq 124 ]; then kill -KILL $$; fi
exit $code
"""),
    },
    "no-progress": {
        "a limit of its own": wrapper(START.replace("$1", "20") + """
[ $code -eq 124 ] && touch restart.dat && exit 85
exit $code
"""),
        "twenty seconds, in Python": wrapper("""
#!/usr/bin/env python3
import os, subprocess, sys
command = ["./waves"] + (["--restart", "restart.dat"] if os.path.exists("restart.dat") else [])
process = subprocess.Popen(command)
try:
    code = process.wait(timeout=20)
except subprocess.TimeoutExpired:
    process.terminate()
    code = 85
sys.exit(code)
""", "my_output.txt"),
    },
    "never-restores": {
        "always from the beginning": wrapper("""
#!/bin/bash
timeout $1 ./waves
code=$?
[ $code -eq 124 ] && exit 85
exit $code
"""),
        "looks for another file": wrapper("""
#!/bin/bash
if [ -f restart ]; then
    timeout $1 ./waves --restart restart.dat
else
    timeout $1 ./waves
fi
code=$?
if [ $code -ne 124 ]; then exit $code; fi
[ "$(tail -n 1 restart.dat)" = end ] || mv restart.old restart.dat
exit 85
"""),
    },
    "output-not-in-checkpoint": {
        "only the restart file": wrapper(RIGHT_WRAPPER["the last line"]["my_wrapper"], "restart.dat"),
        "both restart files": wrapper(RIGHT_WRAPPER[
            "both files are saved, and the choice is made at the start"]["my_wrapper"],
            "restart.dat, restart.old, start.dat"),
    },
    "checkpoint-not-transferred": {
        "only the output": wrapper(RIGHT_WRAPPER["the last line"]["my_wrapper"], "my_output.txt"),
        "in Python": wrapper(RIGHT_WRAPPER["Python, with a limit"]["my_wrapper"], "my_output.txt"),
    },
    "listed-file-missing": {
        "the older file is renamed": wrapper(START + """
if [ $code -ne 124 ]; then exit $code; fi
[ "$(tail -n 1 restart.dat)" = end ] && rm restart.old || mv restart.old restart.dat
exit 85
""", "restart.dat, restart.old, my_output.txt"),
        "another name": wrapper(RIGHT_WRAPPER["the last line"]["my_wrapper"], "restart, my_output.txt"),
    },
}
