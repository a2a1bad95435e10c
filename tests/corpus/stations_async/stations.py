#!/usr/bin/env python3
"""Asks twelve weather stations, four at a time, and averages what they say."""
import asyncio
import json
import os
import sys

STATIONS = [f"st{n:02d}" for n in range(12)]


async def ask(station):
    await asyncio.sleep(5 + int(station[2:]) % 3)
    return station, sum(ord(c) * k for k, c in enumerate(station, 1)) / 7


async def main():
    done = {}
    if os.path.exists("means.json"):
        done = json.load(open("means.json"))
    todo = [station for station in STATIONS if station not in done]
    for begin in range(0, len(todo), 4):
        for station, value in await asyncio.gather(*map(ask, todo[begin : begin + 4])):
            done[station] = value
        if len(done) < len(STATIONS):
            with open("means.json", "w") as out:
                json.dump(done, out)
            return 85
    with open("result.json", "w") as out:
        json.dump({"stations": len(done), "mean": sum(done.values()) / len(done)}, out, sort_keys=True)
    return 0


sys.exit(asyncio.run(main()))
