"""The exercise about the wrapper: a job is cut off at every moment that matters, and only a right one gets through."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from grader.course.catalogue import EXERCISES
from grader.course.exercise import ExplorationCache
from grader.course.exercises.wrapper.answers import BASH, RIGHT, START, WHOLE, wrapper
from grader.course.report import NOT_TRIED
from grader.course.waves import (
    SHORT,
    WAVES,
    cut_at,
    cut_off,
    first_file,
    moments,
    naive_job,
    unseen_settings,
    waves,
)
from grader.rules.execution import Stop
from grader.tree import File, Tree
from grader.verify.explore import RESTART_SAFE

DRAWN = [unseen_settings(random.Random(seed)) for seed in range(3)]

WRAPPER = EXERCISES["wrapper"]


def judged(answer, executor, seed=None):
    return WRAPPER.judge(Tree.files(answer), executor, seed)


@pytest.mark.parametrize("seconds", [60, 90, 120, 200])
def test_a_time_limit_of_its_own_is_not_the_one_that_was_given(executor, seconds):
    right = RIGHT["the last line"]
    report = judged({**right, "my_wrapper": right["my_wrapper"].replace("$1", str(seconds))}, executor)
    assert "my_wrapper is given" in report.headline and report.points <= 1


def test_leaving_with_85_once_although_all_is_done_is_wrong(executor):
    asks = "if [ ! -f ended ] || [ $code -eq 124 ]; then touch ended; exit 85; fi\nexit $code\n"
    report = judged(wrapper(START + asks, "restart.dat, ended, my_output.txt"), executor)
    assert "time enough for waves, but exits with 85" in report.headline and report.points == 0
    assert report.failure.misconception.id == "wrong-exit-code"


@pytest.mark.parametrize("settings", [SHORT, *DRAWN])
def test_moments_lie_before_the_second_file_and_in_each_part_of_it(executor, settings):
    alone = replace(waves(naive_job(), **settings), executable="waves", arguments=())
    left = []
    for moment in moments(settings):
        file = executor.run(alone, alone.inputs, stop=Stop(moment)).sandbox.get("restart.dat")
        left.append(len(file.content) if isinstance(file, File) else None)
        if said := re.search(r": (\d+) of (\d+) bytes", cut_at(moment, settings).said):
            assert left[-1] == int(said[1])
    whole, block = left[0], int(WAVES.settings(alone)["block"])
    assert left[1:] in ([None, *range(0, whole, block)], [None, None, *range(0, whole, block)])


@pytest.mark.parametrize("settings", [SHORT, *DRAWN])
def test_a_wrapper_without_a_look_at_the_file_fails_only_while_writing(executor, settings):
    cache = ExplorationCache(executor, WRAPPER.bounds)
    for limit in (*moments(settings), 2 * first_file(settings) + 1):
        found = cache.explore(waves(naive_job(), limit, **settings), WAVES.known_answer(**settings))
        assert (found.verdict != RESTART_SAFE) == cut_at(limit, settings).saving, limit


@pytest.mark.parametrize(
    ("style", "seed"),
    [
        *(("the last line", seed) for seed in "abc"),
        ("two generations of its own, copied and renamed", "a"),
        ("Python, with a limit", "b"),
        ("in the background, killed by a watcher", "c"),
    ],
)
def test_a_right_wrapper_is_right_with_numbers_that_nobody_knows(executor, style, seed):
    report = judged(RIGHT[style], executor, seed)
    assert report.points == WRAPPER.maximum, report.headline


def test_the_report_tells_what_comes_of_each_moment(executor):
    report = judged(wrapper(START + "if [ $code -eq 124 ]; then exit 85; fi\nexit $code\n"), executor)
    told = [fact.text for fact in report.failure.evidence if fact.kind == "cut off"]
    assert [text.split(" s ")[0] for text in told] == [f"after {seconds}" for seconds in (24, 33, 36, 39, 42)]
    assert ["ends right" in text for text in told] == [True, False, False, False, False]
    assert "hold" in told[1] and "exit code 4" in told[2] and "wrong numbers" in told[3] and "wrong numbers" in told[4]


def test_a_polling_wrapper_is_cut_off_when_it_really_ends(executor):
    report = judged(
        wrapper("""#!/bin/bash
if [ -f restart.dat ]; then ./waves --restart restart.dat & else ./waves & fi
for (( seconds = 0; seconds < $1; seconds += 5 )); do
    sleep 5
    if ! kill -0 $!; then wait $!; exit $?; fi
