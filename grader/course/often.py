"""Notebook 07. How often to save: what a checkpoint costs, the best interval for a pool, and a rule for any."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from ..rules import eventlog
from ..rules.execution import EPOCH, Run
from ..rules.job import Job
from ..rules.simulation import Moment, Pace, outcome, simulate
from ..text import about, count
from ..tree import File, Tree
from ..verify.evidence import Evidence, traceback, where_time_was_up
from .checks import wrong
from .exercise import Ask, Exercise, ExplorationCache, Question, Result, UnusableAnswer, job_of
from .goodput import HOUR, PATIENCE, AtRandom, Plan, Spent, luck, mean_goodput, play, young
from .payload import job_of as payload_job
from .prediction import prediction
from .reading import literal
from .saving_rule import AROUND, JOBS, KNOWN, MINUTE, MOST_HOURS, OFTEN, Rule, RuleFailed, Scenario, drawn

PACE = Pace(wait=600.0, download=90.0, upload=150.0)
CHECKPOINT, RESTART = 240.0, 120.0
"""What a checkpoint of the job costs with this pace, and a start in a new sandbox: tests measure both."""
LAST_WEEK, WEEK = AtRandom(90 * MINUTE), "week 9"
"""The pool, and a week in which the mean of what happened was what is to be expected, to a minute."""


def sweep(job: Job, start: int = 1, end: int | None = None, **settings: float) -> Job:
    """The same job from `start` to `end` (default: the last step), with other settings."""
    last = int(settings.get("steps", 72) if end is None else end)
    return OFTEN.changed(job, int(start), last, **settings)


def saving_every(seconds: float) -> Job:
    """The sweep with a rule that saves when so many seconds have passed."""
    rule = f"def save_now(iteration, seconds, *others):\n    return seconds >= {seconds}\n"
    job = payload_job("often/sweep.sub")
    return replace(job, inputs=job.inputs.put("when.py", File(rule.encode())))


# -- what is given: the job, and a log of the pool ---------------------------------


def given() -> Tree:
    """The sweep with a placeholder for the rule, and the log of a job of last week."""
    return OFTEN.files().put("last_week.log", File(last_week().encode()))


@lru_cache(None)
def last_week() -> str:
    """The log of a job that was evicted 24 times."""
    now, events = EPOCH - 7 * 24 * HOUR, []

    def happens(event: Callable[..., eventlog.Event], after: float, *more: str) -> None:
        nonlocal now
        now += after
        events.append(event(83, 0, now, *more))

    happens(eventlog.submitted, 0.0)
    for number, lasts in enumerate(luck(LAST_WEEK, 1, 24 * LAST_WEEK.between, seed=WEEK)[0][:24]):
        happens(eventlog.transfer, 120.0 + 97.0 * (number % 5), "input", "started")
        happens(eventlog.transfer, min(PACE.download, lasts), "input", "finished")
        happens(eventlog.executing, 0.0, f"slot1@ep{number + 1}")
        happens(eventlog.evicted, max(0.0, lasts - PACE.download))
    return "".join(map(eventlog.render, events))


# -- predictions -------------------------------------------------------------------


MINUTES_SAFE = prediction(
    "minutes_safe",
    "An interval longer than a slot",
    1,
    job=lambda: saving_every(90 * MINUTE),
    schedule="evict@1+3600s evict@2+3600s evict@3+3600s",
    truth=lambda moments: [moment for moment in moments if moment.kind == "evicted"][2].goodput / MINUTE,
    told="Each slot is lost after 60 minutes, and the work in it with it: the program starts over, and again it is not "
    "there after 90 minutes. As long as no slot lasts longer, this job will never get anywhere.",
    wrong={
        180: ("No eviction leaves time to save anything: what is not in a checkpoint is gone.", "sigterm-saves"),
        90: (
            "The minutes of several slots do not add up: each begins with what is in the checkpoint, and there is "
            "none.",
            "no-progress",
        ),
        60: ("The last slot is lost like the others.", "no-progress"),
    }.get,
    hints=(
        "When is the first checkpoint saved?",
        "The program saves when it has worked for 90 minutes. After how many minutes is the slot lost?",
        "Nothing was ever saved, so nothing is safe.",
    ),
)


def cost_of_a_checkpoint(moments: Sequence[Moment]) -> int:
    """The seconds of a story, from the start of its first execution to the start of the second, that were no work."""
    first, second = [moment for moment in moments if moment.kind in ("started", "restarted")][:2]
    iterations = int(second.spool.file("checkpoint.txt").text) - 1
    each = OFTEN.settings(payload_job("often/sweep.sub"))["seconds_early"]
    return round(second.time - first.time - iterations * each)


CHECKPOINT_SECONDS = prediction(
    "checkpoint_seconds",
    "What a checkpoint costs",
    2,
    job=lambda: payload_job("often/sweep.sub"),
    schedule="evict@3",
    decisive=("checkpoint", 1),
    pace=PACE,
    truth=cost_of_a_checkpoint,
    told="From the moment at which the program stops to work until it works again, 240 seconds pass: it writes (60), "
    "its files travel to the access point (150), and it starts again in place (30).",
    wrong={
        150: ("The log tells only of the transfer. The program says what it needs itself: in sweep.out.", None),
        60: ("That is what the program needs to write; then its files have to travel.", None),
        90: ("That is what the program says. The log tells of the transfer to the access point.", None),
        180: ("The transfer and the start are in it. And what did the program do before?", None),
        210: ("Before it works again, the program has to start once more.", None),
        120: ("That is a start in a new sandbox: 90 seconds of transfer and 30 until the program is ready.", None),
        330: ("In place nothing is sent to the sandbox: the 90 seconds belong to a start in a new one.", None),
    }.get,
    hints=(
        "Three things happen between the last iteration before a checkpoint and the next one after it.",
        "sweep.out tells how long the program writes, and how long it starts; the log tells of the transfer in "
        "between.",
        "60 seconds of writing, 150 of transfer, and 30 until it works again.",
    ),
)


# -- an interval for last week's pool ----------------------------------------------


WORK, MOST_MINUTES = 24 * HOUR, 10_000
MOST, ENOUGH = 0.97, 0.85
"""Of the best goodput: what earns full points, and what half of them. Saving once an hour reaches the second."""


def interval_of(exercise: Exercise, own: Tree) -> float:
    """The student's interval in seconds. Raises UnusableAnswer."""
    try:
        value = literal(own.file(exercise.name).text)
    except ValueError as error:
        raise UnusableAnswer(f"The value of {exercise.name} can't be read: {error}.") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MOST_MINUTES:
        raise UnusableAnswer(f"{exercise.name} is a number of minutes, like 45.")
    return value * MINUTE


