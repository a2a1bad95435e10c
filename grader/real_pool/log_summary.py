"""A job event log that a learner hands in: did a checkpoint, an eviction and a resume really take place?

Decided from the events alone; nothing is run. The text is hostile: it may be anything, of any size, written by hand or
by the simulator, and there is always an answer. A carefully forged log can't be recognized, but its numbers must fit
together, and that is work.
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
from ..text import as_sentence, count, duration, plain, series, shorten
from ..tree import Tree
from .life import JobHistory, exit_of
from .log import END, read
from .queue import JobId

REAL, SIMULATED, NO_LOG = "real", "simulated", "no log"
MOST_CHARACTERS = 1_000_000
TOLERANCE = 2.0
"""Seconds by which HTCondor's clocks may differ: two daemons round the same moment separately."""
AD_INFORMATION = 28
"""An event that follows each other event and repeats the job attributes in job_ad_information_attrs."""
MOST_FACTS = 2_000
_AMOUNTS = re.compile(r"\s*(?:\d+ {1,9}- |[A-Z]\w{0,30}(?: \(\w{1,9}\))? {0,40}: )")
"""The beginning of a line with an amount transferred or used."""
BYTES = r"\b(\d{1,15}) {1,9}- {1,9}"
"""The number before the description of what was counted. All repetition is bounded, as a hostile text could make an
unbounded pattern slow."""


@dataclass(frozen=True)
class Activation:
    """One sandbox of the job, as far as the log shows it."""

    slot: str
    host: str
    """The address of the execution point, without port and parameters."""
    scratch: str
    began: float
    ended: float | None = None
    checkpoints: int = 0
    sent: int | None = None
    """Bytes sent to the access point; `received`: bytes from there. Logged when the activation ends."""
    received: int | None = None
    executed: int | None = None
    """Seconds that the program ran, by HTCondor's count."""
    requeued: bool = False
    """Whether it ended because the program failed and may be retried, which is not an eviction."""


@dataclass(frozen=True)
class LogSummary:
    """What a job event log shows."""

    origin: str
    """One of real, simulated, no log."""
    problems: tuple[str, ...] = ()
    """Reasons to reject it, in sentences that are safe to show: numbers that do not fit together, the wrong job."""
    job: JobId | None = None
    submitted: float | None = None
    """When, in seconds since 1970 by the access point's clock."""
    access_point: str = ""
    """The address from which it was submitted, without port and parameters."""
    notes: str = ""
    """The value of `submit_event_notes` in the submit file."""
    activations: tuple[Activation, ...] = ()
    evictions: int = 0
    holds: tuple[str, ...] = ()
    """The reason of each hold. Holding a running job also evicts it."""
    resumes: int = 0
    """Activations that began, after an eviction, with a checkpoint."""
    exit: Exit | None = None
    """How the job ended; None if the log does not show an end."""

    @property
    def genuine(self) -> bool:
        """Whether it is the log of a real HTCondor, without problems."""
        return self.origin == REAL and not self.problems

    @property
    def checkpoints(self) -> int:
        """Transfers to the access point before the last."""
        return sum(activation.checkpoints for activation in self.activations)

    @property
    def slots(self) -> tuple[str, ...]:
        """The slot of each activation."""
        return tuple(activation.slot for activation in self.activations)

    @property
    def survived(self) -> bool:
        """Whether it shows a job that was evicted, resumed from its checkpoint and ended well."""
        return self.genuine and self.resumes > 0 and self.exit is not None and self.exit.code == 0


@dataclass(frozen=True)
class ExpectedSubmission:
    """Which submission it should be."""

    cluster: int | None = None
    notes: str = ""
    """The beginning of its notes, which are in the log, unlike its arguments."""
    since: float | None = None
    """The earliest time of submission, in seconds since 1970 by the access point's clock; `until`: the latest."""
    until: float | None = None


def read_handed_in(text: str, required: ExpectedSubmission = ExpectedSubmission()) -> LogSummary:
    """What a handed-in text shows. Never raises, whatever the text is."""
    events = [event for event in read(_tidy(text)) if event.number != AD_INFORMATION]
    if not events:
        return LogSummary(NO_LOG)
    jobs: dict[JobId, list[Event]] = {}
    for event in events:
        jobs.setdefault(JobId(event.cluster, event.proc), []).append(event)
    # Several jobs may share a log, and each run appends to it: the job that shows most counts.
    return max((_summary(job, job_events, required) for job, job_events in jobs.items()), key=_worth)


