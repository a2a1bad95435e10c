#!/usr/bin/env python3
"""Logistic growth with harvest; appends to a table, whose header is written once."""
import configparser
import csv
import os
import sys
import time

config = configparser.ConfigParser()
config.read_dict({"run": {"year": "0", "population": "12.0", "harvested": "0.0"}})
config.read("state")
run = config["run"]
new = not os.path.exists("growth.csv")
with open("growth.csv", "a", newline="") as table:
    writer = csv.DictWriter(table, ["year", "population", "harvested"])
    if new:
        writer.writeheader()
    for year in range(run.getint("year") + 1, 21):
        time.sleep(60)
        population = run.getfloat("population")
        population += 0.4 * population * (1 - population / 100)
        harvest = 0.05 * population if year % 3 == 0 else 0.0
        run["population"], run["year"] = repr(population - harvest), str(year)
        run["harvested"] = repr(run.getfloat("harvested") + harvest)
        writer.writerow({name: run[name] for name in writer.fieldnames})
        if year in (6, 11, 17):
            table.flush()
            with open("state", "w") as file:
                config.write(file)
            sys.exit(85)
