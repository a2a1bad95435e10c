"""Answers to exercise `last_done`: right ones in many styles, and wrong ones by misconception."""

from __future__ import annotations

from grader.course.answers import program

hares = program("last_done", "hares.py")
LINE = "        output.write('%d %.3f %.3f\\n' % (year, hares, lynxes))\n"
LEAVE = "            sys.exit(85)\n"

RIGHT: dict[str, dict[str, str]] = {
    "saves the next": hares(("[year, hares", "[year + 1, hares")),
    "resumes with the next": hares(
        ("= 1, settings", "= 0, settings"),
        ("enough = year + settings['interval'] - 1", "enough = year + settings['interval']"),
        ("range(year, ", "range(year + 1, "),
    ),
    "reads the next": hares(("= json.load(file)\n", "= json.load(file)\n    year += 1\n")),
    "while": hares("""
import os, pickle, sys
from science import a_year_later, settings

state = {"done": 0, "animals": (settings["hares"], settings["lynxes"])}
if os.path.exists("checkpoint"):
    with open("checkpoint", "rb") as file:
        state = pickle.load(file)
output = open("my_output.txt", "a")
while state["done"] < settings["years"]:
    state["animals"] = a_year_later(*state["animals"])
    state["done"] += 1
    output.write("%d %.3f %.3f\\n" % ((state["done"],) + state["animals"]))
    if state["done"] % settings["interval"] == 0:
        output.close()
        with open("checkpoint", "wb") as file:
            pickle.dump(state, file)
        sys.exit(85)
output.close()
"""),
    "saves before the work": hares("""
import json, os, sys
from science import a_year_later, settings

begin, hares, lynxes = 1, settings['hares'], settings['lynxes']
if os.path.exists('checkpoint'):
    begin, hares, lynxes = json.loads(open('checkpoint').read())
with open('my_output.txt', 'a') as output:
    for year in range(begin, settings['years'] + 1):
        if year == begin + settings['interval']:
            with open('checkpoint', 'w') as file:
                file.write(json.dumps([year, hares, lynxes]))
            sys.exit(85)
        hares, lynxes = a_year_later(hares, lynxes)
        output.write('%d %.3f %.3f\\n' % (year, hares, lynxes))
"""),
    "remembers all years": hares("""
import json, os, sys
import science

animals = [[science.settings["hares"], science.settings["lynxes"]]]
if os.path.exists("checkpoint"):
    animals = json.load(open("checkpoint"))
for _ in range(science.settings["interval"]):
    if len(animals) <= science.settings["years"]:
        animals.append(science.a_year_later(*animals[-1]))
with open("my_output.txt", "w") as output:
    for year, (hares, lynxes) in enumerate(animals):
        if year:
            output.write(f"{year} {hares:.3f} {lynxes:.3f}\\n")
if len(animals) <= science.settings["years"]:
    with open("checkpoint", "w") as file:
        json.dump(animals, file)
    sys.exit(85)
"""),
    "text, and every year": hares("""
import os, sys
from science import a_year_later, settings

done, hares, lynxes = 0, float(settings['hares']), float(settings['lynxes'])
if os.path.exists('checkpoint'):
    for line in open('checkpoint'):
        words = line.split()
    done, hares, lynxes = int(words[0]), float(words[1]), float(words[2])
began = done
for year in range(done + 1, settings['years'] + 1):
    hares, lynxes = a_year_later(hares, lynxes)
    with open('my_output.txt', 'a') as output:
        output.write('%d %.3f %.3f\\n' % (year, hares, lynxes))
    with open('checkpoint', 'a') as file:
        file.write('%d %r %r\\n' % (year, hares, lynxes))
    if year - began >= settings['interval']:
        sys.exit(85)
"""),
    "a class": hares("""
import json, os, sys
from science import a_year_later, settings

class Forest:
    def __init__(self):
        self.next_year, self.hares, self.lynxes = 1, settings["hares"], settings["lynxes"]
        if os.path.exists("checkpoint"):
            with open("checkpoint") as file:
                self.__dict__.update(json.load(file))

    def live(self, output):
        self.hares, self.lynxes = a_year_later(self.hares, self.lynxes)
        print("%d %.3f %.3f" % (self.next_year, self.hares, self.lynxes), file=output)
        self.next_year += 1

    def save(self):
        with open("checkpoint.tmp", "w") as file:
            json.dump(self.__dict__, file)
        os.rename("checkpoint.tmp", "checkpoint")

forest = Forest()
with open("my_output.txt", "a") as output:
    for _ in range(settings["interval"]):
        if forest.next_year <= settings["years"]:
            forest.live(output)
if forest.next_year <= settings["years"]:
    forest.save()
    sys.exit(85)
"""),
}

WRONG: dict[str, dict[str, dict[str, str]]] = {
    "repeats-iteration": {
        "counts otherwise, saves the same": hares(
            ("year == enough", "year >= enough"), ("# the year after which to save", "")
        ),
        "begins at 0, resumes with the last": hares("""
import json, os, sys
from science import a_year_later, settings

state = [1, settings["hares"], settings["lynxes"]]
if os.path.exists("checkpoint"):
    state = json.load(open("checkpoint"))
done = 0
for year in range(state[0], settings["years"] + 1):
    state = [year, *a_year_later(*state[1:])]
    done += 1
    open("my_output.txt", "a").write("%d %.3f %.3f\\n" % tuple(state))
    if done == settings["interval"]:
        json.dump(state, open("checkpoint", "w"))
        sys.exit(85)
"""),
    },
    "skips-iteration": {
        "both": hares(
            ("[year, hares", "[year + 1, hares"), ("= json.load(file)\n", "= json.load(file)\n    year += 1\n")
        ),
        "two later": hares(("[year, hares", "[year + 2, hares")),
    },
    "state-incomplete": {
        "only the year": hares(
            ("json.dump([year, hares, lynxes], file)", "json.dump(year + 1, file)"),
            ("        year, hares, lynxes = json.load(file)", "        year = json.load(file)"),
        ),
        "the hares without the lynxes": hares(
            ("json.dump([year, hares, lynxes], file)", "json.dump([year + 1, hares], file)"),
            ("        year, hares, lynxes = json.load(file)", "        year, hares = json.load(file)"),
        ),
    },
    "output-behind-checkpoint": {
        "the line comes below the exit": hares((LINE, ""), (LEAVE, LEAVE + LINE), ("[year,", "[year + 1,")),
        "all lines at the end of the execution": hares("""
import os, pickle, sys
from science import a_year_later, settings

done, animals, lines = 0, (settings["hares"], settings["lynxes"]), []
if os.path.exists("checkpoint"):
    with open("checkpoint", "rb") as file:
        done, animals = pickle.load(file)
for year in range(done + 1, settings["years"] + 1):
    if year > done + 1:
        with open("my_output.txt", "a") as output:
            output.write("%d %.3f %.3f\\n" % (year - 1, *animals))
    animals = a_year_later(*animals)
    if year == done + settings["interval"]:
        with open("checkpoint", "wb") as file:
            pickle.dump((year, animals), file)
        sys.exit(85)
with open("my_output.txt", "a") as output:
    output.write("%d %.3f %.3f\\n" % (year, *animals))
"""),
    },
    "exit-zero-after-save": {
        "sys.exit()": hares(("[year, hares", "[year + 1, hares"), ("85", "0")),
        "break": hares(("[year, hares", "[year + 1, hares"), ("sys.exit(85)", "break")),
    },
}
