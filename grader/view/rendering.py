"""HTML from the templates in the folder templates, which lay out what Python has decided.

Text is escaped wherever a template shows it; HTML, of the type Markup, is not. Line breaks next to a tag are dropped,
so that a template can be laid out freely without adding white space to the page.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import markupsafe
from markupsafe import Markup

from ..text import clock, duration, in_points, number, plain
from .style import CLASSES, NO_SHORTCUTS, TEMPLATES

if TYPE_CHECKING:
    from jinja2 import Environment

_LAYOUT = re.compile(r"(?<=[>}])\s*\n\s*|\s*\n\s*(?=[<{])")


def render(template: str, **values: object) -> Markup:
    """A template filled in. Text is escaped, and unprintable characters are shown as escapes (see text.plain)."""
    return Markup(_environment().get_template(template).render(values))


def escape(text: str, keep: str = "") -> Markup:
    """Text escaped for HTML, between tags or in a quoted attribute. Unprintable characters in `keep` stay."""
    return markupsafe.escape(plain(text, keep))


def prose(text: str) -> Markup:
    """Sentences escaped for HTML, between tags; text in `backticks` becomes code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # an odd number of backticks: they don't mark code
        return escape(text)
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(escape(part)) if index % 2 else escape(part) for index, part in enumerate(parts))


def verbatim(text: str) -> Markup:
    """Text of several lines, for an element that shows its line breaks."""
    return escape(text, keep="\n")


def typeset(heading: str) -> str:
    """A heading with typographic characters that a terminal may lack."""
    return heading.replace(" -> ", " → ").replace(": ", " · ", 1)


def _shown(value: object) -> object:
    """A value as a template shows it, before it is escaped."""
    if isinstance(value, str):
        return value if isinstance(value, Markup) else plain(value)
    return plain(str(value))


@lru_cache(1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # not needed by a command that writes no HTML

    class Templates(FileSystemLoader):
        """Turns line breaks next to tags into comments, which keep the line numbers of error messages right."""

        def get_source(self, environment: Environment, template: str):  # type: ignore[no-untyped-def]
            source, *rest = super().get_source(environment, template)
            return _LAYOUT.sub(lambda between: "{#" + "\n" * between[0].count("\n") + "#}", source), *rest

    environment = Environment(
        loader=Templates(TEMPLATES), autoescape=True, auto_reload=False, undefined=StrictUndefined, finalize=_shown
    )
    environment.filters |= {
        "points": number,
        "in_points": in_points,
        "clock": clock,
        "duration": duration,
        "prose": prose,
        "verbatim": verbatim,
        "typeset": typeset,
        "g": "{:g}".format,
        "f": "{:.1f}".format,
    }
    environment.globals |= {"classes": CLASSES, "no_shortcuts": Markup(NO_SHORTCUTS)}
    return environment
