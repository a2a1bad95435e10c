"""The executor without processes: a program does the same in it as in the executor with processes."""

from __future__ import annotations

import builtins
import gc
import os
import random
import signal
import sys
import threading
import time
import warnings

import pytest

from grader.execute.interpreter.executor import InterpreterExecutor
from grader.rules.execution import EPOCH, Exit, Limit, Limits, MachineTrouble, Run, Stop, Unbroken
from grader.rules.job import Job
from grader.tree import Directory, File, Link, Tree


@pytest.fixture(scope="module")
def here():
    with InterpreterExecutor() as executor:
        yield executor


@pytest.fixture
def run(here, python_job):
    """run(source, ...) executes a Python program once in this interpreter."""

    def run(source, files=None, stop=None, slot=0, clock=EPOCH, trace=False, executor=here, **fields):
        job = python_job(source, inputs=Tree.files(files or {}), **fields)
        return executor.run(job, job.inputs, stop=stop, slot=slot, clock=clock, trace=trace)

    return run


@pytest.fixture
def both(run, here, executor):
    """both(source, ...): the run of a program in this interpreter, after a check that its run in a process is the
    same."""

    def both(source, **circumstances):
        mine, theirs = run(source, **circumstances), run(source, executor=executor, **circumstances)
        for field in Run._fields:
            if field not in ("sandbox", "notes"):
                assert getattr(mine, field) == getattr(theirs, field), field
        assert mine.sandbox == theirs.sandbox and mine.sandbox.times.keys() == theirs.sandbox.times.keys()
        assert {here.normalized(str(note)) for note in mine.notes} == {
            executor.normalized(str(note)) for note in theirs.notes
        }
        return mine

    return both


# -- how a program ends ------------------------------------------------------------

WRITES = "file = open('data', 'w')\nfile.write('written')\nprint('printed')\n"


@pytest.mark.parametrize(
    "end",
    [
        "",
        "import sys; sys.exit()",
        "import sys; sys.exit(85)",
        "import sys; sys.exit(True)",
        "import sys; sys.exit('an error')",
        "import sys; sys.exit(256 + 7)",
        "import sys; sys.exit(-1)",
        "import sys; sys.exit(1 << 70)",
        "raise SystemExit(3)",
        "exit(4)",
        "quit()",
        "import os; os._exit(5)",
        "import os; os._exit(300)",
        "import os; os.abort()",
        "raise ValueError('no number')",
        "def f():\n    raise KeyError(1)\ntry:\n    f()\nexcept KeyError:\n    f()",
        "raise KeyboardInterrupt",
        "class Own(KeyboardInterrupt): pass\nraise Own",
        "import sys\ntry: sys.exit(6)\nfinally: print('x')",
        "import atexit, os; atexit.register(os._exit, 9)",
        "import atexit; atexit.register(print, 'late'); atexit.register(print, 'later')",
        "import atexit; atexit.unregister(print); f = atexit.register(print); atexit.unregister(f)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
        "import os, signal; os.kill(os.getpid(), signal.SIGINT)",
        "import os, signal; os.kill(os.getpid(), signal.SIGCHLD)",
        "import os; os.kill(0, 0)",
        "import signal; signal.raise_signal(signal.SIGSEGV)",
        "import signal; signal.raise_signal(signal.SIGPIPE)",
        "import sys\ntry: sys.exit(85)\nexcept SystemExit: print('stayed')",
        "import os, signal\ntry: os.kill(os.getpid(), 9)\nfinally: open('late', 'w')",
        "import os\ntry: os._exit(85)\nexcept BaseException: open('late', 'w')\nopen('later', 'w')",
        "import os\nwith open('late', 'w') as late:\n    late.write('x')\n    os._exit(85)",
        "import sys\nclass Speaks:\n    def __del__(self): print('gone')\nkept = Speaks()\nsys.exit(85)",
        "import sys\nsys.excepthook = lambda *told: print(told[0].__name__)\n1 / 0",
        "x = (1\n",
        "print('unreachable')\nreturn",
        "import no_such_module",
        "import broken",
        "assert False, 'so'",
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('other') from error",
    ],
)
def test_a_program_ends_as_in_a_process(both, end):
    both(WRITES + end, files={"broken.py": "x = (1\n"})


