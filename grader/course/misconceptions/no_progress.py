"""Misconception `no-progress`."""

from __future__ import annotations

import re
from dataclasses import replace

from ...rules.execution import Run
from ...rules.simulation import Held, outcome, simulate
from ...rules.step import Hold, is_checkpoint, is_success
from ..case import MOST_EXECUTIONS, Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "no-progress",
    "No execution gets further than the one before: it saves before it has done any work, or its slot is "
    "lost, or its time is up, before it saves.",
    (
        "How many iterations did the repeating execution do, and were they saved?",
        "A restart must do at least one iteration before it saves again, and it must save before its slot is lost.",
        "Do not save before the first iteration of an execution is done, and save more often than slots are lost.",
    ),
)


def no_progress(case: Case) -> bool:
    """The failing execution takes no virtual time, although an earlier one did, or although there is no output yet, and
    what is saved is not empty. In the second case, a user's own job must also save just what it finds: it may have
    computed, which takes no virtual time."""
    nothing = not any(actual for _, actual in case.so_far) and (case.given or case.saves_what_it_finds())
    still = case.failure == "never finishes" and case.ran.seconds == 0
    return still and (worked_before(case) or (nothing and not case.nothing_saved))


def worked_before(case: Case) -> bool:
    """Whether earlier executions took virtual time. False proves nothing: a program that only computes takes none."""
    return any(state.run and state.run.seconds for state in case.state.way()[:-1])


def time_is_up(case: Case) -> bool:
    """A `timeout` ends each execution before it saves anything; with ten times the limit, it saves or finishes."""
    if case.failure != "never finishes" or case.run is None or (case.saved_by_then() and case.saved_later()):
        return False
    run = with_more_time(case)
    return run is not None and (
        run.exit.code == 0 or any(run.sandbox.get(path) != entry for path, entry in case.state_files.items())
    )


def time_is_up_at_first(case: Case) -> bool:
    """In a user's own job: files of the checkpoint are missing, and with ten times the limit of a `timeout`, they are
    there."""
    missing = case.state.next.missing if isinstance(case.state.next, Held) else ()
    if case.given or case.run is None or not is_checkpoint(case.job, case.run) or not missing:
        return False
    run = with_more_time(case)
    return run is not None and all(run.sandbox.resolve(path) is not None for path in missing)


def with_more_time(case: Case) -> Run | None:
    """The failing execution with ten times the limit of each `timeout`; None if there is none in the job's files."""
    files, more = case.state.now.directory, case.job.inputs
    for path, file in case.job.inputs.regular().items():
        if files.get(path) == file and (longer := TIMEOUT.sub(_ten_times, file.content)):
            files, more = (tree.put(path, file._replace(content=longer)) for tree in (files, more))
    if more == case.job.inputs:
        return None
    return case.executor.run(replace(case.job, inputs=more), files, slot=case.state.now.slot, clock=case.state.now.time)


def allowed_time_is_up(case: Case) -> bool:
    """In a user's own job: allowed_execute_duration holds it, and with ten times as much, it saves and ends right."""
    allowed = case.job.allowed_execute_duration
    held = isinstance(case.state.next, Held) and case.state.next.code == Hold.EXECUTE_DURATION
    if case.given or not held or not allowed:
        return False
    job = replace(case.job, allowed_execute_duration=10 * allowed)
    end = outcome(simulate(job, case.executor, most_executions=MOST_EXECUTIONS))
    return (
        end.executions > 1
        and end.exit is not None
        and is_success(job, end.exit)
        and (not case.exploration.known or case.has_all_output(end.returned_files))
    )


TIMEOUT = re.compile(rb"(\btimeout(?:(?: +-\S+(?: +(?:\d+[smhd]?|[A-Z]\w*))?)* +| *= *))(\d+)")
"""A time limit in a script."""


def _ten_times(match: re.Match[bytes]) -> bytes:
    return b"%s%d" % (match[1], 10 * int(match[2]))


def sentence(case: Case) -> str:
    """The sentence, with only that reason that the symptoms show, or with all reasons."""
    if no_progress(case) and worked_before(case) and is_checkpoint(case.job, case.ran):
        return "No execution gets further than the one before: it saves before it has done any work."
    if allowed_time_is_up(case):
        return "An execution takes longer than allowed_execute_duration, so that its time is up before it saves."
    if time_is_up_at_first(case):
        return "The first execution saves nothing: its time is up before that."
    if time_is_up(case):
        return "No execution gets further than the one before: its time is up before it saves."
    return MISCONCEPTION.sentence


SYMPTOMS = ((15, allowed_time_is_up), (28, time_is_up_at_first), (280, no_progress), (290, time_is_up))