done
kill $!
exit 85
"""),
        executor,
    )
    told = [fact.text for fact in report.failure.evidence if fact.kind == "cut off"]
    assert "after 40 s (restart.dat: 1024 of 2322 bytes)" in [text.split(",")[0] for text in told]
    assert "cut off after 40 s (waves has printed: restart.dat: 1024 of 2322 bytes)" in report.headline


def test_a_silent_wrapper_is_cut_off_by_its_own_time(executor):
    text = START.replace("./waves", "./waves > said.txt") + "if [ $code -eq 124 ]; then exit 85; fi\nexit $code\n"
    report = judged(wrapper("#!/bin/bash\necho " + "9" * 5000 + " s  step 1\n" + text.lstrip("\n")), executor)
    told = [fact.text for fact in report.failure.evidence if fact.kind == "cut off"]
    assert "after 39 s (restart.dat: 1024 of 2322 bytes)" in [text.split(",")[0] for text in told]


def test_what_is_given_is_not_tried_yet(executor):
    own = WRAPPER.given()
    assert WRAPPER.judge(own, executor).status == NOT_TRIED


@pytest.mark.parametrize("limit", ["$(( $1 + 5 ))", "$(( $1 - 10 ))", "$(( $1 - 20 ))", "$(( $1 * 8 / 10 ))"])
def test_a_wrapper_with_another_limit_is_cut_off_in_the_middle_as_well(executor, limit):
    right = RIGHT["the last line"]["my_wrapper"].replace("timeout $1", f"timeout {limit}")
    job = WRAPPER.job(Tree.files({**RIGHT["the last line"], "my_wrapper": right}))
    assert cut_off(**SHORT)(job, ExplorationCache(executor, WRAPPER.bounds)).passed
    naive = right.replace("tail -n 1 restart.dat", "true restart.dat | echo end")
    job = WRAPPER.job(Tree.files({**RIGHT["the last line"], "my_wrapper": naive}))
    assert not cut_off(**SHORT)(job, ExplorationCache(executor, WRAPPER.bounds)).passed


@pytest.mark.parametrize("take", ["mv restart.old restart.dat", "[ -f restart.old ] && mv restart.old restart.dat"])
def test_a_wrapper_that_always_takes_the_old_file_never_finishes(executor, take):
    report = judged(wrapper(START + f"[ $code -eq 124 ] || exit $code\n{take}\nexit 85\n"), executor)
    assert report.points == 7 and report.headline.endswith("it starts again and again, and never finishes.")
    assert report.failure.misconception is None


CHEATS = {
    "no time passes": "sed -i 's/^seconds.*/seconds = 0/; s/^disk_seconds.*/disk_seconds = 0/' my_input.txt\n",
    "nothing takes time on the disk": "sed -i 's/^disk_seconds.*/disk_seconds = 0/' my_input.txt\n",
    "another program": "sed -i 's/clock.wait(disk_seconds)/pass/' waves\n",
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_wrapper_has_to_take_the_program_as_it_is(executor, cheat):
    first, _, rest = RIGHT["the last line"]["my_wrapper"].partition("\n")
    report = judged(wrapper(f"{first}\n{CHEATS[cheat]}{rest}"), executor)
    assert report.points <= 1, report.headline


def test_a_wrapper_that_ignores_its_limit_is_told_so(executor):
    report = judged(wrapper(RIGHT["the last line"]["my_wrapper"].replace("$1", "60")), executor)
    assert "first argument" in report.headline
    report = judged(wrapper("#!/bin/sh\nexec ./waves\n"), executor)
    assert "lets waves run for 220 s" in report.headline


NO_LIMIT = START.replace("timeout $1 ", "")


@pytest.mark.parametrize("rest", ["exit $code\n", "if [ $code = 124 ]; then exit 85; fi\n", "echo done\n", "exit 0\n"])
def test_a_wrapper_without_a_limit_is_told_so_whatever_it_leaves_with(rest, executor):
    report = judged(wrapper(NO_LIMIT + rest), executor)
    assert report.failure.misconception is None and report.points == 1
    assert "is given 90 s, but lets waves run for 220 s. It sets no limit at all" in report.headline


SLEEPS = f"""{BASH}./waves $args &
pid=$!
sleep $1
kill $pid 2> /dev/null || {{ wait $pid; exit $?; }}
wait $pid
{WHOLE}exit 85
"""
SLEEPS_IN_PYTHON = """
#!/usr/bin/env python3
import os, subprocess, sys, time
restart = ["--restart", "restart.dat"] if os.path.exists("restart.dat") else []
process = subprocess.Popen(["./waves"] + restart)
time.sleep(int(sys.argv[1]))
if process.poll() is not None:
    sys.exit(process.returncode)
process.terminate()
process.wait()
if not (os.path.exists("restart.dat") and open("restart.dat").read().endswith("end\\n")):
    os.rename("restart.old", "restart.dat")
