#!/usr/bin/env python3
"""A model learns a curve from noisy points, epoch by epoch.

It appends one line to my_output.txt for each epoch: the epoch, and how far off the model is. What has to
survive a restart is in three objects, with the methods that PyTorch gives them: model.state_dict() and
load_state_dict(state), the same for optimizer, and generator.getstate() and setstate(state).

Saving is left to checkpoint.py: restore_checkpoint(model, optimizer, generator) puts their states back
and returns the number of epochs that are done, and save_checkpoint(epoch, model, optimizer, generator)
writes what that takes and leaves with 85. Exit codes: 0 done, 2 unusable input, 3 diverged.

The lines "begins:" and "saves:" describe the states in a few characters each, to be compared by eye.
"""
import random
import sys
import zlib

from checkpoint import restore_checkpoint, save_checkpoint
from curve import Model, Optimizer, noisy_points, settings



def described(epoch, model, optimizer, generator):
    """The states in one line. Two that look alike are the same."""
    states = [('model', model.state_dict()), ('optimizer', optimizer.state_dict()), ('random', generator.getstate())]
    short = ['%s %04x' % (name, zlib.crc32(repr(state).encode()) % 16**4) for name, state in states]
    return ', '.join(['iteration %d' % epoch] + short)


model = Model()
optimizer = Optimizer(settings['rate'])
generator = random.Random(settings['seed'])
points = noisy_points()
if settings['batch'] > len(points):
    print('train.py: a batch of %d, and %d points' % (settings['batch'], len(points)), file=sys.stderr)
    sys.exit(2)

epoch = restore_checkpoint(model, optimizer, generator)
if not hasattr(epoch, '__float__'):
    print('train.py: restore_checkpoint has to return how many epochs are done, and not %r' % (epoch,), file=sys.stderr)
    sys.exit(2)
print('begins:', described(epoch, model, optimizer, generator), flush=True)
with open('my_output.txt', 'a') as output:
    while epoch < settings['epochs']:
        for point in generator.sample(points, settings['batch']):
            optimizer.step(model, model.gradient(point))
        epoch += 1
        loss = model.loss(points)
        if loss > settings['most']:
            print('train.py: diverged in epoch', epoch, file=sys.stderr)
            sys.exit(3)
        output.write('%d %.9f\n' % (epoch, loss))
        if epoch % settings['interval'] == 0 and epoch < settings['epochs']:
            output.flush()
            print('saves:', described(epoch, model, optimizer, generator), flush=True)
            save_checkpoint(epoch, model, optimizer, generator)
