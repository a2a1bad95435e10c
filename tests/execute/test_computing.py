"""Computing that takes virtual time: so much for a second of processor time. Nothing here goes by how fast the machine
is: a program computes until enough processor time has been used."""

from __future__ import annotations

import pytest

from grader.execute.executor import Executor
from grader.rules.execution import EPOCH, Exit, Stop
from grader.rules.job import Job
from grader.tree import File, Tree

RATE = 1000
BUSY = """\
import os, sys, time
def compute(seconds):
    end = os.times()[0] + os.times()[1] + seconds
    while os.times()[0] + os.times()[1] < end:
        sum(range(10000))
"""


@pytest.fixture(scope="module")
def executor():
    with Executor(seconds_per_cpu_second=RATE) as executor:
        yield executor


def execute(executor, text, stop=None, **more):
    job = Job(executable="job", inputs=Tree({"job": File(text.encode(), executable=True)}), checkpoint_exit_code=85)
    return executor.run(job, job.inputs, stop=stop, **more)


def python(text):
    return f"#!/usr/bin/env python3\n{BUSY}{text}"


def test_computing_takes_none_unless_it_is_asked_for():
    with Executor() as plain:
        assert execute(plain, python("compute(0.2)")).seconds == 0


def test_computing_takes_virtual_time(executor):
    assert 280 <= execute(executor, python("compute(0.3)")).seconds <= 1000


def test_the_clock_includes_what_a_program_has_computed(executor):
    run = execute(executor, python("begun = time.time(); compute(0.3); print(int(time.time() - begun))"))
    assert 280 <= int(run.stdout) <= run.seconds <= 1000


def test_a_sleep_comes_after_what_was_computed_before(executor):
    run = execute(executor, python("compute(0.2); time.sleep(5000); print(int(time.time()))"))
    assert 5180 <= int(run.stdout) - EPOCH <= run.seconds <= 5700


def test_a_program_can_save_by_its_processor_time(executor):
    run = execute(executor, python("while time.process_time() < 300: pass\nprint(int(time.time()))"))
    assert 200 <= int(run.stdout) - EPOCH <= run.seconds <= 1000


def test_nothing_is_counted_twice(executor):
    text = "for _ in range(5):\n    compute(0.1)\n    time.time()\n    time.sleep(100)\n"
    # os.times() counts in ticks of 10 ms, so each of the five may compute two of them less.
    assert 900 <= execute(executor, python(text)).seconds <= 1800


def test_what_a_child_computes_counts(executor):
    run = execute(
        executor, python("if os.fork() == 0:\n    compute(0.3)\n    os._exit(0)\nos.wait(); print(int(time.time()))")
    )
    assert 280 <= int(run.stdout) - EPOCH <= 1000


def test_a_shell_sees_what_its_programs_compute(executor):
    # For longer, on any machine, than the tenth of a second after which the starter counts it.
    text = """#!/bin/bash
awk 'BEGIN { for (i = 0; i < 20000000; i++) x += i % 7 }'
echo $(($(date +%s) - %d))
""".replace("%d", str(int(EPOCH)))
    run = execute(executor, text)
    assert 20 <= int(run.stdout) <= run.seconds


def test_an_eviction_comes_while_it_computes(executor):
    run = execute(executor, python("while True: pass"), Stop(250))
    assert (run.exit, run.seconds) == (Exit(signal=9), 250)


def test_a_signal_comes_while_it_computes(executor):
    text = "import signal\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\nwhile True: pass"
    run = execute(executor, python(text), Stop(250, 15, 1000))
    assert run.exit == Exit(3) and 250 <= run.seconds <= 1250
