"""Grades a class: `python -m grader grade submitted/`.

Processes of this machine (workers.py) or HTCondor jobs (cluster.py) judge the submissions. Each grade is written
atomically into a file of its own, so after any interruption the next run continues. judge.py judges, submission.py
reads notebooks, exports.py writes formats of other systems.
"""

from __future__ import annotations

import difflib
import itertools
import os
import re
import sys
import tempfile
import time
import unicodedata
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple, TextIO

from ..execute.isolation import Confinement, confinement, exposed
from ..execute.team import processors
from ..files import remove_unfinished, write_whole
from ..real_pool.personal_pool import PoolError
from ..rules.execution import MachineTrouble
from ..text import as_sentence, count, plain, series
from . import class_report, cluster, exports, grades_table, pages, workers
from .adjustments import FILE, Adjustment, not_found
from .adjustments import read as read_adjustments
from .archives import Refused
from .assignment import NAME, Assignment
from .collect import HandIns, find
from .judge import UNSEEN, rubric
from .results import StudentResult
from .roster import NOT_ON_IT, SEVERAL, compare
from .roster import read as read_roster
from .store import Settings, StoreEntry

DONE, LOOK, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
"""Exit status: all graded; some need an instructor's attention; nothing graded; interrupted."""
HERE = "here"
"""Where submissions are judged, unless it is in HTCondor jobs."""


class OutputOptions(NamedTuple):
    """What to write, and where."""

    out: Path
    reports: Path
    named: bool
    formats: tuple[str, ...]
    """The formats of other systems; see exports.py."""
    assignment: Assignment
    roster: str
    """The name of the class list's file; '' without one."""


def grade(
    folder: Path,
    out: Path = Path("grades.csv"),
    reports: Path | None = None,
    jobs: int | None = None,
    require_sandbox: bool = False,
    seed: str = "",
    named: bool = False,
    on: str = HERE,
    say: TextIO = sys.stderr,
    roster: Path | None = None,
    formats: Sequence[str] = (),
    assignment: str = NAME,
    notebooks: Sequence[str] = (),
    in_browser: bool = False,
) -> int:
    """Grade everything in a folder or archive. Returns the exit status; prints problems to `say`, a sentence each."""
    reports = reports or out.parent / "reports"
    try:
        asked = _assignment(assignment, notebooks, in_browser)
        confine = _confinement(require_sandbox) if on == HERE else None
        handed = _handed_in(folder, (out, reports), roster)
        by_hand, strays = read_adjustments(out.parent / FILE, [*handed, *handed.missing])
        _count_marked(handed, by_hand)
        settings = Settings(reports / ".grades", confine, seed or UNSEEN)
        if confine and confine.bubblewrap and (problem := exposed(folder, out.parent, reports)):
            raise Refused(plain(problem))
        if problem := _unwritable(out, reports, settings.store, reports / "students"):
            raise Refused(problem)
    except Refused as refused:
        for problem in str(refused).splitlines():
            print(f"grader grade: {problem}", file=say)
        return UNUSABLE
    if on == HERE and not (confine and confine.bubblewrap):
        print("Without bubblewrap, students' programs are limited but not confined; see docs/security.md.", file=say)
    graded = (
        workers.grade_all(handed, settings, jobs or processors())
        if on == HERE
        else cluster.grade_all(handed, settings, jobs, require_sandbox, say)
    )
    output = OutputOptions(out, reports, named, tuple(dict.fromkeys(formats)), asked, roster.name if roster else "")
    handed.odd += [(f"{FILE}, line {stray.line}", not_found(stray, handed)) for stray in strays]
    return _grade(handed, settings, graded, by_hand, output, say)


def _assignment(name: str, notebooks: Sequence[str], in_browser: bool) -> Assignment:
    """Raises Refused for a notebook that does not exist."""
    try:
        return Assignment.of(name, notebooks, in_browser)
    except ValueError as error:
        raise Refused(as_sentence(str(error))) from None


def _confinement(required: bool) -> Confinement | None:
    """How programs are confined here. Raises Refused if a sandbox is `required` and there is none."""
    confine = confinement()
    if required and not (confine and confine.bubblewrap):
        raise Refused(
            "--require-sandbox asks for a sandbox, but this machine has none (bubblewrap is missing, or may not be used)."
        )
    return confine


