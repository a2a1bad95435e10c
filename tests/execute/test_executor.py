"""The executor, with real programs in real processes: how they end, what they see, what is left of them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from grader.execute.executor import Executor
from grader.rules.execution import EPOCH, Exit, Limit, Limits, LostExecution, Start, Stop
from grader.rules.job import STDERR, STDOUT, Job
from grader.tree import Directory, Fifo, File, Link, Tree
from grader.verify.evidence import where_time_was_up

LINUX = sys.platform.startswith("linux")


@pytest.fixture
def run(executor, python_job):
    """run(source, ...) executes a Python program once, in a sandbox with the given files."""

    def run(source, files=None, stop=None, slot=0, clock=EPOCH, trace=False, executor=executor, **fields):
        job = python_job(source, inputs=Tree.files(files or {}), **fields)
        return executor.run(job, job.inputs, stop=stop, slot=slot, clock=clock, trace=trace)

    return run


@pytest.fixture
def shell(executor, shell_job):
    """shell(source, ...): the same with a shell script."""

    def shell(source, files=None, stop=None, slot=0, executor=executor, **fields):
        job = shell_job(source, inputs=Tree.files(files or {}), **fields)
        return executor.run(job, job.inputs, stop=stop, slot=slot)

    return shell


# -- how a program ends ---------------------------------------------------------


@pytest.mark.parametrize(
    "source, code",
    [
        ("", 0),
        ("import sys; sys.exit()", 0),
        ("import sys; sys.exit(None)", 0),
        ("import sys; sys.exit(85)", 85),
        ("import sys; sys.exit(True)", 1),
        ("import sys; sys.exit('an error')", 1),
        ("import sys; sys.exit(256 + 7)", 7),
        ("import sys; sys.exit(-1)", 255),
        ("raise SystemExit(3)", 3),
        ("exit(4)", 4),
        ("import os; os._exit(5)", 5),
        ("raise ValueError", 1),
        ("import sys\ntry: sys.exit(6)\nfinally: print('x')", 6),
        ("import atexit, os; atexit.register(os._exit, 9)", 9),
        ("print('never closed'", 1),
        ("import threading, sys\nthreading.Thread(target=lambda: sys.exit(8)).start()", 0),
    ],
)
def test_the_exit_code_is_the_one_that_python_gives(run, source, code):
    assert run(source).exit == Exit(code=code)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGABRT])
def test_a_program_ended_by_a_signal_has_no_exit_code(run, number):
    done = run(f"import os; os.kill(os.getpid(), {int(number)})")
    assert done.exit == Exit(signal=number)
    assert signal.Signals(number).name in str(done.exit)
    assert done.over is None


def test_the_text_of_sys_exit_and_of_an_exception_is_on_stderr(run):
    assert run("import sys; sys.exit('no input')").stderr == "no input\n"
    failed = run("def f():\n    raise ValueError('at line 3')\nf()")
    lines = failed.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):" and lines[-1] == "ValueError: at line 3"
    assert 'job", line 4, in <module>' in lines[1] and "line 3, in f" in failed.stderr
    assert "starter" not in failed.stderr


def test_a_syntax_error_is_reported_as_python_does(run):
    failed = run("x = (1\n")
    assert failed.exit == Exit(code=1) and failed.stderr.rstrip().endswith("SyntaxError: '(' was never closed")


def test_a_shell_script_ends_with_its_code(shell):
    assert shell("exit 85").exit == Exit(code=85)
    assert shell("kill -9 $$").exit == Exit(signal=9)
    assert shell("no-such-command").exit == Exit(code=127)


@pytest.mark.parametrize(
    "program, reason",
    [
        (b"#!/no/such/interpreter\n", "No such file or directory"),
        (b"#!/usr/bin/env python3\r\nprint(1)\r\n", None),
        (b"\x7fNOT AN EXECUTABLE", "Exec format error"),
    ],
)
def test_a_program_that_can_not_be_started_says_why(executor, program, reason):
    job = Job(executable="job", inputs=Tree({"job": File(program, True)}))
    done = executor.run(job, job.inputs)
    assert done.exit.code == 127 and (done.unstartable is None if reason is None else reason in done.unstartable)


def test_a_program_that_is_not_there_can_not_be_started(executor):
    assert "No such file" in executor.run(Job(executable="job"), Tree()).unstartable


def test_a_program_without_the_executable_bit_can_not_be_started(executor):
    job = Job(executable="job", inputs=Tree.of(job="#!/bin/sh\nexit 3\n"))
    assert "Permission denied" in executor.run(job, job.inputs).unstartable


# -- a real __main__ --------------------------------------------------------------


def test_a_pickled_instance_of_the_program_s_class_can_be_read_back(executor, python_job):
    job = python_job("""
        import os, pickle
        class State:
            n = 0
        state = pickle.load(open("state", "rb")) if os.path.exists("state") else State()
        state.n += 1
        pickle.dump(state, open("state", "wb"))
        print(state.n, type(state) is State)
    """)
    one = executor.run(job, job.inputs)
    two = executor.run(job, one.sandbox)
    assert (one.stdout, two.stdout) == ("1 True\n", "2 True\n")
    assert b"__main__" in one.sandbox["state"].content


def test_the_program_is_the_main_module(run, executor):
    done = run(
        """
        import os, sys
        import __main__
        x = 1
        print(__name__, __main__.x, sys.modules["__main__"].x)
        print(__file__ == sys.argv[0] == os.path.join(os.getcwd(), "job"))
        print(sys.argv[1:], sys.path[0] == os.getcwd())
        print([name for name in ("clock", "watch", "starter", "request", "wait") if name in globals() or name in sys.modules])
        def f(): return x
        print(f(), __builtins__.len("ab"))
    """,
        arguments=("a", "b c"),
    )
    assert done.stdout.splitlines() == ["__main__ 1 1", "True", "['a', 'b c'] True", "[]", "1 2"], done.stderr


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing_works(run, method):
    done = run(f"""
        import multiprocessing
        def square(x): return x * x
        if __name__ == "__main__":
            with multiprocessing.get_context({method!r}).Pool(2) as pool:
                print(pool.map(square, [1, 2, 3]))
    """)
    assert (done.stdout, done.exit.code) == ("[1, 4, 9]\n", 0), done.stderr


def test_threads_work(run):
    done = run("""
        import threading, queue, time
        done = queue.Queue()
        def work(i):
            time.sleep(10)
            done.put(i)
        threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
        for t in threads: t.start()
        for t in threads: t.join(timeout=60)
        print(sorted(done.get(timeout=60) for _ in threads), threading.Event().wait(0.01))
    """)
    assert done.stdout == "[0, 1, 2] False\n"


@pytest.mark.parametrize("name", ["json", "random", "pickle", "clock", "watch", "sitecustomize_", "types", "copyreg"])
def test_a_module_of_the_jobs_own_wins_over_one_of_the_same_name(run, name):
    done = run(f"import {name}; print({name}.mine)", {f"{name}.py": "mine = 'mine'"})
    assert done.stdout == "mine\n", done.stderr


def test_a_package_of_the_jobs_own_is_found(run):
    done = run("import helpers.table; print(helpers.table.mine)", {"helpers/table.py": "mine = 'mine'"})
    assert done.stdout == "mine\n"


# -- buffers and streams -------------------------------------------------------------


@pytest.mark.parametrize("end", ["", "import sys; sys.exit(85)", "raise ValueError", "def f(): return file\n1 / 0"])
def test_what_is_buffered_is_written_when_python_ends(run, end):
    done = run("print('printed')\nfile = open('data', 'w')\nfile.write('written')\n" + end)
    assert done.stdout == "printed\n" and done.sandbox["data"].text == "written"


def test_what_is_buffered_is_lost_at_an_immediate_exit(run):
    done = run("import os\nprint('printed')\nfile = open('data', 'w')\nfile.write('written')\nos._exit(85)")
    assert done.exit.code == 85 and done.stdout == "" and done.sandbox["data"].text == ""


def test_what_is_buffered_is_lost_with_the_slot(run):
    done = run(
        "import time\nprint('printed')\nfile = open('data', 'w')\nfile.write('written')\ntime.sleep(100)", stop=Stop(50)
    )
    assert done.stdout == "" and done.sandbox["data"].text == ""


def test_streams_are_appended_to_in_place(executor, python_job):
    """R3"""
    job = python_job("import sys\nprint('out')\nprint('err', file=sys.stderr)", checkpoint_exit_code=85)
    one = executor.run(job, job.inputs)
    two = executor.run(job, one.sandbox)
    assert two.sandbox[STDOUT].text == "out\nout\n" and two.sandbox[STDERR].text == "err\nerr\n"
    assert (two.stdout, two.stderr) == ("out\n", "err\n"), "only what this execution wrote"


def test_streams_without_a_name_are_no_files_in_the_sandbox(run):
    """R3"""
    done = run("import sys\nprint('out')\nprint('err', file=sys.stderr)", output=None, error=None)
    assert (done.stdout, done.stderr) == ("out\n", "err\n")
    assert list(done.sandbox) == ["job"]


def test_both_streams_in_one_file_are_in_the_order_of_writing(run):
    """R3"""
    done = run(
        "import sys\nfor i in range(2):\n    print('out', flush=True)\n    print('err', file=sys.stderr, flush=True)",
        output="all.txt",
        error="all.txt",
    )
    assert done.sandbox[STDOUT].text == "out\nerr\nout\nerr\n" and STDERR not in done.sandbox


def test_stdin_is_empty(run, shell):
    assert run("import sys; print(repr(sys.stdin.read()))").stdout == "''\n"
    assert shell("read line || echo none").stdout == "none\n"


# -- what a program sees -----------------------------------------------------------------


def test_the_environment_of_a_job(run, executor):
    done = run(
        """
        import os
        print(os.environ["_CONDOR_SCRATCH_DIR"] == os.getcwd() == os.environ["TMPDIR"])
        print(os.environ["MINE"], os.environ["BATCH_SYSTEM"])
        print("SECRET_OF_THE_JUDGE" in os.environ)
    """,
        environment=(("MINE", "yes"),),
    )
    assert done.stdout == "True\nyes HTCondor\nFalse\n"


def test_the_judges_environment_is_not_the_jobs(run, shell, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_JUDGE", "1")
    with Executor() as own:
        assert "SECRET" not in run("import os; print(os.environ)", executor=own).stdout
        assert "SECRET" not in shell("env", executor=own).stdout


def test_slots_differ_in_directory_and_host_and_in_nothing_else(run, executor):
    source = (
        "import os, socket, platform\nprint(os.getcwd(), socket.gethostname(), platform.node(), os.uname().nodename)"
    )
    one, two = run(source, slot=0), run(source, slot=1)
    assert one.stdout != two.stdout
    assert executor.slots_named_in(Tree.of(x=one.stdout)) == {0}
    assert executor.slots_named_in(Tree.of(x=two.stdout)) == {1}
    assert all(name == one.stdout.split()[1] for name in one.stdout.split()[1:])
    assert executor.mark.sub(b"", one.stdout.encode()).replace(b"slot1", b"slot2") == executor.mark.sub(
        b"", two.stdout.encode()
    )


def test_the_mark_of_a_slot_is_found_in_names_and_links_too(executor):
    name = executor.name(3)
    assert executor.slots_named_in(Tree({name: File(b"")})) == {3}
    assert executor.slots_named_in(Tree({"link": Link("/tmp/" + name)})) == {3}
    assert executor.slots_named_in(Tree.of(a="nothing")) == set()


def test_the_same_job_in_the_same_sandbox_does_the_same(run):
    source = """
        import os, time, random
        random.seed(1)
        open("a", "w").write(f"{time.time()} {hash('text')} {sorted(os.environ)} {os.getcwd()} {random.random()}")
        print(set("some letters"))
    """
    assert run(source) == run(source)


def test_pickles_are_the_same_whether_the_program_is_cached_or_not(python_job):
    job = python_job("""
        import pickle, random
        with open("state.pkl", "wb") as file:
            pickle.dump({"random": random.Random(1)}, file)
    """)
    with Executor() as executor:
        first, *more = (executor.run(job, job.inputs).sandbox["state.pkl"] for _ in range(3))
    assert more == [first, first]


@pytest.mark.parametrize(
    "name", "datetime json logging pickle random sched socket subprocess tempfile threading".split()
)
def test_what_a_program_imports_does_not_affect_the_next_program(python_job, name):
    """The executor imports it in advance, in the process that it forks programs from."""
    first = python_job(f"import {name}\nprint('imported')")
    after = python_job("""
        import sys, threading, time
        thread = threading.Thread(target=time.sleep, args=(10,))
        thread.start()
        thread.join()
        print(time.time())
    """)
    assert after_all([first, after]) == after_all([after, after]) != ""


def after_all(jobs):
    """What the last of these jobs prints if one executor executes them one after the other."""
    with Executor(Limits(wall=10)) as executor:
        return [executor.run(job, job.inputs).stdout for job in jobs][-1]


@pytest.mark.parametrize("error", ["job.err", None])
def test_a_traceback_is_the_same_in_every_executor(python_job, error):
    """Grades and stories show it, and must be the same each time."""
    job = python_job("1 / 0", error=error)
    told = set()
    for _ in range(2):
        with Executor() as executor:
            run = executor.run(job, job.inputs)
        told.add((run.stderr, run.sandbox.get(STDERR)))
    assert len(told) == 1 and "/var/lib/condor/execute/slot1/dir_" in run.stderr


def test_the_program_sees_the_sandbox_and_leaves_no_other_trace(run):
    done = run("import helper, os; print(sorted(os.listdir()))", {"helper.py": "x = 1"})
    assert done.stdout == "['.job.ad', '.machine.ad', '_condor_stderr', '_condor_stdout', 'helper.py', 'job']\n"
    assert list(done.sandbox) == ["_condor_stderr", "_condor_stdout", "helper.py", "job"]
    below = run(
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import helper'], check=True)",
        {"helper.py": "x = 1"},
    )
    assert list(below.sandbox) == list(done.sandbox)


def test_the_sandbox_afterwards_has_all_that_a_program_made(run):
    done = run(
        """
        import os
        os.makedirs("a/b/empty")
        open("a/file", "wb").write(bytes(range(256)))
        os.symlink("a/file", "link")
        open("script", "w").close(); os.chmod("script", 0o755)
        open("secret", "w").write("x"); os.chmod("secret", 0)
        os.mkfifo("pipe")
        os.remove("input")
    """,
        {"input": "x"},
    )
    made = done.sandbox.without(["job", STDOUT, STDERR])
    assert made == Tree(
        {
            "a/b/empty": Directory(),
            "a/file": File(bytes(range(256))),
            "link": Link("a/file"),
            "pipe": Fifo(),
            "script": File(b"", True),
            "secret": File(b"x", readable=False, writable=False),
        }
    ), done.stderr


def test_tracing_notes_what_is_opened_and_raised(run):
    done = run(
        """
        try:
            open("missing")
        except FileNotFoundError:
            pass
        open("made", "w").write("x")
        open("made", "a").close()
        1 / 0
    """,
        trace=True,
    )
    assert ("open", "missing", "r") in done.notes and ("open", "made", "w") in done.notes
    assert done.notes.count(("empty", "made")) == 1
    assert ("raise", "job", 9, "ZeroDivisionError", "division by zero") in done.notes
    assert run("open('made', 'w')").notes == ()


def test_tracing_notes_where_random_numbers_begin(run):
    done = run(
        """
        import pickle, random
        random.seed(5)
        random.random()
        random.setstate(random.getstate())
        pickle.loads(pickle.dumps(random.Random(6)))
    """,
        trace=True,
    )
    noted = [note for note in done.notes if note[0] == "random"]
    assert [what for _, what, _ in noted] == ["seed", "setstate", "seed", "seed", "setstate"], done.notes
    assert noted[0][2] != noted[2][2]


ODD_NOTES = [
    "[" * 100_000, "nothing", "[]", "null", "5", '["open"]', '["open", {}, []]', '["raise", 5, "x", {}, []]', '["look", {}]',
    '["stay", "job", 1, "x", {}]', '["stay", "job", 1, 1.0, {"file": []}]', '["back", [], {}]', '["random", "seed"]',
    '["first", {"x": [1]}]', '["then", []]', '["shell", 1]', "[[1]]", '[{"open": 1}, "x", "r"]', f'["back", "job", {"9" * 5000}]',
]  # fmt: skip


def test_only_what_has_the_shape_of_a_note_counts_as_one(run):
    done = run(
        f"""
        import os
        open("missing.txt", "w").close()
        with open(os.path.dirname(os.environ["_SIMULATOR_CLOCK"]) + "/trace", "a") as file:
            file.write("\\n".join({ODD_NOTES!r}) + "\\n")
        open("last.txt", "w").close()
    """,
        trace=True,
    )
    assert done.exit.code == 0
    assert {note[0] for note in done.notes} == {"open", "look", "empty"}
    assert {("open", "missing.txt", "w"), ("open", "last.txt", "w")} < {*done.notes}


@pytest.mark.parametrize(
    "lie", ["open(control + '/failure', 'w').write('2 none')", "open(clock, 'r+b').write(bytes(4096))"]
)
def test_a_program_can_not_pretend_that_it_did_not_start(run, lie):
    done = run(
        f"import os; clock = os.environ['_SIMULATOR_CLOCK']; control = os.path.dirname(clock); {lie}; os._exit(85)"
    )
    assert (done.exit.code, done.unstartable, done.error, done.lost) == (85, None, 0, False)


# -- virtual time in Python --------------------------------------------------------------


def test_sleeping_moves_the_clock_and_costs_nothing(run):
    began = time.perf_counter()
    done = run("import time; time.sleep(86400)")
    assert done.seconds == 86400 and time.perf_counter() - began < 5


@pytest.mark.parametrize(
    "look",
    [
        "time.time()",
        "time.monotonic()",
        "time.perf_counter()",
        "time.time_ns() / 1e9",
        "time.monotonic_ns() / 1e9",
        "time.perf_counter_ns() / 1e9",
        "datetime.datetime.now().timestamp()",
        "datetime.datetime.today().timestamp()",
        "datetime.datetime.now(datetime.timezone.utc).timestamp()",
        "calendar.timegm(time.gmtime())",
        "time.mktime(time.localtime())",
        "time.mktime(time.strptime(time.ctime()))",
        "float(time.strftime('%s'))",
        "calendar.timegm(datetime.datetime.utcnow().timetuple())",
    ],
)
def test_every_clock_moves_with_a_sleep(run, look):
    done = run(f"""
        import calendar, datetime, time, warnings
        warnings.simplefilter("ignore")
        before = {look}
        time.sleep(3600)
        print({look} - before)
    """)
    assert float(done.stdout) == pytest.approx(3600, abs=1.1), done.stderr


def test_names_taken_from_time_before_are_virtual_too(run):
    done = run("""
        from time import sleep, time
        from datetime import datetime, date
        start = time(); sleep(86400)
        print(round(time() - start), (datetime.now().date() - date.today()).days, isinstance(datetime.now(), datetime))
    """)
    assert done.stdout == "86400 0 True\n"


def test_virtual_time_begins_where_it_is_told(run):
    source = (
        "import time, datetime\nprint(time.strftime('%F %H:%M'), datetime.date.today(), datetime.datetime.now().hour)"
    )
    assert run(source).stdout == "2021-08-09 09:00 2021-08-09 9\n"
    assert run(source, clock=EPOCH + 86400).stdout == "2021-08-10 09:00 2021-08-10 9\n"


def test_datetimes_can_be_pickled_compared_and_subtracted(run):
    done = run("""
        import datetime, pickle, copy
        now = datetime.datetime.now()
        same = pickle.loads(pickle.dumps(now))
        print(same == now, type(same) is datetime.datetime, (now - same).seconds, copy.copy(now) == now)
        print(datetime.datetime(2020, 1, 1) < now, datetime.date(2020, 1, 1) < datetime.date.today())
        print(isinstance(now, datetime.date), datetime.datetime.fromisoformat("2020-01-01") < now)
        print(type(now + datetime.timedelta(1)) is datetime.datetime)
        day = now.date()
        print(isinstance(day, datetime.date), not isinstance(day, datetime.datetime), pickle.loads(pickle.dumps(day)) == day)
        print(issubclass(datetime.datetime, datetime.date), isinstance(datetime.date.max, datetime.date))
        class Own(datetime.date): pass
        print(isinstance(Own(2020, 1, 1), datetime.date), not isinstance(day, Own))
    """)
    assert done.stdout.replace(" 0 ", " True ").split() == 16 * ["True"], done.stderr


def test_a_busy_wait_for_a_moment_comes_to_its_end(run):
    done = run("import time\nuntil = time.monotonic() + 3\nwhile time.monotonic() < until: pass")
    assert done.seconds == pytest.approx(3, abs=0.01) and done.exit.code == 0


def test_computing_takes_no_virtual_time(run):
    assert run("sum(range(10**6))").seconds == 0


def test_an_alarm_rings_in_virtual_time(run):
    done = run("""
        import signal, time
        class Rings(Exception): pass
        def ring(*a): raise Rings
        signal.signal(signal.SIGALRM, ring)
        signal.alarm(100)
        start = time.time()
        try:
            time.sleep(1000)
        except Rings:
            print(round(time.time() - start), signal.alarm(0))
        signal.alarm(50)
        print(signal.alarm(0))
        time.sleep(100)
    """)
    assert done.stdout == "100 0\n50\n" and done.exit.code == 0
    assert run("import signal, time\nsignal.alarm(10)\ntime.sleep(100)").exit == Exit(signal=signal.SIGALRM)


def test_a_negative_sleep_is_an_error_as_ever(run):
    assert "ValueError: sleep length must be non-negative" in run("import time; time.sleep(-1)").stderr


@pytest.mark.parametrize(
    "below",
    [
        "[sys.executable, '-c', 'import time; time.sleep(100)']",
        "['python3', '-c', 'import time; time.sleep(100)']",
        "['sleep', '100']",
        "['sh', '-c', 'sleep 60; sleep 40']",
    ],
)
def test_processes_below_share_the_clock(run, below):
    done = run(
        f"import subprocess, sys, time\nstart = time.time()\nsubprocess.run({below}, check=True)\n"
        "print(round(time.time() - start))"
    )
    assert (done.stdout, round(done.seconds)) == ("100\n", 100), done.stderr


def test_subprocess_timeouts_do_not_fire_early(run):
    done = run(
        "import subprocess\nprint(subprocess.run(['sh', '-c', 'echo x'], timeout=60, capture_output=True).stdout)"
    )
    assert done.stdout == "b'x\\n'\n", done.stderr


# -- virtual time in a shell script ---------------------------------------------------------


def test_sleep_takes_units_and_sums(shell):
    assert shell("sleep 1h 30m 1.5").seconds == 5401.5
    assert shell("sleep soon").exit.code == 1


def test_date_tells_virtual_time(shell):
    done = shell("date -u +%FT%H:%M\nsleep 1d\ndate +%FT%H:%M\ndate -d @0 +%Y")
    assert done.stdout == "2021-08-09T09:00\n2021-08-10T09:00\n1970\n"


@pytest.mark.parametrize(
    "command, code, seconds",
    [
        ("timeout 10 sleep 100", 124, 10),
        ("timeout 10 sleep 5", 0, 5),
        ("timeout 10 sh -c 'exit 3'", 3, 0),
        ("timeout 1m sleep 1h", 124, 60),
        ("timeout -k 5 10 sh -c 'trap \"\" TERM; sleep 100'", 137, 15),
        ("timeout -s KILL 10 sleep 100", 137, 10),
        ("timeout --preserve-status 10 sleep 100", 143, 10),
        ("timeout -k5 -s INT 10 sh -c 'trap \"\" INT; sleep 100'", 137, 15),
        ("timeout -sKILL 10 sleep 100", 137, 10),
        ("timeout --kill=5 10 sleep 100", 124, 10),
        ("timeout --foreground 10 sleep 100", 124, 10),
        ("timeout 0 sleep 100", 0, 100),
        ("timeout 10 sh -c 'kill -USR1 $$'", 138, 0),
        ("timeout -k 5 100 sh -c 'trap \"\" TERM; sleep 1000' & sleep 20; kill $!; wait $!", 137, 25),
        ("timeout 100 sleep 1000 & sleep 20; kill $!; wait $!", 143, 20),
        ("timeout 10 ./job.data", 126, 0),
        ("timeout -1 sleep 1", 125, 0),
        ("timeout --signal=INT 10 sh -c 'sleep 100'", 124, 10),
        ("timeout 10 no-such-command", 127, 0),
        ("timeout soon sleep 1", 125, 0),
        ("timeout 10 sh -c 'trap \"exit 85\" TERM; sleep 100; sleep 100'", 124, 10),
    ],
)
@pytest.mark.parametrize("before", ["", "sleep 0\n"])
def test_timeout_in_virtual_time(shell, before, command, code, seconds):
    """The sleep server starts every `sleep` after the first."""
    done = shell(f"{before}{command}\nexit $?", {"job.data": ""})
    assert (done.exit.code, round(done.seconds)) == (code, seconds), done.stderr


@pytest.mark.parametrize(
    "script, output",
    [
        ("for i in 1 2 3; do sleep $i; done; date +%s", "6"),
        ("sleep 2.5; sleep .5; sleep 1.; date +%s", "4"),
        ("(sleep 7; echo b) & (sleep 3; echo a) & sleep 10; date +%s", "a b 10"),
        ("(sleep 7; echo b) & (sleep 3; echo a) & wait; date +%s", "a b 7"),
        ("for i in 3 1 2; do (sleep 5; echo $i; expr 3 + 4; echo $i) & done; wait", "1 7 1 2 7 2 3 7 3"),
        ("echo $(sleep 3; echo a; sleep 3); date +%s", "a 6"),
        ("for i in 6 5 4 3 2 1 7; do (sleep $i; echo $i) & done; wait; date +%s", "1 2 3 4 5 6 7 7"),
        ("for i in 1 2 3 4 5 6 7; do sleep 99 & sleep 1; kill $!; done; wait; date +%s", "7"),
        ("sleep 4 | cat; date +%s", "4"),
        ("sleep 100 & sleep 5; kill $!; wait $!; echo $?; date +%s", "143 5"),
        ("sleep 100 & sleep 5; kill -KILL $!; wait $!; echo $?; sleep 5; date +%s", "137 10"),
        ("sleep 100 & sleep 5; kill -STOP $!; sleep 100; kill -CONT $!; wait $!; echo $?; date +%s", "0 105"),
        ("trap 'echo told' TERM; (sleep 3; kill $$) & sleep 10; date +%s", "told 10"),
        ("timeout 20 sh -c 'while :; do sleep 3; echo .; done'; echo $?; date +%s", ". . . . . . 124 20"),
        ("sleep 1 2 3; sleep 1m; date +%s", "66"),
        ("sleep 1.2.3; echo $?; sleep ''; echo $?; sleep .; echo $?; date +%s", "1 1 1 0"),
        (
            "python3 -c 'import time; time.sleep(9); print(9)' & while sleep 2; do echo .; kill -0 $! || exit; done",
            ". . . . 9 .",
        ),
    ],
)
@pytest.mark.parametrize("before", ["", "sleep 0"])
def test_how_shell_scripts_sleep(shell, before, script, output):
    begun = int(EPOCH)
    done = shell(f"{before}\n{script}")
    said = [str(int(word) - begun) if word.isdigit() and int(word) >= begun else word for word in done.stdout.split()]
    if script.startswith("for i in 3"):
        said = [word for part in sorted(said[n : n + 3] for n in (0, 3, 6)) for word in part]
    assert " ".join(said) == output, done.stderr


def test_a_timeout_passes_on_the_signal_that_ended_its_command(run):
    done = run(
        "import subprocess\nprint(subprocess.call(['timeout', '10', 'sh', '-c', 'kill -SEGV $$']),"
        "subprocess.call(['timeout', '-s', 'KILL', '10', 'sleep', '100']))"
    )
    assert done.stdout == "-11 -9\n"


def test_a_timeout_turned_into_a_checkpoint(shell):
    """The usual wrapper of a program that saves on its own: 124 becomes 85."""
    done = shell("timeout 1h python3 -c 'import time; time.sleep(7200)'\n[ $? -eq 124 ] && exit 85")
    assert (done.exit.code, round(done.seconds)) == (85, 3600)


def test_python_below_a_shell_has_virtual_time_and_the_slot_s_name(shell, executor):
    done = shell("python3 - <<END\nimport time, socket\ntime.sleep(100)\nprint(socket.gethostname())\nEND\n")
    assert round(done.seconds) == 100 and executor.slots_named_in(Tree.of(x=done.stdout)) == {0}


@pytest.mark.skipif(not shutil.which("gcc"), reason="no C compiler")
def test_a_compiled_program_runs_and_is_limited(executor, tmp_path):
    source = tmp_path / "job.c"
    source.write_text("#include <stdio.h>\nint main(int c, char **v) { puts(v[1]); return 85; }")
    subprocess.run(["gcc", "-o", str(tmp_path / "job"), str(source)], check=True)
    job = Job(
        executable="job",
        arguments=("hello",),
        output="o",
        inputs=Tree({"job": File((tmp_path / "job").read_bytes(), True)}),
    )
    done = executor.run(job, job.inputs)
    assert (done.exit.code, done.stdout) == (85, "hello\n")


def test_a_binary_of_the_system_runs_as_a_copy(executor):
    job = Job(executable="true", inputs=Tree({"true": File(Path(shutil.which("true")).read_bytes(), True)}))
    assert executor.run(job, job.inputs).exit == Exit(code=0)


def test_an_executable_that_is_not_transferred(executor):
    job = Job(executable="/bin/sh", arguments=("-c", "exit 7"), transfer_executable=False)
    assert executor.run(job, Tree()).exit == Exit(code=7)


# -- stopped ----------------------------------------------------------------------------------

COUNTS = """
    import time
    for i in range(10):
        with open("count", "a") as file:
            file.write(f"{i}\\n")
        time.sleep(10)