def test_what_is_buffered_is_lost_at_an_immediate_exit(both):
    done = both(WRITES + "import os\nos._exit(85)")
    assert done.exit == Exit(code=85) and done.stdout == "" and done.sandbox["data"].text == ""


def test_a_full_buffer_is_written_before_an_immediate_exit(both):
    both("import os\nprint('x' * 20_000)\nopen('data', 'w').write('y' * 20_000)\nos._exit(85)")


def test_catching_its_end_does_not_keep_a_program_in_a_loop(run):
    done = run("""
        import os
        while True:
            try:
                while True:
                    try:
                        os._exit(85)
                    except BaseException:
                        pass
                    finally:
                        open("late", "w").write("x")
            except BaseException:
                continue
    """)
    assert done.exit == Exit(code=85) and "late" not in done.sandbox


@pytest.mark.parametrize(
    "program",
    [
        b"\x7fNOT AN EXECUTABLE",
        b"no first line\n",
        b"#!/no/such/interpreter\n",
        b"#!/usr/bin/env python3\r\nprint(1)\r\n",
    ],
)
def test_what_can_not_be_started_is_told_as_by_a_process(here, executor, program):
    job = Job(executable="job", inputs=Tree({"job": File(program, True)}))
    mine, theirs = here.run(job, job.inputs), executor.run(job, job.inputs)
    assert (mine.exit, mine.unstartable, mine.error) == (theirs.exit, theirs.unstartable, theirs.error)


def test_a_program_that_is_not_there_or_not_executable_can_not_be_started(here):
    assert "No such file" in here.run(Job(executable="job"), Tree()).unstartable
    job = Job(executable="job", inputs=Tree.of(job="#!/usr/bin/env python3\n"))
    assert "Permission denied" in here.run(job, job.inputs).unstartable


def test_a_shell_script_can_not_run_here(here, shell_job):
    job = shell_job("exit 85")
    with pytest.raises(MachineTrouble, match="job can't run here: .* only Python programs can"):
        here.run(job, job.inputs)


def test_python_can_be_named_as_the_executable(here):
    job = Job(
        executable="/usr/bin/python3",
        arguments=("-u", "own.py", "x"),
        transfer_executable=False,
        output="out",
        inputs=Tree.of(**{"own.py": "import sys, os\nprint(sys.argv)\nos._exit(85)"}),
    )
    done = here.run(job, job.inputs)
    assert (done.exit.code, done.stdout) == (85, "['own.py', 'x']\n")


# -- what a program is -------------------------------------------------------------


def test_the_program_is_the_main_module(both):
    both(
        """
        import os, sys
        import __main__
        x = 1
        print(__name__, __main__.x, sys.modules["__main__"].x)
        print(__file__ == sys.argv[0] == os.path.join(os.getcwd(), "job"))
        print(sys.argv[1:], sys.path[0] == os.getcwd(), sorted(globals()))
        def f(): return x
        print(f(), __builtins__.len("ab"))
    """,
        arguments=("a", "b c"),
    )


def test_an_instance_of_the_program_s_class_is_read_back(here, python_job):
    job = python_job("""
        import os, pickle
        class State:
            n = 0
        state = pickle.load(open("state", "rb")) if os.path.exists("state") else State()
        state.n += 1
        pickle.dump(state, open("state", "wb"))
        print(state.n, type(state) is State)
    """)
    one = here.run(job, job.inputs)
    two = here.run(job, one.sandbox)
    assert (one.stdout, two.stdout) == ("1 True\n", "2 True\n")


@pytest.mark.parametrize("name", ["json", "random", "pickle", "helper", "types"])
def test_a_module_of_the_jobs_own_is_found_first_and_each_time_anew(run, name):
    for value in "first", "other":
        done = run(f"import {name}; print({name}.mine)", {f"{name}.py": f"mine = {value!r}"})
        assert done.stdout == f"{value}\n", done.stderr
    assert "no module named" in run(f"import {name}_; print(1)").stderr.lower()


def test_the_environment_of_a_job(both):
    both(
        """
        import os
        print(os.environ["_CONDOR_SCRATCH_DIR"] == os.getcwd() == os.environ["TMPDIR"])
        print(os.environ["MINE"], os.environ["BATCH_SYSTEM"], "PYTEST_CURRENT_TEST" in os.environ, os.getenv("TZ"))
    """,
        environment=(("MINE", "yes"),),
    )


