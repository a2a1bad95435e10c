#!/usr/bin/env python3
"""Which of many stars is most likely to have a planet? Look at one after the other."""
import os, sys
from science import dip, settings

star, best, deepest = 1, 'none', 0.0
if os.path.exists('next_star.txt'):
    with open('next_star.txt') as file:
        star = int(file.read())
if os.path.exists('best.txt'):  # the best candidate so far
    with open('best.txt') as file:
        words = file.read().split()
    best, deepest = words[0], float(words[1])

for star in range(star, settings['stars'] + 1):
    depth = dip(star)
    if depth > deepest:
        best, deepest = str(star), depth
        with open('best.txt', 'w') as file:
            file.write('%s %r\n' % (best, deepest))
    if star % settings['interval'] == 0 and star < settings['stars']:
        with open('next_star.txt', 'w') as file:
            file.write('%d\n' % (star + 1))
        sys.exit(85)

with open('my_output.txt', 'w') as output:
    output.write('%d stars, best candidate: %s, with a dip of %.3f %%\n' % (star, best, deepest))
