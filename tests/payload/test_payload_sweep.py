"""payload/sweep: whatever the schedule, the sweep's output is that of an uninterrupted run."""
import re

import pytest

RIGHT = '''
import sys
def save_checkpoint(iteration):
    with open('checkpoint.txt', 'w') as file:
        file.write('%d' % iteration)
    sys.exit(85)
def restore_checkpoint(start, end):
    try:
        with open('checkpoint.txt') as file:
            iteration = int(file.read())
    except (OSError, ValueError):
        return start
    return iteration if start <= iteration <= end else start
'''
LEAVES_ABRUPTLY = RIGHT.replace('sys.exit(85)', 'import os; os._exit(85)')
NONE_AT_ALL = '''
def save_checkpoint(iteration): pass
def restore_checkpoint(start, end): return start
'''


@pytest.fixture
def submit(submit_directory):
    submit = submit_directory('sweep')
    (submit / 'checkpoint.py').write_text(RIGHT)
    return submit


def setting(submit, **values):
    path = submit / 'my_input.txt'
    text = path.read_text()
    for name, value in values.items():
        text, count = re.subn(r'(?m)^%s( *)=.*$' % name, '%s = %s' % (name, value), text)
        assert count == 1
    path.write_text(text)


def uninterrupted(start, submit, *arguments):
    """my_output.txt of a run that saves nothing."""
    own = (submit / 'checkpoint.py').read_text()
    (submit / 'checkpoint.py').write_text(NONE_AT_ALL)
    run = start(submit, 'sweep.py', *arguments)
    assert (run.code, run.stderr) == (0, '')
    output = (submit / 'my_output.txt').read_bytes()
    (submit / 'my_output.txt').unlink()
    (submit / 'checkpoint.py').write_text(own)
    return output


@pytest.mark.parametrize('interval, executions', [(1, 12), (3, 4), (5, 3), (100, 1)])
def test_any_schedule_gives_the_uninterrupted_output(start, pool, submit, elsewhere, interval, executions):
    setting(submit, interval=interval)
    reference = uninterrupted(start, submit, 1, 12)
    job = pool(submit, 'sweep.sub').run(elsewhere)
    assert (job.sandbox / 'my_output.txt').read_bytes() == reference
    assert job.executions == executions


def test_an_eviction_loses_only_what_came_after_the_checkpoint(start, pool, submit):
    reference = uninterrupted(start, submit, 1, 12)
    job = pool(submit, 'sweep.sub')
    job.new_sandbox()
    assert job.execute().code == 85
    job.execute(until=100)  # killed in iteration 5, with line 4 already written
    assert len((job.sandbox / 'my_output.txt').read_text().splitlines()) == 4
    job.run(elsewhere=lambda n: False)
    assert (job.sandbox / 'my_output.txt').read_bytes() == reference
    assert job.stdout.splitlines() == ['iterations %d to 12' % n for n in (1, 4, 7, 10)]


def test_no_line_is_missing_when_the_save_leaves_abruptly(start, pool, submit):
    (submit / 'checkpoint.py').write_text(LEAVES_ABRUPTLY)
    reference = uninterrupted(start, submit, 1, 12)
    job = pool(submit, 'sweep.sub').run(elsewhere=lambda n: True)
    assert (job.sandbox / 'my_output.txt').read_bytes() == reference


def test_the_same_iterations_save_wherever_it_begins(start, submit):
    (submit / 'checkpoint.py').write_text(RIGHT.replace('sys.exit(85)', 'print("save", iteration)'))
    for begin, saved in [(2, [5, 8, 11]), (5, [8, 11]), (6, [8, 11]), (11, [])]:
        (submit / 'checkpoint.txt').write_text(str(begin))
        run = start(submit, 'sweep.py', 2, 12)
        assert run.stdout.split('\n')[1:-1] == ['save %d' % n for n in saved]


def test_it_goes_on_if_the_save_returns(start, submit):
    (submit / 'checkpoint.py').write_text(RIGHT.replace('sys.exit(85)', ''))
    assert start(submit, 'sweep.py', 1, 12).code == 0
    assert len((submit / 'my_output.txt').read_text().splitlines()) == 12


def test_a_fresh_start_does_not_append_to_an_old_output(start, submit):
    reference = uninterrupted(start, submit, 1, 12)
    (submit / 'my_output.txt').write_text('old\n')
    assert uninterrupted(start, submit, 1, 12) == reference


def test_an_iteration_means_the_same_r_in_every_sweep(start, submit):
    lines = uninterrupted(start, submit, 1, 12).splitlines(True)
    assert uninterrupted(start, submit, 4, 7) == b''.join(lines[3:7])
    assert lines[0].split()[:2] == [b'1', b'2.840000'] and lines[-1].split()[:2] == [b'12', b'3.940000']


def test_the_diagram_shows_what_the_textbook_says(start, submit):
    lines = [line.split() for line in uninterrupted(start, submit, 1, 12).decode().splitlines()]
    periods = [len(set(line[2:])) for line in lines]
    assert periods == [1, 1, 2, 2, 2, 2, 2, 4, 20, 5, 3, 20]
    assert float(lines[0][2]) == pytest.approx(1 - 1 / 2.84, abs=1e-6)  # the fixed point, 1 - 1/r


def test_the_default_takes_a_minute_for_each_iteration(start, submit):
    (submit / 'checkpoint.py').write_text(NONE_AT_ALL)
    assert start(submit, 'sweep.py', 1, 12).elapsed == 12 * 60


@pytest.mark.parametrize('arguments', [[], [1], [1, 2, 3], ['one', 'two'], [1.5, 3], [5, 4], [0, 4], [1, 13]])
def test_a_wrong_command_line_is_one_sentence_and_exit_code_2(start, submit, arguments):
    complains(start(submit, 'sweep.py', *arguments))


@pytest.mark.parametrize('values', [{'steps': 'many'}, {'steps': 1}, {'interval': 0}, {'interval': 1.5},
                                    {'seconds': -1}, {'r_max': ''}])
def test_an_unusable_setting_is_one_sentence_and_exit_code_2(start, submit, values):
    setting(submit, **values)
    complains(start(submit, 'sweep.py', 1, 12))


def test_a_missing_or_binary_input_is_one_sentence_and_exit_code_2(start, submit):
    (submit / 'my_input.txt').write_bytes(b'\xff\xfe\x00')
    complains(start(submit, 'sweep.py', 1, 12))
    (submit / 'my_input.txt').unlink()
    complains(start(submit, 'sweep.py', 1, 12))


@pytest.mark.parametrize('returned', ['None', "'4'", '4.0'])
def test_an_unusable_first_iteration_is_one_sentence_and_exit_code_2(start, submit, returned):
    (submit / 'checkpoint.py').write_text('def restore_checkpoint(start, end):\n    return %s\n' % returned)
    run = start(submit, 'sweep.py', 1, 12)
    complains(run)
    assert 'restore_checkpoint' in run.stderr and returned in run.stderr


def complains(run):
    assert run.code == 2 and run.stdout == ''
    assert run.stderr.startswith('sweep.py: ') and run.stderr.count('\n') == 1
