"""What explore() says of a job, and that the schedule it prints shows it.

The jobs are complete little programs. Most of them count to 3, with a checkpoint after each step.
"""

from __future__ import annotations

import math
import sys
import textwrap
from contextlib import nullcontext

import pytest

from grader.execute.executor import Executor
from grader.rules.execution import EPOCH, Exit, Limits, Run
from grader.rules.job import Job
from grader.rules.profile import PROFILES
from grader.rules.schedule import parse, render
from grader.rules.simulation import outcome, simulate
from grader.tree import File, Tree
from grader.verify.evidence import evidence
from grader.verify.explore import RESTART_SAFE, UNKNOWN, UNSAFE, Bounds, explore, unknown
from grader.verify.verdicts import Unknown, Unsafe

LINUX = sys.platform.startswith("linux")
V25 = PROFILES["v25"]


COUNTING = {"checkpoint_exit_code": 85, "transfer_checkpoint_files": ("n", "rows"), "transfer_output_files": ("rows",)}


@pytest.fixture
def counting(python_job):
    """A job that checkpoints `n` and `rows`; what is given replaces its fields."""

    def counting(source, **fields):
        return python_job(source, **{**COUNTING, **fields})

    return counting


def play(job, executor, found, profile=PROFILES["modern"]):
    """The end of the job on the schedule that was printed, read back from its notation."""
    return outcome(simulate(job, executor, profile, parse(render(found.schedule))))


SAFE = """
    import os, sys
    n = int(open("n").read()) if os.path.exists("n") else 0
    with open("rows", "a") as rows:
        rows.write(f"row {n}\\n")
    if n == 3:
        sys.exit()
    with open("n", "w") as file:
        file.write(str(n + 1))
    sys.exit(85)
"""

