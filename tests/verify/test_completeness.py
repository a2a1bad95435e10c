"""explore() against brute force: no verdict is wrong, and none is missed, on small jobs.

What is proved, and how. explore() claims to speak of *all* schedules, after executing a program a
few times. For a small job that claim can be checked without any of its cleverness: write down every
schedule of faults for the first FIRST executions (each execution is evicted, or its upload fails,
or nothing happens to it; for fewer executions it is also held or vacated), let simulate() play each
of them from submission to end, and look at how the job ended. Nothing of explore() is used for that: no states, no folding, no shortest ways.
Both must then say the same:

- restart-safe: every one of the schedules ended well, with the result of the run without faults,
  and no restart elsewhere took more executions than one in place;
- unsafe: the schedule that explore() prints ends in the failure that explore() names, no schedule
  ends in a graver one, and none with fewer faults ends in the same one;
- unknown: on none of the schedules a checkpoint was ever saved.

The jobs are drawn by hypothesis from a table of steps (read, write, append, delete, print, need a
file; resume from a listed file or another; count on by 0, 1 or 2; end, crash or checkpoint), so
that the right, the nearly right and the absurd are among them. A job has at most 3 checkpoints, so 4 executions
without a fault: with FIRST = 5, every pair of a checkpoint and what can befall the two executions
after it is among the schedules. What a longer schedule could add, a state never seen before, would
have to come from a sandbox or a spool that no shorter one makes; the printed schedules that are
longer than FIRST are played as well, and the theorem behind them (what becomes of a job depends only
on sandbox and spool) is a property of simulate(), which is checked here too.

The program is one text: executed by the real Executor in the first test, and called as a function
in all the others, which makes a simulated job cost microseconds. The first test shows that both are
the same.
"""

from __future__ import annotations

import itertools
import json
import re
from contextlib import nullcontext
from dataclasses import replace
from functools import lru_cache

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from grader.rules import transfer
from grader.rules.execution import EPOCH, Exit, Run
from grader.rules.job import STDOUT, Job
from grader.rules.profile import MODERN, PROFILES
from grader.rules.schedule import Fault, parse, render
from grader.rules.simulation import outcome, simulate
from grader.rules.transfer import without_streams
from grader.tree import File, Tree
from grader.verify.explore import RESTART_SAFE, UNKNOWN, UNSAFE, explore
from grader.verify.verdicts import Unsafe

FIRST = 5
"""Faults strike one of so many executions."""
MOST = 30
"""A job of 4 steps that is not at its end after so many executions never will be: each fault costs
it 4 executions at most."""

FUNCTION = '''
def execute(plan, files):
    """One execution of a program that is given as data. files: name → text, changed here.
    Returns the exit code and what is printed."""
    printed = ""
    n = int(files.get(plan["resume"], "0"))
    if n >= len(plan["steps"]):
        return 0, printed                       # beyond the end: a silent success
    work, by, code = plan["steps"][n]
    for what in work:
        if what == "append":
            files["rows"] = files.get("rows", "") + "row %d\\\\n" % n
        elif what == "rewrite":
            files["rows"] = "".join("row %d\\\\n" % i for i in range(n + 1))
        elif what == "keep":
            files["aux"] = str(n)
        elif what == "drop":
            files.pop("aux", None)
        elif what == "need" and "aux" not in files:
            return 1, printed
        elif what == "use":
            files["rows"] = files.get("rows", "") + files.get("aux", "nothing")
        elif what == "print":
            printed += "at %d\\\\n" % n
    if code == 85:
        files["n"] = files["m"] = str(n + by)
    return code, printed
'''.replace("\\\\n", "\\n")

PROGRAM = (
    "#!/usr/bin/env python3\nimport json, os, sys\n"
    + FUNCTION
    + """
files = {name: open(name).read() for name in ("n", "m", "rows", "aux") if os.path.exists(name)}
before = set(files)
code, printed = execute(json.loads(sys.argv[1]), files)
for name in before - set(files):
    os.remove(name)
for name, text in files.items():
    with open(name, "w") as file:
        file.write(text)
sys.stdout.write(printed)
sys.exit(code)
"""
)
_own: dict = {}
exec(FUNCTION, _own)


class Called:
    """The Executor's place taken by a function call. What is printed goes to _condor_stdout."""

    mark, kept_outside = re.compile(rb"(?!)"), Tree()

    def afresh(self):
        return nullcontext()

    def slots_named_in(self, tree):
        return set()

    def run(self, job, sandbox, *, slot=0, clock=EPOCH, stop=None, trace=False, beside=()):
        return _called(job, sandbox)


