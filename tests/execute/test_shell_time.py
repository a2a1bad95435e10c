"""Shells and the programs that they start tell the time and wait in virtual time, to the millisecond."""

from __future__ import annotations

import os
import sys
import textwrap
from dataclasses import replace

import pytest

from grader.tree import File, Tree

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells who is at work")

LIBRARY = File(b"waits() { local end=$((SECONDS + $1)); while ((SECONDS < end)); do sleep 1; done; }\n")

BASH = {
    "SECONDS": ("sleep 7; echo $SECONDS", "7", 7),
    "SECONDS set": ("SECONDS=3; sleep 7; echo $SECONDS", "10", 7),
    "SECONDS busy": ("while ((SECONDS < 90)); do :; done; echo done", "done", 90),
    "SECONDS busy for": ("for ((; SECONDS < 90; )); do x=1; done; echo done", "done", 90),
    "SECONDS has the sleep server": ("((SECONDS < 1)) && [[ -p $_SIMULATOR_CLOCK.sleep ]] && echo y", "y", 0),
    "SECONDS function": ("now() { echo $SECONDS; }; sleep 2; x=$(now); sleep 3; echo $x $(now)", "2 5", 5),
    "SECONDS subshell": ("(sleep 2; echo $SECONDS); sleep 1; (echo $SECONDS)", "2 3", 3),
    "SECONDS bash -c": ("sleep 5; bash -c 'sleep 2; echo $SECONDS'; echo $SECONDS", "2 7", 7),
    "SECONDS sourced": (". ./lib.sh; waits 12; echo $SECONDS", "12", 12),
    "SECONDS trap": (
        "trap 'echo told $SECONDS; exit 3' TERM; (sleep 9; kill $$) & while :; do sleep 2; done",
        "told 10",
        10,
    ),
    "SECONDS EXIT trap": ("trap 'echo $SECONDS' EXIT; sleep 6", "6", 6),
    "SECONDS unset -u -e": ("set -eu; sleep 6; [ $SECONDS -ge 6 ] && echo $SECONDS", "6", 6),
    "SECONDS xtrace": ("set -x; sleep 6; echo $SECONDS", "6", 6),
    "EPOCHSECONDS": ("a=$EPOCHSECONDS; sleep 7; echo $((EPOCHSECONDS - a)) $a", "7 1628499600", 7),
    "EPOCHREALTIME": (
        "a=$EPOCHREALTIME; sleep 1.5; echo $a $EPOCHREALTIME",
        "1628499600.000000 1628499601.500000",
        1.5,
    ),
    "EPOCH busy": ("end=$((EPOCHSECONDS + 60)); while [ $EPOCHSECONDS -lt $end ]; do :; done; echo y", "y", 60),
    "printf T": (
        "printf '%(%s)T ' -1; sleep 3; printf '%(%s)T\\n'; printf -v now '%s %(%H:%M:%S)T' at -1; echo $now",
        "1628499600 1628499603 at 09:00:03",
        3,
    ),
    "printf plain": ("printf '%(%s)T %d %%\\n' 5 -1; printf '%s\\n' a b", "5 -1 % a b", 0),
    "date": (
        "date +%s; sleep 5; date +%s; date -u +%T; date -d '+1 hour' +%T",
        "1628499600 1628499605 09:00:05 10:00:05",
        5,
    ),
    "date busy": ("end=$(($(date +%s) + 60)); while [ $(date +%s) -lt $end ]; do :; done; date +%T", "09:01:00", 60.5),
    "read -t nothing": ("mkfifo p; exec 3<>p; read -t 5 x <&3; echo $?; date +%T", "142 09:00:05", 5),
    "read -t -u": (
        "mkfifo p; exec 3<>p; (sleep 3; echo hello >&3) & read -t 5 -r -u 3 x; echo $? $x; date +%T",
        "0 hello 09:00:03",
        3,
    ),
    "read -t coproc": (
        "coproc (sleep 3; echo hi; sleep 9); for i in 1 2; do read -t 5 -u ${COPROC[0]} x; echo $? $x; done; date +%T",
        "0 hi 142 09:00:08",
        8,
    ),
    "read -t pipe": (
        "(sleep 3; echo a; sleep 3) | while read -t 5 x; do echo $x $(date +%S); done; echo $?; date +%T",
        "a 03 0 09:00:06",
        6,
    ),
    "read -t named pipe": (
        "mkfifo p; (echo a > p) & exec 3< p; wait; for i in 1 2; do read -t 5 x <&3; echo $? $x; done; date +%T",
        "0 a 1 09:00:00",
        0,
    ),
    "read -t trap": (
        "trap 'echo told' USR1; mkfifo p; exec 3<>p; (sleep 2; kill -USR1 $$; sleep 2; echo a >&3) & read -t 9 x <&3; "
        "echo $? $x; read -t 3 x <&3; echo $?; date +%T",
        "told 0 a 142 09:00:07",
        7,
    ),
    "read -t eof": ("read -t 5 x < /dev/null; echo $?", "1", 0),
    "read plain": (
        "echo 'a b' | while read -r x y; do echo $y; done; read -t 0 < /dev/null; IFS=, read -t 2 a b <<< 1,2; echo $b",
        "b 2",
        0,
    ),
    "wait -n": ("sleep 9 & sleep 4 & wait -n; date +%T; wait; date +%T", "09:00:04 09:00:09", 9),
    "wait PID": ("sleep 9 & p=$!; sleep 4 & wait $p; echo $?; date +%T", "0 09:00:09", 9),
    "kill -0": ("sleep 9 & p=$!; while kill -0 $p 2>/dev/null; do sleep 2; done; date +%T", "09:00:10", 10),
    "kill -0 busy": ("sleep 9 & p=$!; while kill -0 $p 2>/dev/null; do :; done; date +%M", "00", 9.5),
    "sleep units": (
        "sleep 1m 1.5s .5; date +%T; sleep 1h; sleep 1d; date +%T; sleep x || echo $?",
        "09:01:02 10:01:02 1",
        90062,
    ),
    "sleep trap waits": (
        "trap 'echo told $(date +%S)' TERM; (sleep 3; kill $$) & sleep 10; date +%S",
        "told 10 10",
        10,
    ),
    "sleep bg kill": ("sleep 100 & sleep 5; kill $!; wait $!; echo $?; date +%S", "143 05", 5),
    "sleep no trap killed": ("bash -c 'sleep 50; echo no' & sleep 5; kill $!; wait $!; echo $?; date +%S", "143 05", 5),
    "timeout bash function": (
        "timeout 4.5 bash -c 'while :; do sleep 1; echo .; done' | wc -l; echo $SECONDS",
        "4 4",
        4.5,
    ),
    "timeout looks for a program on the PATH alone": (
        "printf '#!/usr/bin/env python3\\nprint(1)\\n' > program; chmod +x program; timeout 5 program; echo $?; timeout 5 ./program",
        "127 1",
        0,
    ),
    "sleep x": ("set -x; sleep 3; echo a", "a", 3),
    "sleep pipe": ("sleep 3 | cat; { sleep 2; echo a; } | cat; echo $(sleep 1; echo b) ; date +%S", "a b 06", 6),
    "exec sleep": ("exec sleep 5", "", 5),
    "status is kept": ("false; echo $? $SECONDS; f() { return 5; }; f; echo $? $_ $SECONDS", "1 0 5 f 0", 0),
}