sys.exit(85)
"""


@pytest.mark.parametrize("text", [SLEEPS, SLEEPS_IN_PYTHON])
def test_a_wrapper_that_sleeps_on_when_waves_has_ended_is_told_so(text, executor):
    report = judged(wrapper(text), executor)
    assert report.points == 7 and report.failure.misconception is None
    assert "waves ends at once, but my_wrapper only after 100000 s" in report.headline


@pytest.mark.parametrize("files", ["my_output.txt", "restart.old, my_output.txt"])
def test_a_file_that_is_not_listed_has_nothing_to_do_with_exit_codes(files, executor):
    report = judged(wrapper(RIGHT["the last line"]["my_wrapper"], files), executor)
    passed = {trial.name: trial.passed for trial in report.trials}
    assert passed["The exit codes of the program are passed on"] and report.points == 5


@pytest.mark.parametrize("value, points", [("'d'", 1), ("'D'", 1), ("'a'", 0), ("'b'", 0), ("'c'", 0), ("3", 0)])
def test_the_prediction_knows_what_comes_of_a_torn_file(executor, value, points):
    report = EXERCISES["torn_file"].judge(Tree.files({"torn_file": value}), executor)
    assert report.points == points
    if points == 0 and value != "3":
        assert report.failure.misconception.id == "torn-write"


def test_a_wrapper_that_is_unsafe_is_seen_once_to_do_the_same_twice(executor):
    cache, job = ExplorationCache(executor, WRAPPER.bounds), naive_job()
    found = [cache.explore(waves(job, limit, **SHORT), WAVES.known_answer(**SHORT), late=False) for limit in (39, 42)]
    assert [(one.failure, one.twice) for one in found] == [("wrong output", True), ("wrong output", False)]


def test_a_bracket_without_a_space_is_explained_where_the_shell_complains(executor):
    right = next(iter(RIGHT.values()))
    spoilt = {**right, "my_wrapper": "#!/bin/bash\nif [-f restart.dat]; then true; fi\nexec timeout $1 ./waves\n"}
    [shown] = [fact for fact in judged(spoilt, executor).failure.evidence if fact.kind == "stderr"]
    assert shown.line == 2
    assert shown.text == "[-f: command not found ([ is a command itself, and takes a space behind it)"


@pytest.mark.parametrize(
    ("restored", "id"),
    [("rm -f restart.dat", "listed-file-missing"), ("exit 9", "wrong-exit-code"), ("true", "torn-write")],
)
def test_a_checkpoint_that_was_not_taken_is_not_called_torn(restored, id, executor):
    check = f"[ $code -eq 124 ] || exit $code\ntail -n 1 restart.dat | grep -q -x end || {restored}\nexit 85\n"
    report = judged(wrapper(START + check), executor)
    behind = report.failure.misconception
    assert (report.points, behind and behind.id) == (7, id), report.headline


@pytest.mark.parametrize(
    ("lines", "remedy"),
    [
        ("if true; then\n  timeout $1 ./waves", "(an if ends with fi, and a loop with done)"),
        ("timeout $1 ./waves | cat\nexit PIPESTATUS[0]", "(its value is written ${PIPESTATUS[0]})"),
        ("waves $1", "(the file in the sandbox is ./waves)"),
        ("exec waves", "(the file in the sandbox is ./waves)"),
        ("timeout $1 waves", "(the file in the sandbox is ./waves)"),
        ("wawes $1", "wawes: command not found"),
        ("if [ -f restart.dat]; then true; fi\nexit 3", "(the ] takes a space before it)"),
        ("code=0\nif [ code -eq 0 ]; then exit 85; fi", "(its value is written $code)"),
        ("if true then\n  ./waves\nfi", "(`then` and `do` take a ; or a new line before them)"),
        ("timeout $1 ./waves\ncode=$?\nexit code", "(its value is written ${code})"),
    ],
)
def test_a_faulty_script_is_explained_where_the_shell_complains(executor, lines, remedy):
    spoilt = {**next(iter(RIGHT.values())), "my_wrapper": f"#!/bin/bash\n{lines}\n"}
    [shown] = [fact for fact in judged(spoilt, executor).failure.evidence if fact.kind == "stderr"]
    assert shown.text.endswith(remedy)


@pytest.mark.parametrize("line", ["code = $?", "  code =$?", "code= $?"])
def test_a_space_beside_the_sign_of_a_variable_is_the_cause(executor, line):
    right = RIGHT["the last line"]
    script = right["my_wrapper"].replace("code=$?", line)
    report = judged({**right, "my_wrapper": script}, executor)
    [cause] = [fact for fact in report.failure.evidence if fact.kind == "cause"]
    assert cause.text == f"`{line.strip()}` does not set code for the lines after it: no space may stand beside the ="
    assert script.splitlines()[cause.line - 1] == line and report.points < report.maximum


@pytest.mark.parametrize("variable", ["args", "{args}"])
def test_several_words_in_quotes_are_the_cause(executor, variable):
    right = RIGHT["the last line"]
    script = f"""#!/bin/bash
if [ -f restart.dat ]; then args="--restart restart.dat"; fi
timeout "$1" ./waves "${variable}"
code=$?
[ $code -eq 124 ] || exit $code
tail -n 1 restart.dat | grep -qx end || mv restart.old restart.dat
exit 85
"""
    report = judged({**right, "my_wrapper": script}, executor)
    [cause] = [fact for fact in report.failure.evidence if fact.kind == "cause"]
    assert (cause.line, cause.text.split(",")[1]) == (3, f' "${variable}" is always one argument')
    mended = judged({**right, "my_wrapper": script.replace(f'"${variable}"', "$args")}, executor)
    assert report.points == 0 and mended.points == mended.maximum
