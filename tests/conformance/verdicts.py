"""The misconception programs of the course on a live HTCondor: does the failure that `verify` finds happen there?

    python tests/conformance/verdicts.py        plays all of them on the personal pool, and records what happened

Each program is played on the shortest failing schedule that `verify` prints, in the simulator and on the
pool; the story is the same if the same happens to job and files, moment by moment.
"""

from __future__ import annotations

import json
import math
import re
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from grader.course.known import known_output
from grader.course.report import Failure
from grader.execute.executor import Executor
from grader.real_pool import personal_pool
from grader.real_pool.following import RealRun
from grader.real_pool.queue import HTCondor, PersonalPool
from grader.rules.job import Job
from grader.rules.profile import MODERN
from grader.rules.schedule import Fault, Schedule, render
from grader.rules.simulation import Held, Moment, Pace, simulate
from grader.tree import File, Tree
from grader.verify.evidence import DIFFERS
from grader.verify.explore import UNKNOWN, UNSAFE, explore

sys.path.append(str(Path(__file__).resolve().parents[1] / "course"))
from judged import ANSWERS, judged

RECORDED = Path(__file__).with_name("recorded") / "verdicts.json"
TOGETHER = 22
SLOW = ("wrapper",)
"""Exercises whose jobs take minutes of real time, as they are about a time limit."""
TRIES = 3
QUICK, STRIKABLE = 0.05, 2.0
"""Real seconds of an iteration, and of an execution that a fault has to strike."""
MOST, MORE = 8, 3
"""Executions of a job that never finishes: how many are compared, and how many more it may have."""
PLAYED = ("evict", "vacate")
"""The faults that can be brought about on a real pool at will."""
ELSEWHERE = {
    "restore · host-in-checkpoint · host name": "all slots of a pool of one machine have its host name",
}
"""Program → why its failure can't happen on the personal pool."""
RIGHT, WRONG, NON_DETERMINISTIC = "right output", "wrong output", "non-deterministic"
NEVER_THE_SAME = ("rng-not-saved",)
"""Misconceptions with which the output differs each time: the names of its files are compared, not their lines."""


@dataclass(frozen=True)
class Program:
    """One wrong answer: the job in which it fails, and how."""

    name: str
    misconception: str
    job: Job | None
    schedule: Schedule = ()
    says: str = ""
    """What `verify` says: a failure, or that the output is right, which is not all that an exercise asks for."""
    unplayable: str = ""
    """Why it can't be played on the pool; '' if it can."""


def programs(executor: Executor, names: Collection[str] | None = None) -> list[Program]:
    """The misconception programs of the course (`names`: only these), judged by the exercises that they are answers to."""
    every = [
        (exercise, misconception, style)
        for exercise, (_, wrong) in ANSWERS.items()
        if exercise not in SLOW
        for misconception in wrong
        for style in wrong[misconception]
    ]
    return [_program(*one, executor) for one in every if names is None or " · ".join(one) in names]


def sample() -> list[str]:
    """One playable program for each misconception, which is what can be played in the time of a test."""
    first: dict[str, str] = {}
    for row in recorded()["programs"]:
        if "alike" in row:
            first.setdefault(row["program"].split(" · ")[1], row["program"])
    return list(first.values())


def _program(exercise: str, misconception: str, style: str, executor: Executor) -> Program:
    name = f"{exercise} · {misconception} · {style}"
    failure = judged(exercise, misconception, style, executor).failure
    if failure.job is None:
        return Program(name, misconception, None, unplayable="it gets no further than its submit file")
    schedule = failure.schedule or ()
    job = _in_real_time(failure.job, schedule)
    walk = explore(job, executor, failure.profile, expected=known_output(job))
    if walk.verdict == UNKNOWN and walk.first.run.seconds and walk.failure != NON_DETERMINISTIC:
        schedule = (Fault("vacate", 1),)  # it never saves: what an eviction then does is the failure
        job = _in_real_time(failure.job, schedule)
    wrong = any(fact.kind in DIFFERS for fact in failure.evidence)
    says = walk.failure if walk.verdict == UNSAFE or walk.failure == NON_DETERMINISTIC else WRONG if wrong else RIGHT
    return Program(name, misconception, job, schedule, says, ELSEWHERE.get(name) or _unplayable(failure, schedule))


def _unplayable(failure: Failure, schedule: Schedule) -> str:
    if failure.profile != MODERN:
        return f"it fails with HTCondor {failure.profile.htcondor}"
    if failure.pace != Pace():
        return "it fails for how long the slots last, or transfers take"
    others = [fault.kind for fault in schedule if fault.kind not in PLAYED]
    return f"{others[0]} can't be brought about at will" if others else ""


def _in_real_time(job: Job, schedule: Schedule) -> Job:
    """The job with iterations as short as possible, or long enough for a fault to strike between two of them."""
    given = job.inputs.get("my_input.txt")
    if not isinstance(given, File) or not (interval := re.search(r"(?m)^interval\s*=\s*(\d+)", given.text)):
        return job
    seconds = round(STRIKABLE / int(interval[1]), 3) if schedule else min(QUICK, 1 / int(interval[1]))
    text = re.sub(r"(?m)^seconds\s*=\s*\S+", f"seconds = {seconds}", given.text)
    return replace(job, inputs=job.inputs.put("my_input.txt", File(text.encode())))


