"""A generator of random numbers that is seeded again at each restart is told from other lost state, in any language."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from grader.cli.main import main
from grader.verify.reseeded import COMPILERS

SUBMIT = """executable = walk
transfer_checkpoint_files = saved
transfer_output_files = walk.txt
checkpoint_exit_code = 85
queue
"""
BASH = """#!/bin/bash
n=0 x=0 RANDOM=7
[ -f saved ] && read -r n x < saved
while [ $n -lt 12 ]; do
    x=$((x + RANDOM % 1000)) n=$((n + 1))
    if [ $((n % 4)) -eq 0 ] && [ $n -lt 12 ]; then
        echo "$n $x" > saved
        exit 85
    fi
done
echo "$x" > walk.txt
"""
AWK = """#!/usr/bin/mawk -f
BEGIN {
    srand(7)
    if ((getline line < "saved") > 0) { split(line, part, " "); n = part[1]; x = part[2] }
    while (n < 12) {
        x += int(rand() * 1000)
        n++
        if (n % 4 == 0 && n < 12) { print n, x > "saved"; exit 85 }
    }
    print x > "walk.txt"
}
"""
PERL = """#!/usr/bin/perl
srand 7;
my ($n, $x) = (0, 0);
if (open my $saved, '<', 'saved') { ($n, $x) = split ' ', <$saved>; }
while ($n < 12) {
    $x += int rand 1000;
    if (++$n % 4 == 0 && $n < 12) {
        open my $saved, '>', 'saved';
        print $saved "$n $x\\n";
        close $saved;
        exit 85;
    }
}
open my $out, '>', 'walk.txt';
print $out "$x\\n";
"""
R = """#!/usr/bin/env Rscript
set.seed(7)
s <- if (file.exists("saved")) readRDS("saved") else c(0, 0)
while (s[1] < 12) {
  s <- s + c(1, sample(1000, 1))
  if (s[1] %% 4 == 0 && s[1] < 12) {
    saveRDS(s, "saved")
    quit(status = 85)
  }
}
cat(s[2], "\\n", file = "walk.txt")
"""
C = """#include <stdio.h>
#include <stdlib.h>
int main(void)
{
    int n = 0, x = 0;
    FILE *file = fopen("saved", "r");
    srand(7);
    if (file) {
        if (fscanf(file, "%d %d", &n, &x) != 2) return 1;
        fclose(file);
    }
    while (n < 12) {
        x += rand() % 1000;
        n++;
        if (n % 4 == 0 && n < 12) {
            file = fopen("saved", "w");
            fprintf(file, "%d %d\\n", n, x);
            fclose(file);
            return 85;
        }
    }
    file = fopen("walk.txt", "w");
    fprintf(file, "%d\\n", x);
    return fclose(file);
}
"""
PROGRAMS = {"bash": BASH, "mawk": AWK, "perl": PERL, "Rscript": R, "gcc": C}
SEEDS = {"bash": "RANDOM", "mawk": "srand", "perl": "srand", "Rscript": "set.seed", "gcc": "srand"}
DATA_DRAWN_AGAIN = BASH.replace("RANDOM=7", "RANDOM=7\nfor i in {0..11}; do data[i]=$RANDOM; done").replace(
    "RANDOM % 1000", "data[n] % 1000"
)


def made(directory, language, source):
    """The submit file of a program."""
    directory.mkdir()
    if language == "gcc":
        subprocess.run(["gcc", "-x", "c", "-o", directory / "walk", "-"], input=source.encode(), check=True)
    else:
        (directory / "walk").write_text(source)
        (directory / "walk").chmod(0o755)
    (directory / "job.sub").write_text(SUBMIT)
    return directory / "job.sub"


def verified(directory, capsys, language, source, right):
    """What verify says of a program, if `right` would save every four steps: verdict, cause, and the evidence of that."""
    if shutil.which(language) is None:
        pytest.skip(f"no {language} on this machine")
    if language == "mawk" and not any(map(shutil.which, COMPILERS)):
        pytest.skip("no C compiler on this machine, with which the generator of mawk is made to go on")
    made(directory / "right", language, re.sub(r"(%+ )4\b", r"\g<1>400", right))
    subprocess.run([directory / "right" / "walk"], cwd=directory / "right", check=True)
    (directory / "output").mkdir()
    shutil.move(directory / "right" / "walk.txt", directory / "output")
    submit_file = made(directory / "job", language, source)
    main(["verify", str(submit_file), "--json", "--max-seconds", "600", "--expected", str(directory / "output")])
    seen = json.loads(capsys.readouterr().out)
    shown = [each["text"] for each in seen["evidence"] if each["kind"] == "forgotten"]
    return seen["verdict"], seen["misconception"], shown


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_generator_that_is_seeded_at_each_restart_is_named(language, tmp_path, capsys):
    program = PROGRAMS[language]
    verdict, cause, shown = verified(tmp_path, capsys, language, program, program)
    assert (verdict, cause) == ("unsafe", "rng-not-saved")
    assert len(shown) == 1 and shown[0].startswith(f"{SEEDS[language]} begins the random numbers anew")


def test_a_seed_that_draws_the_data_again_is_not_the_cause(tmp_path, capsys):
    lost = DATA_DRAWN_AGAIN.replace("read -r n x < saved", "read -r n _ < saved")
    verdict, cause, shown = verified(tmp_path, capsys, "bash", lost, DATA_DRAWN_AGAIN)
    assert (verdict, cause, shown) == ("unsafe", "state-incomplete", [])