SH = {
    "sh date": ("while [ $(date +%s) -lt 1628499690 ]; do sleep 1; done; date +%s", "1628499690", 90),
    "sh date busy": ("while [ $(date +%s) -lt 1628499690 ]; do :; done; date +%s", "1628499690", 90.5),
    "awk": (
        "sleep 5; awk 'BEGIN { srand(); print srand() }'; awk 'BEGIN { print systime() }'",
        "1628499605 1628499605",
        5,
    ),
}

PERL = {
    "core": (
        """
        $a = time; sleep 90; print time - $a, " ", scalar(localtime), "\n";
        select(undef, undef, undef, 0.25); print time - $^T, "\n";""",
        "90 Mon Aug 9 09:01:30 2021 90",
        90.25,
    ),
    "alarm": (
        """
        $SIG{ALRM} = sub { die 'alarm' };
        eval { alarm 30; system("sleep 100"); alarm 0; };
        print $@ =~ /alarm/ ? 'late' : "no", " ", time - $^T;""",
        "late 30",
        30,
    ),
    "Time::HiRes": (
        """
        use Time::HiRes qw(sleep time);
        my $a = time; sleep(2.5); print time - $a;""",
        "2.5",
        2.5,
    ),
    "intervals": (
        """
        use Time::HiRes qw(usleep tv_interval gettimeofday clock_gettime CLOCK_MONOTONIC);
        my ($begun, $clock) = ([gettimeofday], clock_gettime(CLOCK_MONOTONIC));
        usleep(1500000); sleep 2;
        printf "%.2f %.2f", tv_interval($begun), clock_gettime(CLOCK_MONOTONIC) - $clock;""",
        "3.50 3.50",
        3.5,
    ),
    "polling": (
        """
        use strict; use warnings; use POSIX ':sys_wait_h';
        my $p = fork;
        if (!$p) { exec "sleep", 100; }
        my $end = time + 30;
        while (waitpid($p, WNOHANG) == 0 && time < $end) { sleep 1; }
        kill "TERM", $p; waitpid $p, 0;
        print $? & 127, " ", time - $^T;""",
        "15 30",
        30,
    ),
    "select of a file": (
        """
        use strict; use warnings;
        open my $file, ">", 'out' or die;
        my $old = select($file); $| = 1; print 'x'; select $old; print 'y';""",
        "y",
        0,
    ),
    "busy": ("my $end = time + 60; while (time < $end) { } print time - $^T;", "60", 60.5),
    "interrupted": (
        """
        if (!fork) { sleep 5; kill "TERM", getppid; exit }
        $SIG{TERM} = sub { print 'told ' };
        my $slept = sleep 60;
        print $slept, " ", time - $^T;""",
        "told 5 5",
        5,
    ),
}


