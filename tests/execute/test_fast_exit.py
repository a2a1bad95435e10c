"""A Python program ends in the executor as it ends under `python`: with the same exit status, the same output,
and the same things written and called on the way out, in the same order."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from grader.execute.executor import EXECUTE, Executor
from grader.execute.inside import INSIDE
from grader.rules.execution import Exit
from grader.tree import File, Tree

NOTE = """
import sys, os
def note(text):
    with open("notes", "a") as file:
        file.write(text + "\\n")
"""
PROGRAMS = r"""
## nothing

## the code of a checkpoint
sys.exit(85)

## code 0
sys.exit(0)

## a code that is no exit status
sys.exit(70000)

## a negative code
sys.exit(-1)

## a huge code
sys.exit(10**30)

## a text
sys.exit('no more')

## SystemExit with a tuple
raise SystemExit((1,))

## an object
class Code:
    def __str__(self): return 'told'
    def __del__(self): note('gone')
sys.exit(Code())

## an exception
raise ValueError('wrong')

## an exception with a cause
try: 1 / 0
except ZeroDivisionError as e: raise ValueError('wrong') from e

## KeyboardInterrupt
raise KeyboardInterrupt

## a subclass of KeyboardInterrupt
class Stop(KeyboardInterrupt): pass
raise Stop

## SIGINT
import os, signal
open('file', 'w').write('x')
os.kill(os.getpid(), signal.SIGINT)

## SIGINT caught
import os, signal
try: os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt: sys.exit(3)

## printed
print('x' * 100, end='')

## a file open
file = open('file', 'w'); file.write('x'); sys.exit(85)

## a file open in a function
def f():
    file = open('file', 'w'); file.write('x'); sys.exit(85)
f()

## a file open in a failing function
import atexit
def f():
    file = open('file', 'w'); file.write('x'); 1 / 0
atexit.register(lambda: note(open('file').read()))
f()

## a file open in a cycle
class A: pass
a = A(); a.a = a; a.file = open('file', 'w'); a.file.write('x'); del a

## a file open in a module of Python's
os.file = open('file', 'w'); os.file.write('x')

## a file hidden from the collector
import gc
file = open('file', 'w'); file.write('x'); gc.freeze()

## a file open in a process below
file = open('file', 'w'); file.write('x')
if os.fork() == 0: sys.exit(0)
os.wait()

## two files open
one = open('file', 'a'); one.write('1'); two = open('file', 'a'); two.write('2')

## a file left open and one closed
with open('one', 'w') as one: one.write('1')
two = open('two', 'w'); two.write('2'); sys.exit(85)

## a file open for reading
open('file', 'w').write('1' * 20000)
file = open('file'); file.readline(3); sys.exit(85)

## a file open for both
open('file', 'w').write('1' * 20000)
file = open('file', 'r+'); file.read(3); file.seek(5); file.write('2')

## a file open for appending to the output
file = os.fdopen(os.dup(1), 'w'); file.write('x'); print('y')

## a file open that is full
file = open('/dev/full', 'w'); file.write('x')

## a file open that closes otherwise
file = open('file', 'w'); file.write('x'); file.close = lambda: note('closed')

## a file open whose buffer closes otherwise
file = open('file', 'w'); file.write('x'); file.buffer.close = lambda: note('closed')

## a file open of which is warned
import warnings
warnings.simplefilter('always')
file = open('file', 'w'); file.write('x')

## a file taken apart
file = open('file', 'w'); file.write('x'); buffer = file.detach(); buffer.write(b'y')

## a file of one's own
import io
class Mine(io.RawIOBase):
    def writable(self): return True
    def write(self, data): note(bytes(data).decode()); return len(data)
file = io.BufferedWriter(Mine()); file.write(b'x')

## a file around one of one's own
import io
class Mine(io.BytesIO):
    def close(self): note('closed')
file = io.TextIOWrapper(io.BufferedWriter(Mine())); file.write('x')

## a file that was never begun
import io
file = io.TextIOWrapper.__new__(io.TextIOWrapper); sys.exit(85)

## files in memory
import io
text, data = io.StringIO(), io.BytesIO(); text.write('x'); data.write(b'y'); data.close(); sys.exit(85)

## a pipe open to a process
import subprocess
cat = subprocess.Popen(['cat'], stdin=subprocess.PIPE, text=True); cat.stdin.write('x')
cat.stdin.flush(); cat.stdin.close(); cat.wait(); sys.exit(85)

