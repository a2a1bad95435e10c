#!/usr/bin/env python3
"""Fibonacci numbers, slowly: a program that checkpoints itself.

    fibonacci.py ITERATIONS

Each iteration adds the last two numbers, 1, 1, 2, 3, 5 ..., and takes 30 seconds. After every second
one it saves where it is in fibonacci.checkpoint and leaves with exit code 85, to be started again.
"""
import sys
import time

CHECKPOINT = 'fibonacci.checkpoint'
INTERVAL = 2
SECONDS = 30


def save_checkpoint(iteration, previous, current):
    """Write the iteration just finished, and all that the next one needs: the last two numbers."""
    with open(CHECKPOINT, 'w') as file:
        file.write('%d %d %d\n' % (iteration, previous, current))


def restore_checkpoint(iterations):
    """(iteration, previous, current) as it was saved, or a fresh start if nothing usable was."""
    try:
        with open(CHECKPOINT) as file:
            iteration, previous, current = map(int, file.read().split())
        if 1 <= iteration <= iterations:
            return iteration, previous, current
        print('%s is of another run: starting over' % CHECKPOINT, file=sys.stderr)
    except FileNotFoundError:
        pass  # the first start: there is none yet
    except ValueError:
        print('%s makes no sense: starting over' % CHECKPOINT, file=sys.stderr)
    return 0, 0, 1


def main(iterations):
    done, previous, current = restore_checkpoint(iterations)
    for iteration in range(done + 1, iterations + 1):
        previous, current = current, previous + current
        time.sleep(SECONDS)
        print('iteration %d: %d' % (iteration, current), flush=True)
        # Saved after the work, so each start gets further. After the last iteration, just finish.
        if iteration % INTERVAL == 0 and iteration < iterations:
            save_checkpoint(iteration, previous, current)
            sys.exit(85)
    print('fibonacci(%d) = %d' % (iterations, current))


if __name__ == '__main__':
    if len(sys.argv) != 2 or not sys.argv[1].isdigit():
        print('fibonacci.py: give it one whole number: fibonacci.py ITERATIONS', file=sys.stderr)
        sys.exit(2)
    main(int(sys.argv[1]))
