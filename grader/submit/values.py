"""The values of submit commands: lists of files, arguments, environment, choices.

Each function takes a command's value, with macros expanded, and raises Problem for a value that HTCondor refuses.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from typing import NamedTuple

from ..problems import Problem
from ..rules.classads import check, read
from .macros import integer


def files(text: str) -> tuple[str, ...]:
    """R4a: a list of files, split at commas and white space; quotes are literal."""
    return tuple(name for name in re.split(r"[,\s]+", text) if name)


def files_at_commas(text: str, quoted: bool) -> tuple[str, ...] | None:
    """R2, R6: a list of files, split at commas only. `quoted`: whether double quotes around the whole list are not part
    of the names; the list `""` is empty in any case. Commas without names are an empty list if `quoted`, and otherwise
    no list: None."""
    text = unquoted(text) if quoted or text.strip() == '""' else text
    names = tuple(name for part in text.split(",") if (name := part.strip()))
    return None if "," in text and not names and not quoted else names


def unquoted(text: str) -> str:
    """The value without double quotes around all of it."""
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


class Remaps(NamedTuple):
    """transfer_output_remaps as HTCondor reads it."""

    pairs: tuple[tuple[str, str], ...] = ()
    passed_over: tuple[str, ...] = ()
    """The entries that are not pairs of names."""
    unfinished: bool = False
    """Whether the list ends in the middle of a pair (Job.remaps_unfinished)."""


def remaps(text: str, bare: bool = False, skips_bad: bool = False) -> Remaps:
    """transfer_output_remaps: "name = new name; …", with a backslash before a = of a name or a ; of a new name. `bare`:
    the quotes may be missing; `skips_bad`: see Profile.skips_bad_remaps."""
    if not bare and not re.fullmatch(r'\s*".*"\s*', text, re.DOTALL):
        raise Problem("HTCondor accepts this only in double quotes", 'Write "name = new name; …".')
    pairs: list[tuple[str, str]] = []
    passed_over: list[str] = []
    rest = unquoted(text)
    if not rest.strip():
        return Remaps()
    while True:
        name, equals, after = _up_to("=", rest)
        if skips_bad and ";" in name:
            skipped, _, rest = rest.partition(";")
            passed_over.append(skipped.strip())
        elif not equals:
            return Remaps(tuple(pairs), tuple(filter(None, (*passed_over, name))), not skips_bad)
        else:
            new, semicolon, rest = _up_to(";", after)
            if name:
                pairs.append((name, new))
            else:
                passed_over.append(f"={new}")
            if not semicolon:
                return Remaps(tuple(pairs), tuple(filter(None, passed_over)))


def _up_to(end: str, text: str) -> tuple[str, str, str]:
    """The text up to a character that no backslash precedes, without blanks around it; that character, and the rest."""
    match = re.match(rf"((?:\\{end}|[^{end}])*)({end}?)", text, re.DOTALL)
    assert match, "both groups may be empty"
    return match[1].replace("\\" + end, end).strip(), match[2], text[match.end() :]


def plugins(text: str) -> tuple[str, ...]:
    """R2: the files of transfer_plugins, "SCHEMES = FILE; …", which are sent to the sandbox. Entries without a file are
    ignored."""
    pairs = (entry.partition("=") for entry in text.split(";"))
    return tuple(file.strip() for _, _, file in pairs if file.strip())


_NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)"


def number_or_text(text: str) -> int | None:
    """A number; None for a string in double quotes, which HTCondor accepts although it is not a number."""
    return None if re.fullmatch(r'\s*"[^"]*"\s*', text) else integer(text)


def amount(text: str, listed: bool = False) -> str:
    """request_memory and request_disk: a number, with or without a unit, or a ClassAd expression. `listed`: see
    Profile.listed_requests."""
    first, comma, later = text.partition(",")
    if listed and comma and size(first, 1) is not None:
        for other in later.removesuffix(",").split(",") if later else []:
            amount(other.strip())
        return first.strip()
    return text if size(text, 1) is not None else check(text)


def size(text: str, base: int) -> float | None:
    """An amount() in bytes; without a unit it is in units of `base` bytes. K means 1024, and so on. None for an
    expression."""
    match = re.fullmatch(rf"({_NUMBER})\s*(?:([KMGT])B?)?", text.strip(), re.IGNORECASE)
    if match is None:
        return None
    unit = 1024 ** (1 + "KMGT".index(match[3].upper())) if match[3] else base
    return float(match[1]) * unit


def group(text: str) -> str:
    """accounting_group: one word."""
    if re.search(r"\s", text.strip()):
        raise Problem(f"{text!r} is no name of a group", "Write one word, without blanks.")
    return text


def image_size(text: str) -> str:
    """A positive number, with a unit or without."""
    if not size(text, 1024):
        raise Problem(f"{text!r} is no size", "Write 100 MB, say.")
    return text


def retry_until(text: str) -> str:
    """The condition that ends the retries, as condor_submit writes it; a number means this exit code."""
    try:
        number = read(text).value({}) if read(text).depends_only_on(frozenset()) else None
    except Problem as error:
        raise Problem(error.problem, "Write an exit code, or a condition: ExitCode > 1.") from None
    return f"ExitCode =?= {int(number)}" if isinstance(number, (int, float)) else check(text)


def whole_number(text: str) -> int | None:
    """A number of seconds or MiB; None for an expression that depends on the job."""
    expression = read(text)
    value = expression.value({}) if expression.depends_only_on(frozenset()) else None
    return int(value) if isinstance(value, (int, float)) else None


def most_mb(text: str) -> int | None:
    """The same; also None for a negative number, which means no limit."""
    number = whole_number(text)
    return None if number is None or number < 0 else number


def is_url(path: str) -> bool:
    """Whether a plugin of HTCondor would fetch or send this."""
    return bool(re.match(r"[A-Za-z][\w+.-]*://", path))


def arguments(text: str) -> tuple[str, ...]:
    """The words of `arguments`. If it begins with a double quote it has the new syntax; otherwise the old syntax,
    where white space separates words, single quotes are literal, and \\" is a double quote."""
    if text.lstrip().startswith('"'):
        return tuple(_words(_in_double_quotes(text)))
    if re.search(r'(?<!\\)"', text):
        raise Problem(
            "a double quote in the old syntax",
            'Put the whole value into double quotes: "one \'two words\'", or write \\" for a quote.',
        )
    return tuple(text.replace('\\"', '"').split())