def submit_directory(job: Job) -> Tree:
    """A job written back as the submit directory that it could have come from."""

    def listed(paths: Sequence[str] | None) -> str | None:
        return None if paths is None else ", ".join(paths) or '""'

    commands = {
        "executable": job.executable,
        "arguments": " ".join(job.arguments),
        "should_transfer_files": "YES",
        "transfer_input_files": listed([path for path in job.inputs.top() if path != job.executable]),
        "checkpoint_exit_code": job.checkpoint_exit_code,
        "transfer_checkpoint_files": listed(job.transfer_checkpoint_files),
        "transfer_output_files": listed(job.transfer_output_files),
        "preserve_relative_paths": job.preserve_relative_paths or None,
        "output": job.output,
        "error": job.error,
        "log": job.log,
    }
    lines = [f"{name} = {value}" for name, value in commands.items() if value is not None]
    return job.inputs.put("job.sub", File("\n".join([*lines, "queue", ""]).encode()))


# -- what happens ------------------------------------------------------------------------


@dataclass(frozen=True)
class Limit:
    """How long to follow a job that may never finish."""

    executions: int

    def endless(self, execution: int) -> bool:
        return execution >= self.executions

    def missing(self, faults: Sequence[Fault]) -> tuple[str, ...]:
        return ()


def answer(program: Program, moments: Sequence[Moment], faults: Schedule, most: int) -> dict:
    """What came of a program: the end, the files that it returned, and the story up to execution `most`."""
    last = moments[-1]
    end = (
        f"held, code {last.next.code}"
        if isinstance(last.next, Held)
        else str(last.run.exit)
        if last.kind == "ended"
        else last.kind
    )
    return {
        "schedule": render(fault._replace(seconds=None) for fault in faults),
        "end": end,
        "story": [
            moment.kind
            for moment in moments
            if moment.execution <= most and moment.kind not in ("exited", "never finishes")
        ],
        # Tracebacks, which are on stderr, name directories.
        "home": {
            path: "" if program.misconception in NEVER_THE_SAME else entry.text
            for path, entry in last.returned_files.items()
            if isinstance(entry, File) and path != program.job.error
        },
    }


def in_simulator(program: Program, executor: Executor) -> tuple[dict, int]:
    """The program's answer there, and how many executions it took."""
    moments = list(simulate(program.job, executor, schedule=program.schedule))
    never = moments[-1].kind == "never finishes"  # then the story lacks its last execution
    most = min(moments[-1].execution - never, MOST)
    return answer(program, moments, program.schedule, most), most


def on_pool(program: Program, most: int) -> dict:
    """The program's answer on the personal pool. If a fault strikes too late, the program is played again."""
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(TRIES):
            directory = Path(scratch, re.sub(r"\W+", "-", f"{program.name} {number}"))
            submit_directory(program.job).write(directory)
            run = RealRun(
                HTCondor(PersonalPool()),
                program.job,
                directory / "job.sub",
                Limit(most + MORE),
                program.schedule,
                patience=math.inf,
            )
            moments = list(run.moments())
            struck = tuple(run.life.faults)
            if render(struck) == render(program.schedule):
                break
    return answer(program, moments, struck, most)


def play(chosen: Sequence[Program], executor: Executor) -> dict[str, tuple[dict, dict]]:
    """Program → its answers in the simulator and on the pool, all of them at the same time."""
    personal_pool.up()
    played = [program for program in chosen if not program.unplayable]
    with ThreadPoolExecutor(TOGETHER) as threads:
        running = {}
        for program in played:
            there, most = in_simulator(program, executor)
            running[program.name] = there, threads.submit(on_pool, program, most)
        return {name: (there, here.result()) for name, (there, here) in running.items()}


def rows(chosen: Sequence[Program], played: dict[str, tuple[dict, dict]]) -> list[dict[str, str]]:
    """What is recorded about each program, for the table."""
    table = []
    for program in chosen:
        facts = {"program": program.name, "schedule": render(program.schedule), "verify": program.says}
        if program.unplayable:
            table.append({**facts, "unplayable": program.unplayable})
        else:
            there, here = played[program.name]
            table.append({**facts, "htcondor": here["end"], "alike": here == there})
    return table


def recorded() -> dict:
    """What was recorded."""
    return json.loads(RECORDED.read_text())


if __name__ == "__main__":
    began = time.monotonic()
    with Executor() as executor:
        chosen = programs(executor)
        print(f"{len(chosen)} programs judged in {time.monotonic() - began:.0f} s")
        began = time.monotonic()
        results = play(chosen, executor)
    differing = [name for name, (there, here) in results.items() if there != here]
    for name in differing:
        print(name, *results[name], sep="\n  ")
    written = {"htcondor": HTCondor(PersonalPool()).run("condor_version").split()[1], "programs": rows(chosen, results)}
    RECORDED.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(results)} played in {time.monotonic() - began:.0f} s, {len(differing)} fared otherwise on the pool")
