"""When the files of a sandbox were written, in virtual time.

An execution leaves the machine's own times, which mean nothing to a program that goes by another clock.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..tree import Tree

COARSE = 0.1
"""Seconds by which the time that a file gets may be behind the machine's clock."""
LAID_OUT = ""
"""What a sandbox's times have under this name: when it was laid out first."""


def virtual_times(
    before: Tree, times: Mapping[str, float], start: float, seconds: float, real: float
) -> dict[str, float]:
    """The times of the files that were written since the sandbox was laid out, in virtual time. `times`: those that they
    have on the disk after an execution that began at `start` (`real` on the machine's clock) and took `seconds`.

    All that the execution wrote gets the time of its end. Virtual seconds pass within real milliseconds, so the times on
    the disk don't tell in which of them a file was written. A time that the program has set itself stays.
    """
    laid_out = before.times.get(LAID_OUT, start)
    touched = {path: at for path, at in times.items() if abs(at - before.times.get(path, laid_out)) > 1e-5}
    kept = {path: at for path, at in before.times.items() if path in times}
    now = {path: start + seconds if at > real - COARSE else at for path, at in touched.items()}
    return kept | now | {LAID_OUT: laid_out}


def written_again(before: Tree, tree: Tree) -> dict[str, float]:
    """The times that virtual_times() is to take for those on the disk, where earlier starts were made again before the
    last one: a file that is as it was before that still has its time from then."""
    laid_out = before.times.get(LAID_OUT, 0.0)
    return {
        path: before.times.get(path, laid_out) if tree[path] == before.get(path) else at
        for path, at in tree.times.items()
    }