"""


@pytest.mark.parametrize("after, lines", [(0.5, 1), (10, 1), (15, 2), (30, 3), (99.9, 10)])
def test_the_slot_is_lost_at_exactly_that_moment(run, after, lines):
    done = run(COUNTS, stop=Stop(after))
    assert done.exit == Exit(signal=signal.SIGKILL) and done.over is None
    assert done.seconds == pytest.approx(after, abs=0.002)
    assert len(done.sandbox["count"].text.splitlines()) == lines


def test_a_program_that_ends_before_the_stop_is_not_stopped(run):
    done = run(COUNTS, stop=Stop(1000))
    assert done.exit == Exit(code=0) and round(done.seconds) == 100


def test_a_program_without_a_handler_dies_of_the_sigterm(run):
    assert run(COUNTS, stop=Stop(15, signal.SIGTERM, 10)).exit == Exit(signal=signal.SIGTERM)


def test_a_handler_has_the_grace_time_and_no_more(run):
    source = """
        import signal, sys, time
        def save(*_):
            for i in range(10):
                print(i, flush=True)
                time.sleep(4)
            sys.exit(85)
        signal.signal(signal.SIGTERM, save)
        time.sleep(1000)
    """
    short = run(source, stop=Stop(100, signal.SIGTERM, 10))
    assert short.exit == Exit(signal=signal.SIGKILL) and short.stdout == "0\n1\n2\n"
    assert short.seconds == pytest.approx(110, abs=0.01)
    long = run(source, stop=Stop(100, signal.SIGTERM, 60))
    assert long.exit == Exit(code=85) and round(long.seconds) == 140


def test_what_a_shell_script_has_started_is_stopped_with_it(shell):
    done = shell("echo one\nsleep 100\necho two", stop=Stop(50))
    assert done.exit.signal == signal.SIGKILL and done.stdout == "one\n" and round(done.seconds) == 50
    trapped = shell("trap 'echo saved; exit 85' TERM\nsleep 100\necho two", stop=Stop(50, signal.SIGTERM, 100))
    assert trapped.stdout.startswith("saved") and trapped.exit.code == 85


# -- limits -------------------------------------------------------------------------------------


def test_processor_time_is_limited(run):
    with Executor(Limits(cpu=1, wall=20)) as small:
        done = run("def endless():\n    while True:\n        pass\nendless()", executor=small)
    assert done.over == "1 s of processor time" and done.exit.code is None
    (fact,) = where_time_was_up(done)
    assert (fact.file, fact.line in (3, 4)) == ("job", True)


def test_a_program_can_not_see_the_report_of_a_limit_in_advance(run):
    done = run("""
        import signal, sys
        print("faulthandler" in sys.modules, signal.getsignal(signal.SIGXCPU) is signal.SIG_DFL)
        import faulthandler
        print(faulthandler.is_enabled())
    """)
    assert done.stdout.split() == ["False", "True", "False"]


def test_real_time_is_limited(run, shell):
    with Executor(Limits(wall=0.3)) as small:
        began = time.perf_counter()
        done = run("import threading; threading.Event().wait()", executor=small)
        assert done.over == "0.3 s of real time" and time.perf_counter() - began < 5
        assert shell("/bin/sleep 30", executor=small).over == "0.3 s of real time"
        assert run("print(1)", executor=small).over is None


def test_memory_is_limited(run):
    if not LINUX:
        pytest.skip("memory is not limited here")
    with Executor(Limits(memory=200 << 20)) as small:
        done = run("x = bytearray(1 << 30)", executor=small)
    assert done.exit.code == 1 and done.stderr.rstrip().endswith("MemoryError")


def test_the_size_of_a_file_is_limited(run):
    with Executor(Limits(file_bytes=10_000)) as small:
        done = run("with open('big', 'wb') as file: file.write(bytes(20_000))", executor=small)
    assert done.exit.code == 1 and "File too large" in done.stderr
    assert len(done.sandbox["big"].content) <= 10_000


def test_the_number_of_files_is_limited(run):
    with Executor(Limits(files=20)) as small:
        done = run("for i in range(30): open(f'file{i}', 'w')", executor=small)
    assert done.over == "20 files in the sandbox"


def test_the_size_of_the_sandbox_is_limited(run):
    with Executor(Limits(sandbox_bytes=10_000)) as small:
        done = run("for i in range(30): open(f'file{i}', 'wb').write(bytes(1000))", executor=small)
    assert done.over == "10000 bytes in the sandbox"


def test_a_program_whose_input_is_too_large_is_not_even_started(python_job):
    job = python_job("open('started', 'w')", inputs=Tree.files({"data": bytes(20_000)}))
    with Executor(Limits(sandbox_bytes=10_000)) as small:
        done = small.run(job, job.inputs)
    assert done.over == "10000 bytes in the sandbox" and "started" not in done.sandbox


def test_open_files_are_limited(run):
    with Executor(Limits(open_files=30)) as small:
        done = run("files = [open('job') for i in range(50)]", executor=small)
    assert done.exit.code == 1 and "Too many open files" in done.stderr


# -- what gets away -------------------------------------------------------------------------------

DAEMON = """
    import os, sys, time
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            open("daemon", "w").write(str(os.getpid()))
            for name in (0, 1, 2): os.close(name)
            import threading
            while True:
                threading.Event().wait(0.01)
                try: open(os.path.join(WHERE, "planted"), "w").close()
                except OSError: pass
        os._exit(0)
    import threading
    while not os.path.exists("daemon") or not open("daemon").read(): threading.Event().wait(0.01)
