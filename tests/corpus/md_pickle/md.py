#!/usr/bin/env python3
"""Molecular dynamics in one dimension: the whole simulation is pickled."""
import argparse
import pickle
import sys
import time
from pathlib import Path


class Simulation:
    CHECKPOINT = Path("checkpoint.pkl")

    def __init__(self, steps):
        self.steps, self.step, self.dt = steps, 0, 0.01
        self.x = [0.0, 1.1, 2.3, 3.2]
        self.v = [0.1, -0.2, 0.05, 0.0]
        self.energies = []

    @classmethod
    def begin(cls, steps):
        if cls.CHECKPOINT.exists():
            with cls.CHECKPOINT.open("rb") as handle:
                return pickle.load(handle)
        return cls(steps)

    def forces(self):
        found = [0.0] * len(self.x)
        for i in range(len(self.x) - 1):
            stretch = self.x[i + 1] - self.x[i] - 1.0
            found[i] += stretch
            found[i + 1] -= stretch
        return found

    def advance(self):
        for i, force in enumerate(self.forces()):
            self.v[i] += force * self.dt
            self.x[i] += self.v[i] * self.dt
        self.step += 1
        self.energies.append(sum(v * v for v in self.v) / 2)

    def checkpoint(self):
        temporary = self.CHECKPOINT.with_suffix(".new")
        temporary.write_bytes(pickle.dumps(self, protocol=4))
        temporary.replace(self.CHECKPOINT)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--save-every", type=int, default=100)
    options = parser.parse_args()
    simulation = Simulation.begin(options.steps)
    print(f"at step {simulation.step} of {options.steps}")
    while simulation.step < options.steps:
        simulation.advance()
        time.sleep(1)
        if simulation.step % options.save_every == 0 and simulation.step != options.steps:
            simulation.checkpoint()
            return 85
    Path("energies.txt").write_text("".join(f"{e:.12f}\n" for e in simulation.energies))
    Path("final.xyz").write_text("".join(f"H {x:.12f} 0 0\n" for x in simulation.x))
    return 0


if __name__ == "__main__":
    sys.exit(main())
