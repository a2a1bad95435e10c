"""The report card: everything on it, hints one within the other, and no text is ever markup."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from view_helpers import Page

from grader.verify.evidence import Evidence
from grader.view.card import STATUSES, card, card_text, facts

TRIALS = [
    ("in place", True, "fine", 1.0, 1.0),
    ("elsewhere", False, "a line is missing", 0.5, 2.0),
    ("twice", None, "later", 0.0, 1.0),
]
TEXT = st.text(max_size=20)


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_is_a_symbol_a_word_and_a_colour(status):
    html = card("T", status, 1, 2, "h", TRIALS)
    symbol, tone = STATUSES[status]
    assert f'class="box {tone}"' in html and symbol in Page(html).text and status in Page(html).text
    assert len({symbol for symbol, _ in STATUSES.values()}) == len(STATUSES)


def test_trials_points_and_sections_are_there():
    text = Page(card("The title", "partly right", 1.5, 4, "What happened", TRIALS, [("Evidence", "a < b")])).text
    for words in ("The title", "What happened", "not passed", "not tried", "0.5 / 2", "Evidence", "a < b", "1.5"):
        assert words in text


def test_hints_open_one_after_the_other():
    html = card("T", "wrong", 0, 1, "", hints=["first", "second", "third"])
    depth, depths = 0, []
    for tag in re.findall(r"</?details|Hint \d of 3", html):
        depth += {"<details": 1, "</details": -1}.get(tag, 0)
        if tag.startswith("Hint"):
            depths.append(depth)
    assert depths == [1, 2, 3]
    Page(html)


def test_what_to_do_comes_before_what_was_tried_and_the_story():
    html = card("T", "wrong", 0, 1, "Headline", TRIALS, [("Cause", "why")], ["first"], [("Story", "long")])
    order = [html.index(word) for word in ("Headline", "Cause", "first", "in place", "Story")]
    assert order == sorted(order) and '<details class="part-of story">' not in html
    closed = card("T", "wrong", 0, 1, "Headline", TRIALS, [("Cause", "why")], ["first"], [("Story", "long")], True)
    assert (
        '<details class="part-of story"><summary><h4>Story' in closed and '<section class="part-of"><h4>Cause' in closed
    )


def test_code_is_code_and_a_dollar_begins_no_formula():
    html = card("A", "wrong", 0, 1, "Keep `$(start)` and $(end).", hints=("`<b>` and one ` left over", "`x = 1`"))
    assert "<code>$(start)</code> and $(end)." in html and "<code>x = 1</code>" in html and "`&lt;b&gt;` and" in html
    assert 'class="htcondor-view mathjax_ignore tex2jax_ignore"' in html


def test_it_is_accessible():
    page = Page(card("T", "wrong", 0, 1, "", TRIALS))
    assert {"col", "row"} == set(page.values("scope"))
    assert page.values("aria-label") and not {"h1", "h2"} & set(page.tags)


def test_facts_show_place_expected_and_got():
    page = Page(
        facts(
            [
                Evidence("first difference", "line 2 is not right", "out.txt", 2, "two <b>", None),
                Evidence("left behind", "state.txt was left", "state.txt"),
            ]
        )
    )
    assert "out.txt:2" in page.text and "two <b>" in page.text and "no such line" in page.text
    assert page.text.count("state.txt") == 1  # the sentence names the file already


def test_the_text_form_says_the_same():
    text = card_text("The title", "partly right", 1.5, 4, "What happened", TRIALS, [("Evidence", "a\nb")], ["think"])
    for words in ("The title: partly right, 1.5 of 4 points", "[not tried] twice", "elsewhere  0.5/2", "  b", "think"):
        assert words in text


@pytest.mark.parametrize(("maximum", "said"), [(1, "0 of 1 point"), (2, "0 of 2 points"), (0.5, "0 of 0.5 points")])
def test_one_point_is_a_point(maximum, said):
    assert f'aria-label="{said}"' in card("T", "wrong", 0, maximum, "h")
    assert card_text("T", "wrong", 0, maximum, "h").splitlines()[0].endswith(said)


@given(TEXT, TEXT, st.one_of(st.none(), TEXT))
def test_nothing_hostile_gets_through(one, other, line):
    trials = [(one, False, other, 0, 1)]
    evidence = [Evidence("first difference", one, other, 1, line, line)]
    html = card(one, other, 0, 1, other, trials, [(one, facts(evidence)), (one, other)], [one, other])
    decent = facts([Evidence("", "x", "y", 1, "x", "x")])
    page = Page(html)
    empty = Page(card("x", "x", 0, 1, "x", [("x", False, "x", 0, 1)], [("x", decent)], ["x", "x"]))
    assert set(page.tags) <= set(empty.tags) | {"em", "abbr"}  # a word of the glossary is explained
    assert {key for key, _ in page.attributes} <= {key for key, _ in empty.attributes} | {"title"}
    html.encode("utf-8")
    text = card_text(one, other, 0, 1, other, trials, [(one, other)], [one])
    assert all(c.isprintable() or c == "\n" for c in text)


@pytest.mark.parametrize("text", ["<script>x</script>", '"><img src=x onerror=y>', "\x1b]0;t\x07"])
def test_known_attacks(text):
    page = Page(card(text, text, 0, 1, text, [(text, True, text, 0, 1)], [(text, text)], [text]))
    assert "script" not in page.tags and "img" not in page.tags
