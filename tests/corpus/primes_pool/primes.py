#!/usr/bin/env python3
import multiprocessing
import os
import sys


def primes_in(block):
    low, high = block
    return sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(max(2, low), high))


def main():
    done = []
    if os.path.exists("done.txt"):
        done = [int(line) for line in open("done.txt")]
    blocks = [(n, n + 100) for n in range(0, 1200, 100)]
    with multiprocessing.Pool(2) as pool:
        while len(done) < len(blocks):
            done += pool.map(primes_in, blocks[len(done) : len(done) + 4])
            if len(done) < len(blocks):
                with open("done.txt", "w") as out:
                    out.writelines(f"{n}\n" for n in done)
                sys.exit(85)
    open("total.txt", "w").write(f"{sum(done)}\n")


if __name__ == "__main__":
    main()
