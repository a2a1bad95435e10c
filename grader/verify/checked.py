"""A job with the verdict on it, and all that there is to say about that."""

from __future__ import annotations

from dataclasses import dataclass

from ..rules.job import Job
from ..rules.simulation import Moment
from .circumstances import Look
from .evidence import Evidence
from .explore import Exploration


@dataclass(frozen=True)
class Checked:
    """What a check of a job has come to."""

    job: Job
    exploration: Exploration
    facts: tuple[Evidence, ...] = ()
    misconception: tuple[str, str] | None = None
    """Its id and its sentence, if one explains the failure."""
    looks: tuple[Look, ...] = ()
    """Where the programs look at what may be another at each start."""
    story: tuple[Moment, ...] = ()
    """The schedule that shows the verdict, or else the run without a fault."""