"""


FOR_REAL = "import os\nbegun = os.times().elapsed\nwhile os.times().elapsed < begun + 0.2: pass\n"
"""Takes real time, which waiting does not."""


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not LINUX, reason="only Linux gives orphans to the starter")
def test_a_daemon_is_dead_after_the_run_and_writes_into_no_later_sandbox(run, executor):
    done = run(DAEMON.replace("WHERE", repr(str(executor.directory(0)))))
    pid = int(done.sandbox["daemon"].text)
    assert not _alive(pid)
    later = run(FOR_REAL)
    assert "planted" not in later.sandbox


@pytest.mark.skipif(not LINUX, reason="only Linux gives orphans to the starter")
@pytest.mark.parametrize("with_children", [False, True])
def test_a_program_that_kills_its_starter_does_no_harm_to_the_next(run, with_children):
    with Executor() as own:
        source = "import os, signal\n"
        if with_children:
            source += "child = os.fork()\n"
        source += f"""
if os.getppid() != 0:
    import threading
    where = {str(own.directory(0))!r}
    if not {with_children} or child: os.kill(os.getppid(), signal.SIGKILL)
    while True:
        threading.Event().wait(0.01)
        try: open(os.path.join(where, "planted"), "w").close()
        except OSError: pass
"""
        with suppress(LostExecution):
            assert run(source, executor=own).exit == Exit(signal=signal.SIGKILL)
        later = run(FOR_REAL + "print('fine')", executor=own)
        assert later.stdout == "fine\n" and later.exit.code == 0 and "planted" not in later.sandbox


def test_an_interrupted_execution_s_answer_is_not_given_to_the_next(run):
    class Late(BaseException):
        pass

    def ring(*_):
        raise Late

    with Executor() as own:
        before = signal.signal(signal.SIGALRM, ring)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.5)
            with pytest.raises(Late):
                run("while True: pass", executor=own)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        done = run("print('new')", executor=own)
        assert done.stdout == "new\n" and done.exit == Exit(code=0)


def test_processes_left_running_in_the_background_end_with_the_execution(shell):
    began = time.perf_counter()
    done = shell("/bin/sleep 60 & echo started")
    assert done.stdout == "started\n" and time.perf_counter() - began < 10


# -- what a program leaves running at a checkpoint ---------------------------------------

WRITER = """
n=$(cat n 2> /dev/null || echo 0)
( for i in 1 2 3; do sleep 10; echo from $n >> log; done ) &
sleep 14
echo $((n + 1)) > n
echo start $n
[ $n -lt 2 ] && exit 85
exit 0
"""


@pytest.fixture
def starts(executor, shell_job):
    """starts(source, count): the runs of a shell script that is started `count` times in one sandbox."""

    def starts(source, count, executor=executor, **circumstances):
        job = shell_job(source, checkpoint_exit_code=85)
        sandbox, clock, beside, runs = job.inputs, EPOCH, (), []
        for number in range(count):
            last = circumstances if number == count - 1 else {}
            runs.append(executor.run(job, sandbox, clock=clock, beside=beside, **last))
            beside = (*beside, Start(sandbox, clock)) if runs[-1].left else ()
            sandbox, clock = runs[-1].sandbox, clock + runs[-1].seconds
        return runs

    return starts


needs_lists = pytest.mark.skipif(not LINUX, reason="which processes there are is told by /proc")


def needs(command):
    """A mark for tests that need this command."""
    return pytest.mark.skipif(shutil.which(command) is None, reason=f"there is no {command}")


@needs_lists
def test_what_a_program_leaves_running_goes_on_beside_the_next_start(starts):
    one, two, three = starts(WRITER, 3)
    assert [run.left for run in (one, two, three)] == [("job",), ("job", "job"), ()]
    assert [run.seconds for run in (one, two, three)] == [14, 14, 14]
    assert one.sandbox["log"].text == "from 0\n"
    assert two.sandbox["log"].text == "from 0\nfrom 0\nfrom 1\n"
    assert three.sandbox["log"].text == "from 0\nfrom 0\nfrom 1\nfrom 0\nfrom 1\nfrom 2\n"
    assert [run.stdout for run in (one, two, three)] == ["start 0\n", "start 1\n", "start 2\n"]


@needs_lists
def test_starts_beside_others_are_the_same_each_time(starts):
    assert starts(WRITER, 3) == starts(WRITER, 3)


@needs_lists
def test_what_earlier_starts_wrote_keeps_its_time(starts):
    one, two = (run.sandbox for run in starts("(sleep 15; : ) &\ntouch n$(ls | wc -l)\nsleep 10\nexit 85", 2))
    [first] = set(one) - {"job", STDOUT, STDERR}
    [second] = set(two) - set(one)
    assert [two.times[name] - EPOCH for name in (first, second)] == [10, 20]


@needs_lists
@pytest.mark.parametrize("seconds, wrote", [(5, ["from 0"]), (7, ["from 0", "from 0"])])
def test_an_eviction_ends_what_was_left_running_too(starts, seconds, wrote):
    evicted = starts(WRITER, 2, stop=Stop(seconds))[-1]
    assert evicted.exit == Exit(signal=signal.SIGKILL) and evicted.seconds == seconds
    assert evicted.sandbox["log"].text.split("\n")[:-1] == wrote


@needs_lists
@pytest.mark.parametrize(
    "left",
    [
        "sleep 1000 &",
        "timeout 5 sleep 1000; sleep 1 & kill $!",
        "cat n > m; sleep infinity &",
        "sleep 10m &",
        "/bin/sleep 60 &",
    ],
)
def test_a_sleep_that_nobody_waits_for_is_not_left_running(starts, left):
    assert starts(f"echo 1 > n\n{left}\nexit 85", 1)[0].left == ()


@needs_lists
@pytest.mark.parametrize(
    "hidden",
    [
        "cp /bin/sh sleep; ./sleep -c 'while sleep 1; do echo >> log; done' &",
        'sh -c "while sleep 1; do echo >> log; done" "$_SIMULATOR_TOOLS/sleep" 9 &',
        'cp /bin/sh shell; ./shell "$_SIMULATOR_TOOLS/sleep" 9 &',
        pytest.param("bash -c 'exec -a sleep sh -c \"while sleep 1; do echo >> log; done\"' &", marks=needs("bash")),
        pytest.param("perl -e '$0 = q(sleep 9); while (1) { sleep 1; system q(echo >> log); }' &", marks=needs("perl")),
        pytest.param(
            "echo 'void at_start(void) __attribute__((constructor)); void at_start(void) {}' > own.c\n"
            "cc -shared -fPIC -o own.so own.c && LD_PRELOAD=./own.so /bin/sleep 9 &\nsleep 10",
            marks=needs("cc"),
        ),
    ],
)
def test_a_worker_can_not_pass_for_a_sleep(starts, hidden):
    assert starts(f"{hidden}\nsleep 2\nexit 85", 1)[0].left


@needs_lists
def test_a_worker_that_claims_to_be_a_sleep_server_is_seen(executor, python_job):
    job = python_job(
        """
        import os, sys, time
        worker = os.fork()
        if not worker:
            while True: time.sleep(1); open("log", "a").write("x")
        open(os.environ["_SIMULATOR_CLOCK"] + ".sleep.keeper", "w").write(str(worker))
        time.sleep(2.5)
        sys.exit(85)
    """,
        checkpoint_exit_code=85,
    )
    run = executor.run(job, job.inputs)
    assert run.left == ("job",) and run.sandbox["log"].text == "xx"


@needs_lists
def test_a_reader_that_ends_with_its_pipe_is_waited_for(executor, shell_job):
    job = shell_job(
        """
