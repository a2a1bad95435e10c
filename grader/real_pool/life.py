"""The life of a job on a real HTCondor, as the simulator's moments, so that the same view draws both.

The story comes from the job event log alone; callbacks supply the contents of the directories.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ..rules.eventlog import Event
from ..rules.execution import Exit, Run
from ..rules.job import Job
from ..rules.schedule import Fault
from ..rules.simulation import Ended, Held, Moment, Saved
from ..tree import Tree

LOST = (7, 24)
"""Events after which the slot is gone, without a 004: shadow exception, reconnection failed."""
ENDING = (4, 5, 12, 21)
"""Events that show, together with the transfers before them, how an execution ended."""
BEGINNING = (0, 1, 9, 13, *LOST)
"""Events that begin something new. All others (006, 028, ...) may come at any time."""

REQUEUED = "Code 1025"
"""The text of an eviction that means: a checkpoint was saved, and the slot is not used again (R4g)."""


class JobHistory:
    """A job's moments, from its events as they arrive.

    An event often means nothing by itself: a finished output transfer is a checkpoint unless the end
    follows, and an eviction is part of a hold if a hold follows. So events are collected into groups.
    """

    def __init__(
        self,
        job: Job,
        returned_files: Callable[[], Tree],
        spool: Callable[[], Tree],
        missing: Callable[[], tuple[str, ...]],
    ):
        """`returned_files`: the files returned to the submit directory so far. `spool`: the spool's present contents.
        `missing`: the listed files that a held job lacks; HTCondor does not name them."""
        self.job, self.returned_files, self.spool, self.missing = job, returned_files, spool, missing
        self.now = Moment("submitted")
        self.group: list[Event] = []
        self.slots: dict[str, int] = {}
        self.began = 0.0
        self.pending = 0.0
        self.faults: list[Fault] = []
        """The faults that the log has shown, each with its execution."""
        self.struck = ""
        """The kind of the last requested fault, until the log shows it."""

    @property
    def executing(self) -> int:
        """The execution in progress; 0 if there is none. After an output transfer it is the next execution, even if
        the next event shows that the job has ended."""
        if not self.group:
            return self.now.execution if self.now.kind in ("started", "restarted") else 0
        return self.now.execution + 1 if self.group[-1].text.startswith("Finished") else 0

    @property
    def over(self) -> bool:
        """Whether the job will do nothing more by itself."""
        return self.now.kind in ("ended", "removed") or (self.now.kind == "held" and self.now.next is not None)

    def hear(self, event: Event) -> Iterator[Moment]:
        """The moments that an event adds or completes."""
        joins = event.number in ENDING or event.text.startswith("Finished transferring output")
        if self.group and (event.text.startswith("Started transferring") or event.number in BEGINNING):
            yield from self.conclude()
        if joins or event.text.startswith("Started transferring output"):
            self.group.append(event)
            if event.number in (5, 12):
                yield from self.conclude()
        elif event.number == 0:
            yield self.becomes("submitted", event)
        elif event.number == 1:
            yield self.start(event)
        elif event.number in LOST:
            yield self.lose(event)
        elif event.number == 13:
            yield self.becomes("released", event)
        elif event.number == 9:
            yield self.becomes("removed", event)

    def silence(self) -> Iterator[Moment]:
        """The moments that are complete because no event has followed for a while."""
        if any(event.number == 4 or event.text.startswith("Finished") for event in self.group):
            yield from self.conclude()

    # -- what a group means ------------------------------------------------------

    def conclude(self) -> Iterator[Moment]:
        by_number = {event.number: event for event in self.group}
        finished = next((event for event in self.group if event.text.startswith("Finished")), None)
        first, self.group = self.group[0], []
        eviction, held = by_number.get(4), by_number.get(12)
        requeued = eviction is not None and REQUEUED in eviction.text  # which comes with an event 021, too
        if 5 in by_number:
            yield self.end(by_number[5])
        elif eviction and "terminated and was requeued" in "\n".join(eviction.body):
            yield self.end(eviction, "retried")
        elif (not requeued and 21 in by_number) or (held and hold_codes(held)[0] != 1):
            yield self.hold(held) if held else self.lose(eviction or by_number[21])
        else:
            if finished and not (self.job.on_exit_or_evict and (eviction or held)):
                yield self.checkpoint(finished)
                if eviction and requeued:
                    yield self.becomes("requeued", eviction)
                    return
                yield self.restart(finished)
            elif not eviction and not held:
                yield self.checkpoint_failed(first)
                yield self.restart(first)
            if held:
                yield self.hold(held)
            elif eviction:
                yield self.lose(eviction)

    def start(self, event: Event) -> Moment:
        slot = next((line.partition(": ")[2] for line in event.body if line.startswith("SlotName: ")), "")
        number = self.slots.setdefault(slot, len(self.slots))
        self.began = event.time
        return self.becomes(
            "started",
            event,
            activation=self.now.activation + 1,
            execution=self.now.execution + 1,
            slot=number,
            text=f"it runs in {slot}" if slot else "",
        )

    def checkpoint(self, event: Event) -> Moment:
        run = self.run(event, Exit(self.job.checkpoint_exit_code))
        safe = self.now.goodput + self.pending + run.seconds
        self.pending = 0.0
        spool = self.spool()
        return self.becomes("checkpoint", event, run=run, spool=spool, next=Saved(spool), goodput=safe)

    def checkpoint_failed(self, event: Event) -> Moment:
        run = self.run(event, Exit(self.job.checkpoint_exit_code))
        self.pending += run.seconds
        return self.becomes("checkpoint failed", event, run=run, text="the transfer failed")

    def restart(self, event: Event) -> Moment:
        self.began = event.time
        return self.becomes("restarted", event, execution=self.now.execution + 1)

    def lose(self, event: Event) -> Moment:
        """The moment at which the slot is lost, through an eviction or a failure."""
        kept = self.job.on_exit_or_evict and self.struck == "vacate"
        kind, seconds = self.struck or "evict", max(0.0, event.time - self.began)
        self.faults.append(Fault(kind, self.now.execution))
        lost, self.pending, self.struck = self.pending + seconds, 0.0, ""
        text = "" if event.number == 4 else event.text.rstrip(".!:").lower()
        return self.becomes(
            "evicted",
            event,
            fault=Fault(kind, self.now.execution, seconds),
            spool=self.spool() if kept else self.now.spool,
            text=text,
            goodput=self.now.goodput + lost * kept,
            badput=self.now.badput + lost * (not kept),
        )

    def hold(self, event: Event) -> Moment:
        code, subcode = hold_codes(event)
        idle = not self.executing
        lost = self.pending + (0.0 if idle else event.time - self.began)
        self.pending = 0.0
        reason = event.body[0] if event.body else "no reason was given"
        held = None if code == 1 else Held(code, subcode, reason, self.missing())
        by_user = Fault("hold-idle", self.now.execution + 1) if idle else Fault("hold", self.now.execution)
        fault = by_user if held is None else None
        return self.becomes("held", event, next=held, fault=fault, badput=self.now.badput + lost)

    def end(self, event: Event, kind: str = "ended") -> Moment:
        exit = exit_of(event)
        run = self.run(event, exit)
        good = exit.code == self.job.success_exit_code
        seconds, self.pending = self.pending + run.seconds, 0.0
        returned_files = self.returned_files()
        return self.becomes(
            kind,
            event,
            run=run,
            next=Ended(exit, returned_files),
            returned_files=returned_files,
            spool=Tree() if kind == "ended" else self.now.spool,
            goodput=self.now.goodput + seconds * good,
            badput=self.now.badput + seconds * (not good),
        )

    def run(self, event: Event, exit: Exit) -> Run:
        """What a log shows of an execution: how it ended, and how long it took."""
        return Run(exit, Tree(), max(0.0, event.time - self.began), "", "")

    def becomes(self, kind: str, event: Event, **changes: Any) -> Moment:
        """The next moment, which differs from the one before in these fields and in what has just happened."""
        happened = {"fault": None, "next": None, "run": None, "text": "", "returned_files": self.returned_files()}
        self.now = self.now._replace(kind=kind, time=event.time, **{**happened, **changes})
        return self.now


def exit_of(event: Event) -> Exit:
    """How the program ended, from an event 005, or from the 004 of a requeued job."""
    text = "\n".join(event.body)
    if match := re.search(r"return value (-?\d{1,9})\)", text):
        return Exit(int(match[1]))
    match = re.search(r"\(signal (\d{1,9})\)", text)
    return Exit(signal=int(match[1])) if match else Exit()


def hold_codes(event: Event) -> tuple[int, int]:
    """Code and subcode of an event 012."""
    match = re.search(r"Code (-?\d{1,9}) Subcode (-?\d{1,9})\b", "\n".join(event.body))
    return (int(match[1]), int(match[2])) if match else (0, 0)
