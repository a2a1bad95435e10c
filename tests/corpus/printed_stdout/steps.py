#!/usr/bin/env python3
# Gives its result on standard output, as the first programs of most people do.
import os, sys, time

n, a, b = 0, 0, 1
if os.path.exists("state"):
    n, a, b = [int(word) for word in open("state").read().split()]
while n < 15:
    print(n, a, flush=True)
    n, a, b = n + 1, b, a + b
    time.sleep(10)
    if n % 5 == 0 and n != 15:
        open("state", "w").write(f"{n} {a} {b}")
        sys.exit(85)
