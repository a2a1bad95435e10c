"""The functions that notebooks call: exercise(), simulate(), measure(), steps(), panel(), check(), hint() and so on.

They read the files that the notebook's cells wrote, have them judged, and show the result. Nothing that they show or
return comes from a student's process unchecked.
"""

from __future__ import annotations

import difflib
import math
import os
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

from markupsafe import Markup

from .. import submit
from ..course import explanation
from ..course.budgeted import LIMITS, BudgetedExecutor
from ..course.catalogue import COURSE, EXERCISES
from ..course.exercise import Exercise
from ..course.payload import PAYLOAD
from ..course.prediction import WRONG_BEFORE
from ..course.reading import MOST_CHARACTERS, assigned_literals, literal, literal_text
from ..course.report import PASSED, Report
from ..course.shell import shell_script
from ..execute.here import LocalExecutor
from ..execute.isolation import confinement
from ..execute.startd import has_processes
from ..files import read_named, read_regular
from ..problems import NO_EFFECT
from ..real_pool.log import read as read_log
from ..real_pool.personal_pool import PoolError
from ..real_pool.queue import at_hand
from ..rules import schedule as schedules
from ..rules.costs import costs
from ..rules.eventlog import Event
from ..rules.execution import Limits, MachineTrouble
from ..rules.job import Job
from ..rules.joblog import job_log
from ..rules.profile import MODERN, PROFILES, Profile
from ..rules.simulation import Moment, Outcome, Pace, outcome
from ..rules.simulation import simulate as run
from ..text import as_sentence, plain
from ..tree import File, Tree
from ..view import card, durations, ending, story
from ..view import glossary as glossaries
from ..view.rendering import prose
from ..view.steps import stepper
from ..view.style import NO_FORMULA, NOTHING_TO_SEE
from ..view.timeline import timeline
from . import marks as kept
from . import slips, without_shell
from .live import Live
from .sliders import explorer  # noqa: F401  (notebooks call it)

SECONDS = 30.0
"""Limit on the real time of all executions of one check(); a right answer takes less than a second."""

TRIES = 3
"""Different wrong predictions after which the solution appears by itself."""

CHECKED = "_checked"
"""The kernel's variable with the answers that check() judged last: exercise → answer."""


class Score(float):
    """Points, as nbgrader reads them: the text form is the bare number."""

    maximum = 0.0

    def __new__(cls, points: float, maximum: float) -> Score:
        # nbgrader gives full points for NaN
        score = super().__new__(cls, min(max(points, 0.0), maximum) if points == points else 0.0)
        score.maximum = maximum
        return score

    def __repr__(self) -> str:
        return f"{float(self):g}"

    def _repr_html_(self) -> str:
        return NOTHING_TO_SEE  # the card above shows the points


def exercise(name: str = "") -> None:
    """Create the submit directory of an exercise beside the notebook, and say what is in it.

    Files that you wrote stay unchanged; files that come with the exercise are written again.
    """
    chosen = _exercise(name)
    if chosen is None:
        return
    given = chosen.given().without(chosen.answers)
    try:
        given.write(name)
    except OSError as error:
        _say(
            f"The folder {name}/ can't be created here: {error.strerror} ({error.filename}). "
            "Move what is in the way, or work in a folder of your own."
        )
        return
    slips.watch(_shell(), chosen, _say)
    _say(f"Submit directory {name}/: {', '.join(given.top())}. For you to write: {', '.join(chosen.answers)}.")
    if without_shell.is_out_of_reach(chosen):
        _say(without_shell.NEEDS_SHELL.format(name=name, script=shell_script(chosen)))


P = ParamSpec("P")
T = TypeVar("T")


def _explains_trouble(function: Callable[P, T]) -> Callable[P, T | None]:
    """If this machine can't run jobs, say why instead of showing a traceback."""

    @wraps(function)
    def called(*arguments: P.args, **options: P.kwargs) -> T | None:
        try:
            return function(*arguments, **options)
        except MachineTrouble as problem:
            _say(str(problem))
            return None

    return called


