"""The verdict on a job as lines for the terminal: the verdict first, then the evidence.

verify/explore.py reaches the verdict, verify/evidence.py finds the evidence.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from textwrap import wrap

from .. import calling
from ..rules.schedule import render
from ..text import count, duration, plain, shorten
from ..verify.evidence import RUN_DIFFERS, Evidence
from ..verify.explore import CONSISTENT, RESTART_SAFE, UNKNOWN, UNSAFE, Exploration

WIDTH = 100
MEANINGS = {
    "wrong output": "it ends without an error",
    "held": "HTCondor puts the job on hold",
    "failed": "it ends with an error",
    "never finishes": "it is started again without end",
    "lost progress": "the output is right, but a restart does work again that a checkpoint had saved",
    "too costly": "it is right, but its checkpoints cost more than this exercise allows",
}


def verdict_lines(
    exploration: Exploration,
    facts: Sequence[Evidence] = (),
    *,
    file: str = "FILE",
    misconception: tuple[str, str] | None = None,
    schedule_is: str = "The shortest schedule that shows it:",
) -> list[str]:
    """The lines of a verdict. `file` is the submit file, for the command that shows the failing schedule;
    `misconception` is a name and a sentence, if one explains the failure; `schedule_is` introduces the schedule."""
    lines = [_verdict(exploration), *_numbers(exploration)]
    if exploration.verdict == UNSAFE:
        lines += ["", *_schedule(exploration, file, schedule_is)]
    if facts:
        lines += ["", f"{heading(exploration)}:"]
        for fact in facts:
            lines += ["  " + line for line in fact_lines(fact)]
    if misconception:
        name, sentence = misconception
        lines += ["", *wrap(f"{plain(name)}: {plain(sentence)}", WIDTH)]
    return lines


def heading(exploration: Exploration) -> str:
    """The heading above the facts: what they show."""
    if exploration.unfinished and exploration.verdict == UNKNOWN:
        return "What was seen so far, also of a right job that needs more executions"
    return "What may be wrong" if exploration.verdict == CONSISTENT else "What shows it"


def where(fact: Evidence) -> str:
    """The file and line of a fact as file:line, as far as they are known."""
    return ":".join(str(part) for part in (fact.file, fact.line) if part is not None)


def needs_place(fact: Evidence) -> bool:
    """Whether the place of a fact adds something to its sentence, which may name the file."""
    return fact.line is not None or (fact.file is not None and fact.file not in fact.text)


def fact_lines(fact: Evidence) -> list[str]:
    """One fact: where and what, and below it the expected and the actual line."""
    place = plain(where(fact)) if needs_place(fact) else ""
    lines = [f"{place}  {plain(fact.text)}" if place else plain(fact.text)]
    if fact.expected is not None or fact.got is not None:
        first, second = labels(fact)
        lines += [f"    {first:8} {_quoted(fact.expected)}", f"    {second:8} {_quoted(fact.got)}"]
    return lines


def labels(fact: Evidence) -> tuple[str, str]:
    """Labels for the two lines of a fact: expected and got, or two runs of the same job."""
    return {"differs from run to run": ("once", "again"), RUN_DIFFERS: ("it gives", "the job")}.get(
        fact.kind, ("expected", "got")
    )


def _quoted(line: str | None) -> str:
    return "(no such line)" if line is None else plain(shorten(line, 200)) or "(an empty line)"


def _verdict(exploration: Exploration) -> str:
    tried = (
        f"{count(exploration.schedules, 'interruption')} tried, {count(exploration.states, 'state')}, "
        f"{count(exploration.executions, 'execution')}"
    )
    if exploration.verdict == RESTART_SAFE:
        return f"restart-safe: {tried}, and the right output every time"
    if exploration.verdict == CONSISTENT:
        return f"consistent: {tried}, and the same output every time"
    reason = plain(exploration.failure or "")
    if exploration.verdict == UNSAFE:
        return f"unsafe: {reason} ({MEANINGS[reason]})" if reason in MEANINGS else f"unsafe: {reason}"
    return f"{exploration.verdict}: {reason}" if reason else exploration.verdict


def _numbers(exploration: Exploration) -> list[str]:
    """Numbers on the run without faults, and how much was tried, unless the first line says it."""
    parts = []
    if exploration.seconds is not None:
        parts.append(f"{duration(exploration.seconds)} of computing and {count(exploration.checkpoints, 'checkpoint')}")
    lines = [f"  Without a fault: {' '.join(parts)}."] if parts else []
    if rate := exploration.seconds_per_cpu_second:
        lines.append(f"  {inexact(rate)}")
    if exploration.unbroken:
        lines.append("  The right output is that of a run that continues at each checkpoint and never restarts.")
    if exploration.verdict == CONSISTENT:
        lines += [
            "  Nothing says whether it is right: a job that loses the same at every restart always gives the same "
            "output, too.",
            '  Give the right output with --expected DIR or --without-checkpoints "arguments = --never-save", say.',
        ]
    elif exploration.verdict != RESTART_SAFE and exploration.executions:
        lines.append(
            f"  {count(exploration.schedules, 'interruption')} tried, {count(exploration.states, 'state')}, "
            f"{count(exploration.executions, 'execution')}."
        )
    return lines


def inexact(seconds_per_cpu_second: float) -> str:
    """The note that times are not exact, because computing takes virtual time."""
    return f"Times are not exact: a second of processor time takes {duration(seconds_per_cpu_second)} of virtual time."


def _schedule(exploration: Exploration, file: str, schedule_is: str) -> list[str]:
    """The command that shows the failure."""
    schedule = render(exploration.schedule or ())
    simulate = f"{calling.command('simulate')} {shlex.quote(plain(file))}"
    if not schedule:
        return ["It goes wrong without any fault:", f"  {simulate}"]
    return [schedule_is, f'  {simulate} --schedule "{schedule}"']
