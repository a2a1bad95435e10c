#!/usr/bin/env python3
# Saves whenever half an hour has gone by since the last save.
import os
import sys
import time

import numpy as np

SAMPLES, HALF_AN_HOUR = 50, 1800

def log_target(x):
    return -0.5 * x @ x - 0.1 * (x**4).sum()

def restore():
    if not os.path.exists("chain.npz"):
        return np.array([2.0, -1.0]), [], 0, np.random.default_rng(7)
    saved = np.load("chain.npz", allow_pickle=True)
    rng = np.random.default_rng()
    rng.bit_generator.state = saved["generator"].item()
    return saved["x"], list(saved["chain"]), int(saved["accepted"]), rng

x, chain, accepted, rng = restore()
last_save = time.monotonic()
while len(chain) < SAMPLES:
    time.sleep(130)
    candidate = x + rng.normal(scale=0.8, size=2)
    if np.log(rng.uniform()) < log_target(candidate) - log_target(x):
        x, accepted = candidate, accepted + 1
    chain.append(x)
    if time.monotonic() - last_save > HALF_AN_HOUR and len(chain) < SAMPLES:
        np.savez("chain.part.npz", x=x, chain=chain, accepted=accepted,
                 generator=np.array(rng.bit_generator.state, dtype=object))
        os.replace("chain.part.npz", "chain.npz")
        os._exit(85)
with open("summary.txt", "w") as out:
    out.write(f"mean {np.mean(chain, axis=0)}\naccepted {accepted} of {SAMPLES}\n")