def _handed_in(folder: Path, own: Collection[Path], roster: Path | None) -> HandIns:
    """What is in a folder or archive, compared with the roster. `own`: this command's files. Raises Refused."""
    try:
        handed = find(folder, own)
    except (OSError, Refused) as error:
        raise Refused(f"{plain(str(folder))} can't be graded: {_why(error)}{_meant(folder)}") from None
    if not any(one.sources for one in handed):
        why = [remark for one in handed for remark in one.remarks][:3]
        raise Refused(" ".join([f"there is no readable notebook in {plain(str(folder))}.", *why]))
    if roster is None:
        return handed
    try:
        return compare(handed, read_roster(roster))
    except (OSError, Refused) as error:
        raise Refused(f"the roster {plain(roster.name)} can't be read: {_why(error)}{_meant(roster)}") from None


def _count_marked(handed: HandIns, by_hand: Mapping[str, Sequence[Adjustment]]) -> None:
    """Treat students who handed in nothing but got points by hand as if they had handed in an empty folder."""
    marked = {student for student, lines in by_hand.items() if any(line.points is not None for line in lines)}
    handed += [one for one in handed.missing if one.student in marked]
    handed.missing = [one for one in handed.missing if one.student not in marked]


def _meant(path: Path) -> str:
    """A question, if a path that does not exist nearly has the name of one that does."""
    if path.exists() or not path.parent.is_dir():
        return ""
    near = difflib.get_close_matches(path.name, os.listdir(path.parent), 1)
    return f" Did you mean {plain(str(path.with_name(near[0])))}?" if near else ""


def _why(error: OSError | Refused) -> str:
    return as_sentence(getattr(error, "strerror", None) or str(error))


def _unwritable(out: Path, *directories: Path) -> str:
    """Create the directories, and remove what a killed grading was writing there. Returns a sentence on why the table
    or the pages can't be written; '' if they can."""
    if out.exists() and not out.is_file():
        kind = "a directory" if out.is_dir() else "not a regular file"
        return f"{plain(str(out))} is {kind}: name a file for the grades with --out."
    if grades_table.is_foreign(out):
        return f"{plain(str(out))} was not written by this command, and would be lost: name another file with --out."
    for option, directory in (("--out", out.parent), *(("--reports", directory) for directory in directories)):
        for place in (directory, *directory.parents):
            if place.exists() and not place.is_dir():
                return f"{plain(str(place))} is a file, so no directory can be created there: name another place with {option}."
        try:
            directory.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=directory):
                remove_unfinished(directory)
        except OSError as error:
            return f"nothing can be written to {plain(str(directory))} ({error.strerror}): name another place with {option}."
    return ""


def _remove_empty(*directories: Path) -> None:
    """Remove the directories that are empty, as they were created for nothing."""
    for directory in directories:
        with suppress(OSError):
            directory.rmdir()


def _grade(
    handed: HandIns,
    settings: Settings,
    graded: Generator[tuple[int, StoreEntry], None, None],
    by_hand: Mapping[str, Sequence[Adjustment]],
    output: OutputOptions,
    say: TextIO,
) -> int:
    out, reports = output.out, output.reports
    before, known = grades_table.read(out), {path.name for path in settings.store.glob("*.json")}
    progress = Progress(len(handed), say)
    outcomes: dict[int, StoreEntry] = {}
    try:
        with closing(graded):
            for index, outcome in graded:
                outcomes[index] = outcome
                progress.step(outcome)
    except KeyboardInterrupt:
        progress.end()
        print(
            f"Interrupted: {len(outcomes)} of {len(handed)} are graded. The next run continues from there.",
            file=say,
        )
        return INTERRUPTED
    except (MachineTrouble, PoolError) as error:
        progress.end()
        _remove_empty(settings.store / "htcondor", settings.store, reports / "students", reports)
        print(f"grader grade: {error}", file=say)
        return UNUSABLE
    progress.end()
    results = [
        StudentResult(hand_in, outcomes[index], settings.store, by_hand.get(hand_in.student, ()), output.assignment)
        for index, hand_in in enumerate(handed)
    ]
    missing = [
        StudentResult(hand_in, StoreEntry(), adjustments=by_hand.get(hand_in.student, ())) for hand_in in handed.missing
    ]
    table = grades_table.of_results([*results, *missing], rubric(settings.seed))
    write_whole(out, grades_table.as_csv(table, output.assignment.exercises))
    about = f"{output.assignment.name}, {time.strftime('%Y-%m-%d')}"
    submissions = [result for result in results if not result.handed.nothing]
    strangers = [student for student, why in handed.odd if why in (NOT_ON_IT, SEVERAL)]
    nothing = [result.student for result in missing if not result.handed.said]  # otherwise, a hand-in may be theirs
    turnout = class_report.Turnout(len(nothing), len(results) - len(submissions), len(strangers))
    written = _write_reports(results, output, turnout, about)
    exported = _export([*results, *missing], output, written, say)
    for line in grades_table.changes(before, table):
        print(line)
    again = sum(result.outcome.key in known for result in submissions)
    print(
        f"{count(len(submissions), 'submission')} graded{f' ({again} of them before)' if again else ''}: {out}, "
        f"{', '.join(map(str, [reports / 'class.html', *exported]))}",
        file=say,
    )
    if nothing:
        print(f"Nothing was handed in by {series(nothing, len(nothing))}.", file=say)
    return _conclude(results, handed.odd, say)