@_explains_trouble
def check(name: str = "", value: object = ...) -> Score | None:
    """Judge your answer to an exercise, as often as you like. Shows a report, and returns the points.

    `value` is the answer if it is a value, such as a prediction, and not files that cells have written.
    """
    chosen = _exercise(name)
    if chosen is None:
        return None
    try:
        answer = _value(chosen, value) if chosen.literal else _written(chosen)
    except ValueError as problem:
        _say(f"{name} can't be read: {problem}.")
        return Score(0.0, chosen.maximum)
    watched = slips.watched(_shell())
    unread = _unread(chosen, answer)
    for sentence in (*(watched.stale(chosen) if watched else ()), *_misnamed(chosen), *filter(None, [unread])):
        _say(sentence)
    with BudgetedExecutor(confinement(), SECONDS) as executor:
        report = chosen.judge(answer, executor)
        moments = explanation.story_of(report, executor)
    for doubt in dict.fromkeys(executor.doubts):
        _say(f"{doubt} This may be due to the machine: check again.")
    checked = getattr(_shell(), "user_ns", {}).setdefault(CHECKED, {})
    if report.status != PASSED and answer and checked.get(name) == answer and not executor.doubts:
        _say("This is the same answer as at the last check. If you have changed its cell, run that cell first.")
    checked[name] = answer
    _report_to_validate(report, unread)
    tries = kept.keep(report, answer)
    nudge = bool(report.failure and report.failure.solution) and tries < TRIES
    _show(
        explanation.card_html(report, explanation.sections_html(chosen, answer, report, moments), nudge),
        explanation.card_text(report, explanation.sections_text(chosen, answer, report, moments), nudge),
        metadata={WRONG_BEFORE: {name: tries}} if chosen.literal else {},
    )
    return Score(report.points, report.maximum)


def _report_to_validate(report: Report, unread: str) -> None:
    """Make nbgrader's Validate button say what is wrong: without text on stderr, it says "partial credit"."""
    if os.environ.get("NBGRADER_EXECUTION") == "validate" and (unread or report.status != PASSED):
        print(plain(unread or f"{report.title}: {report.status}. {report.headline}"), file=sys.stderr)


@_explains_trouble
def hint(name: str = "") -> None:
    """Show hints for an exercise, one at a time, about your mistake if it is recognised.

    If the answer is a value, the last result of check() counts, as no file contains it.
    """
    chosen = _exercise(name)
    if chosen is None:
        return
    answer = Tree() if chosen.literal else _written(chosen)
    with BudgetedExecutor(confinement(), SECONDS) as executor:
        report = chosen.judge(answer, executor)
    last = kept.read().get(name) if chosen.literal else None
    status, points = last[:2] if last else (report.status, report.points)
    if status == PASSED:
        _say("Your answer is right, so there are no more hints.")
        return
    about = report.headline if status == report.status else ""
    head = (f"Hints: {chosen.title}", status, points, report.maximum, about, ())
    _show(
        card.card(*head, explanation.sections_html(chosen, answer, report, ()), report.hints),
        card.card_text(*head, explanation.sections_text(chosen, answer, report), report.hints),
    )


def progress() -> None:
    """Show which exercises are passed, the points, and what to do next, by the last result of each check() in this or
    an earlier kernel."""
    marks = kept.read()
    _show(kept.html(marks), kept.text(marks))


def glossary(word: str = "") -> None:
    """Explain a word of HTCondor or of this course; without a word, all of them."""
    terms = glossaries.lookup(word if isinstance(word, str) else "")
    if terms:
        _show(glossaries.glossary_html(terms), glossaries.glossary_text(terms))
    else:
        names = ", ".join(term.name for term in glossaries.TERMS)
        _say(f"{word!r} is not in the glossary, which has: {names}.")


