"""Style sheets cut down to what a page needs."""

from __future__ import annotations

import pytest

from grader.grading.stylesheets import names_in, needed

NAMES = names_in('<div class="cell input" id="notebook"><p class="dim">x</p></div>')


@pytest.mark.parametrize(
    "rule",
    [
        "body{margin:0}",
        ".cell{margin:0}",
        "div#notebook > p.dim:hover{margin:0}",
        ".other,.cell{margin:0}",
        ".cell:not(.absent){margin:0}",
        '.cell[class*="absent"]{margin:0}',
        "fieldset[disabled] .cell:not(.absent):hover{margin:0}",
        ".cell:is(p:not(.absent), .dim){margin:0}",
        "@media print{.cell{margin:0}}",
        "@supports (top:0){.absent{margin:0}}",
        "@keyframes turn{50%{top:0}}",
    ],
)
def test_what_may_concern_the_page_stays(rule):
    assert needed(rule, NAMES) == rule


@pytest.mark.parametrize(
    "rule",
    [
        ".absent{margin:0}",
        ".cell .absent p{margin:0}",
        "#absent,.x-y{margin:0}",
        "a[title] .absent{margin:0}",
        ".cell:not(.cell) .absent{margin:0}",
        "@media print{.absent{margin:0}}",
    ],
)
def test_what_can_concern_nothing_in_it_goes(rule):
    assert needed(rule, NAMES) == ""


def test_comments_go_and_the_order_stays():
    sheet = "/* .a{} */ p{top:0}\n.absent{top:1} .cell{top:2} /* } */ p.dim{top:3}"
    assert needed(sheet, NAMES) == "p{top:0}\n.cell{top:2}\np.dim{top:3}"
