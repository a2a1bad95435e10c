"""The measure of a job whose right output is not known: a run of its program that never restarts.

A job that loses the same state at each restart agrees with itself on every schedule. So its Python program, or the
Python program that its shell script starts, is run once more, and goes on where it would exit with the checkpoint exit
code (inside/unbroken.py). Such a run is trusted only if it ends well, and only if it was seen to go on computing after
the first checkpoint. Some right programs behave differently in such a run, for example because they count their
checkpoints. So a job counts as wrong only if reports about checkpoints and restarts do not explain the difference, and
if no shell script processes what its program has saved. The time that such a run takes for the same work shows what
each restart does again (in_place.py).
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import NamedTuple

from ..execute.executor import Executor
from ..rules import transfer
from ..rules.execution import Run, Unbroken
from ..rules.job import Job
from ..rules.profile import Profile
from ..rules.step import Ended, Exited, Kind, Transferred, is_success, step
from ..tree import File, Tree
from .explore import CONSISTENT, LATE, RESTART_SAFE, UNSAFE, Exploration, Violation
from .in_place import intervals_done_again
from .packed import without_times
from .seeds import seeds_by_state
from .states import State
from .verdicts import Unsafe

_CLOSED = re.compile("ValueError: (?:I/O operation on|write to) closed file|Cannot operate on a closed database")
"""Python's error if a program goes on to use a file or a database that it closed before it would exit."""


@dataclass(frozen=True)
class Difference:
    """The files that differ between a run that never restarts and the job, as each of the two returned them."""

    unbroken: Tree
    restarted: Tree
    explained: bool
    """Whether they may differ only in what the job reports about checkpoints and restarts."""


def measured(
    job: Job, exploration: Exploration, executor: Executor, profile: Profile
) -> tuple[Exploration, Difference | None]:
    """The verdict on a job that agrees with itself, after comparison with a run that never restarts, and the difference
    if there is one. `consistent` if no such run can be trusted, or if the difference may be harmless. Any other verdict
    stays."""
    if exploration.verdict != RESTART_SAFE or exploration.reference is None:
        return exploration, None
    assert exploration.first, "something was explored"
    way = way_without_faults(exploration.first)
    first = _tried(job, exploration.first, executor, profile, Unbroken()) if way else None
    if exploration.known:
        return _by_progress(job, exploration, way, first), None
    if first is None:
        return replace(exploration, verdict=CONSISTENT), None
    last = way[-1]
    files = {path: entry for path, entry in exploration.reference.items() if isinstance(entry, File)}
    tries: list[_Try | None] = [first]
    # A timer that is not set back may be the only cause of a difference.
    if _difference(job, files, exploration.checkpoints, last, first) and first.looked:
        tries.append(_tried(job, exploration.first, executor, profile, Unbroken(time_begins_anew=True)))
    differences = [one and _difference(job, files, exploration.checkpoints, last, one) for one in tries]
    certain = not differences[0] or _tells_how_long_it_took(differences[0], way, exploration.checkpoints)
    if certain and any(one and not difference for one, difference in zip(tries, differences)):
        return _by_progress(job, replace(exploration, unbroken=True), way, first), None
    difference = next((one for one in reversed(differences) if one), None)
    doubtful = difference is None or not all(one and not one.explained for one in differences)
    if doubtful or first.shell_adds(exploration.first) or _depends_on_time(differences) or seeds_by_state(job):
        return replace(exploration, verdict=CONSISTENT), difference
    assert difference, "it is not doubtful"
    if first.looked and _is_dated(job, exploration.first, executor, profile, difference):
        return replace(exploration, verdict=CONSISTENT), difference
    violation = Violation(Unsafe.WRONG_OUTPUT, last, difference.unbroken, difference.restarted)
    return _unsafe(replace(exploration, unbroken=True), violation), difference


def _by_progress(job: Job, exploration: Exploration, way: list[State], measure: _Try | None) -> Exploration:
    """The verdict on a job with the right output, by how long a run that never restarts takes for the same work."""
    again = intervals_done_again(job, way, measure.run, exploration.seconds_per_cpu_second) if measure else ()
    if not again:
        return exploration
    lost = sum(interval.again for interval in again)
    return _unsafe(exploration, Violation(Unsafe.LOST_PROGRESS, way[-1], seconds=lost, in_place=again))


