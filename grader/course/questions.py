"""Everything for writing your own exercise: its parts, and questions for any submit directory.

The folder expected/ of the exercise contains the right output. docs/authors.md shows how to write an exercise.
"""

from __future__ import annotations

from collections.abc import Callable

from ..rules.job import Job
from ..tree import Tree
from . import checks
from .checks import both, keeps
from .exercise import FEWER, Ask, Exercise, ExplorationCache, Question, Result
from .prediction import prediction

__all__ = [
    "FEWER",
    "Exercise",
    "Question",
    "both",
    "ends_right_in_place",
    "keeps",
    "prediction",
    "restart_safe",
    "saves_and_leaves_with_85",
]


def _as_expected(question: Callable[[Job, ExplorationCache, Tree], Result]) -> Ask:
    """A question about the unchanged job, with the known answer from expected/."""

    def ask(job: Job, cache: ExplorationCache) -> Result:
        assert cache.exercise, "an exercise asks its questions with its own cache"
        return question(job, cache, cache.exercise.expected())

    return ask


saves_and_leaves_with_85 = _as_expected(checks.first_checkpoint)
"""Whether the first execution exits with the checkpoint exit code, and its files reach the spool."""
ends_right_in_place = _as_expected(checks.fault_free)
"""Whether a job that is never evicted, only restarted in place, returns the files in expected/."""
restart_safe = _as_expected(checks.every_schedule)
"""Whether it does so whenever and however often it is evicted, and no restart throws saved work away."""
