"""Whole pages, made of the templates beside this file.

Each is a file on its own: no script, nothing from elsewhere, and a policy in it that forbids both, for what is shown was
written by programs that nobody has read. Templates escape what they are given; only what view made is taken as it is.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..text import plain
from .card import in_points, number

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
TEMPLATES = Path(__file__).with_name("templates")


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
    environment.filters["made_here"] = Markup  # HTML that view has made, and made safe
    return environment


def render(template: str, **values: object) -> Markup:
    """A template filled in. Text is escaped, and what can't be printed is shown as an escape (see text.plain)."""
    return Markup(_environment().get_template(template).render(values))


def page(title: str, body: str, style: str = "", refresh: int = 0) -> str:
    """A whole HTML page. `body` and `style` are safe already. `refresh`: seconds after which a browser looks at it
    again; 0 for never."""
    css = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    return render(
        "page.html", title=title, policy=POLICY, body=Markup(body), style=Markup(css + style), refresh=refresh
    )