@lru_cache(100_000)
def _called(job: Job, sandbox: Tree) -> Run:
    sandbox = transfer.with_streams(job, sandbox)
    files = {name: sandbox[name].text for name in ("n", "m", "rows", "aux") if name in sandbox}
    code, printed = _own["execute"](json.loads(job.arguments[0]), files)
    after = sandbox.without(("n", "m", "rows", "aux")) | Tree.files(files)
    after = after.put(STDOUT, File(after[STDOUT].content + printed.encode()))
    return Run(Exit(code), after, 0.0, printed, "")


CALLED = Called()
PROGRAM_FILE = Tree({"job": File(PROGRAM.encode(), executable=True)})


# -- jobs by chance ---------------------------------------------------------------

usual = st.sampled_from([["append"], ["rewrite"], ["append", "keep"], ["rewrite", "print"], ["keep", "append"]])
work = usual | st.lists(st.sampled_from(["append", "rewrite", "keep", "drop", "need", "use", "print"]), max_size=3)
by = st.sampled_from([1, 1, 1, 1, 1, 1, 0, 2])
code = st.sampled_from([85, 85, 85, 85, 85, 85, 0, 1])
last = st.tuples(usual, st.just(1), st.sampled_from([0, 0, 0, 0, 1, 85]))
files = st.sampled_from(["n", "m", "rows", "aux"])
listed = (
    st.none()
    | st.sampled_from([("n", "rows"), ("n",), ("m", "rows"), ("n", "rows", "aux")])
    | st.lists(files, min_size=1, max_size=4, unique=True).map(tuple)
)


@st.composite
def jobs(draw):
    """A job of at most 4 steps, each with its work, its count and its exit code."""
    steps = draw(st.lists(st.tuples(work, by, code), min_size=1, max_size=3)) + [draw(last)]
    plan = {"resume": draw(st.sampled_from("nnnm")), "steps": steps}
    return Job(
        executable="job",
        inputs=PROGRAM_FILE,
        arguments=(json.dumps(plan),),
        output="out.txt",
        error="err.txt",
        checkpoint_exit_code=85,
        transfer_checkpoint_files=draw(listed),
        transfer_output_files=draw(st.sampled_from([("rows",), ("rows",), (), None])),
    )


def job(steps, resume="n", listed=("n", "rows"), output=("rows",), **fields):
    """The same by hand: steps is a list of (work, by, code)."""
    return Job(
        executable="job",
        inputs=PROGRAM_FILE,
        arguments=(json.dumps({"resume": resume, "steps": steps}),),
        output="out.txt",
        error="err.txt",
        checkpoint_exit_code=85,
        transfer_checkpoint_files=listed,
        transfer_output_files=output,
        **fields,
    )


SAFE = job([[["append"], 1, 85], [["append"], 1, 85], [["append"], 1, 0]])
ONLY_N = job([[["append"], 1, 85], [["append"], 1, 85], [["append"], 1, 0]], listed=("n",))
USELESS = job([[["append"], 1, 85], [["append"], 1, 85], [["rewrite"], 1, 0]], resume="m", listed=("n",))
CRASHES = job([[["keep"], 1, 85], [["append"], 1, 85], [["append", "need"], 1, 0]])
HELD_LATER = job([[["keep"], 1, 85], [["drop"], 1, 85], [["append"], 1, 0]], listed=("n", "aux"))
TWICE = job([[["keep"], 1, 85], [["rewrite"], 1, 85], [["drop"], 1, 85], [["rewrite"], 1, 0]], listed=None)
LASTING = job(
    [[["keep"], 1, 85], [["drop", "append"], 1, 85], [["append"], 1, 85], [["use"], 1, 0]], listed=None, output=None
)
"""`aux` is in its first checkpoint only, and stays in the spool (R4e) unless just that upload fails."""
GROWS = job([[["append"], 1, 85], [["rewrite"], 1, 85], [["append"], 1, 0]], listed=("rows",))
PRINTS = job([[["print"], 1, 85], [["print"], 1, 85], [["print"], 1, 0]], listed=("n",), output=())
PRINTS_TWICE = job([[["print"], 1, 85], [["print"], 1, 85], [["print"], 1, 0]], resume="m", listed=("n",), output=())


# -- the schedules ----------------------------------------------------------------


