"""The student writes a rule for when to save, on any pool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from grader.course.checks import wrong
from grader.course.exercise import Ask, Exercise, ExplorationCache, Question, Result, job_of
from grader.course.goodput import HOUR, Spent, mean_goodput
from grader.course.often import CHECKPOINT, PACE, behind, given, sweep, where_it_goes
from grader.course.reading import end_without_a_value
from grader.course.saving_rule import KNOWN, MOST_HOURS, OFTEN, Rule, RuleAnswer, RuleFailed, Scenario, drawn
from grader.rules.execution import Run
from grader.rules.simulation import outcome, simulate
from grader.text import about, as_sentence, count
from grader.tree import Tree
from grader.verify.evidence import Evidence, traceback, where_time_was_up

# -- a rule for any pool -----------------------------------------------------------


LIMIT, STEPS = 2 * HOUR, 27
"""Seconds that each slot lasts on the pool of the first question, and the steps of the sweep there, which take a little
longer than a slot lasts."""
ENDS = "It saves, gets on, and ends"
MOST_BY_RULE, ENOUGH_BY_RULE = 0.95, 0.8
RULE = "when.py"


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
        and all(end.returned_files.get(path) == right[path] for path in right)
    ):
        return Result(
            True,
            f"{count(end.checkpoints, 'checkpoint')} in {count(end.activations, 'slot')} of "
            f"{about(LIMIT)}, and the right output",
        )
    if end.status != "never finishes":
        return _fails("The program fails", last.ran, end.exit or end.status, job, (), pace=pace)
    facts = _shown(last.run)
    why = (
        f"its slots last {about(LIMIT)}, and it does not save within that time"
        if "before the next checkpoint" in last.text
        else "asked before the first iteration after a start, your rule saves again at once"
    )
    sandbox = [moment.run for moment in moments if moment.run][-1].sandbox
    answers = rule.answers(job, sandbox, cache.executor)
    text = f"The job never finishes: {why}.{_answered(answers)}"
    line = end_without_a_value(job.inputs.file(RULE), "save_now")
    if line and {one.text for one in answers} == {"None"}:
        text += " It has no return with a value."
        facts = (Evidence("no return", "save_now ends here, and returns None", RULE, line),)
    return wrong(text, job, (), "no-progress", evidence=facts, pace=pace)


def _answered(answers: Sequence[RuleAnswer]) -> str:
    """What a rule answered in the last slot, and when it would have saved, in a sentence or two."""
    if not answers:
        return ""
    *before, final = answers
    if final.saves and not before:
        as_true = "" if final.text == "True" else ", and that counts as true"
        return f" It returned {final.text}{as_true}."
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
                what = f"{_named(scenario)}, the program fails"
                return _fails(what, fault.run, fault.run.exit, scenario.job(rule.job))
            spent = scenario.fares(saved)
            if mean_goodput(spent) < share * scenario.best:
                return _too_little(scenario, saved, spent)
            reached.append(f"{mean_goodput(spent):.0%} where {scenario.best:.0%} can be had")
        return Result(True, f"goodput of {', '.join(reached)}")

    return ask


def _fails(what: str, run: Run, how: object, *story: Any, **more: Any) -> Result:
    """The failure of a program in this execution, which says `what` fails, and `how` if there is no traceback."""
    raised = traceback(run)
    why = f"it used more than {run.over}" if run.over else next((fact.text for fact in raised), how)
    crashed = bool(raised) and not run.over
    return wrong(as_sentence(f"{what}: {why}"), *story, evidence=_shown(run), crashed=crashed, **more)


def _shown(run: Run | None) -> tuple[Evidence, ...]:
    """Evidence of where a program failed, or did not come to an end."""
    return tuple(traceback(run) or where_time_was_up(run))


def _named(scenario: Scenario) -> str:
    return (
        f"On a pool with {scenario.name.partition(' (')[0]}, where a slot lasts {about(scenario.pool.mean_time_between_evictions)} on "
        f"average and a checkpoint costs {about(scenario.checkpoint)}"
    )


def _too_little(scenario: Scenario, saved: Sequence[int], spent: Sequence[Spent]) -> Result:
    return wrong(
        f"{_named(scenario)}, your job saves {len(saved)} times in {about(sum(scenario.iterations))} of work and has "
        f"a goodput of {mean_goodput(spent):.0%}; {scenario.best:.0%} can be had. {where_it_goes(spent)}.",
        misconception=behind(spent),
    )


MANY, ALL = (f"On every pool at least {share:.0%} of the best goodput" for share in (ENOUGH_BY_RULE, MOST_BY_RULE))


MISCONCEPTION_HINTS = {
    "no-progress": {
        3: "Right after a start, no seconds have passed since the last checkpoint: do not save then. And save "
        "before a slot is lost."
    },
}
EXERCISE = Exercise(
    title="A rule for any pool",
    notebook="07-how-often",
    number=4,
    submit_file="sweep.sub",
    files=given,
    settings=sweep,
    pace=PACE,
    answers=(RULE,),
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
        "With `import math` at the top: return seconds_since_checkpoint >= math.sqrt(2 * checkpoint_seconds * seconds_between_evictions)",
    ),
    misconception_hints=MISCONCEPTION_HINTS,
)
