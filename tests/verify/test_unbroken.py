"""The measure of a job whose right output nobody has told: a run that never restarts."""

from __future__ import annotations

import sys
import textwrap

import pytest

from grader.rules.profile import MODERN
from grader.submit.folder import TreeFolder
from grader.submit.reader import parse
from grader.tree import File, Tree
from grader.verify.explore import CONSISTENT, RESTART_SAFE, UNSAFE, explore
from grader.verify.unbroken import measured

SUBMIT = """\
executable = job.py
checkpoint_exit_code = 85
transfer_checkpoint_files = {files}
transfer_output_files = out
queue
"""

SUMS = """\
import os, random, sys, time
done, total = 0, 0
if os.path.exists("state"):
    done, total = map(int, open("state").read().split())
def save():
    with open("state", "w") as file:
        file.write(f"{done} {total}")
"""
"""The beginning of a program that adds up numbers; LEAVE is how it leaves after each fourth."""

LOOP = (
    SUMS
    + """\
while done < 12:
    time.sleep(1)
    done += 1
    total += done
    if done % 4 == 0 and done < 12:
        save()
        LEAVE
open("out", "w").write(f"{total}\\n")
"""
)

IN_MAIN = """\
import os, sys, time
def work():
    total = done = 0
    if os.path.exists("state"):
        done, total = map(int, open("state").read().split())
    while done < 12:
        time.sleep(1)
        done, total = done + 1, total + done + 1
        if done in (4, 8):
            open("state", "w").write(f"{done} {total}")
            return 85
    open("out", "w").write(f"{total}\\n")
    return 0
def main():
    return work()
"""

RIGHT = {
    "sys.exit": LOOP.replace("LEAVE", "sys.exit(85)"),
    "exit": LOOP.replace("LEAVE", "exit(85)"),
    "quit": LOOP.replace("LEAVE", "quit(85)"),
    "os._exit": LOOP.replace("LEAVE", "os._exit(85)"),
    "raise": LOOP.replace("LEAVE", "raise SystemExit(85)"),
    "an exception of its own": LOOP.replace("import os", "class Saved(SystemExit): pass\nimport os").replace(
        "LEAVE", "raise Saved(85)"
    ),
    "on several lines": LOOP.replace("LEAVE", "sys.exit(\n            85\n        )"),
    "from sys import exit": "from sys import exit as leave\n" + LOOP.replace("LEAVE", "leave(85)"),
    "return into sys.exit": IN_MAIN + "sys.exit(main())\n",
    "return into a name": IN_MAIN + "code = main()\nsys.exit(code)\n",
    "return into raise": IN_MAIN + "raise SystemExit(main())\n",
    "a state after the timer": SUMS
    + """\
begun = time.time()
while done < 12:
    time.sleep(1)
    done += 1
    total += done
    if time.time() - begun >= 4 and done < 12:
        save()
        sys.exit(85)
open("out", "w").write(f"{total}\\n")
""",
    "the time that it took, by a timer that is not set back": SUMS
    + """\
begun, before = time.time(), total
while done < 12:
    time.sleep(1)
    done += 1
    if done % 4 == 0 and done < 12:
        total = before + int(time.time() - begun)
        before = total
        save()
        sys.exit(85)
open("out", "w").write(f"{done} {before + int(time.time() - begun)}\\n")
""",
    "the time that it took, step by step": SUMS
    + """\
last = time.time()
while done < 12:
    time.sleep(1)
    done += 1
    total, last = total + int(time.time() - last), time.time()
    if done % 4 == 0 and done < 12:
        save()
        sys.exit(85)
open("out", "w").write(f"{done} {total}\\n")
""",
    "it counts its checkpoints": SUMS.replace("total", "saves")
    + """\
begun = time.time()
while done < 12:
    time.sleep(1)
    done += 1
    if time.time() - begun >= 4 and done < 12:
        saves += 1
        save()
        sys.exit(85)
open("out", "w").write(f"{done} {saves}\\n")
""",
    "a generator restored": """\
import os, pickle, random, sys, time
rng, done, total = random.Random(7), 0, 0
if os.path.exists("state"):
    state, done, total = pickle.load(open("state", "rb"))
    rng.setstate(state)
while done < 12:
    done, total = done + 1, total + rng.randrange(1000)
    if done % 4 == 0 and done < 12:
        with open("state", "wb") as file:
            pickle.dump((rng.getstate(), done, total), file)
        sys.exit(85)
open("out", "w").write(f"{total}\\n")
""",
    "rows appended": """\
import os, sys, time
done = int(open("state").read()) if os.path.exists("state") else 0
for number in range(done, 12):
    time.sleep(1)
    with open("out", "a") as rows:
        rows.write(f"{number} {number ** 2}\\n")
    if number in (3, 7):
        with open("state", "w") as file:
            file.write(str(number + 1))
        sys.exit(85)
""",
    "its database is closed": """\
import os, sqlite3, sys
base = sqlite3.connect("state")
base.execute("create table if not exists rows (n)")
done = len(base.execute("select n from rows").fetchall())
while done < 12:
    done += 1
    base.execute("insert into rows values (?)", [done])
    if done % 4 == 0 and done < 12:
        base.commit()
        base.close()
        sys.exit(85)
open("out", "w").write(f"{sum(n for n, in base.execute('select n from rows'))}\\n")
""",
}