def _unsafe(exploration: Exploration, violation: Violation) -> Exploration:
    """The verdict on a job that goes wrong without a fault."""
    return replace(exploration, verdict=UNSAFE, failure=violation.failure, violation=violation, schedule=())


class _Try(NamedTuple):
    """A run that never restarts, and can be trusted."""

    returned_files: Tree
    stays: int
    """How often it would have exited for a checkpoint."""
    run: Run

    @property
    def looked(self) -> bool:
        """Whether it read the time."""
        return self.run.looked

    def shell_adds(self, first: State) -> bool:
        """Whether a shell script started the program, and changes the job's files after the program has exited with the
        checkpoint exit code, which does not happen if the program goes on. The first execution shows it."""
        if ("shell",) not in self.run.notes:
            return False
        saved = next(note[4] for note in self.run.notes if note[0] == "stay")
        return any(
            isinstance(entry, File) and saved.get(path) != zlib.crc32(entry.content)
            for path, entry in transfer.without_streams(first.ran.sandbox).items()
        )


def _tried(job: Job, first: State, executor: Executor, profile: Profile, how: Unbroken) -> _Try | None:
    run, returned_files = goes_on(job, first, executor, profile, how)
    kinds = [note[0] for note in run.notes]
    return _Try(returned_files, kinds.count("stay"), run) if returned_files is not None and "back" in kinds else None


def goes_on(job: Job, first: State, executor: Executor, profile: Profile, how: Unbroken) -> tuple[Run, Tree | None]:
    """A run that never restarts, from the start of `first`, and what it returns if it ends well."""
    known = first.unbroken.get(how)
    if known is None or (isinstance(known, Future) and known.cancelled()):
        known = executor.run(job, first.now.directory, slot=first.now.slot, clock=first.now.time, unbroken=how)
    run = first.unbroken[how] = known.result() if isinstance(known, Future) else known
    if _CLOSED.search(run.stderr) and not how.files_stay_open:
        return goes_on(job, first, executor, profile, how._replace(files_stay_open=True))
    then = step(job, profile, step(job, profile, first.now, Exited(run)), Transferred())
    good = not run.over and then.kind == Kind.ENDED and is_success(job, then.end.exit)
    return run, _anonymous(then.end.returned_files, executor) if good else None


def way_without_faults(first: State) -> list[State]:
    """The states of the run without faults; none if it has no end."""
    way: dict[State, None] = {}
    state: State | None = first
    while state is not None and state not in way:
        way[state] = None
        if isinstance(state.next, Ended):
            return list(way)
        state = state.follower
    return []


def _anonymous(returned_files: Tree, executor: Executor) -> Tree:
    """Files in which all execution points have the same name, as in an exploration's reference."""
    return Tree(
        {
            path: entry._replace(content=executor.mark.sub(b"", entry.content))
            for path, entry in without_times(returned_files).items()
            if isinstance(entry, File)
        }
    )


def _difference(job: Job, files: dict[str, File], checkpoints: int, last: State, tried: _Try) -> Difference | None:
    """How a run that never restarts differs from the job, which returned these files and made so many checkpoints; None
    if it does not."""
    # A file that is returned without being listed, and that is as in the last checkpoint, is most likely state.
    state = (
        set()
        if job.transfer_output_files
        else {path for path, entry in files.items() if last.now.spool.get(path) == entry}
    )
    results = set(files) - state or set(files)
    compared = state if tried.stays == checkpoints else ()  # otherwise the last checkpoints are different
    text = {
        path for path in compared if b"\0" not in files[path].content and not files[path].content.startswith(b"\x80")
    }
    differing = [path for path in sorted(results | text) if tried.returned_files.get(path) != files[path]]
    if not differing:
        return None
    unbroken = Tree({path: tried.returned_files[path] for path in differing if path in tried.returned_files})
    return Difference(
        unbroken,
        Tree({path: files[path] for path in differing}),
        all(
            isinstance(entry := unbroken.get(path), File)
            and (
                _is_explained(entry.text, files[path].text, tried.stays, checkpoints)
                or (path not in state and _has_a_line_for_each_save(tried, path, entry))
            )
            for path in differing
            if path in results
        ),
    )


def _has_a_line_for_each_save(tried: _Try, path: str, entry: File) -> bool:
    """Whether a program writes a file at each save, at most about a line each time: a line may describe only the block
    since the last save, and be computed from values that begin anew when the program does."""
    saved = [note[4].get(path) for note in tried.run.notes if note[0] == "stay"]
    return None not in saved and len(set(saved)) == len(saved) and len(entry.text.splitlines()) <= len(saved) + 2


