"""When a job without further faults is taken for endless: exactly when, and what is executed to know it."""

from __future__ import annotations

import pytest

from grader.rules.execution import Exit, Run, Start
from grader.rules.job import Job
from grader.rules.livelock import (
    FUTILE,
    MANY,
    MOST_NUMBERS,
    SIMILAR,
    Livelock,
    certain,
    goes_on,
    growth,
    looks_back,
    many_restarts_on,
    numbers_in,
    shape,
)
from grader.rules.step import Kind, Situation
from grader.tree import Directory, File, Tree


def job(*arguments, **files):
    return Job(executable="job", arguments=arguments, inputs=Tree.of(**files), checkpoint_exit_code=85)


def start(rows: str, **fields) -> Situation:
    return Situation(Kind.RESTARTED, sandbox=Tree.of(rows=rows), **fields)


class Program:
    """It appends a line at each execution, and ends when it has `end` lines. `notes`: what it does if it is watched."""

    def __init__(self, line=lambda n: "x\n", end=None, notes=(("open", "rows", "w"),)):
        self.line, self.end, self.notes, self.lines, self.traced = line, end, notes, [], 0

    def __call__(self, now, trace=False):
        rows = now.sandbox["rows"].text
        n = rows.count("\n")
        self.traced += trace
        if not trace:
            self.lines.append(n)
        after = Tree.of(rows=rows + self.line(n))
        return Run(Exit(0 if n == self.end else 85), after, 0.0, "", "", notes=self.notes)

    def starts(self, most):
        """The situations in which it starts, one after the other."""
        rows = ""
        for n in range(most):
            yield start(rows)
            rows += self.line(n)


def first_endless(livelock, program, most=400):
    """The number of the start, from 0, that is taken for one of endlessly many; None if none is."""
    return next((number for number, now in enumerate(program.starts(most)) if livelock.endless(now)), None)


# -- the watch ----------------------------------------------------------------------------------------


def test_a_start_that_was_there_before_is_endless_until_a_fresh_watch():
    livelock = Livelock(job(), Program(), 1000)
    a, b = start("a"), start("b")
    assert [bool(livelock.endless(now)) for now in (a, b, a)] == [False, False, True]
    fresh = livelock.afresh()
    assert not fresh.endless(a) and fresh.endless(a) == "it starts in a state in which it started before"


@pytest.mark.parametrize(
    "other",
    [
        start("a", slot=1),
        start("a", retries=1),
        start("a", spool=Tree.of(n="1")),
        start("a", ad=(("numjobstarts", 2),)),
        start("b"),
    ],
)
def test_what_makes_a_start_another(other):
    livelock = Livelock(job(), Program(), 1000)
    assert not livelock.endless(start("a")) and not livelock.endless(other)


def test_what_is_outside_of_the_sandbox_makes_a_start_another():
    outside = iter(range(9))
    livelock = Livelock(job(), Program(), 1000, outside=lambda: next(outside))
    assert not any(livelock.endless(start("a")) for _ in range(3)) and not livelock.afresh().endless(start("a"))


@pytest.mark.parametrize("patience", [1, 5, FUTILE])
def test_equal_text_is_endless_after_so_many_restarts(patience):
    """The second growth is the first that can equal another."""
    program = Program()
    livelock = Livelock(job(), program, 1000, patience)
    why = [livelock.endless(now) for now in program.starts(patience + 2)]
    assert why == [""] * (patience + 1) + [f"{patience} restarts have changed nothing but append the same text"]
    assert program.lines == [patience + 1 + MANY] and program.traced == 1


def test_text_that_differs_in_numbers_is_endless_after_more_of_them():
    program = Program(lambda n: f"row {n}\n")
    assert first_endless(Livelock(job(), program, 100), program) == SIMILAR + 1
    assert program.traced == 0, "so many prove it for any program, if no more than three times as many are allowed"


def test_other_text_begins_the_count_anew():
    program = Program(lambda n: "y\n" if n == 3 else "x\n")
    assert first_endless(Livelock(job(), program, 1000, 5), program) == 10
    program = Program(lambda n: "xyz"[n % 3] + "\n")
    assert first_endless(Livelock(job(), program, 1000, 5), program) is None


def test_a_change_that_is_no_growth_begins_the_count_anew():
    livelock, program = Livelock(job(), Program(), 1000, 3), Program()
    starts = list(program.starts(20))
    for now in (*starts[:4], start("other\n")):
        assert not livelock.endless(now)
    rest = [start("other\n" + "x\n" * n) for n in range(1, 6)]
    assert [bool(livelock.endless(now)) for now in rest] == [False, False, False, True, True]


def test_a_program_that_may_end_later_is_watched_on():
    """It would end MANY restarts later than it is first asked about, so the count begins anew, from 0."""
    program = Program(end=MANY + 6)
    livelock = Livelock(job(), program, 1000, 5)
    assert first_endless(livelock, program, 40) == 6 + 5
    assert program.lines == [6 + MANY, 11 + MANY]


