"""Grades a class: `python -m grader grade submitted/`.

Several processes judge, one submission each at a time; what they find is written down, a file for
each grade, whole or not at all. So whatever ends it, started again it goes on. What it is not: a
judge (judge.py), a reader of notebooks (submission.py), or a gradebook (nbgrader has one).
"""

from __future__ import annotations

import csv
import io
import itertools
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import NamedTuple, TextIO

from ..course.catalogue import EXERCISES
from ..simulator.executor import NoStarter
from ..simulator.isolation import Confinement, confinement
from ..view.card import number
from ..view.text import count, plain
from . import class_report, pages, submission
from .handin import HandedIn, Refused, find, load
from .judge import SECONDS, UNSEEN, Grade, fingerprint, judge, rubric

DONE, LOOK, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
"""Exit status: all graded; all graded but an instructor has to look at some; nothing graded; interrupted."""
PATIENCE = 60.0
"""Seconds beyond a submission's budget after which the process that grades it is taken for lost."""


@dataclass(frozen=True)
class Settings:
    """What a class is graded with. `store` is where grade files are."""

    store: Path
    confine: Confinement | None
    seed: str = UNSEEN
    seconds: float = SECONDS


class Outcome(NamedTuple):
    """What came of one submission: the grade file's name, or why there is none."""

    key: str = ""
    again: bool = False
    """Whether the grade was there already."""
    problem: str = ""


@dataclass
class Result:
    """One line of the class: who, and what they got."""

    handed: HandedIn
    outcome: Outcome
    _store: Path = field(repr=False, default=Path())

    @property
    def student(self) -> str:
        """Whose it is."""
        return self.handed.student

    def grade(self) -> Grade | None:
        """The grade, read from its file."""
        return _read_grade(self._store / self.outcome.key) if self.outcome.key else None

    def problems(self) -> list[str]:
        """What could not be graded, a sentence each."""
        grade = self.grade()
        return [*filter(None, [self.outcome.problem]), *(grade.unsure if grade else ())]


def grade(folder: Path, out: Path = Path("grades.csv"), reports: Path | None = None, jobs: int | None = None,
          require_sandbox: bool = False, seed: str = "", named: bool = False, say: TextIO = sys.stderr) -> int:
    """Grade everything in a folder (or zip file). Returns the exit status; says what is wrong in one sentence."""
    reports = reports or out.parent / "reports"
    confine = confinement()
    if require_sandbox and (confine is None or not confine.bubblewrap):
        print("grader grade: there is no sandbox on this machine (bubblewrap is missing, or may not be used), and "
              "--require-sandbox asks for one.", file=say)
        return UNUSABLE
    try:
        handed = find(folder)
        settings = Settings(reports / ".grades", confine, seed or UNSEEN)
        settings.store.mkdir(parents=True, exist_ok=True)
    except (OSError, Refused) as error:
        print(f"grader grade: {plain(str(folder))} can't be graded: {getattr(error, 'strerror', None) or error}.",
              file=say)
        return UNUSABLE
    if not handed:
        print(f"grader grade: there is no notebook, student folder or zip file in {plain(str(folder))}.", file=say)
        return UNUSABLE
    if confine is None or not confine.bubblewrap:
        print("Without bubblewrap students' programs are limited but not shut in; see docs/security.md.", file=say)
    return _grade(handed, settings, out, reports, jobs or os.cpu_count() or 1, named, say)


def _grade(handed: Sequence[HandedIn], settings: Settings, out: Path, reports: Path, jobs: int, named: bool,
           say: TextIO) -> int:
    before = _read_table(out)
    progress = Progress(len(handed), say)
    outcomes: list[Outcome | None] = [None] * len(handed)
    try:
        for index, outcome in grade_all(handed, settings, jobs):
            outcomes[index] = outcome
            progress.step(outcome)
    except KeyboardInterrupt:
        progress.end()
        print(f"Interrupted: {sum(o is not None for o in outcomes)} of {len(handed)} are graded. Started again, it "
              "goes on from there.", file=say)
        return INTERRUPTED
    except NoStarter as error:
        progress.end()
        print(f"grader grade: {error}", file=say)
        return UNUSABLE
    progress.end()
    results = [Result(one, outcome, settings.store) for one, outcome in zip(handed, outcomes)]
    table = _table(results, rubric(settings.seed))
    write_whole(out, _csv(table))
    _write_reports(results, reports, named)
    for line in changes(before, table):
        print(line)
    return _conclude(results, out, reports, say)


