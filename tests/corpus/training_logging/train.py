#!/usr/bin/env python3
import json
import logging
import os
import random
import sys
import time

logging.basicConfig(filename="train.log", format="%(message)s", level=logging.INFO)


class Trainer:
    epochs = 9

    def __init__(self):
        self.epoch, self.weight, self.velocity = 0, 0.0, 0.0
        self.random = random.Random(0)
        self.data = [(x / 10, 3 * x / 10) for x in range(10)]

    def state(self):
        return {"epoch": self.epoch, "weight": self.weight, "velocity": self.velocity, "random": self.random.getstate()}

    def load(self, path):
        with open(path) as file:
            found = json.load(file)
        version, numbers, gauss = found.pop("random")
        self.random.setstate((version, tuple(numbers), gauss))
        vars(self).update(found)

    def save(self, path):
        with open(path + ".part", "w") as file:
            json.dump(self.state(), file)
        os.rename(path + ".part", path)

    def run_epoch(self):
        order = self.random.sample(range(len(self.data)), len(self.data))
        for x, y in (self.data[k] for k in order):
            self.velocity = 0.9 * self.velocity - 0.02 * (self.weight * x - y) * x
            self.weight += self.velocity
        self.epoch += 1
        time.sleep(700)
        logging.info("epoch %d weight %.9f", self.epoch, self.weight)


trainer = Trainer()
if os.path.exists("model.json"):
    trainer.load("model.json")
while trainer.epoch < trainer.epochs:
    trainer.run_epoch()
    if trainer.epoch % 3 == 0 and trainer.epoch < trainer.epochs:
        trainer.save("model.json")
        logging.shutdown()
        sys.exit(85)
trainer.save("model.json")
