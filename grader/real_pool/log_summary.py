"""A job event log that a learner hands in: did a checkpoint, an eviction and a resume really take place?

Decided from the events alone, by a process that runs nothing. The text is hostile: it may be anything, of
any size, made by hand or by the simulator; whatever it is, there is an answer. A log that was carefully
made up can't be told from a real one; that its numbers fit together is asked, and that is work.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ..rules.eventlog import ADDRESS, Event
from ..rules.execution import Exit
from ..rules.job import Job
from ..text import count, duration, plain, series, shorten
from ..tree import Tree
from .life import JobHistory, exit_of
from .log import END, read
from .queue import JobId

REAL, SIMULATED, NO_LOG = "real", "simulated", "no log"
MOST_CHARACTERS = 1_000_000
TOLERANCE = 2.0
"""Seconds by which HTCondor's clocks may differ: two daemons round the same moment, each for itself."""
AD_INFORMATION = 28
"""An event that repeats of the job's ad what job_ad_information_attrs names, after each of the others."""
MOST_FACTS = 2_000
_AMOUNTS = re.compile(r"\s*(?:\d+ {1,9}- |[A-Z]\w{0,30}(?: \(\w{1,9}\))? {0,40}: )")
"""The beginning of a line that tells what was transferred or used."""
BYTES = r"\b(\d{1,15}) {1,9}- {1,9}"
"""What stands before the words that say which bytes they are. All is bounded: the text may be made to be slow."""


@dataclass(frozen=True)
class Activation:
    """One sandbox of the job, as far as the log tells of it."""

    slot: str
    host: str
    """The address of the execution point, without port and particulars."""
    scratch: str
    began: float
    ended: float | None = None
    checkpoints: int = 0
    sent: int | None = None
    """Bytes that went to the access point; `received`: that came from there. Told when it ends."""
    received: int | None = None
    executed: int | None = None
    """Seconds that HTCondor says the program was running."""
    requeued: bool = False
    """Whether it ended because the program had failed and may be retried, which is no eviction."""


@dataclass(frozen=True)
class LogSummary:
    """What a job event log shows."""

    origin: str
    """One of real, simulated, no log."""
    problems: tuple[str, ...] = ()
    """What speaks against it, in sentences that are safe to show: numbers that do not fit together, another job than
    asked for."""
    job: JobId | None = None
    submitted: float | None = None
    """When, in seconds since 1970 by the access point's clock."""
    access_point: str = ""
    """The address from which it was submitted, without port and particulars."""
    notes: str = ""
    """What `submit_event_notes` in the submit file said."""
    activations: tuple[Activation, ...] = ()
    evictions: int = 0
    holds: tuple[str, ...] = ()
    """The reason of each hold, of which one that meets a running job is an eviction, too."""
    resumes: int = 0
    """Activations that began, after an eviction, with a checkpoint."""
    exit: Exit | None = None
    """How the job ended; None if it has not, by this log."""

    @property
    def genuine(self) -> bool:
        """Whether nothing speaks against it."""
        return self.origin == REAL and not self.problems

    @property
    def checkpoints(self) -> int:
        """Transfers to the access point that were not the end."""
        return sum(activation.checkpoints for activation in self.activations)

    @property
    def slots(self) -> tuple[str, ...]:
        """The slot of each activation."""
        return tuple(activation.slot for activation in self.activations)

    @property
    def survived(self) -> bool:
        """Whether it shows, beyond doubt as far as can be told, a job that was evicted, resumed from its
        checkpoint and ended well."""
        return self.genuine and self.resumes > 0 and self.exit is not None and self.exit.code == 0


@dataclass(frozen=True)
class ExpectedSubmission:
    """Which submission it should be."""

    cluster: int | None = None
    notes: str = ""
    """What its notes begin with: the log says them, unlike the arguments."""
    since: float | None = None
    """Seconds since 1970, by the access point's clock: it was not submitted earlier, nor later than `until`."""
    until: float | None = None


def read_handed_in(text: str, asked: ExpectedSubmission = ExpectedSubmission()) -> LogSummary:
    """What a handed-in text shows. Never raises, whatever the text is."""
    events = [event for event in read(_tidy(text)) if event.number != AD_INFORMATION]
    if not events:
        return LogSummary(NO_LOG)
    jobs: dict[JobId, list[Event]] = {}
    for event in events:
        jobs.setdefault(JobId(event.cluster, event.proc), []).append(event)
    # A log may be shared by several jobs, and appended to again and again: the one that shows most counts.
    return max((_shown(job, of_job, asked) for job, of_job in jobs.items()), key=_worth)


