"""Time that was given to this process, and to the programs that it had executed.

Budgets go by it, and not by the time of day: a laptop sleeps, a machine is stopped and goes on, a queue suspends a
job, and none of that says anything of a program. It is the processor time of this process, and the real time that it
waited for executions, each of which counts for what it may last at most.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

_waited = 0.0


def given() -> float:
    """Seconds so far. Only differences mean something."""
    return time.process_time() + _waited


@contextmanager
def waiting(most: float) -> Iterator[None]:
    """Count what is within, which waits for an execution that lasts `most` seconds at most."""
    global _waited
    began = time.monotonic()
    try:
        yield
    finally:
        _waited += min(time.monotonic() - began, most)
