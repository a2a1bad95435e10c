"""All that an exercise of one's own needs: what to say of it, and questions that can be asked of any submit directory.

What has to come home is in the folder expected/ of the exercise. docs/authors.md makes one.
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
    """A question about the job as it is, whose known answer is in expected/."""

    def ask(job: Job, cache: ExplorationCache) -> Result:
        assert cache.exercise, "an exercise asks its questions with a cache of its own"
        return question(job, cache, cache.exercise.expected())

    return ask


saves_and_leaves_with_85 = _as_expected(checks.first_checkpoint)
"""Whether the first execution leaves with the checkpoint exit code, and its files reach the spool."""
ends_right_in_place = _as_expected(checks.fault_free)
"""Whether a job that is never evicted, only restarted in place, brings home what is in expected/."""
restart_safe = _as_expected(checks.every_schedule)
"""Whether it does so whenever it is evicted, and however often, and a restart throws no saved work away."""
