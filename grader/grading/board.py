"""The progress of a class, for the screen in the room: counts for each exercise, no names.

It only reads files in students' folders: the results that check() has saved there (.progress.json, which is not a
grade, as a learner may edit it), or, without those, which answers the notebooks contain. The result is a file that is
written again and again; there is no server.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from ..course.catalogue import COURSE, EXERCISES
from ..course.report import CRASHED, NOT_TRIED, PARTLY, PASSED, WRONG
from ..text import count
from ..tree import Tree
from ..view.page import page
from ..view.rendering import render
from ..view.style import css
from . import store
from .archives import Refused
from .collect import find, open_regular

NOTES = ".progress.json"
BEGUN = "begun"
"""There is an answer, but no check of it."""
STATES = {PASSED: "✓", PARTLY: "◐", WRONG: "✗", CRASHED: "✗", BEGUN: "…", NOT_TRIED: "○"}
TONES = {PASSED: "good", PARTLY: "part", WRONG: "bad", CRASHED: "bad", BEGUN: "begun", NOT_TRIED: "none"}
DEPTH = 5
"""How deep in a student's folder the course may be."""
MOST_LOOKED_INTO = 4_000
"""Files and folders of one student that are inspected."""
MOST_BYTES = 64 << 10
ACTIVE = 600.0
"""Seconds after a check during which a learner counts as active."""

Where = Mapping[str, str]
"""The state of one learner: exercise → its state; exercises not begun are missing."""


@dataclass
class Board:
    """The numbers on the screen."""

    learners: int = 0
    active: int = 0
    """Learners who have checked something within the last ten minutes."""
    done: int = 0
    """Learners who have passed everything."""
    states: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in EXERCISES})
    """Exercise → state → learners."""
    here: Counter[str] = field(default_factory=Counter)
    """Exercise → learners who are working on it."""

    def add(self, where: Where, active: bool = False) -> None:
        """Count one learner."""
        self.learners += 1
        self.active += active
        for name in EXERCISES:
            self.states[name][where.get(name, NOT_TRIED)] += 1
        at = place(where)
        self.done += at is None
        if at is not None:
            self.here[at] += 1


def place(where: Where) -> str | None:
    """The exercise that a learner is working on: the last that was begun, or the next if that is passed. None
    at the end."""
    names = list(EXERCISES)
    last = max((at for at, name in enumerate(names) if name in where), default=-1)
    if last >= 0 and where[names[last]] != PASSED:
        return names[last]
    return next((name for name in names[last + 1 :]), None)


def look(folder: Path, now: float | None = None) -> Board:
    """The progress of the students whose folders are in this one. Raises OSError or Refused if it can't be read."""
    board, now = Board(), time.time() if now is None else now
    with_notes = set()
    for item in sorted(os.scandir(folder), key=lambda item: item.name):
        if item.is_dir(follow_symlinks=False) and (notes := _notes(Path(item.path))):
            when, where = max(notes, key=lambda note: note[0])
            board.add(where, now - when < ACTIVE)
            with_notes.add(Path(item.path))
    for hand_in in find(folder, with_notes):
        if hand_in.sources:
            answers = store.read(hand_in).answers
            board.add({name: BEGUN for name, ex in EXERCISES.items() if ex.tried(answers.get(name, Tree()))})
    return board


def _notes(folder: Path) -> list[tuple[float, Where]]:
    """The results that check() has saved in a student's folder: (time, states) of each file."""
    notes = []
    for path in _below(folder):
        try:
            with open_regular(path) as file:
                notes.append((os.fstat(file.fileno()).st_mtime, _states(file.read(MOST_BYTES + 1))))
        except (OSError, Refused, ValueError, RecursionError):
            continue  # not a file that check() has written
    return notes


def _states(data: bytes) -> Where:
    """The states in a file of check(). Raises ValueError if it is something else."""
    if len(data) > MOST_BYTES:
        raise ValueError("it is too large")
    marks = json.loads(data)
    if not isinstance(marks, dict):
        raise ValueError("it is not an object")
    states = {}
    for name, mark in marks.items():
        status = mark[0] if isinstance(mark, list) and mark else None
        if name in EXERCISES and isinstance(status, str) and status in STATES and status != NOT_TRIED:
            states[name] = status
    return states


def _below(folder: Path) -> Iterator[Path]:
    """The files of check() anywhere in a folder, up to a limit, without following links."""
    waiting, looked = deque([(folder, 0)]), 0
    while waiting:
        directory, depth = waiting.popleft()
        try:
            items = list(os.scandir(directory))
        except OSError:
            continue
        for item in items:
            looked += 1
            if looked > MOST_LOOKED_INTO:
                return
            if item.name == NOTES:
                yield Path(item.path)
            elif depth < DEPTH and not item.name.startswith(".") and item.is_dir(follow_symlinks=False):
                waiting.append((Path(item.path), depth + 1))


def html(board: Board, refresh: int, when: str) -> Markup:
    """The page for the screen."""
    untried = Counter({NOT_TRIED: board.learners})
    chapters = [
        {
            "name": chapter.name,
            "title": chapter.title,
            "here": sum(board.here[exercise.name] for exercise in chapter.exercises),
            # a notebook that nobody has begun takes one line, so that the others fit on a screen
            "begun": any(board.here[ex.name] or board.states[ex.name] - untried for ex in chapter.exercises),
            "rows": [_row(board, exercise.name, exercise.title) for exercise in chapter.exercises],
        }
        for chapter in COURSE
    ]
    body = render("board.html", board=board, chapters=chapters, when=when, refresh=refresh, states=STATES, tones=TONES)
    return page("Where we are", body, css("board"), refresh)


def _row(board: Board, name: str, title: str) -> dict[str, object]:
    states = board.states[name]
    return {
        "title": title,
        "here": board.here[name],
        "parts": [(state, states[state]) for state in STATES if states[state]],
        "said": ", ".join(f"{states[state]} {state}" for state in STATES if states[state]),
    }


def lines(board: Board) -> Iterator[str]:
    """The board as lines for a terminal."""
    yield f"{count(board.learners, 'learner')}, {board.active} active in the last ten minutes, {board.done} through"
    for chapter in COURSE:
        yield chapter.name
        for exercise in chapter.exercises:
            states = board.states[exercise.name]
            counts = "  ".join(f"{STATES[state]} {states[state]} {state}" for state in STATES if states[state])
            here = f"  ← {board.here[exercise.name]} here" if board.here[exercise.name] else ""
            yield f"  {exercise.name:18} {counts}{here}"
