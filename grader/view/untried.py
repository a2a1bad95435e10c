"""What a verdict leaves open when exploration was stopped early: the restarts that were not tried."""

from __future__ import annotations

from textwrap import wrap

from ..rules.schedule import render
from ..text import count
from ..verify.explore import Exploration
from .verdict import WIDTH

SHOWN = 5
"""How many schedules are named at most."""


def untried_lines(exploration: Exploration) -> list[str]:
    """How far every schedule was tried, and what was not tried, as lines; [] if exploration was not stopped early."""
    if not exploration.exhausted:
        return []
    if not exploration.waiting:
        return ["  Every schedule was tried, but not whether the job does the same every time."]
    if not exploration.schedules:
        return ["  Not tried: any interruption. The run without faults did not reach its end."]
    complete = len(exploration.waiting[0])
    tried = {0: "", 1: "Everything without a fault was tried. "}.get(
        complete, f"Every schedule of up to {count(complete - 1, 'fault')} was tried. "
    )
    return [f"  {line}" for line in wrap(tried + _next(exploration), WIDTH - 2, break_on_hyphens=False)]


def untried_json(exploration: Exploration) -> dict[str, object]:
    """The same as values for JSON: the number of untried starts, and the shortest schedules that lead to them."""
    return {"starts": len(exploration.waiting), "schedules": [render(faults) for faults in exploration.waiting[:SHOWN]]}


def _next(exploration: Exploration) -> str:
    named = list(dict.fromkeys(f'"{render(faults)}"' if faults else "no fault" for faults in exploration.waiting))
    more = " ..." if len(named) > SHOWN else ""
    return (
        f"Not tried: {count(len(exploration.waiting), 'start')} of the program, after {', '.join(named[:SHOWN])}{more}."
    )
