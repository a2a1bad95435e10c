"""Whether a job without further faults will ever end.

It never ends if it starts in a state in which it started before. Restarts that only append text to files are harder:
each one is a new state, and the job may count its steps by the lines of a file and end at a certain number. So we
execute the restarts, many of them unless the program does not read the files to which it appends. Then we try states in
which it might end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from ..tree import File, Tree, parents
from . import transfer
from .execution import Run
from .job import Job
from .step import Situation, is_checkpoint, policies_see

FUTILE = 40
"""Restarts in a row that only append the same text, after which we check whether that will ever end."""
SIMILAR = 250
"""The same for text that differs only in numbers, and for any text if the program reads what it has appended."""
MANY = 1000
"""How many restarts later to try the job again."""
MOST_BESIDE = 12
"""The most starts in a row that leave processes running in the sandbox, as all of them are repeated for the next."""
MOST_NUMBERS = 20
"""The most numbers to try from a job's files and arguments."""

Growth = tuple[tuple[str, bytes], ...]


@dataclass(eq=False)
class Livelock:
    """Watches the starts of a job without faults, one after the other."""

    job: Job
    run: Callable[..., Run]
    """run(situation, trace=False) executes the program."""
    allowed: int
    """The number of executions after which the caller considers the job endless."""
    patience: int = FUTILE
    outside: Callable[[], object] = tuple
    """The present state outside the sandbox on which the program may depend."""
    looked_at: set[tuple[str, ...]] = field(default_factory=set)
    """Files to which the program appends, and which it reads."""
    seen: set[tuple[object, ...]] = field(default_factory=set, init=False)
    before: Tree | None = field(default=None, init=False)
    grown: Growth | None = field(default=None, init=False)
    alike: int = field(default=0, init=False)
    similar: int = field(default=0, init=False)

    def afresh(self) -> Livelock:
        """A fresh watch, after a fault: what was seen before no longer counts."""
        return replace(self)

    def endless(self, now: Situation) -> str:
        """Why the job that starts in this situation will never end; '' if it may end."""
        seen = (transfer.seen_by(self.job, tree) for tree in (now.directory, now.spool))
        running = len(now.beside), *(start.sandbox for start in now.beside[:1])
        state = *seen, now.slot, now.retries, running, self.outside(), policies_see(self.job, now)
        if state in self.seen:
            return "it starts in a state in which it started before"
        self.seen.add(state)
        if self.before is not None:
            self.compare(growth(self.before, now.directory))
        self.before = now.sandbox
        if not self.appends_for_ever(now):
            return ""
        return f"{max(self.alike, self.similar)} restarts have changed nothing but append the same text"

    def compare(self, grown: Growth | None) -> None:
        """Count the restarts in a row that append the same text, and those that append similar text."""
        before = self.grown
        self.alike = self.alike + 1 if grown and before and grown == before else 0
        self.similar = self.similar + 1 if grown and before and shape(grown) == shape(before) else 0
        self.grown = grown

    def appends_for_ever(self, now: Situation) -> bool:
        """Whether restarts only append text, and will go on like that for ever."""
        if now.beside or not self.grown or (self.alike < self.patience and self.similar < SIMILAR):
            return False
        if self.similar < certain(self.allowed) and self.looks_back(now, self.grown):
            return False
        if goes_on(self.job, now, self.grown, self.run, self.patience):
            return True
        self.alike = self.similar = 0
        return False

    def looks_back(self, now: Situation, grown: Growth) -> bool:
        """Whether the program reads the files to which it appends. Watches it only once for the same files."""
        paths = tuple(path for path, _ in grown)
        if paths not in self.looked_at and looks_back(self.run(now, trace=True), grown):
            self.looked_at.add(paths)
        return paths in self.looked_at


def growth(before: Tree, after: Tree) -> Growth | None:
    """What was appended to which files, from one sandbox to the next; None if anything else changed."""
    before, after = transfer.without_streams(before), transfer.without_streams(after)
    if list(before) != list(after):
        return None
    grown = []
    for path, entry in after.changed_since(before).items():
        old = before[path]
        if not (isinstance(entry, File) and isinstance(old, File) and entry.content.startswith(old.content)):
            return None
        grown.append((path, entry.content[len(old.content) :]))
    return tuple(grown)


def shape(grown: Growth) -> Growth:
    """What was appended, with all numbers replaced by 0."""
    return tuple((path, re.sub(rb"\d+", b"0", text)) for path, text in grown)


def many_restarts_on(sandbox: Tree, grown: Growth, times: int = MANY) -> Tree:
    """The sandbox after `times` further restarts that append this."""
    for path, text in grown:
        most = (16 << 20) // len(text) + 1
        file = sandbox.file(path)
        sandbox = sandbox.put(path, file._replace(content=file.content + text * min(times, most)))
    return sandbox


def certain(allowed: int) -> int:
    """How many such restarts are proof enough for a program that reads what it appends, if `allowed` executions are
    allowed in total."""
    return min(SIMILAR, allowed // 3)


def looks_back(watched: Run, grown: Growth) -> bool:
    """Whether a program may read the files to which it appends, according to an execution with trace=True. Programs that
    are not in Python always may."""
    notes = {tuple(note) for note in watched.notes}
    paths = {path for path, _ in grown}
    if not all(("open", path, "w") in notes for path in paths):
        return True
    above = {directory for path in paths for directory in (path, *parents(path), "")}
    return any(note[0] == "look" and (len(note) == 1 or note[1] in above) for note in notes)


def goes_on(job: Job, now: Situation, grown: Growth, run: Callable[[Situation], Run], least: int = FUTILE) -> bool:
    """Whether the job still only appends and restarts later: after many restarts, and when a file has as many lines or
    bytes as a number in its files and arguments. Only numbers above `least`, as so many restarts have been executed."""
    for times in (*_suspects(job, now.directory, grown, least), MANY):
        later = many_restarts_on(now.directory, grown, times)
        after = run(now._replace(sandbox=later))
        appended = growth(later, after.sandbox)
        if not is_checkpoint(job, after) or not appended or shape(appended) != shape(grown):
            return False
    return True


def _suspects(job: Job, sandbox: Tree, grown: Growth, least: int) -> list[int]:
    """After how many restarts a file has as many lines or bytes as a number, before or after appending."""
    suspects = set()
    for number in numbers_in(job, least):
        for path, text in grown:
            content = sandbox.file(path).content
            for present, more in ((content.count(b"\n"), text.count(b"\n")), (len(content), len(text))):
                if more and (number - present) % more == 0:
                    times = (number - present) // more
                    suspects |= {times - 1, times}
    return sorted(times for times in suspects if times > 0)


def numbers_in(job: Job, least: int) -> list[int]:
    """The different numbers above `least` in a job's arguments, environment, program and input files, in this order."""
    texts: Iterator[bytes] = (text.encode() for text in (*job.arguments, *(value for _, value in job.environment)))
    inputs = sorted(job.inputs.items(), key=lambda item: item[0] != job.executable)
    files = (entry.content for _, entry in inputs if isinstance(entry, File))
    numbers = (int(number) for text in (*texts, *files) for number in re.findall(rb"(?<![\w.])\d{1,6}(?![\w.])", text))
    return list(dict.fromkeys(number for number in numbers if number > least))[:MOST_NUMBERS]
