"""Which small changes of the code that decides no test notices.

    pip install cosmic-ray
    python benchmarks/mutation.py [NUMBER] [SEED]

The mutants are cosmic-ray's (a comparison turned round, a `not` taken away, a number one more ...), of the files below.
NUMBER of them are drawn (default 60) by SEED (default 1), each from a place of its own, as many operators fit one place.
Each is put into a copy of the repository, where the tests that concern the file are run until one fails. Left out are
those that can make no difference: in annotations, which are never evaluated, and `is` for `==` and the other way round.
It prints each mutant that survives, and the numbers.
"""

from __future__ import annotations

import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import parso
from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes
from cosmic_ray.mutating import mutate_code

ROOT = Path(__file__).resolve().parents[1]
RULES = ("tests/rules/test_periodic.py", "tests/rules/test_step.py", "tests/rules/test_simulation.py")
CONFORMANCE = ("tests/conformance/test_conformance.py",)
SUITES: dict[str, tuple[tuple[str, ...], ...]] = {
    "grader/rules/step.py": (RULES, CONFORMANCE),
    "grader/rules/transfer.py": (("tests/rules/test_transfer.py",), RULES[1:], CONFORMANCE),
    "grader/verify/explore.py": (("tests/verify/test_explore.py",), ("tests/verify/test_completeness.py",)),
}
"""File → the tests that concern it, the fastest first."""
NO_DIFFERENCE = ("_Is_Eq", "_Eq_Is", "_IsNot_NotEq", "_NotEq_IsNot")
"""How operators end that change nothing for enumerations."""
MOST_SECONDS = 400
"""Of real time for the tests of one mutant; one that takes longer, as it never ends, is noticed."""
WORKERS = 2


class Mutant(NamedTuple):
    file: str
    line: int
    operator: str
    occurrence: int

    def code(self) -> str:
        source = (ROOT / self.file).read_text()
        changed = mutate_code(source, plugins.get_operator(self.operator)(), self.occurrence)
        assert changed and changed != source, self
        return changed


def mutants(file: str) -> Iterator[list[Mutant]]:
    """All mutants of a file, those of one place together."""
    source = (ROOT / file).read_text()
    tree, unevaluated = parso.parse(source), set(annotations(source))
    places: dict[tuple[int, int], list[Mutant]] = {}
    for name in plugins.operator_names():
        if name.endswith(NO_DIFFERENCE):
            continue
        try:
            operator = plugins.get_operator(name)()
        except TypeError:  # it takes arguments: it is for names that somebody chooses
            continue
        found = [place for node in ast_nodes(tree) for place in operator.mutation_positions(node)]
        for occurrence, (begin, _) in enumerate(found):
            if begin not in unevaluated:
                places.setdefault(begin, []).append(Mutant(file, begin[0], name, occurrence))
    yield from places.values()


def annotations(source: str) -> Iterator[tuple[int, int]]:
    """All places, (line, column), within annotations."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        for found in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(found, ast.expr):
                for line in range(found.lineno, (found.end_lineno or found.lineno) + 1):
                    first = found.col_offset if line == found.lineno else 0
                    last = found.end_col_offset if line == found.end_lineno else len(lines[line - 1])
                    yield from ((line, column) for column in range(first, (last or 0) + 1))


def drawn(number: int, seed: int) -> list[Mutant]:
    """So many mutants, each from another place."""
    chance = random.Random(seed)
    places = [place for file in SUITES for place in mutants(file)]
    print(f"{sum(map(len, places))} mutants at {len(places)} places; {number} are drawn by seed {seed}", flush=True)
    return [chance.choice(place) for place in chance.sample(places, min(number, len(places)))]


def copied(where: str) -> Path:
    """A copy of what the tests need."""
    for name in ("grader", "tests", "payload", "solutions", "exercises", "docs"):
        shutil.copytree(ROOT / name, Path(where, name), ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "lab.py", "README.md"):
        shutil.copy(ROOT / name, where)
    return Path(where)


def survives(mutant: Mutant, copies: SimpleQueue[Path]) -> bool:
    """Whether all tests pass."""
    copy = copies.get()
    try:
        (copy / mutant.file).write_text(mutant.code())
        return all(passes(copy, suite) for suite in SUITES[mutant.file])
    finally:
        shutil.copy(ROOT / mutant.file, copy / mutant.file)
        copies.put(copy)


def passes(copy: Path, suite: tuple[str, ...]) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *suite]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return not subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, timeout=MOST_SECONDS
        ).returncode
    except subprocess.TimeoutExpired:
        return False


def main(number: int = 60, seed: int = 1) -> None:
    copies: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory() as where, ThreadPoolExecutor(WORKERS) as threads:
        for worker in range(WORKERS):
            copies.put(copied(f"{where}/{worker}"))
        sample = drawn(number, seed)
        alive, all_of = Counter[str](), Counter(mutant.file for mutant in sample)
        for mutant, lives in zip(sample, threads.map(lambda one: survives(one, copies), sample)):
            alive[mutant.file] += lives
            print("survives" if lives else "killed  ", *mutant, flush=True)
    for file, count in sorted(all_of.items()):
        print(f"{file}: {count - alive[file]} of {count} killed")
    print(f"together: {1 - alive.total() / len(sample):.0%} of {len(sample)} killed")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
