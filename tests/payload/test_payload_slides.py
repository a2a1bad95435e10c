"""payload/slides: at each step, the execute directory holds what the slides draw."""
import re

import pytest

ALWAYS = {'my_input.txt', 'my_software'}
WORKING = ALWAYS | {'my_output.txt', 'temp-file.txt', 'trash.txt'}


def files(directory):
    return {path.relative_to(directory).as_posix() for path in directory.rglob('*') if path.is_file()}


def setting(submit, **values):
    path = submit / 'my_input.txt'
    text = path.read_text()
    for name, value in values.items():
        text = re.sub(r'(?m)^%s .*$' % name, '%s = %s' % (name, value), text)
    path.write_text(text)


def temp(*numbers):
    return {'temp-dir/%d.txt' % n for n in numbers}


@pytest.fixture
def job(pool, submit_directory):
    job = pool(submit_directory('slides'), 'my_submit.sub')
    job.new_sandbox()
    return job


def test_step_1_the_submit_directory(job):
    assert files(job.submit) == ALWAYS | {'my_submit.sub'}


def test_step_2_just_before_execute(job):
    assert files(job.sandbox) == ALWAYS


def test_step_3_after_1_minute(job):
    job.execute(until=60)
    assert files(job.sandbox) == WORKING | temp(1, 2)


def test_steps_4_to_8_from_the_exit_after_1_hour_to_the_end(job):
    run = job.execute()
    assert (run.code, run.elapsed) == (85, 3600)
    assert files(job.sandbox) == WORKING | temp(42, 43)
    assert files(job.spool) == {'my_output.txt', 'temp-file.txt'} | temp(42, 43)

    job.execute(until=600)  # in place, and evicted 10 minutes later
    assert files(job.sandbox) == WORKING | temp(51, 52)

    job.new_sandbox()
    assert files(job.sandbox) == WORKING - {'trash.txt'} | temp(42, 43)

    assert job.execute().code == 0
    evicted = (job.sandbox / 'my_output.txt').read_bytes()
    assert [int(line.split()[0]) for line in evicted.splitlines()] == list(range(1, 61))


@pytest.mark.parametrize('interval, executions', [(1, 12), (5, 3), (100, 1)])
def test_any_schedule_gives_the_uninterrupted_output(start, pool, submit_directory, elsewhere, interval, executions):
    submit = submit_directory('slides')
    setting(submit, interval=100, seconds='2 x 20, 10 x 64')
    assert start(submit, 'my_software').code == 0
    reference = (submit / 'my_output.txt').read_bytes()
    assert reference.count(b'\n') == 12

    setting(submit, interval=interval)
    job = pool(submit, 'my_submit.sub').run(elsewhere)
    assert (job.sandbox / 'my_output.txt').read_bytes() == reference
    assert job.executions == executions


def test_an_unusable_checkpoint_is_a_fresh_start(job):
    (job.sandbox / 'temp-file.txt').write_text('')
    run = job.execute()
    assert run.code == 85 and 'starting over' in run.stderr
