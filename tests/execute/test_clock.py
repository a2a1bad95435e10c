"""Virtual time in jobs of several processes and threads: they meet at the same moments in every run."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
import threading

import pytest

from grader.execute.inside import quiescence as company
from grader.rules.execution import Stop
from grader.tree import File, Tree

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells who is at work")

COUNTS = File(
    b"""#!/usr/bin/env python3
import time
for i in range(20):
    with open("count", "a") as file:
        file.write("%d\\n" % i)
    time.sleep(10)
""",
    True,
)
"""Every ten seconds a line, for 200 seconds."""


@pytest.fixture
def count(executor, shell_job, python_job):
    """count(source, ...): how many lines the program has written when a job that starts it ends, and the run."""

    def count(source, make=shell_job, stop=None, **files):
        inputs = Tree({"counts": COUNTS, **{name: File(text.encode(), True) for name, text in files.items()}})
        job = make(source, inputs=inputs)
        done = executor.run(job, job.inputs, stop=stop)
        return len(done.sandbox["count"].text.splitlines()), done

    return count


SHELL = {
    "timeout": "timeout 95 ./counts\necho $?",
    "in the background, then killed": "./counts & pid=$!\nsleep 95\nkill $pid\nwait $pid\necho $?",
    "a watcher in the background": "./counts & pid=$!\n(sleep 95; kill $pid) &\nwait $pid\necho $?",
    "looked at again and again": """
        ./counts & pid=$!
        for i in 1 2 3 4 5 6 7 8 9; do sleep 10; kill -0 $pid || exit 1; done
        sleep 5; kill -9 $pid; wait $pid; echo $?""",
    "timeout in the background": "timeout -s KILL 95 ./counts & wait $!\necho $?",
    "stopped for a while": "./counts & pid=$!\nsleep 45; kill -STOP $pid; sleep 1000; kill -CONT $pid\n"
    "sleep 45; kill $pid; wait $pid; echo $?",
}


@pytest.mark.parametrize("way", SHELL)
def test_a_shell_script_ends_a_program_at_exactly_the_moment_it_names(count, way):
    lines, done = count(SHELL[way])
    expected = {"timeout": "124", "timeout in the background": "137", "looked at again and again": "137"}
    assert done.stdout.strip() == expected.get(way, "143"), done.stderr
    if way == "stopped for a while":
        assert (lines, round(done.seconds)) == (10, 1090)
    else:
        assert (lines, round(done.seconds)) == (10, 95)


PYTHON = {
    "run with timeout": """
        try: subprocess.run(["./counts"], timeout=95)
        except subprocess.TimeoutExpired: print("late")""",
    "wait with timeout": """
        p = subprocess.Popen("./counts")
        try: p.wait(95)
        except subprocess.TimeoutExpired: p.terminate(); p.wait(); print("late")""",
    "run with timeout and pipes": """
        try: subprocess.run(["./counts"], timeout=95, capture_output=True)
        except subprocess.TimeoutExpired: print("late")""",
    "sleep, then terminate": """
        p = subprocess.Popen("./counts")
        time.sleep(95); p.terminate()
        if p.wait() == -15: print("late")""",
    "looked at every second": """
        p, begun = subprocess.Popen("./counts"), time.time()
        while p.poll() is None:
            time.sleep(1)
            if time.time() - begun > 95: p.kill(); p.wait(); print("late")""",
    "a timer thread": """
        p = subprocess.Popen("./counts")
        threading.Timer(95, p.kill).start()
        if p.wait() == -9: print("late")""",
    "a watching thread": """
        p = subprocess.Popen("./counts")
        watch = threading.Thread(target=p.wait); watch.start(); watch.join(95)
        if watch.is_alive(): p.kill(); print("late")""",
    "an alarm": """
        class Late(Exception): pass
        def late(*_): raise Late
        signal.signal(signal.SIGALRM, late); signal.alarm(95)
        p = subprocess.Popen("./counts")
        try: p.wait()
        except Late: p.kill(); p.wait(); print("late")""",
    "asyncio": """
        import asyncio
        async def main():
            p = await asyncio.create_subprocess_exec("./counts")
            try: await asyncio.wait_for(p.wait(), 95)
            except asyncio.TimeoutError: p.kill(); await p.wait(); print("late")
        asyncio.run(main())""",
    "multiprocessing": """
        import multiprocessing
        if __name__ == "__main__":
            p = multiprocessing.Process(target=os.system, args=("exec ./counts",)); p.start(); p.join(95)
            if p.is_alive(): p.kill(); print("late")""",
}


@pytest.mark.parametrize("way", PYTHON)
def test_a_python_program_ends_another_at_exactly_the_moment_it_names(count, python_job, way):
    lines, done = count(
        "import os, signal, subprocess, threading, time\n" + textwrap.dedent(PYTHON[way]), make=python_job
    )
    assert done.stdout == "late\n", done.stderr
    assert lines == 10 and done.seconds == pytest.approx(95, abs=1.2)


def test_what_happens_first_is_first_however_it_is_waited_for(count, python_job):
    lines, done = count(
        """
        import subprocess
        p = subprocess.run(["./counts"], timeout=205)
        print(p.returncode)
    """,
        make=python_job,
    )
    assert (lines, done.stdout, round(done.seconds)) == (20, "0\n", 200)


def test_a_copy_every_so_often_has_what_was_written_by_then(count):
    _, done = count(
        "(while sleep 33; do cp count copy$((n = n + 1)); done) &\n./counts\nwc -l < copy1; wc -l < copy6; ls copy*"
    )
    assert done.stdout.split()[:2] == ["4", "20"] and "copy7" not in done.stdout


def test_sleepers_until_the_same_moment_wake_one_after_the_other(executor, shell_job):
    job = shell_job("for i in 1 2 3; do (sleep 10; echo $i; expr 1 + 1 > /dev/null; echo $i) & done; wait")
    for _ in range(3):
        said = executor.run(job, job.inputs).stdout.split()
        assert said[0::2] == said[1::2] and len(said) == 6


def test_threads_sleep_at_the_same_time(executor, python_job):
    job = python_job("""
        import threading, time
        def work(n):
            for i in range(3):
                time.sleep(n)
                print(n * (i + 1), flush=True)
        threads = [threading.Thread(target=work, args=(n,)) for n in (7, 10)]
        for t in threads: t.start()
        for t in threads: t.join()
    """)
    done = executor.run(job, job.inputs)
    assert done.stdout.split() == ["7", "10", "14", "20", "21", "30"] and round(done.seconds) == 30


def test_many_threads_may_sleep(executor, python_job):
    job = python_job("""
        import threading, time
        threads = [threading.Thread(target=time.sleep, args=(10 + n,)) for n in range(20)]
        for t in threads: t.start()
        for t in threads: t.join()
    """)
    assert round(executor.run(job, job.inputs).seconds) == 29


def test_virtual_time_waits_for_a_program_that_starts_slowly(count):
    lines, _ = count(
        "(/bin/sleep 0.3; exec ./counts) & (i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exec ./counts) &\n"
        "sleep 95; kill 0"
    )
    assert lines >= 10


CLOSES = """#!/usr/bin/env python3
import os, time
for i in range(5): time.sleep(2)
os.closerange(3, 64)
files = [open("own%d" % i, "w") for i in range(16)]
for i in range(5): time.sleep(2)
os.system("sleep 3")
time.sleep(4)
for file in files:
    file.write("mine")
    file.close()
