"""Questions about any job with a known answer, and the explanation of failures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..rules.job import STDERR, STDOUT, Job
from ..rules.schedule import Schedule
from ..rules.simulation import Ended, Held, Saved
from ..text import about, as_sentence, count, plain, shorten
from ..tree import Tree
from ..verify.evidence import evidence, left_running, where_time_was_up
from ..verify.explore import RESTART_SAFE, UNKNOWN, Exploration, Violation
from ..verify.verdicts import Unknown, Unsafe
from .case import complaint, failed_before_output
from .diagnosis import clues, cut_short, diagnose, sentence
from .exercise import Ask, ExplorationCache, Result
from .misconceptions import MISCONCEPTIONS
from .report import Failure
from .resumption import free_way

NEVER_LEFT = (
    "Your program may have saved, but then it ran on to its end. How can HTCondor know that there is a checkpoint?",
    "HTCondor looks only at the program's exit code. Until the program exits, a file that it has written is not a "
    "checkpoint.",
    "When everything is written and closed, exit with the code that the submit file names: `sys.exit(85)` in Python, "
    "`exit 85` in a shell script.",
)
"""Hints for a program that never leaves with the checkpoint exit code."""
EMPTIED = (
    "What does the checkpoint file contain before the restart opens it, and right after?",
    "Opening a file with 'w' or 'w+' empties it, even if you want to read it then.",
    "To read it, open it for reading: open(path), or open(path, 'r'). Open it for writing only when you save.",
)
"""Hints for a restart that empties the checkpoint file before reading it."""
OTHER_LINES = (
    "Look at the line that does not belong there. Which line of your program writes it?",
    "The output is the result: it must look the same however often the job saves and is restarted.",
    "Write what you want to tell to another file, or print() it.",
)
"""Hints for a program that adds lines of its own to the output."""
CUT_SHORT = (
    "Who waits until the program has ended that your script starts?",
    "With & behind a command, a shell goes on at once, and $? says nothing of that command; nor does Python wait after "
    "subprocess.Popen(...).",
    "Start the program without the &; or wait for it, with wait $! in a shell script, or process.wait() in Python, and leave with "
    "its exit code.",
)
"""Hints for a script that ends before the program that it has started."""


WHOLE = 0.1
"""The time of an execution that does whole iterations may differ by this part of an iteration, as saving takes time."""
OUTSIDE = (
    "On the same machine it does continue where it left off, so it keeps something there outside its sandbox, which is "
    "missing after an eviction."
)


def every_schedule(job: Job, cache: ExplorationCache, expected: Tree) -> Result:
    """Whether a job is restart-safe: every schedule gives the right output."""
    exploration = cache.explore(job, expected)
    if exploration.verdict == RESTART_SAFE:
        return Result(True, "all of them end with the right output", schedules=exploration.schedules)
    return failed(job, cache, exploration)


Named = str | Callable[[Exploration], str | None]
"""The misconception that a failure of this question shows, or a function that decides it."""


def fault_free(job: Job, cache: ExplorationCache, expected: Tree, named: Named | None = None) -> Result:
    """Whether a job ends with the right output if it is never evicted, only restarted in place."""
    exploration = cache.explore(job, expected)
    returned_files = _free_end(exploration)
    if returned_files is not None and all(returned_files.get(path) == entry for path, entry in expected.items()):
        return Result(
            True,
            f"{count(exploration.checkpoints, 'checkpoint')}, {count(exploration.checkpoints + 1, 'execution')}, the right output",
        )
    return failed(job, cache, without_faults(job, exploration), named)


def first_checkpoint(job: Job, cache: ExplorationCache, expected: Tree) -> Result:
    """Whether the first execution exits with the checkpoint code, and its files reach the spool."""
    exploration = cache.explore(job, expected)
    if exploration.first is not None and isinstance(exploration.first.next, Saved):
        files = " and ".join(exploration.first.next.spool.without((STDOUT, STDERR)).listing())
        return Result(True, f"exit code {job.checkpoint_exit_code}, and the spool directory has {files}")
    return failed(job, cache, without_faults(job, exploration))


def both(*asks: Ask) -> Ask:
    """A question that passes if all of these pass; else its result is the first failure. Adds up the schedules."""

    def ask(subject: object, cache: ExplorationCache) -> Result:
        schedules = 0
        for question in asks:
            result = question(subject, cache)
            schedules += result.schedules
            if not result.passed:
                break
        return replace(result, schedules=schedules)

    return ask


def without_faults(job: Job, exploration: Exploration) -> Exploration:
    """The exploration with the failure of the run without faults as its violation, if that run fails. So a question
    about that run is not explained by something worse on another schedule."""
    way = free_way(exploration)
    if not way or exploration.violation is None or exploration.violation.state in way:
        return exploration
    last, expected = way[-1], exploration.reference
    if isinstance(last.next, Held):
        violation: Violation | None = Violation(Unsafe.HELD, last)
    elif isinstance(last.next, Ended) and last.ran.exit.code != job.success_exit_code:
        violation = Violation(Unsafe.FAILED, last, expected, last.next.returned_files)
    elif isinstance(last.next, Ended):
        wrong = expected is not None and any(
            last.next.returned_files.get(path) != entry for path, entry in expected.items()
        )
        violation = Violation(Unsafe.WRONG_OUTPUT, last, expected, last.next.returned_files) if wrong else None
    else:
        violation = Violation(Unsafe.NEVER_FINISHES, last) if last.endless else None
    return (
        replace(exploration, failure=violation.failure, violation=violation, schedule=()) if violation else exploration
    )


def failed(
    job: Job,
    cache: ExplorationCache,
    exploration: Exploration,
    named: Named | None = None,
    text: str = "",
    hints: tuple[str, ...] = (),
) -> Result:
    """A failure, explained by the exploration: with a sentence (`text`, or a standard sentence), evidence, and the
    misconception, which is `named` or diagnosed. `hints` apply if the evidence has no hints of its own, and if there is
    no misconception."""
    text = text or _sentence(job, exploration)
    if cache.apart:
        return wrong(f"{text} {OUTSIDE}", job, exploration.schedule or (), evidence=evidence(job, exploration))
    if named is None:
        behind = diagnose(job, exploration, cache.executor)
    else:
        behind = MISCONCEPTIONS.get(named if isinstance(named, str) else named(exploration) or "")
    if behind and (disproved := DISPROVED.get(behind.id)) and any(map(disproved, cache.explorations)):
        behind = None
    if behind is MISCONCEPTIONS["left-running"]:
        text += _left_running(exploration)
    facts = evidence(job, exploration)
    last = exploration.violation.state if exploration.violation else exploration.first
    early = (
        cut_short(job, last.run, cache.executor, last.now.directory, last.now.slot, last.now.time)
        if last and last.run
        else ()
    )
    if early and behind is MISCONCEPTIONS["listed-file-missing"]:
        behind = None
    facts = (*early, *facts, *clues(job, exploration, cache.executor, behind))
    shown = {fact.kind for fact in facts}
    hints = (
        NEVER_LEFT
        if _never_saved(exploration)
        else CUT_SHORT
        if early
        else EMPTIED
        if "emptied" in shown
        else OTHER_LINES
        if "other lines" in shown
        else hints
    )
    return Result(
        False,
        text,
        Failure(
            text,
            job,
            exploration.schedule or (),
            facts,
            behind,
            hints,
            crashed=_crashed(exploration) and behind is None,
            sentence=sentence(job, exploration, cache.executor, behind) if behind and named is None else "",
            over=_over(exploration),
        ),
    )


def too_long(
    job: Job, cache: ExplorationCache, exploration: Exploration, iterations: int, seconds: float, noun: str
) -> Result:
    """The failure of a job with the right output that takes more virtual time than its iterations, each of which takes
    `seconds`. If each execution takes as long as whole iterations do, some are done twice; else the cause is not
    known."""
    assert exploration.seconds is not None, "it has come to its end"
    executions = [state.ran.seconds / seconds for state in free_way(exploration)]
    if all(abs(many - round(many)) < WHOLE for many in executions):
        surplus = count(round(exploration.seconds / seconds) - iterations, noun)
        return failed(
            job, cache, exploration, "repeats-iteration", f"The output is right, but {surplus} too many are computed."
        )
    text = (
        f"The output is right, but the job takes {about(exploration.seconds)}, of which its {count(iterations, noun)} take "
        f"only {about(iterations * seconds)}."
    )
    return failed(job, cache, exploration, unnamed, text)


def unnamed(exploration: Exploration) -> None:
    """Names no misconception, whatever the diagnosis would be."""


def wrong(
    text: str, job: Job | None = None, schedule: Schedule | None = None, misconception: str | None = None, **more: Any
) -> Result:
    """A failure that a question itself detects. `job` and `schedule` give the story that shows it; `more` are further
    fields of Failure."""
    behind = MISCONCEPTIONS[misconception] if misconception else None
    return Result(False, text, Failure(text, job, schedule, misconception=behind, **more))


def keeps(executable: str, output: str, submit_file: str) -> Ask:
    """Whether a submit file that the student changes still runs the program and transfers its output."""

    def ask(job: Job, cache: ExplorationCache) -> Result:
        if job.executable != executable or output not in (job.transfer_output_files or ()):
            return wrong(
                f"{submit_file} must keep `executable = {executable}` and `transfer_output_files = {output}`.", job
            )
        return Result(True, "")

    return ask


def told(result: Result, there: str) -> Result:
    """The result. If it is a failure, `there` precedes its text and says under which circumstances it failed."""
    if result.passed:
        return result
    text = f"{there}. {result.text}"
    return replace(result, text=text, failure=result.failure and replace(result.failure, text=text))


def _free_end(exploration: Exploration) -> Tree | None:
    """The files that the run without faults returns; None unless it ends with exit code 0."""
    state, seen = exploration.first, set()
    while state is not None and id(state) not in seen:
        seen.add(id(state))
        if isinstance(state.next, Ended):
            return state.next.returned_files if state.next.exit.code == 0 else None
        state = state.follower
    return None


def _saved(exploration: Exploration) -> bool:
    """Whether the run without faults saved."""
    return exploration.checkpoints > 0


def _restored(exploration: Exploration) -> bool:
    """Whether the run without faults was restarted, and ended with the right output all the same."""
    returned_files = _free_end(exploration)
    right = returned_files is not None and not (exploration.reference or Tree()).changed_since(returned_files)
    return right and _saved(exploration)


DISPROVED = {"never-restores": _restored, "sigterm-saves": _saved}
"""Misconception → whether an exploration disproves it, because the job does better there, with other numbers."""


def _never_saved(exploration: Exploration) -> bool:
    """Whether the verdict is unknown because the program never exited with the checkpoint code."""
    return exploration.unknown is Unknown.NEVER_SAVED and not exploration.checkpoints


def _sentence(job: Job, exploration: Exploration) -> str:
    """A sentence on what went wrong, followed by the program's own error message if it has any."""
    if exploration.verdict == UNKNOWN:
        if _never_saved(exploration):
            return "The program never exited with the checkpoint exit code, so HTCondor never saved anything."
        if exploration.unknown is Unknown.EXECUTIONS and exploration.unfinished:
            tries = count(exploration.unfinished.now.execution, "execution")
            return f"The job has not ended after {tries} without an eviction."
        return f"Nothing can be said for certain: {exploration.failure}."
    assert exploration.violation, "an unsafe job has one"
    state = exploration.violation.state
    where = (
        f"on the schedule {' '.join(map(str, exploration.schedule))}"
        if exploration.schedule
        else "even without an eviction"
    )
    if state.run and state.run.over:
        at = "".join(f" It was in line {fact.line} of {fact.file} then." for fact in where_time_was_up(state.run))
        return (
            f"The program was stopped {where}: it used more than {state.run.over}, and a right answer needs far "
            f"less.{at} Is there a loop that does not end?"
        )
    if exploration.failure == Unsafe.NEVER_FINISHES and state.then and state.then.text:
        return as_sentence(f"The job never finishes {where}: {state.then.text}")
    message = complaint(job, state.run)
    message = f" {job.executable} says: {as_sentence(plain(shorten(message, 160)))}" if message else ""
    if failed_before_output(state):
        return f"The program fails with {state.ran.exit} {where}, before it has written its output.{message}"
    return {
        "wrong output": f"The job ends, but its output is wrong {where}.",
        "held": as_sentence(f"HTCondor puts the job on hold {where}: {getattr(state.next, 'reason', '')}"),
        "failed": f"The job fails with {state.run and state.run.exit} {where}.{message}",
        "never finishes": f"The job is started again and again and never finishes {where}.",
        "lost progress": f"The output is right, but a restart throws saved work away {where}.",
    }[exploration.failure or ""]


def _left_running(exploration: Exploration) -> str:
    """One more sentence, on what was left running before a failure."""
    assert exploration.violation, "a misconception shows in one"
    [fact] = left_running(exploration.violation.state)
    return f" {fact.text[0].upper()}{fact.text[1:]}."


def _over(exploration: Exploration) -> bool:
    """Whether a limit has ended an execution on the way to the failure."""
    last = exploration.violation.state if exploration.violation else exploration.first
    return last is not None and any(bool(state.run and state.run.over) for state in last.way())


def _crashed(exploration: Exploration) -> bool:
    """Whether the answer's first execution ended with a Python exception."""
    return bool(
        exploration.violation
        and exploration.violation.state is exploration.first
        and "Traceback" in exploration.root.ran.stderr
    )
