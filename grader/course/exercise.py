"""What an exercise is, and how an answer to it is judged.

An exercise gives files and asks for others; files and answer together are a submit directory. Its
trials are put to that directory one after the other. What the trials are is in one file for each
exercise (save.py, restore.py); running students' code is left to the executor.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from ..simulator import submit
from ..simulator.evidence import Evidence, evidence
from ..simulator.executor import Executor
from ..simulator.explore import RESTART_SAFE, Exploration, explore
from ..simulator.job import STDERR, STDOUT, Job
from ..simulator.pool import Ended, Saved
from ..simulator.tree import File, Tree
from .diagnosis import diagnose, failed_before_output
from .misconceptions import MISCONCEPTIONS
from .report import CRASHED, NOT_TRIED, PARTLY, PASSED, WRONG, Failure, Report, Trial

PAYLOAD = Path(__file__).resolve().parents[2] / "payload"
MOST_CHARACTERS = 100_000


@dataclass(frozen=True)
class Result:
    """What came of one trial: whether it passed, in a sentence, and the explanation if it did not."""

    passed: bool
    text: str
    failure: Failure | None = None
    schedules: int = 0
    """How many schedules were tried."""


class Bench:
    """Where an answer is tried: an executor, and what exploring has already found out."""

    def __init__(self, executor: Executor):
        self.executor = executor
        self._found: dict[tuple[Job, Tree], Exploration] = {}

    def explore(self, job: Job, expected: Tree) -> Exploration:
        """explore(), once for each job."""
        if (job, expected) not in self._found:
            self._found[job, expected] = explore(job, self.executor, expected=expected)
        return self._found[job, expected]


Ask = Callable[[Job, Bench], Result]


@dataclass(frozen=True)
class Question:
    """One trial of an exercise: a name, its points, and the function that puts it to an answer."""

    name: str
    maximum: float
    ask: Ask
    rests_on: tuple[str, ...] = ()
    """Names of questions without which this one means nothing."""


@dataclass(frozen=True)
class Exercise:
    """Files that are given, files that are asked for, questions, and hints for who has not begun."""

    name: str
    title: str
    submit_file: str
    given: Callable[[], Tree]
    answers: tuple[str, ...]
    """The files that the student writes."""
    functions: tuple[str, ...]
    """The functions that the student writes in the first of them."""
    questions: tuple[Question, ...]
    hints: tuple[str, str, str]

    @property
    def maximum(self) -> float:
        """Points for a right answer."""
        return sum(question.maximum for question in self.questions)

    def judge(self, answer: Tree, executor: Executor) -> Report:
        """Judge the files of an answer. Never raises for anything that the files may hold."""
        own = Tree({path: answer[path] for path in self.answers if isinstance(answer.get(path), File)})
        if problem := self._not_tried(own):
            return self._unasked(NOT_TRIED, problem, None)
        try:
            job = self.job(own)
        except submit.SubmitError as error:
            return self._unasked(CRASHED, f"HTCondor would refuse the submit file. {error}", Failure(str(error)))
        if failure := _syntax_error(self.answers[0], own[self.answers[0]]):
            return self._unasked(CRASHED, f"Python can't read the answer. {failure.text}", failure)
        return self._ask(job, Bench(executor))

    def _not_tried(self, own: Tree) -> str:
        for path in self.answers:
            if path not in own:
                return f"There is no {self.name}/{path} yet: run the cell that writes it."
        undone = [name for name in self.functions if name in unwritten_functions(own[self.answers[0]])]
        return f"{' and '.join(undone)} {'is' if len(undone) == 1 else 'are'} still to be written." if undone else ""

    def job(self, answer: Tree, **settings: float) -> Job:
        """The job that an answer makes, with other settings of the sweep if any are given.

        Raises SubmitError for a submit file that can't be used, or lacks a file.
        """
        directory = self.given() | answer
        job = submit.parse(directory[self.submit_file].text, submit.TreeFolder(directory),
                           name=self.submit_file).jobs[0]
        if not settings:
            return job
        start, end = settings.pop("start", 1), settings.pop("end", settings.get("steps", 12))
        return sweep(job, int(start), int(end), **settings)

    def _unasked(self, status: str, headline: str, failure: Failure | None) -> Report:
        trials = tuple(Trial(q.name, 0.0, q.maximum, None, "") for q in self.questions)
        return Report(self.name, self.title, status, headline, trials, failure, self.hints)

    def _ask(self, job: Job, bench: Bench) -> Report:
        trials: list[Trial] = []
        failure: Failure | None = None
        for question in self.questions:
            if any(not trial.passed for trial in trials if trial.name in question.rests_on):
                trials.append(Trial(question.name, 0.0, question.maximum, None, "not asked yet"))
                continue
            result = question.ask(job, bench)
            failure = failure or result.failure
            text = f"all {result.schedules} schedules: {result.text}" if result.passed and result.schedules else result.text
            trials.append(Trial(question.name, question.maximum if result.passed else 0.0, question.maximum,
                                result.passed, text))
        return self._report(tuple(trials), failure)

    def _report(self, trials: tuple[Trial, ...], failure: Failure | None) -> Report:
        if failure is None:
            return Report(self.name, self.title, PASSED, "Every question is answered rightly.", trials, None, ())
        got = any(trial.passed for trial in trials)
        status = PARTLY if got else CRASHED if _crashed(failure) else WRONG
        hints = failure.misconception.hints if failure.misconception else self.hints
        return Report(self.name, self.title, status, failure.text, trials, failure, hints)


# -- questions ---------------------------------------------------------------------


def every_schedule(job: Job, bench: Bench, expected: Tree) -> Result:
    """Whether a job is restart-safe: every schedule tried, and the right output asked of each."""
    found = bench.explore(job, expected)
    if found.verdict == RESTART_SAFE and not _surplus(job, found):
        return Result(True, "every one ends with the right output", schedules=found.schedules)
    return _failed(job, bench, found)


def fault_free(job: Job, bench: Bench, expected: Tree, misconception: str | None = None) -> Result:
    """Whether a job that is never evicted, only restarted in place, ends with the right output.

    `misconception` names what a failure means where the trial itself says it.
    """
    found = bench.explore(job, expected)
    home = _free_end(found)
    right = home is not None and all(home.get(path) == entry for path, entry in expected.items())
    if right and not _surplus(job, found):
        return Result(True, f"{_count(found.checkpoints, 'checkpoint')}, "
                            f"{_count(found.checkpoints + 1, 'execution')}, the right output")
    return _failed(job, bench, found, misconception)


def first_checkpoint(job: Job, bench: Bench, expected: Tree) -> Result:
    """Whether the first execution leaves with the checkpoint code, and its files reach the spool."""
    found = bench.explore(job, expected)
    if isinstance(found.first.next, Saved):
        files = " and ".join(found.first.next.spool.without((STDOUT, STDERR)).listing())
        return Result(True, f"exit code {job.checkpoint_exit_code}, and the spool directory has {files}")
    return _failed(job, bench, found)


def _failed(job: Job, bench: Bench, found: Exploration, misconception: str | None = None) -> Result:
    more = _surplus(job, found) if found.violation is None else 0
    text = f"The output is right, but {_count(more, 'iteration')} too many." if more else _sentence(found)
    known = misconception or ("repeats-iteration" if more else None)
    return Result(False, text, Failure(
        text, job, found, evidence(job, found),
        MISCONCEPTIONS[known] if known else diagnose(job, found, bench.executor)))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _surplus(job: Job, found: Exploration) -> int:
    """How many iterations a sweep that is never evicted does beyond those it was asked for."""
    start, end = map(int, job.arguments)
    seconds = _named_values(job.inputs["my_input.txt"])["seconds"]
    if not seconds or found.seconds is None:
        return 0
    return max(0, round(found.seconds / seconds) - (end - start + 1))


def _named_values(file: File) -> dict[str, float]:
    lines = [line.split("#")[0].partition("=") for line in file.text.splitlines()]
    return {name.strip(): float(value) for name, _, value in lines if value}


def _free_end(found: Exploration) -> Tree | None:
    """What the run without faults brings home, if it ends with exit code 0."""
    state, seen = found.first, set()
    while state is not None and id(state) not in seen:
        seen.add(id(state))
        if isinstance(state.next, Ended):
            return state.next.home if state.next.exit.code == 0 else None
        state = state.follower
    return None


def _sentence(found: Exploration) -> str:
    """What went wrong, as one sentence."""
    if found.verdict == "unknown":
        if found.failure and found.failure.startswith("it never made"):
            return "The program never left with the checkpoint exit code, so HTCondor never saved anything."
        return f"Nothing can be said for certain: {found.failure}."
    state = found.violation.state
    where = f"on the schedule {' '.join(map(str, found.schedule))}" if found.schedule else "even without an eviction"
    if failed_before_output(state):
        return f"The program fails with {state.run.exit} {where}, before it has made its output."
    return {
        "wrong output": f"The job ends, but its output is wrong {where}.",
        "held": f"HTCondor puts the job on hold {where}: {getattr(state.next, 'reason', '')}.",
        "failed": f"The job fails with {state.run and state.run.exit} {where}.",
        "never finishes": f"The job is started again and again and never finishes {where}.",
        "lost progress": f"The output is right, but a restart throws saved work away {where}.",
    }[found.failure]


def _crashed(failure: Failure) -> bool:
    """Whether the answer's very first execution ended with a Python exception."""
    found = failure.found
    return bool(found and found.violation and found.violation.state is found.first
                and "Traceback" in found.first.run.stderr and failure.misconception is None)