mkfifo pipe
(cat; head -c 50000000 /dev/zero | tail -c 1 > end; echo end) < pipe > log &
exec 3> pipe
echo line >&3
exit 85
""",
        checkpoint_exit_code=85,
    )
    run = executor.run(job, job.inputs)
    assert run.left == () and run.sandbox["log"].text == "line\nend\n"


@needs_lists
def test_a_background_process_ends_when_the_job_is_done(starts):
    assert starts("sleep 5 && echo late > file &\nexit 0", 1)[0].sandbox.get("file") is None


@needs_lists
def test_a_program_is_named_by_its_script_or_its_command(starts):
    source = """
cat > worker <<'end'
#!/usr/bin/env python3
import time
time.sleep(10)
end
cp worker other; chmod +x worker
./worker & python3 other & sh -c 'sleep 10; sleep 10' & (sleep 10; sleep 10) & tail -f n &
sleep 1
exit 85
"""
    [run] = starts("touch n" + source, 1)
    assert sorted(run.left) == ["job", "other", "sh", "tail", "worker"]


@needs_lists
def test_a_python_program_goes_on_beside_itself(executor, python_job):
    job = python_job(
        """
        import os, sys, time
        if os.fork() == 0:
            time.sleep(2.5)
            open(f"child {os.getpid()}", "w")
            os._exit(0)
        time.sleep(1)
        sys.exit(85)
    """,
        checkpoint_exit_code=85,
    )
    beside, sandbox, clock = (), job.inputs, EPOCH
    for count in (0, 0, 1, 2, 3):
        run = executor.run(job, sandbox, clock=clock, beside=beside)
        beside, sandbox, clock = (*beside, Start(sandbox, clock)), run.sandbox, clock + run.seconds
        assert (set(run.left), run.seconds) == ({"job"}, 1)
        assert len([path for path in sandbox if path.startswith("child")]) == count


@needs_lists
def test_a_start_that_needs_no_earlier_processes_is_unaided(starts):
    unmoved = starts("( sleep 2; : ) &\nsleep 5\n( sleep 1; : ) &\nexit 85", 3)
    assert [run.unaided for run in unmoved] == [True, True, True]
    assert not starts("( sleep 1; echo >> file ) &\nsleep 0.5\nexit 85", 2)[-1].unaided
    assert not starts("( sleep 100; : ) &\nsleep 5\nexit 85", 2)[-1].unaided


@needs_lists
def test_nothing_is_known_of_starts_that_end_in_another_way(executor, shell_job):
    job = shell_job("sleep 5 && : &\nexit 3", checkpoint_exit_code=85)
    assert executor.run(job, job.inputs, beside=(Start(job.inputs, EPOCH),)).left is None


@needs_lists
@pytest.mark.parametrize("left", ["while :; do :; done &", "/bin/sleep 0.6; sleep 1 && : &"])
def test_limits_hold_for_all_starts_together(shell_job, left):
    with Executor(Limits(wall=1.5)) as own:
        job = shell_job(f"{left}\nexit 85", checkpoint_exit_code=85)
        began = time.perf_counter()
        run = own.run(job, job.inputs, beside=(Start(job.inputs, EPOCH),) * 5)
        assert run.limit == Limit.REAL_TIME and time.perf_counter() - began < 10


# -- what is gone after an execution --------------------------------------------------------


def test_a_sandbox_without_permissions_is_deleted(run, executor):
    done = run(
        "import os\nos.makedirs('a/b')\nopen('a/b/c', 'w')\nos.chmod('a/b', 0)\nos.chmod('a', 0)\nos.chmod('.', 0o500)"
    )
    assert "a/b/c" in done.sandbox
    assert not executor.directory(0).exists()


def test_nothing_is_on_the_disk_after_a_run_or_after_close(run, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Executor() as own:
        run("open('file', 'w').write('x')", executor=own)
        [scratch] = tmp_path.glob("*/*")
        assert {path.name for path in scratch.iterdir()} == {"tools", "tmp"} and not list((scratch / "tmp").iterdir())
    assert list(tmp_path.iterdir()) == []


def test_no_process_is_there_after_close(run):
    with Executor() as own:
        starter = int(run("import os; print(os.getppid())", executor=own).stdout)
        assert _alive(starter) or not LINUX
    assert not _alive(starter)


def test_an_executor_may_be_closed_unused():
    Executor().close()


# -- what HTCondor itself puts there ----------------------------------------------


def test_the_ads_describe_job_and_machine_and_are_not_in_the_sandbox(run):
    done = run(
        """
