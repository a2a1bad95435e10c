"""Scenes: what to show of each moment of a job's story, as words and as the three directories.

The terminal story and the timeline both draw these scenes, so that they say the same. Text here is not escaped; the
modules that draw it escape it (rendering.py, story.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ..rules.execution import signal_name
from ..rules.job import STDERR, STDOUT
from ..rules.schedule import BY_POLICY
from ..rules.simulation import Ended, Held, Moment, NotSaved
from ..rules.step import Hold
from ..text import as_sentence, clock, count, duration, series
from ..tree import Directory, Entry, File, Tree

SAME, NEW, CHANGED, GONE, LOST, MISSING = "", "new", "changed", "gone", "lost", "missing"
WHOLE = "whole file"
SUBMIT, SPOOL, EXECUTE = "submit directory", "spool directory", "execute directory"
PREPARED, IDLE, ON_HOLD = "before submit", "idle", "on hold"
"""Kinds of moments that can be shown although nothing happens in them; the simulator does not report them."""


class DirectoryItem(NamedTuple):
    """One file (or link, or empty directory) of a directory at one moment."""

    path: str
    entry: Entry | None
    mark: str = SAME
    note: str = ""
    """A few words: where it came from, or which part of it is lost."""


class DirectoryPanel(NamedTuple):
    """One of the three directories at one moment."""

    title: str
    items: tuple[DirectoryItem, ...] = ()
    there: bool = True
    """False if the job has no such directory at this moment."""

    def marked(self) -> tuple[DirectoryItem, ...]:
        """The files that changed."""
        return tuple(item for item in self.items if item.mark)


@dataclass(frozen=True)
class Scene:
    """One moment, ready to be drawn."""

    moment: Moment
    when: str
    """Virtual time since submission."""
    heading: str
    sentences: tuple[str, ...]
    panels: tuple[DirectoryPanel, DirectoryPanel, DirectoryPanel]
    """Submit, spool and execute directory."""
    lost_seconds: float = 0.0
    lost: tuple[DirectoryItem, ...] = ()
    """What the sandbox contains and the next sandbox would lack."""
    breaks: bool = False
    """Whether the execute directory is lost here, with unfinished work."""


def scenes(moments: Iterable[Moment], submit: Tree | None = None, log_name: str | None = None) -> Iterator[Scene]:
    """One scene per moment, lazily.

    `submit` is the submit directory as it was before, `log_name` the job event log that appears in it.
    """
    before: Moment | None = None
    began = 0.0
    inputs = Tree()
    log = Tree.files({log_name: "one entry per event\n"}) if log_name else Tree()
    submit = submit or Tree()
    for now in moments:
        if before is None:
            began, before = now.time, Moment("", now.time)
            shown = submit
        if now.kind == "started" and now.activation == 1:
            inputs = now.sandbox or Tree()
        here = submit if now.kind == PREPARED else submit | log | now.returned_files
        yield _scene(now, before, clock(now.time - began), (shown, here), inputs)
        # The next sandbox is compared with the last sandbox, even after a hold.
        before = now if now.sandbox is not None else now._replace(sandbox=before.sandbox)
        shown = here


def _scene(now: Moment, before: Moment, when: str, submit: tuple[Tree, Tree], inputs: Tree) -> Scene:
    breaks = now.kind == "evicted" or (now.kind == "held" and now.sandbox is not None)
    at_home = set(now.returned_files.values())  # a job held for a missing output file has still returned the others
    lost = (
        tuple(item for item in _lost(now.sandbox or Tree(), inputs | now.spool) if item.entry not in at_home)
        if breaks
        else ()
    )
    return Scene(
        moment=now,
        when=when,
        heading=heading(now),
        sentences=tuple(_sentences(now, before)),
        panels=(
            DirectoryPanel(SUBMIT, tuple(compared(*submit))),
            DirectoryPanel(
                SPOOL + " (access point)", tuple(compared(before.spool, now.spool)), there=now.kind != PREPARED
            ),
            _execute(now, before, lost, inputs),
        ),
        lost_seconds=round(now.badput - before.badput, 3),
        lost=lost,
        breaks=breaks,
    )


# -- words -------------------------------------------------------------------------


def heading(now: Moment) -> str:
    """What happened, in one line."""
    return _HEADINGS[now.kind](now) if now.kind in _HEADINGS else now.kind


def failed(now: Moment) -> bool:
    """Whether the job has ended with a code other than 0."""
    return now.kind == "ended" and isinstance(now.next, Ended) and now.next.exit.code != 0


def _ended_with(now: Moment) -> str:
    how = "not started" if now.run and now.run.unstartable else now.run.exit if now.run else "ended"
    return f"Execution {now.execution}: {how}"


def _held_heading(now: Moment) -> str:
    if _held_while_idle(now):
        return "Held while idle"
    if now.fault or not now.run:
        return f"Execution {now.execution}: held"
    return f"{_ended_with(now)} -> {'ended by this simulator' if now.run.over else 'held'}"


def _held_while_idle(now: Moment) -> bool:
    return now.fault is not None and now.fault.kind == "hold-idle"


_HEADINGS: dict[str, Callable[[Moment], str]] = {
    PREPARED: lambda now: "Before submit",
    IDLE: lambda now: "Idle: waiting for a slot",
    ON_HOLD: lambda now: "On hold: waiting to be released",
    "submitted": lambda now: "Submitted",
    "started": lambda now: f"Execution {now.execution}: starts in a new sandbox",
    "restarted": lambda now: f"Execution {now.execution}: starts in place",
    "look": lambda now: f"Execution {now.execution}: a look at the directories",
    "exited": _ended_with,
    "checkpoint": lambda now: f"{_ended_with(now)} -> checkpoint saved",
    "checkpoint failed": lambda now: f"{_ended_with(now)} -> checkpoint not saved",
    "evicted": lambda now: f"Execution {now.execution}: evicted",
    "held": _held_heading,
    "released": lambda now: "Released",
    "requeued": lambda now: f"After execution {now.execution}: the slot is not used again",
    "retried": lambda now: f"{_ended_with(now)} -> queued again",
    "removed": lambda now: f"{_ended_with(now)} -> removed" if isinstance(now.next, Ended) else "Removed",
    "ended": lambda now: f"{_ended_with(now)} -> the job has ended",
    "never finishes": lambda now: "This job never finishes",
}


def _sentences(now: Moment, before: Moment) -> Iterator[str]:
    tell = _SENTENCES.get(now.kind)
    if isinstance(tell, str):
        yield tell
    elif tell:
        yield from tell(now, before)
    if now.text and now.kind not in ("checkpoint failed", "never finishes"):
        yield as_sentence(now.text[0].upper() + now.text[1:])


def _idle(now: Moment, before: Moment) -> Iterator[str]:
    kept = "what the spool directory has" if now.spool else "nothing: its spool directory is empty"
    yield f"The job is on the access point, without an execute directory. It can go on from {kept}."


def _started(now: Moment, before: Moment) -> Iterator[str]:
    place = f"execution point {now.slot + 1}"
    if now.spool:
        yield f"On {place}: the input files and the executable, and over them the checkpoint from the spool."
    elif now.activation > 1:
        yield f"On {place}: the input files and the executable. There is no checkpoint to go on from."
    else:
        yield f"On {place}: the input files and the executable were sent there."


def _restarted(now: Moment, before: Moment) -> Iterator[str]:
    yield "The same sandbox: nothing is removed, nothing is sent again."
    if now.beside:
        left = series(list(dict.fromkeys(now.beside[-1].left)))
        yield f"Execution {now.execution - 1} left {left} running, which continues alongside."


def _look(now: Moment, before: Moment) -> Iterator[str]:
    yield f"{duration(now.struck.seconds or 0)} into the execution. Nothing happens to the job."


def _checkpoint(now: Moment, before: Moment) -> Iterator[str]:
    safe = now.goodput - before.goodput
    more = f", and {duration(safe)} more of computing is safe" if safe else ""
    yield f"The checkpoint is in the spool directory{more}."


def _checkpoint_failed(now: Moment, before: Moment) -> Iterator[str]:
    if isinstance(now.next, NotSaved):
        yield f"Not in the sandbox: {series(now.next.missing)}. The spool is unchanged."
    else:
        yield f"{as_sentence((now.text or 'the transfer failed').capitalize())} The spool is unchanged."


def _evicted(now: Moment, before: Moment) -> Iterator[str]:
    fault = now.fault
    at = (
        "just before it would have ended"
        if fault is None or fault.seconds is None
        else f"{duration(fault.seconds)} into it"
    )
    if fault is not None and fault.kind == BY_POLICY:
        at = f"by its periodic_vacate {at}"
    if fault is not None and fault.kind == "vacate" and not now.signal:
        yield f"The job was vacated {at}, when its program had already ended. How it ended counts for nothing."
    elif now.signal:
        answer = f" The program then ended with {now.run.exit}, which counts for nothing." if now.run else ""
        yield f"The job was vacated {at}, with {signal_name(now.signal)} first.{answer}"
    else:
        yield f"The slot was lost {at}, without a signal to the program."
    if isinstance(now.next, NotSaved):
        yield f"Nothing was saved then, as {series(now.next.missing)} was not in the sandbox."
    yield "The whole execute directory is deleted. The job is idle again."


def _held(now: Moment, before: Moment) -> Iterator[str]:
    if isinstance(now.next, Held) and now.next.code == Hold.LIMIT:
        yield f"{as_sentence(now.next.reason)} How the job would go on is unknown; it counts as held."
    elif isinstance(now.next, Held):
        yield f"Code {now.next.code}, subcode {now.next.subcode}: {as_sentence(now.next.reason)}"
        there = [path for path in now.next.missing if _is_there(now, path)]
        absent = [path for path in now.next.missing if path not in there]
        for what, paths in (("not in the sandbox", absent), ("impossible to send", there)):
            if paths:
                names = series([repr(path) if not path.strip() else path for path in paths])
                yield f"Listed, and {what}: {names}."
        yield "The execute directory is deleted; the spool directory stays as it is."
    elif _held_while_idle(now):
        yield "The job was put on hold before it got a slot: nothing is lost, and it gets none until it is released."
    else:
        yield "The job was put on hold while it ran. As at an eviction, the execute directory is deleted."


def _is_there(now: Moment, path: str) -> bool:
    """Whether a listed path that was not sent is in the sandbox anyway: a link to a directory, for example."""
    return now.sandbox is not None and now.sandbox.resolve(path) is not None


def _ended(now: Moment, before: Moment) -> Iterator[str]:
    files = now.next.returned_files.listing() if isinstance(now.next, Ended) else []
    yield (f"To the submit directory came {series(files)}." if files else "No file came to the submit directory.")
    if isinstance(now.next, Ended) and not now.next.transferred:
        yield "With success_exit_code set, HTCondor transfers no output of a job that fails."
    if failed(now):
        yield "This is a final exit: HTCondor does not start the job again."
    yield "The spool and execute directories are deleted."


def _removed(now: Moment, before: Moment) -> Iterator[str]:
    yield "The job is removed from the queue by its periodic_remove, and never comes back."
    if isinstance(now.next, Ended):
        yield from list(_ended(now, before))[:1]
    elif now.run:
        yield "Its program was still running: no output is transferred."


def _never_finishes(now: Moment, before: Moment) -> Iterator[str]:
    yield as_sentence(f"The story stops here: {now.text or 'there is no end to it'}")


_SENTENCES: dict[str, str | Callable[[Moment, Moment], Iterator[str]]] = {
    PREPARED: "The files that you wrote. HTCondor does not know about the job yet.",
    IDLE: _idle,
    ON_HOLD: _idle,
    "submitted": "The job is idle on the access point. Nothing is in its spool directory yet.",
    "started": _started,
    "restarted": _restarted,
    "look": _look,
    "checkpoint": _checkpoint,
    "checkpoint failed": _checkpoint_failed,
    "evicted": _evicted,
    "held": _held,
    "released": "The job is idle again. Its spool directory is as it was.",
    "requeued": "The job is idle, and starts again from the spool in a new sandbox. The old one is deleted.",
    "retried": "The job is queued again (max_retries, on_exit_remove), and starts from the spool in a new sandbox.",
    "removed": _removed,
    "ended": _ended,
    "never finishes": _never_finishes,
}
"""Kind of a moment → its sentence, or a function of the moment and the one before it that gives its sentences."""


# -- directories -------------------------------------------------------------------


def leaves(tree: Tree) -> dict[str, Entry]:
    """The entries listed for a directory: files, links, and empty directories (with a trailing slash)."""
    return {path: tree[path.rstrip("/")] for path in tree.listing()}


def compared(before: Tree, now: Tree) -> Iterator[DirectoryItem]:
    """The files of a directory now, and those that are gone, marked by comparison with the directory before."""
    old, new = leaves(before), leaves(now)
    for path in sorted(old.keys() | new.keys()):
        mark = NEW if path not in old else GONE if path not in new else CHANGED if old[path] != new[path] else SAME
        yield DirectoryItem(path, new.get(path, old.get(path)), mark)


def _execute(now: Moment, before: Moment, lost: tuple[DirectoryItem, ...], inputs: Tree) -> DirectoryPanel:
    if now.sandbox is None:
        return DirectoryPanel(EXECUTE, there=False)
    title = f"{EXECUTE} (execution point {now.slot + 1})"
    if now.kind == "started":
        return DirectoryPanel("new " + title, tuple(_arrived(now, before)))
    missing = (
        tuple(
            DirectoryItem(path, None, MISSING, "listed, can't be sent" if _is_there(now, path) else "listed, not there")
            for path in now.next.missing
        )
        if isinstance(now.next, (Held, NotSaved))
        else ()
    )
    if lost:
        by_path = {item.path: item for item in lost}
        items = tuple(
            by_path.get(path) or DirectoryItem(path, entry, SAME, _whence(path, entry, now.spool))
            for path, entry in leaves(now.sandbox).items()
        )
    else:
        items = tuple(compared(before.sandbox or Tree(), now.sandbox))
    if now.kind == "checkpoint":
        items = tuple(item._replace(note=_saved(item, now.spool, inputs)) for item in items)
    return DirectoryPanel(title, items + missing)


def _whence(path: str, entry: Entry | None, spool: Tree) -> str:
    return "in the spool" if spool.get(path.rstrip("/")) == entry else ""


def _saved(item: DirectoryItem, spool: Tree, inputs: Tree) -> str:
    """A note on a file at a checkpoint: whether the next sandbox will have it."""
    arrives_anyway = inputs.get(item.path.rstrip("/")) == item.entry
    return _whence(item.path, item.entry, spool) or ("" if arrives_anyway else "not in the spool")


def with_marks(panel: DirectoryPanel, marked: DirectoryPanel) -> DirectoryPanel:
    """A directory with the marks that its files have in another panel, and the files that are gone there."""
    marks = {item.path: item.mark for item in marked.items}
    shown = tuple(item._replace(mark=marks.get(item.path, item.mark)) for item in panel.items)
    gone = tuple(item for item in marked.items if item.mark == GONE)
    return panel._replace(items=tuple(sorted(shown + gone, key=lambda item: item.path)))


def _arrived(now: Moment, before: Moment) -> Iterator[DirectoryItem]:
    """A new sandbox: where each file came from, and the files of the last sandbox that are missing here."""
    here = leaves(now.directory)
    last = leaves(before.sandbox) if before.sandbox is not None else {}
    for path in sorted(here.keys() | last.keys()):
        if path not in here:
            yield DirectoryItem(path, last[path], GONE, "not here")
        elif now.spool.get(path.rstrip("/")) == here[path]:
            yield DirectoryItem(path, here[path], NEW, "from the spool")
        elif path in (STDOUT, STDERR):
            yield DirectoryItem(path, here[path], NEW, "empty")
        else:
            yield DirectoryItem(path, here[path], NEW, "input")


def _lost(sandbox: Tree, next_sandbox: Tree) -> tuple[DirectoryItem, ...]:
    """The contents of a sandbox that the next sandbox would lack."""
    safe = leaves(next_sandbox)
    return tuple(
        DirectoryItem(path, entry, LOST, _what_is_lost(entry, safe.get(path)))
        for path, entry in leaves(sandbox).items()
        if safe.get(path) != entry and not isinstance(entry, Directory)
    )


def _what_is_lost(entry: Entry, safe: Entry | None) -> str:
    """The lost part of a file in words: the whole file, its last lines, or its newer content."""
    if safe is None or not isinstance(entry, File) or not isinstance(safe, File):
        return WHOLE
    had, has = entry.text.splitlines(), safe.text.splitlines()
    surplus = (Counter(had) - Counter(has)).total()
    if had[: len(has)] == has and surplus:
        return "last line" if surplus == 1 else f"last {count(surplus, 'line')}"
    return "newer content"
