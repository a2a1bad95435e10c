"""A job that gets no nearer to its end, and jobs that do, slowly."""

from __future__ import annotations

import pytest

from grader.execute.executor import Executor
from grader.rules.profile import MODERN
from grader.submit.folder import TreeFolder
from grader.submit.reader import parse
from grader.tree import File, Tree
from grader.verify.explore import Bounds, explore
from grader.verify.forgotten import kept_from_its_end
from grader.verify.no_nearer import ends_sooner, never_nearer
from grader.verify.verdicts import Unknown

SUBMIT = """\
executable = job.py
checkpoint_exit_code = 85
transfer_checkpoint_files = state
transfer_output_files = out
request_cpus = 1
request_memory = 512MB
request_disk = 1GB
queue
"""
GROWS = """\
#!/usr/bin/env python3
import os, pickle, sys
samples = pickle.load(open("state", "rb")) if os.path.exists("state") else []
for number in range(BEGIN, LAST):
    samples.append(number * len(samples))
    if number % 4 == 3 and number < LAST - 1:
        with open("state", "wb") as file:
            pickle.dump(samples, file)
        sys.exit(85)
open("out", "w").write(f"{sum(samples)}\\n")
"""
ONE_STEP = """\
#!/usr/bin/env python3
import os, sys, time
done = int(open("state").read()) if os.path.exists("state") else 0
time.sleep(60)
open("state", "w").write(str(done + 1))
open("out", "a").write("step %d\\n" % done)
sys.exit(85 if done < 3000 else 0)
"""
ONE_PART = """\
#!/usr/bin/env python3
import os, sys, time
done = len(open("state").readlines()) if os.path.exists("state") else 0
for step in range(done, done + 10):
    time.sleep(60)
    open("state", "a").write("x\\n")
    if step % 5 == 4:
        open("out", "w").write("done\\n")
        sys.exit(85 if step < 30000 else 0)
"""


@pytest.fixture(scope="module")
def executor():
    with Executor() as one:
        yield one


@pytest.mark.parametrize(
    ("program", "left"),
    [
        (GROWS.replace("BEGIN", "0").replace("LAST", "12"), 2),
        (GROWS.replace("BEGIN", "len(samples)").replace("LAST", "3000"), None),
        (ONE_STEP, None),
        (ONE_PART, None),
    ],
    ids=["it begins again", "it takes long", "a step at a time", "a part at a time"],
)
def test_only_a_job_that_begins_again_gets_no_nearer(executor, program, left):
    job = parse(SUBMIT, TreeFolder(Tree({"job.py": File(program.encode(), 0o755)}))).jobs[0]
    found = explore(job, executor, bounds=Bounds(executions=260))
    assert found.unknown is Unknown.EXECUTIONS
    remaining = never_nearer(job, found, executor, MODERN)
    assert (remaining and remaining.checkpoints) == left


WAITS = """\
#!/usr/bin/env python3
import os, sys
value, seen = float(open("state").read()) if os.path.exists("state") else 8.0, []
while len(seen) < 3 or seen[-3] - value > 0.01:
    value /= 2
    seen.append(value)
    if len(seen) % 2 == 0:
        open("state", "w").write(repr(value))
        sys.exit(85)
open("out", "w").write(f"{value}\\n")
"""


@pytest.mark.parametrize(
    ("program", "sooner"),
    [(WAITS, True), (GROWS.replace("BEGIN", "len(samples)").replace("LAST", "3000"), False)],
    ids=["it never sees enough", "it takes long"],
)
def test_it_is_told_where_a_run_without_restarts_ends_sooner(executor, program, sooner):
    job = parse(SUBMIT, TreeFolder(Tree({"job.py": File(program.encode(), 0o755)}))).jobs[0]
    found = explore(job, executor, bounds=Bounds(executions=260))
    assert found.unknown is Unknown.EXECUTIONS
    assert bool(ends_sooner(job, found, executor, MODERN)) == sooner


PATIENCE = """\
#!/usr/bin/env python3
import json, os, sys
loss, step, wait = 100.0, 0, 0
if os.path.exists("state"):
    loss, step = json.load(open("state"))
while wait < 5:
    before, loss = loss, max(10.0, loss * 0.7)
    step += 1
    wait = wait + 1 if loss == before else 0
    if step % 3 == 0:
        json.dump([loss, step], open("state", "w"))
        sys.exit(85)
open("out", "w").write(f"{loss} {step}\\n")
"""
BUDGET = """\
#!/usr/bin/env python3
import os, sys
done, steps = int(open("state").read()) if os.path.exists("state") else 0, 0
while done < 3000:
    done, steps = done + 1, steps + 1
    if steps == 5:
        open("state", "w").write(str(done))
        sys.exit(85)
open("out", "w").write(f"{done}\\n")
"""
"""It is right, and saves once in each execution."""


@pytest.mark.parametrize(
    ("program", "names"),
    [(PATIENCE, ["wait"]), (BUDGET, []), (ONE_PART, [])],
    ids=["it forgets to wait", "so many steps at a time", "a part at a time"],
)
def test_what_keeps_a_job_from_its_end_is_named(executor, program, names):
    job = parse(SUBMIT, TreeFolder(Tree({"job.py": File(program.encode(), 0o755)}))).jobs[0]
    found = explore(job, executor, bounds=Bounds(executions=60))
    assert found.unknown is Unknown.EXECUTIONS
    assert [each.name for each in kept_from_its_end(job, found, executor, MODERN)] == names