def test_a_program_that_reads_what_it_appends_needs_proof():
    """It is watched once for the same files, by all watches of the job."""
    program = Program(notes=(("open", "rows", "w"), ("look", "rows")))
    livelock = Livelock(job(), program, 300, 5)
    assert first_endless(livelock, program) == certain(300) + 1 == 101
    assert program.traced == 1
    assert first_endless(livelock.afresh(), program) == 101 and program.traced == 1


def test_with_processes_beside_it_nothing_is_said():
    livelock, program = Livelock(job(), Program(), 1000, 2), Program()
    beside = (Start(Tree(), 0.0, ("sleep",)),)
    assert not any(livelock.endless(start(now.sandbox["rows"].text, beside=beside)) for now in program.starts(10))


# -- its parts ---------------------------------------------------------------------------------------------


def test_growth_is_what_was_appended_and_nothing_else():
    before = Tree.of(rows="a", n="1")
    assert growth(before, Tree.of(rows="ab", n="1")) == (("rows", b"b"),)
    assert growth(before, before) == ()
    assert growth(before, Tree.of(rows="ab", n="2")) is None, "n is another"
    assert growth(before, Tree.of(rows="a", n="1", more="")) is None, "a file is new"
    assert growth(before, Tree.of(rows="a")) is None, "a file is gone"
    assert growth(Tree.of(rows="ab"), Tree.of(rows="a")) is None, "it is shorter"
    assert growth(Tree({"rows": Directory()}), Tree.of(rows="a")) is None
    assert growth(before, Tree.of(rows="a", n="1", _condor_stdout="text")) == (), "printed text counts for nothing"


def test_a_shape_has_no_numbers():
    assert shape((("rows", b"row 12 of 345\n"), ("n", b"x"))) == (("rows", b"row 0 of 0\n"), ("n", b"x"))


@pytest.mark.parametrize(("times", "copies"), [(1, 1), (16, 16), (17, 17), (18, 17), (10**9, 17)])
def test_so_much_is_appended_but_not_without_end(times, copies):
    text = b"x" * (1 << 20)
    later = many_restarts_on(Tree({"rows": File(b"abc")}), (("rows", text),), times)
    assert later["rows"].content == b"abc" + text * copies


@pytest.mark.parametrize(("allowed", "enough"), [(3, 1), (90, 30), (750, 250), (10_000, SIMILAR)])
def test_a_third_of_what_is_allowed_is_certain(allowed, enough):
    assert certain(allowed) == enough


@pytest.mark.parametrize(
    ("notes", "may"),
    [
        ([], True),  # it is no Python program
        ([("open", "d/rows", "w")], False),
        ([("open", "d/rows", "w"), ("look",)], True),
        ([("open", "d/rows", "w"), ("look", "d/rows")], True),
        ([("open", "d/rows", "w"), ("look", "d")], True),
        ([("open", "d/rows", "w"), ("look", "")], True),
        ([("open", "d/rows", "w"), ("look", "n")], False),
        ([("open", "d/rows", "r")], True),
        ([["open", "d/rows", "w"], ["open", "n", "r"]], False),
    ],
)
def test_a_program_that_looks_at_what_it_appends_may_depend_on_it(notes, may):
    run = Run(Exit(85), Tree(), 0.0, "", "", notes=tuple(notes))
    assert looks_back(run, (("d/rows", b"x"),)) is may


def test_it_is_tried_where_a_file_has_as_many_lines_or_bytes_as_a_number():
    """50 lines of 4 bytes. 100 lines in 50 restarts, 240 bytes in 10; and before it has appended them."""
    program = Program(lambda n: "row\n")
    now = start("row\n" * 50)
    assert goes_on(job("100", "240", "50", "7"), now, (("rows", b"row\n"),), program, 40)
    assert program.lines == [50 + times for times in (9, 10, 49, 50, 189, 190, MANY)]
    ends = Program(lambda n: "row\n", end=100)
    assert not goes_on(job("100"), now, (("rows", b"row\n"),), ends, 40) and ends.lines == [99, 100]
    other = Program(lambda n: "done\n")
    assert not goes_on(job(), now, (("rows", b"row\n"),), other, 40), "it appends something else"
    quiet = Program(lambda n: "")
    assert not goes_on(job(), now, (("rows", b"row\n"),), quiet, 40), "or nothing"


def test_numbers_come_from_arguments_environment_program_and_files():
    found = Job(
        executable="job",
        arguments=("300", "a301", "40", "1.5"),
        environment=(("N", "302 300"),),
        inputs=Tree({"a": File(b"304"), "job": File(b"303 x304.7 1234567"), "d": Directory()}),
    )
    assert numbers_in(found, 40) == [300, 302, 303, 304]
    many = Job(executable="job", arguments=tuple(map(str, range(100, 200))))
    assert numbers_in(many, 40) == list(range(100, 100 + MOST_NUMBERS))