def reaches_with_interval(share: float, seed: str = "next week") -> Ask:
    """Whether jobs that save at this interval have at least this share of the best goodput."""

    def ask(interval: float, cache: ExplorationCache) -> Result:
        if not interval:
            return wrong(
                "With an interval of 0, the program saves before it has done any work, and never does any.",
                misconception="no-progress",
            )
        spent, usual = _fares(interval, seed), young(CHECKPOINT, LAST_WEEK.between)
        goodput = mean_goodput(spent)
        best = max(goodput, *(mean_goodput(_fares(usual * factor, seed)) for factor in AROUND))
        reached = f"Saving every {about(interval)} has a goodput of {goodput:.1%}; {best:.1%} can be had"
        if goodput >= share * best:
            return Result(True, reached)
        return wrong(f"{reached}. {_where_it_goes(spent)}.", misconception=_behind(spent))

    return ask


def _another_week(share: float) -> Callable[[random.Random], Ask]:
    return lambda draw: reaches_with_interval(share, f"another week {draw.random()}")


@lru_cache(64)
def _fares(interval: float, seed: str) -> list[Spent]:
    plan = Plan.every(max(interval, 1.0), WORK, CHECKPOINT)
    return [play(plan, RESTART, slots) for slots in luck(LAST_WEEK, JOBS, PATIENCE * WORK, seed)]