## a binary file open
file = open('file', 'wb'); file.write(b'x')

## a compressed file open
import gzip
file = gzip.GzipFile('file', 'w', mtime=0); file.write(b'x')

## a csv writer
import csv
w = csv.writer(open('file', 'w')); w.writerow([1, 2])

## a database
import sqlite3
d = sqlite3.connect('db'); d.execute('create table t (a)'); d.execute('insert into t values (1)')

## os._exit
file = open('file', 'w'); file.write('x'); print('y'); os._exit(4)

## atexit
import atexit
atexit.register(note, 'one'); atexit.register(note, 'two'); sys.exit(85)

## atexit that ends otherwise
import atexit
atexit.register(os._exit, 7)

## atexit that fails
import atexit
atexit.register(lambda: 1 / 0)

## a finalizer
import weakref
class A: pass
a = A(); weakref.finalize(a, note, 'gone')

## a weak reference
import weakref
class A: pass
a = A()
if True:
    sys.r = weakref.ref(a, lambda r: note('gone'))

## a temporary directory
import tempfile
d = tempfile.TemporaryDirectory(dir='.')

## __del__
class A:
    def __del__(self): note('gone')
a = A()

## __del__ with slots
class A:
    __slots__ = ()
    def __del__(self): note('gone')
a = A()

## __del__ of a base
class A:
    def __del__(self): note('gone')
class B(A): pass
b = B()

## __del__ in a cycle
class A:
    def __del__(self): note('gone')
a = A(); a.a = a; del a

## __del__ added later
class A: pass
a = A(); A.__del__ = lambda self: note('gone')

## a metaclass that lies
class M(type):
    def __getattribute__(cls, name): note(name); raise AttributeError
class A(metaclass=M): pass

## a metaclass that is asked
class M(type):
    def __eq__(cls, other): note('asked'); return True
    __hash__ = type.__hash__
class A(metaclass=M): pass
a = A()

## annotations
counted: int = 1
class A:
    b: "counted"
print(__annotations__, A.__annotations__)

## a deprecated way to ask for the time
import datetime
print(type(datetime.datetime.utcnow()), datetime.datetime.utcfromtimestamp(0))

## a module called as one of Python's
sys.dont_write_bytecode = True
open('colorsys.py', 'w').write('')
import colorsys
colorsys.rgb_to_hsv(1, 1, 1)

## a syntax error in a module
open('helper.py', 'w').write('def f(:')
import helper

## a name that is not there
import itertools
itertools.chian

## a group of exceptions
raise ExceptionGroup('both', [ValueError(1), TypeError(2)])

## a note on an exception
try: 1 / 0
except ZeroDivisionError as problem: problem.add_note('noted'); raise

## a return in a finally
def f():
    try: return 1
    finally: return 2
print(f())

## an unknown escape
print('\d')

## a fork among threads
import threading, os, time
stop = threading.Event()
threading.Thread(target=stop.wait).start()
if os.fork() == 0: os._exit(0)
os.wait(); stop.set()

## exit in a finally
try: sys.exit(85)
finally: print('end')

## a generator
def g():
    try: yield
    finally: note('closed')
i = g(); next(i)

## a coroutine
async def f(): pass
c = f()

## a context manager left in a generator
import contextlib
@contextlib.contextmanager
def c():
    yield
    note('left')
with c(): sys.exit(85)

## a thread
import threading, time
threading.Thread(target=lambda: (time.sleep(0.01), note('done'))).start(); sys.exit(85)

## a daemon
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start(); sys.exit(85)

## a timer
import threading
threading.Timer(0.01, note, ['rung']).start()

## a pool of threads
from concurrent.futures import ThreadPoolExecutor
ThreadPoolExecutor().submit(note, 'done'); sys.exit(85)

## a pool of processes
import multiprocessing
if __name__ == '__main__':
    with multiprocessing.Pool(1) as p: print(p.map(abs, [-1]))

## logging
import logging.handlers
h = logging.handlers.MemoryHandler(9, target=logging.FileHandler('log'))
logging.getLogger().addHandler(h); logging.warning('warned')

## standard output replaced
sys.stdout = open('out', 'w'); print('x'); sys.exit(85)

