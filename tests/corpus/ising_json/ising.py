#!/usr/bin/env python3
"""A small Ising lattice, Metropolis sweeps, magnetisation against time."""
import json
import math
import os
import random
import sys
import time

SIZE, SWEEPS, BETA, EVERY = 6, 24, 0.44, 6
STATE = "state.json"


def fresh():
    random.seed(2024)
    spins = [[random.choice((-1, 1)) for _ in range(SIZE)] for _ in range(SIZE)]
    return {"sweep": 0, "spins": spins, "rows": []}


def load():
    if not os.path.exists(STATE):
        return fresh()
    with open(STATE) as handle:
        state = json.load(handle)
    version, internal, gauss = state.pop("random")
    random.setstate((version, tuple(internal), gauss))
    return state


def save(state):
    with open(STATE + ".tmp", "w") as handle:
        json.dump({**state, "random": random.getstate()}, handle)
    os.replace(STATE + ".tmp", STATE)


def sweep(spins):
    for _ in range(SIZE * SIZE):
        i, j = random.randrange(SIZE), random.randrange(SIZE)
        around = sum(spins[(i + a) % SIZE][(j + b) % SIZE] for a, b in ((0, 1), (1, 0), (0, -1), (-1, 0)))
        cost = 2 * spins[i][j] * around
        if cost <= 0 or random.random() < math.exp(-BETA * cost):
            spins[i][j] *= -1


state = load()
while state["sweep"] < SWEEPS:
    sweep(state["spins"])
    time.sleep(30)
    state["sweep"] += 1
    state["rows"].append((state["sweep"], sum(map(sum, state["spins"]))))
    if state["sweep"] % EVERY == 0 and state["sweep"] < SWEEPS:
        save(state)
        sys.exit(85)

with open("magnetisation.csv", "w") as out:
    for number, value in state["rows"]:
        out.write(f"{number},{value}\n")
