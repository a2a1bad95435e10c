"""Cures for a wrapper, a script that starts a program and looks at its exit code. Most wrappers are shell scripts."""

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
_CODES = ("wrong-exit-code", "exit-zero-after-save", "always-85")
"""Misconceptions that may be behind a wrapper whose exit code differs from that of the program."""
_ENDS_A_PROGRAM = re.compile(r"\btimeout\b|\./|\bpython3?\b|\bwait\b|^\s*(?:fi|done|esac)\b")
_OPTIONS = re.compile(r"\btimeout\b[^|&;]*?( --preserve-status\b| -p\b| (?:-s ?|--signal[= ])(?:SIG)?(?:KILL|9)\b)")
_ENDS_AT_FAILURES = re.compile(r"\s*set(?:\s+-\w+)*\s+-(?:\w*e\w*|o\s+errexit)\b|#!.*\s-\w*e\w*\s*$")
_STARTS_FUNCTION = r"\s*(?:function\s+)?([A-Za-z_]\w*)\s*\(\)|\s*function\s+([A-Za-z_]\w*)"
_KILLS_GROUP = re.compile(r"\bkill( -\w+| -s \w+)? (-- )?(0|-\$\$)(?![\w.])")


def _cure(
    *hints: str, agrees: tuple[str, ...] = ()
) -> Callable[[Callable[[Lines], Iterator[Remedy]]], Callable[[str], Cure]]:
    """Decorates a function that finds remedies in the lines of a script. The result makes a Cure for the script at a
    path."""
    return lambda remedies: lambda path: cure_of(partial(Lines, path=path), *hints, agrees=agrees)(remedies)


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
                lines.replaced(0, "#!/bin/bash"),
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
            lines.replaced(number, f"{match[1]}{match[2]}={match[3]}"),
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
    "How many arguments does this line give to the program?",
    "Each text in the list is one argument. The shell splits a line into words; Python gives each text to the program as it is.",
    'Make two texts of it: ["./waves", "--restart", "restart.dat"].',
)
def one_text(lines: Lines) -> Iterator[Remedy]:
    """Two arguments as one text, in Python."""
    if not lines or "python" not in lines[0]:
        return
    for number, line in enumerate(lines):
        if found := re.search(r"""(["'])(--?\w[\w-]*) ([\w./-]+)\1""", line):
            quote, option, value = found.groups()
            words = f"{quote}{option}{quote}, {quote}{value}{quote}"
            added = re.sub(r"\.append\((.*)\)", r".extend([\1])", line.replace(found[0], words))
            yield lines.remedy(
                f"`{found[0]}` is one argument, with a blank in it, and not two",
                number,
                lines.replaced(number, added),
            )


@_cure(
    "Which command is the last one before `$?` is looked at?",
    "Each command sets $? anew, even `[`, echo, grep and kill, and an `if` whose condition is false.",
    "Keep the code in the line right after the program, code=$?, and use $code from there on.",
    agrees=_CODES,
)
def too_late(lines: Lines) -> Iterator[Remedy]:
    """$? is used after other commands have run since the program."""
    used = [number for number, line in enumerate(lines) if "$?" in line and not line.lstrip().startswith("#")]
    if not used or not _SCRIPT.match(lines[0]):
        return
    ends = [number for number in range(used[0]) if _ENDS_A_PROGRAM.search(lines[number])]
    for number in dict.fromkeys((used[0], ends[-1] + 1 if ends else used[0])):
        late = used[1:] if number == used[0] else used
        if late:
            rest = [line.replace("$?", "$kept_code") for line in lines[number:]]
            yield lines.remedy(
                "`$?` is no longer the exit code of the program here: other commands have run since",
                late[0],
                [*lines[:number], "kept_code=$?", *rest],
            )


@_cure(
    "What is $? after `! false`, and what after `! true`?",
    "`!` makes 0 of every exit code but 0. So it is 0 in the block below `if ! ...; then`, whatever the program said.",
    "Start the program without `if`, and keep its exit code in the next line: code=$?.",
    agrees=_CODES,
)
def negated(lines: Lines) -> Iterator[Remedy]:
    """$? below `if ! program; then`."""
    for number, found in lines.matching(r"(\s*)if\s+!\s+(.*\S)\s*;\s*then\s*$"):
        rest = [line.replace("$?", "$kept_code") for line in lines[number + 1 :]]
        if rest != lines[number + 1 :]:
            yield lines.remedy(
                "`!` makes 0 of every exit code but 0, so the exit code of the program is lost in this line",
                number,
                [*lines[:number], f"{found[2]}; kept_code=$?", f"{found[1]}if [ $kept_code -ne 0 ]; then", *rest],
            )


@_cure(
    "When does the shell run the command after `||`?",
    "`a || b` runs b whenever a does not exit with 0: if it can't begin, but also if it fails later, or its time is up.",
    "Look for the file first: if [ -f restart.dat ]; then ...; else ...; fi",
    agrees=("never-restores",),
)
def otherwise(lines: Lines) -> Iterator[Remedy]:
    """`program --restart FILE || program`."""
    for number, found in lines.matching(r"(\s*)(.*--restart (\S+)[^|]*?)\s*\|\|\s*([^|]*\./.*)$"):
        indent, restart, file, fresh = found.groups()
        yield lines.remedy(
            "`||` starts the program anew whenever the first one does not exit with 0, so also when its time is up",
            number,
            lines.replaced(number, f"{indent}if [ -f {file} ]; then {restart}; else {fresh}; fi"),
        )


