"""A training that saves its model, but not all that it needs."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from functools import lru_cache

from grader.course.exercise import Exercise, ExplorationCache, Result
from grader.course.payload import Program
from grader.course.repairing import NEVER, OUTPUT, Loop, known_answer, two_checkpoints
from grader.course.report import Failure
from grader.rules.job import Job
from grader.tree import File, Tree

Flight = tuple[float, int]
"""The temperature in degrees Fahrenheit, and whether a seal was damaged (1) or not (0)."""
TAKEN = "flights_taken.txt"
TELLS = f"""

def gradient(model, flight, _gradient=gradient):
    with open({TAKEN!r}, 'a') as file:
        print(*flight, file=file)
    return _gradient(model, flight)
""".encode()
"""Code that makes science.py record which flights are taken."""


def _epochs(draw: random.Random) -> dict[str, float]:
    return {"seed": draw.randint(1, 10**6), "rate": draw.randint(10, 30) / 1000, **two_checkpoints(draw, "epochs")}


def _learns(job: Job, cache: ExplorationCache, **numbers: float) -> Tree:
    """The output of the job itself if it never saves. Empty if it fails, or saves all the same."""
    exploration = cache.explore(LOOP.job(job, **{**numbers, "interval": NEVER}), Tree())
    output = getattr(exploration.root.next, "returned_files", Tree()).get(OUTPUT)
    return Tree({OUTPUT: output}) if exploration.root.ran.exit.code == 0 and isinstance(output, File) else Tree()


def _own_or_known(loop: Loop, job: Job, cache: ExplorationCache, **numbers: float) -> Tree:
    """The right output of a repaired training. A restart must not change what is learnt; but the program may take the
    flights in another order, if it learns as well as before."""
    own, known = _learns(job, cache, **numbers), known_answer(loop, job, cache, **numbers)
    return own if own and _as_good(own, known) else known


def _as_good(own: Tree, known: Tree) -> bool:
    """Whether a model fits the flights as well as the known model: their log-likelihoods differ by less than 5 %. (Over
    400 seeds, after as few epochs as are asked for, they lie within a thirtieth of each other; without momentum they
    are a tenth off, or more.)"""
    try:
        (epochs, model), (all_epochs, good) = (_last_model(tree.file(OUTPUT)) for tree in (own, known))
        return epochs == all_epochs and abs(_unlikeliness(model) / _unlikeliness(good) - 1) < 0.05
    except (ValueError, IndexError, OverflowError):
        return False


def _last_model(output: File) -> tuple[list[str], tuple[float, float]]:
    lines = [line.split() for line in output.text.splitlines()]
    return [line[0] for line in lines], (float(lines[-1][1]), float(lines[-1][2]))


def _unlikeliness(model: tuple[float, float]) -> float:
    odds = [
        (model[0] * (fahrenheit - 70) / 10 + model[1]) * (1 if damaged else -1) for fahrenheit, damaged in _flights()
    ]
    return sum(math.log1p(math.exp(-one)) for one in odds)


@lru_cache(1)
def _flights() -> list[Flight]:
    return _read(LOOP.program.files().file("flights.txt"))


def _read(flights: File) -> list[Flight]:
    """The flights of a file. Raises ValueError if there is something else in it."""
    return [(float(fahrenheit), int(damaged)) for fahrenheit, damaged in map(str.split, flights.text.splitlines())]


def learns_as_before(job: Job, cache: ExplorationCache) -> Result:
    """Whether the training, run through without saving, still learns as it did before the repair."""
    own, known = _learns(job, cache), known_answer(LOOP, job, cache)
    if not own:
        return Result(True, "")
    never, text = LOOP.job(job, interval=NEVER), ""
    if own != known:
        text = _another_training(own, _epochs_taken(never, cache), LOOP.program.settings(never)["rate"])
    if not _as_good(own, known):
        text = text or (
            "Run through without saving, it does not learn as well as before. Only its restarts are wrong: "
            "momentum, shuffling, rate and number of epochs have to stay."
        )
    elif _learns(job, cache, seed=1) == own:
        text = text or (
            "The seed in my_input.txt makes no difference any more. Only the restarts are wrong: shuffling, by that seed, has to "
            "stay."
        )
    return Result(not text, text, Failure(text, never, ()) if text else None)


def _epochs_taken(job: Job, cache: ExplorationCache) -> list[list[Flight]]:
    """The flights of each epoch in the order in which a job takes them, as science.py records it; [] if unknown."""
    files = job.inputs.put("science.py", File(LOOP.program.files().file("science.py").content + TELLS))
    told = cache.executor.run(replace(job, inputs=files), files).sandbox.get(TAKEN)
    try:
        taken = _read(told) if isinstance(told, File) else []
    except ValueError:  # the job has written there, or takes something else than flights
        return []
    return [taken[i : i + len(_flights())] for i in range(0, len(taken), len(_flights()))]


def _another_training(own: Tree, epochs: list[list[Flight]], rate: float) -> str:
    """A sentence on what makes a training differ from the given one; '' if nothing does, or if that is unknown."""
    for number, order in enumerate(epochs, 1):
        if sorted(order) != sorted(_flights()):
            return (
                f"Run through without saving, it does not take each of the {len(_flights())} flights once in epoch "
                f"{number}. Only the restarts are wrong."
            )
        if order in epochs[: number - 1]:
            return (
                f"In epoch {number}, it takes the flights in the same order as in epoch {epochs.index(order) + 1}. "
                "Each epoch has to shuffle them anew: only the restarts are wrong."
            )
    if epochs and not _close(own.file(OUTPUT), _learnt(epochs, rate)):
        return (
            "In the order in which it takes the flights, it does not learn what it learnt before. Only its "
            "restarts are wrong: momentum, rate and number of epochs have to stay."
        )
    return ""


def _learnt(epochs: list[list[Flight]], rate: float) -> list[list[float]]:
    """The lines of output, as numbers, of the given training if it takes the flights in this order."""
    model, speed, lines = [0.0, 0.0], [0.0, 0.0], []
    for number, order in enumerate(epochs, 1):
        for fahrenheit, damaged in order:
            warmth = (fahrenheit - 70) / 10
            error = damaged - 1 / (1 + math.exp(-model[0] * warmth - model[1]))
            for i, change in enumerate((error * warmth, error)):
                speed[i] = 0.9 * speed[i] + rate * change
                model[i] += speed[i]
        lines.append([number, *model])
    return lines


def _close(output: File, learnt: list[list[float]]) -> bool:
    """Whether an output has these lines, apart from the rounding of their numbers."""
    lines = [line.split() for line in output.text.splitlines()]
    try:
        return len(lines) == len(learnt) and all(
            abs(float(word) - number) < 1e-5
            for line, numbers in zip(lines, learnt)
            for word, number in zip(line, numbers, strict=True)
        )
    except ValueError:
        return False


LOOP = Loop(Program("bugs/training", "train.py"), "epoch", _epochs, "epochs", _own_or_known)
IN_PLACE = "Never evicted, it learns what it learns if it never saves"
SHORT = {"interval": 1, "epochs": 3}


EXERCISE = Exercise(
    title="Repair the training that forgets",
    notebook="09-find-the-bugs",
    number=6,
    answers=("train.py",),
    files=LOOP.program.files,
    submit_file="train.sub",
    settings=LOOP.job,
    questions=(
        LOOP.question(IN_PLACE, 0.5, LOOP.in_place, {}, SHORT, first=(learns_as_before,)),
        LOOP.question(
            "Evicted at any time, any number of times, it learns the same",
            1,
            LOOP.anywhere,
            {},
            SHORT,
            rests_on=(IN_PLACE,),
        ),
    ),
    hints=(
        "Which variables does an epoch change that the next epoch needs? There are five, and one of them is not in "
        "sight.",
        "The model and the epoch are saved. The speed is not, nor the order of the flights, which each shuffle starts "
        "from, nor the state of the random generator.",
        "random.getstate() gives the state, and random.setstate(state) puts it back. pickle saves everything as it is: "
        "pickle.dump([epoch, model, speed, flights, random.getstate()], file), with the file opened in mode 'wb'.",
    ),
)
