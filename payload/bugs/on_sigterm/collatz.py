#!/usr/bin/env python3
"""Which number below a limit takes Collatz' sequence the most steps? One block after the other."""
import json, os, signal, sys
from science import search, settings

state = {'block': 0, 'best': 1, 'steps': 0}
if os.path.exists('checkpoint'):
    with open('checkpoint') as file:
        state = json.load(file)

def save_and_leave(number, frame):
    with open('checkpoint', 'w') as file:
        json.dump(state, file)
    sys.exit(85)

signal.signal(signal.SIGTERM, save_and_leave)  # I will save when I am told to go
with open('my_output.txt', 'a') as output:
    while state['block'] < settings['blocks']:
        state = search(state)
        output.write('%(block)d %(best)d %(steps)d\n' % state)