## standard output wrapped
class Tee:
    def __init__(self, f): self.f = f
    def write(self, s): self.f.write(s)
    def flush(self): note('flushed')
sys.stdout = Tee(sys.stdout); print('x')

## standard output closed
print('x'); sys.stdout.close(); sys.exit(85)

## standard output broken
print('x'); os.close(1); sys.exit(85)

## standard output a full device
os.dup2(os.open('/dev/full', os.O_WRONLY), 1); print('x'); sys.exit(85)

## C's own output
import ctypes
ctypes.CDLL(None).printf(b'from C')
sys.exit(85)

## a hook
sys.excepthook = lambda kind, value, trace: note(f'{kind.__name__} {value} {trace.tb_lineno}')
1 / 0

## what was raised last
import atexit
atexit.register(lambda: note(repr(sys.last_value)))
1 / 0

## a warning
assert sys is not 3

## a callback of the collector
import gc
gc.callbacks.append(lambda phase, info: note(phase))

## a profiler
import cProfile
p = cProfile.Profile(); p.enable(); sys.exit(85)

## monitoring
import threading
def told(code, at):
    if code.co_filename == threading.__file__: note(code.co_name)
if hasattr(sys, 'monitoring'):
    sys.monitoring.use_tool_id(2, 'notes')
    sys.monitoring.register_callback(2, sys.monitoring.events.PY_START, told)
    sys.monitoring.set_events(2, sys.monitoring.events.PY_START)
sys.exit(85)

## tracing
sys.settrace(lambda *a: None); sys.exit(85)

## a handler that raises in a sleep
import signal, time
def told(number, frame):
    raise InterruptedError(number)
signal.signal(signal.SIGALRM, told)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    time.sleep(1)
except InterruptedError as problem:
    raise ValueError from problem

## a sleep of no number
import time
time.sleep(True)
try:
    time.sleep("1")
finally:
    time.sleep(-1)

## a sleep too long
import time
class Number:
    def __index__(self): return 1
time.sleep(Number())
for seconds in -1e-12, float("nan"), float("inf"), 1e10, 10**30, 1j, b"1", -Number().__index__(), None:
    try: time.sleep(seconds)
    except Exception as problem: print(type(problem), problem)

## a module that can't be read
open("helper.py", "w").write("x = 1\\nx = = 2\\n")
import helper

## a traceback that goes round in a circle
try:
    1 / 0
except ZeroDivisionError as problem:
    problem.__context__ = ValueError()
    problem.__context__.__context__ = problem
    raise

## modules deleted
file = open('file', 'w'); file.write('x')
sys.modules.clear()
"""
ENDINGS = dict(block.split("\n", 1) for block in PROGRAMS.strip("#\n ").split("\n## "))


PLACE = f"{EXECUTE}/slot1/dir_{Executor.name(0)}"
"""The path of the first slot's sandbox in a traceback."""


