#!/usr/bin/env python3
"""Pi, from the sum of 1/n**2, a block of terms after the other. The checkpoint has the block in its name."""
import glob, json, math, os, sys, time

with open('my_input.txt') as file:
    settings = {name: json.loads(value) for name, value in (line.split(' = ') for line in file)}

block, total = 0, 0.0
for path in sorted(glob.glob('state-*.json'))[:1]:  # there is one at most: the one before is removed
    with open(path) as file:
        block, total = json.load(file)

with open('my_output.txt', 'a') as output:
    while block < settings['blocks']:
        time.sleep(settings['seconds'])  # as if it were hard
        first = block * settings['size'] + 1
        total += math.fsum(1 / n**2 for n in range(first, first + settings['size']))
        block += 1
        output.write('%d %.9f\n' % (block, (6 * total) ** 0.5))
        if block % settings['interval'] == 0 and block < settings['blocks']:
            for old in glob.glob('state-*.json'):
                os.remove(old)
            with open('state-%d.json' % block, 'w') as file:
                json.dump([block, total], file)
            sys.exit(85)
