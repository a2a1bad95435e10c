"""The story of one simulation as a picture: a row for each moment, with the three directories side by side.

Self-contained HTML without scripts or external resources. The words come from scene.py, the look from style.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup

from ..rules.simulation import Moment
from ..text import count
from ..tree import Tree
from .bar import bar
from .directories import Directories, legend
from .rendering import render
from .scene import MISSING, Scene, failed, scenes, with_marks
from .style import timeline_sheet

MOST_ROWS = 12
"""Longer stories are condensed."""
MOST_FOLDED = 40
"""Rows drawn in one folded stretch; a job that never finishes may have a thousand similar rows."""
FAULTS = ("look", "checkpoint failed", "evicted", "held", "requeued", "retried", "removed")
ALWAYS_SHOWN = (*FAULTS, "submitted", "released", "ended", "never finishes")
WITH_DIRECTORIES = ("started", "look", "evicted", "held")
"""Kinds of moments for which the directories are drawn even if none has changed."""


def timeline(
    moments: Sequence[Moment],
    *,
    highlight: Collection[str] | None = None,
    submit: Tree | None = None,
    log_name: str | None = None,
    brief: bool = False,
) -> Markup:
    """The story as HTML; if `brief`, with everything folded but the moments that matter (see essential()).

    `highlight` are paths of files to mark in any directory; `submit` is the submit directory as it was before, and
    `log_name` the job event log that appears in it.
    """
    rows = list(joined(scenes(moments, submit, log_name)))
    directories = Directories(frozenset(highlight or ()))
    parts = briefly(rows) if brief else stretches(rows, directories.highlight)
    return render(
        "timeline.html",
        sheet=timeline_sheet(),
        bar=bar(moments),
        legend=legend(rows),
        stretches=[_stretch(stretch, in_full, directories) for in_full, stretch in parts],
    )


def joined(story: Iterable[Scene]) -> Iterator[Scene]:
    """The scenes, with each exit and its consequence merged: `exit code 85 -> checkpoint saved`."""
    ended: Scene | None = None
    for scene in story:
        if ended is not None:
            submit, spool, execute = scene.panels
            if scene.moment.kind == "checkpoint":
                execute = with_marks(execute, ended.panels[2])
            elif not scene.lost:
                execute = ended.panels[2]
            missing = tuple(i for i in scene.panels[2].items if i.mark == MISSING and i not in execute.items)
            execute = execute._replace(items=execute.items + missing)
            scene = replace(scene, panels=(submit, spool, execute), sentences=ended.sentences + scene.sentences)
            ended = None
        if scene.moment.kind == "exited":
            ended = scene
        else:
            yield scene
    if ended is not None:
        yield ended


class Row(NamedTuple):
    """One moment: when, what, and the three directories unless they are unchanged."""

    scene: Scene
    tone: str
    directories: Markup | None


class Stretch(NamedTuple):
    """Rows, folded below a summary if there is one. `beyond` is the number of rows left out, or empty."""

    rows: list[Row]
    summary: str = ""
    beyond: str = ""


def _stretch(rows: Sequence[Scene], in_full: bool, directories: Directories) -> Stretch:
    shown = rows if in_full else rows[:MOST_FOLDED]
    drawn = [Row(row, tone(row), None if _is_thin(row) else directories.of(row)) for row in shown]
    beyond = len(rows) - len(shown)
    return Stretch(drawn, "" if in_full else _folded(rows), f"{beyond:,}" if beyond else "")


# -- long stories ------------------------------------------------------------------


def stretches(rows: Sequence[Scene], highlight: Collection[str] = ()) -> Iterator[tuple[bool, list[Scene]]]:
    """The rows in stretches: (shown in full, rows). Shown in full are the beginning, the end, everything that went
    wrong with the rows around it, and changes of highlighted files."""
    if len(rows) <= MOST_ROWS:
        yield True, list(rows)
        return
    full = {0, 1, 2, len(rows) - 2, len(rows) - 1}
    for index, row in enumerate(rows):
        if row.moment.kind in ALWAYS_SHOWN or _has_highlight(row, highlight):
            full |= {index, index + 1} | ({index - 1, index + 2} if row.breaks else set())
    start = 0
    while start < len(rows):
        in_full, end = start in full, start + 1
        while end < len(rows) and (end in full) == in_full:
            end += 1
        # Reading two rows is quicker than unfolding them. Very many rows are always folded.
        yield (in_full and end - start <= MOST_FOLDED) or end - start <= 2, list(rows[start:end])
        start = end


def briefly(rows: Sequence[Scene]) -> Iterator[tuple[bool, list[Scene]]]:
    """The rows in stretches, as above, but in full only essential rows, and single rows that need no picture."""
    full = essential(rows)
    for in_full, group in groupby(range(len(rows)), key=full.__contains__):
        stretch = [rows[index] for index in group]
        yield in_full or (len(stretch) == 1 and _is_thin(stretch[0])), stretch


def essential(rows: Sequence[Scene]) -> set[int]:
    """The rows that explain a failure: each fault, the checkpoint before it, the restart after it, and the end; without
    a fault, the end and the first two checkpoints."""
    kinds = [row.moment.kind for row in rows]
    saved = [index for index, kind in enumerate(kinds) if kind == "checkpoint"]
    faults = [index for index, row in enumerate(rows) if row.moment.kind in FAULTS or row.breaks or failed(row.moment)]
    full = {len(rows) - 1, *faults}
    for fault in faults:
        full |= set([index for index in saved if index < fault][-1:])
        full |= set([index for index, kind in enumerate(kinds) if kind == "started" and index > fault][:1])
    return full | set(saved[:2]) if not faults else full


def _is_thin(scene: Scene) -> bool:
    """Whether one line is enough for a scene, as no directory has changed."""
    return not any(panel.marked() for panel in scene.panels) and scene.moment.kind not in WITH_DIRECTORIES


def _has_highlight(row: Scene, highlight: Collection[str]) -> bool:
    return any(item.path in highlight for panel in row.panels for item in panel.marked())


def _folded(rows: Sequence[Scene]) -> str:
    """The summary of a folded stretch."""
    first, last = rows[0].moment.execution, rows[-1].moment.execution
    if rows[0].moment.kind == "submitted":
        if last <= 1 and not any(row.breaks or row.moment.kind == "checkpoint" for row in rows):
            return f"Submitted, and started ({rows[0].when} to {rows[-1].when})"
        first = 1
    executions = (
        f"Execution {first}" if first == last else f"Executions {first} {'and' if last == first + 1 else 'to'} {last}"
    )
    saved = sum(row.moment.kind == "checkpoint" for row in rows)
    lost = sum(row.breaks for row in rows)
    parts = [count(saved, "checkpoint") + " saved"] * bool(saved)
    parts.append(count(lost, "eviction") if lost else "nothing lost")
    return f"{executions}: {', '.join(parts)} ({rows[0].when} to {rows[-1].when})"


def tone(scene: Scene) -> str:
    """The CSS class of a scene."""
    kind = scene.moment.kind
    return (
        "bad"
        if scene.breaks or kind in ("never finishes", "checkpoint failed") or failed(scene.moment)
        else "saved"
        if kind in ("checkpoint", "ended")
        else "new"
        if kind == "started"
        else ""
    )
