"""A restart that begins one iteration too early or too late is found without a look at the program."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from grader.cli.main import main
from grader.execute.executor import Executor
from grader.rules.profile import MODERN
from grader.submit.reader import read
from grader.tree import Tree
from grader.verify.explore import explore
from grader.verify.off_by_one import off_by_one
from grader.verify.replays import Replays

SUBMIT = """executable = total.sh
transfer_checkpoint_files = saved
transfer_output_files = total.txt
checkpoint_exit_code = 85
output = total.out
queue
"""
PROGRAM = """#!/bin/bash
n=0 sum=0
if [ -f saved ]; then read -r n sum < saved; fi
while [ $n -lt 12 ]; do
    n=$((n + 1))
    sum=$((sum + n * n))
    if [ $((n % 4)) -eq 0 ] && [ $n -lt 12 ]; then
        echo "$n $sum" > saved
        exit 85
    fi
done
echo "total $sum" > total.txt
"""


def verified(directory, capsys, old, new):
    """The verdict on the program with this change, and on its evidence."""
    (directory / "right").mkdir()
    (directory / "right" / "total.txt").write_text("total 650\n")
    (directory / "total.sh").write_text(PROGRAM.replace(old, new))
    (directory / "total.sh").chmod(0o755)
    (directory / "total.sub").write_text(SUBMIT)
    main(
        [
            "verify",
            str(directory / "total.sub"),
            "--json",
            "--max-seconds",
            "600",
            "--expected",
            str(directory / "right"),
        ]
    )
    seen = json.loads(capsys.readouterr().out)
    return seen["verdict"], seen["failure"], seen["misconception"], [fact["text"] for fact in seen["evidence"]]


@pytest.mark.parametrize(
    ("new", "failure", "cause", "fact"),
    [
        (
            "$((n + 1)) $sum",
            "wrong output",
            "skips-iteration",
            "lower by one at each restart (4 instead of 5 at the first)",
        ),
        (
            "$((n - 1)) $sum",
            "never finishes",
            "repeats-iteration",
            "higher by one at each restart (4 instead of 3 at the",
        ),
    ],
)
def test_the_number_that_is_wrong_is_named(new, failure, cause, fact, tmp_path, capsys):
    *verdict, facts = verified(tmp_path, capsys, "$n $sum", new)
    assert verdict == ["unsafe", failure, cause]
    assert any(fact in text for text in facts)


def test_a_sum_that_lacks_one_at_each_restart_is_no_lost_iteration(tmp_path, capsys):
    assert verified(tmp_path, capsys, "$n $sum", "$n $((sum - 1))")[2] not in ("skips-iteration", "repeats-iteration")


BINS = """#!/bin/bash
n=0
if [ -f saved ]; then n=$(cat saved); fi
while [ $n -lt 30 ]; do
    echo $(((n * 37 + n * n * 11) % 97 / 10)) >> bins
    n=$((n + 1))
    if [ $((n % 8)) -eq 0 ] && [ $n -lt 30 ]; then
        echo $n > saved
        rm -f bins
        exit 85
    fi
done
(echo bin count; sort -n bins | uniq -c | awk '{ print $2, $1 }') > total.txt
"""


def judged(script, right, tmp_path, capsys):
    """What verify says of a script whose right output is known."""
    (tmp_path / "right").mkdir()
    (tmp_path / "right" / "total.txt").write_text(right)
    (tmp_path / "total.sh").write_text(script)
    (tmp_path / "total.sh").chmod(0o755)
    (tmp_path / "total.sub").write_text(SUBMIT)
    options = "--json", "--max-seconds", "600", "--expected", str(tmp_path / "right")
    main(["verify", str(tmp_path / "total.sub"), *options])
    return json.loads(capsys.readouterr().out)


def test_bins_that_a_restart_forgets_are_no_skipped_iterations(tmp_path, capsys):
    right = Counter((n * 37 + n * n * 11) % 97 // 10 for n in range(30))
    lines = "".join(f"{each} {right[each]}\n" for each in sorted(right))
    seen = judged(BINS, f"bin count\n{lines}", tmp_path, capsys)
    assert seen["verdict"] == "unsafe" and seen["misconception"] in (None, "state-incomplete")


DRAWS = """#!/bin/bash
n=0 hits=0 drawn=0
if [ -f saved ]; then read -r n hits < saved; fi
while [ $n -lt 10 ]; do
    n=$((n + 1)) drawn=$((drawn + 1))
    if [ $drawn -ne 5 ]; then hits=$((hits + 1)); fi
    if [ $((n % 3)) -eq 0 ] && [ $n -lt 10 ]; then echo "$n $hits" > saved; exit 85; fi
done
echo $hits > total.txt
"""
"""It draws the same numbers again after each restart. With 4 instead of 3 in its checkpoint, it skips a hit that should not
be, but so it does with a hit less."""


def test_a_small_number_that_is_right_by_chance_shows_no_iteration(tmp_path, capsys):
    seen = judged(DRAWS, "9\n", tmp_path, capsys)
    assert seen["verdict"] == "unsafe" and seen["misconception"] not in ("repeats-iteration", "skips-iteration")


def test_a_log_and_a_word_say_nothing_of_a_job_without_end(tmp_path, capsys):
    (tmp_path / "log.py").write_text(
        "#!/usr/bin/env python3\nimport sys\nn = sum(1 for _ in open('signal.txt', 'a+'))\n"
        "open('signal.txt', 'a').write('begun\\n')\nopen('saved', 'w').write(str(n))\nsys.exit(85)\n"
    )
    (tmp_path / "log.py").chmod(0o755)
    (tmp_path / "log.sub").write_text(SUBMIT.replace("total.sh", "log.py").replace("saved", "saved, signal.txt"))
    main(["verify", str(tmp_path / "log.sub"), "--json", "--max-seconds", "600", "--max-executions", "20"])
    assert json.loads(capsys.readouterr().out)["misconception"] not in ("sigterm-saves", "two-files-disagree")


def test_nothing_is_executed_when_the_time_is_up(tmp_path):
    (tmp_path / "total.sh").write_text(PROGRAM.replace("$n $sum", "$((n + 1)) $sum"))
    (tmp_path / "total.sh").chmod(0o755)
    (tmp_path / "total.sub").write_text(SUBMIT)
    job = read(tmp_path / "total.sub").jobs[0]
    with Executor() as executor:
        exploration = explore(job, executor, expected=Tree.files({"total.txt": "total 650\n"}))
        assert off_by_one(Replays(job, exploration, executor, MODERN)).too_late
        assert off_by_one(Replays(job, exploration, executor, MODERN, until=0.0)) is None


def test_a_right_job_that_needs_more_executions_stays_unknown(tmp_path, capsys):
    (tmp_path / "right").mkdir()
    (tmp_path / "right" / "total.txt").write_text("done\n")
    (tmp_path / "count.sh").write_text(
        "#!/bin/bash\nread -r round n < saved 2> /dev/null || { round=1; n=0; }\n"
        "n=$((n + 1))\nif [ $n -ge 5000 ]; then round=$((round + 1)); n=0; fi\n"
        "if [ $round -le 3 ]; then echo $round $n > saved; exit 85; fi\necho done > total.txt\n"
    )
    (tmp_path / "count.sh").chmod(0o755)
    (tmp_path / "count.sub").write_text(SUBMIT.replace("total.sh", "count.sh"))
    options = ["--json", "--max-seconds", "600", "--max-executions", "251", "--expected", str(tmp_path / "right")]
    main(["verify", str(tmp_path / "count.sub"), *options])
    assert json.loads(capsys.readouterr().out)["verdict"] == "unknown"
