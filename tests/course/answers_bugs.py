"""Answers to the repair exercises of notebook 09: right ones in many styles, and wrong ones by misconception."""

from __future__ import annotations

from grader.course.catalogue import EXERCISES


def _given(exercise, path: str, *changes: tuple[str, str]) -> str:
    """A given file with some of its lines changed."""
    text = exercise.given()[path].text
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def python(text: str) -> str:
    return "#!/usr/bin/env python3\n" + text.strip("\n") + "\n"


# -- the slides' listing ---------------------------------------------------------------


def listing(program: str, files: str = "checkpoint.txt, my_output.txt") -> dict[str, str]:
    """The program, and what the submit file lists."""
    listed = ("transfer_checkpoint_files = my_output.txt", f"transfer_checkpoint_files = {files}")
    return {"my_software": program, "my_submit.sub": _given(EXERCISES["slides_listing"], "my_submit.sub", listed)}


def listed(*changes: tuple[str, str], files: str = "checkpoint.txt, my_output.txt") -> dict[str, str]:
    """The given program with changes."""
    return listing(_given(EXERCISES["slides_listing"], "my_software", *changes), files)


WITHIN = ("    if saved >= start:\n", "    if start <= saved <= end:\n")
NOT_AT_ONCE = ("(iteration - start + 1) % interval == 0", "iteration > start and (iteration - start) % interval == 0")

RIGHT_LISTING = {
    "as little as possible": listed(WITHIN, NOT_AT_ONCE),
    "one more in between": listed(
        (
            "    if saved >= start:\n        start = saved\n    else:\n        pass  # Potential problem?\n",
            "    if start <= saved and saved <= end:\n        start = saved\n",
        ),
        ("(iteration - start + 1) % interval == 0", "iteration == start + interval"),
    ),
    "json with the range": listing(
        python("""
import json, os, sys
from science import do_science, interval

start, end = map(int, sys.argv[1:])
begin = start
if os.path.exists("state.json"):
    state = json.load(open("state.json"))
    if state["range"] == [start, end]:
        begin = state["next"]
with open("my_output.txt", "a") as output:
    for iteration in range(begin, end + 1):
        print(iteration, "%.6f" % do_science(iteration), file=output)
        if (iteration - start + 1) % interval == 0:
            with open("state.json", "w") as file:
                json.dump({"range": [start, end], "next": iteration + 1}, file)
            sys.exit(85)
"""),
        "state.json, my_output.txt",
    ),
    "counts the lines of the output": listing(
        python("""
import os, sys
from science import do_science, interval

start, end = map(int, sys.argv[1:])
lines = []
if os.path.exists("my_output.txt"):
    with open("my_output.txt") as file:
        lines = file.readlines()
done = 0
for iteration in range(start + len(lines), end + 1):
    if done == interval:
        sys.exit(85)
    with open("my_output.txt", "a") as output:
        output.write("%d %.6f\\n" % (iteration, do_science(iteration)))
    done += 1
"""),
        "my_output.txt",
    ),
    "saves always, leaves sometimes": listing(
        python("""
import os, sys
import science

start, end = (int(argument) for argument in sys.argv[1:])
next_one = start
if os.path.isfile("checkpoint.txt"):
    saved = int(open("checkpoint.txt").read())
    if saved in range(start, end + 2):
        next_one = saved
stop = next_one + science.interval
while next_one <= end:
    if next_one == stop:
        sys.exit(85)
    line = "%d %.6f" % (next_one, science.do_science(next_one))
    with open("my_output.txt", "a") as output:
        output.write(line + "\\n")
    next_one += 1
    with open("checkpoint.txt", "w") as file:
        file.write(str(next_one))
""")
    ),
    "a directory, and rename": listing(
        python("""
import os, pathlib, pickle, sys
from science import do_science, interval

def load(start, end):
    try:
        with open("state/now", "rb") as file:
            made_for, iteration = pickle.load(file)
    except FileNotFoundError:
        return start
    return iteration if made_for == (start, end) else start

def save(start, end, iteration):
    pathlib.Path("state").mkdir(exist_ok=True)
    with open("state/new", "wb") as file:
        pickle.dump(((start, end), iteration), file)
    os.replace("state/new", "state/now")
    sys.exit(85)

def main(start, end):
    begin = load(start, end)
    output = open("my_output.txt", "a")
    for iteration in range(begin, end + 1):
        if iteration - begin == interval:
            output.close()
            save(start, end, iteration)
        output.write("%d %.6f\\n" % (iteration, do_science(iteration)))
    output.close()

main(*map(int, sys.argv[1:]))
"""),
        "state my_output.txt",
    ),
    "keeps the results and writes them all": listing(
        python("""
import json, os, sys
from science import do_science, interval

start, end = map(int, sys.argv[1:])
results = {}
if os.path.exists("results.json"):
    with open("results.json") as file:
        results = json.load(file)
new = 0
for i in range(start, end + 1):
    if str(i) in results:
        continue
    if new == interval:
        with open("results.json", "w") as file:
            json.dump(results, file)
        sys.exit(85)
    results[str(i)] = "%.6f" % do_science(i)
    new += 1
with open("my_output.txt", "w") as output:
    for i in range(start, end + 1):
        output.write("%d %s\\n" % (i, results[str(i)]))
"""),
        "results.json",
    ),
    "leaves from deep inside": listing(
        python("""
import os, sys
from science import do_science, interval

PATH = "checkpoint.txt"

class Done(SystemExit):
    def __init__(self, iteration):
        with open(PATH, "w") as file:
            print(iteration, file=file)
        super().__init__(85)

def restored(start, end):
    if not os.path.exists(PATH):
        return start
    number = int(open(PATH).readline().strip())
    return start if number < start or number > end else number

first, last = map(int, sys.argv[1:])
now = restored(first, last)
with open("my_output.txt", "at") as output:
    for count, iteration in enumerate(range(now, last + 1)):
        if count and count % interval == 0:
            raise Done(iteration)
        output.write(f"{iteration} {do_science(iteration):.6f}\\n")
""")
    ),
}