def run_of(text: str) -> tuple[str, frozenset[str]]:
    """What a run is recognised by: which job it is of where (cluster and process, access point, time of submission; ''
    if it is no log), and the facts that stay the same if names, hosts and numbers of jobs are replaced, times are
    shifted, or lines are laid out anew: the seconds from event to event, and what was transferred and used."""
    summary = read_handed_in(text)
    if summary.job is None:
        return "", frozenset()
    events = [
        event
        for event in read(_tidy(text))
        if (event.cluster, event.proc) == (summary.job.cluster, summary.job.proc) and event.number != AD_INFORMATION
    ]
    told = [
        f"{now.number} {now.text[:12]} {after.number} {after.text[:12]} {after.time - now.time:.0f} s"
        for now, after in zip(events, events[1:])
    ]
    told += [
        f"{event.number} {number}"
        for event in events
        for line in event.body
        if _AMOUNTS.match(line)
        for number in re.findall(r"\b\d{3,15}\b", line)
    ]
    often: Counter[str] = Counter()
    facts = []
    for fact in told[:MOST_FACTS]:
        often[fact] += 1
        facts.append(f"{fact} ({often[fact]})")
    return f"{summary.job} {summary.access_point} {summary.submitted}", frozenset(facts)


def _worth(summary: LogSummary) -> tuple[int, ...]:
    return (
        summary.genuine,
        summary.survived,
        summary.resumes,
        summary.evictions,
        summary.checkpoints,
        -len(summary.problems),
    )


def _tidy(text: str) -> str:
    """The text as HTCondor would have written it, if it went through an editor or a notebook on its way."""
    lines: list[str] = []
    for line in text[:MOST_CHARACTERS].split("\n"):
        bare = line.strip()
        begins = re.match(r"\d{3} \(", bare) is not None
        if lines or begins:
            lines.append(bare if begins or bare == END else line)
    return "\n".join(lines)


# -- what there is ---------------------------------------------------------------------------


def _shown(job: JobId, events: Sequence[Event], asked: ExpectedSubmission) -> LogSummary:
    life = JobHistory(Job("job", checkpoint_exit_code=85), Tree, Tree, lambda: ())
    activations, checkpoints = _activations(events), Counter[int]()
    evictions = 0
    for moments in (*map(life.hear, events), life.silence()):
        for moment in moments:
            evictions += moment.kind == "evicted"
            checkpoints[moment.activation] += moment.kind == "checkpoint"
    activations = tuple(
        replace(activation, checkpoints=checkpoints[number]) for number, activation in enumerate(activations, 1)
    )
    submission = next((event for event in events if event.number == 0), None)
    notes = "\n".join(submission.body).strip() if submission else ""
    holds = tuple(event.body[0] if event.body else "" for event in events if event.number == 12)
    end = next((event for event in events if event.number == 5), None)
    origin = SIMULATED if _is_simulated(events, activations) else REAL
    summary = LogSummary(
        origin,
        tuple(_problems(events, activations)) if origin == REAL else (),
        job,
        submission.time if submission else None,
        _address(submission.text) if submission else "",
        notes,
        activations,
        evictions,
        holds,
        _resumes(activations),
        exit_of(end) if end else None,
    )
    return replace(summary, problems=tuple(map(_safe, (*summary.problems, *_other_submission(summary, job, asked)))))


def _activations(events: Sequence[Event]) -> tuple[Activation, ...]:
    activations: list[Activation] = []
    for event in events:
        body = "\n".join(event.body)
        if event.number == 1:
            activations.append(
                Activation(
                    _value(r"SlotName: *(\S+)", body) or "an unnamed slot",
                    _address(event.text),
                    _value(r'CondorScratchDir = "([^"\n]*)"', body) or "",
                    event.time,
                )
            )
        elif event.number in (4, 5) and activations and activations[-1].ended is None:
            activations[-1] = replace(
                activations[-1],
                ended=event.time,
                sent=_number(rf"{BYTES}Run Bytes Sent By Job", body),
                received=_number(rf"{BYTES}Run Bytes Received By Job", body),
                executed=_number(r"TimeExecute \(s\) {0,20}: {0,20}(\d{1,9})\b", body),
                requeued="terminated and was requeued" in body,
            )
        elif event.number in (7, 24) and activations and activations[-1].ended is None:
            activations[-1] = replace(activations[-1], ended=event.time)
    return tuple(activations)


