"""Answers that depend on chance: on random numbers, the order in which a directory is listed, the times of files that
came with one transfer, or the number of a process. Such an answer might pass today and fail tomorrow. So it is asked
each question several times, with loaded dice instead of chance, and has to be right every time. Then its grade is
always the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import wraps
from typing import NamedTuple

from ..rules.job import Job
from ..tree import File
from .exercise import Ask, ExplorationCache, Result

SIDES = (0.0, 1 - 2**-53, *((number + 0.5) / 10 for number in (5, 2, 8, 0, 1, 3, 4, 6, 7, 9)))
"""The values to which random.random() is fixed: anything that happens once in ten times happens with one of them."""
FEW = SIDES[:4]
"""Sides for an answer that only takes random bytes from the system, which differ in each execution anyway."""
BOTH = SIDES[:2]
"""Ascending and descending, for things that come in some order: what depends on the order differs between the two."""
ENOUGH = 3
"""How many sides have to fail before chance is ruled out as the cause."""


class Dice(NamedTuple):
    """A source of chance."""

    words: re.Pattern[bytes]
    """Words that a program mentions if it depends on this."""
    text: str
    """What it is, as the end of a sentence."""
    hints: tuple[str, str, str]
    sides: tuple[float | None, ...] = BOTH
    """The values to try; None leaves the choice to the machine."""


_IN_THE_NAME = "Which of several checkpoints is the last one has to be told by the number of the iteration, in the file or in its name."
_OF_THE_NAME = (
    "max(names, key=...) with a key that makes the number of the name, or one file that each save writes anew."
)
RANDOM = Dice(
    re.compile(rb"\b(random|secrets|urandom|uuid4|SystemRandom|tempfile)\b"),
    "random numbers",
    (
        "Ask the same program twice: does it do the same in the same sandbox?",
        "A job is restarted many times. What goes wrong once in ten times goes wrong in nearly every long job.",
        "Take the random numbers out of save_checkpoint and restore_checkpoint: whether a checkpoint is used has to depend "
        "on what is in it alone.",
    ),
    SIDES,
)
LISTING = Dice(
    re.compile(rb"\b(listdir|scandir|iterdir|r?glob|iglob|f?walk)\b"),
    "the order in which a directory is listed",
    (
        "In which order do os.listdir and glob give the names of files?",
        f"In none: each machine has an order of its own. {_IN_THE_NAME}",
        _OF_THE_NAME,
    ),
)
TIMES = Dice(
    re.compile(rb"\b(?:st_|get)[mca]time|\bls -\w*t"),
    "the times of files that have come with the same transfer",
    (
        "What time does a file of the checkpoint have in a new sandbox: when it was saved, or when it arrived?",
        f"A transfer gives files new times, in the order in which they happen to arrive. {_IN_THE_NAME}",
        _OF_THE_NAME,
    ),
    (None, *BOTH),  # None: after a restart in place, files still have the times at which they were written
)
PROCESS = Dice(
    re.compile(rb"\bgetpid\b"),
    "the numbers of processes",
    (
        "Does a restart have a greater process number than the execution before it?",
        f"It may have any: each machine counts its own processes. {_IN_THE_NAME}",
        "Leave the number of the process out of files and their names: a restart is another process.",
    ),
)
_NUMBERS, _TEMPORARY, _KILLS = (re.compile(rb"\b%s" % word) for word in (rb"random\b", rb"tempfile\b", rb"kill"))
ALL = (RANDOM, LISTING, TIMES, PROCESS)
OF_FILES = (LISTING, TIMES)
"""For an exercise whose program draws random numbers by design."""
_LOADED = b"""
def _load(number, listing, times, process, tempfile, given):
    import os, random, sys, time
    def load_numbers():
        thrown = {
            "random": lambda: number,
            "uniform": lambda low, high: low + (high - low) * number,
            "randint": lambda low, high: low + int((high - low + 1) * number),
            "randrange": lambda *ends: range(*ends)[int(len(range(*ends)) * number)],
            "choice": lambda among: among[int(len(among) * number)],
            "getrandbits": lambda bits: int(2 ** bits * number),
        }
        real, seed = {name: getattr(random, name) for name in thrown}, random.seed
        def seeded(*with_what):
            seed(*with_what)
            if with_what and with_what[0] is not None:  # its numbers are the same each time
                vars(random).update(real)
        vars(random).update(thrown, seed=seeded)
        sizes = [(name, os.path.getsize(name)) for name in sorted(os.listdir()) if name not in given]
        throws = random.Random(repr((number, sizes)))
        os.urandom = random._urandom = throws.randbytes
        if tempfile:
            __import__("tempfile")._Random = lambda: throws
    def load_times():
        paths = [os.path.join(folder, name)[2:] for folder, _, files in os.walk(".") for name in files]
        there = sorted((path for path in paths if path not in given and os.path.isfile(path)), reverse=times > 0)
        arrived = max((os.stat(path).st_mtime_ns for path in there), default=0)
        for later, path in enumerate(there):
            os.utime(path, ns=(arrived + later * 10 ** 6,) * 2)
    def load_listing():
        listdir, scandir, down = os.listdir, os.scandir, listing > 0
        class Entries:
            def __init__(self, *path):
                with scandir(*path) as entries:
                    self.entries = iter(sorted(entries, key=lambda entry: entry.name, reverse=down))
            def __iter__(self):
                return self
            def __next__(self):
                return next(self.entries)
            def __enter__(self):
                return self
            def __exit__(self, *raised):
                pass
            def close(self):
                pass
        os.listdir, os.scandir = lambda *path: sorted(listdir(*path), reverse=down), Entries
    def load_process():
        getpid, later = os.getpid, int(time.time()) %% 10 ** 7
        own = 2 ** 25 - later if process > 0 else 2 ** 22 + later  # more than any process has
        def numbered():
            return own if os.path.basename(sys._getframe(1).f_code.co_filename) in given else getpid()
        os.getpid = numbered
    loads = load_numbers, load_times, load_listing, load_process
    for load, side in zip(loads, (number, times, listing, process)):
        if side is not None:
            load()
