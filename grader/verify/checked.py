"""A job with its verdict, and everything that explains it."""

from __future__ import annotations

from dataclasses import dataclass

from ..rules.job import Job
from ..rules.simulation import Moment
from .circumstances import Look
from .evidence import Evidence
from .explore import Exploration


@dataclass(frozen=True)
class Checked:
    """The result of checking a job."""

    job: Job
    exploration: Exploration
    facts: tuple[Evidence, ...] = ()
    misconception: tuple[str, str] | None = None
    """The id and the sentence of the misconception that explains the failure, if there is one."""
    looks: tuple[Look, ...] = ()
    """Where the programs look at circumstances that may differ at each start."""
    story: tuple[Moment, ...] = ()
    """What happens on the schedule that shows the verdict, or else without faults."""
