#!/usr/bin/env python3
"""A rod that is heated at one end: the temperature of each of its cells, minute by minute.

It is right as it is: after every INTERVAL-th minute it saves, and leaves with exit code 85.
"""
import os
import sys
import time

with open('my_input.txt') as file:
    settings = {name: float(value) for name, value in (line.split(' = ') for line in file)}
if settings['cells'] < 3:
    print('model.py: a rod needs three cells or more')
    sys.exit(2)

minute, rod = 0, [100.0] + [20.0] * (int(settings['cells']) - 1)
if os.path.exists('checkpoint'):
    with open('checkpoint') as file:
        minute, *rod = map(float, file)
print('%d minutes are done' % minute)

with open('my_output.txt', 'a' if minute else 'w') as output:
    while minute < settings['minutes']:
        time.sleep(settings['seconds'])
        rod = rod[:1] + [(a + 2 * b + c) / 4 for a, b, c in zip(rod, rod[1:], rod[2:] + rod[-1:])]
        minute += 1
        output.write('%d %s\n' % (minute, ' '.join('%.2f' % cell for cell in rod)))
        if minute % settings['interval'] == 0 and minute < settings['minutes']:
            with open('checkpoint', 'w') as file:
                print(minute, *rod, sep='\n', file=file)
            sys.exit(85)
print('finished')
