"""What a notebook calls: exercise(), simulate(), check() and hint().

The only part that talks to Jupyter. It reads the files that the notebook's cells wrote, has them
judged, and shows the result; nothing it shows or returns is taken from the student's processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .course.catalogue import EXERCISES
from .course.exercise import MOST_CHARACTERS, PAYLOAD, Exercise
from .course.report import PASSED, Failure, Report
from .simulator import schedule as schedules
from .simulator import submit
from .simulator.executor import Executor
from .simulator.isolation import confinement
from .simulator.job import Job
from .simulator.pool import Moment, Outcome, outcome
from .simulator.pool import simulate as run
from .simulator.profile import PROFILES
from .simulator.tree import File, Tree
from .view import card, story
from .view.text import escape
from .view.timeline import timeline
from .view.verdict import fact_lines


class Score(float):
    """Points, as nbgrader reads them: the text form is the bare number."""

    maximum = 0.0

    def __new__(cls, points: float, maximum: float) -> Score:
        # nbgrader gives full marks for what is not a number
        score = super().__new__(cls, min(max(points, 0.0), maximum) if points == points else 0.0)
        score.maximum = maximum
        return score

    def __repr__(self) -> str:
        return f"{float(self):g}"

    def _repr_html_(self) -> str:
        return f"<b>{float(self):g}</b> of {self.maximum:g} points"


def exercise(name: str) -> None:
    """Lay out the submit directory of an exercise beside the notebook, and say what is in it.

    Files that you have written stay as they are; files that are given are made new.
    """
    chosen = _exercise(name)
    if chosen is None:
        return
    given = chosen.given().without(chosen.answers)
    try:
        given.write(name)
    except OSError as error:
        _show("", f"The folder {name}/ can't be made here: {error.strerror} ({error.filename}). "
                  "Move away what is there, or work in a folder of your own.")
        return
    _show("", f"Submit directory {name}/: {', '.join(given.top())}. Yours to write: {', '.join(chosen.answers)}.")


def check(name: str) -> Score | None:
    """Judge your answer to an exercise, as often as you like. Shows a report; returns the points."""
    chosen = _exercise(name)
    if chosen is None:
        return None
    report, directory = _judge(chosen), chosen.given() | _answer(chosen)
    arguments = (report.title, report.status, report.points, report.maximum, report.headline,
                 [(t.name, t.passed, t.text, t.points, t.maximum) for t in report.trials])
    _show(card.card(*arguments, _sections_html(report, directory), report.hints if report.status != PASSED else ()),
          card.card_text(*arguments, _sections_text(report, directory), ()))
    return Score(report.points, report.maximum)


def hint(name: str) -> None:
    """Hints for an exercise, one after the other: about what went wrong, if it is known."""
    chosen = _exercise(name)
    if chosen is None:
        return
    report = _judge(chosen)
    if report.status == PASSED:
        _show("", "Your answer is right. There is nothing left to hint at.")
        return
    known = report.failure.misconception if report.failure else None
    about = known.sentence if known else report.headline
    arguments = (f"Hints: {chosen.title}", report.status, report.points, report.maximum, about, (), (), report.hints)
    _show(card.card(*arguments), card.card_text(*arguments))


def simulate(name: str, schedule: str = "", profile: str = "modern", *, draw: bool = True,
             **settings: float) -> Outcome | None:
    """Run the job in a submit directory (of an exercise, or an example such as "fibonacci") through a
    schedule, and draw its story unless `draw` is False.

    `settings` change the sweep: start, end, and whatever is in my_input.txt. Returns how it ended;
    what came home is in its `home`.
    """
    try:
        directory, job = _job(name, settings)
        faults = schedules.parse(schedule)
        if profile not in PROFILES:
            raise ValueError(f"there is no profile {profile!r}; there are {', '.join(PROFILES)}")
    except (submit.SubmitError, ValueError) as problem:
        _show("", str(problem))
        return None
    with _executor() as executor:
        moments = list(run(job, executor, PROFILES[profile], faults))
    if draw:
        _show(timeline(moments, submit=directory, log_name=job.log),
              "\n".join(story.lines(moments, job.log, submit=directory)))
    return _Silent(outcome(moments))


class _Silent:
    """An outcome that a notebook does not print below the picture of it."""

    def __init__(self, end: Outcome):
        self._end = end

    def __getattr__(self, name: str):
        return getattr(self._end, name)

    def _ipython_display_(self) -> None:
        pass


def _exercise(name: str) -> Exercise | None:
    if name not in EXERCISES:
        _show("", f"There is no exercise {name!r}; there are {', '.join(EXERCISES)}.")
    return EXERCISES.get(name)


def _executor() -> Executor:
    """An executor that keeps a student's code in its sandbox, as far as the system offers it."""
    return Executor(confine=confinement())


