"""The science of search.py, which is not at fault: which of many stars is most likely to have a planet?"""
import json
import os
import random
import time

with open('my_input.txt') as file:
    settings = {name: json.loads(value) for name, value in (line.split(' = ') for line in file)}


def dip(star):
    """By how many per cent a star becomes darker when something passes before it; 0 if nothing does. Nothing does
    before the star `first`."""
    time.sleep(settings['seconds'])  # as if there were years of light curves to look through
    sky = random.Random(settings['sky'] * 1000 + star)
    if star < settings['first'] or (star > settings['first'] and sky.random() < 0.7):
        return 0.0
    return round(sky.uniform(0.01, 1) / (1 + star - settings['first']), 3)


def write(path, value):
    """Write a value to a file."""
    with open(path, 'w') as file:
        json.dump(value, file)


def saved(path, otherwise):
    """The value in a file; `otherwise`, if there is no such file."""
    if not os.path.exists(path):
        return otherwise
    with open(path) as file:
        return json.load(file)


def report(best):
    """Write the result."""
    with open('my_output.txt', 'w') as file:
        file.write('%d stars; the best candidate is %s, with a dip of %.3f %%\n' % (settings['stars'], *best))