@pytest.mark.parametrize("slot", [0, 1])
def test_the_host_is_that_of_the_slot(both, here, slot):
    done = both(
        "import os, socket, platform\nprint(os.getcwd(), socket.gethostname(), platform.node(), os.uname().nodename)",
        slot=slot,
    )
    assert here.slots_named_in(Tree.of(x=done.stdout)) == {slot}


@pytest.mark.parametrize("streams", [{}, {"output": None, "error": None}, {"output": "all", "error": "all"}])
def test_streams(both, streams):
    both(
        "import os, sys\nprint('out', flush=True)\nprint('err', file=sys.stderr)\nos.write(1, b'one')\n"
        "sys.stdout.buffer.write(b'bytes')\nprint(repr(sys.stdin.read()), sys.stdout.fileno(), sys.stdout.name)\n"
        "print(sys.stdout.encoding, sys.stdout.errors, sys.stdout.isatty(), sys.__stdout__ is sys.stdout)",
        **streams,
    )


def test_streams_are_appended_to_in_place(here, python_job):
    job = python_job("import sys\nprint('out')\nprint('err', file=sys.stderr)", checkpoint_exit_code=85)
    one = here.run(job, job.inputs)
    two = here.run(job, one.sandbox)
    assert (two.sandbox["_condor_stdout"].text, two.stdout, two.stderr) == ("out\nout\n", "out\n", "err\n")


def test_there_is_no_input(both):
    both("input('name? ')")


def test_a_warning_is_shown_as_python_shows_it(both):
    both("import warnings\nwarnings.warn('beware')\nwarnings.warn('old', DeprecationWarning)\nopen('x', 'w')")


def test_what_is_made_is_as_the_filesystem_has_it(both):
    done = both("""
        import os
        os.makedirs("a/b")
        open("a/b/c", "w").write("x")
        os.symlink("a/b", "link")
        os.link("a/b/c", "same")
        os.chmod("same", 0o500)
        os.mkdir("shut"); os.chmod("shut", 0o500)
        os.utime("job", (1e9, 1e9))
    """)
    assert done.sandbox["link"] == Link("a/b") and done.sandbox["shut"] == Directory(False)
    assert done.sandbox["same"].same_as == "a/b/c" and done.sandbox.times["job"] == 1e9


# -- time --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "time.sleep(86400)",
        "print(time.time(), time.monotonic(), time.perf_counter(), time.process_time(), time.time_ns())",
        "print(datetime.datetime.now(), datetime.date.today(), time.ctime(), time.strftime('%c'), time.localtime())",
        "until = time.monotonic() + 30\nwhile time.monotonic() < until: pass",
        "now = datetime.datetime.now()\nprint(pickle.loads(pickle.dumps(now)) == now, isinstance(now, datetime.date))",
        "print(threading.Event().wait(100), threading.Lock().acquire(timeout=1), time.time())",
        "print(queue.SimpleQueue().empty(), select.select([], [], [], 50), time.time())",
        "try: queue.Queue().get(timeout=9)\nexcept queue.Empty: print(time.time())",
        "time.sleep(-1)",
        "time.sleep('long')",
        "signal.alarm(10)\ntime.sleep(100)",
        "signal.signal(signal.SIGALRM, lambda *_: print(time.time()))\nsignal.setitimer(0, 10, 20)\ntime.sleep(60)",
        "signal.signal(signal.SIGALRM, lambda *_: print('rings'))\nsignal.alarm(7)\nsignal.pause()\nprint(time.time())",
        "signal.alarm(50)\nprint(signal.alarm(0), signal.getitimer(0))",
    ],
)
def test_time_is_virtual(both, source):
    both("import datetime, pickle, queue, select, signal, threading, time\n" + source, clock=EPOCH + 5000)


def test_real_time_goes_on_for_others(run):
    seen, ended = [], threading.Event()

    def others():
        while not ended.is_set():
            seen.append((time.time(), os.getpid()))
            time.sleep(0.001)

    thread = threading.Thread(target=others)
    thread.start()
    began = time.time()
    done = run("import time\nfor n in range(300_000): pass\nprint(time.time())\ntime.sleep(1e6)")
    ended.set()
    thread.join()
    assert done.stdout == f"{EPOCH + 0.001}\n" and all(began - 60 < at < began + 600 for at, _ in seen)
    assert {pid for _, pid in seen} == {os.getpid()}


