"""The science of train.py, which is not at fault: the flights, and how wrong a model is about one of them."""
import json
import math
import time

with open('my_input.txt') as file:
    settings = {name: json.loads(value) for name, value in (line.split(' = ') for line in file)}
with open('flights.txt') as file:
    flights = [(float(fahrenheit), int(damaged)) for fahrenheit, damaged in map(str.split, file)]


def gradient(model, flight):
    """In which direction, and how much, the two numbers of a model have to change for a flight."""
    time.sleep(settings['seconds'] / len(flights))  # as if it were hard
    fahrenheit, damaged = flight
    warmth = (fahrenheit - 70) / 10
    error = damaged - 1 / (1 + math.exp(-model[0] * warmth - model[1]))
    return error * warmth, error
