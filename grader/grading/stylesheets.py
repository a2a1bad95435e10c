"""Style sheets cut down to what a page needs: of a template's, which has rules for all that a notebook may ever hold, some
tenths are used."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple


class Rule(NamedTuple):
    """A rule, or an at-rule with all that is in it (then it has no names)."""

    text: str
    needs: tuple[frozenset[str], ...]
    """For each of its selectors, the classes and ids that an element has to have, or one around it."""


def needed(sheet: str, names: frozenset[str]) -> str:
    """The rules of a sheet that may concern a page in which elements have these classes and ids."""
    return "\n".join(
        rule.text for rule in rules(sheet) if not rule.needs or any(needs <= names for needs in rule.needs)
    )


def names_in(page: str) -> frozenset[str]:
    """The classes and ids that elements of a page have."""
    return frozenset(name for value in re.findall(r'\b(?:class|id)="([^"]*)"', page) for name in value.split())


@lru_cache(32)
def rules(sheet: str) -> tuple[Rule, ...]:
    """A sheet as its rules, without comments."""
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    found, start, depth = [], 0, 0
    for brace in re.finditer(r"[{}]", sheet):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            found.append(_rule(sheet[start : brace.end()].strip()))
            start = brace.end()
    return tuple(found)


def _rule(text: str) -> Rule:
    selectors, _, body = text.partition("{")
    if text.startswith("@") or ";" in selectors or "{" in body:  # a nested rule speaks of other elements
        return Rule(text, ())
    return Rule(text, tuple(_needs(selector) for selector in selectors.split(",")))


def _needs(selector: str) -> frozenset[str]:
    """The classes and ids in a selector, but for those of which it says that they are not there."""
    if "(" in selector or "\\" in selector or "[" in selector:
        selector = re.split(r"[:\[\\]", selector)[0]
    return frozenset(re.findall(r"[.#]([\w-]+)", selector))