def run_of(text: str) -> tuple[str, frozenset[str]]:
    """What identifies a run: its job (cluster and process, access point, time of submission; '' if the text is not a
    log), and facts that survive when names, hosts and job numbers are replaced, times are shifted, or lines are
    reformatted: the seconds between events, and the amounts transferred and used."""
    summary = read_handed_in(text)
    if summary.job is None:
        return "", frozenset()
    events = [
        event
        for event in read(_tidy(text))
        if (event.cluster, event.proc) == (summary.job.cluster, summary.job.proc) and event.number != AD_INFORMATION
    ]
    shown = [
        f"{now.number} {now.text[:12]} {after.number} {after.text[:12]} {after.time - now.time:.0f} s"
        for now, after in zip(events, events[1:])
    ]
    shown += [
        f"{event.number} {number}"
        for event in events
        for line in event.body
        if _AMOUNTS.match(line)
        for number in re.findall(r"\b\d{3,15}\b", line)
    ]
    seen: Counter[str] = Counter()
    facts = []
    for fact in shown[:MOST_FACTS]:
        seen[fact] += 1
        facts.append(f"{fact} ({seen[fact]})")
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
    """The text as HTCondor wrote it, before an editor or a notebook changed its white space."""
    lines: list[str] = []
    for line in text[:MOST_CHARACTERS].split("\n"):
        stripped = line.strip()
        header = re.match(r"\d{3} \(", stripped) is not None
        if lines or header:
            lines.append(stripped if header or stripped == END else line)
    return "\n".join(lines)


# -- what it shows ---------------------------------------------------------------------------


def _summary(job: JobId, events: Sequence[Event], required: ExpectedSubmission) -> LogSummary:
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
    problems = (*summary.problems, *_other_submission(summary, job, required))
    return replace(summary, problems=tuple(map(_safe, problems)))


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
    """Activations that began with a checkpoint. Where the log gives the bytes received, they must exceed those of the
    first activation, which shows that the checkpoint was sent: a failed transfer looks like a checkpoint."""
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
    value = _value(pattern, text)
    return int(value) if value else None


def _address(text: str) -> str:
    """The internet address in `Job executing on host: <10.0.0.1:9618?...>`."""
    return _value(r"<(\[[^\]\s]*\]|[^:>?\s]*)", text) or ""


# -- problems --------------------------------------------------------------------------------


def _is_simulated(events: Sequence[Event], activations: Sequence[Activation]) -> bool:
    """Whether this course's simulator wrote it, judged by its made-up addresses and slots."""
    return any(ADDRESS in event.text for event in events) or any(
        re.fullmatch(r"slot1@ep\d+", activation.slot) for activation in activations
    )


def _problems(events: Sequence[Event], activations: Sequence[Activation]) -> Iterator[str]:
    """Contradictions that a log from HTCondor does not have."""
    for before, after in zip(events, events[1:]):
        if after.time < before.time - TOLERANCE:
            yield (
                f"Event {after.number:03d} at {_clock(after.time)} comes after event {before.number:03d} at "
                f"{_clock(before.time)}: times in a log never go back."
            )
            break
    yield from _out_of_order(events)
    yield from _ended_twice(events)
    yield from _contradictions(activations)
    ended = [event for event in events if event.number in (4, 5)]
    if ended and not any("Partitionable Resources" in line for event in ended for line in event.body):
        yield "No event shows what the job used of the slot, as HTCondor's do at an eviction and at the end."
    for now, event in zip(activations, (event for event in events if event.number == 1)):
        if not now.scratch and "Cpus" not in "".join(event.body):
            yield f"The event at {_clock(now.began)} gives only the slot's name; HTCondor's give more."
            break
    yield from _wrong_sums(events, activations)


def _out_of_order(events: Sequence[Event]) -> Iterator[str]:
    """Events that are impossible at that point."""
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
    """Since HTCondor 23, event 005 gives the exit code twice; here the two differ."""
    for event in events:
        second = _number(r"with exit-code (\d{1,9})\b", "\n".join(event.body))
        if event.number == 5 and second is not None and exit_of(event).code != second:
            yield f"The job ends at {_clock(event.time)} with {exit_of(event)} and with exit-code {second}."


