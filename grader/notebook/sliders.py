"""Two sliders and a chart: how often to save, on a pool that evicts jobs at a given rate.

The numbers come from course/goodput.py. Without widgets, or on a page exported from a notebook, there is only the
chart.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..course.goodput import (
    HOUR,
    PATIENCE,
    AtLimit,
    AtRandom,
    OfficeHours,
    Plan,
    Pool,
    Spent,
    daly,
    expected_runtime,
    play,
    slot_lifetimes,
    young,
)
from ..text import about
from ..view.shares import Column, shares

MINUTE = 60.0
INTERVALS = tuple(
    MINUTE * m
    for m in (
        *range(2, 6),
        *range(6, 13, 2),
        *range(15, 50, 5),
        *range(50, 101, 10),
        *range(120, 240, 30),
        *range(240, 361, 60),
        480,
    )
)
BETWEEN = tuple(MINUTE * m for m in (30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440, 2880))
POOLS = {"at random": AtRandom, "at a time limit": AtLimit, "mostly by day": OfficeHours}
DAYS, JOBS = 2, 20
ROOT = "htcondor-explorer"
# ipywidgets does not connect its sliders with the labels beside them, which screen readers need.
SCRIPT = (
    """
(() => {
  const improve = () => document.querySelectorAll('.%s .noUi-handle:not([aria-label])').forEach(handle => {
    const label = handle.closest('.widget-slider, .widget-hslider')?.querySelector('.widget-label');
    if (label) handle.setAttribute('aria-label', label.textContent);
  });
  const watch = new MutationObserver(improve);
  watch.observe(document.body, {childList: true, subtree: true});
  setTimeout(() => watch.disconnect(), 20000);
  improve();
})();
"""
    % ROOT
)
"""A script for the page that shows the sliders. They also work without it."""
WORK = DAYS * 24 * HOUR


def explorer(checkpoint: float, restart: float, interval: float = 60 * MINUTE, between: float = 6 * HOUR) -> None:
    """Show where the time of a two-day job goes, depending on the interval between its checkpoints, with sliders for
    the interval and for how often the pool evicts.

    `checkpoint` and `restart` are the costs, in seconds, of one checkpoint and of a start in a new sandbox.
    """
    if problem := _problem(checkpoint, restart):
        print(problem)
        return
    chosen = _nearest(INTERVALS, interval), _nearest(BETWEEN, between), "at random"
    html, sentence = picture(checkpoint, restart, *chosen), story(checkpoint, restart, *chosen)
    try:
        from IPython.display import display
    except ImportError:
        print(sentence)
        return
    try:
        live = panel(checkpoint, restart, *chosen)._repr_mimebundle_()
    except ImportError:
        live = {}
    if live:
        display({"application/javascript": SCRIPT}, raw=True)
    display({**live, "text/html": html, "text/plain": sentence}, raw=True)


def _problem(checkpoint: object, restart: object) -> str:
    for name, value in (("checkpoint", checkpoint), ("restart", restart)):
        if value is ...:
            return (
                f"The seconds of a {name} are still dots: replace them by what you measured, and run this cell again."
            )
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 24 * HOUR:
            return f"{name} must be a number of seconds, from 0 to {24 * HOUR:g}."
    return "" if checkpoint else "A checkpoint takes longer than 0 seconds: write, transfer, start again."


def _nearest(choices: tuple[float, ...], value: float) -> float:
    return min(choices, key=lambda choice: abs(choice - value))


def picture(checkpoint: float, restart: float, interval: float, between: float, pool: str) -> str:
    """The chart as HTML, for one position of the sliders."""
    columns = simulated(checkpoint, restart, POOLS[pool](between))
    best = {"Young": young(checkpoint, between), "Daly": daly(checkpoint, between)}
    model = [(i, WORK / expected_runtime(WORK, i, checkpoint, restart, between)) for i in INTERVALS]
    return shares(
        [column for column, _ in columns],
        INTERVALS.index(interval),
        best,
        model if pool == "at random" else (),
        f"{JOBS} simulated jobs, 8 of 10 within the bar",
        story(checkpoint, restart, interval, between, pool),
    )


def story(checkpoint: float, restart: float, interval: float, between: float, pool: str) -> str:
    """A sentence about the chosen interval."""
    column, spent = simulated(checkpoint, restart, POOLS[pool](between))[INTERVALS.index(interval)]
    done = [job.seconds for job in spent if job.finished]
    if not done:
        return (
            f"Saving every {about(interval)}: none of {JOBS} jobs with {DAYS} days of work was done "
            f"after {PATIENCE * DAYS} days in slots."
        )
    evictions = sum(job.slots - 1 for job in spent if job.finished) / len(done)
    late = f" {JOBS - len(done)} of {JOBS} took longer than {PATIENCE * DAYS} days." if len(done) < JOBS else ""
    hours = [round(seconds / HOUR) for seconds in (sum(done) / len(done), min(done), max(done))]
    return (
        f"Saving every {about(interval)}: {DAYS * 24} hours of work take {hours[0]} hours in slots ({hours[1]} to "
        f"{hours[2]}), with {evictions:.0f} evictions. Goodput is {column.parts[0]:.0%}.{late}"
    )


@lru_cache(64)
def simulated(checkpoint: float, restart: float, pool: Pool) -> list[tuple[Column, list[Spent]]]:
    """The results of JOBS jobs for each interval, with the same slots for all intervals."""
    slots = slot_lifetimes(pool, JOBS, PATIENCE * WORK)
    results = []
    for interval in INTERVALS:
        plan = Plan.every(interval, WORK, checkpoint)
        spent = [play(plan, restart, lifetimes) for lifetimes in slots]
        seconds = sum(job.seconds for job in spent)
        goodput = sorted(job.goodput for job in spent)
        parts = tuple(sum(job[part] for job in spent) / seconds for part in range(4))
        results.append((Column(interval, parts, goodput[JOBS // 10], goodput[-1 - JOBS // 10]), spent))
    return results


def panel(checkpoint: float, restart: float, interval: float, between: float, pool: str) -> Any:
    """The controls above the chart; they work with the arrow keys. Raises ImportError without ipywidgets."""
    import ipywidgets as widgets

    wide = {"style": {"description_width": "13em"}, "layout": widgets.Layout(width="100%", max_width="760px")}
    controls = (
        widgets.SelectionSlider(
            options=[(about(i), i) for i in INTERVALS], value=interval, description="Save every", **wide
        ),
        widgets.SelectionSlider(
            options=[(about(b), b) for b in BETWEEN], value=between, description="A slot lasts, on average", **wide
        ),
        widgets.Dropdown(
            options=list(POOLS),
            value=pool,
            description="Slots are lost",
            style=wide["style"],
            layout=widgets.Layout(width="26em"),
        ),
    )
    drawn = widgets.HTML(picture(checkpoint, restart, interval, between, pool))

    def draw(change: object) -> None:
        drawn.value = picture(checkpoint, restart, *(control.value for control in controls))

    for control in controls:
        control.observe(draw, "value")
    box = widgets.VBox([*controls, drawn])
    box.add_class(ROOT)
    return box
