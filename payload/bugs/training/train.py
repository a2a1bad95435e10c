#!/usr/bin/env python3
"""Does cold weather damage the space shuttle's seals? A model learns from its first 23 flights."""
import json, os, random, sys
from science import flights, gradient, settings

random.seed(settings['seed'])
epoch, model, speed = 0, [0.0, 0.0], [0.0, 0.0]
if os.path.exists('checkpoint'):
    with open('checkpoint') as file:
        epoch, model = json.load(file)

with open('my_output.txt', 'a') as output:
    while epoch < settings['epochs']:
        random.shuffle(flights)
        for flight in flights:
            for i, change in enumerate(gradient(model, flight)):
                speed[i] = 0.9 * speed[i] + settings['rate'] * change
                model[i] += speed[i]
        epoch += 1
        output.write('%d %.6f %.6f\n' % (epoch, model[0], model[1]))
        if epoch % settings['interval'] == 0:
            with open('checkpoint', 'w') as file:
                json.dump([epoch, model], file)
            sys.exit(85)
