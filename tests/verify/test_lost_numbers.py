"""A wrong number that lacks what the checkpoints had, and what only looks like that."""

from __future__ import annotations

import struct
from types import SimpleNamespace

import pytest

from grader.tree import Tree
from grader.verify.lost_numbers import lost_numbers


def seen(right, wrong, *checkpoints):
    """What is seen in the only line of an output, of a job with these checkpoints."""
    empty = SimpleNamespace(sandbox=Tree(), spool=Tree())
    restarts = [SimpleNamespace(spool=Tree.files(files)) for files in checkpoints]
    return [lost.text for lost in lost_numbers("out.txt", [empty, *restarts], [right], [wrong])]


def state(*texts):
    return [{"state": text} for text in texts]


def test_a_total_lacks_what_each_checkpoint_had():
    (text,) = seen("sum 731.84375", "sum 201.46875", *state("4 310.25", "8 220.125"))
    assert text == (
        "number 1 in line 1 of out.txt lacks 530.375, which is what number 2 in state was at the restarts together "
        "(310.25 + 220.125)"
    )


def test_a_mean_lacks_a_part_of_that():
    (text,) = seen("mean 60.98698", "mean 16.78906", *state("4 310.25", "8 220.125"))
    assert text.endswith(
        "lacks 44.19792, and 12 times that is what number 2 in state was at the restarts together (310.25 + 220.125)"
    )


def test_a_product_lacks_a_factor():
    (text,) = seen("product 8.0859375", "product 1.40625", *state("4 2.3", "8 2.5"))
    assert text.endswith("lacks a factor, which is what number 2 in state was at the restarts together (2.3 x 2.5)")


def test_a_maximum_was_right_in_a_checkpoint():
    (text,) = seen("max 97.125", "max 91.5", *state("4 97.125", "8 88.25"))
    assert text.endswith("should be 97.125, which number 2 in state was at restart 1, and not at the end any more")


def test_binary_files_and_numbered_files_are_compared():
    doubles = [{f"gen{number}": struct.pack("<qd", 4 * number, value)} for number, value in ((1, 310.25), (2, 220.125))]
    (text,) = seen("sum 731.84375", "sum 201.46875", *doubles)
    assert "which is what a number in gen* was at the restarts together" in text


@pytest.mark.parametrize(
    ("right", "wrong", "checkpoints"),
    [
        ("sum 12", "sum 7", ["4 2", "8 3"]),  # by chance
        ("sum 731.84375", "sum 231.46875", ["4 310.25", "8 220.125"]),  # something else
        ("max 97.125", "max 91.5", ["4 97.125", "8 97.125"]),  # it was not lost
        ("max 97.125", "max 99.5", ["4 97.125", "8 99.5"]),  # it grew too much
        ("energy 97.125", "energy 91.5", ["4 97.125", "8 93.25"]),  # it may be the smallest
        ("total 5000", "total 4000", ["1000 7", "2000 8", "3000 9"]),
        ("a 731.84375", "b 201.46875", ["4 310.25", "8 220.125"]),  # another line
        ("sum 731.84375", "sum 201.46875", ["\x80 310.25", ""]),
    ],
)
def test_nothing_is_said_where_something_else_may_be(right, wrong, checkpoints):
    assert seen(right, wrong, *state(*checkpoints)) == []
