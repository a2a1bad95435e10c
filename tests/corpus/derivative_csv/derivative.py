#!/usr/bin/env python3
import math
import os
import sys

points = int(sys.argv[1])
first, previous = 0, 0.0
if os.path.exists("last.txt"):
    with open("last.txt") as last:
        number, value = last.read().split()
    first, previous = int(number), float(value)
table = open("derivative.csv", "a")
for n in range(first, points):
    value = math.sin(n / 5)
    table.write(f"{n} {(value - previous) * 5:.6f}\n")
    previous = value
    if n in (6, 13):
        table.close()
        with open("last.txt", "w") as last:
            last.write(f"{n + 1} {previous!r}")
        sys.exit(85)