def _resumes(activations: Sequence[Activation]) -> int:
    """Activations that found a checkpoint. Where the log tells the bytes that came, they have to be more
    than at first: then the checkpoint came along. (A failed transfer looks like a checkpoint.)"""
    resumed, saved = 0, False
    for before, now in zip(activations, activations[1:]):
        saved = saved or before.checkpoints > 0
        first = activations[0].received
        resumed += saved and not before.requeued and (now.received is None or first is None or now.received > first)
    return resumed


def _value(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text)
    return match[1] if match else None


def _number(pattern: str, text: str) -> int | None:
    found = _value(pattern, text)
    return int(found) if found else None


def _address(text: str) -> str:
    """The internet address in `Job executing on host: <10.0.0.1:9618?...>`."""
    return _value(r"<(\[[^\]\s]*\]|[^:>?\s]*)", text) or ""


# -- what speaks against it ------------------------------------------------------------------


def _is_simulated(events: Sequence[Event], activations: Sequence[Activation]) -> bool:
    """Whether this course's simulator wrote it: its addresses and slots are its own."""
    return any(ADDRESS in event.text for event in events) or any(
        re.fullmatch(r"slot1@ep\d+", activation.slot) for activation in activations
    )


def _problems(events: Sequence[Event], activations: Sequence[Activation]) -> Iterator[str]:
    """What does not fit together in a log that was not changed."""
    for before, after in zip(events, events[1:]):
        if after.time < before.time - TOLERANCE:
            yield (
                f"Event {after.number:03d} at {_clock(after.time)} stands after event {before.number:03d} at "
                f"{_clock(before.time)}: the times of a log only grow."
            )
            break
    yield from _out_of_order(events)
    yield from _ended_twice(events)
    yield from _not_as_told(activations)
    ended = [event for event in events if event.number in (4, 5)]
    if ended and not any("Partitionable Resources" in line for event in ended for line in event.body):
        yield "No event tells what the job used of the slot, as HTCondor's do at an eviction and at the end."
    for now, event in zip(activations, (event for event in events if event.number == 1)):
        if not now.scratch and "Cpus" not in "".join(event.body):
            yield f"The event at {_clock(now.began)} tells nothing of the slot but its name, unlike HTCondor's."
            break
    yield from _wrong_sums(events, activations)


def _out_of_order(events: Sequence[Event]) -> Iterator[str]:
    """Events that can't come there."""
    if events[0].number != 0:
        yield "It does not begin with the submission (event 000)."
    running = over = arriving = False
    for event in events:
        if over:
            yield f"There is an event at {_clock(event.time)} after the end."
            return
        if event.number == 1 and running:
            yield f"The job starts in a slot at {_clock(event.time)} while it still has another."
            return
        if event.number in (4, 5) and not (running or arriving):
            what = "is evicted" if event.number == 4 else "ends"
            yield f"The job {what} at {_clock(event.time)} without having started."
            return
        running = event.number == 1 or (running and event.number not in (4, 5, 7, 24))
        arriving = event.text.startswith("Started transferring input") or (arriving and event.number not in (1, 4))
        over = event.number in (5, 9)


def _ended_twice(events: Sequence[Event]) -> Iterator[str]:
    """The end tells the exit code twice, since HTCondor 23."""
    for event in events:
        again = _number(r"with exit-code (\d{1,9})\b", "\n".join(event.body))
        if event.number == 5 and again is not None and exit_of(event).code != again:
            yield f"The job ends at {_clock(event.time)} with {exit_of(event)} and with exit-code {again}."


def _not_as_told(activations: Sequence[Activation]) -> Iterator[str]:
    """Activations that contradict themselves or each other."""
    for now in activations:
        lasted = None if now.ended is None else now.ended - now.began
        if lasted is not None and now.executed is not None and now.executed > lasted + TOLERANCE:
            yield (
                f"The program is said to have run for {duration(now.executed)}, in a slot that it had for "
                f"{duration(lasted)} from {_clock(now.began)}."
            )
    rooms = [(now.host, now.scratch) for now in activations if now.scratch]
    if len(set(rooms)) < len(rooms):
        yield "Two activations have the same execute directory, which HTCondor makes anew each time."


