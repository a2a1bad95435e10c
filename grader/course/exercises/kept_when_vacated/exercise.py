"""Which of four ways to save at an eviction keep anything."""

from __future__ import annotations

from collections.abc import Sequence

from grader import submit
from grader.course.folders import load
from grader.course.prediction import Play, Told, prediction
from grader.course.trusted import trusted
from grader.rules import schedule as schedules
from grader.rules.job import Job
from grader.rules.simulation import Moment, simulate

SCHEDULES = {**dict.fromkeys("abc", "vacate@1+550s"), "d": "vacate@3+150s"}
"""The same moment in each way, 550 seconds after the start: in way d, the job is started again every 200 seconds."""
SAVE = "glacier.save"


def way(letter: str) -> Job:
    """The job of one of the four submit files."""
    files = load("told_to_stop").given()
    name = f"way_{letter}.sub"
    return submit.parse(files.file(name).text, submit.TreeFolder(files), name=name).jobs[0]


def _keeping(moments: Sequence[Moment]) -> set[str]:
    """The ways with which the second activation begins with a saved state."""
    kept = set()
    with trusted() as executor:
        for letter, schedule in SCHEDULES.items():
            story = simulate(way(letter), executor, schedule=schedules.parse(schedule))
            if any(moment.activation == 2 and SAVE in moment.activation_spool for moment in story):
                kept.add(letter)
    return kept


NUDGES: dict[str, Told] = {
    "a": (
        "Way a is not one of them: the program saves and leaves with 85, and it does so while it is being evicted.",
        "sigterm-saves",
    ),
    "c": ("Way c is not one of them: which process is it that HTCondor sends SIGTERM to?", "signal-not-passed-on"),
    "d": ("Way b is one of them, but not the only one. What is in the spool directory after 550 seconds of d?", None),
    "b": ("Way d is one of them, but not the only one. What does HTCondor do in way b that it does not do in a?", None),
}
"""The way that a wrong value is wrong about → the response to the value."""


def _in_doubt(value: object) -> str:
    """The way that a wrong value is wrong about; '' if its ways say nothing about that."""
    ways: set[str] = set(value) if isinstance(value, (frozenset, tuple)) else set()
    if surplus := ways & {"a", "c"}:
        return min(surplus)
    return {"b": "d", "d": "b"}.get("".join(ways), "")


def _shown(value: object) -> Play:
    letter = _in_doubt(value) or "a"
    return Play(f"way {letter}", way(letter), SCHEDULES[letter])


EXERCISE = prediction(
    "Which ways keep a save when the job is told to go",
    1,
    notebook="11-in-practice",
    number=1,
    optional=True,
    job=lambda: way("a"),
    schedule=SCHEDULES["a"],
    truth=_keeping,
    told="In way a, HTCondor does not fetch the file. In way b it does, as the submit file asks for it. In way c, SIGTERM ends "
    "the script, and the program never hears it. In way d, two checkpoints are already in the spool directory. And way b "
    "depends on the warning: with `evict@1+550s`, which gives none, only d keeps anything.",
    wrong=lambda value: NUDGES.get(_in_doubt(value)),
    play=_shown,
    hints=(
        "Two questions for each way: does the program hear the signal? And does HTCondor fetch what it then writes?",
        "HTCondor sends SIGTERM to the process that it has started. It fetches files of a job that it evicts only where the "
        "submit file says so; and of a job that leaves with 85, while nobody evicts it, always.",
        'Play them: simulate("told_to_stop/way_a.sub", "vacate@1+550s"), and so on. Where is glacier.save in the second '
        "sandbox?",
    ),
)