def under_python(source, directory, command="$PWD/job"):
    """How a program ends under `python` in an empty directory, if a shell starts it with this command."""
    (directory / "job").write_text(source)
    (directory / "job").chmod(0o755)
    path = os.pathsep.join([os.path.dirname(sys.executable), "/usr/bin", "/bin"])
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {command}"],
        cwd=directory,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={
            "PATH": path,
            "LANG": "C.UTF-8",
            "PYTHONNOUSERSITE": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    exit = Exit(signal=-done.returncode) if done.returncode < 0 else Exit(code=done.returncode)
    return exit, done.stdout, comparable(done.stderr, directory), Tree.read(directory).without(["job"])


def comparable(stderr, directory):
    """Error output without the program's directory, addresses of objects, and process numbers."""
    return re.sub("0x[0-9a-f]+|pid=[0-9]+", "", stderr.replace(str(directory), "")).splitlines()


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_program_ends_as_it_does_under_python(executor, python_job, tmp_path, ending):
    source = NOTE + ENDINGS[ending]
    job = python_job(source, output=None, error=None)
    done = executor.run(job, job.inputs)
    got = done.exit, done.stdout, comparable(done.stderr, PLACE), done.sandbox.without(["job"])
    assert got == under_python(job.inputs["job"].text, tmp_path)


BY_THE_SHELL = ("./job", "python3 job")
BY_ANOTHER_PROGRAM = ("timeout 60 ./job", "timeout 60 python3 ./job", "env -i PATH=$PATH LANG=C.UTF-8 python3 ./job")
STARTED = [
    (commands[number % len(commands)], ending)
    for number, ending in enumerate(ENDINGS)
    for commands in (BY_THE_SHELL, BY_ANOTHER_PROGRAM)
]
"""Commands that start a program in a shell script. Each ending is tried with one command of each kind, in turn: how a
program ends does not depend on which of them it is."""


@pytest.mark.skipif(not shutil.which("timeout"), reason="GNU's timeout, to compare with, is not here")
@pytest.mark.parametrize(("command", "ending"), STARTED)
def test_a_program_below_a_shell_script_ends_as_it_does_under_python(executor, shell_job, tmp_path, command, ending):
    source = "#!/usr/bin/env python3\n" + NOTE + ENDINGS[ending]
    shell = shell_job(f"exec {command}", output=None, error=None)
    job = replace(
        shell,
        executable="my_wrapper",
        inputs=Tree({"my_wrapper": shell.inputs["job"], "job": File(source.encode(), True)}),
    )
    done = executor.run(job, job.inputs)
    got = done.exit, done.stdout, comparable(done.stderr, PLACE), done.sandbox.without(job.inputs)
    assert got == under_python(source, tmp_path, command)


SEEN = """#!/usr/bin/env python3
import builtins, os, sys, signal
hidden = ("_SIMULATOR", "_=", "SHLVL", "OLDPWD")
print(sys.argv, __file__, sys.path[0], sorted(set(sys.path[1:])), __name__, __builtins__ is builtins, sorted(globals()))
print(sorted(line for line in map("=".join, os.environ.items()) if not line.startswith(hidden)))
print(sys.flags.hash_randomization, sys.dont_write_bytecode, sys.executable, exit, hash("a"), sys.stdout.encoding)
print({number.name: signal.getsignal(number) for number in signal.Signals})
print(sorted(name for name in sys.modules if name in ("clock", "script", "tools", "fast_exit", "python_time", "quiescence")))
import tools
"""


@pytest.mark.parametrize(
    "command",
    [
        "./program one two",
        "python3 program one two",
        "timeout 60 ./program one two",
        "timeout 60 python3 ./program one two",
        "cd below; timeout 60 ../program one two",
        "PATH=$PWD:$PATH; program one two",
        "PATH=$PWD:$PATH; timeout 60 program one two",
    ],
)
def test_a_script_sees_what_it_sees_under_a_python_of_its_own(executor, shell_job, command):
    """PYTHONUNBUFFERED is one more setting than ours has: with it, a Python is started."""

    def seen(before):
        files = {"program": File(SEEN.encode(), True), "tools.py": File(b"print('own')"), "below/file": File(b"")}
        job = shell_job(
            f"{before}; {command} 2>&1",
            inputs=Tree(files),
            output=None,
            error=None,
            environment=(("PYTHONHASHSEED", "0"),),
        )
        return executor.run(job, job.inputs).stdout.replace("'PYTHONUNBUFFERED=1', ", "")

    assert seen("true") == seen("export PYTHONUNBUFFERED=1") and "own\n" in seen("true")


PLAIN = """
import collections, csv, dataclasses, functools, json, math, pathlib, random, re, statistics, time
from datetime import datetime
@dataclasses.dataclass
class Row:
    n: int
    when: datetime
def save():
    with open("state.json", "w") as file:
        json.dump([1, 2], file)
table = [Row(i, datetime.now()) for i in range(1000)]
counts = collections.Counter(random.random() > 0.5 for _ in range(1000))
@functools.lru_cache
def squared(x): return x * x
squared(3), re.sub("a+", "b", "aaa"), statistics.mean([1, 2]), math.sqrt(2)
list(line for line in [])
save()
"""


CLOSED = "with open('file', 'w') as written: pass\nfile = open('file')"


@pytest.mark.parametrize(
    "source, at_once", [("", True), (PLAIN, True), ("file = open('file', 'w')", False), (CLOSED, True)]
)
def test_the_interpreter_is_taken_down_only_where_that_can_be_seen(source, at_once, tmp_path):
    program = (
        f"import fast_exit\nfast_exit.settle()\nfast_exit.begin()\n{source}\n"
        "import os\nos._exit = lambda code: print('at once')\nfast_exit.leave(0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(INSIDE), "PATH": "/usr/bin:/bin"},
    )
    assert done.stdout == "at once\n" * at_once, done.stderr
