"""The pictures in the notebooks: drawn by matplotlib where it is, and as SVG where it is not.

A cell says what is to be seen, `draw(chart({"left alone": points}, "o-", x="temperature"))`, and not by what.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..view.chart import COLOURS, Chart, Heatmap, Point, svg

INCH = 80.0
"""Of a picture's width and height in pixels."""


def chart(
    series: Mapping[str, Sequence[Point]],
    styles: str = "-",
    *,
    x: str = "",
    y: str = "",
    title: str = "",
    mark: float | None = None,
) -> Chart:
    """Series of (x, y) by their labels, to be drawn. `styles` are matplotlib's, one for each: "o- x--". `mark`: where
    a vertical line is."""
    return Chart({label: list(points) for label, points in series.items()}, styles, x, y, title, mark)


def heatmap(
    rows: Sequence[Sequence[float]],
    low: float = 0.0,
    high: float = 1.0,
    colours: str = "gray",
    *,
    x: str = "",
    y: str = "",
    title: str = "",
) -> Heatmap:
    """Rows of numbers from `low` to `high` as colours, to be drawn. `colours`: "gray" or "RdBu"."""
    return Heatmap(rows, low, high, colours, x, y, title)


def draw(*panels: Chart | Heatmap, columns: int = 0, height: float = 280.0) -> None:
    """Show charts and heat maps side by side, `columns` of them in a row, which is `height` pixels high."""
    columns = columns or len(panels)
    try:
        from IPython.display import display
    except ImportError:
        print(f"({len(panels)} pictures, which only a notebook can show)")
        return
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        display({"text/html": svg(panels, columns, height=height)}, raw=True)
        return
    figure, axes = plt.subplots(
        math.ceil(len(panels) / columns),
        columns,
        figsize=(880 / INCH, math.ceil(len(panels) / columns) * height / INCH),
        squeeze=False,
        layout="constrained",
    )
    for axis, panel in zip(axes.flat, panels):
        if isinstance(panel, Chart):
            _draw_chart(axis, panel)
        else:
            _draw_heatmap(axis, panel)
    plt.close(figure)  # else it is shown once more at the end of the cell
    display(figure)


def _draw_chart(axis: Any, panel: Chart) -> None:
    for number, (label, points, style) in enumerate(panel.styled()):
        colour = "k" if style == "," else COLOURS[number % len(COLOURS)]
        fill = "none" if "o" in style else "full"
        axis.plot(*zip(*points), style, color=colour, fillstyle=fill, alpha=0.5 if style == "," else 1, label=label)
    if panel.mark is not None:
        axis.axvline(panel.mark, color=COLOURS[1], linestyle=":")
    axis.set(xlabel=panel.x, ylabel=panel.y, title=panel.title)
    if len(panel.series) > 1 and all(panel.series):
        axis.legend()


def _draw_heatmap(axis: Any, panel: Heatmap) -> None:
    named = panel.x or panel.y
    aspect = "auto" if named else "equal"
    axis.imshow(panel.rows, cmap=panel.colours, vmin=panel.low, vmax=panel.high, aspect=aspect)
    axis.set(xlabel=panel.x, ylabel=panel.y, title=panel.title)
    if not named:
        axis.set(xticks=[], yticks=[])