import os
told = open(os.environ["_CONDOR_JOB_AD"]).read()
print("ProcId = 4\\n" in told, "RequestMemory = 2048\\n" in told)
print(*[line for line in told.splitlines() if line.startswith("Arg")])
print("Machine = \\"" + os.uname().nodename in open(os.environ["_CONDOR_MACHINE_AD"]).read())
open(".job.ad", "a").write("x = 1")
os.remove(".machine.ad")
""",
        proc=4,
        request_memory="2GB",
        arguments=("a", '"b"'),
    )
    assert done.stdout == 'True True\nArguments = "a \\"b\\""\nTrue\n', done.stderr
    assert not {".job.ad", ".machine.ad"} & set(done.sandbox)


def test_libraries_are_told_how_many_processors_there_are(run):
    program = "import os; print(os.environ['OMP_NUM_THREADS'], os.environ['PYTHON_CPU_COUNT'])"
    assert run(program, request_cpus="4").stdout == "4 4\n"


def test_the_jobs_environment_replaces_its_threads_but_not_its_sandbox(run):
    """R3: seen on 23.9.6 and 25.14.1."""
    names = ("OMP_NUM_THREADS", "TMPDIR", "BATCH_SYSTEM", "_CONDOR_SCRATCH_DIR", "_CONDOR_SLOT", "HOME")
    done = run(
        "import os; print(*[n for n in os.environ if os.environ[n] == 'own'])", environment=[(n, "own") for n in names]
    )
    assert done.stdout == "OMP_NUM_THREADS\n"


# -- directories as they are --------------------------------------------------------

AGES = """
import os, sys, time
for path in ("input", "old", "new"):
    if os.path.exists(path): print(path, round(time.time() - os.stat(path).st_mtime))
time.sleep(100)
open("old", "w"); time.sleep(50); open("new", "w")
"""


def test_files_have_the_times_of_what_was_written_in_place(executor, python_job):
    job = python_job(AGES, inputs=Tree.files({"input": ""}))
    first = executor.run(job, job.inputs)
    second = executor.run(job, first.sandbox, clock=EPOCH + 1000)
    assert first.stdout == "input 0\n"
    assert second.stdout == "input 1000\nold 850\nnew 850\n"
    assert second.sandbox.times.keys() == {"", "old", "new", STDOUT}
    elsewhere = executor.run(job, second.sandbox.copied(), clock=EPOCH + 2000)
    assert elsewhere.stdout == "input 0\nold 0\nnew 0\n"


def test_a_file_was_last_changed_when_it_was_written(executor, python_job):
    job = python_job(
        """
        import os, pathlib, shutil
        for name in sorted(os.listdir()):
            print(name, int(os.path.getctime(name) - 1e9), pathlib.Path(name).stat().st_ctime == os.stat(name).st_mtime)
        with os.scandir() as entries:
            assert all(entry.stat().st_ctime == os.path.getctime(entry) and entry.is_file() for entry in entries)
        open("file", "a").close()
        os.utime("file", (1e9 + 7, 1e9 + 7))
        if os.path.islink("link"): os.remove("link")
        os.symlink("file", "other")
        shutil.copy("other", "link", follow_symlinks=False)
        os.remove("other")
        assert os.readlink("link") == "file" and os.stat in os.supports_follow_symlinks
    """
    )
    first = executor.run(job, job.inputs)
    second = executor.run(job, first.sandbox, clock=EPOCH + 1000)
    assert first.exit.code == second.exit.code == 0, second.stderr
    assert "file 7 True" in second.stdout.splitlines()


@pytest.mark.parametrize("newest", ["ls -tc", "ls -c", "ls -1 --time=ctime", "ls -lct", "stat -c '%Z %n' * | sort -rn"])
def test_a_shell_sees_when_a_file_was_written(newest, executor, shell_job):
    job, sandbox = shell_job(f"case $# in 0) {newest} ;; *) touch $1 ;; esac"), Tree()
    for clock, written in enumerate("zam"):
        sandbox = executor.run(
            replace(job, arguments=(written,)), sandbox or job.inputs, clock=EPOCH + 100 * clock
        ).sandbox
    shown = executor.run(job, sandbox, clock=EPOCH + 1000).stdout
    assert [line[-1] for line in shown.splitlines() if line[-1] in "zam"] == ["m", "a", "z"], shown


def test_a_time_that_a_program_has_set_stays(executor, python_job):
    job = python_job("import os; print(os.stat('a').st_mtime); os.utime('a', (1e9, 1e9))", inputs=Tree.files({"a": ""}))
    first = executor.run(job, job.inputs)
    assert executor.run(job, first.sandbox, clock=EPOCH + 5).stdout == "1000000000.0\n"


def test_hard_links_stay_in_place_and_are_files_of_their_own_elsewhere(executor, python_job):
    job = python_job("""
import os
if os.path.exists("b"): open("b", "a").write("x")
else: open("b", "w").close(); os.link("b", "a")
""")
    linked = executor.run(job, job.inputs).sandbox
    assert linked["b"].same_as == "a"
    assert executor.run(job, linked).sandbox["a"].content == b"x"
    elsewhere = executor.run(job, linked.copied()).sandbox
    assert (elsewhere["a"].content, elsewhere["b"].content) == (b"", b"x")
