#!/usr/bin/env python3
"""Calls a solver of others for each phase, and keeps its files in a directory."""
import glob, os, subprocess, sys

os.makedirs("work", exist_ok=True)
for phase in range(1, 8):
    result = f"work/phase{phase}.txt"
    if os.path.exists(result):
        continue
    previous = open(f"work/phase{phase - 1}.txt").read() if phase > 1 else "1.0 2.0\n"
    subprocess.run(["sleep", "90"], check=True)
    text = subprocess.run(["awk", "-f", "solve.awk"], input=previous, capture_output=True, text=True, check=True).stdout
    with open(result, "w") as out:
        out.write(text)
    if phase % 3 == 0:
        sys.exit(85)
with open("phases.txt", "w") as out:
    for name in sorted(glob.glob("work/phase*.txt")):
        out.write(open(name).read())
