"""What a job depends on besides its arguments and its files, for the lines below its verdict."""

from __future__ import annotations

from collections.abc import Sequence

from ..text import plain, shorten
from ..verify.circumstances import Circumstance, Look

SHOWN = 3
"""How many places are named for each circumstance."""


def circumstance_lines(looks: Sequence[Look]) -> list[str]:
    """The things that may differ at each start, each with the lines of the programs that look at it; [] if none."""
    if not looks:
        return []
    lines = ["", "Besides its arguments and its files, the job looks at (these may differ at each start):"]
    for what in Circumstance:
        places = [look for look in looks if look.what == what]
        more = f", and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
        for number, look in enumerate(places[:SHOWN]):
            last = number == len(places[:SHOWN]) - 1
            code = plain(shorten(look.code, 60))
            lines.append(
                f"  {f'{what}:' if number == 0 else '':36} {plain(look.file)}:{look.line}  {code}{more * last}"
            )
    return lines


def circumstance_json(looks: Sequence[Look]) -> list[dict[str, object]]:
    """The same as values for JSON."""
    return [{"what": str(look.what), "file": look.file, "line": look.line} for look in looks]
