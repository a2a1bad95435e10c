"""The sweep of notebook 07: it asks when.py before every iteration, and takes as long as its input says."""
import shutil

import pytest

from conftest import PAYLOAD

RULE = '''import os

def save_now(iteration, since, cost, between):
    with open("asked", "a") as file:
        file.write("%%d %%g %%g %%g\\n" %% (iteration, since, cost, between))
    return %s
'''


@pytest.fixture
def sandbox(tmp_path):
    """sandbox(rule): the sweep with a rule that also notes what it is told."""
    def sandbox(rule, **settings):
        directory = tmp_path / 'sandbox'
        shutil.copytree(str(PAYLOAD / 'often'), str(directory))
        (directory / 'when.py').write_text(RULE % rule)
        path = directory / 'my_input.txt'
        lines = path.read_text().splitlines()
        for name, value in settings.items():
            lines = ['%s = %s' % (name, value) if line.split('=')[0].strip() == name else line for line in lines]
        path.write_text('\n'.join(lines) + '\n')
        return directory
    return sandbox


def asked(directory):
    return [tuple(map(float, line.split())) for line in (directory / 'asked').read_text().splitlines()]


def test_it_runs_through_and_takes_as_long_as_its_input_says(sandbox, start):
    directory = sandbox('False', steps=9)
    run = start(directory, 'sweep.py', 1, 9)
    assert (run.code, run.stderr, run.elapsed) == (0, '', 30 + 3 * (60 + 180 + 600))
    assert len((directory / 'my_output.txt').read_text().splitlines()) == 9
    assert [told[0] for told in asked(directory)] == list(range(1, 10))


def test_it_saves_when_it_is_told_to_and_goes_on_from_there(sandbox, start):
    directory = sandbox('iteration == 4 and not os.path.exists("checkpoint.txt")', steps=9)
    run = start(directory, 'sweep.py', 1, 9)
    assert (run.code, run.elapsed) == (85, 30 + 3 * 60 + 60)
    assert (directory / 'checkpoint.txt').read_text() == '4\n'
    run = start(directory, 'sweep.py', 1, 9)
    assert (run.code, run.elapsed) == (0, 30 + 3 * (180 + 600))
    assert [int(line.split()[0]) for line in (directory / 'my_output.txt').read_text().splitlines()] == list(range(1, 10))
    assert asked(directory)[4] == (4, 0, 60, 86400)


@pytest.mark.parametrize('arguments', [(), ('1',), ('0', '5'), ('5', '4'), ('1', '73'), ('a', 'b')])
def test_without_a_range_that_it_can_do_it_does_not_begin(sandbox, start, arguments):
    run = start(sandbox('False'), 'sweep.py', *arguments)
    assert run.code == 2 and 'sweep.py START END can not begin' in run.stderr and 'Traceback' not in run.stderr


def test_a_setting_that_is_missing_is_named(sandbox, start):
    directory = sandbox('False')
    path = directory / 'my_input.txt'
    path.write_text('\n'.join(line for line in path.read_text().splitlines() if not line.startswith('saving')))
    run = start(directory, 'sweep.py', 1, 72)
    assert run.code == 2 and "'saving'" in run.stderr
