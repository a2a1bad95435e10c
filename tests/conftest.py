"""Shared by all tests: one executor for the whole session, and a short way to write a job down."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from grader.execute.executor import Executor
from grader.rules.execution import Limits
from grader.rules.job import Job
from grader.tree import File, Tree

# A shell starts what is to run in the background with SIGINT ignored, and so would be all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Tests start many Pythons, each of which would otherwise compile the course anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# No test may fail because a machine is slow.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

QUICK = ("rules", "submit", "view", "test_architecture.py", "test_environment.py", "test_style.py", "test_tree.py")
"""What --quick runs: the rules, the submit language and the views, as far as no program is executed for long."""


def pytest_addoption(parser):
    parser.addoption("--quick", action="store_true", help="only tests that take milliseconds, for the loop of editing")


def pytest_ignore_collect(collection_path, config):
    here = Path(__file__).parent
    if config.getoption("--quick") and collection_path.is_relative_to(here) and collection_path != here:
        return collection_path.relative_to(here).parts[0] not in QUICK or None
    return None


ON_THE_POOL = {"test_conformance.py", "test_verdicts.py", "test_submit_command.py", "test_cluster.py"}
"""What asks the one live HTCondor."""
WITH_NBGRADER = {
    f"test_{name}.py" for name in "preprocessors feedback nbgrader nbgrader_collect nbgrader_class".split()
}
"""What shares an assignment that nbgrader has generated, and nbgrader itself, which takes seconds to import."""
TOGETHER = dict.fromkeys(ON_THE_POOL, "the pool") | dict.fromkeys(WITH_NBGRADER, "nbgrader")
LONGEST = (
    *sorted(ON_THE_POOL),
    "test_corpus.py",
    "test_site.py",
    *sorted(WITH_NBGRADER),
    *(
        f"test_{name}.py"
        for name in (
            "attacks mutations whole_notebooks explore dice accessibility browser causes wrapper without_processes "
            "completeness fast_exit bugs notebook machine long main lab exports faults style"
        ).split()
    ),
)
"""What takes longest, which begins first, so that no process is left alone with it in the end."""


def pytest_collection_modifyitems(items):
    """Put the longest files first; the others stay in their order."""
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.name, len(ranks)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """One process more than processors: a quarter of the time, tests wait for HTCondor, a browser or a kernel."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Where tests run in several processes, those of a file share one, as they share what is made for them; and so do
    those of the files that are TOGETHER."""
    from xdist.scheduler import LoadScopeScheduling

    config.option.loadscopereorder = False  # the order is that of LONGEST, and not of the number of tests

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            name = nodeid.partition("::")[0].rpartition("/")[2]
            return TOGETHER.get(name, name)

    return Together(config, log)


@pytest.fixture(scope="session")
def executor():
    """An executor that starts programs for real, on a machine that may be slow. Tests with limits of their own make their
    own."""
    with Executor(Limits(wall=120.0)) as executor:
        yield executor


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """A course directory whose assignment nbgrader has generated: take a `new_course`."""
    from classroom import release

    return release(tmp_path_factory.mktemp("released"))


@pytest.fixture(scope="session")
def new_course(released, tmp_path_factory):
    """A function: another copy of it, for what a class hands in, with settings of its own beside it."""
    return lambda: Path(shutil.copytree(released, tmp_path_factory.mktemp("class") / "course"))


@pytest.fixture
def open_path():
    """An empty directory that every user can enter. Where root runs the tests, jobs are another user's, and pytest's
    tmp_path is closed to it."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory)
        path.chmod(0o755)
        yield path


@pytest.fixture(scope="session")
def python_job():
    """python_job(source, **fields): a job whose executable is this Python program, called `job`."""
    return _python_job


@pytest.fixture(scope="session")
def shell_job():
    """shell_job(source, **fields): the same with a shell script."""
    return _shell_job


def _python_job(source: str, inputs: Tree = Tree(), **fields) -> Job:
    return _job("#!/usr/bin/env python3\n", source, inputs, fields)


def _shell_job(source: str, inputs: Tree = Tree(), **fields) -> Job:
    return _job("#!/bin/sh\n", source, inputs, fields)


def _job(first_line: str, source: str, inputs: Tree, fields: dict) -> Job:
    program = File((first_line + textwrap.dedent(source)).encode(), executable=True)
    return Job(
        executable="job", inputs=inputs.put("job", program), **{"output": "out.txt", "error": "err.txt", **fields}
    )