class Played:
    """A schedule and how the job ended on it."""

    def __init__(self, job, schedule, profile=MODERN):
        moments = list(simulate(job, CALLED, profile, schedule, MOST))
        self.schedule, self.end = schedule, outcome(moments)
        self.saved = {moment.execution for moment in moments if moment.kind == "checkpoint"}
        self.sent = (
            self.saved
            | {m.execution for m in moments if m.kind == "checkpoint failed"}
            | {m.execution for m in moments if m.kind == "held" and m.run and m.run.exit.code == 85}
        )
        self.states = [
            (m.execution, without_streams(m.sandbox), without_streams(m.spool))
            for m in moments
            if m.kind in ("started", "restarted")
        ]


def all_schedules(job, kinds=("evict", "upload-fails"), profile=MODERN, first=FIRST):
    """Every schedule that differs for this job: a fault strikes only an execution that takes place,
    an upload fails and a job is requeued only where there is a checkpoint."""
    pending = [()]
    while pending:
        played = Played(job, pending.pop(), profile)
        yield played
        start = played.schedule[-1].execution + 1 if played.schedule else 1
        for execution in range(start, min(first, played.end.executions) + 1):
            for kind in kinds:
                where = {"upload-fails": played.sent, "requeue": played.saved}.get(kind)
                if where is None or execution in where:
                    pending.append((*played.schedule, Fault(kind, execution)))


def failure(played, free, printed):
    """What is wrong with the end of a job; None if nothing is. Text printed counts if it is all there is."""
    end = played.end
    if end.status != "completed":
        return end.status
    if end.exit.code != 0:
        return "failed"
    if good(free) and _home(end, printed) != _home(free.end, printed):
        return "wrong output"
    return None


def good(played):
    return played.end.status == "completed" and played.end.exit.code == 0


def _home(end, printed):
    return end.returned_files if printed else end.returned_files.without(("out.txt", "err.txt"))


def loses_progress(job, played, known, profile=MODERN):
    """The execution whose checkpoint is worth less elsewhere than in place, if there is one: a restart
    elsewhere right after it takes more executions to the end. `known`: the schedules that were played already."""
    after = max((fault.execution for fault in played.schedule), default=0)
    for saved in sorted(played.saved):
        if saved > after:
            schedule = (*played.schedule, Fault("evict", saved + 1))
            elsewhere = known.get(schedule) or Played(job, schedule, profile)
            if good(elsewhere) and elsewhere.end.executions - 1 > played.end.executions:
                return saved
    return None


# -- the proof ----------------------------------------------------------------------


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(job=jobs())
@example(job=SAFE)
@example(job=HELD_LATER)
def test_the_function_does_what_the_program_does(executor, job):
    sandbox = transfer.new_sandbox(job, Tree(), MODERN)
    for _ in range(3):
        real, called = executor.run(job, sandbox), CALLED.run(job, sandbox)
        assert (real.exit, real.sandbox, real.stdout, real.seconds) == (
            called.exit,
            called.sandbox,
            called.stdout,
            called.seconds,
        )
        sandbox = real.sandbox


@settings(max_examples=70, suppress_health_check=list(HealthCheck))
@given(job=jobs())
@example(job=SAFE)
@example(job=ONLY_N)
@example(job=USELESS)
@example(job=CRASHES)
@example(job=HELD_LATER)
@example(job=TWICE)
@example(job=PRINTS)
@example(job=PRINTS_TWICE)
@example(job=LASTING)
def test_explore_says_what_all_schedules_show(job):
    agrees(job, explore(job, CALLED), list(all_schedules(job)))


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(job=jobs(), retries=st.integers(1, 2))
def test_explore_says_what_all_schedules_show_of_a_retried_job(job, retries):
    job = replace(job, max_retries=retries, transfer_output_files=("rows",))
    agrees(job, explore(job, CALLED), list(all_schedules(job, first=4)), first=4)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(job=jobs())
@example(job=ONLY_N)
@example(job=CRASHES)
@example(job=LASTING)
def test_explore_says_what_all_schedules_with_holds_and_vacates_show(job):
    """For explore() these are evictions: whatever the slot is lost to, the same is lost."""
    kinds = ("evict", "hold", "vacate", "upload-fails")
    agrees(job, explore(job, CALLED), list(all_schedules(job, kinds, first=3)), first=3)


