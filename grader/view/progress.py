"""The progress line of `verify` on a terminal, redrawn in place and erased at the end."""

from __future__ import annotations

import shutil
import threading
import time
from typing import TextIO

from ..rules.schedule import render
from ..text import count, plain, shorten
from ..verify.observer import Observer

EVERY = 0.2
"""Seconds between two drawings."""
ERASED = "\r\x1b[K"


def progress_line(seen: Observer, now: float, title: str = "") -> str:
    """The text of the line; `now` is the value of time.monotonic()."""
    states = count(seen.states, "state") if seen.states else ""
    done = ", ".join(filter(None, (count(seen.executions, "execution"), states)))
    return " | ".join(filter(None, (title, done, _trying(seen, now), f"{_minutes(seen.until - now)} left")))


def _trying(seen: Observer, now: float) -> str:
    if not (seen.execution or seen.doing):
        return ""
    what = seen.doing or f"{render(seen.schedule) or 'no fault'}: execution {seen.execution}"
    seconds = now - seen.since
    return what + (f", {seconds:.0f} s" if seconds >= 1 else "")


def _minutes(seconds: float) -> str:
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


class ProgressLine:
    """A context manager that draws the line from its own thread; it draws nothing if `stream` is not a terminal."""

    def __init__(self, seen: Observer, stream: TextIO, title: str = ""):
        self.seen, self.stream, self.title = seen, stream, title
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._draw, daemon=True)

    def __enter__(self) -> ProgressLine:
        if self.stream.isatty():
            self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()
            self._write(ERASED)

    def _draw(self) -> None:
        while not self._over.wait(EVERY):
            line = progress_line(self.seen, time.monotonic(), self.title)
            self._write(ERASED + shorten(plain(line), shutil.get_terminal_size().columns - 1))

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:  # the terminal is gone; the verdict does not depend on it
            self._over.set()
