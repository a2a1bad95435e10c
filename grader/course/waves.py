"""The program of exercise `wrapper`: its settings, the moments at which writing its restart file can be cut off, and
the questions about a job that runs it in a wrapper."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..rules.execution import Exit, Run
from ..rules.job import Job
from ..rules.simulation import Ended, Saved
from ..rules.transfer import without_streams
from ..text import count, plain, shorten
from ..tree import File, Tree
from ..verify.evidence import Evidence
from ..verify.explore import RESTART_SAFE, Exploration
from .checks import failed, first_checkpoint, told, wrong
from .exercise import Ask, ExplorationCache, Result
from .folders import load
from .payload import Program

WAVES = Program("waves", "waves")
"""payload/waves: waves, which knows nothing about HTCondor."""
LIMIT = 90
"""Seconds that the submit file gives the wrapper: enough for two restart files."""
PLENTY = 100_000
"""Seconds that are enough for every run here."""
DIVERGED, UNUSABLE = 3, 2
"""Exit codes of waves."""
DIVERGES: dict[str, float] = {"courant": 1.01, "seconds": 1, "disk_seconds": 1}
"""Settings with which waves diverges, at step 29, after 37 s ..."""
BEFORE_THAT = 32
"""... and a time limit with which it writes two restart files before that."""
MOST_TRIES = 4
"""How many time limits are tried for one moment."""
SHORT: dict[str, float] = {"steps": 28, "seconds": 1, "disk_seconds": 3}
"""Settings with which waves writes two restart files, and spends about half of its time on that."""

SLEEPS = (
    "waves is done early. What does my_wrapper do until its time is up?",
    "`sleep $1` always takes all of its time, also if nothing is left to wait for. Meanwhile nobody else gets the slot.",
    "Use timeout, which ends as soon as waves does, or `wait` for waves while the sleep runs in the background.",
)
"""Hints for a wrapper that waits until its time is up, although waves has ended."""

NAIVE = b"""\
#!/bin/bash
if [ -f restart.dat ]; then
    timeout $1 ./waves --restart restart.dat
else
    timeout $1 ./waves