# -- an eviction -------------------------------------------------------------------

COUNTS = """
    import time
    for i in range(10):
        with open("count", "a") as file:
            file.write(f"{i}\\n")
        time.sleep(10)
"""
SAVES = """
    import signal, sys, time
    def save(*_):
        for i in range(10):
            print(i, flush=True)
            time.sleep(4)
        sys.exit(85)
    signal.signal(signal.SIGTERM, save)
    try:
        time.sleep(1000)
    finally:
        print("finally")
"""


@pytest.mark.parametrize("after", [0, 0.5, 10, 15, 99.9, 1000])
def test_the_slot_is_lost_at_exactly_that_moment(both, after):
    both(COUNTS, stop=Stop(after))


@pytest.mark.parametrize("grace", [10, 60])
@pytest.mark.parametrize(
    "source",
    [COUNTS, SAVES, COUNTS.replace("import time", "import time, signal\n    signal.signal(15, signal.SIG_IGN)")],
)
def test_a_handler_has_the_grace_time_and_no_more(both, source, grace):
    both(source, stop=Stop(25, signal.SIGTERM, grace))


def test_what_is_buffered_is_lost_with_the_slot(both):
    done = both(WRITES + "import time\ntry: time.sleep(100)\nfinally: file.close()", stop=Stop(50))
    assert done.stdout == "" and done.sandbox["data"].text == ""


def test_an_atexit_function_may_come_too_late(both):
    both("import atexit, time\natexit.register(time.sleep, 100)\natexit.register(print, 'x')", stop=Stop(50))


# -- watched -----------------------------------------------------------------------


def test_a_watched_program_leaves_the_same_notes_as_in_a_process(both):
    done = both(
        """
        import os, random
        try: open("missing")
        except OSError: pass
        open("made", "w").close()
        os.path.exists("other"), os.listdir("."), os.stat("made")
        random.seed(5)
        try: 1 / 0
        except ZeroDivisionError: pass
        os._exit(3)
    """,
        trace=True,
    )
    assert ("raise", "job", 9, "ZeroDivisionError", "division by zero") in done.notes


def test_an_execution_that_is_not_watched_has_no_notes(run):
    assert run("open('made', 'w')").notes == ()


def test_a_run_that_never_restarts_notes_its_checkpoints(here, executor, python_job):
    job = python_job(
        """
        import sys, time
        for i in range(3):
            open("state", "w").write(str(i))
            time.sleep(5)
            if i < 2:
                sys.exit(85)
        print(time.time())
    """,
        checkpoint_exit_code=85,
    )
    for how in (Unbroken(), Unbroken(time_begins_anew=True), Unbroken(files_stay_open=True)):
        mine, theirs = (one.run(job, job.inputs, unbroken=how) for one in (here, executor))
        assert mine == theirs and mine.exit.code == 0 and mine.notes


# -- limits ------------------------------------------------------------------------

SMALL = Limits(
    cpu=0.2, wall=20.0, memory=300 << 20, file_bytes=1 << 20, open_files=32, files=100, sandbox_bytes=4 << 20
)


@pytest.fixture(scope="module")
def small():
    with InterpreterExecutor(SMALL) as executor:
        yield executor


@pytest.mark.parametrize(
    "endless",
    [
        "while True: pass",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "def again():\n    try:\n        while True: pass\n    finally:\n        again()\nagain()",
        "import time\nwhile True:\n    time.time()\n    try: raise OSError\n    except OSError: pass",
        "class Wide:\n    def __exit__(self, *a): return True\n    def __enter__(self): pass\n"
        "while True:\n    with Wide():\n        while True: pass",
        "def f(n):\n    return f(n - 1) + f(n - 1) if n else 1\nf(60)",
        "import atexit\ndef late():\n    while True: pass\natexit.register(late)",
        "class C:\n    def __del__(self):\n        while True: pass\nC()",
        "sum(1 for _ in iter(int, 1))",
    ],
)
def test_what_does_not_end_is_ended(run, small, endless):
    done = run(endless, executor=small)
    assert (done.over, done.limit) == ("0.2 s of processor time", Limit.PROCESSOR_TIME)
    assert done.exit.code is None and run("print(1)", executor=small).stdout == "1\n"