DOUBTFUL = {
    "it breaks off before it leaves": SUMS
    + """\
while done < 12:
    done += 1
    total += done
    if done % 4 == 0:
        save()
        break
if done < 12:
    sys.exit(85)
open("out", "w").write(f"{total}\\n")
""",
    "it counts its checkpoints, which are more then": SUMS.replace("total", "saves")
    + """\
steps = 0
while done < 12:
    done, steps = done + 1, steps + 1
    if steps >= 4 and done < 12:
        saves += 1
        save()
        sys.exit(85)
open("out", "w").write(f"{done} {saves}\\n")
""",
    "it tells when it saved, which is more often then": """\
import os, sys, time
done = int(open("state").read()) if os.path.exists("state") else 0
steps = 0
while done < 12:
    time.sleep(1)
    done, steps = done + 1, steps + 1
    with open("out", "a") as rows:
        rows.write(f"{done} {done ** 2}\\n")
        if steps >= 4 and done < 12:
            rows.write(f"saved after {steps} s\\n")
    if steps >= 4 and done < 12:
        open("state", "w").write(str(done))
        sys.exit(85)
""",
    "it tells of each restart": """\
import os, sys, time
done = int(open("state").read()) if os.path.exists("state") else 0
if done:
    open("out", "a").write(f"goes on after {done}\\n")
while done < 12:
    done += 1
    open("out", "a").write(f"{done}\\n")
    if done % 4 == 0 and done < 12:
        open("state", "w").write(str(done))
        sys.exit(85)
""",
    "it counts its restarts": """\
import os, sys
done, starts = 0, 0
if os.path.exists("state"):
    done, starts = map(int, open("state").read().split())
    starts += 1
while done < 12:
    done += 1
    if done % 4 == 0 and done < 12:
        open("state", "w").write(f"{done} {starts}")
        sys.exit(85)
open("out", "w").write(f'{{"sum": {done}, "restarts": {starts}}}\\n')
""",
    "only a restart goes on": """\
import os, sys
if os.path.exists("state"):
    open("out", "w").write("done\\n")
    sys.exit()
open("state", "w").write("half")
sys.exit(85)
""",
}

BLOCKS = """\
import os, random, sys, time
number = int(open("state").read()) if os.path.exists("state") else 0
BEGIN
while number < 12:
    number += 1
    STEP
    if number % 4 == 0:
        SAVE
        if number < 12:
            open("state", "w").write(str(number))
            sys.exit(85)
END
"""
"""A program that is meant to begin something anew at each start."""


def blocks(begin, step, save="pass", end=""):
    return BLOCKS.replace("BEGIN", begin).replace("STEP", step).replace("SAVE", save).replace("END", end)


