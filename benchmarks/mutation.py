"""Which small changes of the code that decides no test notices.

    pip install cosmic-ray
    python benchmarks/mutation.py [NUMBER] [SEED] [FILE ...]

The mutants are cosmic-ray's (a comparison turned round, a `not` taken away, a number one more ...), of the files in SUITES or
of those named. Of each file NUMBER (default 120) are drawn by SEED (default 1), each from a place of its own, as many
operators fit one place. Left out are those that can make no difference: in annotations, which are never evaluated, and `is`
for `==` and the other way round.

What makes it cheap: a mutant is a process that was forked when all but the package had been imported, and reads the changed
file from memory. In it run only the tests that call the function in question, the fastest first, until one fails; slow
files of tests only for what survives the others. And programs are not executed again: what they do was recorded when the tests ran without a mutant, and only what is not on
record is executed. It prints what becomes of each mutant, and the numbers.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import NamedTuple

import hypothesis.strategies
import parso
import pytest
from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes
from cosmic_ray.mutating import mutate_code

ROOT = Path(__file__).resolve().parents[1]
PURE = ("tests/rules/test_periodic.py", "tests/rules/test_step.py", "tests/rules/test_transfer.py")
PLAYED = ("tests/rules/test_simulation.py", "tests/conformance/test_conformance.py", "tests/conformance/test_played.py")
SUITES: dict[str, tuple[tuple[str, ...], ...]] = {
    "grader/rules/step.py": (PURE, PLAYED),
    "grader/rules/transfer.py": (PURE, PLAYED),
    "grader/verify/explore.py": (("tests/verify/test_explore.py",), ("tests/verify/test_completeness.py",)),
}
"""File → the tests that concern it: those that every mutant has to pass, and those only for what survives these."""
NO_DIFFERENCE = ("_Is_Eq", "_Eq_Is", "_IsNot_NotEq", "_NotEq_IsNot")
"""How operators end that change nothing for enumerations."""
MOST_SECONDS = 900
"""Of real time for one mutant; and of processor time for one test, LEAST and so many times what it took without a mutant.
A mutant that takes longer, as it never ends, is noticed."""
LEAST, TIMES = 10.0, 10
WORKERS = 2
FORK = multiprocessing.get_context("fork")


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


class Seen(NamedTuple):
    """What one test did without a mutant."""

    seconds: float
    """Of processor time."""
    called: frozenset[tuple[str, int]]
    """The functions of the files in SUITES, by file and first line."""


# -- which mutants ---------------------------------------------------------------------


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


def drawn(file: str, number: int, seed: int) -> list[Mutant]:
    """So many mutants of a file, each from another place."""
    chance, places = random.Random(f"{file} {seed}"), list(mutants(file))
    number = min(number, len(places))
    print(
        f"{file}: {sum(map(len, places))} mutants at {len(places)} places; {number} are drawn by seed {seed}",
        flush=True,
    )
    return [chance.choice(place) for place in chance.sample(places, number)]


# -- one process -----------------------------------------------------------------------


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module of the package from a changed text."""

    text = ""

    def get_code(self, fullname: str) -> object:
        return compile(self.text, self.path, "exec")


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant):
        self.module = mutant.file.removesuffix(".py").replace("/", ".")
        self.loader = _Loader(self.module, str(ROOT / mutant.file))
        self.loader.text = mutant.code()

    def find_spec(self, fullname: str, path: object, target: object = None) -> object:
        if fullname != self.module:
            return None
        return importlib.util.spec_from_file_location(fullname, self.loader.path, loader=self.loader)


def record_programs(memory: Path, writes: bool) -> None:
    """Have every executor of the tests take what programs do from the disk, and execute what is not there."""
    sys.path.insert(0, str(ROOT))
    from grader.execute import executor, remembering
    from grader.rules.execution import Limits

    class Recorded(remembering.RememberingExecutor):
        def __init__(self, limits=Limits(), confine=None, **how):
            super().__init__(memory, limits=limits, confine=confine, **how)

        def run(self, job, sandbox, **circumstances):
            # What is left outside of the sandbox is on no record.
            run = plain.run if self._one_machine else super().run.__func__
            return run(self, job, sandbox, **circumstances)

        def _write(self, file, run):
            if writes:
                super()._write(file, run)

    plain = executor.Executor
    remembering.version = lambda: "without a mutant"
    executor.Executor = Recorded


