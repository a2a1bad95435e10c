"""Answers that use random numbers. They may pass today and fail tomorrow, so each question is asked several times, with
fixed random numbers, and must be passed with all of them. So the grade is always the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import wraps

from ..rules.job import Job
from ..tree import File
from .exercise import Ask, ExplorationCache, Result

SIDES = (0.0, 1 - 2**-53, *((number + 0.5) / 10 for number in (5, 2, 8, 0, 1, 3, 4, 6, 7, 9)))
"""Fixed results of random.random(): anything that happens once in ten times happens with one of these."""
ENOUGH = 3
"""If so many sides fail in a row, the failure does not depend on chance."""
HINTS = (
    "Run the same program twice: does it do the same in the same sandbox?",
    "A job is restarted many times. What goes wrong once in ten times goes wrong in nearly every long job.",
    "Remove the random numbers from save_checkpoint and restore_checkpoint: whether a checkpoint is used must depend only "
    "on its content.",
)
FEW = 4
"""Sides for an answer that only asks the system for random bytes, which differ in each execution anyway."""
_CHANCE = re.compile(rb"\b(random|secrets|urandom|uuid4|SystemRandom)\b")
_LOADED = b"""
def _load(side):
    import os, random
    throws = random.Random(repr((side, [(name, os.path.getsize(name)) for name in sorted(os.listdir())])))
    thrown = {
        "random": lambda: side,
        "uniform": lambda low, high: low + (high - low) * side,
        "randint": lambda low, high: low + int((high - low + 1) * side),
        "randrange": lambda *ends: range(*ends)[int(len(range(*ends)) * side)],
        "choice": lambda among: among[int(len(among) * side)],
        "getrandbits": lambda bits: int(2 ** bits * side),
    }
    real, seed = {name: getattr(random, name) for name in thrown}, random.seed
    def seeded(*with_what):
        seed(*with_what)
        if with_what and with_what[0] is not None:  # seeded: its numbers are the same each time
            vars(random).update(real)
    vars(random).update(thrown, seed=seeded)
    os.urandom = random._urandom = throws.randbytes
_load(%r)
"""


def fair(ask: Ask) -> Ask:
    """The same question, asked with each of the fixed random numbers."""

    @wraps(ask)
    def asked(job: Job, cache: ExplorationCache) -> Result:
        failed, passed = [], None
        for loaded in _loaded(job):
            result = ask(loaded, cache)
            if result.passed:
                passed = result
            else:
                failed.append(result)
            if failed and (passed or len(failed) == ENOUGH):
                break
        if not failed or not passed:
            return passed or failed[0]
        text = f"It depends on random numbers whether this is right. With bad luck: {failed[0].text}"
        failure = failed[0].failure
        return replace(
            failed[0], text=text, failure=failure and replace(failure, text=text, misconception=None, hints=HINTS)
        )

    return asked


def _loaded(job: Job) -> Iterator[Job]:
    """Copies of the job with fixed random numbers; just the job itself if it uses none."""
    program = job.inputs.get(job.executable)
    thrown = {
        word
        for path, entry in job.inputs.items()
        if path.endswith(".py") and isinstance(entry, File)
        for word in _CHANCE.findall(entry.content)
    }
    if not thrown or not isinstance(program, File):
        yield job
        return
    first, _, rest = program.content.partition(b"\n")
    for side in SIDES if b"random" in thrown else SIDES[:FEW]:
        loaded = program._replace(content=first + _LOADED % side + rest)
        yield replace(job, inputs=job.inputs.put(job.executable, loaded))
