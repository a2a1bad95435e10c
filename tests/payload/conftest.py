"""Runs the payload programs for real, each in a directory of its own, but without waiting.

A program runs as HTCondor would start it, in its sandbox, except that time.sleep only advances a
virtual clock. With `until`, it is killed when the clock gets there, in the middle of whatever it does.
"""
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

PAYLOAD = Path(__file__).resolve().parents[2] / 'payload'
KILLED = 199  # the exit status that stands for an eviction

Run = namedtuple('Run', 'code stdout stderr elapsed')

WRAPPER = '''
import os, runpy, sys, time
clock, until, told, program = 0.0, float(sys.argv[1]), sys.argv[2], sys.argv[3]
def tell():
    with open(told, 'w') as file: file.write(repr(clock))
def sleep(seconds):
    global clock
    clock += seconds
    tell()
    if clock > until: os._exit(%d)
time.sleep = sleep
tell()
sys.dont_write_bytecode = True
sys.argv = sys.argv[3:]
runpy.run_path(program, run_name='__main__')
''' % KILLED


def pythons():
    """Version → command, for each Python from 3.6 on that can be started here, including our own."""
    names = ['python3.%d' % minor for minor in range(6, 20)]
    commands = {}
    for command in [sys.executable] + [path for path in map(shutil.which, names) if path]:
        run = subprocess.run([command, '-c', 'import sys; print("%d.%d" % sys.version_info[:2])'],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if run.returncode == 0:
            commands.setdefault(run.stdout.decode().strip(), command)
    return commands


PYTHONS = pythons()


@pytest.fixture(params=list(PYTHONS.values()), ids=['python' + version for version in PYTHONS])
def start(request, tmp_path):
    """start(sandbox, program, *arguments, until=...) runs a program once and says how it ended."""
    def start(sandbox, program, *arguments, until=float('inf')):
        clock = tmp_path / 'clock'
        run = subprocess.run([request.param, '-c', WRAPPER, str(until), str(clock), program]
                             + [str(argument) for argument in arguments],
                             cwd=str(sandbox), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600)
        return Run(run.returncode, run.stdout.decode(), run.stderr.decode(), float(clock.read_text()))
    return start


@pytest.fixture
def submit_directory(tmp_path):
    """submit_directory('sweep') is a copy of payload/sweep to work in."""
    def submit_directory(name):
        copy = tmp_path / 'submit'
        shutil.copytree(str(PAYLOAD / name), str(copy), ignore=shutil.ignore_patterns('__pycache__'))
        return copy
    return submit_directory


def submit_commands(path):
    """The `command = value` lines of a submit file, as a dictionary."""
    commands = {}
    for line in path.read_text().splitlines():
        if '=' in line and not line.startswith('#'):
            command, value = line.split('=', 1)
            commands[command.strip()] = value.strip()
    return commands


def listed(value):
    return [name.strip() for name in value.split(',')]


class Pool:
    """A job with a submit directory, a spool, and sandboxes: only the transfers, for these tests."""

    def __init__(self, start, submit, submit_file, where):
        self.start, self.submit, self.where = start, submit, where
        self.job = submit_commands(submit / submit_file)
        self.spool = where / 'spool'
        self.spool.mkdir(parents=True)
        self.executions, self.stdout, self.sandbox = 0, '', None

    def new_sandbox(self):
        """Make a new sandbox: inputs and executable, and then the checkpoint."""
        if self.sandbox:
            shutil.rmtree(str(self.sandbox))
        self.sandbox = self.where / 'sandbox'
        self.sandbox.mkdir()
        for name in [self.job['executable']] + listed(self.job.get('transfer_input_files', '')):
            if name:
                shutil.copy(str(self.submit / name), str(self.sandbox / name))
        for entry in self.spool.iterdir():
            copy(entry, self.sandbox / entry.name)

    def execute(self, until=float('inf')):
        """Run the program once; a checkpoint goes to the spool."""
        self.executions += 1
        run = self.start(self.sandbox, self.job['executable'],
                         *self.job.get('arguments', '').split(), until=until)
        if run.code == int(self.job['checkpoint_exit_code']):
            for name in listed(self.job['transfer_checkpoint_files']):
                copy(self.sandbox / name, self.spool / name)
        if run.code != KILLED:
            self.stdout += run.stdout
        return run

    def run(self, elsewhere):
        """Run the job to its end. elsewhere(n) says whether checkpoint n is followed by a new sandbox."""
        self.new_sandbox()
        run = self.execute()
        while run.code == 85:
            assert self.executions < 100, 'it never ends'
            if elsewhere(self.executions):
                self.new_sandbox()
            run = self.execute()
        assert (run.code, run.stderr) == (0, '')
        return self


def copy(source, target):
    """One top-level entry, which replaces one of the same name."""
    if target.is_dir():
        shutil.rmtree(str(target))
    if source.is_dir():
        shutil.copytree(str(source), str(target))
    else:
        shutil.copy(str(source), str(target))


@pytest.fixture
def pool(start, tmp_path):
    """pool(submit, 'sweep.sub') is a job of that submit directory on a pool of its own."""
    made = []

    def pool(submit, submit_file):
        made.append(Pool(start, submit, submit_file, tmp_path / 'pool{}'.format(len(made))))
        return made[-1]
    return pool


SCHEDULES = {'in place': lambda n: False, 'always elsewhere': lambda n: True,
             'in turn': lambda n: n % 2 == 1}


@pytest.fixture(params=list(SCHEDULES.values()), ids=[name.replace(' ', '-') for name in SCHEDULES])
def elsewhere(request):
    return request.param