def pool() -> None:
    """Say whether a real HTCondor accepts jobs here, and what to do otherwise."""
    try:
        queue = at_hand()
        version = queue.run("condor_version").split()[1]
        queue.run("condor_q", "-totals")  # whether the queue answers
    except PoolError as trouble:
        _say(
            f"{as_sentence(str(trouble))} Or copy the submit directory to an access point, and hand in the log from there. Without a pool "
            "you can still read on: exercises that need one don't count in the total."
        )
        return
    _say(f"A real HTCondor, version {version}, is installed here, and its queue accepts jobs.")


@_explains_trouble
def simulate(
    name: str, schedule: str = "", profile: str = "modern", *, draw: bool = True, **settings: float
) -> Outcome | None:
    """Run the job in a submit directory (of an exercise, or an example such as "fibonacci") through a schedule, and
    draw what happens unless `draw` is False.

    `settings` change the sweep: start, end, and the values in my_input.txt. Returns how the job ended; the files that
    it returned are in the result's `returned_files`.
    """
    request = _request(name, schedule, profile, settings)
    if request is None:
        return None
    moments = _simulated(request)
    if draw:
        for sentence in (*request.remarks, *ending.not_happened(moments, request.faults)):
            _say(sentence)
        _show(timeline(moments, submit=request.directory, log_name=request.job.log), _story_text(request, moments))
    return _silent(outcome(moments))


@_explains_trouble
def measure(name: str, schedule: str = "") -> Outcome | None:
    """Show how long transfers take and slots last, according to a job event log.

    `name` is either the job event log of a real or simulated job, or a job, as for simulate(). A job runs through the
    schedule with the files of the exercise, without your answer. Returns how the job ended, if it was run.
    """
    if name.endswith(".log"):
        try:
            _show_costs(read_log(read_named(Path(name)).decode("utf-8", "replace")))
        except OSError as error:
            _say(f"{name} can't be read: {error.strerror}.")
        return None
    request = _request(name, schedule, MODERN.name, {}, answered=False)
    if request is None:
        return None
    moments = _simulated(request)
    _show_costs(job_log(request.job, moments))
    return _silent(outcome(moments))


def _show_costs(events: Iterable[Event]) -> None:
    total = costs(events)
    _show(durations.table(total), durations.text(total))


@_explains_trouble
def steps(name: str, schedule: str = "", profile: str = "modern", **settings: float) -> None:
    """Draw the story of simulate() like slides: one step at a time, with a slider that the arrow keys move."""
    request = _request(name, schedule, profile, settings)
    if request is not None:
        moments = _simulated(request)
        _show(stepper(moments, submit=request.directory, log_name=request.job.log), _story_text(request, moments))


@_explains_trouble
def panel(name: str, schedule: str = "", profile: str = "modern", **settings: float) -> None:
    """Run the job of simulate() live, with buttons that evict it, hold it, or make its uploads fail.

    Needs a notebook with a kernel. Anywhere else, it draws the story of the schedule.
    """
    request = _request(name, schedule, profile, settings)
    if request is None:
        return
    moments, bundle = _simulated(request), {}
    html = stepper(moments, submit=request.directory, log_name=request.job.log)
    if _in_notebook():
        try:
            from . import live_panel

            _display({"application/javascript": live_panel.SCRIPT})
            live = Live(request.job, live_panel.executor(), request.profile, request.pace)
            bundle = live_panel.bundle(live, request.directory, request.faults, _call(name, profile, settings))
        except ImportError:
            html += Markup("<p>The live panel needs ipywidgets: <code>pip install ipywidgets</code>.</p>")
    _show(html, _story_text(request, moments), bundle)


def _call(name: str, profile: str, settings: dict[str, float]) -> Callable[[str], str]:
    """The text of the call that shows a schedule of the same job, as a function of the schedule."""
    more = [f"profile={profile!r}"] * (profile != "modern") + [f"{key}={value!r}" for key, value in settings.items()]
    return lambda schedule: f"simulate({', '.join([repr(name), repr(schedule), *more])})".replace("'", '"')


class _SimulationRequest(NamedTuple):
    """A job, and how to simulate it."""

    directory: Tree
    job: Job
    faults: schedules.Schedule
    profile: Profile
    pace: Pace
    limits: Limits
    remarks: tuple[str, ...]
    """Sentences on the submit file."""


