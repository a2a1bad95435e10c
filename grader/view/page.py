"""Whole pages, rendered from the templates in this folder.

Each page is a single file without scripts or external resources. A content security policy forbids both, because the
page shows the output of untrusted programs. Templates escape all values, except HTML that this package made.
"""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..text import plain
from .card import in_points, number
from .style import TEMPLATES, css

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"


@lru_cache(1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: value if isinstance(value, Markup) else plain(str(value), keep="\n"),
    )
    environment.filters |= {"points": number, "in_points": in_points}
    environment.filters["made_here"] = Markup  # safe HTML from this package
    return environment


def render(template: str, **values: object) -> Markup:
    """A template filled in. Text is escaped, and unprintable characters are shown as escapes (see text.plain)."""
    return Markup(_environment().get_template(template).render(values))


def page(title: str, body: str, style: str = "", refresh: int = 0) -> str:
    """A whole HTML page. `body` and `style` must be safe. The browser reloads the page every `refresh` seconds, or
    never for 0."""
    return render(
        "page.html", title=title, policy=POLICY, body=Markup(body), style=Markup(css("page") + style), refresh=refresh
    )
