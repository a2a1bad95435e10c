#!/usr/bin/env python3
"""Tiles of an image by worker threads and a queue; the main thread collects and saves."""
import json, os, queue, sys, threading, time

todo, done = queue.Queue(), queue.Queue()

def worker():
    while True:
        tile = todo.get()
        time.sleep(10 + tile % 4)
        done.put((tile, (tile * 37) % 101))

state = json.load(open("tiles.json")) if os.path.exists("tiles.json") else {}
wanted = [n for n in range(18) if str(n) not in state]
for n in wanted[:7]:
    todo.put(n)
for _ in range(3):
    threading.Thread(target=worker, daemon=True).start()
for _ in wanted[:7]:
    tile, value = done.get()
    state[str(tile)] = value
if len(state) < 18:
    with open("tiles.new", "w") as out:
        json.dump(state, out, sort_keys=True)
    os.rename("tiles.new", "tiles.json")
    sys.exit(85)
with open("mosaic.txt", "w") as out:
    for n in range(18):
        print(n, state[str(n)], file=out)