def _request(
    name: str, schedule: str, profile: str, settings: dict[str, float], answered: bool = True
) -> _SimulationRequest | None:
    """The simulation that a call asks for. If it is impossible, says why and returns None. `answered` includes the
    files that the student wrote."""
    try:
        if not (isinstance(name, str) and isinstance(schedule, str)):
            raise ValueError('A job and a schedule are written in quotes, as in simulate("fibonacci", "evict@2").')
        if profile not in PROFILES:
            raise ValueError(f"There is no profile {profile!r}; there are {', '.join(PROFILES)}")
        pace, limits = (EXERCISES[name].pace, LIMITS) if name in EXERCISES else (Pace(), Limits())
        directory, submission, job = _job(name, settings, answered, PROFILES[profile])
        return _SimulationRequest(
            directory, job, schedules.parse(schedule), PROFILES[profile], pace, limits, _remarks(submission)
        )
    except (submit.SubmitError, ValueError) as problem:
        _say(as_sentence(str(problem)))
        return None


def _simulated(request: _SimulationRequest) -> list[Moment]:
    with LocalExecutor(request.limits, confinement()) as executor:
        return list(run(request.job, executor, request.profile, request.faults, pace=request.pace))


def _story_text(request: _SimulationRequest, moments: list[Moment]) -> str:
    return "\n".join(story.lines(moments, request.job.log, submit=request.directory))


class _Silent:
    """An outcome that a notebook does not print below its picture."""

    def __init__(self, end: Outcome):
        self._end = end

    def __getattr__(self, name: str) -> Any:
        return getattr(self._end, name)

    def _ipython_display_(self) -> None:
        pass


def _silent(end: Outcome) -> Outcome:
    return cast(Outcome, _Silent(end))  # it has all attributes of an Outcome


def _exercise(name: str) -> Exercise | None:
    if not isinstance(name, str) or not name:
        _say('The name of an exercise is written in quotes, as in check("save").')
        return None
    if name not in EXERCISES:
        _say(_not_among("exercise", name, EXERCISES))
        return None
    return EXERCISES[name]


def _not_among(what: str, name: str, names: Collection[str]) -> str:
    """A sentence saying that the name is unknown, and which names may be meant."""
    near = difflib.get_close_matches(name, names, n=3)
    meant = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(names)}."
    return f"There is no {what} {name!r}. {meant}"


def _written(chosen: Exercise) -> Tree:
    """The student's answer files that exist."""
    files = ((path, Path(chosen.name, path)) for path in chosen.answers)
    return Tree({path: File(_read(where)) for path, where in files if where.is_file()})


def _misnamed(chosen: Exercise) -> Iterator[str]:
    """A sentence for each file that is named almost like an answer, and is newer than that answer."""
    expected = {*chosen.given(), *chosen.answers}
    unexpected = [path for path in Path(chosen.name).glob("*") if path.is_file() and path.name not in expected]
    for path in unexpected if not chosen.literal else ():
        near = difflib.get_close_matches(path.name, chosen.answers, n=1, cutoff=slips.NEARLY)
        if near and _age(path) < _age(Path(chosen.name, near[0])):
            yield (
                f"There is a file {chosen.name}/{path.name}. If you meant {near[0]}, correct the first line of its cell "
                f"to %%writefile {chosen.name}/{near[0]}, run it, and check again."
            )


def _unread(chosen: Exercise, answer: Tree) -> str:
    """A sentence if the cell that assigns a prediction does not contain its value literally, which grading needs, as it
    runs no cell; else ''."""
    if not (chosen.literal and answer):
        return ""
    value = answer.file(chosen.name).text
    cells = getattr(_shell(), "user_ns", {}).get("In", ())
    given = next(filter(None, (assigned_literals(cell).get(chosen.name) for cell in reversed(cells))), value)
    try:
        same = literal_text(literal(given)) == value
    except ValueError:
        same = False
    sentence = f"For the grade, the cell is read and not run. Write the value itself into it: {chosen.name} = {value}"
    return "" if same else sentence


