"""A table of durations: how long waits, transfers and slots took, according to a job event log."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from ..rules.costs import Costs
from ..text import count, escape
from .style import CLASSES, sheet

HEADINGS = ("what took time", "in the job event log", "times", "seconds, on average", "from shortest to longest")


def _rows(costs: Costs) -> Iterator[tuple[str, str, str, str, str]]:
    for what, source, seconds in (
        ("waited for a slot", "000 or 004, until 040 Started transferring input files", costs.waits),
        ("transferred to a new sandbox", "040 Started, until Finished transferring input files", costs.downloads),
        ("transferred a checkpoint", "040 Started, until Finished transferring output files", costs.uploads),
        ("had a slot that was then lost", "040 Started transferring input files, until 004", costs.slots),
    ):
        if seconds:
            yield what, source, str(len(seconds)), f"{statistics.mean(seconds):.0f}", _span(seconds)


def _span(seconds: Sequence[float]) -> str:
    low, high = f"{min(seconds):.0f}", f"{max(seconds):.0f}"
    return low if low == high else f"{low} to {high}"


def table(costs: Costs) -> str:
    """The durations as HTML."""
    rows = list(_rows(costs))
    if not rows:
        return ""
    head = "".join(f'<th scope="col"{_number(place)}>{escape(heading)}</th>' for place, heading in enumerate(HEADINGS))
    cells = ["".join(f"<td{_number(place)}>{escape(cell)}</td>" for place, cell in enumerate(row)) for row in rows]
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return (
        f'{sheet("durations")}<div class="{CLASSES}" tabindex="0" role="group" aria-label="What took time">'
        f'<table class="took"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _number(place: int) -> str:
    return ' class="num"' if place >= 2 else ""


def text(costs: Costs) -> str:
    """The same as lines of text."""
    rows = list(_rows(costs))
    if not rows:
        return "The log mentions no slot and no transfer."
    return "\n".join(
        f"{what}: {count(int(times), 'time')}, {mean} s on average ({span} s)" for what, _, times, mean, span in rows
    )
