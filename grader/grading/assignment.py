"""The exercises that a class was given, and the points that they add up to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ..course.catalogue import COURSE, EXERCISES
from ..course.exercise import Exercise
from ..course.shell import takes_shell
from .adjustments import Adjustment, adjusted
from .judge import Grade

NAME = "self-checkpointing"
"""The default name of the assignment in other systems."""


@dataclass(frozen=True)
class Assignment:
    """The exercises that count; those in `extra` can only add points."""

    name: str
    exercises: Mapping[str, Exercise]
    extra: frozenset[str]

    @classmethod
    def of(cls, name: str = NAME, notebooks: Collection[str] = (), in_browser: bool = False) -> Assignment:
        """The exercises of some notebooks, or of all if none is named. `in_browser`: the class had no shell, so
        exercises that need one are extra. Raises ValueError for a notebook that does not exist."""
        names = [notebook.name for notebook in COURSE]
        for unknown in notebooks:
            if unknown not in names:
                raise ValueError(f"there is no notebook {unknown}; there are {', '.join(names)}")
        exercises = {key: each for key, each in EXERCISES.items() if not notebooks or each.notebook in notebooks}
        extra = frozenset(key for key, each in exercises.items() if in_browser and takes_shell(each))
        return cls(name, exercises, extra)

    @property
    def maximum(self) -> float:
        """The points that count for everyone."""
        return sum(
            exercise.maximum
            for name, exercise in self.exercises.items()
            if not exercise.optional and name not in self.extra
        )

    def counted(self, grade: Grade, adjustments: Sequence[Adjustment] = ()) -> Grade:
        """A grade with the changes that an instructor made by hand, reduced to this assignment's exercises."""
        grade = adjusted(grade.with_extra(self.extra), adjustments)
        return replace(
            grade, exercises=tuple(graded for graded in grade.exercises if graded.exercise in self.exercises)
        )
