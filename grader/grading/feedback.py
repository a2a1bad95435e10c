"""nbgrader's pages as pages that run nothing: whatever a notebook holds, its feedback has no script, and loads nothing.

There are two walls. What comes out of nbgrader's template is cleaned as a whole, by a list of the elements and
attributes that the template and the course's own report cards use; all else is shown as the text that it is. And the
page begins with a policy by which a browser runs and loads nothing, whatever may have come through. So formulas stay
as they were typed: MathJax is a script from elsewhere.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from bleach.sanitizer import Cleaner
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import Highlight2HTML
from nbformat import NotebookNode

from ..view.page import POLICY
from ..view.style import card_sheet, frame_sheet, nothing_sheet, steps_sheet, timeline_sheet
from .stylesheets import names_in, needed

_TEXT = (
    "a abbr b blockquote br caption code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li main ol p "
    "pre s samp section small span strong sub summary sup table tbody td th thead tr ul var"
)
_DRAWING = "svg g line path rect text title"
_TAGS = frozenset(f"{_TEXT} {_DRAWING} body".split())
_ATTRIBUTES = frozenset(
    "align alt aria-hidden aria-label class colspan d height href id name preserveAspectRatio role rowspan scope src "
    "start tabindex text-anchor title viewBox width x x1 x2 y y1 y2".split()
)
_LINK = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif);base64,", re.IGNORECASE)
_CELLS = re.compile(r'(?=<div\s+(?:id="cell-id=[\w-]*"\s+)?class="cell border-box-sizing )')
"""Where a cell begins in nbconvert's template."""
_FONT = re.compile(r"@font-face\s*{[^}]*}")
"""A file that is not there."""
_PLACE = "[[the cells]]"
_SHEETS = (card_sheet(), steps_sheet(), timeline_sheet(), frame_sheet(), nothing_sheet())
"""The style sheets that come with a report card; of all others nothing is kept."""


class Feedback(HTMLExporter):
    """Writes nbgrader's feedback on a notebook."""

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The page, and what nbconvert knows of it. HTMLExporter's own method would parse the whole page once more, to add
        what the course's template has no use for."""
        resources = self._init_resources(resources)
        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer="ipython3", parent=self))
        page, resources = super(HTMLExporter, self).from_notebook_node(nb, resources, **options)
        return _page(page), resources


def _page(rendered: str) -> str:
    """What the template has made, with nothing in it that runs or loads. Its head is the template's own, of which the
    title and the style sheets are taken."""
    head, _, body = rendered.partition("<body>")
    title = re.search(r"<title>([^<]*)</title>", head)
    # All of it is in one landmark; the template leaves its table of contents outside of its own.
    inside = re.sub(r"<(/?)main\b", r"<\1div", _inert_page(body.rpartition("</body>")[0]))
    names = names_in(inside)
    sheets = [
        *(
            f"<style>{needed(_FONT.sub('', sheet), names)}</style>"
            for sheet in re.findall(r"<style[^>]*>(.*?)</style>", head, re.DOTALL)
        ),
        *(sheet for sheet in _SHEETS if sheet in body),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}; img-src data:">'
        f"<title>{title[1] if title else 'Feedback'}</title>{''.join(sheets)}</head>\n"
        f"<body><main>{inside}</main></body></html>\n"
    )


def _inert_page(body: str) -> str:
    """inert() of a page, cell by cell: most cells are the same in all pages of a class, and cleaned once. Wherever a
    student's text makes it fall apart, each part is clean by itself, and so is what they make together."""
    before, *cells = _CELLS.split(body)
    first, _, rest = inert(before + _PLACE).rpartition(_PLACE)
    return "".join((first, *map(_inert_cell, cells), rest))


@lru_cache(4096)
def _inert_cell(html: str) -> str:
    return inert(html)


def inert(html: str) -> str:
    """HTML of which only what is known to do no harm is left as HTML; the course's own style sheets are left out."""
    for sheet in _SHEETS:
        html = html.replace(sheet, "")
    cleaned = _cleaner().clean(html)
    return re.sub(r'<img (?!(?:[^>"]|"[^"]*")*\balt=)', '<img alt="a picture" ', cleaned)


@lru_cache(1)
def _cleaner() -> Cleaner:
    return Cleaner(tags=_TAGS, attributes=_harmless, protocols=("http", "https", "mailto", "data"))


def _harmless(tag: str, name: str, value: str) -> bool:
    """Whether an attribute stays: a link has to be to somewhere, and a picture in the page itself."""
    if name == "href":
        return tag == "a" and bool(_LINK.match(value))
    if name == "src":
        return tag == "img" and bool(_PICTURE.match(value))
    return name in _ATTRIBUTES


@pass_context
def markdown(context: Context, source: str) -> str:
    """Markdown as HTML that runs nothing: nbconvert's filter of that kind, for nbgrader's pages that are not
    feedback (formgrader)."""
    return inert(_exporter().markdown2html(context, source))


@lru_cache(1)
def _exporter() -> HTMLExporter:
    return HTMLExporter()