SAFE_STYLES = {
    "text": (SAFE, {}),
    "json": (
        """
        import json, os, sys
        state = {"n": 0, "rows": []}
        if os.path.exists("state.json"):
            state = json.load(open("state.json"))
        state["rows"].append(state["n"] ** 2)
        state["n"] += 1
        if state["n"] == 3:
            json.dump(state["rows"], open("rows", "w"))
        else:
            json.dump(state, open("state.json", "w"))
            sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("state.json",)},
    ),
    "pickle of an own class": (
        """
        import os, pickle, sys
        class State:
            def __init__(self):
                self.n, self.total = 0, 0
        def load():
            try:
                with open("state.pickle", "rb") as file:
                    return pickle.load(file)
            except FileNotFoundError:
                return State()
        state = load()
        state.n += 1
        state.total += state.n
        if state.n < 4:
            with open("state.tmp", "wb") as file:
                pickle.dump(state, file)
            os.replace("state.tmp", "state.pickle")
            sys.exit(85)
        print(state.total, file=open("rows", "w"))
    """,
        {"transfer_checkpoint_files": ("state.pickle",)},
    ),
    "a file per step in a directory": (
        """
        import os, sys
        os.makedirs("steps", exist_ok=True)
        done = len(os.listdir("steps"))
        open(f"steps/{done}", "w").write("x")
        if done < 3:
            sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("steps",), "transfer_output_files": ("steps",)},
    ),
    "nothing listed at all": (SAFE, {"transfer_checkpoint_files": None, "transfer_output_files": None}),
    "the moment of saving in the checkpoint": (
        """
        import json, os, sys, time
        time.sleep(100)
        n = json.load(open("n"))["n"] if os.path.exists("n") else 0
        if n == 3:
            open("rows", "w").write("done")
        else:
            json.dump({"n": n + 1, "saved": time.time(), "date": time.strftime("%c")}, open("n", "w"))
            sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "the host name in the checkpoint": (
        """
        import os, socket, sys
        n = int(open("n").read().split()[0]) if os.path.exists("n") else 0
        if n == 3:
            open("rows", "w").write("done")
        else:
            open("n", "w").write(f"{n + 1} {socket.gethostname()} {os.getcwd()}")
            sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "every host name so far in the checkpoint": (
        """
        import os, platform, sys
        hosts = open("n").read().split() if os.path.exists("n") else []
        if len(hosts) == 3:
            open("rows", "w").write("done")
        else:
            open("n", "w").write(" ".join(hosts + [platform.node()]))
            sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "a uuid in the checkpoint": (
        """
        import os, sys, uuid
        n = int(open("n").read().split()[0]) if os.path.exists("n") else 0
        if n == 3:
            open("rows", "w").write("done")
        else:
            open("n", "w").write(f"{n + 1} {uuid.uuid4()}")
            sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "only prints": (
        """
        import os, sys
        n = int(open("n").read()) if os.path.exists("n") else 0
        print("row", n)
        if n < 3:
            open("n", "w").write(str(n + 1))
            sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",), "transfer_output_files": ()},
    ),
    "prints where it runs": (
        """
        import os, socket, sys
        print("on", socket.gethostname(), "in", os.getcwd())
        n = int(open("n").read()) if os.path.exists("n") else 0
        if n < 3:
            open("n", "w").write(str(n + 1))
            sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",), "transfer_output_files": ()},
    ),
    "logs beside its result": (
        """
        import os, random, sys
        print("starting with", random.random())
        n = int(open("n").read()) if os.path.exists("n") else 0
        if n < 3:
            open("n", "w").write(str(n + 1))
            sys.exit(85)
        open("rows", "w").write("done")
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "a seeded random generator in the checkpoint": (
        """
        import os, pickle, random, sys
        rows = []
        if os.path.exists("n"):
            state, rows = pickle.load(open("n", "rb"))
            random.setstate(state)
        else:
            random.seed(1)
        rows.append(random.random())
        if len(rows) < 3:
            pickle.dump((random.getstate(), rows), open("n", "wb"))
            sys.exit(85)
        open("rows", "w").write(str(rows))
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "starts over each time, and that is all its work": (
        """
        import os, sys
        if not os.path.exists("n"):
            open("n", "w").write("ready")
            sys.exit(85)
        open("rows", "w").write("done")
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
}


@pytest.mark.parametrize("style", SAFE_STYLES)
def test_a_job_that_resumes_rightly_is_restart_safe(counting, executor, style):
    source, fields = SAFE_STYLES[style]
    found = explore(counting(source, **fields), executor)
    assert (found.verdict, found.failure, found.schedule) == (RESTART_SAFE, None, None)
    assert found.checkpoints >= 1


def test_a_job_that_goes_by_what_it_has_printed_is_restart_safe(counting, executor):
    job = counting(
        """
        import sys
        n = open("_condor_stdout").read().count("unit")
        print("unit", n, flush=True)
        sys.exit(85 if n < 4 else 0)
    """,
        transfer_checkpoint_files=(),
        transfer_output_files=(),
    )
    found = explore(job, executor)
    assert (found.verdict, found.checkpoints) == (RESTART_SAFE, 4)
    assert outcome(simulate(job, executor, schedule=parse("evict@3"))).returned_files["out.txt"].text.count("unit") == 5


@pytest.mark.parametrize("style", ["text", "json", "pickle of an own class", "the host name in the checkpoint"])
@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_right_job_is_restart_safe_in_every_version_that_saves_it(counting, executor, style, profile):
    source, fields = SAFE_STYLES[style]
    assert explore(counting(source, **fields), executor, profile).verdict == RESTART_SAFE


def test_a_shell_script_that_resumes_rightly_is_restart_safe(shell_job, executor):
    job = shell_job(
        """
        n=$(cat n 2>/dev/null || echo 0)
        echo "row $n" >> rows
        [ $n -ge 2 ] && exit 0
        echo $((n + 1)) > n
        exit 85
    """,
        checkpoint_exit_code=85,
        transfer_checkpoint_files=("n", "rows"),
        transfer_output_files=("rows",),
    )
    assert explore(job, executor).verdict == RESTART_SAFE


# -- unsafe --------------------------------------------------------------------

UNSAFE_JOBS = {
    "wrong output: rows not in the checkpoint": (
        "wrong output",
        "evict@2",
        SAFE,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "wrong output: n not in the checkpoint": (
        "wrong output",
        "evict@2",
        SAFE,
        {"transfer_checkpoint_files": ("rows",)},
    ),
    "wrong output: only the output list is there, so only it is sent": (
        "wrong output",
        "evict@2",
        SAFE,
        {"transfer_checkpoint_files": None},
    ),
    "wrong output: the sum is in a file that is not sent": (
        "wrong output",
        "evict@3",
        """
        import json, os, sys
        if os.path.exists("scratch"):
            total = json.load(open("scratch"))
        else:
            total = 0
        n = json.load(open("n")) if os.path.exists("n") else 0
        total += n
        if n == 3:
            open("rows", "w").write(f"{total}")
            sys.exit()
        json.dump(total, open("scratch", "w"))
        json.dump(n + 1, open("n", "w"))
        sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "wrong output: only the second eviction shows it": (
        "wrong output",
        "evict@2 evict@4",
        """
        import os, sys
        n = int(open("n").read()) if os.path.exists("n") else 0
        in_place = os.path.exists("here")
        open("here", "w"), open("rows", "w")
        if n < 2 and not in_place:
            open("n", "w").write(str(n + 1))
            sys.exit(85)
        open("rows", "w").write("right" if in_place else "wrong")
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "wrong output: text printed twice": (
        "wrong output",
        "evict@2",
        """
        import os, sys
        n = len(os.listdir("kept")) if os.path.isdir("kept") else 0
        print("row", n)
        if n < 3:
            os.makedirs("kept", exist_ok=True)
            open(f"kept/{n}", "w")
            sys.exit(85)
    """,
        {"transfer_checkpoint_files": (), "transfer_output_files": ()},
    ),
    "held: a listed file never made": ("held", "", SAFE, {"transfer_checkpoint_files": ("n", "rows", "model")}),
    "held: the first checkpoint has it, the second has not": (
        "held",
        "",
        """
        import os, sys
        if not os.path.exists("n"):
            open("n", "w")
            sys.exit(85)
        os.remove("n")
        sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "held: an output file that only a run in one sandbox makes": (
        "held",
        "evict@2",
        """
        import os, sys
        if not os.path.exists("n"):
            open("rows", "w")
            open("n", "w")
            sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "failed: it crashes when it resumes elsewhere": (
        "failed",
        "evict@2",
        """
        import os, sys
        if not os.path.exists("n"):
            open("table", "w").write("1 2 3")
            open("n", "w").write("1")
            sys.exit(85)
        open("rows", "w").write("table:")
        print(open("table").read(), file=open("rows", "a"))
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "failed: it crashes always": (
        "failed",
        "",
        """
        open("rows", "w")
        raise SystemExit("no input")
    """,
        {},
    ),
    "failed: by a signal": (
        "failed",
        "evict@2",
        """
        import os, sys
        open("rows", "w")
        if os.path.exists("n"):
            if not os.path.exists("here"):
                os.kill(os.getpid(), 11)
            open("rows", "w").write("done")
        else:
            open("n", "w"), open("here", "w")
            sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "never finishes: it saves before any work": (
        "never finishes",
        "",
        """
        import os, sys
        n = int(open("n").read()) if os.path.exists("n") else 0
        open("n", "w").write(str(n))
        sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "never finishes: only after an eviction": (
        "never finishes",
        "evict@2",
        """
        import os, sys
        if not os.path.exists("n"):
            open("n", "w"), open("here", "w")
            sys.exit(85)
        if not os.path.exists("here"):
            sys.exit(85)
        open("rows", "w").write("done")
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "never finishes: to and fro": (
        "never finishes",
        "",
        """
        import os, sys
        n = int(open("n").read()) if os.path.exists("n") else 0
        open("n", "w").write(str(1 - n))
        sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "never finishes: exit 0 is its checkpoint": (
        "never finishes",
        "",
        """
        open("rows", "w").write("done")
        open("n", "w").write("done")
    """,
        {"checkpoint_exit_code": 0},
    ),
    "never finishes: the same text again and again": (
        "never finishes",
        "",
        """
        import sys
        open("n", "a").write("restarted\\n")
        sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "never finishes: prints, after an eviction, for ever": (
        "never finishes",
        "evict@2",
        """
        import os, sys
        if not os.path.exists("n"):
            open("n", "w"), open("here", "w")
            sys.exit(85)
        print("on we go")
        if not os.path.exists("here"):
            sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",), "transfer_output_files": ()},
    ),
    "never finishes: prints the time, after an eviction, for ever": (
        "never finishes",
        "evict@2",
        """
        import os, sys, time
        time.sleep(10)
        if not os.path.exists("n"):
            open("n", "w"), open("here", "w")
            sys.exit(85)
        print("still here at", time.time())
        if not os.path.exists("here"):
            sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",), "transfer_output_files": ()},
    ),
    "lost progress: the checkpoint is of no use": (
        "lost progress",
        "evict@2",
        """
        import os, sys
        n = int(open("here").read()) if os.path.exists("here") else 0
        open("n", "w").write(str(n))
        if n == 3:
            open("rows", "w").write("done")
        else:
            open("here", "w").write(str(n + 1))
            sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
    "lost progress: in a directory that is not sent by default": (
        "lost progress",
        "evict@2",
        """
        import os, sys, time
        time.sleep(600)
        os.makedirs("state", exist_ok=True)
        n = len(os.listdir("state"))
        if n == 3:
            open("rows", "w").write("done")
        else:
            open(f"state/{n}", "w")
            sys.exit(85)
    """,
        {"transfer_checkpoint_files": None, "transfer_output_files": None},
    ),
    "lost progress: an older checkpoint is sent": (
        "lost progress",
        "evict@3",
        """
        import os, sys
        n = int(open("n").read()) if os.path.exists("n") else 0
        if os.path.exists("n.new"):
            n = max(n, int(open("n.new").read()))
        if n == 3:
            open("rows", "w").write("done")
            sys.exit()
        if n < 1:
            open("n", "w").write(str(n + 1))
        open("n.new", "w").write(str(n + 1))
        sys.exit(85)
    """,
        {"transfer_checkpoint_files": ("n",)},
    ),
}


@pytest.fixture(scope="module")
def explored(executor, python_job):
    """explored(name): one of UNSAFE_JOBS and what explore() says of it, asked once."""
    known = {}

    def explored(name):
        if name not in known:
            _, _, source, fields = UNSAFE_JOBS[name]
            job = python_job(source, **{**COUNTING, **fields})
            known[name] = job, explore(job, executor)
        return known[name]

    return explored


@pytest.mark.parametrize("name", UNSAFE_JOBS)
def test_an_unsafe_job_fails_as_it_does_and_on_the_shortest_schedule(explored, name):
    failure, schedule, _, _ = UNSAFE_JOBS[name]
    _, found = explored(name)
    assert (found.verdict, found.failure) == (UNSAFE, failure)
    assert render(found.schedule) == schedule


@pytest.mark.parametrize("name", UNSAFE_JOBS)
def test_the_printed_schedule_makes_the_job_fail_in_the_same_way(explored, executor, name):
    failure, _, _, _ = UNSAFE_JOBS[name]
    job, found = explored(name)
    end, free = play(job, executor, found), outcome(simulate(job, executor))
    if failure == "wrong output":
        assert end.status == "completed" and end.exit.code == 0 and end.returned_files != free.returned_files
    elif failure == "failed":
        assert end.status == "completed" and end.exit.code != 0
    elif failure == "lost progress":
        assert end.status == "completed" and end.returned_files == free.returned_files
        assert end.executions - len(found.schedule) > free.executions, "nothing was done twice"
    else:
        assert end.status == failure


@pytest.mark.parametrize("name", UNSAFE_JOBS)
def test_the_printed_schedule_is_the_way_to_the_state_that_fails(explored, name):
    _, found = explored(name)
    way = found.violation.state.way()
    assert [state.now.execution for state in way] == list(range(1, len(way) + 1))
    assert way[-1].schedule == found.schedule
    assert {fault.execution for fault in found.schedule} >= {
        before.now.execution for before, after in zip(way, way[1:]) if after.moved
    }


def test_every_failure_is_among_the_examples():
    assert {name.partition(":")[0] for name in UNSAFE_JOBS} == set(Unsafe)
    for failure in Unsafe:
        assert sum(name.startswith(failure) for name in UNSAFE_JOBS) >= 2


def test_a_failed_upload_is_found_where_only_it_does_harm(counting, executor):
    """R4e: `token` is in the first checkpoint only, but stays in the spool, so it is in every later
    sandbox, unless just that checkpoint was not saved. `here`, a directory, is never sent."""
    job = counting(
        """
        import os, sys
        n = int(open("n").read()) if os.path.exists("n") else 0
        if n < 2:
            open("n", "w").write(str(n + 1))
            open("token", "w").write("x") if n == 0 else os.remove("token")
            os.makedirs("here", exist_ok=True)
            sys.exit(85)
        right = os.path.isdir("here") or os.path.exists("token")
        if os.path.exists("token"):
            os.remove("token")
        open("rows", "w").write("right" if right else "wrong")
    """,
        transfer_checkpoint_files=None,
        transfer_output_files=None,
    )
    found = explore(job, executor)
    assert (found.failure, render(found.schedule)) == ("wrong output", "upload-fails@1 evict@3")
    assert play(job, executor, found).returned_files["rows"].text == "wrong"


def test_what_the_result_has_to_be_can_be_given(counting, executor):
    job = counting(SAFE)
    right = Tree.files({"rows": "row 0\nrow 1\nrow 2\nrow 3\n"})
    assert explore(job, executor, expected=right).verdict == RESTART_SAFE
    wrong = explore(job, executor, expected=Tree.files({"rows": "row 1\n"}))
    assert (wrong.verdict, wrong.failure, wrong.schedule) == (UNSAFE, "wrong output", ())


def test_files_beside_those_that_have_to_be_there_do_not_matter(counting, executor):
    job = counting(SAFE, transfer_output_files=("rows", "n"))
    assert explore(job, executor, expected=Tree.files({"rows": "row 0\nrow 1\nrow 2\nrow 3\n"})).verdict == RESTART_SAFE


def test_a_known_result_that_is_printed_is_compared_as_well(counting, executor):
    printing = """
        import os, sys
        n = len(os.listdir("kept")) if os.path.isdir("kept") else 0
        print("row", n)
        if n < 2:
            os.makedirs("kept", exist_ok=True)
            open(f"kept/{n}", "w")
            sys.exit(85)
    """
    expected = Tree.files({"out.txt": "row 0\nrow 1\nrow 2\n"})
    safe = counting(printing, transfer_checkpoint_files=("kept",), transfer_output_files=())
    assert explore(safe, executor, expected=expected).verdict == RESTART_SAFE
    unsafe = counting(printing, transfer_checkpoint_files=(), transfer_output_files=())
    found = explore(unsafe, executor, expected=expected)
    assert (found.failure, render(found.schedule)) == ("wrong output", "evict@2")


def test_the_gravest_failure_is_reported_though_a_lighter_one_is_nearer(counting, executor):
    """It fails after one eviction, and is wrong after two."""
    found = explore(
        counting(
            """
        import os, sys
        n = int(open("n").read()) if os.path.exists("n") else 0
        in_place = os.path.exists("here")
        open("here", "w")
        open("rows", "w").write("wrong" if n == 2 and not in_place else "right")
        if n == 1 and not in_place or n == 0:
            open("n", "w").write(str(n + 1))
            sys.exit(85)
        sys.exit(n if in_place and n > 1 else 0)
    """,
            transfer_checkpoint_files=("n",),
        ),
        executor,
    )
    assert (found.failure, render(found.schedule)) == ("wrong output", "evict@2 evict@4")


def test_repeating_work_that_was_never_saved_is_no_lost_progress(counting, executor):
    job = counting(
        """
        import os, sys, time
        n = int(open("n").read()) if os.path.exists("n") else 0
        for second in range(100):
            time.sleep(1)
        if n == 3:
            open("rows", "w").write("done")
            sys.exit()
        open("n", "w").write(str(n + 1))
        sys.exit(85)
    """,
        transfer_checkpoint_files=("n",),
    )
    assert explore(job, executor).verdict == RESTART_SAFE


def test_the_virtual_seconds_of_lost_progress_are_told(counting, executor):
    _, _, source, fields = UNSAFE_JOBS["lost progress: in a directory that is not sent by default"]
    found = explore(counting(source, **fields), executor)
    assert found.violation.seconds == pytest.approx(600, abs=1)


# -- a job that seems not to get on --------------------------------------------


def test_a_job_that_appends_the_same_text_at_each_restart_never_finishes(counting, executor):
    logging = counting(
        """
        import sys
        with open("log", "a") as log:
            log.write("starting\\n")
        open("n", "w").write("0")
        sys.exit(85)
    """,
        transfer_checkpoint_files=("n", "log"),
    )
    found = explore(logging, executor)
    assert (found.failure, found.schedule) == ("never finishes", ())
    assert found.executions < 100


def test_appending_numbered_text_at_each_restart_never_finishes(counting, executor):
    logging = counting(
        """
        import sys, time
        time.sleep(7)
        with open("log", "a") as log:
            log.write(f"starting at {time.time():.3f}\\n")
        sys.exit(85)
    """,
        transfer_checkpoint_files=("log",),
    )
    found = explore(logging, executor)
    assert (found.failure, found.schedule) == ("never finishes", ())
    assert found.executions < 400


MANY_STEPS = {
    "by the number of its dots": 'n = os.path.getsize("n") if os.path.exists("n") else 0\nopen("n", "a").write(".")',
    "by the number of its lines": 'open("n", "a").write("done\\n")\nn = len(open("n").readlines()) - 1',
}


@pytest.mark.parametrize("style", MANY_STEPS)
def test_a_job_that_counts_its_many_checkpoints_in_equal_text_does_finish(counting, executor, style):
    job = counting(
        "import os, sys\n" + MANY_STEPS[style] + '\nif n < 44: sys.exit(85)\nopen("rows", "w").write("done")\n',
        transfer_checkpoint_files=("n",),
    )
    assert outcome(simulate(job, executor)).status == "completed"
    found = explore(job, executor)
    assert (found.verdict, found.checkpoints) == (RESTART_SAFE, 44)


@pytest.mark.parametrize("count", ["$(wc -l < n) -eq 60", "$(stat -c %s n) -eq $((11 * 40))", '"$(wc -l < n)" = 270'])
def test_a_script_that_ends_at_a_number_of_lines_does_finish(shell_job, executor, count):
    job = shell_job(
        f"echo row >> n; [ {count} ] && exit 0; exit 85",
        checkpoint_exit_code=85,
        transfer_checkpoint_files=("n",),
        transfer_output_files=("n",),
    )
    assert outcome(simulate(job, executor)).status == "completed"
    assert explore(job, executor, bounds=Bounds(states=1200)).verdict == RESTART_SAFE


@pytest.mark.parametrize("lines, executions", [(9, 30), (21, 30), (20, 50), (40, 50)])
def test_within_few_executions_such_a_script_is_not_called_endless(shell_job, executor, lines, executions):
    job = shell_job(
        f"echo row >> n; [ $(wc -l < n) -eq {lines} ] && exit 0; exit 85",
        checkpoint_exit_code=85,
        transfer_checkpoint_files=("n",),
        transfer_output_files=("n",),
    )
    assert explore(job, executor, bounds=Bounds(executions=executions)).failure != "never finishes"


@pytest.mark.parametrize("count", ["n == 60", "n + 0 == 6 * 10"])
@pytest.mark.parametrize(
    "counted",
    [
        "len(open('n').readlines())",
        "os.path.getsize('n') // 4",
        "int(subprocess.getoutput('wc -l < n'))",
        "os.stat('n').st_size // 4",
    ],
)
def test_a_program_that_ends_at_a_number_of_lines_does_finish(counting, executor, counted, count):
    job = counting(
        f"""
        import os, subprocess, sys
        with open("n", "a") as file:
            file.write("row\\n")
        n = {counted}
        sys.exit(0 if {count} else 85)
    """,
        transfer_checkpoint_files=("n",),
        transfer_output_files=("n",),
    )
    end = outcome(simulate(job, executor))
    assert (end.status, end.executions) == ("completed", 60)


def test_endless_appending_that_the_job_looks_at_never_finishes(shell_job, executor):
    job = shell_job(
        "echo row >> n; wc -l < n; exit 85",
        checkpoint_exit_code=85,
        transfer_checkpoint_files=("n",),
        transfer_output_files=("n",),
    )
    found = explore(job, executor)
    assert (found.failure, found.schedule) == ("never finishes", ())
    assert outcome(simulate(job, executor)).status == "never finishes"


def test_an_unsafe_job_is_executed_again_unless_known_to_repeat(explored, executor):
    job, found = explored("lost progress: the checkpoint is of no use")
    once = explore(job, executor, bounds=Bounds(twice=False))
    assert (found.twice, once.twice) == (True, False)
    assert (once.failure, once.schedule) == (found.failure, found.schedule)


# -- max_retries ---------------------------------------------------------------


def test_a_retried_job_is_measured_by_what_it_brings_home_in_the_end(counting, executor):
    """R6: it crashes in the sandbox of its checkpoint, and goes on in a new one. Its tries are used
    up if, each time, the upload of that checkpoint fails."""
    crashing = """
        import os, sys
        n = int(open("n").read()) if os.path.exists("n") else 0
        if n == 0:
            open("n", "w").write("1")
            open("litter", "w")
            open("rows", "w").write("half")
            sys.exit(85)
        if os.path.exists("litter"):
            sys.exit(1)
        open("rows", "w").write("whole")
    """
    fields = {"transfer_checkpoint_files": ("n",)}
    assert explore(counting(crashing, **fields), executor).failure == "failed"
    for retries in (1, 2):
        job = counting(crashing, max_retries=retries, **fields)
        found = explore(job, executor)
        assert found.reference["rows"].text == "whole"
        assert (found.failure, render(found.schedule)) == (
            "failed",
            "upload-fails@1 upload-fails@3"[: 14 * retries + retries - 1],
        )
        assert play(job, executor, found).exit.code == 1


def test_a_job_that_fails_more_often_than_it_may_be_retried_is_unsafe(counting, executor):
    job = counting("import sys\nopen('rows', 'w')\nsys.exit(7)", max_retries=2)
    found = explore(job, executor)
    assert (found.failure, found.schedule) == ("failed", ())
    assert found.violation.state.now.execution == 3
    assert play(job, executor, found).exit.code == 7


@pytest.mark.parametrize("retries", [1, 2, 7, 10**6])
@pytest.mark.parametrize("fields, each", [({"success_exit_code": 85}, 4), ({"success_exit_code": 3}, 4), ({}, 0)])
def test_tries_that_all_go_the_same_way_are_not_walked_one_by_one(counting, executor, retries, fields, each):
    """The first try makes three checkpoints; the ones after it begin with the last of them."""
    job = counting(SAFE if each else "import sys\nsys.exit(7)", max_retries=retries, transfer_output_files=(), **fields)
    found = explore(job, executor)
    assert (found.verdict, found.failure, found.schedule) == (UNSAFE, "failed", ())
    assert found.violation.state.now.execution == (each or 1) + retries and found.violation.state.now.retries == 0
    assert found.executions < 20 and found.states < 100


def test_tries_that_go_two_ways_in_turn_are_not_walked_one_by_one(counting, executor):
    source = """
        import os, sys
        open("rows", "w").close()
        if os.path.exists("litter"):
            sys.exit(1)
        open("litter", "w").close()
        odd = os.path.exists("n") and open("n").read() == "odd"
        open("n", "w").write("even" if odd else "odd")
        sys.exit(85)
    """
    for retries in (4, 5, 10**6):
        found = explore(counting(source, transfer_checkpoint_files=("n",), max_retries=retries), executor)
        assert (found.failure, found.schedule) == ("failed", ())
        assert found.violation.state.now.execution == 2 * (retries + 1) and found.states < 100


# -- policies ------------------------------------------------------------------

LITTERS = """
    import os, sys
    n = int(open("n").read()) if os.path.exists("n") else 0
    if os.path.exists("litter"):
        sys.exit(1)
    open("litter", "w").close()
    open("n", "w").write(str(n + 1))
    open("rows", "w").write("whole")
    sys.exit(85 if n < 3 else 0)
"""
"""It fails whenever it is restarted in place."""


def test_a_retried_job_continues_in_a_new_sandbox(counting, executor):
    """R6"""
    fields = {"transfer_checkpoint_files": ("n",)}
    assert explore(counting(LITTERS, **fields), executor).failure == "failed"
    again = counting(LITTERS, on_exit_remove="ExitCode == 0", max_retries=math.inf, **fields)
    assert explore(again, executor).verdict == RESTART_SAFE
    few = counting(LITTERS, on_exit_remove="ExitCode == 0 || NumJobCompletions > 2", max_retries=math.inf, **fields)
    found = explore(few, executor)
    assert (found.failure, found.schedule) == ("failed", ())
    assert play(few, executor, found).exit.code == 1


def test_a_job_that_never_leaves_the_queue_never_finishes(counting, executor):
    """R6"""
    job = counting(SAFE, on_exit_remove="ExitCode > 0", max_retries=math.inf)
    found = explore(job, executor)
    assert (found.failure, found.schedule) == ("never finishes", ())
    assert play(job, executor, found).status == "never finishes"


def test_tries_that_a_policy_counts_are_walked_one_by_one(counting, executor):
    """R6: it is removed by its policy after the third try, and not by max_retries after the eleventh."""
    job = counting(
        "import sys\nopen('rows', 'w')\nsys.exit(7)",
        max_retries=10,
        on_exit_remove="ExitCode =?= 0 || (NumJobCompletions > 2)",
    )
    found = explore(job, executor)
    assert (found.failure, found.violation.state.now.execution, found.executions) == ("failed", 3, 1)


SLOW = "import time\ntime.sleep(60)\n" + textwrap.dedent(SAFE)


@pytest.mark.parametrize(
    "fields, code",
    [
        ({"allowed_execute_duration": 59}, 47),
        ({"allowed_execute_duration": 60}, 0),
        ({"allowed_job_duration": 239}, 46),
        ({"allowed_job_duration": 241}, 0),
    ],
)
def test_a_job_that_takes_longer_than_it_may_is_held(counting, executor, fields, code):
    """R6: four executions of a minute each."""
    job = counting(SLOW, **fields)
    found = explore(job, executor)
    assert found.failure == ("held" if code else None)
    if code:
        assert found.violation.state.next.code == code and found.schedule == ()
        assert play(job, executor, found).hold.code == code


@pytest.mark.parametrize("policy", ["NumJobStarts < 5", "True", "CurrentTime - EnteredCurrentStatus > 600"])
def test_whether_a_job_would_be_released_matters_only_if_it_is_held(policy, counting, executor):
    right = explore(counting(SAFE, periodic_release=policy), executor)
    assert (right.verdict, right.schedules) == (RESTART_SAFE, explore(counting(SAFE), executor).schedules)
    held = explore(counting(SAFE, periodic_release=policy, transfer_checkpoint_files=("nothing",)), executor)
    assert (held.verdict, held.unknown) == (UNKNOWN, Unknown.RELEASED)


def test_a_policy_on_held_jobs_decides_nothing_for_a_right_job(counting, executor):
    policy = "JobStatus == 5 && time() - EnteredCurrentStatus > 3600"
    assert explore(counting(SAFE, periodic_remove=policy), executor).verdict == RESTART_SAFE


def test_a_job_in_a_new_slot_has_all_of_its_time_again(counting, executor):
    """R6: the time that it has its slot is no part of what a restart finds, and still tells states apart."""
    job = counting(SLOW, allowed_job_duration=239)
    assert explore(job, executor).failure == "held"
    elsewhere = outcome(simulate(job, executor, schedule=parse("evict@3")))
    assert (elsewhere.status, elsewhere.exit) == ("completed", Exit(0))


@pytest.mark.parametrize(
    "fields, failure, schedule",
    [
        ({"max_transfer_input_mb": 0}, "held", ""),
        ({"max_transfer_input_mb": 1}, "held", "evict@2"),
        ({"max_transfer_input_mb": 2}, None, None),
        ({"max_transfer_output_mb": 1}, "held", ""),
        ({"max_transfer_output_mb": 2}, None, None),
    ],
)
def test_a_checkpoint_larger_than_the_transfer_limit_holds_the_job(counting, executor, fields, failure, schedule):
    """R2, R4c"""
    source = textwrap.dedent(SAFE).replace("sys.exit(85)", "open('large', 'wb').write(bytes(3 << 19))\nsys.exit(85)")
    job = counting(source, transfer_checkpoint_files=("n", "rows", "large"), **fields)
    found = explore(job, executor)
    assert found.failure == failure
    if failure:
        assert render(found.schedule) == schedule
        assert play(job, executor, found).hold.code in (32, 36)


def test_another_success_exit_code_is_no_failure(counting, executor):
    source = """
        import os, sys
        if not os.path.exists("n"):
            open("n", "w")
            sys.exit(85)
        open("rows", "w").write("done")
        sys.exit(3)
    """
    job = counting(source, transfer_checkpoint_files=("n",), success_exit_code=3)
    assert explore(job, executor).verdict == RESTART_SAFE


# -- unknown -------------------------------------------------------------------


@pytest.mark.parametrize(
    "source, fields",
    [
        ("open('rows', 'w').write('done')", {}),
        ("import sys\nopen('rows', 'w').write('done')\nsys.exit(0)", {"checkpoint_exit_code": None}),
        ("open('rows', 'w').write('done')", {"checkpoint_exit_code": 300}),
    ],
)
def test_a_job_that_never_checkpoints_is_unknown(counting, executor, source, fields):
    found = explore(counting(source, **fields), executor)
    assert (found.verdict, found.schedule) == (UNKNOWN, None)
    assert "never made a checkpoint" in found.failure


@pytest.mark.parametrize(
    "source",
    [
        SAFE.replace("n == 3", "n == 400"),
        """
        import os, sys
        n = int(open("n").read()) if os.path.exists("n") else 0
        open("n", "w").write(str(n + 1))
        sys.exit(85)
    """,
    ],
)
def test_a_job_that_is_not_through_within_the_bounds_is_unknown(counting, executor, source):
    found = explore(counting(source, transfer_checkpoint_files=("n",)), executor, bounds=Bounds(executions=12))
    assert (found.verdict, found.failure) == (UNKNOWN, "12 executions were not enough")


def test_what_is_not_through_within_the_seconds_is_unknown_and_says_so(counting, executor):
    source = SAFE.replace("n == 3", "n == 400")
    found = explore(counting(source, transfer_checkpoint_files=("n",)), executor, bounds=Bounds(seconds=0.2))
    assert (found.verdict, found.failure) == (UNKNOWN, "0.2 s of real time were not enough")
    assert found.exhausted and 1 < found.executions < 400


def test_one_execution_is_always_tried(counting, executor):
    found = explore(counting(SAFE), executor, bounds=Bounds(seconds=0))
    assert found.verdict == UNKNOWN and found.first.run.exit.code == 85


def test_a_job_with_more_states_than_the_bounds_allow_is_unknown(counting, executor):
    found = explore(counting(SAFE), executor, bounds=Bounds(states=3))
    assert (found.verdict, found.failure) == (UNKNOWN, "3 states were not enough")


DRIVEN = Bounds(eviction_driven=True)


def test_an_answer_of_the_course_in_the_eviction_driven_mode_is_unknown(counting, executor):
    assert explore(counting(SAFE, on_exit_or_evict=True), executor).unknown is Unknown.EVICTION_DRIVEN


def test_a_job_that_only_soft_evictions_save_is_unknown(counting, executor):
    found = explore(counting(SAFE, on_exit_or_evict=True, checkpoint_exit_code=None), executor, bounds=DRIVEN)
    assert found.verdict == UNKNOWN and found.unknown is Unknown.EVICTION_DRIVEN


def test_where_soft_evictions_save_too_hard_ones_are_tried_first(counting, executor):
    """R7: at a soft eviction the output list is sent, of which one file is not there yet."""
    source = SAFE.replace("import os, sys", "import os, sys, time; time.sleep(60)")
    hard = explore(counting(source, on_exit_or_evict=True, transfer_checkpoint_files=("n",)), executor, bounds=DRIVEN)
    assert [fault.kind for fault in hard.schedule] == ["evict"]
    soft = explore(counting(source, on_exit_or_evict=True), executor, bounds=DRIVEN)
    assert soft.verdict == UNSAFE and soft.schedule[-1].kind == "vacate"


def test_soft_evictions_that_do_no_harm_leave_it_unknown(counting, executor):
    files, source = ("n", "rows"), SAFE.replace("import os, sys", "import os, sys, time; time.sleep(60)")
    job = counting(source, on_exit_or_evict=True, transfer_checkpoint_files=files, transfer_output_files=files)
    found = explore(job, executor, PROFILES["v25"], bounds=DRIVEN)
    assert (found.verdict, found.unknown) == (UNKNOWN, Unknown.SOFT_EVICTIONS)


RANDOM_JOBS = {
    "in the first execution": (
        "n",
        """
        import os, random, sys
        if not os.path.exists("n"):
            open("n", "w").write("a line\\n" + repr(random.random()))
            sys.exit(85)
        open("rows", "w").write(open("n").read())
    """,
    ),
    "by uuid, in the second execution": (
        "rows",
        """
        import os, sys, uuid
        if not os.path.exists("n"):
            open("n", "w").write("ready")
            sys.exit(85)
        open("rows", "w").write("a line\\n" + str(uuid.uuid4()))
    """,
    ),
    "by process number, without a checkpoint": (
        "rows",
        """
        import os, random
        open("rows", "w").write(f"a line\\n{os.urandom(8).hex()}")
    """,
    ),
    "after work in a file that is not sent": (
        "rows",
        """
        import os, secrets, sys
        if not os.path.exists("n"):
            open("here", "w"), open("n", "w")
            sys.exit(85)
        open("rows", "w").write("a line\\n" + secrets.token_hex())
    """,
    ),
}


@pytest.mark.parametrize("name", RANDOM_JOBS)
def test_a_result_that_varies_is_reported_with_file_and_line(counting, executor, name):
    file, source = RANDOM_JOBS[name]
    job = counting(source, transfer_checkpoint_files=("n",))
    found = explore(job, executor)
    assert (found.verdict, found.failure) == (UNKNOWN, "non-deterministic")
    facts = evidence(job, found)
    assert [(fact.kind, fact.file, fact.line) for fact in facts] == [("differs from run to run", file, 2)]
    assert facts[0].expected != facts[0].got


BY_THE_CLOCK = """
    import json, os, sys, time
    state = json.load(open("n")) if os.path.exists("n") else {"n": 0, "began": time.time()}
    while state["n"] < 6:
        if time.time() - state["began"] > 24 * 3600:
            break
        time.sleep(1800)
        state["n"] += 1
        if state["n"] % 2 == 0:
            json.dump(state, open("n", "w"))
            sys.exit(85)
    print(state["n"], "steps", file=open("rows", "w"))
"""


@pytest.mark.parametrize("profile", [PROFILES["modern"], V25], ids=lambda profile: profile.name)
def test_a_result_that_depends_on_the_date_is_unknown_and_shown(counting, executor, profile):
    job = counting(BY_THE_CLOCK, transfer_checkpoint_files=("n",))
    found = explore(job, executor, profile)
    assert found.verdict == UNKNOWN and "depends on when it is run" in found.failure
    assert render(found.schedule) == ("requeue@1" if profile is V25 else "evict@2")
    assert render(found.schedule) in found.failure
    (fact,) = evidence(job, found)
    assert (fact.file, fact.expected, fact.got) == ("rows", "6 steps", "2 steps")


def test_a_restart_that_counts_no_whole_days_depends_on_the_date(counting, executor):
    took = 'time.time() - state["began"]'
    source = BY_THE_CLOCK.replace(f"{took} > 24 * 3600", f"({took}) % (24 * 3600) > 4 * 3600")
    found = explore(counting(source, transfer_checkpoint_files=("n",)), executor)
    assert found.verdict == UNKNOWN and "depends on when it is run" in found.failure


@pytest.mark.parametrize("known", [False, True])
def test_a_time_stamp_in_a_file_is_no_dependence_on_the_date(counting, executor, known):
    dated = 'print("made", time.ctime(), file=open("made", "w"))\n'
    fields = {"transfer_checkpoint_files": ("n",), "transfer_output_files": ("rows", "made")}
    expected = Tree.files({"rows": "6 steps\n"}) if known else None
    steady = BY_THE_CLOCK.replace('time.time() - state["began"] > 24 * 3600', "False")
    assert explore(counting(steady + "    " + dated, **fields), executor, expected=expected).verdict == RESTART_SAFE
    found = explore(counting(BY_THE_CLOCK + "    " + dated, **fields), executor, expected=expected)
    assert found.verdict == UNKNOWN and "depends on when it is run" in found.failure


def test_timing_its_own_execution_is_no_dependence_on_the_date(counting, executor):
    source = BY_THE_CLOCK.replace('state["began"]', "began").replace("    while", "    began = time.time()\n    while")
    assert explore(counting(source, transfer_checkpoint_files=("n",)), executor).verdict == RESTART_SAFE


# -- what is left running ----------------------------------------------------------------

LEAVING = """
n=$(cat n 2> /dev/null || echo 0)
{left}
echo row $n >> rows
sleep 10
[ $n -lt 3 ] || exit 0
echo $((n + 1)) > n
exit 85
"""
needs_lists = pytest.mark.skipif(not LINUX, reason="which processes there are is told by /proc")


@pytest.fixture
def leaving(shell_job):
    """leaving(left): a shell script that counts to 3, ten seconds each, and starts something else each time."""
    return lambda left: shell_job(LEAVING.replace("{left}", left), **COUNTING)


@needs_lists
@pytest.mark.parametrize(
    "left",
    [
        "sleep 1000 &",
        "(sleep 12; kill -0 $$ && exit) > /dev/null 2>&1 &",
        "(sleep 1000; rm -f rows) &",
        "tail -f rows > /dev/null &",
        "cat rows & ",
    ],
)
def test_a_job_that_leaves_running_what_changes_nothing_is_restart_safe(leaving, executor, left):
    found = explore(leaving(left), executor)
    assert (found.verdict, found.checkpoints) == (RESTART_SAFE, 3), found.failure


@needs_lists
@pytest.mark.parametrize(
    "left, failure",
    [
        ("(sleep 15; echo late $n >> rows) &", "wrong output"),
        ("(sleep 15; rm -f rows) &", "held"),
        ("echo $$ > pid; (sleep 15; kill -KILL $(cat pid)) &", "failed"),
    ],
)
def test_a_job_that_leaves_a_worker_running_is_unsafe(leaving, executor, left, failure):
    job = leaving(left)
    found = explore(job, executor)
    assert (found.verdict, found.failure) == (UNSAFE, failure)


@needs_lists
def test_what_goes_on_for_longer_than_anyone_follows_it_is_unknown(shell_job, executor):
    job = shell_job(
        "sleep 1000 && : &\ntouch rows\nn=$(cat n || echo 0)\n[ $n = 40 ] && exit\n"
        "echo $((n + 1)) > n\nsleep 1\nexit 85",
        **COUNTING,
    )
    found = explore(job, executor)
    assert (found.verdict, found.unknown) == (UNKNOWN, Unknown.LEFT_RUNNING) and "goes on beside" in found.failure


# -- limits and programs that can't be started ------------------------------------


def test_a_job_that_uses_more_than_it_may_is_held_and_says_so(counting):
    job = counting("while True: pass")
    with Executor(Limits(wall=0.3)) as small:
        found = explore(job, small)
    assert (found.failure, found.schedule) == ("held", ())
    assert "0.3 s of real time" in found.violation.state.next.reason


def test_exceeding_a_limit_after_an_eviction_only_holds_on_that_schedule(counting):
    job = counting(
        """
        import os, sys
        if not os.path.exists("n"):
            open("n", "w"), open("here", "w")
            sys.exit(85)
        if not os.path.exists("here"):
            for i in range(100):
                open(f"file{i}", "w")
        open("rows", "w").write("done")
    """,
        transfer_checkpoint_files=("n",),
    )
    with Executor(Limits(files=50)) as small:
        found = explore(job, small)
    assert (found.failure, render(found.schedule)) == ("held", "evict@2")
    assert "more than 50 files" in found.violation.state.next.reason


def test_a_job_that_can_not_be_started_is_held(executor):
    job = Job(executable="job", inputs=Tree({"job": File(b"#!/no/such/interpreter\n", True)}), checkpoint_exit_code=85)
    found = explore(job, executor)
    assert (found.failure, found.schedule) == ("held", ())
    assert "No such file or directory" in found.violation.state.next.reason


# -- HTCondor 25.10 and later --------------------------------------------------------

SETS_UP_FIRST = """
    import os, sys, time
    n = int(open("n").read()) if os.path.exists("n") else 0
    if not os.path.exists("ready"):
        open("ready", "w").write("unpacked")       # cheap, but a whole execution
        open("n", "w").write(str(n))
        time.sleep(SETUP)
        sys.exit(85)
    time.sleep(100)
    if n == 3:
        open("rows", "w").write("done")
        sys.exit()
    open("n", "w").write(str(n + 1))
    sys.exit(85)
"""


@pytest.mark.parametrize("setup", ["1", "90"])
def test_v25_progress_only_in_place_never_finishes_if_requeued(counting, executor, setup):
    """R4g: a claim of 20 minutes is never used again, so that this job would set up for ever. One
    lap is printed: each time round, every execution saves a checkpoint and none gets further."""
    job = counting(SETS_UP_FIRST.replace("SETUP", setup), transfer_checkpoint_files=("n",))
    found = explore(job, executor, V25)
    assert (found.verdict, found.failure) == (UNSAFE, "never finishes")
    assert render(found.schedule) == "requeue@1 requeue@2"
    _one, lap, two = (moment for moment in simulate(job, executor, V25, found.schedule) if moment.kind == "started")
    assert (lap.sandbox, lap.spool) == (two.sandbox, two.spool)


def test_v25_progress_outside_the_checkpoint_never_finishes_if_requeued(counting, executor):
    _, _, source, fields = UNSAFE_JOBS["lost progress: the checkpoint is of no use"]
    assert explore(counting(source, **fields), executor, V25).failure == "never finishes"


@pytest.mark.parametrize("setup, verdict", [("1", RESTART_SAFE), ("90", UNSAFE)])
def test_setting_up_anew_is_lost_progress_only_if_it_takes_long(counting, executor, setup, verdict):
    job = counting(
        """
        import os, sys, time
        n = int(open("n").read()) if os.path.exists("n") else 0
        if not os.path.exists("ready"):
            open("ready", "w").write("unpacked")
            time.sleep(SETUP)
        time.sleep(100)
        if n == 3:
            open("rows", "w").write("done")
            sys.exit()
        open("n", "w").write(str(n + 1))
        sys.exit(85)
    """.replace("SETUP", setup),
        transfer_checkpoint_files=("n",),
    )
    assert explore(job, executor).verdict == verdict


def test_v25_a_job_that_needs_its_old_sandbox_fails_with_a_requeue(counting, executor):
    found = explore(counting(SAFE, transfer_checkpoint_files=("n",)), executor, V25)
    assert (found.failure, render(found.schedule)) == ("wrong output", "requeue@1")
    job = counting(SAFE, transfer_checkpoint_files=("n",))
    assert play(job, executor, found, V25).returned_files["rows"].text == "row 1\nrow 2\nrow 3\n"


# -- the versions that the slides are about ---------------------------------------------


def test_slides2021_a_missing_file_is_not_held_but_nothing_is_ever_saved(counting, executor):
    job = counting(SAFE, transfer_checkpoint_files=("n", "rows", "model"))
    found = explore(job, executor, PROFILES["slides2021"])
    assert (found.verdict, found.failure) == (UNKNOWN, "it never made a checkpoint, so no restart was exercised")


def test_slides2021_printed_text_that_is_not_listed_is_lost(counting, executor):
    source, fields = SAFE_STYLES["only prints"]
    found = explore(counting(source, **fields), executor, PROFILES["slides2021"])
    assert (found.failure, render(found.schedule)) == ("wrong output", "evict@2")
    listed = {**fields, "transfer_checkpoint_files": ("n", "_condor_stdout", "_condor_stderr")}
    assert explore(counting(source, **listed), executor, PROFILES["slides2021"]).verdict == RESTART_SAFE


# -- manners ---------------------------------------------------------------------------


def test_exploring_writes_nothing_outside_the_executors_own_directory(counting, tmp_path, monkeypatch):
    work, temporary = tmp_path / "work", tmp_path / "temporary"
    work.mkdir(), temporary.mkdir()
    (work / "rows").write_text("mine")
    monkeypatch.chdir(work)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with Executor() as own:
        [scratch] = temporary.iterdir()
        explore(counting(SAFE), own)
        explore(counting(SAFE, transfer_checkpoint_files=("n",)), own)
        assert list(temporary.iterdir()) == [scratch]
        assert not list(scratch.rglob("rows"))
    assert list(temporary.iterdir()) == []
    assert Tree.read(work) == Tree.files({"rows": "mine"})


class Counter:
    """The Executor's place taken by a program that counts to `end`, with a checkpoint after each number."""

    mark, kept_outside = Executor.mark, Tree()

    def __init__(self, end, **litter):
        self.end, self.litter, self.runs = end, litter, 0

    def afresh(self):
        return nullcontext()

    def slots_named_in(self, tree):
        return set()

    def run(self, job, sandbox, *, slot=0, clock=EPOCH, stop=None, trace=False, beside=()):
        self.runs += 1
        n = int(sandbox["n"].text) + 1 if "n" in sandbox else 0
        after = sandbox | Tree.files({"n": str(n), "rows": "all", **self.litter})
        return Run(Exit(85 if n < self.end else 0), after, 1.0, "", "")


@pytest.mark.parametrize(
    "profile, litter, fields",
    [
        ("modern", {}, {}),
        ("v25", {"litter": "not sent"}, {}),
        ("slides2021", {"litter": "not sent"}, {"max_retries": 2}),
        ("modern", {"litter": "sent"}, {"transfer_checkpoint_files": None, "transfer_output_files": None}),
    ],
    ids=str,
)
def test_a_thousand_checkpoints_are_five_thousand_states(counting, profile, litter, fields):
    job = counting("", **{"transfer_checkpoint_files": ("n",), **fields})
    program = Counter(1000, **litter)
    found = explore(job, program, PROFILES[profile], bounds=Bounds(executions=3000, twice=False))
    assert (found.verdict, found.checkpoints) == (RESTART_SAFE, 1000)
    assert found.states <= 5000 and found.executions == program.runs <= 2 * 1001


def test_exploring_twice_gives_the_same(counting, executor):
    _, _, source, fields = UNSAFE_JOBS["lost progress: an older checkpoint is sent"]
    job = counting(source, **fields)
    one, other = explore(job, executor), explore(job, executor)
    for field in ("verdict", "failure", "schedule", "states", "executions", "schedules", "checkpoints", "reference"):
        assert getattr(one, field) == getattr(other, field)


def test_a_program_is_executed_once_for_each_sandbox(counting, executor):
    """4 sandboxes in place and no others: in a new sandbox it finds the same files."""
    found = explore(counting(SAFE), executor)
    assert (found.executions, found.checkpoints) == (4, 3)
    assert found.states > found.executions and found.schedules >= 7


def test_a_checkpoint_of_all_files_can_fill_no_new_sandbox(counting, executor):
    job = counting(SAFE, transfer_checkpoint_files=(".",))
    found = explore(job, executor)
    assert (found.verdict, found.failure, render(found.schedule)) == (UNSAFE, "held", "evict@2")
    assert "Permission denied" in evidence(job, found)[0].text


LATEST = """
    import os, sys
    n = int(open("latest").read()) if os.path.exists("latest") else 0
    open("rows", "w").write("x" * n)
    open(f"n.{n}", "w").write(str(n + 1))
    if os.path.lexists("latest"):
        os.remove("latest")
    os.symlink(os.path.abspath(f"n.{n}"), "latest")
    sys.exit(85 if n < 3 else 0)
"""


def test_an_absolute_link_to_the_newest_state_is_as_good_as_the_state(counting, executor):
    found = explore(counting(LATEST, transfer_checkpoint_files=("latest",)), executor)
    assert (found.verdict, found.failure) == ("restart-safe", None)


def test_of_a_job_that_sends_what_is_outside_its_sandbox_nothing_is_said(counting, executor):
    found = explore(counting(SAFE, transfer_checkpoint_files=("n", "rows", "/etc/shells")), executor)
    assert found.verdict == "unknown" and "/etc/shells, out of the sandbox" in found.failure


WITH_FIFO = SAFE.replace("sys.exit(85)", "os.path.exists('f') or os.mkfifo('f')\n    sys.exit(85)")


def test_a_listed_fifo_is_waited_for_for_ever(counting, executor):
    found = explore(counting(WITH_FIFO, transfer_checkpoint_files=("n", "rows", "f")), executor)
    assert (found.verdict, found.failure, found.schedule) == ("unsafe", "never finishes", ())
    assert [fact.kind for fact in evidence(counting(WITH_FIFO), found)] == ["transfer"]
    assert play(counting(WITH_FIFO, transfer_checkpoint_files=("f",)), executor, found).status == "never finishes"


def test_a_fifo_stays_in_place_and_is_not_there_elsewhere(counting, executor):
    for listed, profile in ((("n", "rows", "f"), PROFILES["v25"]), (("n", "rows"), PROFILES["modern"])):
        found = explore(counting(WITH_FIFO, transfer_checkpoint_files=listed), executor, profile)
        assert (found.verdict, found.failure) == ("restart-safe", None)


def test_it_counts_the_interruptions_that_it_has_tried(executor, python_job):
    """An eviction of each execution, and a failed upload of each checkpoint."""
    assert explore(python_job("pass"), executor).schedules == 1
    saves = "import os, sys\nif not os.path.exists('n'):\n    open('n', 'w').close()\n    sys.exit(85)"
    found = explore(python_job(saves, checkpoint_exit_code=85, transfer_checkpoint_files=("n",)), executor)
    assert (found.checkpoints, found.executions, found.schedules) == (1, 2, 3)


def test_of_a_job_that_was_not_explored_nothing_is_counted():
    found = unknown(Unknown.EVICTION_DRIVEN)
    assert (found.states, found.executions, found.schedules, found.checkpoints) == (0, 0, 0, 0)
