"""The story of one simulation for the terminal: a block of lines for each moment. The words come from scene.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..rules.simulation import Moment
from ..text import count, duration, plain
from ..tree import Entry, Fifo, File, Link, Tree
from .scene import CHANGED, GONE, LOST, MISSING, NEW, SAME, DirectoryItem, DirectoryPanel, Scene, leaves, scenes

MARKS = {SAME: " ", NEW: "+", CHANGED: "~", GONE: "-", LOST: "x", MISSING: "?"}
COLOURS = {NEW: "32", CHANGED: "34", GONE: "2", LOST: "31", MISSING: "31"}
BOLD, RED = "1", "31"
LEGEND = "In the directories:  + new   ~ changed   - gone   x lost   ? missing"
MOST_FILES = 30


def lines(
    moments: Iterable[Moment], log_name: str | None = None, *, submit: Tree | None = None, colour: bool = False
) -> Iterator[str]:
    """The lines of the story, without newlines. Lazy: each moment's lines come before the next moment is taken.

    `log_name` is the job event log, which appears in the submit directory; `submit` is that directory as it was
    before. Text from files, file names and programs is escaped.
    """
    yield from (LEGEND, "")
    for scene in scenes(moments, submit, log_name):
        yield from _block(scene, colour)


def directories(tree: Tree) -> list[str]:
    """A directory as lines: each file with its size, each link with its target, and empty directories."""
    width = min(40, max(map(len, map(plain, leaves(tree))), default=0))
    return [f"{plain(path):{width}}  {_size(entry)}".rstrip() for path, entry in leaves(tree).items()]


def _size(entry: Entry) -> str:
    if isinstance(entry, File):
        return count(len(entry.content), "byte")
    return f"-> {plain(entry.target)}" if isinstance(entry, Link) else "FIFO" if isinstance(entry, Fifo) else "empty"


def _block(scene: Scene, colour: bool) -> Iterator[str]:
    bad = scene.breaks or scene.moment.kind in ("never finishes", "checkpoint failed")
    yield f"{scene.when}  {_paint(plain(scene.heading), f'{BOLD};{RED}' if bad else BOLD, colour)}"
    for sentence in scene.sentences:
        yield "    " + plain(sentence)
    for panel in scene.panels:
        yield from _panel(panel, colour)
    if scene.lost_seconds:
        files = f", and what is marked {MARKS[LOST]} above" if scene.lost else ""
        yield "    " + _paint(f"Lost: {duration(scene.lost_seconds)} of computing{files}.", RED, colour)
    yield ""


def _panel(panel: DirectoryPanel, colour: bool) -> Iterator[str]:
    """The changes of a directory; nothing if there are none."""
    marked = panel.marked()
    if not marked:
        return
    yield f"    {panel.title}:"
    width = min(40, max(len(plain(item.path)) for item in marked))
    for item in marked[:MOST_FILES]:
        yield "      " + _paint(_line(item, width), COLOURS[item.mark], colour)
    if len(marked) > MOST_FILES:
        yield f"        and {len(marked) - MOST_FILES:,} more"


def _line(item: DirectoryItem, width: int) -> str:
    return f"{MARKS[item.mark]} {plain(item.path):{width}}  {item.note}".rstrip()


def _paint(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text