def _age(path: Path) -> float:
    """Seconds since a file was written; infinite if there is none."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return math.inf


def _value(chosen: Exercise, value: object) -> Tree:
    """An answer that is a value. Raises ValueError if it is not a plain value."""
    return Tree() if value is ... else Tree({chosen.name: File(literal_text(value).encode())})


def _read(path: Path) -> bytes:
    try:
        return read_regular(path, MOST_CHARACTERS)
    except OSError:
        return b""


def _remarks(submission: submit.Submission) -> tuple[str, ...]:
    more = len(submission.jobs) - 1
    return (
        *(str(remark) for remark in submission.remarks if remark.kind != NO_EFFECT),
        *[f"The submit file queues {more + 1} jobs. This is the first of them, number 0."] * bool(more),
    )


def _job(
    name: str, settings: dict[str, float], answered: bool, profile: Profile
) -> tuple[Tree, submit.Submission, Job]:
    """A submit directory, the contents of its submit file, and the first job. Raises SubmitError, or ValueError with a
    sentence for the reader."""
    if name in EXERCISES and EXERCISES[name].submit_file:
        chosen, answer = EXERCISES[name], _written(EXERCISES[name]) if answered else Tree()
        directory = chosen.given() | answer
        if missing := [path for path in chosen.answers if path not in directory and not chosen.literal]:
            chapter = next(chapter.name for chapter in COURSE if chosen in chapter.exercises)
            raise ValueError(
                f"There is no {name}/{missing[0]} yet: run the cell that begins with "
                f"%%writefile {name}/{missing[0]}, in {chapter}.ipynb."
            )
        return directory, chosen.submission(answer), chosen.job(answer, **settings)
    if settings:
        raise ValueError(f"Only the program of an exercise takes settings, and {name!r} is not an exercise")
    example = name.replace("/", "_").isidentifier()
    submit_file = next((PAYLOAD / name).glob("*.sub"), Path(name)) if example else Path(name)
    if name.isidentifier() and not os.path.lexists(submit_file):
        raise ValueError(_not_among("job", name, _jobs()))
    if submit_file.parent.name in EXERCISES and not os.path.lexists(submit_file):
        raise ValueError(f"There is no {name} yet. Run the cell that begins with %%writefile {name}, if there is one.")
    submission = submit.read(submit_file, profile)
    return Tree.read(submit_file.parent), submission, submission.jobs[0]


def _jobs() -> list[str]:
    """The names of the course's own jobs, for simulate()."""
    examples = {path.parent.name for path in PAYLOAD.glob("*/*.sub")}
    return sorted(examples | {name for name, exercise in EXERCISES.items() if exercise.submit_file})


# -- showing -----------------------------------------------------------------------


def _shell() -> Any:
    """The IPython shell that this runs in, if any."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def _in_notebook() -> bool:
    """Whether HTML can be displayed."""
    return _shell() is not None


def _say(sentence: str) -> None:
    """Show a sentence. (JupyterLab breaks printed text in the middle of words.)"""
    _show(Markup('<p class="{}">{}</p>').format(NO_FORMULA, prose(sentence)), plain(sentence, keep="\n"))


def _show(
    html: Markup,
    text: str,
    more: Mapping[str, object] = MappingProxyType({}),
    metadata: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """Display the HTML in a notebook, or print the text elsewhere. `more` maps other MIME types to their data;
    `metadata` is saved with the output."""
    if _in_notebook():
        _display({"text/html": str(html), "text/plain": text, **more}, metadata)
    else:
        print(text)


def _display(bundle: Mapping[str, object], metadata: Mapping[str, object] = MappingProxyType({})) -> None:
    from IPython.display import display

    display(dict(bundle), raw=True, metadata=dict(metadata))


if not has_processes():  # handle the `!` commands of every notebook that uses the course
    without_shell.install(_shell(), _say)


if shell := _shell():  # for a kernel without the course's configuration, as in a browser; others have it loaded
    shell.extension_manager.load_extension("grader.notebook.unprepared")
