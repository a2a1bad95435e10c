#!/usr/bin/env python3
"""The sweep of the logistic map with a large state: saving takes time, and so does every start.

    sweep.py START END

Before each iteration it asks when.py whether to save a checkpoint first. Iterations are not all
equally long. The science is small here, and the state one number; time.sleep stands for the rest.
"""
import os
import sys
import time

import when

SETTINGS = ('r_min', 'r_max', 'steps', 'samples', 'seconds_early', 'seconds_middle', 'seconds_late', 'starting',
            'saving', 'checkpoint_seconds', 'seconds_between_evictions')


def read_settings(path):
    """The `name = number` lines of a file as a dictionary. ValueError if they can't be used."""
    with open(path, encoding='utf-8') as lines:
        pairs = [line.split('#')[0].partition('=') for line in lines]
    found = {name.strip(): value.strip() for name, _, value in pairs}
    try:
        return {name: float(found[name]) for name in SETTINGS}
    except KeyError as name:
        raise ValueError('it gives no value for %s' % name)


def restore(start):
    """The iteration to begin with."""
    if not os.path.exists('checkpoint.txt'):
        return start
    with open('checkpoint.txt') as file:
        return int(file.read())


def save(iteration, seconds):
    """Write the checkpoint, which takes so many seconds, and leave."""
    print('saving at iteration %d takes %g s' % (iteration, seconds), flush=True)
    time.sleep(seconds)
    with open('checkpoint.txt', 'w') as file:
        file.write('%d\n' % iteration)
    sys.exit(85)


def science(r, samples):
    """The values of x at growth rate r, after a transient that is dropped."""
    x, orbit = 0.4, []
    for _ in range(200 + samples):
        x = r * x * (1 - x)
        orbit.append(x)
    return orbit[200:]


def sweep(start, end, settings):
    time.sleep(settings['starting'])  # libraries, input and state are loaded
    begin = restore(start)
    print('starting at iteration %d took %g s' % (begin, settings['starting']), flush=True)
    since = time.time()
    thirds = [settings[name] for name in ('seconds_early', 'seconds_middle', 'seconds_late')]
    with open('my_output.txt', 'w' if begin == start else 'a') as output:
        for iteration in range(begin, end + 1):
            if when.save_now(iteration, round(time.time() - since), settings['checkpoint_seconds'],
                             settings['seconds_between_evictions']):
                save(iteration, settings['saving'])
            done = (iteration - 1) / (settings['steps'] - 1)
            r = settings['r_min'] + (settings['r_max'] - settings['r_min']) * done
            orbit = science(r, int(settings['samples']))
            time.sleep(thirds[int(3 * (iteration - 1) // settings['steps'])])
            output.write('%d %s\n' % (iteration, ' '.join('%.6f' % x for x in [r] + orbit)))
            output.flush()  # the line is in the file before the next checkpoint is written


if __name__ == '__main__':
    try:
        start, end = map(int, sys.argv[1:])
        settings = read_settings('my_input.txt')
        if not 1 <= start <= end <= settings['steps']:
            raise ValueError('START and END must be within 1 to %(steps)d, the steps of my_input.txt' % settings)
    except (OSError, ValueError) as problem:
        print('sweep.py START END can not begin: %s' % problem, file=sys.stderr)
        sys.exit(2)
    sweep(start, end, settings)
