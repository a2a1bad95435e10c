"""Answers to exercise `wrapper`: right ones in many styles, and wrong ones by misconception."""

from __future__ import annotations

from grader.course.answers import given_with

SUBMIT = given_with("wrapper", "waves.sub")


def wrapper(text: str, files: str = "restart.dat, my_output.txt") -> dict[str, str]:
    """An answer: the wrapper, and what the submit file lists."""
    return {"my_wrapper": text.lstrip("\n"), "waves.sub": SUBMIT.replace("restart.dat, my_output.txt", files)}


def in_bash(text: str) -> dict[str, str]:
    """An answer in bash that begins by looking for a restart file, and starts waves with $args."""
    return wrapper(f"{BASH}{text.lstrip()}")


def without(line: str, style: str) -> dict[str, str]:
    """The right answer in this style, without a line."""
    text = RIGHT[style]["my_wrapper"]
    assert line in text
    return wrapper(text.replace(line, ""))


BASH = """
#!/bin/bash
args=""
if [ -f restart.dat ]; then args="--restart restart.dat"; fi
"""
WHOLE = """[ "$(tail -n 1 restart.dat 2> /dev/null)" = end ] || mv restart.old restart.dat\n"""
"""Takes the older restart file where the newer one is torn."""

START = """
#!/bin/bash
if [ -f restart.dat ]; then
    timeout $1 ./waves --restart restart.dat
else
    timeout $1 ./waves
fi
code=$?
"""