# -- reading an answer, without running it -------------------------------------------


def unwritten_functions(file: File) -> set[str]:
    """The functions in a Python file that still are what the exercise began with: a body that
    only raises NotImplementedError, docstring apart."""
    try:
        module = _parsed(file, "")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {node.name for node in module.body if isinstance(node, ast.FunctionDef) and _is_stub(node)}


def _parsed(file: File, path: str) -> ast.Module:
    with warnings.catch_warnings():  # anything on stderr would cost all points in nbgrader
        warnings.simplefilter("ignore")
        return ast.parse(file.content[:MOST_CHARACTERS], path)


def _is_stub(function: ast.FunctionDef) -> bool:
    body = [s for s in function.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    return len(body) == 1 and isinstance(body[0], ast.Raise) and "NotImplementedError" in ast.dump(body[0])


def _syntax_error(path: str, file: File) -> Failure | None:
    try:
        _parsed(file, path)
    except SyntaxError as error:
        fact = Evidence("traceback", f"SyntaxError: {error.msg}", path, error.lineno, got=error.text)
        return Failure(f"{path}, line {error.lineno}: {error.msg}.", evidence=(fact,))
    except (ValueError, RecursionError, MemoryError) as error:
        return Failure(f"{path} can't be read as Python: {error}.")
    return None


# -- the sweep and its known answers -------------------------------------------------


@lru_cache(None)
def sweep_files() -> Tree:
    """payload/sweep: the program, its input and its submit file."""
    return Tree.read(PAYLOAD / "sweep")


def sweep(job: Job, start: int, end: int, **settings: float) -> Job:
    """The same job with other arguments, and other settings in my_input.txt."""
    given = sweep_input(**settings)
    return replace(job, arguments=(str(start), str(end)), inputs=job.inputs.put("my_input.txt", given))


def sweep_input(**settings: float) -> File:
    """my_input.txt with some of its settings changed. Raises ValueError for one that it does not have."""
    known = _named_values(sweep_files()["my_input.txt"])
    if unknown := [name for name in settings if name not in known]:
        raise ValueError(f"the sweep has no setting {unknown[0]!r}; it has start, end, {', '.join(known)}")
    lines = []
    for line in sweep_files()["my_input.txt"].text.splitlines():
        name = line.partition("=")[0].strip()
        lines.append(f"{name} = {settings[name]}" if name in settings else line)
    return File("\n".join(lines).encode() + b"\n")


NEVER_SAVES = b"def save_checkpoint(iteration):\n    pass\n\n\ndef restore_checkpoint(start, end):\n    return start\n"


@lru_cache(None)
def sweep_output(start: int, end: int, settings: tuple[tuple[str, float], ...] = ()) -> Tree:
    """The known answer: what my_output.txt is if the sweep is never interrupted. It is computed
    by the sweep itself with a checkpoint module that does nothing, in an executor of its own."""
    files = sweep_files().put("checkpoint.py", File(NEVER_SAVES)).put("my_input.txt", sweep_input(**dict(settings)))
    job = Job("sweep.py", (str(start), str(end)), inputs=files)
    with Executor() as trusted:
        return Tree({"my_output.txt": trusted.run(job, files).sandbox["my_output.txt"]})


def asking(question: Callable[..., Result], start: int, end: int, **settings: float) -> Ask:
    """A question about the sweep from `start` to `end`."""
    def ask(job: Job, bench: Bench) -> Result:
        expected = sweep_output(start, end, tuple(sorted(settings.items())))
        return question(sweep(job, start, end, **settings), bench, expected)
    return ask


def both(*asks: Ask) -> Ask:
    """Passed if all are; the first that fails is the answer. Schedules are added up."""
    def ask(job: Job, bench: Bench) -> Result:
        schedules = 0
        for one in asks:
            result = one(job, bench)
            schedules += result.schedules
            if not result.passed:
                break
        return replace(result, schedules=schedules)
    return ask


