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

from ..text import escape

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
    """Series of points by label; `styles` are matplotlib's format strings, such as "o-" or "x--", one a series."""

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


def svg(
    panels: Sequence[Chart | Heatmap], columns: int, width: float = 880.0, height: float = 280.0, says: str = ""
) -> str:
    """All panels in one picture, row after row. `height` is that of a row; `says` describes the picture in words."""
    rows = math.ceil(len(panels) / columns)
    each = width / columns
    drawn = "".join(
        f'<g transform="translate({number % columns * each:.1f},{number // columns * height:.1f})">'
        f"{_chart(panel, each, height) if isinstance(panel, Chart) else _heatmap(panel, each, height)}</g>"
        for number, panel in enumerate(panels)
    )
    words = says or "; ".join(dict.fromkeys(filter(None, (panel.title or panel.y for panel in panels))))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {rows * height:.0f}" role="img" '
        f'aria-label="{escape(words)}" fill="none" stroke="currentColor" font-size="12" font-family="system-ui,sans-serif" '
        f'style="display:block;width:100%;max-width:{width:.0f}px;color:var(--jp-ui-font-color1,inherit)">{drawn}</svg>'
    )


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from low to high: at most `most`, at least two."""
    span = (high - low) or 1.0
    size = 10.0 ** math.floor(math.log10(span / most))
    step = next(size * factor for factor in (1, 2, 5, 10, 20) if span / (size * factor) < most)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 12) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _chart(chart: Chart, width: float, height: float) -> str:
    points = [point for series in chart.series.values() for point in series]
    marks = [] if chart.mark is None else [chart.mark]
    (low_x, high_x) = _padded([*(x for x, _ in points), *marks])
    low_y, high_y = _padded([y for _, y in points])
    across, down = width - LEFT - RIGHT, height - TOP - BOTTOM

    def place(x: float, y: float) -> Point:
        return LEFT + (x - low_x) / (high_x - low_x) * across, TOP + (high_y - y) / (high_y - low_y) * down

    parts = [_frame(chart, width, height)]
    for tick in ticks(low_x, high_x, max(4, int(across / 70))):
        x, _ = place(tick, low_y)
        parts.append(f'<path d="M{x:.1f} {TOP + down:.1f}v4"/>{_text(x, TOP + down + 16, f"{tick:g}")}')
    for tick in ticks(low_y, high_y, max(3, int(down / 35))):
        _, y = place(low_x, tick)
        parts.append(f'<path d="M{LEFT:.1f} {y:.1f}h-4"/>{_text(LEFT - 7, y + 4, f"{tick:g}", "end")}')
    if chart.mark is not None:
        x, _ = place(chart.mark, low_y)
        parts.append(f'<path d="M{x:.1f} {TOP}v{down:.1f}" stroke="{COLOURS[1]}" stroke-dasharray="2 3"/>')
    for number, (label, series, style) in enumerate(chart.styled()):
        colour = "currentColor" if style == "," else COLOURS[number % len(COLOURS)]
        places = [place(x, y) for x, y in series]
        parts.append(f'<g stroke="{colour}">{_line(places, style)}{_marks(places, style)}</g>')
        if label and len(chart.series) > 1:
            longest = max(map(len, chart.series))
            parts.append(_legend(label, style, colour, width - RIGHT - 46 - 6.5 * longest, TOP + 14 + 17 * number))
    return "".join(parts)


def _line(places: Sequence[Point], style: str) -> str:
    if "-" not in style or not places:
        return ""
    dashes = ' stroke-dasharray="6 4"' if "--" in style else ""
    return f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in places)}" stroke-width="1.5"{dashes}/>'


def _marks(places: Sequence[Point], style: str) -> str:
    if "," in style:  # thousands of points: draw each pixel once
        return f'<path d="{"".join(sorted({f"M{x:.0f} {y:.0f}h1" for x, y in places}))}" stroke-opacity=".55"/>'
    if "o" in style:
        return "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in places)
    if "x" in style:
        return f'<path d="{"".join(f"M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6" for x, y in places)}" stroke-width="1.5"/>'
    return ""


def _legend(label: str, style: str, colour: str, x: float, y: float) -> str:
    sample = [(x, y), (x + 24, y)]
    drawn = f'<g stroke="{colour}">{_line(sample, style)}{_marks([(x + 12, y)], style)}</g>'
    return drawn + _text(x + 32, y + 4, label, "start")


def _heatmap(heatmap: Heatmap, width: float, height: float) -> str:
    named = heatmap.x or heatmap.y
    left, bottom = (LEFT, BOTTOM) if named else (4.0, 6.0)
    across, down = width - left - (RIGHT if named else 4.0), height - TOP - bottom
    if not named:  # a picture: keep its cells square
        across = down = min(across, down)
        left = (width - across) / 2
    picture = (
        f'<image x="{left:.1f}" y="{TOP}" width="{across:.1f}" height="{down:.1f}" preserveAspectRatio="none" '
        f'href="data:image/png;base64,{base64.b64encode(png(heatmap)).decode()}" style="image-rendering:pixelated"/>'
    )
    numbers = []
    if named:
        columns, rows = max(map(len, heatmap.rows), default=0), len(heatmap.rows)
        for tick in ticks(0, columns - 1):
            numbers.append(_text(left + (tick + 0.5) / columns * across, TOP + down + 16, f"{tick:g}"))
        for tick in ticks(0, rows - 1):
            numbers.append(_text(left - 7, TOP + (tick + 0.5) / rows * down + 4, f"{tick:g}", "end"))
    return picture + _frame(heatmap, width, height, left, across, down) + "".join(numbers)


def png(heatmap: Heatmap) -> bytes:
    """The heat map as a PNG image, one pixel a number."""
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


def _frame(
    panel: Chart | Heatmap,
    width: float,
    height: float,
    left: float = LEFT,
    across: float | None = None,
    down: float | None = None,
) -> str:
    """The box around the axes, the title, and the labels of the axes."""
    across = width - LEFT - RIGHT if across is None else across
    down = height - TOP - BOTTOM if down is None else down
    middle = TOP + down / 2
    return (
        f'<rect x="{left:.1f}" y="{TOP}" width="{across:.1f}" height="{down:.1f}" stroke-opacity=".5"/>'
        + _text(left + across / 2, TOP - 9, panel.title)
        + _text(left + across / 2, height - 8, panel.x)
        + _text(14, middle, panel.y, turned=True)
    )


def _text(x: float, y: float, words: str, anchor: str = "middle", turned: bool = False) -> str:
    if not words:
        return ""
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{turn}'
    return f'<text {place} fill="currentColor" stroke="none">{escape(words)}</text>'


def _padded(values: Sequence[float]) -> tuple[float, float]:
    """The least and the greatest value, with a margin of 5 % on either side."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = (high - low) * 0.05 or 0.5
    return low - margin, high + margin
