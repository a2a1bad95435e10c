"""What shows that a verdict is right: the first line that differs, the file that was left behind,
the traceback of the restart. Facts that a reader can check, no explanations: see course/."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from . import transfer
from .explore import Exploration, Violation
from .job import STDERR, STDOUT, Job
from .pool import Held, Saved
from .states import State
from .tree import File, Tree


@dataclass(frozen=True)
class Evidence:
    """One fact about a failure. `kind` is one of first difference, repeated lines, missing lines,
    missing file, left behind, traceback, not there, work done again, limit, differs from run to run."""

    kind: str
    text: str
    file: str | None = None
    line: int | None = None
    """Counted from 1."""
    expected: str | None = None
    got: str | None = None


def evidence(job: Job, found: Exploration) -> tuple[Evidence, ...]:
    """The facts behind the verdict of an exploration; none for a job that is restart-safe."""
    if found.difference:
        return tuple(_between_runs(*found.difference))
    if found.violation is None:
        return ()
    violation, state = found.violation, found.violation.state
    facts: list[Evidence] = []
    if violation.failure in ("wrong output", "held", "failed"):
        facts += traceback(state)
    if violation.failure == "wrong output" and violation.expected is not None:
        facts += differences(violation.expected, violation.got)
    if isinstance(state.next, Held):
        facts += _held(state.next, state)
    if violation.failure == "lost progress":
        facts.append(Evidence("work done again", f"a restart elsewhere does {violation.seconds:g} virtual seconds "
                                                 "of committed work again"))
    facts += left_behind(violation)
    return tuple(facts)


def traceback(state: State) -> list[Evidence]:
    """The end of a Python traceback that an execution left on stderr, if it ended with one."""
    if state.run is None or "Traceback (most recent call last)" not in state.run.stderr:
        return []
    text = state.run.stderr[state.run.stderr.rindex("Traceback (most recent call last)"):]
    frames = re.findall(r'File "([^"]+)", line (\d+)', text)
    own = [(path.rpartition("/")[2], int(line)) for path, line in frames if "/dir_" in path]
    file, line = own[-1] if own else (None, None)
    return [Evidence("traceback", text.strip().splitlines()[-1], file, line)]


def differences(expected: Tree, got: Tree | None) -> list[Evidence]:
    """How the files that came home differ from those that should have."""
    facts = []
    for path, entry in expected.items():
        other = (got or Tree()).get(path)
        if other == entry or not isinstance(entry, File):
            continue
        if not isinstance(other, File):
            facts.append(Evidence("missing file", f"{path} did not come home", path))
        else:
            facts += _lines_that_differ(path, entry.text.splitlines(), other.text.splitlines())
    return facts


def _lines_that_differ(path: str, expected: list[str], got: list[str]) -> list[Evidence]:
    facts = []
    for number in range(max(len(expected), len(got))):
        want = expected[number] if number < len(expected) else None
        have = got[number] if number < len(got) else None
        if want != have:
            facts.append(Evidence("first difference", f"line {number + 1} of {path} is not what it should be",
                                  path, number + 1, want, have))
            break
    else:
        facts.append(Evidence("first difference", f"{path} differs in how its lines end", path, max(1, len(expected))))
    wanted, had = Counter(expected), Counter(got)
    for kind, surplus, where in (("repeated lines", had - wanted, got), ("missing lines", wanted - had, expected)):
        known = surplus.keys() & wanted.keys()
        if known:
            positions = [i + 1 for i, line in enumerate(where) if line in known]
            count = sum(surplus[line] for line in known)
            facts.append(Evidence(kind, f"{count} {'line' if count == 1 else 'lines'} of {path} "
                                        + ("more than once" if kind == "repeated lines" else "missing"),
                                  path, positions[-1] if kind == "repeated lines" else positions[0]))
    return facts


def left_behind(violation: Violation) -> list[Evidence]:
    """Files that a restart in place would have had, and the failing restart elsewhere had not."""
    for before, after in reversed(list(zip(violation.state.way(), violation.state.way()[1:]))):
        if after.moved and before.sandbox != after.sandbox:
            gone = files_left_behind(before, after)
            return [Evidence("left behind", f"{path} was in the sandbox before the eviction and is not in the new one",
                             path) for path in gone[:5]]
    return []


def files_left_behind(before: State, after: State) -> list[str]:
    """Paths in the sandbox that an eviction destroyed which the next one, made from inputs and
    checkpoint, does not have: only those of work that had been committed by then."""
    earlier = [s for s in before.way() if isinstance(s.next, Saved) and s.next.spool == after.spool]
    seen = earlier[-1].run.sandbox if earlier else before.sandbox
    return [path for path, entry in seen.items()
            if isinstance(entry, File) and path not in after.sandbox and path not in (STDOUT, STDERR)]


def _held(held: Held, state: State) -> list[Evidence]:
    if not held.missing:
        return [Evidence("limit", held.reason)]
    facts = []
    there = [p for p in state.run.sandbox if p not in state.sandbox and p not in (STDOUT, STDERR)]
    for path in held.missing:
        near = [p for p in there if p.rpartition("/")[2] == path.rpartition("/")[2]] or there
        facts.append(Evidence("not there", f"{path!r} is listed and not in the sandbox"
                              + (f"; new there: {', '.join(near[:5])}" if near else ""), path))
    return facts


def _between_runs(where: str, once: Tree, again: Tree) -> list[Evidence]:
    once, again = transfer.without_streams(once) or once, transfer.without_streams(again) or again
    facts = []
    for path in sorted(set(once) | set(again)):
        one, other = once.get(path), again.get(path)
        if one == other:
            continue
        first = one.text.splitlines() if isinstance(one, File) else []
        second = other.text.splitlines() if isinstance(other, File) else []
        number = next((i for i, (a, b) in enumerate(zip(first, second)) if a != b), min(len(first), len(second)))
        facts.append(Evidence("differs from run to run", f"{where} done twice gives different {path}", path,
                              number + 1, *(lines[number] if number < len(lines) else None
                                            for lines in (first, second))))
    return facts
