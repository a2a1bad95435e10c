"""What a program says of its state, and what a restart has lost of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course.resumption import BEGINS, SAVES, Restart, said

FIRST = {"iteration": "0", "lattice": "aa", "random": "11", "output": "0"}
SAVED = {"iteration": "5", "lattice": "bb", "random": "22", "output": "10"}
LATER = {"iteration": "10", "lattice": "cc", "random": "33", "output": "20"}


def restart(saved=LATER, earlier=(SAVED,), **begun):
    return Restart(saved, {**saved, **begun}, FIRST, earlier)


def test_a_program_is_taken_at_its_word():
    printed = "hello\nbegins: iteration 5, sums 1 -2, output 0\nsaves:  iteration 7, sums 3 4, output 8\n"
    assert said(printed, BEGINS) == {"iteration": "5", "sums": "1 -2", "output": "0"}
    assert said(printed, SAVES) == {"iteration": "7", "sums": "3 4", "output": "8"}


def test_of_several_moments_before_a_save_the_last_counts():
    assert said("saves: iteration 5\nsaves: iteration 7\n", SAVES) == {"iteration": "7"}


@pytest.mark.parametrize(
    "printed",
    [
        "",
        "begins:",
        "begins: \n",
        "begins: iteration 5\nbegins: iteration 6\n",
        "begins: iteration <b>\n",
        f"begins: iteration {'9' * 5000}\n",
        " begins: iteration 5\n",
        "begins: iteration\n",
    ],
)
def test_nothing_is_made_of_what_is_no_description(printed):
    assert said(printed, BEGINS) == {}


@given(st.text())
def test_whatever_is_printed_gives_a_short_plain_description(printed):
    for name, value in said(f"begins: {printed}", BEGINS).items():
        assert name.isidentifier() and value.isprintable() and len(value) <= 40


def test_what_is_as_it_was_saved_is_not_lost():
    assert restart().lost() == []
    assert restart(lattice="aa", output="30").lost() == ["lattice", "output"]


def test_state_of_an_earlier_moment_is_outdated_but_not_the_first():
    assert restart(lattice="bb").outdated() == ["lattice"]
    assert restart(lattice="aa", random="44").outdated() == []
    assert restart(output="10").outdated() == []


def test_a_job_that_starts_over_has_not_resumed():
    assert not Restart(SAVED, FIRST, FIRST).resumed()
    assert not Restart(SAVED, {}, FIRST).resumed()
    assert Restart(SAVED, SAVED, FIRST).resumed()