def _wasted(spent: Sequence[Spent]) -> tuple[float, float]:
    """Which parts of the time in slots go into checkpoints, and into work that is lost."""
    seconds = sum(one.seconds for one in spent)
    return sum(one.checkpoints for one in spent) / seconds, sum(one.lost for one in spent) / seconds


def _where_it_goes(spent: Sequence[Spent]) -> str:
    """What takes most of the time that is not goodput, and so what to change."""
    checkpoints, lost = _wasted(spent)
    if checkpoints > lost:
        return f"Checkpoints take {checkpoints:.0%} of the time in slots: it saves too often"
    if _behind(spent):
        return f"None of {JOBS} jobs is ever done: slots hardly last until the next checkpoint"
    return f"{lost:.0%} of the time in slots is lost work: it saves too rarely"


def _behind(spent: Sequence[Spent]) -> str | None:
    """The id of the misconception behind jobs that fare so, if there is one."""
    checkpoints, lost = _wasted(spent)
    stuck = lost > checkpoints and not any(one.finished for one in spent)
    return "no-progress" if stuck else None


NEAR, BEST = f"At least {ENOUGH:.0%} of the best goodput", f"At least {MOST:.0%} of it"
INTERVAL = Exercise(
    name="interval",
    title="An interval for this pool",
    answers=("interval",),
    literal=True,
    subject=interval_of,
    questions=tuple(
        Question(
            name,
            1,
            reaches_with_interval(share),
            rests_on,
            unseen=_another_week(share),
        )
        for name, share, rests_on in ((NEAR, ENOUGH, ()), (BEST, MOST, (NEAR,)))
    ),
    hints=(
        "Two numbers decide: what a checkpoint costs, and how long a slot lasts on average. You have measured both.",
        "Move the second slider to the mean time that slots lasted last week, and look where the goodput is highest.",
        "Young: the square root of 2 * checkpoint * time between evictions, all three in minutes: 2 * 4 * 90.",
    ),
)


# -- a rule for any pool -----------------------------------------------------------


LIMIT, STEPS = 2 * HOUR, 27
"""How long each slot lasts on the pool of the first question, and the sweep there: a little more work than that."""
ENDS = "It saves, gets on, and ends"
MOST_BY_RULE, ENOUGH_BY_RULE = 0.95, 0.8


def rule_of(exercise: Exercise, own: Tree) -> Rule:
    """The student's rule. Raises UnusableAnswer."""
    return Rule(job_of(exercise, own))


def ends(rule: Rule, cache: ExplorationCache) -> Result:
    """Whether the sweep ends with the right output in the simulator, on a pool with a time limit."""
    job = sweep(rule.job, steps=STEPS, checkpoint_seconds=CHECKPOINT, seconds_between_evictions=LIMIT)
    pace = replace(PACE, lifetimes=(LIMIT,))
    moments = list(simulate(job, cache.executor, pace=pace, most_executions=4 * STEPS))
    end, last = outcome(moments), moments[-1]
    right = OFTEN.known_answer(1, STEPS, steps=STEPS)
    if (
        end.status == "completed"
        and end.exit
        and end.exit.code == 0
        and all(end.home.get(path) == right[path] for path in right)
    ):
        return Result(
            True,
            f"{count(end.checkpoints, 'checkpoint')} in {count(end.activations, 'slot')} of "
            f"{about(LIMIT)}, and the right output",
        )
    facts, behind = _shown(last.run), None
    if end.status == "never finishes":
        behind = "no-progress"
        why = (
            f"its slots last {about(LIMIT)}, and it does not save within that time"
            if "before the next checkpoint" in last.text
            else "asked before the first iteration after a start, your rule saves again at once"
        )
        text = f"The job never finishes: {why}.{_answered(rule, job, moments, cache)}"
    else:
        text = _fails("The program fails", last.ran, end.exit or end.status)
    return wrong(text, job, (), behind, evidence=facts, crashed=bool(facts), pace=pace)