def _export(
    results: Sequence[StudentResult], output: OutputOptions, written: Mapping[str, Path], say: TextIO
) -> list[Path]:
    """Write the files that other systems import; returns their paths."""
    files = []
    for form in output.formats:
        for ending, data in exports.files(form, results, output.assignment, written).items():
            path = output.out.with_name(output.out.stem + ending)
            if data:
                files.append(path)
                write_whole(path, data)
            else:
                path.unlink(missing_ok=True)
                print(f"There is no {plain(path.name)}: {exports.NOBODY[form]}", file=say)
        for sentence in exports.unknown(form, results, output.roster):
            print(sentence, file=say)
    return files


def _conclude(results: Sequence[StudentResult], odd: Sequence[tuple[str, str]], say: TextIO) -> int:
    for exercise, students in class_report.alike_groups(results):
        print(f"Similar answers to {exercise}: {', '.join(students)}", file=say)
    look = [*((result.student, " ".join(result.problems())) for result in results if result.problems()), *odd]
    for what, why in look:
        print(f"An instructor has to look at {what}: {why}", file=say)
    return LOOK if look else DONE


class Progress:
    """Shows the progress and the time left: one line that changes on a terminal, a line now and then in a file."""

    def __init__(self, total: int, say: TextIO):
        self.total, self.say, self.done, self.fresh = total, say, 0, 0
        self.began = self.shown = time.monotonic()
        self.terminal = say.isatty()

    def step(self, outcome: StoreEntry) -> None:
        """One more submission is done."""
        self.done += 1
        self.fresh += not outcome.again
        now = time.monotonic()
        if self.terminal or now - self.shown > 10:
            self.shown = now
            left = (now - self.began) / max(1, self.fresh) * (self.total - self.done)
            text = f"{self.done} of {self.total} graded" + (f", about {time_left(left)} left" if left else "")
            self.say.write(f"\r\x1b[K{text}" if self.terminal else text + "\n")
            self.say.flush()

    def end(self) -> None:
        """Erase the line on a terminal."""
        if self.terminal:
            self.say.write("\r\x1b[K")


def time_left(seconds: float) -> str:
    """The remaining time in words, rounded to seconds or minutes."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _write_reports(
    results: Sequence[StudentResult], output: OutputOptions, turnout: class_report.Turnout, about: str
) -> dict[str, Path]:
    """Write the pages. Returns student → page."""
    reports = output.reports
    taken: set[str] = set()
    written: dict[str, Path] = {}
    for result in results:
        page = pages.student(plain(result.name), result.grade(), result.outcome.problem, result.comments())
        written[result.student] = reports / "students" / f"{_file_name(result.student, taken)}.html"
        write_whole(written[result.student], page.encode("utf-8", "replace"))
    for former in (reports / "students").glob("*.html"):
        if _as_on_disk(former.stem) not in taken:  # of a student who has left the class
            former.unlink()
    names = [result.name for result in results]
    of_class = class_report.page(results, output.named, turnout, about, output.assignment, names)
    write_whole(reports / "class.html", of_class.encode("utf-8", "replace"))
    side_by_side = pages.alike(class_report.alike_pairs(results))
    write_whole(reports / "alike.html", side_by_side.encode("utf-8", "replace"))
    return written


def _file_name(student: str, taken: set[str]) -> str:
    """A unique file name for a student, of harmless characters."""
    base = re.sub(r"[^\w.@+-]+", "_", student)[:60].strip("._") or "unnamed"
    numbered = (f"{base}-{number}" for number in itertools.count(2))
    name = next(name for name in itertools.chain([base], numbered) if _as_on_disk(name) not in taken)
    taken.add(_as_on_disk(name))
    return name


def _as_on_disk(name: str) -> str:
    """The same for all names that some disks take for one: names that differ in case, or in how accents are encoded."""
    return unicodedata.normalize("NFC", name).casefold()