_load(*%a)
"""


def fair(ask: Ask, left_to_chance: tuple[Dice, ...] = ALL) -> Ask:
    """The same question, asked with each side of the dice that a job throws. It fails if any side fails."""

    @wraps(ask)
    def asked(job: Job, cache: ExplorationCache) -> Result:
        thrown = [dice for dice in _thrown(job) if dice in left_to_chance]
        if not thrown:
            return ask(job, cache)
        sides = {dice: dice.sides[0] for dice in thrown}
        first = ask(_loaded(job, sides), cache)
        for dice in thrown if not _too_much(first) else ():
            several = FEW if dice is RANDOM and not _mentioned(job, _NUMBERS) else dice.sides
            for side in several[1:] if first.passed else several[1:ENOUGH]:
                other = ask(_loaded(job, {**sides, dice: side}), cache)
                if _too_much(other):
                    return other
                if other.passed != first.passed:
                    return _by_chance(dice, first if other.passed else other)
        return first

    return asked


def _too_much(result: Result) -> bool:
    """Whether a limit has ended an execution, which says nothing about the dice."""
    return result.failure is not None and result.failure.over


def _by_chance(dice: Dice, result: Result) -> Result:
    becomes = result.text.replace(" even without an eviction", "")  # the dice may stand for an eviction
    text = f"It depends on {dice.text} whether this is right. If it goes badly: {becomes}"
    failure = result.failure and replace(result.failure, text=text, misconception=None, hints=dice.hints)
    return replace(result, text=text, failure=failure)


def _thrown(job: Job) -> list[Dice]:
    """What a job leaves to chance, as far as its Python files mention it."""
    if not isinstance(job.inputs.get(job.executable), File):
        return []
    # A program that kills a process needs its real number.
    return [dice for dice in ALL if _mentioned(job, dice.words) and not (dice is PROCESS and _mentioned(job, _KILLS))]


def _mentioned(job: Job, words: re.Pattern[bytes]) -> bool:
    return any(words.search(file.content) for path, file in job.inputs.regular().items() if path.endswith(".py"))


def _loaded(job: Job, sides: Mapping[Dice, float | None]) -> Job:
    """The job with loaded dice, which show these sides."""
    program = job.inputs.file(job.executable)
    first, _, rest = program.content.partition(b"\n")
    shown = (sides.get(dice) for dice in ALL)
    arguments = (*shown, _mentioned(job, _TEMPORARY), sorted(job.inputs))
    loaded = program._replace(content=first + _LOADED % (arguments,) + rest)
    return replace(job, inputs=job.inputs.put(job.executable, loaded))
