"""What output files show of a restart that goes wrong, without a look at the program."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import pytest

from grader.rules.step import Kind, Situation
from grader.tree import File, Tree
from grader.verify.explore import UNSAFE, Exploration, Violation
from grader.verify.restarts import WRITTEN_AGAIN, shown
from grader.verify.verdicts import Unsafe

RIGHT = [1, 3, 6, 10, 15, 21, 28, 36, 45]
"""A sum; after every three lines, the job is restarted."""


def seen(right, *left):
    """What is shown of a job that left these lines in its output at the end of each execution."""
    return on_the_way(text(right), *(text(lines) for lines in ((), *left)))


def on_the_way(right, *trees):
    """The same of any files."""
    way = [
        SimpleNamespace(
            now=Situation(Kind.STARTED, execution=execution, sandbox=before, spool=before),
            ran=SimpleNamespace(sandbox=after),
        )
        for execution, (before, after) in enumerate(pairwise(trees), 1)
    ]
    state = SimpleNamespace(way=lambda: way)
    violation = Violation(Unsafe.WRONG_OUTPUT, state, right, trees[-1])
    return shown(Exploration(UNSAFE, Unsafe.WRONG_OUTPUT, violation))


def text(lines):
    return Tree.files({"out.txt": "".join(f"{line}\n" for line in lines)} if lines else {})


def numbered(values, first=1):
    return [f"{number} {value}" for number, value in enumerate(values, first)]


def in_thirds(lines):
    return [lines[:3], lines[:6], lines]


def test_a_sum_that_begins_again_lacks_its_value_before_the_restart():
    wrong = [1, 3, 6, 4, 9, 15, 7, 15, 24]
    first, again = seen(numbered(RIGHT), *in_thirds(numbered(wrong)))
    assert (first.kind, first.line) == ("first wrong restart", 4)
    assert first.text == (
        "execution 2 found lines 1 to 3 of out.txt, which are right, and added line 4, which is wrong"
    )
    assert (again.kind, again.line, again.astray) == ("begins again", 4, True)
    assert again.text == (
        "from line 4 of out.txt on, number 2 of the line lacks 6, its value in line 3, as if it began again at 0; and so "
        "again from line 7 on"
    )


def test_rounded_sums_are_compared_as_they_are_rounded():
    right = ["1 0.33", "2 0.67", "3 1.00", "4 1.33", "5 1.67"]
    wrong = ["1 0.33", "2 0.67", "3 0.33", "4 0.67", "5 1.00"]
    assert "lacks 0.67, its value in line 2" in seen(right, wrong[:2], wrong)[1].text


def test_numbers_that_are_drawn_again_are_those_of_the_beginning():
    draws = [0.31, 0.77, 0.12, 0.95, 0.48, 0.63, 0.02, 0.81, 0.27]
    *_, again = seen(numbered(draws), *in_thirds(numbered(draws[:3] * 3)))
    assert again.astray and again.text == (
        "from line 4 of out.txt on, number 2 of the line is what it was from line 1 on (0.31, 0.77, 0.12 ...); and so "
        "again from line 7 on"
    )


def test_lines_that_a_restart_takes_out_are_named():
    lines = numbered(RIGHT)
    (gone,) = seen(["n sum", *lines], ["n sum", *lines[:3]], ["n sum", *lines[3:6]], ["n sum", *lines[6:]])
    assert (gone.kind, gone.astray) == ("lines gone", False)
    assert gone.text == ("execution 2 found lines 2 to 4 of out.txt, which are right, and left the file without them")


def test_a_restart_that_writes_right_lines_first_is_told_apart():
    wrong = [1, 3, 6, 10, 15, 22, 29, 37, 46]
    (first,) = seen(numbered(RIGHT), *in_thirds(numbered(wrong)))
    assert first.text.endswith("and added lines 4 to 5, which are right, and line 6, which is wrong")


@pytest.mark.parametrize(
    "wrong",
    [
        numbered([1, 3, 6, 15, 21, 28, 36, 45, 55]),  # each a line too early
        numbered([1, 3, 6, 6, 10, 15, 21, 28, 36]),
        [*numbered([1, 3, 6]), *numbered([10, 15, 21, 28, 36, 45], 5)],  # other places
        [*numbered([1, 3, 6]), *numbered([15, 21, 28, 36, 45], 5)],  # one is missing
        ["? ?"] * 9,
    ],
)
def test_no_state_is_said_to_be_lost_where_an_iteration_may_be(wrong):
    assert not any(fact.astray for fact in seen(numbered(RIGHT), *in_thirds(wrong)))


def test_a_counter_alone_does_not_tell_the_place():
    wrong = [1, 2, 3, 1, 2, 3, 1, 2, 3]
    assert not any(fact.astray for fact in seen(range(1, 10), *in_thirds(wrong)))


def test_nothing_is_said_of_a_file_that_the_first_execution_got_wrong():
    assert seen(numbered(RIGHT), *in_thirds(numbered([2, 3, 6, 10, 15, 21, 28, 36, 45]))) == ()


def test_only_files_that_grew_tell_which_restart_it_was():
    wrong = numbered([1, 3, 6, 10, 15, 22, 29, 37, 46])
    assert seen(numbered(RIGHT), [], [], wrong) == ()


def written_again(right, *left):
    return [fact.text for fact in seen(right, *left) if fact.kind == WRITTEN_AGAIN]


def test_what_each_restart_writes_again_is_told_if_nothing_else_is_wrong():
    rows = ["n,square", "1,1", "2,4", "3,9"]
    ends = [rows[:2], [*rows[:2], *rows[1:3]], [*rows[:2], *rows[1:3], *rows[2:]]]
    assert written_again(rows, *ends) == [
        "each restart begins by writing again what is at the end of out.txt (1 line): without that, the file would be right"
    ]
    headers = [rows[:2], [*rows[:2], rows[0], rows[2]], [*rows[:2], rows[0], rows[2], rows[0], rows[3]]]
    assert written_again(rows, *headers) == [
        "each restart begins by writing again what is at the beginning of out.txt (1 line): without that, the file would "
        "be right"
    ]
    some = [rows[:2], rows[:3], [*rows[:3], rows[2], rows[3]]]
    assert written_again(rows, *some)[0].startswith("execution 3 begins by writing again")
    assert written_again(["ok"] * 4, ["ok"] * 2, ["ok"] * 4, ["ok"] * 6) == []
    assert written_again(rows, *ends[:2]) == []
    assert written_again(rows, rows[:2], [*rows[:2], *rows[1:3], "3,8"]) == []


@pytest.mark.parametrize(
    ("right", "left", "again"),
    [
        (b"1,1\n2,4\n", (b"1,1\n2,", b"1,1\n2,2,4\n"), "'2,'"),
        (b"\0a\0b\0c", (b"\0a\0b", b"\0a\0b\0b\0c"), "2 bytes"),
    ],
)
def test_a_part_of_a_line_and_binary_data_can_be_written_again(right, left, again):
    trees = [Tree(), *(Tree({"out.txt": File(content)}) for content in left)]
    (fact,) = [fact for fact in on_the_way(Tree({"out.txt": File(right)}), *trees) if fact.kind == WRITTEN_AGAIN]
    assert fact.text == (
        f"execution 2 begins by writing again what is at the end of out.txt ({again}): without that, the file would be right"
    )
