"""Grades many submissions in processes of this machine. judge.py judges them, store.py keeps the grades."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from multiprocessing.connection import Connection, wait
from types import FrameType

from ..course.budgeted import LIMITS
from ..course.catalogue import EXERCISES
from ..course.trusted import shared
from ..execute.scratch import enough
from ..execute.temporary import GRADING, Temporary, place, remove_leftovers
from ..rules.execution import MachineTrouble
from .collect import HandIn
from .store import Settings, StoreEntry, grade_one

PATIENCE = 60.0
"""Seconds beyond a submission's budget after which the process that grades it is ended."""

DIED = "The process that graded it has died, twice."
MOMENT = 5.0
"""Seconds that a process has to end on request."""

_CONTEXT = multiprocessing.get_context("fork" if sys.platform.startswith("linux") else None)
"""How to start processes. Forks start fast and inherit the lock on the temporary directory; since 3.14 they are not
Python's default."""


class Worker:
    """A process that grades submissions one after the other."""

    def __init__(self, settings: Settings, scratch: str, processor: int | None = None):
        """`processor` is the processor that it runs on, with all its child processes; None for any."""
        self.processor = processor
        self.pipe, theirs = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(
            target=_serve, args=(theirs, self.pipe, settings, scratch, processor), daemon=True
        )
        self.process.start()
        theirs.close()
        self.task: int | None = None
        self.until = float("inf")

    def give(self, index: int, handed: HandIn, seconds: float) -> None:
        """Let it grade a submission, within so many seconds."""
        self.task, self.until = index, time.monotonic() + seconds
        try:
            self.pipe.send(handed)
        except OSError:
            pass  # the process is dead: answer() will return None

    def answer(self) -> StoreEntry | MachineTrouble | None:
        """The outcome; None if the process is dead."""
        try:
            entry: StoreEntry | MachineTrouble = self.pipe.recv()
            return entry
        except (EOFError, OSError):
            return None

    def end(self) -> None:
        """End the process, whatever it is doing. It has a moment to end its child processes, which would complain if
        their directories disappeared."""
        self.process.terminate()
        self.process.join(MOMENT)
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _serve(pipe: Connection, parents: Connection, settings: Settings, scratch: str, processor: int | None) -> None:
    if processor is not None:
        os.sched_setaffinity(0, {processor})
    parents.close()  # so that the pipe closes when the parent ends
    signal.signal(signal.SIGINT, lambda *_: None)  # the parent gets the interrupt too, and ends this process
    signal.signal(signal.SIGTERM, _leave)
    try:
        with enough(scratch):
            own = tempfile.tempdir = tempfile.mkdtemp(prefix="worker-", dir=scratch)
            os.chmod(own, 0o711)
    except MachineTrouble as trouble:
        pipe.send(trouble)
        return
    try:
        with shared():
            while True:
                pipe.send(_outcome(pipe.recv(), settings))
    except MachineTrouble as trouble:  # no program can run here at all
        pipe.send(trouble)
    except (EOFError, OSError):  # the parent is gone, so nobody else removes the directory
        shutil.rmtree(own, ignore_errors=True)
        try:
            os.rmdir(scratch)
        except OSError:
            pass  # another worker still uses it


def _outcome(handed: HandIn, settings: Settings) -> StoreEntry | MachineTrouble:
    try:
        with enough(settings.store, "name another place with --reports"):
            return grade_one(handed, settings)
    except MachineTrouble as trouble:
        return trouble
    except Exception as error:  # one submission must not stop the others
        return StoreEntry(problem=f"It could not be graded ({type(error).__name__}: {error}).")


def _leave(number: int, frame: FrameType | None) -> None:
    """End this process. It ignores further requests, which must not interrupt it while it ends its child processes."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit()


def _processors(jobs: int) -> list[int | None]:
    """The processors to pin workers to, if there is work for each; [None] without pinning. A judge and the program that
    it judges take turns, which is faster on one processor, and a busy loop then slows down no other worker."""
    if not hasattr(os, "sched_setaffinity"):
        return [None]
    available: list[int | None] = [*sorted(os.sched_getaffinity(0))]
    return available if jobs >= len(available) else [None]


def grade_all(handed: Sequence[HandIn], settings: Settings, jobs: int) -> Generator[tuple[int, StoreEntry], None, None]:
    """Grade all in `jobs` processes. Yields (index, outcome) as they finish. Raises MachineTrouble."""
    with closing(graded(handed, settings, jobs)) as outcomes:
        yield from filter(None, outcomes)


def graded(
    handed: Sequence[HandIn], settings: Settings, jobs: int
) -> Generator[tuple[int, StoreEntry] | None, float | None, None]:
    """The same for a caller with other work: send() takes the most seconds to wait for the next outcome (None: for
    ever), and returns None if there is none by then."""
    patience = None
    waiting = deque(range(len(handed)))
    again: set[int] = set()
    """Submissions whose process has died. That may not be their fault, so they are tried once more."""
    processors = _processors(jobs)
    idle: list[Worker] = []
    busy: list[Worker] = []
    # Without confinement, use the disk: nothing limits what all programs together leave, so they could fill the memory.
    memory = place(jobs * LIMITS.sandbox_bytes) if settings.confine else None
    remove_leftovers()
    with Temporary(GRADING, memory) as scratch:
        scratch.chmod(0o711)
        try:
            while waiting or busy:
                while waiting and len(busy) < jobs:
                    taken = [worker.processor for worker in busy]
                    worker = idle.pop() if idle else Worker(settings, str(scratch), min(processors, key=taken.count))
                    index = waiting.popleft()
                    worker.give(index, handed[index], settings.seconds * len(EXERCISES) + PATIENCE)
                    busy.append(worker)
                answers = [*_answers(busy, patience)]
                if not answers and patience is not None:
                    patience = yield None
                for worker, outcome in answers:
                    busy.remove(worker)
                    assert worker.task is not None, "it was busy"
                    (idle.append if outcome and not outcome.problem else Worker.end)(worker)
                    if outcome is None and worker.task not in again:
                        again.add(worker.task)
                        waiting.appendleft(worker.task)
                    else:
                        patience = yield worker.task, outcome or StoreEntry(problem=DIED)
        finally:
            for worker in (*idle, *busy):
                worker.process.terminate()  # all at the same time
            for worker in (*idle, *busy):
                worker.end()


def _answers(busy: list[Worker], patience: float | None) -> Iterator[tuple[Worker, StoreEntry | None]]:
    """The workers that have finished, died or taken too long, with their outcomes; waits until there is one, but at
    most `patience` seconds."""
    soonest = max(0.0, min(worker.until for worker in busy) - time.monotonic())
    ready = wait([worker.pipe for worker in busy], soonest if patience is None else min(soonest, patience))
    for worker in busy:
        if worker.pipe in ready:
            outcome = worker.answer()
            if isinstance(outcome, MachineTrouble):
                raise outcome
            yield worker, outcome
        elif worker.until <= time.monotonic():
            yield worker, StoreEntry(problem="Grading it took too long.")
