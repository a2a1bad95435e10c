"""The three directories of one scene, side by side: each file with its mark, its note and its content.

The words come from scene.py, the look from style.py; timeline.py and steps.py put scenes in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..text import count, duration, escape, shorten
from ..tree import Entry, Fifo, File, Link
from .glossary import tooltip
from .scene import CHANGED, GONE, LOST, MISSING, NEW, SAME, SUBMIT, WHOLE, DirectoryItem, DirectoryPanel, Scene
from .style import NO_SHORTCUTS, spoken

SYMBOLS = {SAME: "", NEW: "+", CHANGED: "~", GONE: "−", LOST: "×", MISSING: "?"}
EXECUTE = 2
"""The number of the execute directory in a scene."""
MOST_FILES = 10
"""Files of a directory shown unfolded."""
MOST_CHANGED = 24
"""The same for files that have changed."""
MOST_LISTED = 200
FIRST_LINES = 20


class Directories:
    """Draws the directories of scenes. `highlight` are paths of files to be pointed at, wherever they are;
    `open_all` makes files that can be opened of those too that are as they were; `folds` has a narrow screen show one
    directory at a time, the others unfolded by a click or the space bar."""

    def __init__(self, highlight: frozenset[str] = frozenset(), open_all: bool = False, folds: bool = True):
        self.highlight, self.open_all, self.folds = highlight, open_all, folds

    def of(self, scene: Scene) -> str:
        """Submit, spool and execute directory as HTML."""
        first = most_telling(scene)
        panels = "".join(self.panel(panel, scene, index, index == first) for index, panel in enumerate(scene.panels))
        return f'<div class="dirs">{panels}</div>'

    def panel(self, panel: DirectoryPanel, scene: Scene, index: int, unfolded: bool = True) -> str:
        name, _, side = panel.title.partition(" (")
        meant = tooltip(name.removeprefix("new "))
        if not panel.there:
            return (
                f'<div class="dir none"><div class="name"><span title="{meant}">{escape(name)}</span></div>'
                '<div class="nothing">none</div></div>'
            )
        ending = self.ending(scene) if index == EXECUTE else ""
        nothing = "nothing has come home yet" if name == SUBMIT else "empty"
        files = self.files(panel.items) or f'<div class="nothing">{nothing}</div>'
        switch = f'<input type="checkbox"{" checked" * unfolded} {NO_SHORTCUTS}>' if self.folds else ""
        different = count(len(panel.marked()), "file") if switch and panel.marked() else ""
        behind = f'<span class="behind">{different} different</span>' if different else ""
        fresh = " fresh" if name.startswith("new ") else ""
        return (
            f'<div class="dir{fresh}" role="group" aria-label="{escape(panel.title)}"><label class="name">'
            f'{switch}<span title="{meant}">{escape(name)}</span><span class="side">{escape(side.rstrip(")"))}</span>'
            f"{behind}</label>{files}{ending}</div>"
        )

    def ending(self, scene: Scene) -> str:
        """The end of an execute directory: torn off where work is lost."""
        if not scene.breaks:
            gone = scene.moment.kind in ("ended", "requeued", "retried")
            return '<div class="nothing">The sandbox is deleted.</div>' if gone else ""
        zigzag = " ".join(f"L{x} {1 if x % 8 else 8}" for x in range(4, 244, 4))
        lost = (
            f"lost: {duration(scene.lost_seconds)} of computing"
            if scene.lost_seconds
            else ("lost: the files marked" if scene.lost else "")
        )
        line = f'<span class="x" aria-hidden="true">×</span> {escape(lost)}' if lost else "nothing is lost"
        return (
            f'<svg class="break" viewBox="0 0 240 9" preserveAspectRatio="none" aria-hidden="true">'
            f'<path d="M0 8 {zigzag}"/></svg>'
            f'<div class="lostline">{line}</div>'
        )

    def files(self, items: Sequence[DirectoryItem]) -> str:
        """The files; if there are many, the unchanged ones are folded."""
        if len(items) <= MOST_FILES:
            return "".join(map(self.file, items))
        marked = [item for item in items if item.mark or item.path in self.highlight]
        same = [item for item in items if item not in marked]
        shown, rest = marked[:MOST_CHANGED], marked[MOST_CHANGED:]
        return (
            "".join(map(self.file, shown))
            + self.folded_files(rest, "more")
            + self.folded_files(same, _as_they_are(marked))
        )

    def folded_files(self, items: Sequence[DirectoryItem], words: str) -> str:
        if not items:
            return ""
        beyond = len(items) - MOST_LISTED
        drawn = "".join(map(self.file, items[:MOST_LISTED]))
        more = f'<div class="more">and {beyond:,} more</div>' if beyond > 0 else ""
        return (
            f'<details class="more"><summary>{count(len(items), "file")} {words}</summary>'
            f"<div>{drawn}{more}</div></details>"
        )

    def file(self, item: DirectoryItem) -> str:
        """One file: its mark, its name, which opens its content, and a note."""
        name = f'<span class="t">{escape(shorten(item.path, 200))}</span>'
        if item.path in self.highlight:
            name = f"<mark>{name}</mark>"
        content = preview(item.entry)
        if item.mark == MISSING:
            name = spoken("missing: ") + name
        elif item.mark or self.open_all:
            word = spoken(f"{item.mark}: ") if item.mark else ""
            inside = f"<pre>{escape(content, keep=chr(10))}</pre>"
            name = f"<details><summary>{word}{name}</summary>{inside}</details>"
        else:
            name = f'<span title="{escape(content[:400], keep=chr(10))}">{name}</span>'
        note = f'<span class="note">{escape(item.note)}</span>' if item.note else ""
        whole = " whole" if item.mark == GONE or item.note == WHOLE else ""
        return (
            f'<div class="f {item.mark or "same"}{whole}">'
            f'<span class="m" aria-hidden="true">{SYMBOLS[item.mark]}</span>'
            f'<span class="n">{name}</span>{note}</div>'
        )


def most_telling(scene: Scene) -> int:
    """The number of the directory that one has to look at: where work is lost or begins, else the first with a
    difference."""
    different = [index for index, panel in enumerate(scene.panels) if panel.there and panel.marked()]
    begins = scene.breaks or scene.moment.kind in ("started", "look")
    if scene.panels[EXECUTE].there and (begins or not different) and scene.moment.kind != "submitted":
        return EXECUTE
    return different[0] if different else 0


def legend(scenes: Iterable[Scene]) -> str:
    """The meaning of the marks in these scenes; '' without marks."""
    used = {item.mark for scene in scenes for panel in scene.panels for item in panel.items}
    marks = "".join(
        f"<span><b>{SYMBOLS[mark]}</b> {word}</span>"
        for mark, word in ((NEW, "new"), (CHANGED, "changed"), (GONE, "gone"), (LOST, "lost"), (MISSING, "missing"))
        if mark in used
    )
    click = "<span>Open a file name to see what is in the file.</span>"
    return f'<div class="legend">{marks}{click}</div>' if marks else ""


def preview(entry: Entry | None) -> str:
    """The first lines of a file, or a description of what is not a text file."""
    if isinstance(entry, Link):
        return f"a symbolic link to {entry.target}"
    if isinstance(entry, Fifo):
        return "a FIFO (named pipe)"
    if not isinstance(entry, File):
        return "an empty directory"
    if not entry.content:
        return "an empty file"
    if b"\0" in entry.content[:8192]:
        return f"{count(len(entry.content), 'byte')}, not text"
    # Cut before splitting, as a file may be large.
    lines = entry.content[: FIRST_LINES * 200].decode("utf-8", "replace").replace("\t", "    ").splitlines()
    shown = [shorten(line, 120) for line in lines[:FIRST_LINES]]
    left = entry.content.count(b"\n") + (not entry.content.endswith(b"\n")) - len(shown)
    return "\n".join(shown) + (f"\n... {count(left, 'line')} more" if left > 0 else "")


def _as_they_are(marked: Sequence[DirectoryItem]) -> str:
    """How the files without a mark are described."""
    return "not lost" if any(item.mark == LOST for item in marked) else "as before" if marked else "in all"
