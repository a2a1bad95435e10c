"""The science of collatz.py, which is not at fault: halve n if it is even, else take 3n + 1, until it is 1."""
import json
import time

with open('my_input.txt') as file:
    settings = {name: json.loads(value) for name, value in (line.split(' = ') for line in file)}


def search(state):
    """The state when one block more has been searched for a number that takes more steps."""
    time.sleep(settings['seconds'])  # as if it were hard
    first = state['block'] * settings['size'] + 1
    best, most = state['best'], state['steps']
    for n in range(first, first + settings['size']):
        if steps(n) > most:
            best, most = n, steps(n)
    return {'block': state['block'] + 1, 'best': best, 'steps': most}


def steps(n):
    """How many steps it takes to come from n to 1."""
    count = 0
    while n > 1:
        n, count = n // 2 if n % 2 == 0 else 3 * n + 1, count + 1
    return count
