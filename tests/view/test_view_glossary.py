"""The glossary: every word is found by its forms, is pointed at once in a card, and nowhere in what files hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from view_helpers import Page

from grader.view import glossary
from grader.view.card import card
from grader.view.directories import Directories

PAGE = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"


def test_the_page_is_the_glossary():
    assert PAGE.read_text(encoding="utf-8") == glossary.page(), "write glossary.page() to docs/glossary.md"


def test_terms_are_in_alphabetical_order_and_no_form_means_two():
    names = [term.name for term in glossary.TERMS]
    assert names == sorted(names)
    forms = [form.lower() for term in glossary.TERMS for form in (term.name, *term.forms)]
    assert len(forms) == len(set(forms))


@pytest.mark.parametrize(
    ("asked", "name"),
    [("spool", "spool directory"), ("Slots", "slot"), ("sandbx", "sandbox"), ("access", "access point")],
)
def test_a_word_is_found_in_any_form(asked, name):
    assert name in [term.name for term in glossary.lookup(asked)]


def test_without_a_word_all_are_shown_and_an_unknown_one_is_none():
    assert glossary.lookup("") == glossary.TERMS and glossary.lookup("bicycle") == ()
    assert "spool directory: A directory on the access point" in glossary.glossary_text(glossary.TERMS)
    text = Page(glossary.glossary_html(glossary.TERMS)).text
    assert [term.name for term in glossary.TERMS if term.name not in text] == []


def test_the_first_occurrence_of_a_word_in_a_card_is_explained():
    page = Page(card("T", "wrong", 0, 1, "The slot is gone, and every slot with it.", hints=["Look into the spool."]))
    assert page.tags.count("abbr") == 2
    assert any("A share of an execution point" in title for title in page.values("title"))


@pytest.mark.parametrize("text", ["Put it in place of the dots.", "No module named 'checkpoint'", 'a file "pool"'])
def test_other_meanings_and_names_in_quotes_are_not_explained(text):
    assert "abbr" not in Page(card("T", "wrong", 0, 1, text)).tags


def test_what_files_and_programs_hold_is_not_explained():
    html = "<style>.slot{}</style><pre>slot</pre><svg><title>slot</title></svg><code>a <b>slot</b></code><table><td>slot</td></table>"
    assert glossary.explained(html) == html
    assert glossary.explained("<p>time-slot, slotted</p>") == "<p>time-slot, slotted</p>"
    for name in ("save/checkpoint.py", "spool/x", "a.checkpoint", "%%checkpoint", "checkpoint_exit"):
        assert glossary.explained(f"<p>{name}</p>") == f"<p>{name}</p>"
    assert glossary.explained("<p>It is in the spool.</p>").count("<abbr") == 1


@given(st.lists(st.sampled_from(["slot", "<p>", "</p>", "<pre>", "</pre>", "&lt;b&gt;", " spool directory ", "x"])))
def test_nothing_is_taken_away(parts):
    html = "".join(parts)
    assert re.sub(r"</?abbr[^>]*>", "", glossary.explained(html)) == html


def test_the_three_directories_say_what_they_are(slides):
    from grader.view.steps import in_steps

    drawn = Directories().of(in_steps(slides)[1])
    assert (
        drawn.count('title="The') + drawn.count('title="HTCondor&#39;s name for') + drawn.count('title="A directory on')
        >= 3
    )


@pytest.fixture(scope="module")
def slides(executor):
    from grader import submit
    from grader.course.payload import PAYLOAD
    from grader.rules.schedule import parse
    from grader.rules.simulation import simulate

    job = submit.read(PAYLOAD / "slides" / "my_submit.sub").jobs[0]
    return list(simulate(job, executor, schedule=parse("evict@2+600s")))