MEANT = {
    "a buffer of rows": blocks(
        "rows = []", 'rows.append(f"{number}\\n")', 'open("out", "a").writelines(rows)  # rows.write'
    ),
    "a part that is added to what there is": blocks(
        "part = 0",
        "part += number",
        'old = int(open("out").read()) if os.path.exists("out") else 0; open("out", "w").write(str(old + part))  # "a")',
    ),
    "the mean of a block": blocks(
        "block = []", "block.append(number)", 'open("out", "a").write(f"{number} {sum(block) / len(block)}\\n")'
    ),
    "a generator for each block": blocks(
        "rng = random.Random(100 + number)", "last = rng.random()", end='open("out", "w").write(f"{last:.6f}")'
    ),
    "the number of the start in a column": blocks(
        'start = 1 + number // 4; out = open("out", "a")', "print(number, start, file=out, flush=True)"
    ),
    "where each start began, in a list": """\
import json, os, sys
state = json.load(open("state")) if os.path.exists("state") else {"number": 0, "starts": []}
state["starts"].append(state["number"])
while state["number"] < 12:
    state["number"] += 1
    if state["number"] % 5 == 0:
        json.dump(state, open("state", "w"))
        sys.exit(85)
json.dump(state, open("out", "w"))
""",
    "steps per second in a column": blocks(
        'begun, first, out = time.time(), number, open("out", "a")',
        'time.sleep(9 + number); print(number, "%.3f" % ((number - first) / (time.time() - begun)), file=out, flush=True)',
    ),
}

WRONG = {
    "it begins its generator again": """\
import os, random, sys
rng, done, total = random.Random(7), 0, 0
if os.path.exists("state"):
    done, total = map(int, open("state").read().split())
while done < 12:
    done, total = done + 1, total + rng.randrange(1000)
    if done % 4 == 0 and done < 12:
        open("state", "w").write(f"{done} {total}")
        sys.exit(85)
open("out", "w").write(f"{total}\\n")
""",
    "it forgets the sum": LOOP.replace("LEAVE", "sys.exit(85)").replace(
        'done, total = map(int, open("state").read().split())', 'done = int(open("state").read().split()[0])'
    ),
    "it forgets the sum, and counts its steps": """\
import os, sys
done = int(open("state").read()) if os.path.exists("state") else 0
total = steps = 0
while done < 12:
    done, steps, total = done + 1, steps + 1, total + done ** 2 + 1
    if steps >= 4 and done < 12:
        open("state", "w").write(str(done))
        sys.exit(85)
open("out", "w").write(f"{total}\\n")
""",
    "it numbers its rows wrongly, and saves after so many": """\
import os, sys
done, value = 1, 3.0
if os.path.exists("state"):
    done, value = eval(open("state").read())
enough = done + 3
with open("out", "a") as rows:
    for done in range(done, 13):
        value = value * 1.5 % 7
        rows.write(f"{done} {value:.3f}\\n")
        if done == enough:
            with open("state", "w") as file:
                file.write(repr((done, value)))
            sys.exit(85)
""",
    "it skips an iteration": """\
import os, sys
done = int(open("state").read()) + 1 if os.path.exists("state") else 0
for number in range(done, 12):
    with open("out", "a") as rows:
        rows.write(f"{number}\\n")
    if number in (3, 7):
        open("state", "w").write(str(number + 1))
        sys.exit(85)
""",
    "it empties its output": """\
import os, sys
done = int(open("state").read()) if os.path.exists("state") else 0
rows = open("out", "w")
for number in range(done, 12):
    rows.write(f"{number}\\n")
    rows.flush()
    if number in (3, 7):
        open("state", "w").write(str(number + 1))
        sys.exit(85)
""",
    "it does an iteration again": """\
import os, sys
done = int(open("state").read()) if os.path.exists("state") else 0
for number in range(done, 12):
    with open("out", "a") as rows:
        rows.write(f"{number}\\n")
    if number in (3, 7):
        open("state", "w").write(str(number))
        if number > done:
            sys.exit(85)
""",
    "its function forgets": IN_MAIN.replace(
        'done, total = map(int, open("state").read().split())', 'done = int(open("state").read().split()[0])'
    )
    + "sys.exit(main())\n",
}
"""Each loses the same at every restart, and so agrees with itself."""


