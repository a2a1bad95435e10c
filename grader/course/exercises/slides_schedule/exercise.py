"""The shortest schedule on which the slides' listing goes wrong."""

from __future__ import annotations

from functools import lru_cache

from grader.course.checks import wrong
from grader.course.exercise import Exercise, ExplorationCache, Question, Result, UnusableAnswer
from grader.course.exercises.slides_listing.exercise import LISTING
from grader.course.folders import load
from grader.course.reading import literal
from grader.course.repairing import NEVER, OUTPUT
from grader.course.trusted import trusted
from grader.rules import schedule as schedules
from grader.rules.job import Job
from grader.rules.schedule import Schedule
from grader.rules.simulation import outcome, simulate
from grader.text import as_sentence
from grader.tree import Tree
from grader.verify.explore import explore


def _schedule(exercise: Exercise, own: Tree) -> Schedule:
    try:
        value = literal(own.file(exercise.name).text)
        if not isinstance(value, str):
            raise ValueError('write it in quotes, as in "evict@1 evict@3"')
        return schedules.parse(value)
    except ValueError as error:  # a ScheduleError is one
        raise UnusableAnswer(as_sentence(f"The schedule can't be read: {error}")) from None


def fails(asked: Schedule, cache: ExplorationCache) -> Result:
    """Whether the slides' listing goes wrong on a schedule, and on none with fewer faults."""
    shown = schedules.render(asked) or '""'
    if sum(fault.kind != "look" for fault in asked) > _fewest_faults():
        return wrong("There is a shorter schedule on which the job goes wrong.")
    if _ends_right(asked):
        return wrong(f"On the schedule {shown} the job ends right. Its story is below.", _given_job(), asked)
    return Result(True, f"On the schedule {shown} what comes home is wrong, and on every shorter one it is right.")


# The given listing does the same for everybody, so these results are cached.


def _given_job() -> Job:
    return LISTING.job(load("slides_listing").job(Tree()))


def _right() -> Tree:
    """The right output."""
    return LISTING.program.known_answer(1, 12, interval=NEVER)


@lru_cache(1)
def _fewest_faults() -> int:
    """The least number of faults with which the listing goes wrong."""
    job = _given_job()
    with trusted() as executor:
        return len(explore(job, executor, expected=_right()).schedule or ())


@lru_cache(64)
def _ends_right(asked: Schedule) -> bool:
    """Whether the listing ends right on a schedule."""
    with trusted() as executor:
        end = outcome(simulate(_given_job(), executor, schedule=asked))
    return end.exit is not None and end.exit.code == 0 and end.returned_files.get(OUTPUT) == _right()[OUTPUT]


EXERCISE = Exercise(
    title="The shortest schedule on which the slides' listing goes wrong",
    notebook="09-find-the-bugs",
    number=1,
    answers=("slides_schedule",),
    questions=(Question("It goes wrong there, and on nothing shorter", 0.5, fails),),
    hints=(
        'Begin with no fault at all: simulate("slides_listing", ""). Is what comes home right?',
        "Then one fault. In which execution does an eviction hurt: before there is a checkpoint, or after?",
        "After the eviction of the second execution, look into the new execute directory: my_output.txt is there, and "
        "checkpoint.txt?",
    ),
    subject=_schedule,
    literal=True,
)
