"""The job of the slides' step-by-step example, and the files in its directories: for the predictions of notebook 05."""

from __future__ import annotations

from collections.abc import Sequence

from ..rules.job import STDERR, STDOUT, Job
from ..rules.simulation import Moment
from .payload import job_of

SCHEDULE = "look@1+60s evict@2+600s"
"""A look after one minute; a checkpoint after one hour; ten minutes later, an eviction."""
STREAMS = frozenset({STDOUT, STDERR})
GIVEN = frozenset({"my_input.txt", "my_software"})
POSITION = frozenset({"temp-dir/42.txt", "temp-dir/43.txt", "temp-file.txt"})
LOST = frozenset({"temp-dir/51.txt", "temp-dir/52.txt"})


def slides_job() -> Job:
    """The job of the slides' step-by-step example."""
    return job_of("slides/my_submit.sub")


def the(moments: Sequence[Moment], kind: str, activation: int = 1) -> Moment:
    """The first moment of a kind in an activation."""
    return next(moment for moment in moments if moment.kind == kind and moment.activation == activation)


# -- answers -----------------------------------------------------------------------


def names(value: object) -> object:
    """Normalises names of files, without ./ and the slash after a directory; returns other values unchanged."""
    if isinstance(value, (frozenset, tuple)) and all(isinstance(name, str) for name in value):
        return frozenset(name.removeprefix("./").rstrip("/") for name in value)
    return value
