"""payload/annealing: whatever the schedule, the output is that of an uninterrupted run, if the whole state is
saved; and the physics is that of the Ising model."""
import itertools
import math
import re

import pytest

RIGHT = '''
import os, pickle, sys
def save_checkpoint(state):
    with open('checkpoint.dat', 'wb') as file:
        pickle.dump(state, file)
    sys.exit(85)
def restore_checkpoint(initial_state):
    if not os.path.exists('checkpoint.dat'):
        return initial_state
    with open('checkpoint.dat', 'rb') as file:
        state = pickle.load(file)
    os.truncate('my_output.txt', state['output'])
    return state
'''
LEAVES_ABRUPTLY = RIGHT.replace('sys.exit(85)', 'file.close(); os._exit(85)')
NONE_AT_ALL = '''
def save_checkpoint(state): pass
def restore_checkpoint(initial_state): return initial_state
'''
FORGOTTEN = {
    'lattice': RIGHT.replace('    return state', '    state["lattice"] = initial_state["lattice"]\n    return state'),
    'random': RIGHT.replace('    return state', '    state["random"] = initial_state["random"]\n    return state'),
    'sums': RIGHT.replace('    return state', '    state["sums"] = initial_state["sums"]\n    return state'),
    'output': RIGHT.replace('    os.truncate', '    # os.truncate'),
}


@pytest.fixture
def submit(submit_directory):
    submit = submit_directory('annealing')
    (submit / 'checkpoint.py').write_text(RIGHT)
    return submit


def setting(submit, **values):
    path = submit / 'my_input.txt'
    text = path.read_text()
    for name, value in values.items():
        text, count = re.subn(r'(?m)^%s( *)=[^#\n]*' % name, '%s = %s ' % (name, value), text)
        assert count == 1
    path.write_text(text)


def uninterrupted(start, submit):
    """my_output.txt of a run that saves nothing."""
    own = (submit / 'checkpoint.py').read_text()
    (submit / 'checkpoint.py').write_text(NONE_AT_ALL)
    run = start(submit, 'annealing.py')
    assert (run.code, run.stderr) == (0, '')
    output = (submit / 'my_output.txt').read_bytes()
    (submit / 'my_output.txt').unlink()
    (submit / 'checkpoint.py').write_text(own)
    return output


def table(output):
    """The first four columns of my_output.txt: temperature, iterations, magnetisation, energy."""
    return [[float(value) for value in line.split()[:4]] for line in output.decode().splitlines()]


@pytest.mark.parametrize('interval, executions', [(20, 13), (50, 6), (131, 2), (1000, 1)])
def test_any_schedule_gives_the_uninterrupted_output(start, pool, submit, elsewhere, interval, executions):
    setting(submit, interval=interval)
    reference = uninterrupted(start, submit)
    job = pool(submit, 'annealing.sub').run(elsewhere)
    assert (job.sandbox / 'my_output.txt').read_bytes() == reference
    assert job.executions == executions


def test_an_eviction_loses_only_what_came_after_the_checkpoint(start, pool, submit):
    reference = uninterrupted(start, submit)
    job = pool(submit, 'annealing.sub')
    job.new_sandbox()
    assert job.execute().code == 85
    job.execute(until=200)  # killed in the middle, with lines already written
    job.run(elsewhere=lambda n: False)
    assert (job.sandbox / 'my_output.txt').read_bytes() == reference
    begun = re.findall(r'begins: iteration (\d+)', job.stdout)
    assert begun == ['0', '50', '100', '150', '200', '250']


def test_nothing_is_missing_when_the_save_leaves_abruptly(start, pool, submit):
    (submit / 'checkpoint.py').write_text(LEAVES_ABRUPTLY)
    reference = uninterrupted(start, submit)
    job = pool(submit, 'annealing.sub').run(elsewhere=lambda n: True)
    assert (job.sandbox / 'my_output.txt').read_bytes() == reference


def test_what_begins_is_described_as_what_was_saved(pool, submit):
    job = pool(submit, 'annealing.sub').run(elsewhere=lambda n: True)
    assert re.findall('saves:  (.*)', job.stdout) == re.findall('begins: (.*)', job.stdout)[1:]


@pytest.mark.parametrize('part', FORGOTTEN)
def test_forgotten_state_shows_in_the_output_and_the_description(start, pool, submit, part):
    reference = uninterrupted(start, submit)
    (submit / 'checkpoint.py').write_text(FORGOTTEN[part])
    job = pool(submit, 'annealing.sub').run(elsewhere=lambda n: False)
    assert (job.sandbox / 'my_output.txt').read_bytes() != reference
    saved, begun = (re.search('(?:%s)(iteration 50, .*)' % what, job.stdout).group(1).split(', ')
                    for what in ('saves:  ', 'begins: '))
    assert [one.split()[0] for one, other in zip(saved, begun) if one != other] == [part]


