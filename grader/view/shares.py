"""A stacked chart of where the time in slots goes, over the interval between checkpoints.

Inline SVG without ids, so that several fit on a page. The numbers come from course/goodput.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from ..text import about
from .rendering import render
from .style import sheet

PARTS = ("goodput", "checkpoints", "restarts", "lost work")
KEYS = ("good", "save", "again", "loss")
WIDTH, HEIGHT = 800.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 14.0, 34.0, 44.0
TICKS = tuple(60.0 * minutes for minutes in (1, 2, 5, 10, 20, 30, 60, 120, 240, 480, 960))


class Column(NamedTuple):
    """The results of jobs that save at one interval."""

    interval: float
    """Seconds."""
    parts: tuple[float, ...]
    """The share of each of PARTS in the time in slots; they add up to 1."""
    low: float
    """Eight of ten jobs have a goodput from `low` to `high`."""
    high: float


def shares(
    columns: Sequence[Column],
    chosen: int,
    best: Mapping[str, float],
    model: Sequence[tuple[float, float]],
    key: str,
    said: str,
) -> Markup:
    """The chart as HTML, with the numbers of the chosen column and a sentence about it (`said`).

    `best` maps the name of each formula to the interval that it recommends. `model` is a curve of points (interval,
    expected goodput), or empty. `key` explains the dots and bars.
    """
    plot, column = _Plot(columns[0].interval, columns[-1].interval), columns[chosen]
    spoken = ", ".join(f"{name} {part:.0%}" for name, part in zip(PARTS, column.parts))
    return render(
        "shares.html",
        sheet=sheet("shares"),
        title=f"Shares of the time in slots by interval. At {about(column.interval)}: {spoken}.",
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP,
        bottom=plot.y(0),
        areas=list(plot.areas(columns)),
        across=[(plot.y(share), f"{share:.0%}") for share in (0, 0.25, 0.5, 0.75, 1)],
        ticks=[(plot.x(tick), about(tick)) for tick in TICKS if plot.first <= tick <= plot.last],
        model=plot.points(model),
        best=list(plot.best(best)),
        spreads=list(plot.spreads(columns)),
        chosen=plot.x(column.interval),
        labels=list(plot.labels(columns)),
        parts=[(key, name, _percent(part)) for key, name, part in zip(KEYS, PARTS, column.parts)],
        key=key,
        said=said,
    )


def _percent(part: float) -> str:
    return f"{part:.0%}" if part == 0 or part >= 0.01 else "below 1%"


class _Plot:
    """Turns intervals and shares into coordinates of the chart."""

    def __init__(self, first: float, last: float):
        self.first, self.last = first, last

    def x(self, interval: float) -> float:
        along = math.log(interval / self.first) / math.log(self.last / self.first)
        return LEFT + along * (WIDTH - LEFT - RIGHT)

    @staticmethod
    def y(share: float) -> float:
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def points(self, points: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{self.x(interval):.1f},{self.y(share):.1f}" for interval, share in points)

    def areas(self, columns: Sequence[Column]) -> Iterator[tuple[str, str]]:
        """The key and the corners of each part."""
        for number, key in enumerate(KEYS):
            edge = [(column.interval, sum(column.parts[: number + 1])) for column in columns]
            base = [(column.interval, sum(column.parts[:number])) for column in reversed(columns)]
            yield key, self.points(edge + base)

    def labels(self, columns: Sequence[Column]) -> Iterator[tuple[float, float, str]]:
        """The name of each part where it is thickest, if it fits there."""
        for number, name in enumerate(PARTS):
            column = max(columns[2:-2:3], key=lambda column: column.parts[number])  # where spreads() draws nothing
            if column.parts[number] >= 0.09:
                y = self.y(sum(column.parts[:number]) + column.parts[number] / 2) + 4
                yield self.x(column.interval) + 12, y, name  # clear of the bar before it

    def spreads(self, columns: Sequence[Column]) -> Iterator[tuple[float, float, float, float]]:
        """The goodput of the jobs and its spread, for every third column: x, low, high, and middle."""
        for column in columns[1:-1:3]:
            yield self.x(column.interval), self.y(column.low), self.y(column.high), self.y(column.parts[0])

    def best(self, best: Mapping[str, float]) -> Iterator[tuple[float, int, str]]:
        """A line for each formula: x, the side of its label, and the label. Daly's is never right of Young's, so their
        labels go on opposite sides."""
        for (name, interval), side in zip(sorted(best.items(), key=lambda item: item[1]), (-1, 1)):
            if self.first <= interval <= self.last:
                yield self.x(interval), side, f"{name} {about(interval)}"
