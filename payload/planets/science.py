"""The science of search.py, which is not at fault: how much darker a star becomes when something passes before it."""
import json
import random
import time

with open('my_input.txt') as file:
    settings = {name: json.loads(value) for name, value in (line.split(' = ') for line in file)}


def dip(star):
    """By how many per cent; 0 if nothing passes. No star before the `first` has a planet."""
    time.sleep(settings['seconds'])  # as if there were years of light curves to look through
    sky = random.Random(settings['sky'] * 1000 + star)
    if star < settings['first'] or star > settings['first'] and sky.random() < 0.7:
        return 0.0
    return round(sky.uniform(0.01, 1) / (1 + star - settings['first']), 3)
