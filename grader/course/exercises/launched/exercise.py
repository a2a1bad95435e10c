"""The student wraps a launcher that turns every exit code other than 0 into 1."""

from __future__ import annotations

from grader.course.checks import wrong
from grader.course.cures.wrapper import in_a_pipe, of_script
from grader.course.diagnosis import cut_short
from grader.course.exercise import FEWER, Exercise, ExplorationCache, Question, Result
from grader.course.exercises.learn.exercise import IDLE, epochs
from grader.course.payload import Program
from grader.course.repairing import ANYWHERE, IN_PLACE, NEVER, Loop
from grader.rules import schedule as schedules
from grader.rules.job import Job
from grader.rules.simulation import simulate
from grader.rules.step import Kind
from grader.tree import Tree
from grader.verify.evidence import complaint

LAUNCH = Program("learning", "launch", IDLE)
UNUSABLE, DIVERGED = 2, 3
"""Exit codes of train.py."""
DIVERGES: dict[str, float] = {"seed": 1987, "rate": 0.28}
"""Numbers with which it diverges in epoch 5, after a checkpoint."""
ASKED = "launched.txt"
ENOUGH = 6
"""A training that diverges in its second execution has to fail within this many executions."""


def _known_answer(loop: Loop, job: Job, cache: ExplorationCache, **numbers: float) -> Tree:
    return LAUNCH.known_answer("train.py", **{**numbers, "interval": NEVER})


LOOP = Loop(LAUNCH, "epoch", epochs, "epochs", _known_answer)
IT_FAILS = "When the training fails, the job fails"


def asks_the_launcher(job: Job, cache: ExplorationCache) -> Result:
    """Whether the launcher starts the training. To see this, a launcher that leaves a note takes its place."""
    launcher = job.inputs.file("launch")
    note = f"open({ASKED!r}, 'a').close()\n".encode()
    noting = launcher._replace(content=launcher.content.replace(b"import os\n", b"import os\n" + note, 1))
    run = cache.executor.run(job, job.inputs.put("launch", noting))
    if ASKED in run.sandbox or cut_short(job, run, cache.executor, job.inputs):
        return Result(True, "")
    text = "The launcher is not called: the training has to be started by ./launch train.py."
    return wrong(text, job, (), evidence=tuple(complaint(run)))


def fails(job: Job, cache: ExplorationCache) -> Result:
    """Whether a training that fails, at once or after a checkpoint, ends the job with a failure, on every schedule."""
    unusable = LOOP.job(job, batch=100)
    left = cache.executor.run(unusable, unusable.inputs).exit
    if left.code in (0, job.checkpoint_exit_code):
        what = "so HTCondor takes it for done" if left.code == 0 else "so HTCondor starts it again, for ever"
        return wrong(
            f"With a batch that is too large, train.py leaves with {UNUSABLE}, and the wrapper with {left.code}, {what}.",
            unusable,
            (),
            "wrong-exit-code" if left.code == 0 else "always-85",
        )
    diverges = LOOP.job(job, **DIVERGES)
    there = ", ".join(f"{name} = {value:g}" for name, value in DIVERGES.items())
    for schedule in map(schedules.parse, ("", "evict@2")):
        story = list(simulate(diverges, cache.executor, schedule=schedule, most_executions=ENOUGH))
        ended = story[-1].kind == Kind.ENDED
        if ended and story[-1].ran.exit.code != 0:
            continue
        becomes = "and the job does not fail" if ended else "and the job is started again, for ever"
        return wrong(
            f"With {there}, train.py diverges in epoch 5, after a checkpoint, and leaves with {DIVERGED}; {becomes}.",
            diverges,
            schedule,
            "wrong-exit-code" if ended else "always-85",
        )
    return Result(True, "it does so at once, and after a checkpoint")


WHY_IT_LEFT = (
    "Leave with 85 only if this launch says (exitcode: 85), or if checkpoint.pickle is another one than before it; and with "
    "the launcher's own exit code in all other cases."
)
MISCONCEPTION_HINTS = {
    "always-85": {
        1: "What does your wrapper take for a sign that this launch has saved?",
        2: "The launcher leaves with 1 for a save and for a failure, and a checkpoint of an earlier execution, or a log of an "
        "earlier launch, says nothing of this one.",
        3: WHY_IT_LEFT,
    },
    "wrong-exit-code": {
        1: "With which code does the launcher leave when train.py has saved, and with which your wrapper?",
        2: "The launcher makes 1 of every code that is not 0. Its message on stderr has the code of train.py.",
        3: WHY_IT_LEFT,
    },
    "exit-zero-after-save": {
        2: "A script leaves with the exit code of its last command, and a pipe with that of its last program.",
        3: "Keep the launcher's exit code at once: code=$?, or ${PIPESTATUS[0]} behind a pipe. " + WHY_IT_LEFT,
    },
}
CURES = (*of_script("run"), in_a_pipe("run"))
EXERCISE = Exercise(
    title="Wrap the launcher that hides the exit code",
    notebook="12-machine-learning",
    number=4,
    optional=True,
    files=LAUNCH.files,
    submit_file="train.sub",
    settings=LOOP.job,
    answers=("run",),
    bounds=FEWER,
    misconception_hints=MISCONCEPTION_HINTS,
    questions=(
        LOOP.question(IN_PLACE, 1, LOOP.in_place, {}, first=(asks_the_launcher,), cures=CURES),
        LOOP.question(ANYWHERE, 1, LOOP.anywhere, {}, rests_on=(IN_PLACE,)),
        Question(IT_FAILS, 1, fails, rests_on=(IN_PLACE,), cures=CURES),
    ),
    hints=(
        "The launcher leaves with 1 for a save and for a failure. What else tells which it was?",
        "The launcher says it on stderr: (exitcode: 85). And checkpoint.pickle is another one than before, if the worker has "
        "saved.",
        "./launch train.py 2> launch.log; code=$?; if grep -q 'exitcode: 85' launch.log; then exit 85; fi; exit $code. "
        "Written with >, not >>, the log has what this launch has said, and nothing of the one before.",
    ),
)
