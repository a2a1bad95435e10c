"""hash(), the order of sets and the home directory differ in each restart, and are always the same for the same
start."""

from __future__ import annotations

import pytest

from grader.execute import hashing
from grader.execute.executor import Executor
from grader.tree import File, Tree

FRUIT = "{'apple', 'banana', 'cherry', 'date', 'elder'}"


@pytest.mark.parametrize(
    "expression", ["hash('a')", "list({'a', *'bcdefgh'})", "list(set('abcdefgh'))", f"str({FRUIT})"]
)
def test_each_restart_hashes_differently_and_the_same_start_alike(expression, executor, python_job):
    job = python_job(f"print({expression})")
    sandboxes = [job.inputs.put("checkpoint", File(b"%d" % number)) for number in range(6)]
    once, again = ([executor.run(job, sandbox).stdout for sandbox in sandboxes] for _ in range(2))
    assert once == again and len(set(once)) > 1


def test_another_slot_hashes_differently(executor, python_job):
    job = python_job("print(hash('a'))")
    assert executor.run(job, job.inputs, slot=0).stdout != executor.run(job, job.inputs, slot=1).stdout


def test_what_was_printed_so_far_makes_no_difference(executor, python_job):
    job = python_job("print(hash('a'))")
    assert hashing.seed(job.inputs, 0) == hashing.seed(job.inputs.put("_condor_stdout", File(b"more")), 0)


def test_the_script_of_a_shell_hashes_as_differently(executor, shell_job):
    job = shell_job("python3 say.py", inputs=Tree.of(**{"say.py": "print(hash('a'))"}))
    one, other = (executor.run(job, job.inputs.put("x", File(text))).stdout for text in (b"1", b"2"))
    assert one.strip() and one != other


def test_a_seed_that_the_job_sets_holds(executor, python_job):
    job = python_job("print(hash('a'))", environment=(("PYTHONHASHSEED", "0"),))
    one, other = (executor.run(job, job.inputs.put("x", File(text))).stdout for text in (b"1", b"2"))
    assert one.strip() and one == other


@pytest.mark.parametrize("program", ["print(hash(1))", "x = {name for name in 'abc'}", "y.__hash__()", "id(1)"])
def test_a_program_that_may_depend_on_hashes_is_recognised(program):
    assert hashing.matters(program.encode())


@pytest.mark.parametrize(
    "program",
    [
        "import hashlib\nhashlib.md5(b'')",
        "if x in {'a', 'b'}: pass",
        "x = {1, 2}",
        "x = {'a': 1}",
        "not python at all {",
    ],
)
def test_other_programs_need_no_python_of_their_own(program):
    assert not hashing.matters(program.encode())


@pytest.mark.parametrize("where", ["os.path.expanduser('~')", "os.environ['HOME']", "str(pathlib.Path.home())"])
def test_the_home_directory_is_not_the_sandbox_and_is_empty_each_time(where, executor, python_job):
    job = python_job(f"""
        import os, pathlib
        home = {where}
        print(os.listdir(home), os.path.samefile(home, "."))
        open(os.path.join(home, "checkpoint.txt"), "w").write("4")
    """)
    for _ in range(2):
        run = executor.run(job, job.inputs)
        assert (run.stdout, run.exit.code) == ("[] False\n", 0)
        assert run.sandbox.without(["_condor_stdout", "_condor_stderr"]) == job.inputs


def test_a_confined_job_can_write_to_its_home_directory(python_job):
    from grader.execute.isolation import confinement

    job = python_job("import os; open(os.path.expanduser('~/x'), 'w').close()")
    with Executor(confine=confinement()) as executor:
        assert executor.run(job, job.inputs).exit.code == 0
