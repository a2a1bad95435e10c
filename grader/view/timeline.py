"""The story of one simulation as a picture: a row for each moment, with the three directories side by side.

Self-contained HTML without scripts or anything to load, as the slides of the course's origin draw it.
What it is not: the words (scene.py) or the look (style.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from grader.simulator.pool import Moment
from grader.simulator.tree import Entry, File, Link, Tree

from .bar import bar
from .scene import (
    CHANGED, GONE, LOST, MISSING, NEW, SAME, SUBMIT, WHOLE, Item, Panel, Scene, scenes, with_saved,
)
from .style import CLASS, spoken, timeline_sheet
from .text import count, duration, escape, shorten

SYMBOLS = {SAME: "", NEW: "+", CHANGED: "~", GONE: "−", LOST: "×", MISSING: "?"}
MOST_ROWS = 12
"""Longer stories are condensed."""
MOST_FOLDED = 40
"""Rows drawn in one folded stretch; a job that never finishes has a thousand alike."""
MOST_FILES = 10
"""Files of a directory shown at once; of those that did change, MOST_CHANGED."""
MOST_CHANGED = 24
MOST_LISTED = 200
FIRST_LINES = 20
ALWAYS_TOLD = ("submitted", "look", "checkpoint failed", "evicted", "held", "released", "requeued", "retried",
               "ended", "never finishes")
WITH_DIRECTORIES = ("started", "look", "evicted", "held")
"""Kinds of moments for which the directories are drawn even if none is different."""


def timeline(moments: Sequence[Moment], *, highlight: Collection[str] | None = None,
             submit: Tree | None = None, log_name: str | None = None) -> str:
    """The story as HTML.

    `highlight` are paths of files to be pointed at, wherever they are; `submit` what was in the submit
    directory before, and `log_name` the job event log that appears in it.
    """
    rows = list(joined(scenes(moments, submit, log_name)))
    drawing = _Drawing(frozenset(highlight or ()))
    return (f'<div class="{CLASS}" role="region" aria-label="The story of the job">{timeline_sheet()}'
            f'<div class="wide">{bar(moments)}{_legend(rows)}'
            f'<ol class="rows">{"".join(drawing.condensed(rows))}</ol></div></div>')


def joined(story: Iterable[Scene]) -> Iterator[Scene]:
    """The scenes with each exit and what comes of it as one: `exit code 85 -> checkpoint saved`."""
    ended: Scene | None = None
    for scene in story:
        if ended is not None:
            submit, spool, execute = scene.panels
            if not scene.lost:
                execute = ended.panels[2]
            if scene.moment.kind == "checkpoint":
                execute = with_saved(execute, scene.moment.spool)
            missing = tuple(i for i in scene.panels[2].items if i.mark == MISSING and i not in execute.items)
            execute = execute._replace(items=execute.items + missing)
            scene = replace(scene, panels=(submit, spool, execute),
                            sentences=ended.sentences + scene.sentences)
            ended = None
        if scene.moment.kind == "exited":
            ended = scene
        else:
            yield scene
    if ended is not None:
        yield ended


def _legend(rows: Sequence[Scene]) -> str:
    """What the marks mean that this story has."""
    used = {item.mark for row in rows for panel in row.panels for item in panel.items}
    marks = "".join(f"<span><b>{SYMBOLS[mark]}</b> {word}</span>" for mark, word in
                    ((NEW, "new"), (CHANGED, "changed"), (GONE, "gone"), (LOST, "lost"),
                     (MISSING, "missing")) if mark in used)
    click = "<span>Open a file name to see what is in the file.</span>"
    return f'<div class="legend">{marks}{click}</div>' if marks else ""


class _Drawing:
    """Draws the rows of one story."""

    def __init__(self, highlight: frozenset[str]):
        self.highlight = highlight

    def condensed(self, rows: Sequence[Scene]) -> Iterator[str]:
        """All rows, those of long uneventful stretches folded."""
        for told, stretch in stretches(rows, self.highlight):
            if told:
                yield from map(self.row, stretch)
            else:
                yield self.fold(stretch)

    def fold(self, rows: Sequence[Scene]) -> str:
        drawn = "".join(map(self.row, rows[:MOST_FOLDED]))
        if len(rows) > MOST_FOLDED:
            drawn += f'<li class="thin dim">and {len(rows) - MOST_FOLDED:,} rows more</li>'
        return (f'<li class="fold"><details><summary>{escape(_folded(rows))}</summary>'
                f'<ol class="rows">{drawn}</ol></details></li>')

    def row(self, scene: Scene) -> str:
        """One moment: when, what, and the three directories unless nothing is different in any."""
        kind = scene.moment.kind
        thin = not any(panel.marked() for panel in scene.panels) and kind not in WITH_DIRECTORIES
        tone = ("bad" if scene.breaks or kind in ("never finishes", "checkpoint failed") else
                "saved" if kind in ("checkpoint", "ended") else "new" if kind == "started" else "")
        said = " ".join(scene.sentences)
        head = (f'<h4 class="what"><span class="when">{escape(scene.when)}</span>'
                f'<span>{_typeset(scene.heading)}{_aside(said) if thin else ""}</span></h4>')
        if thin:
            return f'<li class="thin {tone}">{head}</li>'
        panels = "".join(self.panel(panel, scene, index == 2) for index, panel in enumerate(scene.panels))
        say = f'<p class="say">{escape(said)}</p>' if said else ""
        return f'<li class="{tone}">{head}{say}<div class="dirs">{panels}</div></li>'

    def panel(self, panel: Panel, scene: Scene, execute: bool) -> str:
        name, _, side = panel.title.partition(" (")
        if not panel.there:
            return (f'<div class="dir none"><div class="name"><span>{escape(name)}</span></div>'
                    '<div class="nothing">none</div></div>')
        ending = self.ending(scene) if execute else ""
        nothing = "nothing has come home yet" if name == SUBMIT else "empty"
        files = self.files(panel.items) or f'<div class="nothing">{nothing}</div>'
        fresh = " fresh" if name.startswith("new ") else ""
        return (f'<div class="dir{fresh}" role="group" aria-label="{escape(panel.title)}"><div class="name">'
                f'<span>{escape(name)}</span><span class="side">{escape(side.rstrip(")"))}</span></div>'
                f'{files}{ending}</div>')

    def ending(self, scene: Scene) -> str:
        """What becomes of an execute directory: torn off where work is lost."""
        if not scene.breaks:
            gone = scene.moment.kind in ("ended", "requeued", "retried")
            return '<div class="nothing">The sandbox is deleted.</div>' if gone else ""
        zigzag = " ".join(f"L{x} {1 if x % 8 else 8}" for x in range(4, 244, 4))
        lost = f"lost: {duration(scene.lost_seconds)} of computing" if scene.lost_seconds else (
            "lost: the files marked" if scene.lost else "nothing is lost")
        return (f'<svg class="break" viewBox="0 0 240 9" preserveAspectRatio="none" aria-hidden="true">'
                f'<path d="M0 8 {zigzag}"/></svg>'
                f'<div class="lostline"><span class="x" aria-hidden="true">×</span> {escape(lost)}</div>')

    def files(self, items: Sequence[Item]) -> str:
        """The files; those that are as they were folded if they are many."""
        if len(items) <= MOST_FILES:
            return "".join(map(self.file, items))
        marked = [item for item in items if item.mark or item.path in self.highlight]
        same = [item for item in items if item not in marked]
        shown, rest = marked[:MOST_CHANGED], marked[MOST_CHANGED:]
        return ("".join(map(self.file, shown)) + self.folded_files(rest, "more")
                + self.folded_files(same, _as_they_are(marked)))

    def folded_files(self, items: Sequence[Item], words: str) -> str:
        if not items:
            return ""
        beyond = len(items) - MOST_LISTED
        drawn = "".join(map(self.file, items[:MOST_LISTED]))
        more = f'<div class="more">and {beyond:,} more</div>' if beyond > 0 else ""
        return (f'<details class="more"><summary>{count(len(items), "file")} {words}</summary>'
                f'<div>{drawn}{more}</div></details>')

    def file(self, item: Item) -> str:
        """One file: its mark, its name with its content behind it, a note."""
        name = f'<span class="t">{escape(shorten(item.path, 200))}</span>'
        if item.path in self.highlight:
            name = f"<mark>{name}</mark>"
        content = preview(item.entry)
        if item.mark == MISSING:
            name = spoken("missing: ") + name
        elif item.mark:
            word = spoken(f"{item.mark}: ")
            inside = f"<pre>{escape(content, keep=chr(10))}</pre>"
            name = f"<details><summary>{word}{name}</summary>{inside}</details>"
        else:
            name = f'<span title="{escape(content[:400], keep=chr(10))}">{name}</span>'
        note = f'<span class="note">{escape(item.note)}</span>' if item.note else ""
        whole = " whole" if item.mark == GONE or item.note == WHOLE else ""
        return (f'<div class="f {item.mark or "same"}{whole}">'
                f'<span class="m" aria-hidden="true">{SYMBOLS[item.mark]}</span>'
                f'<span class="n">{name}</span>{note}</div>')


def preview(entry: Entry | None) -> str:
    """The first lines of a file, or in words what there is instead."""
    if isinstance(entry, Link):
        return f"a symbolic link to {entry.target}"
    if not isinstance(entry, File):
        return "an empty directory"
    if not entry.content:
        return "an empty file"
    if b"\0" in entry.content[:8192]:
        return f"{count(len(entry.content), 'byte')} that are no text"
    # Cut before splitting: a file may be large.
    lines = entry.content[:FIRST_LINES * 200].decode("utf-8", "replace").replace("\t", "    ").splitlines()
    shown = [shorten(line, 120) for line in lines[:FIRST_LINES]]
    left = entry.content.count(b"\n") + (not entry.content.endswith(b"\n")) - len(shown)
    return "\n".join(shown) + (f"\n... {count(left, 'line')} more" if left > 0 else "")


# -- long stories ------------------------------------------------------------------


def stretches(rows: Sequence[Scene], highlight: Collection[str] = ()) -> Iterator[tuple[bool, list[Scene]]]:
    """The rows in stretches: (told in full, rows). What stays in full: the beginning, the end, all
    that went wrong and the rows around it, and where a highlighted file is not as it was."""
    if len(rows) <= MOST_ROWS:
        yield True, list(rows)
        return
    full = {0, 1, 2, len(rows) - 2, len(rows) - 1}
    for index, row in enumerate(rows):
        if row.moment.kind in ALWAYS_TOLD or _points(row, highlight):
            full |= {index, index + 1} | ({index - 1, index + 2} if row.breaks else set())
    start = 0
    while start < len(rows):
        told, end = start in full, start + 1
        while end < len(rows) and (end in full) == told:
            end += 1
        # Two rows are sooner read than unfolded. More than can be read are folded, whatever they are.
        yield told and end - start <= MOST_FOLDED or end - start <= 2, list(rows[start:end])
        start = end


def _points(row: Scene, highlight: Collection[str]) -> bool:
    return any(item.path in highlight for panel in row.panels for item in panel.marked())


def _folded(rows: Sequence[Scene]) -> str:
    """What happens in a folded stretch, in one line."""
    first, last = rows[0].moment.execution, rows[-1].moment.execution
    executions = (f"Execution {first}" if first == last else
                  f"Executions {first} {'and' if last == first + 1 else 'to'} {last}")
    saved = sum(row.moment.kind == "checkpoint" for row in rows)
    lost = sum(row.breaks for row in rows)
    told = [count(saved, "checkpoint") + " saved"] * bool(saved)
    told.append(count(lost, "eviction") if lost else "nothing lost")
    return f"{executions}: {', '.join(told)} ({rows[0].when} to {rows[-1].when})"


# -- small pieces ------------------------------------------------------------------


def _as_they_are(marked: Sequence[Item]) -> str:
    """What to say of the files beside those that are marked."""
    return "not lost" if any(item.mark == LOST for item in marked) else "as before" if marked else "in all"


def _typeset(heading: str) -> str:
    """A heading as a page can set it, and a terminal can't."""
    return escape(heading).replace(" -&gt; ", " → ").replace(": ", " · ", 1)


def _aside(text: str) -> str:
    return f' <span class="aside">{escape(text)}</span>' if text else ""