def _conclude(results: Sequence[Result], out: Path, reports: Path, say: TextIO) -> int:
    again = sum(result.outcome.again for result in results)
    known = f" ({again} of them before)" if again else ""
    print(f"{count(len(results), 'submission')} graded{known}: {out}, {reports / 'class.html'}", file=say)
    for exercise, students in class_report.alike_groups(results):
        print(f"Alike in {exercise}: {', '.join(students)}", file=say)
    odd = [(result.student, *result.problems()) for result in results if result.problems()]
    for student, *problems in odd:
        print(f"An instructor has to look at {student}: {' '.join(problems)}", file=say)
    return LOOK if odd else DONE


# -- one submission ----------------------------------------------------------------


def grade_one(handed: HandedIn, settings: Settings) -> Outcome:
    """Grade one submission, unless its grade is there already. Raises NoStarter."""
    found = read(handed)
    key = f"{fingerprint(found)}-{rubric(settings.seed)}.json"
    path = settings.store / key
    if _read_grade(path) is not None:
        return Outcome(key, again=True)
    write_whole(path, judge(found, settings.confine, settings.seed, seconds=settings.seconds).to_json())
    return Outcome(key)


def read(handed: HandedIn) -> submission.Submission:
    """What a student has handed in, with all that is wrong with it."""
    notebooks, remarks = [], list(handed.remarks)
    for source in handed.sources:
        try:
            notebooks.append((source.name if len(handed.sources) > 1 else "", load(source)))
        except Refused as refused:
            remarks.append(str(refused))
    if not handed.sources and not remarks:
        remarks.append("There is no notebook.")
    found = submission.read_all(notebooks)
    return submission.Submission(found.answers, (*remarks, *found.remarks))


