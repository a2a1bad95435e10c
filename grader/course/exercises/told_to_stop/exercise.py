"""The student writes the script that starts a program which saves when it is told to stop."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from grader.course.checks import CUT_SHORT, both, every_schedule, failed, first_checkpoint, told, wrong
from grader.course.cures.wrapper import interrupted, of_script
from grader.course.diagnosis import cut_short
from grader.course.exercise import FEWER, Ask, Exercise, ExplorationCache, Question, Result
from grader.course.payload import Program
from grader.rules.job import Job
from grader.tree import File, Tree
from grader.verify.evidence import complaint

GLACIER = Program("glacier", "start.sh")
"""payload/glacier, whose start.sh is right as long as nobody tells the glacier to stop."""
LIMIT = 200
"""Seconds after which my_wrapper tells it to stop, in the submit file."""
TERMINATED = 143
"""The exit code of my_wrapper if SIGTERM has ended what it started."""
SCRIPT = "start.sh"
MARK = "glacier.started"
MARKS = f"#!/usr/bin/env python3\nopen({MARK!r}, 'w')\n".encode()
"""A program that leaves the file MARK."""


SET_UP = (
    "With time enough, what does glacier say, and with which exit code does the script leave?",
    "glacier needs CLIMATE in its environment, and start.sh has to leave with the exit code of glacier.",
    "`export CLIMATE=1.9`, and then `exec ./glacier` as the last line.",
)
"""Hints for a script that starts glacier without what it needs, or loses its exit code."""
NOT_STARTED = (
    "How far does start.sh get? Which command is the last one that bash carries out?",
    "`exec` takes a program and its arguments, the program with its path: ./glacier. A command of bash itself, such as export, "
    "stands on a line of its own, without exec. A setting such as CLIMATE=1.9 stands before exec.",
    SET_UP[2],
)
"""Hints for a script that does not even start glacier."""
PASSED_ON = (
    "Which signal does the script send on, to which process, and how long does it wait then?",
    "At SIGTERM, and at no other signal, glacier finishes its month, saves, and leaves with 85. The script may not leave before "
    "that, and has to leave with this code.",
    "Do without the trap: `exec ./glacier` as the last line, so that the script becomes glacier.",
)
"""Hints for a script that sends signals itself."""


def _limited(job: Job, limit: int, settings: dict[str, float]) -> Job:
    return GLACIER.changed(job, limit, **settings)


def done_at_once(job: Job, cache: ExplorationCache) -> Result:
    """Whether the glacier is computed in one go, if there is time enough."""
    run = cache.executor.run(asked := _limited(job, 10**5, {}), asked.inputs)
    known = GLACIER.known_answer()
    if run.exit.code == 0 and run.sandbox.get(GLACIER.output) == known[GLACIER.output]:
        return Result(True, "")
    said = f"With time enough, the job ends with {run.exit}, and not with its result."
    done = run.exit.code == job.checkpoint_exit_code and run.sandbox.get(GLACIER.output) == known[GLACIER.output]
    if done:
        said = f"With time enough, glacier is done, and the job leaves with {run.exit.code} all the same."
    early = cut_short(asked, run, cache.executor, asked.inputs)
    hints = CUT_SHORT if early else SET_UP
    if not run.over and not _starts_glacier(asked, cache):
        said, hints = f"{SCRIPT} does not start glacier, and the job ends with {run.exit}.", NOT_STARTED
    facts = (*early, *complaint(run))
    return wrong(said, asked, (), "always-85" if done else None, evidence=facts, hints=hints)


def _starts_glacier(job: Job, cache: ExplorationCache) -> bool:
    """Whether the script starts glacier: another program in its place then leaves a file. With a & in the script, the script
    may end before that program has begun, so the answer is yes."""
    if b"&" in job.inputs.file(SCRIPT).content:
        return True
    program = job.inputs.file(GLACIER.folder)._replace(content=MARKS)
    run = cache.executor.run(job, job.inputs.put(GLACIER.folder, program))
    return bool(run.over) or any(path.rpartition("/")[2] == MARK for path in run.sandbox)


def saves(job: Job, cache: ExplorationCache, expected: Tree) -> Result:
    """Whether the glacier saves when my_wrapper tells start.sh to stop, and its exit code arrives."""
    exploration = cache.explore(job, expected)
    passes_on = _passes_on(job)
    if exploration.root.ran.exit.code == TERMINATED and not passes_on:
        return failed(
            job,
            cache,
            exploration,
            "signal-not-passed-on",
            f"After {job.arguments[0]} s, my_wrapper sends SIGTERM to {SCRIPT}, and that ends it: exit code {TERMINATED}. "
            "glacier, which it has started, does not hear of it, and saves nothing.",
        )
    if exploration.root.ran.exit.code == TERMINATED:
        return failed(
            job,
            cache,
            exploration,
            text=f"After {job.arguments[0]} s, my_wrapper sends SIGTERM to {SCRIPT}, and that leaves with exit code "
            f"{TERMINATED}: not with the one with which glacier leaves when it has saved.",
            hints=PASSED_ON,
        )
    ran = exploration.root.ran
    if ran.exit.signal is not None:
        return failed(
            job,
            cache,
            exploration,
            text=f"After {job.arguments[0]} s, my_wrapper sends SIGTERM to {SCRIPT}. A signal comes back from there, which ends "
            f"my_wrapper itself: {ran.exit}.",
            hints=PASSED_ON,
        )
    if (
        ran.exit.code == 0
        and "glacier.save" not in ran.sandbox
        and ran.sandbox.get(GLACIER.output) == expected[GLACIER.output]
    ):
        return failed(
            job,
            cache,
            exploration,
            "signal-not-passed-on",
            f"After {job.arguments[0]} s, my_wrapper sends SIGTERM to {SCRIPT}. glacier, which it has started, does not "
            "hear of it, and computes to its end.",
        )
    result = first_checkpoint(job, cache, expected)
    if result.failure and passes_on:
        return replace(result, failure=replace(result.failure, hints=PASSED_ON))
    return result


def _passes_on(job: Job) -> bool:
    """Whether the script handles or sends signals itself."""
    script = job.inputs.get(SCRIPT)
    return isinstance(script, File) and any(word in script.content for word in (b"trap", b"kill", b"signal"))


def asking(question: Callable[[Job, ExplorationCache, Tree], Result], limit: int = LIMIT, **settings: float) -> Ask:
    """A question about the glacier with this time limit and these settings."""

    def ask(job: Job, cache: ExplorationCache) -> Result:
        return question(_limited(job, limit, settings), cache, GLACIER.known_answer(**settings))

    return ask


def unseen(question: Callable[[Job, ExplorationCache, Tree], Result]) -> Callable[[random.Random], Ask]:
    """A question about a glacier with randomly drawn numbers, which is told to stop about twice."""

    def drawn(draw: random.Random) -> Ask:
        settings: dict[str, float] = {"snow": draw.randint(10, 30) / 10, "years": draw.randint(6, 9)}
        asked = asking(question, draw.randint(130, 170), **settings)
        return lambda job, cache: told(asked(job, cache), "With snow = {snow} and years = {years}".format(**settings))

    return drawn


SAVES, ANYWHERE = (
    "Told to stop, it saves, and leaves with 85",
    "Evicted at any time, any number of times, it ends right",
)
BECOMES = "`exec ./glacier` as the last line: the script does not start the program, it becomes the program."
MISCONCEPTION_HINTS = {
    "signal-not-passed-on": {
        1: "my_wrapper sends SIGTERM to one process. Which is that, start.sh or glacier?",
        3: BECOMES,
    },
    "listed-file-missing": {
        1: "Who writes glacier.save, and when?",
        2: "glacier writes it when SIGTERM reaches it, and then leaves. There is none if the script leaves before that, or ends "
        "glacier in another way.",
        3: BECOMES,
    },
}
CURES = (interrupted(SCRIPT), *of_script(SCRIPT))
EXERCISE = Exercise(
    title="Start a program that has to be told to stop",
    notebook="11-in-practice",
    number=2,
    optional=True,
    files=GLACIER.files,
    submit_file="glacier.sub",
    answers=(SCRIPT,),
    bounds=FEWER,
    misconception_hints=MISCONCEPTION_HINTS,
    questions=(
        Question(SAVES, 1, both(done_at_once, asking(saves)), cures=CURES, unseen=unseen(saves)),
        Question(ANYWHERE, 1, asking(every_schedule), rests_on=(SAVES,), unseen=unseen(every_schedule)),
    ),
    hints=(
        "my_wrapper sends SIGTERM to one process: the one that it has started. Which is that, start.sh or glacier?",
        "bash starts glacier as another process, and waits for it. SIGTERM ends bash, and glacier learns nothing of it. Can "
        "bash become glacier?",
        "`exec ./glacier` as the last line: the script does not start the program, it turns into it.",
    ),
)
