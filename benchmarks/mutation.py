"""Finds small changes to HTCondor's rules and the verifier that no test notices.

    pip install cosmic-ray
    python benchmarks/mutation.py [NUMBER] [SEED] [FILE ...]

The mutants are cosmic-ray's (a comparison turned round, a `not` removed, a number one greater ...), in the functions of
the files in SUITES, or of the files named. SEED (default 1) draws NUMBER (default 120) mutants of each file, at most
one at each place, as many operators fit one place. Mutants that can make no difference are left out: in annotations,
which are never evaluated, and `is` for `==` and the other way round.

What makes it cheap: pytest collects the tests and runs them once. Then each mutant is a fork of that process, in which
one function gets the changed code; it runs only the tests that call this function, the fastest first, until one fails.
Slow test files run only for mutants that survive the others. And programs are not executed again: the first run records
what they do, and only what is not recorded is executed. It prints the fate of each mutant, and totals.
"""

from __future__ import annotations

import ast
import functools
import importlib
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import NamedTuple

import hypothesis
import parso
import pytest
from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes
from cosmic_ray.mutating import mutate_code

ROOT = Path(__file__).resolve().parents[1]
PURE = ("tests/rules/test_periodic.py", "tests/rules/test_step.py", "tests/rules/test_transfer.py")
PLAYED = ("tests/rules/test_simulation.py", "tests/conformance/test_conformance.py", "tests/conformance/test_played.py")
WALKED = (
    ("tests/rules/test_livelock.py", "tests/verify/test_liveness.py", "tests/verify/test_walk.py"),
    ("tests/verify/test_explore.py",),
    ("tests/verify/test_completeness.py",),
)
SUITES: dict[str, tuple[tuple[str, ...], ...]] = {
    "grader/rules/step.py": (PURE, PLAYED),
    "grader/rules/transfer.py": (PURE, PLAYED),
    "grader/rules/livelock.py": WALKED,
    "grader/verify/explore.py": WALKED,
    "grader/verify/liveness.py": WALKED,
    "grader/verify/states.py": WALKED,
}
"""File → suites of tests that concern it. Each suite runs only for the mutants that survive the suites before it."""
NO_DIFFERENCE = ("_Is_Eq", "_Eq_Is", "_IsNot_NotEq", "_NotEq_IsNot")
"""How the names of operators end that change nothing for enumerations."""
LEAST, TIMES = 10.0, 10
"""A test of a mutant may take LEAST seconds of processor time plus TIMES the time that it takes without a mutant. If it
takes longer, perhaps for ever, the mutant counts as killed."""
MOST_SECONDS = 900
"""Seconds of real time for one mutant. A mutant that takes longer counts as not finished, neither killed nor alive: the
machine may be slow."""
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


class Function(NamedTuple):
    """An outermost function of a file, or a method: its name in the module, and its lines."""

    name: str
    first: int
    last: int


# -- which mutants ---------------------------------------------------------------------


def drawn(file: str, number: int, seed: int) -> list[Mutant]:
    """So many mutants of a file, each at a different place."""
    chance, places = random.Random(f"{file} {seed}"), list(mutants(file))
    number = min(number, len(places))
    print(
        f"{file}: {sum(map(len, places))} mutants at {len(places)} places; {number} are drawn by seed {seed}",
        flush=True,
    )
    return [chance.choice(place) for place in chance.sample(places, number)]


def mutants(file: str) -> Iterator[list[Mutant]]:
    """All mutants in the functions of a file, grouped by place."""
    source = (ROOT / file).read_text()
    tree, unevaluated = parso.parse(source), set(annotations(source))
    places: dict[tuple[int, int], list[Mutant]] = {}
    for name in plugins.operator_names():
        if name.endswith(NO_DIFFERENCE):
            continue
        try:
            operator = plugins.get_operator(name)()
        except TypeError:  # it takes arguments: names that somebody has to choose
            continue
        positions = [place for node in ast_nodes(tree) for place in operator.mutation_positions(node)]
        for occurrence, (begin, _) in enumerate(positions):
            if begin not in unevaluated and function_at(file, begin[0]):
                places.setdefault(begin, []).append(Mutant(file, begin[0], name, occurrence))
    yield from places.values()


