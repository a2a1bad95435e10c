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
    monkeypatch.setattr("IPython.get_ipython", lambda: "a notebook's")
    monkeypatch.setattr(display, "display", lambda what, **_: shown.append(what))
    return shown


def test_without_matplotlib_it_is_svg(shown, monkeypatch):
    for module in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, module, None)
    draw(*PANELS, columns=2, says="curves & maps")
    [picture] = shown
    assert picture["text/html"].startswith("<svg") and picture["text/html"].count("<g transform") == len(PANELS)
    assert 'aria-label="curves &amp; maps"' in picture["text/html"]


def test_with_matplotlib_it_is_a_figure_with_the_same_panels(shown, monkeypatch):
    figures = pytest.importorskip("matplotlib.figure")
    drawn = []
    really = figures.Figure.savefig
    monkeypatch.setattr(figures.Figure, "savefig", lambda self, *a, **o: drawn.append(self) or really(self, *a, **o))
    draw(*PANELS, columns=2)
    [picture], [figure] = shown, drawn
    assert picture["image/png"] and [len(axis.lines) for axis in figure.axes] == [3, 1, 0, 0]
    assert [len(axis.images) for axis in figure.axes] == [0, 0, 1, 1]
    assert figure.axes[0].get_legend() and not figure.axes[1].get_legend()


def test_outside_of_a_notebook_it_says_what_is_to_be_seen(capsys):
    draw(*PANELS, says="curves and maps")
    assert capsys.readouterr().out == "curves and maps\n"
