"""The science of the slides' sweep, which is not at fault: how long a pendulum takes for one swing."""
import json
import math
import time

with open('my_input.txt') as file:
    settings = {name: json.loads(value) for name, value in (line.split(' = ') for line in file)}
interval = settings['interval']  # save after every so many iterations


def do_science(degrees):
    """The period of a pendulum that swings so far to either side, in units of that of a small swing."""
    time.sleep(settings['seconds'])  # as if it were hard
    a, g = 1.0, math.cos(math.radians(degrees) / 2)
    while a - g > 1e-12:
        a, g = (a + g) / 2, math.sqrt(a * g)
    return 1 / a