WRONG_LISTING = {
    "checkpoint-not-transferred": {
        "all but the list": listed(WITHIN, NOT_AT_ONCE, files="my_output.txt"),
        "another name": listed(WITHIN, NOT_AT_ONCE, ("'checkpoint.txt'", "'cp.txt'"), files="my_output.txt"),
    },
    "listed-file-missing": {
        "as on the slides": listed(WITHIN, NOT_AT_ONCE, files="my_output.txt, temp_dir, temp_file.txt"),
        "a typo": listed(WITHIN, NOT_AT_ONCE, files="chekpoint.txt, my_output.txt"),
    },
    "output-not-in-checkpoint": {
        "only the checkpoint": listed(WITHIN, NOT_AT_ONCE, files="checkpoint.txt"),
        "the checkpoint, and the science": listed(WITHIN, NOT_AT_ONCE, files="checkpoint.txt, science.py"),
    },
    "no-progress": {
        "only the list": listed(),
        "only the list and the range": listed(WITHIN),
        "counts without the start": listed(WITHIN, ("(iteration - start + 1) % interval", "iteration % interval")),
    },
    "stale-checkpoint": {
        "only the list and the interval": listed(NOT_AT_ONCE),
        "trusts any number": listed(
            NOT_AT_ONCE,
            (
                "    if saved >= start:\n        start = saved\n    else:\n        pass  # Potential problem?\n",
                "    start = saved\n",
            ),
        ),
    },
    "skips-iteration": {
        "saves one more": listed(WITHIN, NOT_AT_ONCE, ("% iteration)\n    sys", "% (iteration + 1))\n    sys")),
        "resumes one later": listed(WITHIN, NOT_AT_ONCE, ("start = saved", "start = saved + 1")),
    },
    "repeats-iteration": {
        "saves after the work": listing(
            python("""
import os, sys
from science import do_science, interval

start, end = map(int, sys.argv[1:])
begin = start
if os.path.exists("checkpoint.txt"):
    saved = int(open("checkpoint.txt").read())
    if start <= saved <= end:
        begin = saved
with open("my_output.txt", "a") as output:
    for iteration in range(begin, end + 1):
        output.write("%d %.6f\\n" % (iteration, do_science(iteration)))
        if iteration - begin == interval:
            open("checkpoint.txt", "w").write(str(iteration))
            sys.exit(85)
""")
        ),
        "one less": listed(
            WITHIN,
            ("(iteration - start + 1) % interval == 0", "iteration - start == interval + 1"),
            ("start = saved\n", "start = max(start, saved - 1)\n"),
        ),
    },
}

