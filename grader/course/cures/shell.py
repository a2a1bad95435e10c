"""Mistakes in a shell script: what only bash has, in a script for sh; spaces beside the = of a variable; several words in
quotes; waiting once for a program that is told to stop; and a signal to the whole process group."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from . import Cure, Remedy, cure_of
from .lines import Lines

_FOR_SH = re.compile(r"#!\s*(?:\S*/)?(?:env +)?(?:sh|dash)\b")
_SCRIPT = re.compile(r"#!.*sh\b")
_BASH_ALONE = re.compile(
    r"\bPIPESTATUS\b|\[\[|\bpipefail\b|(?<![$\w])\(\(|<<<|[<>]\(|\|&|&>|\w+\+?=\(|^\s*function\s|\bSECONDS\b|\bwait -n\b"
    r"|==|\$\{(?!PIPESTATUS)\w+[/^,\[][^}]*\}|\bread -t\b|\bcoproc\b|\bsource\b"
)
"""What bash has, and a plain sh may not have."""
_QUOTED = re.compile(r'"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})"(?!\S)')
_WAITS = r"\s*wait\b[^;&|]*$"
_KILLS_GROUP = re.compile(r"\bkill( -\w+| -s \w+)? (-- )?(0|-\$\$)(?![\w.])")


def _cure(*hints: str) -> Callable[[Callable[[Lines], Iterator[Remedy]]], Callable[[str], Cure]]:
    """Decorates a function from the lines of a script to its remedies. The result makes a Cure for the script at a path."""
    return lambda remedies: lambda path: cure_of(partial(Lines, path=path), *hints)(remedies)


@_cure(
    "Which shell runs this script? Its first line says so.",
    "sh is the plain shell, on some systems dash, on some bash. PIPESTATUS, pipefail, [[ and arrays belong to bash.",
    "Write #!/bin/bash as the first line.",
)
def for_sh(lines: Lines) -> Iterator[Remedy]:
    """What only bash has, in a script that sh runs."""
    for number, line in enumerate(lines) if lines and _FOR_SH.match(lines[0]) else ():
        if not line.lstrip().startswith("#") and (match := _BASH_ALONE.search(line)):
            yield lines.remedy(
                f"`{match[0].strip()}` belongs to bash. By its first line, `{lines[0].strip()}`, sh runs this script, and "
                "sh may not know it",
                number,
                ["#!/bin/bash", *lines[1:]],
            )
            return


@_cure(
    "What does the shell take for the name of a command in this line?",
    "The first word of a line is a command, and the others are its arguments. Only NAME=VALUE, without spaces, sets a "
    "variable.",
    "Remove the spaces around the =, as in code=$?.",
)
def spaced(lines: Lines) -> Iterator[Remedy]:
    """A variable that is set with a space beside its =."""
    if not lines or not _SCRIPT.match(lines[0]):
        return
    for number, match in lines.matching(r"(\s*)([a-z_]\w*)(?:\s+=\s*|=\s+)(\S.*)"):
        yield lines.remedy(
            f"`{match[0].strip()}` does not set {match[2]} for the lines after it: no space may stand beside the =",
            number,
            [*lines[:number], f"{match[1]}{match[2]}={match[3]}", *lines[number + 1 :]],
        )


@_cure(
    "How many arguments does this line give to the program if the variable is empty, and how many if it is not?",
    'The shell makes one argument of quoted text: "" is an empty argument, and "--restart restart.dat" a single one.',
    'Leave the quotes out, or use an array: args=(--restart restart.dat), and "${args[@]}".',
)
def quoted(lines: Lines) -> Iterator[Remedy]:
    """A variable in quotes that stands for several words or none."""
    if not lines or not _SCRIPT.match(lines[0]):
        return
    first = {match[0]: number for number, line in reversed([*enumerate(lines)]) for match in _QUOTED.finditer(line)}
    for variable, number in first.items():
        yield lines.remedy(
            f"with its quotes, {variable} is always one argument, even if it is empty or contains several words",
            number,
            [line.replace(variable, variable.strip('"')) for line in lines],
        )


@_cure(
    "With which code does the script leave, and with which the program that it has started?",
    "bash runs a trap at once if it waits with `wait`. That then returns more than 128, although the program still "
    "runs and saves.",
    "Wait once more after the trap: repeat the line with `wait`, and leave with the code of the second.",
)
def interrupted(lines: Lines) -> Iterator[Remedy]:
    """A `wait` that a signal with a trap interrupts."""
    for number, match in lines.matching(_WAITS):
        yield lines.remedy(
            f"the signal also ends this `{match[0].strip()}`, before the program that it waits for has ended: its exit "
            "code is not that of the program",
            number,
            [*lines[: number + 1], *lines[number:]],
        )


@_cure(
    "Which processes does this `kill` end?",
    "0 stands for all processes of the group. The script is one of them, and so may be the program that has started it.",
    "Keep the number of the process right after it is started, pid=$!, and send the signal to that alone: kill $pid.",
)
def ends_itself(lines: Lines) -> Iterator[Remedy]:
    """A signal to the whole process group, which ends the script, too."""
    for number, line in enumerate(lines):
        if match := _KILLS_GROUP.search(line):
            others = [*lines[:number], line.replace(match[0], "kill $(jobs -p) 2> /dev/null"), *lines[number + 1 :]]
            waits_on = [part for each in others for part in (each, each)[: 1 + bool(re.match(_WAITS, each))]]
            for changed in (others, waits_on):
                yield lines.remedy(
                    f"`{match[0]}` sends the signal to all processes of the group, of which this script itself is one",
                    number,
                    changed,
                )