RIGHT: dict[str, dict[str, str]] = {
    "the last line": wrapper(
        START
        + """
if [ $code -ne 124 ]; then exit $code; fi
tail -n 1 restart.dat | grep -q -x end || mv restart.old restart.dat
exit 85
"""
    ),
    "two generations of its own, copied and renamed": wrapper(
        """
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
""",
        "good.dat, my_output.txt",
    ),
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
    "sizes are compared": wrapper(
        START
        + """
[ $code -eq 124 ] || exit $code
if [ -f restart.old ] && [ "$(stat -c %s restart.dat 2>/dev/null)" != "$(stat -c %s restart.old)" ]; then
    mv restart.old restart.dat
fi
exit 85
"""
    ),
    "both files are saved, and the choice is made at the start": wrapper(
        """
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
""",
        "restart.dat restart.old start.dat my_output.txt",
    ),
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
    "Python, numbers are counted, kept under another name": wrapper(
        """
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
""",
        "checkpoint, my_output.txt",
    ),
    "$SECONDS, looked at every second": in_bash("""
./waves $args &
pid=$!
while [ $SECONDS -lt $1 ]; do
    sleep 1
    if ! kill -0 $pid 2> /dev/null; then wait $pid; exit $?; fi
done
kill $pid
wait $pid
[ "$(tail -n 1 restart.dat 2> /dev/null)" = end ] || mv restart.old restart.dat
exit 85
"""),
    "waves is asked about every two seconds, and killed": in_bash("""
./waves $args &
pid=$!
for ((waited = 0; waited < $1; waited += 2)); do
    kill -0 $pid 2> /dev/null || { wait $pid; exit $?; }
    sleep 2
done
kill $pid 2> /dev/null || { wait $pid; exit $?; }
wait $pid
[ "$(tail -n 1 restart.dat 2> /dev/null)" = end ] || mv restart.old restart.dat
exit 85
"""),
    "a deadline in $SECONDS, in a function": in_bash("""
running() { kill -0 "$1" 2> /dev/null; }
run_for() {
    local deadline=$((SECONDS + $1)); shift
    "$@" & local pid=$!
    while running $pid && (( SECONDS < deadline )); do sleep 0.5; done
    if running $pid; then kill -TERM $pid; wait $pid; return 124; fi
    wait $pid
}
run_for "$1" ./waves $args
code=$?
if (( code == 124 )); then
[ "$(tail -n 1 restart.dat 2> /dev/null)" = end ] || mv restart.old restart.dat
exit 85
fi
exit $code
"""),
    "date +%s, every two seconds": in_bash("""
end=$(( $(date +%s) + $1 ))
./waves $args & pid=$!
while [ $(date +%s) -lt $end ]; do
    sleep 2
    kill -0 $pid 2>/dev/null || { wait $pid; exit $?; }
done
kill -9 $pid; wait $pid 2>/dev/null
[ "$(tail -n 1 restart.dat 2> /dev/null)" = end ] || mv restart.old restart.dat
exit 85
"""),
    "date and expr, in sh": wrapper("""
#!/bin/sh
start=`date +%s`
if test -f restart.dat; then ./waves --restart restart.dat & else ./waves & fi
pid=$!
while :; do
    now=`date +%s`
    if test `expr $now - $start` -ge $1; then break; fi
    if kill -0 $pid 2>/dev/null; then sleep 1; else wait $pid; exit $?; fi
done
kill $pid
wait $pid
tail -n 1 restart.dat | grep end > /dev/null || cp restart.old restart.dat
exit 85
"""),
    "printf %(%s)T": in_bash("""
printf -v start '%(%s)T' -1
./waves $args & pid=$!
while kill -0 $pid 2>/dev/null; do
    printf -v now '%(%s)T' -1
    if [ $((now - start)) -ge $1 ]; then kill $pid; wait $pid; timed_out=1; break; fi
    sleep 1
done
if [ -z "$timed_out" ]; then wait $pid; exit $?; fi
[ "$(tail -n 1 restart.dat 2> /dev/null)" = end ] || mv restart.old restart.dat
exit 85
"""),
    "wait -n, for the program or a timer": in_bash("""
./waves $args & pid=$!
sleep $1 & timer=$!
wait -n $pid $timer
code=$?
if kill -0 $pid 2>/dev/null; then
    kill $pid; wait $pid
[ "$(tail -n 1 restart.dat 2> /dev/null)" = end ] || mv restart.old restart.dat
    exit 85
fi
kill $timer
exit $code
"""),
    "a signal of its own, trapped": in_bash("""
trap 'timed_out=yes; kill $pid' USR1
./waves $args & pid=$!
(sleep $1; kill -USR1 $$) & timer=$!
wait $pid; code=$?
if [ "$timed_out" ]; then
    wait $pid
[ "$(tail -n 1 restart.dat 2> /dev/null)" = end ] || mv restart.old restart.dat
    exit 85
fi
kill $timer 2>/dev/null
exit $code
"""),
    "read -t, from a pipe": in_bash("""
mkfifo pipe; exec 3<> pipe; rm pipe
./waves $args & pid=$!
( wait; )
( while kill -0 $pid 2>/dev/null; do sleep 1; done; echo over >&3 ) &
if read -t $1 -u 3 line; then wait $pid; exit $?; fi
kill $pid; wait $pid
[ "$(tail -n 1 restart.dat 2> /dev/null)" = end ] || mv restart.old restart.dat
exit 85
"""),
    "coproc, whose lines are read with a limit": in_bash("""
coproc ./waves $args 2>&1
pid=$COPROC_PID
exec 4<&${COPROC[0]}
SECONDS=0
left=$1
while (( left > 0 )) && { IFS= read -r -t $left line <&4; code=$?; [ $code -eq 0 ]; }; do
    echo "$line"
    left=$(( $1 - SECONDS ))
done
if [ ${code:-0} -gt 128 ] || (( left <= 0 )); then
    kill $pid; wait $pid
[ "$(tail -n 1 restart.dat 2> /dev/null)" = end ] || mv restart.old restart.dat
    exit 85
fi
wait $pid
exit $?
"""),
    "timeout, and a moment to settle": in_bash("""
timeout "$1" ./waves $args
code=$?
if [[ $code != 124 ]]; then exit $code; fi
sleep 8; sync
if ! tail -n 1 restart.dat 2>/dev/null | grep -qx end; then mv restart.old restart.dat; fi
exit 85
"""),
    "set -euo pipefail": wrapper("""
#!/usr/bin/env bash
set -euo pipefail
limit=$1
args=()
[[ -f restart.dat ]] && args+=(--restart restart.dat)
code=0
timeout "$limit" ./waves ${args[@]+"${args[@]}"} || code=$?
if [[ $code -ne 124 ]]; then exit "$code"; fi
if [[ ! -f restart.dat || $(tail -n 1 restart.dat) != end ]]; then mv -f restart.old restart.dat; fi
exit 85
"""),
    "commands by their paths": wrapper("""
#!/bin/sh -e
code=0
if [ -r restart.dat ]; then set -- "$1" --restart restart.dat; fi
limit=$1; shift
T=/usr/bin/timeout
if [ -x /usr/bin/timeout ]; then $T "${limit}s" ./waves "$@" || code=$?; else exit 9; fi
[ $code -eq 124 ] || exit $code
/bin/sleep 8
if [ "$(/usr/bin/tail -n1 restart.dat)" != end ]; then /bin/mv restart.old restart.dat; fi
exit 85
"""),
    "a busy loop": in_bash("""
./waves $args & pid=$!
while kill -0 $pid 2>/dev/null && ((SECONDS < $1)); do :; done
if kill $pid 2>/dev/null; then wait $pid
[ "$(tail -n 1 restart.dat 2> /dev/null)" = end ] || mv restart.old restart.dat
exit 85; fi
wait $pid
"""),
    "Python, clock_gettime, in a busy loop": wrapper("""
#!/usr/bin/env python3
import os, subprocess, sys
from time import clock_gettime, CLOCK_MONOTONIC
p = subprocess.Popen(["./waves"] + (["--restart", "restart.dat"] if os.path.isfile("restart.dat") else []))
end = clock_gettime(CLOCK_MONOTONIC) + int(sys.argv[1])
while p.poll() is None:
    if clock_gettime(CLOCK_MONOTONIC) >= end:
        p.terminate(); p.wait()
        lines = open("restart.dat").readlines() if os.path.exists("restart.dat") else []
        if not lines or lines[-1] != "end\\n":
            os.replace("restart.old", "restart.dat")
        sys.exit(85)
sys.exit(p.returncode)
"""),
    "Python, asyncio": wrapper("""
#!/usr/bin/env python3
import asyncio, os, sys
async def main():
    restart = ["--restart", "restart.dat"] if os.path.exists("restart.dat") else []
    p = await asyncio.create_subprocess_exec("./waves", *restart)
    try:
        return await asyncio.wait_for(p.wait(), int(sys.argv[1]))
    except asyncio.TimeoutError:
        p.kill(); await p.wait()
    if not (os.path.exists("restart.dat") and open("restart.dat").read()[-4:] == "end\\n"):
        os.replace("restart.old", "restart.dat")
    return 85
sys.exit(asyncio.run(main()))
"""),
    "Perl, an alarm": wrapper("""
#!/usr/bin/perl
use strict; use warnings;
my $limit = shift;
my @args = -f "restart.dat" ? ("--restart", "restart.dat") : ();
my $pid = fork // die;
if (!$pid) { exec "./waves", @args; die }
my $late = 0;
local $SIG{ALRM} = sub { $late = 1; kill "TERM", $pid; };
alarm $limit;
waitpid($pid, 0); my $status = $?;
waitpid($pid, 0) if $status == -1;
alarm 0;
exit($status & 127 ? 128 + ($status & 127) : $status >> 8) unless $late;
my $last = -f "restart.dat" ? `tail -n 1 restart.dat` : "";
rename "restart.old", "restart.dat" unless $last eq "end\\n";
exit 85;
"""),
    "what is left only sleeps, or finds nobody to kill": in_bash("""
sleep infinity &
./waves $args &
pid=$!
( sleep $(( $1 + 60 )); kill -KILL $pid ) 2> /dev/null &
( sleep $1; kill $pid ) 2> /dev/null &
wait $pid
code=$?
[ $code -ne 143 ] && exit $code
[ "$(tail -n 1 restart.dat 2> /dev/null)" = end ] || mv restart.old restart.dat
exit 85
"""),
    "killed, and not waited for, with a tee behind a process substitution": wrapper("""
#!/bin/bash
exec > >(tee -a waves.log)
args=""
if [ -f restart.dat ]; then args="--restart restart.dat"; fi
./waves $args &
pid=$!
for (( i = 0; i < $1; i++ )); do
    sleep 1
    kill -0 $pid 2> /dev/null || { wait $pid; exit $?; }
done
kill -KILL $pid
[ "$(tail -n 1 restart.dat 2> /dev/null)" = end ] || mv restart.old restart.dat
exit 85
"""),
    "Python, a child that only sleeps": wrapper("""
#!/usr/bin/env python3
import os, subprocess, sys
subprocess.Popen(["sleep", "1000"])
command = ["./waves"] + (["--restart", "restart.dat"] if os.path.exists("restart.dat") else [])
try:
    sys.exit(subprocess.call(command, timeout=int(sys.argv[1])))
except subprocess.TimeoutExpired:
    if not os.path.exists("restart.dat") or open("restart.dat").read()[-4:] != "end\\n":
        os.replace("restart.old", "restart.dat")
    sys.exit(85)
"""),
}

