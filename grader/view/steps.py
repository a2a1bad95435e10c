"""The story of one simulation step by step: one picture of the three directories at a time, as slides draw it.

Self-contained HTML without scripts: the steps are a row of radio buttons that looks like a slider and works with the
arrow keys. So it needs no kernel, and works in a feedback file. On paper, or without support for the style sheet, the
steps appear one below the other. The words come from scene.py, the look from style.py.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from ..rules.simulation import Moment
from ..tree import Tree
from .bar import bar
from .directories import Directories, legend
from .rendering import render
from .scene import PREPARED, Scene, scenes
from .style import steps_sheet
from .timeline import joined, tone

MOST_STEPS = 60
"""How many steps are drawn; of a longer story, the first steps and the last LAST_STEPS."""
LAST_STEPS = 3


def in_steps(moments: Sequence[Moment], submit: Tree | None = None, log_name: str | None = None) -> list[Scene]:
    """The scenes of a story as slides divide it: before submission, each start in a new sandbox, each exit with the
    checkpoint code, the checkpoint that follows, and every other event.

    `submit` is the submit directory as it was before, `log_name` the job event log that appears in it.
    """
    if not moments:
        return []
    prepared = moments[0]._replace(kind=PREPARED)
    shown = [now for now in moments if now.kind not in ("submitted", "restarted")]
    return list(_apart(list(scenes([prepared, *shown], submit, log_name))))


def _apart(story: Sequence[Scene]) -> Iterator[Scene]:
    """Keeps an exit as a step of its own before a checkpoint; merges any other exit with its consequence."""
    exited: list[Scene] = []
    for scene in story:
        if scene.moment.kind == "checkpoint":
            yield from exited
            exited = []
        yield from joined([*exited, scene]) if scene.moment.kind != "exited" else ()
        exited = [scene] if scene.moment.kind == "exited" else []
    yield from exited


def step_of(story: Sequence[Scene], kind: str, activation: int) -> int:
    """The number of the first step of a kind in an activation; 1 if there is none."""
    numbers = (
        number
        for number, scene in enumerate(story, 1)
        if (scene.moment.kind, scene.moment.activation) == (kind, activation)
    )
    return next(numbers, 1)


def stepper(
    moments: Sequence[Moment],
    *,
    submit: Tree | None = None,
    log_name: str | None = None,
    group: str | None = None,
    first: int = 1,
) -> Markup:
    """The story step by step as HTML.

    `first` is the step shown at first. `group` names the radio buttons, and must be unique on the page; it is random by
    default.
    """
    story = in_steps(moments, submit, log_name)
    left_out = len(story) - MOST_STEPS
    shown = list(enumerate(story, 1))
    if left_out > 0:
        shown = shown[: MOST_STEPS - LAST_STEPS] + shown[-LAST_STEPS:]
    group = group or f"steps-{secrets.token_hex(6)}"
    directories = Directories(open_all=True)
    return render(
        "steps.html",
        sheet=steps_sheet(),
        bar=bar(moments),
        legend=legend(story),
        group=group,
        first=first,
        of=len(story),
        steps=[
            {
                "number": number,
                "name": f"Step {number} of {len(story)}: {scene.heading}",
                "scene": scene,
                "tone": tone(scene),
                "directories": directories.of(scene),
            }
            for number, scene in shown
        ],
        left_out=f"{left_out:,}" if left_out > 0 else "",
        last=LAST_STEPS,
    )