fi
code=$?
if [ $code -eq 124 ]; then exit 85; fi
exit $code
"""
"""A wrapper that is right as long as nothing is cut off in the middle."""


def waves(job: Job, limit: float | None = None, naive: bool = False, **settings: float) -> Job:
    """The same job with another time limit (the first argument of its wrapper) and other settings. With `naive`, it has
    a wrapper that does not notice files that were cut off."""
    changed = WAVES.changed(naive_job() if naive else job, **settings)
    return changed if limit is None else limited(changed, limit)


def limited(job: Job, limit: float) -> Job:
    """The same job with another time limit."""
    return replace(job, arguments=(str(round(limit)), *job.arguments[1:]))


def naive_job() -> Job:
    """The job with a wrapper that does not notice files that were cut off."""
    return load("wrapper").job(Tree({"my_wrapper": File(NAIVE, executable=True)}))


# -- moments at which waves can be cut off ----------------------------------------------


@dataclass(frozen=True)
class Cut:
    """A moment of an execution that begins with the first step, and the last line that waves has printed by then."""

    seconds: int
    said: str
    saving: bool
    """Whether this is in the middle of saving."""


def cut_at(seconds: float, settings: dict[str, float]) -> Cut:
    """The moment after `seconds` of an execution that begins with the first step."""
    printed = [text for at, text in _listing(settings) if at <= seconds]
    saving = re.compile(r"step \d+|restart.dat.*")
    return Cut(round(seconds), printed[-1], bool(saving.fullmatch(printed[-1])) and not _whole(printed[-1]))


def moments(settings: dict[str, float]) -> list[int]:
    """Seconds of an execution that begins with the first step: one moment between the first restart file and the
    second, and one between any two writes of the second."""
    first, second = first_file(settings), _second_save(settings)
    step = round(WAVES.settings(WAVES.changed(naive_job(), **settings))["disk_seconds"])
    before = second + 1 - (second - first) // step * step
    return [before, *(at for at in range(second + 1, 2 * first, step) if cut_at(at, settings).saving)]


def first_file(settings: dict[str, float]) -> int:
    """The seconds after which waves has written its first restart file."""
    return next(seconds for seconds, text in _listing(settings) if _whole(text))


def _second_save(settings: dict[str, float]) -> int:
    """The seconds after which waves begins to save for the second time."""
    return [seconds for seconds, text in _listing(settings) if re.fullmatch(r"step \d+", text)][1]


def _listing(settings: dict[str, float]) -> list[tuple[int, str]]:
    """(seconds, text) of each line that waves prints in an uninterrupted run."""
    return _printed(WAVES.uninterrupted(WAVES.with_settings(**settings)))


def _printed(run: Run) -> list[tuple[int, str]]:
    lines = (re.fullmatch(r" *(\d{1,9}) s  (.*)", line) for line in run.stdout.splitlines())
    return [(int(line[1]), line[2]) for line in lines if line]


def _whole(text: str) -> bool:
    numbers = re.fullmatch(r"restart.dat: (\d+) of (\d+) bytes", text)
    return numbers is not None and numbers[1] == numbers[2]


# -- questions ------------------------------------------------------------------------


def asking(question: Callable[[Job, ExplorationCache, Tree], Result], limit: int, **settings: float) -> Ask:
    """A question about the waves with this time limit and these settings."""

    def ask(job: Job, cache: ExplorationCache) -> Result:
        return question(limited(WAVES.changed(job, **settings), limit), cache, WAVES.known_answer(**settings))

    return ask


def unseen(question: Callable[[Job, ExplorationCache, Tree], Result], periods: float) -> Callable[[random.Random], Ask]:
    """A question about waves with randomly drawn settings, and a time limit for `periods` restart files."""

    def drawn(draw: random.Random) -> Ask:
        settings = unseen_settings(draw)
        limit = round(periods * (settings["save_every"] * settings["seconds"] + 5 * settings["disk_seconds"]))
        there = "With {points} points, saved every {save_every} of {steps} steps".format(**settings)
        return lambda job, cache: told(asking(question, limit, **settings)(job, cache), there)

    return drawn


def unseen_settings(draw: random.Random) -> dict[str, float]:
    """Settings with which waves writes three restart files, each in three or four pieces."""
    points, save_every = draw.randint(40, 60), draw.randint(4, 6)
    return {
        "points": points,
        "courant": draw.randint(90, 99) / 100,
        "save_every": save_every,
        "steps": 3 * save_every + draw.randint(1, 3),
        "seconds": draw.randint(1, 3),
        "block": points * draw.randint(13, 15),
        "disk_seconds": 2,
    }


def is_the_wrapped_program(job: Job, cache: ExplorationCache) -> Result:
    """Whether the submit file still runs my_wrapper with a time limit, and transfers the output."""
    limit = job.arguments[0] if job.arguments else ""
    outputs = job.transfer_output_files or ()
    if job.executable != "my_wrapper" or not re.fullmatch("[0-9]+", limit) or WAVES.output not in outputs:
        return wrong(
            "waves.sub must keep `executable = my_wrapper`, a number of seconds as the first argument, and "
            "`transfer_output_files = my_output.txt`.",
            job,
            (),
        )
    return Result(True, "")


def at_once(job: Job, cache: ExplorationCache, expected: Tree) -> Result:
    """Whether a job with enough time finishes in one execution."""
    exploration = cache.explore(job, expected)
    end = exploration.root.next
    if (
        isinstance(end, Ended)
        and end.exit.code == 0
        and all(end.returned_files.get(path) == expected[path] for path in expected)
    ):
        return Result(True, "exit code 0, and the right output")
    if early := _too_early(job, cache, expected):
        return early
    if exploration.verdict == RESTART_SAFE:  # it ends right, but not in its first execution
        run = exploration.root.ran
        text = (
            f"my_wrapper is given {job.arguments[0]} s, time enough for waves, but exits with {run.exit.code} after "
            f"{run.seconds:.0f} s."
        )
        return wrong(text, job, (), "wrong-exit-code" if _is_done(run, expected) else None)
    return failed(job, cache, exploration)


def out_of_time(job: Job, cache: ExplorationCache, expected: Tree) -> Result:
    """Whether a job that runs out of time exits with the checkpoint code, and its files reach the spool."""
    exploration = cache.explore(job, expected)
    run, end = exploration.root.ran, exploration.root.next
    if early := _too_early(job, cache, expected):
        return early
    if isinstance(end, Ended) and run.seconds > 1.5 * float(job.arguments[0]):
        never = " It sets no limit at all: waves ran to its end." if _is_done(run, expected) else ""
        text = f"my_wrapper is given {job.arguments[0]} s, but lets waves run for {run.seconds:.0f} s.{never}"
        return wrong(text, job, ())
    if isinstance(end, Ended) and end.exit.code == 0 and _exit_code(job, cache, points=2) == 0:
        return failed(
            job,
            cache,
            exploration,
            "wrong-exit-code",
            "When the time is up, my_wrapper exits with 0, and also when waves fails. It loses the "
            "exit code of waves (or timeout).",
        )
    if isinstance(end, Ended):
        return failed(
            job,
            cache,
            exploration,
            None,
            f"After {run.seconds:.0f} s, the time is up, and my_wrapper ends with "
            f"{end.exit}. For HTCondor, the job is over.",
        )
    if isinstance(end, Saved) and (problem := _not_its_own_time(job, run) or _not_its_argument(job, cache, run)):
        return wrong(problem, job, ())
    return first_checkpoint(job, cache, expected)


def _not_its_own_time(job: Job, run: Run) -> str:
    """What is wrong if a first execution that was cut off did not run the unchanged waves; else ''."""
    limit, seconds = float(job.arguments[0]), WAVES.settings(job)["seconds"]
    if run.seconds > 2 * limit:
        return f"my_wrapper is given {limit:g} s, but ends after {run.seconds:.0f} s."
    if changed := [
        path
        for path in (WAVES.executable, WAVES.settings_file)
        if run.sandbox.get(path) not in (None, job.inputs[path])
    ]:
        return f"my_wrapper has changed {changed[0]}. It must use waves and its input unchanged."
    if (_steps(run) - 1) * seconds > run.seconds:
        return f"After {run.seconds:.0f} s, {WAVES.output} has more lines than waves can have written by then."
    return ""


def _not_its_argument(job: Job, cache: ExplorationCache, run: Run) -> str:
    """What is wrong if a first execution that was cut off would not end earlier with a shorter limit; else ''."""
    if float(job.arguments[0]) != LIMIT:
        return ""  # testing one limit is enough
    # One of the two ends earlier even with a wrapper that checks only now and then, or subtracts from its limit.
    for limit in (moments(SHORT)[0], 2 * first_file(SHORT) + 1):
        shorter = limited(WAVES.changed(job, **SHORT), limit)
        then = cache.executor.run(shorter, shorter.inputs)
        if then.exit.code == job.checkpoint_exit_code and then.seconds < run.seconds - 1:
            return ""
    return (
        f"my_wrapper is given {shorter.arguments[0]} s, but ends after {then.seconds:.0f} s. The limit is its first "
        "argument, $1."
    )


def _is_done(run: Run, expected: Tree) -> bool:
    """Whether the output is complete."""
    return all(run.sandbox.get(path) == expected[path] for path in expected)


def _too_early(job: Job, cache: ExplorationCache, expected: Tree) -> Result | None:
    """The failure if the first execution exits with the checkpoint code long before it has to, and is not done; else
    None."""
    exploration = cache.explore(job, expected)
    run, limit = exploration.root.ran, float(job.arguments[0])
    if run.exit.code != job.checkpoint_exit_code or run.seconds > limit / 2 or _is_done(run, expected):
        return None
    text = f"my_wrapper is given {limit:g} s, but exits with {job.checkpoint_exit_code} after {run.seconds:.0f} s"
    saved = next(seconds for seconds, text in _printed(_uninterrupted(job)) if _whole(text))
    if run.seconds >= saved:
        return wrong(f"{text}. The limit is its first argument, $1.", job, ())
    return failed(
        job, cache, exploration, "no-progress", f"{text}. waves writes its first restart file after {saved} s."
    )


def passes_on(job: Job, cache: ExplorationCache, expected: Tree) -> Result:
    """Whether the job ends with the exit code of waves if waves fails, at once or after a checkpoint, on every
    schedule."""
    asked = limited(WAVES.changed(job, points=2), PLENTY)
    run = cache.executor.run(asked, asked.inputs)
    unusable = run.exit.code
    if unusable != UNUSABLE:
        return wrong(
            f"With an unusable my_input.txt, waves exits with {UNUSABLE}, but the job with {unusable}.",
            job,
            (),
            "always-85" if unusable == job.checkpoint_exit_code else "wrong-exit-code",
        )
    if run.seconds > PLENTY / 2:
        text = f"With an unusable my_input.txt, waves ends at once, but my_wrapper only after {run.seconds:.0f} s."
        return wrong(text, job, (), hints=SLEEPS)
    exploration = cache.explore(replace(job, success_exit_code=DIVERGED), Tree())
    if exploration.verdict == RESTART_SAFE or exploration.failure == "lost progress":  # other questions are about that
        return Result(True, f"exit codes {UNUSABLE} and {DIVERGED}, like waves", schedules=exploration.schedules)
    misconception = {"never finishes": "always-85", "failed": "wrong-exit-code"}.get(exploration.failure or "")
    what = "the job is started again, for ever" if misconception == "always-85" else "the job does not"
    return failed(job, cache, exploration, misconception, f"When waves diverges, it exits with {DIVERGED}, but {what}.")


def _exit_code(job: Job, cache: ExplorationCache, **settings: float) -> int | None:
    """The exit code of a first execution with other settings."""
    changed = WAVES.changed(job, **settings)
    return cache.executor.run(changed, changed.inputs).exit.code


def cut_off(choose: Callable[[list[int]], list[int]] = list, /, **settings: float) -> Ask:
    """A question: does a job end right wherever its first execution is cut off, with the same time limit in all
    executions? `choose` selects from moments()."""

    def ask(job: Job, cache: ExplorationCache) -> Result:
        explored: dict[tuple[Exit, Tree], Exploration] = {}
        tried = []
        for cut_job, cut in _cut(job, choose(moments(settings)), cache, settings):
            # Most wrappers leave the same last whole file at several moments: explore the job from there only once.
            left = _left(cut_job, cache)
            if left not in explored:
                explored[left] = cache.explore(cut_job, WAVES.known_answer(**settings), late=False)
            tried.append((cut, cut_job, explored[left]))
        torn = [trial for trial in tried if trial[2].verdict != RESTART_SAFE]
        if not torn:
            return Result(
                True,
                f"{count(len(tried), 'moment')}, before and in the middle of writing, end right",
                schedules=sum(exploration.schedules for exploration in explored.values()),
            )
        cut, cut_job, exploration = min(torn, key=lambda trial: _gravity(trial[2]))
        result = failed(
            cut_job,
            cache,
            exploration,
            "torn-write" if cut.saving and isinstance(exploration.root.next, Saved) else None,
            f"With {_numbers(settings)}: cut off after {cut.seconds} s (waves has printed: {cut.said}), "
            f"{_outcome(exploration)}.",
        )
        table = dict.fromkeys(
            Evidence("cut off", f"after {cut.seconds} s ({cut.said}), {_outcome(exploration)}")
            for cut, _, exploration in tried
        )
        return result.shown_by(*table)

    return ask


def cut_off_unseen(draw: random.Random) -> Ask:
    """cut_off() with randomly drawn settings, and only at the last moment of writing: a wrapper that checks the size or
    the number of lines is most likely to accept that incomplete file."""
    settings = unseen_settings(draw)
    settings["steps"] = 3 * settings["save_every"] - 2
    return cut_off(lambda moments: moments[-1:], **settings)


def _cut(
    job: Job, targets: Sequence[int], cache: ExplorationCache, settings: dict[str, float]
) -> Iterator[tuple[Job, Cut]]:
    """The job with time limits that cut off waves, in the first execution, at these moments, or a little later with a
    wrapper that only checks now and then. Yields only moments at which waves is writing its second or a later restart
    file, and the first moment before that, as the job must also finish if each execution writes one file."""
    before, ahead = False, 0
    steps_in_all = WAVES.settings(WAVES.changed(job, **settings))["steps"]
    for moment in targets:
        for _ in range(MOST_TRIES):
            cut_job = limited(WAVES.changed(job, **settings), moment + ahead)
            run = cache.executor.run(cut_job, cut_job.inputs)
            reached = _reached(run, settings)
            if reached.seconds >= moment:
                break
            ahead += moment - reached.seconds  # what the wrapper subtracts from its limit
        files, since = _progress(run, settings)
        cut = replace(reached, seconds=round(run.seconds))
        if _steps(run) >= steps_in_all or (files > 1 and not cut.saving):
            continue  # waves was not cut off, perhaps as the wrapper subtracts too much; or the file is complete
        if files > 1:
            yield cut_job, cut
        elif not before and ((files and since) or any(_whole(text) for _, text in _printed(run))):
            before = True
            yield cut_job, cut


def _reached(run: Run, settings: dict[str, float]) -> Cut:
    """The moment at which waves was cut off in a first execution; the wrapper may have ended later. waves prints how
    far it got. If the wrapper hides that, the output file shows it, as waves computes no step while it writes a restart
    file."""
    listing, printed = _listing(settings), _printed(run)
    files, since = _progress(run, settings)
    if printed:
        after = [at for at, _ in listing if at > printed[-1][0]]
        return cut_at(min(max(run.seconds, printed[-1][0]), after[0] - 1 if after else run.seconds), settings)
    written = [0, *(at for at, text in listing if _whole(text))]
    begun = [at for at, text in listing if re.fullmatch(r"step \d+", text)]
    if since or not files:
        seconds = WAVES.settings(WAVES.changed(naive_job(), **settings))["seconds"]
        last = written[min(files, len(written) - 1)] + (since + 1) * seconds
        return replace(cut_at(min(run.seconds, last), settings), saving=False)
    first, last = begun[min(files, len(begun)) - 1], written[min(files, len(written) - 1)] - 1
    return replace(cut_at(min(max(run.seconds, first), last), settings), saving=True)


def _steps(run: Run) -> int:
    """The number of steps in the output."""
    return run.sandbox.text(WAVES.output).count("\n")


def _progress(run: Run, settings: dict[str, float]) -> tuple[int, int]:
    """The number of restart files whose steps waves has done, and the number of steps since."""
    return divmod(_steps(run), round(WAVES.settings(WAVES.changed(naive_job(), **settings))["save_every"]))


def _numbers(settings: dict[str, float]) -> str:
    return ", ".join(f"{name} = {value:g}" for name, value in settings.items())


def _left(job: Job, cache: ExplorationCache) -> tuple[Exit, Tree]:
    """The exit and the sandbox of a first execution."""
    run = cache.executor.run(job, job.inputs)
    return run.exit, without_streams(run.sandbox)


def _gravity(exploration: Exploration) -> int:
    order = ("wrong output", "failed", "never finishes", "held", "lost progress")
    return order.index(exploration.failure) if exploration.failure in order else len(order)


def _outcome(exploration: Exploration) -> str:
    """How a job ends, as the end of a sentence."""
    if exploration.verdict == RESTART_SAFE:
        return "it continues, and ends right"
    state = exploration.violation.state if exploration.violation else exploration.root
    return {
        "wrong output": "it ends with exit code 0, but wrong numbers",
        "failed": f"it fails with {state.ran.exit}",
        "never finishes": "it starts again and again, and never finishes",
        "held": "HTCondor puts it on hold",
        "lost progress": "it throws saved work away",
    }.get(exploration.failure or "", f"nothing can be said: {plain(shorten(str(exploration.failure), 80))}")


def _uninterrupted(job: Job) -> Run:
    return WAVES.uninterrupted(job.inputs.file(WAVES.settings_file))
