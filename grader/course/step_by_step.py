"""The job of the slides' step-by-step example, and the files in its directories: for the predictions of notebook 05."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence

from ..rules.job import STDERR, STDOUT, Job
from ..rules.simulation import Moment
from ..text import plain
from .payload import job_of
from .prediction import Told

SCHEDULE = "look@1+60s evict@2+600s"
"""A look after one minute; a checkpoint after one hour; ten minutes later, an eviction."""
STREAMS = frozenset({STDOUT, STDERR})
GIVEN = frozenset({"my_input.txt", "my_software"})
POSITION = frozenset({"temp-dir/42.txt", "temp-dir/43.txt", "temp-file.txt"})
LOST = frozenset({"temp-dir/51.txt", "temp-dir/52.txt"})
NAMED = sorted(STREAMS | GIVEN | POSITION | LOST | {"my_output.txt", "trash.txt"})
"""The files of the sandbox that the notebook names."""


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


def misspelt(value: Collection[str]) -> Told | None:
    """The response to the name of a file that is misspelt, or that a missing comma has joined to the next one."""
    for name in sorted({*value} - {*NAMED}):
        for first in NAMED:
            if name.startswith(first) and (second := name.removeprefix(first)) in NAMED:
                return f"A comma is missing between {first} and {second}.", None
        for near in difflib.get_close_matches(name, NAMED, n=1, cutoff=0.8):
            if re.sub(r"\d", "", name) != re.sub(r"\d", "", near):
                return f"There is no file {plain(name)}. Did you mean {near}?", None
    return None
