#!/usr/bin/env python3
"""A one-variable parameter sweep: the bifurcation diagram of the logistic map x -> r x (1 - x).

    sweep.py START END

Each iteration takes one growth rate r and appends one line to my_output.txt: the iteration, r, and
the values that x settles on. How a checkpoint is saved and restored is not here: see checkpoint.py.
"""
import sys
import time

import checkpoint

SETTINGS = {'r_min': float, 'r_max': float, 'steps': int, 'transient': int, 'samples': int,
            'interval': int, 'seconds': float}


def read_settings(path):
    """The `name = value` lines of a file as a dictionary. ValueError if they can't be used."""
    with open(path, encoding='utf-8') as lines:
        pairs = [line.split('#')[0].partition('=') for line in lines]
    found = {name.strip(): value.strip() for name, _, value in pairs}
    settings = {}
    for name, kind in SETTINGS.items():
        try:
            settings[name] = kind(found[name])
        except (KeyError, ValueError):
            raise ValueError('it gives no usable value for "%s"' % name)
    if settings['steps'] < 2 or settings['interval'] < 1 or settings['seconds'] < 0:
        raise ValueError('it needs steps >= 2, interval >= 1, seconds >= 0')
    return settings


def science(r, transient, samples):
    """The values of x at growth rate r, after a transient that is dropped."""
    x, orbit = 0.4, []
    for _ in range(transient + samples):
        x = r * x * (1 - x)
        orbit.append(x)
    return orbit[transient:]


def sweep(start, end, r_min, r_max, steps, transient, samples, interval, seconds):
    begin = checkpoint.restore_checkpoint(start, end)
    if not hasattr(begin, '__index__'):
        give_up('restore_checkpoint has to return a whole number, the iteration to begin with, and not %r' % (begin,))
    print('iterations %d to %d' % (begin, end), flush=True)
    # A fresh start begins a new output file; a restart continues the one that it finds.
    with open('my_output.txt', 'w' if begin == start else 'a') as output:
        for iteration in range(begin, end + 1):
            # Counted from start, so the same iterations save wherever it begins. Not at begin:
            # nothing has been done yet since that was saved, and it would save for ever.
            if (iteration - start) % interval == 0 and iteration > begin:
                checkpoint.save_checkpoint(iteration)
            r = r_min + (r_max - r_min) * (iteration - 1) / (steps - 1)
            orbit = science(r, transient, samples)
            time.sleep(seconds)  # as if the science were hard
            output.write('%d %s\n' % (iteration, ' '.join('%.6f' % x for x in [r] + orbit)))
            output.flush()  # the line is in the file before the next checkpoint is written


def give_up(problem):
    print('sweep.py: ' + problem, file=sys.stderr)
    sys.exit(2)


if __name__ == '__main__':
    try:
        start, end = map(int, sys.argv[1:])
    except ValueError:
        give_up('give it two whole numbers: sweep.py START END')
    try:
        settings = read_settings('my_input.txt')
    except (OSError, ValueError) as problem:
        give_up('my_input.txt can not be used: %s' % problem)
    if not 1 <= start <= end <= settings['steps']:
        give_up('START and END must be within the steps of my_input.txt, 1 to %(steps)d' % settings)
    sweep(start, end, **settings)
