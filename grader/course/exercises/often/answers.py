"""Answers to exercise `often`: right ones in many styles, and wrong ones by misconception."""

from __future__ import annotations

import textwrap


def often(body: str, head: str = "") -> dict[str, str]:
    """An answer to exercise `often`: the body of save_now with its four arguments as i, since, cost and between."""
    lines = textwrap.indent(body.strip("\n"), "    ")
    return {"when.py": f"{head.strip()}\n\n\ndef save_now(i, since, cost, between):\n{lines}\n"}


RIGHT: dict[str, dict[str, str]] = {
    "Young": {
        "when.py": """
import math

def save_now(iteration, seconds_since_checkpoint, checkpoint_seconds, seconds_between_evictions):
    return seconds_since_checkpoint >= math.sqrt(2 * checkpoint_seconds * seconds_between_evictions)
"""
    },
    "without a root": often("return since ** 2 >= 2 * cost * between"),
    "Daly": often("""
part = cost / (2 * between)
if part >= 1:
    return since >= between
return since >= (2 * cost * between) ** 0.5 * (1 + part ** 0.5 / 3 + part / 9) - cost"""),
    "Young's interval with the checkpoint in it": often("return since + cost >= (2 * cost * between) ** .5"),
    "what is to be lost against what it costs": often("""
chance = since / between
return chance * since / 2 > cost"""),
    "the best interval, searched for": often(
        """
def waste(interval):
    return math.expm1((interval + cost) / between) / interval
candidates = [between * step / 200 for step in range(1, 400)]
return since >= min(candidates, key=waste)""",
        "import math",
    ),
    "a clock of its own": often(
        """
global begun
if begun is None:
    begun = time.time()
return time.time() - begun >= (2 * cost * between) ** 0.5""",
        "import time\nbegun = None",
    ),
    "a class, and 1 and 0 for yes and no": often(
        "return int(Rule(cost, between).due(since))",
        """
class Rule:
    def __init__(self, cost, between):
        self.interval = (2.0 * cost * between) ** 0.5

    def due(self, since):
        return since >= self.interval
""",
    ),
    "numbers that arrive by any name": {
        "when.py": """
from math import sqrt
from statistics import geometric_mean

def save_now(*told):
    _, since, *numbers = told
    return sqrt(2) * geometric_mean(numbers) <= since
"""
    },
    "talks": often("""
due = since >= (2 * cost * between) ** 0.5
print("iteration", i, "after", since, "s:", "save" if due else "go on")
with open("when.log", "a") as log:
    log.write(f"{i} {due}\\n")
return due"""),
}

WRONG: dict[str, dict[str, dict[str, str]]] = {
    "no-progress": {
        "always": often("return True"),
        "by iteration count": often("return i % 10 == 0"),
        "never": often("return False"),
        "forgets to return": often("since >= (2 * cost * between) ** 0.5"),
        "four hours, where slots last two": often("return since >= 4 * 60 * 60"),
        "as long as a slot lasts": often("return since > between"),
    },
}