def _wrong_sums(events: Sequence[Event], activations: Sequence[Activation]) -> Iterator[str]:
    """HTCondor adds up at the end what each activation has sent and received."""
    end = next((event for event in events if event.number == 5), None)
    if end is None:
        return
    body = "\n".join(end.body)
    for what in ("sent", "received"):
        parts = [getattr(now, what) for now in activations]
        total = _number(rf"{BYTES}Total Bytes {what.title()} By Job", body)
        if total is None:
            yield f"The end of the job does not tell the bytes that were {what} in all."
        elif None not in parts and sum(parts) != total:
            yield f"The activations have {what} {sum(parts)} bytes, and {total} are told in all."


def _other_submission(summary: LogSummary, job: JobId, asked: ExpectedSubmission) -> Iterator[str]:
    """Why this is not the submission that was asked for."""
    if asked.cluster is not None and job.cluster != asked.cluster:
        yield f"It is the log of cluster {job.cluster}, and {asked.cluster} is asked for."
    if not summary.notes.startswith(asked.notes):
        has = f"has the notes “{shorten(summary.notes, 60)}”" if summary.notes else "has no notes"
        yield f"Its event 000 {has}; the job that is asked for has notes that begin with “{asked.notes}”."
    if summary.submitted is not None and asked.since is not None and summary.submitted < asked.since:
        yield f"It was submitted at {_clock(summary.submitted)}, which is before {_clock(asked.since)}."
    if summary.submitted is not None and asked.until is not None and summary.submitted > asked.until:
        yield f"It was submitted at {_clock(summary.submitted)}, which is after {_clock(asked.until)}."


# -- in words --------------------------------------------------------------------------------


def which(summary: LogSummary) -> str:
    """Which job's log it is, in sentences."""
    if summary.origin != REAL:
        return SAID[summary.origin]
    when = (
        ""
        if summary.submitted is None
        else f", submitted at {_clock(summary.submitted)} from {summary.access_point or 'an unnamed host'}"
    )
    if not summary.activations:
        return _safe(f"The event log of job {summary.job}{when}. It never started: see condor_q -better-analyze.")
    slots = series(list(dict.fromkeys(summary.slots)))
    return _safe(
        f"The event log of job {summary.job}{when}, with {count(len(summary.activations), 'activation')} in {slots}."
    )


def saved(summary: LogSummary) -> str:
    """Whether checkpoints came to the access point, or what is missing."""
    if summary.checkpoints:
        return f"{count(summary.checkpoints, 'checkpoint')} came to the access point."
    held = "".join(
        f" It was held: {reason.rstrip('.') or 'no reason is given'}." for reason in dict.fromkeys(summary.holds)
    )
    return _safe(
        f"No checkpoint came to the access point: there is no transfer of output files before the last one.{held}"
    )


def evicted(summary: LogSummary) -> str:
    """Whether it was evicted, or how that is done."""
    if summary.evictions:
        return f"It was evicted {count(summary.evictions, 'time')}."
    if summary.holds and summary.resumes:
        return "It was held while it ran, which took its slot away as an eviction does."
    return f"It was not evicted: while it runs, condor_vacate_job {summary.job} does that."


def went_on(summary: LogSummary) -> str:
    """Whether it began again with its checkpoint, and how it ended."""
    if summary.resumes:
        again = f"After that it began {count(summary.resumes, 'time')} with its checkpoint{_came_along(summary)}."
    elif len(summary.activations) > 1:
        again = "It began again without a checkpoint: none had come to the access point before that."
    else:
        again = "It did not start again, by this log: hand it in when the job has ended."
    end = (
        "By this log it has not ended yet."
        if summary.exit is None
        else f"It ended with {str(summary.exit).replace('exit code', 'return value')}."
    )
    return f"{again} {end}"


SAID = {
    NO_LOG: "There is no event of a job event log in it. The log is the file that `log = ...` in the submit file names; an "
    "event begins like this: 001 (123.000.000) 2026-01-31 12:00:00 Job executing on host: ...",
    SIMULATED: "This log was written by the simulator of this course: its slots and addresses are made up. The one from "
    "a real HTCondor is asked for.",
}
"""What there is to say of a text that is no log of a real HTCondor."""


def _came_along(summary: LogSummary) -> str:
    first = summary.activations[0].received
    more = [now.received - first for now in summary.activations[1:] if first is not None and now.received is not None]
    return f" ({max(more)} bytes more than at first were sent to it)" if more and max(more) > 0 else ""


def _clock(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}"


def _safe(sentence: str) -> str:
    return shorten(plain(sentence), 400)
