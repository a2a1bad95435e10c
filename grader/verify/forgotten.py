"""What a Python program has in memory, needs in order to go on, and forgets at each restart. A run that never restarts
proves it.

Such a run keeps everything in memory, and gives the right output. It is repeated with a change: wherever the job would
restart, the variables that a restart leaves at their very first values are reset to them. If this gives the job's wrong
output, the reset variables explain it. Those that can be reset without making the output wrong are left out; the rest
is what the job forgets.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Any, NamedTuple

from ..execute.executor import Executor
from ..rules.execution import Run, Unbroken
from ..rules.job import Job
from ..rules.profile import Profile
from ..tree import Tree
from .explore import Exploration
from .states import State
from .unbroken import goes_on, way_without_faults
from .verdicts import Unsafe

GENERATORS = ("random", "numpy.random")
"""The names of modules with a random number generator of their own; the types of other generators are defined there."""
INTEGER = "builtins.int"
FLAGS = ("builtins.NoneType", "builtins.bool")
"""The types of a variable that may only tell whether the job was restarted: None or False until a checkpoint is read."""
MOST = 12
"""The most variables, and the most restarts, to try one by one."""


class Forgotten(NamedTuple):
    """A variable, or a part of one, that no restart restores."""

    name: str
    file: str
    line: int
    """The first line of the loop that needs it."""
    kind: str
    """The full name of its type."""
    saved: str
    """Its value when the job saved; `restored`: after the first restart that lost it. "" if too long to show."""
    restored: str
    anew: bool = True
    """Whether it then had its very first value."""

    @property
    def is_generator(self) -> bool:
        """Whether it is a generator of random numbers."""
        return self.name in GENERATORS or self.kind == "random.Random" or self.kind.startswith("numpy.random.")


def forgotten(job: Job, exploration: Exploration, executor: Executor, profile: Profile) -> tuple[Forgotten, ...]:
    """What an unsafe job forgets at each restart, if that alone explains its wrong output."""
    violation = exploration.violation
    if violation is None or violation.failure != Unsafe.WRONG_OUTPUT or exploration.schedule:
        return ()
    if violation.expected is None or violation.got is None:
        return ()
    return explaining(job, exploration, executor, profile, violation.expected, violation.got)


def explaining(
    job: Job, exploration: Exploration, executor: Executor, profile: Profile, right: Tree, got: Tree
) -> tuple[Forgotten, ...]:
    """What a job forgets at each restart, if that is why its output is `got`, and not the `right` one of a run that
    never restarts."""
    way = way_without_faults(exploration.first) if exploration.first else []
    if len(way) < 2:
        return ()
    wrong = Tree({path: got[path] for path in right if path in got})
    run, returned_files = goes_on(job, way[0], executor, profile, Unbroken())
    back = next((note for note in run.notes if note[0] == "back"), None)
    if back is None or (exploration.known and not _same(returned_files, right)):
        return ()
    loop = str(back[1]), int(back[2])
    as_often = _stays(run) == exploration.checkpoints
    known: set[tuple[Unbroken, str]] = set()
    for one, restart in _restarts(job, way, executor, profile, loop):
        lost = {(one.how, name) for name in restart.lost}
        if lost <= known:
            continue
        known |= lost
        if found := one.forgotten(restart, right, wrong) or one.changed(restart, right, as_often):
            return found
    return ()


def kept_from_its_end(
    job: Job, exploration: Exploration, executor: Executor, profile: Profile
) -> tuple[Forgotten, ...]:
    """What a job forgets that fails at a restart, or was not seen to end, although a run that never restarts ends. With
    the values that these variables had at the save, a restart goes on to the output of that run; without them, it does
    not."""
    last = exploration.unfinished or (exploration.violation and exploration.violation.state)
    way = last.way() if last and not exploration.schedule else []
    if len(way) < 2:
        return ()
    run, right = goes_on(job, way[0], executor, profile, Unbroken())
    back = next((note for note in run.notes if note[0] == "back"), None)
    if back is None or not right:
        return ()
    restarts = _restarts(job, way[: _stays(run) + 1], executor, profile, (str(back[1]), int(back[2])))
    return next((found for one, restart in restarts if (found := one.changed(restart, right, False))), ())


def _restarts(
    job: Job, way: list[State], executor: Executor, profile: Profile, loop: tuple[str, int]
) -> Iterator[tuple[_Loop, _Restart]]:
    """The first MOST restarts on this way: once with the clock going on, and once with the clock set back."""
    for anew in (False, True):
        one = _Loop(job, way, executor, profile, Unbroken(anew, True, loop))
        yield from ((one, restart) for restart in one.restarts())


class _Restart(NamedTuple):
    """What is in memory before and after a restart."""

    state: State
    """The job when it has just been restarted."""
    first: _Values
    """The values at the very start of the job."""
    left: _Values
    """The values where the program exited, and, for other variables, at the head of the loop if it had gone on to
    there."""
    lost: _Values
    """The values after the restart that differ from those."""
    placed: bool
    """Whether a whole number was restored that may be the place."""


class _Loop:
    """The loop of a job, which goes on in a run that never restarts."""

    def __init__(self, job: Job, way: list[State], executor: Executor, profile: Profile, how: Unbroken):
        self.job, self.way, self.executor, self.profile, self.how = job, way, executor, profile, how

    def restarts(self) -> Iterator[_Restart]:
        """The first MOST restarts."""
        first = _noted(self.run(self.way[0], last_note="first")[0], "first")
        for before, state in islice(pairwise(self.way), MOST):
            yield self.restart(first, before, state)

    def restart(self, first: _Values, before: State, state: State) -> _Restart:
        """What this restart loses. A value that is as it was when the program exited is not lost, even if going on
        changes it before the loop begins."""
        run = self.run(before, last_note="then")[0]
        left, then = (_noted(run, what) for what in ("left", "then"))
        left = {**then, **left}
        again = _noted(self.run(state, last_note="first")[0], "first")
        known = {name for name in again if name in then}
        back = {name for name in known if again[name].checksum in (then[name].checksum, left[name].checksum)}
        placed = any(again[name].kind == INTEGER and again[name] != first.get(name) for name in back)
        lost = {name: again[name] for name in again if name in known - back}
        return _Restart(state, first, left, lost, placed)

    def forgotten(self, restart: _Restart, right: Tree, wrong: Tree) -> tuple[Forgotten, ...]:
        """The variables that begin anew at a restart, and thereby make the output wrong."""
        lost, first = restart.lost, restart.first
        names = _wholes([name for name in lost if lost[name] == first.get(name)])
        if not 0 < len(names) <= MOST or not self.gives(wrong, names):
            return ()
        needed = list(names)
        for name in names:
            rest = [other for other in names if other not in needed or other == name]
            if len(rest) < len(names) and self.gives(right, rest):
                needed.remove(name)
        return self.described(needed, restart)

    def changed(self, restart: _Restart, right: Tree, as_often: bool) -> tuple[Forgotten, ...]:
        """The variables that need their values at the save for this restart to go on to the right output. If a run that
        never restarts would save `as_often` as the job, those that begin anew are left out: forgotten() has tried
        them. So are flags that only tell that the job was restarted."""
        lost, first, left = restart.lost, restart.first, restart.left
        names = _wholes(
            [
                name
                for name in lost
                if not (as_often and lost[name] == first.get(name))
                and not (left[name].kind in FLAGS and left[name] == first.get(name))
            ]
        )

        def remembered(names: list[str]) -> bool:
            values = tuple((name, left[name].pickled) for name in names)
            return all(value for _, value in values) and _same(self.run(restart.state, remembers=values)[1], right)

        if not 0 < len(names) <= MOST or remembered([]):
            return ()
        one = next((name for name in names if remembered([name])), "")
        if not one and not remembered(names):
            return ()
        needed = [one] if one else list(names)
        for name in names:
            if name in needed[1:] and remembered([other for other in needed if other != name]):
                needed.remove(name)
        # If one of these may be the place, the restart may just begin one iteration too early or too late.
        if not restart.placed or any(left[name].kind == INTEGER and lost[name] != first.get(name) for name in needed):
            return ()
        return self.described(needed, restart)

    def described(self, names: list[str], restart: _Restart) -> tuple[Forgotten, ...]:
        lost, first, left = restart.lost, restart.first, restart.left
        file, line = self.how.loop or ("", 0)
        return tuple(
            Forgotten(
                name, file, line, left[name].kind, left[name].shown, lost[name].shown, lost[name] == first.get(name)
            )
            for name in names
        )

    def gives(self, output: Tree, forgets: list[str]) -> bool:
        """Whether the program gives this output if it goes on, and forgets these variables at each checkpoint."""
        return _same(self.run(self.way[0], forgets=tuple(forgets))[1], output)

    def run(self, state: State, **more: Any) -> tuple[Run, Tree | None]:
        """Run the program from this start without restarts. `more`: fields of Unbroken."""
        return goes_on(self.job, state, self.executor, self.profile, self.how._replace(**more))


class _Value(NamedTuple):
    checksum: int
    kind: str
    shown: str
    pickled: str


_Values = dict[str, _Value]


def _wholes(names: list[str]) -> list[str]:
    """These names, without those that are parts of others."""
    parts = tuple(f"{whole}{sign}" for whole in names for sign in ".[")
    return [name for name in names if not name.startswith(parts)]


def _noted(run: Run, what: str) -> dict[str, _Value]:
    """The first note of what was in memory: name → value."""
    values: dict[str, list[Any]] = next((note[1] for note in run.notes if note[0] == what), {})
    return {name: _Value(*value) for name, value in values.items()}


def _stays(run: Run) -> int:
    """How often the program would have exited with a checkpoint."""
    return sum(note[0] == "stay" for note in run.notes)


def _same(returned_files: Tree | None, output: Tree) -> bool:
    """Whether this output was returned."""
    return returned_files is not None and all(returned_files.get(path) == entry for path, entry in output.items())
