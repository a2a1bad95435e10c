"""nbgrader's feedback without scripts or external resources, whatever a notebook contains.

There are two layers of defence. The output of nbgrader's template is sanitised with an allow-list of the elements and
attributes that the template and the course's report cards use; everything else appears as text. And the page begins
with a content security policy that forbids scripts and external resources. Formulas are shown as they were typed,
because MathJax is an external script.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import InvalidNotebook
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from nh3 import Cleaner

from ..view.page import POLICY
from ..view.rendering import escape
from ..view.style import card_sheet, frame_sheet, nothing_sheet, steps_sheet, timeline_sheet
from .stylesheets import names_in, needed

_TEXT = (
    "a abbr b blockquote br caption code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd label li main ol p "
    "pre s samp section small span strong sub summary sup table tbody td th thead tr ul var"
)
_DRAWING = "svg g line path rect text title"
_TAGS = frozenset(f"{_TEXT} {_DRAWING} body input".split())
_ATTRIBUTES = frozenset(
    "align alt aria-hidden aria-label class colspan d height href id name preserveAspectRatio role rowspan scope src "
    "start tabindex text-anchor title viewBox width x x1 x2 y y1 y2".split()
)
_SWITCH = {"type": "checkbox", "checked": "", "data-lm-suppress-shortcuts": "true"}
"""The attributes of the only input that stays: it unfolds a directory of a story."""
_LINK = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif);base64,", re.IGNORECASE)
_CELLS = re.compile(r'(?=<div\s+(?:id="cell-id=[\w-]*"\s+)?class="cell border-box-sizing )')
"""Where a cell begins in nbconvert's template."""
_FONT = re.compile(r"@font-face\s*{[^}]*}")
"""A rule for a font, which refers to a file that does not exist here."""
_OTHER = re.compile(rf"<(?!/?(?:{'|'.join(_TAGS)})[\s/>]|!--)", re.IGNORECASE)
"""The beginning of a tag that is not allowed. It is shown as text, so that nothing that was written is lost."""
_UNNAMED = re.compile(r'<img\s(?!(?:[^<>"]|"[^"]*")*\balt=)', re.IGNORECASE)
"""The beginning of a picture without alternative text."""
LONGEST, LONGEST_CODE = 10_000, 100_000
"""The most characters of a cell that is formatted, in Markdown and in code. The time that Markdown takes can grow with
their square; a cell of this course has a few thousand."""
MOST, MOST_CELLS = 1_000_000, 2_000
"""Characters and cells of a notebook beyond which only the assignment's own cells are shown."""
TOO_MUCH = "This notebook is very long. So only the cells of the assignment are shown."
_PLACE = "[[the cells]]"
_SHEETS = (card_sheet(), steps_sheet(), timeline_sheet(), frame_sheet(), nothing_sheet())
"""The style sheets of report cards; all others are removed."""


class Feedback(HTMLExporter):
    """Writes nbgrader's feedback on a notebook."""

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The page, and nbconvert's resources. HTMLExporter's own method would parse the whole page once more, to add
        things that the course's template does not use."""
        resources = self._init_resources(resources)
        self.register_filter("highlight_code", lambda source, **_: _highlighted(source))
        page, resources = super(HTMLExporter, self).from_notebook_node(_shown(nb), resources, **options)
        return _page(page), resources


def _shown(nb: NotebookNode) -> NotebookNode:
    """The notebook; if it is very long, only the cells of the assignment."""
    if len(nb.cells) <= MOST_CELLS and sum(len(cell.source) for cell in nb.cells) <= MOST:
        return nb
    assigned = [cell for cell in nb.cells if "nbgrader" in cell.metadata]
    return NotebookNode({**nb, "cells": [new_markdown_cell(TOO_MUCH), *assigned]})


def _page(rendered: str) -> str:
    """The template's output without scripts and external resources. The head comes from the template alone; its title
    and style sheets are kept."""
    head, _, body = rendered.partition("<body>")
    title = re.search(r"<title>([^<]*)</title>", head)
    # Put everything into one landmark, as the template leaves its table of contents outside its own.
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
    """Apply inert() to a page cell by cell, with a cache, as most cells are the same on all pages of a class. Even if a
    student's text splits the page in wrong places, each part is clean, and so is their concatenation."""
    before, *cells = _CELLS.split(body)
    first, _, rest = inert(before + _PLACE).rpartition(_PLACE)
    return "".join((first, *map(_inert_cell, cells), rest))


@lru_cache(4096)
def _inert_cell(html: str) -> str:
    return inert(html)


def inert(html: str) -> str:
    """HTML in which only elements known to be harmless remain, without the course's style sheets."""
    for sheet in _SHEETS:
        html = html.replace(sheet, "")
    # Substitute first: clean HTML must not be changed, as a pattern may also match in the value of an attribute.
    html = _UNNAMED.sub('<img alt="a picture" ', _OTHER.sub("&lt;", html))
    return _cleaner().clean(html)


@lru_cache(1)
def _cleaner() -> Cleaner:
    return Cleaner(
        tags=set(_TAGS),
        attributes={"*": {*_ATTRIBUTES, *_SWITCH}},
        attribute_filter=lambda tag, name, value: value if _harmless(tag, name, value) else None,
        url_schemes={"http", "https", "mailto", "data"},
        set_tag_attribute_values={"input": {"type": _SWITCH["type"]}},
        link_rel=None,
        clean_content_tags=set(),
    )


def _harmless(tag: str, name: str, value: str) -> bool:
    """Whether an attribute stays: links must have a safe target, and pictures must be in the page itself."""
    if tag == "input":
        return _SWITCH.get(name) == value
    if name == "href":
        return tag == "a" and bool(_LINK.match(value))
    if name == "src":
        return tag == "img" and bool(_PICTURE.match(value))
    return name in _ATTRIBUTES


@pass_context
def markdown(context: Context, source: str) -> str:
    """Markdown as inert HTML: replaces nbconvert's filter, also on nbgrader's other pages (formgrader). It is shown as
    it was typed if it is very long, or if a picture is missing."""
    if len(source) <= LONGEST:
        with suppress(InvalidNotebook):
            if context.get("cell", {}).get("attachments"):  # pictures that the text refers to
                return inert(_exporter().markdown2html(context, source))
            return _markdown(source)
    return _typed(source)


def _typed(source: str) -> str:
    return f"<pre>{escape(source)}</pre>"


# Most texts and most code are the same in all notebooks of a class.


@lru_cache(4096)
def _markdown(source: str) -> str:
    return inert(_exporter().markdown2html({}, source))


@lru_cache(1)
def _exporter() -> HTMLExporter:
    return HTMLExporter()


@lru_cache(4096)
def _highlighted(source: str) -> str:
    highlighted: str = _highlighter()(source) if len(source) <= LONGEST_CODE else _typed(source)
    return highlighted


@lru_cache(1)
def _highlighter() -> Highlight2HTML:
    return Highlight2HTML(pygments_lexer="ipython3")
