"""Makes text safe to show, as names and contents of files come from untrusted programs; formats numbers and lists."""

from __future__ import annotations

import re
from collections.abc import Sequence


def plain(text: str, keep: str = "") -> str:
    r"""The text with unprintable characters as escapes: "\x1b" for ESC, "\u202e" for the right-to-left
    override, "\udcff" for a byte that is not UTF-8. Characters in `keep` stay."""
    if text.isprintable() or text.translate(dict.fromkeys(map(ord, keep))).isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else c.encode("unicode_escape").decode() for c in text)


_FORMULA = "=+\\-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋−"
_BEGINS = re.compile(rf"""((?:^|[,;|])[\s"']*+|\s["']*+(?=.(?:\S|\Z)))(?=[{_FORMULA}])""", re.DOTALL)
"""Where a spreadsheet may see the beginning of a formula, whatever its separator."""


def no_formula(text: str) -> str:
    """The text for a cell of a table, on a single line, with an apostrophe before everything that a spreadsheet might
    take for a formula. Different texts stay different."""
    return _BEGINS.sub(r"\1'", plain(text))


def shorten(text: str, most: int) -> str:
    """At most `most` characters of a text, with dots if it is cut."""
    return text if len(text) <= most else text[: most - 4].rstrip() + " ..."


def clock(seconds: float) -> str:
    """Virtual time since submission: +0:03:00 is three minutes. Fractions only if there are any, and not after ten
    minutes: by then they are only noise from the program's readings of the clock."""
    seconds = seconds if seconds < 600 else round(seconds)
    whole = int(seconds)
    fraction = f"{seconds - whole:.3f}".rstrip("0").rstrip(".")[1:]
    return f"+{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}{fraction}"


def duration(seconds: float) -> str:
    """A length of virtual time for a sentence: 40 s, 3 min, 1 h 20 min. Milliseconds only if it is short: each reading
    of the clock takes one."""
    if seconds < 120:
        return f"{seconds:.{3 if seconds < 10 else 1}f}".rstrip("0").rstrip(".") + " s"
    whole = round(seconds)
    parts = ((whole // 3600, "h"), (whole % 3600 // 60, "min"), (whole % 60, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def about(seconds: float) -> str:
    """As duration(), but from a minute up rounded to minutes: 45 s, 1 min, 1 h 23 min."""
    minutes = round(seconds / 60)
    return duration(seconds) if seconds < 60 else duration(60.0 * minutes) if minutes > 1 else "1 min"


def as_sentence(text: str) -> str:
    """The text with a full stop, unless it already ends like a sentence: for text from programs and other rooms."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def count(number: int, noun: str, plural: str | None = None) -> str:
    """The number and its noun: 1 file, 2 files."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def number(points: float) -> str:
    """Points with at most two decimals: 3, 2.5."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def in_points(points: float) -> str:
    """Points with the noun: 3 points, 1 point."""
    return f"{number(points)} {'point' if number(points) == '1' else 'points'}"


def series(names: Sequence[str], most: int = 5) -> str:
    """Names in a sentence: a, b and c. After `most` names, only the number of the rest."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most:,} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