def annotations(source: str) -> Iterator[tuple[int, int]]:
    """All places, (line, column), within annotations."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(annotation, ast.expr):
                for line in range(annotation.lineno, (annotation.end_lineno or annotation.lineno) + 1):
                    first = annotation.col_offset if line == annotation.lineno else 0
                    last = annotation.end_col_offset if line == annotation.end_lineno else len(lines[line - 1])
                    yield from ((line, column) for column in range(first, (last or 0) + 1))


def function_at(file: str, line: int) -> Function | None:
    """The function that has a line in its body; None if there is none."""
    return next((one for one in functions(file) if one.first < line <= one.last), None)


@functools.cache
def functions(file: str) -> list[Function]:
    def within(body: list[ast.stmt], prefix: str) -> Iterator[Function]:
        for node in body:
            if isinstance(node, ast.FunctionDef):
                yield Function(prefix + node.name, node.lineno, node.end_lineno or node.lineno)
            elif isinstance(node, ast.ClassDef):
                yield from within(node.body, f"{prefix}{node.name}.")

    return list(within(ast.parse((ROOT / file).read_text()).body, ""))


# -- the process that has collected the tests --------------------------------------------


def record_programs(memory: Path) -> None:
    """Make every executor of the tests look up on disk what programs do, and execute only what is not recorded."""
    sys.path.insert(0, str(ROOT))
    from grader.execute import executor, remembering
    from grader.rules.execution import Limits

    class Recorded(remembering.RememberingExecutor):
        def __init__(self, limits=Limits(), confine=None, **how):
            super().__init__(memory, limits=limits, confine=confine, **how)

        def run(self, job, sandbox, **circumstances):
            # Files outside the sandbox are not recorded.
            run = plain.run if self._one_machine else super().run.__func__
            return run(self, job, sandbox, **circumstances)

        def _write(self, file, run):
            if os.getpid() == recorder:
                super()._write(file, run)

    plain, recorder = executor.Executor, os.getpid()
    executor.Executor = Recorded


class _Judge:
    """A plugin of pytest that runs the tests without a mutant, and then those that concern each mutant."""

    def __init__(self, sample: list[Mutant]):
        self.sample = sample
        self.seconds: dict[pytest.Item, float] = {}
        """Test → seconds of processor time without a mutant."""
        self.calls: dict[pytest.Item, set[tuple[str, int]]] = {}
        """Test → the functions in mutated files that it calls: (file, first line)."""
        self.alive: list[Mutant] = []
        self.unfinished: list[Mutant] = []

    def pytest_configure(self) -> None:
        hypothesis.settings.register_profile("mutation", hypothesis.settings(), derandomize=True, database=None)
        hypothesis.settings.load_profile("mutation")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        targets = {str(ROOT / mutant.file): mutant.file for mutant in self.sample}
        for item in session.items:
            called = self.calls[item] = set()

            def look(frame, event, _, called=called):
                if event == "call" and (file := targets.get(frame.f_code.co_filename)):
                    called.add((file, frame.f_code.co_firstlineno))

            sys.setprofile(look)
            began = time.process_time()
            item.ihook.pytest_runtest_protocol(item=item, nextitem=None)  # leaves nothing that processes would share
            sys.setprofile(None)
            self.seconds[item] = time.process_time() - began
            if session.testsfailed:
                raise session.Failed(f"{item.nodeid} fails even without a mutant")
        took = sum(self.seconds.values())
        print(f"{len(session.items)} tests, {took:.0f} s of processor time without a mutant", file=sys.__stderr__)
        self.judge(session)
        return True

    def judge(self, session: pytest.Session) -> None:
        """Judge the mutants, each in a process of its own, WORKERS at a time."""
        waiting, running = self.sample[::-1], {}
        while waiting or running:
            while waiting and len(running) < WORKERS:
                mutant = waiting.pop()
                process = multiprocessing.get_context("fork").Process(target=self.run, args=(session, mutant))
                process.start()
                running[process] = mutant, time.monotonic() + MOST_SECONDS
            for process, (mutant, until) in list(running.items()):
                process.join(0.05)
                if late := process.exitcode is None and time.monotonic() > until:
                    process.kill()
                    process.join()
                if process.exitcode is not None:
                    del running[process]
                    self.unfinished += [mutant] * late
                    self.alive += [mutant] * (process.exitcode == 0)
                    fate = "not finished" if late else "killed" if process.exitcode else "survives"
                    print(f"{fate:12}", *mutant, file=sys.__stderr__, flush=True)

    def run(self, session: pytest.Session, mutant: Mutant) -> None:
        """Run the tests that call the mutated function. Ends this process, with 1 if a test fails, else with 0."""
        function = function_at(mutant.file, mutant.line)
        assert function, mutant
        lines = range(function.first - 5, function.last + 1)  # code begins with its decorators
        concerned = [item for item, called in self.calls.items() if any(line in lines for _, line in called)]
        concerned.sort(key=self.seconds.__getitem__)
        replace_code(mutant.file, function.name, mutant.code())
        for item in concerned:
            signal.setitimer(signal.ITIMER_PROF, LEAST + TIMES * self.seconds[item])
            item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
            if session.testsfailed:
                os._exit(1)
        os._exit(0)


def replace_code(file: str, name: str, source: str) -> None:
    """Give a function the code that it has in `source`, a changed version of its file."""
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    code: CodeType = compile(source, module.__file__ or "", "exec", dont_inherit=True)
    for part in name.split("."):
        code = next(one for one in code.co_consts if isinstance(one, CodeType) and one.co_name == part)
    function = functools.reduce(lambda owner, part: vars(owner)[part], name.split("."), module)
    for attribute in ("fget", "func", "__func__", "__wrapped__"):
        function = getattr(function, attribute, None) or function
    assert isinstance(function, FunctionType), name
    function.__code__ = code


# -- all of them -----------------------------------------------------------------------


def judged(sample: list[Mutant], files: tuple[str, ...], memory: Path) -> tuple[list[Mutant], list[Mutant]]:
    """The mutants that survive all these tests, and those that are not finished."""
    print(*files, flush=True)
    own, others = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_judge, args=(sample, files, memory, others))
    process.start()
    others.close()
    try:
        return own.recv()
    except EOFError:
        sys.exit("The tests fail even without a mutant.")
    finally:
        process.join()


def _judge(sample: list[Mutant], files: tuple[str, ...], memory: Path, answer) -> None:
    os.chdir(ROOT)
    record_programs(memory)
    judge = _Judge(sample)
    if not pytest.main(
        ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--capture=no", "--no-header", *files], [judge]
    ):
        answer.send((judge.alive, judge.unfinished))


def main(number: int = 120, seed: int = 1, files: Iterable[str] = ()) -> None:
    results = []
    with tempfile.TemporaryDirectory() as where:
        for file in files or SUITES:
            sample = alive = drawn(file, number, seed)
            unfinished: list[Mutant] = []
            for suite in SUITES[file]:
                if alive:
                    alive, late = judged(alive, suite, Path(where))
                    unfinished += late
            killed = len(sample) - len(alive) - len(unfinished)
            more = f"; {len(unfinished)} not finished" * bool(unfinished)
            results.append(f"{file}: {killed} of {len(sample)} killed, {killed / len(sample):.0%}{more}")
    print(*results, sep="\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), files=sys.argv[3:])
