"""Answers to exercise `training`: right ones in many styles, and wrong ones by misconception."""

from __future__ import annotations

from grader.course.answers import program

training = program("training", "train.py")
SAVE = "            with open('checkpoint', 'w') as file:\n                json.dump([epoch, model], file)\n"
WITH_SPEED = ("[epoch, model]", "[epoch, model, speed]"), ("        epoch, model =", "        epoch, model, speed =")
LOAD = "    with open('checkpoint') as file:\n        epoch, model = json.load(file)\n"


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


RIGHT: dict[str, dict[str, str]] = {
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
        *WITH_SPEED,
        ("while epoch <", "while epoch <"),
        (
            "with open('my_output.txt', 'a')",
            "for _ in range(epoch):\n    random.shuffle(flights)\nwith open('my_output.txt', 'a')",
        ),
    ),
    "all orders beforehand": training(
        *WITH_SPEED,
        (
            "epoch, model, speed = 0,",
            "orders = []\nfor _ in range(settings['epochs']):\n    random.shuffle(flights)\n"
            "    orders.append(list(flights))\nepoch, model, speed = 0,",
        ),
        ("        random.shuffle(flights)\n", ""),
        ("for flight in flights:", "for flight in orders[epoch]:"),
    ),
    "a seed for each epoch": training(
        *WITH_SPEED,
        (
            "random.shuffle(flights)",
            "flights.sort()\n        random.seed(settings['seed'] * 1000 + epoch)\n        random.shuffle(flights)",
        ),
    ),
    "a sample, not in place": training("""
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
"""),
    "the order as numbers": training("""
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
"""),
}

WRONG: dict[str, dict[str, dict[str, str]]] = {
    "rng-not-saved": {
        "as given, pickled": pickled("epoch, model"),
        "all but the random state": pickled("epoch, model, speed, flights"),
        "seeds again after setstate": pickled(
            "epoch, model, speed, flights, random.getstate()",
            "    random.setstate(state)\n    random.seed(settings['seed'])\n",
        ),
    },
    "state-incomplete": {
        "the shuffles are repeated, and the speed is lost": training(
            (
                "with open('my_output.txt', 'a')",
                "for _ in range(epoch):\n    random.shuffle(flights)\nwith open('my_output.txt', 'a')",
            ),
        ),
        "without the speed": pickled("epoch, model, flights, random.getstate()", "    random.setstate(state)\n"),
        "without the order": pickled("epoch, model, speed, random.getstate()", "    random.setstate(state)\n"),
        "only the slope": pickled("epoch, model[0], speed, flights, random.getstate()", "    random.setstate(state)\n"),
    },
}
