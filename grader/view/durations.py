"""A table of durations: how long waits, transfers and slots took, according to a job event log."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from ..rules.costs import Costs
from ..text import count
from .rendering import render
from .style import sheet

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


def table(costs: Costs) -> Markup:
    """The durations as HTML; empty if there are none."""
    rows = list(_rows(costs))
    return render("durations.html", sheet=sheet("durations"), headings=HEADINGS, rows=rows) if rows else Markup()


def text(costs: Costs) -> str:
    """The same as lines of text."""
    rows = list(_rows(costs))
    if not rows:
        return "The log mentions no slot and no transfer."
    return "\n".join(
        f"{what}: {count(int(times), 'time')}, {mean} s on average ({span} s)" for what, _, times, mean, span in rows
    )
