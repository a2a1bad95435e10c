"""How a job ended, as a line for the terminal and as JSON, and which faults of the schedule did not happen."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from ..rules.eventlog import Event
from ..rules.schedule import BETWEEN, Fault, Schedule
from ..rules.simulation import Moment, Outcome
from ..rules.step import Hold
from ..text import count


def summary(end: Outcome) -> str:
    """How the job ended, and the numbers."""
    held = f"held, code {end.hold.code}" if end.hold else "held"
    if end.hold and end.hold.code == Hold.LIMIT:
        held = "held, at a limit of this simulator"
    how = {"completed": f"completed, {end.exit}", "held": held}
    return (
        f"{how.get(end.status, end.status)}; {count(end.activations, 'activation')}, "
        f"{count(end.executions, 'execution')}, {count(end.checkpoints, 'checkpoint')}; "
        f"goodput {end.goodput_s:g} s, badput {end.badput_s:g} s"
    )


def not_happened(moments: Sequence[Moment], faults: Schedule) -> list[str]:
    """A sentence for each fault of a schedule that did not happen in a story."""
    happened = {moment.fault for moment in moments}
    return [f"{fault} did not happen: {_why_not(moments, fault)}" for fault in faults if fault not in happened]


def out_of_time(moments: Sequence[Moment]) -> list[str]:
    """A sentence about the option that gives an execution more time, if a limit on time ended the last one."""
    last = moments[-1].run if moments else None
    return ["--max-seconds gives each execution more time"] if last and last.out_of_time else []


def left_outside(moments: Sequence[Moment]) -> list[str]:
    """A sentence about the files that the program left outside its sandbox, if any."""
    left = dict.fromkeys(path for moment in moments if moment.run for path in moment.run.outside)
    return (
        [
            f"the program has left files outside its sandbox: {', '.join(left)}. They are not part of the checkpoint, "
            "and are missing on another machine"
        ]
        if left
        else []
    )


def _why_not(moments: Sequence[Moment], fault: Fault) -> str:
    last = moments[-1].execution
    if fault.execution > last:
        return f"the job had only {count(last, 'execution')}"
    if fault.kind in BETWEEN:
        return "the job was not idle then"
    took = next((m.ran.seconds for m in moments if m.execution == fault.execution and m.kind == "exited"), 0)
    if fault.seconds is not None:
        return f"execution {fault.execution} took only {took:g} s"
    return f"execution {fault.execution} did not end with a checkpoint"


def as_json(job: str, end: Outcome, events: Iterable[Event]) -> dict[str, object]:
    """How the job ended with all details, for json.dumps. `job` is its number in the queue, such as 7.0."""
    return {
        "job": job,
        "status": end.status,
        "exit_code": end.exit.code if end.exit else None,
        "exit_signal": end.exit.signal if end.exit else None,
        "hold_code": end.hold.code if end.hold else None,
        "hold_subcode": end.hold.subcode if end.hold else None,
        "hold_reason": end.hold.reason if end.hold else None,
        "missing_files": list(end.hold.missing) if end.hold else [],
        "activations": end.activations,
        "executions": end.executions,
        "checkpoints": end.checkpoints,
        "goodput_s": end.goodput_s,
        "badput_s": end.badput_s,
        "output": end.returned_files.listing(),
        "events": [dataclasses.asdict(event) for event in events],
    }