# -- last done, and next ---------------------------------------------------------------

RIGHT_LAST_DONE = {
    "saves the next": {"hares.py": _given(EXERCISES["last_done"], "hares.py", ("[year, hares", "[year + 1, hares"))},
    "resumes with the next": {
        "hares.py": _given(
            EXERCISES["last_done"],
            "hares.py",
            ("= 1, settings", "= 0, settings"),
            ("enough = year + settings['interval'] - 1", "enough = year + settings['interval']"),
            ("range(year, ", "range(year + 1, "),
        )
    },
    "reads the next": {
        "hares.py": _given(
            EXERCISES["last_done"], "hares.py", ("= json.load(file)\n", "= json.load(file)\n    year += 1\n")
        )
    },
    "while": {
        "hares.py": python("""
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
""")
    },
    "saves before the work": {
        "hares.py": python("""
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
""")
    },
    "remembers all years": {
        "hares.py": python("""
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
""")
    },
    "text, and every year": {
        "hares.py": python("""
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
""")
    },
    "a class": {
        "hares.py": python("""
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
""")
    },
}

WRONG_LAST_DONE = {
    "repeats-iteration": {
        "counts otherwise, saves the same": {
            "hares.py": _given(
                EXERCISES["last_done"],
                "hares.py",
                ("year == enough", "year >= enough"),
                ("# the year after which to save", ""),
            )
        },
        "begins at 0, resumes with the last": {
            "hares.py": python("""
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
""")
        },
    },
    "skips-iteration": {
        "both": {
            "hares.py": _given(
                EXERCISES["last_done"],
                "hares.py",
                ("[year, hares", "[year + 1, hares"),
                ("= json.load(file)\n", "= json.load(file)\n    year += 1\n"),
            )
        },
        "two later": {"hares.py": _given(EXERCISES["last_done"], "hares.py", ("[year, hares", "[year + 2, hares"))},
    },
    "state-incomplete": {
        "only the year": {
            "hares.py": _given(
                EXERCISES["last_done"],
                "hares.py",
                ("json.dump([year, hares, lynxes], file)", "json.dump(year + 1, file)"),
                ("        year, hares, lynxes = json.load(file)", "        year = json.load(file)"),
            )
        },
        "the hares without the lynxes": {
            "hares.py": _given(
                EXERCISES["last_done"],
                "hares.py",
                ("json.dump([year, hares, lynxes], file)", "json.dump([year + 1, hares], file)"),
                ("        year, hares, lynxes = json.load(file)", "        year, hares = json.load(file)"),
            )
        },
    },
    "exit-zero-after-save": {
        "sys.exit()": {
            "hares.py": _given(EXERCISES["last_done"], "hares.py", ("[year, hares", "[year + 1, hares"), ("85", "0"))
        },
        "break": {
            "hares.py": _given(
                EXERCISES["last_done"], "hares.py", ("[year, hares", "[year + 1, hares"), ("sys.exit(85)", "break")
            )
        },
    },
}

# -- training ----------------------------------------------------------------------------

SAVE = "            with open('checkpoint', 'w') as file:\n                json.dump([epoch, model], file)\n"
LOAD = "    with open('checkpoint') as file:\n        epoch, model = json.load(file)\n"


def training(*changes: tuple[str, str]) -> dict[str, str]:
    """The given training with changes."""
    return {"train.py": _given(EXERCISES["training"], "train.py", *changes)}


