"""What happens with a placeholder among the input files."""

from __future__ import annotations

from collections.abc import Sequence

from grader import submit
from grader.course.exercises.not_there_yet.exercise import LOOP
from grader.course.folders import load
from grader.course.prediction import prediction
from grader.course.repairing import NEVER, OUTPUT
from grader.rules.job import Job
from grader.rules.simulation import Moment


def _job() -> Job:
    files = load("not_there_yet").given()
    text = files.file("placeholder.sub").text
    return submit.parse(text, submit.TreeFolder(files), name="placeholder.sub").jobs[0]


def _comes_of_it(moments: Sequence[Moment]) -> str:
    """The letter of how the job ends."""
    last = moments[-1]
    if last.kind != "ended":
        return "a"
    if last.ran.exit.code != 0:
        return "b"
    return "c" if last.returned_files[OUTPUT] == LOOP.program.known_answer(interval=NEVER)[OUTPUT] else "d"


EXERCISE = prediction(
    "What comes of a placeholder",
    1,
    notebook="11-in-practice",
    number=3,
    optional=True,
    job=_job,
    schedule="evict@3",
    decisive=("started", 2),
    truth=_comes_of_it,
    told="Nothing is missing any more, so nothing is held. But best.json is not in the checkpoint: the new sandbox gets the "
    "placeholder again, and the candidate that had been found is forgotten. Exit code 0, and a wrong result.",
    wrong={
        "a": ("No listed file is missing: star.json is written at each save.", "listed-file-missing"),
        "b": ("best.json is there, in the form in which the program reads it. Nothing fails.", None),
        "c": (
            "It would be, if nothing were evicted. Which best.json is in the sandbox of execution 4?",
            "checkpoint-not-transferred",
        ),
    }.get,
    hints=(
        "The candidate is found in execution 2. Where is it written, and is that part of the checkpoint?",
        "A new sandbox gets the input files as they were submitted, and over them the checkpoint.",
        "best.json is an input file, and not in the checkpoint. So after the eviction it says `none` again.",
    ),
)
