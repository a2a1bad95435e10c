"""Exercises `slides_schedule` and `slides_listing`, of notebook 09: the slides' listing, in which three bugs
are left."""

from __future__ import annotations

import random
from functools import lru_cache

from ...rules import schedule as schedules
from ...rules.job import Job
from ...rules.schedule import Schedule
from ...rules.simulation import outcome, simulate
from ...tree import Tree
from ...verify.explore import explore
from ..checks import both, keeps, wrong
from ..exercise import Exercise, ExplorationCache, Question, Result, UnusableAnswer
from ..payload import Program
from ..reading import literal
from ..trusted import trusted
from .repairing import ANYWHERE, NEVER, OUTPUT, Loop


def _range(draw: random.Random) -> dict[str, float]:
    # Not 1: that is asked as a known number, and the bug that shows there costs no points of other questions.
    start, interval = draw.randint(2, 60), draw.randint(2, 4)
    return {"start": start, "end": start + 2 * interval + draw.randint(0, interval - 1), "interval": interval}


LISTING = Loop(Program("bugs/slides_listing", "my_software"), "iteration", _range)


is_the_listing = keeps("my_software", OUTPUT, "my_submit.sub")


SLIDES_LISTING = Exercise(
    name="slides_listing",
    title="Mend the slides' listing",
    answers=("my_software", "my_submit.sub"),
    given=LISTING.program.files,
    submit_file="my_submit.sub",
    settings=LISTING.job,
    questions=(
        Question(
            "Never evicted, it ends right, however often it saves",
            0.5,
            both(
                is_the_listing,
                LISTING.in_place(start=1, end=12, interval=4),
                LISTING.in_place(start=5, end=7, interval=1),
            ),
            unseen=LISTING.unseen(LISTING.in_place),
        ),
        Question(
            ANYWHERE,
            0.5,
            both(
                is_the_listing,
                LISTING.anywhere(start=1, end=12, interval=4),
                LISTING.anywhere(start=7, end=11, interval=3),
            ),
            unseen=LISTING.unseen(LISTING.anywhere),
        ),
        Question(
            "A checkpoint of another run is not used",
            0.5,
            both(LISTING.stale((1, 12), (7, 12), interval=4), LISTING.stale((7, 11), (1, 6), interval=3)),
            rests_on=(ANYWHERE,),
        ),
    ),
    hints=(
        'There are three bugs. Each has its own shortest schedule: check("slides_listing") shows one of them, and '
        "when it is mended, the next.",
        "One is in the submit file: what does a new sandbox have, and what not? One shows when interval = 1: how many "
        'iterations does an execution do then? One is the "Potential problem?" of notebook 4, on the other side.',
        "transfer_checkpoint_files = checkpoint.txt, my_output.txt — save only if iteration > start and (iteration - "
        "start) % interval == 0 — and use the saved number only if start <= saved <= end.",
    ),
)


def _schedule(exercise: Exercise, own: Tree) -> Schedule:
    try:
        value = literal(own.file(exercise.name).text)
        if not isinstance(value, str):
            raise ValueError('write it in quotes, as in "evict@1 evict@3"')
        return schedules.parse(value)
    except ValueError as error:  # a ScheduleError is one
        raise UnusableAnswer(f"The schedule can't be read: {error}{'' if str(error).endswith('?') else '.'}") from None


def fails(asked: Schedule, cache: ExplorationCache) -> Result:
    """Whether the slides' listing goes wrong on a schedule, and on none with fewer faults."""
    shown = schedules.render(asked) or '""'
    if sum(fault.kind != "look" for fault in asked) > _fewest_faults():
        return wrong("There is a shorter schedule on which the job goes wrong.")
    if _ends_right(asked):
        return wrong(f"On the schedule {shown} the job ends right. Its story is below.", _given_job(), asked)
    return Result(True, f"On the schedule {shown} what comes home is wrong, and on every shorter one it is right.")


# What the listing does that is given is the same for all who answer.


def _given_job() -> Job:
    return LISTING.job(SLIDES_LISTING.job(Tree()))


def _right() -> Tree:
    """What should come home."""
    return LISTING.program.known_answer(1, 12, interval=NEVER)


@lru_cache(1)
def _fewest_faults() -> int:
    """How many faults it takes that the listing goes wrong."""
    job = _given_job()
    with trusted() as executor:
        return len(explore(job, executor, expected=_right()).schedule or ())


@lru_cache(64)
def _ends_right(asked: Schedule) -> bool:
    """Whether the listing ends right on a schedule."""
    with trusted() as executor:
        end = outcome(simulate(_given_job(), executor, schedule=asked))
    return end.exit is not None and end.exit.code == 0 and end.home.get(OUTPUT) == _right()[OUTPUT]


SLIDES_SCHEDULE = Exercise(
    name="slides_schedule",
    title="The shortest schedule on which the slides' listing goes wrong",
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