def pickled(names: str, restored: str = "") -> dict[str, str]:
    """The given training, with these variables pickled; `restored` is done with what comes back."""
    return training(
        ("import json, os", "import pickle, os"),
        (SAVE, f"            with open('checkpoint', 'wb') as file:\n                pickle.dump([{names}], file)\n"),
        (
            LOAD,
            f"    with open('checkpoint', 'rb') as file:\n        {names.replace('random.getstate()', 'state')} = "
            f"pickle.load(file)\n{restored}",
        ),
    )


RIGHT_TRAINING = {
    "everything, pickled": pickled("epoch, model, speed, flights, random.getstate()", "    random.setstate(state)\n"),
    "json": training(
        ("json.dump([epoch, model], file)", "json.dump([epoch, model, speed, flights, random.getstate()], file)"),
        (
            "        epoch, model = json.load(file)\n",
            "        epoch, model, speed, flights, (version, words, gauss) = json.load(file)\n"
            "    random.setstate((version, tuple(words), gauss))\n",
        ),
    ),
    "a generator of its own": training(
        ("import json, os", "import pickle, os"),
        ("random.seed(settings['seed'])", "generator = random.Random(settings['seed'])"),
        ("random.shuffle(flights)", "generator.shuffle(flights)"),
        (
            SAVE,
            "            state = epoch, model, speed, flights, generator\n"
            "            with open('checkpoint', 'wb') as file:\n                file.write(pickle.dumps(state))\n",
        ),
        (LOAD, "    epoch, model, speed, flights, generator = pickle.loads(open('checkpoint', 'rb').read())\n"),
    ),
    "shuffles again as often as it had": training(
        ("[epoch, model]", "[epoch, model, speed]"),
        ("        epoch, model =", "        epoch, model, speed ="),
        ("while epoch <", "while epoch <"),
        (
            "with open('my_output.txt', 'a')",
            "for _ in range(epoch):\n    random.shuffle(flights)\nwith open('my_output.txt', 'a')",
        ),
    ),
    "all orders beforehand": training(
        ("[epoch, model]", "[epoch, model, speed]"),
        ("        epoch, model =", "        epoch, model, speed ="),
        (
            "epoch, model, speed = 0,",
            "orders = []\nfor _ in range(settings['epochs']):\n    random.shuffle(flights)\n"
            "    orders.append(list(flights))\nepoch, model, speed = 0,",
        ),
        ("        random.shuffle(flights)\n", ""),
        ("for flight in flights:", "for flight in orders[epoch]:"),
    ),
    "a seed for each epoch": training(
        ("[epoch, model]", "[epoch, model, speed]"),
        ("        epoch, model =", "        epoch, model, speed ="),
        (
            "random.shuffle(flights)",
            "flights.sort()\n        random.seed(settings['seed'] * 1000 + epoch)\n        random.shuffle(flights)",
        ),
    ),
    "a sample, not in place": {
        "train.py": python("""
import os, pickle, random, sys
from science import flights, gradient, settings

random.seed(settings["seed"])
state = {"epoch": 0, "model": [0.0, 0.0], "speed": [0.0, 0.0], "random": random.getstate()}
if os.path.exists("checkpoint"):
    with open("checkpoint", "rb") as file:
        state = pickle.load(file)
random.setstate(state["random"])
with open("my_output.txt", "a") as output:
    for epoch in range(state["epoch"] + 1, settings["epochs"] + 1):
        for flight in random.sample(flights, k=len(flights)):
            change = gradient(state["model"], flight)
            state["speed"] = [0.9 * v + settings["rate"] * g for v, g in zip(state["speed"], change)]
            state["model"] = [m + v for m, v in zip(state["model"], state["speed"])]
        output.write("%d %.6f %.6f\\n" % (epoch, *state["model"]))
        if epoch % settings["interval"] == 0 and epoch < settings["epochs"]:
            state.update(epoch=epoch, random=random.getstate())
            with open("checkpoint", "wb") as file:
                pickle.dump(state, file)
            sys.exit(85)
""")
    },
    "the order as numbers": {
        "train.py": python("""
import json, os, random, sys
from science import flights, gradient, settings

order = list(range(len(flights)))
epoch, model, speed = 0, [0.0, 0.0], [0.0, 0.0]
random.seed(settings["seed"])
if os.path.exists("checkpoint"):
    saved = json.load(open("checkpoint"))
    epoch, model, speed, order = saved["epoch"], saved["model"], saved["speed"], saved["order"]
    state = saved["random"]
    random.setstate((state[0], tuple(state[1]), state[2]))
for epoch in range(epoch, settings["epochs"]):
    random.shuffle(order)
    for number in order:
        for i, change in enumerate(gradient(model, flights[number])):
            speed[i] = 0.9 * speed[i] + settings["rate"] * change
            model[i] += speed[i]
    with open("my_output.txt", "a") as output:
        print("%d %.6f %.6f" % (epoch + 1, model[0], model[1]), file=output)
    everything = dict(epoch=epoch + 1, model=model, speed=speed, order=order, random=random.getstate())
    with open("checkpoint", "w") as file:
        json.dump(everything, file)
    if (epoch + 1) % settings["interval"] == 0:
        sys.exit(85)
""")
    },
}

