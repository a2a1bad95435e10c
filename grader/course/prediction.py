"""Predictions: the learner gives a plain value that says what will happen, and then sees what really happens.

The right value is not stored anywhere: the simulator runs the job of the prediction through its schedule, and the value
is read from its story.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from ..rules import schedule as schedules
from ..rules.job import Job
from ..rules.profile import PROFILES
from ..rules.simulation import Moment, Pace, simulate
from ..text import plain, series, shorten
from ..tree import Tree
from . import checks as asking
from .exercise import Exercise, ExplorationCache, Question, Result, UnusableAnswer
from .folders import load
from .reading import literal
from .trusted import trusted

Told = tuple[str, str | None]
"""The response to a wrong value: a sentence, and the id of the misconception that it reveals, if any."""


class Play(NamedTuple):
    """What a wrong value is shown: one of an exercise's several jobs, and what happens to it."""

    name: str
    """The job in the learner's words, like "way d"."""
    job: Job
    schedule: str
    decisive: tuple[str, int] | None = None
    """The moment to look at, if it is not the prediction's."""


WRONG_BEFORE = "wrong_predictions"
"""The key in the metadata of check()'s output for the number of different wrong values: {exercise: number}."""


def prediction(
    title: str,
    maximum: float,
    *,
    job: Callable[[], Job] | str,
    schedule: str = "",
    truth: Callable[[Sequence[Moment]], object],
    told: str,
    wrong: Callable[[Any], Told | None] = lambda value: None,
    play: Callable[[Any], Play] | None = None,
    hints: tuple[str, str, str],
    notebook: str,
    number: int = 1,
    optional: bool = False,
    profile: str = "modern",
    pace: Pace = Pace(),
    decisive: tuple[str, int] = ("evicted", 1),
    read: Callable[[object], object] = lambda value: value,
) -> Exercise:
    """An exercise whose single answer is a literal with the exercise's name.

    `job` makes the job, or names an exercise whose given files it is. `truth` gets the right value from its story on
    `schedule`: a letter, a number, a list, or a set of names. `told` is a sentence on what really happens, shown with a
    right answer and with the solution. `wrong` returns the response to a wrong value (a dictionary's `get` will do; a
    set arrives as a frozenset), and must not reveal the right value. `play` chooses what a wrong value is shown, if
    that is not always `job` on `schedule`: what the response is about. `decisive` is the moment of the story to look
    at, as in Failure. `read` normalises values that mean the same.
    """

    def the_job() -> Job:
        return load(job).job(Tree()) if isinstance(job, str) else job()

    @lru_cache(None)
    def really() -> object:
        with trusted() as executor:
            moments = simulate(the_job(), executor, PROFILES[profile], schedules.parse(schedule), pace=pace)
            return _plain(truth(list(moments)))

    def ask(value: object, cache: ExplorationCache) -> Result:
        value, right = read(value), really()
        if _same(value, right):
            return Result(True, told)
        if misfit := _misfit(value, right):
            return asking.wrong(misfit)
        sentence, id = wrong(value) or (_difference(value, right), None)
        shown = play(value) if play else Play("", the_job(), schedule)
        return asking.wrong(
            sentence,
            shown.job,
            schedules.parse(shown.schedule),
            id,
            plays=shown.name,
            pace=pace,
            profile=PROFILES[profile],
            solution=" ".join(filter(None, (_named(value, right), told))),
            decisive=shown.decisive or decisive,
        )

    return Exercise(
        title,
        (Question(title, maximum, ask),),
        hints,
        notebook=notebook,
        number=number,
        optional=optional,
        subject=_value,
        literal=True,
    )


def _value(exercise: Exercise, own: Tree) -> object:
    try:
        return _plain(literal(own.file(exercise.name).text))
    except ValueError as error:
        raise UnusableAnswer(f"The value of {exercise.name} can't be read: {error}.") from None


def _plain(value: object) -> object:
    """A normal form in which equivalent answers are equal: letters ignore case and space, sets are frozen."""
    if isinstance(value, str):
        return value.strip().lower() if len(value.strip()) == 1 else value.strip()
    if isinstance(value, (set, frozenset)):
        return frozenset(map(_plain, value))
    if isinstance(value, (list, tuple)):
        return tuple(map(_plain, value))
    return value if isinstance(value, (int, float, complex, bytes, bool)) or value is None else repr(value)


def _same(value: object, right: object) -> bool:
    if isinstance(right, frozenset) and isinstance(value, tuple):  # a list of names is as good as a set
        return all(isinstance(name, str) for name in value) and frozenset(value) == right
    return type(value) is not bool and value == right


def _misfit(value: object, right: object) -> str:
    """A sentence on the kind of value that is expected, if this value is of another kind; else ''. It does not reveal
    the answer."""
    if isinstance(right, frozenset):
        names = isinstance(value, (frozenset, tuple)) and all(isinstance(name, str) for name in value)
        letters = all(map(_is_letter, right))
        like = 'letters, like {"a", "b"}' if letters else 'names, like {"a.txt", "b.txt"}'
        return "" if names else f"The answer is a set of {like}."
    if isinstance(right, (int, float)) and (isinstance(value, bool) or not isinstance(value, (int, float))):
        return f"The answer is a number{', without quotes' if isinstance(value, str) else ''}."
    if isinstance(right, tuple) and not isinstance(value, tuple):
        return "The answer is a list, like [1, 2]."
    if _is_letter(right) and not _is_letter(value):
        return 'The answer is one of the letters, in quotes, like "a".'
    return ""


def _is_letter(value: object) -> bool:
    return isinstance(value, str) and len(value) == 1 and value.isalpha()


def _difference(value: object, right: object) -> str:
    """A sentence saying that a value is wrong, or how many names of a set are, without revealing the right value."""
    if isinstance(right, frozenset) and isinstance(value, Collection):
        given = frozenset(value)
        counts = [(given & right, "right"), (given - right, "not there"), (right - given, "missing")]
        parts = [f"{len(names)} {'is' if len(names) == 1 else 'are'} {word}" for names, word in counts if names]
        return f"Of the names, {', '.join(parts)}."
    return (
        f"It is not {plain(shorten(repr(value), 40))}." if isinstance(value, (str, int, float)) else "It is not that."
    )


def _named(value: object, right: object) -> str:
    """A sentence on which names of a wrong set are wrong or missing, or on the right value, as it would be written."""
    if not (isinstance(right, frozenset) and isinstance(value, Collection)):
        if isinstance(right, (str, tuple)):
            return f"The right answer is {repr(list(right)) if isinstance(right, tuple) else json.dumps(right)}."
        return f"The right answer is {right:g}." if isinstance(right, (int, float)) else ""
    missing, surplus = sorted(right - set(value)), sorted(set(value) - right)
    parts = [f"{series(missing)} {'is' if len(missing) == 1 else 'are'} missing from your answer"] * bool(missing)
    parts += [f"{plain(shorten(series(surplus), 80))} {'is' if len(surplus) == 1 else 'are'} not there"] * bool(surplus)
    return f"{'; '.join(parts)}."
