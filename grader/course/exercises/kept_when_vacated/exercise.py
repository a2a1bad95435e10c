"""Which of four ways to save at an eviction keep anything."""

from __future__ import annotations

from collections.abc import Sequence

from grader import submit
from grader.course.folders import load
from grader.course.prediction import prediction
from grader.course.trusted import trusted
from grader.rules import schedule as schedules
from grader.rules.job import Job
from grader.rules.simulation import Moment, simulate

SCHEDULE, SAVE = "vacate@1+550s", "glacier.save"
AFTER_TWO_STOPS = "vacate@3+150s"
"""The same moment, 550 seconds after the start, for a job that is started again every 200 seconds."""


def way(letter: str) -> Job:
    """The job of one of the four submit files."""
    files = load("told_to_stop").given()
    name = f"way_{letter}.sub"
    return submit.parse(files.file(name).text, submit.TreeFolder(files), name=name).jobs[0]


def _keeping(moments: Sequence[Moment]) -> set[str]:
    """The ways with which the second activation begins with a saved state."""
    kept = set()
    with trusted() as executor:
        for letter in "abcd":
            schedule = schedules.parse(AFTER_TWO_STOPS if letter == "d" else SCHEDULE)
            story = simulate(way(letter), executor, schedule=schedule)
            if any(moment.activation == 2 and SAVE in moment.activation_spool for moment in story):
                kept.add(letter)
    return kept


def _wrong(value: object) -> tuple[str, str | None] | None:
    ways = set(value) if isinstance(value, (frozenset, tuple)) else set()
    if "a" in ways:
        return (
            "Way a is not one of them: the program saves and leaves with 85, and it does so while it is being evicted.",
            "sigterm-saves",
        )
    if "c" in ways:
        return "Way c is not one of them: which process is it that HTCondor sends SIGTERM to?", "signal-not-passed-on"
    if ways == {"b"}:
        return (
            "Way b is one of them, but not the only one. What is in the spool directory after 550 seconds of d?",
            None,
        )
    if ways == {"d"}:
        return (
            "Way d is one of them, but not the only one. What does HTCondor do in way b that it does not do in a?",
            None,
        )
    return None


EXERCISE = prediction(
    "Which ways keep a save when the job is told to go",
    1,
    notebook="11-in-practice",
    number=1,
    optional=True,
    job=lambda: way("a"),
    schedule=SCHEDULE,
    truth=_keeping,
    told="In way a, HTCondor does not fetch the file. In way b it does, as the submit file asks for it. In way c, SIGTERM ends "
    "the script, and the program never hears it. In way d, two checkpoints are already in the spool directory. And way b "
    "depends on the warning: with `evict@1+550s`, which gives none, only d keeps anything.",
    wrong=_wrong,
    hints=(
        "Two questions for each way: does the program hear the signal? And does HTCondor fetch what it then writes?",
        "HTCondor sends SIGTERM to the process that it has started. It fetches files of a job that it evicts only where the "
        "submit file says so; and of a job that leaves with 85, while nobody evicts it, always.",
        'Play them: simulate("told_to_stop/way_a.sub", "vacate@1+550s"), and so on. Where is glacier.save in the second '
        "sandbox?",
    ),
)
