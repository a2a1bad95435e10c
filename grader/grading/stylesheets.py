"""Reduces style sheets to the rules that a page needs: a template has rules for everything that a notebook may contain,
and most pages use a small part of them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple


class Rule(NamedTuple):
    """A rule, or an at-rule with its content (and without `needs`)."""

    text: str
    needs: tuple[frozenset[str], ...]
    """For each selector, the classes and ids that it needs on an element or its ancestors."""


def needed(sheet: str, names: frozenset[str]) -> str:
    """The rules of a sheet that may apply to a page with these classes and ids."""
    return "\n".join(filter(None, (_needed(rule, names) for rule in rules(sheet))))


def _needed(rule: Rule, names: frozenset[str]) -> str:
    if rule.text.startswith("@media"):
        condition, _, content = rule.text.removesuffix("}").partition("{")
        inside = needed(content, names)
        return f"{condition}{{{inside}}}" if inside else ""
    return rule.text if not rule.needs or any(needs <= names for needs in rule.needs) else ""


def names_in(page: str) -> frozenset[str]:
    """The classes and ids on a page."""
    return frozenset(name for value in re.findall(r'\b(?:class|id)="([^"]*)"', page) for name in value.split())


@lru_cache(256)
def rules(sheet: str) -> tuple[Rule, ...]:
    """The rules of a sheet, without comments."""
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    result, start, depth = [], 0, 0
    for brace in re.finditer(r"[{}]", sheet):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            result.append(_rule(sheet[start : brace.end()].strip()))
            start = brace.end()
    return tuple(result)


def _rule(text: str) -> Rule:
    selectors, _, body = text.partition("{")
    if text.startswith("@") or ";" in selectors or "{" in body:  # a nested rule applies to other elements
        return Rule(text, ())
    return Rule(text, tuple(_needs(selector) for selector in selectors.split(",")))


def _needs(selector: str) -> frozenset[str]:
    """The classes and ids in a selector, without those that it excludes."""
    selector = re.sub(r"\[[^\]]*\]|:[\w-]+\([^()]*\)", "", selector)
    return frozenset(re.findall(r"[.#]([\w-]+)", re.split(r"[\[(\\]", selector)[0]))
