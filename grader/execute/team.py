"""Several executors for one job: what is going to be executed anyway can be begun while something else is waited for.

Each has a directory of its own, whose name a program may write down. So that it makes no difference which of them did an
execution, all names are those of the first on the way in and out; they are of the same length, so that nothing moves in
a file that is no text.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue
from typing import Unpack

from ..rules.execution import Circumstances, Run
from ..rules.job import Job
from ..tree import File, Tree
from .executor import Executor
from .startd import has_processes


class Team:
    """Executors that are as good as one. Close it, or use it in a `with` statement. Raises MachineTrouble."""

    def __init__(self, make: Callable[[], Executor], size: int):
        """`make` makes an executor; no more than `size` of them are made, and the others only when they are needed."""
        self._make, self._size = make, size
        self.first = make()
        """By itself it is an executor, too."""
        self._members = [self.first]
        self._idle: SimpleQueue[Executor] = SimpleQueue()
        self._idle.put(self.first)
        self._threads = ThreadPoolExecutor(size)
        self._begun = 0
        self._under_way: set[Future[Run]] = set()
        self._again: ExitStack | None = None
        """Within afresh(), what ends it for all members."""
        self.mark = self.first.mark
        self.limits = self.first.limits

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End all executions that are under way, and remove what they left."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for member in self._members:
            member.abandon()
        self._threads.shutdown(wait=True)
        for member in self._members:
            member.close()

    @property
    def kept_outside(self) -> Tree:
        """What is outside of the sandbox, and stays: nothing."""
        return self.first.kept_outside

    def slots_named_in(self, tree: Tree) -> set[int]:
        """The slots that any file's content, name or link has the mark of."""
        return self.first.slots_named_in(tree)

    @contextmanager
    def afresh(self) -> Iterator[None]:
        """Within it, execute whatever is asked for."""
        with ExitStack() as stack:
            for member in self._members:
                stack.enter_context(member.afresh())
            self._again = stack
            try:
                yield
            finally:
                self._again = None

    def run(self, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]) -> Run:
        """Execute a program, as Executor.run() does, and wait for its end."""
        member = self._idle.get()
        try:
            return executed_for(self.first, member, job, sandbox, **circumstances)
        finally:
            self._idle.put(member)

    @property
    def ahead(self) -> _FutureExecutor | None:
        """What begins an execution and waits for nothing; None where that would only be in the way of others."""
        return _FutureExecutor(self) if self._begun < self._size - 1 else None

    def begin(self, job: Job, sandbox: Tree, **circumstances: Unpack[Circumstances]) -> Future[Run]:
        """Begin an execution, in a thread of its own."""
        if len(self._members) < min(self._size, self._begun + 2):
            self._add()
        self._begun += 1
        future = self._threads.submit(self.run, job, sandbox, **circumstances)
        self._under_way.add(future)
        future.add_done_callback(self._ended)
        return future

    def finish(self) -> None:
        """Give up what was begun and is not under way, and wait for the rest, so that `first` can be used by itself."""
        for future in list(self._under_way):
            future.cancel()
        wait(list(self._under_way))

    def _add(self) -> None:
        member = self._make()
        if self._again is not None:
            self._again.enter_context(member.afresh())
        self._members.append(member)
        self._idle.put(member)

    def _ended(self, future: Future[Run]) -> None:
        self._begun -= 1
        self._under_way.discard(future)


class _FutureExecutor:
    """In an executor's place: gives a Future of the run."""

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
    """What the `first` executor would give, executed by another: in sandboxes, files may name the directory of all execute
    directories, which has another name for each."""
    if member is first:
        return first.run(job, sandbox, **circumstances)
    there, here = (os.fsencode(executor.directory(0).parents[1]) for executor in (member, first))
    if beside := circumstances.get("beside"):
        circumstances["beside"] = tuple(start._replace(sandbox=renamed(start.sandbox, here, there)) for start in beside)
    run = member.run(job, renamed(sandbox, here, there), **circumstances)
    return run._replace(sandbox=renamed(run.sandbox, there, here))


def renamed(tree: Tree, before: bytes, after: bytes) -> Tree:
    """A directory in which one name of the directory of all execute directories stands for another."""
    changed = {
        path: entry._replace(content=entry.content.replace(before, after))
        for path, entry in tree.items()
        if isinstance(entry, File) and before in entry.content
    }
    return Tree({**tree, **changed}, tree.times) if changed else tree
