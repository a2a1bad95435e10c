"""What a program forgets at each restart is named if that is proven, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.course.diagnosis import forgetting
from grader.rules.job import Job
from grader.rules.profile import MODERN
from grader.tree import File, Tree
from grader.verify.explore import explore
from grader.verify.forgotten import explaining, forgotten
from grader.verify.unbroken import measured

LOOP = """\
#!/usr/bin/env python3
import os, random, sys, time
random.seed(7)
began, done, total, cache, values = time.time(), 0, 0, {}, [3, 1, 2]
class Box: pass
box = Box()
box.best = 0
if os.path.exists("state"):
    done, total = map(int, open("state").read().split())
while done < 9:
    BODY
    done += 1
    if done % 3 == 0 and done < 9:
        with open("state", "w") as file:
            file.write(f"{done} {SAVED}")
        sys.exit(85)
with open("out", "w") as file:
    file.write(f"{total} {box.best}\\n")
"""
"""BODY is what an iteration does, and SAVED what is saved as the total."""


def job_of(body, saved="total"):
    source = LOOP.replace("BODY", body).replace("SAVED", saved)
    return Job(
        executable="job",
        inputs=Tree({"job": File(source.encode(), executable=True)}),
        checkpoint_exit_code=85,
        transfer_checkpoint_files=("state",),
        transfer_output_files=("out",),
    )


FORGETS = {
    "a sum": ("total += done", "0", ["total"], "state-incomplete"),
    "an attribute": ("total += 1; box.best += done", "total", ["box.best"], "state-incomplete"),
    "a generator": ("total += random.randrange(100)", "total", ["random"], "rng-not-saved"),
    "what a cache must not have": ("total += cache.setdefault('first', done)", "total", ["cache"], "state-incomplete"),
    "a sum, beside a harmless list": ("total += done; values.append(done)", "0", ["total"], "state-incomplete"),
    "what is still 0 at the first restart": ("total += max(0, done - 4)", "0", ["total"], "state-incomplete"),
    "two sums": ("total += done; box.best += total", "0", ["total", "box.best"], "state-incomplete"),
}


@pytest.mark.parametrize("what", FORGETS)
def test_what_a_program_forgets_is_named(executor, what):
    body, saved, names, behind = FORGETS[what]
    job = job_of(body, saved)
    found, _ = measured(job, explore(job, executor), executor, MODERN)
    forgets = forgotten(job, found, executor, MODERN)
    assert [one.name for one in forgets] == names
    assert forgetting(forgets).id == behind
    assert {(one.file, one.line) for one in forgets} == {("job", 10)}


def test_what_was_lost_is_told_with_its_values(executor):
    job = job_of("total += done", "0")
    found, _ = measured(job, explore(job, executor), executor, MODERN)
    (total,) = forgotten(job, found, executor, MODERN)
    assert (total.saved, total.restored, total.kind) == ("3", "0", "builtins.int")


def test_nothing_is_named_where_the_place_is_what_is_wrong(executor):
    job = job_of("total += done; values.append(done)", "total * 2")
    found, _ = measured(job, explore(job, executor), executor, MODERN)
    assert (found.failure, forgotten(job, found, executor, MODERN)) == ("wrong output", ())


def test_it_explains_a_difference_that_may_be_harmless(executor):
    job = job_of("total += done", "0")
    right, wrong = (Tree({"out": File(text)}) for text in (b"36 0\n", b"21 0\n"))
    found = explore(job, executor)
    assert [one.name for one in explaining(job, found, executor, MODERN, right, wrong)] == ["total"]
    assert explaining(job, found, executor, MODERN, right, Tree({"out": File(b"5 0\n")})) == ()


def test_a_file_closed_before_the_program_leaves_can_be_written_to(executor):
    source = b"""\
#!/usr/bin/env python3
import os, sys
done = int(open("state").read()) if os.path.exists("state") else 0
out = open("out", "MODE")
while done < 9:
    out.write(f"{done}\\n")
    done += 1
    if done % 3 == 0 and done < 9:
        out.close()
        open("state", "w").write(str(done))
        sys.exit(85)