WRONG_TRAINING = {
    "rng-not-saved": {
        "as given, pickled": pickled("epoch, model"),
        "all but the random state": pickled("epoch, model, speed, flights"),
        "seeds again after setstate": training(
            ("import json, os", "import pickle, os"),
            (
                SAVE,
                "            with open('checkpoint', 'wb') as file:\n"
                "                pickle.dump([epoch, model, speed, flights, random.getstate()], file)\n",
            ),
            (
                LOAD,
                "    with open('checkpoint', 'rb') as file:\n"
                "        epoch, model, speed, flights, state = pickle.load(file)\n    random.setstate(state)\n"
                "    random.seed(settings['seed'])\n",
            ),
        ),
    },
    "state-incomplete": {
        "without the speed": pickled("epoch, model, flights, random.getstate()", "    random.setstate(state)\n"),
        "without the order": pickled("epoch, model, speed, random.getstate()", "    random.setstate(state)\n"),
        "only the slope": pickled("epoch, model[0], speed, flights, random.getstate()", "    random.setstate(state)\n"),
    },
}

# -- saving on SIGTERM -------------------------------------------------------------------


def collatz(*changes: tuple[str, str]) -> dict[str, str]:
    """The given search with changes."""
    return {"collatz.py": _given(EXERCISES["on_sigterm"], "collatz.py", *changes)}


HANDLER = ("signal.signal(signal.SIGTERM, save_and_leave)  # I will save when I am told to go\n", "")
LAST = "        output.write('%(block)d %(best)d %(steps)d\\n' % state)\n"
DUE = "        if state['block'] % settings['interval'] == 0:\n"

