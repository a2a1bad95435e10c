"""Curves, points and heat maps as SVG, for the browser, where matplotlib is missing.

It draws just what the notebooks show, with matplotlib's format strings for lines and points.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from .rendering import render

Point = tuple[float, float]
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
"""The series of a chart take these in order: Okabe and Ito's palette, which colour-blind people can tell apart."""
MAPS = {
    "gray": ((0, 0, 0), (255, 255, 255)),
    "RdBu": ((140, 20, 40), (225, 130, 105), (247, 247, 247), (105, 165, 210), (20, 70, 130)),
}
LEFT, RIGHT, TOP, BOTTOM = 54.0, 12.0, 26.0, 42.0
"""Margins around the axes of a panel, for labels."""


@dataclass(frozen=True)
class Chart:
    """Series of points by label. `styles` are matplotlib's format strings, such as "o-" or "x--", one for each series,
    separated by spaces; the last also applies to the series after it."""

    series: Mapping[str, Sequence[Point]]
    styles: str = "-"
    x: str = ""
    y: str = ""
    title: str = ""
    mark: float | None = None
    """The x of a dotted vertical line."""

    def styled(self) -> Iterator[tuple[str, Sequence[Point], str]]:
        """(label, points, style) of each series."""
        styles = self.styles.split()
        for number, (label, points) in enumerate(self.series.items()):
            yield label, points, styles[min(number, len(styles) - 1)]


@dataclass(frozen=True)
class Heatmap:
    """Rows of numbers as colours, from `low` to `high`, the first row on top."""

    rows: Sequence[Sequence[float]]
    low: float = 0.0
    high: float = 1.0
    colours: str = "gray"
    x: str = ""
    y: str = ""
    title: str = ""


class Box(NamedTuple):
    """The position and size of the axes in a panel."""

    left: float
    top: float
    across: float
    down: float


class Strokes(NamedTuple):
    """Lines and points ready to be drawn: paths, and the centres of circles."""

    line: str = ""
    dashed: bool = False
    pixels: str = ""
    circles: Sequence[Point] = ()
    crosses: str = ""


class DrawnSeries(NamedTuple):
    """A series, and its entry in the legend unless the label is empty."""

    colour: str
    drawn: Strokes
    label: str
    sample: Strokes
    x: float
    y: float


class DrawnPanel(NamedTuple):
    """A chart or a heat map with the positions of its parts."""

    panel: Chart | Heatmap
    x: float
    y: float
    box: Box
    ticks_x: Sequence[tuple[float, str]] = ()
    ticks_y: Sequence[tuple[float, str]] = ()
    marks: Sequence[float] = ()
    series: Sequence[DrawnSeries] = ()
    picture: str = ""
    """A heat map as a PNG image, in base64."""