@pytest.fixture
def said(executor, shell_job):
    """said(first line, source): the words that a script prints, and the virtual seconds that it takes."""

    def said(first, source):
        job = shell_job("", inputs=Tree({"lib.sh": LIBRARY}))
        job = replace(job, inputs=job.inputs.put("job", File(f"{first}\n{textwrap.dedent(source)}\n".encode(), True)))
        done = executor.run(job, job.inputs)
        return " ".join(done.stdout.split()), done.seconds

    return said


@pytest.mark.parametrize("way", BASH)
def test_bash_tells_the_time_and_waits_in_virtual_time(said, way):
    source, words, seconds = BASH[way]
    assert said("#!/bin/bash", source) == (words, seconds)


@pytest.mark.parametrize("way", SH)
def test_sh_tells_the_time_and_waits_in_virtual_time(said, way):
    source, words, seconds = SH[way]
    assert said("#!/bin/sh", source) == (words, seconds)


@pytest.mark.skipif(not os.path.exists("/usr/bin/perl"), reason="there is no Perl")
@pytest.mark.parametrize("way", PERL)
def test_perl_tells_the_time_and_waits_in_virtual_time(said, way):
    source, words, seconds = PERL[way]
    assert said("#!/usr/bin/perl", source) == (words, seconds)


def test_what_set_x_tells_is_the_script_and_nothing_else(executor, shell_job):
    job = shell_job("", inputs=Tree())
    text = "#!/bin/bash\nset -x\nsleep 3\necho $SECONDS\nprintf '%(%s)T' 0\n"
    job = replace(job, inputs=job.inputs.put("job", File(text.encode(), True)))
    told = executor.run(job, job.inputs).stderr.splitlines()
    assert [line for line in told if "_simulator" not in line] == ["+ sleep 3", "+ echo 3", "+ printf '%(%s)T' 0"]


def test_dates_that_are_given_as_text_are_relative_to_virtual_time(said):
    dates = {
        "+5 minutes": "2021-08-09T09:05:07",
        "now": "2021-08-09T09:00:07",
        "10:00": "2021-08-09T10:00:00",
        "tomorrow": "2021-08-10T09:00:07",
        "2020-01-01": "2020-01-01T00:00:00",
        "@5": "1970-01-01T00:00:05",
    }
    script = "sleep 7\n" + "".join(f"date -d '{text}' +%FT%T\n" for text in dates)
    assert said("#!/bin/sh", script)[0].split() == list(dates.values())
    options = ["-d '1 hour'", "--date='1 hour'", "--date '1 hour'", "-ud '1 hour'", "-d'1 hour'", "-u -d'1 second'"]
    script = "".join(f"date {option} +%T; " for option in options)
    assert said("#!/bin/sh", script)[0].split() == ["10:00:00"] * 5 + ["09:00:01"]
    assert said("#!/bin/sh", "date -d soon 2> /dev/null || echo $?; date -r / +%Y > year; date +%s.%N") == (
        "1 1628499600.000000000",
        0,
    )
