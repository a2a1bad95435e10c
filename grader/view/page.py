"""Whole pages.

Each page is a single file without scripts or external resources. A content security policy forbids both, because the
page shows the output of untrusted programs.
"""

from __future__ import annotations

from markupsafe import Markup

from .rendering import render
from .style import css

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"


def page(title: str, body: Markup, style: str = "", refresh: int = 0) -> Markup:
    """A whole HTML page. `style` is a style sheet. The browser reloads the page every `refresh` seconds, or never for
    0."""
    return render(
        "page.html", title=title, policy=Markup(POLICY), body=body, style=Markup(css("page") + style), refresh=refresh
    )
