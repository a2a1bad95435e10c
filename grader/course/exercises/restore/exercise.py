"""The student writes both functions, in a format of their own, and names the files in the submit file."""

from __future__ import annotations

import posixpath
from dataclasses import replace

from grader.course.checks import Named, both, first_checkpoint, keeps, told
from grader.course.cures import circumstances, leaving, restoring, saving, submitting
from grader.course.damage import damaged
from grader.course.dice import fair
from grader.course.exercise import Ask, Exercise, ExplorationCache, Question, Result
from grader.course.sweep import (
    AT_THE_END,
    FROM_THE_BEGINNING,
    LAST_OR_NEXT,
    LEAVE_WHEN_SAVED,
    ONE_BEHIND_ANOTHER,
    SWEEP,
    anywhere,
    asking,
    begun,
    in_place,
    restart_safe,
    sweep,
    sweep_output,
    unseen,
)
from grader.rules.job import STDERR, STDOUT, Job
from grader.rules.simulation import Ended, Held, Saved
from grader.text import count
from grader.tree import File, Tree
from grader.verify.explore import Exploration

OUTPUT = "my_output.txt"
RESUMING = (*circumstances.CURES, *leaving.SOMETIMES, *restoring.RESUMING, *saving.CURES, *submitting.CURES)
"""Cures to try for finding the cause of a failure, if there is a checkpoint."""
SAVING = (*leaving.NEVER, *RESUMING)
"""Cures to try if there is no checkpoint."""
WHOLE = {"start": 1, "end": 12}
"""The sweep of the notebook."""
FIRST = "It begins at START and saves a checkpoint"
IN_PLACE = "Restarted in place, it resumes and ends right"
ANYWHERE = "Evicted at any time, any number of times, it ends right"


def made_checkpoint(job: Job, cache: ExplorationCache, start: int, end: int, **settings: int) -> Tree:
    """The files of the first checkpoint that the job itself makes of the sweep from `start` to
    `end`, output among them; empty if it makes none."""
    exploration = cache.explore(sweep(job, start, end, **settings), sweep_output(start, end, **settings))
    saved = exploration.root.next
    return saved.spool.without((STDOUT, STDERR)) if isinstance(saved, Saved) else Tree()


def stale(made: dict[str, int], asked: tuple[int, int]) -> Ask:
    """A question: does a job that is asked for one range end right if its sandbox has the checkpoint of another range,
    and the output that belongs to that checkpoint?"""

    def ask(job: Job, cache: ExplorationCache) -> Result:
        old = made_checkpoint(job, cache, **made)
        begin = replace(sweep(job, *asked), inputs=sweep(job, *asked).inputs | old)
        result = in_place(begin, cache, sweep_output(*asked), _believed(asked[0]))
        at = made["start"] + int(SWEEP.settings(sweep(job, **made))["interval"])
        there = (
            f"The sandbox has a checkpoint of the sweep from {made['start']} to {made['end']}, of iteration {at}, and "
            f"{asked[0]} to {asked[1]} is asked for"
        )
        return told(result, there)

    return fair(ask)


def _believed(start: int) -> Named:
    """Names stale-checkpoint if the first execution began with another iteration than START, with which it begins if
    there is no checkpoint."""

    def named(exploration: Exploration) -> str | None:
        return "stale-checkpoint" if begun(exploration.root) not in (None, start) else None

    return named


def _crashed(exploration: Exploration) -> str | None:
    """Names corrupt-checkpoint-crashes if the first execution ended with an error, and not in saving."""
    run = exploration.root.ran
    failed = isinstance(exploration.root.next, (Ended, Held)) and run.exit.code != 0
    return "corrupt-checkpoint-crashes" if failed and "in save_checkpoint" not in run.stderr else None


