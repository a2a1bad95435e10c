"""The sliders of notebook 07: they change the picture, and the picture is there without them."""

from __future__ import annotations

import builtins

import pytest

from grader.course.goodput import AtLimit, AtRandom, young
from grader.notebook import sliders


@pytest.fixture
def shown(monkeypatch):
    """What explorer() displays."""
    import IPython.display

    bundles = []
    monkeypatch.setattr(IPython.display, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


def test_the_best_of_the_simulated_intervals_is_near_youngs():
    for between in (3600.0, 6 * 3600.0, 24 * 3600.0):
        columns = [column for column, _ in sliders.simulated(240, 120, AtRandom(between))]
        assert all(sum(column.parts) == pytest.approx(1) for column in columns)
        best = max(columns, key=lambda column: column.parts[0])
        assert 0.6 < best.interval / young(240, between) < 1.6


def test_a_job_that_loses_every_slot_before_it_saves_has_no_goodput():
    columns = [column for column, _ in sliders.simulated(240, 120, AtLimit(3600.0))]
    assert all((column.parts[0] == 0) == (column.interval + 240 + 120 > 3600) for column in columns)
    assert "none of" in sliders.story(240, 120, 3600.0, 3600.0, "at a time limit")


def test_it_is_displayed_with_widgets_and_as_a_picture_without(shown):
    sliders.explorer(240, restart=120)
    script, bundle = shown
    assert "aria-label" in script["application/javascript"]
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "<svg" in bundle["text/html"] and bundle["text/plain"].startswith("Saving every 1 h:")


def test_without_ipywidgets_there_is_the_picture(shown, monkeypatch):
    real = builtins.__import__

    def importing(name, *more):
        if name == "ipywidgets":
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", importing)
    sliders.explorer(240, restart=120)
    assert set(shown[0]) == {"text/html", "text/plain"}


def test_moving_a_slider_draws_anew():
    interval, between, pool, picture = sliders.panel(240, 120, 3600.0, 6 * 3600.0, "at random").children
    assert "At 1 h:" in picture.value and "Young 54 min" in picture.value and "formula" in picture.value
    interval.value = 20 * 60.0
    assert "At 20 min:" in picture.value
    between.value = 90 * 60.0
    assert "Young 27 min" in picture.value
    pool.value = "at a time limit"
    assert "formula</li>" not in picture.value


@pytest.mark.parametrize(
    ("checkpoint", "restart", "said"),
    [
        (..., 120, "still dots"),
        (240, ..., "still dots"),
        ("240", 0, "a number of seconds"),
        (True, 0, "a number"),
        (-1, 0, "a number of seconds"),
        (0, 0, "longer than 0"),
        (240, float("nan"), "a number of seconds"),
    ],
)
def test_what_can_not_be_drawn_is_said_in_a_sentence(checkpoint, restart, said, shown, capsys):
    sliders.explorer(checkpoint, restart)
    assert said in capsys.readouterr().out and not shown