def test_between_two_temperatures_there_are_no_sums_and_nothing_to_cut(start, pool, submit):
    setting(submit, interval=20)
    reference = uninterrupted(start, submit)
    for part in ('sums', 'output'):
        (submit / 'checkpoint.py').write_text(FORGOTTEN[part])
        job = pool(submit, 'annealing.sub').run(elsewhere=lambda n: True)
        assert (job.sandbox / 'my_output.txt').read_bytes() == reference


def test_the_spool_shows_how_far_the_job_has_got(pool, submit):
    job = pool(submit, 'annealing.sub')
    job.new_sandbox()
    job.execute()
    lines = (job.spool / 'my_output.txt').read_text().splitlines()
    assert [line.split()[:2] for line in lines] == [['3.6000', '20'], ['3.4000', '20'], ['3.2000', '10']]


def test_it_goes_on_if_the_save_returns(start, submit):
    reference = uninterrupted(start, submit)
    (submit / 'checkpoint.py').write_text(RIGHT.replace('sys.exit(85)', ''))
    assert start(submit, 'annealing.py').code == 0
    assert (submit / 'my_output.txt').read_bytes() == reference


def test_a_fresh_start_does_not_append_to_an_old_output(start, submit):
    reference = uninterrupted(start, submit)
    (submit / 'my_output.txt').write_text('old\n' * 1000)
    assert uninterrupted(start, submit) == reference


def test_another_seed_is_another_run(start, submit):
    one = uninterrupted(start, submit)
    setting(submit, seed=1)
    assert uninterrupted(start, submit) != one


def test_the_last_column_is_the_lattice(start, submit):
    setting(submit, size=6, iterations=1)
    for line in uninterrupted(start, submit).decode().splitlines():
        _, _, magnetisation, energy, picture = line.split()
        spins = [1 if bit == '1' else -1 for bit in format(int(picture, 16), '036b')]
        assert abs(sum(spins)) / 36 == pytest.approx(float(magnetisation), abs=1e-6)
        assert -sum(s * (spins[i - 1] + spins[i - 6]) for i, s in enumerate(spins)) / 36 == pytest.approx(
            float(energy), abs=1e-6)


def test_the_magnet_is_magnetic_when_it_is_cold_as_onsager_says(start, submit):
    setting(submit, iterations=200)
    lines = table(uninterrupted(start, submit))
    assert [line[0] for line in lines] == pytest.approx([3.6 - 0.2 * i for i in range(13)])
    for temperature, _, magnetisation, _ in lines[-3:]:
        assert magnetisation == pytest.approx((1 - math.sinh(2 / temperature) ** -4) ** (1 / 8), abs=0.01)
    assert all(magnetisation < 0.3 for _, _, magnetisation, _ in lines[:4])


def test_a_small_lattice_has_the_exact_mean_magnetisation_and_energy(start, submit):
    """All 512 states of a lattice of 3 by 3 spins, each with its Boltzmann weight."""
    setting(submit, size=3, hot=2.5, cold=2.5, temperatures=2, iterations=6000, interval=100000)
    weights, magnetisations, energies = [], [], []
    for spins in itertools.product((1, -1), repeat=9):
        energies.append(-sum(spin * (spins[i - 1] + spins[i - 3]) for i, spin in enumerate(spins)))
        magnetisations.append(abs(sum(spins)))
        weights.append(math.exp(-energies[-1] / 2.5))
    exact = [sum(w * x for w, x in zip(weights, values)) / sum(weights) / 9 for values in (magnetisations, energies)]
    for line in table(uninterrupted(start, submit)):
        assert line[2:] == pytest.approx(exact, abs=0.02)


def test_the_default_takes_a_minute_for_each_temperature(start, submit):
    (submit / 'checkpoint.py').write_text(NONE_AT_ALL)
    assert start(submit, 'annealing.py').elapsed == 13 * 60


@pytest.mark.parametrize('values', [{'size': 'large'}, {'size': 1}, {'hot': 1, 'cold': 2}, {'cold': 0},
                                    {'hot': 'nan'}, {'temperatures': 1}, {'iterations': 0}, {'interval': 0},
                                    {'seed': 1.5}, {'seconds': -1}])
def test_an_unusable_setting_is_one_sentence_and_exit_code_2(start, submit, values):
    setting(submit, **values)
    complains(start(submit, 'annealing.py'))


def test_a_missing_or_binary_input_is_one_sentence_and_exit_code_2(start, submit):
    (submit / 'my_input.txt').write_bytes(b'\xff\xfe\x00')
    complains(start(submit, 'annealing.py'))
    (submit / 'my_input.txt').unlink()
    complains(start(submit, 'annealing.py'))


@pytest.mark.parametrize('returned', ['None', '{}', '50', '[1, 2]'])
def test_no_state_or_half_a_one_is_one_sentence_and_exit_code_2(start, submit, returned):
    (submit / 'checkpoint.py').write_text('def restore_checkpoint(initial_state): return ' + returned)
    complains(start(submit, 'annealing.py'))


def complains(run):
    assert run.code == 2 and run.stdout == ''
    assert run.stderr.startswith('annealing.py: ') and run.stderr.count('\n') == 1