def _read_grade(path: Path) -> Grade | None:
    try:
        return Grade.from_json(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, whatever happens meanwhile. (A power failure may leave
    an empty one, which _read_grade() takes for none.)"""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with open(handle, "wb") as file:
            file.write(data)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


# -- many submissions --------------------------------------------------------------


class Worker:
    """A process that grades one submission after the other."""

    def __init__(self, settings: Settings, scratch: str):
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=_serve, args=(theirs, self.pipe, settings, scratch), daemon=True)
        self.process.start()
        theirs.close()
        self.task: int | None = None
        self.until = float("inf")

    def give(self, index: int, handed: HandedIn, seconds: float) -> None:
        """Let it grade this one."""
        self.task, self.until = index, time.monotonic() + seconds
        try:
            self.pipe.send(handed)
        except OSError:
            pass  # it is dead, which its answer will tell

    def answer(self) -> Outcome | NoStarter:
        """What it has found, or that it is dead."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            return Outcome(problem="The process that graded it has died.")

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _serve(pipe: Connection, parents: Connection, settings: Settings, scratch: str) -> None:
    parents.close()  # so that the end of the parent is the end of the pipe
    signal.signal(signal.SIGINT, lambda *_: None)  # the parent is interrupted as well, and ends this process
    tempfile.tempdir = scratch
    try:
        while True:
            handed = pipe.recv()
            try:
                pipe.send(grade_one(handed, settings))
            except NoStarter as problem:
                pipe.send(problem)
            except Exception as error:  # one submission must not stop the others
                pipe.send(Outcome(problem=f"It could not be graded ({type(error).__name__}: {error})."))
    except (EOFError, KeyboardInterrupt, BrokenPipeError):
        pass


def grade_all(handed: Sequence[HandedIn], settings: Settings, jobs: int) -> Iterator[tuple[int, Outcome]]:
    """Grade all, in `jobs` processes; gives (index, outcome) as they come. Raises NoStarter."""
    waiting = deque(range(len(handed)))
    idle: list[Worker] = []
    busy: list[Worker] = []
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as scratch:
        os.chmod(scratch, 0o711)
        try:
            while waiting or busy:
                while waiting and len(busy) < jobs:
                    worker = idle.pop() if idle else Worker(settings, scratch)
                    index = waiting.popleft()
                    worker.give(index, handed[index], settings.seconds * len(EXERCISES) + PATIENCE)
                    busy.append(worker)
                for worker, outcome in _answers(busy):
                    busy.remove(worker)
                    (idle.append if not outcome.problem else Worker.end)(worker)
                    yield worker.task, outcome
        finally:
            for worker in (*idle, *busy):
                worker.end()


def _answers(busy: list[Worker]) -> Iterator[tuple[Worker, Outcome]]:
    """Those that have finished, died or taken too long, as soon as there is any."""
    soonest = min(worker.until for worker in busy)
    ready = wait([worker.pipe for worker in busy], max(0.0, soonest - time.monotonic()))
    for worker in list(busy):
        if worker.pipe in ready:
            outcome = worker.answer()
            if isinstance(outcome, NoStarter):
                raise outcome
            yield worker, outcome
        elif worker.until <= time.monotonic():
            yield worker, Outcome(problem="Grading it took too long.")


class Progress:
    """How far it is, and how long it will take: one line that changes, or a line now and then in a file."""

    def __init__(self, total: int, say: TextIO):
        self.total, self.say, self.done, self.fresh = total, say, 0, 0
        self.began = self.told = time.monotonic()
        self.terminal = say.isatty()

    def step(self, outcome: Outcome) -> None:
        """One more is done."""
        self.done += 1
        self.fresh += not outcome.again
        now = time.monotonic()
        if self.terminal or now - self.told > 10:
            self.told = now
            left = (now - self.began) / max(1, self.fresh) * (self.total - self.done)
            text = f"{self.done} of {self.total} graded, about {_left(left)} left"
            self.say.write(f"\r\x1b[K{text}" if self.terminal else text + "\n")
            self.say.flush()

    def end(self) -> None:
        """No more will come."""
        if self.terminal:
            self.say.write("\r\x1b[K")


def _left(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


# -- what is written ---------------------------------------------------------------

Table = dict[str, dict[str, str]]
"""Student → column → text."""


def _table(results: Iterable[Result], version: str) -> Table:
    return {result.student: _row(result, version) for result in results}


def _row(result: Result, version: str) -> dict[str, str]:
    grade, row = result.grade(), {"student": result.student, "points": "", "maximum": ""}
    if grade is not None:
        row |= {"points": number(grade.points), "maximum": number(grade.maximum)}
        for one in grade.exercises:
            row |= {one.exercise: number(one.points), f"{one.exercise} status": one.status,
                    f"{one.exercise} misconception": one.misconception or ""}
    remarks = (result.outcome.problem, *(grade.unsure if grade else ()), *(grade.remarks if grade else ()))
    return row | {"remarks": " ".join(filter(None, remarks)), "submission": result.outcome.key[:12], "rubric": version}


def _columns() -> list[str]:
    own = [column for name in EXERCISES for column in (name, f"{name} status", f"{name} misconception")]
    return ["student", "points", "maximum", *own, "remarks", "submission", "rubric"]


def _csv(table: Table) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, _columns(), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _no_formula(value) for name, value in row.items()} for row in table.values())
    return text.getvalue().encode("utf-8", "replace")


def _no_formula(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _read_table(path: Path) -> Table:
    """The grades of the last time; empty if there are none that can be read."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return {row["student"].removeprefix("'"): row for row in csv.DictReader(file) if row.get("student")}
    except (OSError, ValueError, csv.Error):
        return {}


def changes(before: Table, now: Table) -> Iterator[str]:
    """What a regrade has changed, a line for each student."""
    for student, row in now.items():
        old = before.get(student)
        if old is None or old.get("points") == row["points"]:
            continue
        where = [f"{name} {old.get(name) or 'none'} → {row.get(name) or 'none'}" for name in EXERCISES
                 if old.get(name) != row.get(name)]
        same = "the rubric has changed" if old.get("submission") == row["submission"] else "another submission"
        yield (f"{student}: {old.get('points') or 'no'} → {row['points'] or 'no'} points "
               f"({', '.join(where)}; {same})")


def _write_reports(results: Sequence[Result], reports: Path, named: bool) -> None:
    taken: set[str] = set()
    for result in results:
        page = pages.student(result.student, result.grade(), result.outcome.problem)
        write_whole(reports / "students" / f"{_file_name(result.student, taken)}.html", page.encode("utf-8", "replace"))
    write_whole(reports / "class.html", class_report.page(results, named).encode("utf-8", "replace"))


def _file_name(student: str, taken: set[str]) -> str:
    """A file name of harmless letters for a student, another for each."""
    base = re.sub(r"[^\w.@+-]+", "_", student)[:60].strip("._") or "unnamed"
    numbered = (f"{base}-{number}" for number in itertools.count(2))
    name = next(name for name in itertools.chain([base], numbered) if name.lower() not in taken)
    taken.add(name.lower())
    return name