class _Tests:
    """A plugin of pytest that runs the tests in question, in the order of the time that they take."""

    def __init__(self, known: dict[str, Seen] | None):
        self.known = known
        """What they did without a mutant; None where that is to be seen."""
        self.seen: dict[str, Seen] = {}

    def pytest_configure(self) -> None:
        hypothesis.settings.register_profile("mutation", hypothesis.settings(), derandomize=True, database=None)
        hypothesis.settings.load_profile("mutation")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.known is not None:
            known = self.known
            items[:] = sorted(
                (item for item in items if item.nodeid in known), key=lambda item: known[item.nodeid].seconds
            )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        if self.known is not None:
            signal.setitimer(signal.ITIMER_PROF, LEAST + TIMES * self.known[item.nodeid].seconds)
            return (yield)
        called: set[tuple[str, int]] = set()
        targets = {str(ROOT / file): file for file in SUITES}

        def look(frame, event, _):
            if event == "call" and (file := targets.get(frame.f_code.co_filename)):
                called.add((file, frame.f_code.co_firstlineno))

        sys.setprofile(look)
        began = time.process_time()
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            self.seen[item.nodeid] = Seen(time.process_time() - began, frozenset(called))


def run_tests(files: Iterable[str], tests: _Tests) -> int:
    os.chdir(ROOT)
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        return pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *files], plugins=[tests])


def _record(files: tuple[str, ...], memory: Path, found: Path) -> None:
    """Run tests without a mutant, and write down what they did. For a process of its own."""
    record_programs(memory, writes=True)
    tests = _Tests(None)
    failed = run_tests(files, tests)
    if not failed:
        found.write_text(json.dumps({test: [seen.seconds, sorted(seen.called)] for test, seen in tests.seen.items()}))


def _judge(mutant: Mutant, memory: Path, known: dict[str, Seen]) -> None:
    """Run the tests with a mutant; the exit code says whether one of them fails. For a process of its own."""
    os.setsid()
    sys.meta_path.insert(0, _Finder(mutant))
    try:
        record_programs(memory, writes=False)
        files = dict.fromkeys(test.partition("::")[0] for test in known)
        failed = run_tests(files, _Tests(known))
    except BaseException:  # the package can't even be imported
        failed = 1
    os._exit(bool(failed))


# -- all of them -----------------------------------------------------------------------


@cache
def recorded(files: tuple[str, ...], memory: Path) -> dict[str, Seen]:
    """What each test of these files does without a mutant, with the programs that they execute kept in a directory."""
    found = memory / "seen.json"
    found.unlink(missing_ok=True)
    process = FORK.Process(target=_record, args=(files, memory, found))
    process.start()
    process.join()
    if not found.exists():
        sys.exit(f"Without a mutant, too, a test fails: {' '.join(files)}")
    seen = {
        test: Seen(seconds, frozenset(map(tuple, called)))
        for test, (seconds, called) in json.loads(found.read_text()).items()
    }
    took = sum(one.seconds for one in seen.values())
    print(f"{' '.join(files)}: {len(seen)} tests, {took:.0f} s of processor time without a mutant", flush=True)
    return seen


def concerned(mutant: Mutant, tests: dict[str, Seen]) -> dict[str, Seen]:
    """The tests that call the function that the mutant is in; all, if it is in none."""
    functions = [
        range(min([node.lineno, *(one.lineno for one in node.decorator_list)]), (node.end_lineno or node.lineno) + 1)
        for node in ast.walk(ast.parse((ROOT / mutant.file).read_text()))
        if isinstance(node, ast.FunctionDef)
    ]
    outermost = max((lines for lines in functions if mutant.line in lines), key=len, default=None)
    if outermost is None or mutant.line == outermost[0]:
        return tests
    return {
        test: one
        for test, one in tests.items()
        if any(file == mutant.file and line in outermost for file, line in one.called)
    }


def survives(mutant: Mutant, memory: Path, seen: dict[str, Seen]) -> bool:
    """Whether all tests pass."""
    known = concerned(mutant, seen)
    if not known:
        return True
    process = FORK.Process(target=_judge, args=(mutant, memory, known))
    process.start()
    process.join(MOST_SECONDS)
    if process.exitcode is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
    return process.exitcode == 0


def survivors(sample: list[Mutant], files: tuple[str, ...], memory: Path) -> list[Mutant]:
    """The mutants that all these tests pass with."""
    seen, alive = recorded(files, memory), []
    with ThreadPoolExecutor(WORKERS) as threads:
        for mutant, lives in zip(sample, threads.map(lambda one: survives(one, memory, seen), sample)):
            print("survives" if lives else "killed  ", *mutant, flush=True)
            alive += [mutant] * lives
    return alive


def main(number: int = 120, seed: int = 1, files: Iterable[str] = ()) -> None:
    results = []
    with tempfile.TemporaryDirectory() as where:
        for file in files or SUITES:
            sample = alive = drawn(file, number, seed)
            for suite in SUITES[file]:
                alive = survivors(alive, suite, Path(where)) if alive else []
            killed = len(sample) - len(alive)
            results.append(f"{file}: {killed} of {len(sample)} killed, {killed / len(sample):.0%}")
    print(*results, sep="\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), files=sys.argv[3:])
