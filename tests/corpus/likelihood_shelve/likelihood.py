#!/usr/bin/env python3
"""A random walk over a likelihood that is dear, and so is kept in a shelf."""
import math, os, random, shelve, sys, time

os.makedirs("cache", exist_ok=True)
shelf = shelve.open("cache/walk")

def likelihood(theta):
    key = f"L{theta:.3f}"
    if key not in shelf:
        time.sleep(120)
        shelf[key] = -((theta - 1.7) ** 2) * 2
    return shelf[key]

rng = random.Random()
if "walk" in shelf:
    step, theta, accepted, total, state = shelf["walk"]
    rng.setstate(state)
else:
    step, theta, accepted, total = 0, 0.0, 0, 0.0
    rng.seed(99)
while step < 40:
    proposal = round(theta + rng.choice((-0.25, 0.25)), 3)
    if math.log(rng.random()) < likelihood(proposal) - likelihood(theta):
        theta, accepted = proposal, accepted + 1
    total += theta
    step += 1
    if step % 15 == 0:
        shelf["walk"] = step, theta, accepted, total, rng.getstate()
        shelf.close()
        sys.exit(85)
print(f"mean {total / step:.6f} acceptance {accepted / step:.3f}", file=open("posterior.txt", "w"))
