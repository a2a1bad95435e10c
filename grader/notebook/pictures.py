"""The pictures in the notebooks, drawn by matplotlib if it is installed, else as SVG.

A cell only says what to draw: `draw(chart({"left alone": points}, "o-", x="temperature"))`.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from ..view.chart import COLOURS, Chart, Heatmap, Point, svg

INCH = 80.0
"""Pixels per inch."""
INK = "#808080"
STYLE: dict[Any, Any] = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.framealpha": 0,
    "figure.constrained_layout.use": True,
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "axes.titlecolor"), INK
    ),
}
"""No background, and a text colour that is readable on white and on black: for a light and a dark JupyterLab."""


def chart(
    series: Mapping[str, Sequence[Point]],
    styles: str = "-",
    *,
    x: str = "",
    y: str = "",
    title: str = "",
    mark: float | None = None,
) -> Chart:
    """A chart of series of points (x, y) by label, for draw(). `styles` are matplotlib's format strings, one for each
    series: "o- x--". `mark` is the x of a vertical line."""
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
    """Rows of numbers from `low` to `high` as colours, for draw(). `colours` is "gray" or "RdBu"."""
    return Heatmap(rows, low, high, colours, x, y, title)


def draw(*panels: Chart | Heatmap, columns: int = 0, height: float = 280.0, says: str = "") -> None:
    """Show charts and heat maps, `columns` to a row, each row `height` pixels high. `says` describes the picture for
    screen readers."""
    columns, says = columns or len(panels), says or f"({len(panels)} pictures, which only a notebook can show)"
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        print(says)
        return
    if get_ipython() is None:
        print(says)
        return
    try:
        png = _by_matplotlib(panels, columns, height)
    except ImportError:
        bundle, about = {"text/html": str(svg(panels, columns, height=height, says=says))}, {}
    else:
        bundle, about = {"image/png": b64encode(png).decode()}, {"image/png": {"alt": says}}
    display({**bundle, "text/plain": says}, raw=True, metadata=about)


def _by_matplotlib(panels: Sequence[Chart | Heatmap], columns: int, height: float) -> bytes:
    """The picture as a PNG file. Raises ImportError without matplotlib."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    rows = math.ceil(len(panels) / columns)
    with rc_context(STYLE):
        figure = Figure(figsize=(880 / INCH, rows * height / INCH))  # not from pyplot, which keeps all figures
        file = BytesIO()
        axes = figure.subplots(rows, columns, squeeze=False)
        for axis, panel in zip(axes.flat, panels):
            if isinstance(panel, Chart):
                _draw_chart(axis, panel)
            else:
                _draw_heatmap(axis, panel)
        for axis in axes.flat[len(panels) :]:
            axis.axis("off")
        figure.savefig(file, format="png", dpi=100)
    return file.getvalue()


def _draw_chart(axis: Any, panel: Chart) -> None:
    for number, (label, points, style) in enumerate(panel.styled()):
        colour = INK if style == "," else COLOURS[number % len(COLOURS)]
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
