"""A restart that goes on at the right place without a part of the state is told from one that begins too early or late."""

from __future__ import annotations

import json
import shutil

import pytest

from grader.cli.main import main

SUBMIT = """executable = total.sh
transfer_input_files = data.txt
transfer_checkpoint_files = saved
transfer_output_files = total.txt
checkpoint_exit_code = 85
output = total.out
queue
"""
PROGRAM = """#!/bin/bash
line=0 sum=0 best=0
if [ -f saved ]; then . ./saved; fi
here=0
while read -r value; do
    if [ $here -eq 4 ]; then
        printf 'line=%d sum=%d best=%d' $line $sum $best > saved
        exit 85
    fi
    line=$((line + 1)) here=$((here + 1)) sum=$((sum + value * value))
    if [ $value -gt $best ]; then best=$value; fi
done < <(tail -n +$((line + 1)) data.txt)
echo "mean of squares: $((sum * 100 / line)), largest: $best" > total.txt
"""
VALUES = [17, 5, 88, 42, 9, 63, 71, 30, 12, 55, 24, 39, 47, 3]
RIGHT = f"mean of squares: {sum(v * v for v in VALUES) * 100 // len(VALUES)}, largest: 88\n"


def verified(directory, capsys, old, new, right=RIGHT):
    """What verify says of the program with this change: verdict, cause, and its evidence."""
    (directory / "right").mkdir()
    (directory / "right" / "total.txt").write_text(right)
    (directory / "data.txt").write_text("".join(f"{value}\n" for value in VALUES))
    assert old in PROGRAM
    (directory / "total.sh").write_text(PROGRAM.replace(old, new))
    (directory / "total.sh").chmod(0o755)
    (directory / "total.sub").write_text(SUBMIT)
    options = ["--json", "--max-seconds", "600", "--expected", str(directory / "right")]
    main(["verify", str(directory / "total.sub"), *options])
    seen = json.loads(capsys.readouterr().out)
    return seen["verdict"], seen["misconception"], " ".join(each["text"] for each in seen["evidence"])


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("; fi\nhere", "; sum=0; fi\nhere", "the output is the same with other numbers for sum in saved"),
        (" best=%d' $line $sum $best", "' $line $sum", "each restart goes on from line in saved (4, 8, 12)"),
        (" sum=%d best=%d' $line $sum $best", "' $line", "each restart goes on from line in saved (4, 8, 12)"),
    ],
    ids=["not restored", "not saved", "only the place is saved"],
)
def test_what_is_lost_beside_the_place_is_known(old, new, shown, tmp_path, capsys):
    verdict, cause, facts = verified(tmp_path, capsys, old, new)
    assert (verdict, cause) == ("unsafe", "state-incomplete")
    assert shown in facts


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("line=%d", "line=1%d", None),
        ("$line $sum $best >", "$((line + 1)) $sum $best >", "skips-iteration"),
        ("tail -n +$((line + 1))", "tail -n +$((line + 1 + (line > 0)))", "skips-iteration"),
        ("tail -n +$((line + 1))", "tail -n +$((line > 0 ? line : 1))", "repeats-iteration"),
    ],
    ids=["another place", "saved too high", "begins too late", "begins too early"],
)
def test_no_state_is_lost_where_an_iteration_may_be(old, new, cause, tmp_path, capsys):
    verdict, named, _ = verified(tmp_path, capsys, old, new)
    assert verdict == "unsafe" and named in (None, cause)


def test_no_state_is_lost_where_the_output_tells_of_restarts(tmp_path, capsys):
    old, new = 'largest: $best"', 'largest: $best, restarts: $((line / 5 + 1))"'
    _, cause, _ = verified(tmp_path, capsys, old, new, RIGHT.replace("\n", ", restarts: 0\n"))
    assert cause is None


IN_STEPS_OF_TIME = """#!/usr/bin/perl
my ($time, $value, $steps) = (0, 1, 0);
if (open my $in, '<', 'saved') { ($time, $value) = split ' ', <$in> }
while ($time < 6) {
    my $before = $time;
    $value -= 0.075 * $value * (1 + $time);
    $time += 0.25;
    next if ++$steps < 5 or $time >= 6;
    open my $out, '>', 'saved';
    printf $out '%.2f %.17g', $before, $value;
    close $out;
    exit 85;
}
open my $out, '>', 'total.txt';
printf $out "%.9f\\n", $value;
"""


@pytest.mark.skipif(shutil.which("perl") is None, reason="there is no Perl on this machine")
def test_one_more_is_no_iteration_where_time_is_saved(tmp_path, capsys):
    value = 1.0
    for step in range(24):
        value -= 0.075 * value * (1 + step / 4)
    (tmp_path / "right").mkdir()
    (tmp_path / "right" / "total.txt").write_text(f"{value:.9f}\n")
    (tmp_path / "data.txt").write_text("")
    (tmp_path / "total.sh").write_text(IN_STEPS_OF_TIME)
    (tmp_path / "total.sh").chmod(0o755)
    (tmp_path / "total.sub").write_text(SUBMIT)
    main(
        ["verify", str(tmp_path / "total.sub"), "--json", "--max-seconds", "600", "--expected", str(tmp_path / "right")]
    )
    seen = json.loads(capsys.readouterr().out)
    assert (seen["verdict"], seen["misconception"]) == ("unsafe", None)
