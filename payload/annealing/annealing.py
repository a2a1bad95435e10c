#!/usr/bin/env python3
"""A magnet that is cooled: the two-dimensional Ising model, annealed from hot to cold.

    annealing.py

A lattice of spins, each +1 or -1, goes through a number of iterations at each temperature, and each
iteration continues from the lattice that the one before has left. When a temperature is done, one
line is appended to my_output.txt: the temperature, its iterations, the mean magnetisation and energy
of a spin, and the lattice as a hexadecimal number. How a checkpoint is saved and restored is not
here: see checkpoint.py.
"""
import math
import random
import sys
import time
import zlib

import checkpoint

SETTINGS = {'size': int, 'hot': float, 'cold': float, 'temperatures': int, 'iterations': int,
            'seed': int, 'interval': int, 'seconds': float}


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
    if settings['size'] < 2 or not settings['hot'] >= settings['cold'] > 0:
        raise ValueError('it needs size >= 2, hot >= cold > 0')
    if min(settings['temperatures'] - 1, settings['iterations'], settings['interval']) < 1 or settings['seconds'] < 0:
        raise ValueError('it needs temperatures >= 2, iterations >= 1, interval >= 1, seconds >= 0')
    return settings


def first_state(size, seed):
    """All that changes from iteration to iteration, as it is before the first."""
    generator = random.Random(seed)
    return {
        'iteration': 0,  # how many are done
        'lattice': [1 if generator.random() < 0.5 else -1 for _ in range(size * size)],
        'random': generator,
        'sums': [0, 0],  # magnetisation and energy, summed over the iterations at this temperature
        'output': 0,     # how many bytes of my_output.txt are there to stay
    }


def described(state):
    """The state in one line, to see at a glance whether two are the same."""
    lattice = zlib.crc32(repr([int(spin) for spin in state['lattice']]).encode())
    generator = zlib.crc32(repr(state['random'].getstate()).encode())
    return 'iteration %d, lattice %08x, random %08x, sums %d %d, output %d' % (
        state['iteration'], lattice, generator, *state['sums'], state['output'])


def iterate(lattice, size, temperature, draw):
    """Draw every spin anew, with the chances that its four neighbours leave it (a heat bath)."""
    up = {field: 1 / (1 + math.exp(-2 * field / temperature)) for field in (-4, -2, 0, 2, 4)}
    spins = len(lattice)
    for i in range(spins):
        # All four indices may be negative, which closes the lattice to a ring.
        field = lattice[i - 1] + lattice[i - size] + lattice[i + 1 - spins] + lattice[i + size - spins]
        lattice[i] = 1 if draw() < up[field] else -1


def measured(lattice, size):
    """(magnetisation, energy) of the whole lattice, the magnetisation without its sign."""
    energy = -sum(spin * (lattice[i - 1] + lattice[i - size]) for i, spin in enumerate(lattice))
    return abs(sum(lattice)), energy


def line(temperature, done, sums, lattice):
    magnetisation, energy = (total / done / len(lattice) for total in sums)
    picture = int(''.join('1' if spin > 0 else '0' for spin in lattice), 2)
    return '%.4f %d %.6f %.6f %0*x\n' % (temperature, done, magnetisation, energy, -(-len(lattice) // 4), picture)


def anneal(size, hot, cold, temperatures, iterations, seed, interval, seconds):
    state = checkpoint.restore_checkpoint(first_state(size, seed))
    complain_about(state)
    begin = state['iteration']
    # A fresh start begins a new output file; a restart continues the one that it finds.
    with open('my_output.txt', 'a' if begin else 'w') as output:
        state['output'] = output.tell()
        print('begins: ' + described(state), flush=True)
        for iteration in range(begin, temperatures * iterations):
            number, done = divmod(iteration, iterations)
            temperature = hot + (cold - hot) * number / (temperatures - 1)
            # Not at begin: nothing has been done yet since that was saved, and it would save for ever.
            if iteration % interval == 0 and iteration > begin:
                if done:  # shows in the spool directory how far the job has got, but is not there to stay
                    output.write(line(temperature, done, state['sums'], state['lattice']))
                    output.flush()
                print('saves:  ' + described(state), flush=True)
                checkpoint.save_checkpoint(state)
                output.seek(state['output'])
                output.truncate()
            iterate(state['lattice'], size, temperature, state['random'].random)
            time.sleep(seconds)  # as if the science were hard
            state['iteration'] = iteration + 1
            state['sums'] = [total + now for total, now in zip(state['sums'], measured(state['lattice'], size))]
            if done + 1 == iterations:
                output.write(line(temperature, iterations, state['sums'], state['lattice']))
                output.flush()
                state['sums'], state['output'] = [0, 0], output.tell()


def complain_about(state):
    if not isinstance(state, dict):
        give_up('restore_checkpoint has to return a state, and not %r' % (state,))
    for name in ('iteration', 'lattice', 'random', 'sums'):
        if name not in state:
            give_up('restore_checkpoint returns a state without "%s"' % name)


def give_up(problem):
    print('annealing.py: ' + problem, file=sys.stderr)
    sys.exit(2)


if __name__ == '__main__':
    try:
        settings = read_settings('my_input.txt')
    except (OSError, ValueError) as problem:
        give_up('my_input.txt can not be used: %s' % problem)
    anneal(**settings)
