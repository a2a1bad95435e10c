"""Texts of programs and of other rooms, as parts of sentences."""

import pytest

from grader.text import as_sentence


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("it is a link", "it is a link."),
        ("Did you mean save?", "Did you mean save?"),
        ("usage: prog [-h]", "usage: prog [-h]."),
        ("It failed.", "It failed."),
        ("Stop!", "Stop!"),
        ("too long ...", "too long ..."),
    ],
)
def test_a_sentence_ends_with_one_mark(text, sentence):
    assert as_sentence(text) == sentence == as_sentence(sentence)
