"""The current state of a job, for the live panel: its progress, the bar of its executions, and the three directories.

HTML without scripts. The widgets are in live_panel.py, the state of the job in live.py.
"""

from __future__ import annotations

from dataclasses import replace

from ..text import duration, escape
from ..tree import Tree
from ..view.bar import bar
from ..view.directories import Directories
from ..view.scene import IDLE, ON_HOLD, Scene, scenes
from ..view.style import CLASSES, frame_sheet
from ..view.timeline import head, joined, tone
from .live import HELD, OVER, RUNNING, SENDING, WAITING, LiveView

SIGNS = {RUNNING: "▶", SENDING: "⇄", WAITING: "…", HELD: "‖", OVER: "■"}
MOST_EVENTS = 100


def style() -> str:
    """The style sheet, needed once in a panel."""
    return f'<div class="{CLASSES}">{frame_sheet()}</div>'


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


def frame(present: LiveView, story: list[Scene]) -> str:
    """The picture of the present, as HTML. `story` is the result of story_of()."""
    now = story[-1]
    return (
        f'<div class="{CLASSES}" role="group" aria-label="The job now"><div class="wide frame">'
        f'{_progress(present)}<div class="past">{bar(present.moments, present.end)}</div>'
        f'<div class="picture {tone(now)}">{head(now)}{Directories(open_all=True, folds=False).of(now)}</div></div></div>'
    )


def history(happened: list[Scene], call: str) -> str:
    """The events so far, the latest first, and the call that shows the same story, as HTML."""
    rows = "".join(f"<li>{head(scene)}</li>" for scene in happened[:-MOST_EVENTS:-1])
    return (
        f'<div class="{CLASSES}"><details class="events"><summary>What has happened so far</summary>'
        f"<ol>{rows}</ol></details>"
        f'<p class="dim">The same story without the panel: <code>{escape(call)}</code></p></div>'
    )


def announcement(scene: Scene) -> str:
    """An event in a sentence or two, for screen readers."""
    return " ".join((f"{scene.heading.replace(' -> ', ', ')}.", *scene.sentences))


def _progress(present: LiveView) -> str:
    """How much of the computing is done: the part that is saved, and the part that would be lost with the slot."""
    whole = max(present.needed or 0.0, present.saved + present.at_risk) or 1.0
    saved, risk = 100 * present.saved / whole, 100 * present.at_risk / whole
    needed = f"{duration(present.needed)} to compute" if present.needed else "never ends by itself"
    parts = [
        f"{duration(seconds)} {word}"
        for seconds, word in ((present.saved, "saved"), (present.at_risk, "at risk"), (present.lost, "lost"))
    ]
    swatches = "".join(
        f'<span><i class="{kind}" aria-hidden="true"></i> {part}</span>'
        for kind, part in zip(("kept", "risk", "lost"), parts)
    )
    return (
        f'<div class="phase"><b><span aria-hidden="true">{SIGNS[present.phase]} </span>{present.phase}</b>'
        f'{swatches}<span class="dim">{needed}</span></div>'
        '<div class="progress" role="progressbar" aria-label="Computing done" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{saved + risk:.0f}" aria-valuetext="{", ".join(parts)}">'
        f'<i class="kept" style="width:{saved:.2f}%"></i><i class="risk" style="width:{risk:.2f}%"></i></div>'
    )
