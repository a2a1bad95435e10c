"""Mistakes in a shell script: what only bash has, in a script for sh, and waiting once for a program that is told to stop."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from . import Cure, Remedy, cure_of
from .lines import Lines

_FOR_SH = re.compile(r"#!\s*(?:\S*/)?(?:env +)?(?:sh|dash)\b")
_BASH_ALONE = re.compile(
    r"\bPIPESTATUS\b|\[\[|\bpipefail\b|(?<![$\w])\(\(|<<<|[<>]\(|\|&|&>|\w+\+?=\(|^\s*function\s|\bSECONDS\b|\bwait -n\b"
    r"|==|\$\{(?!PIPESTATUS)\w+[/^,\[][^}]*\}|\bread -t\b|\bcoproc\b|\bsource\b"
)
"""What bash has, and a plain sh may not have."""


def for_sh(path: str) -> Cure:
    """What only bash has, in a script at this path that sh runs."""

    @cure_of(
        partial(Lines, path=path),
        "Which shell runs this script? Its first line says so.",
        "sh is the plain shell, on some systems dash, on some bash. PIPESTATUS, pipefail, [[ and arrays belong to bash.",
        "Write #!/bin/bash as the first line.",
    )
    def not_bash(lines: Lines) -> Iterator[Remedy]:
        for number, line in enumerate(lines) if lines and _FOR_SH.match(lines[0]) else ():
            if not line.lstrip().startswith("#") and (found := _BASH_ALONE.search(line)):
                yield lines.remedy(
                    f"`{found[0].strip()}` belongs to bash. By its first line, `{lines[0].strip()}`, sh runs this script, and "
                    "sh may not know it",
                    number,
                    ["#!/bin/bash", *lines[1:]],
                )
                return

    return not_bash


def interrupted(path: str) -> Cure:
    """A `wait`, in a script at this path, that a signal with a trap interrupts."""

    @cure_of(
        partial(Lines, path=path),
        "With which code does the script leave, and with which the program that it has started?",
        "bash runs a trap at once if it waits with `wait`. That then returns more than 128, although the program still "
        "runs and saves.",
        "Wait once more after the trap: repeat the line with `wait`, and leave with the code of the second.",
    )
    def waits_once(lines: Lines) -> Iterator[Remedy]:
        for number, found in lines.matching(r"\s*wait\b[^;&|]*$"):
            yield lines.remedy(
                f"the signal also ends this `{found[0].strip()}`, before the program that it waits for has ended: its exit "
                "code is not that of the program",
                number,
                [*lines[: number + 1], *lines[number:]],
            )

    return waits_once
