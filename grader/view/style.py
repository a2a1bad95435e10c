"""How the pictures look: the style sheets in the folder templates, and the classes that all pictures use.

The colours are Okabe and Ito's, which colour-blind people can tell apart. They stand out on white and on black (the
blue is mixed with the text colour), and nothing is shown by colour alone. Every picture brings its style along, so
that it looks right anywhere: in JupyterLab (whose --jp variables set the theme), in nbgrader's feedback, on a plain
page and on paper.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

TEMPLATES = Path(__file__).with_name("templates")
CLASS = "htcondor-view"
NO_FORMULA = "mathjax_ignore tex2jax_ignore"
"""Classes of an element in which a dollar sign does not begin a formula."""
CLASSES = f"{CLASS} {NO_FORMULA}"
"""Classes of the outermost element."""
NO_SHORTCUTS = 'data-lm-suppress-shortcuts="true"'
"""The attribute of an element that handles keys itself, so that JupyterLab does not take them as shortcuts."""


def css(name: str) -> str:
    """The text of the style sheet of that name."""
    return (TEMPLATES / f"{name}.css").read_text(encoding="utf-8")


@lru_cache
def sheet(*names: str) -> Markup:
    """The <style> element with the common rules and those of these style sheets.

    JupyterLab styles tables, lists and headings of rendered HTML with up to three classes; naming ours four times
    outweighs that. The common rules are in :where(), which adds no weight, so that a timeline within a card, which
    repeats them, does not undo the card's own.
    """
    rules = "".join(map(css, ("common", *names))).strip()
    return Markup(f"<style>{rules.replace('.' + CLASS, f'.{CLASS}' * 4)}</style>")


def nothing_sheet() -> Markup:
    """The style of an empty result: JupyterLab hides it, including its number."""
    return Markup("<style>.jp-OutputArea-child:has(.htcondor-nothing){display:none}</style>")


NOTHING_TO_SEE = nothing_sheet() + Markup('<i class="htcondor-nothing"></i>')


def timeline_sheet() -> Markup:
    """The style of a timeline."""
    return sheet("timeline")


def steps_sheet() -> Markup:
    """The style of a story shown step by step."""
    return sheet("timeline", "picture", "steps")


def frame_sheet() -> Markup:
    """The style of a live panel's picture."""
    return sheet("timeline", "picture", "frame")


def card_sheet() -> Markup:
    """The style of a report card and its content."""
    return sheet("card")
