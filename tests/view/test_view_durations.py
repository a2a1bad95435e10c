"""The table of what waits, transfers and slots took."""

from view_helpers import Page

from grader.rules.costs import Costs
from grader.view.durations import table, text

SOME = Costs(waits=[600.0, 60.0], downloads=[90.0, 90.0], uploads=[150.0], slots=[])


def test_each_kind_that_happened_has_a_row_with_its_numbers():
    page = Page(table(SOME))
    assert page.tags.count("tr") == 1 + 3
    assert "330" in page.pieces and "60 to 600" in page.pieces and "150" in page.pieces
    assert not any("lost" in piece for piece in page.pieces)


def test_the_text_says_the_same():
    assert text(SOME).splitlines() == [
        "waited for a slot: 2 times, 330 s on average (60 to 600 s)",
        "transferred to a new sandbox: 2 times, 90 s on average (90 s)",
        "transferred a checkpoint: 1 time, 150 s on average (150 s)",
    ]


def test_a_log_that_tells_of_nothing_says_so():
    assert table(Costs()) == "" and "no slot" in text(Costs())
