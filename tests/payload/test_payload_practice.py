"""payload/glacier, planets and digits: jobs with the accidents that notebook 11 is about."""
import os
import signal
import subprocess
import sys


def test_the_best_candidate_is_not_there_at_the_first_save(start, submit_directory):
    sandbox = submit_directory('planets')
    assert start(sandbox, 'search.py').code == 85
    assert (sandbox / 'star.json').exists() and not (sandbox / 'best.json').exists()
    assert [start(sandbox, 'search.py').code for _ in range(3)] == [85, 85, 0]
    assert 'the best candidate is 5,' in (sandbox / 'my_output.txt').read_text()


def test_in_place_there_is_one_state_and_an_older_one_repeats_blocks(start, submit_directory):
    sandbox = submit_directory('digits')
    assert start(sandbox, 'digits.py').code == 85
    first = (sandbox / 'state-2.json').read_bytes()
    assert start(sandbox, 'digits.py').code == 85
    assert [path.name for path in sandbox.glob('state-*')] == ['state-4.json']
    (sandbox / 'state-2.json').write_bytes(first)  # as it comes back from the spool directory
    assert start(sandbox, 'digits.py').code == 85
    numbers = [line.split()[0] for line in (sandbox / 'my_output.txt').read_text().splitlines()]
    assert numbers == ['1', '2', '3', '4', '3', '4']


def test_the_glacier_saves_when_it_is_told_to_stop_and_goes_on_from_there(start, submit_directory):
    sandbox = submit_directory('glacier')
    settings = sandbox / 'my_input.txt'
    given = settings.read_text()
    settings.write_text(given.replace('seconds = 60', 'seconds = 0.1').replace('years   = 10', 'years   = 100000'))
    environment = dict(os.environ, CLIMATE='1.9')
    process = subprocess.Popen([sys.executable, 'glacier'], cwd=str(sandbox), env=environment)
    while not (sandbox / 'my_output.txt').exists() or not (sandbox / 'my_output.txt').read_text():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 85
    year = int((sandbox / 'glacier.save').read_text().split()[0])
    assert year == len((sandbox / 'my_output.txt').read_text().splitlines())
    settings.write_text(given.replace('seconds = 60', 'seconds = 0').replace('years   = 10', 'years   = %d' % (year + 2)))
    assert subprocess.call([sys.executable, 'glacier'], cwd=str(sandbox), env=environment) == 0
    numbers = [line.split()[0] for line in (sandbox / 'my_output.txt').read_text().splitlines()]
    assert numbers == [str(number) for number in range(1, year + 3)]


def test_without_a_climate_the_glacier_refuses(start, submit_directory):
    run = subprocess.run([sys.executable, 'glacier'], cwd=str(submit_directory('glacier')), stderr=subprocess.PIPE,
                         env={name: value for name, value in os.environ.items() if name != 'CLIMATE'})
    assert run.returncode == 2 and b'no CLIMATE' in run.stderr
