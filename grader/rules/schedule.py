"""The notation for schedules of faults: `evict@2 evict@4+90s`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

from ..text import series

FAULTS = {
    "evict": "the slot is lost, without a signal, just before the execution would end (or +S seconds into it)",
    "vacate": "the same with SIGTERM (or the job's kill_sig) first, and SIGKILL when the grace time is over",
    "hold": "the job is held during the execution, and released afterwards",
    "hold-idle": "the job is held while it waits for the slot of the execution (+S seconds into the wait), and "
    "released afterwards",
    "requeue": "the checkpoint that ends the execution is saved, and the job restarts elsewhere",
    "upload-fails": "the transfer of the checkpoint that ends the execution fails, as networks do",
    "look": "nothing happens; the three directories are shown as they are +S seconds into the execution",
}
TIMED = ("evict", "vacate", "hold", "hold-idle", "look")
BETWEEN = ("hold-idle",)
"""Kinds that happen before the execution, to an idle job."""
_NUMBER = r"\d+(?:\.\d+)?"
_SLIPS: tuple[tuple[str, str, str | Callable[[re.Match[str]], str]], ...] = (
    ("faults are written in small letters", r"[A-Z]", lambda found: found[0].lower()),
    ("no space belongs around @ and +", r" ?([@+]) ?", r"\1"),
    (
        "@ belongs before the number of the execution",
        r"(?<![@+.\w-])([a-z-]+)(?: (?:at|in)?|[:=(#])? ?(\d+)\)?",
        r"\1@\2",
    ),
    ("seconds are written as in +90s", rf"\+({_NUMBER}) ?(?:sec(?:ond)?s?| s)\b", r"+\1s"),
    (
        "minutes are given in seconds",
        rf"\+({_NUMBER}) ?m(?:in(?:ute)?s?)?\b",
        lambda found: f"+{60 * float(found[1]):.3f}s",
    ),
    ("hours are given in seconds", rf"\+({_NUMBER}) ?h(?:ours?)?\b", lambda found: f"+{3600 * float(found[1]):.3f}s"),
)
"""What is wrong, its pattern in a text with single spaces, and what is right instead."""


BY_POLICY = "periodic_vacate"
"""The kind of a fault that is not on a schedule: the job's own policy evicts it."""


class ScheduleError(ValueError):
    """A schedule that can't be parsed; the text says what was expected."""


class Fault(NamedTuple):
    """Something that happens to one execution of a job."""

    kind: str
    execution: int
    """Counted from 1 over the whole life of the job."""
    seconds: float | None = None
    """Virtual seconds from the start of the execution, or of the wait for it; None: just before its end."""

    def __str__(self) -> str:
        offset = "" if self.seconds is None else f"+{Decimal(repr(self.seconds)).normalize():f}s"
        return f"{self.kind}@{self.execution}{offset}"


Schedule = tuple[Fault, ...]


def parse(text: str) -> Schedule:
    """Parse a schedule: faults separated by spaces or commas. The result is in the order of executions.

    Raises ScheduleError, whose text says what is wrong and what is right instead.
    """
    try:
        return _parsed(text)
    except ScheduleError:
        right, wrong = _without_slips(text)
        if not wrong:
            raise
        meant = render(_parsed(right))
        raise ScheduleError(f"{text!r}: {series(wrong)}; did you mean {meant}?") from None


def _without_slips(text: str) -> tuple[str, list[str]]:
    """A text without the common slips, and what was wrong with it."""
    right, wrong = " ".join(text.split()), []
    for problem, pattern, instead in _SLIPS:
        before, right = right, re.sub(pattern, instead, right)
        wrong += [problem] * (right != before)
    return right, wrong


def _parsed(text: str) -> Schedule:
    faults = sorted(
        (_fault(part) for part in re.split(r"[\s,]+", text) if part),
        key=lambda fault: (fault.execution, fault.kind not in BETWEEN),
    )
    real = [fault for fault in faults if fault.kind not in ("look", *BETWEEN)]
    for fault, following in zip(real, real[1:]):
        if fault.execution == following.execution:
            raise ScheduleError(f"{fault} and {following}: an execution can have only one fault")
    return tuple(faults)


def render(schedule: Iterable[Fault]) -> str:
    """The notation of a schedule, which parse() reads back; '' for no faults."""
    return " ".join(str(fault) for fault in schedule)


def _fault(part: str) -> Fault:
    match = re.fullmatch(rf"([a-z-]+)@(\d+)(?:\+({_NUMBER})s?)?", part)
    if not match:
        raise ScheduleError(
            f"{part!r} is not a fault: write what happens, @ and the number of the execution, as in evict@2, or evict@4+90s "
            "for 90 seconds after the execution has begun"
        )
    kind, execution, seconds = match[1], int(match[2]), match[3]
    if kind not in FAULTS:
        near = difflib.get_close_matches(kind, FAULTS, 1)
        remedy = f"did you mean {near[0]}?" if near else f"there are {', '.join(FAULTS)}"
        raise ScheduleError(f"{part!r}: unknown fault {kind!r}; {remedy}")
    if execution < 1:
        raise ScheduleError(f"{part!r}: executions are counted from 1")
    if seconds is not None and kind not in TIMED:
        raise ScheduleError(f"{part!r}: {kind} happens at the end of an execution and takes no seconds")
    if seconds is None and kind == "look":
        raise ScheduleError(f"{part!r}: add when to look, as in {part}+60s")
    return Fault(kind, execution, None if seconds is None else float(seconds))