SHELLS = {
    "exec": "exec python3 prog.py",
    "the last command": "echo starts on $(hostname)\npython3 prog.py",
    "exit $?": "python3 ./prog.py\nexit $?",
    "a variable": "set -u\npython3 -u prog.py\ncode=$?\necho ended with $code\nexit $code",
    "set -e": "set -euo pipefail\nmkdir -p tmp\npython3 prog.py\nrm -r tmp",
    "env": "cd .; env DATA=x /usr/bin/env python3 prog.py || exit $?",
    "a function": 'main() { python3 "$@"; }\nmain prog.py; exit',
    "the program itself": "chmod +x prog.py; ./prog.py; exit $?",
    "timeout": "timeout 100h python3 prog.py",
    "case": "python3 prog.py; code=$?\ncase $code in 85) exit 85;; 0) echo done;; *) exit 1;; esac",
}


@pytest.fixture
def judge_in_shell(executor):
    """The same where a shell script starts the program."""

    def judge(shell, program):
        python, script = "#!/usr/bin/env python3\n" + textwrap.dedent(program), f"#!/bin/bash\n{shell}\n"
        files = "state, out" if "rows.write" in program or '"a")' in program else "state"
        folder = TreeFolder(Tree({"run.sh": File(script.encode(), 0o755), "prog.py": File(python.encode())}))
        text = SUBMIT.replace("job.py", "run.sh").replace("queue", "transfer_input_files = prog.py\nqueue")
        job = parse(text.format(files=files), folder).jobs[0]
        found = explore(job, executor)
        assert found.verdict == RESTART_SAFE, found
        return measured(job, found, executor, MODERN)

    return judge


@pytest.fixture
def judge(executor):
    """judge(program) is its verdict, and how a run that never restarts ended otherwise."""

    def judge(program):
        text = "#!/usr/bin/env python3\n" + textwrap.dedent(program)
        files = "state, out" if "rows.write" in program or '"a")' in program else "state"
        folder = TreeFolder(Tree({"job.py": File(text.encode(), 0o755)}))
        job = parse(SUBMIT.format(files=files), folder).jobs[0]
        found = explore(job, executor)
        assert found.verdict == RESTART_SAFE, found
        return measured(job, found, executor, MODERN)

    return judge


@pytest.mark.parametrize("style", RIGHT)
def test_a_right_program_is_restart_safe(judge, style):
    found, difference = judge(RIGHT[style])
    assert (found.verdict, found.unbroken, difference) == (RESTART_SAFE, True, None)


@pytest.mark.parametrize("style", DOUBTFUL)
def test_a_right_program_that_can_not_go_on_is_consistent(judge, style):
    found, _ = judge(DOUBTFUL[style])
    assert (found.verdict, found.unbroken) == (CONSISTENT, False)


def test_what_a_timer_that_begins_anew_computes_is_not_believed(judge):
    cools = (
        SUMS
        + """\
begun = time.time()
while done < 12:
    time.sleep(1)
    done += 1
    total += int(100 / (time.time() - begun))
    if time.time() - begun >= 4 and done < 12:
        save()
        sys.exit(85)
open("out", "w").write(f"{total}\\n")
"""
    )
    found, difference = judge(cools)
    assert found.verdict == CONSISTENT
    assert difference and difference.unbroken != difference.restarted


@pytest.mark.parametrize("style", MEANT)
def test_what_is_meant_to_begin_anew_is_never_unsafe(judge, style):
    found, difference = judge(MEANT[style])
    assert (found.verdict, found.unbroken) == (CONSISTENT, False)
    assert difference.unbroken["out"] != difference.restarted["out"]


@pytest.mark.parametrize("bug", WRONG)
def test_what_is_lost_at_every_restart_is_seen(judge, bug):
    found, difference = judge(WRONG[bug])
    assert (found.verdict, found.failure, found.schedule) == (UNSAFE, "wrong output", ())
    assert not difference.explained and set(difference.restarted) == {"out"}


