"""payload/bugs: run through without a checkpoint the jobs are right; it is the restarts that are wrong."""
import difflib
import math
import re

import pytest

PROGRAMS = {'slides_listing': ('my_software', 1, 12), 'last_done': ('hares.py',), 'training': ('train.py',),
            'on_sigterm': ('collatz.py',), 'behind_a_pipe': ('model.py',)}


@pytest.fixture
def uninterrupted(start, submit_directory):
    """uninterrupted('training', epochs=200) is the output of a run that never saves, as rows of numbers."""
    def uninterrupted(name, *arguments, **settings):
        submit = submit_directory('bugs/' + name)
        setting(submit, interval=10 ** 6, **settings)
        program, *given = PROGRAMS[name]
        run = start(submit, program, *(arguments or given))
        assert (run.code, run.stderr) == (0, '')
        return [list(map(float, line.split())) for line in (submit / 'my_output.txt').read_text().splitlines()]
    return uninterrupted


def setting(submit, **values):
    path = submit / 'my_input.txt'
    text = path.read_text()
    for name, value in values.items():
        text, found = re.subn('(?m)^%s = .*$' % name, '%s = %s' % (name, value), text)
        assert found == 1
    path.write_text(text)


def test_the_pendulum_swings_as_the_textbook_says(uninterrupted):
    periods = dict(uninterrupted('slides_listing', 1, 90))
    assert list(periods) == list(range(1, 91))
    assert periods[90] == pytest.approx(1.18034, abs=1e-5)
    assert periods[10] == pytest.approx(1 + math.radians(10) ** 2 / 16 + 11 * math.radians(10) ** 4 / 3072, abs=1e-6)


def test_the_hares_have_a_low_after_each_high_of_the_lynxes(uninterrupted):
    rows = uninterrupted('last_done', years=40)
    assert [year for year, _, _ in rows] == list(range(1, 41))
    most_lynxes = max(rows, key=lambda row: row[2])
    before, after = rows[int(most_lynxes[0]) - 2], rows[int(most_lynxes[0])]
    assert before[1] > most_lynxes[1] > after[1]


def test_the_model_of_the_flights_comes_near_to_the_published_one(uninterrupted):
    _, slope, offset = uninterrupted('training', epochs=400, rate=0.002)[-1]
    assert slope / 10 == pytest.approx(-0.2322, abs=0.01)  # maximum likelihood, per degree Fahrenheit
    assert offset - 7 * slope == pytest.approx(15.043, abs=0.7)


def test_the_longest_collatz_sequences_are_the_known_ones(uninterrupted):
    rows = uninterrupted('on_sigterm', blocks=10, size=100)
    assert rows[0] == [1, 97, 118] and rows[-1] == [10, 871, 178]


def test_the_rod_warms_up_from_its_hot_end(uninterrupted):
    rows = [row[1:] for row in uninterrupted('behind_a_pipe', minutes=500)]
    assert all(row == sorted(row, reverse=True) and row[0] == 100 for row in rows)
    assert min(rows[0]) == 20 and min(rows[-1]) > 99


@pytest.mark.parametrize('name', PROGRAMS)
def test_an_iteration_takes_a_minute(start, submit_directory, name):
    submit = submit_directory('bugs/' + name)
    setting(submit, interval=10 ** 6)
    run = start(submit, *PROGRAMS[name])
    assert run.elapsed == pytest.approx(60 * len((submit / 'my_output.txt').read_text().splitlines()))


def test_the_model_behind_the_pipe_says_that_it_fails(start, submit_directory):
    submit = submit_directory('bugs/behind_a_pipe')
    setting(submit, cells=2)
    run = start(submit, 'model.py')
    assert run.code == 2 and 'three cells' in run.stdout


def test_the_listing_as_printed_differs_in_the_line_that_python_refuses(submit_directory, tmp_path):
    mended = (submit_directory('bugs/slides_listing') / 'my_software').read_text().splitlines()
    (tmp_path / 'submit').rename(tmp_path / 'mended')
    printed = (submit_directory('bugs/as_printed') / 'my_software').read_text().splitlines()
    lines = [line for line in difflib.ndiff(mended, printed) if line[0] in '+-']
    assert [line.split('cp_file.')[1] for line in lines] == ['read())', 'readlines().strip())']
