"""Work that each restart in place does again: seen by a run that never restarts, and never confused with the cost of
starting."""

from __future__ import annotations

import pytest

from grader.execute.executor import Executor
from grader.rules.profile import MODERN
from grader.submit.folder import TreeFolder
from grader.submit.reader import parse
from grader.tree import File, Tree
from grader.verify.evidence import evidence
from grader.verify.explore import RESTART_SAFE, UNSAFE, explore
from grader.verify.unbroken import measured

SUBMIT = """\
executable = job.py
checkpoint_exit_code = 85
transfer_checkpoint_files = state
transfer_output_files = out
output = printed
queue
"""
PROGRAM = """\
#!/usr/bin/env python3
import os, sys, time
START
saved = int(open("state").read()) if os.path.exists("state") else 0
first = FIRST
total = sum(i * i for i in range(1, first + 1))
for i in range(first + 1, 21):
    WORK
    total += i * i
    if i % 4 == 0 and i > saved and i < 20:
        with open("state", "w") as file:
            file.write(str(i))
        sys.exit(85)
with open("out", "w") as file:
    file.write(f"{total}\\n")
"""
SLEEPS, PRINTS = "time.sleep(10)", "time.sleep(10); print(i, i * i)"


def program(first, work=SLEEPS, start=""):
    return PROGRAM.replace("FIRST", first).replace("WORK", work).replace("START", start)


WRONG = {
    "all work again": program("0"),
    "all work again, after a costly start": program("0", start="time.sleep(300)"),
    "all but the first interval again": program("min(4, saved)"),
    "every other step again": program("0", "if i % 2 or i > saved: time.sleep(10)"),
    "all work again, by a program that looks at the clock": program("0", "time.sleep(10); took = time.time()"),
    "the last interval again": program("max(0, saved - 4)", PRINTS),
    "half of the last interval again": program("max(0, saved - 2)", PRINTS),
}
RIGHT = {
    "nothing again": program("saved"),
    "a costly start": program("saved", start="time.sleep(300)"),
    "a costly start that prints": program("saved", PRINTS, "time.sleep(300); print('a'); print('b')"),
    "a start as long as an interval": program("saved", PRINTS, "time.sleep(40)"),
    "a costly restart": program("saved", PRINTS, "if os.path.exists('state'): time.sleep(300)"),
    "a costly restart that prints": program(
        "saved", PRINTS, "if os.path.exists('state'): time.sleep(90); print('resumes'); print(open('state').read())"
    ),
    "a first interval with less to do": program("saved", "time.sleep(10 if i > 3 else 1)", "time.sleep(60)"),
    "intervals of all lengths": program("saved", "time.sleep(i * i)", "time.sleep(7)"),
    "until the next full minute": program("saved", "time.sleep(3 * i); time.sleep(60 - time.time() % 60)"),
    "a start at the next full hour": program("saved", start="time.sleep(3600 - time.time() % 3600)"),
    "what was printed before, printed again": program(
        "saved",
        PRINTS,
        "if os.path.exists('state'):\n    for i in range(1, int(open('state').read()) + 1): print(i, i * i)",
    ),
    "the last step printed again": program(
        "saved", PRINTS, "time.sleep(30)\nif os.path.exists('state'): i = int(open('state').read()); print(i, i * i)"
    ),
    "skips steps by counting through them": program("0", "if i > saved: time.sleep(10)"),
}


@pytest.fixture(scope="module")
def executor():
    with Executor() as executor:
        yield executor


def judged(text, executor, expected=None):
    job = parse(SUBMIT, TreeFolder(Tree({"job.py": File(text.encode(), executable=True)}))).jobs[0]
    found, _ = measured(job, explore(job, executor, expected=expected), executor, MODERN)
    return found, [fact.text for fact in evidence(job, found)]


@pytest.mark.parametrize("which", WRONG)
def test_work_done_again_in_place_is_lost_progress(which, executor):
    found, facts = judged(WRONG[which], executor)
    assert (found.verdict, found.failure, found.schedule) == (UNSAFE, "lost progress", ())
    assert "restarts in place do" in facts[0]


@pytest.mark.parametrize("which", RIGHT)
def test_the_cost_of_starting_is_not_lost_progress(which, executor):
    found, facts = judged(RIGHT[which], executor)
    assert (found.verdict, found.failure, facts) == (RESTART_SAFE, None, [])


def test_the_evidence_says_which_execution_took_how_much_longer(executor):
    found, facts = judged(WRONG["all work again"], executor)
    assert found.violation.seconds == 400
    assert facts[0] == "restarts in place do 400 virtual seconds of committed work again"
    assert facts[1] == "execution 2 took 80 virtual seconds, and a run that never restarts 40 for the same"
    assert facts[4] == "execution 5 took 200 virtual seconds, and a run that never restarts 40 for the same"


def test_of_a_costly_start_only_the_work_counts(executor):
    found, _ = judged(WRONG["all work again, after a costly start"], executor)
    assert found.violation.seconds == 400


def test_it_is_seen_where_the_right_output_is_known_too(executor):
    found, _ = judged(WRONG["all work again"], executor, Tree({"out": File(b"2870\n")}))
    assert (found.verdict, found.failure, found.known) == (UNSAFE, "lost progress", True)
    found, _ = judged(RIGHT["nothing again"], executor, Tree({"out": File(b"2870\n")}))
    assert (found.verdict, found.known, found.unbroken) == (RESTART_SAFE, True, False)