def _answered(rule: Rule, job: Job, moments: Sequence[Moment], cache: ExplorationCache) -> str:
    """What the rule has answered in the last slot, and when it would have the job save, in a sentence or two."""
    last = [moment.run for moment in moments if moment.run][-1]
    answers = rule.answers(job, last.sandbox, cache.executor)
    if not answers:
        return ""
    *before, final = answers
    if final.saves and not before:
        return f" It returned {final.text}."
    asked = [one for one in answers if one.seconds < LIMIT and not one.saves]
    said = f"{asked[0].text} each time" if len({one.text for one in asked}) == 1 else "nothing that is true"
    then = f"first save after {about(final.seconds)}" if final.saves else f"not save once in {about(MOST_HOURS * HOUR)}"
    return f" Asked {count(len(asked), 'time')} in {about(LIMIT)}, your rule returned {said}; it would {then}."


def reaches(share: float, scenarios: Sequence[Scenario] = KNOWN) -> Ask:
    """Whether a rule has at least this share of the best goodput on each of these pools."""

    def ask(rule: Rule, cache: ExplorationCache) -> Result:
        reached = []
        for scenario in scenarios:
            try:
                saved = rule.saved(scenario, cache.executor)
            except RuleFailed as fault:
                text = _fails(f"{_named(scenario)}, the program fails", fault.run, fault.run.exit)
                return wrong(text, scenario.job(rule.job), evidence=_shown(fault.run))
            spent = scenario.fares(saved)
            if mean_goodput(spent) < share * scenario.best:
                return _too_little(scenario, saved, spent)
            reached.append(f"{mean_goodput(spent):.0%} where {scenario.best:.0%} can be had")
        return Result(True, f"goodput of {', '.join(reached)}")

    return ask


def _fails(what: str, run: Run, how: object) -> str:
    if run.over:
        return f"{what}: it used more than {run.over}."
    return f"{what}: {next((fact.text for fact in traceback(run)), how)}."


def _shown(run: Run | None) -> tuple[Evidence, ...]:
    """Where a program failed, or came to no end."""
    return tuple(traceback(run) or where_time_was_up(run))


def _named(scenario: Scenario) -> str:
    return (
        f"On a pool with {scenario.name.partition(' (')[0]}, where a slot lasts {about(scenario.pool.between)} on "
        f"average and a checkpoint costs {about(scenario.checkpoint)}"
    )


def _too_little(scenario: Scenario, saved: Sequence[int], spent: Sequence[Spent]) -> Result:
    return wrong(
        f"{_named(scenario)}, your job saves {len(saved)} times in {about(sum(scenario.iterations))} of work and has "
        f"a goodput of {mean_goodput(spent):.0%}; {scenario.best:.0%} can be had. {_where_it_goes(spent)}.",
        misconception=_behind(spent),
    )


MANY, ALL = (f"On every pool at least {share:.0%} of the best goodput" for share in (ENOUGH_BY_RULE, MOST_BY_RULE))
RULE = Exercise(
    name="often",
    title="A rule for any pool",
    submit_file="sweep.sub",
    settings=sweep,
    given=given,
    pace=PACE,
    answers=("when.py",),
    subject=rule_of,
    questions=(
        Question(ENDS, 1, ends),
        Question(MANY, 2, reaches(ENOUGH_BY_RULE), (ENDS,), unseen=lambda draw: reaches(ENOUGH_BY_RULE, drawn(draw))),
        Question(ALL, 2, reaches(MOST_BY_RULE), (MANY,), unseen=lambda draw: reaches(MOST_BY_RULE, drawn(draw))),
    ),
    hints=(
        "A count of iterations knows nothing of time. Which of the four numbers does?",
        "Save when enough seconds have passed since the last checkpoint. How many are enough depends on what a "
        "checkpoint costs, and on how often slots are lost.",
        "return seconds_since_checkpoint >= math.sqrt(2 * checkpoint_seconds * seconds_between_evictions)",
    ),
)