"""
    files = {"transfer_checkpoint_files": ("state", "out"), "transfer_output_files": ("out",)}
    for mode, verdict in ((b"a", "restart-safe"), (b"w", "unsafe")):
        inputs = Tree({"job": File(source.replace(b"MODE", mode), executable=True)})
        job = Job(executable="job", inputs=inputs, checkpoint_exit_code=85, **files)
        assert measured(job, explore(job, executor), executor, MODERN)[0].verdict == verdict


@pytest.mark.parametrize(
    ("body", "restored", "saved"),
    [
        ("total += values[0] * done; values.insert(0, done)", "if done: values = [5]", "[2, 1, 0, 3, 1, 2]"),
        ("total += values[0] * done", "if done > 3: values = [5]", "[3, 1, 2]"),
    ],
    ids=["at the first restart", "at a later one"],
)
def test_what_is_other_than_at_the_save_is_named_wherever_it_begins(executor, body, restored, saved):
    _, (values,) = restoring(executor, body, restored)
    assert (values.name, values.saved, values.restored, values.anew) == ("values", saved, "[5]", False)


def test_a_place_that_is_wrong_only_later_is_not_named(executor):
    found, forgets = restoring(executor, "total += done", "if done > 3: done += 1")
    assert (found.failure, forgets) == ("wrong output", ())


def test_a_way_that_was_not_followed_to_its_end_is_not_explained(executor):
    job = job_of("total += done", "0")
    found, _ = measured(job, explore(job, executor), executor, MODERN)
    assert forgotten(job, found, executor, MODERN)
    found.first.follower.follower = None
    assert forgotten(job, found, executor, MODERN) == ()


def restoring(executor, body, restored):
    """The measured exploration, and what is forgotten, of a program with a line more before its loop."""
    job = job_of(body)
    source = job.inputs.file("job").content.replace(b"while done < 9:", restored.encode() + b"\nwhile done < 9:")
    job = replace(job, inputs=Tree({"job": File(source, executable=True)}))
    found, _ = measured(job, explore(job, executor), executor, MODERN)
    return found, forgotten(job, found, executor, MODERN)


def test_what_a_restart_brings_back_is_not_named(executor):
    source = b"""\
#!/usr/bin/env python3
import json, os, sys
state, steps = {"begun": 0, "rows": []}, 0
if os.path.exists("state"):
    state = json.load(open("state"))
while state["begun"] < 9:
    state["begun"] += 1
    if steps == 2:
        json.dump(state, open("state", "w"))
        sys.exit(85)
    state["rows"].append((state["begun"], state["begun"] ** 2))
    steps += 1
with open("out", "w") as file:
    file.writelines(f"{row[0]} {row[1]}\\n" for row in state["rows"])
"""
    job = replace(job_of("pass"), inputs=Tree({"job": File(source, executable=True)}))
    found, _ = measured(job, explore(job, executor), executor, MODERN)
    right = Tree({"out": File(b"".join(b"%d %d\n" % (n, n**2) for n in range(1, 10)))})
    wrong = Tree({"out": File(b"".join(b"%d %d\n" % (n, n**2) for n in (1, 2, 4, 5, 7, 8)))})
    assert found.verdict != "restart-safe"
    assert explaining(job, found, executor, MODERN, right, wrong) == ()


def test_what_begins_anew_is_named_where_a_run_that_goes_on_saves_once(executor):
    source = b"""\
#!/usr/bin/env python3
import os, sys
done, half = int(open("state").read()) if os.path.exists("state") else 0, 0.0
until = done + 3
while done < 9:
    if done == until:
        open("state", "w").write(str(done))
        sys.exit(85)
    done, half = done + 1, half + done / 2
open("out", "w").write(f"{done} {half}\\n")
"""
    job = replace(job_of("pass"), inputs=Tree({"job": File(source, executable=True)}))
    found, _ = measured(job, explore(job, executor), executor, MODERN)
    (half,) = forgotten(job, found, executor, MODERN)
    assert (half.name, half.saved, half.restored, half.anew) == ("half", "1.5", "0.0", True)
    job = replace(
        job, inputs=Tree({"job": File(source.replace(b"0.0", b"0").replace(b"/ 2", b"* 2"), executable=True)})
    )
    found, _ = measured(job, explore(job, executor), executor, MODERN)
    assert [one.name for one in forgotten(job, found, executor, MODERN)] == ["half"], "done is what tells the place"


def test_nothing_is_named_that_may_be_the_place_itself(executor):
    source = b"""\
#!/usr/bin/env python3
import json, os, sys
left, count = json.load(open("state")) if os.path.exists("state") else [5, 3, 8, 1, 9, 2, 7], 0
while left:
    json.dump(left, open("state", "w"))
    open("out", "a").write(f"{left.pop()}\\n")
    count += 1
    if count == 3:
        count = 0
        sys.exit(85)
"""
    files = {"transfer_checkpoint_files": ("state", "out"), "inputs": Tree({"job": File(source, executable=True)})}
    job = replace(job_of("pass"), **files)
    found, _ = measured(job, explore(job, executor), executor, MODERN)
    assert (found.failure, forgotten(job, found, executor, MODERN)) == ("wrong output", ())