def test_a_program_that_is_no_python_is_consistent(executor):
    script = b"#!/bin/bash\n[ -e state ] && { echo 1 > out; exit; }\necho 1 > state\nexit 85\n"
    job = parse(
        SUBMIT.replace("job.py", "job").format(files="state"), TreeFolder(Tree({"job": File(script, 0o755)}))
    ).jobs[0]
    found, difference = measured(job, explore(job, executor), executor, MODERN)
    assert (found.verdict, difference) == (CONSISTENT, None)


def test_what_is_known_to_be_right_is_no_matter_for_another_run(executor):
    folder = TreeFolder(Tree({"job.py": File(b"#!/usr/bin/env python3\n" + RIGHT["raise"].encode(), 0o755)}))
    job = parse(SUBMIT.format(files="state"), folder).jobs[0]
    found = explore(job, executor, expected=Tree({"out": File(b"78\n")}))
    assert measured(job, found, executor, MODERN) == (found, None)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_program_that_a_shell_starts_goes_on_as_well(judge_in_shell, shell):
    found, difference = judge_in_shell(SHELLS[shell], RIGHT["sys.exit"])
    assert (found.verdict, found.unbroken, difference) == (RESTART_SAFE, True, None)
    found, _ = judge_in_shell(SHELLS[shell], WRONG["it forgets the sum"])
    assert (found.verdict, found.failure) == (UNSAFE, "wrong output")


@pytest.mark.parametrize("style", [*RIGHT, *DOUBTFUL])
def test_a_right_program_that_a_shell_starts_is_never_unsafe(judge_in_shell, style):
    found, _ = judge_in_shell(SHELLS["exit $?"], {**RIGHT, **DOUBTFUL}[style])
    # Among other processes a look at the clock takes no time, so that whole seconds are counted otherwise.
    safe = style in RIGHT and style != "the time that it took, step by step"
    assert found.verdict == (RESTART_SAFE if safe else CONSISTENT)


SUMS_UP = """\
#!/bin/bash
python3 prog.py
code=$?
echo $(($(cat total 2> /dev/null || echo 0) + $(cat part))) > total
[ $code = 0 ] && cp total out
exit $code
"""
"""It adds up what each execution has left, which a program that goes on leaves but once."""


def test_what_a_shell_does_with_each_part_is_no_fault_of_the_program(executor):
    python = """\
import os, sys
done, part = int(open("state").read()) if os.path.exists("state") else 0, 0
for number in range(done, 12):
    part += number
    if number in (3, 7):
        open("state", "w").write(str(number + 1))
        open("part", "w").write(str(part))
        part = 0
        sys.exit(85)
open("part", "w").write(str(part))
"""
    folder = TreeFolder(Tree({"run.sh": File(SUMS_UP.encode(), 0o755), "prog.py": File(python.encode())}))
    text = SUBMIT.replace("job.py", "run.sh").replace("queue", "transfer_input_files = prog.py\nqueue")
    job = parse(text.format(files="state, total"), folder).jobs[0]
    found, difference = measured(job, explore(job, executor), executor, MODERN)
    assert found.verdict == CONSISTENT and not difference.explained
    assert (difference.restarted["out"].text, difference.unbroken["out"].text) == ("66\n", "38\n")


@pytest.mark.parametrize("how", ["sys.exit", "raise", "return into sys.exit"])
@pytest.mark.parametrize("python", [sys.executable, "python3 -u", "python3 -B -W ignore", f"{sys.executable} -X utf8"])
def test_a_python_that_is_named_in_full_or_has_options_goes_on(executor, python, how):
    program = RIGHT[how].encode()
    script = f"#!/bin/sh\n{python} prog.py\n".encode()
    folder = TreeFolder(Tree({"run.sh": File(script, 0o755), "prog.py": File(program)}))
    text = SUBMIT.replace("job.py", "run.sh").replace("queue", "transfer_input_files = prog.py\nqueue")
    job = parse(text.format(files="state"), folder).jobs[0]
    found, _ = measured(job, explore(job, executor), executor, MODERN)
    assert (found.verdict, found.unbroken) == (RESTART_SAFE, True)
