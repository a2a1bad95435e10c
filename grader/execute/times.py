"""When the files of a sandbox were written, in virtual time.

On the disk they have the machine's times, which mean nothing to a program that sees virtual time.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..tree import Tree

COARSE = 0.1
"""Seconds by which a file's time may be behind the machine's clock."""
LAID_OUT = ""
"""The key, in a sandbox's times, of the time when it was first laid out."""


def virtual_times(
    before: Tree, times: Mapping[str, float], start: float, seconds: float, real: float
) -> dict[str, float]:
    """The times, in virtual time, of the files written since the sandbox was laid out. `times`: their times on the disk
    after an execution that began at `start` (`real` on the machine's clock) and took `seconds`.

    All files that the execution wrote get the time of its end: virtual seconds pass within real milliseconds, so the
    times on the disk don't show in which second a file was written. Times that the program itself set stay.
    """
    laid_out = before.times.get(LAID_OUT, start)
    touched = {path: at for path, at in times.items() if abs(at - before.times.get(path, laid_out)) > 1e-5}
    kept = {path: at for path, at in before.times.items() if path in times}
    now = {path: start + seconds if at > real - COARSE else at for path, at in touched.items()}
    return kept | now | {LAID_OUT: laid_out}


def written_again(before: Tree, tree: Tree) -> dict[str, float]:
    """The `times` for virtual_times() if the execution first repeated earlier starts: a file that the last start did
    not change keeps its time from `before`."""
    laid_out = before.times.get(LAID_OUT, 0.0)
    return {
        path: before.times.get(path, laid_out) if tree[path] == before.get(path) else at
        for path, at in tree.times.items()
    }
