"""Several executors for one job, so that executions needed later can begin while the caller waits for another.

Each executor has its own directory, and a program may write its name to a file. To make executors interchangeable, the
name is replaced by the first executor's in sandboxes on the way in and out. All names have the same length, so that
nothing moves in a binary file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from queue import SimpleQueue
from typing import Unpack

from ..rules.execution import Circumstances, Run
from ..rules.job import Job
from ..tree import Tree
from .executor import Executor
from .startd import has_processes


class Team:
    """Several executors that act as one. Close it, or use it in a `with` statement. Raises MachineTrouble."""

    def __init__(self, make: Callable[[], Executor], size: int):
        """`make` creates an executor. There are at most `size`, and all but the first are created when needed."""
        self._make, self._size = make, size
        self.first = make()
        """May also be used on its own."""
        self._members = [self.first]
        self._idle: SimpleQueue[Executor] = SimpleQueue()
        self._idle.put(self.first)
        self._threads = ThreadPoolExecutor(size)
        self._begun = 0
        self._pending: set[Future[Run]] = set()
        self._afresh = False
        self.mark = self.first.mark
        self.limits = self.first.limits

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End all executions in progress, and remove what they left."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for member in self._members:
            member.abandon()
        self._threads.shutdown(wait=True)
        for member in self._members:
            member.close()

    @property
    def kept_outside(self) -> Tree:
        """Files outside the sandbox that are kept: none."""
        return self.first.kept_outside

    def slots_named_in(self, tree: Tree) -> set[int]:
        """The slots whose mark is in the content, name or link target of a file."""
        return self.first.slots_named_in(tree)

    @contextmanager
    def afresh(self) -> Iterator[None]:
        """Within the block, execute every request, even if the answer is known."""
        self._afresh = True
        try:
            yield
        finally:
            self._afresh = False

    def run(self, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]) -> Run:
        """Execute a program, as Executor.run() does, and wait for its end."""
        return self._run(self._afresh, job, sandbox, **circumstances)

    def _run(self, afresh: bool, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]) -> Run:
        member = self._idle.get()
        try:
            with member.afresh() if afresh else nullcontext():
                return executed_for(self.first, member, job, sandbox, **circumstances)
        finally:
            self._idle.put(member)

    @property
    def ahead(self) -> _FutureExecutor | None:
        """An executor whose run() returns a Future at once; None if all executors are busy."""
        return _FutureExecutor(self) if self._begun < self._size - 1 else None

    def begin(self, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]) -> Future[Run]:
        """Begin an execution in another thread."""
        if len(self._members) < min(self._size, self._begun + 2):
            self._add()
        self._begun += 1
        future = self._threads.submit(self._run, self._afresh, job, sandbox, **circumstances)
        self._pending.add(future)
        future.add_done_callback(self._ended)
        return future

    def finish(self) -> None:
        """Cancel executions that have not started, and wait for the rest, so that `first` can be used on its own."""
        for future in list(self._pending):
            future.cancel()
        wait(list(self._pending))

    def _add(self) -> None:
        member = self._make()
        self._members.append(member)
        self._idle.put(member)

    def _ended(self, future: Future[Run]) -> None:
        self._begun -= 1
        self._pending.discard(future)


class _FutureExecutor:
    """Stands in for an executor; its run() returns a Future."""

    def __init__(self, team: Team):
        self.run = team.begin


def processors() -> int:
    """How many processors this process may use for executions."""
    if not has_processes():
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def executed_for(
    first: Executor, member: Executor, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]
) -> Run:
    """The run that `first` would return, executed by `member`, whose directory of all execute directories has a
    different name."""
    if member is first:
        return first.run(job, sandbox, **circumstances)
    theirs, ours = (os.fsencode(executor.directory(0).parents[1]) for executor in (member, first))
    if beside := circumstances.get("beside"):
        circumstances["beside"] = tuple(
            start._replace(sandbox=renamed(start.sandbox, ours, theirs)) for start in beside
        )
    run = member.run(job, renamed(sandbox, ours, theirs), **circumstances)
    return run._replace(sandbox=renamed(run.sandbox, theirs, ours))


def renamed(tree: Tree, old: bytes, new: bytes) -> Tree:
    """A directory with one name replaced by another in all files."""
    changed = {
        path: file._replace(content=file.content.replace(old, new))
        for path, file in tree.regular().items()
        if old in file.content
    }
    return Tree({**tree, **changed}, tree.times) if changed else tree