RIGHT_ON_SIGTERM = {
    "calls the handler itself": collatz((LAST, LAST + DUE + "            save_and_leave(None, None)\n")),
    "without the handler": collatz(
        HANDLER,
        ("def save_and_leave(number, frame):", "def save_and_leave():"),
        ("signal, sys", "sys"),
        (LAST, LAST + DUE + "            save_and_leave()\n"),
    ),
    "in the loop": collatz(
        HANDLER,
        (
            LAST,
            LAST + DUE + "            with open('checkpoint', 'w') as file:\n"
            "                file.write(json.dumps(state))\n            sys.exit(85)\n",
        ),
    ),
    "by the clock": collatz(
        ("import json, os, signal, sys", "import json, os, signal, sys, time\nbegan = time.monotonic()"),
        (
            LAST,
            LAST + "        if time.monotonic() - began >= settings['interval'] * settings['seconds']:\n"
            "            save_and_leave(0, None)\n",
        ),
    ),
    "an alarm says when": collatz(
        HANDLER,
        (
            "def save_and_leave(number, frame):",
            "due = False\n\ndef ring(number, frame):\n    global due\n    due = True\n\ndef save_and_leave():",
        ),
        (
            "with open('my_output.txt', 'a')",
            "signal.signal(signal.SIGALRM, ring)\n"
            "signal.alarm(settings['interval'] * settings['seconds'] - 1)\nwith open('my_output.txt', 'a')",
        ),
        (LAST, LAST + "        if due:\n            save_and_leave()\n"),
    ),
    "saves after each block": {
        "collatz.py": python("""
import json, os, sys
from science import search, settings

state = json.load(open("checkpoint")) if os.path.exists("checkpoint") else {"block": 0, "best": 1, "steps": 0}
began = state["block"]
while state["block"] < settings["blocks"]:
    if state["block"] == began + settings["interval"]:
        sys.exit(85)
    state = search(state)
    with open("my_output.txt", "a") as output:
        output.write("{block} {best} {steps}\\n".format(**state))
    with open("checkpoint.new", "w") as file:
        json.dump(state, file)
    os.replace("checkpoint.new", "checkpoint")
""")
    },
    "for": {
        "collatz.py": python("""
import os, pickle, sys
from science import search, settings

def main():
    state = dict(block=0, best=1, steps=0)
    if os.path.exists("checkpoint"):
        with open("checkpoint", "rb") as file:
            state = pickle.load(file)
    with open("my_output.txt", "a") as output:
        for _ in range(settings["interval"]):
            if state["block"] == settings["blocks"]:
                return 0
            state = search(state)
            print(state["block"], state["best"], state["steps"], file=output)
    with open("checkpoint", "wb") as file:
        pickle.dump(state, file)
    return 85

sys.exit(main())
""")
    },
    "from the output": {
        "collatz.py": python("""
import os, sys
from science import search, settings

state = {"block": 0, "best": 1, "steps": 0}
if os.path.exists("my_output.txt"):
    last = open("my_output.txt").read().splitlines()[-1]
    state = dict(zip(("block", "best", "steps"), map(int, last.split())))
for n in range(state["block"] + 1, settings["blocks"] + 1):
    state = search(state)
    with open("my_output.txt", "a") as output:
        output.write("%(block)d %(best)d %(steps)d\\n" % state)
    if n % settings["interval"] == 0 and n != settings["blocks"]:
        open("checkpoint", "w").write("see my_output.txt")
        sys.exit(85)
""")
    },
}

WRONG_ON_SIGTERM = {
    "sigterm-saves": {
        "saves when told, and goes on": collatz(("    sys.exit(85)\n", "")),
        "saves when told, and is done": collatz(("sys.exit(85)", "sys.exit(0)")),
        "other signals, too": collatz(
            (
                "def save_and_leave",
                "for number in signal.SIGINT, signal.SIGHUP:\n"
                "    signal.signal(number, signal.SIG_IGN)\n\ndef save_and_leave",
            )
        ),
        "a flag": collatz(
            (
                "def save_and_leave(number, frame):",
                "told = False\n\ndef tell(number, frame):\n    global told\n    told = True\n\ndef save_and_leave():",
            ),
            ("signal.SIGTERM, save_and_leave)", "signal.SIGTERM, tell)"),
            (LAST, LAST + "        if told:\n            save_and_leave()\n"),
        ),
    },
    "exit-zero-after-save": {
        "sys.exit()": collatz(
            ("sys.exit(85)", "sys.exit()"), (LAST, LAST + DUE + "            save_and_leave(None, None)\n")
        ),
        "return": collatz(
            ("    sys.exit(85)\n", ""),
            (LAST, LAST + DUE + "            save_and_leave(None, None)\n            break\n"),
        ),
    },
    "state-incomplete": {
        "only the block": collatz(
            ("json.dump(state, file)", "json.dump({'block': state['block']}, file)"),
            ("        state = json.load(file)", "        state.update(json.load(file))"),
            (LAST, LAST + DUE + "            save_and_leave(None, None)\n"),
        ),
        "the best, and not its steps": collatz(
            ("        state = json.load(file)", "        state.update(json.load(file), steps=0)"),
            (LAST, LAST + DUE + "            save_and_leave(None, None)\n"),
        ),
    },
}

