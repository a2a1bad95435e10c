"""Predictions: the learner says what will happen, as a plain value, and is shown what really does.

The truth is never written down: the job of the prediction is run through its schedule in the
simulator, and the value is read off its story.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Any

from ..rules import schedule as schedules
from ..rules.job import Job
from ..rules.profile import PROFILES
from ..rules.simulation import Moment, Pace, simulate
from ..text import plain, series, shorten
from ..tree import Tree
from . import checks as asking
from .exercise import Exercise, ExplorationCache, Question, Result, UnusableAnswer
from .reading import literal
from .trusted import trusted

Told = tuple[str, str | None]
"""What a wrong value tells: a sentence, and the id of the misconception that it reveals, if it does."""
WRONG_BEFORE = "wrong_predictions"
"""Where the metadata of an output of check() say how many different values of a prediction were wrong: {exercise: number}."""


def prediction(
    title: str,
    maximum: float,
    *,
    job: Callable[[], Job],
    schedule: str,
    truth: Callable[[Sequence[Moment]], object],
    told: str,
    wrong: Callable[[Any], Told | None] = lambda value: None,
    hints: tuple[str, str, str],
    notebook: str,
    number: int = 1,
    optional: bool = False,
    profile: str = "modern",
    pace: Pace = Pace(),
    decisive: tuple[str, int] = ("evicted", 1),
    read: Callable[[object], object] = lambda value: value,
) -> Exercise:
    """An exercise whose one answer is a literal, called by the exercise's name.

    `truth` reads the right value off the story of `job` on `schedule`: a letter, a number, a list, or a set of
    names. `told` is a sentence on what really happens, for those who were right and those who ask for the solution;
    `wrong` is what is said about a wrong value (a dictionary's `get` will do; a set arrives as a frozenset), and does not
    give the right one away. `decisive` is the moment of the story to look at, as in Failure. `read` makes values that
    say the same in different words equal.
    """

    @lru_cache(None)
    def really() -> object:
        with trusted() as executor:
            moments = simulate(job(), executor, PROFILES[profile], schedules.parse(schedule), pace=pace)
            return _plain(truth(list(moments)))

    def ask(value: object, cache: ExplorationCache) -> Result:
        value, right = read(value), really()
        if _same(value, right):
            return Result(True, told)
        if misfit := _misfit(value, right):
            return asking.wrong(misfit)
        sentence, id = wrong(value) or (_difference(value, right), None)
        return asking.wrong(
            sentence,
            job(),
            schedules.parse(schedule),
            id,
            pace=pace,
            profile=PROFILES[profile],
            solution=" ".join(filter(None, (_named(value, right), told))),
            decisive=decisive,
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
    """A value such that equal answers are equal: letters without regard to case and space, sets frozen."""
    if isinstance(value, str):
        return value.strip().lower() if len(value.strip()) == 1 else value.strip()
    if isinstance(value, (set, frozenset)):
        return frozenset(map(_plain, value))
    if isinstance(value, (list, tuple)):
        return tuple(map(_plain, value))
    return value if isinstance(value, (int, float, complex, bytes, bool)) or value is None else repr(value)


def _same(value: object, right: object) -> bool:
    if isinstance(right, frozenset) and isinstance(value, tuple):  # a list of names is as good as a set of them
        return all(isinstance(one, str) for one in value) and frozenset(value) == right
    return type(value) is not bool and value == right


def _misfit(value: object, right: object) -> str:
    """What kind of a value is wanted, if this one is of another; '' if it is of that kind. It says nothing of the answer."""
    if isinstance(right, frozenset):
        names = isinstance(value, (frozenset, tuple)) and all(isinstance(one, str) for one in value)
        return "" if names else 'It takes a set of names, like {"a.txt", "b.txt"}.'
    if isinstance(right, (int, float)) and (isinstance(value, bool) or not isinstance(value, (int, float))):
        return f"It takes a number{', without quotes' if isinstance(value, str) else ''}."
    if isinstance(right, tuple) and not isinstance(value, tuple):
        return "It takes a list, like [1, 2]."
    if _is_letter(right) and not _is_letter(value):
        return 'It takes one of the letters, in quotes, like "a".'
    return ""


def _is_letter(value: object) -> bool:
    return isinstance(value, str) and len(value) == 1 and value.isalpha()


def _difference(value: object, right: object) -> str:
    """That a value is wrong, and of a set how far; without the right value."""
    if isinstance(right, frozenset) and isinstance(value, Collection):
        given = frozenset(value)
        counts = [(given & right, "right"), (given - right, "not there"), (right - given, "missing")]
        parts = [f"{len(names)} {'is' if len(names) == 1 else 'are'} {word}" for names, word in counts if names]
        return f"Of the names, {', '.join(parts)}."
    return (
        f"It is not {plain(shorten(repr(value), 40))}." if isinstance(value, (str, int, float)) else "It is not that."
    )


def _named(value: object, right: object) -> str:
    """Of a set that is wrong: which names are."""
    if not (isinstance(right, frozenset) and isinstance(value, Collection)):
        return ""
    missing, surplus = sorted(right - set(value)), sorted(set(value) - right)
    parts = [f"{series(missing)} {'is' if len(missing) == 1 else 'are'} missing from your answer"] * bool(missing)
    parts += [f"{plain(shorten(series(surplus), 80))} {'is' if len(surplus) == 1 else 'are'} not there"] * bool(surplus)
    return f"{'; '.join(parts)}."
