"""payload/learning: a training whose model, optimizer and random generator have to survive, and a launcher."""
import os
import subprocess
import sys

import pytest

IDLE = '''
def save_checkpoint(epoch, model, optimizer, generator):
    pass


def restore_checkpoint(model, optimizer, generator):
    return 0
'''
PICKLED = '''
import os, pickle, sys


def save_checkpoint(epoch, *parts):
    model, optimizer, generator = parts
    with open('state', 'wb') as file:
        pickle.dump([epoch, model.state_dict(), optimizer.state_dict(), generator.getstate()], file)
    sys.exit(85)


def restore_checkpoint(model, optimizer, generator):
    if not os.path.exists('state'):
        return 0
    with open('state', 'rb') as file:
        epoch, weights, speed, state = pickle.load(file)
    model.load_state_dict(weights)
    optimizer.load_state_dict(speed)
    generator.setstate(state)
    return epoch
'''


@pytest.fixture
def sandbox(submit_directory):
    return submit_directory('learning')


def lines(sandbox):
    return (sandbox / 'my_output.txt').read_text().splitlines()


def test_an_epoch_takes_a_minute_and_the_loss_falls(start, sandbox):
    (sandbox / 'checkpoint.py').write_text(IDLE)
    run = start(sandbox, 'train.py')
    assert (run.code, run.stderr, round(run.elapsed)) == (0, '', 7 * 60)
    losses = [float(line.split()[1]) for line in lines(sandbox)]
    assert len(losses) == 7 and losses == sorted(losses, reverse=True) and losses[-1] < losses[0] / 2


def test_restarted_with_all_three_states_it_learns_the_same(start, sandbox):
    (sandbox / 'checkpoint.py').write_text(IDLE)
    start(sandbox, 'train.py')
    never = lines(sandbox)
    (sandbox / 'my_output.txt').unlink()
    (sandbox / 'checkpoint.py').write_text(PICKLED)
    assert [start(sandbox, 'train.py').code for _ in range(3)] == [85, 85, 0]
    assert lines(sandbox) == never


def test_what_is_saved_is_described_as_it_begins_again(start, sandbox):
    (sandbox / 'checkpoint.py').write_text(PICKLED)
    saves, begins = start(sandbox, 'train.py').stdout.splitlines()[-1], start(sandbox, 'train.py').stdout.splitlines()[0]
    assert saves.startswith('saves: iteration 3, model ') and begins == saves.replace('saves', 'begins')


@pytest.mark.parametrize('left, code', [(0, 0), (85, 1), (3, 1)])
def test_the_launcher_turns_every_failure_into_1_and_names_the_code(left, code, sandbox):
    (sandbox / 'worker.py').write_text('import os, sys; sys.exit(%d if os.environ["RANK"] == "0" else 9)' % left)
    run = subprocess.run([sys.executable, 'launch', 'worker.py'], cwd=str(sandbox), env=dict(os.environ),
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600)
    assert run.returncode == code
    assert run.stderr.decode() == ('launch: worker 0 failed (exitcode: %d)\n' % left if left else '')