def _contradictions(activations: Sequence[Activation]) -> Iterator[str]:
    """Activations that contradict themselves or each other."""
    for now in activations:
        lasted = None if now.ended is None else now.ended - now.began
        if lasted is not None and now.executed is not None and now.executed > lasted + TOLERANCE:
            yield (
                f"The log says that the program ran for {duration(now.executed)}, but it had the slot for only "
                f"{duration(lasted)} from {_clock(now.began)}."
            )
    directories = [(now.host, now.scratch) for now in activations if now.scratch]
    if len(set(directories)) < len(directories):
        yield "Two activations have the same execute directory, but HTCondor creates a new one each time."


def _wrong_sums(events: Sequence[Event], activations: Sequence[Activation]) -> Iterator[str]:
    """Totals in event 005 that are not the sums of what the activations sent and received."""
    end = next((event for event in events if event.number == 5), None)
    if end is None:
        return
    body = "\n".join(end.body)
    for what in ("sent", "received"):
        parts = [getattr(now, what) for now in activations]
        total = _number(rf"{BYTES}Total Bytes {what.title()} By Job", body)
        if total is None:
            yield f"The end of the job lacks the total of bytes {what}."
        elif None not in parts and sum(parts) != total:
            yield f"The activations have {what} {sum(parts)} bytes, but the total in the log is {total}."


def _other_submission(summary: LogSummary, job: JobId, required: ExpectedSubmission) -> Iterator[str]:
    """Why this is not the required submission."""
    if required.cluster is not None and job.cluster != required.cluster:
        yield f"It is the log of cluster {job.cluster}, not of {required.cluster}."
    if not summary.notes.startswith(required.notes):
        has = f"has the notes “{shorten(summary.notes, 60)}”" if summary.notes else "has no notes"
        yield f"Its event 000 {has}; the right job's notes begin with “{required.notes}”."
    if summary.submitted is not None and required.since is not None and summary.submitted < required.since:
        yield f"It was submitted at {_clock(summary.submitted)}, which is before {_clock(required.since)}."
    if summary.submitted is not None and required.until is not None and summary.submitted > required.until:
        yield f"It was submitted at {_clock(summary.submitted)}, which is after {_clock(required.until)}."


# -- in words --------------------------------------------------------------------------------


def which(summary: LogSummary) -> str:
    """Which job's log it is, in sentences."""
    if summary.origin != REAL:
        return NOT_REAL[summary.origin]
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
    """Whether checkpoints reached the access point, or what is missing."""
    if summary.checkpoints:
        return f"{count(summary.checkpoints, 'checkpoint')} reached the access point."
    held = "".join(
        as_sentence(f" It was held: {reason or 'no reason is given'}") for reason in dict.fromkeys(summary.holds)
    )
    return _safe(
        f"No checkpoint reached the access point: there is no transfer of output files before the last one.{held}"
    )


def evicted(summary: LogSummary) -> str:
    """Whether it was evicted, or how to evict it."""
    if summary.evictions:
        return f"It was evicted {count(summary.evictions, 'time')}."
    if summary.holds and summary.resumes:
        return "It was held while it ran, which took its slot away as an eviction does."
    return f"It was not evicted: evict it while it runs, with condor_vacate_job {summary.job}."


def went_on(summary: LogSummary) -> str:
    """Whether it resumed from its checkpoint, and how it ended."""
    if summary.resumes:
        again = f"After that it began {count(summary.resumes, 'time')} with its checkpoint{_extra_bytes(summary)}."
    elif len(summary.activations) > 1:
        again = "It began again without a checkpoint: none had reached the access point before that."
    else:
        again = "The log does not show a second start: hand it in when the job has ended."
    end = (
        "The log does not show its end yet."
        if summary.exit is None
        else f"It ended with {str(summary.exit).replace('exit code', 'return value')}."
    )
    return f"{again} {end}"


NOT_REAL = {
    NO_LOG: "It contains no event of a job event log. The log is the file that `log = ...` in the submit file names; an "
    "event begins like this: 001 (123.000.000) 2026-01-31 12:00:00 Job executing on host: ...",
    SIMULATED: "This log was written by the simulator of this course: its slots and addresses are made up. Hand in the "
    "log from a real HTCondor.",
}
"""Why a text of this origin is not accepted."""


def _extra_bytes(summary: LogSummary) -> str:
    first = summary.activations[0].received
    more = [now.received - first for now in summary.activations[1:] if first is not None and now.received is not None]
    return f" ({max(more)} bytes more than at first were sent to it)" if more and max(more) > 0 else ""


def _clock(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}"


def _safe(sentence: str) -> str:
    return shorten(plain(sentence), 400)