def _tells_how_long_it_took(difference: Difference, way: list[State], checkpoints: int) -> bool:
    """Whether only numbers differ, and each of them is the job's seconds or its number of checkpoints. Other numbers
    may have been computed from a timer that the job should have saved."""
    seconds = sum(state.ran.seconds for state in way)
    pairs = [
        pair
        for path, entry in difference.restarted.items()
        for pair in zip_longest(
            _numbers(difference.unbroken.text(path)), _numbers(entry.text if isinstance(entry, File) else "")
        )
    ]
    differing = [number for right, number in pairs if number != right]
    return all(
        number
        and re.fullmatch(r"\d+(\.\d+)?", number)
        and (float(number) == checkpoints or abs(float(number) - seconds) <= 1)
        for number in differing
    )


def _depends_on_time(differences: list[Difference | None]) -> bool:
    """Whether only numbers differ, and all of them depend on time: they also differ between the two runs that never
    restart, one of which sets its clock back."""
    if len(differences) != 2 or not all(differences):
        return False
    one, other = (difference.unbroken for difference in differences if difference)
    restarted = differences[0].restarted if differences[0] else Tree()
    if not one.keys() == other.keys() == restarted.keys():
        return False
    for path in restarted:
        first, second, third = (_numbers(tree.file(path).text) for tree in (one, other, restarted))
        if not len(first) == len(second) == len(third):
            return False
        if any(a != c and (a == b or not a[:1].isdecimal()) for a, b, c in zip(first, second, third)):
            return False
    return True


def _is_dated(job: Job, first: State, executor: Executor, profile: Profile, difference: Difference) -> bool:
    """Whether all lines that differ also change if a run that never restarts begins days later: they tell the date, or
    come from a generator that is seeded with it."""
    _, late = goes_on(
        job, replace(first, now=first.now._replace(time=first.now.time + LATE)), executor, profile, Unbroken()
    )
    if late is None:
        return False
    for path, entry in difference.restarted.items():
        each = [tree.get(path) for tree in (difference.unbroken, late)]
        lines, *others = (file.text.splitlines() if isinstance(file, File) else [] for file in (entry, *each))
        if not len(lines) == len(others[0]) == len(others[1]):
            return False
        if any(line != right == after for line, right, after in zip(lines, *others)):
            return False
    return True


def _numbers(text: str) -> list[str]:
    """The numbers of a text, and the text between them."""
    return re.findall(r"[\d.]+|[^\d.]+", text)


def _is_explained(unbroken: str, restarted: str, stays: int, checkpoints: int) -> bool:
    """Whether two outputs may differ only in what the job reports about its checkpoints and restarts: in additional
    lines, in a line or a number for each checkpoint, or in whole numbers that differ by the number of checkpoints or
    tell which start it was. Also true if the run that never restarts may just have written lines again that it still
    had in memory."""
    one, other = unbroken.splitlines(), restarted.splitlines()
    if set(one) == set(other) and Counter(other) <= Counter(one):
        return True
    if (
        one
        and other
        and (
            one == [line for line in other if line in set(one)]
            or (other == [line for line in one if line in set(other)] and stays != checkpoints)
        )
    ):
        return True
    more, fewer = (Counter(one) - Counter(other)).total(), (Counter(other) - Counter(one)).total()
    if stays - checkpoints == more - fewer != 0 and more <= stays and fewer <= checkpoints:
        return True
    few, many = (re.findall(r"\d[\d.]*", text) for text in (unbroken, restarted))
    if len(many) - len(few) == checkpoints and few == [number for number in many if number in set(few)]:
        return len({re.sub(r"[\d.,;\s]", "", text) for text in (unbroken, restarted)}) == 1
    first, second = _numbers(unbroken), _numbers(restarted)
    if len(first) != len(second) or any(
        a != b and not (a.isdecimal() and b.isdecimal()) for a, b in zip(first, second)
    ):
        return False
    shifts = [int(b) - int(a) for a, b in zip(first, second) if a != b]
    if all(abs(each) in (checkpoints, abs(checkpoints - stays)) for each in shifts):
        return True
    started = {a for a, b in zip(first, second) if a != b}  # the number of the first start, if nothing restarts
    return len(started) == 1 and shifts == sorted(shifts) and set(shifts) == set(range(1, checkpoints + 1))
