"""The live panel: a running job, with buttons that evict it, hold it, or make its uploads fail.

This module has the widgets and the clock. live.py decides what to show and what a button does; frame.py draws it.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Callable
from functools import lru_cache, partial
from threading import RLock
from time import monotonic

import ipywidgets as widgets

from ..execute.executor import Executor
from ..execute.here import LocalExecutor
from ..execute.isolation import confinement
from ..execute.temporary import remove_leftovers
from ..rules.execution import MachineTrouble
from ..rules.schedule import Schedule, render
from ..text import duration
from ..tree import Tree
from . import frame
from .live import EVICT, HELD, HOLD, OVER, POWER_LOSS, RELEASE, SPEEDS, UPLOAD_FAILS, Live, LivePosition

TICK = 0.25
"""Seconds of real time between two pictures."""
LONGEST_TICK = 0.5
"""The most seconds that one tick counts for, so that a job does not jump ahead after the kernel was busy."""
DWELL = 1.2
"""Seconds for which each event is shown."""
WIDGET = "application/vnd.jupyter.widget-view+json"
ROOT, STATUS = "htcondor-panel", "htcondor-status"
"""Class names by which the page finds the panel."""
BUTTONS = {
    EVICT: ("Evict", "bolt", "condor_vacate_job: SIGTERM to the program, some time to end, then the slot is gone"),
    POWER_LOSS: ("Power loss", "plug", "The machine goes down at once, without a signal to the program"),
    UPLOAD_FAILS: ("Upload fails", "chain-broken", "The transfer of the next checkpoint will fail, as networks do"),
    HOLD: ("Hold", "hand-paper-o", "condor_hold: the job is evicted if it runs, and gets no slot until it is released"),
    RELEASE: ("Release", "unlock", "condor_release: the job may run again"),
}
"""Action → the button's text, icon and tooltip."""
WAITS, ENDED = "The job is held. Release it first.", "The story is over. Start over, or go back in time."
FIRST, UNDONE = "This is the beginning.", "Nothing was done to the job yet."

# ipywidgets can't label its slider for screen readers, and replaces the whole status, which they don't announce.
SCRIPT = """
(() => {
  const improve = () => {
    const panels = document.querySelectorAll('.%s');
    panels.forEach(panel => {
      panel.setAttribute('role', 'region');
      panel.setAttribute('aria-label', 'Live panel');
      panel.querySelectorAll('.noUi-handle').forEach(
        handle => handle.setAttribute('aria-label', 'Virtual time in seconds'));
      panel.querySelectorAll('.%s .widget-html-content').forEach(status => {
        status.setAttribute('role', 'status');
        status.setAttribute('aria-live', 'polite');
      });
    });
  };
  const watch = new MutationObserver(improve);
  watch.observe(document.body, {childList: true, subtree: true});
  setTimeout(() => watch.disconnect(), 20000);
  improve();
})();
""" % (ROOT, STATUS)
"""A script for the page that shows a panel. The panel also works without it."""


def bundle(live: Live, submit: Tree, schedule: Schedule, call: Callable[[str], str]) -> dict[str, object]:
    """A new LivePanel, in the format for displaying widgets in a notebook."""
    return {WIDGET: LivePanel(live, submit, schedule, call).widget._repr_mimebundle_()[WIDGET]}


@lru_cache(None)
def executor() -> Executor:
    """The executor of all panels of this kernel; it confines the student's code. JupyterLab kills kernels to restart
    them, so this first removes the files that an earlier kernel left."""
    remove_leftovers()
    shared = LocalExecutor(confine=confinement())
    atexit.register(shared.close)
    return shared