_SEPARATORS = tuple("!#$%&*+,-/:;<>?@^`|~")


def environment(text: str) -> tuple[tuple[str, str], ...]:
    """The variables of `environment`: "A=1 B='x y'" in the new syntax, A=1;B=x y in the old syntax, where another
    separator may be put first: |A=1|B=x y. The last value of a name counts."""
    if text.lstrip().startswith('"'):
        entries = _words(_in_double_quotes(text))
    else:
        separator = text[0] if text.startswith(_SEPARATORS) else ";"
        entries = [entry.lstrip() for entry in text.split(separator) if entry.strip()]
    variables = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not name or not equals:
            raise Problem(f"{entry!r} is not NAME=VALUE", "Write \"A=1 B='two words'\".")
        variables[name] = value
    return tuple(variables.items())


def passed_on(text: str, variables: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The submitter's `variables` that `getenv` names; () if they are not known here: it has a pattern, or names a
    variable that is not set, or whose value HTCondor may leave out."""
    names = [name for name in re.split(r"[\s,;]+", text.lower()) if name]
    passed = tuple((name, value) for name, value in variables.items() if name.lower() in names)
    known = set(names) == {name.lower() for name, _ in passed}
    return passed if known and not any(re.search("[;\n]", value) for _, value in passed) else ()


def _in_double_quotes(text: str) -> str:
    """The text between double quotes; within it, "" is a double quote."""
    match = re.fullmatch(r'\s*"((?:[^"]|"")*)"\s*', text, re.DOTALL)
    if match is None:
        raise Problem(
            "the double quotes don't match",
            'Begin and end the value with a double quote; write "" for a double quote within.',
        )
    return match[1].replace('""', '"')


def _words(text: str) -> list[str]:
    """Split at white space outside single quotes; within them, '' is a single quote."""
    pattern = r"(?:[^\s']|'(?:[^']|'')*')+"
    if re.sub(pattern, "", text).strip():
        raise Problem("a single quote is not closed", "Write '' for a single quote within single quotes.")
    return [
        re.sub(r"'((?:[^']|'')*)'", lambda quoted: quoted[1].replace("''", "'"), word)
        for word in re.findall(pattern, text)
    ]


def notification(text: str) -> str:
    """When to send mail."""
    if text.lower() not in ("never", "always", "complete", "start", "error"):
        raise Problem(f"{text!r} is not a time to send mail", "Write Never, Always, Complete or Error.")
    return text


_SIGNALS = frozenset(
    """
ABRT ALRM BUS CHLD CONT FPE HUP ILL INT IO KILL PIPE PROF QUIT SEGV STOP SYS TERM TRAP TSTP TTIN TTOU URG
USR1 USR2 WINCH XCPU XFSZ
""".split()
)


MOST_SIGNAL = 64


def signal_number(text: str) -> int:
    """A signal by number or name."""
    if number := re.match("0*[1-9][0-9]*", text):
        if int(number[0]) > MOST_SIGNAL:
            raise Problem(f"there is no signal {number[0]}", "Write SIGTERM or SIGUSR1, say.")
        return int(number[0])
    name = text.upper()
    if not (name.startswith("SIG") and name[3:] in _SIGNALS):
        raise Problem(f"{text!r} is not a signal", "Write a name such as SIGTERM, or a number.")
    return signal.Signals[name].value


_UNIVERSES = {
    "5": "vanilla",
    "7": "scheduler",
    "8": "mpi",
    "9": "grid",
    "10": "java",
    "11": "parallel",
    "12": "local",
    "13": "vm",
}


def universe(text: str) -> str:
    """The universe, by its name or number; docker and container count as universes, too."""
    name = _UNIVERSES.get(text, text.lower())
    if name not in (*_UNIVERSES.values(), "docker", "container"):
        raise Problem(f"there is no universe {text!r}", "Write vanilla, or leave the line out.")
    return name


_SHOULD = {
    **dict.fromkeys(("YES", "TRUE", "ALWAYS"), "YES"),
    **dict.fromkeys(("NO", "FALSE", "NEVER"), "NO"),
    **dict.fromkeys(("IF_NEEDED", "AUTO"), "IF_NEEDED"),
}
_INSTEAD = {"YES": "ON_EXIT_OR_EVICT", "NO": "ON_EXIT", "IF_NEEDED": "ON_SUCCESS"}
_WHEN = {"ONEXIT": "ON_EXIT", "ONSUCCESS": "ON_SUCCESS"} | {name: _INSTEAD[choice] for name, choice in _SHOULD.items()}


def when_to_transfer(text: str) -> str:
    """ON_EXIT, ON_EXIT_OR_EVICT or ON_SUCCESS, for each of which HTCondor takes other words, too."""
    when = _WHEN.get(text.upper(), text.upper())
    if when not in _WHEN.values():
        raise Problem(f"{text!r} is not a time to transfer output", "Write ON_EXIT, or leave the line out.")
    return when


def should_transfer(text: str) -> str:
    """YES, NO or IF_NEEDED."""
    if text.upper() not in _SHOULD:
        raise Problem(f"{text!r} is not a choice", "Write YES, NO or IF_NEEDED.")
    return _SHOULD[text.upper()]
