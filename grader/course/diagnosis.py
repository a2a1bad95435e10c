"""Diagnoses the misconception behind a failing job from its behaviour.

Symptoms look at the states on the shortest failing schedule, at the returned files, and at one more, traced execution
of the failing state. Each misconception has its symptoms in its file; the first symptom that fits names the
misconception. There may be none.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import replace

from ..execute.executor import Executor
from ..rules.execution import EPOCH, Run
from ..rules.job import Job
from ..rules.step import Kind
from ..text import plain, series, shorten
from ..tree import File, Tree
from ..verify.evidence import Evidence, left_running, saved_softly
from ..verify.explore import UNKNOWN, Exploration
from ..verify.forgotten import Forgotten
from ..verify.off_by_one import OffByOne
from ..verify.verdicts import Unknown
from .case import HARMLESS, Case, emptied_shown
from .misconceptions import CLUES, MISCONCEPTIONS, SENTENCES, SYMPTOMS
from .report import Misconception


def diagnose(job: Job, exploration: Exploration, executor: Executor, given: bool = True) -> Misconception | None:
    """The misconception that the behaviour of a failing job shows, if any. None if a limit ended the execution, or if
    it takes too long to be repeated. `given`: whether the exercise gives the program's loop, see Case. Whatever else a
    user's own job shows may come from what it leaves running."""
    if not _can_be_asked(exploration) or saved_softly(exploration):
        return None
    case = Case(job, exploration, executor, given)
    only = MISCONCEPTIONS["left-running"] if not given and left_running(case.state) else None
    return next((behind for _, symptom, behind in SYMPTOMS if only in (None, behind) and symptom(case)), None)


def sentence(job: Job, exploration: Exploration, executor: Executor, behind: Misconception, given: bool = True) -> str:
    """The sentence about a diagnosed misconception, as far as it is true of this job. `given`: see diagnose()."""
    specific = SENTENCES.get(behind.id)
    return specific(Case(job, exploration, executor, given)) if specific else behind.sentence


def forgetting(forgets: Sequence[Forgotten]) -> Misconception:
    """The misconception behind what a program forgets at each restart."""
    generators = all(what.is_generator for what in forgets)
    return MISCONCEPTIONS["rng-not-saved" if generators else "state-incomplete"]


def seeding() -> Misconception:
    """The misconception behind a generator of random numbers that begins anew at each restart."""
    return MISCONCEPTIONS["rng-not-saved"]


def beginning_again() -> Misconception:
    """The misconception behind a job that gets no nearer to its end."""
    return MISCONCEPTIONS["never-restores"]


def losing() -> Misconception:
    """The misconception behind a restart that begins at the right place, but without a part of the state."""
    return MISCONCEPTIONS["state-incomplete"]


def beginning(fix: OffByOne) -> Misconception:
    """The misconception behind a restart that begins one iteration too early or too late."""
    return MISCONCEPTIONS["skips-iteration" if fix.too_late else "repeats-iteration"]


def _can_be_asked(exploration: Exploration) -> bool:
    """Whether the failing execution exists and can be repeated in reasonable time."""
    state = exploration.violation.state if exploration.violation else exploration.first
    slow = exploration.verdict == UNKNOWN and exploration.exhausted not in (None, Unknown.EXECUTIONS)
    in_transfer = state is not None and state.then is not None and state.then.kind == Kind.NEVER_FINISHES
    return state is not None and not (state.run is not None and state.run.over) and not slow and not in_transfer


def cut_short(
    job: Job, run: Run, executor: Executor, sandbox: Tree, slot: int = 0, clock: float = EPOCH
) -> tuple[Evidence, ...]:
    """The job's programs that its executable had started, and that were still running when that ended, without a
    checkpoint: `run` is that execution, in this sandbox."""
    script = job.inputs.get(job.executable)
    if run.exit.code in (None, job.checkpoint_exit_code) or not isinstance(script, File):
        return ()
    if not any(word in script.content for word in (b"&", b"Popen")):
        return ()  # it starts nothing that it does not wait for
    # What a program leaves running is looked at only if it leaves with the checkpoint exit code.
    asked = replace(job, checkpoint_exit_code=run.exit.code)
    left = executor.run(asked, sandbox, slot=slot, clock=clock, trace=True).left or ()
    programs = {"timeout", *map(posixpath.basename, job.inputs)} - {posixpath.basename(job.executable)}
    names = sorted(programs & {*left})
    if not names:
        return ()
    return (
        Evidence(
            "cut short",
            f"when {job.executable} left with {run.exit}, {series(names)} {'was' if len(names) == 1 else 'were'} still running. HTCondor waits for "
            f"{job.executable} alone, and ends with it all that it has started",
        ),
    )


def clues(job: Job, exploration: Exploration, executor: Executor, behind: Misconception | None) -> tuple[Evidence, ...]:
    """Further evidence for the misconception `behind` a failure, or, if there is none, for another cause."""
    if not _can_be_asked(exploration):
        return ()
    case = Case(job, exploration, executor)
    if behind is not None:
        return CLUES[behind.id](case) if behind.id in CLUES else ()
    return (*emptied_shown(case), *_hidden_shown(case))


def _hidden_shown(case: Case) -> tuple[Evidence, ...]:
    """Evidence of an exception that was hidden while saving, if it left an empty file."""
    empty = {path for path, entry in case.state_files.items() if not entry.content}
    if case.saving is None or not empty:
        return ()
    notes = case.executor.run(
        case.job, case.saving.now.directory, slot=case.saving.now.slot, clock=case.saving.now.time, trace=True
    ).notes
    opened = [number for number, note in enumerate(notes) if note[0] == "open" and note[1] in empty and note[2] == "w"]
    raised = [note for note in notes[opened[0] :] if note[0] == "raise" and note[3] not in HARMLESS] if opened else []
    return tuple(
        Evidence(
            "swallowed",
            f"here an exception is raised while {next(iter(empty))} is written, and hidden: "
            f"{plain(shorten(f'{kind}: {text}', 100))}",
            file,
            line,
        )
        for _, file, line, kind, text in raised[:1]
    )