# -- a wrapper and its exit code -----------------------------------------------------------


def script(text: str, shell: str = "/bin/bash") -> dict[str, str]:
    return {"run.sh": f"#!{shell}\n{text.strip()}\n"}


RIGHT_PIPE = {
    "pipefail": script("set -o pipefail\npython3 model.py 2>&1 | tee -a model.log"),
    "PIPESTATUS": script("python3 model.py 2>&1 | tee -a model.log\nexit ${PIPESTATUS[0]}"),
    "PIPESTATUS, kept": script("""
python3 model.py |& tee -a model.log
code=("${PIPESTATUS[@]}")
echo "the model left with ${code[0]}, tee with ${code[1]}"
exit "${code[0]}"
"""),
    "no pipe": script("python3 model.py >> model.log 2>&1"),
    "no pipe, and exec": script("exec >> model.log 2>&1\nexec python3 model.py", "/bin/sh"),
    "the code in a file": script(
        """
{ python3 model.py 2>&1; echo $? > exit_code; } | tee -a model.log
exit $(cat exit_code)
""",
        "/bin/sh",
    ),
    "the code in another stream": script(
        """
exec 4>&1
code=$( { { python3 model.py 2>&1; echo $? >&3; } | tee -a model.log >&4; } 3>&1 )
exit $code
""",
        "/bin/sh",
    ),
    "log first, show later": script(
        """
touch model.log
shown=$(wc -l < model.log)
python3 model.py >> model.log 2>&1
code=$?
tail -n +$((shown + 1)) model.log
exit $code
""",
        "/bin/sh",
    ),
    "every failure stops it": script("""
set -euo pipefail
say() { tee -a model.log; }
python3 model.py 2>&1 | say
"""),
    "in Python": script(
        """
import subprocess, sys
with open("model.log", "a") as log:
    model = subprocess.Popen(["python3", "model.py"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in model.stdout:
        print(line, end="")
        log.write(line)
sys.exit(model.wait())
""",
        "/usr/bin/env python3",
    ),
}

WRONG_PIPE = {
    "exit-zero-after-save": {
        "set -e": script("set -e\npython3 model.py 2>&1 | tee -a model.log"),
        "$? is tee's": script("python3 model.py 2>&1 | tee -a model.log\nexit $?"),
        "the wrong one": script("python3 model.py 2>&1 | tee -a model.log\nexit ${PIPESTATUS[1]}"),
        "pipefail too late": script("python3 model.py 2>&1 | tee -a model.log\nset -o pipefail"),
        "echo's own": script("set -o pipefail\npython3 model.py 2>&1 | tee -a model.log\necho done >> model.log"),
    },
    "always-85": {
        "exit 85": script("python3 model.py 2>&1 | tee -a model.log\nexit 85"),
        "false is 85": script("python3 model.py 2>&1 | tee -a model.log\nfalse || exit 85"),
    },
    "wrong-exit-code": {
        "any failure is a checkpoint": script("set -o pipefail\npython3 model.py 2>&1 | tee -a model.log || exit 85"),
        "any but 85 is fine": script("""
python3 model.py 2>&1 | tee -a model.log
if [ ${PIPESTATUS[0]} -eq 85 ]; then exit 85; fi
"""),
        "another code": script("""
python3 model.py 2>&1 | tee -a model.log
[ ${PIPESTATUS[0]} -eq 0 ] || exit 1
"""),
    },
}

ANSWERS = {
    "slides_listing": (RIGHT_LISTING, WRONG_LISTING),
    "last_done": (RIGHT_LAST_DONE, WRONG_LAST_DONE),
    "training": (RIGHT_TRAINING, WRONG_TRAINING),
    "on_sigterm": (RIGHT_ON_SIGTERM, WRONG_ON_SIGTERM),
    "behind_a_pipe": (RIGHT_PIPE, WRONG_PIPE),
}
