"""Jobs in other languages, with compiled code and libraries: right ones are never called unsafe, and those that forget
a part of their state are. What runs them is that of this machine."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from grader.execute.executor import Executor
from grader.execute.pythons import users_path
from grader.rules.job import Job
from grader.tree import File, Tree
from grader.verify.explore import explore

C = r"""
#include <stdio.h>
int main(void) {
    int done = 0, sum = 0;
    FILE *file = fopen("state", "r");
    if (file) { if (fscanf(file, "%d %d", &done, &sum) != 2) return 1; fclose(file); }
    FORGET
    sum += ++done;
    file = fopen("state.new", "w"); fprintf(file, "%d %d\n", done, sum); fclose(file);
    rename("state.new", "state");
    if (done < 4) return 85;
    file = fopen("result", "w"); fprintf(file, "%d\n", sum); fclose(file);
    return 0;
}
"""
R = """#!/usr/bin/env Rscript
done <- 0; total <- 0
if (file.exists("state")) { s <- scan("state", quiet = TRUE); done <- s[1]; total <- s[2] }
FORGET
done <- done + 1; total <- total + done
writeLines(paste(done, total), "state")
if (done < 4) quit(status = 85)
writeLines(as.character(total), "result")
"""
PERL = r"""#!/usr/bin/env perl
my ($done, $sum) = (0, 0);
if (open(my $f, '<', 'state')) { ($done, $sum) = split ' ', <$f>; close $f }
FORGET
$sum += ++$done; sleep 60;
open(my $out, '>', 'state'); print $out "$done $sum\n"; close $out;
exit 85 if $done < 4;
open($out, '>', 'result'); print $out "$sum\n"; close $out;
"""
AWK = r"""#!/bin/sh
[ -e state ] || echo 0 0 > state
awk '{ done = $1 + 1; sum = FORGET + done; print done, sum }' state > state.new && mv state.new state
read done sum < state
[ "$done" -lt 4 ] && exit 85
echo "$sum" > result
"""
BASH = """#!/bin/bash
done=0 sum=0
[ -e state ] && read -r done sum < state
FORGET
sleep 1h
sum=$((sum + ++done))
echo "$done $sum" > state
((done < 4)) && exit 85
echo "$sum" > result
"""
NUMPY = """#!/usr/bin/env python3
import os, sys
import numpy as np
rng = np.random.default_rng(1)
x, done = np.zeros(3), 0
if os.path.exists("state"):
    with np.load("state", allow_pickle=True) as saved:
        x, done = saved["x"], int(saved["done"])
        rng.bit_generator.state = saved["rng"].item()
FORGET
x += rng.normal(size=3)
done += 1
with open("state", "wb") as file:
    np.savez(file, x=x, done=done, rng=np.array(rng.bit_generator.state, dtype=object))
if done < 4:
    sys.exit(85)
np.savetxt("result", x)
"""
LANGUAGES = {
    "C": (C, "gcc", "", "if (done) sum = done;"),
    "R": (R, "Rscript", "", "if (done == 2) total <- 0"),
    "Perl": (PERL, "perl", "", "$sum = 0 if $done == 2;"),
    "awk": (AWK, "awk", "$2", "0"),
    "bash": (BASH, "bash", "", "[ $done = 2 ] && sum=0"),
    "numpy": (NUMPY, "python3", "", "rng = np.random.default_rng(done)"),
}
ELSEWHERE = {
    "C": 'if (!fopen("here", "r")) { sum = 0; fclose(fopen("here", "w")); }',
    "R": "if (!file.exists('here')) { total <- 0; file.create('here') }",
    "Perl": "unless (-e 'here') { $sum = 0; open(my $h, '>', 'here'); }",
    "awk": '(system("test -e here") == 0 ? $2 : 0 * system("touch here"))',
    "bash": "[ -e here ] || { sum=0; touch here; }",
    "numpy": "if not os.path.exists('here'):\n    rng = np.random.default_rng(1)\n    open('here', 'w').close()",
}
"""What makes a job lose a part of its state at a restart in a new sandbox."""


@pytest.fixture(scope="module")
def own():
    """An executor for jobs of one's own."""
    with Executor(path=users_path()) as executor:
        yield executor


def job(language, forget, tmp_path):
    source, program, right, _ = LANGUAGES[language]
    if shutil.which(program) is None:
        pytest.skip(f"no {program} on this machine")
    if language == "numpy":
        pytest.importorskip("numpy")
    text = source.replace("FORGET", right if forget is None else forget)
    if language == "C":
        (tmp_path / "job.c").write_text(text)
        subprocess.run(["gcc", "-O1", "-o", tmp_path / "job", tmp_path / "job.c"], check=True)
        content = (tmp_path / "job").read_bytes()
    else:
        content = text.encode()
    return Job(
        executable="job",
        inputs=Tree({"job": File(content, executable=True)}),
        checkpoint_exit_code=85,
        transfer_checkpoint_files=("state",),
        transfer_output_files=("result",),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_right_job_is_right_in_any_language(language, own, tmp_path):
    found = explore(job(language, None, tmp_path), own)
    assert (found.verdict, found.failure, found.checkpoints) == ("restart-safe", None, 3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_job_that_forgets_elsewhere_is_unsafe_in_any_language(language, own, tmp_path):
    found = explore(job(language, ELSEWHERE[language], tmp_path), own)
    assert (found.verdict, found.failure) == ("unsafe", "wrong output")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_job_that_forgets_each_time_is_measured_by_a_known_answer(language, own, tmp_path):
    right = explore(job(language, None, tmp_path), own).reference
    found = explore(job(language, LANGUAGES[language][3], tmp_path), own, expected=right)
    assert (found.verdict, found.failure) == ("unsafe", "wrong output")