class LivePanel:
    """The panel of one job. `widget` is the widget to display.

    `call(schedule)` is the text of the call that shows a schedule without the panel.
    """

    def __init__(
        self,
        live: Live,
        submit: Tree,
        schedule: Schedule = (),
        call: Callable[[str], str] = lambda schedule: f'simulate(..., "{schedule}")',
    ):
        self.live, self.submit, self.call = live, submit, call
        self.first = self.at = LivePosition(schedule)
        self._playing: object | None = None
        self._announced: tuple[object, ...] | None = None
        # Some messages of widgets are handled in other threads than cells.
        self._lock = RLock()
        self.tooltips = {"Pause": "Let virtual time run, or stop it"}
        """The tooltip of each button, by its text."""
        self._make()
        self.show()

    # -- widgets ---------------------------------------------------------------

    def _make(self) -> None:
        self.play = self._button("Play", "play", "Let virtual time run, or stop it", self.toggle)
        self.back = self._button(
            "Back", "step-backward", "To the event before", lambda: self.go(self.live.preceding(self.at))
        )
        self.next = self._button(
            "Next", "step-forward", "To the next event", lambda: self.go(self.live.following(self.at))
        )
        self.restart = self._button(
            "Start over", "refresh", "Undo all that was done to the job", lambda: self.go(self.first)
        )
        self.speed = widgets.Dropdown(
            options=[("real time", 1), *((f"1 s shows {duration(speed)}", speed) for speed in SPEEDS[1:])],
            value=self.live.speed(),
            description="Speed",
            layout={"width": "250px"},
        )
        self.actions = {
            what: self._button(*BUTTONS[what], partial(self.act, what))
            for what in (EVICT, POWER_LOSS, UPLOAD_FAILS, HOLD)
        }
        self.tooltips[BUTTONS[RELEASE][0]] = BUTTONS[RELEASE][2]
        self.slider = widgets.IntSlider(
            0, 0, 1, description="Time", readout=False, layout={"width": "auto", "max_width": "900px"}
        )
        self.slider.observe(lambda change: self._locked(lambda: self._moved(change["new"])), "value")
        self.status, self.frame, self.history = (
            widgets.HTML(layout={"min_height": "44px"}),
            widgets.HTML(),
            widgets.HTML(),
        )
        self.status.add_class(STATUS)
        self.widget = widgets.VBox(
            [
                widgets.HTML(frame.style(), layout={"display": "none"}),
                _row(self.play, self.back, self.next, self.restart, self.speed),
                _row(*self.actions.values()),
                self.slider,
                self.status,
                self.frame,
                self.history,
            ]
        )
        self.widget.add_class(ROOT)

    def _button(self, text: str, icon: str, tooltip: str, pressed: Callable[[], None]) -> widgets.Button:
        self.tooltips[text] = tooltip
        button = widgets.Button(description=text, icon=icon, tooltip=tooltip, layout={"width": "120px"})
        button.on_click(lambda _: self._locked(pressed))
        return button

    def _locked(self, do: Callable[[], None]) -> None:
        """Do something while no other thread changes the panel."""
        with self._lock:
            try:
                do()
            except MachineTrouble as problem:
                self.stop()
                self.say(str(problem))

    @property
    def playing(self) -> bool:
        """Whether virtual time runs."""
        return self._playing is not None

    # -- what buttons do -------------------------------------------------------

    def toggle(self) -> None:
        """Play, or stop playing. If the story is over, play it again from the beginning."""
        if self.playing:
            self.stop()
        elif self.live.phase(self.at) == HELD:
            self.say(WAITS)
        else:
            if self.live.phase(self.at) == OVER:
                self.go(self.at._replace(time=0.0))
            self._playing = object()
            self._label(self.play, "Pause", "pause")
            # Keep a reference: without one, the task may be garbage-collected.
            self._task = asyncio.ensure_future(self._play(self._playing))

    def stop(self) -> None:
        """Stop playing."""
        self._playing = None
        self._label(self.play, "Play", "play")

    def act(self, what: str) -> None:
        """Do something to the job, now."""
        if what == HOLD and self.live.phase(self.at) == HELD:
            what = RELEASE
        self.at, problem = self.live.act(self.at, what)
        self.show(problem or ("The upload of the next checkpoint will fail." if what == UPLOAD_FAILS else ""))

    def go(self, at: LivePosition) -> None:
        """Go to another time, or another story."""
        self.at = at
        self.show()

    def _moved(self, time: int) -> None:
        """The slider has moved. If it is where it belongs, the panel itself has moved it."""
        if time != self._place():
            self.go(self.live.near(self.at, time))

    # -- time ------------------------------------------------------------------

    async def _play(self, playing: object) -> None:
        """Update the picture, pausing at each event, until the job ends or is held."""
        before, virtual = monotonic(), 0.0
        while self._playing is playing:
            await asyncio.sleep(TICK)
            passed, before = min(monotonic() - before, LONGEST_TICK), monotonic()
            virtual += passed * self.speed.value
            if virtual >= 1:
                self._locked(partial(self._pass, playing, int(virtual)))
                virtual %= 1
                if self.at.time in self.live.story(self.at.schedule).events:
                    await asyncio.sleep(DWELL)
                    before, virtual = monotonic(), 0.0

    def _pass(self, playing: object, seconds: int) -> None:
        """Let virtual time pass, unless playing has stopped."""
        if self._playing is playing:
            self.go(self.live.later(self.at, seconds))
            if self.live.phase(self.at) in (HELD, OVER):
                self.stop()

    # -- showing ---------------------------------------------------------------

    def show(self, message: str = "") -> None:
        """Show the job at the present time, and `message` or the latest event."""
        present = self.live.present(self.at)
        story = frame.story_of(present, self.submit, self.live.job.log)
        happened = frame.events(story)
        # A restart in place is part of the checkpoint before it.
        announced = [scene for scene in happened if scene.moment.kind != "restarted"]
        self.frame.value = frame.frame(present, story)
        self.history.value = frame.history(happened, self.call(render(self.at.schedule)))
        self._label(self.actions[HOLD], *BUTTONS[RELEASE if present.phase == HELD else HOLD])
        self._enable(present.phase)
        step = self.live.step(self.at)
        with self.slider.hold_trait_notifications():
            self.slider.max, self.slider.step = -(-int(present.end) // step) * step, step
            self.slider.value = self._place()
        event = (self.at.schedule, len(announced))
        if message or event != self._announced:
            self.say(message or frame.announcement(announced[-1]))
        self._announced = event

    def _enable(self, phase: str) -> None:
        """Enable the buttons that do something now; the tooltips of the others say why they don't."""
        ended = {HELD: WAITS, OVER: ENDED}.get(phase, "")
        events = self.live.story(self.at.schedule).events
        refused = {
            self.play: WAITS if phase == HELD else "",
            self.next: ended,
            self.back: FIRST if self.at.time <= events[0] else "",
            self.restart: UNDONE if self.at == self.first else "",
            **{button: self.live.impossible(self.at, what) for what, button in self.actions.items()},
        }
        for button, why in refused.items():
            button.disabled, button.tooltip = bool(why), why or self.tooltips[button.description]

    def say(self, text: str) -> None:
        """Show a message, which screen readers announce."""
        self.status.value = frame.status(self.at.time, text)

    def _place(self) -> int:
        """The slider's position, rounded to one of its steps: otherwise it would move there and report a change."""
        step = self.live.step(self.at)
        return round(self.at.time / step) * step

    @staticmethod
    def _label(button: widgets.Button, text: str, icon: str, tooltip: str = "") -> None:
        if button.description != text:
            button.description, button.icon = text, icon


def _row(*children: widgets.Widget) -> widgets.HBox:
    return widgets.HBox(children, layout={"flex_flow": "row wrap", "margin": "0"})
