"""The program of exercise `annealing`: its settings, its known answers, a checkpoint.py that forgets parts of the
state, and the questions about it."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import lru_cache

from .. import submit
from ..rules.job import Job
from ..rules.simulation import Ended, Held
from ..text import count
from ..tree import File, Tree
from ..verify.evidence import Evidence
from ..verify.explore import Exploration
from ..verify.states import State
from .checks import every_schedule, failed, keeps, told, too_long
from .dice import OF_FILES, fair
from .exercise import Ask, ExplorationCache, Result
from .payload import Program
from .resumption import BEGINS, OUTPUT, PLACE, SAVES, Description, free_way, said

ANNEALING = Program(
    "annealing",
    "annealing.py",
    idle=b"def save_checkpoint(state):\n    pass\n\n\ndef restore_checkpoint(state):\n    return state\n",
)
"""payload/annealing: annealing.py, without arguments."""

FORGETFUL = '''\
"""Saves the state and brings it back, except for what it forgets."""
import os
import pickle
import sys

FORGETS = {forgets}


def save_checkpoint(state):
    with open("checkpoint.dat", "wb") as file:
        pickle.dump({{name: state[name] for name in state if name not in FORGETS}}, file)
    sys.exit(85)


def restore_checkpoint(initial_state):
    if os.path.exists("checkpoint.dat"):
        with open("checkpoint.dat", "rb") as file:
            initial_state.update(pickle.load(file))
        os.truncate("my_output.txt", initial_state["output"])
    return initial_state
'''
FORGETTABLE = ("lattice", "random", "sums")
"""The parts of the state that simply start afresh if they are forgotten."""


def annealing(job: Job, forget: str | None = None, **settings: float) -> Job:
    """The same job with other settings. With `forget`, its checkpoint.py forgets the named parts of the state ("lattice
    sums"; "" or "nothing" for none)."""
    changed = ANNEALING.changed(job, **settings)
    if forget is None:
        return changed
    names = [name for name in forget.replace(",", " ").split() if name != "nothing"]
    if unknown := [name for name in names if name not in FORGETTABLE]:
        raise ValueError(f"{unknown[0]!r} can't be forgotten; {', '.join(FORGETTABLE)} can")
    return replace(changed, inputs=changed.inputs.put("checkpoint.py", forgetful(names)))


def forgetful(names: Collection[str]) -> File:
    """A right checkpoint.py, except that it forgets these parts of the state."""
    return File(FORGETFUL.format(forgets=sorted(names)).encode())


def forgetting(*names: str, **settings: float) -> Job:
    """The job with a checkpoint.py that forgets these parts of the state, and other settings."""
    files = ANNEALING.files().put("checkpoint.py", forgetful(names))
    text = files.file("annealing.sub").text
    return ANNEALING.changed(submit.parse(text, submit.TreeFolder(files), name="annealing.sub").jobs[0], **settings)


# -- questions -----------------------------------------------------------------------


def asking(question: Callable[[Job, ExplorationCache, Tree], Result], **settings: float) -> Ask:
    """A question about the annealing with these settings."""

    def ask(job: Job, cache: ExplorationCache) -> Result:
        return question(ANNEALING.changed(job, **settings), cache, ANNEALING.known_answer(**settings))

    return fair(ask, OF_FILES)


def unseen(question: Callable[[Job, ExplorationCache, Tree], Result]) -> Callable[[random.Random], Ask]:
    """A question about an annealing with randomly drawn settings."""

    def drawn(draw: random.Random) -> Ask:
        # Two checkpoints in the middle of a temperature, and then one between two temperatures.
        iterations = 3 * draw.randint(2, 4)
        settings = {
            "size": 2 * draw.randint(4, 6),
            "hot": draw.randint(30, 40) / 10,
            "cold": draw.randint(10, 20) / 10,
            "temperatures": 5,
            "iterations": iterations,
            "interval": iterations * 4 // 3,
            "seed": draw.randint(1, 10**6),
            "seconds": draw.randint(2, 9),
        }
        there = "With {size} x {size} spins, seed {seed}, saved every {interval} iterations".format(**settings)
        ask = asking(question, **settings)
        return lambda job, cache: told(ask(job, cache), there)

    return drawn


is_the_annealing = keeps(ANNEALING.executable, ANNEALING.output, "annealing.sub")


def goes_on(job: Job, cache: ExplorationCache, expected: Tree) -> Result:
    """Whether each restart in place continues at the iteration that was saved."""
    exploration = cache.explore(job, expected)
    way = free_way(exploration)
    for before, after in zip(way, way[1:]):
        saved, begun = _said(before, SAVES).get(PLACE), _said(after, BEGINS).get(PLACE)
        if saved is None or begun != saved:
            text = (
                f"The job saved at iteration {saved}, but when it is started again, it begins with iteration {begun}."
            )
            return failed(job, cache, exploration, text=text if begun or not exploration.violation else "")
    begun = ", ".join(_said(state, BEGINS).get(PLACE, "") for state in way[1:])
    return Result(True, f"from {begun}{_not_to_the_end(job, way[-1])}")


def _not_to_the_end(job: Job, last: State) -> str:
    """The end of a sentence about a job that resumes, but is then held or fails; other questions are about that."""
    if isinstance(last.next, Held):
        return ", before it is put on hold"
    if isinstance(last.next, Ended) and last.ran.exit.code != job.success_exit_code:
        return f", before it fails with {last.ran.exit}"
    return ""


def goes_on_with(part: str, lost: str) -> Callable[[Job, ExplorationCache, Tree], Result]:
    """A question: is this part of the state right at the first restart in place at which anything is wrong? `lost` is
    the message if it is not; its {iteration} and {output} become the iteration and the bytes of output there."""

    def question(job: Job, cache: ExplorationCache, expected: Tree) -> Result:
        exploration = cache.explore(job, expected)
        right, begun = _first_wrong(job, exploration)
        if begun.get(part) == right.get(part):
            return Result(True, f"{part} {right.get(part)}, as it would be without the restart")
        text = lost.format(iteration=begun.get(PLACE), output=begun.get(OUTPUT))
        fact = Evidence(
            "not as saved",
            f"{part}, when the job is started again at iteration {begun.get(PLACE)}",
            expected=right.get(part),
            got=begun.get(part),
        )
        result = failed(job, cache, exploration, text=text)
        return result.shown_by(fact)

    return question


def _said(state: State, what: str) -> Description:
    return said(state.run.stdout, what) if state.run else {}


def _first_wrong(job: Job, exploration: Exploration) -> tuple[Description, Description]:
    """(right, begun): the state in an uninterrupted run, and the state with which a restart in place began, at the
    first restart where they differ, else at the last."""
    moments = _moments(job.inputs[ANNEALING.settings_file])
    right, begun = {}, {}
    for state in free_way(exploration)[1:]:
        begun = _said(state, BEGINS)
        right = moments.get(begun.get(PLACE, ""), {})
        if begun != right:
            break
    return right, begun


@lru_cache(64)
def _moments(settings: File) -> dict[str, Description]:
    """Iteration → the state before it, as the program itself describes it in an uninterrupted run."""
    lines = ANNEALING.uninterrupted(settings).stdout.splitlines()
    descriptions = (said(line, SAVES) for line in lines)
    return {description[PLACE]: description for description in descriptions if description}


def anywhere(job: Job, cache: ExplorationCache, expected: Tree) -> Result:
    """Whether the annealing is restart-safe, and does each iteration exactly once."""
    result = every_schedule(job, cache, expected)
    if not result.passed:
        return result
    exploration = cache.explore(job, expected)
    settings = ANNEALING.settings(job)
    iterations = settings["temperatures"] * settings["iterations"]
    assert exploration.seconds is not None, "it has come to its end"
    surplus = round(exploration.seconds / settings["seconds"] - iterations) if settings["seconds"] else 0
    if surplus > 0:
        return too_long(job, cache, exploration, int(iterations), settings["seconds"], "iteration")
    if surplus:
        text = f"The output is right, but {count(-surplus, 'iteration')} too few are done."
        return failed(job, cache, exploration, None, text)
    return result