@_cure(
    'What does os.system("exit 1") return? Try it.',
    "os.system returns the status of the process as the system gives it: its exit code is multiplied by 256.",
    "Use subprocess.run([...]).returncode, or subprocess.call([...]).",
    agrees=_CODES,
)
def wait_status(lines: Lines) -> Iterator[Remedy]:
    """The result of os.system() is taken for an exit code, in Python."""
    called = [number for number, line in enumerate(lines) if "os.system(" in line]
    if called and "python" in lines[0]:
        as_code = "import os; status = os.system; os.system = lambda what: os.waitstatus_to_exitcode(status(what))"
        yield lines.remedy(
            "os.system() returns 256 times the exit code, and not the exit code",
            called[0],
            lines.replaced(0, lines[0], as_code),
        )


@_cure(
    "What is the exit code of a pipe, and of which of its programs is it?",
    "A pipe ends with the exit code of its last command: that of `./program | tee log` is tee's.",
    "bash keeps the others: write set -o pipefail above the pipe, or look at ${PIPESTATUS[0]} right after it.",
    agrees=_CODES,
)
def in_a_pipe(lines: Lines) -> Iterator[Remedy]:
    """The exit code of a pipe is taken for that of its first command."""
    pipes = [number for number, line in enumerate(lines) if re.search(r"(?<!\|)\|&?\s*tee\b", line)]
    if pipes and _SCRIPT.match(lines[0]):
        yield lines.remedy(
            "this pipe ends with the exit code of its last command, tee",
            pipes[0],
            lines.replaced(0, lines[0], "set -o pipefail"),
        )


@_cure(
    "What does `set -e` do when a command fails, and which command fails here when the time is up?",
    "With set -e, a script ends at the first command that does not exit with 0, and with the code of that command.",
    "Remove the -e, or write code=0 first and then `timeout ... || code=$?`.",
    agrees=_CODES,
)
def ends_at_failures(lines: Lines) -> Iterator[Remedy]:
    """`set -e`, or an -e in the first line."""
    for number, line in enumerate(lines):
        if _ENDS_AT_FAILURES.match(line):
            yield lines.remedy(
                f"with `{line.strip()}`, the script ends at the first command that fails, and does nothing of what comes "
                "after it",
                number,
                lines.replaced(number, line, "set +e"),
            )
            return


@_cure(
    "With which exit code does this `timeout` leave when the time is up?",
    "timeout leaves with 124, unless its options say otherwise: with --preserve-status it leaves with the code of the program, "
    "143 after SIGTERM; and SIGKILL also ends timeout itself, so that the code is 137.",
    "Leave the option out, and compare with 124; or compare with the other code.",
    agrees=_CODES,
)
def another_code(lines: Lines) -> Iterator[Remedy]:
    """An option with which timeout does not leave with 124."""
    options = [(number, found[1]) for number, line in enumerate(lines) if (found := _OPTIONS.search(line))]
    if options:
        number, option = options[0]
        yield lines.remedy(
            f"with `{option.strip()}`, timeout does not leave with 124 when the time is up",
            number,
            [line.replace(option, "") for line in lines],
        )


@_cure(
    "What is $1 in a function?",
    "In a function, $1 is the first argument of the function, not that of the script.",
    'Pass the arguments on where the function is called, as in run "$@".',
)
def no_arguments(lines: Lines) -> Iterator[Remedy]:
    """A function that is called without arguments, so that $1 is empty in it."""
    for defined, found in lines.matching(_STARTS_FUNCTION):
        function = found[1] or found[2]
        called = re.compile(rf"(?<![\w./$-]){function}(?=\s*(?:$|[;|&)]))")
        calls = [number for number, line in enumerate(lines) if number != defined and called.search(line)]
        if calls:
            yield lines.remedy(
                f"`{function}` is called without arguments here, so $1 is empty in it",
                calls[0],
                [
                    called.sub(f'{function} "$@"', line) if number in calls else line
                    for number, line in enumerate(lines)
                ],
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
            f"the signal also ends this `{match[0].strip()}`, before the program that it waits for has ended: the exit "
            "code of `wait` is not that of the program",
            number,
            lines.replaced(number, match[0], match[0]),
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
            others = lines.replaced(number, line.replace(match[0], "kill $(jobs -p) 2> /dev/null"))
            waits_on = [part for each in others for part in (each, each)[: 1 + bool(re.match(_WAITS, each))]]
            for changed in (others, waits_on):
                yield lines.remedy(
                    f"`{match[0]}` sends the signal to all processes of the group, of which this script itself is one",
                    number,
                    changed,
                )


def of_script(path: str) -> tuple[Cure, ...]:
    """The cures for a script that starts a program and looks at its exit code."""
    kinds = (
        for_sh,
        spaced,
        quoted,
        one_text,
        ends_at_failures,
        another_code,
        no_arguments,
        negated,
        otherwise,
        wait_status,
        too_late,
        ends_itself,
    )
    return tuple(kind(path) for kind in kinds)
