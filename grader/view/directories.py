"""The three directories of one scene, side by side: each file with its mark, its note and its content.

The words come from scene.py, the look from style.py; timeline.py and steps.py put scenes in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from ..text import count, duration, shorten
from ..tree import Entry, Fifo, File, Link
from .glossary import tooltip
from .rendering import render
from .scene import CHANGED, GONE, LOST, MISSING, NEW, SAME, SUBMIT, WHOLE, DirectoryItem, DirectoryPanel, Scene

SYMBOLS = {SAME: "", NEW: "+", CHANGED: "~", GONE: "−", LOST: "×", MISSING: "?"}
EXECUTE = 2
"""The number of the execute directory in a scene."""
MOST_FILES = 10
"""Files of a directory shown unfolded."""
MOST_CHANGED = 24
"""The same for files that have changed."""
MOST_LISTED = 200
FIRST_LINES = 20


_ZIGZAG = " ".join(f"L{x} {1 if x % 8 else 8}" for x in range(4, 244, 4))


class ShownFile(NamedTuple):
    """A file, ready to be drawn."""

    name: str
    tone: str
    symbol: str
    word: str
    """The symbol as a word, for screen readers."""
    content: str | None
    """What appears when the name is opened or pointed at; None for a missing file."""
    opens: bool
    pointed_at: bool
    note: str


class Folded(NamedTuple):
    """Files folded behind a summary, at most MOST_LISTED; `beyond` is the number of files left out, or empty."""

    summary: str
    files: list[ShownFile]
    beyond: str


class Ending(NamedTuple):
    """The end of an execute directory: torn off where work is lost, or deleted when the job leaves its slot."""

    torn: bool
    lost: str = ""


class ShownDirectory(NamedTuple):
    """A directory, ready to be drawn."""

    there: bool
    title: str
    name: str
    side: str
    meant: str
    """What the glossary says about its name."""
    fresh: bool = False
    unfolded: bool = False
    different: str = ""
    """How many of its files are marked, shown while the directory is folded; empty if none are."""
    files: Sequence[ShownFile] = ()
    folded: Sequence[Folded] = ()
    nothing: str = ""
    """What to show in place of files if there are none."""
    ending: Ending | None = None


class Directories:
    """Draws the directories of scenes. `highlight` holds the paths of files to point at, in any directory. With
    `open_all`, unchanged files can be opened, too. With `folds`, a narrow screen shows one directory at a time, and a
    click or the space bar unfolds the others."""

    def __init__(self, highlight: frozenset[str] = frozenset(), open_all: bool = False, folds: bool = True):
        self.highlight, self.open_all, self.folds = highlight, open_all, folds

    def of(self, scene: Scene) -> Markup:
        """Submit, spool and execute directory as HTML."""
        first = most_telling(scene)
        directories = [self._directory(panel, scene, index, first) for index, panel in enumerate(scene.panels)]
        return render("directories.html", directories=directories, folds=self.folds, zigzag=_ZIGZAG)

    def _directory(self, panel: DirectoryPanel, scene: Scene, index: int, first: int) -> ShownDirectory:
        name, _, side = panel.title.partition(" (")
        shown = ShownDirectory(panel.there, panel.title, name, side.rstrip(")"), tooltip(name.removeprefix("new ")))
        if not panel.there:
            return shown
        marked = panel.marked()
        files, folded = self._files(panel.items)
        return shown._replace(
            fresh=name.startswith("new "),
            unfolded=index == first,
            different=count(len(marked), "file") if self.folds and marked else "",
            files=files,
            folded=folded,
            nothing="" if panel.items else "nothing has come home yet" if name == SUBMIT else "empty",
            ending=_ending(scene) if index == EXECUTE else None,
        )

    def _files(self, items: Sequence[DirectoryItem]) -> tuple[list[ShownFile], list[Folded]]:
        """The files to show, and the files to fold: if there are many, the unchanged ones, and changed ones beyond
        MOST_CHANGED."""
        if len(items) <= MOST_FILES:
            return list(map(self._file, items)), []
        marked = [item for item in items if item.mark or item.path in self.highlight]
        same = [item for item in items if item not in marked]
        folded = [(marked[MOST_CHANGED:], "more"), (same, _as_they_are(marked))]
        return (
            list(map(self._file, marked[:MOST_CHANGED])),
            [self._folded(rest, words) for rest, words in folded if rest],
        )

    def _folded(self, items: Sequence[DirectoryItem], words: str) -> Folded:
        beyond = len(items) - MOST_LISTED
        shown = list(map(self._file, items[:MOST_LISTED]))
        return Folded(f"{count(len(items), 'file')} {words}", shown, f"{beyond:,}" if beyond > 0 else "")

    def _file(self, item: DirectoryItem) -> ShownFile:
        """One file: its mark, its name, which opens its content, and a note."""
        opens = item.mark != MISSING and bool(item.mark or self.open_all)
        content = preview(item.entry)
        whole = " whole" if item.mark == GONE or item.note == WHOLE else ""
        return ShownFile(
            shorten(item.path, 200),
            f"{item.mark or 'same'}{whole}",
            SYMBOLS[item.mark],
            item.mark,
            None if item.mark == MISSING else content if opens else content[:400],
            opens,
            item.path in self.highlight,
            item.note,
        )


def _ending(scene: Scene) -> Ending | None:
    if not scene.breaks:
        return Ending(False) if scene.moment.kind in ("ended", "requeued", "retried") else None
    if scene.lost_seconds:
        return Ending(True, f"lost: {duration(scene.lost_seconds)} of computing")
    return Ending(True, "lost: the files marked" if scene.lost else "")


def most_telling(scene: Scene) -> int:
    """The number of the directory to look at first: the execute directory if work is lost or begins there, else the
    first directory with a difference."""
    different = [index for index, panel in enumerate(scene.panels) if panel.there and panel.marked()]
    begins = scene.breaks or scene.moment.kind in ("started", "look")
    if scene.panels[EXECUTE].there and (begins or not different) and scene.moment.kind != "submitted":
        return EXECUTE
    return different[0] if different else 0


def legend(scenes: Iterable[Scene]) -> Markup:
    """The meaning of the marks in these scenes; empty without marks."""
    used = {item.mark for scene in scenes for panel in scene.panels for item in panel.items}
    words = ((NEW, "new"), (CHANGED, "changed"), (GONE, "gone"), (LOST, "lost"), (MISSING, "missing"))
    marks = [(SYMBOLS[mark], word) for mark, word in words if mark in used]
    return render("legend.html", marks=marks) if marks else Markup()


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
    """A description of the files without a mark."""
    return "not lost" if any(item.mark == LOST for item in marked) else "as before" if marked else "in all"
