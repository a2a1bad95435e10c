"""draw(): by matplotlib where it is, as SVG where it is not, and the same calls for both."""

from __future__ import annotations

import sys

import pytest

from grader import chart, draw, heatmap

display = pytest.importorskip("IPython.display")

PANELS = [
    chart({"left alone": [(0, 1), (1, 2)], "evicted": [(0, 1), (1, 2)]}, "o- x--", x="T", mark=0.5),
    chart({"": [(0, 0)]}, ","),
    heatmap([[0, 1], [1, 0]], title="2"),
    heatmap([[0, 1], [1, 0]], -1, 1, "RdBu", x="point", y="step"),
]


@pytest.fixture
def shown(monkeypatch):
    shown = []
    monkeypatch.setattr(display, "display", lambda what, **_: shown.append(what))
    return shown


def test_without_matplotlib_it_is_svg(shown, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    draw(*PANELS, columns=2)
    [picture] = shown
    assert picture["text/html"].startswith("<svg") and picture["text/html"].count("<g transform") == len(PANELS)


def test_with_matplotlib_it_is_a_figure_with_the_same_panels(shown, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    plt = pytest.importorskip("matplotlib.pyplot")
    draw(*PANELS, columns=2)
    [figure] = shown
    assert [len(axis.lines) for axis in figure.axes] == [3, 1, 0, 0]
    assert [len(axis.images) for axis in figure.axes] == [0, 0, 1, 1]
    assert figure.axes[0].get_legend() and not figure.axes[1].get_legend()
    assert not plt.get_fignums(), "it is shown once"
