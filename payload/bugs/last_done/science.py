"""The science of hares.py, which is not at fault: a year of Lotka's and Volterra's equations."""
import json
import time

with open('my_input.txt') as file:
    settings = {name: json.loads(value) for name, value in (line.split(' = ') for line in file)}


def a_year_later(hares, lynxes):
    """How many thousand hares and lynxes there are a year later, in steps of a day."""
    time.sleep(settings['seconds'])  # as if it were hard
    for day in range(365):
        born, eaten, starved = 0.5 * hares, 0.02 * hares * lynxes, 0.9 * lynxes
        hares, lynxes = hares + (born - eaten) / 365, lynxes + (eaten - starved) / 365
    return hares, lynxes
