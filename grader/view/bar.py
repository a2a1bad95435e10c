"""A bar of executions over virtual time: which computing was saved, which was lost, and when nothing ran.

Inline SVG without ids, so that several fit on a page. Positions are percentages of the width, so that text keeps its
size on a narrow screen. The numbers are the simulator's goodput and badput.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from ..rules.simulation import Moment
from ..text import clock, count, duration
from .rendering import render
from .scene import failed

WIDTH, NARROW, TOP, HEIGHT = 800.0, 320.0, 4.0, 20.0
SAFE, GONE, OPEN, VAIN = "safe", "gone", "open", "vain"
WORDS = {SAFE: "saved", GONE: "lost", OPEN: "neither saved nor lost", VAIN: "saved, but the job never ends"}
MOST_BLOCKS = 400
LOOPS = 3


@dataclass
class Block:
    """One execution: its start and end, in virtual seconds since submission, and the fate of its work."""

    start: float
    end: float
    execution: int
    fate: str = OPEN


def blocks(moments: Sequence[Moment]) -> list[Block]:
    """The executions of a story, including one still running at its end. Work is saved when goodput grows, and lost
    when badput does."""
    drawn: list[Block] = []
    pending: list[Block] = []
    began, start, before = (moments[0].time if moments else 0.0), 0.0, None
    for now in moments:
        if now.kind in ("started", "restarted"):
            start = now.time - began
        elif now.run is not None and (not drawn or drawn[-1].execution != now.execution):
            pending.append(Block(start, now.time - began, now.execution))
            drawn.append(pending[-1])
        if now.kind not in ("submitted", "started", "restarted", "look", "exited") and (fate := _fate(now, before)):
            for block in pending:
                block.fate = fate
            pending = []
        before = now
    if before is not None and before.kind == "look":
        drawn.append(Block(start, before.time - began, before.execution))
    return drawn


def _fate(now: Moment, before: Moment | None) -> str | None:
    if before is None or now.kind in ("checkpoint failed", "requeued", "released", "never finishes"):
        return None
    if now.kind == "checkpoint" or (now.goodput > before.goodput and not failed(now)):
        return SAFE
    if failed(now):
        return GONE
    # An execution that takes no virtual time adds nothing to badput, and is lost all the same.
    return SAFE if now.kind == "ended" and now.badput == before.badput else GONE


def bar(moments: Sequence[Moment], until: float = 0.0) -> Markup:
    """The bar as inline SVG, with its numbers below; empty for a story without executions.

    `until` is where the bar ends, in virtual seconds since submission, for a story that is not over.
    """
    executions = blocks(moments)
    if not executions:
        return Markup()
    endless = moments[-1].kind == "never finishes"
    if endless:
        executions = _endless(executions)
    if not any(block.end > block.start for block in executions):
        # The program takes no virtual time: draw each execution one unit long.
        executions = [Block(i, i + 1, block.execution, block.fate) for i, block in enumerate(executions)]
        first, axis, end = "", "", float(len(executions))
    else:
        end = executions[-1].end if endless else max(until, moments[-1].time - moments[0].time)
        first, axis = clock(0), "and so on" if endless else clock(end)
    shown = executions if len(executions) <= MOST_BLOCKS else _thinned(executions)
    return render(
        "bar.html",
        caption=_caption(executions, moments[-1]),
        blocks=[_drawn(block, 100 / end) for block in shown],
        top=TOP,
        height=HEIGHT,
        first=first,
        axis=axis,
    )


def _endless(drawn: Sequence[Block]) -> list[Block]:
    """The executions of a job that never finishes: its checkpoints are in vain, and the repeating end is drawn LOOPS
    times."""
    marked = [
        Block(block.start, block.end, block.execution, VAIN if block.fate == SAFE else block.fate) for block in drawn
    ]
    repeating = len(marked)
    while repeating > 0 and marked[repeating - 1].fate == marked[-1].fate:
        repeating -= 1
    return marked[: repeating + LOOPS]


def _caption(drawn: Sequence[Block], last: Moment) -> str:
    if last.kind == "never finishes":
        return "the job never finishes"
    parts = [count(len(drawn), "execution")]
    if last.goodput:
        parts.append(f"{duration(last.goodput)} of computing kept")
    if last.badput:
        parts.append(f"{duration(last.badput)} lost")
    if failed(last):
        parts.append("the job has failed")
    return ", ".join(parts)


class DrawnBlock(NamedTuple):
    """One execution as it is drawn; places are percentages of the width."""

    fate: str
    title: str
    x: str
    middle: str
    width: str
    label: str
    roomy: bool
    """Whether only a wide screen has room for the label."""
    hatched_to: str
    """The right end of slanted lines across the block, in pixels of a wide screen."""
    hatch: str
    """The path of these lines, or empty."""


def _drawn(block: Block, scale: float) -> DrawnBlock:
    left, right = block.start * scale, block.end * scale
    width = max(right - left, 0.2)
    took = f", {duration(block.end - block.start)}" if block.end > block.start else ""
    gone, pixels = block.fate == GONE, 9 + 8 * len(str(block.execution))
    sign = "× " if gone and width * NARROW / 100 > pixels + 12 else ""
    return DrawnBlock(
        block.fate,
        f"Execution {block.execution}: {WORDS[block.fate]}{took}",
        f"{left:.2f}",
        f"{left + width / 2:.2f}",
        f"{width:.2f}",
        f"{sign}{block.execution}" if width * WIDTH / 100 > pixels else "",
        width * NARROW / 100 <= pixels,
        f"{width * WIDTH / 100:.1f}",
        _hatch(width * WIDTH / 100) if gone else "",
    )


def _hatch(right: float, step: float = 7.0) -> str:
    """Slanted lines across a box of this width, as a path."""
    path, x = [], -HEIGHT
    while x < right:
        x += step
        low, high = max(x, 0), min(x + HEIGHT, right)
        if high > low:
            path.append(f"M{low:.1f} {HEIGHT - (low - x):.1f}L{high:.1f} {HEIGHT - (high - x):.1f}")
    return "".join(path)


def _thinned(drawn: Sequence[Block]) -> list[Block]:
    """Merges neighbours of the same fate, for more executions than pixels."""
    merged: list[Block] = []
    for block in drawn:
        if merged and merged[-1].fate == block.fate and merged[-1].end == block.start:
            merged[-1] = Block(merged[-1].start, block.end, merged[-1].execution, block.fate)
        else:
            merged.append(block)
    return merged[:MOST_BLOCKS]
