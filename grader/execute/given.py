"""The time given to this process and to the programs that it executed.

Budgets count this, not the time of day: a laptop that sleeps, a machine that pauses or a queue that suspends a job says
nothing about a program. It is the processor time of this process plus the real time that it waited for executions, each
counted up to its time limit.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

_waited = 0.0


def given() -> float:
    """Seconds so far. Only differences are meaningful."""
    return time.process_time() + _waited


@contextmanager
def waiting(most: float) -> Iterator[None]:
    """Count the time in the block as waiting for an execution, up to `most` seconds."""
    global _waited
    began = time.monotonic()
    try:
        yield
    finally:
        _waited += min(time.monotonic() - began, most)
