"""What train.py learns from: noisy points of a curve, a model of it, and an optimizer with momentum."""
import json
import math
import random
import time

with open('my_input.txt') as file:
    settings = {name: json.loads(value) for name, value in (line.split(' = ') for line in file)}


def noisy_points():
    """Points (x, y) of one period of a sine, with a little noise. They are the same in every run."""
    noise = random.Random(1986)
    return [(i / 20 - 1, math.sin(3 * (i / 20 - 1)) + noise.gauss(0, 0.1)) for i in range(41)]


class Model:
    """A cubic, a + b x + c x^2 + d x^3. (math.fsum gives the same in every version of Python, unlike sum.)"""

    def __init__(self):
        self.weights = [0.0, 0.0, 0.0, 0.0]

    def __call__(self, x):
        return math.fsum(weight * x**power for power, weight in enumerate(self.weights))

    def gradient(self, point):
        """In which direction, and how much, each weight is wrong for a point."""
        x, y = point
        return [2 * (self(x) - y) * x**power for power in range(len(self.weights))]

    def loss(self, points):
        """The mean square of how far off it is."""
        return math.fsum((self(x) - y) ** 2 for x, y in points) / len(points)

    def state_dict(self):
        return {'weights': list(self.weights)}

    def load_state_dict(self, state):
        self.weights = [float(weight) for weight in state['weights']]


class Optimizer:
    """Gradient descent with momentum, and a rate that falls from step to step."""

    def __init__(self, rate):
        self.rate, self.steps, self.speed = rate, 0, [0.0, 0.0, 0.0, 0.0]

    def step(self, model, gradient):
        """Change the weights of a model once."""
        time.sleep(settings['seconds'] / settings['batch'])  # as if it were hard
        self.steps += 1
        rate = self.rate / (1 + 0.01 * self.steps)
        self.speed = [0.8 * speed - rate * slope for speed, slope in zip(self.speed, gradient)]
        model.weights = [weight + speed for weight, speed in zip(model.weights, self.speed)]

    def state_dict(self):
        return {'steps': self.steps, 'speed': list(self.speed)}

    def load_state_dict(self, state):
        self.steps, self.speed = int(state['steps']), [float(speed) for speed in state['speed']]