def test_the_line_in_which_its_time_was_up_is_named(run, small):
    from grader.verify.evidence import where_time_was_up

    done = run("def endless():\n    while True:\n        pass\nendless()", executor=small)
    (fact,) = where_time_was_up(done)
    assert (fact.file, fact.line in (3, 4)) == ("job", True)


def test_a_program_that_waits_forever_is_ended(run, small):
    for source in "import threading\nthreading.Event().wait()", "import signal\nsignal.pause()":
        done = run(source, executor=small)
        assert done.limit is Limit.REAL_TIME and done.exit == Exit(signal=9)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited on Linux alone")
@pytest.mark.parametrize("takes", ["x = bytearray(1 << 33)", "x = []\nwhile True: x.append(bytes(1 << 20))"])
def test_memory_is_limited(run, small, takes):
    done = run(takes, executor=small)
    assert done.exit.code == 1 and done.stderr.rstrip().endswith("MemoryError")


def test_files_are_limited(run, small):
    files = run("for i in range(150): open(f'file{i}', 'w')", executor=small)
    assert files.over == "100 files in the sandbox" or files.limit is Limit.DISK  # on a slow machine it is seen before
    many = run("for i in range(9): open(f'file{i}', 'wb').write(bytes(1_000_000))", executor=small)
    assert (many.over and "in the sandbox" in many.over) or many.limit is Limit.DISK
    if sys.platform.startswith("linux"):
        assert "File too large" in run("open('big', 'wb').write(bytes(2 << 20))", executor=small).stderr
        assert "Too many open files" in run("files = [open('job') for i in range(50)]", executor=small).stderr


@pytest.mark.parametrize(
    "call",
    ["open({}, 'w')", "os.close({})", "os.write({}, b'x')", "os.dup2(1, {})", "os.fdopen({})", "os.closerange(3, 99)"],
)
def test_the_interpreters_own_files_are_none_of_the_programs(run, call, tmp_path):
    with open(tmp_path / "kept", "w") as kept:
        done = run(f"import os\n{call.format(kept.fileno())}")
        assert "Bad file descriptor" in done.stderr or (done.exit.code == 0 and "closerange" in call)
        kept.write("still there")
    assert (tmp_path / "kept").read_text() == "still there"


# -- what can't be had -------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        "os.fork()",
        "os.execvp('sh', ['sh', '-c', 'exit 85'])",
        "os.spawnl(os.P_WAIT, '/bin/sh', 'sh')",
        "os.popen('ls')",
        "subprocess.run(['ls'])",
        "multiprocessing.Process(target=print).start()",
    ],
)
def test_there_are_no_other_processes(run, call):
    done = run(f"import multiprocessing, os, subprocess\ntry: {call}\nexcept OSError as error: print('none')")
    assert done.stdout == "none\n", done.stderr
    assert run("import os\nprint(os.system('exit 3'))").stdout == "-1\n"


def test_there_are_no_threads(run):
    done = run("import threading\nthreading.Thread(target=print, args=('x',)).start()")
    assert done.exit.code == 1 and "can't start new thread" in done.stderr and done.stdout == ""


# -- what is outside of the sandbox, and what is left ------------------------------------


def test_state_outside_of_the_sandbox_is_told_and_gone(run):
    name = f"/tmp/state-{os.getpid()}"
    source = (
        f"import os, pathlib\nprint(os.path.exists({name!r}))\nopen({name!r}, 'w').write('x')\n"
        "p = pathlib.Path.home() / 'mine'\nprint(p.exists())\np.write_text('x')"
    )
    for _ in range(2):
        done = run(source)
        assert done.stdout == "False\nFalse\n" and done.outside == (name, "~/mine"), done.stderr
    assert not os.path.exists(name)


def test_what_is_outside_stays_on_one_machine(python_job):
    job = python_job("import os\np = os.path.expanduser('~/mine')\nprint(os.path.exists(p))\nopen(p, 'w')")
    with InterpreterExecutor(one_machine=True) as executor:
        assert [executor.run(job, job.inputs, slot=slot).stdout for slot in (0, 0, 1)] == [
            "False\n",
            "True\n",
            "False\n",
        ]