WRONG: dict[str, dict[str, dict[str, str]]] = {
    "torn-write": {
        "whatever is there": wrapper(
            START
            + """
[ $code -eq 124 ] && exit 85
exit $code
"""
        ),
        "not empty is not whole": wrapper(
            START
            + """
if [ $code -eq 124 ]; then
    [ -s restart.dat ] || mv restart.old restart.dat
    exit 85
fi
exit $code
"""
        ),
        "the first line is there": wrapper(
            START
            + """
if [ $code -eq 124 ]; then
    grep -q '^step' restart.dat || mv restart.old restart.dat
    exit 85
fi
exit $code
"""
        ),
        "a copy by rename of what may be torn, in Python": wrapper(
            """
#!/usr/bin/env python3
import os, shutil, subprocess, sys
command = ["./waves"] + (["--restart", "good.dat"] if os.path.exists("good.dat") else [])
try:
    sys.exit(subprocess.call(command, timeout=int(sys.argv[1])))
except subprocess.TimeoutExpired:
    shutil.copy("restart.dat", "good.tmp")
    os.replace("good.tmp", "good.dat")
    sys.exit(85)
""",
            "good.dat, my_output.txt",
        ),
        "ten seconds less than it is given": in_bash("""
limit=$(($1-10))
timeout $limit ./waves $args
code=$?
[ $code -eq 124 ] && exit 85
exit $code
"""),
        "sleeps before it leaves": in_bash("""
timeout $1 ./waves $args
code=$?
if [ $code -eq 124 ]; then sleep 8; exit 85; fi
exit $code
"""),
        "nine tenths of its limit": in_bash("""
timeout $(( $1 * 9 / 10 )) ./waves $args
code=$?
[ $code -eq 124 ] && exit 85
exit $code
"""),
        "$SECONDS, and whatever is there": without(WHOLE, "$SECONDS, looked at every second"),
        "read -t, and whatever is there": without(WHOLE, "read -t, from a pipe"),
        "Perl, an alarm, and whatever is there": without(
            'rename "restart.old", "restart.dat" unless $last eq "end\\n";\n', "Perl, an alarm"
        ),
        "the newer one": in_bash("""
timeout $1 ./waves $args
code=$?
[ $code -ne 124 ] && exit $code
[ restart.dat -nt restart.old ] || mv restart.old restart.dat
exit 85
"""),
    },
    "left-running": {
        "looks every second, and kills nobody": in_bash("""
./waves $args &
pid=$!
while [ $SECONDS -lt $1 ]; do
    sleep 1
    if ! kill -0 $pid 2> /dev/null; then wait $pid; exit $?; fi
done
[ "$(tail -n 1 restart.dat 2> /dev/null)" = end ] || cp restart.old restart.dat
exit 85
"""),
        "a Popen that is not terminated": wrapper("""
#!/usr/bin/env python3
import os, shutil, subprocess, sys

command = ["./waves"]
if os.path.exists("restart.dat"):
    command += ["--restart", "restart.dat"]
process = subprocess.Popen(command)
try:
    sys.exit(process.wait(timeout=int(sys.argv[1])))
except subprocess.TimeoutExpired:
    if not os.path.exists("restart.dat") or not open("restart.dat").read().endswith("end\\n"):
        shutil.copy("restart.old", "restart.dat")
    sys.exit(85)
"""),
        "the shell above waves is ended, and waves is not": in_bash("""
timeout --foreground $1 bash -c "./waves $args; exit \\$?"
code=$?
[ $code -ne 124 ] && exit $code
[ "$(tail -n 1 restart.dat 2> /dev/null)" = end ] || mv restart.old restart.dat
exit 85
"""),
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
        "any failure is 1": wrapper(
            START
            + """
if [ $code -eq 0 ]; then exit 0; fi
if [ $code -ne 124 ]; then exit 1; fi
tail -n 1 restart.dat | grep -q -x end || mv restart.old restart.dat
exit 85
"""
        ),
    },
    "exit-zero-after-save": {
        "the wrapper ends": wrapper(
            START
            + """
if [ $code -eq 124 ]; then
    tail -n 1 restart.dat | grep -q -x end || mv restart.old restart.dat
    exit 0
fi
exit $code
"""
        ),
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
        "in any case": wrapper(
            START
            + """
tail -n 1 restart.dat | grep -q -x end || mv restart.old restart.dat
exit 85
"""
        ),
        "for whatever is not 0": wrapper(
            START
            + """
if [ $code -ne 0 ]; then
    tail -n 1 restart.dat | grep -q -x end || mv restart.old restart.dat
    exit 85
fi
"""
        ),
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
        "a signal": wrapper(
            START
            + """
if [ $code -eq 124 ]; then kill -KILL $$; fi
exit $code
"""
        ),
    },
    "no-progress": {
        "a limit of its own": wrapper(
            START.replace("$1", "20")
            + """
[ $code -eq 124 ] && touch restart.dat && exit 85
exit $code
"""
        ),
        "twenty seconds, in Python": wrapper(
            """
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
""",
            "my_output.txt",
        ),
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
        "only the restart file": wrapper(RIGHT["the last line"]["my_wrapper"], "restart.dat"),
        "both restart files": wrapper(
            RIGHT["both files are saved, and the choice is made at the start"]["my_wrapper"],
            "restart.dat, restart.old, start.dat",
        ),
    },
    "checkpoint-not-transferred": {
        "only the output": wrapper(RIGHT["the last line"]["my_wrapper"], "my_output.txt"),
        "in Python": wrapper(RIGHT["Python, with a limit"]["my_wrapper"], "my_output.txt"),
    },
    "listed-file-missing": {
        "the older file is renamed": wrapper(
            START
            + """
if [ $code -ne 124 ]; then exit $code; fi
[ "$(tail -n 1 restart.dat)" = end ] && rm restart.old || mv restart.old restart.dat
exit 85
""",
            "restart.dat, restart.old, my_output.txt",
        ),
        "another name": wrapper(RIGHT["the last line"]["my_wrapper"], "restart, my_output.txt"),
    },
}
