"""A stacked chart of where the time in slots goes, over the interval between checkpoints.

Inline SVG without ids, so that several fit on a page. The numbers come from course/goodput.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..text import about, escape
from .style import CLASSES, sheet

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
    """The goodput of an unlucky job; `high` is that of a lucky one."""
    high: float


def shares(
    columns: Sequence[Column],
    chosen: int,
    best: Mapping[str, float],
    model: Sequence[tuple[float, float]],
    key: str,
    said: str,
) -> str:
    """The chart as HTML, with the numbers of the chosen column and a sentence about it (`said`).

    `best` maps the name of each formula to the interval that it recommends. `model` is a curve of points (interval,
    expected goodput), or empty. `key` explains the dots and bars.
    """
    plot = _Plot(columns[0].interval, columns[-1].interval)
    pieces = [
        *plot.areas(columns),
        *plot.axes(),
        *plot.model(model),
        *plot.best(best),
        *plot.spreads(columns),
        *plot.chosen(columns[chosen]),
        *plot.labels(columns),
    ]
    spoken = ", ".join(f"{name} {part:.0%}" for name, part in zip(PARTS, columns[chosen].parts))
    title = escape(f"Shares of the time in slots by interval. At {about(columns[chosen].interval)}: {spoken}.")
    return (
        f'{sheet("shares")}<div class="{CLASSES}"><div class="shares">'
        f'<div class="wide" tabindex="0" role="group" aria-label="Picture"><svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" width="100%" role="img" aria-label="{title}">'
        f"<title>{title}</title>{''.join(pieces)}</svg></div>{_numbers(columns[chosen], key, bool(model))}"
        f'<p class="said" role="status">{escape(said)}</p></div></div>'
    )


def _numbers(column: Column, key: str, model: bool) -> str:
    rows = [
        f'<li><i style="background:var(--{key})"></i>{name} <b>{_percent(part)}</b></li>'
        for key, name, part in zip(KEYS, PARTS, column.parts)
    ]
    rows.append(f'<li class="dim">{_DOT}{escape(key)}</li>')
    if model:
        rows.append(f'<li class="dim">{_DASHES}Daly\'s formula</li>')
    return f'<ul class="parts">{"".join(rows)}</ul>'


_DOT = (
    '<svg width="12" height="16"><path class="spread" d="M6 1V15M3 1h6M3 15h6"/>'
    '<circle class="dot" cx="6" cy="8" r="2.7"/></svg>'
)
_DASHES = '<svg width="26" height="9"><path class="model" d="M0 6h26"/></svg>'


def _percent(part: float) -> str:
    return f"{part:.0%}" if part == 0 or part >= 0.01 else "below 1%"


class _Plot:
    """The coordinates of the chart: intervals and shares to places."""

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

    def areas(self, columns: Sequence[Column]) -> Iterator[str]:
        for number, key in enumerate(KEYS):
            edge = [(column.interval, sum(column.parts[: number + 1])) for column in columns]
            base = [(column.interval, sum(column.parts[:number])) for column in reversed(columns)]
            yield f'<polygon class="{key}" points="{self.points(edge + base)}"/>'

    def labels(self, columns: Sequence[Column]) -> Iterator[str]:
        """The name of each part where it is thickest, if it fits there."""
        for number, name in enumerate(PARTS):
            column = max(columns[2:-2:3], key=lambda column: column.parts[number])  # where spreads() draws nothing
            if column.parts[number] >= 0.09:
                y = self.y(sum(column.parts[:number]) + column.parts[number] / 2) + 4
                x = self.x(column.interval) + 12  # clear of the bar before it
                yield f'<text class="in" x="{x:.1f}" y="{y:.1f}">{name}</text>'

    def axes(self) -> Iterator[str]:
        for share in (0, 0.25, 0.5, 0.75, 1):
            y = self.y(share)
            yield f'<line class="grid" x1="{LEFT:g}" x2="{WIDTH - RIGHT:g}" y1="{y:g}" y2="{y:g}" opacity=".6"/>'
            yield f'<text x="{LEFT - 6:g}" y="{y + 4:g}" text-anchor="end">{share:.0%}</text>'
        for tick in TICKS:
            if self.first <= tick <= self.last:
                x, y = self.x(tick), self.y(0)
                yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{y:g}" y2="{y + 4:g}"/>'
                yield f'<text x="{x:.1f}" y="{y + 20:g}" text-anchor="middle">{about(tick)}</text>'
        yield (
            f'<text x="{(LEFT + WIDTH - RIGHT) / 2:g}" y="{HEIGHT - 6:g}" text-anchor="middle">'
            "interval: work between two checkpoints</text>"
        )

    def spreads(self, columns: Sequence[Column]) -> Iterator[str]:
        """The goodput of the jobs and its spread, for every third column."""
        for column in columns[1:-1:3]:
            x, middle = self.x(column.interval), self.y(column.parts[0])
            low, high = self.y(column.low), self.y(column.high)
            yield (
                f'<path class="spread" d="M{x:.1f} {low:.1f}V{high:.1f}M{x - 3:.1f} {low:.1f}h6'
                f'M{x - 3:.1f} {high:.1f}h6"/><circle class="dot" cx="{x:.1f}" cy="{middle:.1f}" r="2.7"/>'
            )

    def model(self, model: Sequence[tuple[float, float]]) -> Iterator[str]:
        if model:
            yield f'<polyline class="model" points="{self.points(model)}"/>'

    def best(self, best: Mapping[str, float]) -> Iterator[str]:
        """A line for each formula. Daly's is never right of Young's, so their labels go on opposite sides."""
        for (name, interval), side in zip(sorted(best.items(), key=lambda item: item[1]), (-1, 1)):
            if not self.first <= interval <= self.last:
                continue
            x, anchor = self.x(interval), "end" if side < 0 else "start"
            yield (
                f'<line class="best" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 14:g}" y2="{self.y(0):g}"/>'
                f'<text class="formula" x="{x + 5 * side:.1f}" y="{TOP - 8:g}" text-anchor="{anchor}">'
                f"{escape(name)} {about(interval)}</text>"
            )

    def chosen(self, column: Column) -> Iterator[str]:
        x, y = self.x(column.interval), self.y(0)
        yield f'<line class="chosen" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP:g}" y2="{y:g}"/>'
        yield f'<path class="handle" d="M{x:.1f} {y:g}l-6 9h12z"/>'