@pytest.mark.parametrize(
    "change", ["open({0!r}, 'w')", "os.remove({0!r})", "os.mkdir({0!r} + '_')", "os.rename('job', {0!r})"]
)
def test_nothing_else_can_be_written_to(run, change):
    done = run(f"import os\n{change.format(__file__)}")
    assert "Read-only file system" in done.stderr and os.path.getsize(__file__)


def test_nothing_is_left_in_the_interpreter(run):
    def state():
        return (
            dict(os.environ),
            os.getcwd(),
            list(sys.path),
            dict(sys.modules),
            dict(vars(builtins)),
            dict(vars(os)),
            dict(vars(sys)),
            dict(vars(time)),
            dict(vars(signal)),
            list(warnings.filters),
            random.getstate(),
            signal.getsignal(signal.SIGTERM),
            signal.getsignal(signal.SIGINT),
            gc.isenabled(),
            gc.get_freeze_count(),
            sys.getrecursionlimit(),
            os.umask(0o22) and None,
            sys.stdout,
            sys.stderr,
            sys.stdin,
            sys.gettrace(),
            threading.active_count(),
            dict(vars(threading)),
            dict(vars(random)),
            sys.excepthook,
            os.get_blocking(1),
            sorted(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else (),
        )

    source = """
        import builtins, gc, json, logging, os, random, signal, sys, time, warnings, tempfile, socket, atexit, wave
        logging.basicConfig(level="DEBUG"); logging.info("told")
        builtins.print = os.path.isdir = time.sleep = len = None
        builtins.own = json.own = sys.own = os.own = 1
        os.environ.clear(); os.environ["OWN"] = "1"
        sys.path[:] = []; sys.modules["own"] = sys; del sys.modules["json"]
        os.mkdir("d"); os.chdir("d"); os.umask(0)
        signal.signal(signal.SIGTERM, lambda *_: None); signal.signal(signal.SIGINT, signal.SIG_IGN)
        warnings.simplefilter("error"); random.seed(1); gc.disable(); gc.set_threshold(1)
        sys.setrecursionlimit(5000); sys.excepthook = None; sys.settrace(lambda *_: None)
        sys.stdout = None; kept = open("kept", "w"); fd = os.open("raw", os.O_CREAT | os.O_WRONLY)
        sys.exit(85)
    """
    run(source)
    before = state()
    done = run(source)
    assert done.exit == Exit(code=85), done.stderr
    for was, now in zip(before, state()):
        assert was == now


def test_what_one_execution_does_to_a_module_the_next_one_does_not_see(run):
    run("import json, logging, random\njson.dumps = None\nlogging.basicConfig()\nrandom.seed(1)")
    source = "import json, logging, random\nprint(json.dumps(1), logging.getLogger().handlers)"
    assert run(source).stdout == "1 []\n"
    drawn = {run("import random\nprint(random.random())").stdout for _ in range(3)}
    assert len(drawn) == 3


def test_nothing_is_on_the_disk_after_close(python_job, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    job = python_job("open('file', 'w').write('x')")
    with InterpreterExecutor() as own:
        own.run(job, job.inputs)
        assert not own.directory(0).exists()
    assert list(tmp_path.iterdir()) == []


def test_the_same_program_twice_does_the_same(run):
    source = """
        import time, random, os
        random.seed(1)
        open("a", "w").write(f"{time.time()} {sorted(os.environ)} {os.getcwd()} {random.random()}")
    """
    assert run(source) == run(source)


def test_ctrl_c_ends_the_program_and_is_passed_on(run):
    if not hasattr(signal, "setitimer"):
        pytest.skip("nothing to send it with")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run("while True:\n    try:\n        while True: pass\n    except BaseException: pass")
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
    assert run("print(1)").stdout == "1\n"


def test_ctrl_c_during_a_check_of_the_limits_is_not_lost(run, monkeypatch):
    if not hasattr(signal, "setitimer"):
        pytest.skip("nothing checks the limits of a loop")
    checks, press = [], signal.raise_signal  # the real function, which is replaced for the program

    def too_much():
        checks.append(len(checks))
        press(signal.SIGINT)
        return Limit.MEMORY if len(checks) > 1 else None

    monkeypatch.setattr("grader.execute.interpreter.memory.too_much", lambda *_: too_much)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run("while True: pass")
    finally:
        signal.signal(signal.SIGINT, before)
    assert checks == [0], "the program ends before the next check"