print(round(time.monotonic()))
"""


FULL = """#!/usr/bin/env python3
import os, time
files = []
try:
    while True: files.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    for file in files[-2:]: os.close(file)
for i in range(9): time.sleep(3)
"""


def test_a_program_that_reaches_its_limit_of_open_files_can_sleep(executor, shell_job):
    job = shell_job("timeout 1000 ./full", inputs=Tree({"full": File(FULL.encode(), True)}))
    done = executor.run(job, job.inputs)
    assert (done.exit.code, round(done.seconds)) == (0, 27), done.stderr


@pytest.mark.parametrize("source", ["./closes", "timeout 1000 ./closes"])
def test_closing_all_files_keeps_virtual_time_and_later_files(executor, shell_job, source):
    job = shell_job(source, inputs=Tree({"closes": File(CLOSES.encode(), True)}))
    done = executor.run(job, job.inputs)
    assert (done.exit.code, round(done.seconds)) == (0, 27), done.stderr
    assert [done.sandbox[f"own{i}"].text for i in range(16)] == ["mine"] * 16


def test_a_timeout_ends_a_program_that_waits_forever(executor, shell_job):
    job = shell_job("mkfifo never; timeout 50 cat never; echo $?")
    done = executor.run(job, job.inputs)
    assert (done.stdout, round(done.seconds)) == ("124\n", 50)


@pytest.mark.parametrize("stop, ends", [(Stop(95), signal.SIGKILL), (Stop(95, signal.SIGTERM, 30), signal.SIGTERM)])
def test_killing_the_jobs_program_ends_what_it_has_started(count, stop, ends):
    lines, done = count("timeout 150 ./counts & wait", stop=stop)
    assert (lines, done.exit.signal, round(done.seconds)) == (10, ends, 95)


WAITS = {
    "Event": ("print(threading.Event().wait(5))", "False", 5),
    "Timer": ("e = threading.Event(); threading.Timer(4, e.set).start(); print(e.wait(60))", "True", 4),
    "Condition": ("c = threading.Condition(); c.acquire()\nprint(c.wait(3), c.wait_for(lambda: 0, 2))", "False 0", 5),
    "Lock": ("l = threading.Lock(); l.acquire(); print(l.acquire(timeout=5))", "False", 5),
    "RLock": (
        "r = threading.RLock(); threading.Thread(target=r.acquire).start()\nprint(r.acquire(timeout=5))",
        "False",
        5,
    ),
    "Queue": ("try: queue.Queue().get(timeout=7)\nexcept queue.Empty: print('empty')", "empty", 7),
    "SimpleQueue": ("try: queue.SimpleQueue().get(timeout=7)\nexcept queue.Empty: print('empty')", "empty", 7),
    "select": ("print(*select.select([os.pipe()[0]], [], [], 5))", "[] [] []", 5),
    "poll": ("p = select.poll(); p.register(os.pipe()[0]); print(p.poll(4000))", "[]", 4),
    "asyncio.sleep": ("asyncio.run(asyncio.sleep(5)); print('slept')", "slept", 5),
    "a future": (
        "f = concurrent.futures.ThreadPoolExecutor().submit(time.sleep, 9)\ntry: f.result(timeout=5)\n"
        "except concurrent.futures.TimeoutError: print('late')",
        "late",
        9,
    ),
    "multiprocessing": ("e = multiprocessing.Event(); print(e.wait(5))", "False", 5),
    "an alarm": (
        "signal.signal(signal.SIGALRM, lambda *_: print('rings')); signal.alarm(5); signal.pause()",
        "rings",
        5,
    ),
    "an alarm again and again": (
        "signal.signal(signal.SIGALRM, lambda *_: print('rings'))\n"
        "signal.setitimer(signal.ITIMER_REAL, 3, 2); time.sleep(8)",
        "rings rings rings",
        8,
    ),
    "sigtimedwait": ("print(signal.sigtimedwait([signal.SIGUSR1], 4))", "None", 4),
    "a busy loop": ("end = time.time() + 60\nwhile time.time() < end: pass", "", 60),
    "a busy loop with a child": (
        "p = subprocess.Popen(['sleep', '99']); end = time.time() + 60\n"
        "while time.time() < end and p.poll() is None: pass\np.kill(); p.wait()",
        "",
        60,
    ),
}


@pytest.mark.parametrize("way", WAITS)
def test_what_a_python_program_waits_for_takes_virtual_time(executor, python_job, way):
    source, words, seconds = WAITS[way]
    job = python_job(
        "import asyncio, concurrent.futures, multiprocessing, os, queue, select, signal, subprocess, sys\n"
        f"import threading, time\n{source}\n"
    )
    done = executor.run(job, job.inputs)
    assert (" ".join(done.stdout.split()), done.over) == (words, None), done.stderr
    assert done.seconds == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize("clock", ["REALTIME", "MONOTONIC", "MONOTONIC_RAW", "BOOTTIME"])
def test_clocks_of_the_system_are_virtual(executor, python_job, clock):
    job = python_job(
        f"import time\nbegun = time.clock_gettime(time.CLOCK_{clock})\ntime.sleep(50)\n"
        f"print(round(time.clock_gettime_ns(time.CLOCK_{clock}) / 1e9 - begun))"
    )
    assert executor.run(job, job.inputs).stdout == "50\n"


def test_sleeping_takes_no_processor_time_and_looking_does(executor, python_job):
    job = python_job("import time\ntime.sleep(50)\nprint(time.process_time() < 1)\nwhile time.thread_time() < 2: pass")
    done = executor.run(job, job.inputs)
    assert (done.stdout, done.seconds) == ("True\n", 50)


def test_a_thread_that_saw_itself_at_work_can_move_time(monkeypatch):
    me = os.getpid(), threading.get_native_id()
    monkeypatch.setattr(company, "_busy", me)
    monkeypatch.setattr(company, "_look", lambda *_: {})
    monkeypatch.setattr(sys, "setswitchinterval", lambda seconds: None)
    assert company.waits(os.getppid(), os.getpid(), [], me)


def test_what_is_forked_among_threads_that_look_at_the_clock_can_sleep(executor, python_job):
    job = python_job("""
        import os, threading, time
        over = False
        def look():
            while not over: time.monotonic()
        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads: thread.start()
        for _ in range(100):
            pid = os.fork()
            if not pid:
                time.sleep(0.01)
                os._exit(0)
            os.waitpid(pid, 0)
        over = True
    """)
    assert executor.run(job, job.inputs).exit.code == 0