def svg(
    panels: Sequence[Chart | Heatmap], columns: int, width: float = 880.0, height: float = 280.0, says: str = ""
) -> Markup:
    """All panels in one picture, row after row. `height` is that of a row; `says` describes the picture in words."""
    each = width / columns
    drawn = []
    for number, panel in enumerate(panels):
        at = number % columns * each, number // columns * height
        drawn.append(_chart(panel, at, each, height) if isinstance(panel, Chart) else _heatmap(panel, at, each, height))
    words = says or "; ".join(dict.fromkeys(filter(None, (panel.title or panel.y for panel in panels))))
    return render(
        "chart.html",
        panels=drawn,
        rows=math.ceil(len(panels) / columns),
        width=width,
        height=height,
        says=words,
        mark_colour=COLOURS[1],
    )


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from low to high, at most `most` of them."""
    span = (high - low) or 1.0
    size = 10.0 ** math.floor(math.log10(span / most))
    step = next(size * factor for factor in (1, 2, 5, 10, 20) if span / (size * factor) < most)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 12) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _chart(chart: Chart, at: Point, width: float, height: float) -> DrawnPanel:
    points = [point for series in chart.series.values() for point in series]
    marks = [] if chart.mark is None else [chart.mark]
    (low_x, high_x) = _padded([*(x for x, _ in points), *marks])
    low_y, high_y = _padded([y for _, y in points])
    box = Box(LEFT, TOP, width - LEFT - RIGHT, height - TOP - BOTTOM)

    def place(x: float, y: float) -> Point:
        return (
            box.left + (x - low_x) / (high_x - low_x) * box.across,
            box.top + (high_y - y) / (high_y - low_y) * box.down,
        )

    longest = max(map(len, chart.series), default=0)
    return DrawnPanel(
        chart,
        *at,
        box,
        [(place(tick, low_y)[0], f"{tick:g}") for tick in ticks(low_x, high_x, max(4, int(box.across / 70)))],
        [(place(low_x, tick)[1], f"{tick:g}") for tick in ticks(low_y, high_y, max(3, int(box.down / 35)))],
        [place(mark, low_y)[0] for mark in marks],
        [
            _series(
                label if len(chart.series) > 1 else "",
                [place(x, y) for x, y in series],
                style,
                COLOURS[number % len(COLOURS)],
                (width - RIGHT - 46 - 6.5 * longest, TOP + 14 + 17 * number),
            )
            for number, (label, series, style) in enumerate(chart.styled())
        ],
    )


def _series(label: str, places: Sequence[Point], style: str, colour: str, at: Point) -> DrawnSeries:
    """A series of a chart; `at` is the position of its entry in the legend."""
    x, y = at
    sample = _strokes([(x, y), (x + 24, y)], style, [(x + 12, y)])
    colour = "currentColor" if style == "," else colour
    return DrawnSeries(colour, _strokes(places, style, places), label, sample, x + 32, y + 4)


def _strokes(line: Sequence[Point], style: str, points: Sequence[Point]) -> Strokes:
    drawn = Strokes("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line) if "-" in style and line else "", "--" in style)
    if "," in style:  # thousands of points: draw each pixel once
        return drawn._replace(pixels="".join(sorted({f"M{x:.0f} {y:.0f}h1" for x, y in points})))
    if "o" in style:
        return drawn._replace(circles=points)
    if "x" in style:
        return drawn._replace(crosses="".join(f"M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6" for x, y in points))
    return drawn


def _heatmap(heatmap: Heatmap, at: Point, width: float, height: float) -> DrawnPanel:
    named = heatmap.x or heatmap.y
    left, bottom = (LEFT, BOTTOM) if named else (4.0, 6.0)
    across, down = width - left - (RIGHT if named else 4.0), height - TOP - bottom
    if not named:  # a picture: keep its cells square
        across = down = min(across, down)
        left = (width - across) / 2
    drawn = DrawnPanel(heatmap, *at, Box(left, TOP, across, down), picture=base64.b64encode(png(heatmap)).decode())
    if not named:
        return drawn
    columns, rows = max(map(len, heatmap.rows), default=0), len(heatmap.rows)
    return drawn._replace(
        ticks_x=[(left + (tick + 0.5) / columns * across, f"{tick:g}") for tick in ticks(0, columns - 1)],
        ticks_y=[(TOP + (tick + 0.5) / rows * down, f"{tick:g}") for tick in ticks(0, rows - 1)],
    )


def png(heatmap: Heatmap) -> bytes:
    """The heat map as a PNG image, with one pixel for each number."""
    rows = [b"\0" + b"".join(bytes(_colour(heatmap, value)) for value in row) for row in heatmap.rows]
    header = struct.pack(">IIBBBBB", max(map(len, heatmap.rows), default=0), len(rows), 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _colour(heatmap: Heatmap, value: float) -> Iterator[int]:
    stops = MAPS[heatmap.colours]
    share = min(max((value - heatmap.low) / (heatmap.high - heatmap.low), 0.0), 1.0) * (len(stops) - 1)
    place = min(int(share), len(stops) - 2)
    for lower, upper in zip(stops[place], stops[place + 1]):
        yield round(lower + (upper - lower) * (share - place))


def _padded(values: Sequence[float]) -> tuple[float, float]:
    """The least and the greatest value, with a margin of 5 % on either side."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = (high - low) * 0.05 or 0.5
    return low - margin, high + margin