@fair
def copes_with_damage(job: Job, cache: ExplorationCache) -> Result:
    """Whether a job continues, from any iteration, if a file of its own checkpoint is damaged, as by damaged()."""
    made, tried = made_checkpoint(job, cache, 1, 12), 0
    for path, entry in made.without((OUTPUT,)).items():
        if not isinstance(entry, File):
            continue
        database = any(other != path and posixpath.splitext(other)[0] == posixpath.splitext(path)[0] for other in made)
        for how, content in damaged(entry.content, own_format=not database):
            broken = replace(sweep(job, 1, 12), inputs=job.inputs | made.put(path, File(content)))
            result = in_place(broken, cache, sweep_output(1, 12), _crashed)
            if not result.passed:
                return told(result, f"{path}, a file of the checkpoint, {how}")
            tried += 1
    if not tried:
        return Result(True, f"the checkpoint has no file besides {OUTPUT} that could be damaged")
    return Result(True, f"{count(tried, 'damaged checkpoint')}, and each time the right output")


is_the_sweep = keeps(SWEEP.executable, OUTPUT, "sweep.sub")


MISCONCEPTION_HINTS = {
    "two-files-disagree": ONE_BEHIND_ANOTHER,
    "repeats-iteration": {
        2: LAST_OR_NEXT,
        3: "Save the iteration itself, and let restore_checkpoint return it, not one less.",
    },
    "skips-iteration": {
        2: LAST_OR_NEXT,
        3: "Save the iteration itself, and let restore_checkpoint return it, not one more.",
    },
    "output-overwritten": {
        3: "sweep.py opens my_output.txt itself, and appends to it if restore_checkpoint does not return start. "
        "Leave that file alone."
    },
    "always-85": {3: LEAVE_WHEN_SAVED},
    "never-restores": {
        3: "In restore_checkpoint: if the checkpoint file is there, read the iteration from it and return that."
    },
    "no-progress": {
        3: "Do not save in restore_checkpoint, and do not leave there: return, and the program does the next "
        "iterations."
    },
    "stale-checkpoint": {
        3: "Return the saved iteration only if start <= iteration <= end; in any other case return start."
    },
}
EXERCISE = Exercise(
    title="Use a checkpoint",
    notebook="04-restore",
    number=2,
    submit_file="sweep.sub",
    settings=sweep,
    files=SWEEP.files,
    answers=("checkpoint.py", "sweep.sub"),
    functions=("save_checkpoint", "restore_checkpoint"),
    questions=(
        Question(FIRST, 2, both(is_the_sweep, asking(first_checkpoint, 1, 12)), cures=SAVING),
        Question(IN_PLACE, 4, asking(in_place, 1, 12), rests_on=(FIRST,), cures=RESUMING, unseen=unseen(in_place)),
        Question(
            ANYWHERE,
            6,
            both(
                asking(anywhere, 1, 12),
                asking(restart_safe, **AT_THE_END),
                asking(in_place, **FROM_THE_BEGINNING),
            ),
            rests_on=(IN_PLACE,),
            cures=RESUMING,
            unseen=unseen(restart_safe),
        ),
        # The checkpoint is of the iteration before START. Its END is the same, so an answer that compares nothing else
        # takes it for a checkpoint of this run.
        Question(
            "A checkpoint from before START is not used",
            2,
            stale(WHOLE, (5, 12)),
            rests_on=(IN_PLACE,),
            cures=restoring.CHOOSING,
        ),
        # The checkpoint is of the iteration after END. This run saves as well, at iterations before that.
        Question(
            "A checkpoint from beyond END is not used",
            3,
            stale({"start": 9, "end": 11, "interval": 1}, (1, 9)),
            rests_on=(IN_PLACE,),
            cures=restoring.CHOOSING,
        ),
        Question(
            "An empty or broken checkpoint does not end the job",
            3,
            copes_with_damage,
            rests_on=(IN_PLACE,),
            cures=restoring.RENEWING,
        ),
    ),
    hints=(
        "Take the questions one after the other: is there a checkpoint? Can it be read? Does its iteration belong to "
        "this run?",
        "Only if all three are answered with yes, return the saved iteration. In every other case return start.",
        "if not os.path.exists(...): return start — then read the number inside try/except ValueError, and at the end: "
        "return iteration if start <= iteration <= end else start.",
    ),
    misconception_hints=MISCONCEPTION_HINTS,
)
