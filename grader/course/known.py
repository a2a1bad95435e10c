"""The known answer of a job that runs the course's own sweep."""

from __future__ import annotations

from ..rules.job import Job
from ..tree import File, Tree
from .sweep import SWEEP, sweep_output


def known_output(job: Job) -> Tree | None:
    """The right output; None for a job that is not the sweep, or has unusable settings."""
    program, given = job.inputs.get(SWEEP.executable), job.inputs.get(SWEEP.settings_file)
    if program is None or program != SWEEP.files()[SWEEP.executable] or not isinstance(given, File):
        return None
    try:
        start, end = map(int, job.arguments)
        return sweep_output(start, end, **{name: _whole(value) for name, value in SWEEP.settings(job).items()})
    except (KeyError, ValueError):
        return None


def _whole(value: float) -> float:
    return int(value) if value == int(value) else value
