"""payload/waves: a program with restart files of its own, which can be torn, and exit codes of its own."""
import re

import pytest

SECONDS, DISK = 3, 2  # of a step, and of a write, as in my_input.txt


@pytest.fixture
def sandbox(submit_directory):
    return submit_directory('waves')


def setting(sandbox, **values):
    path = sandbox / 'my_input.txt'
    text = path.read_text()
    for name, value in values.items():
        text, count = re.subn(r'(?m)^%s( *)=.*$' % name, '%s = %s' % (name, value), text)
        assert count == 1
    path.write_text(text)


def output(sandbox):
    return (sandbox / 'my_output.txt').read_text()


@pytest.fixture
def whole(start, sandbox):
    """What a run that is never cut off writes."""
    assert start(sandbox, 'waves').code == 0
    text = output(sandbox)
    for name in ('my_output.txt', 'restart.dat', 'restart.old'):
        (sandbox / name).unlink()
    return text


def test_steps_take_three_seconds_and_five_restart_files_eight_each(start, sandbox):
    run = start(sandbox, 'waves')
    assert (run.code, run.stderr, run.elapsed) == (0, '', 60 * SECONDS + 5 * 4 * DISK)
    assert [int(line.split()[0]) for line in output(sandbox).splitlines()] == list(range(1, 61))


@pytest.mark.parametrize('until', [45, 85, 160])
@pytest.mark.parametrize('name', ['restart.dat', 'restart.old'])
def test_a_restart_from_a_whole_file_gives_the_uninterrupted_output(start, sandbox, whole, name, until):
    assert start(sandbox, 'waves', until=until).code == 199
    if (sandbox / name).exists():
        assert (sandbox / name).read_text().endswith('\nend\n')
        assert start(sandbox, 'waves', '--restart', name).code == 0
        assert output(sandbox) == whole
    else:
        assert (name, until) == ('restart.old', 45)


def test_the_restart_file_and_the_output_are_enough_for_a_restart(start, sandbox, whole):
    start(sandbox, 'waves', until=100)
    (sandbox / 'restart.old').unlink()
    (sandbox / 'restart.dat').rename(sandbox / 'good.dat')
    assert start(sandbox, 'waves', '--restart', 'good.dat').code == 0 and output(sandbox) == whole


def test_a_restart_file_has_a_line_for_each_point_and_a_fixed_length(start, sandbox):
    start(sandbox, 'waves', until=170)
    new, old = [(sandbox / name).read_text() for name in ('restart.dat', 'restart.old')]
    assert len(new) == len(old) and new != old
    lines = new.splitlines()
    assert (lines[0], lines[-1], len(lines)) == ('step 00000040', 'end', 48 + 2)
    assert all(len(line.split()) == 2 for line in lines[1:-1])


@pytest.mark.parametrize('until, size', [(69, None), (71, 0), (73, 1024), (75, 2048), (77, 2322)])
def test_it_can_be_cut_off_after_each_write_to_its_restart_file(start, sandbox, until, size):
    start(sandbox, 'waves', until=until)
    new, old = sandbox / 'restart.dat', (sandbox / 'restart.old').read_text()
    assert (new.stat().st_size if new.exists() else None) == size
    assert old.startswith('step 00000010\n') and old.endswith('\nend\n')


def test_a_torn_restart_file_is_read_as_far_as_it_goes(start, sandbox, whole):
    start(sandbox, 'waves', until=73)
    run = start(sandbox, 'waves', '--restart', 'restart.dat')
    assert (run.code, run.stderr) == (0, '')
    got, right = output(sandbox).splitlines(), whole.splitlines()
    assert len(got) == len(right) and got[:20] == right[:20] and got[20:] != right[20:]
    assert set(got[20].split()[30:]) == {'0.000'}


def test_an_empty_or_missing_restart_file_is_exit_code_4(start, sandbox):
    start(sandbox, 'waves', until=71)
    complains(start(sandbox, 'waves', '--restart', 'restart.dat'), 4)
    complains(start(sandbox, 'waves', '--restart', 'no.dat'), 4)


def test_a_time_step_that_is_too_large_is_exit_code_3(start, sandbox):
    setting(sandbox, courant=1.01)
    complains(start(sandbox, 'waves'), 3)
    assert output(sandbox).count('\n') == 28
    complains(start(sandbox, 'waves', '--restart', 'restart.dat'), 3)


@pytest.mark.parametrize('arguments', [['--restart'], ['restart.dat'], ['--restart', 'a', 'b']])
def test_unknown_options_are_exit_code_2(start, sandbox, arguments):
    complains(start(sandbox, 'waves', *arguments), 2)


@pytest.mark.parametrize('values', [{'points': 2}, {'points': 'many'}, {'steps': 0}, {'block': 0}, {'courant': ''}])
def test_an_unusable_input_is_exit_code_2(start, sandbox, values):
    setting(sandbox, **values)
    complains(start(sandbox, 'waves'), 2)


def test_the_string_swings_to_the_other_side_and_comes_back(start, sandbox):
    setting(sandbox, steps=96, courant=1.0)
    start(sandbox, 'waves')
    lines = [list(map(float, line.split()[1:])) for line in output(sandbox).splitlines()]
    mirrored = [-y for y in reversed(lines[0])]
    # After as many steps as there are gaps between points a wave was at both ends; after twice as many it is back.
    assert lines[47] == pytest.approx(mirrored, abs=0.03) and lines[94] == pytest.approx(lines[0], abs=0.03)


def complains(run, code):
    assert run.code == code
    assert run.stderr.startswith('waves: ') and run.stderr.count('\n') == 1
