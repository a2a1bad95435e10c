"""The stacked picture over the interval: what is drawn is where the numbers say."""

import re

import pytest
from view_helpers import Page

from grader.text import about
from grader.view.shares import HEIGHT, KEYS, PARTS, WIDTH, Column, shares

COLUMNS = [Column(120.0 * 2**i, (0.1 * i, 0.5 - 0.05 * i, 0.02, 0.48 - 0.05 * i), 0.05 * i, 0.11 * i) for i in range(8)]
BEST = {"Young": 1000.0, "Daly": 900.0}


def drawn(chosen=3, best=BEST, model=((120.0, 0.2), (1000.0, 0.5))):
    return shares(COLUMNS, chosen, best, model, "some jobs", "This is <said>.")


def points(html, css):
    text = re.search(rf'<polygon class="{css}" points="([^"]+)"', html)[1]
    return [tuple(map(float, pair.split(","))) for pair in text.split()]


def test_the_areas_lie_on_one_another_and_fill_the_frame():
    html = drawn()
    edges = [points(html, key) for key in KEYS]
    count = len(COLUMNS)
    for below, above in zip(edges, edges[1:]):
        assert below[:count] == above[: count - 1 : -1]
    assert len({y for _, y in edges[0][count:]}) == 1  # goodput stands on the ground
    assert len({y for _, y in edges[-1][:count]}) == 1  # and all of them reach the top
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for edge in edges for x, y in edge)


def test_the_numbers_of_the_chosen_interval_are_told_in_words_as_well():
    page = Page(drawn(chosen=4))
    told = dict(page.attributes)["aria-label"]
    assert "At 32 min" in told and "goodput 40%" in told and "lost work 28%" in told
    assert all(name in " ".join(page.pieces) for name in PARTS)
    assert "This is <said>." in page.pieces


def test_young_and_daly_are_marked_and_do_not_write_over_each_other():
    html = drawn()
    assert 'text-anchor="end">Daly 15 min' in html and 'text-anchor="start">Young 17 min' in html
    assert html.count('class="best"') == 2
    assert drawn(best={"Young": 1e6}).count('class="best"') == 0


def test_without_a_formula_there_is_no_line_and_no_key_to_it():
    assert "formula</li>" in drawn() and "formula</li>" not in drawn(model=())


def test_nothing_has_an_id():
    assert not re.search(r'\sid="', drawn())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(45, "45 s"), (60, "1 min"), (100, "2 min"), (5400, "1 h 30 min"), (23999, "6 h 40 min"), (86400, "24 h")],
)
def test_about_is_to_the_minute(seconds, text):
    assert about(seconds) == text
