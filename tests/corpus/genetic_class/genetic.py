#!/usr/bin/env python3
"""Looks for the minimum of a parabola by selection and mutation."""

import json
import os
import random
import sys

STATE = "population.json"


def error(x):
    return (x - 1.5) ** 2


class Search:
    def __init__(self):
        self.rng = random.Random(11)
        self.population = [self.rng.uniform(-5, 5) for _ in range(12)]
        self.generation = 0
        self.best = [0, 99.0]

    def step(self):
        self.population.sort(key=error)
        if error(self.population[0]) < error(self.best[1]):
            self.best = [self.generation, self.population[0]]
        parents = self.population[:4]
        self.population = [self.rng.choice(parents) + self.rng.gauss(0, 2) for _ in range(12)]
        self.generation += 1

    def save(self):
        version, internal, gauss = self.rng.getstate()
        with open(STATE, "w") as file:
            json.dump([self.population, self.generation, self.best, [version, list(internal), gauss]], file)

    def load(self):
        with open(STATE) as file:
            self.population, self.generation, best, (version, internal, gauss) = json.load(file)
        self.best = best
        self.rng.setstate((version, tuple(internal), gauss))


search = Search()
if os.path.exists(STATE):
    search.load()
while search.generation < 15:
    search.step()
    if search.generation in (5, 10):
        search.save()
        sys.exit(85)
with open("best.json", "w") as file:
    json.dump([search.best, search.population], file)