def agrees(job, found, played, profile=MODERN, first=FIRST):
    """Hold a verdict against the schedules that were played, whose faults strike the `first` executions."""
    free = played[0]
    assert free.schedule == ()
    printed = good(free) and not free.end.returned_files.without(("out.txt", "err.txt"))
    known, failures = {one.schedule: one for one in played}, {}
    for one in played:
        what = failure(one, free, printed)
        if what:
            failures.setdefault(what, []).append(len(one.schedule))
        elif good(one) and loses_progress(job, one, known, profile):
            failures.setdefault("lost progress", []).append(len(one.schedule) + 1)
    worst = next((what for what in Unsafe if what in failures), None)
    said = f"explore: {found.verdict}, {found.failure} [{render(found.schedule or ())}]; schedules: {failures}"

    if found.verdict == UNSAFE:
        assert worst is None or list(Unsafe).index(worst) >= list(Unsafe).index(found.failure), said
        shown = Played(job, parse(render(found.schedule)), profile)
        if found.failure == "lost progress":
            before = Played(job, found.schedule[:-1], profile)
            assert good(shown) and good(before), said
            assert shown.end.executions - (found.schedule[-1].kind == "evict") > before.end.executions, said
        elif not (profile.may_requeue and found.failure == "never finishes" and goes_round(shown)):
            assert failure(shown, free, printed) == found.failure, said
        assert len(found.schedule) <= min(failures.get(found.failure, [99])), said
        if all(fault.execution <= first for fault in found.schedule) and not profile.may_requeue:
            assert worst == found.failure and len(found.schedule) == min(failures[worst]), said
    else:
        assert worst is None, said
        assert (found.verdict == RESTART_SAFE) == any(one.saved for one in played), said
        assert found.verdict in (RESTART_SAFE, UNKNOWN)


def goes_round(shown):
    """Whether the job comes back to a state with nothing but saved checkpoints and requeues in between:
    then it never ends if that is repeated."""
    for (one, *before), (other, *after) in itertools.combinations(shown.states, 2):
        between = range(one, other)
        if (
            before == after
            and all(n in shown.saved for n in between)
            and all(fault.kind == "requeue" for fault in shown.schedule if fault.execution in between)
        ):
            return True
    return False


@settings(max_examples=50, suppress_health_check=list(HealthCheck))
@given(job=jobs())
@example(job=USELESS)
@example(job=ONLY_N)
@example(job=GROWS)
def test_v25_explore_says_what_all_schedules_with_requeues_show(job):
    """R4g: beside the finite schedules, the endless one on which every checkpoint is followed by a
    requeue. A job that is still not at its end after 30 of them never will be."""
    v25 = PROFILES["v25"]
    found = explore(job, CALLED, v25)
    played = list(all_schedules(job, ("evict", "requeue", "upload-fails"), v25, first=3))
    agrees(job, found, played, v25)
    if found.verdict != UNSAFE:
        always = Played(job, tuple(Fault("requeue", n) for n in range(1, 31)), v25)
        assert always.end.executions < 30


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(job=jobs())
@example(job=TWICE)
def test_what_becomes_of_a_job_depends_on_its_sandbox_and_spool_only(job):
    """What explore() builds on: where two schedules lead to the same sandbox and spool, the rest of
    both stories is the same. Printed text is left out: a program does not go by it."""
    rest = {}
    for played in itertools.islice(all_schedules(job, first=4), 60):
        after = max((fault.execution for fault in played.schedule), default=0)
        for execution, sandbox, spool in played.states:
            if execution > after:
                end = played.end
                story = (end.status, end.exit, end.executions - execution, _home(end, printed=False))
                assert rest.setdefault((sandbox, spool), story)[:2] == story[:2]
                if end.status != "never finishes":
                    assert rest[sandbox, spool] == story


def test_the_schedules_that_are_played_are_all_that_there_are():
    """For a job of three executions without a fault: by counting."""
    schedules = {one.schedule for one in all_schedules(SAFE, first=3)}
    assert len(schedules) == len(set(map(render, schedules)))
    kinds = (None, "evict", "upload-fails")
    wanted = set()
    for choice in itertools.product(kinds, repeat=3):
        schedule = tuple(Fault(kind, n) for n, kind in enumerate(choice, 1) if kind)
        if all(f.kind == "evict" or f.execution in Played(SAFE, schedule[:i]).sent for i, f in enumerate(schedule)):
            wanted.add(schedule)
    assert schedules == wanted and len(schedules) > 20


def test_jobs_of_every_verdict_are_drawn():
    """The generator is not one-sided: all failures, safe jobs and unknown ones are among 150."""
    drawn = set()

    @settings(max_examples=150, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(job=jobs())
    def draw(job):
        found = explore(job, CALLED)
        drawn.add(found.failure if found.verdict == UNSAFE else found.verdict)

    draw()
    assert drawn == {*Unsafe, RESTART_SAFE, UNKNOWN}
