"""The current state of a job, for the live panel: its progress, the bar of its executions, and the three directories.

HTML without scripts. The widgets are in live_panel.py, the state of the job in live.py.
"""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from ..text import duration
from ..tree import Tree
from ..view.bar import bar
from ..view.directories import Directories
from ..view.rendering import render
from ..view.scene import IDLE, ON_HOLD, Scene, scenes
from ..view.style import CLASSES, frame_sheet
from ..view.timeline import joined, tone
from .live import HELD, OVER, RUNNING, SENDING, WAITING, LiveView

SIGNS = {RUNNING: "▶", SENDING: "⇄", WAITING: "…", HELD: "‖", OVER: "■"}
MOST_EVENTS = 100


def style() -> Markup:
    """The style sheet, needed once in a panel."""
    return Markup('<div class="{}">{}</div>').format(CLASSES, frame_sheet())


def story_of(present: LiveView, submit: Tree | None = None, log_name: str | None = None) -> list[Scene]:
    """The story so far as scenes; the last scene is the present."""
    story = list(joined(scenes(present.moments, submit, log_name)))
    now = story[-1].moment
    if now.kind == "look":
        running = f"Execution {now.execution}: running, {duration(now.struck.seconds or 0)} into it"
        story[-1] = replace(story[-1], heading=running)
    return story


def events(story: list[Scene]) -> list[Scene]:
    """The scenes in which something happens."""
    return [scene for scene in story if scene.moment.kind not in ("look", IDLE, ON_HOLD)]


def frame(present: LiveView, story: list[Scene]) -> Markup:
    """The picture of the present, as HTML. `story` is the result of story_of()."""
    now = story[-1]
    return render(
        "frame.html",
        **_progress(present),
        bar=bar(present.moments, present.end),
        tone=tone(now),
        scene=now,
        directories=Directories(open_all=True, folds=False).of(now),
    )


def history(happened: list[Scene], call: str) -> Markup:
    """The events so far, the latest first, and the call that shows the same story, as HTML."""
    return render("history.html", scenes=happened[:-MOST_EVENTS:-1], call=call)


def status(time: float, text: str) -> Markup:
    """A message about a moment, as HTML."""
    return render("status.html", time=time, text=text)


def announcement(scene: Scene) -> str:
    """An event in a sentence or two, for screen readers."""
    return " ".join((f"{scene.heading.replace(' -> ', ', ')}.", *scene.sentences))


def _progress(present: LiveView) -> dict[str, object]:
    """How much of the computing is done: the part that is saved, and the part that would be lost with the slot."""
    whole = max(present.needed or 0.0, present.saved + present.at_risk) or 1.0
    return {
        "phase": present.phase,
        "sign": SIGNS[present.phase],
        "parts": [
            ("kept", f"{duration(present.saved)} saved"),
            ("risk", f"{duration(present.at_risk)} at risk"),
            ("lost", f"{duration(present.lost)} lost"),
        ],
        "saved": 100 * present.saved / whole,
        "risk": 100 * present.at_risk / whole,
        "needed": _needed(present),
    }


def _needed(present: LiveView) -> str:
    if present.fails:
        return "fails by itself"
    return "never ends by itself" if present.needed is None else f"{duration(present.needed)} to compute"