def _judge(chosen: Exercise) -> Report:
    with _executor() as executor:
        return chosen.judge(_answer(chosen), executor)


def _answer(chosen: Exercise) -> Tree:
    """The files that the student wrote, as far as they are there."""
    files = ((path, Path(chosen.name, path)) for path in chosen.answers)
    return Tree({path: File(_read(where)) for path, where in files if where.is_file()})


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_CHARACTERS)
    except OSError:
        return b""


def _job(name: str, settings: dict[str, float]) -> tuple[Tree, Job]:
    """A submit directory and the job in it. Raises SubmitError."""
    if name in EXERCISES:
        chosen, answer = EXERCISES[name], _answer(EXERCISES[name])
        return chosen.given() | answer, chosen.job(answer, **settings)
    if settings:
        raise ValueError(f"only the sweep of an exercise takes settings ({', '.join(EXERCISES)}), {name!r} does not")
    found = next((PAYLOAD / name).glob("*.sub"), Path(name)) if name.isidentifier() else Path(name)
    return Tree.read(found.parent), submit.read(found).jobs[0]


# -- showing -----------------------------------------------------------------------


def _show(html: str, text: str) -> None:
    """Display HTML where there is a notebook, and the text anywhere else."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        print(text)
        return
    if html and get_ipython() is not None:
        display({"text/html": html, "text/plain": text}, raw=True)
    else:
        print(text)


def _sections_html(report: Report, directory: Tree) -> list[tuple[str, str]]:
    failure, sections = report.failure, []
    if failure and failure.evidence:
        sections.append(("What shows it", card.facts(failure.evidence)))
    if failure and failure.misconception:
        sections.append(("What may be behind it", f"<p>{escape(_behind(failure))}</p>"))
    if moments := _story(failure):
        sections.append((_story_title(failure), timeline(moments, submit=directory, log_name=failure.job.log)))
    return sections


def _sections_text(report: Report, directory: Tree) -> list[tuple[str, str]]:
    failure, sections = report.failure, []
    if failure and failure.evidence:
        sections.append(("What shows it", "\n".join(line for fact in failure.evidence for line in fact_lines(fact))))
    if failure and failure.misconception:
        sections.append(("What may be behind it", _behind(failure)))
    if moments := _story(failure):
        lines = story.lines(moments, failure.job.log, submit=directory)
        sections.append((_story_title(failure), "\n".join(lines)))
    return sections


def _behind(failure: Failure) -> str:
    return f"{failure.misconception.sentence} ({failure.misconception.id})"


def _story(failure: Failure | None) -> Sequence[Moment]:
    """The shortest schedule on which the answer fails, played once more."""
    if failure is None or failure.job is None or failure.found is None:
        return ()
    with _executor() as executor:
        return list(run(failure.job, executor, schedule=failure.found.schedule or (), most_executions=12))


def _story_title(failure: Failure) -> str:
    schedule = schedules.render(failure.found.schedule or ())
    return f"The shortest story of it: schedule {schedule}" if schedule else "The story of it, without any eviction"
