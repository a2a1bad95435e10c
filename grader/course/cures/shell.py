"""Mistakes in a shell script: what only bash has, in a script for sh, and waiting once for a program that is told to stop."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ...tree import File, Tree
from . import Cure, Remedy

_FOR_SH = re.compile(r"#!\s*(?:\S*/)?(?:env +)?(?:sh|dash)\b")
_BASH_ALONE = re.compile(
    r"\bPIPESTATUS\b|\[\[|\bpipefail\b|(?<![$\w])\(\(|<<<|[<>]\(|\|&|&>|\w+\+?=\(|^\s*function\s|\bSECONDS\b|\bwait -n\b"
    r"|==|\$\{(?!PIPESTATUS)\w+[/^,\[][^}]*\}|\bread -t\b|\bcoproc\b|\bsource\b"
)
"""What bash has, and a plain sh may not have."""
_WAITS = re.compile(r"^\s*wait\b[^;&|]*$")
Remedies = Callable[[Tree], Iterator[Remedy]]


def _not_bash(path: str) -> Remedies:
    """What only bash has, in a script that sh runs."""

    def remedies(files: Tree) -> Iterator[Remedy]:
        first, *rest = lines = _lines(files, path)
        for number, line in enumerate(rest, 2) if _FOR_SH.match(first) else ():
            code = "" if line.lstrip().startswith("#") else line
            if found := _BASH_ALONE.search(code):
                yield Remedy(
                    _changed(files, path, ["#!/bin/bash", *lines[1:]]),
                    f"`{found[0].strip()}` belongs to bash. By its first line, `{first.strip()}`, sh runs this script, and sh may not "
                    "know it",
                    path,
                    number,
                )
                return

    return remedies


def _waits_once(path: str) -> Remedies:
    """A `wait` that a signal with a trap interrupts."""

    def remedies(files: Tree) -> Iterator[Remedy]:
        lines = _lines(files, path)
        for number, line in enumerate(lines):
            if _WAITS.match(line):
                yield Remedy(
                    _changed(files, path, [*lines[: number + 1], *lines[number:]]),
                    f"the signal also ends this `{line.strip()}`, before the program that it waits for has ended: its exit "
                    "code is not that of the program",
                    path,
                    number + 1,
                )

    return remedies


def _lines(files: Tree, path: str) -> list[str]:
    entry = files.get(path)
    return (entry.text.splitlines() if isinstance(entry, File) else []) or [""]


def _changed(files: Tree, path: str, lines: list[str]) -> Tree:
    return files.put(path, files.file(path)._replace(content="\n".join([*lines, ""]).encode("utf-8", "surrogatepass")))


def for_sh(path: str) -> Cure:
    """A script at this path that takes bash."""
    return Cure(
        _not_bash(path),
        (
            "Which shell runs this script? Its first line says so.",
            "sh is the plain shell, on some systems dash, on some bash. PIPESTATUS, pipefail, [[ and arrays belong to bash.",
            "Write #!/bin/bash as the first line.",
        ),
    )


def interrupted(path: str) -> Cure:
    """A script at this path that waits once."""
    return Cure(
        _waits_once(path),
        (
            "With which code does the script leave, and with which the program that it has started?",
            "bash runs a trap at once if it waits with `wait`. That then returns more than 128, although the program still "
            "runs and saves.",
            "Wait once more after the trap: repeat the line with `wait`, and leave with the code of the second.",
        ),
    )
